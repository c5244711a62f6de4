import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex } from '../../../src/hex.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import { bitString, integer, nullValue, oid, sequence } from '../../../src/tr34/der/writer.js';
import { readAlgorithmIdentifier } from '../../../src/tr34/x509/algorithm-identifier.js';
import { type PublicKey, readPublicKey } from '../../../src/tr34/x509/public-key.js';
import {
  isAllowedKey,
  type SignatureToVerify,
  signatureAlgorithm,
  verifySignature,
} from '../../../src/tr34/x509/verify-signature.js';
import { tokenCertificate } from '../vectors.js';
import { ecdsaSignature, rsaSpki } from './issue.js';

const HASHES = ['SHA-256', 'SHA-384', 'SHA-512'] as const;
const CURVES = ['P-256', 'P-384', 'P-521'] as const;
/** Of P-256. */
const ORDER = 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551';
const MESSAGE = new TextEncoder().encode('what is signed');

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('signatureAlgorithm', () => {
  it.each([
    [OID.sha256WithRsa, 'RSA', 'SHA-256'],
    [OID.sha384WithRsa, 'RSA', 'SHA-384'],
    [OID.sha512WithRsa, 'RSA', 'SHA-512'],
    [OID.ecdsaWithSha256, 'EC', 'SHA-256'],
    [OID.ecdsaWithSha384, 'EC', 'SHA-384'],
    [OID.ecdsaWithSha512, 'EC', 'SHA-512'],
  ])('of %s is %s with %s', (dotted, kind, hash) => {
    expect(signatureAlgorithm(identifier(oid(dotted)), 'crl')).toEqual({ kind, hash });
  });

  it('takes NULL for RSA', () => {
    const { kind } = signatureAlgorithm(identifier(oid(OID.sha256WithRsa), nullValue()), 'crl');
    expect(kind).toBe('RSA');
  });

  it.each([
    ['RSA with SHA-1', [oid('1.2.840.113549.1.1.5'), nullValue()]],
    ['RSA with MD5', [oid('1.2.840.113549.1.1.4'), nullValue()]],
    ['RSA with SHA-224', [oid('1.2.840.113549.1.1.14'), nullValue()]],
    ['RSA of no hash', [oid(OID.rsaEncryption), nullValue()]],
    ['RSA-PSS', [oid('1.2.840.113549.1.1.10'), sequence()]],
    ['RSA with parameters', [oid(OID.sha256WithRsa), sequence()]],
    ['ECDSA with SHA-1', [oid('1.2.840.10045.4.1')]],
    ['ECDSA with NULL', [oid(OID.ecdsaWithSha256), nullValue()]],
    ['Ed25519', [oid('1.3.101.112')]],
    ['a hash', [oid(OID.sha256)]],
  ])('refuses %s', (_, parts) => {
    expect(() => signatureAlgorithm(identifier(...parts), 'trust')).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'ALGORITHM_NOT_ALLOWED',
        field: 'trust',
      }),
    );
  });
});

describe('isAllowedKey', () => {
  it.each([
    [2047, 65_537, false],
    [2048, 65_537, true],
    [2049, 65_537, true],
    [3072, 65_537, true],
    [4096, 65_537, true],
    [4097, 65_537, false],
    [2048, 1, false],
    [2048, 3, false],
    [2048, 65_539, false],
    [2048, 16_842_753, false],
  ])('of RSA with %i bits and the exponent %i is %s', (bits, exponent, allowed) => {
    const key = readPublicKey(readDer(rsaSpki(bits, exponent)));
    expect(key).toMatchObject({ kind: 'RSA', modulusBits: bits });
    expect(isAllowedKey(key)).toBe(allowed);
  });
});

