/**
 * The port for native AES over `node:crypto`: one cipher object a key and direction, kept open, and
 * one call for as many blocks as the library has at once.
 */

import { createCipheriv, createDecipheriv } from 'node:crypto';

export function createNativeAes() {
  return {
    prepare(key) {
      const name = `aes-${8 * key.length}-ecb`;
      const cipher = createCipheriv(name, key, null);
      // A decipher that expects padding would hold the last block back.
      const decipher = createDecipheriv(name, key, null).setAutoPadding(false);
      return {
        encryptBlocks: (blocks) => cipher.update(blocks),
        decryptBlocks: (blocks) => decipher.update(blocks),
      };
    },
  };
}
