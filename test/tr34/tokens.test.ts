import { fromHex, toHex } from 'keyblock';
import {
  createAuthorityRebindToken,
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createRebindToken,
  createUnbindToken,
  type KeyUnwrapper,
  type KrdState,
  type Profile,
  parseToken,
  type ReceivePolicy,
  receive,
  requestNonce,
  type Signer,
  type TokenHash,
  type TokenKind,
} from 'keyblock/tr34';
import { describe, expect, it } from 'vitest';
import { formatOaepParameters } from '../../src/tr34/cms/algorithms.js';
import { formatEnvelopedData, formatKeyTransport } from '../../src/tr34/cms/enveloped-data.js';
import { formatContentInfo } from '../../src/tr34/cms/signed-data.js';
import { encryptContent } from '../../src/tr34/crypto/content-cipher.js';
import { OID } from '../../src/tr34/der/oids.js';
import { PROFILES } from '../../src/tr34/profiles.js';
import { sealEnvelope } from '../../src/tr34/tokens/envelope.js';
import { formatKeyBlockContent, parseKeyBlockContent } from '../../src/tr34/tokens/key-block.js';
import { parseCertificate } from '../../src/tr34/x509/certificate.js';
import tokens from '../vectors/tr34/tokens.json' with { type: 'json' };
import {
  ANNEX_B,
  boundKrd,
  eventOf,
  expectRefusal,
  GENERATED,
  idOf,
  inside,
  keyOf,
  keyTokenOptions,
  look,
  type Party,
  portions,
  RECEIVER,
  signerOf,
  stored,
  unboundKrd,
  type World,
} from './scenario.js';
import { fromBase64, tokenBytes } from './vectors.js';

interface Name {
  readonly issuer: string;
  readonly serialHex: string;
}

/** What these tests read of a vector. */
interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly profile?: Profile | undefined;
  readonly pki?: keyof typeof GENERATED | undefined;
  readonly base64: string;
  readonly sha256: string;
  readonly facts: {
    readonly subject?: string | undefined;
    readonly issuer?: string | undefined;
    readonly serialHex?: string | undefined;
    readonly nonceHex?: string | undefined;
    readonly headerAscii?: string | undefined;
    readonly signingTime?: string | undefined;
    readonly signedAttrsDerSorted?: boolean | undefined;
    readonly signer?: Name | undefined;
    readonly certificates?: readonly Name[] | undefined;
    readonly crlCount?: number | undefined;
    readonly contentIds?: readonly Name[] | undefined;
    readonly innerIds?: readonly Name[] | undefined;
    readonly innerNewKdh?: Name | undefined;
    readonly envelope?: Envelope | undefined;
  };
  readonly ecdh?: { readonly ephemeralPrivPkcs8: string; readonly cekHex: string } | undefined;
}

interface Envelope {
  readonly recipient: Name;
  readonly encryptedKeyHex: string;
  readonly ivHex: string;
  readonly ukmHex?: string | null | undefined;
  readonly cekHex?: string | undefined;
}

// The facts of the file differ from kind to kind; these are those of a token.
const VECTORS = tokens.vectors as unknown as readonly Vector[];

/** The kinds of vector that are tokens. */
const KINDS: Readonly<Record<string, TokenKind>> = {
  'ca-credential': 'credential',
  'ct-kdh': 'credential',
  'ct-krd': 'credential',
  'rt-krd': 'random-number',
  'kt-kdh-1pass': 'key',
  'kt-kdh-2pass': 'key',
  'ubt-kdh': 'unbind',
  'rbt-kdh': 'rebind',
  'ca-unbind': 'authority-unbind',
  'ca-rebind': 'authority-rebind',
};

const TOKENS = VECTORS.filter(({ kind }) => Object.hasOwn(KINDS, kind));
const PARTS = VECTORS.filter(({ kind }) => !Object.hasOwn(KINDS, kind));
const KEY_TOKENS = TOKENS.filter(({ kind }) => kind.startsWith('kt-kdh'));
const GENERATED_KEYS = KEY_TOKENS.filter(({ id }) => id.startsWith('gen-'));
const PUBLISHED_KEYS = KEY_TOKENS.filter(({ id }) => id.startsWith('b.'));

