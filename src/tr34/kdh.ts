/**
 * The key distribution host: makes the tokens that carry keys and bindings.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { fitsAlgorithm } from '../primitives/algorithms.js';
import { copyBytes, equalBytes, own, requireObject } from '../primitives/bytes.js';
import { dateValue } from '../primitives/date.js';
import { checkedRandomBytes, type RandomBytes } from '../primitives/random.js';
import { type KeyInput, withClearKey } from '../secret-key.js';
import { unknownAttributes } from '../tr31/attributes.js';
import { keyAlgorithm } from '../tr31/codes.js';
import { type KeyBlockHeader, scanHeaderText } from '../tr31/header.js';
import { headerAttribute, nonceAttribute, signingTimeAttribute } from './cms/attributes.js';
import { formatContentInfo } from './cms/signed-data.js';
import { OID } from './der/oids.js';
import { copyDer } from './der/reader.js';
import type { Signer } from './keys.js';
import { MAX_NONCE_LENGTH, MIN_NONCE_LENGTH } from './krd/state.js';
import { isProfile, PROFILES, type Profile } from './profiles.js';
import { requireTransportStrength, type StrengthRule } from './strength.js';
import { type ContentKeyEncryptor, contentAlgorithmFor, sealEnvelope } from './tokens/envelope.js';
import { formatKeyBlockContent } from './tokens/key-block.js';
import { readSigner, signToken } from './tokens/signed-token.js';
import { type Certificate, issuerAndSerial, parseCertificate } from './x509/certificate.js';
import { type CertificateList, parseCrl } from './x509/crl.js';
import {
  isTolerance,
  requireCurrentCrl,
  requireNotRevoked,
  type Tolerance,
  verifyCrl,
  verifyPath,
} from './x509/path.js';

/** How the receiver can tell that a token is new: its own nonce, or the time of signing. */
export type TokenFreshness =
  | {
      /** The nonce of the device: two passes. */
      readonly nonce: Uint8Array;
    }
  | {
      /** The present time: one pass. */
      readonly signingTime: Date;
    };

/** What {@link createKeyToken} takes. */
export interface CreateKeyTokenOptions {
  /** The key that signs, with the certificate of the KDH. */
  readonly kdh: Signer;
  /** The certificate of the device that is to open the token, X.509 in DER. */
  readonly krdCertificate: Uint8Array;
  /** What the certificate of the device has to lead to. */
  readonly trust: {
    /** The root of both CAs. */
    readonly root: Uint8Array;
    /** The CA of key receiving devices. */
    readonly caKrd: Uint8Array;
  };
  /** The key to send. */
  readonly key: KeyInput;
  /** Its header, 16 characters or more as in TR-31; version and length say nothing. */
  readonly header: string;
  /** `{ nonce }` in two passes, `{ signingTime }` in one. */
  readonly freshness: TokenFreshness;
  /**
   * The CRL of the CA of the KDH, which dialects before RFC 5652 carry along. Where that CA is the
   * one of the device too, the list is verified, and the device looked up in it.
   */
  readonly crl?: Uint8Array | undefined;
  /** The CRL of the CA of the device, where it is another CA; it does not go into the token. */
  readonly krdCrl?: Uint8Array | undefined;
  /** @defaultValue `'tr34-2019'`, and `'ec'` for a device with an elliptic curve key */
  readonly profile?: Profile | undefined;
  /** @defaultValue `'sp800-57'` */
  readonly strength?: StrengthRule | undefined;
  /** What to put up with in the certificate of the device, and in the CRLs. */
  readonly tolerate?: readonly Tolerance[] | undefined;
  /**
   * Encrypts the content key to an RSA device; by default RSAES-OAEP to its certificate. There is
   * none for an elliptic curve device.
   */
  readonly keyEncryptor?: ContentKeyEncryptor | undefined;
  /**
   * User keying material for an elliptic curve device that knows it, 64 random bytes (RFC 5753).
   * OpenSSL and HSMs do without.
   */
  readonly ukm?: Uint8Array | undefined;
  /** Content key, IV and ephemeral key, in this order. @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
  /** The present time: certificates have to be valid at it. */
  readonly at: Date;
}

