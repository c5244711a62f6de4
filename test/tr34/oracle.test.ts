import { fromHex, toHex } from 'keyblock';
import {
  createKeyToken,
  KeyblockError,
  type KeyUnwrapper,
  type KrdState,
  type Received,
  type ReceivePolicy,
  receive,
  type UnwrapRequest,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encryptOaep } from '../../src/tr34/crypto/oaep.js';
import { formatKeyBlockContent } from '../../src/tr34/tokens/key-block.js';
import { parseCertificate } from '../../src/tr34/x509/certificate.js';
import receiver from '../vectors/tr34/receiver-cases.json' with { type: 'json' };
import {
  boundKrd,
  concatenate,
  crlOf,
  DAY,
  enrol,
  eventOf,
  expectRefusal,
  GENERATED,
  HEADERS,
  idOf,
  keyOf,
  keyTokenOptions,
  NONCE,
  NONCE_STATE,
  type Party,
  RECEIVER,
  type SealedParts,
  sealToken,
  toBase64,
  type World,
  withCrl,
} from './scenario.js';
import { fromBase64 } from './vectors.js';

const { at } = RECEIVER;

const KEY = fromHex('2B7E151628AED2A6ABF7158809CF4F3C');
const CONTENT_KEY = fromHex('8E73B0F7DA0E6452C810F32B809079E5');
const KDH = idOf(RECEIVER.kdh.certificate);

/** What is in a sound envelope: 131 bytes, and 13 of padding. */
const BLOCK = formatKeyBlockContent(KDH, KEY, HEADERS.aes, 'annex-b');
const POLICY: ReceivePolicy = { strength: 'off' };

let unwrapper: KeyUnwrapper;
/** The content key as it should be sealed. */
let encryptedKey: Uint8Array;

beforeAll(async () => {
  unwrapper = await keyOf(RECEIVER.krd);
  encryptedKey = await seal(CONTENT_KEY);
});

