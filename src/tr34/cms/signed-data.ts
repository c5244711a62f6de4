/** SignedData as TR-34 uses it: encapsulating, at most one signer, fields in a fixed order. */

import { OID } from '../der/oids.js';
import {
  children,
  type DerElement,
  fields,
  malformed,
  readDer,
  requireTag,
} from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { readOid, readSmallInteger } from '../der/values.js';
import { context, integer, octetString, oid, sequence, set } from '../der/writer.js';
import { readDigestAlgorithm } from './algorithms.js';

/** The fields of a SignedData, as they were received. */
export interface SignedData {
  readonly version: number;
  /** OIDs of the digest algorithms. */
  readonly digestAlgorithms: readonly string[];
  /** OID of the content. */
  readonly contentType: string;
  /** The OCTET STRING that holds the content. */
  readonly content: DerElement | undefined;
  readonly certificates: readonly DerElement[];
  readonly crls: readonly DerElement[];
  readonly signers: readonly DerElement[];
  /** Whether the CRL stands behind the signers, as printed in Annex B.6. */
  readonly crlsLast: boolean;
}

/** Reads a ContentInfo that holds a SignedData. */
export function parseContentInfo(token: Uint8Array): SignedData {
  const info = fields(readDer(token));
  const type = info.next(TAG.OBJECT_IDENTIFIER);
  const wrapped = info.next(contextTag(0));
  info.end();
  if (readOid(type) !== OID.signedData) throw malformed(type);
  const explicit = fields(wrapped, contextTag(0));
  const signedData = explicit.next(TAG.SEQUENCE);
  explicit.end();
  return parseSignedData(signedData);
}

/** Reads the fields `02 31 30 (a0)? (a1)? 31` and nothing else. */
export function parseSignedData(element: DerElement): SignedData {
  const parts = fields(element);
  const versionElement = parts.next(TAG.INTEGER);
  const version = readSmallInteger(versionElement);
  // RFC 5652 asks for 3 where Annex B has 1.
  if (version !== 1 && version !== 3) throw malformed(versionElement);
  const digestAlgorithms = children(parts.next(TAG.SET)).map(readDigestAlgorithm);
  const { contentType, content } = parseEncapsulated(parts.next(TAG.SEQUENCE));
  const certificates = elementsOf(parts.optional(contextTag(0)));
  const crlsBefore = parts.optional(contextTag(1));
  const signers = children(parts.next(TAG.SET));
  const crlsAfter = crlsBefore === undefined ? parts.optional(contextTag(1)) : undefined;
  parts.end();
  return {
    version,
    digestAlgorithms,
    contentType,
    content,
    certificates,
    crls: elementsOf(crlsBefore ?? crlsAfter),
    signers,
    crlsLast: crlsAfter !== undefined,
  };
}

/** Whether it is a carrier of certificates: nobody signed it, and it holds no content. */
export function isCredential(signedData: SignedData): boolean {
  const { contentType, content, digestAlgorithms, signers } = signedData;
  return (
    contentType === OID.data &&
    (content?.content.length ?? 0) === 0 && // some leave it out
    digestAlgorithms.length === 0 &&
    signers.length === 0
  );
}

function parseEncapsulated(element: DerElement): {
  readonly contentType: string;
  readonly content: DerElement | undefined;
} {
  const parts = fields(element);
  const contentType = readOid(parts.next(TAG.OBJECT_IDENTIFIER));
  const wrapped = parts.optional(contextTag(0));
  parts.end();
  if (wrapped === undefined) return { contentType, content: undefined };
  const explicit = fields(wrapped, contextTag(0));
  const content = requireTag(explicit.next(), TAG.OCTET_STRING);
  explicit.end();
  return { contentType, content };
}

function elementsOf(element: DerElement | undefined): readonly DerElement[] {
  return element === undefined ? [] : children(element);
}

/**
 * What {@link formatContentInfo} puts together; everything but the content is finished DER. No
 * member is optional: what is left out would be read from a prototype.
 */
export interface SignedDataParts {
  readonly version: number;
  readonly digestAlgorithm: string | undefined;
  readonly contentType: string;
  /** The octets of the content, inside their OCTET STRING. */
  readonly content: Uint8Array;
  readonly certificates: readonly Uint8Array[] | undefined;
  readonly crl: Uint8Array | undefined;
  readonly signer: Uint8Array | undefined;
}

/** Formats a SignedData without its own tag and length, as a list of its fields. */
export function signedDataFields(parts: SignedDataParts): Uint8Array[] {
  const { version, digestAlgorithm, contentType, content, certificates, crl, signer } = parts;
  return [
    integer(version),
    digestAlgorithm === undefined ? set() : set(sequence(oid(digestAlgorithm))),
    sequence(oid(contentType), context(0, octetString(content))),
    ...(certificates === undefined ? [] : [context(0, ...certificates)]),
    ...(crl === undefined ? [] : [context(1, crl)]),
    signer === undefined ? set() : set(signer),
  ];
}

/** Formats a token: a ContentInfo that holds a SignedData. */
export function formatContentInfo(parts: SignedDataParts): Uint8Array<ArrayBuffer> {
  return sequence(oid(OID.signedData), context(0, sequence(...signedDataFields(parts))));
}
