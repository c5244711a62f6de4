/** The two keys of a key block, ready for use, whatever the binding method. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { type ClearKey, type KeyInput, withDerived } from '../../secret-key.js';
import type { Version } from '../versions.js';
import type { BlockKeys } from './binding.js';
import { deriveCmacKeys } from './cmac.js';
import { deriveVariantKeys } from './variant.js';

/** Lends the keys that a version derives from a KBPK. A `SecretKey` keeps them for the next call. */
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

/** Computes the MAC, then encrypts, or the other way round, as the binding method has it. */
export function sealMessage(
  keys: BlockKeys,
  message: Uint8Array,
  headerLength: number,
): Uint8Array<ArrayBuffer> {
  const header = message.subarray(0, headerLength);
  const payload = message.subarray(headerLength);
  if (keys.macCovers === 'ciphertext') keys.encrypt(header, payload, header);
  const mac = keys.computeMac(message);
  if (keys.macCovers === 'plaintext') keys.encrypt(header, payload, mac);
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
  const computed = decryptMessage(keys, message, headerLength, mac);
  return equalBytes(computed, mac);
}

/** Decrypts the payload in place and returns the MAC as it should be. */
export function decryptMessage(
  keys: BlockKeys,
  message: Uint8Array,
  headerLength: number,
  mac: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = message.subarray(0, headerLength);
  const payload = message.subarray(headerLength);
  const before = keys.macCovers === 'ciphertext' ? keys.computeMac(message) : undefined;
  keys.decrypt(header, payload, mac);
  return before ?? keys.computeMac(message);
}
