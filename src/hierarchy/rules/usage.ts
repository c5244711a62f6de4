/**
 * What a customer key may be used for: usage, algorithm and mode of use together allow an action,
 * and what no row allows is refused.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Code, KEY_USAGES, type KeyUsage, lookUp } from '../../tr31/codes.js';
import type { Env } from '../env.js';
import { requireCustomerKey, requireKeyId } from '../read-record.js';
import type { CustomerKeyRecord, KeyAttributes } from '../records.js';
import { assertUsable } from './usable.js';

/** Each action: the modes of use that allow it, and the usages that it makes sense for. */
const ACTIONS = {
  encrypt: { modes: 'BEN', usages: 'D0 D1 D2 D3 E7 I0 P0 S2' },
  decrypt: { modes: 'BDTN', usages: 'D0 D1 D2 D3 E7 I0 P0 S2' },
  wrap: { modes: 'BEN', usages: 'K0 K1 K2 K3 K4' },
  unwrap: { modes: 'BDN', usages: 'K0 K1 K2 K3 K4' },
  generate: { modes: 'CGN', usages: 'C0 M0 M1 M2 M3 M4 M5 M6 M7 M8 P1 V0 V1 V2 V3 V4 V5' },
  verify: { modes: 'CVN', usages: 'C0 M0 M1 M2 M3 M4 M5 M6 M7 M8 P1 S0 S1 S2 V0 V1 V2 V3 V4 V5' },
  sign: { modes: 'STN', usages: 'S0 S1 S2' },
  derive: { modes: 'XN', usages: 'B0 B1 B2 B3 E0 E1 E2 E3 E4 E5 E6 K3' },
  'create-variant': { modes: 'YN', usages: 'B2' },
} as const;

/** What can be done with a key. */
export type KeyAction = keyof typeof ACTIONS;

/** What is about to be done: an action, and the usage that it needs. */
export interface KeyOperation {
  /** What is to be done with the key. */
  readonly action: KeyAction;
  /** For what: the usage that the key has to have, such as `'P0'` to translate a PIN. */
  readonly keyUsage: Code<KeyUsage>;
}

/** What {@link assertUsage} takes. */
export interface AssertUsageOptions {
  /** The customer key. */
  readonly record: CustomerKeyRecord;
  /**
   * The ID that the row was looked up by: the record has to be of that key.
   * @defaultValue whatever the record says
   */
  readonly keyId?: string | undefined;
  /** What is about to be done with it. */
  readonly operation: KeyOperation;
  /** Time. */
  readonly env: Env;
}

/**
 * Demands that a customer key may do what is asked of it, now. A key of one usage does nothing of
 * another: one that wraps keys never encrypts data.
 *
 * @param options - The key's record, and the operation.
 * @throws {@link KeyblockError} `USAGE_NOT_ALLOWED` for another usage, mode or algorithm;
 * `STATE_CONFLICT` for a key that is disabled, deleted or out of its time; `CONTEXT_MISMATCH` for
 * a record of another ID; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts no-run
 * import { assertUsage, type CustomerKeyRecord } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * const env = { at: new Date() };
 * assertUsage({ env, record, operation: { action: 'decrypt', keyUsage: 'P0' } });
 * ```
 */
export function assertUsage(options: AssertUsageOptions): void {
  requireObject(options, 'options');
  const record = requireCustomerKey(own(options, 'record'));
  requireKeyId(record, own(options, 'keyId'));
  const operation = own(options, 'operation');
  requireObject(operation, 'options');
  const action = operation && own(operation, 'action');
  if (typeof action !== 'string' || !Object.hasOwn(ACTIONS, action)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const { attributes } = record;
  if (operation && own(operation, 'keyUsage') !== attributes.keyUsage) throw refusal('keyUsage');
  const { modes, usages } = ACTIONS[action];
  if (!usages.split(' ').includes(attributes.keyUsage)) throw refusal('keyUsage');
  if (!modes.includes(attributes.modeOfUse)) throw refusal('modeOfUse');
  assertCombination(attributes);
  assertUsable(record, own(options, 'env'));
}

/**
 * Demands that usage, algorithm and mode of use go together (X9.143 6.3.1 to 6.3.3); N, no special
 * restriction, goes with any usage.
 *
 * @throws {@link KeyblockError} `USAGE_NOT_ALLOWED`.
 */
export function assertCombination(
  attributes: Pick<KeyAttributes, 'keyUsage' | 'algorithm' | 'modeOfUse'>,
): void {
  const { keyUsage, algorithm, modeOfUse } = attributes;
  const row = lookUp(KEY_USAGES, keyUsage);
  if (row === undefined) throw refusal('keyUsage');
  if (!isLetterOf(algorithm, row.algorithms)) throw refusal('algorithm');
  if (!isLetterOf(modeOfUse, row.modes) && modeOfUse !== 'N') throw refusal('modeOfUse');
}

function isLetterOf(letter: string, letters: string): boolean {
  return letter.length === 1 && letters.includes(letter);
}

function refusal(field: 'keyUsage' | 'algorithm' | 'modeOfUse'): KeyblockError {
  return new KeyblockError('USAGE_NOT_ALLOWED', { field });
}
