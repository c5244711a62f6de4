/** The Name of a subject (RFC 5280 4.1.2.4), of the three attributes that Annex B uses. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type DerElement, fields } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readOid } from '../der/values.js';
import { encodeElement, oid, sequence, set } from '../der/writer.js';

/** Who a certificate or a request is for. */
export interface CertificateSubject {
  /** Up to 64 characters. */
  readonly commonName: string;
  /** Up to 64 characters. */
  readonly organization?: string | undefined;
  /** ISO 3166: two capital letters. */
  readonly country?: string | undefined;
}

/** The attributes in the order of Annex B. */
const ATTRIBUTES = [
  ['country', '2.5.4.6'],
  ['organization', '2.5.4.10'],
  ['commonName', '2.5.4.3'],
] as const;

/** RFC 5280 appendix A.1: ub-common-name and ub-organization-name, in characters. */
const MAX_CHARACTERS = 64;

/**
 * Formats a Name: each attribute a PrintableString where its characters allow, or a UTF8String.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 */
export function formatName(subject: unknown): Uint8Array<ArrayBuffer> {
  requireObject(subject, 'subject');
  // An object, as has just been checked; every property is checked by `isAllowed`.
  const options = subject as CertificateSubject;
  const attributes: Uint8Array[] = [];
  for (const [name, attribute] of ATTRIBUTES) {
    const text = own(options, name);
    if (text === undefined && name !== 'commonName') continue;
    if (!isAllowed(name, text)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'subject' });
    attributes.push(set(sequence(oid(attribute), formatText(text))));
  }
  return sequence(...attributes);
}

/**
 * Reads a Name of the three attributes, each once at most, in any order.
 *
 * @throws {@link KeyblockError} `TOKEN_MALFORMED`; `UNSUPPORTED` for any other Name.
 */
export function readName(element: DerElement): CertificateSubject {
  const found = new Map<string, string>();
  for (const relativeName of fields(element).rest()) {
    const attributes = fields(relativeName, TAG.SET);
    const attribute = fields(attributes.next());
    attributes.end();
    const type = readOid(attribute.next());
    const text = readText(attribute.next());
    attribute.end();
    const name = ATTRIBUTES.find(([, attributeType]) => attributeType === type)?.[0];
    if (name === undefined || found.has(name) || !isAllowed(name, text)) throw unsupported(element);
    found.set(name, text);
  }
  const commonName = found.get('commonName');
  if (commonName === undefined) throw unsupported(element);
  const organization = found.get('organization');
  const country = found.get('country');
  return {
    commonName,
    ...(organization !== undefined && { organization }),
    ...(country !== undefined && { country }),
  };
}

function isAllowed(name: keyof CertificateSubject, text: unknown): text is string {
  if (typeof text !== 'string') return false;
  if (name === 'country') return /^[A-Z]{2}$/.test(text);
  // A character is one or two units of the string. Neither control characters nor halves of pairs.
  if (text === '' || text.length > 2 * MAX_CHARACTERS || /[\p{Cc}\p{Cs}]/u.test(text)) return false;
  return [...text].length <= MAX_CHARACTERS;
}

function formatText(text: string): Uint8Array<ArrayBuffer> {
  // X.680 41.4.
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text);
  const tag = isPrintable ? TAG.PRINTABLE_STRING : TAG.UTF8_STRING;
  return encodeElement(tag, new TextEncoder().encode(text));
}

/** Reads a string of the two types that RFC 5280 has CAs write, or none. */
function readText({ tag, content }: DerElement): string | undefined {
  if (tag !== TAG.PRINTABLE_STRING && tag !== TAG.UTF8_STRING) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function unsupported({ field, offset }: DerElement): KeyblockError {
  return new KeyblockError('UNSUPPORTED', { field, offset });
}
