/**
 * Parity of DES and TDES keys: the lowest bit of every byte makes its number of ones odd.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { hasOddParityBits, setOddParity } from '../primitives/des-keys.js';
import {
  adoptKey,
  type ClearKey,
  type KeyInput,
  type SecretKey,
  withClearKey,
} from '../secret-key.js';

/**
 * Sets odd parity on a DES or TDES key. The key stays the same key: parity bits are not used, and
 * the check value does not change. Key blocks carry keys as they are.
 *
 * @param key - 8, 16 or 24 bytes.
 * @returns The key with odd parity.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `KEY_DESTROYED`, or `INVALID_LENGTH` for another
 * length.
 *
 * @example
 * ```ts
 * import { fromHex, toHex } from 'keyblock';
 * import { adjustParity } from 'keyblock/kcv';
 *
 * const key = adjustParity(fromHex('777261707065642033444553206B6579'));
 * toHex(key.expose()); // '767361707064642032454552206B6479'
 * ```
 */
export function adjustParity(key: KeyInput): SecretKey {
  return withClearKey(key, 'key', (clear) => {
    requireDesKey(clear);
    const bytes = new Uint8Array(clear.bytes);
    setOddParity(bytes);
    return adoptKey(bytes.length === 8 ? 'DES' : 'TDES', bytes);
  });
}

/**
 * Tells whether every byte of a DES or TDES key has odd parity.
 *
 * @param key - 8, 16 or 24 bytes.
 * @returns `true` when all have.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `KEY_DESTROYED`, or `INVALID_LENGTH` for another
 * length.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { hasOddParity } from 'keyblock/kcv';
 *
 * hasOddParity(fromHex('0123456789ABCDEFFEDCBA9876543210')); // true
 * ```
 */
export function hasOddParity(key: KeyInput): boolean {
  return withClearKey(key, 'key', (clear) => {
    requireDesKey(clear);
    return hasOddParityBits(clear.bytes);
  });
}

function requireDesKey({ algorithm, bytes }: ClearKey): void {
  if (algorithm !== undefined && algorithm !== 'DES' && algorithm !== 'TDES') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  if (![8, 16, 24].includes(bytes.length))
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
}
