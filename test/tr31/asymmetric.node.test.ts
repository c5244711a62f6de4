import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { type Allow, fromHex, unwrapKey, wrapKey } from 'keyblock';
import { describe, expect, it } from 'vitest';
import { readEcKey, readRsaKey } from '../../src/tr31/asymmetric.js';

const AES_256 = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const AES_128 = AES_256.subarray(0, 16);
const TDES_3K = fromHex('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567');

// Generated here; strengths of SP 800-57 part 1, table 2.
const RSA_1024 = rsaKey(1024);
const RSA_2048 = rsaKey(2048);
const RSA_KEYS = [
  [1024, RSA_1024, 80],
  [2048, RSA_2048, 112],
] as const;
const EC_KEYS = [
  ['secp224r1', 112],
  ['prime256v1', 128],
  ['secp256k1', 128],
  ['secp384r1', 192],
  ['brainpoolP512r1', 256],
  ['secp521r1', 256],
] as const;

describe('keys that OpenSSL generates', () => {
  it.each(RSA_KEYS)('are read as PKCS#1: RSA of %i bits', (_, { pkcs1, pkcs8 }, strength) => {
    expect(readRsaKey(pkcs1)).toEqual({ wellFormed: true, strength });
    expect(readRsaKey(pkcs8).wellFormed).toBe(false);
    expect(readEcKey(pkcs1).wellFormed).toBe(false);
  });

  it.each(EC_KEYS)('are read as SEC 1: %s', (curve, strength) => {
    const { sec1, pkcs8 } = ecKey(curve);
    expect(readEcKey(sec1)).toEqual({ wellFormed: true, strength });
    expect(readEcKey(pkcs8).wellFormed).toBe(false);
    expect(readRsaKey(sec1).wellFormed).toBe(false);
  });

  it.each([
    ['R', 'pkcs1', RSA_2048.pkcs1],
    ['E', 'sec1', ecKey('prime256v1').sec1],
    ['E', 'sec1', ecKey('secp384r1').sec1],
    ['E', 'sec1', ecKey('secp521r1').sec1],
  ] as const)('travel in a block: %s, %s', (algorithm, type, key) => {
    const keyBlock = wrapped(AES_256, algorithm, key);
    const opened = unwrapKey({ kbpk: AES_256, keyBlock });
    expect(opened.findings).toEqual([]);
    const der = Buffer.from(opened.key.expose());
    expect(der.equals(key)).toBe(true);
    expect(createPrivateKey({ key: der, format: 'der', type }).type).toBe('private');
  });

  it.each([
    ['RSA-2048 under TDES-3K', TDES_3K, 'R', RSA_2048.pkcs1, true],
    ['RSA-2048 under AES-128', AES_128, 'R', RSA_2048.pkcs1, true],
    ['P-256 under TDES-3K', TDES_3K, 'E', ecKey('prime256v1').sec1, false],
    ['P-256 under AES-128', AES_128, 'E', ecKey('prime256v1').sec1, true],
    ['P-384 under AES-128', AES_128, 'E', ecKey('secp384r1').sec1, false],
    ['P-521 under AES-128', AES_128, 'E', ecKey('secp521r1').sec1, false],
  ] as const)('want a KBPK as strong: %s', (_, kbpk, algorithm, key, strong) => {
    if (strong) {
      const keyBlock = wrapped(kbpk, algorithm, key);
      expect(unwrapKey({ kbpk, keyBlock }).findings).toEqual([]);
      return;
    }
    expect(() => wrapped(kbpk, algorithm, key)).toThrow(
      expect.objectContaining({ code: 'KEY_STRENGTH', field: 'key' }),
    );
    const keyBlock = wrapped(kbpk, algorithm, key, ['weaker-kbpk']);
    const { findings } = unwrapKey({ kbpk, keyBlock });
    expect(findings.map(({ rule, refusedByStrict }) => [rule, refusedByStrict])).toEqual([
      ['weaker-kbpk-asymmetric', false],
    ]);
  });

  it('are said to be in another encoding where they are in PKCS#8', () => {
    for (const [algorithm, key] of [
      ['R', RSA_2048.pkcs8],
      ['E', ecKey('prime256v1').pkcs8],
    ] as const) {
      const keyBlock = wrapped(AES_256, algorithm, key);
      const { findings } = unwrapKey({ kbpk: AES_256, keyBlock });
      expect(findings.map(({ rule }) => rule)).toEqual(['key-encoding']);
    }
  });
});

function rsaKey(modulusLength: number): { readonly pkcs1: Buffer; readonly pkcs8: Buffer } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return {
    pkcs1: privateKey.export({ format: 'der', type: 'pkcs1' }),
    pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

function ecKey(namedCurve: string): { readonly sec1: Buffer; readonly pkcs8: Buffer } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return {
    sec1: privateKey.export({ format: 'der', type: 'sec1' }),
    pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

function wrapped(
  kbpk: Uint8Array,
  algorithm: 'R' | 'E',
  key: Uint8Array,
  allow: readonly Allow[] = [],
): string {
  const versionId = kbpk.length === 24 ? 'B' : 'D';
  return wrapKey({
    kbpk,
    key,
    header: { versionId, keyUsage: 'S0', algorithm, modeOfUse: 'S', exportability: 'E' },
    allow,
  });
}
