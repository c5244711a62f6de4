import fc from 'fast-check';
import { fromHex, toHex } from 'keyblock';
import { adjustParity, computeKcv, hasOddParity, KeyblockError, SecretKey } from 'keyblock/kcv';
import { describe, expect, it } from 'vitest';

const anyDesKey = fc
  .constantFrom(8, 16, 24)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

// ISO 20038:2017 prints the key of B.2 and B.3 as ASCII; in B.3 it is wrapped with its parity set.
const PRINTED = fromHex('777261707065642033444553206B6579');
const ADJUSTED = fromHex('767361707064642032454552206B6479');

describe('adjustParity', () => {
  it('makes of the key of ISO 20038 B.2 that of B.3', () => {
    const key = adjustParity(PRINTED);
    expect(key.expose()).toEqual(ADJUSTED);
    expect(String(key)).toBe('SecretKey TDES-128');
  });

  it.each([
    ['0000000000000000', '0101010101010101', 'DES'],
    ['FFFFFFFFFFFFFFFF', 'FEFEFEFEFEFEFEFE', 'DES'],
    ['0022446688AACCEE', '0123456789ABCDEF', 'DES'], // FIPS 81's key, parity inverted
    ['0022446688AACCEEFFDDBB9977553311', '0123456789ABCDEFFEDCBA9876543210', 'TDES'],
    [
      '0123456789ABCDEFFEDCBA987654321089ABCDEF01234567',
      '0123456789ABCDEFFEDCBA987654321089ABCDEF01234567',
      'TDES',
    ],
  ])('makes of %s %s', (key, adjusted, algorithm) => {
    const result = adjustParity(fromHex(key));
    expect(toHex(result.expose())).toBe(adjusted);
    expect(result.algorithm).toBe(algorithm);
  });

  it('gives every byte an odd number of ones, by its lowest bit alone', () => {
    fc.assert(
      fc.property(anyDesKey, (key) => {
        const adjusted = adjustParity(key).expose();
        for (const [i, byte] of adjusted.entries()) {
          expect(ones(byte) % 2).toBe(1);
          expect(byte >> 1).toBe((key[i] ?? 0) >> 1);
        }
        expect(adjusted).toHaveLength(key.length);
      }),
    );
  });

  it('leaves a key that has it alone', () => {
    fc.assert(
      fc.property(anyDesKey, (key) => {
        const once = adjustParity(key);
        expect(adjustParity(once).expose()).toEqual(once.expose());
      }),
    );
  });

  it('does not change the check value', () => {
    fc.assert(
      fc.property(anyDesKey, (key) => {
        const algorithm = key.length === 8 ? 'DES' : 'TDES';
        expect(adjustParity(key).kcv()).toBe(computeKcv({ key, algorithm }));
      }),
    );
  });

  it('returns a key of its own and leaves the one given as it is', () => {
    const bytes = new Uint8Array(PRINTED);
    const handle = new SecretKey({ algorithm: 'TDES', bytes });
    const adjusted = adjustParity(handle);
    adjustParity(bytes);
    expect(bytes).toEqual(PRINTED);
    expect(handle.expose()).toEqual(PRINTED);
    handle.destroy();
    expect(adjusted.expose()).toEqual(ADJUSTED);
  });
});

describe('hasOddParity', () => {
  it('tells the keys of ISO 20038 B.2 and B.3 apart', () => {
    expect(hasOddParity(PRINTED)).toBe(false);
    expect(hasOddParity(ADJUSTED)).toBe(true);
    expect(hasOddParity(new SecretKey({ algorithm: 'TDES', bytes: ADJUSTED }))).toBe(true);
    expect(hasOddParity(new SecretKey({ algorithm: 'DES', bytes: new Uint8Array(8) }))).toBe(false);
  });

  it('is true for what adjustParity returns', () => {
    fc.assert(
      fc.property(anyDesKey, (key) => {
        expect(hasOddParity(adjustParity(key))).toBe(true);
      }),
    );
  });

  it('is false when a single byte has even parity, whichever it is', () => {
    fc.assert(
      fc.property(anyDesKey, fc.nat(23), fc.nat(7), (key, at, bit) => {
        const bytes = adjustParity(key).expose();
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(hasOddParity(bytes)).toBe(false);
      }),
    );
  });

  it('counts the ones of every byte there is', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(hasOddParity(new Uint8Array(8).fill(byte)), `${byte}`).toBe(ones(byte) % 2 === 1);
    }
  });
});

describe.each([
  ['adjustParity', adjustParity],
  ['hasOddParity', hasOddParity],
])('%s', (_, parity: (key: SecretKey | Uint8Array) => unknown) => {
  it.each([0, 1, 7, 9, 12, 15, 17, 23, 25, 32, 48])('refuses %i bytes', (length) => {
    expect(() => parity(new Uint8Array(length))).toThrow(refusal('INVALID_LENGTH', 'key'));
  });

  it.each(['AES', 'HMAC', 'RSA', 'EC', 'DSA', 'other'] as const)(
    'refuses a %s key',
    (algorithm) => {
      const key = new SecretKey({ algorithm, bytes: PRINTED });
      expect(() => parity(key)).toThrow(refusal('INVALID_ARGUMENT', 'algorithm'));
    },
  );

  it.each([undefined, null, toHex(PRINTED), [...PRINTED], PRINTED.buffer, { key: PRINTED }])(
    'refuses what is no key: %s',
    (value) => {
      expect(() => parity(value as never)).toThrow(refusal('INVALID_ARGUMENT', 'key'));
    },
  );

  it('refuses a key that was destroyed', () => {
    const key = new SecretKey({ algorithm: 'TDES', bytes: PRINTED });
    key.destroy();
    expect(() => parity(key)).toThrow(refusal('KEY_DESTROYED', 'key'));
  });
});

/** Counts the ones the long way. */
function ones(byte: number): number {
  return [...byte.toString(2)].filter((digit) => digit === '1').length;
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
