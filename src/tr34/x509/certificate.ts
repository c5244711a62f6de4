/** X.509 certificates (RFC 5280 4.1), as far as the path of TR-34 needs them. */

import type { KeyblockErrorField } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { OID } from '../der/oids.js';
import { type DerElement, fields, malformed, readDer } from '../der/reader.js';
import { contextTag, primitiveContextTag, TAG } from '../der/tags.js';
import {
  readBitString,
  readBoolean,
  readNamedBits,
  readSmallInteger,
  readTime,
} from '../der/values.js';
import { sequence } from '../der/writer.js';
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from './algorithm-identifier.js';
import { type Extensions, NO_EXTENSIONS, readExtensions } from './extensions.js';
import { type PublicKey, readPublicKey } from './public-key.js';

/** A certificate, taken apart. All bytes are views of what was read. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** The TBSCertificate, which is what is signed. */
  readonly tbs: Uint8Array;
  /** The Name of the issuer, in DER. */
  readonly issuer: Uint8Array;
  /** The Name of the subject, in DER. */
  readonly subject: Uint8Array;
  /** The INTEGER, in DER. */
  readonly serialNumber: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly publicKey: PublicKey;
  /** Undefined where the extension is absent. */
  readonly basicConstraints: BasicConstraints | undefined;
  /** The numbers of the bits that are set, see {@link KEY_USAGE}; undefined where absent. */
  readonly keyUsage: ReadonlySet<number> | undefined;
  readonly unknownCritical: Extensions['unknownCritical'];
  readonly repeatedExtensions: Extensions['repeated'];
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Whether the subject is a CA, and how many CAs may follow it in a path. */
interface BasicConstraints {
  readonly isCa: boolean;
  readonly maxPathLength: number | undefined;
}

/** The bits of the extension keyUsage (RFC 5280 4.2.1.3). */
export const KEY_USAGE = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const;

/**
 * The extensions that are applied. All others are refused where they are critical: name and policy
 * constraints and extended key usages restrict what TR-34 has no rule for.
 */
const APPLIED_EXTENSIONS: readonly string[] = [OID.basicConstraints, OID.keyUsage];

/** The numbers in the version field. */
const V2 = 1;
const V3 = 2;

/**
 * Parses a certificate. Structure only: nothing is verified.
 *
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` with the offset.
 */
export function parseCertificate(
  bytes: Uint8Array,
  field: KeyblockErrorField = 'certificate',
): Certificate {
  return readCertificate(readDer(bytes, { field }));
}

/** Reads a certificate that stands in something larger. */
export function readCertificate(element: DerElement): Certificate {
  const { tbs, signatureAlgorithm, signature } = readSigned(element);
  const parts = fields(tbs);
  const version = readVersion(parts.optional(contextTag(0)));
  const serialNumber = parts.next(TAG.INTEGER).bytes;
  requireSameAlgorithm(parts.next(), signatureAlgorithm);
  const issuer = parts.next(TAG.SEQUENCE).bytes;
  const { notBefore, notAfter } = readValidity(parts.next());
  const subject = parts.next(TAG.SEQUENCE).bytes;
  const publicKey = readPublicKey(parts.next());
  // Unique identifiers, which nobody uses and nothing depends on.
  if (version >= V2) {
    parts.optional(primitiveContextTag(1));
    parts.optional(primitiveContextTag(2));
  }
  const wrapped = version === V3 ? parts.optional(contextTag(3)) : undefined;
  parts.end();
  const extensions =
    wrapped === undefined
      ? NO_EXTENSIONS
      : readExtensions(explicitContent(wrapped), APPLIED_EXTENSIONS);
  return {
    der: element.bytes,
    tbs: tbs.bytes,
    issuer,
    subject,
    serialNumber,
    notBefore,
    notAfter,
    publicKey,
    basicConstraints: readBasicConstraints(extensions.known.get(OID.basicConstraints)),
    keyUsage: readKeyUsage(extensions.known.get(OID.keyUsage)),
    unknownCritical: extensions.unknownCritical,
    repeatedExtensions: extensions.repeated,
    signatureAlgorithm,
    signature,
  };
}

/** The IssuerAndSerialNumber by which tokens name a certificate (RFC 5652 10.2.4), in DER. */
export function issuerAndSerial({ issuer, serialNumber }: Certificate): Uint8Array<ArrayBuffer> {
  return sequence(issuer, serialNumber);
}

/** What a certificate and a CRL have in common: something, and a signature over it. */
export interface SignedStructure {
  readonly tbs: DerElement;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Reads the shell of a certificate or a CRL. */
export function readSigned(element: DerElement): SignedStructure {
  const parts = fields(element);
  const tbs = parts.next(TAG.SEQUENCE);
  const signatureAlgorithm = readAlgorithmIdentifier(parts.next());
  const signature = readBitString(parts.next());
  parts.end();
  return { tbs, signatureAlgorithm, signature };
}

/** RFC 5280 4.1.1.2 and 5.1.1.2: the algorithm is named twice, only once under the signature. */
export function requireSameAlgorithm(element: DerElement, outer: AlgorithmIdentifier): void {
  if (!equalBytes(element.bytes, outer.bytes)) throw malformed(element);
}

/** The one element inside an explicit tag. */
export function explicitContent(element: DerElement): DerElement {
  const parts = fields(element, element.tag);
  const content = parts.next();
  parts.end();
  return content;
}

/** v1 is the default, which DER leaves out. */
function readVersion(element: DerElement | undefined): number {
  if (element === undefined) return 0;
  const version = readSmallInteger(explicitContent(element));
  if (version !== V2 && version !== V3) throw malformed(element);
  return version;
}

function readValidity(element: DerElement): { notBefore: number; notAfter: number } {
  const parts = fields(element);
  const notBefore = readTime(parts.next());
  const notAfter = readTime(parts.next());
  parts.end();
  return { notBefore, notAfter };
}

function readBasicConstraints(element: DerElement | undefined): BasicConstraints | undefined {
  if (element === undefined) return undefined;
  const parts = fields(element);
  // DER leaves out FALSE, which is the default; certificates in use write it.
  const isCa = parts.optional(TAG.BOOLEAN);
  const maxPathLength = parts.optional(TAG.INTEGER);
  parts.end();
  return {
    isCa: isCa !== undefined && readBoolean(isCa),
    maxPathLength: maxPathLength && readSmallInteger(maxPathLength),
  };
}

function readKeyUsage(element: DerElement | undefined): ReadonlySet<number> | undefined {
  return element && readNamedBits(element);
}
