/**
 * Hex, the notation in which payment specifications print keys.
 *
 * @module
 */

import { copyBytes } from './primitives/bytes.js';
import { decodeHex, encodeHex } from './primitives/hex.js';

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
  return decodeHex(hex, 'hex');
}
