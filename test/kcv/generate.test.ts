import fc from 'fast-check';
import { fromHex, toHex } from 'keyblock';
import { generateKey, hasOddParity, KeyblockError } from 'keyblock/kcv';
import { afterEach, describe, expect, it } from 'vitest';

// FIPS 74 and SP 800-67: the weak and the semi-weak keys of DES.
const WEAK_KEYS = [
  '0101010101010101',
  'FEFEFEFEFEFEFEFE',
  'E0E0E0E0F1F1F1F1',
  '1F1F1F1F0E0E0E0E',
  '011F011F010E010E',
  '1F011F010E010E01',
  '01E001E001F101F1',
  'E001E001F101F101',
  '01FE01FE01FE01FE',
  'FE01FE01FE01FE01',
  '1FE01FE00EF10EF1',
  'E01FE01FF10EF10E',
  '1FFE1FFE0EFE0EFE',
  'FE1FFE1FFE0EFE0E',
  'E0FEE0FEF1FEF1FE',
  'FEE0FEE0FEF1FEF1',
];

const K1 = '0123456789ABCDEF';
const K2 = 'FEDCBA9876543210';
const K3 = '89ABCDEF01234567';
/** K1 with all parity bits inverted: the same key for DES. */
const K1_PARITY = '0022446688AACCEE';

type Draw = readonly [lengthBits: number, what: string, key: string];

const WEAK_DRAWS: readonly Draw[] = [
  ...WEAK_KEYS.flatMap((weak): Draw[] => [
    [128, `K1 is ${weak}`, weak + K2],
    [128, `K2 is ${weak}`, K1 + weak],
    [192, `K1 is ${weak}`, weak + K2 + K3],
    [192, `K2 is ${weak}`, K1 + weak + K3],
    [192, `K3 is ${weak}`, K1 + K2 + weak],
  ]),
  [128, 'K1 is weak but for its parity', `${'00'.repeat(8)}${K2}`],
  [192, 'K3 is weak but for its parity', `${K1}${K2}${'FF'.repeat(8)}`],
  [128, 'K1 = K2', K1 + K1],
  [128, 'K1 = K2 but for parity', K1 + K1_PARITY],
  [192, 'K1 = K2', K1 + K1 + K3],
  [192, 'K2 = K3', K2 + K1 + K1_PARITY],
  [192, 'K1 = K3', K1 + K2 + K1],
  [192, 'K1 = K3 but for parity', K1_PARITY + K2 + K1],
  [192, 'K1 = K2 = K3', K1 + K1 + K1],
];

const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

afterEach(() => {
  delete polluted['randomBytes'];
});

