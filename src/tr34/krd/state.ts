/**
 * What a key receiving device remembers: plain JSON, without a clear or private key.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { fromBase64, toBase64 } from '../../primitives/base64.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { decodeHex, encodeHex } from '../../primitives/hex.js';
import { checkedRandomBytes, drawBytes, type RandomBytes } from '../../primitives/random.js';
import { nonceAttribute } from '../cms/attributes.js';
import { copyDer } from '../der/reader.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { type CertificateList, parseCrl } from '../x509/crl.js';

/** The state of a KRD. Store it after every call, also after a refusal: a nonce may be spent. */
export interface KrdState {
  /** Says what this is. */
  readonly kind: 'krd';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** Own certificate, DER in base64, as are all others. */
  readonly certificate: string;
  /** The pinned certificates. */
  readonly trust: {
    /** The root of both CAs. */
    readonly root: string;
    /** The CA of key distribution hosts, which also signs the CRL. */
    readonly caKdh: string;
    /** The CA of key receiving devices, which may unbind and rebind them. */
    readonly caKrd: string;
  };
  /** The certificate of the KDH that the device is bound to. */
  readonly bound?: string | undefined;
  /** The one nonce that is outstanding, in hex. */
  readonly nonce?: string | undefined;
  /**
   * In one pass, only what was signed later is taken, ISO 8601: the latest time of signing in a token
   * that carried a key, or of the device when it was bound or took a token with its nonce.
   */
  readonly lastSigningTime?: string | undefined;
  /** `thisUpdate` of the last CRL that was taken, ISO 8601. */
  readonly lastCrlUpdate?: string | undefined;
  /** That CRL. */
  readonly crl?: string | undefined;
  /** Tokens of the CA of the devices that were acted upon: SHA-256 in base64, the last 64. */
  readonly authorityTokens?: readonly string[] | undefined;
}

/** What {@link createKrd} takes: certificates in DER. */
export interface CreateKrdOptions {
  /** Own certificate. */
  readonly certificate: Uint8Array;
  /** The certificates to trust. */
  readonly trust: {
    /** The root of both CAs. */
    readonly root: Uint8Array;
    /** The CA of key distribution hosts. */
    readonly caKdh: Uint8Array;
    /** The CA of key receiving devices. */
    readonly caKrd: Uint8Array;
  };
}

/** Bytes of a nonce that this library asks for, and the least and most that it takes. */
const NONCE_LENGTH = 16;
export const MIN_NONCE_LENGTH = 8;
export const MAX_NONCE_LENGTH = 64;

/**
 * Makes the state of a device that is bound to nobody.
 *
 * @param options - Its certificate, and the certificates it trusts.
 * @returns The state.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, or `TOKEN_MALFORMED` for a certificate that is
 * not DER.
 *
 * @example
 * ```ts
 * import { createKrd } from 'keyblock/tr34';
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
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 * const trust = { root, caKdh: root, caKrd: root }; // two CAs are better: one for each role
 *
 * const state = createKrd({ certificate: krdCertificate, trust });
 * state.bound; // undefined
 * JSON.parse(JSON.stringify(state)).kind; // 'krd'
 * ```
 */
export function createKrd(options: CreateKrdOptions): KrdState {
  requireObject(options, 'options');
  const trust = own(options, 'trust');
  if (typeof trust !== 'object' || trust === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'trust' });
  }
  return {
    kind: 'krd',
    schema: 1,
    certificate: importCertificate(own(options, 'certificate'), 'certificate'),
    trust: {
      root: importCertificate(own(trust, 'root'), 'trust'),
      caKdh: importCertificate(own(trust, 'caKdh'), 'trust'),
      caKrd: importCertificate(own(trust, 'caKrd'), 'trust'),
    },
  };
}

/**
 * Asks for a key in two passes: makes the nonce, and the token RT-KRD that carries it. A nonce that
 * was outstanding is forgotten.
 *
 * @param options - The state, and where randomness comes from.
 * @returns The new state, and the token for the KDH.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, or `STATE_CONFLICT` when the device is bound to
 * nobody.
 *
 * @example
 * ```ts
 * import {
 *   createCredentialToken,
 *   createKrd,
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
 * const bound = await receive({
 *   state: createKrd({ certificate: krdCertificate, trust }),
 *   token: createCredentialToken({ certificate: kdhCertificate }),
 *   at: new Date('2027-06-01'),
 * });
 * const { state, token } = requestNonce({ state: bound.state });
 * state.nonce?.length; // 32
 * parseToken(token).kind; // 'random-number'
 * ```
 */
