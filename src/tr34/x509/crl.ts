/** Certificate revocation lists (RFC 5280 5.1): complete ones, by the CA of the certificates. */

import type { KeyblockErrorField } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { OID } from '../der/oids.js';
import { type DerElement, fields, malformed, readDer } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { compareOctets, readSmallInteger, readTime, readUnsigned } from '../der/values.js';
import type { AlgorithmIdentifier } from './algorithm-identifier.js';
import {
  type Certificate,
  explicitContent,
  readSigned,
  requireSameAlgorithm,
} from './certificate.js';
import { type Extensions, NO_EXTENSIONS, readExtensions } from './extensions.js';

/** A CRL, taken apart. All bytes are views of what was read. */
export interface CertificateList {
  /** The whole CRL. */
  readonly der: Uint8Array;
  /** The TBSCertList, which is what is signed. */
  readonly tbs: Uint8Array;
  /** The Name of the issuer, in DER. */
  readonly issuer: Uint8Array;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  /** Milliseconds since 1970; undefined where absent. */
  readonly nextUpdate: number | undefined;
  /** The CRL number, big-endian without leading zeros; undefined where the CA counts none. */
  readonly number: Uint8Array | undefined;
  /** The serial numbers: each an INTEGER, in DER. */
  readonly revoked: readonly Uint8Array[];
  /**
   * Whether it is a list of differences, of some certificates only or of another issuer's, or has a
   * critical extension otherwise, itself or in an entry: none of these is applied here.
   */
  readonly isPartial: boolean;
  readonly repeatedExtensions: Extensions['repeated'];
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** The number in the version field of a list with extensions. */
const V2 = 1;

/** What makes a list say less than all, also where somebody has not marked it as critical. */
const PARTIAL: readonly string[] = [OID.deltaCrlIndicator, OID.issuingDistributionPoint];

/**
 * Parses a CRL. Structure only: nothing is verified.
 *
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` with the offset.
 */
export function parseCrl(bytes: Uint8Array, field: KeyblockErrorField = 'crl'): CertificateList {
  return readCrl(readDer(bytes, { field }));
}

/** Reads a CRL that stands in something larger. */
export function readCrl(element: DerElement): CertificateList {
  const { tbs, signatureAlgorithm, signature } = readSigned(element);
  const parts = fields(tbs);
  const isV2 = readVersion(parts.optional(TAG.INTEGER));
  requireSameAlgorithm(parts.next(), signatureAlgorithm);
  const issuer = parts.next(TAG.SEQUENCE).bytes;
  const thisUpdate = readTime(parts.next());
  const nextUpdate = parts.optional(TAG.UTC_TIME) ?? parts.optional(TAG.GENERALIZED_TIME);
  const entries = parts.optional(TAG.SEQUENCE);
  const wrapped = isV2 ? parts.optional(contextTag(0)) : undefined;
  parts.end();
  const extensions =
    wrapped === undefined
      ? NO_EXTENSIONS
      : readExtensions(explicitContent(wrapped), [OID.crlNumber, ...PARTIAL]);
  const number = extensions.known.get(OID.crlNumber);
  const revoked = entries === undefined ? [] : readEntries(entries, isV2);
  return {
    der: element.bytes,
    tbs: tbs.bytes,
    issuer,
    thisUpdate,
    nextUpdate: nextUpdate && readTime(nextUpdate),
    number: number && readUnsigned(number),
    revoked: revoked.map(({ serialNumber }) => serialNumber),
    isPartial:
      extensions.unknownCritical ||
      PARTIAL.some((oid) => extensions.known.has(oid)) ||
      revoked.some(({ critical }) => critical),
    repeatedExtensions: extensions.repeated,
    signatureAlgorithm,
    signature,
  };
}

/** Whether a CRL lists a certificate, which is of the same issuer. */
export function isListed(crl: CertificateList, { serialNumber }: Certificate): boolean {
  return crl.revoked.some((revoked) => equalBytes(revoked, serialNumber));
}

/** RFC 5280 5.2.3: whether a CA has counted one list before another, where it counts them. */
export function isCountedBefore(
  { number }: CertificateList,
  { number: other }: CertificateList,
): boolean {
  if (number === undefined || other === undefined) return false;
  if (number.length !== other.length) return number.length < other.length;
  return compareOctets(number, other) < 0;
}

/** v1 has no version field. */
function readVersion(element: DerElement | undefined): boolean {
  if (element !== undefined && readSmallInteger(element) !== V2) throw malformed(element);
  return element !== undefined;
}

interface Entry {
  readonly serialNumber: Uint8Array;
  readonly critical: boolean;
}

function readEntries(element: DerElement, isV2: boolean): readonly Entry[] {
  return fields(element)
    .rest()
    .map((entry) => {
      const parts = fields(entry);
      const serialNumber = parts.next(TAG.INTEGER).bytes;
      readTime(parts.next());
      const extensions = isV2 ? parts.optional(TAG.SEQUENCE) : undefined;
      parts.end();
      const critical = extensions !== undefined && readExtensions(extensions, []).unknownCritical;
      return { serialNumber, critical };
    });
}
