import fc from 'fast-check';
import {
  fromHex,
  KeyblockError,
  parseKeyBlock,
  SecretKey,
  toHex,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import {
  type DeriveExchangeKeyOptions,
  deriveExchangeKey,
  generateExchangeKeyPair,
  type TokenHash,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatPkcs8, formatSpki } from '../../src/tr34/crypto/ecdh.js';
import { parseCertificate } from '../../src/tr34/x509/certificate.js';
import type { CurveName } from '../../src/tr34/x509/public-key.js';
import aws from '../vectors/aws.json' with { type: 'json' };
import oaep from '../vectors/primitives/rsa-oaep.json' with { type: 'json' };
import { fromBase64, rsaKey, unsignedCertificate } from './crypto/test-keys.js';

const CURVES: readonly CurveName[] = ['P-256', 'P-384', 'P-521'];

const parties = aws.ecdh.groups.map(({ curve, dU, dV, QU, QV, cases }) => {
  const name = curve as CurveName; // the file has these only
  const [u, v] = [
    { curve: name, scalar: fromHex(dU), point: fromHex(QU) },
    { curve: name, scalar: fromHex(dV), point: fromHex(QV) },
  ].map((pair) => ({ privateKey: formatPkcs8(pair), publicKey: formatSpki(pair) })) as [
    Party,
    Party,
  ];
  return { curve: name, u, v, cases };
});

interface Party {
  readonly privateKey: Uint8Array<ArrayBuffer>;
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

const base = {
  kdf: 'sp800-56c',
  hash: 'SHA-512',
  sharedInfo: fromHex('1234567890'),
  algorithm: 'AES',
  lengthBits: 128,
} as const;

describe('deriveExchangeKey', () => {
  it.each(parties)(
    'derives the known keys from either side: $curve',
    async ({ u, v, cases }) => {
      for (const [hash, sharedInfo, lengthBits, oneStep, x963] of cases) {
        for (const [kdf, expected] of [
          ['sp800-56c', oneStep],
          ['x9.63', x963],
        ] as const) {
          const options = {
            kdf,
            hash: hash as TokenHash, // the file has these only
            sharedInfo: fromHex(String(sharedInfo)),
            algorithm: 'AES',
            lengthBits: Number(lengthBits),
            strength: 'off',
          } as const;
          const ours = { privateKey: u.privateKey, publicKey: v.publicKey };
          const theirs = { privateKey: v.privateKey, publicKey: u.publicKey };
          for (const keys of [ours, theirs]) {
            const key = await deriveExchangeKey({ ...options, ...keys });
            expect(String(key)).toBe(`SecretKey AES-${lengthBits}`);
            expect(toHex(key.expose())).toBe(expected);
          }
          if (lengthBits === 256) continue;
          const tdes = await deriveExchangeKey({ ...options, ...ours, algorithm: 'TDES' });
          expect(String(tdes)).toBe(`SecretKey TDES-${lengthBits}`);
          expect(toHex(tdes.expose())).toBe(expected);
        }
      }
    },
    60_000,
  );

  it('has been given all sets', () => {
    expect(parties.flatMap(({ cases }) => cases)).toHaveLength(36);
  });

  it('derives a KBPK: keys travel from one side to the other as key blocks', async () => {
    const ours = generateExchangeKeyPair({ curve: 'P-521' });
    const theirs = generateExchangeKeyPair({ curve: 'P-521' });
    const options = { ...base, lengthBits: 256 };
    const sender = await deriveExchangeKey({
      ...options,
      privateKey: ours.privateKey,
      publicKey: theirs.publicKey,
    });
    const receiver = await deriveExchangeKey({
      ...options,
      privateKey: theirs.privateKey,
      publicKey: ours.publicKey,
    });
    for (const { name, key: hex } of aws.clearKeys.cases) {
      if (name.startsWith('HMAC')) continue;
      const algorithm = name.startsWith('KEK_A') ? 'AES' : 'TDES';
      const key = new SecretKey({ algorithm, bytes: fromHex(hex) });
      const keyBlock = wrapKey({
        kbpk: sender,
        key,
        header: {
          versionId: 'D',
          keyUsage: 'D0',
          algorithm: algorithm === 'AES' ? 'A' : 'T',
          modeOfUse: 'B',
          exportability: 'E',
        },
      });
      expect(toHex(unwrapKey({ kbpk: receiver, keyBlock }).key.expose())).toBe(hex);
    }
  });

  it.each(aws.keyBlocks.cases)('is no key to the published block: $where', async ({ keyBlock }) => {
    const { privateKey, publicKey } = generateExchangeKeyPair({ curve: 'P-256' });
    const kbpk = await deriveExchangeKey({ ...base, privateKey, publicKey });
    const { versionId } = parseKeyBlock(keyBlock).header;
    expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(
      expect.objectContaining({
        code: versionId === 'D' ? 'AUTHENTICATION_FAILED' : 'KBPK_MISMATCH',
      }),
    );
  });

  it.each(aws.certificates.cases)('takes the certificate $name for its key', async ({ der }) => {
    const certificate = fromBase64(der);
    const { spki } = parseCertificate(certificate).publicKey;
    const { privateKey } = generateExchangeKeyPair({ curve: 'P-521' });
    const keys = await Promise.all(
      [certificate, spki].map((publicKey) => deriveExchangeKey({ ...base, privateKey, publicKey })),
    );
    expect(keys[0]?.expose()).toEqual(keys[1]?.expose());
  });

  it('depends on everything that both sides have to agree on', async () => {
    const [{ u, v } = { u: undefined, v: undefined }] = parties;
    const keys = { privateKey: u?.privateKey, publicKey: v?.publicKey };
    const options = { ...base, ...keys } as DeriveExchangeKeyOptions; // there are three
    const derived = await Promise.all(
      [
        options,
        { ...options, kdf: 'x9.63' as const },
        { ...options, hash: 'SHA-384' as const },
        { ...options, sharedInfo: new Uint8Array() },
        { ...options, sharedInfo: fromHex('1234567891') },
        { ...options, publicKey: generateExchangeKeyPair({ curve: 'P-256' }).publicKey },
      ].map(async (each) => toHex((await deriveExchangeKey(each)).expose())),
    );
    expect(new Set(derived).size).toBe(derived.length);
  });

  it('derives no key that is stronger than the curve, unless told', async () => {
    const taken: string[] = [];
    for (const curve of CURVES) {
      const { privateKey, publicKey } = generateExchangeKeyPair({ curve });
      for (const [algorithm, lengthBits] of [
        ['TDES', 128],
        ['TDES', 192],
        ['AES', 128],
        ['AES', 192],
        ['AES', 256],
      ] as const) {
        const options = { ...base, privateKey, publicKey, algorithm, lengthBits };
        const outcome = await deriveExchangeKey(options).catch(
          (error: KeyblockError) => error.code,
        );
        if (outcome === 'KEY_STRENGTH') {
          expect((await deriveExchangeKey({ ...options, strength: 'off' })).lengthBits).toBe(
            lengthBits,
          );
        } else taken.push(`${curve} ${String(outcome).slice(10)}`);
      }
    }
    expect(taken).toEqual([
      ...['P-256 TDES-128', 'P-256 TDES-192', 'P-256 AES-128'],
      ...['P-384 TDES-128', 'P-384 TDES-192', 'P-384 AES-128', 'P-384 AES-192'],
      ...['P-521 TDES-128', 'P-521 TDES-192', 'P-521 AES-128', 'P-521 AES-192', 'P-521 AES-256'],
    ]);
  }, 60_000);
});

describe('deriveExchangeKey refuses', () => {
  const ours = generateExchangeKeyPair({ curve: 'P-256' });
  const theirs = generateExchangeKeyPair({ curve: 'P-256' });
  const options = { ...base, privateKey: ours.privateKey, publicKey: theirs.publicKey };
  const offCurve = theirs.publicKey.map((byte, i, { length }) =>
    i === length - 1 ? byte ^ 1 : byte,
  );
  let rsaSpki: Uint8Array;

  beforeAll(async () => {
    rsaSpki = (await rsaKey(fromBase64(oaep.groups[0]?.pkcs8 ?? ''))).spki;
  });

  it.each([
    [{ kdf: 'hkdf' }, 'INVALID_ARGUMENT', 'kdf'],
    [{ hash: 'SHA-1' }, 'INVALID_ARGUMENT', 'hash'],
    [{ hash: 'SHA-224' }, 'INVALID_ARGUMENT', 'hash'],
    [{ sharedInfo: undefined }, 'INVALID_ARGUMENT', 'sharedInfo'],
    [{ sharedInfo: '1234567890' }, 'INVALID_ARGUMENT', 'sharedInfo'],
    [{ sharedInfo: new Uint8Array(65_537) }, 'INPUT_TOO_LARGE', 'sharedInfo'],
    [{ algorithm: 'HMAC' }, 'INVALID_ARGUMENT', 'algorithm'],
    [{ lengthBits: '128' }, 'INVALID_ARGUMENT', 'lengthBits'],
    [{ lengthBits: 112 }, 'INVALID_LENGTH', 'lengthBits'],
    [{ lengthBits: Number.NaN }, 'INVALID_LENGTH', 'lengthBits'],
    [{ algorithm: 'TDES', lengthBits: 64 }, 'INVALID_LENGTH', 'lengthBits'],
    [{ algorithm: 'TDES', lengthBits: 256 }, 'INVALID_LENGTH', 'lengthBits'],
    [{ lengthBits: 256 }, 'KEY_STRENGTH', 'curve'],
    [{ strength: 'tr34' }, 'INVALID_ARGUMENT', 'strength'],
    [{ publicKey: undefined }, 'INVALID_ARGUMENT', 'publicKey'],
    [{ publicKey: new Uint8Array() }, 'TOKEN_MALFORMED', 'publicKey'],
    [{ publicKey: theirs.publicKey.slice(26) }, 'TOKEN_MALFORMED', 'publicKey'],
    [{ publicKey: offCurve }, 'INVALID_ARGUMENT', 'publicKey'],
    [{ publicKey: unsignedCertificate(offCurve) }, 'INVALID_ARGUMENT', 'publicKey'],
    [{ privateKey: undefined }, 'INVALID_ARGUMENT', 'privateKey'],
    [{ privateKey: theirs.publicKey }, 'INVALID_ARGUMENT', 'privateKey'],
    [
      { privateKey: generateExchangeKeyPair({ curve: 'P-384' }).privateKey },
      'INVALID_ARGUMENT',
      'privateKey',
    ],
  ])('%j', async (change, code, field) => {
    const given = { ...options, ...change } as unknown as DeriveExchangeKeyOptions; // wrong on purpose
    await expect(deriveExchangeKey(given)).rejects.toThrow(
      expect.objectContaining({ constructor: KeyblockError, code, field }),
    );
  });

  it('an RSA key', async () => {
    await expect(deriveExchangeKey({ ...options, publicKey: rsaSpki })).rejects.toThrow(
      expect.objectContaining({ code: 'ALGORITHM_NOT_ALLOWED', field: 'publicKey' }),
    );
  });

  it('a key that was destroyed', async () => {
    const { privateKey } = generateExchangeKeyPair({ curve: 'P-256' });
    privateKey.destroy();
    await expect(deriveExchangeKey({ ...options, privateKey })).rejects.toThrow(
      expect.objectContaining({ code: 'KEY_DESTROYED' }),
    );
  });

  it('options that are not its own', async () => {
    await expect(deriveExchangeKey(Object.create(options))).rejects.toThrow(KeyblockError);
  });
});

describe('generateExchangeKeyPair', () => {
  it.each(parties)('gives the known keys for the known numbers: $curve', ({ curve, u }) => {
    const group = aws.ecdh.groups.find((each) => each.curve === curve);
    const pair = generateExchangeKeyPair({ curve, randomBytes: () => fromHex(group?.dU ?? '') });
    expect(pair.publicKey).toEqual(u.publicKey);
    expect(pair.privateKey.expose()).toEqual(u.privateKey);
    expect(String(pair.privateKey)).toBe('SecretKey EC');
  });

  it('gives key pairs that agree, whatever the numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CURVES), async (curve) => {
        const [a, b] = [generateExchangeKeyPair({ curve }), generateExchangeKeyPair({ curve })];
        const ours = { privateKey: a.privateKey, publicKey: b.publicKey };
        const theirs = { privateKey: b.privateKey, publicKey: a.publicKey };
        const keys = await Promise.all(
          [ours, theirs].map((each) => deriveExchangeKey({ ...base, ...each })),
        );
        expect(keys[0]?.expose()).toEqual(keys[1]?.expose());
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it.each([
    [{ curve: 'P-224' }, 'INVALID_ARGUMENT', 'curve'],
    [{}, 'INVALID_ARGUMENT', 'curve'],
    [{ curve: 'P-256', randomBytes: 7 }, 'INVALID_ARGUMENT', 'randomBytes'],
    [{ curve: 'P-256', randomBytes: () => new Uint8Array(31) }, 'INVALID_ARGUMENT', 'randomBytes'],
    [{ curve: 'P-256', randomBytes: () => new Uint8Array(32) }, 'WEAK_KEY', 'randomBytes'],
  ])('refuses %j', (options, code, field) => {
    const given = options as unknown as Parameters<typeof generateExchangeKeyPair>[0]; // wrong on purpose
    expect(() => generateExchangeKeyPair(given)).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code, field }),
    );
  });
});