/** Those whose ephemeral key comes with the name of its curve (RFC 5753 3.1.1). */
const NAMING_THE_CURVE = GENERATED_KEYS.filter(({ base64 }) =>
  /06072A8648CE3D020106052B810400(22|23)03/.test(toHex(fromBase64(base64))),
);

const CRL = tokenBytes('b.2.1.3-crl');
const CONTENT_KEY = fromHex(tokens.cekTdea);
const SAMPLE_KEY = fromHex(tokens.sampleKey);
const IV = fromHex('0123456789ABCDEF');
const NONCE_16 = fromHex('167EB0E72781E4940112233445566778');
const NONCE_8 = fromHex('7DEA1C00894E246A');

describe('parseToken', () => {
  it('has been given every vector', () => {
    expect(VECTORS).toHaveLength(79);
    expect(TOKENS).toHaveLength(35);
    expect(PARTS).toHaveLength(44);
    expect(GENERATED_KEYS).toHaveLength(21);
    expect(PUBLISHED_KEYS).toHaveLength(4);
  });

  it.each(TOKENS)('says what $id is', ({ kind, profile, facts, base64 }) => {
    const token = parseToken(fromBase64(base64));
    const { nonceHex, signingTime, envelope, certificates, innerNewKdh } = facts;
    expect(token.kind).toBe(KINDS[kind]);
    // Annex D shows only inside the envelope.
    expect(token.profile).toBe(profile === 'annex-d' ? 'cms' : profile);
    expect(token.nonce && toHex(token.nonce)).toBe(nonceHex);
    expect(token.signingTime).toEqual(signingTime && instant(signingTime));
    expect(token.header).toBe(facts.headerAscii);
    expect(token.signer).toEqual(facts.signer && idByName(facts.signer));
    expect(token.crl !== undefined).toBe(facts.crlCount === 1);
    const recipients = facts.contentIds ?? facts.innerIds ?? (envelope ? [envelope.recipient] : []);
    expect(token.recipients).toEqual(recipients.map(idByName));
    const [name] = certificates ?? (innerNewKdh ? [innerNewKdh] : []);
    expect(token.certificate && idOf(token.certificate)).toEqual(name && idByName(name));
  });

  it.each(TOKENS)('returns memory of its own: $id', ({ base64 }) => {
    const bytes = fromBase64(base64);
    const token = parseToken(bytes);
    const before = JSON.stringify(token);
    bytes.fill(0);
    expect(JSON.stringify(token)).toBe(before);
  });

  it.each(['b.6-ct-kdh', 'b.8-kt-kdh-1pass', 'b.9-kt-kdh-2pass', 'b.11-rbt-kdh', 'b.14-ubt-kdh'])(
    'finds the CRL in %s',
    (id) => {
      expect(parseToken(tokenBytes(id)).crl).toEqual(CRL);
    },
  );

  it.each(PARTS)('does not take $kind $id for a token', ({ base64 }) => {
    expect(() => parseToken(fromBase64(base64))).toThrow(
      expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'token' }),
    );
  });

  it.each([
    ['a content of another type', { contentType: OID.envelopedData }],
    ['a content that is not empty', { content: Uint8Array.of(5, 0) }],
    ['a digest algorithm', { digestAlgorithm: OID.sha256 }],
    ['two certificates', { certificates: [RECEIVER.kdh.certificate, RECEIVER.krd.certificate] }],
  ])('takes nothing for a credential that has %s', (_, others) => {
    const parts = {
      version: 1,
      digestAlgorithm: undefined,
      contentType: OID.data,
      content: new Uint8Array(0),
      certificates: [RECEIVER.kdh.certificate],
      crl: undefined,
      signer: undefined,
    };
    expect(parseToken(formatContentInfo(parts)).kind).toBe('credential');
    expect(() => parseToken(formatContentInfo({ ...parts, ...others }))).toThrow(
      expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'token' }),
    );
  });

  it.each([undefined, null, '3082', [0x30], {}])('refuses %j', (token) => {
    expect(() => parseToken(token as unknown as Uint8Array)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'token' }),
    );
  });
});

it('says where a rebinding is wrong, counted from the first byte of the token', async () => {
  const token = await createRebindToken({
    kdh: await keyOf(RECEIVER.kdh),
    krdCertificate: RECEIVER.krd.certificate,
    newKdhCertificate: RECEIVER.nextKdh.certificate,
    nonce: NONCE_16,
  });
  const start = toHex(token).indexOf(toHex(RECEIVER.nextKdh.certificate)) / 2;
  const wrong = Uint8Array.from(token, (octet, i) => (i === start ? 0 : octet));
  expect(() => parseToken(wrong)).toThrow(
    expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'token', offset: start }),
  );
});

