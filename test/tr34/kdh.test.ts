import fc from 'fast-check';
import { fromHex, SecretKey, toHex } from 'keyblock';
import {
  type CreateKeyTokenOptions,
  createAuthorityRebindToken,
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createRebindToken,
  createUnbindToken,
  type KeyInput,
  type KrdState,
  type Profile,
  parseToken,
  receive,
  type Signer,
  type TokenFreshness,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ANNEX_B,
  boundKrd,
  concatenate,
  crlOf,
  DAY,
  enrol,
  eventOf,
  flipBit,
  GENERATED,
  HEADERS,
  idOf,
  inside,
  keyOf,
  keyTokenOptions,
  type Look,
  look,
  lookAll,
  NONCE,
  type Party,
  RECEIVER,
  signerOf,
  TDES_KEY,
  toBase64,
  trustOf,
  type World,
} from './scenario.js';

const { at } = RECEIVER;

const CONTENT_TYPE = '2A864886F70D010903';
const MESSAGE_DIGEST = '2A864886F70D010904';
const SIGNING_TIME = '2A864886F70D010905';
const NONCE_OID = '2A864886F70D01091903';
const HEADER_OID = '2A864886F70D010701';
const DES_EDE3_CBC = '2A864886F70D0307';
const AES_128_CBC = '608648016503040102';
const AES_192_CBC = '608648016503040116';
const AES_256_CBC = '60864801650304012A';
/** OIDs with their tag and length. */
const RSA_ENCRYPTION = '06092A864886F70D010101';
const SHA256_WITH_RSA = '06092A864886F70D01010B';

/** The parameters of OAEP with SHA-256 (RFC 4055 4.1), and as Annex B prints them. */
const OAEP = {
  tagged:
    '302FA00F300D06096086480165030402010500A11C301A06092A864886F70D010108300D06096086480165030402010500',
  untagged:
    '3038300D06096086480165030402010500301806092A864886F70D010108300B0609608648016503040201300D06092A864886F70D0101090400',
} as const;

/** Where things stand in an envelope. */
const ENCRYPTED_KEY = [1, 0, 3] as const;
const IV = [2, 1, 1] as const;
const CIPHERTEXT = [2, 2] as const;

const NONCE_TEXT = 'A0A1A2A3A4A5A6A7';

const AES_128 = fromHex('2B7E151628AED2A6ABF7158809CF4F3C');

/** What a sender of RSA can write. */
const RSA_PROFILES: readonly Profile[] = [
  'tr34-2019',
  'annex-b',
  'tr34-2019-print',
  'x9-tr34-2012',
  'annex-d',
  'cms',
];

const KEYS = [
  ['two-key TDES', 'TDES', HEADERS.tdes, 16],
  ['three-key TDES', 'TDES', HEADERS.tdes, 24],
  ['AES-128', 'AES', HEADERS.aes, 16],
  ['AES-192', 'AES', HEADERS.aes, 24],
  ['AES-256', 'AES', HEADERS.aes, 32],
  ['HMAC', 'HMAC', HEADERS.hmac, 64],
] as const;

const FRESH: readonly TokenFreshness[] = [{ nonce: NONCE }, { signingTime: at }];

/** Devices with key pairs of their own, by the name of the algorithm. */
const devices = new Map<string, Party>();
let crl: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  crl = await crlOf(RECEIVER);
  for (const algorithm of ['RSA-2048', 'P-256', 'P-384', 'P-521'] as const) {
    devices.set(algorithm, await enrol(RECEIVER, 'krd', algorithm));
  }
}, 60_000);

