/** SubjectPublicKeyInfo of RSA and elliptic curves (RFC 3279, RFC 5480). */

import { OID } from '../der/oids.js';
import { type DerElement, fields, readDerInside } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readBitString, readOid, readUnsigned } from '../der/values.js';
import { readAlgorithmIdentifier } from './algorithm-identifier.js';

/** A curve by its name in Web Crypto. */
export type CurveName = 'P-256' | 'P-384' | 'P-521';

/** An RSA key, of any size. */
export interface RsaPublicKey {
  readonly kind: 'RSA';
  /** The whole SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Without leading zeros, as is the exponent. */
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
  readonly modulusBits: number;
}

/** A point of a named curve. Whether it is on the curve has not been looked at. */
export interface EcPublicKey {
  readonly kind: 'EC';
  /** The whole SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly curve: CurveName;
  /** 04, X and Y. */
  readonly point: Uint8Array;
}

/** A key that no algorithm of TR-34 can use. */
interface OtherPublicKey {
  readonly kind: 'other';
  readonly spki: Uint8Array;
}

/** The key in a certificate. */
export type PublicKey = RsaPublicKey | EcPublicKey | OtherPublicKey;

/** The OID of each curve. */
export const CURVE_OIDS: Readonly<Record<CurveName, string>> = {
  'P-256': OID.p256,
  'P-384': OID.p384,
  'P-521': OID.p521,
};

/** Length of a coordinate of each curve, and of the numbers in its signatures. */
export const COORDINATE_LENGTHS: Readonly<Record<CurveName, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
};

/** Finds a curve by its OID. */
export function curveOfOid(dotted: string): CurveName | undefined {
  const names = ['P-256', 'P-384', 'P-521'] as const;
  return names.find((name) => CURVE_OIDS[name] === dotted);
}

/** Reads a SubjectPublicKeyInfo. */
export function readPublicKey(element: DerElement): PublicKey {
  const parts = fields(element);
  const { oid, parameters } = readAlgorithmIdentifier(parts.next());
  const subjectPublicKey = parts.next(TAG.BIT_STRING);
  parts.end();
  const key = readBitString(subjectPublicKey);
  const spki = element.bytes;
  if (oid === OID.rsaEncryption && parameters?.tag === TAG.NULL) {
    return readRsaKey(spki, bitStringContent(subjectPublicKey, key));
  }
  if (oid === OID.ecPublicKey && parameters?.tag === TAG.OBJECT_IDENTIFIER) {
    const curve = curveOfOid(readOid(parameters));
    if (curve !== undefined && isUncompressed(key, curve)) {
      return { kind: 'EC', spki, curve, point: key };
    }
  }
  return { kind: 'other', spki };
}

/** RSAPublicKey (RFC 8017 A.1.1): modulus and exponent. */
function readRsaKey(spki: Uint8Array, element: DerElement): RsaPublicKey {
  const parts = fields(readDerInside(element));
  const modulus = readUnsigned(parts.next());
  const exponent = readUnsigned(parts.next());
  parts.end();
  const leadingZeros = Math.clz32(modulus[0] ?? 0) - 24; // of one octet, never absent
  return { kind: 'RSA', spki, modulus, exponent, modulusBits: 8 * modulus.length - leadingZeros };
}

/** The octets of a BIT STRING as an element to be read inside of. */
function bitStringContent(element: DerElement, content: Uint8Array): DerElement {
  return { ...element, content };
}

function isUncompressed(point: Uint8Array, curve: CurveName): boolean {
  return point[0] === 0x04 && point.length === 1 + 2 * COORDINATE_LENGTHS[curve];
}
