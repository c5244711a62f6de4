/** The characters of a key block (X9.143 6.2): which are legal where. */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { HEX_VALUES } from '../primitives/hex.js';

/** The largest number that the length field can hold. */
export const MAX_KEY_BLOCK_LENGTH = 9999;

/** Characters of a header without optional blocks. */
export const FIXED_LENGTH = 16;

/** Class AN: 0-9, A-Z, a-z. */
export function isAlphanumeric(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  );
}

const PRINTABLE = /^[ -~]*$/;

/** Offset of the first character of a part of a text that is not class PA; -1 where all are. */
export function findUnprintable(text: string, from: number, to: number): number {
  if (PRINTABLE.test(text)) return -1; // five times as fast as the loop that finds the place
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return i;
  }
  return -1;
}

/** Refuses what is not printable ASCII. */
export function requirePrintable(
  text: string,
  from: number,
  to: number,
  field: KeyblockErrorField,
): void {
  const offset = findUnprintable(text, from, to);
  if (offset !== -1) throw new KeyblockError('INVALID_CHARACTER', { field, offset });
}

/** Writes printable ASCII as character codes. */
export function writeAscii(text: string, to: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) to[at + i] = text.charCodeAt(i);
}

const ASCII = /* @__PURE__ */ new TextEncoder();

/** Where the text of a block is put in codes. Kept, because to allocate it takes longer. */
const codes = /* @__PURE__ */ new Uint8Array(MAX_KEY_BLOCK_LENGTH);

/**
 * The character codes of a key block of printable ASCII, until the next call: all at once, because
 * to ask a string for each of them takes twice as long as all that is done with them.
 */
export function asciiCodes(text: string): Uint8Array {
  ASCII.encodeInto(text, codes);
  return codes;
}

/**
 * Decodes hex of either case into `bytes` from `at` to the end, and refuses what is no hex digit.
 *
 * @param text - In character codes.
 * @returns Whether a digit is in lower case.
 */
export function decodeHexPart(
  text: Uint8Array,
  from: number,
  bytes: Uint8Array,
  at: number,
  field: KeyblockErrorField,
): boolean {
  const values = HEX_VALUES; // fetched once
  let lower = 0;
  for (let i = at, offset = from; i < bytes.length; i++, offset += 2) {
    const first = text[offset] as number; // in range
    const second = text[offset + 1] as number;
    const high = values[first] ?? -1;
    const low = values[second] ?? -1;
    if (high < 0 || low < 0) {
      throw new KeyblockError('INVALID_HEX', { field, offset: high < 0 ? offset : offset + 1 });
    }
    lower |= (first & (first << 1)) | (second & (second << 1));
    bytes[i] = (high << 4) | low;
  }
  // Of all hex digits only a to f have both 0x40 and 0x20.
  return (lower & 0x40) !== 0;
}

/** Offset of the first letter a to f in a part of a text that is hex. */
export function findLowerCase(text: string, from: number): number {
  let offset = from;
  while (text.charCodeAt(offset) < 0x61) offset++;
  return offset;
}