export function requestNonce(options: {
  /** What the call before returned. */
  readonly state: KrdState;
  /** @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
}): {
  /** The next state. */
  readonly state: KrdState;
  /** RT-KRD, for the KDH. */
  readonly token: Uint8Array<ArrayBuffer>;
} {
  requireObject(options, 'options');
  const device = readState(own(options, 'state'));
  if (device.bound === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'state' });
  const randomBytes = checkedRandomBytes(own(options, 'randomBytes'));
  const nonce = drawBytes(randomBytes, NONCE_LENGTH);
  return { state: writeState({ ...device, nonce }), token: nonceAttribute(nonce) };
}

/** The state, taken apart. */
export interface Device {
  /** What no token changes, as it is stored. */
  readonly stored: Pick<KrdState, 'certificate' | 'trust'>;
  readonly certificate: Certificate;
  readonly root: Certificate;
  readonly caKdh: Certificate;
  readonly caKrd: Certificate;
  readonly bound: Certificate | undefined;
  readonly nonce: Uint8Array | undefined;
  /** Milliseconds since 1970. */
  readonly lastSigningTime: number | undefined;
  readonly lastCrlUpdate: number | undefined;
  readonly crl: CertificateList | undefined;
  readonly authorityTokens: readonly string[];
}

/**
 * From when on tokens are taken in one pass: only what is signed after the binding, and after a
 * token that answered a nonce. Where a token was signed by a clock that is ahead, after that: it
 * might come again, or what was held back before it.
 */
export function timeAfter({ lastSigningTime }: Device, at: number): number {
  return Math.max(lastSigningTime ?? at, at);
}

/** Reads a state that a caller stored. */
export function readState(state: KrdState | undefined): Device {
  if (typeof state !== 'object' || state === null) throw invalidState();
  if (own(state, 'kind') !== 'krd' || own(state, 'schema') !== 1) throw invalidState();
  const trust = own(state, 'trust');
  if (typeof trust !== 'object' || trust === null) throw invalidState();
  const certificate = readText(own(state, 'certificate'));
  const root = readText(own(trust, 'root'));
  const caKdh = readText(own(trust, 'caKdh'));
  const caKrd = readText(own(trust, 'caKrd'));
  const bound = own(state, 'bound');
  const nonce = own(state, 'nonce');
  const crl = own(state, 'crl');
  return {
    stored: { certificate, trust: { root, caKdh, caKrd } },
    certificate: readStored(certificate, parseCertificate),
    root: readStored(root, parseCertificate),
    caKdh: readStored(caKdh, parseCertificate),
    caKrd: readStored(caKrd, parseCertificate),
    bound: bound === undefined ? undefined : readStored(readText(bound), parseCertificate),
    nonce: nonce === undefined ? undefined : decodeHex(nonce, 'state'),
    lastSigningTime: readInstant(own(state, 'lastSigningTime')),
    lastCrlUpdate: readInstant(own(state, 'lastCrlUpdate')),
    crl: crl === undefined ? undefined : readStored(readText(crl), parseCrl),
    authorityTokens: readTexts(own(state, 'authorityTokens')),
  };
}

/** Writes a state for a caller to store. */
export function writeState(device: Device): KrdState {
  const { stored, bound, nonce, lastSigningTime, lastCrlUpdate, crl, authorityTokens } = device;
  return {
    kind: 'krd',
    schema: 1,
    ...stored,
    ...(bound && { bound: toBase64(bound.der) }),
    ...(nonce && { nonce: encodeHex(nonce) }),
    ...(lastSigningTime !== undefined && { lastSigningTime: formatInstant(lastSigningTime) }),
    ...(lastCrlUpdate !== undefined && { lastCrlUpdate: formatInstant(lastCrlUpdate) }),
    ...(crl && { crl: toBase64(crl.der) }),
    ...(authorityTokens.length > 0 && { authorityTokens }),
  };
}

function importCertificate(bytes: Uint8Array | undefined, field: KeyblockErrorField): string {
  const copy = copyDer(bytes, field);
  parseCertificate(copy, field);
  return toBase64(copy);
}

function readText(text: string | undefined): string {
  if (typeof text !== 'string') throw invalidState();
  return text;
}

function readTexts(texts: readonly string[] | undefined): readonly string[] {
  if (texts === undefined) return [];
  if (!Array.isArray(texts)) throw invalidState();
  return Array.from(texts, readText);
}

function readStored<T>(
  text: string,
  parse: (bytes: Uint8Array, field: KeyblockErrorField) => T,
): T {
  const bytes = fromBase64(text);
  if (bytes === undefined) throw invalidState();
  return parse(bytes, 'state');
}

function readInstant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Nothing that a reader in another time zone would take for another time.
  const isInstant = typeof text === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/.test(text);
  const milliseconds = isInstant ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw invalidState();
  return milliseconds;
}

function formatInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function invalidState(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'state' });
}