describe('Annex B, made again', () => {
  it.each([
    ['b.3-ca-credential', 'b.2.1.1-cert'],
    ['b.4-ca-credential', 'b.2.1.2-cert'],
    ['b.5-ca-credential', 'b.2.1.4-cert'],
    ['b.7-ct-krd', 'b.2.1.7-cert'],
  ])('%s', (id, certificate) => {
    expectBytes(createCredentialToken({ certificate: tokenBytes(certificate) }), id);
  });

  it('b.6-ct-kdh, but for the two fields that have changed places', () => {
    const { certificate } = ANNEX_B.kdh;
    const made = createCredentialToken({ certificate, crl: CRL });
    const printed = tokenBytes('b.6-ct-kdh');
    expect(made).toHaveLength(printed.length);
    const [ours, theirs] = [made, printed].map((token) => inside(look(token), 1, 0).inside);
    const bytes = (fields = ours) => fields?.map((field) => toHex(field.bytes)) ?? [];
    const [version, digests, content, certificates, crls, signers] = bytes();
    expect(bytes(theirs)).toEqual([version, digests, content, certificates, signers, crls]);
  });

  it.each([
    ['b.8-kt-kdh-1pass', 'annex-b', new Date('2020-02-10T19:13:53Z')],
    ['b.8-print-kt-kdh-1pass', 'tr34-2019-print', new Date('2019-06-12T17:04:43Z')],
    ['b.9-kt-kdh-2pass', 'annex-b', NONCE_16],
    ['b.9-print-kt-kdh-2pass', 'tr34-2019-print', NONCE_16],
  ] as const)('%s', async (id, profile, fresh) => {
    expectBytes(await createAnnexBKeyToken(id, profile, fresh), id);
  });

  it('b.8-kt-kdh-1pass, sorted, is the same: its attributes happen to be', async () => {
    const id = 'b.8-kt-kdh-1pass';
    const signingTime = new Date('2020-02-10T19:13:53Z');
    expectBytes(await createAnnexBKeyToken(id, 'tr34-2019', signingTime), id);
  });

  it('b.9-kt-kdh-2pass is signed over 145 octets that are no DER', async () => {
    const kdh = await keyOf(ANNEX_B.kdh);
    const signed: Uint8Array[] = [];
    const sign = (bytes: Uint8Array) => {
      signed.push(new Uint8Array(bytes));
      return kdh.sign(bytes);
    };
    const id = 'b.9-kt-kdh-2pass';
    await createAnnexBKeyToken(id, 'annex-b', NONCE_16, { ...kdh, sign });
    const [message = new Uint8Array(0)] = signed;
    expect(message).toHaveLength(145);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(message)));
    expect(toHex(digest)).toBe('D12B024FD2C8413C7657B92E00A6F89B4034B1D900954E651A6D0A7CA9F4A1A1');
  });

  it('b.10-ca-rebind', async () => {
    const token = await createAuthorityRebindToken({
      authority: await keyOf(ANNEX_B.caKrd),
      krdCertificate: ANNEX_B.krd.certificate,
      kdhCertificate: ANNEX_B.kdh.certificate,
      newKdhCertificate: ANNEX_B.nextKdh.certificate,
      signingTime: new Date('2012-01-31T13:22:14Z'),
    });
    expectBytes(token, 'b.10-ca-rebind');
  });

  it('b.11-rbt-kdh', async () => {
    const token = await createRebindToken({
      kdh: await keyOf(ANNEX_B.kdh),
      krdCertificate: ANNEX_B.krd.certificate,
      newKdhCertificate: ANNEX_B.nextKdh.certificate,
      nonce: NONCE_8,
      crl: CRL,
    });
    expectBytes(token, 'b.11-rbt-kdh');
  });

  it('b.12-rt-krd', () => {
    const { state, token } = requestNonce({
      state: boundKrd(ANNEX_B),
      randomBytes: portions(NONCE_16),
    });
    expectBytes(token, 'b.12-rt-krd');
    expect(state).toEqual(boundKrd(ANNEX_B, { nonce: toHex(NONCE_16) }));
  });

  it('b.13-ca-unbind', async () => {
    const token = await createAuthorityUnbindToken({
      authority: await keyOf(ANNEX_B.caKrd),
      krdCertificate: ANNEX_B.krd.certificate,
      kdhCertificate: ANNEX_B.kdh.certificate,
    });
    expectBytes(token, 'b.13-ca-unbind');
  });

  it('b.14-ubt-kdh', async () => {
    const token = await createUnbindToken({
      kdh: await keyOf(ANNEX_B.kdh),
      krdCertificate: ANNEX_B.krd.certificate,
      nonce: NONCE_8,
      crl: CRL,
    });
    expectBytes(token, 'b.14-ubt-kdh');
  });

  it.each([
    ['b.2.2.2.1-keyblock', 'A0256K0TB00E0000'],
    ['b.2.2.2.3-keyblock', 'A0256K0TB00E0000'],
    ['b.2.2.2.4-keyblock', 'D0256K0AB00E0000'],
  ])('%s', (id, header) => {
    const kdh = idOf(ANNEX_B.kdh.certificate);
    const block = formatKeyBlockContent(kdh, SAMPLE_KEY, header, 'annex-b');
    expectBytes(block, id);
    expect(parseKeyBlockContent(block)).toEqual({
      kdh,
      key: SAMPLE_KEY,
      header: new TextEncoder().encode(header),
      form: 'annex-b',
    });
  });

  it.each([
    ['b.2.2.3.1-enveloped', 'tr34-2019'],
    ['b.2.2.3.1-print-enveloped', 'tr34-2019-print'],
  ] as const)('%s', async (id, profile) => {
    const encryptedKey = factsOf(id, 'encryptedKeyHex');
    const envelope = await sealEnvelope({
      krd: parseCertificate(ANNEX_B.krd.certificate),
      algorithm: 'des-ede3-cbc',
      plaintext: tokenBytes('b.2.2.2.1-keyblock'),
      shape: PROFILES[profile],
      hash: 'SHA-256',
      keyEncryptor: () => encryptedKey,
      ukm: undefined,
      randomBytes: portions(CONTENT_KEY, IV),
    });
    expectBytes(envelope, id);
  });

  // Half an IV in the token, the other half zero, and the key block of the other cipher inside.
  it.each([
    ['b.2.2.3.2-enveloped', 'beside'],
    ['b.2.2.3.2-print-enveloped', 'inside'],
  ] as const)('%s, faults and all', (id, placement) => {
    const iv = new Uint8Array(16);
    iv.set(IV);
    const ciphertext = encryptContent({
      algorithm: 'aes128-cbc',
      key: fromHex(tokens.cekAes128),
      iv,
      plaintext: tokenBytes('b.2.2.2.1-keyblock'),
    });
    const envelope = formatEnvelopedData({
      version: 0,
      recipientInfo: formatKeyTransport(
        idOf(ANNEX_B.krd.certificate),
        formatOaepParameters('SHA-256', false),
        factsOf(id, 'encryptedKeyHex'),
      ),
      algorithm: 'aes128-cbc',
      iv: IV,
      ciphertext,
      placement,
      form: 'whole',
    });
    expectBytes(envelope, id);
  });
});

