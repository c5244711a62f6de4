/**
 * The curves of NIST on the arithmetic of @noble/curves: its points alone, without the signatures,
 * hashes and random numbers that its ready-made curves bring along.
 */

import {
  type WeierstrassPoint,
  type WeierstrassPointCons,
  weierstrass,
} from '@noble/curves/abstract/weierstrass.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { COORDINATE_LENGTHS, type CurveName } from '../x509/public-key.js';

/** A point of a curve. */
export type CurvePoint = WeierstrassPoint<bigint>;

/** SP 800-186 3.2.1: the prime, the order, b and the generator of each. */
const CURVES: Readonly<Record<CurveName, WeierstrassPointCons<bigint>>> = {
  'P-256': /* @__PURE__ */ createCurve({
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  }),
  'P-384': /* @__PURE__ */ createCurve({
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 2n ** 384n - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68dn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    Gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    Gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  }),
  'P-521': /* @__PURE__ */ createCurve({
    p: 2n ** 521n - 1n,
    n: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    Gx: 0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    Gy: 0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  }),
};

/** All three have a = -3 and the cofactor 1. */
function createCurve(numbers: {
  readonly p: bigint;
  readonly n: bigint;
  readonly b: bigint;
  readonly Gx: bigint;
  readonly Gy: bigint;
}): WeierstrassPointCons<bigint> {
  return weierstrass({ ...numbers, a: numbers.p - 3n, h: 1n });
}

/**
 * Reads a point: 04 and two coordinates below the prime that satisfy the equation. The point at
 * infinity has no such form, and the curves have no small subgroups, so this is the full validation
 * of SP 800-56A 5.6.2.3.3. Undefined for anything else.
 */
export function readPoint(curve: CurveName, octets: Uint8Array): CurvePoint | undefined {
  if (octets[0] !== 0x04 || octets.length !== 1 + 2 * COORDINATE_LENGTHS[curve]) return undefined;
  try {
    return CURVES[curve].fromBytes(new Uint8Array(octets));
  } catch {
    return undefined;
  }
}

/** Reads a private key, or a half of a signature: from 1 to the order, exclusive. */
export function readScalar(curve: CurveName, octets: Uint8Array): bigint | undefined {
  if (octets.length !== COORDINATE_LENGTHS[curve]) return undefined;
  const scalar = bytesToNumberBE(octets);
  return scalar > 0n && scalar < CURVES[curve].Fn.ORDER ? scalar : undefined;
}

/** The public key of a private one: 04, X and Y. */
export function publicPoint(curve: CurveName, scalar: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(CURVES[curve].BASE.multiply(scalar).toBytes(false));
}

/** What {@link verifyDigest} takes. */
export interface DigestToVerify {
  readonly curve: CurveName;
  readonly point: Uint8Array;
  readonly digest: Uint8Array;
  /** Both numbers side by side, each as long as a coordinate. */
  readonly signature: Uint8Array;
}

/** Verifies a signature of ECDSA over a digest (FIPS 186-5 6.4.2). */
export function verifyDigest({ curve, point, digest, signature }: DigestToVerify): boolean {
  const length = COORDINATE_LENGTHS[curve];
  const publicKey = readPoint(curve, point);
  const r = readScalar(curve, signature.subarray(0, length));
  const s = readScalar(curve, signature.subarray(length));
  if (publicKey === undefined || r === undefined || s === undefined) return false;
  const { Fn, BASE } = CURVES[curve];
  // The leftmost bits, as many as the order has: whole octets but for P-521, which is longer.
  const e = Fn.create(bytesToNumberBE(digest.subarray(0, length)));
  const inverse = Fn.inv(s);
  const sum = BASE.mulAddUnsafe(Fn.mul(e, inverse), publicKey, Fn.mul(r, inverse));
  return !sum.is0() && Fn.create(sum.toAffine().x) === r;
}