describe('createKeyToken', () => {
  describe.each(RSA_PROFILES)('in the profile %s', (profile) => {
    it.each(KEYS)('sends %s to an RSA key', async (_name, algorithm, header, length) => {
      for (const freshness of FRESH) {
        const key = crypto.getRandomValues(new Uint8Array(length));
        const received = await exchange('RSA-2048', { key, header, freshness, profile });
        expect(received.key.expose()).toEqual(key);
        expect(received.key.algorithm).toBe(algorithm);
        expect(received.header).toBe(header);
        expect(received.profile).toBe(profile === 'annex-b' ? 'tr34-2019' : profile);
      }
    });
  });

  describe.each(['P-256', 'P-384', 'P-521'])('to a key on %s', (curve) => {
    it.each(KEYS)('sends %s', async (_name, algorithm, header, length) => {
      const key = crypto.getRandomValues(new Uint8Array(length));
      const ukm = crypto.getRandomValues(new Uint8Array(64));
      for (const others of FRESH.flatMap((freshness) => [{ freshness }, { freshness, ukm }])) {
        const received = await exchange(curve, { key, header, ...others });
        expect(received.key.expose()).toEqual(key);
        expect(received.key.algorithm).toBe(algorithm);
        expect(received.header).toBe(header);
        expect(received.profile).toBe('ec');
      }
    });
  });

  it.each(['P-256', 'P-384', 'P-521'] as const)('signs with a key on %s', async (curve) => {
    const kdh = await enrol(RECEIVER, 'kdh', curve);
    const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_KEY });
    const received = await exchange('RSA-2048', { key, kdh: await keyOf(kdh) }, kdh);
    expect(received.key.expose()).toEqual(TDES_KEY);
  });

  it('carries any key of any known header', async () => {
    const anyKey = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const anyUsage = fc.constantFrom('K0', 'K1', 'P0', 'B0', 'D0', 'M3', 'V2');
    const anyNonce = fc.uint8Array({ minLength: 8, maxLength: 64 });
    const { kdh, krd } = RECEIVER;
    const options = await keyTokenOptions(RECEIVER, { strength: 'tr34' });
    const unwrapper = await keyOf(krd);
    const property = fc.asyncProperty(anyKey, anyUsage, anyNonce, async (key, usage, nonce) => {
      const header = `A9999${usage}AB37S0000`;
      const token = await createKeyToken({ ...options, key, header, freshness: { nonce } });
      const state = boundKrd(RECEIVER, { nonce: toHex(nonce) });
      expect(state.bound).toBe(toBase64(kdh.certificate));
      const policy = { strength: 'tr34' } as const;
      const event = eventOf(await receive({ state, token, unwrapper, at, policy }), 'key');
      expect(event.key.expose()).toEqual(new Uint8Array(key));
      expect(event.header).toBe(header);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('never makes the same token twice', async () => {
    const options = await keyTokenOptions(RECEIVER);
    const made = [await createKeyToken(options), await createKeyToken(options)];
    const [first, second] = made.map((token) => envelopeOf(token));
    for (const path of [ENCRYPTED_KEY, IV, CIPHERTEXT]) {
      const [a, b] = [first, second].map((envelope) => envelope && inside(envelope, ...path));
      expect(a?.content).not.toEqual(b?.content);
    }
  });

  it('leaves its arguments as they are, and takes copies', async () => {
    const key = new Uint8Array(TDES_KEY);
    const nonce = new Uint8Array(NONCE);
    const pending = createKeyToken(await keyTokenOptions(RECEIVER, { key, freshness: { nonce } }));
    expect(key).toEqual(TDES_KEY);
    key.fill(0);
    nonce.fill(0);
    const received = await receive({
      state: boundKrd(RECEIVER, { nonce: toHex(NONCE) }),
      token: await pending,
      unwrapper: await keyOf(RECEIVER.krd),
      at,
    });
    expect(eventOf(received, 'key').key.expose()).toEqual(TDES_KEY);
  });

  it('reads the list of devices before it waits for anything', async () => {
    const ofDevices = { ...RECEIVER, caKdh: RECEIVER.caKrd };
    const krdCrl = await crlOf(ofDevices, { revoked: [RECEIVER.krd] });
    const options = await keyTokenOptions(RECEIVER, { krdCrl });
    const pending = createKeyToken(options);
    Reflect.deleteProperty(options, 'krdCrl');
    krdCrl.fill(0);
    await expect(pending).rejects.toThrow(expect.objectContaining({ code: 'CERTIFICATE_REVOKED' }));
  });

  it('hands the content key to the encryptor given, which may take its time', async () => {
    const contentKeys: Uint8Array[] = [];
    const token = await createKeyToken(
      await keyTokenOptions(RECEIVER, {
        keyEncryptor: async (contentKey) => {
          contentKeys.push(new Uint8Array(contentKey));
          await Promise.resolve();
          return new Uint8Array(256).fill(9);
        },
      }),
    );
    expect(contentKeys).toHaveLength(1);
    expect(contentKeys[0]).toHaveLength(24);
    expect(inside(envelopeOf(token), ...ENCRYPTED_KEY).content).toEqual(
      new Uint8Array(256).fill(9),
    );
  });

  it('takes nothing from an encryptor that is not as long as the modulus', async () => {
    const answers = [(key: Uint8Array) => key, () => new Uint8Array(0), () => new Uint8Array(255)];
    for (const keyEncryptor of answers) {
      const options = await keyTokenOptions(RECEIVER, { keyEncryptor });
      await expect(createKeyToken(options)).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_LENGTH', field: 'keyEncryptor' }),
      );
    }
  });

  it('cuts the time of signing to seconds', async () => {
    const signingTime = new Date('2026-06-01T12:00:00.999Z');
    const token = await createKeyToken(
      await keyTokenOptions(RECEIVER, { freshness: { signingTime } }),
    );
    expect(parseToken(token).signingTime).toEqual(new Date('2026-06-01T12:00:00Z'));
  });

  it.each([
    ['2049-12-31T23:59:59Z', 0x17],
    ['2050-01-01T00:00:00Z', 0x18],
  ])('writes %s as RFC 5652 11.3 has it', async (text, tag) => {
    const signingTime = new Date(text);
    const token = await createKeyToken(
      await keyTokenOptions(RECEIVER, { freshness: { signingTime } }),
    );
    const times = attributesOf(token).filter(({ oid }) => oid === SIGNING_TIME);
    expect(times.map(({ value }) => value.tag)).toEqual([tag]);
    expect(parseToken(token).signingTime).toEqual(signingTime);
  });
});

describe('the shape of a key token', () => {
  const CONTENT_TYPE_FIRST = [CONTENT_TYPE, NONCE_OID, HEADER_OID, MESSAGE_DIGEST];
  const SORTED = [CONTENT_TYPE, HEADER_OID, NONCE_OID, MESSAGE_DIGEST];

  it.each([
    ['tr34-2019', 1, SORTED, RSA_ENCRYPTION, 'untagged', 'whole', 'beside'],
    ['annex-b', 1, CONTENT_TYPE_FIRST, RSA_ENCRYPTION, 'untagged', 'whole', 'beside'],
    ['tr34-2019-print', 1, CONTENT_TYPE_FIRST, RSA_ENCRYPTION, 'untagged', 'whole', 'inside'],
    ['x9-tr34-2012', 1, CONTENT_TYPE_FIRST, RSA_ENCRYPTION, 'untagged', 'contents', 'inside'],
    ['annex-d', 3, SORTED, SHA256_WITH_RSA, 'tagged', 'whole', 'beside'],
    ['cms', 3, SORTED, SHA256_WITH_RSA, 'tagged', 'whole', 'beside'],
  ] as const)('of %s', async (profile, version, order, algorithm, oaep, form, placement) => {
    const token = await createKeyToken(await keyTokenOptions(RECEIVER, { profile, crl }));
    const signedData = inside(look(token), 1, 0);
    expect(signedData.inside.map(({ tag }) => tag)).toEqual([0x02, 0x31, 0x30, 0xa1, 0x31]);
    expect(inside(signedData, 0).content).toEqual(Uint8Array.of(version));
    expect(inside(signedData, 3).content).toEqual(crl);
    // The parameters of a hash are absent (RFC 5754 2).
    expect(toHex(inside(signedData, 1).content)).toBe('300B0609608648016503040201');

    expect(attributesOf(token).map(({ oid }) => oid)).toEqual(order);
    const signer = inside(signedData, 4, 0);
    expect(inside(signer, 0).content).toEqual(Uint8Array.of(1));
    expect(inside(signer, 1).bytes).toEqual(idOf(RECEIVER.kdh.certificate));
    expect(toHex(inside(signer, 4).content)).toBe(`${algorithm}0500`);
    expect(inside(signer, 5).content).toHaveLength(256);

    const content = inside(signedData, 2, 1, 0).content;
    expect(content[0]).toBe(form === 'whole' ? 0x30 : 0x02);
    const envelope = envelopeOf(token);
    expect(inside(envelope, 0).content).toEqual(Uint8Array.of(0));
    const recipient = inside(envelope, 1, 0);
    expect(recipient.tag).toBe(0x30);
    expect(inside(recipient, 0).content).toEqual(Uint8Array.of(0));
    expect(inside(recipient, 1).bytes).toEqual(idOf(RECEIVER.krd.certificate));
    expect(toHex(inside(recipient, 2, 1).bytes)).toBe(OAEP[oaep]);
    const encrypted = inside(envelope, 2);
    expect(encrypted.inside.map(({ tag }) => tag)).toEqual(
      placement === 'beside' ? [0x06, 0x30, 0x80] : [0x06, 0x30],
    );
    expect(inside(encrypted, 1).inside.map(({ tag }) => tag)).toEqual(
      placement === 'beside' ? [0x06, 0x04] : [0x06, 0x04, 0x80],
    );
  });

  it('of an elliptic curve', async () => {
    const world = { ...RECEIVER, krd: device('P-521') };
    const ukm = new Uint8Array(64).fill(0x77);
    for (const others of [{}, { ukm }]) {
      const token = await createKeyToken(await keyTokenOptions(world, others));
      expect(inside(look(token), 1, 0, 0).content).toEqual(Uint8Array.of(3));
      expect(attributesOf(token).map(({ oid }) => oid)).toEqual(SORTED);
      const envelope = envelopeOf(token);
      expect(inside(envelope, 0).content).toEqual(Uint8Array.of(2));
      const recipient = inside(envelope, 1, 0);
      expect(recipient.tag).toBe(0xa1);
      expect(inside(recipient, 0).content).toEqual(Uint8Array.of(3));
      const tags = recipient.inside.map(({ tag }) => tag);
      expect(tags).toEqual('ukm' in others ? [2, 0xa0, 0xa1, 0x30, 0x30] : [2, 0xa0, 0x30, 0x30]);
      const key = inside(recipient, 1, 0);
      // id-ecPublicKey without a curve, and a point of 133 bytes.
      expect(toHex(inside(key, 0).bytes)).toBe('300906072A8648CE3D0201');
      expect(inside(key, 1).content.subarray(0, 2)).toEqual(Uint8Array.of(0, 4));
      expect(inside(key, 1).content).toHaveLength(134);
      if ('ukm' in others) expect(inside(recipient, 2, 0).content).toEqual(ukm);
      const [algorithm, recipients] = recipient.inside.slice(-2);
      // dhSinglePass-stdDH-sha512kdf-scheme with id-aes256-wrap, whose parameters are absent.
      expect(toHex(algorithm?.content ?? new Uint8Array(0))).toBe(
        '06062B8104010B03300B060960864801650304012D',
      );
      expect(recipients?.inside.map((one) => toHex(inside(one, 0).bytes))).toEqual([
        toHex(idOf(world.krd.certificate)),
      ]);
    }
  });

  it.each([
    ['SHA-256', '2A864886F70D01010B', 32],
    ['SHA-384', '2A864886F70D01010C', 48],
    ['SHA-512', '2A864886F70D01010D', 64],
  ] as const)('follows the hash of the signer: %s', async (hash, algorithm, length) => {
    const kdh = await signerOf(RECEIVER.kdh, hash);
    const options = await keyTokenOptions(RECEIVER, { kdh, profile: 'cms' });
    const token = await createKeyToken(options);
    const signer = signerInfoOf(token);
    expect(toHex(inside(signer, 4, 0).content)).toBe(algorithm);
    const [digest] = attributesOf(token).filter(({ oid }) => oid === MESSAGE_DIGEST);
    expect(digest?.value.content).toHaveLength(length);
    const hashOid = toHex(inside(signer, 2, 0).content);
    expect(toHex(inside(envelopeOf(token), 1, 0, 2, 1)?.bytes)).toContain(hashOid);
  });

  it.each(['tr34-2019', 'cms'] as const)(
    'has a cipher as strong as the key: %s',
    async (profile) => {
      for (const [key, header, cipher, length] of [
        [TDES_KEY, HEADERS.tdes, DES_EDE3_CBC, 8],
        [AES_128, HEADERS.aes, AES_128_CBC, 16],
        [TDES_KEY, HEADERS.aes, AES_256_CBC, 16],
        [concatenate(AES_128, AES_128), HEADERS.aes, AES_256_CBC, 16],
      ] as const) {
        const strength = 'off' as const;
        const options = await keyTokenOptions(RECEIVER, { key, header, profile, strength });
        const envelope = envelopeOf(await createKeyToken(options));
        expect(toHex(inside(envelope, 2, 1, 0).content)).toBe(cipher);
        expect(inside(envelope, 2, 1, 1).content).toHaveLength(length);
      }
    },
  );

  it.each([
    ['P-256', AES_128_CBC],
    ['P-384', AES_192_CBC],
    ['P-521', AES_256_CBC],
  ])('has the cipher that fits the curve: %s', async (curve, cipher) => {
    const options = await keyTokenOptions({ ...RECEIVER, krd: device(curve) });
    const envelope = envelopeOf(await createKeyToken(options));
    expect(toHex(inside(envelope, 2, 1, 0).content)).toBe(cipher);
  });

  it.each(['P-384', 'P-521'])('takes no encryptor for a device of %s', async (curve) => {
    const keyEncryptor = vi.fn(() => new Uint8Array(256));
    const options = await keyTokenOptions({ ...RECEIVER, krd: device(curve) }, { keyEncryptor });
    await expect(createKeyToken(options)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'keyEncryptor' }),
    );
    expect(keyEncryptor).not.toHaveBeenCalled();
  });

  it('carries a CRL only where one is given', async () => {
    const token = await createKeyToken(await keyTokenOptions(RECEIVER));
    const tags = inside(look(token), 1, 0).inside.map(({ tag }) => tag);
    expect(tags).toEqual([0x02, 0x31, 0x30, 0x31]);
  });

  it('never carries the certificate of the signer', async () => {
    const hex = toHex(await createKeyToken(await keyTokenOptions(RECEIVER, { crl })));
    expect(hex).not.toContain(toHex(RECEIVER.kdh.certificate));
  });

  it('hides the key, and the key of the key', async () => {
    const contentKey = fromHex('00112233445566778899AABBCCDDEEFF0123456789ABCDEF');
    const randomBytes = (length: number) => contentKey.slice(0, length);
    const token = await createKeyToken(await keyTokenOptions(RECEIVER, { randomBytes }));
    expect(toHex(token)).not.toContain(toHex(TDES_KEY));
    expect(toHex(token)).not.toContain(toHex(contentKey));
  });
});

