import { fromHex, KeyblockError, SecretKey, toHex } from 'keyblock';
import {
  type EcdhUnwrapRequest,
  fromCryptoKey,
  fromPkcs8,
  type KeyUnwrapper,
  type Signer,
  type TokenHash,
  type UnwrapRequest,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import { agree, generateKeyPair } from '../../src/tr34/crypto/ecdh.js';
import { deriveX963 } from '../../src/tr34/crypto/kdf.js';
import { wrapContentKey } from '../../src/tr34/crypto/key-wrap.js';
import { encryptOaep } from '../../src/tr34/crypto/oaep.js';
import { parseCertificate } from '../../src/tr34/x509/certificate.js';
import type { CurveName, EcPublicKey, RsaPublicKey } from '../../src/tr34/x509/public-key.js';
import { verifySignature } from '../../src/tr34/x509/verify-signature.js';
import oaep from '../vectors/primitives/rsa-oaep.json' with { type: 'json' };
import {
  ecKey,
  fromBase64,
  rsaKey,
  type TestKey,
  unsignedCertificate,
} from './crypto/test-keys.js';

const CURVES: readonly CurveName[] = ['P-256', 'P-384', 'P-521'];
const HASHES: readonly TokenHash[] = ['SHA-256', 'SHA-384', 'SHA-512'];
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const message = new TextEncoder().encode('what is to be signed');
const cek = fromHex('0123456789ABCDEFFEDCBA9876543210FFEEDDCCBBAA9988');
// ECC-CMS-SharedInfo of RFC 5753 for aes256-wrap, without ukm.
const sharedInfo = fromHex('3015300B060960864801650304012DA206040400000100');

const ec = Object.fromEntries(CURVES.map((curve) => [curve, ecKey(curve)])) as Record<
  CurveName,
  TestKey
>;
let rsa: TestKey;
let otherRsa: TestKey;

beforeAll(async () => {
  const keys = await Promise.all(oaep.groups.map(({ pkcs8 }) => rsaKey(fromBase64(pkcs8))));
  [rsa, otherRsa] = keys as [TestKey, TestKey]; // there are six
});

describe('fromPkcs8', () => {
  it.each(oaep.groups.filter(({ hash }) => hash !== 'SHA-1'))(
    'opens RSA-OAEP of $keyBits bits with $hash: $kind',
    async ({ pkcs8, hash, cases }) => {
      const { unwrap } = await fromPkcs8(await rsaKey(fromBase64(pkcs8)));
      const refusals = new Set<string>();
      for (const [plaintext, ciphertext, label, valid] of cases) {
        const encryptedKey = fromHex(String(ciphertext));
        const request = { kind: 'oaep', hash: hash as TokenHash, encryptedKey } as const;
        // TR-34 has no labels: what was sealed under one does not open.
        if (valid === 1 && label === '') expect(toHex(await unwrap(request))).toBe(plaintext);
        else refusals.add(await refusal(unwrap(request)));
      }
      expect([...refusals]).toHaveLength(1);
    },
    60_000,
  );

  it('opens nothing with SHA-1', async () => {
    const group = oaep.groups.find(({ hash }) => hash === 'SHA-1');
    const { unwrap } = await fromPkcs8(await rsaKey(fromBase64(group?.pkcs8 ?? '')));
    const refusals = new Set<string>();
    for (const [, ciphertext] of group?.cases ?? []) {
      const encryptedKey = fromHex(String(ciphertext));
      for (const hash of HASHES) {
        refusals.add(await refusal(unwrap({ kind: 'oaep', hash, encryptedKey })));
      }
      const hash = 'SHA-1' as TokenHash; // which it is not
      await expect(unwrap({ kind: 'oaep', hash, encryptedKey })).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'unwrapRequest' }),
      );
    }
    expect([...refusals]).toHaveLength(1);
  }, 60_000);

  it('has been given all cases of RSA-OAEP', () => {
    const rows = oaep.groups.flatMap(({ cases }) => cases);
    expect(rows).toHaveLength(214);
    expect(rows.filter((row) => row[3] === 0)).toHaveLength(113);
    expect(rows.filter((row) => row[3] === 1 && row[2] !== '')).toHaveLength(41);
  });

  it.each(HASHES)('opens what was sealed with %s, and with no other hash', async (hash) => {
    const { unwrap } = await fromPkcs8(rsa);
    const encryptedKey = await encryptOaep({ publicKey: publicKeyOf(rsa), hash, plaintext: cek });
    expect(await unwrap({ kind: 'oaep', hash, encryptedKey })).toEqual(cek);
    for (const other of HASHES.filter((name) => name !== hash)) {
      await refusal(unwrap({ kind: 'oaep', hash: other, encryptedKey }));
    }
  });

  it.each(CURVES)('opens what was wrapped to %s', async (curve) => {
    const { unwrap } = await fromPkcs8(ec[curve]);
    for (const [wrapAlgorithm, length] of [
      ['aes128-wrap', 16],
      ['aes192-wrap', 24],
      ['aes256-wrap', 32],
    ] as const) {
      for (const hash of HASHES) {
        const request = wrapTo(ec[curve], { hash, wrapAlgorithm, length });
        expect(await unwrap(request)).toEqual(cek);
      }
    }
  });

  it.each(CURVES)('refuses everything else in one way: %s', async (curve) => {
    const { unwrap } = await fromPkcs8(ec[curve]);
    const options = { hash: 'SHA-512', wrapAlgorithm: 'aes256-wrap', length: 32 } as const;
    const request = wrapTo(ec[curve], options);
    const refusals = new Set<string>();
    for (const change of [
      { hash: 'SHA-256' },
      { wrapAlgorithm: 'aes128-wrap' },
      { sharedInfo: new Uint8Array() },
      { encryptedKey: request.encryptedKey.slice(0, -8) },
      { encryptedKey: new Uint8Array() },
      { encryptedKey: flipped(request.encryptedKey, 3) },
      { publicPoint: flipped(request.publicPoint, 7) },
      { publicPoint: Uint8Array.of(0) },
      { publicPoint: new Uint8Array(request.publicPoint.length) },
      { publicPoint: generateKeyPair(curve, random).point },
    ] as const) {
      refusals.add(await refusal(unwrap({ ...request, ...change })));
    }
    const encryptedKey = new Uint8Array(256);
    refusals.add(await refusal(unwrap({ kind: 'oaep', hash: 'SHA-256', encryptedKey })));
    const { unwrap: unwrapRsa } = await fromPkcs8(rsa);
    refusals.add(await refusal(unwrapRsa(request)));
    expect([...refusals]).toHaveLength(1);
  });

  it.each(HASHES)('signs by RSASSA-PKCS1-v1_5 with %s', async (hash) => {
    const signer = await fromPkcs8({ ...rsa, hash });
    expect(signer).toMatchObject({ algorithm: 'RSASSA-PKCS1-v1_5', hash });
    expect(await verifies(signer)).toBe(true);
  });

  it.each(CURVES)('signs by ECDSA on %s, in DER', async (curve) => {
    for (const hash of [undefined, ...HASHES]) {
      const signer = await fromPkcs8({ ...ec[curve], hash });
      expect(signer.algorithm).toBe('ECDSA');
      expect(await verifies(signer)).toBe(true);
    }
  });

  it('takes the hash that fits the key, unless told', async () => {
    const keys = [rsa, ...CURVES.map((curve) => ec[curve])];
    const signers = await Promise.all(keys.map((key) => fromPkcs8(key)));
    expect(signers.map(({ hash }) => hash)).toEqual(['SHA-256', ...HASHES]);
  });

  it('takes a SecretKey, and leaves it and raw bytes as they are', async () => {
    const key = new SecretKey({ algorithm: 'RSA', bytes: rsa.pkcs8 });
    const signer = await fromPkcs8({ certificate: rsa.certificate, pkcs8: key });
    expect(await verifies(signer)).toBe(true);
    expect(key.expose()).toEqual(rsa.pkcs8);
    key.destroy();
    await expect(fromPkcs8({ certificate: rsa.certificate, pkcs8: key })).rejects.toThrow(
      expect.objectContaining({ code: 'KEY_DESTROYED' }),
    );
  });

  it('keeps nothing of what it was given', async () => {
    const certificate = new Uint8Array(rsa.certificate);
    const pkcs8 = new Uint8Array(rsa.pkcs8);
    const opening = fromPkcs8({ certificate, pkcs8 });
    certificate.fill(0);
    pkcs8.fill(0);
    const kept = await opening;
    expect(kept.certificate).toEqual(rsa.certificate);
    kept.certificate.fill(0);
    expect(await verifies({ ...kept, certificate: rsa.certificate })).toBe(true);
    const encryptedKey = await encryptOaep({
      publicKey: publicKeyOf(rsa),
      hash: 'SHA-256',
      plaintext: cek,
    });
    const request = { kind: 'oaep', hash: 'SHA-256', encryptedKey } as const;
    const unwrapping = kept.unwrap(request);
    encryptedKey.fill(0);
    expect(await unwrapping).toEqual(cek);
  });

  it('shows nothing of the key', async () => {
    const key = await fromPkcs8(ec['P-256']);
    expect(Object.keys(key).sort()).toEqual(['algorithm', 'certificate', 'hash', 'sign', 'unwrap']);
    expect(Object.isFrozen(key)).toBe(true);
  });

  it('refuses a private key that is not the one of the certificate', async () => {
    for (const [certificate, pkcs8] of [
      [rsa.certificate, otherRsa.pkcs8],
      [rsa.certificate, ec['P-256'].pkcs8],
      [ec['P-256'].certificate, rsa.pkcs8],
      [ec['P-256'].certificate, ec['P-384'].pkcs8],
      [ec['P-521'].certificate, ecKey('P-521').pkcs8],
      [rsa.certificate, new Uint8Array(1)],
      [rsa.certificate, rsa.pkcs8.slice(0, -1)],
    ] as const) {
      await expect(fromPkcs8({ certificate, pkcs8 })).rejects.toThrow(
        bare('INVALID_ARGUMENT', 'pkcs8'),
      );
    }
  });

  it('refuses certificates of other keys, and what is none', async () => {
    const pkcs8 = rsa.pkcs8;
    const scheme = { name: 'RSA-OAEP', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1) };
    const pair = await crypto.subtle.generateKey({ ...scheme, modulusLength: 1024 }, true, [
      'decrypt',
      'encrypt',
    ]);
    const small = unsignedCertificate(
      new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)),
    );
    // Ed25519 (RFC 8410).
    const other = unsignedCertificate(fromHex(`302A300506032B6570032100${'19'.repeat(32)}`));
    for (const certificate of [small, other]) {
      await expect(fromPkcs8({ certificate, pkcs8 })).rejects.toThrow(
        bare('ALGORITHM_NOT_ALLOWED', 'certificate'),
      );
    }
    await expect(fromPkcs8({ certificate: rsa.spki, pkcs8 })).rejects.toThrow(
      bare('TOKEN_MALFORMED', 'certificate'),
    );
  });

  it.each([
    [{ hash: 'SHA-1' }, 'hash'],
    [{ hash: null }, 'hash'],
    [{ pkcs8: undefined }, 'pkcs8'],
    [{ certificate: undefined }, 'certificate'],
  ])('refuses %j', async (change, field) => {
    const options = { ...rsa, ...change } as unknown as Parameters<typeof fromPkcs8>[0]; // wrong on purpose
    await expect(fromPkcs8(options)).rejects.toThrow(bare('INVALID_ARGUMENT', field));
  });

  it('refuses to sign what is not bytes, and to open what is no request', async () => {
    const { sign, unwrap } = await fromPkcs8(ec['P-256']);
    await expect(sign('text' as unknown as Uint8Array)).rejects.toThrow(
      bare('INVALID_ARGUMENT', 'bytes'),
    );
    const options = { hash: 'SHA-256', wrapAlgorithm: 'aes128-wrap', length: 16 } as const;
    const request = wrapTo(ec['P-256'], options);
    for (const wrong of [
      undefined,
      null,
      {},
      { ...request, kind: 'kem' },
      { ...request, hash: 'SHA-1' },
      { ...request, wrapAlgorithm: 'toString' },
      { ...request, publicPoint: 'hex' },
      { ...request, sharedInfo: undefined },
      { ...request, encryptedKey: undefined },
      Object.create(request),
    ]) {
      const given = wrong as unknown as UnwrapRequest; // which it is not
      await expect(unwrap(given)).rejects.toThrow(bare('INVALID_ARGUMENT', 'unwrapRequest'));
    }
  });
});

