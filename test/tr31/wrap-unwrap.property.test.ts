import fc from 'fast-check';
import {
  type Allow,
  computeKcv,
  fromHex,
  type KeyBlockHeaderInput,
  KeyblockError,
  type MaskedKeyLength,
  type OptionalBlock,
  SecretKey,
  toHex,
  type VersionId,
} from 'keyblock';
import {
  formatHeader,
  parseKeyBlock,
  type RewrapKeyOptions,
  rewrapKey,
  type TraceUnwrapOptions,
  traceUnwrap,
  type UnwrapKeyOptions,
  unwrapKey,
  verifyKeyBlock,
  type WrapKeyOptions,
  wrapKey,
} from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import {
  anyString,
  anyWrapping,
  BLOCK_LENGTHS,
  bytesOf,
  headerText,
  KBPK_KINDS,
  MAC_LENGTHS,
  type Wrapping,
} from './arbitraries.js';
import { refusal, thrownBy } from './vector-cases.js';

const WRITE_ALL: readonly Allow[] = ['version-a-or-c'];

/** TR-31:2018 A.7.4. */
const KBPK = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const KEY_BLOCK =
  'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34';

/** A TDES KBPK of three keys, and of two. */
const TDES_3K = fromHex('0123456789ABCDEFFEDCBA98765432101122334455667788');
const TDES_2K = fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6');

const AES_128 = fromHex('3F419E1CB7079442AA37474C2EFBF8B8');

const HEADER: KeyBlockHeaderInput = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  exportability: 'E',
};

/** Wraps an AES key in version D, but for what is given. */
function wrap(options: Partial<WrapKeyOptions> = {}): string {
  return wrapKey({ kbpk: KBPK, key: AES_128, header: HEADER, ...options });
}

/** Bytes of a length, all different, so that no two DES keys in them are equal. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => 7 * i + 3);
}

/** Check values by request: which may be asked for depends on the algorithm. */
const anyMaskedWrapping = anyWrapping.chain((wrapping) =>
  fc.record({
    wrapping: fc.constant(wrapping),
    masked: fc.oneof(
      fc.constantFrom<MaskedKeyLength | undefined>(undefined, 'x9.143', 'none'),
      fc.integer({ min: wrapping.key.length, max: wrapping.key.length + 70 }),
    ),
    checkValues: 'ADT'.includes(wrapping.header.algorithm)
      ? fc.subarray<'KC' | 'KP'>(['KC', 'KP'])
      : fc.constant<('KC' | 'KP')[]>([]),
  }),
);

/** The check value blocks that a wrap appends, by X9.143 6.3.6.7. */
function checkValueBlocks(ids: readonly string[], { kind, kbpk, key, header }: Wrapping) {
  const value = (algorithm: 'AES' | 'TDES' | 'DES', bytes: Uint8Array) =>
    algorithm === 'AES'
      ? `01${computeKcv({ algorithm, key: bytes, method: 'cmac', length: 5 })}`
      : `00${computeKcv({ algorithm, key: bytes, method: 'legacy', length: 3 })}`;
  const ofKey = { A: 'AES', D: 'DES', T: 'TDES' } as const;
  const letter = header.algorithm as keyof typeof ofKey; // none are asked for with others
  const ofKbpk = BLOCK_LENGTHS[kind.versionId] === 16 ? 'AES' : 'TDES';
  return ids.map((id): OptionalBlock => {
    const data = id === 'KC' ? value(ofKey[letter], key) : value(ofKbpk, kbpk);
    return { id, data };
  });
}

/** Bytes of a payload: two for the length, the key and what masks its length, whole blocks. */
function payloadLength({ kind, key, header }: Wrapping, masked: MaskedKeyLength = 'x9.143') {
  const standard = header.algorithm === 'A' ? 32 : header.algorithm === 'T' ? 24 : 0;
  const length = masked === 'x9.143' ? standard : masked === 'none' ? 0 : masked;
  const bytes = 2 + Math.max(length, key.length);
  if (kind.versionId === 'E') return bytes;
  const blockLength = BLOCK_LENGTHS[kind.versionId];
  return Math.ceil(bytes / blockLength) * blockLength;
}

