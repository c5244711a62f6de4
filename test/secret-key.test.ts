import fc from 'fast-check';
import {
  adjustParity,
  combineComponents,
  computeKcv,
  deriveBlockKeys,
  fromHex,
  hasOddParity,
  type KeyAlgorithm,
  KeyblockError,
  matchesKcv,
  rewrapKey,
  SecretKey,
  splitIntoComponents,
  toHex,
  traceUnwrap,
  unwrapKey,
  type VersionId,
  verifyKeyBlock,
  wrapKey,
} from 'keyblock';
import { SecretKey as FromKcv } from 'keyblock/kcv';
import { SecretKey as FromTr31 } from 'keyblock/tr31';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SecretKey as Internal, withClearKey, withDerived } from '../src/secret-key.js';
import vectors from './vectors/tr31.json' with { type: 'json' };

const AES_KEY = fromHex('000102030405060708090A0B0C0D0E0F');
const TDES_KBPK = fromHex('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567');
const AES_KBPK = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const PIN_KEY = fromHex('F039121BEC83D26B169BDCD5B22AAF8F');

const KBPKS = [
  ['A', 'TDES', TDES_KBPK],
  ['B', 'TDES', TDES_KBPK],
  ['C', 'TDES', TDES_KBPK],
  ['D', 'AES', AES_KBPK],
  ['E', 'AES', AES_KBPK],
] as const;

const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

afterEach(() => {
  delete polluted['bytes'];
});