/**
 * Makes a credential token: CT-KDH with a CRL, CT-KRD without.
 *
 * @param options - The certificate, and for a KDH the CRL of its CA.
 * @returns The token in DER. It is not signed.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` or `TOKEN_MALFORMED`.
 *
 * @example
 * ```ts
 * import { createCredentialToken, parseToken } from 'keyblock/tr34';
 * import { generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
 * const certificate = await issueCertificate({
 *   role: 'root',
 *   subject: { commonName: 'Example Root' },
 *   publicKey,
 *   pkcs8,
 *   serialNumber: 'random',
 *   notBefore: new Date('2027-01-01'),
 *   notAfter: new Date('2037-01-01'),
 * });
 * parseToken(createCredentialToken({ certificate })).kind; // 'credential'
 * ```
 */
export function createCredentialToken(options: {
  readonly certificate: Uint8Array;
  readonly crl?: Uint8Array | undefined;
}): Uint8Array<ArrayBuffer> {
  requireObject(options, 'options');
  const certificate = readCertificateOption(own(options, 'certificate'), 'certificate');
  return formatContentInfo({
    version: 1,
    digestAlgorithm: undefined,
    contentType: OID.data,
    content: new Uint8Array(0),
    certificates: [certificate.der],
    crl: readCrlOption(own(options, 'crl'))?.der,
    signer: undefined,
  });
}

/**
 * Makes a key token, KT-KDH: a key, sealed for one device and signed by the KDH.
 *
 * @param options - Who sends what to whom, and how.
 * @returns The token in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `INVALID_HEADER`, `INVALID_OPTIONAL_BLOCK`,
 * `INVALID_CHARACTER`, `INVALID_LENGTH` and `INPUT_TOO_LARGE`; `UNSUPPORTED` for a header of a
 * version there is not (`versionId`), and where there is no Web Crypto; `KEY_DESTROYED`;
 * `TOKEN_MALFORMED` for a certificate or CRL that is not DER; `CERTIFICATE_UNTRUSTED`,
 * `CERTIFICATE_REVOKED`, `CRL_REJECTED`, `ALGORITHM_NOT_ALLOWED` for one that will not do:
 * `krdCertificate`, by another CA than `caKrd`, out of date, revoked, or to sign with; `trust`,
 * where a pinned one is no CA of the root, or out of date; `kdh`, out of date or revoked; `crl` and
 * `krdCrl`, by another CA, over, or of the future; `KEY_STRENGTH` when the transport is weaker than
 * the key; `WEAK_KEY` when the generator given returns a weak content key.
 *
 * @example
 * ```ts
 * import { generateKey } from 'keyblock';
 * import { createKeyToken, fromPkcs8, parseToken } from 'keyblock/tr34';
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
 *
 * const token = await createKeyToken({
 *   kdh: await fromPkcs8({ certificate: kdhCertificate, pkcs8 }),
 *   krdCertificate,
 *   trust: { root, caKrd: root },
 *   key: generateKey({ algorithm: 'AES', lengthBits: 256 }),
 *   header: 'D0000K1AB00E0000',
 *   freshness: { nonce: crypto.getRandomValues(new Uint8Array(16)) }, // which the device sent
 *   at: new Date('2027-06-01'),
 * });
 * parseToken(token).profile; // 'ec'
 * ```
 */