describe('wrapKey', () => {
  it('writes what unwrapKey reads, in every version, with every algorithm', () => {
    fc.assert(
      fc.property(anyMaskedWrapping, ({ wrapping, masked, checkValues }) => {
        const { kind, kbpk, key, header } = wrapping;
        const options = { kbpk, key, header, maskedKeyLength: masked, checkValues };
        const keyBlock = wrapKey({ ...options, allow: WRITE_ALL });
        const added = checkValueBlocks(checkValues, wrapping);
        const complete = { ...header, optionalBlocks: [...header.optionalBlocks, ...added] };
        const parts = 2 * (payloadLength(wrapping, masked) + MAC_LENGTHS[kind.versionId]);
        const text = headerText(complete, keyBlock.length);
        expect(keyBlock.slice(0, text.length)).toBe(text);
        expect(keyBlock.slice(text.length)).toMatch(/^[0-9A-F]+$/);
        expect(keyBlock.length).toBe(text.length + parts);
        const opened = unwrapKey({ kbpk, keyBlock });
        expect(toHex(opened.key.expose())).toBe(toHex(key));
        expect(opened.header).toEqual(complete);
        expect(opened.findings.filter(({ refusedByStrict }) => refusedByStrict)).toEqual([]);
        expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('writes another block every time, with the same key in it', () => {
    fc.assert(
      fc.property(anyWrapping, ({ kbpk, key, header }) => {
        const maskedKeyLength = key.length + 16;
        const options = { kbpk, key, header, maskedKeyLength, allow: WRITE_ALL };
        const [first, second] = [wrapKey(options), wrapKey(options)];
        expect(first).not.toBe(second);
        const opened = [first, second].map((keyBlock) => unwrapKey({ kbpk, keyBlock }));
        expect(opened[0]?.header).toEqual(opened[1]?.header);
        for (const one of opened) expect(toHex(one.key.expose())).toBe(toHex(key));
      }),
    );
  });

  it('writes the same under a handle as under its bytes, whatever it was used for before', () => {
    const randomBytes = (length: number) => new Uint8Array(length);
    for (const [algorithm, kbpk, versions] of [
      ['TDES', TDES_3K, 'ABCBA'],
      ['AES', KBPK, 'DEDED'],
    ] as const) {
      const handle = new SecretKey({ algorithm, bytes: kbpk });
      for (const letter of versions) {
        const header = { ...HEADER, algorithm: 'T', versionId: letter as VersionId }; // as listed
        const options = { key: bytes(16), header, randomBytes, allow: WRITE_ALL };
        const keyBlock = wrapKey({ kbpk, ...options });
        expect(wrapKey({ kbpk: handle, ...options })).toBe(keyBlock);
        expect(toHex(unwrapKey({ kbpk: handle, keyBlock }).key.expose())).toBe(toHex(bytes(16)));
      }
    }
  });

  it('leaves what it is given as it was', () => {
    const [kbpk, key, pad] = [bytes(32), bytes(16), bytes(30)];
    const optionalBlocks = Object.freeze([Object.freeze({ id: 'LB', data: 'label' })]);
    const header = Object.freeze({ ...HEADER, optionalBlocks });
    wrapKey(Object.freeze({ kbpk, key, header, randomBytes: () => pad }));
    expect([kbpk, key, pad]).toEqual([bytes(32), bytes(16), bytes(30)]);
  });

  it('takes the defaults of X9.143 for what a header leaves out', () => {
    expect(wrap().slice(0, 16)).toBe('D0144D0AB00E0000');
    const optionalBlocks = undefined;
    const header = {
      ...HEADER,
      keyVersionNumber: undefined,
      keyContext: undefined,
      optionalBlocks,
    };
    expect(wrap({ header }).slice(0, 16)).toBe('D0144D0AB00E0000');
  });

  // The table of masked lengths: payload bytes, then characters of the whole block.
  it.each([
    ['A', 'T', 16, 'none', 72],
    ['A', 'T', 24, 'x9.143', 88],
    ['A', 'T', 16, 'x9.143', 88],
    ['B', 'T', 16, 'none', 80],
    ['B', 'T', 16, 'x9.143', 96],
    ['B', 'D', 8, 'x9.143', 64],
    ['C', 'T', 16, 'none', 72],
    ['C', 'T', 24, 'x9.143', 88],
    ['D', 'T', 16, 'none', 112],
    ['D', 'T', 16, 'x9.143', 112],
    ['D', 'A', 16, 'none', 112],
    ['D', 'A', 16, 'x9.143', 144],
    ['D', 'A', 32, 'x9.143', 144],
    ['D', 'H', 30, 'x9.143', 112],
    ['D', 'H', 31, 'x9.143', 144],
    ['E', 'T', 16, 'none', 84],
    ['E', 'T', 16, 'x9.143', 100],
    ['E', 'A', 16, 'none', 84],
    ['E', 'A', 16, 'x9.143', 116],
    ['E', 'A', 16, 17, 86],
  ] as const)('masks in version %s, algorithm %s, %d bytes as %s: %d characters', (...row) => {
    const [versionId, algorithm, length, maskedKeyLength, characters] = row;
    const kbpk = BLOCK_LENGTHS[versionId] === 16 ? KBPK : TDES_3K;
    const header = { ...HEADER, versionId, algorithm };
    const options = { kbpk, key: bytes(length), maskedKeyLength };
    const allow: Allow[] = ['version-a-or-c', 'hmac-without-hash'];
    const keyBlock = wrap({ ...options, header, allow });
    expect(keyBlock).toHaveLength(characters);
    expect(keyBlock.slice(1, 5)).toBe(String(characters).padStart(4, '0'));
  });

  // The largest blocks without optional blocks.
  it.each([
    ['A', 4982, 9992],
    ['B', 4974, 9984],
    ['C', 4982, 9992],
    ['D', 4958, 9968],
    ['E', 4973, 9998],
  ] as const)(
    'holds in version %s no more than %d bytes of key',
    (versionId, length, characters) => {
      const kbpk = BLOCK_LENGTHS[versionId] === 16 ? KBPK : TDES_3K;
      const header = { ...HEADER, versionId, algorithm: 'R' };
      const options = { kbpk, header, allow: WRITE_ALL };
      const keyBlock = wrap({ ...options, key: bytes(length) });
      expect(keyBlock).toHaveLength(characters);
      expect(unwrapKey({ kbpk, keyBlock }).key.expose()).toEqual(bytes(length));
      expect(() => wrap({ ...options, key: bytes(length + 1) })).toThrow(
        refusal('INPUT_TOO_LARGE', 'key'),
      );
    },
  );

  // Spec of strengths: which key may go under which KBPK.
  it.each([
    ['B', 16, { D8: true, T16: true, T24: false, A16: false, A24: false, A32: false }],
    ['B', 24, { D8: true, T16: true, T24: true, A16: false, A24: false, A32: false }],
    ['D', 16, { D8: true, T16: true, T24: true, A16: true, A24: false, A32: false }],
    ['D', 24, { D8: true, T16: true, T24: true, A16: true, A24: true, A32: false }],
    ['D', 32, { D8: true, T16: true, T24: true, A16: true, A24: true, A32: true }],
  ] as const)('puts no key under a weaker one: version %s, KBPK of %d bytes', (...row) => {
    const [versionId, kbpkLength, table] = row;
    const kbpk = bytes(kbpkLength);
    for (const [name, allowed] of Object.entries(table)) {
      const header = { ...HEADER, versionId, algorithm: name.charAt(0) };
      const options = { kbpk, header, key: bytes(Number(name.slice(1))) };
      if (allowed) {
        expect(unwrapKey({ kbpk, keyBlock: wrap(options) }).findings, name).toEqual([]);
      } else {
        expect(() => wrap(options), name).toThrow(refusal('KEY_STRENGTH', 'key'));
        const keyBlock = wrap({ ...options, allow: ['weaker-kbpk'] });
        expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(refusal('KEY_STRENGTH', 'key'));
        const [finding] = unwrapKey({ kbpk, keyBlock, allow: ['weaker-kbpk'] }).findings;
        expect(finding).toMatchObject({ rule: 'weaker-kbpk', refusedByStrict: true });
      }
    }
  });

  it.each([
    ['K1 = K2', '0123456789ABCDEF0123456789ABCDEF', 'T', 16],
    ['K2 = K3', '0123456789ABCDEFFEDCBA9876543210FEDCBA9876543210', 'T', 24],
    ['K1 = K3', '0123456789ABCDEFFEDCBA98765432100123456789ABCDEF', 'T', 24],
    // Parity bits do not make two DES keys of one.
    ['K1 = K3 but for parity', '0123456789ABCDEFFEDCBA98765432100022446688AACCEE', 'T', 24],
  ])('counts the parts of a KBPK that differ: %s', (_, hex, algorithm, length) => {
    const kbpk = fromHex(hex);
    const options = {
      kbpk,
      key: bytes(length),
      header: { ...HEADER, algorithm, versionId: 'B' },
    } as const;
    expect(() => wrap(options)).toThrow(refusal('KEY_STRENGTH', 'key'));
    // A block that exists is read, and what is odd about it reported.
    const keyBlock = wrap({ ...options, allow: ['weaker-kbpk'] });
    const { findings } = unwrapKey({ kbpk, keyBlock });
    expect(findings).toEqual([
      expect.objectContaining({
        rule: 'weaker-kbpk-parts',
        code: 'KEY_STRENGTH',
        refusedByStrict: false,
      }),
    ]);
  });

  it('appends the check values asked for, after the blocks given', () => {
    const header = { ...HEADER, optionalBlocks: [{ id: 'LB', data: 'x' }] };
    const keyBlock = wrap({ header, checkValues: ['KP', 'KC'] });
    expect(parseKeyBlock(keyBlock).header.optionalBlocks).toEqual([
      { id: 'LB', data: 'x' },
      // X9.143 8.6 prints the check value of this KBPK.
      { id: 'KP', data: '012331550BC9' },
      { id: 'KC', data: '0108793E25AB' },
    ]);
  });

  it('asks for randomness once, or not at all where nothing is to be filled', () => {
    const asked: number[] = [];
    const randomBytes = (length: number) => {
      asked.push(length);
      return new Uint8Array(length);
    };
    wrap({ randomBytes, checkValues: [] });
    wrap({ randomBytes, maskedKeyLength: 'none' });
    wrap({ randomBytes, maskedKeyLength: 'none', header: { ...HEADER, versionId: 'E' } });
    expect(asked).toEqual([30, 14]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'options'],
  ])('rejects %s for its options', (_, options) => {
    expect(() => wrapKey(options as WrapKeyOptions)).toThrow(
      refusal('INVALID_ARGUMENT', 'options'),
    );
  });

  it.each(['kbpk', 'key'] as const)('rejects hex where bytes belong, and says so: %s', (name) => {
    const error = thrownBy(() => wrap({ [name]: toHex(KBPK) }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: name });
    expect(error.message).toContain('fromHex');
    expect(error.message).not.toContain('88E1');
    for (const wrong of [undefined, null, [1, 2], new ArrayBuffer(32), new Uint16Array(16)]) {
      expect(() => wrap({ [name]: wrong })).toThrow(refusal('INVALID_ARGUMENT', name));
    }
  });

  it.each([
    ['A', 15],
    ['A', 32],
    ['B', 8],
    ['B', 0],
    ['B', 32],
    ['C', 17],
    ['D', 8],
    ['D', 33],
    ['E', 0],
  ] as const)('rejects in version %s a KBPK of %d bytes', (versionId, length) => {
    const header = { ...HEADER, algorithm: 'T', versionId };
    expect(() => wrap({ header, kbpk: bytes(length), allow: WRITE_ALL })).toThrow(
      refusal('KBPK_MISMATCH', 'kbpk'),
    );
  });

  it('rejects a handle of another algorithm as KBPK', () => {
    const aes = new SecretKey({ algorithm: 'AES', bytes: bytes(16) });
    const tdes = new SecretKey({ algorithm: 'TDES', bytes: bytes(16) });
    const key = bytes(8);
    const header = { ...HEADER, algorithm: 'D' };
    expect(() => wrap({ kbpk: tdes, key, header })).toThrow(refusal('KBPK_MISMATCH', 'kbpk'));
    expect(() => wrap({ kbpk: aes, key, header: { ...header, versionId: 'B' } })).toThrow(
      refusal('KBPK_MISMATCH', 'kbpk'),
    );
    expect(wrap({ kbpk: aes, key, header })).toMatch(/^D/);
  });

  it('rejects a single DES key as KBPK, whatever is allowed', () => {
    const allow: Allow[] = ['version-a-or-c', 'weaker-kbpk', 'kcv-mismatch'];
    const kp = { id: 'KP', data: '00ABCDEF' };
    for (const versionId of ['A', 'C'] as const) {
      const header = { ...HEADER, algorithm: 'D', versionId };
      for (const options of [
        { header },
        { header, checkValues: ['KP'] },
        { header: { ...header, optionalBlocks: [kp] } },
      ] as const) {
        expect(() => wrap({ ...options, key: bytes(8), kbpk: bytes(8), allow })).toThrow(
          refusal('WEAK_KEY', 'kbpk'),
        );
      }
    }
  });

  it('rejects versions A and C unless they are allowed', () => {
    for (const versionId of ['A', 'C'] as const) {
      const header = { ...HEADER, algorithm: 'T', versionId };
      expect(() => wrap({ header, kbpk: TDES_2K })).toThrow(refusal('UNSUPPORTED', 'versionId'));
      expect(wrap({ header, kbpk: TDES_2K, allow: ['version-a-or-c'] })).toMatch(/^[AC]0088/);
    }
  });

  it.each([
    ['A', 15],
    ['A', 8],
    ['A', 33],
    ['T', 8],
    ['T', 17],
    ['D', 16],
  ])('rejects with algorithm %s a key of %d bytes unless it is allowed', (algorithm, length) => {
    const options = { header: { ...HEADER, algorithm }, key: bytes(length) };
    expect(() => wrap(options)).toThrow(refusal('INVALID_LENGTH', 'key'));
    const allow: Allow[] = ['key-length', 'weaker-kbpk'];
    const keyBlock = wrap({ ...options, allow });
    expect(() => unwrapKey({ kbpk: KBPK, keyBlock })).toThrow(refusal('INVALID_PAYLOAD', 'key'));
    expect(unwrapKey({ kbpk: KBPK, keyBlock, allow }).key.lengthBits).toBe(8 * length);
  });

  it.each([...'ATDHIJRES'])('rejects with algorithm %s an empty key', (algorithm) => {
    const header = { ...HEADER, algorithm, optionalBlocks: [{ id: 'HM', data: '21' }] };
    const options = { header, key: new Uint8Array(0), allow: ['key-length'] as const };
    expect(() => wrap(options)).toThrow(refusal('INVALID_LENGTH', 'key'));
  });

  it('rejects a handle that is not what the header says', () => {
    const aes = new SecretKey({ algorithm: 'AES', bytes: bytes(16) });
    expect(() => wrap({ key: aes, header: { ...HEADER, algorithm: 'T' } })).toThrow(
      refusal('INVALID_ARGUMENT', 'algorithm'),
    );
    const hmac = new SecretKey({ algorithm: 'HMAC', hash: 'SHA-256', bytes: bytes(16) });
    const plainHeader = { ...HEADER, algorithm: 'H', keyUsage: 'M7', modeOfUse: 'C' };
    const withHash = (data: string) => ({ ...plainHeader, optionalBlocks: [{ id: 'HM', data }] });
    expect(() => wrap({ key: hmac, header: withHash('22') })).toThrow(
      refusal('INVALID_ARGUMENT', 'hash'),
    );
    const keyBlock = wrap({ key: hmac, header: withHash('21') });
    const { key } = unwrapKey({ kbpk: KBPK, keyBlock });
    expect([key.algorithm, key.hash, key.kcv()]).toEqual(['HMAC', 'SHA-256', hmac.kcv()]);
    // I is HMAC with SHA-2 and J with SHA-3, also where no HM says with which.
    const sha1 = new SecretKey({ algorithm: 'HMAC', hash: 'SHA-1', bytes: bytes(16) });
    const sha3 = new SecretKey({ algorithm: 'HMAC', hash: 'SHA3-256', bytes: bytes(16) });
    for (const [key, letter, unfit] of [
      [sha1, undefined, 'I'],
      [sha1, undefined, 'J'],
      [hmac, 'I', 'J'],
      [sha3, 'J', 'I'],
    ] as const) {
      if (letter)
        expect(wrap({ key, header: { ...plainHeader, algorithm: letter } })).toMatch(/^D/);
      expect(() => wrap({ key, header: { ...plainHeader, algorithm: unfit } })).toThrow(
        refusal('INVALID_ARGUMENT', 'hash'),
      );
    }
    // Where HM says with which, that counts: what was read can be written again.
    const header = { ...withHash('10'), algorithm: 'I' };
    const read = unwrapKey({ kbpk: KBPK, keyBlock: wrap({ key: bytes(16), header }) });
    expect(read.key.hash).toBe('SHA-1');
    expect(wrap({ key: read.key, header: read.header })).toMatch(/^D/);
    // A handle that does not know its hash, and one that does not know its algorithm, fit any.
    const plain = new SecretKey({ algorithm: 'HMAC', bytes: bytes(16) });
    expect(wrap({ key: plain, header: withHash('22') })).toMatch(/^D/);
    const other = new SecretKey({ algorithm: 'other', bytes: bytes(16) });
    expect(wrap({ key: other })).toMatch(/^D/);
    const unknown = {
      header: { ...HEADER, algorithm: '9' },
      allow: ['unknown-attribute'],
    } as const;
    expect(
      unwrapKey({ kbpk: KBPK, keyBlock: wrap({ key: aes, ...unknown }), ...unknown }).key.algorithm,
    ).toBe('other');
  });

  it('rejects keys that were destroyed', () => {
    const gone = new SecretKey({ algorithm: 'AES', bytes: KBPK });
    const keyBlock = wrap({ kbpk: gone });
    gone.destroy();
    expect(() => wrap({ kbpk: gone })).toThrow(refusal('KEY_DESTROYED'));
    expect(() => wrap({ key: gone })).toThrow(refusal('KEY_DESTROYED', 'key'));
    expect(() => unwrapKey({ kbpk: gone, keyBlock })).toThrow(refusal('KEY_DESTROYED'));
    expect(() => verifyKeyBlock({ kbpk: gone, keyBlock })).toThrow(refusal('KEY_DESTROYED'));
  });

  it.each<[unknown, 'x9.143' | 'refused']>([
    [15, 'refused'],
    [0, 'refused'],
    [-1, 'refused'],
    [16.5, 'refused'],
    [Number.NaN, 'refused'],
    [Number.POSITIVE_INFINITY, 'refused'],
    [10_000, 'refused'],
    ['16', 'refused'],
    ['X9.143', 'refused'],
    [null, 'refused'],
    [undefined, 'x9.143'],
  ])('takes no mask of %s bytes for a key of 16', (masked, outcome) => {
    const call = () => wrap({ maskedKeyLength: masked as MaskedKeyLength });
    if (outcome === 'refused') {
      expect(call).toThrow(refusal('INVALID_ARGUMENT', 'maskedKeyLength'));
    } else {
      expect(call()).toHaveLength(144);
    }
  });

  it('rejects a mask that makes the block too long', () => {
    expect(wrap({ maskedKeyLength: 4958 })).toHaveLength(9968);
    expect(() => wrap({ maskedKeyLength: 4959 })).toThrow(refusal('INPUT_TOO_LARGE', 'key'));
  });

  it.each<[string, unknown]>([
    ['no function', 'random'],
    ['a number', 4],
    ['null', null],
    ['too few bytes', (length: number) => new Uint8Array(length - 1)],
    ['too many bytes', (length: number) => new Uint8Array(length + 1)],
    ['no bytes', (length: number) => new Array(length).fill(0)],
    ['a promise', async (length: number) => new Uint8Array(length)],
    ['nothing', () => undefined],
  ])('rejects randomBytes that is or gives %s', (_, randomBytes) => {
    const options = { randomBytes } as Partial<WrapKeyOptions>;
    expect(() => wrap(options)).toThrow(refusal('INVALID_ARGUMENT', 'randomBytes'));
  });

  it.each<[string, Partial<KeyBlockHeaderInput>, Parameters<typeof refusal>]>([
    [
      'a PB',
      { optionalBlocks: [{ id: 'PB', data: '0000' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    ['a usage', { keyUsage: 'Z9' }, ['INVALID_HEADER', 'keyUsage']],
    ['a numeric usage', { keyUsage: '10' }, ['INVALID_HEADER', 'keyUsage']],
    ['an algorithm', { algorithm: 'Z' }, ['INVALID_HEADER', 'algorithm']],
    ['a mode', { modeOfUse: '1' }, ['INVALID_HEADER', 'modeOfUse']],
    ['a component', { keyVersionNumber: 'ca' }, ['INVALID_HEADER', 'keyVersionNumber']],
    ['a lower-case version', { keyVersionNumber: 'a1' }, ['INVALID_HEADER', 'keyVersionNumber']],
    ['an exportability', { exportability: 'X' }, ['INVALID_HEADER', 'exportability']],
    ['a context', { keyContext: '3' }, ['INVALID_HEADER', 'keyContext']],
    [
      'an ID',
      { optionalBlocks: [{ id: 'ZZ', data: '' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    [
      'a lower-case ID',
      { optionalBlocks: [{ id: 'lb', data: '' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    [
      'KS data',
      { optionalBlocks: [{ id: 'KS', data: 'VM9A' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    [
      'a BDK ID of 11',
      { optionalBlocks: [{ id: 'BI', data: '1112345678' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    [
      'DA outside B3',
      { optionalBlocks: [{ id: 'DA', data: '01P0AEN' }] },
      ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    ],
    [
      'a wrong KC',
      { optionalBlocks: [{ id: 'KC', data: '0108793E25AC' }] },
      ['KCV_MISMATCH', 'optionalBlocks'],
    ],
    [
      'a wrong KP',
      { optionalBlocks: [{ id: 'KP', data: '0108793E25AB' }] },
      ['KCV_MISMATCH', 'optionalBlocks'],
    ],
  ])('rejects %s that strict validation would not read', (_, change, [code, field]) => {
    expect(() => wrap({ header: { ...HEADER, ...change } })).toThrow(refusal(code, field));
  });

  it.each<[Allow, Partial<KeyBlockHeaderInput>]>([
    ['unknown-attribute', { keyUsage: '10', modeOfUse: '1', keyVersionNumber: 'ca' }],
    ['unknown-attribute', { exportability: 'X', keyContext: '3', algorithm: 'Z' }],
    ['unknown-optional-block', { optionalBlocks: [{ id: 'ZZ', data: 'x' }] }],
    ['optional-block-data', { optionalBlocks: [{ id: 'KS', data: 'VM9A' }] }],
    ['derivations-outside-b3', { optionalBlocks: [{ id: 'DA', data: '01P0AEN' }] }],
    ['hmac-without-hash', { algorithm: 'H' }],
    ['kcv-mismatch', { optionalBlocks: [{ id: 'KC', data: '0108793E25AC' }] }],
  ])('writes and reads what is allowed by the word %s', (word, change) => {
    const header = { ...HEADER, ...change };
    const keyBlock = wrap({ header, allow: [word] });
    expect(() => unwrapKey({ kbpk: KBPK, keyBlock })).toThrow(KeyblockError);
    const opened = unwrapKey({ kbpk: KBPK, keyBlock, allow: [word] });
    expect(opened.header).toMatchObject(header);
    const { findings } = unwrapKey({ kbpk: KBPK, keyBlock, validation: 'interoperable' });
    expect(opened.findings).toEqual(findings);
    const refused = findings.filter(({ refusedByStrict }) => refusedByStrict);
    expect(new Set(refused.map(({ rule }) => rule))).toEqual(new Set([word]));
    // Any other word does not help.
    const others = ['version-a-or-c', 'lower-case-hex', 'key-length'] as const;
    expect(() => wrap({ header, allow: others })).toThrow(KeyblockError);
  });

  it.each<[unknown]>([
    ['unknown-attribute'],
    [['everything']],
    [['weaker-kbpk-parts']],
    [['single-des-kbpk']],
    [['toString']],
    [[undefined]],
    [{}],
    [null],
  ])('rejects allow: %j', (allow) => {
    const options = { allow } as { allow: Allow[] };
    expect(() => wrap(options)).toThrow(refusal('INVALID_ARGUMENT', 'allow'));
    expect(() => unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK, ...options })).toThrow(
      refusal('INVALID_ARGUMENT', 'allow'),
    );
    expect(() => parseKeyBlock(KEY_BLOCK, options)).toThrow(refusal('INVALID_ARGUMENT', 'allow'));
  });

  it.each<[unknown]>([['KC'], [['KV']], [['KC', undefined]], [['KP', 'KP']], [{}], [null]])(
    'rejects checkValues: %j',
    (checkValues) => {
      const options = { checkValues } as Partial<WrapKeyOptions>;
      expect(() => wrap(options)).toThrow(refusal('INVALID_ARGUMENT', 'checkValues'));
    },
  );

  it('rejects check values that are there already, or that the algorithm has not', () => {
    const header = { ...HEADER, optionalBlocks: [{ id: 'KC', data: '0108793E25AB' }] };
    expect(() => wrap({ header, checkValues: ['KC'] })).toThrow(refusal('INVALID_OPTIONAL_BLOCK'));
    for (const algorithm of 'HRES') {
      const other = { ...HEADER, algorithm, optionalBlocks: [{ id: 'HM', data: '21' }] };
      expect(() => wrap({ header: other, checkValues: ['KC'] })).toThrow(refusal('UNSUPPORTED'));
      expect(wrap({ header: other, checkValues: ['KP'] })).toContain('KP10012331550BC9');
    }
  });
});

describe('unwrapKey', () => {
  it('hands out a fresh key, and leaves the KBPK as it was', () => {
    const kbpk = new Uint8Array(KBPK);
    const { key } = unwrapKey({ kbpk, keyBlock: KEY_BLOCK });
    expect(kbpk).toEqual(KBPK);
    key.expose().fill(0);
    expect(toHex(key.expose())).toBe('3F419E1CB7079442AA37474C2EFBF8B8');
    expect(key.expose().buffer.byteLength).toBe(16);
  });

  it('opens nothing that was altered, but for the case of hex', () => {
    const blocks = [
      [KBPK, KEY_BLOCK],
      [
        KBPK,
        wrap({ header: { ...HEADER, versionId: 'E', optionalBlocks: [{ id: 'LB', data: 'a' }] } }),
      ],
      [TDES_2K, 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E'],
    ] as const;
    const altered = fc
      .constantFrom(...blocks)
      .chain(([kbpk, text]) =>
        fc.tuple(fc.constant(kbpk), fc.constant(text), fc.nat(text.length - 1), anyString(2)),
      );
    fc.assert(
      fc.property(altered, ([kbpk, text, at, replacement]) => {
        const keyBlock = text.slice(0, at) + replacement + text.slice(at + 1);
        fc.pre(keyBlock !== text);
        expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(KeyblockError);
        if (keyBlock.toUpperCase() !== text.toUpperCase()) {
          expect(() => unwrapKey({ kbpk, keyBlock, validation: 'interoperable' })).toThrow(
            KeyblockError,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('answers the same to every wrong KBPK', () => {
    const anyKind = fc.constantFrom(...KBPK_KINDS);
    const wrong = anyKind.chain((kind) => fc.tuple(fc.constant(kind), bytesOf(kind.kbpkLength)));
    const blocks = new Map(
      [...'ABCDE'].map((letter) => {
        const versionId = letter as VersionId; // as listed
        const kbpk = BLOCK_LENGTHS[versionId] === 16 ? KBPK : TDES_3K;
        const header = { ...HEADER, versionId, algorithm: 'T' };
        return [letter, wrap({ kbpk, header, key: bytes(16), allow: WRITE_ALL })];
      }),
    );
    fc.assert(
      fc.property(wrong, ([{ versionId }, kbpk]) => {
        const keyBlock = blocks.get(versionId) ?? '';
        const error = thrownBy(() => unwrapKey({ kbpk, keyBlock, validation: 'interoperable' }));
        expect([error.code, error.field, error.offset, error.cause]).toEqual([
          'AUTHENTICATION_FAILED',
          undefined,
          undefined,
          undefined,
        ]);
        expect(verifyKeyBlock({ kbpk, keyBlock })).toBe(false);
      }),
    );
  });

  it('opens blocks under a single DES key in interoperable validation only', () => {
    // Two keys of one are one: the block is that of the KBPK twice over.
    const single = bytes(8);
    const double = Uint8Array.of(...single, ...single);
    const header = { ...HEADER, versionId: 'C', algorithm: 'D' } as const;
    const keyBlock = wrap({ kbpk: double, key: bytes(8), header, allow: WRITE_ALL });
    expect(() => unwrapKey({ kbpk: single, keyBlock })).toThrow(refusal('WEAK_KEY', 'kbpk'));
    const { key, findings } = unwrapKey({ kbpk: single, keyBlock, validation: 'interoperable' });
    expect(key.expose()).toEqual(bytes(8));
    expect(findings).toEqual([
      expect.objectContaining({ rule: 'single-des-kbpk', code: 'WEAK_KEY', refusedByStrict: true }),
    ]);
    const handle = new SecretKey({ algorithm: 'DES', bytes: single });
    expect(verifyKeyBlock({ kbpk: handle, keyBlock })).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a block', KEY_BLOCK],
  ])('rejects %s for its options', (_, options) => {
    const given = options as UnwrapKeyOptions;
    expect(() => unwrapKey(given)).toThrow(refusal('INVALID_ARGUMENT', 'options'));
    expect(() => verifyKeyBlock(given)).toThrow(refusal('INVALID_ARGUMENT', 'options'));
  });

  it.each<unknown>(['STRICT', '', true, null, 0])('rejects validation: %j', (validation) => {
    const options = { validation } as { validation: 'strict' };
    expect(() => unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK, ...options })).toThrow(
      refusal('INVALID_ARGUMENT', 'validation'),
    );
    expect(() => parseKeyBlock(KEY_BLOCK, options)).toThrow(
      refusal('INVALID_ARGUMENT', 'validation'),
    );
  });

  it('rejects a KBPK that is no key, and a block that is no text', () => {
    for (const kbpk of [undefined, null, toHex(KBPK), [...KBPK]]) {
      const options = { kbpk: kbpk as unknown as Uint8Array, keyBlock: KEY_BLOCK };
      const error = thrownBy(() => unwrapKey(options));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'kbpk' });
      expect(error.message).toContain('fromHex');
      expect(() => verifyKeyBlock(options)).toThrow(refusal('INVALID_ARGUMENT', 'kbpk'));
    }
    for (const keyBlock of [undefined, null, 7, [KEY_BLOCK], new String(KEY_BLOCK)]) {
      const options = { kbpk: KBPK, keyBlock: keyBlock as string };
      expect(() => unwrapKey(options)).toThrow(refusal('INVALID_ARGUMENT', 'keyBlock'));
      expect(() => verifyKeyBlock(options)).toThrow(refusal('INVALID_ARGUMENT', 'keyBlock'));
    }
  });
});

/** Runs a call while `Object.prototype` has what attackers put there; then takes it away again. */
function whilePolluted(supplied: object, call: () => unknown): unknown {
  const names = Object.keys(supplied);
  for (const [name, value] of Object.entries(supplied)) {
    const attributes = { value, configurable: true, enumerable: true, writable: true };
    Object.defineProperty(Object.prototype, name, attributes);
  }
  try {
    return call();
  } catch (error) {
    return error;
  } finally {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name);
  }
}

describe('Object.prototype', () => {
  const supplied = {
    kbpk: KBPK,
    key: AES_128,
    from: KBPK,
    to: AES_128,
    keyBlock: KEY_BLOCK,
    header: HEADER,
    versionId: 'E',
    keyUsage: 'P0',
    keyVersionNumber: '55',
    keyContext: '2',
    modeOfUse: 'D',
    exportability: 'N',
    optionalBlocks: [{ id: 'LB', data: 'x' }],
    id: 'LB',
    data: 'x',
    keyBlockLength: 7,
    validation: 'interoperable',
    allow: ['version-a-or-c', 'lower-case-hex', 'weaker-kbpk', 'unknown-attribute'],
    maskedKeyLength: 'none',
    checkValues: ['KP'],
    randomBytes: (length: number) => new Uint8Array(length),
    testKey: true,
    field: 'kbpk',
    offset: 3,
  };
  const lowerCase = KEY_BLOCK.slice(0, 16) + KEY_BLOCK.slice(16).toLowerCase();
  const versionA = { ...HEADER, algorithm: 'T', versionId: 'A' } as const;
  const { keyUsage: _, ...withoutUsage } = HEADER;

  it.each<[string, () => unknown, unknown]>([
    [
      'KBPK',
      () => wrapKey({ key: AES_128, header: HEADER } as WrapKeyOptions),
      refusal('INVALID_ARGUMENT', 'kbpk'),
    ],
    [
      'key',
      () => wrapKey({ kbpk: KBPK, header: HEADER } as WrapKeyOptions),
      refusal('INVALID_ARGUMENT', 'key'),
    ],
    [
      'header',
      () => wrapKey({ kbpk: KBPK, key: AES_128 } as WrapKeyOptions),
      refusal('INVALID_ARGUMENT', 'header'),
    ],
    [
      'usage',
      () => wrap({ header: withoutUsage as KeyBlockHeaderInput }),
      refusal('INVALID_ARGUMENT', 'keyUsage'),
    ],
    [
      'block',
      () => wrap({ header: { ...HEADER, optionalBlocks: [{} as OptionalBlock] } }),
      refusal('INVALID_ARGUMENT', 'optionalBlocks'),
    ],
    [
      'allowed version',
      () => wrap({ kbpk: TDES_2K, header: versionA }),
      refusal('UNSUPPORTED', 'versionId'),
    ],
    [
      'text',
      () => unwrapKey({ kbpk: KBPK } as UnwrapKeyOptions),
      refusal('INVALID_ARGUMENT', 'keyBlock'),
    ],
    [
      'validation',
      () => unwrapKey({ kbpk: KBPK, keyBlock: lowerCase }),
      refusal('INVALID_HEX', 'payload'),
    ],
    [
      'validation of parsing',
      () => parseKeyBlock(lowerCase, {}),
      refusal('INVALID_HEX', 'payload'),
    ],
    ['default header', () => wrap().slice(0, 16), 'D0144D0AB00E0000'],
    [
      'change to a header',
      () => rewrapKey({ keyBlock: KEY_BLOCK, from: KBPK, to: KBPK, header: {} }).slice(0, 16),
      'D0144P0AE00E0000',
    ],
    [
      'KBPK to re-wrap to',
      () => rewrapKey({ keyBlock: KEY_BLOCK, from: KBPK } as RewrapKeyOptions),
      refusal('INVALID_ARGUMENT', 'to'),
    ],
    [
      'test key',
      () => traceUnwrap({ kbpk: KBPK, keyBlock: KEY_BLOCK } as TraceUnwrapOptions),
      refusal('INVALID_ARGUMENT', 'testKey'),
    ],
    [
      'length',
      () => formatHeader({ header: { ...HEADER } } as Parameters<typeof formatHeader>[0]),
      refusal('INVALID_ARGUMENT', 'keyBlockLength'),
    ],
  ])('supplies no %s', (_, call, expected) => {
    expect(whilePolluted(supplied, call)).toEqual(expected);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('supplies no randomness', () => {
    const drawn = () => whilePolluted(supplied, () => wrap());
    expect(drawn()).not.toBe(drawn());
  });

  it('supplies no field and offset of an error', () => {
    const call = () => unwrapKey({ kbpk: KBPK.subarray(16), keyBlock: KEY_BLOCK });
    const { code, field, offset, message } = thrownBy(call);
    expect(code).toBe('AUTHENTICATION_FAILED');
    expect(whilePolluted(supplied, call)).toMatchObject({ code, field, offset, message });
  });
});
