/**
 * Which keys a KEK can carry: known from their attributes, before a pair is set up.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { nominalStrength } from '../../primitives/strength.js';
import { isListOf, isObject, member } from '../read-record.js';
import type { KeyAttributes } from '../records.js';
import type { KekBits, UnreplicableReason } from './records.js';

/** What {@link uncarried} takes. */
export interface UncarriedOptions {
  /** Length of the KEK, which is AES. */
  readonly kekBits: KekBits;
  /** The keys in scope, by their records or by an inventory. */
  readonly keys: readonly {
    /** Names the key in what is returned. */
    readonly keyId: string;
    /** By the codes of X9.143: exportability, algorithm and length decide. */
    readonly attributes: KeyAttributes;
  }[];
}

/** A key that is not copied, and why. */
export interface UncarriedKey {
  /** As it was given. */
  readonly keyId: string;
  /** The first that holds, in the order of the type. */
  readonly reason: UnreplicableReason;
}

/**
 * Lists the keys that a KEK can not carry: those stronger than it, those that may not be exported,
 * and those that are not symmetric.
 *
 * @param options - The length of the KEK, and the keys in scope.
 * @returns Each such key with the reason; nothing where all can be copied.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const attributes = {
 *   keyUsage: 'D0', algorithm: 'A', keyBits: 256, modeOfUse: 'B', exportability: 'E',
 *   keyVersionNumber: '00',
 * };
 * replication.uncarried({ kekBits: 128, keys: [{ keyId: 'k1', attributes }] })[0]?.reason;
 * // 'kek-too-weak'
 * ```
 */
export function uncarried(options: UncarriedOptions): readonly UncarriedKey[] {
  requireObject(options, 'options');
  const kekBits = readKekBits(own(options, 'kekBits'));
  const keys = own(options, 'keys');
  const isKey = (key: unknown) => isObject(key) && isObject(member(key, 'attributes'));
  if (!isListOf(keys, isKey)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'attributes' });
  return (keys as UncarriedOptions['keys']).flatMap(({ keyId, attributes }) => {
    const reason = whyNot(attributes, kekBits);
    return reason === undefined ? [] : [{ keyId, reason }];
  });
}

/** Reads the length of a KEK. Triple DES is none: it carries no AES key. */
export function readKekBits(value: unknown): KekBits {
  if (value !== 128 && value !== 192 && value !== 256) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'lengthBits' });
  }
  return value;
}

/** Why a key can not be copied under a KEK of some length; undefined where it can. */
export function whyNot(
  attributes: KeyAttributes,
  kekBits: KekBits,
): UnreplicableReason | undefined {
  const { exportability } = attributes;
  if (exportability !== 'E' && exportability !== 'S') return 'not-exportable';
  const strength = strengthOf(attributes);
  if (strength === undefined) return 'not-symmetric';
  return strength > kekBits ? 'kek-too-weak' : undefined;
}

/** The strength that the attributes promise; undefined for what is no symmetric key. */
function strengthOf({ algorithm, keyBits }: KeyAttributes): number | undefined {
  switch (algorithm) {
    case 'A':
      return keyBits;
    case 'T':
      return nominalStrength('TDES', keyBits / 8);
    case 'D':
      return nominalStrength('DES', keyBits / 8);
    case 'H':
    case 'I':
    case 'J':
      // No hash gives an HMAC key more than 256 bits.
      return Math.min(keyBits, 256);
    default:
      return undefined;
  }
}
