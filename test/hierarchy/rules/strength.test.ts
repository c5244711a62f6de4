// Invariant I8: no key under a weaker one.

import fc from 'fast-check';
import { fromHex, SecretKey } from 'keyblock';
import { assertProtects, protects, type WrappedKind, type WrappingKind } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/hierarchy/strength.json' with { type: 'json' };
import { refusal } from '../keys/estate.js';

const FORMS: Readonly<Record<string, string>> = { TR31: 'tr31', TR34: 'tr34', ECDH: 'ecdh' };

const CASES = Object.entries(vectors.matrix).flatMap(([wrapped, row]) =>
  Object.entries(row).map(([wrapping, form]) => ({
    wrapped: wrapped as WrappedKind,
    wrapping: wrapping.replace('ECC_NIST_P', 'P_') as WrappingKind,
    form: form === null ? undefined : FORMS[form],
  })),
);

describe('protects', () => {
  it('knows 55 pairs', () => {
    expect(CASES).toHaveLength(55);
  });

  it.each(CASES)('matches the table: $wrapped under $wrapping is $form', (row) => {
    expect(protects({ wrapping: row.wrapping, wrapped: row.wrapped })).toBe(row.form);
  });

  it.each([
    [{ wrapping: 'DES', wrapped: 'AES_128' }],
    [{ wrapping: 'AES_256', wrapped: 'P_256' }],
    [{ wrapping: 'toString', wrapped: 'AES_128' }],
  ])('refuses %j', (options) => {
    expect(() => protects(options as Parameters<typeof protects>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'algorithm')),
    );
  });
});

const K1 = '0123456789ABCDEF';
const K2 = 'FEDCBA9876543210';
const K3 = '1032547698BADCFE';

/** Keys whose strengths were counted by hand. */
const KEYS = [
  ['TDES', K1 + K1, 56],
  ['TDES', K1 + K2, 80],
  ['TDES', K1 + K2 + K1, 80],
  ['TDES', K1 + K1 + K2, 56],
  ['TDES', K1 + K2 + K2, 56],
  ['TDES', K1 + K2 + K3, 112],
  ['AES', K1 + K2, 128],
  ['AES', K1 + K2 + K3, 192],
  ['AES', K1 + K2 + K3 + K1, 256],
] as const;

describe('assertProtects', () => {
  it('measures the bytes, and not the length', () => {
    const anyKey = fc.constantFrom(...KEYS);
    fc.assert(
      fc.property(anyKey, anyKey, ([a, hexA, strengthA], [b, hexB, strengthB]) => {
        const wrapping = new SecretKey({ algorithm: a, bytes: fromHex(hexA) });
        const wrapped = new SecretKey({ algorithm: b, bytes: fromHex(hexB) });
        const call = () => assertProtects({ wrapping, wrapped });
        if (strengthA >= strengthB) expect(call).not.toThrow();
        else expect(call).toThrow(expect.objectContaining(refusal('KEY_STRENGTH', 'key')));
      }),
    );
  });

  it('counts an HMAC key by its length and its hash', () => {
    const wrapping = new SecretKey({ algorithm: 'AES', bytes: fromHex(K1 + K2) });
    const bytes = new Uint8Array(64).fill(7);
    const sha256 = new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' });
    const sha512 = new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-512' });
    expect(() => assertProtects({ wrapping, wrapped: sha256 })).not.toThrow();
    expect(() => assertProtects({ wrapping, wrapped: sha512 })).toThrow(
      expect.objectContaining(refusal('KEY_STRENGTH', 'key')),
    );
  });

  it('counts an HMAC key of unknown hash as the strongest', () => {
    const bytes = new Uint8Array(64).fill(7);
    const wrapped = new SecretKey({ algorithm: 'HMAC', bytes });
    const aes = (hex: string) => new SecretKey({ algorithm: 'AES', bytes: fromHex(hex) });
    expect(() => assertProtects({ wrapping: aes(K1 + K2 + K3), wrapped })).toThrow(
      expect.objectContaining(refusal('KEY_STRENGTH', 'key')),
    );
    expect(() => assertProtects({ wrapping: aes(K1 + K2 + K3 + K1), wrapped })).not.toThrow();
  });

  it('counts a key of an elliptic curve by its curve', () => {
    // SEC 1 of P-256, with the named curve: nothing else says how strong it is.
    const sec1 = `303102010104${'20'}${'11'.repeat(32)}A00A06082A8648CE3D030107`;
    const wrapped = new SecretKey({ algorithm: 'EC', bytes: fromHex(sec1) });
    const aes = (hex: string) => new SecretKey({ algorithm: 'AES', bytes: fromHex(hex) });
    const tdes = new SecretKey({ algorithm: 'TDES', bytes: fromHex(K1 + K2 + K3) });
    expect(() => assertProtects({ wrapping: aes(K1 + K2), wrapped })).not.toThrow();
    expect(() => assertProtects({ wrapping: tdes, wrapped })).toThrow(
      expect.objectContaining(refusal('KEY_STRENGTH', 'key')),
    );
  });

  it('refuses what is no handle, was destroyed, or has a strength that nobody knows', () => {
    const wrapping = new SecretKey({ algorithm: 'AES', bytes: fromHex(K1 + K2) });
    const options = { wrapping, wrapped: fromHex(K1) } as unknown;
    expect(() => assertProtects(options as Parameters<typeof assertProtects>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'key')),
    );
    for (const algorithm of ['RSA', 'EC', 'DSA', 'other'] as const) {
      const wrapped = new SecretKey({ algorithm, bytes: fromHex('3000') });
      expect(() => assertProtects({ wrapping, wrapped })).toThrow(
        expect.objectContaining(refusal('UNSUPPORTED', 'key')),
      );
    }
    const wrapped = new SecretKey({ algorithm: 'AES', bytes: fromHex(K1 + K2) });
    wrapped.destroy();
    expect(() => assertProtects({ wrapping, wrapped })).toThrow(
      expect.objectContaining(refusal('KEY_DESTROYED', 'key')),
    );
  });
});
