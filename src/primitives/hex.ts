/** Hex both ways, by tables: keys are never put through string arithmetic. */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';

/** What a character code is worth as a hex digit of either case; -1 where it is none. */
export const HEX_VALUES: Int8Array = /* @__PURE__ */ Int8Array.from({ length: 128 }, (_, code) => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
});

/** The two upper-case hex digits of every byte, as character codes. */
const HEX_PAIRS = /* @__PURE__ */ Uint8Array.from({ length: 512 }, (_, i) =>
  '0123456789ABCDEF'.charCodeAt((i & 1) === 0 ? i >> 5 : (i >> 1) & 15),
);

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

/** Encodes bytes as upper-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length);
  writeHex(bytes, 0, text, 0);
  return ASCII.decode(text);
}

/** Writes bytes, from an offset on, as the character codes of upper-case hex digits. */
export function writeHex(bytes: Uint8Array, from: number, text: Uint8Array, to: number): void {
  for (let i = from, at = to; i < bytes.length; i++, at += 2) {
    // In range: `i` is below the length, and the table holds a pair for every byte.
    const pair = 2 * (bytes[i] as number);
    text[at] = HEX_PAIRS[pair] as number;
    text[at + 1] = HEX_PAIRS[pair + 1] as number;
  }
}

/** Turns character codes of printable ASCII into a string. */
export function asciiText(codes: Uint8Array): string {
  return ASCII.decode(codes);
}
