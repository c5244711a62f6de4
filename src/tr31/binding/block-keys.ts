/** The two keys of a key block, ready for use, whatever the binding method. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { type ClearKey, type KeyInput, withDerived } from '../../secret-key.js';
import type { Version } from '../versions.js';
import type { BlockKeys } from './binding.js';
import { deriveCmacKeys } from './cmac.js';
import { deriveVariantKeys } from './variant.js';

/**
 * Lends the keys that a version derives from a KBPK. A `SecretKey` keeps them for the next call.
 */
export function withBlockKeys<T>(
  kbpk: KeyInput | undefined,
  field: KeyblockErrorField,
  version: Version,
  use: (keys: BlockKeys) => T,
): T {
  const derive = (key: ClearKey) => deriveBlockKeys(key, field, version);
  return withDerived(kbpk, field, version.binding, derive, use);
}

function deriveBlockKeys(key: ClearKey, field: KeyblockErrorField, version: Version): BlockKeys {
  if (!fitsVersion(key, version)) throw new KeyblockError('KBPK_MISMATCH', { field });
  return version.binding === 'variant'
    ? deriveVariantKeys(key.bytes)
    : deriveCmacKeys(key.bytes, version);
}

/** Whether a key has the length and, where that is known, the algorithm for a version. */
export function fitsVersion({ algorithm, bytes }: ClearKey, version: Version): boolean {
  if (!version.kbpkLengths.includes(bytes.length)) return false;
  const expected = bytes.length === 8 ? 'DES' : version.kbpkAlgorithm;
  return algorithm === undefined || algorithm === expected;
}

/**
 * Encrypts the payload in place and returns the MAC. Versions A and C compute it over what they
 * encrypted; the others before they encrypt, because it is their IV.
 */
export function sealMessage(
  keys: BlockKeys,
  message: Uint8Array,
  headerLength: number,
): Uint8Array<ArrayBuffer> {
  if (keys.macCovers === 'ciphertext') {
    keys.encrypt(message, headerLength, message);
    return keys.computeMac(message);
  }
  const mac = keys.computeMac(message);
  keys.encrypt(message, headerLength, mac);
  return mac;
}

/**
 * Decrypts the payload in place and tells whether the MAC is right. Right or wrong, the same work
 * is done; until the answer is known to be true nobody may look at the payload.
 */
export function openMessage(
  keys: BlockKeys,
  message: Uint8Array,
  headerLength: number,
  mac: Uint8Array,
): boolean {
  return equalBytes(decryptMessage(keys, message, headerLength, mac), mac);
}

/** Decrypts the payload in place and returns the MAC as it should be. */
export function decryptMessage(
  keys: BlockKeys,
  message: Uint8Array,
  headerLength: number,
  mac: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (keys.macCovers === 'ciphertext') {
    const computed = keys.computeMac(message);
    keys.decrypt(message, headerLength, mac);
    return computed;
  }
  keys.decrypt(message, headerLength, mac);
  return keys.computeMac(message);
}
