import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/hex.js';
import { createTdes } from '../../src/primitives/des.js';
import {
  equalDesKeys,
  hasOddParityBits,
  isWeakDesKey,
  setOddParity,
} from '../../src/primitives/des-keys.js';

// FIPS 74 and SP 800-67: what one key of a pair encrypts, encrypting with the other decrypts.
const WEAK_PAIRS = [
  ['0101010101010101', '0101010101010101'],
  ['FEFEFEFEFEFEFEFE', 'FEFEFEFEFEFEFEFE'],
  ['E0E0E0E0F1F1F1F1', 'E0E0E0E0F1F1F1F1'],
  ['1F1F1F1F0E0E0E0E', '1F1F1F1F0E0E0E0E'],
  ['011F011F010E010E', '1F011F010E010E01'],
  ['01E001E001F101F1', 'E001E001F101F101'],
  ['01FE01FE01FE01FE', 'FE01FE01FE01FE01'],
  ['1FE01FE00EF10EF1', 'E01FE01FF10EF10E'],
  ['1FFE1FFE0EFE0EFE', 'FE1FFE1FFE0EFE0E'],
  ['E0FEE0FEF1FEF1FE', 'FEE0FEE0FEF1FEF1'],
] as const;
const WEAK_KEYS = [...new Set(WEAK_PAIRS.flat())];

const K1 = '0123456789ABCDEF';
const K2 = 'FEDCBA9876543210';
const K3 = '89ABCDEF01234567';
/** K1 with every parity bit inverted: the same key for DES. */
const K1_PARITY = '0022446688AACCEE';

const anyKey = fc
  .constantFrom(8, 16, 24)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

describe('setOddParity', () => {
  it('gives every byte there is an odd number of ones by its lowest bit', () => {
    for (let byte = 0; byte < 256; byte++) {
      const key = Uint8Array.of(byte);
      setOddParity(key);
      const [set = 0] = key;
      expect(set >> 1, `${byte}`).toBe(byte >> 1);
      expect(ones(set) % 2, `${byte}`).toBe(1);
    }
  });

  it('works in place, on every byte, and a second time changes nothing', () => {
    const key = fromHex(K1_PARITY + K2 + K1_PARITY);
    setOddParity(key);
    expect(toHex(key)).toBe(K1 + K2 + K1);
    setOddParity(key);
    expect(toHex(key)).toBe(K1 + K2 + K1);
  });

  it('does not change what the key encrypts', () => {
    fc.assert(
      fc.property(anyKey, fc.uint8Array({ minLength: 8, maxLength: 8 }), (key, block) => {
        const adjusted = new Uint8Array(key);
        setOddParity(adjusted);
        expect(encrypted(adjusted, block)).toBe(encrypted(key, block));
      }),
    );
  });
});

describe('hasOddParityBits', () => {
  it('counts the ones of every byte there is', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(hasOddParityBits(Uint8Array.of(byte)), `${byte}`).toBe(ones(byte) % 2 === 1);
    }
  });

  it('looks at every byte', () => {
    for (let at = 0; at < 24; at++) {
      const key = fromHex(K1 + K2 + K3);
      expect(hasOddParityBits(key)).toBe(true);
      key[at] = (key[at] ?? 0) ^ 1;
      expect(hasOddParityBits(key), `byte ${at}`).toBe(false);
    }
  });
});

describe('isWeakDesKey', () => {
  it('knows 16 keys, and they are weak indeed', () => {
    expect(WEAK_KEYS).toHaveLength(16);
    const block = fromHex('4E6F772069732074');
    for (const [one, other] of WEAK_PAIRS) {
      const once = encrypted(fromHex(one), block);
      expect(encrypted(fromHex(other), fromHex(once)), one).toBe(toHex(block));
      expect(encrypted(fromHex(K1), fromHex(once))).not.toBe(toHex(block));
    }
  });

  it.each(WEAK_KEYS)('is true for %s, alone and as any part', (weak) => {
    for (const key of [
      weak,
      weak + K2,
      K1 + weak,
      weak + K2 + K3,
      K1 + weak + K3,
      K1 + K2 + weak,
    ]) {
      expect(isWeakDesKey(fromHex(key)), key).toBe(true);
    }
  });

  it.each(WEAK_KEYS)('does not look at the parity of %s', (weak) => {
    for (let noise = 0; noise < 256; noise++) {
      const key = fromHex(K1 + weak).map((byte, i) => byte ^ ((noise >> (i % 8)) & 1));
      expect(isWeakDesKey(key), `parity ${noise}`).toBe(true);
    }
  });

  it.each(WEAK_KEYS)('is false for %s with any other bit changed', (weak) => {
    for (let at = 0; at < 8; at++) {
      for (let bit = 1; bit < 8; bit++) {
        const key = fromHex(weak);
        key[at] = (key[at] ?? 0) ^ (1 << bit);
        expect(isWeakDesKey(key), `byte ${at}, bit ${bit}`).toBe(false);
      }
    }
  });

  it.each([
    ['K1', K1, false],
    ['K1, K2', K1 + K2, false],
    ['K1, K2, K3', K1 + K2 + K3, false],
    ['K1, K1', K1 + K1, true],
    ['K1, K1 of other parity', K1 + K1_PARITY, true],
    ['K1, K1, K3', K1 + K1_PARITY + K3, true],
    ['K1, K2, K2', K2 + K1 + K1_PARITY, true],
    ['K1, K1, K1', K1 + K1_PARITY + K1, true],
    // Two-key triple DES written with three keys: not weak, only not stronger.
    ['K1, K2, K1', K1 + K2 + K1, false],
  ])('tells parts next to each other that are equal: %s', (_, key, weak) => {
    expect(isWeakDesKey(fromHex(key))).toBe(weak);
  });

  it('leaves the key as it is', () => {
    const key = fromHex(K1_PARITY + K2 + K3);
    isWeakDesKey(key);
    expect(toHex(key)).toBe(K1_PARITY + K2 + K3);
  });
});

describe('equalDesKeys', () => {
  const key = fromHex(K1 + K2 + K1_PARITY);

  it.each([
    [0, 8, false],
    [8, 16, false],
    [0, 16, true],
    [16, 0, true],
    [8, 8, true],
  ])('compares the parts at %i and %i without their parity bits', (a, b, equal) => {
    expect(equalDesKeys(key, a, b)).toBe(equal);
  });

  it('tells every other bit apart', () => {
    for (let at = 0; at < 8; at++) {
      for (let bit = 1; bit < 8; bit++) {
        const pair = fromHex(K1 + K1);
        pair[8 + at] = (pair[8 + at] ?? 0) ^ (1 << bit);
        expect(equalDesKeys(pair, 0, 8), `byte ${at}, bit ${bit}`).toBe(false);
      }
    }
  });
});

/** Counts the ones the long way. */
function ones(byte: number): number {
  return [...byte.toString(2)].filter((digit) => digit === '1').length;
}

function encrypted(key: Uint8Array, block: Uint8Array): string {
  const bytes = new Uint8Array(block);
  createTdes(key).encryptBlock(bytes, 0);
  return toHex(bytes);
}
