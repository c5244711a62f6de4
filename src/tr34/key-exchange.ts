/**
 * Keys agreed on by ECDH, as payment clouds exchange them besides TR-34: both sides derive the
 * same key block protection key, and keys then travel as TR-31 blocks under it.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { fitsAlgorithm } from '../primitives/algorithms.js';
import { copyBytes, own, requireObject } from '../primitives/bytes.js';
import { checkedRandomBytes, type RandomBytes } from '../primitives/random.js';
import { curveStrength, nominalStrength } from '../primitives/strength.js';
import { adoptKey, type KeyInput, type SecretKey, withClearKey } from '../secret-key.js';
import {
  agreeWithKey,
  formatPkcs8,
  formatSpki,
  generateKeyPair,
  isCurveName,
  isPointOnCurve,
} from './crypto/ecdh.js';
import { isTokenHash, type TokenHash } from './crypto/hash.js';
import { deriveOneStep, deriveX963, type KdfOptions } from './crypto/kdf.js';
import { importPrivateKey } from './crypto/native-key.js';
import { children, readDer } from './der/reader.js';
import { readCertificate } from './x509/certificate.js';
import { type CurveName, type EcPublicKey, readPublicKey } from './x509/public-key.js';

/** What {@link deriveExchangeKey} takes. */
export interface DeriveExchangeKeyOptions {
  /** Our private key, PKCS#8 in DER. */
  readonly privateKey: KeyInput;
  /**
   * Their public key, SubjectPublicKeyInfo or a certificate in DER. Whose it is, the caller has
   * verified: nothing of a certificate but the key is looked at.
   */
  readonly publicKey: Uint8Array;
  /** ANSI X9.63, or the one-step KDF of SP 800-56C with a hash. */
  readonly kdf: 'x9.63' | 'sp800-56c';
  /** What the KDF hashes with. */
  readonly hash: TokenHash;
  /** What both sides know besides, SharedInfo or FixedInfo: may be empty. */
  readonly sharedInfo: Uint8Array;
  /** What the derived key is for. */
  readonly algorithm: 'AES' | 'TDES';
  /** 128, 192 or 256 for AES; 128 or 192 for TDES, parity included. */
  readonly lengthBits: number;
  /**
   * Whether the curve has to be as strong as the key: P-256 for AES-128 and TDES, P-384 for
   * AES-192, P-521 for AES-256.
   * @defaultValue `'sp800-57'`
   */
  readonly strength?: 'sp800-57' | 'off' | undefined;
}