export async function createKeyToken(
  options: CreateKeyTokenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const at = readInstant(own(options, 'at'), 'at');
  const kdh = readSigner(own(options, 'kdh'), 'kdh');
  const krd = readCertificateOption(own(options, 'krdCertificate'), 'krdCertificate');
  const profile = readProfile(own(options, 'profile'), krd);
  const headerText = own(options, 'header');
  const header = readHeaderText(headerText);
  const freshness = readFreshness(own(options, 'freshness'));
  const crl = readCrlOption(own(options, 'crl'));
  const krdCrl = readCrlOption(own(options, 'krdCrl'));
  const rule = readStrength(own(options, 'strength'));
  const ukm = readUkm(own(options, 'ukm'));
  const keyEncryptor = readKeyEncryptor(own(options, 'keyEncryptor'), krd);
  const randomBytes = checkedRandomBytes(own(options, 'randomBytes'));
  const key = copyKey(own(options, 'key'), header);
  try {
    const tolerate = readTolerance(own(options, 'tolerate'));
    const judgement = { crl, krdCrl, at, tolerate };
    requireCurrent(kdh.certificate, judgement);
    await verifyKrd(krd, options, judgement);
    const algorithm = contentAlgorithmFor(krd, header, key);
    const transport = { recipient: krd.publicKey, content: algorithm, wrap: undefined };
    requireTransportStrength({ rule, header, key, ...transport }); // wrapped as strongly as agreed
    const shape = PROFILES[profile];
    const kdhId = issuerAndSerial(kdh.certificate);
    const plaintext = formatKeyBlockContent(kdhId, key, String(headerText), shape.keyBlock);
    const hash = kdh.signer.hash;
    const envelope = { krd, algorithm, plaintext, shape, hash, keyEncryptor, ukm, randomBytes };
    const content = await sealEnvelope(envelope);
    const attributes = [freshness, headerAttribute(String(headerText))];
    return await signToken({
      signer: kdh,
      contentType: OID.envelopedData,
      content,
      attributes,
      crl: crl?.der,
      shape,
    });
  } finally {
    key.fill(0);
  }
}

/** What every certificate in a token is judged by. */
interface Judgement {
  /** The CRL that goes into the token. */
  readonly crl: CertificateList | undefined;
  /** The CRL of the CA of the device. */
  readonly krdCrl: CertificateList | undefined;
  /** The present time in milliseconds since 1970. */
  readonly at: number;
  readonly tolerate: readonly Tolerance[];
}

/** The path of the device's certificate, and that nobody has revoked it, before every token. */
async function verifyKrd(
  certificate: Certificate,
  options: CreateKeyTokenOptions,
  { crl, krdCrl, at, tolerate }: Judgement,
): Promise<void> {
  const trust = own(options, 'trust');
  if (typeof trust !== 'object' || trust === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'trust' });
  }
  const issuer = readCertificateOption(own(trust, 'caKrd'), 'trust');
  const root = readCertificateOption(own(trust, 'root'), 'trust');
  await verifyPath({ certificate, issuer, root, role: 'krd', at, tolerate });
  // One CA may issue for both roles: then its one CRL lists both.
  const isOfBoth = crl !== undefined && equalBytes(crl.issuer, certificate.issuer);
  for (const list of [isOfBoth ? crl : undefined, krdCrl]) {
    if (list === undefined) continue;
    // A list that decides has to be the CA's own, or whoever delivers it decides.
    await verifyCrl({
      crl: list,
      issuer,
      at,
      last: undefined,
      lastThisUpdate: undefined,
      tolerate,
    });
    requireNotRevoked(certificate, list, 'krdCertificate');
  }
}

function readTolerance(tolerate: readonly Tolerance[] | undefined): readonly Tolerance[] {
  const words = tolerate ?? [];
  if (!Array.isArray(words) || !words.every(isTolerance)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  }
  return [...words];
}

/** A host does not send what every receiver would refuse: itself expired, or on its own CRL. */
function requireCurrent(certificate: Certificate, { crl, at, tolerate }: Judgement): void {
  if (!(certificate.notBefore <= at && at <= certificate.notAfter)) {
    throw new KeyblockError('CERTIFICATE_UNTRUSTED', { field: 'kdh' });
  }
  if (crl === undefined) return;
  requireCurrentCrl(crl, at, tolerate);
  // A list of the future nobody tolerates.
  if (!(crl.thisUpdate <= at)) throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
  requireNotRevoked(certificate, crl, 'kdh');
}

function copyKey(
  key: KeyInput | undefined,
  { algorithm }: KeyBlockHeader,
): Uint8Array<ArrayBuffer> {
  return withClearKey(key, 'key', (clear) => {
    const expected = keyAlgorithm(algorithm);
    const known = clear.algorithm !== undefined && clear.algorithm !== 'other';
    if (known && clear.algorithm !== expected) {
      throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
    }
    if (!fitsAlgorithm(expected, clear.bytes.length) || clear.bytes.length > MAX_KEY_LENGTH) {
      throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
    }
    return new Uint8Array(clear.bytes);
  });
}

