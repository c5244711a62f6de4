import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import { digest, isTokenHash, type TokenHash } from '../../../src/tr34/crypto/hash.js';

const ABC = new TextEncoder().encode('abc');

describe('digest', () => {
  // The first example of each in FIPS 180-4's examples, by NIST.
  it.each<[TokenHash, string]>([
    ['SHA-256', 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'],
    [
      'SHA-384',
      'CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7',
    ],
    [
      'SHA-512',
      'DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F',
    ],
  ])('matches the example of %s', (hash, expected) => {
    expect(toHex(digest(hash, ABC))).toBe(expected);
  });

  it.each<TokenHash>(['SHA-256', 'SHA-384', 'SHA-512'])(
    'is what Web Crypto computes: %s',
    async (hash) => {
      for (const length of [0, 1, 55, 56, 64, 111, 112, 128, 1000]) {
        const bytes = crypto.getRandomValues(new Uint8Array(length));
        const expected = new Uint8Array(await crypto.subtle.digest(hash, bytes));
        expect(toHex(digest(hash, bytes))).toBe(toHex(expected));
      }
    },
  );

  it('takes no other hash for one of TR-34', () => {
    const names = ['SHA-256', 'SHA-384', 'SHA-512', 'SHA-1', 'sha-256', 'toString', '', undefined];
    expect(names.filter(isTokenHash)).toEqual(['SHA-256', 'SHA-384', 'SHA-512']);
  });
});