describe('generateKey', () => {
  it.each([
    ['AES', 128, 'SecretKey AES-128'],
    ['AES', 192, 'SecretKey AES-192'],
    ['AES', 256, 'SecretKey AES-256'],
    ['TDES', 128, 'SecretKey TDES-128'],
    ['TDES', 192, 'SecretKey TDES-192'],
    ['HMAC', 112, 'SecretKey HMAC-112'],
    ['HMAC', 160, 'SecretKey HMAC-160'],
    ['HMAC', 8192, 'SecretKey HMAC-8192'],
  ] as const)('makes an %s key of %i bits', (algorithm, lengthBits, description) => {
    const key = generateKey({ algorithm, lengthBits });
    expect(String(key)).toBe(description);
    expect(key.algorithm).toBe(algorithm);
    expect(key.expose()).toHaveLength(lengthBits / 8);
  });

  it('makes another key each time', () => {
    const keys = Array.from({ length: 100 }, () =>
      toHex(generateKey({ algorithm: 'AES', lengthBits: 128 }).expose()),
    );
    expect(new Set(keys).size).toBe(100);
  });

  it.each([
    ['AES', 128],
    ['AES', 192],
    ['AES', 256],
    ['HMAC', 112],
    ['HMAC', 1024],
  ] as const)(
    'takes every bit of an %s key of %i bits from the generator',
    (algorithm, lengthBits) => {
      const length = lengthBits / 8;
      fc.assert(
        fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (drawn) => {
          fc.pre(drawn.some((byte) => byte !== 0));
          const asked: number[] = [];
          const randomBytes = (size: number) => {
            asked.push(size);
            return drawn;
          };
          const key = generateKey({ algorithm, lengthBits, randomBytes });
          expect(key.expose()).toEqual(drawn);
          expect(asked).toEqual([length]);
        }),
      );
    },
  );

  it.each([128, 192])('takes all but the parity of a TDES key of %i bits from it', (lengthBits) => {
    // Spread out, so that chance makes no weak key.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (seed) => {
        const drawn = Uint8Array.from({ length: lengthBits / 8 }, (_, i) => seed + 37 * i);
        const key = generateKey({ algorithm: 'TDES', lengthBits, randomBytes: () => drawn });
        expect(key.expose().map((byte) => byte >> 1)).toEqual(drawn.map((byte) => byte >> 1));
      }),
    );
  });

  it.each([128, 192])('gives a TDES key of %i bits odd parity', (lengthBits) => {
    for (let i = 0; i < 100; i++) {
      expect(hasOddParity(generateKey({ algorithm: 'TDES', lengthBits }))).toBe(true);
    }
  });

  it('copies what the generator returns, and leaves it as it is', () => {
    const buffer = fromHex(K1_PARITY + K2);
    const key = generateKey({ algorithm: 'TDES', lengthBits: 128, randomBytes: () => buffer });
    expect(toHex(buffer)).toBe(K1_PARITY + K2);
    buffer.fill(0);
    expect(toHex(key.expose())).toBe(K1 + K2);
  });

  it.each(WEAK_DRAWS)('draws %i bits again when %s', (lengthBits, _, weak) => {
    const good = (K1 + K2 + K3).slice(0, lengthBits / 4);
    for (const draws of [[weak], [weak, weak]]) {
      const asked: number[] = [];
      const randomBytes = (length: number) => {
        asked.push(length);
        return fromHex(draws[asked.length - 1] ?? good);
      };
      const key = generateKey({ algorithm: 'TDES', lengthBits, randomBytes });
      expect(toHex(key.expose())).toBe(good);
      expect(asked).toEqual(Array.from({ length: draws.length + 1 }, () => lengthBits / 8));
    }
  });

  it.each(WEAK_DRAWS)('gives up %i bits when it keeps coming that %s', (lengthBits, _, weak) => {
    let calls = 0;
    const randomBytes = () => {
      calls++;
      return fromHex(weak);
    };
    expect(() => generateKey({ algorithm: 'TDES', lengthBits, randomBytes })).toThrow(
      refusal('WEAK_KEY', 'randomBytes'),
    );
    expect(calls).toBeLessThanOrEqual(10);
  });

  it.each([
    ['AES', 128],
    ['AES', 256],
    ['HMAC', 112],
  ] as const)('refuses an %s key of %i bits that is zero', (algorithm, lengthBits) => {
    const randomBytes = (length: number) => new Uint8Array(length);
    expect(() => generateKey({ algorithm, lengthBits, randomBytes })).toThrow(
      refusal('WEAK_KEY', 'randomBytes'),
    );
    for (const at of [0, lengthBits / 8 - 1]) {
      const nearly = (length: number) => new Uint8Array(length).fill(1, at, at + 1);
      const key = generateKey({ algorithm, lengthBits, randomBytes: nearly });
      expect(key.expose()[at]).toBe(1);
    }
  });

  it('has nothing against weak DES keys as parts of other keys', () => {
    const randomBytes = (length: number) => new Uint8Array(length).fill(1);
    for (const [algorithm, lengthBits] of [
      ['AES', 128],
      ['HMAC', 128],
    ] as const) {
      const key = generateKey({ algorithm, lengthBits, randomBytes });
      expect(key.expose()).toEqual(new Uint8Array(16).fill(1));
    }
  });

  it('notes the hash of an HMAC key', () => {
    const randomBytes = (length: number) => new Uint8Array(length).fill(0x0b);
    const key = generateKey({ algorithm: 'HMAC', lengthBits: 160, hash: 'SHA-256', randomBytes });
    expect(key.hash).toBe('SHA-256');
    expect(key.kcv()).toBe('999A90'); // RFC 4231's first key
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['no algorithm', { lengthBits: 128 }, 'INVALID_ARGUMENT', 'algorithm'],
    ['single DES', { algorithm: 'DES', lengthBits: 64 }, 'INVALID_ARGUMENT', 'algorithm'],
    ['a key pair', { algorithm: 'RSA', lengthBits: 2048 }, 'INVALID_ARGUMENT', 'algorithm'],
    ['another key', { algorithm: 'other', lengthBits: 128 }, 'INVALID_ARGUMENT', 'algorithm'],
    ['no length', { algorithm: 'AES' }, 'INVALID_ARGUMENT', 'lengthBits'],
    ['a length in text', { algorithm: 'AES', lengthBits: '128' }, 'INVALID_ARGUMENT', 'lengthBits'],
    ['no whole bytes', { algorithm: 'AES', lengthBits: 129 }, 'INVALID_ARGUMENT', 'lengthBits'],
    ['half a bit', { algorithm: 'HMAC', lengthBits: 128.5 }, 'INVALID_ARGUMENT', 'lengthBits'],
    ['no number', { algorithm: 'AES', lengthBits: Number.NaN }, 'INVALID_ARGUMENT', 'lengthBits'],
    ['an endless key', hmac({ lengthBits: Infinity }), 'INVALID_ARGUMENT', 'lengthBits'],
    ['AES-0', { algorithm: 'AES', lengthBits: 0 }, 'INVALID_LENGTH', 'lengthBits'],
    ['bytes for bits', { algorithm: 'AES', lengthBits: 16 }, 'INVALID_LENGTH', 'lengthBits'],
    ['AES-64', { algorithm: 'AES', lengthBits: 64 }, 'INVALID_LENGTH', 'lengthBits'],
    ['AES-512', { algorithm: 'AES', lengthBits: 512 }, 'INVALID_LENGTH', 'lengthBits'],
    ['TDES of 64 bits', { algorithm: 'TDES', lengthBits: 64 }, 'INVALID_LENGTH', 'lengthBits'],
    ['TDES without parity', { algorithm: 'TDES', lengthBits: 112 }, 'INVALID_LENGTH', 'lengthBits'],
    ['TDES of 256 bits', { algorithm: 'TDES', lengthBits: 256 }, 'INVALID_LENGTH', 'lengthBits'],
    ['HMAC of 104 bits', hmac({ lengthBits: 104 }), 'INVALID_LENGTH', 'lengthBits'],
    ['HMAC of 8200 bits', hmac({ lengthBits: 8200 }), 'INVALID_LENGTH', 'lengthBits'],
    ['a negative length', hmac({ lengthBits: -128 }), 'INVALID_LENGTH', 'lengthBits'],
    ['an unknown hash', hmac({ hash: 'MD5' }), 'INVALID_ARGUMENT', 'hash'],
    ['no generator', hmac({ randomBytes: 4 }), 'INVALID_ARGUMENT', 'randomBytes'],
    ['too few bytes', drawing(() => new Uint8Array(15)), 'INVALID_ARGUMENT', 'randomBytes'],
    ['too many bytes', drawing(() => new Uint8Array(17)), 'INVALID_ARGUMENT', 'randomBytes'],
    ['bytes in hex', drawing(() => '00'.repeat(16)), 'INVALID_ARGUMENT', 'randomBytes'],
    ['a promise', drawing(async () => new Uint8Array(16)), 'INVALID_ARGUMENT', 'randomBytes'],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => generateKey(options as never)).toThrow(refusal(code, field));
  });

  it('draws nothing for options that are refused', () => {
    const randomBytes = () => {
      throw new RangeError('drawn');
    };
    for (const options of [{ lengthBits: 104 }, { hash: 'MD5' }, { algorithm: 'DES' }]) {
      expect(() => generateKey(hmac({ ...options, randomBytes }) as never)).toThrow(KeyblockError);
    }
  });

  it('takes no generator from Object.prototype', () => {
    polluted['randomBytes'] = (length: number) => new Uint8Array(length);
    const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
    expect(key.expose()).not.toEqual(new Uint8Array(16));
  });
});

function hmac(options: object): object {
  return { algorithm: 'HMAC', lengthBits: 128, ...options };
}

function drawing(randomBytes: () => unknown): object {
  return { algorithm: 'AES', lengthBits: 128, randomBytes };
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