describe('verifySignature', () => {
  it.each(HASHES)('verifies RSA with %s', async (hash) => {
    const scheme = { name: 'RSASSA-PKCS1-v1_5', hash };
    const keys = await crypto.subtle.generateKey(
      { ...scheme, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
      true,
      ['sign', 'verify'],
    );
    const signature = new Uint8Array(await crypto.subtle.sign(scheme, keys.privateKey, MESSAGE));
    const publicKey = await exported(keys.publicKey);
    await expectOnlyThis({ algorithm: { kind: 'RSA', hash }, publicKey, signature });
    const algorithm = { kind: 'EC', hash } as const;
    expect(await verifySignature({ algorithm, publicKey, message: MESSAGE, signature })).toBe(
      false,
    );
  });

  describe.each(CURVES)('with %s', (namedCurve) => {
    it.each(HASHES)('verifies ECDSA with %s, by Web Crypto or without', async (hash) => {
      const { publicKey, sign } = await ecdsaKeys(namedCurve);
      const algorithm = { kind: 'EC', hash } as const;
      const signature = await sign(hash, MESSAGE);
      await expectOnlyThis({ algorithm, publicKey, signature });
      const other = { kind: 'RSA', hash } as const;
      const rest = { publicKey, message: MESSAGE, signature };
      expect(await verifySignature({ algorithm: other, ...rest })).toBe(false);

      vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(
        new DOMException('', 'NotSupportedError'),
      );
      await expectOnlyThis({ algorithm, publicKey, signature });
      vi.restoreAllMocks();
      vi.stubGlobal('crypto', {});
      await expectOnlyThis({ algorithm, publicKey, signature });
    });

    it('verifies nothing for a point that is not on the curve', async () => {
      const { publicKey, sign } = await ecdsaKeys(namedCurve);
      const signature = await sign('SHA-256', MESSAGE);
      const off = new Uint8Array(publicKey.spki);
      off[off.length - 1] = (off.at(-1) ?? 0) ^ 1;
      const wrong = readPublicKey(readDer(off));
      const algorithm = { kind: 'EC', hash: 'SHA-256' } as const;
      const options = { algorithm, publicKey: wrong, message: MESSAGE, signature };
      expect(await verifySignature(options)).toBe(false);
      vi.stubGlobal('crypto', {});
      expect(await verifySignature(options)).toBe(false);
    });
  });

  it.each([
    ['nothing', ''],
    ['no DER', '3006020100'],
    ['numbers one after the other', '11'.repeat(64)],
    ['one number', '3003020101'],
    ['three numbers', '3009020101020101020101'],
    ['zeros', '3006020100020100'],
    ['a negative number', '30060201FF020101'],
    ['a leading zero', '300702020001020101'],
    ['numbers longer than the curve', `3045022101${'00'.repeat(32)}0220${'11'.repeat(32)}`],
    ['the order in place of r', `3026022100${ORDER}020101`],
    ['the order in place of s', `3026020101022100${ORDER}`],
    ['a long form of a length', '308106020101020101'],
    ['something behind it', '300602010102010100'],
  ])('takes %s for no signature of ECDSA', async (_, hex) => {
    const { publicKey } = await ecdsaKeys('P-256');
    const algorithm = { kind: 'EC', hash: 'SHA-256' } as const;
    const options = { algorithm, publicKey, message: MESSAGE, signature: fromHex(hex) };
    expect(await verifySignature(options)).toBe(false);
    vi.stubGlobal('crypto', {});
    expect(await verifySignature(options)).toBe(false);
  });

  it('takes both of the numbers that verify: TR-34 asks for no low s', async () => {
    const order = BigInt(`0x${ORDER}`);
    const { publicKey, privateKey } = await ecdsaKeys('P-256');
    const scheme = { name: 'ECDSA', hash: 'SHA-256' };
    const both = new Uint8Array(await crypto.subtle.sign(scheme, privateKey, MESSAGE));
    const s = BigInt(`0x${hexOf(both.subarray(32))}`);
    const algorithm = { kind: 'EC', hash: 'SHA-256' } as const;
    for (const value of [s, order - s]) {
      const octets = fromHex(value.toString(16).padStart(64, '0'));
      const signature = sequence(integer(both.subarray(0, 32)), integer(octets));
      const options = { algorithm, publicKey, message: MESSAGE, signature };
      expect(await verifySignature(options)).toBe(true);
      vi.stubGlobal('crypto', {});
      expect(await verifySignature(options)).toBe(true);
      vi.unstubAllGlobals();
    }
  });

  it('verifies nothing with a key that is not allowed, though the signature be right', async () => {
    const scheme = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(
      { ...scheme, modulusLength: 2048, publicExponent: Uint8Array.of(3) },
      true,
      ['sign', 'verify'],
    );
    const signature = new Uint8Array(await crypto.subtle.sign(scheme, keys.privateKey, MESSAGE));
    const publicKey = await exported(keys.publicKey);
    const algorithm = { kind: 'RSA', hash: 'SHA-256' } as const;
    expect(await verifySignature({ algorithm, publicKey, message: MESSAGE, signature })).toBe(
      false,
    );
  });

  it('verifies nothing with a key that can not be', async () => {
    const algorithm = { kind: 'RSA', hash: 'SHA-256' } as const;
    const modulus = new Uint8Array(256).fill(0xfe); // even
    const key = bitString(sequence(integer(modulus), integer(65_537)));
    const spki = sequence(sequence(oid(OID.rsaEncryption), nullValue()), key);
    const publicKey = readPublicKey(readDer(spki));
    const signature = new Uint8Array(256).fill(1);
    expect(await verifySignature({ algorithm, publicKey, message: MESSAGE, signature })).toBe(
      false,
    );
    const other = readPublicKey(readDer(sequence(sequence(oid('1.2.3')), bitString(MESSAGE))));
    const options = { algorithm, publicKey: other, message: MESSAGE, signature };
    expect(await verifySignature(options)).toBe(false);
  });

  it('says that RSA needs Web Crypto', async () => {
    const { publicKey, tbs, signature } = tokenCertificate('b.2.1.1-cert');
    const algorithm = { kind: 'RSA', hash: 'SHA-256' } as const;
    const options = { algorithm, publicKey, message: tbs, signature };
    expect(await verifySignature(options)).toBe(true);
    vi.stubGlobal('crypto', {});
    await expect(verifySignature(options)).rejects.toMatchObject({
      constructor: KeyblockError,
      code: 'UNSUPPORTED',
    });
  });
});

function identifier(...parts: readonly Uint8Array[]) {
  return readAlgorithmIdentifier(readDer(sequence(...parts)));
}

async function exported(key: CryptoKey): Promise<PublicKey> {
  return readPublicKey(readDer(new Uint8Array(await crypto.subtle.exportKey('spki', key))));
}

async function ecdsaKeys(namedCurve: string) {
  const algorithm = { name: 'ECDSA', namedCurve };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { privateKey } = keys;
  return {
    publicKey: await exported(keys.publicKey),
    privateKey,
    sign: (hash: string, message: Uint8Array<ArrayBuffer>) =>
      ecdsaSignature(privateKey, hash, message),
  };
}

/** The signature verifies, and neither another message nor another hash nor another signature. */
async function expectOnlyThis(options: Omit<SignatureToVerify, 'message'>): Promise<void> {
  const { algorithm, signature } = options;
  expect(await verifySignature({ ...options, message: MESSAGE })).toBe(true);
  expect(await verifySignature({ ...options, message: new Uint8Array(0) })).toBe(false);
  for (const hash of HASHES.filter((name) => name !== algorithm.hash)) {
    const other = { ...algorithm, hash };
    expect(await verifySignature({ ...options, algorithm: other, message: MESSAGE })).toBe(false);
  }
  for (const at of [0, signature.length >> 1, signature.length - 1]) {
    const changed = new Uint8Array(signature);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const wrong = { ...options, signature: changed };
    expect(await verifySignature({ ...wrong, message: MESSAGE })).toBe(false);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
