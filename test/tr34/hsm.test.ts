import {
  createAuthorityRebindToken,
  createCredentialToken,
  createKeyToken,
  createKrd,
  createRebindToken,
  createUnbindToken,
  KeyblockError,
  type KeyUnwrapper,
  type KrdState,
  parseToken,
  receive,
  requestNonce,
  type Signer,
  type UnwrapRequest,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  boundKrd,
  crlOf,
  enrol,
  eventOf,
  expectRefusal,
  HEADERS,
  keyOf,
  keyTokenOptions,
  NONCE,
  NONCE_STATE,
  type Party,
  RECEIVER,
  stored,
  TDES_KEY,
  trustOf,
  type World,
} from './scenario.js';

const { at } = RECEIVER;

/**
 * A security module that holds one key and does one thing at a time, each after a while. An object
 * with a prototype and private state, as a driver would be; calls by its methods alone would fail.
 */
class Module implements Signer, KeyUnwrapper {
  readonly algorithm: Signer['algorithm'];
  readonly hash: Signer['hash'];
  readonly log: string[] = [];
  readonly #key: Signer & KeyUnwrapper;
  #busy = false;

  constructor(key: Signer & KeyUnwrapper) {
    this.#key = key;
    this.algorithm = key.algorithm;
    this.hash = key.hash;
  }

  /** Another view of memory every time, in the middle of more. */
  get certificate(): Uint8Array {
    const { certificate } = this.#key;
    const memory = new Uint8Array(certificate.length + 16);
    memory.set(certificate, 8);
    return memory.subarray(8, 8 + certificate.length);
  }

  sign(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#do('sign', () => this.#key.sign(bytes));
  }

  unwrap(request: UnwrapRequest): Promise<Uint8Array> {
    return this.#do(request.kind, () => this.#key.unwrap(request));
  }

  async #do(what: string, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (this.#busy) throw new Error('busy');
    this.#busy = true;
    await delay();
    this.log.push(what);
    const answer = await work();
    await delay();
    this.#busy = false;
    return answer;
  }
}

/** A turn of the event loop, and some of the microtasks of it. */
async function delay(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

let crl: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  crl = await crlOf(RECEIVER);
});

describe('with the keys in security modules', () => {
  it.each(['RSA-2048', 'P-256', 'P-521'] as const)(
    'a device is bound, gets its keys, and is handed over and released: %s',
    async (algorithm) => {
      const krd = await enrol(RECEIVER, 'krd', algorithm);
      const world: World = { ...RECEIVER, krd };
      const device = await moduleOf(krd);
      const host = await moduleOf(RECEIVER.kdh);
      const nextHost = await moduleOf(RECEIVER.nextKdh);
      const authority = await moduleOf(RECEIVER.caKrd);
      const isRsa = algorithm === 'RSA-2048';

      const take = async (state: KrdState, token: Uint8Array) => {
        const policy = { accept: ['tr34-2019', 'ec'] } as const;
        const received = await receive({ state, token, unwrapper: device, at, policy });
        return { ...received, state: stored(received.state) };
      };

      const { certificate } = krd;
      const initial = stored(createKrd({ certificate, trust: trustOf(world) }));
      const credential = createCredentialToken({ certificate: host.certificate, crl });
      const { state: bound } = await take(initial, credential);

      const asked = requestNonce({ state: bound });
      const { nonce = NONCE } = parseToken(asked.token);
      const options = await keyTokenOptions(world, { kdh: host, freshness: { nonce }, crl });
      const keyed = await take(stored(asked.state), await createKeyToken(options));
      expect(eventOf(keyed, 'key').key.expose()).toEqual(TDES_KEY);
      expect(eventOf(keyed, 'key').header).toBe(HEADERS.tdes);

      const signingTime = new Date(at.getTime() + 1000);
      const onePass = await createKeyToken({ ...options, freshness: { signingTime } });
      const keyedAgain = await take(keyed.state, onePass);
      expect(eventOf(keyedAgain, 'key').key.expose()).toEqual(TDES_KEY);

      const askedAgain = requestNonce({ state: keyedAgain.state });
      const rebindNonce = parseToken(askedAgain.token).nonce ?? NONCE;
      const rebind = await createRebindToken({
        kdh: host,
        krdCertificate: certificate,
        newKdhCertificate: nextHost.certificate,
        nonce: rebindNonce,
        crl,
      });
      const rebound = await take(askedAgain.state, rebind);
      expect(eventOf(rebound, 'rebound').kdhCertificate).toEqual(RECEIVER.nextKdh.certificate);

      const back = await createAuthorityRebindToken({
        authority,
        krdCertificate: certificate,
        kdhCertificate: nextHost.certificate,
        newKdhCertificate: host.certificate,
        signingTime: at,
      });
      const boundAgain = await take(rebound.state, back);
      expect(eventOf(boundAgain, 'rebound').kdhCertificate).toEqual(RECEIVER.kdh.certificate);

      const last = requestNonce({ state: boundAgain.state });
      const unbind = await createUnbindToken({
        kdh: host,
        krdCertificate: certificate,
        nonce: parseToken(last.token).nonce ?? NONCE,
      });
      expect((await take(last.state, unbind)).event.kind).toBe('unbound');

      expect(host.log).toEqual(['sign', 'sign', 'sign', 'sign']);
      expect(authority.log).toEqual(['sign']);
      expect(nextHost.log).toEqual([]);
      expect(device.log).toEqual(Array(2).fill(isRsa ? 'oaep' : 'ecdh'));
    },
    30_000,
  );

  it('devices do not get in each other’s way', async () => {
    const parties = await Promise.all(
      Array.from({ length: 3 }, () => enrol(RECEIVER, 'krd', 'P-256')),
    );
    const keys = await Promise.all(
      parties.map(async (krd, i) => {
        const world: World = { ...RECEIVER, krd };
        const nonce = Uint8Array.from(NONCE, (octet) => octet ^ i);
        const key = Uint8Array.from(TDES_KEY, (octet) => octet ^ (2 << i));
        const kdh = await moduleOf(RECEIVER.kdh);
        const options = await keyTokenOptions(world, { kdh, key, freshness: { nonce } });
        const received = await receive({
          state: boundKrd(world, { nonce: hex(nonce) }),
          token: await createKeyToken(options),
          unwrapper: await moduleOf(krd),
          at,
          policy: { accept: ['ec'] },
        });
        return eventOf(received, 'key').key.expose();
      }),
    );
    expect(keys).toEqual(
      [0, 1, 2].map((i) => Uint8Array.from(TDES_KEY, (octet) => octet ^ (2 << i))),
    );
  });
});

