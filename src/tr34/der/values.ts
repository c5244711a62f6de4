/** The values of DER elements that {@link readDer} has validated. */

import { children, type DerElement, malformed, requireTag } from './reader.js';
import { TAG } from './tags.js';
import { parseGeneralizedTime, parseUtcTime } from './time.js';

/** Reads a BOOLEAN. */
export function readBoolean(element: DerElement): boolean {
  return requireTag(element, TAG.BOOLEAN).content[0] === 0xff;
}

/** Reads an INTEGER from 0 to 65535: a version or a count. */
export function readSmallInteger(element: DerElement): number {
  const octets = readUnsigned(element);
  if (octets.length > 2) throw malformed(element);
  return octets.reduce((value, octet) => 256 * value + octet, 0);
}

/** Reads an INTEGER that is not negative: its octets without leading zeros, one at least. */
export function readUnsigned(element: DerElement): Uint8Array {
  const { content } = requireTag(element, TAG.INTEGER);
  const first = content[0] ?? 0; // never empty
  if (first >= 0x80) throw malformed(element);
  return first === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** Reads an OBJECT IDENTIFIER as its arcs in decimal, separated by dots. */
export function readOid(element: DerElement): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of requireTag(element, TAG.OBJECT_IDENTIFIER).content) {
    arc = 128 * arc + (octet & 0x7f); // exact: an arc has five octets at most
    if (octet >= 0x80) continue;
    if (arcs.length > 0) arcs.push(arc);
    else {
      // X.690 8.19.4: the first two arcs share a number, and only 2 may be followed by 40 or more.
      const top = Math.min(Math.floor(arc / 40), 2);
      arcs.push(top, arc - 40 * top);
    }
    arc = 0;
  }
  return arcs.join('.');
}

/** Whether an element is a certain OBJECT IDENTIFIER. */
export function isOid(element: DerElement, oid: string): boolean {
  return element.tag === TAG.OBJECT_IDENTIFIER && readOid(element) === oid;
}

/** Reads an OCTET STRING. */
export function readOctetString(element: DerElement): Uint8Array {
  return requireTag(element, TAG.OCTET_STRING).content;
}

/** Reads a BIT STRING of whole octets: a key or a signature. */
export function readBitString(element: DerElement): Uint8Array {
  const { content } = requireTag(element, TAG.BIT_STRING);
  if (content[0] !== 0) throw malformed(element);
  return content.subarray(1);
}

/** Reads a BIT STRING as the numbers of the bits that are set, the first bit being 0. */
export function readNamedBits(element: DerElement): ReadonlySet<number> {
  const { content } = requireTag(element, TAG.BIT_STRING);
  // More than any list of names has.
  if (content.length > 5) throw malformed(element);
  const bits = new Set<number>();
  for (let bit = 0; bit < 8 * (content.length - 1); bit++) {
    const octet = content[1 + (bit >> 3)] as number; // in range: below the number of bits
    if ((octet & (0x80 >> (bit & 7))) !== 0) bits.add(bit);
  }
  return bits;
}

/** Reads a UTCTime or GeneralizedTime in milliseconds since 1970. */
export function readTime(element: DerElement): number {
  const parse = element.tag === TAG.UTC_TIME ? parseUtcTime : parseGeneralizedTime;
  if (element.tag !== TAG.UTC_TIME) requireTag(element, TAG.GENERALIZED_TIME);
  const milliseconds = parse(element.content);
  if (milliseconds === undefined) throw malformed(element);
  return milliseconds;
}

/** Whether the elements of a SET OF stand in the order of DER (X.690 11.6). */
export function isDerSorted(set: DerElement): boolean {
  const elements = children(set);
  return elements.every(
    ({ bytes }, i) => i === 0 || compareOctets(elements[i - 1]?.bytes ?? bytes, bytes) <= 0,
  );
}

/** Compares encodings by their octets. No encoding is the beginning of another one. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number); // both in range
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
