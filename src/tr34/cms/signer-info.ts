/** SignerInfo: one signer, named by issuer and serial number, over signed attributes or content. */

import { equalBytes } from '../../primitives/bytes.js';
import type { TokenHash } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import { type DerElement, fields, malformed } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { readOctetString, readSmallInteger } from '../der/values.js';
import {
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from '../der/writer.js';
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from '../x509/algorithm-identifier.js';
import { oidOfSignatureAlgorithm } from '../x509/verify-signature.js';
import {
  hashOfOid,
  notAllowed,
  oidOfHash,
  readDigestAlgorithm,
  signatureKind,
} from './algorithms.js';
import { type Attributes, requireAttribute } from './attributes.js';

/** The fields of a SignerInfo, as they were received. */
export interface SignerInfo {
  /** IssuerAndSerialNumber in DER. */
  readonly signer: Uint8Array;
  /** OID of the digest algorithm. */
  readonly digestAlgorithm: string;
  /** The attributes with their tag `[0]`. */
  readonly signedAttributes: DerElement | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Reads a SignerInfo of version 1, which names its signer by issuer and serial number. */
export function parseSignerInfo(element: DerElement): SignerInfo {
  const parts = fields(element);
  const version = parts.next(TAG.INTEGER);
  if (readSmallInteger(version) !== 1) throw malformed(version);
  const signer = parts.next(TAG.SEQUENCE).bytes; // a key identifier would have a context tag
  const digestAlgorithm = readDigestAlgorithm(parts.next(TAG.SEQUENCE));
  const signedAttributes = parts.optional(contextTag(0));
  const signatureAlgorithm = readAlgorithmIdentifier(parts.next(TAG.SEQUENCE));
  const signature = readOctetString(parts.next());
  parts.end(); // no unsigned attributes
  return { signer, digestAlgorithm, signedAttributes, signatureAlgorithm, signature };
}

/** The algorithms of a signer, from the tables, and in agreement with one another. */
export function signerAlgorithms(
  { digestAlgorithm, signatureAlgorithm }: SignerInfo,
  digestAlgorithms: readonly string[],
): { readonly kind: 'RSA' | 'EC'; readonly hash: TokenHash } {
  const hash = hashOfOid(digestAlgorithm);
  if (digestAlgorithms.length !== 1 || digestAlgorithms[0] !== digestAlgorithm) throw notAllowed();
  const { parameters } = signatureAlgorithm;
  if (parameters !== undefined && parameters.tag !== TAG.NULL) throw notAllowed();
  return { kind: signatureKind(signatureAlgorithm.oid, hash), hash };
}

/**
 * What the signature is over: the attributes as they were received, with the tag of a SET (RFC 5652
 * 5.4). Sorting them anew would be wrong: Annex B.9 is signed over an unsorted set.
 */
export function signedOctets(signedAttributes: DerElement): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(signedAttributes.bytes);
  octets[0] = TAG.SET;
  return octets;
}

/** RFC 6211: where a signer says by which algorithms, these have to be the ones it used. */
export function requireAlgorithmProtection(attributes: Attributes, signer: SignerInfo): void {
  if (!attributes.has(OID.cmsAlgorithmProtection)) return;
  const parts = fields(requireAttribute(attributes, OID.cmsAlgorithmProtection));
  const digest = readDigestAlgorithm(parts.next(TAG.SEQUENCE));
  const implicit = parts.next(contextTag(1));
  parts.end();
  // [1] stands in place of the tag of the AlgorithmIdentifier.
  const sequenceTagged = new Uint8Array(implicit.bytes);
  sequenceTagged[0] = TAG.SEQUENCE;
  const signature = readAlgorithmIdentifier({
    ...implicit,
    tag: TAG.SEQUENCE,
    bytes: sequenceTagged,
  });
  if (digest !== signer.digestAlgorithm || signature.oid !== signer.signatureAlgorithm.oid) {
    throw notAllowed();
  }
}

/** Whether a signer is the one with this IssuerAndSerialNumber: compared as octets. */
export function isSigner(signer: SignerInfo, issuerAndSerial: Uint8Array): boolean {
  return equalBytes(signer.signer, issuerAndSerial);
}

/** What {@link formatSignerInfo} puts together. */
export interface SignerInfoParts {
  readonly issuerAndSerial: Uint8Array;
  readonly hash: TokenHash;
  /** The attributes one after the other, without tag; absent in UBT-CA. */
  readonly attributes?: readonly Uint8Array[] | undefined;
  /** The AlgorithmIdentifier in DER. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** Formats a SignerInfo. */
export function formatSignerInfo(parts: SignerInfoParts): Uint8Array<ArrayBuffer> {
  const { issuerAndSerial, hash, attributes, signatureAlgorithm, signature } = parts;
  return sequence(
    integer(1),
    issuerAndSerial,
    sequence(oid(oidOfHash(hash))),
    ...(attributes === undefined ? [] : [context(0, ...attributes)]),
    signatureAlgorithm,
    octetString(signature),
  );
}

/** The octets that a signer signs: attributes as a SET in the order given. */
export function attributesToSign(attributes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.SET, ...attributes);
}

/**
 * The AlgorithmIdentifier of a signature: Annex B writes rsaEncryption, RFC 5754 names the hash.
 */
export function formatSignatureAlgorithm(
  kind: 'RSA' | 'EC',
  hash: TokenHash,
  namesHash: boolean,
): Uint8Array<ArrayBuffer> {
  const named = oidOfSignatureAlgorithm({ kind, hash });
  if (kind === 'EC') return sequence(oid(named));
  return sequence(oid(namesHash ? named : OID.rsaEncryption), nullValue());
}
