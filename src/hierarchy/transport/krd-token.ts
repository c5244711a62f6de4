/**
 * How a device asks for a main key: with its certificate, and a nonce for one answer.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { fromBase64 } from '../../primitives/base64.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { curveStrength } from '../../primitives/strength.js';
import { readCertificateOption } from '../../tr34/kdh.js';
import { type KrdState, requestNonce } from '../../tr34/krd/state.js';
import { verifyPath } from '../../tr34/x509/path.js';
import { COORDINATE_LENGTHS } from '../../tr34/x509/public-key.js';
import { type Env, isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import type { KrdToken } from '../records.js';

/** What {@link createKrdToken} takes. */
export interface CreateKrdTokenOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The name of the device in its region. */
  readonly hsmId: string;
  /** The device, bound to a KDH: what `receive` of `keyblock/tr34` returned. */
  readonly state: KrdState;
  /**
   * How long the KDH may answer, up to 30 days.
   * @defaultValue one day
   */
  readonly validSeconds?: number | undefined;
}

/** What {@link verifyKrdToken} takes. */
export interface VerifyKrdTokenOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** What the device sent. */
  readonly token: KrdToken;
  /** What its certificate has to lead to, X.509 in DER. */
  readonly trust: {
    /** The root of both CAs. */
    readonly root: Uint8Array;
    /** The CA of key receiving devices. */
    readonly caKrd: Uint8Array;
  };
}

/**
 * Asks for a main key, on the device.
 *
 * @param options - The device, and how long the KDH may answer.
 * @returns The new state, to be stored, and the token for the KDH.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `STATE_CONFLICT` when the device is bound to
 * nobody.
 *
 * @example
 * ```ts
 * import { createKrdToken } from 'keyblock/hierarchy';
 * import type { KrdState } from 'keyblock/tr34';
 *
 * function askForKey(state: KrdState) {
 *   return createKrdToken({ env: { at: new Date() }, hsmId: 'hsm-2', state, validSeconds: 3600 });
 * }
 * ```
 */
export function createKrdToken(options: CreateKrdTokenOptions): {
  /** The next state: the nonce is in it, in the place of one that was outstanding. */
  readonly state: KrdState;
  /** For the event `register`, at the KDH. */
  readonly token: KrdToken;
} {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const issuedAt = isoTime(env);
  const hsmId = readId(own(options, 'hsmId'), 'hsmId');
  const seconds = own(options, 'validSeconds') ?? DAY;
  if (!(Number.isFinite(seconds) && seconds > 0 && seconds <= 30 * DAY)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const given = own(options, 'state') as KrdState; // checked by who reads it
  const { state } = requestNonce({ state: given, randomBytes: own(env, 'randomBytes') });
  const expiresAt = new Date(Date.parse(issuedAt) + 1000 * seconds).toISOString();
  const { certificate, nonce = '' } = state; // it was drawn just now
  return { state, token: { hsmId, certificate, nonce, issuedAt, expiresAt } };
}

const DAY = 86_400;

/**
 * Verifies the certificate that a device asks with, at the KDH: that it leads to the pinned CA, and
 * that its key can carry AES-256. To be called before the event `register`; the time and the nonce
 * are looked at there.
 *
 * @param options - The token, and what its certificate has to lead to.
 * @throws {@link KeyblockError} `CERTIFICATE_UNTRUSTED`, `ALGORITHM_NOT_ALLOWED`,
 * `TOKEN_MALFORMED`; `KEY_STRENGTH` for a key other than P-521; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { type KrdToken, mainKeys, verifyKrdToken } from 'keyblock/hierarchy';
 *
 * async function toEvent(token: KrdToken, root: Uint8Array, caKrd: Uint8Array) {
 *   await verifyKrdToken({ env: { at: new Date() }, token, trust: { root, caKrd } });
 *   return { type: 'register', token } satisfies mainKeys.HsmEvent;
 * }
 * ```
 */
export async function verifyKrdToken(options: VerifyKrdTokenOptions): Promise<void> {
  requireObject(options, 'options');
  const at = Date.parse(isoTime(own(options, 'env') as Env)); // checked in there
  const token = own(options, 'token') as KrdToken; // looked at in the next line
  requireObject(token, 'token');
  const certificate = readCertificateOption(certificateOf(token), 'krdCertificate');
  const trust = own(options, 'trust');
  requireObject(trust, 'trust');
  const issuer = readCertificateOption(trust && own(trust, 'caKrd'), 'trust');
  const root = readCertificateOption(trust && own(trust, 'root'), 'trust');
  await verifyPath({ certificate, issuer, root, role: 'krd', at, tolerate: [] });
  const { publicKey } = certificate;
  const strength =
    publicKey.kind === 'EC' ? curveStrength(8 * COORDINATE_LENGTHS[publicKey.curve]) : 0;
  if (strength < 256) throw new KeyblockError('KEY_STRENGTH', { field: 'krdCertificate' });
}

/** The certificate of a token, in DER. */
export function certificateOf(token: KrdToken): Uint8Array<ArrayBuffer> {
  const text = own(token, 'certificate');
  const certificate = typeof text === 'string' ? fromBase64(text) : undefined;
  if (certificate === undefined) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'krdCertificate' });
  }
  return certificate;
}
