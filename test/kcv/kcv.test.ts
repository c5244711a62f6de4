import fc from 'fast-check';
import { fromHex, SecretKey } from 'keyblock';
import {
  computeKcv,
  type HashName,
  type KcvMethod,
  type KeyAlgorithm,
  KeyblockError,
  matchesKcv,
} from 'keyblock/kcv';
import { afterEach, describe, expect, it } from 'vitest';
import vectors from '../vectors/kcv.json' with { type: 'json' };

interface Case {
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly method: KcvMethod;
  readonly hash?: HashName;
  readonly key: string;
  readonly output: string;
  readonly kcv: string;
}

const cases = vectors.cases as readonly Case[]; // names as this library takes them
const DEFAULTS: Readonly<Record<string, KcvMethod>> = {
  AES: 'cmac',
  TDES: 'legacy',
  DES: 'legacy',
  HMAC: 'hmac',
};
const byDefault = cases.filter(({ algorithm, method }) => DEFAULTS[algorithm] === method);

const anyTdesKey = fc.constantFrom(16, 24).chain(bytesOf);
const anyAesKey = fc.constantFrom(16, 24, 32).chain(bytesOf);
const cipherMethod = fc.constantFrom('legacy', 'cmac');

const AES_KEY = fromHex('000102030405060708090A0B0C0D0E0F'); // FIPS 197: BE7ED6AE78
const TDES_KEY = fromHex('FEDCBA9876543210FEDCBA9876543210'); // A68CDCA90C9021F9
const HMAC_KEY = new Uint8Array(20).fill(0x0b); // RFC 4231: SHA-256 999A90

const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

afterEach(() => {
  delete polluted['algorithm'];
});

describe('the vectors', () => {
  it('are all here, 51 of them by the default method', () => {
    expect(cases).toHaveLength(57);
    expect(byDefault).toHaveLength(51);
  });
});