describe('fromCryptoKey', () => {
  it.each(HASHES)('makes a signer and unwrapper of RSA keys for %s', async (hash) => {
    const { certificate } = rsa;
    const signingKey = await native(rsa, { name: 'RSASSA-PKCS1-v1_5', hash }, 'sign');
    const decryptionKey = await native(rsa, { name: 'RSA-OAEP', hash }, 'decrypt');
    const both = await fromCryptoKey({ certificate, signingKey, decryptionKey });
    expect(both).toMatchObject({ algorithm: 'RSASSA-PKCS1-v1_5', hash, certificate });
    expect(await verifies(both)).toBe(true);
    const encryptedKey = await encryptOaep({ publicKey: publicKeyOf(rsa), hash, plaintext: cek });
    expect(await both.unwrap({ kind: 'oaep', hash, encryptedKey })).toEqual(cek);
    for (const other of HASHES.filter((name) => name !== hash)) {
      await refusal(both.unwrap({ kind: 'oaep', hash: other, encryptedKey }));
    }
    const signer: Signer = await fromCryptoKey({ certificate, signingKey, hash });
    expect(Object.keys(signer)).not.toContain('unwrap');
    const unwrapper: KeyUnwrapper = await fromCryptoKey({ certificate, decryptionKey });
    expect(Object.keys(unwrapper)).not.toContain('sign');
  });

  it.each(CURVES)('makes a signer and unwrapper of keys on %s', async (curve) => {
    const { certificate } = ec[curve];
    const signingKey = await native(ec[curve], { name: 'ECDSA', namedCurve: curve }, 'sign');
    const decryptionKey = await native(
      ec[curve],
      { name: 'ECDH', namedCurve: curve },
      'deriveBits',
    );
    const both = await fromCryptoKey({ certificate, signingKey, decryptionKey, hash: 'SHA-384' });
    expect(both).toMatchObject({ algorithm: 'ECDSA', hash: 'SHA-384' });
    expect(await verifies(both)).toBe(true);
    const options = { hash: 'SHA-256', wrapAlgorithm: 'aes256-wrap', length: 32 } as const;
    expect(await both.unwrap(wrapTo(ec[curve], options))).toEqual(cek);
  });

  it('refuses keys that are not those of the certificate, or can not do it', async () => {
    const oaepScheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
    const pkcs1 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
    const lookalike = {
      type: 'private',
      algorithm: { ...pkcs1, hash: { name: 'SHA-256' } },
      usages: ['sign'],
    };
    const oaepKey = await native(rsa, oaepScheme, 'decrypt');
    const pkcs1Key = await native(rsa, pkcs1, 'sign');
    const { certificate } = rsa;
    for (const [options, field] of [
      [{ certificate }, 'decryptionKey'],
      [{ certificate, signingKey: oaepKey }, 'signingKey'],
      [{ certificate, signingKey: await native(otherRsa, pkcs1, 'sign') }, 'signingKey'],
      [
        { certificate, signingKey: await native(rsa, { ...pkcs1, hash: 'SHA-1' }, 'sign') },
        'signingKey',
      ],
      [
        { certificate, signingKey: { type: 'private', algorithm: pkcs1, usages: ['sign'] } },
        'signingKey',
      ],
      [{ certificate, signingKey: lookalike }, 'signingKey'],
      [{ certificate, signingKey: pkcs1Key, hash: 'SHA-384' }, 'hash'],
      [{ certificate, signingKey: pkcs1Key, decryptionKey: pkcs1Key }, 'decryptionKey'],
      [
        { certificate, decryptionKey: await native(otherRsa, oaepScheme, 'decrypt') },
        'decryptionKey',
      ],
      [
        {
          certificate,
          decryptionKey: await native(rsa, { ...oaepScheme, hash: 'SHA-1' }, 'decrypt'),
        },
        'decryptionKey',
      ],
      [{ certificate, decryptionKey: await native(rsa, oaepScheme, 'unwrapKey') }, 'decryptionKey'],
      [{ certificate: ec['P-256'].certificate, decryptionKey: oaepKey }, 'decryptionKey'],
      [
        {
          certificate: ec['P-256'].certificate,
          decryptionKey: await native(ecKey('P-256'), ecdh, 'deriveBits'),
        },
        'decryptionKey',
      ],
      [
        {
          certificate: ec['P-384'].certificate,
          decryptionKey: await native(ec['P-256'], ecdh, 'deriveBits'),
        },
        'decryptionKey',
      ],
      [{ certificate, decryptionKey: 'key' }, 'decryptionKey'],
    ] as const) {
      const given = options as unknown as Parameters<typeof fromCryptoKey>[0]; // wrong on purpose
      await expect(fromCryptoKey(given), JSON.stringify(options)).rejects.toThrow(
        bare('INVALID_ARGUMENT', field),
      );
    }
  });
});

