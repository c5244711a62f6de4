import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../src/errors.js';
import { fromHex, toHex } from '../../src/hex.js';
import {
  DEFAULT_KCV_LENGTHS,
  defaultMethod,
  fullCheckValue,
} from '../../src/primitives/check-value.js';
import { HASH_STRENGTHS, type HashName } from '../../src/primitives/hashes.js';

const AES_KEY = fromHex('000102030405060708090A0B0C0D0E0F');
const TDES_KEY = fromHex('112233445566778811223344556677AA');

describe('defaultMethod', () => {
  // X9.24-1 Annex A.
  it.each([
    ['AES', 'cmac', 5],
    ['TDES', 'legacy', 3],
    ['DES', 'legacy', 3],
    ['HMAC', 'hmac', 3],
  ] as const)('gives %s %s of %i bytes', (algorithm, method, length) => {
    expect(defaultMethod(algorithm)).toBe(method);
    expect(DEFAULT_KCV_LENGTHS[method]).toBe(length);
  });

  it.each(['RSA', 'EC', 'DSA', 'other'] as const)('gives %s none', (algorithm) => {
    expect(() => defaultMethod(algorithm)).toThrow(refusal('UNSUPPORTED', 'algorithm'));
  });
});

describe('fullCheckValue', () => {
  // The vectors of test/vectors/kcv.json run through the public functions; one of each kind here.
  it.each([
    ['AES', AES_KEY, 'cmac', undefined, 'BE7ED6AE787DD5544C5561C7DCD06ABB'],
    ['AES', AES_KEY, 'legacy', undefined, 'C6A13B37878F5B826F4F8162A1C8D879'],
    ['TDES', TDES_KEY, 'legacy', undefined, '85A8D3754AF1285D'],
    ['DES', fromHex('0123456789ABCDEF'), 'legacy', undefined, 'D5D44FF720683D0D'],
    // HMAC pads with zeros: a zero byte is the empty key of the well-known values.
    ['HMAC', new Uint8Array(1), 'hmac', 'SHA-1', 'FBDB1D1B18AA6C08324B7D64B71FB76370690E1D'],
  ] as const)('gives the whole value: %s %s %s', (algorithm, key, method, hash, value) => {
    const copy = new Uint8Array(key);
    expect(toHex(fullCheckValue(algorithm, key, method, hash))).toBe(value);
    expect(key).toEqual(copy);
  });

  // Lengths of the digests, FIPS 180-4.
  it.each([
    ['SHA-1', 20],
    ['SHA-224', 28],
    ['SHA-256', 32],
    ['SHA-384', 48],
    ['SHA-512', 64],
  ] as const)('computes HMAC with %s', (hash, length) => {
    expect(fullCheckValue('HMAC', AES_KEY, 'hmac', hash)).toHaveLength(length);
  });

  it('computes no HMAC with the hashes that are not met with', () => {
    const used = ['SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'];
    const others = (Object.keys(HASH_STRENGTHS) as HashName[]).filter(
      (hash) => !used.includes(hash),
    );
    expect(others).toHaveLength(8);
    for (const hash of others) {
      expect(() => fullCheckValue('HMAC', AES_KEY, 'hmac', hash), hash).toThrow(
        refusal('UNSUPPORTED', 'hash'),
      );
    }
  });

  it.each([
    ['AES', 'hmac', 'SHA-256', 'UNSUPPORTED', 'method'],
    ['TDES', 'hmac', 'SHA-256', 'UNSUPPORTED', 'method'],
    ['HMAC', 'cmac', 'SHA-256', 'UNSUPPORTED', 'method'],
    ['HMAC', 'legacy', 'SHA-256', 'UNSUPPORTED', 'method'],
    ['HMAC', 'hmac', undefined, 'INVALID_ARGUMENT', 'hash'],
    ['RSA', 'legacy', undefined, 'UNSUPPORTED', 'algorithm'],
    ['EC', 'cmac', undefined, 'UNSUPPORTED', 'algorithm'],
    ['DSA', 'hmac', 'SHA-256', 'UNSUPPORTED', 'algorithm'],
    ['other', 'cmac', undefined, 'UNSUPPORTED', 'algorithm'],
    ['DES', 'legacy', undefined, 'INVALID_LENGTH', 'key'],
  ] as const)('refuses %s by %s with %s', (algorithm, method, hash, code, field) => {
    expect(() => fullCheckValue(algorithm, AES_KEY, method, hash)).toThrow(refusal(code, field));
  });

  it.each([
    ['AES', [16, 24, 32]],
    ['TDES', [16, 24]],
    ['DES', [8]],
  ] as const)('takes %s keys of %j bytes only', (algorithm, lengths: readonly number[]) => {
    for (let length = 0; length <= 40; length++) {
      const compute = () => fullCheckValue(algorithm, new Uint8Array(length), 'legacy', undefined);
      if (lengths.includes(length)) expect(compute()).toHaveLength(algorithm === 'AES' ? 16 : 8);
      else expect(compute, `${length} bytes`).toThrow(refusal('INVALID_LENGTH', 'key'));
    }
  });

  it('takes HMAC keys of any length but none', () => {
    const hash: HashName = 'SHA-256';
    expect(fullCheckValue('HMAC', new Uint8Array(1), 'hmac', hash)).toHaveLength(32);
    expect(fullCheckValue('HMAC', new Uint8Array(1000), 'hmac', hash)).toHaveLength(32);
    expect(() => fullCheckValue('HMAC', new Uint8Array(0), 'hmac', hash)).toThrow(
      refusal('INVALID_LENGTH', 'key'),
    );
  });
});

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
