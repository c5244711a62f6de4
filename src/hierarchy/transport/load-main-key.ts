/**
 * How a device loads a main key, and what it answers.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { fromBase64 } from '../../primitives/base64.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { SecretKey } from '../../secret-key.js';
import type { KeyUnwrapper } from '../../tr34/keys.js';
import { receive } from '../../tr34/krd/receive.js';
import type { KrdState } from '../../tr34/krd/state.js';
import { kcvOf, sameKcv } from '../check-value.js';
import { type Env, isoTime } from '../env.js';
import { isNonce } from '../hsm/context.js';
import { requireDualControl, restoreOperation } from '../hsm/operation.js';
import { readId } from '../identifiers.js';
import { isKcv } from '../read-record.js';
import type { Approval, MainKeyReceipt, MainKeyToken } from '../records.js';
import { isInUse } from '../region.js';
import type { ApprovalPolicy } from '../rules/approvals.js';
import { mainKeyHeader } from './main-key-token.js';

/** What {@link loadMainKeyToken} takes. */
export interface LoadMainKeyTokenOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region that the device is in. */
  readonly regionId: string;
  /** The name of the device in it. */
  readonly hsmId: string;
  /** The device: what `createKrdToken` returned. */
  readonly state: KrdState;
  /** The private key of the device. */
  readonly unwrapper: KeyUnwrapper;
  /** The token. */
  readonly token: MainKeyToken;
  /** For a token of the archive, whose nonce was spent: who has consented to it, and the policy. */
  readonly restore?:
    | {
        /** Over the operation that `restoreOperation` returns. */
        readonly approvals: readonly Approval[];
        /** Of the record of the device, as it was consented to. */
        readonly revision: number;
        /** How many have to consent. */
        readonly policy?: ApprovalPolicy | undefined;
      }
    | undefined;
}

/** What came of a token: refusals are not thrown, because they may have spent the nonce. */
export type MainKeyEvent =
  | {
      /** Says what happened. */
      readonly kind: 'loaded';
      /** The main key. */
      readonly secret: SecretKey;
      /** What the KDH is to be told. */
      readonly receipt: MainKeyReceipt;
    }
  | {
      /** Says what happened. */
      readonly kind: 'refused';
      /** Why. */
      readonly error: KeyblockError;
    };

/** What {@link loadMainKeyToken} returns. Store the state, whatever the event is. */
export interface LoadedMainKey {
  /** The next state of the device; after a restore it waits for what it waited for before. */
  readonly state: KrdState;
  /** What happened. */
  readonly event: MainKeyEvent;
}

/**
 * Loads a main key, on the device: from the KDH that the device is bound to, for this device, in
 * answer to its nonce, of this region and of the version that the token says.
 *
 * @param options - The device, its private key, and the token.
 * @returns The next state, and the key with its receipt, or the refusal.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `APPROVAL_REQUIRED` for a restore to which too
 * few have consented. What is wrong with the token is not thrown.
 *
 * @example
 * ```ts
 * import { createKeyRing, loadMainKeyToken, type LoadMainKeyTokenOptions } from 'keyblock/hierarchy';
 *
 * async function load(options: LoadMainKeyTokenOptions) {
 *   const { state, event } = await loadMainKeyToken(options);
 *   if (event.kind === 'refused') return { state, code: event.error.code };
 *   const { regionId: keyId, version } = event.receipt;
 *   const ring = createKeyRing({ keys: [{ ref: { keyId, version }, key: event.secret }] });
 *   return { state, ring, receipt: event.receipt };
 * }
 * ```
 */