describe('what is inside the envelope', () => {
  it('is taken when all of it is right', async () => {
    const received = await take(await token({}));
    const event = eventOf(received, 'key');
    expect(event.key.expose()).toEqual(KEY);
    expect(event.header).toBe(HEADERS.aes);
  });

  it('is refused in one way, whatever is wrong with the RSA ciphertext', async () => {
    const modulus = modulusOf(RECEIVER.krd);
    const other = modulusOf(RECEIVER.otherKrd);
    const sealed = await Promise.all([
      seal(new Uint8Array(0)),
      seal(CONTENT_KEY.subarray(1)),
      seal(concatenate(CONTENT_KEY, Uint8Array.of(0))),
      seal(concatenate(CONTENT_KEY, CONTENT_KEY.subarray(8))),
      seal(new Uint8Array(190)),
      seal(new Uint8Array(16)),
      seal(CONTENT_KEY, RECEIVER.otherKrd),
      seal(CONTENT_KEY, RECEIVER.krd, 'SHA-384'),
      seal(CONTENT_KEY, RECEIVER.krd, 'SHA-512'),
    ]);
    const ciphertexts = [
      ...sealed,
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(255).fill(1),
      new Uint8Array(256),
      new Uint8Array(256).fill(1),
      new Uint8Array(256).fill(0xff),
      new Uint8Array(257),
      concatenate(Uint8Array.of(0), encryptedKey),
      encryptedKey.subarray(0, 255),
      encryptedKey.subarray(1),
      one(encryptedKey, 0),
      one(encryptedKey, 255),
      modulus,
      minusOne(modulus),
      other,
      power(Uint8Array.of(2)),
    ];
    for (const ciphertext of ciphertexts) {
      expectOneError(await take(await token({ encryptedKey: ciphertext })));
    }
    expect(ciphertexts).toHaveLength(25);
  });

  it('is refused in one way with every wrong last octet', async () => {
    const padded = concatenate(BLOCK, new Uint8Array(13).fill(13));
    expect(padded).toHaveLength(144);
    let taken = 0;
    for (let last = 0; last < 256; last++) {
      padded[143] = last;
      const received = await take(await token({ padded }));
      if (last === 13) taken += received.event.kind === 'key' ? 1 : 0;
      else expectOneError(received);
    }
    expect(taken).toBe(1);
  });

  it('is refused in one way with any octet of the padding wrong', async () => {
    const padded = concatenate(BLOCK, new Uint8Array(13).fill(13));
    for (let i = BLOCK.length; i < 144; i++) {
      expectOneError(await take(await token({ padded: one(padded, i) })));
    }
    // A whole block of padding is right, but not behind a part of the key block.
    expectOneError(await take(await token({ padded: new Uint8Array(16).fill(16) })));
    const cut = concatenate(BLOCK.subarray(0, 128), new Uint8Array(16).fill(16));
    expectOneError(await take(await token({ padded: cut })));
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(133)],
    ['another structure', fromHex('3003020101')],
    ['a length too long', one(BLOCK, 2)],
    ['a length in another form', concatenate(fromHex('30820082'), BLOCK.subarray(3))],
    ['one octet more', concatenate(BLOCK, Uint8Array.of(0))],
    ['one octet less', BLOCK.subarray(0, 130)],
    ['another version', version(0)],
    ['a version still to come', version(2)],
    ['the form of Annex D', formatKeyBlockContent(KDH, KEY, HEADERS.aes, 'annex-d')],
    [
      'another KDH',
      formatKeyBlockContent(idOf(RECEIVER.nextKdh.certificate), KEY, HEADERS.aes, 'annex-b'),
    ],
    [
      'another issuer, the same number',
      formatKeyBlockContent(idOf(RECEIVER.caKrd.certificate), KEY, HEADERS.aes, 'annex-b'),
    ],
    ['no KDH', formatKeyBlockContent(new Uint8Array(0), KEY, HEADERS.aes, 'annex-b')],
    ['a longer header', formatKeyBlockContent(KDH, KEY, `${HEADERS.aes}0`, 'annex-b')],
    ['a shorter header', formatKeyBlockContent(KDH, KEY, HEADERS.aes.slice(0, 15), 'annex-b')],
    ['an empty header', formatKeyBlockContent(KDH, KEY, '', 'annex-b')],
    ['another usage', formatKeyBlockContent(KDH, KEY, 'D0000P0AB00E0000', 'annex-b')],
    ['another exportability', formatKeyBlockContent(KDH, KEY, 'D0000K0AB00N0000', 'annex-b')],
    [
      'another version in the header',
      formatKeyBlockContent(KDH, KEY, 'A0000K0AB00E0000', 'annex-b'),
    ],
    [
      'another length in the header',
      formatKeyBlockContent(KDH, KEY, 'D0016K0AB00E0000', 'annex-b'),
    ],
  ])('is refused in one way when it is %s', async (_what, plaintext) => {
    expectOneError(await take(await token({ padded: pad(plaintext) })));
  });

  it('is refused in one way with any octet of the key block wrong, but for the key', async () => {
    const key = BLOCK.length - 33 - KEY.length;
    for (let i = 0; i < BLOCK.length; i++) {
      const received = await take(await token({ padded: pad(one(BLOCK, i)) }));
      if (i >= key && i < key + KEY.length) eventOf(received, 'key');
      else expectOneError(received);
    }
  });

  it('may be named once it is authentic', async () => {
    for (const length of [0, 8, 15, 17, 33]) {
      const block = formatKeyBlockContent(KDH, new Uint8Array(length), HEADERS.aes, 'annex-b');
      const received = await take(await token({ padded: pad(block) }));
      expectRefusal(received, 'INVALID_PAYLOAD', 'key');
    }
    const received = await take(await token({}), { policy: { strength: 'sp800-57' } });
    expectRefusal(received, 'KEY_STRENGTH', 'key');
  });

  it('is refused in one way, whatever the unwrapper does', async () => {
    const returns: readonly (() => unknown)[] = [
      () => Promise.reject(new Error('the padding is wrong')),
      () => Promise.reject(undefined),
      () => Promise.reject(new KeyblockError('KEY_STRENGTH', { field: 'kbpk' })),
      () => {
        throw new TypeError('at once');
      },
      () => Promise.resolve(undefined),
      () => Promise.resolve(null),
      () => Promise.resolve(toHex(CONTENT_KEY)),
      () => Promise.resolve({ length: 16 }),
      () => Promise.resolve([...CONTENT_KEY]),
      () => Promise.resolve(CONTENT_KEY.buffer),
      () => Promise.resolve(new Uint16Array(16)),
      () => Promise.resolve(new Uint8Array(0)),
      () => Promise.resolve(new Uint8Array(15)),
      () => Promise.resolve(new Uint8Array(17)),
      () => Promise.resolve(new Uint8Array(16)),
      () => 7,
    ];
    for (const unwrap of returns) {
      const { certificate } = RECEIVER.krd;
      const odd = { certificate, unwrap } as unknown as KeyUnwrapper;
      expectOneError(await take(await token({}), { unwrapper: odd }));
    }
    expect(returns).toHaveLength(16);
  });

  it.each(['P-256', 'P-384', 'P-521'] as const)(
    'is refused in one way, whatever is wrong with a wrap on %s',
    async (curve) => {
      const krd = await enrol(RECEIVER, 'krd', curve);
      const world: World = { ...RECEIVER, krd };
      const sound = await keyOf(krd);
      const sealed = await createKeyToken(await keyTokenOptions(world));
      const state = boundKrd(world, NONCE_STATE);
      const policy = { accept: ['ec'] } as const;
      const changes: readonly (Partial<UnwrapRequest> | ((request: EcdhRequest) => object))[] = [
        { hash: curve === 'P-521' ? 'SHA-256' : 'SHA-512' },
        { encryptedKey: new Uint8Array(24) },
        ({ publicPoint }) => ({ publicPoint: one(publicPoint, 20) }),
        ({ publicPoint }) => ({ publicPoint: publicPoint.subarray(1) }),
        ({ publicPoint }) => ({ publicPoint: one(publicPoint, 0) }),
        ({ encryptedKey: wrapped }) => ({ encryptedKey: one(wrapped, 3) }),
        ({ encryptedKey: wrapped }) => ({ encryptedKey: wrapped.subarray(8) }),
        ({ sharedInfo }) => ({ sharedInfo: one(sharedInfo, 9) }),
      ];
      const errors: KeyblockError[] = [];
      for (const change of changes) {
        const changing: KeyUnwrapper = {
          certificate: krd.certificate,
          unwrap(request) {
            if (request.kind !== 'ecdh') throw new Error('RSA');
            const others = typeof change === 'function' ? change(request) : change;
            return sound.unwrap({ ...request, ...others } as UnwrapRequest);
          },
        };
        const received = await receive({ state, token: sealed, unwrapper: changing, at, policy });
        errors.push(eventOf(received, 'refused').error);
        expect(received.state).toEqual(boundKrd(world));
      }
      for (const error of errors) expectShape(error);
      const received = await receive({ state, token: sealed, unwrapper: sound, at, policy });
      eventOf(received, 'key');
    },
  );
});