describe('SecretKey', () => {
  it('is one class, whichever entry point it comes from', () => {
    expect(FromKcv).toBe(SecretKey);
    expect(FromTr31).toBe(SecretKey);
  });

  it.each([
    ['AES', 16, 'SecretKey AES-128'],
    ['AES', 24, 'SecretKey AES-192'],
    ['AES', 32, 'SecretKey AES-256'],
    ['TDES', 16, 'SecretKey TDES-128'],
    ['TDES', 24, 'SecretKey TDES-192'],
    ['DES', 8, 'SecretKey DES'],
    ['HMAC', 20, 'SecretKey HMAC-160'],
    ['RSA', 1192, 'SecretKey RSA'],
    ['EC', 121, 'SecretKey EC'],
    ['DSA', 300, 'SecretKey DSA'],
    ['other', 1, 'SecretKey other'],
  ] as const)('describes a key of %s with %i bytes', (algorithm, length, description) => {
    const key = new SecretKey({ algorithm, bytes: new Uint8Array(length) });
    expect(key.algorithm).toBe(algorithm);
    expect(key.lengthBits).toBe(8 * length);
    expect(String(key)).toBe(description);
  });

  it('prints, serialises and enumerates as its description, never as its bytes', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: AES_KBPK });
    expect(`${key}`).toBe('SecretKey AES-256');
    expect(`key: ${key}`).toBe('key: SecretKey AES-256');
    expect(key.toString()).toBe('SecretKey AES-256');
    expect(key.toLocaleString()).toBe('SecretKey AES-256');
    expect([key, key].join()).toBe('SecretKey AES-256,SecretKey AES-256');
    expect(JSON.stringify(key)).toBe('"SecretKey AES-256"');
    expect(JSON.stringify({ keys: [key] })).toBe('{"keys":["SecretKey AES-256"]}');
    expect(Object.keys(key)).toEqual([]);
    expect(Object.entries(key)).toEqual([]);
    expect(Reflect.ownKeys(key)).toEqual([]);
    expect({ ...key }).toEqual({});
    expect(Object.assign({}, key)).toEqual({});
    const names: string[] = [];
    for (const name in key) names.push(name);
    expect(names).toEqual([]);
  });

  it('leaves its bytes behind when it is cloned', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: AES_KBPK });
    const clone: object = structuredClone(key);
    expect(clone).not.toBeInstanceOf(SecretKey);
    expect(Reflect.ownKeys(clone)).toEqual([]);
  });

  it('shows no check value unless asked', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: AES_KEY });
    expect(`${key}${JSON.stringify(key)}`).not.toContain('BE7ED6');
    expect(key.kcv()).toBe('BE7ED6AE78');
  });

  it('is frozen, and its properties are read-only', () => {
    const key = new SecretKey({ algorithm: 'HMAC', bytes: AES_KEY, hash: 'SHA-256' });
    expect(Object.isFrozen(key)).toBe(true);
    const changes: Record<string, unknown> = key as never; // to write to it
    for (const name of ['algorithm', 'lengthBits', 'hash', 'bytes', 'kcv', 'expose', 'toString']) {
      expect(() => {
        changes[name] = 'AES';
      }, name).toThrow(TypeError);
    }
    expect(key.algorithm).toBe('HMAC');
    expect(key.hash).toBe('SHA-256');
  });

  it('copies bytes on the way in', () => {
    const buffer = Uint8Array.from({ length: 48 }, (_, i) => i);
    const key = new SecretKey({ algorithm: 'AES', bytes: buffer.subarray(16, 32) });
    buffer.fill(0xff);
    expect(toHex(key.expose())).toBe('101112131415161718191A1B1C1D1E1F');
  });

  it('copies bytes on the way out', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: AES_KEY });
    const exposed = key.expose();
    expect(exposed.buffer.byteLength).toBe(16);
    exposed.fill(0);
    expect(key.expose()).toEqual(AES_KEY);
    expect(key.kcv()).toBe('BE7ED6AE78');
  });

  it('gives back the bytes it was made from', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(new SecretKey({ algorithm: 'other', bytes }).expose()).toEqual(bytes);
      }),
    );
  });

  it('keeps the hash of an HMAC key, where there is one', () => {
    const bytes = new Uint8Array(20).fill(0x0b);
    const key = new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' });
    expect(key.hash).toBe('SHA-256');
    expect(key.kcv()).toBe('999A90'); // RFC 4231's first key
    expect(new SecretKey({ algorithm: 'HMAC', bytes }).hash).toBeUndefined();
    expect(new SecretKey({ algorithm: 'HMAC', bytes, hash: undefined }).hash).toBeUndefined();
  });

  it('has no check value for an HMAC key without hash, nor for key pairs', () => {
    const kcvOf = (algorithm: KeyAlgorithm) => () =>
      new SecretKey({ algorithm, bytes: AES_KEY }).kcv();
    expect(kcvOf('HMAC')).toThrow(refusal('INVALID_ARGUMENT', 'hash'));
    for (const algorithm of ['RSA', 'EC', 'DSA', 'other'] as const) {
      expect(kcvOf(algorithm), algorithm).toThrow(refusal('UNSUPPORTED', 'algorithm'));
    }
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['bytes alone', AES_KEY, 'INVALID_ARGUMENT', 'algorithm'],
    ['no algorithm', { bytes: AES_KEY }, 'INVALID_ARGUMENT', 'algorithm'],
    [
      'an unknown algorithm',
      { algorithm: '3DES', bytes: AES_KEY },
      'INVALID_ARGUMENT',
      'algorithm',
    ],
    [
      'an algorithm of Object',
      { algorithm: '__proto__', bytes: AES_KEY },
      'INVALID_ARGUMENT',
      'algorithm',
    ],
    ['no bytes', { algorithm: 'AES' }, 'INVALID_ARGUMENT', 'bytes'],
    ['hex', { algorithm: 'AES', bytes: toHex(AES_KEY) }, 'INVALID_ARGUMENT', 'bytes'],
    ['an array', { algorithm: 'AES', bytes: [...AES_KEY] }, 'INVALID_ARGUMENT', 'bytes'],
    ['a handle', { algorithm: 'AES', bytes: aes() }, 'INVALID_ARGUMENT', 'bytes'],
    [
      'an unknown hash',
      { algorithm: 'HMAC', bytes: AES_KEY, hash: 'MD5' },
      'INVALID_ARGUMENT',
      'hash',
    ],
    [
      'an AES key of 17 bytes',
      { algorithm: 'AES', bytes: new Uint8Array(17) },
      'INVALID_LENGTH',
      'bytes',
    ],
    [
      'an AES key of 8 bytes',
      { algorithm: 'AES', bytes: new Uint8Array(8) },
      'INVALID_LENGTH',
      'bytes',
    ],
    [
      'a TDES key of 8 bytes',
      { algorithm: 'TDES', bytes: new Uint8Array(8) },
      'INVALID_LENGTH',
      'bytes',
    ],
    [
      'a TDES key of 32 bytes',
      { algorithm: 'TDES', bytes: new Uint8Array(32) },
      'INVALID_LENGTH',
      'bytes',
    ],
    ['a DES key of 16 bytes', { algorithm: 'DES', bytes: AES_KEY }, 'INVALID_LENGTH', 'bytes'],
    [
      'an empty HMAC key',
      { algorithm: 'HMAC', bytes: new Uint8Array(0) },
      'INVALID_LENGTH',
      'bytes',
    ],
    ['an empty key', { algorithm: 'other', bytes: new Uint8Array(0) }, 'INVALID_LENGTH', 'bytes'],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => new SecretKey(options as never)).toThrow(refusal(code, field));
  });

  it('takes no bytes from Object.prototype', () => {
    polluted['bytes'] = AES_KEY;
    expect(() => new SecretKey({ algorithm: 'AES' } as never)).toThrow(
      refusal('INVALID_ARGUMENT', 'bytes'),
    );
  });

  it('takes nothing but its options from an object that answers everything', () => {
    const bytes = new Uint8Array(17);
    const options = new Proxy({ algorithm: 'AES', bytes } as const, {
      get: (target, name) => Reflect.get(target, name) ?? bytes,
    });
    expect(() => new SecretKey(options)).toThrow(refusal('INVALID_LENGTH', 'bytes'));
  });

  it('is not what inherits from it', () => {
    const heir: SecretKey = Object.create(aes());
    expect(() => computeKcv({ key: heir })).toThrow(refusal('INVALID_ARGUMENT', 'key'));
    const proxy = new Proxy(aes(), {});
    expect(() => computeKcv({ key: proxy })).toThrow(refusal('INVALID_ARGUMENT', 'key'));
  });
});

