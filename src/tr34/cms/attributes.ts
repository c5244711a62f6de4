/** Signed attributes: who signs what, when, and in answer to which nonce. */

import { KeyblockError } from '../../errors.js';
import { OID } from '../der/oids.js';
import { children, type DerElement, fields, malformed } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readOctetString, readOid, readTime } from '../der/values.js';
import { octetString, oid, sequence, set, time } from '../der/writer.js';

/** The attributes of a signer by OID, each with its one value. */
export type Attributes = ReadonlyMap<string, DerElement>;

/** Reads attributes: each OID once, each with exactly one value. */
export function parseAttributes(signedAttributes: DerElement): Attributes {
  const attributes = new Map<string, DerElement>();
  for (const attribute of children(signedAttributes)) {
    const { type, value } = parseAttribute(attribute);
    if (attributes.has(type)) throw malformed(attribute);
    attributes.set(type, value);
  }
  return attributes;
}

/** Reads one attribute with exactly one value. */
export function parseAttribute(attribute: DerElement): {
  readonly type: string;
  readonly value: DerElement;
} {
  const parts = fields(attribute);
  const type = readOid(parts.next(TAG.OBJECT_IDENTIFIER));
  const values = fields(parts.next(TAG.SET), TAG.SET);
  parts.end();
  const value = values.next();
  values.end();
  return { type, value };
}

/** An attribute that has to be there. */
export function requireAttribute(attributes: Attributes, type: string): DerElement {
  const value = attributes.get(type);
  if (value === undefined) throw new KeyblockError('TOKEN_MALFORMED', { field: 'token' });
  return value;
}

/** The nonce, where the signer answers one: an OCTET STRING of whatever length. */
export function nonceOf(attributes: Attributes): Uint8Array | undefined {
  const value = attributes.get(OID.randomNonce);
  if (value === undefined) return undefined;
  if (value.tag !== TAG.OCTET_STRING) throw new KeyblockError('FRESHNESS', { field: 'nonce' });
  return readOctetString(value);
}

/** The time of signing in milliseconds since 1970. */
export function signingTimeOf(attributes: Attributes): number | undefined {
  const value = attributes.get(OID.signingTime);
  return value && readTime(value);
}

/** The same where nothing is judged by it: an attribute more, which may be anything. */
export function furtherTimeOf(attributes: Attributes): number | undefined {
  const tag = attributes.get(OID.signingTime)?.tag;
  const isTime = tag === TAG.UTC_TIME || tag === TAG.GENERALIZED_TIME;
  return isTime ? signingTimeOf(attributes) : undefined;
}

/** Formats an attribute with one value. */
export function formatAttribute(type: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence(oid(type), set(value));
}

/** The nonce as an attribute. On its own it is the token RT-KRD. */
export function nonceAttribute(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return formatAttribute(OID.randomNonce, octetString(nonce));
}

/** The time of signing as an attribute. */
export function signingTimeAttribute(milliseconds: number): Uint8Array<ArrayBuffer> {
  return formatAttribute(OID.signingTime, time(milliseconds));
}

/** The header of the key block as an attribute, in the token and inside the envelope alike. */
export function headerAttribute(header: string): Uint8Array<ArrayBuffer> {
  return formatAttribute(OID.data, octetString(asciiOctets(header)));
}

/** A text of ASCII characters as octets. */
export function asciiOctets(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