describe('Annex B, received', () => {
  it('does not open with OAEP as it is defined', async () => {
    const received = await receiveVector('b.9-kt-kdh-2pass', await keyOf(ANNEX_B.krd));
    expectRefusal(received, 'TOKEN_REJECTED', 'token');
  });

  it.each(PUBLISHED_KEYS)('opens with the OAEP of the samples: $id', async ({ id, profile }) => {
    const received = await receiveVector(id, sampleUnwrapper(ANNEX_B.krd));
    const event = eventOf(received, 'key');
    expect(toHex(event.key.expose())).toBe(tokens.sampleKey);
    expect(event.key.algorithm).toBe('TDES');
    expect(event.header).toBe('A0256K0TB00E0000');
    expect(event.profile).toBe(profile);
  });

  it('refuses every key token for the certificate of KDH 1, unless told', async () => {
    for (const { id } of PUBLISHED_KEYS) {
      const tolerate = ['stale-crl'] as const;
      const received = await receiveVector(id, sampleUnwrapper(ANNEX_B.krd), { tolerate });
      expectRefusal(received, 'CERTIFICATE_UNTRUSTED', 'certificate');
    }
  });

  it('refuses what was signed years ahead of the CRL, unless told by how much', async () => {
    const unwrapper = sampleUnwrapper(ANNEX_B.krd);
    const id = 'b.8-kt-kdh-1pass';
    const { at } = ANNEX_B;
    expectRefusal(await receiveVector(id, unwrapper, {}, at), 'FRESHNESS', 'signingTime');
    const clockSkewSeconds = 10 * 366 * 86_400;
    eventOf(await receiveVector(id, unwrapper, { clockSkewSeconds }, at), 'key');
  });

  it('binds to KDH 1 by B.6, in the printed order only when told', async () => {
    const state = unboundKrd(ANNEX_B);
    const token = tokenBytes('b.6-ct-kdh');
    const { at, kdh } = ANNEX_B;
    const duplicates = { tolerate: ['duplicate-extensions'] } as const;
    const received = await receive({ state, token, at, policy: duplicates });
    expect(expectRefusal(received, 'TOKEN_MALFORMED')).toEqual(state);
    const policy = { tolerate: ['duplicate-extensions', 'b6-field-order'] } as const;
    const bound = await receive({ state, token, at, policy });
    expect(eventOf(bound, 'bound').kdhCertificate).toEqual(kdh.certificate);
    const ours = createCredentialToken({ certificate: kdh.certificate, crl: CRL });
    expect(await receive({ state, token: ours, at, policy: duplicates })).toEqual(bound);
    expect(stored(bound.state)).toMatchObject({
      lastSigningTime: at.toISOString(),
      lastCrlUpdate: '2010-11-02T17:33:30.000Z',
    });
  });

  it.each([
    ['b.10-ca-rebind', 'rebound', {}],
    ['b.11-rbt-kdh', 'rebound', { nonce: toHex(NONCE_8) }],
    ['b.13-ca-unbind', 'unbound', {}],
    ['b.14-ubt-kdh', 'unbound', { nonce: toHex(NONCE_8) }],
  ] as const)('obeys %s', async (id, kind, others) => {
    const policy = { tolerate: ['duplicate-extensions'] } as const;
    const state = boundKrd(ANNEX_B, others);
    const received = await receive({ state, token: tokenBytes(id), at: ANNEX_B.at, policy });
    const event = eventOf(received, kind);
    const { kdhCertificate } = { kdhCertificate: undefined, ...event };
    expect(kdhCertificate).toEqual(kind === 'rebound' ? ANNEX_B.nextKdh.certificate : undefined);
    expect(received.state).not.toHaveProperty('nonce');
  });

  it.each(['b.3-ca-credential', 'b.4-ca-credential', 'b.5-ca-credential', 'b.7-ct-krd'])(
    'binds to no party that is not a KDH: %s',
    async (id) => {
      const state = unboundKrd(ANNEX_B);
      const received = await receive({ state, token: tokenBytes(id), at: ANNEX_B.at });
      expect(expectRefusal(received, 'CERTIFICATE_UNTRUSTED')).toEqual(state);
    },
  );

  it.each(PUBLISHED_KEYS)('is not taken under another root: $id', async ({ base64, facts }) => {
    const { nonceHex } = facts;
    const received = await receive({
      state: boundKrd(RECEIVER, nonceHex === undefined ? {} : { nonce: nonceHex }),
      token: fromBase64(base64),
      at: RECEIVER.at,
      policy: { accept: ['tr34-2019', 'tr34-2019-print'] },
    });
    expectRefusal(received, 'SIGNATURE_INVALID', 'token');
  });

  it('takes no nonce from its own token', async () => {
    const token = tokenBytes('b.12-rt-krd');
    const received = await receive({ state: boundKrd(ANNEX_B), token, at: ANNEX_B.at });
    expectRefusal(received, 'TOKEN_MALFORMED');
  });
});

