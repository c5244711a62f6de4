import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/hex.js';
import { equalDesKeys } from '../../src/primitives/des-keys.js';
import { HASH_STRENGTHS } from '../../src/primitives/hashes.js';
import {
  curveStrength,
  modulusStrength,
  symmetricStrength,
} from '../../src/primitives/strength.js';

const K1 = '0123456789ABCDEF';
const K2 = 'FEDCBA9876543210';
const K3 = '89ABCDEF01234567';
/** The first key with every parity bit inverted: the same key for DES. */
const K1_PARITY = '0022446688AACCEE';

// What may protect what: the table of "equal or greater strength" in PCI PIN and X9.24-1.
const KBPKS = {
  'TDES-2K': symmetricStrength('TDES', fromHex(K1 + K2)),
  'TDES-3K': symmetricStrength('TDES', fromHex(K1 + K2 + K3)),
  'AES-128': symmetricStrength('AES', new Uint8Array(16)),
  'AES-192': symmetricStrength('AES', new Uint8Array(24)),
  'AES-256': symmetricStrength('AES', new Uint8Array(32)),
};
const WRAPPED: [string, number, (keyof typeof KBPKS)[]][] = [
  ['DES', symmetricStrength('DES', fromHex(K1)), allFrom('TDES-2K')],
  ['TDES-2K', symmetricStrength('TDES', fromHex(K1 + K2)), allFrom('TDES-2K')],
  ['TDES-3K', symmetricStrength('TDES', fromHex(K1 + K2 + K3)), allFrom('TDES-3K')],
  ['AES-128', symmetricStrength('AES', new Uint8Array(16)), allFrom('AES-128')],
  ['AES-192', symmetricStrength('AES', new Uint8Array(24)), allFrom('AES-192')],
  ['AES-256', symmetricStrength('AES', new Uint8Array(32)), allFrom('AES-256')],
  ['RSA-2048', modulusStrength(2048), allFrom('TDES-3K')],
  ['RSA-3072', modulusStrength(3072), allFrom('AES-128')],
  ['RSA-7680', modulusStrength(7680), allFrom('AES-192')],
  ['RSA-15360', modulusStrength(15360), allFrom('AES-256')],
  ['P-256', curveStrength(256), allFrom('AES-128')],
  ['P-384', curveStrength(384), allFrom('AES-192')],
  ['P-521', curveStrength(521), allFrom('AES-256')],
];

describe('symmetricStrength', () => {
  it.each(WRAPPED)('with its companions lets %s (%i bits) under %j', (_, strength, allowed) => {
    expect(
      Object.entries(KBPKS).flatMap(([name, kbpk]) => (kbpk >= strength ? [name] : [])),
    ).toEqual(allowed);
  });

  it.each([
    ['DES', K1, 56],
    ['TDES', K1 + K2, 80],
    ['TDES', K1 + K2 + K3, 112],
    ['TDES', K1 + K1, 56],
    ['TDES', K1 + K1_PARITY, 56],
    ['TDES', K1 + K1 + K2, 56],
    ['TDES', K1 + K1_PARITY + K2, 56],
    ['TDES', K1 + K2 + K2, 56],
    ['TDES', K2 + K1 + K1_PARITY, 56],
    ['TDES', K1 + K2 + K1, 80],
    ['TDES', K1 + K2 + K1_PARITY, 80],
    ['TDES', K1 + K1 + K1, 56],
    ['TDES', K1 + K1_PARITY + K1, 56],
  ] as const)('counts equal parts of a %s key once: %s has %i bits', (algorithm, key, bits) => {
    expect(symmetricStrength(algorithm, fromHex(key))).toBe(bits);
  });

  it.each([
    [16, 128],
    [24, 192],
    [32, 256],
  ])('takes the length of an AES key of %i bytes, whatever is in it', (length, bits) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (key) => {
        expect(symmetricStrength('AES', key)).toBe(bits);
      }),
    );
  });

  it('leaves the key as it is', () => {
    const key = fromHex(K1 + K2 + K3);
    symmetricStrength('TDES', key);
    expect(key).toEqual(fromHex(K1 + K2 + K3));
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
    fc.assert(
      fc.property(fc.nat(7), fc.integer({ min: 1, max: 7 }), (byte, bit) => {
        const pair = fromHex(K1 + K1);
        pair[8 + byte] = (pair[8 + byte] ?? 0) ^ (1 << bit);
        expect(equalDesKeys(pair, 0, 8)).toBe(false);
      }),
    );
  });
});

// SP 800-57 part 1 rev. 5, table 2: the boundaries of each row.
describe('modulusStrength', () => {
  it.each([
    [1023, 0],
    [1024, 80],
    [2047, 80],
    [2048, 112],
    [3071, 112],
    [3072, 128],
    [4096, 128],
    [7679, 128],
    [7680, 192],
    [15359, 192],
    [15360, 256],
    [16384, 256],
  ])('gives a modulus of %i bits a strength of %i', (bits, strength) => {
    expect(modulusStrength(bits)).toBe(strength);
  });
});

describe('curveStrength', () => {
  it.each([
    [159, 0],
    [160, 80],
    [223, 80],
    [224, 112],
    [255, 112],
    [256, 128],
    [383, 128],
    [384, 192],
    [511, 192],
    [512, 256],
    [521, 256],
  ])('gives a field of %i bits a strength of %i', (bits, strength) => {
    expect(curveStrength(bits)).toBe(strength);
  });
});

describe('HASH_STRENGTHS', () => {
  // SP 800-57 part 1 rev. 5, table 3, column of digital signatures; SHA-1 as 80 at most.
  it('is half the digest, at most what the sponge gives', () => {
    expect(HASH_STRENGTHS).toEqual({
      'SHA-1': 80,
      'SHA-224': 112,
      'SHA-256': 128,
      'SHA-384': 192,
      'SHA-512': 256,
      'SHA-512/224': 112,
      'SHA-512/256': 128,
      'SHA3-224': 112,
      'SHA3-256': 128,
      'SHA3-384': 192,
      'SHA3-512': 256,
      SHAKE128: 128,
      SHAKE256: 256,
    });
  });
});

/** This KBPK and the stronger ones. */
function allFrom(weakest: keyof typeof KBPKS): (keyof typeof KBPKS)[] {
  const names = ['TDES-2K', 'TDES-3K', 'AES-128', 'AES-192', 'AES-256'] as const;
  return names.slice(names.indexOf(weakest));
}