export async function loadMainKeyToken(options: LoadMainKeyTokenOptions): Promise<LoadedMainKey> {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = isoTime(env);
  const regionId = readId(own(options, 'regionId'), 'regionId');
  const hsmId = readId(own(options, 'hsmId'), 'hsmId');
  const token = own(options, 'token') as MainKeyToken; // looked at in the next line
  requireObject(token, 'token');
  const der = typeof token.token === 'string' ? fromBase64(token.token) : undefined;
  if (der === undefined || !isKcv(own(token, 'kcv'))) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'token' });
  }
  const given = own(options, 'state') as KrdState; // checked by who reads it
  requireObject(given, 'state');
  if (token.hsmId !== hsmId) return refuse(given, 'RECIPIENT_MISMATCH');
  const expiresAt = own(token, 'expiresAt');
  const isOver = !isInUse(token) || (expiresAt !== undefined && expiresAt <= at);
  if (isOver) return refuse(given, 'FRESHNESS');
  const unwrapper = own(options, 'unwrapper');
  const load = { token, der, unwrapper, regionId, hsmId, at };
  const restore = own(options, 'restore');
  if (restore === undefined) return take(load, given);
  requireConsent(restore, load, env);
  return takeAgain(load, given);
}

/** One token, on its way into one device. */
interface Load {
  readonly token: MainKeyToken;
  readonly der: Uint8Array;
  readonly unwrapper: KeyUnwrapper | undefined;
  readonly regionId: string;
  readonly hsmId: string;
  readonly at: string;
}

/** Takes a token that answers the nonce of the state. */
async function take(load: Load, waiting: KrdState): Promise<LoadedMainKey> {
  const { token, der, unwrapper, regionId, hsmId, at } = load;
  const nonce = own(waiting, 'nonce');
  // Without a nonce of its own a device would take whatever was signed last.
  if (nonce === undefined) return refuse(waiting, 'FRESHNESS');
  const { state, event } = await receive({
    state: waiting,
    token: der,
    unwrapper,
    at: new Date(at),
    policy: { accept: ['ec'] },
  });
  if (event.kind === 'refused') return { state, event };
  if (event.kind !== 'key') return refuse(waiting, 'TOKEN_MALFORMED'); // no key: nothing changes
  const { key, header } = event;
  const { version, kcv } = token;
  const isMainKey = header === mainKeyHeader(regionId, version) && key.lengthBits === 256;
  if (!isMainKey || !sameKcv(kcvOf(key), kcv)) {
    key.destroy();
    return refuse(state, isMainKey ? 'KCV_MISMATCH' : 'CONTEXT_MISMATCH');
  }
  const receipt = { hsmId, regionId, version, kcv: kcvOf(key), nonce, at };
  return { state, event: { kind: 'loaded', secret: key, receipt } };
}

/** Demands the consent to the restore of a token. */
function requireConsent(
  restore: NonNullable<LoadMainKeyTokenOptions['restore']>,
  { token, regionId }: Load,
  env: Env,
): void {
  requireObject(restore, 'approvals');
  const revision = Number(own(restore, 'revision'));
  const operation = restoreOperation({ regionId, token, revision });
  const approvals = own(restore, 'approvals') ?? [];
  requireDualControl({ env, policy: own(restore, 'policy') }, operation, approvals);
}

/**
 * Takes a token of the archive, whose nonce was spent. The consent is to what the KDH signed, the
 * nonce in it included: where the row has another, the token is refused. And it is for this once:
 * with that nonce left in the state, the token would load again, and nobody asked.
 */
async function takeAgain(load: Load, given: KrdState): Promise<LoadedMainKey> {
  const nonce = own(load.token, 'nonce');
  if (!isNonce(nonce)) return refuse(given, 'FRESHNESS');
  const outstanding = own(given, 'nonce');
  // It was not spent: now it is.
  if (String(outstanding).toUpperCase() === nonce) return take(load, given);
  const { state, event } = await take(load, { ...given, nonce });
  if (event.kind === 'refused') return { state: given, event };
  return { state: outstanding === undefined ? state : { ...state, nonce: outstanding }, event };
}

function refuse(
  state: KrdState,
  code:
    | 'RECIPIENT_MISMATCH'
    | 'FRESHNESS'
    | 'TOKEN_MALFORMED'
    | 'KCV_MISMATCH'
    | 'CONTEXT_MISMATCH',
): LoadedMainKey {
  return { state, event: { kind: 'refused', error: new KeyblockError(code, { field: 'token' }) } };
}