describe('a SecretKey as KBPK', () => {
  it.each(KBPKS)(
    'gives the blocks of version %s that its bytes give',
    (versionId, algorithm, bytes) => {
      const kbpk = new SecretKey({ algorithm, bytes });
      const expected = wrapped(versionId, bytes);
      // The second time from the keys that it kept.
      expect(wrapped(versionId, kbpk)).toBe(expected);
      expect(wrapped(versionId, kbpk)).toBe(expected);
      for (const keyBlock of [expected, expected]) {
        expect(unwrapKey({ kbpk, keyBlock }).key.expose()).toEqual(PIN_KEY);
        expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(true);
        expect(traceUnwrap({ kbpk, keyBlock, testKey: true }).macValid).toBe(true);
      }
    },
  );

  it.each([
    ['TDES', TDES_KBPK.subarray(0, 16), ['A', 'B', 'C', 'B', 'A']],
    ['TDES', TDES_KBPK, ['C', 'A', 'B', 'C', 'B', 'A']],
    ['AES', AES_KBPK.subarray(0, 16), ['D', 'E', 'D']],
    ['AES', AES_KBPK.subarray(0, 24), ['E', 'D', 'E']],
    ['AES', AES_KBPK, ['D', 'E', 'E', 'D']],
  ] as const)('of %s serves every version in turn', (algorithm, bytes, versionIds) => {
    const kbpk = new SecretKey({ algorithm, bytes });
    for (const versionId of versionIds) {
      expect(wrapped(versionId, kbpk)).toBe(wrapped(versionId, bytes));
      for (const name of ['kbek', 'kbak'] as const) {
        const derived = deriveBlockKeys({ kbpk, versionId })[name];
        expect(derived.expose()).toEqual(
          deriveBlockKeys({ kbpk: bytes, versionId })[name].expose(),
        );
      }
    }
  });

  it.each(KBPKS)(
    'survives what is done to its keys of version %s',
    (versionId, algorithm, bytes) => {
      const kbpk = new SecretKey({ algorithm, bytes });
      const expected = wrapped(versionId, kbpk);
      const { kbek, kbak } = deriveBlockKeys({ kbpk, versionId });
      kbek.destroy();
      kbak.destroy();
      kbpk.expose().fill(0);
      expect(wrapped(versionId, kbpk)).toBe(expected);
    },
  );

  it('survives a wrong MAC and a KBPK of the wrong kind', () => {
    const kbpk = new SecretKey({ algorithm: 'AES', bytes: AES_KBPK.subarray(0, 16) });
    const keyBlock = wrapped('D', kbpk);
    const altered = `${keyBlock.slice(0, -1)}${keyBlock.endsWith('0') ? '1' : '0'}`;
    expect(verifyKeyBlock({ kbpk, keyBlock: altered })).toBe(false);
    expect(() => wrapped('B', kbpk)).toThrow(refusal('KBPK_MISMATCH', 'kbpk'));
    expect(unwrapKey({ kbpk, keyBlock }).key.expose()).toEqual(PIN_KEY);
  });

  it('is refused where its algorithm is not that of the version', () => {
    for (const versionId of ['A', 'B', 'C'] as const) {
      const kbpk = new SecretKey({ algorithm: 'AES', bytes: AES_KEY });
      expect(() => wrapped(versionId, kbpk), versionId).toThrow(refusal('KBPK_MISMATCH', 'kbpk'));
    }
    for (const algorithm of ['TDES', 'HMAC', 'other'] as const) {
      const kbpk = new SecretKey({ algorithm, bytes: AES_KEY });
      expect(() => wrapped('D', kbpk), algorithm).toThrow(refusal('KBPK_MISMATCH', 'kbpk'));
    }
  });
});