describe('the shape of a token about a binding', () => {
  it.each([
    ['tr34-2019', 1, 0x02, RSA_ENCRYPTION],
    ['annex-b', 1, 0x02, RSA_ENCRYPTION],
    ['cms', 3, 0x30, SHA256_WITH_RSA],
  ] as const)('of %s', async (profile, version, first, algorithm) => {
    const rebind = await createRebindToken({ ...(await rebindOptions()), profile });
    const byCa = await createAuthorityRebindToken({ ...(await authorityOptions()), profile });
    const unbind = await createUnbindToken({ ...(await rebindOptions()), profile });
    for (const token of [rebind, byCa, unbind]) {
      expect(inside(look(token), 1, 0, 0).content).toEqual(Uint8Array.of(version));
      expect(toHex(inside(signerInfoOf(token), 4).content)).toBe(`${algorithm}0500`);
    }
    for (const token of [rebind, byCa]) {
      expect(inside(look(token), 1, 0, 2, 1, 0).content[0]).toBe(first);
    }
    const { recipients } = parseToken(byCa);
    expect(recipients).toEqual([idOf(RECEIVER.krd.certificate), idOf(RECEIVER.kdh.certificate)]);
    expect(parseToken(rebind).certificate).toEqual(RECEIVER.nextKdh.certificate);
    expect(parseToken(unbind).recipients).toEqual([idOf(RECEIVER.krd.certificate)]);
  });

  it('is signed without attributes where the CA of the devices releases', async () => {
    const token = await createAuthorityUnbindToken(await authorityOptions());
    expect(signerInfoOf(token).inside.map(({ tag }) => tag)).toEqual([2, 0x30, 0x30, 0x30, 4]);
  });

  it('orders 16 bytes of nonce as DER wants, unless the print is asked for', async () => {
    const options = await rebindOptions();
    const sorted = attributesOf(await createUnbindToken({ ...options, nonce: NONCE }));
    const printed = attributesOf(
      await createUnbindToken({ ...options, nonce: NONCE, profile: 'annex-b' }),
    );
    expect(sorted.map(({ oid }) => oid)).toEqual([CONTENT_TYPE, NONCE_OID, MESSAGE_DIGEST]);
    expect(printed).toEqual(sorted);
  });
});