describe('encryptOaep', () => {
  it('does not let an error of Web Crypto out', async () => {
    const plaintext = new Uint8Array(1000);
    await expect(
      encryptOaep({ publicKey: publicKeyOf(rsa), hash: 'SHA-256', plaintext }),
    ).rejects.toThrow(bare('ALGORITHM_NOT_ALLOWED', 'certificate'));
    const publicKey = { ...publicKeyOf(rsa), modulus: new Uint8Array(256) };
    await expect(encryptOaep({ publicKey, hash: 'SHA-256', plaintext: cek })).rejects.toThrow(
      bare('ALGORITHM_NOT_ALLOWED', 'certificate'),
    );
  });
});

/** What one can see of a rejection: the same for all of them. */
async function refusal(unwrapping: Promise<Uint8Array>): Promise<string> {
  const error = await unwrapping.then(
    () => new Error('was opened'),
    (reason: unknown) => reason,
  );
  expect(error).toEqual(bare('TOKEN_REJECTED', undefined));
  const { message: text, stack = '' } = error as Error; // by the line above
  const [, place] = stack.split('\n');
  return JSON.stringify([text, place, Object.entries(error as Error), 'cause' in (error as Error)]);
}

function bare(code: string, field: string | undefined): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}

async function verifies(signer: Signer): Promise<boolean> {
  const signature = await signer.sign(message);
  const { publicKey } = parseCertificate(signer.certificate);
  const kind = signer.algorithm === 'ECDSA' ? 'EC' : 'RSA';
  const algorithm = { kind, hash: signer.hash } as const;
  return verifySignature({ algorithm, publicKey, message, signature });
}