describe('a SecretKey that came out of a block', () => {
  it('is of the algorithm and the hash that the block names', () => {
    const kbpk = AES_KBPK;
    const keyBlock = wrapKey({
      kbpk,
      key: new Uint8Array(20).fill(0x0b),
      header: {
        versionId: 'D',
        keyUsage: 'M7',
        algorithm: 'H',
        modeOfUse: 'C',
        exportability: 'E',
        optionalBlocks: [{ id: 'HM', data: '21' }],
      },
    });
    const { key } = unwrapKey({ kbpk, keyBlock });
    expect(String(key)).toBe('SecretKey HMAC-160');
    expect(key.hash).toBe('SHA-256');
    expect(key.kcv()).toBe('999A90');
  });

  it.each([
    ['policy-tdes-key-8', 'SecretKey TDES-64'],
    ['policy-des-key-16', 'SecretKey DES'],
  ])('may have a length that its algorithm does not have: %s', (id, description) => {
    const { kbpk, keyBlock, key: bytes } = vector(id);
    const { key } = unwrapKey({ kbpk: fromHex(kbpk), keyBlock, validation: 'interoperable' });
    expect(String(key)).toBe(description);
    expect(toHex(key.expose())).toBe(bytes);
    expect(() => key.kcv()).toThrow(refusal('INVALID_LENGTH', 'key'));
    expect(() => computeKcv({ key })).toThrow(refusal('INVALID_LENGTH', 'key'));
    expect(() => splitIntoComponents({ key, count: 2 })).toThrow(refusal('INVALID_LENGTH', 'key'));
    expect(() => wrapped('B', key)).toThrow(refusal('KBPK_MISMATCH', 'kbpk'));
  });

  it('does not lend its length to others', () => {
    const { kbpk, keyBlock } = vector('policy-tdes-key-8');
    unwrapKey({ kbpk: fromHex(kbpk), keyBlock, validation: 'interoperable' });
    expect(() => new SecretKey({ algorithm: 'TDES', bytes: new Uint8Array(8) })).toThrow(
      refusal('INVALID_LENGTH', 'bytes'),
    );
  });
});