describe('computeKcv', () => {
  it.each(cases)('matches the vector: $id', ({ algorithm, method, hash, key, kcv }) => {
    expect(computeKcv({ key: fromHex(key), algorithm, method, hash })).toBe(kcv);
  });

  it.each(cases)('gives the whole block or digest: $id', (vector) => {
    const { algorithm, method, hash, key, output } = vector;
    const length = output.length / 2;
    expect(computeKcv({ key: fromHex(key), algorithm, method, hash, length })).toBe(output);
  });

  it.each(byDefault)('takes the method of the algorithm: $id', ({ algorithm, hash, key, kcv }) => {
    expect(computeKcv({ key: fromHex(key), algorithm, hash })).toBe(kcv);
  });

  it.each(cases)('takes a handle, which knows itself: $id', (vector) => {
    const { algorithm, method, hash, kcv } = vector;
    const key = new SecretKey({ algorithm, bytes: fromHex(vector.key), hash });
    expect(computeKcv({ key, method })).toBe(kcv);
    expect(computeKcv({ key, algorithm, method, hash })).toBe(kcv);
  });

  // Printed in X9.143: KP of examples 8.5 and 8.6.
  it.each([
    ['FA36E44278DB3AB5F298F9F7DA8F1F88', 'D77F007724'],
    ['88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6', '2331550BC9'],
  ])('matches what X9.143 prints for %s', (key, kcv) => {
    expect(computeKcv({ key: fromHex(key), algorithm: 'AES' })).toBe(kcv);
  });

  // HMAC pads a key with zeros, so a zero byte is the empty key of the well-known values.
  it.each([
    ['SHA-1', 'FBDB1D1B18AA6C08324B7D64B71FB76370690E1D'],
    ['SHA-256', 'B613679A0814D9EC772F95D778C35FC5FF1697C493715653C6C712144292C5AD'],
  ] as const)('computes HMAC with %s', (hash, digest) => {
    const key = new Uint8Array(1);
    const length = digest.length / 2;
    expect(computeKcv({ key, algorithm: 'HMAC', hash, length })).toBe(digest);
    expect(computeKcv({ key, algorithm: 'HMAC', hash })).toBe(digest.slice(0, 6));
  });

  it('lets the hash that is named outrank that of a handle', () => {
    const key = new SecretKey({ algorithm: 'HMAC', bytes: HMAC_KEY, hash: 'SHA-512' });
    expect(computeKcv({ key, hash: 'SHA-256' })).toBe('999A90');
    expect(computeKcv({ key })).toBe('AD8DA3');
  });

  it('shortens from the left', () => {
    fc.assert(
      fc.property(anyAesKey, cipherMethod, fc.integer({ min: 1, max: 16 }), (key, method, n) => {
        const whole = computeKcv({ key, algorithm: 'AES', method, length: 16 });
        const part = computeKcv({ key, algorithm: 'AES', method, length: n });
        expect(part).toBe(whole.slice(0, 2 * n));
        expect(part).toMatch(/^[0-9A-F]+$/);
      }),
    );
  });

  it('does not see the parity of a TDES key', () => {
    fc.assert(
      fc.property(anyTdesKey, bytesOf(24), cipherMethod, (key, noise, method) => {
        const other = key.map((byte, i) => byte ^ ((noise[i] ?? 0) & 1));
        const options = { algorithm: 'TDES', method, length: 8 } as const;
        expect(computeKcv({ key: other, ...options })).toBe(computeKcv({ key, ...options }));
      }),
    );
  });

  it('takes a two-key TDES key for K1, K2, K1, and equal parts for single DES', () => {
    fc.assert(
      fc.property(bytesOf(8), bytesOf(8), (k1, k2) => {
        const two = computeKcv({ key: joined(k1, k2), algorithm: 'TDES', length: 8 });
        expect(computeKcv({ key: joined(k1, k2, k1), algorithm: 'TDES', length: 8 })).toBe(two);
        const one = computeKcv({ key: k1, algorithm: 'DES', length: 8 });
        expect(computeKcv({ key: joined(k1, k1), algorithm: 'TDES', length: 8 })).toBe(one);
      }),
    );
  });

  it('tells AES and TDES keys of the same bytes apart', () => {
    // AWS publishes one BDK as both.
    const bdks = cases.filter(({ id }) => /aws-(sample-)?bdk/.test(id));
    expect(new Set(bdks.map(({ key }) => key)).size).toBe(1);
    expect(bdks.map(({ kcv }) => kcv)).toEqual(['9C8552', 'B32CFD643C']);
  });

  it('leaves the key as it is', () => {
    const key = new Uint8Array(AES_KEY);
    computeKcv({ key, algorithm: 'AES' });
    expect(key).toEqual(AES_KEY);
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['a key alone', AES_KEY, 'INVALID_ARGUMENT', 'key'],
    ['no key', { algorithm: 'AES' }, 'INVALID_ARGUMENT', 'key'],
    ['a key in hex', { key: '00'.repeat(16), algorithm: 'AES' }, 'INVALID_ARGUMENT', 'key'],
    ['raw bytes without algorithm', { key: AES_KEY }, 'INVALID_ARGUMENT', 'algorithm'],
    ['an unknown algorithm', { key: AES_KEY, algorithm: 'aes' }, 'INVALID_ARGUMENT', 'algorithm'],
    ['a letter', { key: AES_KEY, algorithm: 'A' }, 'INVALID_ARGUMENT', 'algorithm'],
    ['an unknown method', aes({ method: 'CMAC' }), 'INVALID_ARGUMENT', 'method'],
    ['a method of Object', aes({ method: 'toString' }), 'INVALID_ARGUMENT', 'method'],
    ['a method in an array', aes({ method: ['cmac'] }), 'INVALID_ARGUMENT', 'method'],
    ['no text as method', aes({ method: 0 }), 'INVALID_ARGUMENT', 'method'],
    ['an unknown hash', hmac({ hash: 'SHA256' }), 'INVALID_ARGUMENT', 'hash'],
    ['an HMAC key without hash', hmac({}), 'INVALID_ARGUMENT', 'hash'],
    ['a hash not in use', hmac({ hash: 'SHA3-256' }), 'UNSUPPORTED', 'hash'],
    ['an XOF', hmac({ hash: 'SHAKE128' }), 'UNSUPPORTED', 'hash'],
    ['CMAC of an HMAC key', hmac({ hash: 'SHA-256', method: 'cmac' }), 'UNSUPPORTED', 'method'],
    ['HMAC of an AES key', aes({ method: 'hmac', hash: 'SHA-256' }), 'UNSUPPORTED', 'method'],
    ['an AES key of 0 bytes', aes({ key: new Uint8Array(0) }), 'INVALID_LENGTH', 'key'],
    ['an AES key of 15 bytes', aes({ key: new Uint8Array(15) }), 'INVALID_LENGTH', 'key'],
    ['an AES key of 8 bytes', aes({ key: new Uint8Array(8) }), 'INVALID_LENGTH', 'key'],
    ['an AES key of 33 bytes', aes({ key: new Uint8Array(33) }), 'INVALID_LENGTH', 'key'],
    ['a TDES key of 8 bytes', tdes({ key: new Uint8Array(8) }), 'INVALID_LENGTH', 'key'],
    ['a TDES key of 32 bytes', tdes({ key: new Uint8Array(32) }), 'INVALID_LENGTH', 'key'],
    ['a DES key of 16 bytes', { key: TDES_KEY, algorithm: 'DES' }, 'INVALID_LENGTH', 'key'],
    ['an empty HMAC key', hmac({ key: new Uint8Array(0) }), 'INVALID_LENGTH', 'key'],
    ['no bytes', aes({ length: 0 }), 'INVALID_LENGTH', 'length'],
    ['fewer than no bytes', aes({ length: -1 }), 'INVALID_LENGTH', 'length'],
    ['half a byte', aes({ length: 2.5 }), 'INVALID_LENGTH', 'length'],
    ['no number', aes({ length: Number.NaN }), 'INVALID_LENGTH', 'length'],
    ['endless bytes', aes({ length: Number.POSITIVE_INFINITY }), 'INVALID_LENGTH', 'length'],
    ['a length in text', aes({ length: '3' }), 'INVALID_LENGTH', 'length'],
    ['more than an AES block', aes({ length: 17 }), 'INVALID_LENGTH', 'length'],
    ['more than a DES block', tdes({ length: 9 }), 'INVALID_LENGTH', 'length'],
    ['more than a digest', hmac({ hash: 'SHA-256', length: 33 }), 'INVALID_LENGTH', 'length'],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => computeKcv(options as never)).toThrow(refusal(code, field));
  });

  it.each(['RSA', 'EC', 'DSA', 'other'] as const)('has no value for %s keys', (algorithm) => {
    const key = new Uint8Array(16);
    for (const method of [undefined, 'legacy', 'cmac', 'hmac'] as const) {
      expect(() => computeKcv({ key, algorithm, method, hash: 'SHA-256' })).toThrow(
        refusal('UNSUPPORTED', 'algorithm'),
      );
    }
  });

  it('refuses to take a handle for what it is not', () => {
    const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_KEY });
    expect(() => computeKcv({ key, algorithm: 'AES' })).toThrow(
      refusal('INVALID_ARGUMENT', 'algorithm'),
    );
  });

  it('refuses a key that was destroyed', () => {
    const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_KEY });
    key.destroy();
    expect(() => computeKcv({ key })).toThrow(refusal('KEY_DESTROYED', 'key'));
  });

  it('takes no option from Object.prototype', () => {
    polluted['algorithm'] = 'AES';
    expect(() => computeKcv({ key: AES_KEY })).toThrow(refusal('INVALID_ARGUMENT', 'algorithm'));
  });
});