/** What {@link generateExchangeKeyPair} takes. */
export interface GenerateExchangeKeyPairOptions {
  /** The curve of both sides. */
  readonly curve: CurveName;
  /** @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
}

/** A key pair for {@link deriveExchangeKey}. */
export interface ExchangeKeyPair {
  /** PKCS#8 in DER. */
  readonly privateKey: SecretKey;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/**
 * Derives the key that two key pairs have in common. The bits are used as they are derived: TDES
 * keys get no parity.
 *
 * @param options - Our private key, their public key, and what to derive.
 * @returns The key, to be used as KBPK.
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` when the public key is no DER of that kind,
 * `ALGORITHM_NOT_ALLOWED` when it is not of one of the three curves, `INVALID_ARGUMENT` when its
 * point is not on the curve, when the private key is none of that curve, or for anything else;
 * `INVALID_LENGTH` for a length that the algorithm does not have, `KEY_STRENGTH` for a curve that
 * is too weak, `KEY_DESTROYED`, `UNSUPPORTED` where there is no Web Crypto.
 *
 * @example
 * ```ts
 * import { deriveExchangeKey, generateExchangeKeyPair } from 'keyblock/tr34';
 *
 * async function agree() {
 *   const ours = generateExchangeKeyPair({ curve: 'P-521' });
 *   const theirs = generateExchangeKeyPair({ curve: 'P-521' });
 *   const kbpk = await deriveExchangeKey({
 *     privateKey: ours.privateKey,
 *     publicKey: theirs.publicKey,
 *     kdf: 'sp800-56c',
 *     hash: 'SHA-512',
 *     sharedInfo: new TextEncoder().encode('acquirer and processor'),
 *     algorithm: 'AES',
 *     lengthBits: 256,
 *   });
 *   return String(kbpk); // 'SecretKey AES-256'
 * }
 * ```
 */
export async function deriveExchangeKey(options: DeriveExchangeKeyOptions): Promise<SecretKey> {
  requireObject(options, 'options');
  const publicKey = readPeerKey(own(options, 'publicKey'));
  const { derive, algorithm, ...parameters } = readDerivation(options, publicKey.curve);
  // A copy, because the import outlasts the loan; lent keys are overwritten when it ends.
  const copy = ({ bytes }: { readonly bytes: Uint8Array }) => new Uint8Array(bytes);
  const pkcs8 = withClearKey(own(options, 'privateKey'), 'privateKey', copy);
  const z = await agreeOn(pkcs8, publicKey).finally(() => pkcs8.fill(0));
  if (z === undefined) throw invalid('privateKey');
  try {
    return adoptKey(algorithm, derive({ ...parameters, z }));
  } finally {
    z.fill(0);
  }
}

/**
 * Generates a key pair for one exchange.
 *
 * @param options - The curve.
 * @returns Our private key, and the public key to be sent to the other side in a certificate or by
 * another way that authenticates it.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `WEAK_KEY` when the generator given keeps
 * returning numbers that are no private keys.
 *
 * @example
 * ```ts
 * import { generateExchangeKeyPair } from 'keyblock/tr34';
 *
 * const { privateKey, publicKey } = generateExchangeKeyPair({ curve: 'P-256' });
 * String(privateKey); // 'SecretKey EC'
 * publicKey.length; // 91
 * ```
 */
export function generateExchangeKeyPair(options: GenerateExchangeKeyPairOptions): ExchangeKeyPair {
  requireObject(options, 'options');
  const curve = own(options, 'curve');
  if (!isCurveName(curve)) throw invalid('curve');
  const pair = generateKeyPair(curve, checkedRandomBytes(own(options, 'randomBytes')));
  const privateKey = adoptKey('EC', formatPkcs8(pair));
  pair.scalar.fill(0);
  return { privateKey, publicKey: formatSpki(pair) };
}

/** A certificate is a SEQUENCE of three, SubjectPublicKeyInfo of two. */
function readPeerKey(value: Uint8Array | undefined): EcPublicKey {
  const element = readDer(copyBytes(value, 'publicKey'), { field: 'publicKey' });
  const isCertificate = children(element).length === 3;
  const key = isCertificate ? readCertificate(element).publicKey : readPublicKey(element);
  if (key.kind !== 'EC') throw new KeyblockError('ALGORITHM_NOT_ALLOWED', { field: 'publicKey' });
  if (!isPointOnCurve(key.curve, key.point)) throw invalid('publicKey');
  return key;
}

/** What is derived and how, without the secret. */
interface Derivation extends Omit<KdfOptions, 'z'> {
  readonly derive: (options: KdfOptions) => Uint8Array<ArrayBuffer>;
  readonly algorithm: 'AES' | 'TDES';
}

function readDerivation(options: DeriveExchangeKeyOptions, curve: CurveName): Derivation {
  const kdf = own(options, 'kdf');
  if (kdf !== 'x9.63' && kdf !== 'sp800-56c') throw invalid('kdf');
  const hash = own(options, 'hash');
  if (!isTokenHash(hash)) throw invalid('hash');
  const sharedInfo = copyBytes(own(options, 'sharedInfo'), 'sharedInfo');
  if (sharedInfo.length > MAX_SHARED_INFO) {
    throw new KeyblockError('INPUT_TOO_LARGE', { field: 'sharedInfo' });
  }
  const algorithm = own(options, 'algorithm');
  if (algorithm !== 'AES' && algorithm !== 'TDES') throw invalid('algorithm');
  const bits = own(options, 'lengthBits');
  if (typeof bits !== 'number') throw invalid('lengthBits');
  const length = bits / 8;
  if (!fitsAlgorithm(algorithm, length)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'lengthBits' });
  }
  requireStrength(own(options, 'strength'), curve, nominalStrength(algorithm, length));
  const derive = kdf === 'x9.63' ? deriveX963 : deriveOneStep;
  return { derive, hash, sharedInfo, algorithm, length };
}

const MAX_SHARED_INFO = 65_536;

/** A key has no more strength than the agreement it comes from (SP 800-57 part 1, table 2). */
function requireStrength(
  strength: DeriveExchangeKeyOptions['strength'],
  curve: CurveName,
  wanted: number,
): void {
  if (strength === 'off') return;
  if (strength !== undefined && strength !== 'sp800-57') throw invalid('strength');
  if (curveStrength(Number(curve.slice(2))) < wanted) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'curve' });
  }
}

async function agreeOn(
  pkcs8: Uint8Array<ArrayBuffer>,
  { curve, point }: EcPublicKey,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const key = await importPrivateKey(pkcs8, { name: 'ECDH', namedCurve: curve });
  return key && agreeWithKey({ curve, key, point });
}

function invalid(field: KeyblockErrorField): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field });
}
