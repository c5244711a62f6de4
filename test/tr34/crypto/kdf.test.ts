import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import type { KdfHash } from '../../../src/tr34/crypto/hash.js';
import { deriveOneStep, deriveX963 } from '../../../src/tr34/crypto/kdf.js';
import { column, countCases, knownAnswers } from '../../primitives/primitive-vectors.js';
import aws from '../../vectors/aws.json' with { type: 'json' };
import x963 from '../../vectors/primitives/x963-kdf.json' with { type: 'json' };

describe('deriveX963', () => {
  it.each(knownAnswers(x963.groups).map((group, i) => ({ ...group, hash: x963.groups[i]?.hash })))(
    'matches $hash $title',
    ({ cases, hash }) => {
      for (const row of cases) {
        const [, , keyBits, key] = row;
        const derived = deriveX963({
          hash: hash as KdfHash, // the file has these only
          z: column(row, 0),
          sharedInfo: column(row, 1),
          length: Number(keyBits) / 8,
        });
        expect(toHex(derived)).toBe(key);
      }
    },
  );

  it('has been given all cases', () => {
    expect(countCases(x963.groups)).toBe(100);
  });
});

describe.each([
  ['deriveOneStep', deriveOneStep, 3],
  ['deriveX963', deriveX963, 4],
] as const)('%s', (_, derive, expected) => {
  it.each(aws.ecdh.groups)('matches what was computed for $curve', ({ z, cases }) => {
    for (const row of cases) {
      const derived = derive({
        hash: String(row[0]) as KdfHash, // the file has these only
        z: fromHex(z),
        sharedInfo: fromHex(String(row[1])),
        length: Number(row[2]) / 8,
      });
      expect(toHex(derived)).toBe(row[expected]);
    }
  });

  it('begins a longer key with the shorter one', () => {
    const options = {
      hash: 'SHA-384',
      z: new Uint8Array(66),
      sharedInfo: new Uint8Array(),
    } as const;
    const longest = toHex(derive({ ...options, length: 1024 }));
    for (let length = 1; length <= 200; length++) {
      expect(longest.startsWith(toHex(derive({ ...options, length })))).toBe(true);
    }
  });

  it.each([0, -1, 1.5, 1025, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses %d bytes',
    (length) => {
      const z = new Uint8Array(32);
      expect(() => derive({ hash: 'SHA-256', z, sharedInfo: z, length })).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_LENGTH' }),
      );
    },
  );
});