describe('SecretKey.destroy', () => {
  const tdesBlock = wrapped('B', TDES_KBPK);
  const aesBlock = wrapped('D', AES_KBPK);
  const tdes = () => new SecretKey({ algorithm: 'TDES', bytes: TDES_KBPK });
  const kbpkOf = () => new SecretKey({ algorithm: 'AES', bytes: AES_KBPK });

  const USES: readonly (readonly [string, string, () => SecretKey, (key: SecretKey) => unknown])[] =
    [
      ['kcv()', 'key', tdes, (key) => key.kcv()],
      ['expose()', 'key', tdes, (key) => key.expose()],
      ['computeKcv', 'key', tdes, (key) => computeKcv({ key })],
      ['matchesKcv', 'key', tdes, (key) => matchesKcv({ key, kcv: '000000' })],
      ['adjustParity', 'key', tdes, (key) => adjustParity(key)],
      ['hasOddParity', 'key', tdes, (key) => hasOddParity(key)],
      ['splitIntoComponents', 'key', tdes, (key) => splitIntoComponents({ key, count: 2 })],
      [
        'combineComponents',
        'components',
        tdes,
        (key) =>
          combineComponents({ algorithm: 'TDES', components: [new Uint8Array(24).fill(1), key] }),
      ],
      ['wrapKey, as key', 'key', aes, (key) => wrapped('D', AES_KBPK, key)],
      ['wrapKey, as KBPK', 'kbpk', kbpkOf, (kbpk) => wrapped('D', kbpk)],
      ['wrapKey of version A', 'kbpk', tdes, (kbpk) => wrapped('A', kbpk)],
      ['unwrapKey', 'kbpk', kbpkOf, (kbpk) => unwrapKey({ kbpk, keyBlock: aesBlock })],
      ['verifyKeyBlock', 'kbpk', kbpkOf, (kbpk) => verifyKeyBlock({ kbpk, keyBlock: aesBlock })],
      ['rewrapKey, from', 'from', tdes, (from) => rewrapped(tdesBlock, from, AES_KBPK)],
      ['rewrapKey, to', 'to', kbpkOf, (to) => rewrapped(tdesBlock, TDES_KBPK, to)],
      ['deriveBlockKeys', 'kbpk', kbpkOf, (kbpk) => deriveBlockKeys({ kbpk, versionId: 'E' })],
      [
        'traceUnwrap',
        'kbpk',
        kbpkOf,
        (kbpk) => traceUnwrap({ kbpk, keyBlock: aesBlock, testKey: true }),
      ],
    ];

  it.each(USES)('ends every use: %s', (_, field, make, use) => {
    const key = make();
    expect(() => use(key)).not.toThrow();
    key.destroy();
    expect(() => use(key)).toThrow(refusal('KEY_DESTROYED', field));
    expect(() => use(key)).toThrow(refusal('KEY_DESTROYED', field));
  });

  it.each(USES)('ends every use of a key that was never used: %s', (_, field, make, use) => {
    const key = make();
    key.destroy();
    key.destroy();
    expect(() => use(key)).toThrow(refusal('KEY_DESTROYED', field));
  });

  it('leaves the description', () => {
    const key = new SecretKey({ algorithm: 'HMAC', bytes: AES_KEY, hash: 'SHA-1' });
    key.destroy();
    expect(String(key)).toBe('SecretKey HMAC-128');
    expect(JSON.stringify(key)).toBe('"SecretKey HMAC-128"');
    expect([key.algorithm, key.lengthBits, key.hash]).toEqual(['HMAC', 128, 'SHA-1']);
  });

  it('leaves the bytes it was made from, and what was exposed', () => {
    const bytes = new Uint8Array(AES_KEY);
    const key = new SecretKey({ algorithm: 'AES', bytes });
    const exposed = key.expose();
    key.destroy();
    expect(bytes).toEqual(AES_KEY);
    expect(exposed).toEqual(AES_KEY);
  });

  it('leaves other handles of the same key', () => {
    const [one, other] = [kbpkOf(), kbpkOf()];
    const expected = wrapped('D', other);
    expect(wrapped('D', one)).toBe(expected);
    one.destroy();
    expect(wrapped('D', other)).toBe(expected);
    expect(other.kcv()).toBe('2331550BC9'); // X9.143 8.6
  });

  it('leaves the keys that were unwrapped with it', () => {
    const kbpk = kbpkOf();
    const { key } = unwrapKey({ kbpk, keyBlock: aesBlock });
    kbpk.destroy();
    expect(key.expose()).toEqual(PIN_KEY);
  });

  // No block may come out that was encrypted with what is left of a key.
  it.each(KBPKS)(
    'in the midst of wrapping fails the wrapping: %s',
    (versionId, algorithm, bytes) => {
      for (const used of [false, true]) {
        const kbpk = new SecretKey({ algorithm, bytes });
        if (used) wrapped(versionId, kbpk);
        const randomBytes = (length: number) => {
          kbpk.destroy();
          return new Uint8Array(length);
        };
        expect(() => wrapped(versionId, kbpk, PIN_KEY, randomBytes)).toThrow(
          expect.objectContaining({ constructor: KeyblockError, code: 'KEY_DESTROYED' }),
        );
      }
    },
  );

  it('in the midst of an operation fails the operation', () => {
    const operations: readonly ((
      key: SecretKey,
      randomBytes: () => Uint8Array<ArrayBuffer>,
    ) => unknown)[] = [
      (key, randomBytes) => wrapped('D', AES_KBPK, key, randomBytes),
      (key, randomBytes) => splitIntoComponents({ key, count: 2, randomBytes }),
    ];
    for (const operation of operations) {
      const key = aes();
      let drawn = 0;
      const randomBytes = (length = 16) => {
        key.destroy();
        drawn++;
        return new Uint8Array(length).fill(7); // zeros would be refused before
      };
      expect(() => operation(key, randomBytes)).toThrow(refusal('KEY_DESTROYED', 'key'));
      expect(drawn).toBe(1);
    }
  });
});