describe('createKeyToken refuses', () => {
  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [{ at: undefined }, 'INVALID_ARGUMENT', 'at'],
    [{ at: at.getTime() }, 'INVALID_ARGUMENT', 'at'],
    [{ at: new Date(Number.NaN) }, 'INVALID_ARGUMENT', 'at'],
    [{ kdh: undefined }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: null }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ sign: undefined }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ hash: 'SHA-1' }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ algorithm: 'ECDSA' }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ algorithm: 'RSA-PSS' }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ certificate: undefined }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ certificate: new Uint8Array(4) }) }, 'TOKEN_MALFORMED', 'kdh'],
    [{ kdh: signer({ sign: () => Promise.resolve('00') }) }, 'INVALID_ARGUMENT', 'signer'],
    [{ krdCertificate: undefined }, 'INVALID_ARGUMENT', 'krdCertificate'],
    [{ krdCertificate: toHex(RECEIVER.krd.certificate) }, 'INVALID_ARGUMENT', 'krdCertificate'],
    [{ krdCertificate: RECEIVER.krd.pkcs8 }, 'TOKEN_MALFORMED', 'krdCertificate'],
    [{ trust: undefined }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { root: RECEIVER.root.certificate } }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { caKrd: RECEIVER.caKrd.certificate } }, 'INVALID_ARGUMENT', 'trust'],
    [{ trust: { ...trustOf(RECEIVER), root: new Uint8Array(1) } }, 'TOKEN_MALFORMED', 'trust'],
    [{ profile: 'pkcs7' }, 'INVALID_ARGUMENT', 'profile'],
    [{ profile: 'constructor' }, 'INVALID_ARGUMENT', 'profile'],
    [{ profile: 'ec' }, 'INVALID_ARGUMENT', 'profile'],
    [{ header: undefined }, 'INVALID_ARGUMENT', 'header'],
    [{ header: new Uint8Array(16) }, 'INVALID_ARGUMENT', 'header'],
    [{ header: 'D0000K0AB00E' }, 'INVALID_LENGTH', 'header'],
    [{ header: 'D0000K0TB00E000' }, 'INVALID_LENGTH', 'header'],
    [{ header: `D0000K0TB00E0000${' '.repeat(9999)}` }, 'INPUT_TOO_LARGE', 'header'],
    [{ header: 'D0000K0TB00E0000 ' }, 'INVALID_LENGTH', 'header'],
    [{ header: 'Z0000K0TB00E0000' }, 'UNSUPPORTED', 'versionId'],
    [{ header: 'D0000K0TB00E00\u00E90' }, 'INVALID_CHARACTER', 'header'],
    [{ header: 'D0000K0TB00E0100LB08\u00E9abc' }, 'INVALID_CHARACTER', 'header'],
    [{ header: 'D0000ZZTB00E0000' }, 'INVALID_HEADER', 'keyUsage'],
    [{ header: 'D0000K0ZB00E0000' }, 'INVALID_HEADER', 'algorithm'],
    [{ header: 'D0000K0TZ00E0000' }, 'INVALID_HEADER', 'modeOfUse'],
    [{ header: 'D0000K0TB00Z0000' }, 'INVALID_HEADER', 'exportability'],
    [{ freshness: undefined }, 'INVALID_ARGUMENT', 'freshness'],
    [{ freshness: NONCE_TEXT }, 'INVALID_ARGUMENT', 'freshness'],
    [{ freshness: {} }, 'INVALID_ARGUMENT', undefined],
    [{ freshness: { nonce: NONCE_TEXT } }, 'INVALID_ARGUMENT', 'nonce'],
    [{ freshness: { nonce: NONCE.subarray(0, 7) } }, 'INVALID_LENGTH', 'nonce'],
    [{ freshness: { nonce: new Uint8Array(65) } }, 'INVALID_LENGTH', 'nonce'],
    [{ freshness: { signingTime: 0 } }, 'INVALID_ARGUMENT', 'signingTime'],
    [{ freshness: { signingTime: new Date(Number.NaN) } }, 'INVALID_ARGUMENT', 'signingTime'],
    [{ freshness: { signingTime: new Date('1949-12-31') } }, 'INVALID_ARGUMENT', 'signingTime'],
    [{ freshness: Object.create({ nonce: NONCE }) }, 'INVALID_ARGUMENT', undefined],
    [{ freshness: Object.create({ signingTime: at }) }, 'INVALID_ARGUMENT', undefined],
    [{ crl: 'CRL' }, 'INVALID_ARGUMENT', 'crl'],
    [{ crl: RECEIVER.krd.certificate }, 'TOKEN_MALFORMED', 'crl'],
    [{ strength: 'none' }, 'INVALID_ARGUMENT', 'strength'],
    [{ tolerate: 'stale-crl' }, 'INVALID_ARGUMENT', 'policy'],
    [{ tolerate: ['everything'] }, 'INVALID_ARGUMENT', 'policy'],
    [{ ukm: new Uint8Array(63) }, 'INVALID_LENGTH', 'ukm'],
    [{ ukm: 'ukm' }, 'INVALID_ARGUMENT', 'ukm'],
    [{ randomBytes: 7 }, 'INVALID_ARGUMENT', 'randomBytes'],
    [{ randomBytes: () => new Uint8Array(1) }, 'INVALID_ARGUMENT', 'randomBytes'],
    [{ randomBytes: (length: number) => new Uint8Array(length) }, 'WEAK_KEY', 'randomBytes'],
    [{ keyEncryptor: 'RSA' }, 'INVALID_ARGUMENT', 'keyEncryptor'],
    [{ keyEncryptor: (): string => '00' }, 'INVALID_ARGUMENT', 'keyEncryptor'],
    [{ keyEncryptor: (): Promise<void> => Promise.resolve() }, 'INVALID_ARGUMENT', 'keyEncryptor'],
    [{ key: undefined }, 'INVALID_ARGUMENT', 'key'],
    [{ key: toHex(TDES_KEY) }, 'INVALID_ARGUMENT', 'key'],
    [{ key: TDES_KEY.subarray(0, 8) }, 'INVALID_LENGTH', 'key'],
    [{ key: new Uint8Array(0) }, 'INVALID_LENGTH', 'key'],
    [{ key: new Uint8Array(1025), header: HEADERS.hmac }, 'INVALID_LENGTH', 'key'],
    [{ key: secret('AES', AES_128) }, 'INVALID_ARGUMENT', 'algorithm'],
    [{ key: destroyed() }, 'KEY_DESTROYED', 'key'],
  ] as const)('what is no argument: %#', async (others, code, field) => {
    const options = others && { ...(await keyTokenOptions(RECEIVER)), ...others };
    const expected = field === undefined ? { code } : { code, field };
    await expect(createKeyToken(options as unknown as CreateKeyTokenOptions)).rejects.toThrow(
      expect.objectContaining({ name: 'KeyblockError', ...expected }),
    );
  });

  it('a profile of RSA for an elliptic curve', async () => {
    const world = { ...RECEIVER, krd: device('P-256') };
    for (const profile of RSA_PROFILES) {
      await expect(createKeyToken(await keyTokenOptions(world, { profile }))).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'profile' }),
      );
    }
  });

  it.each([
    ['one of another CA', GENERATED['RSA-4096'].krd, {}],
    ['one that signs', RECEIVER.kdh, {}],
    ['a CA', RECEIVER.caKrd, {}],
    ['one under another root', RECEIVER.krd, { trust: trustOf(GENERATED['RSA-4096']) }],
    [
      'one by the CA of the hosts',
      RECEIVER.krd,
      { trust: { ...trustOf(RECEIVER), caKrd: RECEIVER.caKdh.certificate } },
    ],
  ] as const)('a device that is %s', async (_what, { certificate }, others) => {
    const options = await keyTokenOptions(RECEIVER, { krdCertificate: certificate, ...others });
    await expect(createKeyToken(options)).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED', field: 'krdCertificate' }),
    );
  });

  it('a device that is expired, or not there yet', async () => {
    const krd = device('RSA-2048');
    for (const days of [-2, 61]) {
      const options = await keyTokenOptions(
        { ...RECEIVER, krd },
        { at: new Date(at.getTime() + days * DAY) },
      );
      await expect(createKeyToken(options)).rejects.toThrow(
        expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED', field: 'krdCertificate' }),
      );
    }
  });

  it('to send when it is expired itself, or on its own list', async () => {
    const expired = await keyTokenOptions(ANNEX_B, { at: new Date('2021-01-01') });
    await expect(createKeyToken(expired)).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED', field: 'kdh' }),
    );
    const listing = await crlOf(RECEIVER, { revoked: [RECEIVER.kdh] });
    await expect(createKeyToken(await keyTokenOptions(RECEIVER, { crl: listing }))).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_REVOKED', field: 'kdh' }),
    );
    const foreign = await crlOf({ ...RECEIVER, caKdh: RECEIVER.caKrd });
    await expect(createKeyToken(await keyTokenOptions(RECEIVER, { crl: foreign }))).rejects.toThrow(
      expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
    );
  });

  it('to send with a CRL that is over, unless that is put up with', async () => {
    const options = await keyTokenOptions(RECEIVER, { crl });
    const later = { ...options, at: new Date(at.getTime() + 31 * DAY) };
    await expect(createKeyToken(later)).rejects.toThrow(
      expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
    );
    const token = await createKeyToken({ ...later, tolerate: ['stale-crl'] });
    expect(parseToken(token).crl).toEqual(crl);
  });

  it('to send with a CRL of the future, as every device does, whatever is put up with', async () => {
    const early = async (seconds: number) => ({
      ...(await keyTokenOptions(RECEIVER, { crl, tolerate: ['stale-crl'] })),
      at: new Date(at.getTime() - DAY - 1000 * seconds),
    });
    await expect(createKeyToken(await early(1))).rejects.toThrow(
      expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
    );
    expect(parseToken(await createKeyToken(await early(0))).crl).toEqual(crl);
  });

  it('a device that its CA has revoked', async () => {
    const { caKrd: caKdh, krd } = RECEIVER;
    const ofDevices = (revoked: readonly Party[], age = 1) =>
      crlOf({ ...RECEIVER, caKdh }, { revoked, age });
    const sending = async (krdCrl: Uint8Array) =>
      createKeyToken(await keyTokenOptions(RECEIVER, { krdCrl }));
    await expect(sending(await ofDevices([krd]))).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_REVOKED', field: 'krdCertificate' }),
    );
    expect(parseToken(await sending(await ofDevices([]))).crl).toBeUndefined();
    for (const unfit of [crl, await ofDevices([], -1)]) {
      await expect(sending(unfit)).rejects.toThrow(
        expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
      );
    }
  });

  it('a device that the one CA of both has revoked', async () => {
    const world: World = { ...RECEIVER, caKdh: RECEIVER.caKrd };
    const kdh = await enrol(world, 'kdh', 'RSA-2048');
    const sending = async (revoked: readonly Party[]) =>
      createKeyToken(
        await keyTokenOptions({ ...world, kdh }, { crl: await crlOf(world, { revoked }) }),
      );
    expect(parseToken(await sending([])).kind).toBe('key');
    await expect(sending([RECEIVER.krd])).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_REVOKED', field: 'krdCertificate' }),
    );
  });

  it('a list of the one CA of both that somebody has altered', async () => {
    const world: World = { ...RECEIVER, caKdh: RECEIVER.caKrd };
    const kdh = await enrol(world, 'kdh', 'RSA-2048');
    const list = await crlOf(world, { revoked: [RECEIVER.krd] });
    const serialNumber = inside(look(list), 0, 5, 0, 0).bytes;
    const endOfSerial = serialNumber.byteOffset + serialNumber.length - list.byteOffset;
    for (const end of [endOfSerial, list.length]) {
      const altered = flipBit(list, 8 * end - 1);
      const options = await keyTokenOptions({ ...world, kdh }, { crl: altered });
      for (const tolerate of [undefined, ['stale-crl']] as const) {
        await expect(createKeyToken({ ...options, tolerate })).rejects.toThrow(
          expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
        );
      }
    }
  });

  it('nothing of what signer and encryptor throw: that comes through as it is', async () => {
    const kdh = await keyOf(RECEIVER.kdh);
    const broken = new Error('slot 3 is offline');
    const sign = () => Promise.reject(broken);
    const failing = await keyTokenOptions(RECEIVER, { kdh: { ...kdh, sign } });
    await expect(createKeyToken(failing)).rejects.toBe(broken);
    const options = await keyTokenOptions(RECEIVER, {
      keyEncryptor(): never {
        throw broken;
      },
    });
    await expect(createKeyToken(options)).rejects.toBe(broken);
  });

  it('before it draws, signs or encrypts anything', async () => {
    const kdh = await keyOf(RECEIVER.kdh);
    const sign = vi.fn(kdh.sign);
    const keyEncryptor = vi.fn(() => new Uint8Array(256));
    const randomBytes = vi.fn((length: number) => new Uint8Array(length).fill(length));
    const key = new Uint8Array(32);
    const common = { kdh: { ...kdh, sign }, keyEncryptor, randomBytes };
    for (const others of [
      { key, header: HEADERS.aes },
      { krdCertificate: RECEIVER.kdh.certificate },
      { freshness: { nonce: new Uint8Array(7) } },
      { header: 'D0000K0TB00E000?' },
    ]) {
      const options = await keyTokenOptions(RECEIVER, { ...common, ...others });
      await expect(createKeyToken(options)).rejects.toThrow();
    }
    expect(sign).not.toHaveBeenCalled();
    expect(keyEncryptor).not.toHaveBeenCalled();
    expect(randomBytes).not.toHaveBeenCalled();
  });
});

