import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/hex.js';
import { createTdes } from '../../src/primitives/des.js';
import vectors from '../vectors/primitives/tdes-ecb.json' with { type: 'json' };
import { column, countCases, knownAnswers } from './primitive-vectors.js';

const groups = knownAnswers(vectors.groups);
const anyBlock = fc.uint8Array({ minLength: 8, maxLength: 8 });
const anyKey = fc
  .constantFrom(8, 16, 24)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

describe('createTdes', () => {
  it.each(groups)('matches $title', ({ cases }) => {
    for (const [index, row] of cases.entries()) {
      const cipher = createTdes(column(row, 0));
      expect(transformed(cipher.encryptBlock, column(row, 1)), `encrypt, case ${index}`).toBe(
        row[2],
      );
      expect(transformed(cipher.decryptBlock, column(row, 2)), `decrypt, case ${index}`).toBe(
        row[1],
      );
    }
  });

  it('has been given all 560 known answers', () => {
    expect(countCases(groups)).toBe(560);
  });

  // FIPS 46 and most textbooks: the worked example of DES.
  it('encrypts under 8 bytes as single DES', () => {
    const cipher = createTdes(fromHex('133457799BBCDFF1'));
    expect(transformed(cipher.encryptBlock, fromHex('0123456789ABCDEF'))).toBe('85E813540F0AB405');
    expect(transformed(cipher.decryptBlock, fromHex('85E813540F0AB405'))).toBe('0123456789ABCDEF');
  });

  it('takes two keys as K1, K2, K1', () => {
    const rows = groups.filter(({ keys }) => keys === 2).flatMap(({ cases }) => cases);
    expect(rows).toHaveLength(30);
    for (const row of rows) {
      const key = column(row, 0).subarray(0, 16);
      expect(transformed(createTdes(key).encryptBlock, column(row, 1))).toBe(row[2]);
    }
  });

  it('is single DES where all three keys are equal', () => {
    const rows = groups.filter(({ keys }) => keys === 1).flatMap(({ cases }) => cases);
    expect(rows).toHaveLength(20);
    for (const row of rows) {
      const key = column(row, 0).subarray(0, 8);
      expect(transformed(createTdes(key).encryptBlock, column(row, 1))).toBe(row[2]);
    }
  });

  it('decrypts what it encrypted', () => {
    fc.assert(
      fc.property(anyKey, anyBlock, (key, block) => {
        const cipher = createTdes(key);
        const bytes = new Uint8Array(block);
        cipher.encryptBlock(bytes, 0);
        cipher.decryptBlock(bytes, 0);
        expect(bytes).toEqual(block);
      }),
    );
  });

  it('has the complementation property of DES', () => {
    fc.assert(
      fc.property(anyKey, anyBlock, (key, block) => {
        const plain = transformed(createTdes(key).encryptBlock, block);
        const complemented = transformed(createTdes(inverted(key)).encryptBlock, inverted(block));
        expect(complemented).toBe(toHex(inverted(fromHex(plain))));
      }),
    );
  });

  it('ignores the parity bits of the key', () => {
    fc.assert(
      fc.property(anyKey, anyBlock, fc.nat(), (key, block, at) => {
        const other = new Uint8Array(key);
        const index = at % key.length;
        other[index] = (key[index] ?? 0) ^ 1;
        expect(transformed(createTdes(other).encryptBlock, block)).toBe(
          transformed(createTdes(key).encryptBlock, block),
        );
      }),
    );
  });

  it('transforms the block at the offset and no byte beside it', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), anyKey, anyBlock, (before, after, key, block) => {
        const cipher = createTdes(key);
        const bytes = new Uint8Array(before + 8 + after).fill(0xa5);
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

  it('neither writes to the key nor follows later changes to it', () => {
    const key = fromHex('0123456789ABCDEF23456789ABCDEF01');
    const cipher = createTdes(key);
    expect(toHex(key)).toBe('0123456789ABCDEF23456789ABCDEF01');
    const before = transformed(cipher.encryptBlock, new Uint8Array(8));
    key.fill(0);
    expect(transformed(cipher.encryptBlock, new Uint8Array(8))).toBe(before);
    expect(transformed(cipher.decryptBlock, fromHex(before))).toBe('0000000000000000');
  });

  it('knows the key no more once it is destroyed', () => {
    const cipher = createTdes(fromHex('0123456789ABCDEF23456789ABCDEF01'));
    const other = createTdes(fromHex('76543210FEDCBA989876543210FEDCBA'));
    cipher.destroy();
    other.destroy();
    const block = fromHex('0011223344556677');
    expect(transformed(cipher.encryptBlock, block)).toBe(transformed(other.encryptBlock, block));
    expect(transformed(cipher.decryptBlock, block)).toBe(transformed(other.decryptBlock, block));
  });
});

/** Runs every block of a copy through the cipher: ECB. */
function transformed(transform: (bytes: Uint8Array, at: number) => void, data: Uint8Array): string {
  const bytes = new Uint8Array(data);
  for (let at = 0; at < bytes.length; at += 8) transform(bytes, at);
  return toHex(bytes);
}

function inverted(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0xff);
}
