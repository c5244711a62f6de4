import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import {
  CONTENT_CIPHERS,
  type ContentAlgorithm,
  encryptContent,
} from '../../../src/tr34/crypto/content-cipher.js';

describe('encryptContent', () => {
  it.each([
    ['des-ede3-cbc', 'des-ede3-cbc'],
    ['aes128-cbc', 'aes-128-cbc'],
    ['aes192-cbc', 'aes-192-cbc'],
    ['aes256-cbc', 'aes-256-cbc'],
  ] as [ContentAlgorithm, string][])('is what OpenSSL computes: %s', (algorithm, name) => {
    const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
    for (let length = 0; length <= 4 * blockLength; length++) {
      const key = crypto.getRandomValues(new Uint8Array(keyLength));
      const iv = crypto.getRandomValues(new Uint8Array(blockLength));
      const plaintext = crypto.getRandomValues(new Uint8Array(length));
      const cipher = createCipheriv(name, key, iv);
      const expected = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      expect(toHex(encryptContent({ algorithm, key, iv, plaintext }))).toBe(toHex(expected));
    }
  });
});
