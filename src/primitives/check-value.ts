/** The arithmetic of key check values (X9.24-1 Annex A), for `SecretKey` and `keyblock/kcv`. */

import { hmac } from '@noble/hashes/hmac.js';
import { KeyblockError } from '../errors.js';
import { AES_WORDS, createAes } from './aes.js';
import { fitsAlgorithm, type KeyAlgorithm } from './algorithms.js';
import type { BlockCipher } from './block-cipher.js';
import { doubleBlock } from './cmac.js';
import { createTdes, TDES_WORDS } from './des.js';
import { type HashName, hashFunction } from './hashes.js';
import { encodeHex } from './hex.js';

/** How a check value is computed: `'legacy'` encrypts a zero block, the others are MACs. */
export type KcvMethod = 'legacy' | 'cmac' | 'hmac';

/** Bytes of a check value where the caller names no length. */
export const DEFAULT_KCV_LENGTHS: Readonly<Record<KcvMethod, number>> = {
  legacy: 3,
  cmac: 5,
  hmac: 3,
};

/** The method that X9.24-1 gives an algorithm; none for asymmetric keys. */
export function defaultMethod(algorithm: KeyAlgorithm): KcvMethod {
  switch (algorithm) {
    case 'AES':
      return 'cmac';
    case 'TDES':
    case 'DES':
      return 'legacy';
    case 'HMAC':
      return 'hmac';
    case 'RSA':
    case 'EC':
    case 'DSA':
    case 'other':
      throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  }
}

/** The check value of a key by the method of its algorithm, as long as is usual: upper-case hex. */
export function defaultCheckValue(
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  hash: HashName | undefined,
): string {
  const method = defaultMethod(algorithm);
  const value = fullCheckValue(algorithm, key, method, hash);
  return encodeHex(value, DEFAULT_KCV_LENGTHS[method]);
}

/** Computes {@link fullCheckValue}, by whatever implementation of the ciphers. */
export type ComputeCheckValue = typeof fullCheckValue;

/** The check value at full length: a cipher block, or the whole digest. */
export function fullCheckValue(
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  method: KcvMethod,
  hash: HashName | undefined,
): Uint8Array {
  if (!fitsAlgorithm(algorithm, key.length)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
  }
  if (algorithm === 'HMAC') {
    if (method !== 'hmac') throw new KeyblockError('UNSUPPORTED', { field: 'method' });
    return hmacOfNothing(key, hash);
  }
  if (algorithm !== 'AES' && algorithm !== 'TDES' && algorithm !== 'DES') {
    throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  }
  if (method === 'hmac') throw new KeyblockError('UNSUPPORTED', { field: 'method' });
  // Each by itself: where there may be either, V8 makes an object for the cipher.
  return algorithm === 'AES'
    ? blockCheckValue(createAes(key, schedule), method)
    : blockCheckValue(createTdes(key, schedule), method);
}

/**
 * Where the schedule of the key is while its check value is computed, and wiped: a fresh array
 * takes longer than all the rest.
 */
const schedule = /* @__PURE__ */ new Int32Array(Math.max(AES_WORDS, TDES_WORDS));

/**
 * The encryption of one block of zeros, or its CMAC: the encryption of the subkey K1, which is added
 * to a last block that is whole (SP 800-38B 6.2). Destroys the cipher.
 */
function blockCheckValue(cipher: BlockCipher, method: 'legacy' | 'cmac'): Uint8Array {
  const block = new Uint8Array(cipher.blockLength);
  cipher.encryptBlock(block, 0);
  if (method === 'cmac') {
    doubleBlock(block);
    cipher.encryptBlock(block, 0);
  }
  cipher.destroy();
  return block;
}

function hmacOfNothing(key: Uint8Array, hash: HashName | undefined): Uint8Array {
  if (hash === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  const hashOf = hashFunction(hash);
  if (hashOf === undefined) throw new KeyblockError('UNSUPPORTED', { field: 'hash' });
  return hmac(hashOf, key, new Uint8Array(0));
}
