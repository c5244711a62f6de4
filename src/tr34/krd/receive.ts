/**
 * The key receiving device: one function that takes a token and a state, and returns the next.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { equalBytes, own, requireObject } from '../../primitives/bytes.js';
import { dateValue } from '../../primitives/date.js';
import { isCredential, parseContentInfo, type SignedData } from '../cms/signed-data.js';
import { OID } from '../der/oids.js';
import { copyDer } from '../der/reader.js';
import type { KeyUnwrapper } from '../keys.js';
import { parseCertificate, readCertificate } from '../x509/certificate.js';
import { receiveRebind, receiveUnbind } from './binding-tokens.js';
import type { KrdEvent, Outcome } from './event.js';
import { openKeyToken } from './open-key.js';
import { type ReceivePolicy, readReceivePolicy } from './policy.js';
import { type Device, type KrdState, readState, timeAfter, writeState } from './state.js';
import {
  malformedToken,
  type Reception,
  verifyFreshness,
  verifyKdh,
  verifySigner,
} from './verify-token.js';

/** What {@link receive} takes. */
export interface ReceiveOptions {
  /** What the call before returned. */
  readonly state: KrdState;
  /** The token in DER. */
  readonly token: Uint8Array;
  /** The private key of the device; key tokens need it. */
  readonly unwrapper?: KeyUnwrapper | undefined;
  /** The present time. */
  readonly at: Date;
  /** What to take and what to put up with. */
  readonly policy?: ReceivePolicy | undefined;
}

/** What {@link receive} returns. Store the state, whatever the event is. */
export interface Received {
  /** The next state. */
  readonly state: KrdState;
  /** What happened. */
  readonly event: KrdEvent;
}

/**
 * Takes a token. Whatever is wrong with it comes back as the event `'refused'`, with a state that
 * has to be stored all the same: a refusal may have spent the nonce.
 *
 * @param options - State, token, private key, time and policy.
 * @returns The next state, and what happened.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for arguments that are not what they should be;
 * for a state that somebody else has written also `INVALID_HEX`, and `TOKEN_MALFORMED` with the
 * field `state`. Nothing else.
 *
 * @example
 * ```ts
 * import { generateKey } from 'keyblock';
 * import {
 *   createCredentialToken,
 *   createKeyToken,
 *   createKrd,
 *   fromPkcs8,
 *   parseToken,
 *   receive,
 *   requestNonce,
 * } from 'keyblock/tr34';
 * import { type CertificateRole, generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * // One key pair for all of them, as only an example may have it.
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
 * const issue = (role: CertificateRole, commonName: string, ca?: Uint8Array) =>
 *   issueCertificate({
 *     role,
 *     subject: { commonName },
 *     publicKey,
 *     ...(ca === undefined ? { pkcs8 } : { issuer: { certificate: ca, pkcs8 } }),
 *     serialNumber: 'random',
 *     notBefore: new Date('2027-01-01'),
 *     notAfter: new Date('2037-01-01'),
 *   });
 * const root = await issue('root', 'Example Root');
 * const kdhCertificate = await issue('kdh', 'Example KDH 1', root);
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 * const trust = { root, caKdh: root, caKrd: root }; // two CAs are better: one for each role
 *
 * // The device is bound to a host, and asks it for a key.
 * const at = new Date('2027-06-01');
 * const unbound = createKrd({ certificate: krdCertificate, trust });
 * const credential = createCredentialToken({ certificate: kdhCertificate });
 * const bound = await receive({ state: unbound, token: credential, at });
 * bound.event.kind; // 'bound'
 * const asked = requestNonce({ state: bound.state });
 *
 * // The host answers.
 * const token = await createKeyToken({
 *   kdh: await fromPkcs8({ certificate: kdhCertificate, pkcs8 }),
 *   krdCertificate,
 *   trust,
 *   key: generateKey({ algorithm: 'AES', lengthBits: 256 }),
 *   header: 'D0000K1AB00E0000',
 *   freshness: { nonce: parseToken(asked.token).nonce ?? new Uint8Array() },
 *   at,
 * });
 *
 * // The device takes the key. The new state is without the nonce: store it.
 * const unwrapper = await fromPkcs8({ certificate: krdCertificate, pkcs8 });
 * const policy = { accept: ['ec'] } as const;
 * const { state, event } = await receive({ state: asked.state, token, unwrapper, at, policy });
 * event.kind === 'key' && String(event.key); // 'SecretKey AES-256'
 * state.nonce; // undefined
 * ```
 */