/** What a sender does: an ephemeral key, a key encryption key, and the content key wrapped. */
function wrapTo(
  { certificate }: TestKey,
  {
    hash,
    wrapAlgorithm,
    length,
  }: Pick<EcdhUnwrapRequest, 'hash' | 'wrapAlgorithm'> & { length: number },
): EcdhUnwrapRequest {
  const { curve, point } = parseCertificate(certificate).publicKey as EcPublicKey; // by the caller
  const ephemeral = generateKeyPair(curve, random);
  const z = agree({ curve, scalar: ephemeral.scalar, point }) ?? point;
  const kek = deriveX963({ hash, z, sharedInfo, length });
  const encryptedKey = wrapContentKey({ kek, key: cek });
  return {
    kind: 'ecdh',
    hash,
    publicPoint: ephemeral.point,
    sharedInfo,
    wrapAlgorithm,
    encryptedKey,
  };
}

function publicKeyOf({ certificate }: TestKey): RsaPublicKey {
  const { publicKey } = parseCertificate(certificate);
  if (publicKey.kind !== 'RSA') throw new Error('not an RSA key');
  return publicKey;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

function native(
  { pkcs8 }: TestKey,
  scheme: { name: string; hash?: string; namedCurve?: string },
  usage: KeyUsage,
): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', pkcs8, scheme, false, [usage]);
}