describe('a module that fails', () => {
  const oddities: readonly unknown[] = [
    new Error('CKR_ENCRYPTED_DATA_INVALID'),
    Object.assign(new Error('CKR_DEVICE_REMOVED'), { cause: 'slot 3' }),
    new KeyblockError('SIGNATURE_INVALID', { field: 'token' }),
    'CKR_GENERAL_ERROR',
    0x30,
    undefined,
    null,
    Symbol('CKR'),
    { code: 'SIGNATURE_INVALID', name: 'KeyblockError' },
    Object.create(null),
  ];

  it.each(oddities.map((thrown, i) => [i, thrown] as const))(
    'to open leaves one error, whatever it throws: %i',
    async (_i, thrown) => {
      const token = await createKeyToken(await keyTokenOptions(RECEIVER));
      for (const unwrap of [
        () => Promise.reject(thrown),
        async () => {
          await delay();
          throw thrown;
        },
        () => {
          throw thrown;
        },
      ]) {
        const received = await receive({
          state: boundKrd(RECEIVER, NONCE_STATE),
          token,
          unwrapper: { certificate: RECEIVER.krd.certificate, unwrap },
          at,
        });
        expect(expectRefusal(received, 'TOKEN_REJECTED', 'token')).toEqual(boundKrd(RECEIVER));
        expect(eventOf(received, 'refused').error).not.toHaveProperty('cause');
      }
    },
  );

  it.each(oddities.map((thrown, i) => [i, thrown] as const))(
    'to sign is seen as it is: %i',
    async (_i, thrown) => {
      const kdh = { ...(await keyOf(RECEIVER.kdh)), sign: () => Promise.reject(thrown) };
      const krdCertificate = RECEIVER.krd.certificate;
      for (const create of [
        async () => createKeyToken(await keyTokenOptions(RECEIVER, { kdh })),
        () => createUnbindToken({ kdh, krdCertificate, nonce: NONCE }),
      ]) {
        const caught = await create().then(
          () => 'made',
          (reason: unknown) => [reason],
        );
        expect(caught).toEqual([thrown]);
      }
    },
  );

  it('may write to what it is given', async () => {
    const key = await keyOf(RECEIVER.krd);
    const kdhKey = await keyOf(RECEIVER.kdh);
    const kdh: Signer = {
      ...kdhKey,
      async sign(bytes) {
        const signature = await kdhKey.sign(bytes);
        bytes.fill(0);
        return signature;
      },
    };
    const token = await createKeyToken(await keyTokenOptions(RECEIVER, { kdh }));
    const before = hex(token);
    const state = boundKrd(RECEIVER, NONCE_STATE);
    const unwrapper: KeyUnwrapper = {
      certificate: key.certificate,
      async unwrap(request) {
        const contentKey = await key.unwrap(request);
        request.encryptedKey.fill(0);
        return contentKey;
      },
    };
    eventOf(await receive({ state, token, unwrapper, at }), 'key');
    expect(hex(token)).toBe(before);
  });

  it('may keep the content key that it handed out', async () => {
    const key = await keyOf(RECEIVER.krd);
    let kept = new Uint8Array(0);
    const unwrapper: KeyUnwrapper = {
      certificate: key.certificate,
      async unwrap(request) {
        kept = new Uint8Array(await key.unwrap(request));
        return kept;
      },
    };
    const token = await createKeyToken(await keyTokenOptions(RECEIVER));
    const state = boundKrd(RECEIVER, NONCE_STATE);
    eventOf(await receive({ state, token, unwrapper, at }), 'key');
    expect(kept).toHaveLength(24);
    expect(kept.some((octet) => octet !== 0)).toBe(true);
  });

  it('is not asked twice', async () => {
    const token = await createKeyToken(await keyTokenOptions(RECEIVER));
    let asked = 0;
    const unwrap = () => {
      asked++;
      return Promise.reject(new Error('try again'));
    };
    const unwrapper = { certificate: RECEIVER.krd.certificate, unwrap };
    await receive({ state: boundKrd(RECEIVER, NONCE_STATE), token, unwrapper, at });
    expect(asked).toBe(1);
  });
});

async function moduleOf(party: Party): Promise<Module> {
  return new Module(await keyOf(party));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}