describe('withClearKey', () => {
  it('lends the bytes of a handle, which are overwritten with the handle', () => {
    const key = new Internal({ algorithm: 'AES', bytes: AES_KEY });
    const lent = withClearKey(key, 'key', ({ bytes }) => bytes);
    expect(lent).toEqual(AES_KEY);
    key.destroy();
    expect(lent).toEqual(new Uint8Array(16));
  });

  it('lends a copy of bytes, which is overwritten after use, also when the use fails', () => {
    let lent = new Uint8Array();
    const use = (fails: boolean) => () =>
      withClearKey(AES_KEY, 'key', ({ algorithm, bytes }) => {
        lent = bytes;
        expect(bytes).toEqual(AES_KEY);
        expect(algorithm).toBeUndefined();
        if (fails) throw new RangeError('in use');
      });
    expect(use(false)).not.toThrow();
    expect(lent).toEqual(new Uint8Array(16));
    expect(use(true)).toThrow('in use');
    expect(lent).toEqual(new Uint8Array(16));
    expect(toHex(AES_KEY)).toBe('000102030405060708090A0B0C0D0E0F');
  });
});

describe('withDerived', () => {
  const schedule = () => ({ destroy: vi.fn() });

  it('derives once for a handle, and destroys with it', () => {
    const key = new Internal({ algorithm: 'AES', bytes: AES_KEY });
    const derive = vi.fn(schedule);
    const first = withDerived(key, 'kbpk', 'cbc', derive, (derived) => derived);
    const second = withDerived(key, 'kbpk', 'cbc', derive, (derived) => derived);
    expect(second).toBe(first);
    expect(derive).toHaveBeenCalledTimes(1);
    expect(first.destroy).not.toHaveBeenCalled();
    key.destroy();
    expect(first.destroy).toHaveBeenCalledTimes(1);
    key.destroy();
    expect(first.destroy).toHaveBeenCalledTimes(1);
    expect(() => withDerived(key, 'kbpk', 'cbc', derive, () => 0)).toThrow(KeyblockError);
    expect(derive).toHaveBeenCalledTimes(1);
  });

  it('keeps what has different names apart', () => {
    const key = new Internal({ algorithm: 'AES', bytes: AES_KEY });
    const cbc = withDerived(key, 'kbpk', 'cbc', schedule, (derived) => derived);
    const ctr = withDerived(key, 'kbpk', 'ctr', schedule, (derived) => derived);
    expect(ctr).not.toBe(cbc);
    expect(withDerived(key, 'kbpk', 'cbc', schedule, (derived) => derived)).toBe(cbc);
    key.destroy();
    expect(cbc.destroy).toHaveBeenCalledTimes(1);
    expect(ctr.destroy).toHaveBeenCalledTimes(1);
  });

  it('derives anew from bytes, and destroys after use', () => {
    const derived = withDerived(AES_KEY, 'kbpk', 'cbc', schedule, (made) => {
      expect(made.destroy).not.toHaveBeenCalled();
      return made;
    });
    expect(derived.destroy).toHaveBeenCalledTimes(1);
    expect(withDerived(AES_KEY, 'kbpk', 'cbc', schedule, (made) => made)).not.toBe(derived);
  });

  it('destroys what came from bytes when its use fails, too', () => {
    const made = schedule();
    expect(() =>
      withDerived(
        AES_KEY,
        'kbpk',
        'cbc',
        () => made,
        () => {
          throw new RangeError('in use');
        },
      ),
    ).toThrow('in use');
    expect(made.destroy).toHaveBeenCalledTimes(1);
  });

  it('keeps nothing when deriving fails', () => {
    const key = new Internal({ algorithm: 'AES', bytes: AES_KEY });
    const failing = () => {
      throw new RangeError('no such version');
    };
    expect(() => withDerived(key, 'kbpk', 'cbc', failing, () => 0)).toThrow('no such version');
    expect(withDerived(key, 'kbpk', 'cbc', schedule, () => 'fine')).toBe('fine');
  });

  it('overwrites the copy of bytes after deriving', () => {
    let lent = new Uint8Array();
    withDerived(
      AES_KEY,
      'kbpk',
      'cbc',
      ({ bytes }) => {
        lent = bytes;
        expect(bytes).toEqual(AES_KEY);
        return schedule();
      },
      () => 0,
    );
    expect(lent).toEqual(new Uint8Array(16));
    expect(toHex(AES_KEY)).toBe('000102030405060708090A0B0C0D0E0F');
  });
});