describe('tokens about a binding', () => {
  it('have nothing in them that Object.prototype has', async () => {
    const options = await rebindOptions();
    const all = async () => [
      toHex(createCredentialToken({ certificate: RECEIVER.kdh.certificate })),
      toHex(await createUnbindToken(options)),
      toHex(await createRebindToken(options)),
    ];
    const clean = await all();
    for (const name of ['certificates', 'crl', 'signer', 'digestAlgorithm', 'tolerate']) {
      const value = [RECEIVER.caKdh.certificate];
      Object.defineProperty(Object.prototype, name, { value, configurable: true });
      try {
        expect(await all()).toEqual(clean);
      } finally {
        Reflect.deleteProperty(Object.prototype, name);
      }
    }
  });

  it('do not name a KDH that every device would refuse', async () => {
    const rebinding = async (list: Uint8Array) =>
      createRebindToken({ ...(await rebindOptions()), crl: list });
    const listing = await crlOf(RECEIVER, { revoked: [RECEIVER.nextKdh] });
    await expect(rebinding(listing)).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_REVOKED', field: 'newKdhCertificate' }),
    );
    const foreign = await crlOf({ ...RECEIVER, caKdh: RECEIVER.caKrd });
    await expect(rebinding(foreign)).rejects.toThrow(
      expect.objectContaining({ code: 'CRL_REJECTED', field: 'crl' }),
    );
    expect(parseToken(await rebinding(crl)).crl).toEqual(crl);
  });
});

