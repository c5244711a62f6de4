/** RSASSA-PKCS1-v1_5 and ECDSA over SHA-2: the signatures of certificates, CRLs and tokens. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { verifyDigest } from '../crypto/curves.js';
import { digest } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import { fields, readDer } from '../der/reader.js';
import { readUnsigned } from '../der/values.js';
import { type AlgorithmIdentifier, hasNoParameters } from './algorithm-identifier.js';
import { importPublicKey } from './import-public-key.js';
import {
  COORDINATE_LENGTHS,
  type CurveName,
  type EcPublicKey,
  type PublicKey,
  type RsaPublicKey,
} from './public-key.js';
import { findWebCrypto, webCrypto } from './web-crypto.js';

/** A hash that signatures may use. */
export type SignatureHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** How something is signed: PKCS#1 v1.5 or ECDSA, by the kind of the key, and the hash. */
export interface SignatureAlgorithm {
  readonly kind: 'RSA' | 'EC';
  readonly hash: SignatureHash;
}

/** Signature algorithms that name their hash, by OID. */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = /* @__PURE__ */ new Map<
  string,
  SignatureAlgorithm
>([
  [OID.sha256WithRsa, { kind: 'RSA', hash: 'SHA-256' }],
  [OID.sha384WithRsa, { kind: 'RSA', hash: 'SHA-384' }],
  [OID.sha512WithRsa, { kind: 'RSA', hash: 'SHA-512' }],
  [OID.ecdsaWithSha256, { kind: 'EC', hash: 'SHA-256' }],
  [OID.ecdsaWithSha384, { kind: 'EC', hash: 'SHA-384' }],
  [OID.ecdsaWithSha512, { kind: 'EC', hash: 'SHA-512' }],
]);

/** Finds a signature algorithm that names its hash. */
export function signatureAlgorithmOfOid(dotted: string): SignatureAlgorithm | undefined {
  return ALGORITHMS.get(dotted);
}

/** The OID of a signature algorithm. */
export function oidOfSignatureAlgorithm({ kind, hash }: SignatureAlgorithm): string {
  const isIt = (row: SignatureAlgorithm) => row.kind === kind && row.hash === hash;
  // Every kind is in the table with every hash.
  return [...ALGORITHMS].find(([, row]) => isIt(row))?.[0] ?? OID.sha256WithRsa;
}

/**
 * Finds the algorithm of a certificate or CRL among those that are allowed.
 *
 * @throws {@link KeyblockError} `ALGORITHM_NOT_ALLOWED`.
 */
export function signatureAlgorithm(
  identifier: AlgorithmIdentifier,
  field: KeyblockErrorField,
): SignatureAlgorithm {
  const algorithm = ALGORITHMS.get(identifier.oid);
  // RFC 4055 5: NULL or absent; RFC 5758 3.2: absent.
  const sound =
    algorithm?.kind === 'RSA' ? hasNoParameters(identifier) : identifier.parameters === undefined;
  if (algorithm === undefined || !sound)
    throw new KeyblockError('ALGORITHM_NOT_ALLOWED', { field });
  return algorithm;
}

/**
 * Whether a key is one that may verify or be encrypted to: RSA of 2048 to 4096 bits with the
 * exponent 65537, for larger ones cost the verifier more than the signer; or a point on a known
 * curve.
 */
export function isAllowedKey(key: PublicKey): boolean {
  switch (key.kind) {
    case 'RSA':
      return key.modulusBits >= 2048 && key.modulusBits <= 4096 && isF4(key.exponent);
    case 'EC':
      return true;
    case 'other':
      return false;
  }
}

/** What {@link verifySignature} takes. */
export interface SignatureToVerify {
  readonly algorithm: SignatureAlgorithm;
  readonly publicKey: PublicKey;
  /** What was signed. */
  readonly message: Uint8Array;
  /** As in the structure: of ECDSA the DER of both numbers. */
  readonly signature: Uint8Array;
}

/**
 * Verifies a signature. A key or a signature that is malformed verifies nothing.
 *
 * @throws {@link KeyblockError} `UNSUPPORTED` for RSA where there is no Web Crypto.
 */
export async function verifySignature(options: SignatureToVerify): Promise<boolean> {
  const { algorithm, publicKey } = options;
  if (!isAllowedKey(publicKey)) return false;
  if (algorithm.kind === 'RSA' && publicKey.kind === 'RSA') return verifyRsa(options, publicKey);
  if (algorithm.kind === 'EC' && publicKey.kind === 'EC') return verifyEcdsa(options, publicKey);
  return false;
}

async function verifyRsa(
  { algorithm, message, signature }: SignatureToVerify,
  publicKey: RsaPublicKey,
): Promise<boolean> {
  const subtle = webCrypto();
  const scheme = { name: 'RSASSA-PKCS1-v1_5', hash: algorithm.hash };
  try {
    const key = await importPublicKey(subtle, publicKey, scheme, 'verify');
    return await subtle.verify(scheme, key, new Uint8Array(signature), new Uint8Array(message));
  } catch {
    return false; // the key can not be imported: an even modulus, for one
  }
}

async function verifyEcdsa(options: SignatureToVerify, publicKey: EcPublicKey): Promise<boolean> {
  const signature = readEcdsaSignature(options.signature, publicKey.curve);
  if (signature === undefined) return false;
  const subtle = findWebCrypto();
  if (subtle === undefined) return verifyEcdsaHere(options, publicKey, signature);
  const scheme = { name: 'ECDSA', namedCurve: publicKey.curve, hash: options.algorithm.hash };
  try {
    const key = await importPublicKey(subtle, publicKey, scheme, 'verify');
    return await subtle.verify(scheme, key, signature, new Uint8Array(options.message));
  } catch (error) {
    // Not every runtime has every curve; any other error is a point that is not on its curve.
    if (!(error instanceof Error && error.name === 'NotSupportedError')) return false;
    return verifyEcdsaHere(options, publicKey, signature);
  }
}

/** ECDSA without Web Crypto. */
function verifyEcdsaHere(
  { algorithm, message }: SignatureToVerify,
  { curve, point }: EcPublicKey,
  signature: Uint8Array,
): boolean {
  return verifyDigest({ curve, point, digest: digest(algorithm.hash, message), signature });
}

/** Turns the DER of two numbers into both of them in the length of the curve (IEEE P1363). */
function readEcdsaSignature(
  der: Uint8Array,
  curve: CurveName,
): Uint8Array<ArrayBuffer> | undefined {
  const length = COORDINATE_LENGTHS[curve];
  try {
    const parts = fields(readDer(der));
    const r = readUnsigned(parts.next());
    const s = readUnsigned(parts.next());
    parts.end();
    if (r.length > length || s.length > length) return undefined;
    const signature = new Uint8Array(2 * length);
    signature.set(r, length - r.length);
    signature.set(s, 2 * length - s.length);
    return signature;
  } catch {
    return undefined;
  }
}

/** 65537. */
function isF4(exponent: Uint8Array): boolean {
  return exponent.length === 3 && exponent[0] === 1 && exponent[1] === 0 && exponent[2] === 1;
}