describe('the unwrapper', () => {
  /** Words of receiver-cases.json for what is found only when the envelope is open. */
  const AFTER = new Set(['ok', 'decrypt', 'inner-id', 'inner-header', 'strength']);

  it.each(receiver.cases)('is asked about $id only when $expect shows no sooner', async (given) => {
    const { state, op, base64, expect: why } = given;
    const unwrap = vi.fn(unwrapper.unwrap);
    await receive({
      state: caseState(state, op),
      token: fromBase64(base64),
      unwrapper: { certificate: unwrapper.certificate, unwrap },
      at: new Date(state.now),
      policy: casePolicy(state.policy),
    });
    const opens = op.startsWith('key') && AFTER.has(why);
    expect(unwrap).toHaveBeenCalledTimes(opens ? 1 : 0);
  });

  it('is asked nothing before signature, path, CRL and freshness stand', async () => {
    const unwrap = vi.fn(unwrapper.unwrap);
    const spy = { certificate: unwrapper.certificate, unwrap };
    const sound = await token({});
    const revoking = await crlOf(RECEIVER, { revoked: [RECEIVER.kdh] });
    const foreign = await crlOf({ ...RECEIVER, caKdh: RECEIVER.caKrd });
    const otherNonce = boundKrd(RECEIVER, { nonce: 'A1A1A2A3A4A5A6A7A8A9AAABACADAEAF' });
    const asking = boundKrd(RECEIVER, NONCE_STATE);
    const signature = sound.length - 1;
    for (const [sealed, options, code] of [
      [one(sound, signature), {}, 'SIGNATURE_INVALID'],
      [sound, { at: new Date(at.getTime() + 30 * 365 * DAY) }, 'CERTIFICATE_UNTRUSTED'],
      [withCrl(sound, revoking), {}, 'CERTIFICATE_REVOKED'],
      [withCrl(sound, foreign), {}, 'CRL_REJECTED'],
      [sound, { policy: { require: ['crl'] } }, 'CRL_REJECTED'],
      [sound, { state: otherNonce }, 'FRESHNESS'],
      [sound, { state: boundKrd(RECEIVER) }, 'FRESHNESS'],
      [sound, { state: { ...asking, bound: undefined } }, 'STATE_CONFLICT'],
      [
        sound,
        { state: { ...asking, bound: toBase64(RECEIVER.nextKdh.certificate) } },
        'SIGNATURE_INVALID',
      ],
      [
        sound,
        { state: { ...asking, bound: toBase64(GENERATED['RSA-4096'].kdh.certificate) } },
        'SIGNATURE_INVALID',
      ],
    ] as const) {
      expectRefusal(await take(sealed, { ...options, unwrapper: spy }), code);
    }
    expect(unwrap).not.toHaveBeenCalled();
    eventOf(await take(sound, { unwrapper: spy }), 'key');
    expect(unwrap).toHaveBeenCalledTimes(1);
    const [request] = unwrap.mock.calls[0] ?? [];
    expect(request).toEqual({ kind: 'oaep', hash: 'SHA-256', encryptedKey });
  });

  it('is asked nothing about credentials and bindings', async () => {
    const unwrap = vi.fn(unwrapper.unwrap);
    for (const given of receiver.cases.filter(({ op }) => !op.startsWith('key'))) {
      await receive({
        state: caseState(given.state, given.op),
        token: fromBase64(given.base64),
        unwrapper: { certificate: unwrapper.certificate, unwrap },
        at: new Date(given.state.now),
      });
    }
    expect(unwrap).not.toHaveBeenCalled();
  });
});