describe('the other tokens are refused', () => {
  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [{}, 'INVALID_ARGUMENT', 'certificate'],
    [{ certificate: 'MIID' }, 'INVALID_ARGUMENT', 'certificate'],
    [{ certificate: new Uint8Array(8) }, 'TOKEN_MALFORMED', 'certificate'],
    [{ certificate: RECEIVER.kdh.certificate, crl: 'CRL' }, 'INVALID_ARGUMENT', 'crl'],
    [{ certificate: RECEIVER.kdh.certificate, crl: new Uint8Array(2) }, 'TOKEN_MALFORMED', 'crl'],
  ])('with credentials: %#', (options, code, field) => {
    type Options = Parameters<typeof createCredentialToken>[0];
    expect(() => createCredentialToken(options as unknown as Options)).toThrow(
      expect.objectContaining({ name: 'KeyblockError', code, field }),
    );
  });

  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [{ kdh: undefined }, 'INVALID_ARGUMENT', 'kdh'],
    [{ kdh: signer({ hash: 'MD5' }) }, 'INVALID_ARGUMENT', 'kdh'],
    [{ krdCertificate: undefined }, 'INVALID_ARGUMENT', 'krdCertificate'],
    [{ krdCertificate: new Uint8Array(3) }, 'TOKEN_MALFORMED', 'krdCertificate'],
    [{ nonce: undefined }, 'INVALID_ARGUMENT', 'nonce'],
    [{ nonce: new Uint8Array(7) }, 'INVALID_LENGTH', 'nonce'],
    [{ nonce: new Uint8Array(65) }, 'INVALID_LENGTH', 'nonce'],
    [{ crl: new Uint8Array(3) }, 'TOKEN_MALFORMED', 'crl'],
    [{ profile: 'x9-tr34-2012' }, 'INVALID_ARGUMENT', 'profile'],
    [{ profile: 'ec' }, 'INVALID_ARGUMENT', 'profile'],
  ])('by the KDH: %#', async (others, code, field) => {
    const options = others && { ...(await rebindOptions()), ...others };
    for (const create of [createUnbindToken, createRebindToken]) {
      await expect(create(options as Parameters<typeof createRebindToken>[0])).rejects.toThrow(
        expect.objectContaining({ name: 'KeyblockError', code, field }),
      );
    }
  });

  it.each([
    [{ newKdhCertificate: undefined }, 'INVALID_ARGUMENT', 'newKdhCertificate'],
    [{ newKdhCertificate: new Uint8Array(3) }, 'TOKEN_MALFORMED', 'newKdhCertificate'],
  ])('without the next KDH: %#', async (others, code, field) => {
    const byKdh = { ...(await rebindOptions()), ...others };
    const byCa = { ...(await authorityOptions()), ...others };
    const refusal = expect.objectContaining({ name: 'KeyblockError', code, field });
    await expect(
      createRebindToken(byKdh as Parameters<typeof createRebindToken>[0]),
    ).rejects.toThrow(refusal);
    await expect(
      createAuthorityRebindToken(byCa as Parameters<typeof createAuthorityRebindToken>[0]),
    ).rejects.toThrow(refusal);
  });

  it.each([
    [undefined, 'INVALID_ARGUMENT', 'options'],
    [{ authority: undefined }, 'INVALID_ARGUMENT', 'authority'],
    [{ authority: signer({ algorithm: 'ECDSA' }) }, 'INVALID_ARGUMENT', 'authority'],
    [{ krdCertificate: undefined }, 'INVALID_ARGUMENT', 'krdCertificate'],
    [{ kdhCertificate: undefined }, 'INVALID_ARGUMENT', 'certificate'],
    [{ kdhCertificate: new Uint8Array(3) }, 'TOKEN_MALFORMED', 'certificate'],
  ])('by the CA: %#', async (others, code, field) => {
    const options = others && { ...(await authorityOptions()), ...others };
    for (const create of [createAuthorityUnbindToken, createAuthorityRebindToken]) {
      type Options = Parameters<typeof createAuthorityRebindToken>[0];
      await expect(create(options as Options)).rejects.toThrow(
        expect.objectContaining({ name: 'KeyblockError', code, field }),
      );
    }
  });

  it.each([
    [{ signingTime: undefined }, 'signingTime'],
    [{ signingTime: '2026-06-01' }, 'signingTime'],
    [{ signingTime: new Date(Number.NaN) }, 'signingTime'],
    [{ profile: 'annex-d' }, 'profile'],
  ])('without a time: %#', async (others, field) => {
    const options = { ...(await authorityOptions()), ...others };
    type Options = Parameters<typeof createAuthorityRebindToken>[0];
    await expect(createAuthorityRebindToken(options as unknown as Options)).rejects.toThrow(
      expect.objectContaining({ name: 'KeyblockError', code: 'INVALID_ARGUMENT', field }),
    );
  });
});