export async function receive(options: ReceiveOptions): Promise<Received> {
  requireObject(options, 'options');
  const state = own(options, 'state');
  if (state === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'state' });
  const device = readState(state);
  const at = dateValue(own(options, 'at'));
  if (Number.isNaN(at)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  const token = copyDer(own(options, 'token'), 'token');
  const reception: Reception = {
    device,
    policy: readReceivePolicy(own(options, 'policy')),
    at,
  };
  const unwrapper = readUnwrapper(own(options, 'unwrapper'), device);
  const nonce = { spent: false };
  try {
    const { next, event } = await takeToken(token, reception, unwrapper, nonce);
    return { state: writeState(next), event };
  } catch (error) {
    if (!(error instanceof KeyblockError)) throw error;
    // Nothing changes but for a nonce that the token spent.
    const next = nonce.spent ? writeState({ ...device, nonce: undefined }) : state;
    return { state: next, event: { kind: 'refused', error } };
  }
}

async function takeToken(
  token: Uint8Array,
  reception: Reception,
  unwrapper: KeyUnwrapper | undefined,
  nonce: { spent: boolean },
): Promise<Outcome> {
  const signedData = parseContentInfo(token);
  if (signedData.signers.length === 0 && signedData.certificates.length > 0) {
    return bind(signedData, reception);
  }
  const { bound } = reception.device;
  if (bound === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'state' });
  if (signedData.crlsLast) throw malformedToken();
  switch (signedData.contentType) {
    case OID.envelopedData:
      return takeKey(signedData, reception, unwrapper, nonce);
    case OID.data:
      return receiveUnbind(signedData, { ...reception, bound, nonce });
    case OID.signedData:
      return receiveRebind(signedData, { ...reception, bound, nonce });
    default:
      throw malformedToken();
  }
}

/** CT-KDH: not signed. What it is worth rests on the path of the one certificate in it. */
async function bind(signedData: SignedData, reception: Reception): Promise<Outcome> {
  const { certificates, crls, crlsLast } = signedData;
  const { device, policy, at } = reception;
  const [element, second] = certificates;
  const sound =
    isCredential(signedData) && (!crlsLast || policy.tolerate.includes('b6-field-order'));
  if (!sound || element === undefined || second !== undefined) throw malformedToken();
  const certificate = readCertificate(element);
  if (device.bound !== undefined && !equalBytes(device.bound.der, certificate.der)) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'state' });
  }
  const crl = await verifyKdh(certificate, crls, reception);
  const kdhCertificate = new Uint8Array(certificate.der);
  const isNew = device.bound === undefined;
  const next: Device = {
    ...withCrl(device, crl),
    bound: parseCertificate(kdhCertificate),
    lastSigningTime: isNew ? timeAfter(device, at) : device.lastSigningTime,
    nonce: isNew ? undefined : device.nonce,
  };
  return { next, event: { kind: 'bound', kdhCertificate } };
}

async function takeKey(
  signedData: SignedData,
  reception: Reception,
  unwrapper: KeyUnwrapper | undefined,
  nonce: { spent: boolean },
): Promise<Outcome> {
  const { device, policy, at } = reception;
  const { bound } = device;
  if (bound === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'state' });
  const token = await verifySigner(signedData, bound, policy);
  const crl = await verifyKdh(bound, signedData.crls, reception);
  const freshness = verifyFreshness(token.attributes, reception);
  // What the caller left out is no fault of the token, which has not been tried yet.
  if (unwrapper === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'unwrapper' });
  nonce.spent = freshness.kind === 'nonce';
  const received = await openKeyToken(token, unwrapper, reception);
  const { kind, signingTime = at } = freshness;
  const next: Device = {
    ...withCrl(device, crl),
    nonce: undefined, // spent, or there was none
    // A token of one pass that was held back must not come after this one.
    lastSigningTime: kind === 'time' ? signingTime : timeAfter(device, Math.max(at, signingTime)),
  };
  return { next, event: { kind: 'key', ...received } };
}

/** Keeps a CRL that came with a token which was taken. */
function withCrl(device: Device, crl: Device['crl']): Device {
  return crl === undefined ? device : { ...device, crl, lastCrlUpdate: crl.thisUpdate };
}

function readUnwrapper(
  unwrapper: KeyUnwrapper | undefined,
  { certificate }: Device,
): KeyUnwrapper | undefined {
  if (unwrapper === undefined) return undefined;
  const sound =
    typeof unwrapper === 'object' && unwrapper !== null && typeof unwrapper.unwrap === 'function';
  if (!sound || !equalBytes(copyDer(unwrapper.certificate, 'unwrapper'), certificate.der)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'unwrapper' });
  }
  return unwrapper;
}
