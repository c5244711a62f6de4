/**
 * Hex, the notation in which payment specifications print keys.
 *
 * @module
 */

import { KeyblockError } from './errors.js';
import { copyBytes } from './primitives/bytes.js';
import { encodeHex, HEX_VALUES } from './primitives/hex-tables.js';

/**
 * Encodes bytes as upper-case hex without separators.
 *
 * @param bytes - Bytes to encode.
 * @returns Two upper-case hex digits for every byte.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` when `bytes` is not a `Uint8Array`.
 *
 * @example
 * ```ts
 * import { toHex } from 'keyblock';
 *
 * toHex(Uint8Array.of(0x0a, 0xff)); // '0AFF'
 * ```
 */
export function toHex(bytes: Uint8Array): string {
  return encodeHex(copyBytes(bytes, 'bytes'));
}

/**
 * Decodes hex of either case. Separators, a `0x` prefix and odd lengths are refused.
 *
 * @param hex - An even number of hex digits.
 * @returns The decoded bytes.
 * @throws {@link KeyblockError} `INVALID_HEX` with the offset of the first character that is not a
 * hex digit, or of the end when a digit is missing; `INVALID_ARGUMENT` when `hex` is not a string.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 *
 * fromHex('0AFF'); // Uint8Array.of(10, 255)
 * ```
 */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  if (typeof hex !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field: 'hex' });
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(hex, 2 * i) << 4) | digit(hex, 2 * i + 1);
  }
  if (hex.length % 2 !== 0) {
    digit(hex, hex.length - 1);
    throw new KeyblockError('INVALID_HEX', { field: 'hex', offset: hex.length });
  }
  return bytes;
}

function digit(hex: string, offset: number): number {
  const value = HEX_VALUES[hex.charCodeAt(offset)] ?? -1;
  if (value < 0) throw new KeyblockError('INVALID_HEX', { field: 'hex', offset });
  return value;
}