/** Wraps with padding that is known, so that blocks compare. */
function wrapped(
  versionId: VersionId,
  kbpk: SecretKey | Uint8Array,
  key: SecretKey | Uint8Array = PIN_KEY,
  randomBytes = (length: number) => new Uint8Array(length).fill(0x5a),
): string {
  const algorithm = key instanceof SecretKey && key.algorithm === 'AES' ? 'A' : 'T';
  return wrapKey({
    kbpk,
    key,
    header: { versionId, keyUsage: 'P0', algorithm, modeOfUse: 'E', exportability: 'E' },
    allow: ['version-a-or-c'],
    randomBytes,
  });
}

function rewrapped(
  keyBlock: string,
  from: SecretKey | Uint8Array,
  to: SecretKey | Uint8Array,
): string {
  return rewrapKey({ keyBlock, from, to, header: { versionId: 'D' } });
}

function aes(): SecretKey {
  return new SecretKey({ algorithm: 'AES', bytes: AES_KEY });
}

function vector(id: string): {
  readonly kbpk: string;
  readonly keyBlock: string;
  readonly key: string;
} {
  const { kbpk, keyBlock, key } = vectors.find((candidate) => candidate.id === id) ?? {};
  if (kbpk === undefined || keyBlock === undefined || key === undefined) throw new Error(id);
  return { kbpk, keyBlock, key };
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