/** Sends a key to a device with a key pair of its own, and has it received. */
async function exchange(
  name: string,
  others: Partial<CreateKeyTokenOptions>,
  kdh: Party = RECEIVER.kdh,
) {
  const krd = device(name);
  const world: World = { ...RECEIVER, krd, kdh };
  const options = await keyTokenOptions(world, { crl, strength: 'off', ...others });
  const { freshness } = options;
  const nonce = 'nonce' in freshness ? { nonce: toHex(freshness.nonce) } : {};
  const state: KrdState = boundKrd(world, nonce);
  const received = await receive({
    state,
    token: await createKeyToken(options),
    unwrapper: await keyOf(krd),
    at,
    policy: {
      accept: ['tr34-2019', 'tr34-2019-print', 'x9-tr34-2012', 'annex-d', 'cms', 'ec'],
      strength: 'off',
      require: ['crl'],
    },
  });
  return eventOf(received, 'key');
}

function device(name: string): Party {
  const found = devices.get(name);
  if (found === undefined) throw new Error(`no device ${name}`);
  return found;
}

async function rebindOptions() {
  return {
    kdh: await keyOf(RECEIVER.kdh),
    krdCertificate: RECEIVER.krd.certificate,
    newKdhCertificate: RECEIVER.nextKdh.certificate,
    nonce: NONCE,
  };
}

