/** Hex both ways, digit by digit: keys are never put through string arithmetic. */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';

/** What a character code is worth as a hex digit of either case; -1 where it is none. */
export const HEX_VALUES: Int8Array = /* @__PURE__ */ Int8Array.from({ length: 128 }, (_, code) => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
});

const ASCII = /* @__PURE__ */ new TextDecoder();

/** Decodes a whole text of hex digits of either case. */
export function decodeHex(text: unknown, field: KeyblockErrorField): Uint8Array<ArrayBuffer> {
  if (typeof text !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field });
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(text, 2 * i, field) << 4) | digit(text, 2 * i + 1, field);
  }
  if (text.length % 2 !== 0) {
    digit(text, text.length - 1, field); // a bad character comes before a missing one
    throw new KeyblockError('INVALID_HEX', { field, offset: text.length });
  }
  return bytes;
}

function digit(text: string, offset: number, field: KeyblockErrorField): number {
  const value = HEX_VALUES[text.charCodeAt(offset)] ?? -1;
  if (value < 0) throw new KeyblockError('INVALID_HEX', { field, offset });
  return value;
}

/**
 * Encodes bytes as upper-case hex.
 *
 * @param length - How many of them: a view of the first few takes as long as to encode them.
 */
export function encodeHex(bytes: Uint8Array, length: number = bytes.length): string {
  const text = new Uint8Array(2 * length);
  writeHex(bytes, 0, text, 0, length);
  return ASCII.decode(text);
}

/** Writes bytes, from an offset to an end, as the character codes of upper-case hex digits. */
export function writeHex(
  bytes: Uint8Array,
  from: number,
  text: Uint8Array,
  to: number,
  end: number = bytes.length,
): void {
  for (let i = from, at = to; i < end; i++, at += 2) {
    const byte = bytes[i] as number; // in range
    text[at] = digitCode(byte >> 4);
    text[at + 1] = digitCode(byte & 15);
  }
}

/** The character code of an upper-case hex digit, without a table or a branch: `A` comes 7 later. */
function digitCode(value: number): number {
  return value + 0x30 + (((9 - value) >> 31) & 7);
}

/** Turns character codes of printable ASCII into a string. */
export function asciiText(codes: Uint8Array): string {
  return ASCII.decode(codes);
}
