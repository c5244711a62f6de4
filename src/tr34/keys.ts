/**
 * Private keys of TR-34: two interfaces, so that an HSM or a KMS can hold them, and what makes
 * both from keys in Web Crypto.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { copyBytes, own, requireObject } from '../primitives/bytes.js';
import { type KeyInput, withClearKey } from '../secret-key.js';
import { isTokenHash, type TokenHash } from './crypto/hash.js';
import { hashOfKey, importPrivateKey, type NativeKey, privateKeyFor } from './crypto/native-key.js';
import { isAgreementPair, isOaepPair, isSigningPair } from './crypto/pairs.js';
import { type SignatureScheme, signWithKey } from './crypto/sign.js';
import {
  type DecryptionKeys,
  type EcdhUnwrapRequest,
  isWrapAlgorithm,
  type UnwrapRequest,
  unwrapWithKey,
} from './crypto/unwrap.js';
import { copyDer } from './der/reader.js';
import { parseCertificate } from './x509/certificate.js';
import type { CurveName, EcPublicKey, RsaPublicKey } from './x509/public-key.js';
import { isAllowedKey } from './x509/verify-signature.js';

export type { TokenHash } from './crypto/hash.js';
export type { SignatureScheme } from './crypto/sign.js';
export type { EcdhUnwrapRequest, OaepUnwrapRequest, UnwrapRequest } from './crypto/unwrap.js';

/** A private key that signs: of a KDH, or of the CA of the KRDs. */
export interface Signer {
  /** X.509 in DER. */
  readonly certificate: Uint8Array;
  /** The scheme, by its name in Web Crypto. */
  readonly algorithm: SignatureScheme;
  /** What the bytes are hashed with. */
  readonly hash: TokenHash;
  /**
   * Hashes and signs. Of ECDSA the DER of both numbers: `SEQUENCE { r INTEGER, s INTEGER }`.
   * Whatever it throws, the caller sees as it is.
   */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A private key that opens content keys: of a KRD. */
export interface KeyUnwrapper {
  /** X.509 in DER. */
  readonly certificate: Uint8Array;
  /**
   * Opens a content key. Rejects whenever it can not, always in the same way: the receiver takes
   * any rejection, and a key of any length, for the one failure that it reports.
   */
  unwrap(request: UnwrapRequest): Promise<Uint8Array>;
}

/** A key of Web Crypto: what `crypto.subtle.importKey` and `generateKey` return. */
export interface WebCryptoKey {
  /** `'private'` for those that are taken. */
  readonly type: string;
  /** Whether it can be read back. */
  readonly extractable: boolean;
  /** What it is for. */
  readonly algorithm: {
    /** Its name in Web Crypto. */
    readonly name: string;
  };
  /** What it may be used for. */
  readonly usages: readonly string[];
}

/** What {@link fromPkcs8} takes. */
export interface FromPkcs8Options {
  /** X.509 in DER: RSA of 2048 to 4096 bits, P-256, P-384 or P-521. */
  readonly certificate: Uint8Array;
  /** The private key of the certificate, PKCS#8 in DER, not encrypted. */
  readonly pkcs8: KeyInput;
  /**
   * What is hashed with before signing.
   * @defaultValue `'SHA-256'` for RSA and P-256, `'SHA-384'` for P-384, `'SHA-512'` for P-521
   */
  readonly hash?: TokenHash | undefined;
}

/** What {@link fromCryptoKey} takes: one of the keys, or both. */
export interface FromCryptoKeyOptions {
  /** X.509 in DER: RSA of 2048 to 4096 bits, P-256, P-384 or P-521. */
  readonly certificate: Uint8Array;
  /** A private key of RSASSA-PKCS1-v1_5 or ECDSA with the usage `sign`. */
  readonly signingKey?: WebCryptoKey | undefined;
  /** A private key of RSA-OAEP with the usage `decrypt`, or of ECDH with `deriveBits`. */
  readonly decryptionKey?: WebCryptoKey | undefined;
  /**
   * What is hashed with before signing by ECDSA. RSA keys of Web Crypto are bound to a hash.
   * @defaultValue `'SHA-256'` for P-256, `'SHA-384'` for P-384, `'SHA-512'` for P-521
   */
  readonly hash?: TokenHash | undefined;
}

/**
 * Makes a signer and unwrapper from a private key, which is imported into Web Crypto so that it
 * can not be read back.
 *
 * @param options - The certificate and its key.
 * @returns Both in one object. What the certificate allows the key to be used for is not looked at
 * here, but by those who receive what it made.
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` when the certificate is none,
 * `ALGORITHM_NOT_ALLOWED` when its key is of another kind or size, `INVALID_ARGUMENT` for `pkcs8`
 * when that is no private key or not the one of the certificate, `UNSUPPORTED` where there is no
 * Web Crypto.
 *
 * @example
 * ```ts
 * import { fromPkcs8 } from 'keyblock/tr34';
 *
 * async function openKdh(certificate: Uint8Array, pkcs8: Uint8Array) {
 *   const kdh = await fromPkcs8({ certificate, pkcs8 });
 *   return kdh.sign(new TextEncoder().encode('what is to be signed'));
 * }
 * ```
 */
export async function fromPkcs8(options: FromPkcs8Options): Promise<Signer & KeyUnwrapper> {
  requireObject(options, 'options');
  const owner = readOwner(own(options, 'certificate'));
  const hash = readHash(own(options, 'hash')) ?? defaultHash(owner.publicKey);
  // A copy, because the import outlasts the loan; lent keys are overwritten when it ends.
  const pkcs8 = withClearKey(own(options, 'pkcs8'), 'pkcs8', ({ bytes }) => new Uint8Array(bytes));
  try {
    const key = await importSigningKey(pkcs8, owner.publicKey, hash);
    const keys = await importDecryptionKeys(pkcs8, owner.publicKey);
    // One private key, so that one of its uses shows whether it is the right one.
    if (key === undefined || keys === undefined) throw mismatch('pkcs8');
    if (!(await isSigningPair({ publicKey: owner.publicKey, key, hash }))) throw mismatch('pkcs8');
    return Object.freeze({ ...createSigner(owner, key, hash), ...createUnwrapper(owner, keys) });
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * Makes a signer, an unwrapper or both from private keys that are in Web Crypto already.
 *
 * @param options - The certificate, and its private key once for every use: Web Crypto ties a key
 * to one. An RSA-OAEP key opens tokens of its own hash only.
 * @returns A signer when there is a `signingKey`, an unwrapper when there is a `decryptionKey`.
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` when the certificate is none,
 * `ALGORITHM_NOT_ALLOWED` when its key is of another kind or size, `INVALID_ARGUMENT` when a key
 * can not do what it has to, or is not the one of the certificate.
 *
 * @example
 * ```ts
 * import { fromCryptoKey } from 'keyblock/tr34';
 *
 * async function openKrd(certificate: Uint8Array, pkcs8: Uint8Array<ArrayBuffer>) {
 *   const scheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
 *   const decryptionKey = await crypto.subtle.importKey('pkcs8', pkcs8, scheme, false, ['decrypt']);
 *   return fromCryptoKey({ certificate, decryptionKey });
 * }
 * ```
 */
export function fromCryptoKey(
  options: FromCryptoKeyOptions & {
    readonly signingKey: WebCryptoKey;
    readonly decryptionKey: WebCryptoKey;
  },
): Promise<Signer & KeyUnwrapper>;
export function fromCryptoKey(
  options: FromCryptoKeyOptions & { readonly signingKey: WebCryptoKey },
): Promise<Signer>;
export function fromCryptoKey(
  options: FromCryptoKeyOptions & { readonly decryptionKey: WebCryptoKey },
): Promise<KeyUnwrapper>;
export async function fromCryptoKey(options: FromCryptoKeyOptions): Promise<Signer | KeyUnwrapper> {
  requireObject(options, 'options');
  const owner = readOwner(own(options, 'certificate'));
  const hash = readHash(own(options, 'hash'));
  const signingKey = own(options, 'signingKey');
  const decryptionKey = own(options, 'decryptionKey');
  if (signingKey === undefined) return openDecryptionKey(owner, decryptionKey);
  const signer = await openSigningKey(owner, signingKey, hash);
  if (decryptionKey === undefined) return signer;
  return Object.freeze({ ...signer, ...(await openDecryptionKey(owner, decryptionKey)) });
}

/** A certificate, and the key in it. */
interface Owner {
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly publicKey: RsaPublicKey | EcPublicKey;
}

function readOwner(value: Uint8Array | undefined): Owner {
  const certificate = copyDer(value, 'certificate');
  const { publicKey } = parseCertificate(certificate);
  if (publicKey.kind === 'other' || !isAllowedKey(publicKey)) {
    throw new KeyblockError('ALGORITHM_NOT_ALLOWED', { field: 'certificate' });
  }
  return { certificate, publicKey };
}

function readHash(hash: unknown): TokenHash | undefined {
  if (hash === undefined || isTokenHash(hash)) return hash;
  throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
}

const CURVE_HASHES: Readonly<Record<CurveName, TokenHash>> = {
  'P-256': 'SHA-256',
  'P-384': 'SHA-384',
  'P-521': 'SHA-512',
};

function defaultHash(publicKey: Owner['publicKey']): TokenHash {
  return publicKey.kind === 'RSA' ? 'SHA-256' : CURVE_HASHES[publicKey.curve];
}

/** The private key is none, can not do what it has to, or is not the one of the certificate. */
function mismatch(field: KeyblockErrorField): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field });
}

function importSigningKey(
  pkcs8: Uint8Array<ArrayBuffer>,
  publicKey: Owner['publicKey'],
  hash: TokenHash,
): Promise<NativeKey | undefined> {
  return publicKey.kind === 'RSA'
    ? importPrivateKey(pkcs8, { name: 'RSASSA-PKCS1-v1_5', hash })
    : importPrivateKey(pkcs8, { name: 'ECDSA', namedCurve: publicKey.curve });
}

async function importDecryptionKeys(
  pkcs8: Uint8Array<ArrayBuffer>,
  publicKey: Owner['publicKey'],
): Promise<DecryptionKeys | undefined> {
  if (publicKey.kind === 'EC') {
    const key = await importPrivateKey(pkcs8, { name: 'ECDH', namedCurve: publicKey.curve });
    return key && { publicKey, key };
  }
  const byHash = new Map<TokenHash, NativeKey>();
  for (const hash of ['SHA-256', 'SHA-384', 'SHA-512'] as const) {
    const key = await importPrivateKey(pkcs8, { name: 'RSA-OAEP', hash });
    if (key === undefined) return undefined;
    byHash.set(hash, key);
  }
  return { publicKey, byHash };
}

async function openSigningKey(
  owner: Owner,
  signingKey: WebCryptoKey,
  wanted: TokenHash | undefined,
): Promise<Signer> {
  const { publicKey } = owner;
  const isRsa = publicKey.kind === 'RSA';
  const key = privateKeyFor(isRsa ? 'RSASSA-PKCS1-v1_5' : 'ECDSA', signingKey);
  if (key === undefined) throw mismatch('signingKey');
  const hash = isRsa ? hashOfKey(key) : (wanted ?? defaultHash(publicKey));
  if (!isTokenHash(hash)) throw mismatch('signingKey');
  if (wanted !== undefined && wanted !== hash) throw mismatch('hash');
  if (!(await isSigningPair({ publicKey, key, hash }))) throw mismatch('signingKey');
  return createSigner(owner, key, hash);
}

async function openDecryptionKey(
  owner: Owner,
  decryptionKey: WebCryptoKey | undefined,
): Promise<KeyUnwrapper> {
  const { publicKey } = owner;
  const key = privateKeyFor(publicKey.kind === 'RSA' ? 'RSA-OAEP' : 'ECDH', decryptionKey);
  if (key === undefined) throw mismatch('decryptionKey');
  if (publicKey.kind === 'EC') {
    if (!(await isAgreementPair({ publicKey, key }))) throw mismatch('decryptionKey');
    return createUnwrapper(owner, { publicKey, key });
  }
  const hash = hashOfKey(key);
  if (!isTokenHash(hash) || !(await isOaepPair({ publicKey, key, hash }))) {
    throw mismatch('decryptionKey');
  }
  return createUnwrapper(owner, { publicKey, byHash: new Map([[hash, key]]) });
}

function createSigner({ certificate, publicKey }: Owner, key: NativeKey, hash: TokenHash): Signer {
  const algorithm = publicKey.kind === 'RSA' ? 'RSASSA-PKCS1-v1_5' : 'ECDSA';
  return Object.freeze({
    certificate: new Uint8Array(certificate),
    algorithm,
    hash,
    sign: async (bytes: Uint8Array) => {
      const message = copyBytes(bytes, 'bytes');
      const signature = await signWithKey({ scheme: algorithm, key, hash, message });
      if (signature === undefined) throw new KeyblockError('UNSUPPORTED', { field: 'signer' });
      return signature;
    },
  });
}

function createUnwrapper({ certificate }: Owner, keys: DecryptionKeys): KeyUnwrapper {
  return Object.freeze({
    certificate: new Uint8Array(certificate),
    unwrap: async (request: UnwrapRequest) => {
      const key = await unwrapWithKey(keys, readRequest(request));
      if (key === undefined) throw new KeyblockError('TOKEN_REJECTED');
      return key;
    },
  });
}

/** Copies a request. What is refused here is the form that the caller gave it, not the key. */
function readRequest(request: UnwrapRequest): UnwrapRequest {
  requireObject(request, 'unwrapRequest');
  const kind = own(request, 'kind');
  const hash = own(request, 'hash');
  if (!isTokenHash(hash) || (kind !== 'oaep' && kind !== 'ecdh')) throw mismatch('unwrapRequest');
  const encryptedKey = copyBytes(own(request, 'encryptedKey'), 'unwrapRequest');
  if (kind === 'oaep') return { kind, hash, encryptedKey };
  const ecdh = request as EcdhUnwrapRequest; // by its kind; its fields are looked at here
  const wrapAlgorithm = own(ecdh, 'wrapAlgorithm');
  if (!isWrapAlgorithm(wrapAlgorithm)) throw mismatch('unwrapRequest');
  const publicPoint = copyBytes(own(ecdh, 'publicPoint'), 'unwrapRequest');
  const sharedInfo = copyBytes(own(ecdh, 'sharedInfo'), 'unwrapRequest');
  return { kind, hash, publicPoint, sharedInfo, wrapAlgorithm, encryptedKey };
}
