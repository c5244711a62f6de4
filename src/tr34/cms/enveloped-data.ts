/** EnvelopedData: one recipient, one content cipher, in the shapes that are on the wire. */

import type { ContentAlgorithm } from '../crypto/content-cipher.js';
import { OID } from '../der/oids.js';
import {
  children,
  type DerElement,
  fields,
  malformed,
  readDer,
  readDerContents,
  requireTag,
} from '../der/reader.js';
import { contextTag, primitiveContextTag, TAG } from '../der/tags.js';
import { isOid, readOctetString, readOid, readSmallInteger } from '../der/values.js';
import {
  bitString,
  context,
  integer,
  octetString,
  oid,
  primitiveContext,
  sequence,
  set,
} from '../der/writer.js';
import type { Profile } from '../profiles.js';
import { contentAlgorithmOfOid, contentCipher, oidOfContentAlgorithm } from './algorithms.js';

/** An envelope taken apart. Nothing of it is decrypted. */
export interface EnvelopedData {
  /** Whether the octets were a whole SEQUENCE, or only what stands inside one (2012). */
  readonly form: 'whole' | 'contents';
  /** Where the ciphertext stood: beside the cipher, or inside it (2012, and the 2019 print). */
  readonly placement: 'beside' | 'inside';
  readonly version: 0 | 2;
  /** The one RecipientInfo. */
  readonly recipient: DerElement;
  readonly algorithm: ContentAlgorithm;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Reads the content of a key token. */
export function parseEnvelopedData(content: DerElement): EnvelopedData {
  const { element, form } = readEnvelope(content);
  const parts = fields(element);
  const versionElement = parts.next(TAG.INTEGER);
  const version = readSmallInteger(versionElement);
  if (version !== 0 && version !== 2) throw malformed(versionElement);
  const recipients = parts.next(TAG.SET); // an originatorInfo would have a context tag
  const [recipient, second] = children(recipients);
  if (recipient === undefined || second !== undefined) throw malformed(recipients);
  const encrypted = parseEncryptedContent(parts.next(TAG.SEQUENCE));
  parts.end(); // no unprotected attributes
  return { form, version, recipient, ...encrypted };
}

/** The 2012 form leaves out the tag and length of the SEQUENCE. */
function readEnvelope(content: DerElement): {
  readonly element: DerElement;
  readonly form: 'whole' | 'contents';
} {
  const octets = readOctetString(content);
  const source = {
    field: content.field,
    offset: content.offset + content.bytes.length - octets.length,
  };
  return octets[0] === TAG.SEQUENCE
    ? { element: readDer(octets, source), form: 'whole' }
    : { element: readDerContents(octets, source), form: 'contents' };
}

function parseEncryptedContent(
  element: DerElement,
): Pick<EnvelopedData, 'placement' | 'algorithm' | 'iv' | 'ciphertext'> {
  const parts = fields(element);
  const type = parts.next(TAG.OBJECT_IDENTIFIER);
  if (!isOid(type, OID.data)) throw malformed(type);
  const identifier = fields(parts.next(TAG.SEQUENCE));
  const cipherOid = readOid(identifier.next(TAG.OBJECT_IDENTIFIER));
  const [ivElement, inside, extra] = identifier.rest();
  const algorithm = contentAlgorithmOfOid(cipherOid); // before its parameters, which it decides on
  const { blockLength } = contentCipher(algorithm);
  if (extra !== undefined) throw malformed(extra);
  if (inside !== undefined) requireTag(inside, primitiveContextTag(0));
  const encrypted = inside ?? parts.next(primitiveContextTag(0));
  parts.end();
  // The IV is never padded: the sample B.2.2.3.2 has half of one.
  if (ivElement?.tag !== TAG.OCTET_STRING || ivElement.content.length !== blockLength) {
    throw malformed(ivElement ?? element);
  }
  const { content: ciphertext } = encrypted;
  if (ciphertext.length === 0 || ciphertext.length % blockLength !== 0) throw malformed(encrypted);
  const placement = inside === undefined ? 'beside' : 'inside';
  return { placement, algorithm, iv: ivElement.content, ciphertext };
}

/** A recipient that has an RSA key: the content-encryption key under RSAES-OAEP. */
export interface KeyTransport {
  /** IssuerAndSerialNumber in DER. */
  readonly recipient: Uint8Array;
  /** OID of the key encryption algorithm. */
  readonly algorithm: string;
  readonly parameters: DerElement | undefined;
  readonly encryptedKey: Uint8Array;
}

/** Reads a KeyTransRecipientInfo of version 0. */
export function parseKeyTransport(element: DerElement): KeyTransport {
  const parts = fields(element);
  const version = parts.next(TAG.INTEGER);
  if (readSmallInteger(version) !== 0) throw malformed(version);
  const recipient = parts.next(TAG.SEQUENCE).bytes;
  const identifier = fields(parts.next(TAG.SEQUENCE));
  const algorithm = readOid(identifier.next(TAG.OBJECT_IDENTIFIER));
  const [parameters, ...more] = identifier.rest();
  if (more.length > 0) throw malformed(element);
  const encryptedKey = readOctetString(parts.next());
  parts.end();
  return { recipient, algorithm, parameters, encryptedKey };
}

/** What is outside the envelope tells all dialects apart but Annex D, which shows only inside. */
export function transportProfile(
  { form, placement }: EnvelopedData,
  { parameters }: KeyTransport,
): Profile {
  if (form === 'contents') return 'x9-tr34-2012';
  if (placement === 'inside') return 'tr34-2019-print';
  return parameters?.content[0] === contextTag(0) ? 'cms' : 'tr34-2019';
}

/** A recipient that has an elliptic curve key (RFC 5753). */
export interface KeyAgreement {
  readonly recipient: Uint8Array;
  /** OID of the curve in the originator's key, where it is named. */
  readonly curve: string | undefined;
  /** The originator's ephemeral point: 04, X and Y. */
  readonly publicPoint: Uint8Array;
  /** User keying material. */
  readonly ukm: Uint8Array | undefined;
  /** OID of the key agreement scheme, which names the hash of the KDF. */
  readonly scheme: string;
  /** OID of the key wrap. */
  readonly wrap: string;
  readonly encryptedKey: Uint8Array;
}

/** Reads a KeyAgreeRecipientInfo of version 3 with one recipient. */
export function parseKeyAgreement(element: DerElement): KeyAgreement {
  const parts = fields(element, contextTag(1));
  const version = parts.next(TAG.INTEGER);
  if (readSmallInteger(version) !== 3) throw malformed(version);
  const originator = parseOriginator(parts.next(contextTag(0)));
  const ukmElement = parts.optional(contextTag(1));
  const ukm = ukmElement && readOctetString(onlyChild(ukmElement));
  const scheme = fields(parts.next(TAG.SEQUENCE));
  const schemeOid = readOid(scheme.next(TAG.OBJECT_IDENTIFIER));
  const wrap = fields(scheme.next(TAG.SEQUENCE));
  const wrapOid = readOid(wrap.next(TAG.OBJECT_IDENTIFIER));
  wrap.end(); // RFC 3565: parameters are absent
  scheme.end();
  const recipient = fields(requireTag(onlyChild(parts.next(TAG.SEQUENCE)), TAG.SEQUENCE));
  parts.end();
  const issuerAndSerial = recipient.next(TAG.SEQUENCE).bytes;
  const encryptedKey = readOctetString(recipient.next());
  recipient.end();
  return {
    recipient: issuerAndSerial,
    ...originator,
    ukm,
    scheme: schemeOid,
    wrap: wrapOid,
    encryptedKey,
  };
}

function parseOriginator(element: DerElement): Pick<KeyAgreement, 'curve' | 'publicPoint'> {
  const key = fields(requireTag(onlyChild(element), contextTag(1)), contextTag(1));
  const algorithm = fields(key.next(TAG.SEQUENCE));
  const type = algorithm.next(TAG.OBJECT_IDENTIFIER);
  if (!isOid(type, OID.ecPublicKey)) throw malformed(type);
  const curve = algorithm.optional(TAG.OBJECT_IDENTIFIER);
  algorithm.end();
  const point = key.next(TAG.BIT_STRING);
  key.end();
  if (point.content[0] !== 0) throw malformed(point);
  return { curve: curve && readOid(curve), publicPoint: point.content.subarray(1) };
}

function onlyChild(element: DerElement): DerElement {
  const [child, second] = children(element);
  if (child === undefined || second !== undefined) throw malformed(element);
  return child;
}

/** What {@link formatEnvelopedData} puts together. */
export interface EnvelopedDataParts {
  readonly version: 0 | 2;
  /** The RecipientInfo in DER. */
  readonly recipientInfo: Uint8Array;
  readonly algorithm: ContentAlgorithm;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly placement: EnvelopedData['placement'];
  readonly form: EnvelopedData['form'];
}

/** Formats the content of a key token. */
export function formatEnvelopedData(parts: EnvelopedDataParts): Uint8Array<ArrayBuffer> {
  const { algorithm, iv, ciphertext, placement, form } = parts;
  const encrypted = primitiveContext(0, ciphertext);
  const identifier = [oid(oidOfContentAlgorithm(algorithm)), octetString(iv)];
  const content =
    placement === 'inside'
      ? sequence(oid(OID.data), sequence(...identifier, encrypted))
      : sequence(oid(OID.data), sequence(...identifier), encrypted);
  const whole = sequence(integer(parts.version), set(parts.recipientInfo), content);
  return form === 'whole' ? whole : new Uint8Array(readDer(whole).content);
}

/** Formats a KeyTransRecipientInfo. */
export function formatKeyTransport(
  issuerAndSerial: Uint8Array,
  oaepParameters: Uint8Array,
  encryptedKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return sequence(
    integer(0),
    issuerAndSerial,
    sequence(oid(OID.rsaesOaep), oaepParameters),
    octetString(encryptedKey),
  );
}

/** Formats a KeyAgreeRecipientInfo. The curve is that of the recipient, so it is not named. */
export function formatKeyAgreement(parts: {
  readonly issuerAndSerial: Uint8Array;
  readonly publicPoint: Uint8Array;
  readonly ukm: Uint8Array | undefined;
  readonly scheme: string;
  readonly wrap: string;
  readonly encryptedKey: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const { issuerAndSerial, publicPoint, ukm, scheme, wrap, encryptedKey } = parts;
  return context(
    1,
    integer(3),
    context(0, context(1, sequence(oid(OID.ecPublicKey)), bitString(publicPoint))),
    ...(ukm === undefined ? [] : [context(1, octetString(ukm))]),
    sequence(oid(scheme), sequence(oid(wrap))),
    sequence(sequence(issuerAndSerial, octetString(encryptedKey))),
  );
}
