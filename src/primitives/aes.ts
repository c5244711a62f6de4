/**
 * AES on the block functions of @noble/ciphers, with the key schedules kept: the modes that
 * @noble exports expand the key again in every call, several times the cost of the blocks of a
 * key block (docs/decisions.md).
 */

import { unsafe } from '@noble/ciphers/aes.js';
import type { BlockCipher } from './block-cipher.js';

/** Prepares AES under a key of 16, 24 or 32 bytes. */
export function createAes(key: Uint8Array): BlockCipher {
  const encryption = unsafe.expandKeyLE(key);
  const waiting = new Uint8Array(key);
  let decryption: Uint32Array | undefined;
  return {
    blockLength: 16,
    encryptBlock(bytes, offset) {
      const { s0, s1, s2, s3 } = unsafe.encrypt(
        encryption,
        readWord(bytes, offset),
        readWord(bytes, offset + 4),
        readWord(bytes, offset + 8),
        readWord(bytes, offset + 12),
      );
      writeWord(bytes, offset, s0);
      writeWord(bytes, offset + 4, s1);
      writeWord(bytes, offset + 8, s2);
      writeWord(bytes, offset + 12, s3);
    },
    decryptBlock(bytes, offset) {
      // Most keys only ever encrypt (CMAC, CTR, wrapping), so this schedule waits for its use.
      decryption ??= unsafe.expandKeyDecLE(waiting);
      const { s0, s1, s2, s3 } = unsafe.decrypt(
        decryption,
        readWord(bytes, offset),
        readWord(bytes, offset + 4),
        readWord(bytes, offset + 8),
        readWord(bytes, offset + 12),
      );
      writeWord(bytes, offset, s0);
      writeWord(bytes, offset + 4, s1);
      writeWord(bytes, offset + 8, s2);
      writeWord(bytes, offset + 12, s3);
    },
    destroy() {
      waiting.fill(0);
      encryption.fill(0);
      decryption?.fill(0);
    },
  };
}

/** Reads a little-endian word, on a machine of either byte order. */
function readWord(bytes: Uint8Array, at: number): number {
  // In range: a block is whole.
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}