describe('tokens made for this project', () => {
  it.each(GENERATED_KEYS)('are received: $id', async ({ id, pki, profile, facts }) => {
    const world = worldOf(pki);
    const received = await receiveVector(id, await keyOf(world.krd));
    const { key, ...event } = eventOf(received, 'key');
    expect(event).toEqual({ kind: 'key', profile, header: facts.headerAscii });
    expect(toHex(key.expose())).toBe(keyHexOf(pki));
    expect(key.algorithm).toBe(facts.headerAscii?.charAt(7) === 'T' ? 'TDES' : 'AES');
    const { state } = received;
    const { signingTime } = facts;
    const time = signingTime === undefined ? world.at : instant(signingTime);
    expect(state.lastSigningTime).toBe(time.toISOString());
    expect(state.crl).toBeDefined();
  });

  it('name the curve a second time in some, which the library never does', () => {
    expect(NAMING_THE_CURVE).toHaveLength(4);
    expect(NAMING_THE_CURVE.every(({ id }) => /ukm|1pass/.test(id))).toBe(true);
  });

  it.each(GENERATED_KEYS.filter((vector) => !NAMING_THE_CURVE.includes(vector)))(
    'are made again: $id',
    async (vector) => {
      const { id, pki, profile, facts, ecdh } = vector;
      const { nonceHex, signingTime, envelope, headerAscii = '', signedAttrsDerSorted } = facts;
      if (envelope === undefined) throw new Error('no envelope');
      const world = worldOf(pki);
      const unsorted = profile === 'tr34-2019' && signedAttrsDerSorted === false;
      const crl = parseToken(tokenBytes(id)).crl;
      const ephemeral = ecdh && [scalarOf(fromBase64(ecdh.ephemeralPrivPkcs8))];
      const contentKey = fromHex(ecdh?.cekHex ?? envelope.cekHex ?? '');
      const token = await createKeyToken(
        await keyTokenOptions(world, {
          kdh: await vectorSigner(vector, world),
          key: fromHex(keyHexOf(pki)),
          header: headerAscii,
          freshness:
            nonceHex === undefined
              ? { signingTime: instant(signingTime ?? '') }
              : { nonce: fromHex(nonceHex) },
          crl,
          profile: unsorted ? 'annex-b' : profile,
          strength: 'off',
          ...(ecdh === undefined && { keyEncryptor: () => fromHex(envelope.encryptedKeyHex) }),
          ukm: envelope.ukmHex ? fromHex(envelope.ukmHex) : undefined,
          randomBytes: portions(contentKey, fromHex(envelope.ivHex), ...(ephemeral ?? [])),
        }),
      );
      expectBytes(token, id);
    },
  );
});