/** No symmetric key is longer; tokens are no place for key pairs. */
const MAX_KEY_LENGTH = 1024;

function readHeaderText(text: string | undefined): KeyBlockHeader {
  if (typeof text !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field: 'header' });
  const { header, headerLength, reserved } = scanHeaderText(text, 'header');
  const [field] = unknownAttributes(header, reserved);
  if (field !== undefined) throw new KeyblockError('INVALID_HEADER', { field });
  if (headerLength !== text.length) throw new KeyblockError('INVALID_LENGTH', { field: 'header' });
  return header;
}

function readFreshness(freshness: TokenFreshness | undefined): Uint8Array {
  if (typeof freshness !== 'object' || freshness === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'freshness' });
  }
  const given: { readonly nonce?: Uint8Array; readonly signingTime?: Date } = freshness;
  const nonce = own(given, 'nonce');
  const signingTime = own(given, 'signingTime');
  if (nonce !== undefined) return nonceAttribute(readNonce(nonce));
  return signingTimeAttribute(readSigningTime(signingTime));
}

/** Checks a nonce of the device. */
export function readNonce(nonce: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const copy = copyBytes(nonce, 'nonce');
  if (copy.length < MIN_NONCE_LENGTH || copy.length > MAX_NONCE_LENGTH) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'nonce' });
  }
  return copy;
}

/** Reads a time that a caller gives, in milliseconds since 1970. */
function readInstant(at: Date | undefined, field: 'at' | 'signingTime'): number {
  const milliseconds = dateValue(at);
  if (Number.isNaN(milliseconds)) throw new KeyblockError('INVALID_ARGUMENT', { field });
  return milliseconds;
}

/** Reads a time of signing: RFC 5652 11.3 begins with 1950. */
export function readSigningTime(at: Date | undefined): number {
  const milliseconds = readInstant(at, 'signingTime');
  if (milliseconds < FIRST_SIGNING_TIME) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'signingTime' });
  }
  return milliseconds;
}

const FIRST_SIGNING_TIME = /* @__PURE__ */ Date.UTC(1950, 0);

/** Reads a certificate that a caller gives. */
export function readCertificateOption(
  bytes: Uint8Array | undefined,
  field: 'certificate' | 'krdCertificate' | 'newKdhCertificate' | 'trust' | 'kdh',
): Certificate {
  return parseCertificate(copyDer(bytes, field), field);
}

/** Reads a CRL that a caller gives: its structure, for the receiver verifies it. */
export function readCrlOption(bytes: Uint8Array | undefined): CertificateList | undefined {
  return bytes === undefined ? undefined : parseCrl(copyDer(bytes, 'crl'));
}

function readUkm(ukm: Uint8Array | undefined): Uint8Array | undefined {
  if (ukm === undefined) return undefined;
  const copy = copyBytes(ukm, 'ukm');
  if (copy.length !== 64) throw new KeyblockError('INVALID_LENGTH', { field: 'ukm' });
  return copy;
}

/** An elliptic curve key agrees on a key: there is nothing that could be encrypted to it. */
function readKeyEncryptor(
  keyEncryptor: ContentKeyEncryptor | undefined,
  { publicKey }: Certificate,
): ContentKeyEncryptor | undefined {
  if (keyEncryptor === undefined) return undefined;
  if (typeof keyEncryptor !== 'function' || publicKey.kind === 'EC') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyEncryptor' });
  }
  return keyEncryptor;
}

function readProfile(profile: Profile | undefined, krd: Certificate): Profile {
  const isEc = krd.publicKey.kind === 'EC';
  const chosen = profile ?? (isEc ? 'ec' : 'tr34-2019');
  if (!isProfile(chosen) || (chosen === 'ec') !== isEc) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'profile' });
  }
  return chosen;
}

function readStrength(rule: StrengthRule = 'sp800-57'): StrengthRule {
  if (rule !== 'sp800-57' && rule !== 'tr34' && rule !== 'off') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'strength' });
  }
  return rule;
}
