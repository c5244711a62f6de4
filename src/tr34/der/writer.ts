/** Writes DER: every function returns one whole element, in memory of its own. */

import { KeyblockError } from '../../errors.js';
import { CONSTRUCTED, CONTEXT_CLASS, TAG } from './tags.js';
import { fitsUtcTime, formatTime } from './time.js';
import { compareOctets } from './values.js';

/** Writes a SEQUENCE of elements. */
export function sequence(...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.SEQUENCE, ...elements);
}

/** Writes a SET of elements in the order given. */
export function set(...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.SET, ...elements);
}

/** Writes a SET OF elements in the order of DER (X.690 11.6). */
export function sortedSet(...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return set(...[...elements].sort(compareOctets));
}

/**
 * Writes an INTEGER that is not negative.
 *
 * @param value - Up to 2^53 - 1, or octets, the most significant first.
 */
export function integer(value: number | Uint8Array): Uint8Array<ArrayBuffer> {
  const octets = typeof value === 'number' ? Uint8Array.from(numberOctets(value)) : value;
  const first = octets.findIndex((octet) => octet !== 0);
  const magnitude = first === -1 ? Uint8Array.of(0) : octets.subarray(first);
  const sign = (magnitude[0] ?? 0) < 0x80 ? new Uint8Array(0) : Uint8Array.of(0);
  return encodeElement(TAG.INTEGER, sign, magnitude);
}

/** Writes an OCTET STRING that holds the parts one after the other. */
export function octetString(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.OCTET_STRING, ...parts);
}

/** Writes a BIT STRING of whole octets. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.BIT_STRING, Uint8Array.of(0), bytes);
}

/** Writes an OBJECT IDENTIFIER from its arcs in decimal. */
export function oid(dotted: string): Uint8Array<ArrayBuffer> {
  const [top = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = arcOctets(40 * top + second);
  for (const arc of rest) octets.push(...arcOctets(arc));
  return encodeElement(TAG.OBJECT_IDENTIFIER, new Uint8Array(octets));
}

/** Writes NULL. */
export function nullValue(): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.NULL);
}

/** Writes `[number]` around elements: explicit, or in place of SEQUENCE or SET. */
export function context(
  number: number,
  ...elements: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return encodeElement(CONTEXT_CLASS | CONSTRUCTED | number, ...elements);
}

/** Writes `[number]` in place of the tag of plain octets. */
export function primitiveContext(
  number: number,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  return encodeElement(CONTEXT_CLASS | number, ...parts);
}

/**
 * Writes a time, cut to seconds: UTCTime to the end of 2049, GeneralizedTime from then on
 * (RFC 5280 4.1.2.5, RFC 5652 11.3).
 *
 * @param milliseconds - Since 1970.
 */
export function time(milliseconds: number): Uint8Array<ArrayBuffer> {
  return fitsUtcTime(milliseconds) ? utcTime(milliseconds) : generalizedTime(milliseconds);
}

/** Writes a UTCTime: from 1950 to 2049. */
export function utcTime(milliseconds: number): Uint8Array<ArrayBuffer> {
  if (!fitsUtcTime(milliseconds)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  return encodeElement(TAG.UTC_TIME, timeOctets(milliseconds).subarray(2));
}

/** Writes a GeneralizedTime: years 0 to 9999. */
export function generalizedTime(milliseconds: number): Uint8Array<ArrayBuffer> {
  return encodeElement(TAG.GENERALIZED_TIME, timeOctets(milliseconds));
}

/** Writes an element of any low tag: the parts one after the other, with tag and length. */
export function encodeElement(
  tag: number,
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const octets = lengthOctets(length);
  const bytes = new Uint8Array(1 + octets.length + length);
  bytes[0] = tag;
  bytes.set(octets, 1);
  let at = 1 + octets.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = numberOctets(length);
  return [0x80 | octets.length, ...octets];
}

/** A number in base 256, without leading zeros; nothing for zero. */
function numberOctets(value: number): readonly number[] {
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return octets;
}

function arcOctets(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return octets;
}

function timeOctets(milliseconds: number): Uint8Array {
  const text = formatTime(milliseconds);
  if (text === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  return new TextEncoder().encode(text);
}