function expectBytes(made: Uint8Array, id: string): void {
  expect(toHex(made)).toBe(toHex(tokenBytes(id)));
}

async function createAnnexBKeyToken(
  id: string,
  profile: Profile,
  fresh: Date | Uint8Array,
  kdh?: Signer,
): Promise<Uint8Array> {
  const vector = VECTORS.find((candidate) => candidate.id === id);
  const encryptedKey = fromHex(vector?.facts.envelope?.encryptedKeyHex ?? '');
  return createKeyToken({
    kdh: kdh ?? (await keyOf(ANNEX_B.kdh)),
    krdCertificate: ANNEX_B.krd.certificate,
    trust: { root: ANNEX_B.root.certificate, caKrd: ANNEX_B.caKrd.certificate },
    key: SAMPLE_KEY,
    header: 'A0256K0TB00E0000',
    freshness: fresh instanceof Date ? { signingTime: fresh } : { nonce: fresh },
    crl: CRL,
    profile,
    keyEncryptor: (contentKey) => {
      expect(contentKey).toEqual(CONTENT_KEY);
      return encryptedKey;
    },
    randomBytes: portions(CONTENT_KEY, IV),
    at: ANNEX_B.at,
  });
}

/** Takes a key token of the vectors, at the time of its signature where it has one. */
async function receiveVector(
  id: string,
  unwrapper: KeyUnwrapper,
  others: ReceivePolicy = {},
  clock?: Date,
): ReturnType<typeof receive> {
  const vector = VECTORS.find((candidate) => candidate.id === id);
  if (vector === undefined) throw new Error(`no vector ${id}`);
  const { pki, profile = 'tr34-2019', facts } = vector;
  const { nonceHex, signingTime } = facts;
  const world = worldOf(pki);
  const state: KrdState = boundKrd(world, nonceHex === undefined ? {} : { nonce: nonceHex });
  const at = clock ?? (signingTime === undefined ? world.at : instant(signingTime));
  const policy: ReceivePolicy = {
    accept: [profile],
    strength: 'off',
    tolerate: ['duplicate-extensions', 'stale-crl'],
    ...others,
  };
  return receive({ state, token: tokenBytes(id), unwrapper, at, policy });
}