describe('matchesKcv', () => {
  it.each(cases)('is true for the vector in either case: $id', (vector) => {
    const { algorithm, method, hash, kcv, output } = vector;
    const options = { key: fromHex(vector.key), algorithm, method, hash };
    for (const value of [kcv, kcv.toLowerCase(), output, output.toLowerCase()]) {
      expect(matchesKcv({ ...options, kcv: value }), value).toBe(true);
    }
  });

  it.each(cases)('is false for the vector with one digit wrong: $id', (vector) => {
    const { algorithm, method, hash, kcv } = vector;
    const options = { key: fromHex(vector.key), algorithm, method, hash };
    for (let i = 0; i < kcv.length; i++) {
      const digit = kcv[i] === '0' ? '1' : '0';
      const wrong = kcv.slice(0, i) + digit + kcv.slice(i + 1);
      expect(matchesKcv({ ...options, kcv: wrong }), wrong).toBe(false);
    }
  });

  it('is true for every beginning of two bytes or more, and for no other value', () => {
    fc.assert(
      fc.property(
        anyTdesKey,
        cipherMethod,
        fc.integer({ min: 2, max: 8 }),
        fc.nat(63),
        (key, method, n, bit) => {
          const options = { key, algorithm: 'TDES', method } as const;
          const kcv = computeKcv({ ...options, length: n });
          expect(matchesKcv({ ...options, kcv })).toBe(true);
          const at = bit % (4 * kcv.length);
          const digit = Number.parseInt(kcv.charAt(at >> 2), 16) ^ (1 << (at & 3));
          const wrong = kcv.slice(0, at >> 2) + digit.toString(16) + kcv.slice((at >> 2) + 1);
          expect(matchesKcv({ ...options, kcv: wrong })).toBe(false);
        },
      ),
    );
  });

  it('takes a handle', () => {
    const key = new SecretKey({ algorithm: 'HMAC', bytes: HMAC_KEY, hash: 'SHA-256' });
    expect(matchesKcv({ key, kcv: '999a90' })).toBe(true);
    expect(matchesKcv({ key, kcv: '999a91' })).toBe(false);
  });

  it('does not take the value of another method', () => {
    const key = AES_KEY;
    expect(matchesKcv({ key, algorithm: 'AES', kcv: 'C6A13B' })).toBe(false);
    expect(matchesKcv({ key, algorithm: 'AES', kcv: 'C6A13B', method: 'legacy' })).toBe(true);
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['no value', tdes({}), 'INVALID_ARGUMENT', 'kcv'],
    ['bytes', tdes({ kcv: fromHex('A68CDC') }), 'INVALID_ARGUMENT', 'kcv'],
    ['a number', tdes({ kcv: 123456 }), 'INVALID_ARGUMENT', 'kcv'],
    ['an empty value', tdes({ kcv: '' }), 'INVALID_LENGTH', 'kcv'],
    ['one byte', tdes({ kcv: 'A6' }), 'INVALID_LENGTH', 'kcv'],
    ['three digits', tdes({ kcv: 'A68' }), 'INVALID_LENGTH', 'kcv'],
    ['more than a DES block', tdes({ kcv: 'A68CDCA90C9021F900' }), 'INVALID_LENGTH', 'kcv'],
    ['more than an AES block', aes({ kcv: '00'.repeat(17) }), 'INVALID_LENGTH', 'kcv'],
    [
      'more than a digest',
      hmac({ hash: 'SHA-256', kcv: '00'.repeat(33) }),
      'INVALID_LENGTH',
      'kcv',
    ],
    ['more than any digest', aes({ kcv: '00'.repeat(65) }), 'INVALID_LENGTH', 'kcv'],
    ['an endless value', aes({ kcv: '0'.repeat(1_000_001) }), 'INVALID_LENGTH', 'kcv'],
    ['no key', { algorithm: 'AES', kcv: 'BE7ED6' }, 'INVALID_ARGUMENT', 'key'],
    ['no algorithm', { key: AES_KEY, kcv: 'BE7ED6' }, 'INVALID_ARGUMENT', 'algorithm'],
    ['an unknown method', aes({ kcv: 'BE7ED6', method: 'ecb' }), 'INVALID_ARGUMENT', 'method'],
    ['HMAC without hash', hmac({ kcv: '999A90' }), 'INVALID_ARGUMENT', 'hash'],
    ['a key that does not fit', tdes({ kcv: 'A68CDC', key: HMAC_KEY }), 'INVALID_LENGTH', 'key'],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => matchesKcv(options as never)).toThrow(refusal(code, field));
  });

  it.each([
    ['a letter that is no digit', 'A68CDG', 5],
    ['a separator', 'A6 8CDC', 2],
    ['a prefix', '0xA68CDC', 1],
    ['a wide digit', 'A68C\uff11C', 4],
    ['an odd number of digits', 'A68CD', 5],
  ])('refuses %s, and says where', (_, kcv, offset) => {
    expect(() => matchesKcv({ key: TDES_KEY, algorithm: 'TDES', kcv })).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'INVALID_HEX',
        field: 'kcv',
        offset,
      }),
    );
  });

  it('refuses a key that was destroyed', () => {
    const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_KEY });
    key.destroy();
    expect(() => matchesKcv({ key, kcv: 'A68CDC' })).toThrow(refusal('KEY_DESTROYED', 'key'));
  });
});

function bytesOf(length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function aes(options: object): object {
  return { key: AES_KEY, algorithm: 'AES', ...options };
}

function tdes(options: object): object {
  return { key: TDES_KEY, algorithm: 'TDES', ...options };
}

function hmac(options: object): object {
  return { key: HMAC_KEY, algorithm: 'HMAC', ...options };
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
