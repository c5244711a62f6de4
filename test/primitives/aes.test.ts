import { ecb } from '@noble/ciphers/aes.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../src/errors.js';
import { fromHex, toHex } from '../../src/hex.js';
import { createAes } from '../../src/primitives/aes.js';
import vectors from '../vectors/primitives/aes-ecb.json' with { type: 'json' };
import { column, countCases, knownAnswers } from './primitive-vectors.js';

const groups = knownAnswers(vectors.groups);
const anyBlock = fc.uint8Array({ minLength: 16, maxLength: 16 });
const anyKey = fc
  .constantFrom(16, 24, 32)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

describe('createAes', () => {
  it.each(groups)('matches $title', ({ cases }) => {
    for (const [index, row] of cases.entries()) {
      const cipher = createAes(column(row, 0));
      expect(transformed(cipher.encryptBlock, column(row, 1)), `encrypt, case ${index}`).toBe(
        row[2],
      );
      expect(transformed(cipher.decryptBlock, column(row, 2)), `decrypt, case ${index}`).toBe(
        row[1],
      );
    }
  });

  it('has been given all 2138 known answers', () => {
    expect(countCases(groups)).toBe(2138);
  });

  // FIPS 197 Appendix C: one plaintext under the three key sizes.
  it.each([
    ['000102030405060708090A0B0C0D0E0F', '69C4E0D86A7B0430D8CDB78070B4C55A'],
    ['000102030405060708090A0B0C0D0E0F1011121314151617', 'DDA97CA4864CDFE06EAF70A0EC0D7191'],
    [
      '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F',
      '8EA2B7CA516745BFEAFC49904B496089',
    ],
  ])('encrypts the example of FIPS 197 under %s', (key, ciphertext) => {
    const cipher = createAes(fromHex(key));
    const plaintext = fromHex('00112233445566778899AABBCCDDEEFF');
    expect(transformed(cipher.encryptBlock, plaintext)).toBe(ciphertext);
  });

  it('agrees with @noble/ciphers in both directions', () => {
    fc.assert(
      fc.property(anyKey, anyBlock, (key, block) => {
        const peer = ecb(key, { disablePadding: true });
        const cipher = createAes(key);
        expect(transformed(cipher.encryptBlock, block)).toBe(toHex(peer.encrypt(block)));
        expect(transformed(cipher.decryptBlock, block)).toBe(toHex(peer.decrypt(block)));
      }),
      { numRuns: 1000 },
    );
  });

  it('decrypts what it encrypted', () => {
    fc.assert(
      fc.property(anyKey, anyBlock, (key, block) => {
        const cipher = createAes(key);
        const bytes = new Uint8Array(block);
        cipher.encryptBlock(bytes, 0);
        cipher.decryptBlock(bytes, 0);
        expect(bytes).toEqual(block);
      }),
    );
  });

  it('transforms the block at the offset and no byte beside it', () => {
    fc.assert(
      fc.property(fc.nat(17), fc.nat(17), anyKey, anyBlock, (before, after, key, block) => {
        const cipher = createAes(key);
        const bytes = new Uint8Array(before + 16 + after).fill(0xa5);
        bytes.set(block, before);
        cipher.encryptBlock(bytes, before);
        expect(toHex(bytes)).toBe(
          'A5'.repeat(before) + transformed(cipher.encryptBlock, block) + 'A5'.repeat(after),
        );
        cipher.decryptBlock(bytes, before);
        expect(toHex(bytes)).toBe('A5'.repeat(before) + toHex(block) + 'A5'.repeat(after));
      }),
    );
  });

  it.each([16, 24, 32])('takes a key of %i bytes at any place of a larger buffer', (size) => {
    const whole = Uint8Array.from({ length: size + 3 }, (_, i) => 17 * i + 1);
    for (const at of [0, 1, 2, 3]) {
      const key = whole.subarray(at, at + size);
      expect(transformed(createAes(key).encryptBlock, new Uint8Array(16))).toBe(
        transformed(createAes(new Uint8Array(key)).encryptBlock, new Uint8Array(16)),
      );
    }
  });

  it('neither writes to the key nor follows later changes to it', () => {
    const key = fromHex('000102030405060708090A0B0C0D0E0F');
    const cipher = createAes(key);
    expect(toHex(key)).toBe('000102030405060708090A0B0C0D0E0F');
    key.fill(0);
    const plaintext = '00112233445566778899AABBCCDDEEFF';
    const ciphertext = '69C4E0D86A7B0430D8CDB78070B4C55A'; // FIPS 197 C.1
    expect(transformed(cipher.encryptBlock, fromHex(plaintext))).toBe(ciphertext);
    expect(transformed(cipher.decryptBlock, fromHex(ciphertext))).toBe(plaintext);
  });

  it.each([
    ['before', false],
    ['after', true],
  ])('knows the key no more once it is destroyed %s a decryption', (_, decrypted) => {
    const block = fromHex('00112233445566778899AABBCCDDEEFF');
    const ciphers = ['000102030405060708090A0B0C0D0E0F', '0F0E0D0C0B0A09080706050403020100'].map(
      (key) => createAes(fromHex(key)),
    );
    if (decrypted) for (const { decryptBlock } of ciphers) transformed(decryptBlock, block);
    for (const cipher of ciphers) cipher.destroy();
    // What is left is the same whatever the key was.
    const encrypted = ciphers.map(({ encryptBlock }) => transformed(encryptBlock, block));
    expect(encrypted[0]).toBe(encrypted[1]);
    const opened = ciphers.map(({ decryptBlock }) => transformed(decryptBlock, block));
    expect(opened[0]).toBe(opened[1]);
  });

  it.each([0, 1, 8, 15, 17, 20, 23, 25, 31, 33, 40, 64])('refuses a key of %i bytes', (size) => {
    expect(() => createAes(new Uint8Array(size))).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_LENGTH', field: 'key' }),
    );
  });
});

/** Runs every block of a copy through the cipher: ECB. */
function transformed(transform: (bytes: Uint8Array, at: number) => void, data: Uint8Array): string {
  const bytes = new Uint8Array(data);
  for (let at = 0; at < bytes.length; at += 16) transform(bytes, at);
  return toHex(bytes);
}