describe('nothing secret', () => {
  it('is in an error or a state', async () => {
    const secrets = [
      ...forms(fromHex(receiver.key)),
      ...forms(KEY),
      ...forms(CONTENT_KEY),
      ...forms(fromBase64(receiver.privateKeys.KRD_1).subarray(321, 360)),
    ];
    const seen: string[] = [];
    for (const given of receiver.cases) {
      const before = caseState(given.state, given.op);
      const { state, event } = await receive({
        state: before,
        token: fromBase64(given.base64),
        unwrapper,
        at: new Date(given.state.now),
        policy: casePolicy(given.state.policy),
      });
      seen.push(JSON.stringify(state));
      if (event.kind !== 'refused') seen.push(JSON.stringify(event), String(event));
      else {
        const { error } = event;
        const text = `${JSON.stringify(error)} ${error} ${error.message} ${error.stack}`;
        expect(text.toUpperCase()).not.toContain(before.nonce ?? 'no nonce');
        seen.push(text);
      }
    }
    seen.push(JSON.stringify(await take(await token({}))));
    seen.push(JSON.stringify(await take(await token({ padded: pad(KEY) }))));
    expect(seen.length).toBeGreaterThan(230);
    for (const text of seen) {
      for (const secret of secrets) expect(text.toUpperCase()).not.toContain(secret);
    }
  });

  it('is in an error of the host', async () => {
    const errors: string[] = [];
    const random = (length: number) => CONTENT_KEY.subarray(0, length);
    for (const others of [
      { key: KEY, header: HEADERS.aes, strength: 'sp800-57' as const },
      { key: KEY, header: HEADERS.tdes, randomBytes: random },
      { key: KEY.subarray(1), header: HEADERS.aes },
      {
        key: KEY,
        header: HEADERS.aes,
        strength: 'off' as const,
        randomBytes: random,
        at: new Date(0),
      },
    ]) {
      const options = await keyTokenOptions(RECEIVER, others);
      const error: unknown = await createKeyToken(options).catch((reason: unknown) => reason);
      if (!(error instanceof KeyblockError)) throw new Error('not refused');
      errors.push(`${JSON.stringify(error)} ${error.message} ${error.stack}`.toUpperCase());
    }
    for (const text of errors) {
      for (const secret of [...forms(KEY), ...forms(CONTENT_KEY), ...forms(NONCE)]) {
        expect(text).not.toContain(secret);
      }
    }
  });
});

type EcdhRequest = Extract<UnwrapRequest, { readonly kind: 'ecdh' }>;

/** A sound token but for what is given. */
function token(others: Partial<SealedParts>): Promise<Uint8Array<ArrayBuffer>> {
  return sealToken(RECEIVER, {
    padded: pad(BLOCK),
    contentKey: CONTENT_KEY,
    encryptedKey,
    ...others,
  });
}

function take(
  sealed: Uint8Array,
  others: Partial<Parameters<typeof receive>[0]> = {},
): Promise<Received> {
  const state = boundKrd(RECEIVER, NONCE_STATE);
  return receive({ state, token: sealed, unwrapper, at, policy: POLICY, ...others });
}

