import {
  createCertificateRequest,
  generateKeyPair,
  KeyblockError,
  readCertificateRequest,
} from 'keyblock/tr34/pki';
import { describe, expect, it, vi } from 'vitest';
import { readDer } from '../../../src/tr34/der/reader.js';
import { readPublicKey } from '../../../src/tr34/x509/public-key.js';

describe('generateKeyPair', () => {
  it.each([
    ['RSA-2048', 'decrypt', { kind: 'RSA', modulusBits: 2048 }],
    ['RSA-3072', 'sign', { kind: 'RSA', modulusBits: 3072 }],
    ['P-256', 'sign', { kind: 'EC', curve: 'P-256' }],
    ['P-384', 'agree', { kind: 'EC', curve: 'P-384' }],
    ['P-521', 'agree', { kind: 'EC', curve: 'P-521' }],
  ] as const)(
    'makes keys of %s to %s that belong together',
    async (algorithm, purpose, key) => {
      const { pkcs8, publicKey } = await generateKeyPair({ algorithm, purpose });
      expect(readPublicKey(readDer(publicKey))).toMatchObject(key);
      const subject = { commonName: 'Test' };
      const request = await createCertificateRequest({ subject, publicKey, pkcs8 });
      expect(await readCertificateRequest(request)).toEqual({ subject, publicKey });
    },
    60_000,
  );

  it('makes other keys each time', async () => {
    const [a, b] = [
      await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' }),
      await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' }),
    ];
    expect(a.pkcs8).not.toEqual(b.pkcs8);
    expect(a.publicKey).not.toEqual(b.publicKey);
  });

  it('says so where the runtime lacks the algorithm', async () => {
    const unsupported = new DOMException('no such curve', 'NotSupportedError');
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValueOnce(unsupported);
    await expect(generateKeyPair({ algorithm: 'P-521', purpose: 'sign' })).rejects.toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', field: 'algorithm' }),
    );
    vi.restoreAllMocks();
  });

  it.each([
    [undefined, 'options'],
    [{ purpose: 'sign' }, 'algorithm'],
    [{ algorithm: 'RSA-1024', purpose: 'sign' }, 'algorithm'],
    [{ algorithm: 'Ed25519', purpose: 'sign' }, 'algorithm'],
    [{ algorithm: 'P-256' }, 'purpose'],
    [{ algorithm: 'P-256', purpose: 'decrypt' }, 'purpose'],
    [{ algorithm: 'RSA-2048', purpose: 'agree' }, 'purpose'],
    [Object.create({ algorithm: 'P-256', purpose: 'sign' }), 'algorithm'],
  ])('refuses %j', async (options, field) => {
    await expect(generateKeyPair(options)).rejects.toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT', field }),
    );
  });
});