function worldOf(pki: keyof typeof GENERATED | undefined): World {
  return pki === undefined ? ANNEX_B : GENERATED[pki];
}

/** RSA signs the same again; of ECDSA the signature is taken from the token. */
async function vectorSigner({ pki, base64 }: Vector, world: World): Promise<Signer> {
  const hash: TokenHash = pki === 'RSA-4096' ? 'SHA-512' : 'SHA-256';
  if (pki === undefined || pki === 'RSA-4096') return signerOf(world.kdh, hash);
  const signers = inside(look(fromBase64(base64)), 1, 0).inside.at(-1);
  const signature = signers?.inside.at(0)?.inside.at(-1)?.content;
  if (signature === undefined) throw new Error('no signature');
  return { ...(await keyOf(world.kdh)), sign: () => Promise.resolve(signature) };
}

/** The private number in a PKCS#8 of an elliptic curve. */
function scalarOf(pkcs8: Uint8Array): Uint8Array {
  return inside(look(inside(look(pkcs8), 2).content), 1).content;
}

/** The key of Annex B, and for elliptic curves the AES keys of SP 800-38A F.2.3 and F.2.5. */
function keyHexOf(pki: Vector['pki']): string {
  switch (pki) {
    case 'EC-P384':
      return '8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B';
    case 'EC-P521':
    case 'RSA-4096':
      return '603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4';
    case undefined:
      return tokens.sampleKey;
  }
}

function factsOf(id: string, fact: 'encryptedKeyHex'): Uint8Array {
  const facts = VECTORS.find((candidate) => candidate.id === id)?.facts as unknown as Envelope;
  return fromHex(facts[fact]);
}

/** The IssuerAndSerialNumber of the certificate that the facts mean. */
function idByName({ issuer, serialHex }: Name): Uint8Array {
  const found = VECTORS.find(
    ({ kind, facts }) =>
      kind === 'certificate' && facts.issuer === issuer && facts.serialHex === serialHex,
  );
  if (found === undefined) throw new Error(`no certificate ${serialHex} of ${issuer}`);
  return idOf(fromBase64(found.base64));
}

/** From the text of a UTCTime. */
function instant(utcTime: string): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(utcTime) ?? [];
  return new Date(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/**
 * Opens the RSA ciphertexts of Annex B: OAEP with SHA-256, but with MGF1 of SHA-1 where the data
 * block is masked (docs/decisions.md). No part of the library, which opens sound OAEP only.
 */
function sampleUnwrapper({ certificate, pkcs8 }: Party): KeyUnwrapper {
  const key = look(inside(look(pkcs8), 2).content);
  const modulus = toNumber(inside(key, 1).content);
  const exponent = toNumber(inside(key, 3).content);
  return {
    certificate,
    async unwrap(request) {
      expect(request).toMatchObject({ kind: 'oaep', hash: 'SHA-256' });
      const power = powerOf(toNumber(request.encryptedKey), exponent, modulus);
      const encoded = fromHex(power.toString(16).padStart(512, '0'));
      const maskedSeed = encoded.subarray(1, 33);
      const maskedBlock = encoded.subarray(33);
      const seed = xor(maskedSeed, await mgf1('SHA-256', maskedBlock, 32));
      const block = xor(maskedBlock, await mgf1('SHA-1', seed, 223));
      const label = await crypto.subtle.digest('SHA-256', new Uint8Array(0));
      expect(encoded[0]).toBe(0);
      expect(toHex(block.subarray(0, 32))).toBe(toHex(new Uint8Array(label)));
      return block.subarray(block.indexOf(1, 32) + 1);
    },
  };
}

async function mgf1(hash: string, seed: Uint8Array, length: number): Promise<Uint8Array> {
  const mask = new Uint8Array(length + 64);
  const input = new Uint8Array(seed.length + 4);
  input.set(seed);
  for (let at = 0, counter = 0; at < length; counter++) {
    input[seed.length + 3] = counter;
    const block = new Uint8Array(await crypto.subtle.digest(hash, input));
    mask.set(block, at);
    at += block.length;
  }
  return mask.subarray(0, length);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(a, (octet, i) => octet ^ (b[i] ?? 0));
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