/** The one answer to all that is found with the private key. */
function expectOneError(received: Received): void {
  const { error } = eventOf(received, 'refused');
  expectShape(error);
  // Spent, whatever it was; nothing else has changed.
  expect(received.state).toEqual(boundKrd(RECEIVER));
}

function expectShape(error: KeyblockError): void {
  const expected = new KeyblockError('TOKEN_REJECTED', { field: 'token' });
  expect(error).toBeInstanceOf(KeyblockError);
  expect(error).not.toHaveProperty('cause');
  expect(Reflect.ownKeys(error).sort()).toEqual(Reflect.ownKeys(expected).sort());
  const { code, field, offset, message, name } = error;
  expect({ code, field, offset, message, name }).toEqual({
    code: 'TOKEN_REJECTED',
    field: 'token',
    offset: undefined,
    message: expected.message,
    name: 'KeyblockError',
  });
  expect(JSON.stringify(error)).toBe(JSON.stringify(expected));
  // Even the place that it comes from is one.
  sites.add(siteOf(error));
  expect(sites.size).toBe(1);
}

const sites = new Set<string | undefined>();

function siteOf({ stack = '', message }: Error): string | undefined {
  return stack.slice(stack.indexOf(message) + message.length).split('\n')[1];
}

function seal(
  contentKey: Uint8Array,
  { certificate }: Party = RECEIVER.krd,
  hash: 'SHA-256' | 'SHA-384' | 'SHA-512' = 'SHA-256',
): Promise<Uint8Array> {
  const { publicKey } = parseCertificate(certificate);
  if (publicKey.kind !== 'RSA') throw new Error('not an RSA key');
  return encryptOaep({ publicKey, hash, plaintext: contentKey });
}

/** The padding of RFC 5652 6.3 for AES. */
function pad(plaintext: Uint8Array): Uint8Array {
  const length = 16 - (plaintext.length % 16);
  return concatenate(plaintext, new Uint8Array(length).fill(length));
}

/** The key block with another version. */
function version(number: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block[5] = number;
  return block;
}

/** The bytes with one bit of an octet changed. */
function one(bytes: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes, (octet, i) => (i === index ? octet ^ 1 : octet));
}

function modulusOf({ certificate }: Party): Uint8Array {
  const { publicKey } = parseCertificate(certificate);
  if (publicKey.kind !== 'RSA') throw new Error('no modulus');
  return publicKey.modulus;
}

function minusOne(modulus: Uint8Array): Uint8Array {
  return one(modulus, modulus.length - 1); // odd, as every modulus is
}

/** The ciphertext of a small number: as much as can be had without padding. */
function power(base: Uint8Array): Uint8Array {
  const modulus = BigInt(`0x${toHex(modulusOf(RECEIVER.krd))}`);
  const value = BigInt(`0x${toHex(base)}`) ** 65537n % modulus;
  return fromHex(value.toString(16).padStart(512, '0'));
}

/** How bytes could show in a text. */
function forms(bytes: Uint8Array): readonly string[] {
  const base64 = toBase64(bytes).slice(0, 20).toUpperCase();
  return [toHex(bytes), base64, [...bytes].join(',')];
}

type Case = (typeof receiver.cases)[number];

function caseState(state: Case['state'], op: string): KrdState {
  const { bound, nonce } = state;
  const certificates: Readonly<Record<string, string>> = receiver.certificates;
  return {
    ...boundKrd(RECEIVER),
    bound: bound === null ? undefined : certificates[bound],
    nonce: op === 'key1' || nonce === null ? undefined : nonce,
    ...('last' in state && { lastSigningTime: state.last }),
    ...('crlThis' in state && { lastCrlUpdate: state.crlThis }),
  };
}

function casePolicy(policy: Case['state']['policy']): ReceivePolicy {
  const has = (word: string) => Object.hasOwn(policy, word);
  return {
    accept: [
      'tr34-2019',
      'cms',
      ...(has('allow2012') ? (['x9-tr34-2012'] as const) : []),
      ...(has('allowAnnexD') ? (['annex-d'] as const) : []),
    ],
    strength: has('strength') ? 'sp800-57' : 'tr34',
    tolerate: has('allowStaleCrl') ? ['stale-crl'] : [],
    require: [
      ...(has('requireCrl') ? (['crl'] as const) : []),
      ...(has('requireDerSet') ? (['der-sorted-attributes'] as const) : []),
    ],
  };
}
