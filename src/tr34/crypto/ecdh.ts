/**
 * Elliptic curve Diffie-Hellman on the curves of NIST. Keys that are used more than once stay in
 * Web Crypto, whose arithmetic does not show them in its timing. Keys that are used once come from
 * @noble/curves: Web Crypto takes no randomness from outside, and has no way from a private number
 * to its point.
 */

import { KeyblockError } from '../../errors.js';
import { drawBytes, type RandomBytes } from '../../primitives/random.js';
import { OID } from '../der/oids.js';
import { bitString, context, integer, octetString, oid, sequence } from '../der/writer.js';
import { COORDINATE_LENGTHS, CURVE_OIDS, type CurveName } from '../x509/public-key.js';
import { webCrypto } from '../x509/web-crypto.js';
import { publicPoint, readPoint, readScalar } from './curves.js';
import type { NativeKey } from './native-key.js';

/** A private number and its point. */
export interface EcKeyPair {
  readonly curve: CurveName;
  /** As long as a coordinate. */
  readonly scalar: Uint8Array<ArrayBuffer>;
  /** 04, X and Y. */
  readonly point: Uint8Array<ArrayBuffer>;
}

/** What {@link agree} takes. */
export interface AgreeOptions {
  readonly curve: CurveName;
  readonly scalar: Uint8Array;
  /** The other side's, 04, X and Y. */
  readonly point: Uint8Array;
}

/** What {@link agreeWithKey} takes. */
export interface AgreeWithKeyOptions {
  readonly curve: CurveName;
  /** An ECDH key of this curve. */
  readonly key: NativeKey;
  /** The other side's, 04, X and Y. */
  readonly point: Uint8Array;
}

/** Whether a value names a curve. */
export function isCurveName(value: unknown): value is CurveName {
  return value === 'P-256' || value === 'P-384' || value === 'P-521';
}

/** Whether a point is one of the curve. */
export function isPointOnCurve(curve: CurveName, point: Uint8Array): boolean {
  return readPoint(curve, point) !== undefined;
}

/** Chance rejects one draw in 2^32: a generator that fails three times is broken. */
const MAX_DRAWS = 3;

/**
 * Makes a key pair by testing candidates (FIPS 186-5 A.2.2): what is not below the order of the
 * curve is drawn again.
 *
 * @throws {@link KeyblockError} `WEAK_KEY` when the generator gives no private key.
 */
export function generateKeyPair(curve: CurveName, randomBytes: RandomBytes): EcKeyPair {
  for (let i = 0; i < MAX_DRAWS; i++) {
    const scalar = drawBytes(randomBytes, COORDINATE_LENGTHS[curve]);
    // The order of P-521 has 521 bits: one of the first octet.
    if (curve === 'P-521') scalar[0] = (scalar[0] ?? 0) & 1;
    const number = readScalar(curve, scalar);
    if (number !== undefined) return { curve, scalar, point: publicPoint(curve, number) };
    scalar.fill(0);
  }
  throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
}

/**
 * Computes the shared secret Z (SP 800-56A 5.7.1.2): the X of the common point, as long as a
 * coordinate. Undefined when the point is not on the curve, or the number no private key.
 */
export function agree({ curve, scalar, point }: AgreeOptions): Uint8Array<ArrayBuffer> | undefined {
  const other = readPoint(curve, point);
  const number = readScalar(curve, scalar);
  if (other === undefined || number === undefined) return undefined;
  const common = other.multiply(number).toBytes(false);
  const z = new Uint8Array(common.subarray(1, 1 + COORDINATE_LENGTHS[curve]));
  common.fill(0);
  return z;
}

/**
 * Computes the shared secret Z with a key inside Web Crypto. Undefined when the point is not on
 * the curve, or the key is of another one.
 *
 * @throws {@link KeyblockError} `UNSUPPORTED` where there is no Web Crypto.
 */
export async function agreeWithKey(
  options: AgreeWithKeyOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { curve, key, point } = options;
  if (!isPointOnCurve(curve, point)) return undefined;
  const subtle = webCrypto();
  const scheme = { name: 'ECDH', namedCurve: curve };
  try {
    const other = await subtle.importKey('raw', new Uint8Array(point), scheme, false, []);
    const bits = 8 * COORDINATE_LENGTHS[curve];
    return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: other }, key, bits));
  } catch {
    return undefined;
  }
}

/** Formats a public key as SubjectPublicKeyInfo (RFC 5480). */
export function formatSpki({ curve, point }: Omit<EcKeyPair, 'scalar'>): Uint8Array<ArrayBuffer> {
  return sequence(algorithmIdentifier(curve), bitString(point));
}

/** Formats a private key as PKCS#8 (RFC 5208, RFC 5915), with its point: some readers need it. */
export function formatPkcs8({ curve, scalar, point }: EcKeyPair): Uint8Array<ArrayBuffer> {
  const privateKey = sequence(integer(1), octetString(scalar), context(1, bitString(point)));
  const pkcs8 = sequence(integer(0), algorithmIdentifier(curve), octetString(privateKey));
  privateKey.fill(0);
  return pkcs8;
}

function algorithmIdentifier(curve: CurveName): Uint8Array<ArrayBuffer> {
  return sequence(oid(OID.ecPublicKey), oid(CURVE_OIDS[curve]));
}
