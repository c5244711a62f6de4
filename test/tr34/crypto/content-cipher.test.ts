import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import { createAes } from '../../../src/primitives/aes.js';
import { createTdes } from '../../../src/primitives/des.js';
import { encryptCbc } from '../../../src/primitives/modes.js';
import {
  CONTENT_CIPHERS,
  type ContentAlgorithm,
  decryptContent,
  encryptContent,
} from '../../../src/tr34/crypto/content-cipher.js';

const ALGORITHMS = Object.keys(CONTENT_CIPHERS) as ContentAlgorithm[]; // it has no others

const anyInput = fc.constantFrom(...ALGORITHMS).chain((algorithm) => {
  const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
  return fc.record({
    algorithm: fc.constant(algorithm),
    key: fc.uint8Array({ minLength: keyLength, maxLength: keyLength }),
    iv: fc.uint8Array({ minLength: blockLength, maxLength: blockLength }),
    plaintext: fc.uint8Array({ maxLength: 70 }),
  });
});

describe('encryptContent and decryptContent', () => {
  // openssl enc -des-ede3-cbc; other padded DES is compared in the node tests.
  it('match OpenSSL', () => {
    const plaintext = fromHex('308182020101304A3041310B3009060355040613025553');
    const key = fromHex('0123456789ABCDEFFEDCBA9876543210FFEEDDCCBBAA9988');
    const iv = fromHex('0123456789ABCDEF');
    const ciphertext = encryptContent({ algorithm: 'des-ede3-cbc', key, iv, plaintext });
    expect(toHex(ciphertext)).toBe('5332A1F84521DE2D3B23EBE3CB2D674B6F99FF171A0DD4C5');
    expect(decryptContent({ algorithm: 'des-ede3-cbc', key, iv, ciphertext })).toEqual(plaintext);
  });

  it.each([
    ['aes128-cbc', 16],
    ['aes256-cbc', 32],
  ] as const)('are what Web Crypto computes: %s', async (algorithm, keyLength) => {
    const { subtle } = crypto;
    for (let length = 0; length <= 48; length++) {
      const [key, iv, plaintext] = [keyLength, 16, length].map((size) =>
        crypto.getRandomValues(new Uint8Array(size)),
      ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
      const native = await subtle.importKey('raw', key, 'AES-CBC', false, ['encrypt']);
      const expected = new Uint8Array(
        await subtle.encrypt({ name: 'AES-CBC', iv }, native, plaintext),
      );
      const ciphertext = encryptContent({ algorithm, key, iv, plaintext });
      expect(toHex(ciphertext)).toBe(toHex(expected));
      expect(decryptContent({ algorithm, key, iv, ciphertext })).toEqual(plaintext);
    }
  });

  it('are each other’s inverse, always pad, and leave what they are given as it is', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const before = [input.key, input.iv, input.plaintext].map(toHex);
        const ciphertext = encryptContent(input);
        expect(ciphertext.length).toBeGreaterThan(input.plaintext.length);
        expect(ciphertext.length % CONTENT_CIPHERS[input.algorithm].blockLength).toBe(0);
        const text = toHex(ciphertext);
        expect(toHex(decryptContent({ ...input, ciphertext }) ?? ciphertext)).toBe(before[2]);
        expect([input.key, input.iv, input.plaintext].map(toHex)).toEqual(before);
        expect(toHex(ciphertext)).toBe(text);
      }),
    );
  });

  it.each(ALGORITHMS)('take one padding for each last byte, and no other: %s', (algorithm) => {
    const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
    const [key, iv] = [new Uint8Array(keyLength).fill(0x5b), new Uint8Array(blockLength)];
    for (let last = 0; last < 256; last++) {
      const isPadding = last >= 1 && last <= blockLength;
      const padded = new Uint8Array(2 * blockLength).fill(0xee);
      padded.fill(last, isPadding ? -last : -1);
      const good = decryptContent({ algorithm, key, iv, ciphertext: seal(algorithm, key, padded) });
      expect(good?.length).toBe(isPadding ? 2 * blockLength - last : undefined);
      for (let i = 2; isPadding && i <= last; i++) {
        const wrong = new Uint8Array(padded);
        wrong[wrong.length - i] = last ^ 0x10;
        const ciphertext = seal(algorithm, key, wrong);
        expect(decryptContent({ algorithm, key, iv, ciphertext })).toBeUndefined();
      }
    }
  });

  it('give nothing for a ciphertext, an IV or a key of a wrong length', () => {
    const algorithm = 'aes128-cbc';
    const [key, iv] = [new Uint8Array(16), new Uint8Array(16)];
    const ciphertext = encryptContent({ algorithm, key, iv, plaintext: iv });
    for (const length of [0, 1, 15, 17, 31, 33]) {
      expect(
        decryptContent({ algorithm, key, iv, ciphertext: new Uint8Array(length) }),
      ).toBeUndefined();
    }
    // Half an IV, as in Annex B.2.2.3.2.
    expect(decryptContent({ algorithm, key, iv: new Uint8Array(8), ciphertext })).toBeUndefined();
    // The key that stands in for one of a wrong length opens nothing, though it is zero as well.
    for (const length of [0, 15, 24, 32]) {
      const wrong = new Uint8Array(length);
      expect(decryptContent({ algorithm, key: wrong, iv, ciphertext })).toBeUndefined();
    }
    const tdes = { algorithm: 'des-ede3-cbc', iv: new Uint8Array(8), ciphertext } as const;
    expect(decryptContent({ ...tdes, key: new Uint8Array(16) })).toBeUndefined();
  });

  it.each([
    { key: new Uint8Array(16), iv: new Uint8Array(8) },
    { key: new Uint8Array(24), iv: new Uint8Array(16) },
  ])('encrypt nothing under a key or an IV of a wrong length', (options) => {
    const plaintext = new Uint8Array(1);
    expect(() => encryptContent({ algorithm: 'des-ede3-cbc', plaintext, ...options })).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_LENGTH' }),
    );
  });
});

/** CBC with a zero IV, and whatever padding the data has. */
function seal(
  algorithm: ContentAlgorithm,
  key: Uint8Array,
  data: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const ciphertext = new Uint8Array(data);
  const cipher = algorithm === 'des-ede3-cbc' ? createTdes(key) : createAes(key);
  encryptCbc(cipher, new Uint8Array(cipher.blockLength), ciphertext);
  return ciphertext;
}