async function authorityOptions() {
  return {
    authority: await keyOf(RECEIVER.caKrd),
    krdCertificate: RECEIVER.krd.certificate,
    kdhCertificate: RECEIVER.kdh.certificate,
    newKdhCertificate: RECEIVER.nextKdh.certificate,
    signingTime: at,
  };
}

/** A signer that differs from a sound one in what is given. */
function signer(others: object): Signer {
  return {
    certificate: RECEIVER.kdh.certificate,
    algorithm: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    sign: () => Promise.resolve(new Uint8Array(256)),
    ...others,
  };
}

function secret(algorithm: 'AES', bytes: Uint8Array): KeyInput {
  return new SecretKey({ algorithm, bytes });
}

function destroyed(): SecretKey {
  const key = new SecretKey({ algorithm: 'TDES', bytes: TDES_KEY });
  key.destroy();
  return key;
}

function signerInfoOf(token: Uint8Array): Look {
  const info = inside(look(token), 1, 0).inside.at(-1)?.inside.at(0);
  if (info === undefined) throw new Error('no signer');
  return info;
}

function attributesOf(
  token: Uint8Array,
): readonly { readonly oid: string; readonly value: Look }[] {
  return inside(signerInfoOf(token), 3).inside.map((attribute) => ({
    oid: toHex(inside(attribute, 0).content),
    value: inside(attribute, 1, 0),
  }));
}

/** The envelope, whether it has its own tag or not. */
function envelopeOf(token: Uint8Array): Look {
  const { content } = inside(look(token), 1, 0, 2, 1, 0);
  const elements = lookAll(content);
  const [whole] = elements;
  if (whole?.tag === 0x30) return whole;
  return { tag: 0x30, bytes: content, content, inside: elements };
}
