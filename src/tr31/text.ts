/** The characters of a key block (X9.143 6.2): which are legal where. */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { HEX_VALUES } from '../primitives/hex-tables.js';

/** The largest number that the length field can hold. */
export const MAX_KEY_BLOCK_LENGTH = 9999;

/** Class AN: 0-9, A-Z, a-z. */
export function isAlphanumeric(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a)
  );
}

/** Offset of the first character of a part of a text that is not class PA; -1 where all are. */
export function findUnprintable(text: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return i;
  }
  return -1;
}

/** Refuses what is not printable ASCII. */
export function requirePrintable(text: string, from: number, to: number): void {
  const offset = findUnprintable(text, from, to);
  if (offset !== -1) throw new KeyblockError('INVALID_CHARACTER', { field: 'keyBlock', offset });
}

/** Decodes hex of either case into `bytes` from `at` to the end; refuses at the first non-digit. */
export function decodeHexPart(
  text: string,
  from: number,
  bytes: Uint8Array,
  at: number,
  field: KeyblockErrorField,
): void {
  for (let i = at, offset = from; i < bytes.length; i++, offset += 2) {
    const high = HEX_VALUES[text.charCodeAt(offset)] ?? -1;
    const low = HEX_VALUES[text.charCodeAt(offset + 1)] ?? -1;
    if (high < 0 || low < 0) {
      throw new KeyblockError('INVALID_HEX', { field, offset: high < 0 ? offset : offset + 1 });
    }
    bytes[i] = (high << 4) | low;
  }
}

/** Offset of the first letter a to f in a part of a text that is hex; -1 where there is none. */
export function findLowerCase(text: string, from: number, to: number): number {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) >= 0x61) return i;
  return -1;
}
