/**
 * Any input, however long or hostile, has an answer: a value or a `KeyblockError`. Work is counted
 * in characters read, never in time.
 */

import fc from 'fast-check';
import {
  adjustParity,
  combineComponents,
  computeKcv,
  deriveBlockKeys,
  describeKeyBlock,
  formatHeader,
  formatOptionalBlock,
  fromHex,
  generateKey,
  hasOddParity,
  type KeyBlockHeaderInput,
  KeyblockError,
  matchesKcv,
  parseHeader,
  parseKeyBlock,
  readOptionalBlock,
  rewrapKey,
  SecretKey,
  splitIntoComponents,
  toHex,
  traceUnwrap,
  unwrapKey,
  verifyKeyBlock,
  type WrapKeyOptions,
  wrapKey,
} from 'keyblock';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bytesOf, outcome, VALIDATIONS } from './matrix.js';
import { splice, withTrueLength } from './mutations.js';

const MIB = 2 ** 20;
const KBPK_BYTES = bytesOf(8000)(32);
const KEY_BYTES = bytesOf(8001)(16);
const KBPK = new SecretKey({ algorithm: 'AES', bytes: KBPK_BYTES });
const KEY = new SecretKey({ algorithm: 'AES', bytes: KEY_BYTES });
const HEADER: KeyBlockHeaderInput = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  exportability: 'E',
};
const WRAP: WrapKeyOptions = { kbpk: KBPK, key: KEY, header: HEADER, randomBytes: bytesOf(8002) };
const KEY_BLOCK = wrapKey(WRAP);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Every place where a caller hands in a text. */
const TEXT_CALLS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['parseKeyBlock', (text) => parseKeyBlock(text)],
  ['parseKeyBlock, interoperable', (text) => parseKeyBlock(text, { validation: 'interoperable' })],
  [
    'parseKeyBlock with the lengths of 2018',
    (text) =>
      parseKeyBlock(text, {
        validation: 'interoperable',
        allow: ['tr31-2018-extended-length', 'extended-length-form'],
      }),
  ],
  ['parseHeader', (text) => parseHeader(text)],
  ['describeKeyBlock', (text) => describeKeyBlock(text)],
  ['unwrapKey', (keyBlock) => unwrapKey({ kbpk: KBPK, keyBlock })],
  [
    'unwrapKey, interoperable',
    (keyBlock) => unwrapKey({ kbpk: KBPK, keyBlock, validation: 'interoperable' }),
  ],
  ['verifyKeyBlock', (keyBlock) => verifyKeyBlock({ kbpk: KBPK, keyBlock })],
  ['rewrapKey', (keyBlock) => rewrapKey({ keyBlock, from: KBPK, to: KBPK })],
  ['traceUnwrap', (keyBlock) => traceUnwrap({ kbpk: KBPK, keyBlock, testKey: true })],
  ['fromHex', (text) => fromHex(text)],
  ['matchesKcv', (kcv) => matchesKcv({ key: KEY, kcv })],
  ['readOptionalBlock id', (id) => readOptionalBlock({ id, data: '' })],
  ...['AL', 'BI', 'CT', 'DA', 'FL', 'HM', 'IK', 'KC', 'KP', 'KS', 'KV', 'LB', 'PA', 'PB', 'PK']
    .concat(['TC', 'TS', 'WP', '10', 'ZZ'])
    .map(
      (id) =>
        [`readOptionalBlock ${id}`, (data: string) => readOptionalBlock({ id, data })] as const,
    ),
  ['formatOptionalBlock label', (label) => formatOptionalBlock({ id: 'LB', label })],
  ['formatOptionalBlock time', (time) => formatOptionalBlock({ id: 'TS', time })],
  ['formatOptionalBlock id', (id) => formatOptionalBlock({ id, label: '' } as never)],
  ['formatHeader label', (data) => formatHeader(headerWith([{ id: 'LB', data }]))],
  ['formatHeader id', (id) => formatHeader(headerWith([{ id, data: '' }]))],
  ['wrapKey label', (data) => wrapKey(wrapWith({ optionalBlocks: [{ id: 'LB', data }] }))],
  ['wrapKey usage', (keyUsage) => wrapKey(wrapWith({ keyUsage }))],
  ['wrapKey version', (versionId) => wrapKey(wrapWith({ versionId: versionId as never }))],
  ['wrapKey key version', (keyVersionNumber) => wrapKey(wrapWith({ keyVersionNumber }))],
  ['wrapKey allow', (word) => wrapKey({ ...WRAP, allow: [word as never] })],
  ['wrapKey mask', (mask) => wrapKey({ ...WRAP, maskedKeyLength: mask as never })],
  ['generateKey', (name) => generateKey({ algorithm: name as never, lengthBits: 128 })],
  ['computeKcv method', (method) => computeKcv({ key: KEY, method: method as never })],
  ['computeKcv hash', (hash) => computeKcv({ key: KEY, hash: hash as never })],
  ['adjustParity', (text) => adjustParity(text as never)],
  ['deriveBlockKeys', (id) => deriveBlockKeys({ kbpk: KBPK, versionId: id as never })],
];

/** Texts that are long, or that lie about lengths. */
const LONG_TEXTS: readonly (readonly [string, string])[] = [
  ['zeros', '0'.repeat(MIB)],
  ['odd zeros', '0'.repeat(MIB - 1)],
  ['letters', 'A'.repeat(MIB)],
  ['spaces', ' '.repeat(MIB)],
  ['NULs', '\u0000'.repeat(MIB)],
  ['the last code units', '\uffff'.repeat(MIB)],
  ['halves of surrogate pairs', '\ud800'.repeat(MIB)],
  ['pairs of surrogates', '😀'.repeat(MIB / 2)],
  ['line breaks', '\r\n'.repeat(MIB / 2)],
  ['base64 that ends well', `00${'AAAA'.repeat(MIB / 4 - 1)}`],
  ['base64 that ends badly', `00${'AAAA'.repeat(MIB / 4 - 1)}=`],
  ['padding alone', `00${'='.repeat(MIB - 2)}`],
  ['a chain of certificates', `02${'000004AAAA'.repeat(104_857)}`],
  ['a chain that ends early', `02${'00FFFF'.repeat(174_762)}`],
  ['derivations', `01${'B0AXE'.repeat(209_714)}`],
  ['derivations and a bit', `01${'B0AXE'.repeat(209_714)}!`],
  ['a time and more', `20261121080000${'0'.repeat(MIB - 15)}Z`],
  ['a block and more', KEY_BLOCK + '0'.repeat(MIB - KEY_BLOCK.length)],
  ['many blocks', KEY_BLOCK.repeat(MIB / KEY_BLOCK.length)],
  ['a block of 9999', `E9999P0AE00E0000${'0'.repeat(9983)}`],
  ['a block of 9984', `D9984P0AE00E0000${'0'.repeat(9968)}`],
  ['one of 10000', `D0000P0AE00E0000${'0'.repeat(9984)}`],
  ['nothing', ''],
  ['one character', 'D'],
];

describe('a text of up to 1 MiB', { timeout: 60_000 }, () => {
  it.each(TEXT_CALLS)('has an answer from %s', (_, call) => {
    for (const [, text] of LONG_TEXTS) outcome(() => call(text)); // throws on any other error
  });

  it.each(TEXT_CALLS)('at random has an answer from %s', (_, call) => {
    const start = fc.constantFrom('', 'D', KEY_BLOCK, KEY_BLOCK.slice(0, 16), 'D0144P0AE00E9900');
    const unit = fc.constantFrom(
      '0',
      'F',
      'f',
      'LB',
      '00',
      '04',
      'FF',
      '"',
      'é',
      '\u0000',
      '\udc00',
    );
    const rest = fc.oneof(fc.string({ unit, maxLength: 200 }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(start, rest, fc.boolean(), (before, after, isTrue) => {
        const text = before + after;
        outcome(() => call(isTrue && text.length >= 16 ? withTrueLength(text) : text));
      }),
    );
  });

  it.each(VALIDATIONS)('is never a key, %s', (validation) => {
    for (const [title, keyBlock] of LONG_TEXTS) {
      const result = outcome(() => unwrapKey({ kbpk: KBPK, keyBlock, validation }));
      expect('code' in result, title).toBe(true);
    }
  });
});

/** Functions that read a text character by character. */
const READERS: readonly (readonly [string, (text: string) => unknown])[] = TEXT_CALLS.slice(0, 10);

describe('more than 9999 characters', { timeout: 60_000 }, () => {
  const tooLong = `D9999P0AE00E0000${'0'.repeat(9984)}`;
  const longest = tooLong.slice(0, 9999);

  it.each(READERS)('are refused by %s without a look at them', (_, call) => {
    const read = countReads(() => call(tooLong));
    expect(read).toEqual({ characters: 0, code: 'INPUT_TOO_LARGE' });
    expect(countReads(() => call(tooLong + '0'.repeat(MIB))).characters).toBe(0);
    expect(countReads(() => call(longest)).characters).toBeGreaterThan(0);
  });
});

describe('the work', { timeout: 60_000 }, () => {
  const shapes: readonly (readonly [string, (length: number) => string])[] = [
    ['payload', (length) => `E0000P0AE00E0000${'0'.repeat(length - 16)}`],
    ['payload in lower case', (length) => `E0000P0AE00E0000${'a'.repeat(length - 16)}`],
    ['label', (length) => blockOf(length, (room) => extended('LB', room))],
    [
      'label that is not hex behind it',
      (length) => `${blockOf(length, (r) => extended('LB', r))}G`,
    ],
    ['derivations', (length) => blockOf(length, (room) => extended('DA', room, '01', 'B0AXE'))],
    [
      'certificates',
      (length) => blockOf(length, (room) => extended('CT', room, '02', '000004AAAA')),
    ],
    ['99 blocks', (length) => blockOf(length, ninetyNine, 99)],
    ['a space at the end', (length) => `E0000P0AE00E0000${'0'.repeat(length - 17)} `],
  ];

  it.each(shapes)('on %s grows with the length alone', (_, shape) => {
    for (const [, call] of READERS) {
      const reads = [1248, 2496, 4992, 9984].map((length) => {
        const { characters } = countReads(() => call(withTrueLength(shape(length))));
        return characters / length;
      });
      expect(Math.max(...reads)).toBeLessThan(16); // each is looked at so many times at most
      expect(reads[3]).toBeLessThan(1.2 * Math.max(0.1, reads[2] ?? 0));
    }
  });

  it('on hex grows with the length alone', () => {
    const reads = [1024, 32_768, MIB].map(
      (n) => countReads(() => fromHex('0'.repeat(n))).characters,
    );
    expect(reads).toEqual([1024, 32_768, MIB]);
    expect(countReads(() => fromHex(`x${'0'.repeat(MIB)}`)).characters).toBeLessThan(3);
  });

  it('on a check value is bounded', () => {
    const call = (kcv: string) => () => matchesKcv({ key: KEY, kcv });
    expect(countReads(call('0'.repeat(MIB)))).toEqual({ characters: 0, code: 'INVALID_LENGTH' });
  });

  it('on a label does not start where it does not fit', () => {
    const data = 'x'.repeat(MIB);
    const label = countReads(() => wrapKey(wrapWith({ optionalBlocks: [{ id: 'LB', data }] })));
    expect(label.code).toBe('INPUT_TOO_LARGE');
    expect(label.characters).toBeLessThan(100);
  });
});

describe('hostile lengths of optional blocks', { timeout: 60_000 }, () => {
  it('are refused or answered, every LEN and every length of length', () => {
    let answers = 0;
    for (let length = 0; length < 256; length++) {
      for (let digits = 0; digits < (length === 0 ? 256 : 1); digits++) {
        for (const filler of ['0', 'F', 'G']) {
          for (const room of [0, 6, 300]) {
            const prefix = `LB${hexDigits(length)}${hexDigits(digits)}`;
            const text = withTrueLength(`D0000P0AE00E0100${prefix}${filler.repeat(room)}`);
            for (const [, call] of READERS) outcome(() => call(text));
            answers += READERS.length;
          }
        }
      }
    }
    expect(answers).toBe(45_990);
  });

  it.each(READERS)('of 255 digits are no number, %s', (_, call) => {
    for (const digits of ['F'.repeat(255), `${'0'.repeat(250)}FFFFF`, 'F'.repeat(254)]) {
      const text = withTrueLength(`D0000P0AE00E0100LB00FF${digits}`.padEnd(9984, '0'));
      expect(outcome(() => call(text))).toEqual({ code: 'INVALID_OPTIONAL_BLOCK' });
    }
  });

  it('take 99 blocks, and not one more', () => {
    const blocks = Array.from({ length: 99 }, (_, i) => ({
      id: String(i).padStart(2, '0'),
      data: i === 98 ? 'fill' : '',
    }));
    const keyBlock = wrapKey(wrapWith({ optionalBlocks: blocks }));
    expect(keyBlock.slice(12, 14)).toBe('99');
    const opened = unwrapKey({ kbpk: KBPK, keyBlock });
    expect(opened.header.optionalBlocks).toEqual(blocks);
    expect(describeKeyBlock(keyBlock)).toHaveLength(10 + 99 + 2);

    const unpadded = blocks.map(({ id }) => ({ id, data: '' })); // needs PB, the hundredth
    expect(outcome(() => wrapKey(wrapWith({ optionalBlocks: unpadded })))).toEqual({
      code: 'INVALID_OPTIONAL_BLOCK',
    });
    const hundred = [...blocks, { id: '99', data: '' }];
    expect(outcome(() => wrapKey(wrapWith({ optionalBlocks: hundred })))).toEqual({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('fill a block to the last character that the length field can name', () => {
    const optionalBlocks = (length: number) => [{ id: 'LB', data: 'x'.repeat(length) }];
    const keyBlock = wrapKey(wrapWith({ optionalBlocks: optionalBlocks(9984 - 144 - 10) }));
    expect(keyBlock).toHaveLength(9984);
    expect(unwrapKey({ kbpk: KBPK, keyBlock }).key.expose()).toEqual(KEY_BYTES);
    for (const more of [1, 16, 100, 10_000, MIB]) {
      const tooMuch = optionalBlocks(9984 - 144 - 10 + more);
      expect(outcome(() => wrapKey(wrapWith({ optionalBlocks: tooMuch })))).toEqual({
        code: 'INPUT_TOO_LARGE',
      });
    }
    for (const length of [4959, 5000, 8191, 8192, 65_536, MIB]) {
      const key = new Uint8Array(length).fill(1);
      const header = { ...HEADER, algorithm: 'R', keyUsage: 'K2' };
      expect(outcome(() => wrapKey({ ...WRAP, key, header, allow: ['weaker-kbpk'] }))).toEqual({
        code: 'INPUT_TOO_LARGE',
      });
    }
  });
});

describe('arrays of options', { timeout: 60_000 }, () => {
  it('may be long: allow', () => {
    const allow = new Array<'lower-case-hex'>(1_000_000).fill('lower-case-hex');
    expect(unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK, allow }).key.expose()).toEqual(KEY_BYTES);
    const wrong = [...allow, 'anything' as never];
    expect(outcome(() => unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK, allow: wrong }))).toEqual({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('lift nothing where they have holes: allow', () => {
    const header = { ...HEADER, versionId: 'A', algorithm: 'T' } as const;
    const kbpk = bytesOf(1)(16);
    for (const allow of [new Array(3), [undefined], [null], [[]]]) {
      const result = outcome(() => wrapKey({ ...WRAP, kbpk, header, allow: allow as never }));
      expect('code' in result).toBe(true);
    }
  });

  it.each([
    ['holes', new Array(3)],
    ['a hole behind a block', withHole({ id: 'LB', data: 'abc' })],
    ['nothing but length', new Array(2 ** 32 - 1)],
    ['a million blocks', new Array(1_000_000).fill({ id: 'LB', data: '' })],
    ['null', [null]],
    ['undefined', [undefined]],
    ['texts', ['LB']],
    ['numbers as text', [{ id: 10, data: '' }]],
    ['an object like an array', { length: 1, 0: { id: 'LB', data: '' } }],
    ['a typed array', new Uint8Array(3)],
    ['a Set', new Set([{ id: 'LB', data: '' }])],
  ])('are refused as optionalBlocks: %s', (_, optionalBlocks) => {
    const header = { ...HEADER, optionalBlocks: optionalBlocks as never };
    expect(() => wrapKey({ ...WRAP, header })).toThrow(
      refusal('INVALID_ARGUMENT', 'optionalBlocks'),
    );
  });

  it.each([
    ['a hole', new Array(1)],
    ['a million holes', new Array(1_000_000)],
    ['undefined', [undefined]],
  ])('are refused as checkValues: %s', (_, checkValues) => {
    expect(() => wrapKey({ ...WRAP, checkValues: checkValues as never })).toThrow(
      refusal('INVALID_ARGUMENT', 'checkValues'),
    );
  });

  it('cost no check value for each of a thousand: checkValues', () => {
    const decode = vi.spyOn(TextDecoder.prototype, 'decode'); // each value becomes text once
    const checkValues = new Array<'KC'>(1000).fill('KC');
    const result = outcome(() => wrapKey({ ...WRAP, checkValues }));
    expect('code' in result).toBe(true);
    expect(decode.mock.calls.length).toBeLessThan(10);
  });

  it.each([
    ['holes', new Array(3)],
    ['nothing but length', new Array(2 ** 32 - 1)],
    ['a million components', new Array(1_000_000).fill(KEY)],
    ['null', [KEY, null]],
    ['a hole between', withHole(KEY)],
  ])('are refused as components: %s', (_, components) => {
    expect(() => combineComponents({ algorithm: 'AES', components: components as never })).toThrow(
      refusal('INVALID_ARGUMENT', 'components'),
    );
  });

  it.each([
    ['CT', { certificates: withHole({ format: 'X.509', certificate: Uint8Array.of(1) }) }],
    ['CT', { certificates: new Array(2) }],
    ['CT', { certificates: [null] }],
    ['CT', { certificates: [{ format: 'X.509', certificate: [1] }] }],
    ['DA', { derivations: new Array(2) }],
    ['DA', { derivations: [null] }],
    ['DA', { derivations: [{ keyUsage: ['B0'], algorithm: 'A', modeOfUse: 'X' }] }],
  ])('are refused in the data of optional block %s: %j', (id, data) => {
    expect(() => formatOptionalBlock({ id, ...data } as never)).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'),
    );
  });

  it('may be as long as a block has room for in the data of an optional block', () => {
    const derivation = { keyUsage: 'B0', algorithm: 'A', modeOfUse: 'X', exportability: 'E' };
    const derivations = (count: number) => ({
      id: 'DA',
      derivations: new Array(count).fill(derivation),
    });
    const certificates = (length: number) => ({
      id: 'CT',
      certificates: [{ format: 'X.509', certificate: new Uint8Array(length) }],
    });
    expect(formatOptionalBlock(derivations(1999) as never).data).toHaveLength(9997);
    expect(formatOptionalBlock(certificates(7497) as never).data).toHaveLength(9998);
    for (const tooLong of [2000, 9999, 10_000, 200_000]) {
      const result = outcome(() => formatOptionalBlock(derivations(tooLong) as never));
      expect('code' in result).toBe(true);
    }
    for (const tooLong of [7500, 9999, 10_000, MIB]) {
      const result = outcome(() => formatOptionalBlock(certificates(tooLong) as never));
      expect('code' in result).toBe(true);
    }
  });
});

/** A call of each function that takes options, all of them given and sound. */
const SOUND: readonly (readonly [string, (options: never) => unknown, object])[] = [
  [
    'new SecretKey',
    (o) => new SecretKey(o),
    { algorithm: 'AES', bytes: KEY_BYTES, hash: undefined },
  ],
  [
    'combineComponents',
    combineComponents,
    { algorithm: 'AES', components: [KEY, bytesOf(8003)(16)] },
  ],
  [
    'computeKcv',
    computeKcv,
    { key: KEY_BYTES, algorithm: 'HMAC', method: 'hmac', hash: 'SHA-256', length: 3 },
  ],
  ['deriveBlockKeys', deriveBlockKeys, { kbpk: KBPK_BYTES, versionId: 'D' }],
  ['formatHeader', formatHeader, headerWith([{ id: 'LB', data: 'abc' }])],
  ['formatOptionalBlock AL', formatOptionalBlock, { id: 'AL', life: 'static' }],
  [
    'formatOptionalBlock BI',
    formatOptionalBlock,
    { id: 'BI', dukpt: 'AES', identifier: '01234567' },
  ],
  [
    'formatOptionalBlock CT',
    formatOptionalBlock,
    {
      id: 'CT',
      form: 'single',
      certificates: [{ format: 'EMV', certificate: Uint8Array.of(1, 2, 3) }],
    },
  ],
  [
    'formatOptionalBlock DA',
    formatOptionalBlock,
    {
      id: 'DA',
      derivations: [{ keyUsage: 'B0', algorithm: 'A', modeOfUse: 'X', exportability: 'E' }],
    },
  ],
  ['formatOptionalBlock HM', formatOptionalBlock, { id: 'HM', hash: 'SHA-256' }],
  ['formatOptionalBlock KC', formatOptionalBlock, { id: 'KC', method: 'cmac', kcv: '0123456789' }],
  ['formatOptionalBlock LB', formatOptionalBlock, { id: 'LB', label: 'abc' }],
  ['formatOptionalBlock WP', formatOptionalBlock, { id: 'WP', weaker: true, asymmetric: false }],
  [
    'generateKey',
    generateKey,
    { algorithm: 'HMAC', lengthBits: 128, hash: 'SHA-256', randomBytes: () => KEY_BYTES },
  ],
  [
    'matchesKcv',
    matchesKcv,
    { key: KEY_BYTES, kcv: '000000', algorithm: 'AES', method: 'cmac', hash: undefined },
  ],
  ['readOptionalBlock', readOptionalBlock, { id: 'HM', data: '21' }],
  [
    'rewrapKey',
    rewrapKey,
    {
      keyBlock: KEY_BLOCK,
      from: KBPK_BYTES,
      to: KBPK_BYTES,
      header: { versionId: 'D', modeOfUse: 'E', exportability: 'N', keyContext: '1' },
      validation: 'strict',
      allow: ['lower-case-hex'],
      maskedKeyLength: 32,
      randomBytes: (length: number) => new Uint8Array(length),
    },
  ],
  [
    'splitIntoComponents',
    splitIntoComponents,
    { key: KEY_BYTES, algorithm: 'AES', count: 2, randomBytes: () => bytesOf(8004)(16) },
  ],
  ['traceUnwrap', traceUnwrap, { kbpk: KBPK_BYTES, keyBlock: KEY_BLOCK, testKey: true }],
  [
    'unwrapKey',
    unwrapKey,
    {
      kbpk: KBPK_BYTES,
      keyBlock: KEY_BLOCK,
      validation: 'interoperable',
      allow: ['lower-case-hex'],
    },
  ],
  ['verifyKeyBlock', verifyKeyBlock, { kbpk: KBPK_BYTES, keyBlock: KEY_BLOCK }],
  [
    'wrapKey',
    wrapKey,
    {
      kbpk: KBPK_BYTES,
      key: KEY_BYTES,
      header: {
        ...HEADER,
        keyVersionNumber: '01',
        keyContext: '1',
        optionalBlocks: [{ id: 'LB', data: 'abc' }],
      },
      checkValues: ['KC', 'KP'],
      allow: ['lower-case-hex'],
      maskedKeyLength: 32,
      randomBytes: (length: number) => new Uint8Array(length),
    },
  ],
];

describe.each(SOUND)('the options of %s', { timeout: 60_000 }, (_, call, options) => {
  const run = (given: unknown) => shown(call(given as never));
  const expected = run(options);

  it('may be frozen, without prototype, behind getters or behind a Proxy', () => {
    expect(run(deeply(options, (object) => Object.freeze(object)))).toBe(expected);
    expect(run(deeply(options, (object) => Object.assign(Object.create(null), object)))).toBe(
      expected,
    );
    expect(run(deeply(options, behindGetters))).toBe(expected);
    expect(run(deeply(options, (object) => new Proxy(object, {})))).toBe(expected);
    expect(run(deeply(options, (object) => Object.assign(Object.create({ x: 1 }), object)))).toBe(
      expected,
    );
  });

  it('are not inherited', () => {
    const result = outcome(() => call(Object.create(options) as never));
    expect('code' in result).toBe(true);
  });

  it('are read once: keys, texts and generators; the others twice at most', () => {
    const reads = new Map<string, number>();
    const counted = behindGetters(options, (name) => reads.set(name, (reads.get(name) ?? 0) + 1));
    expect(run(counted)).toBe(expected);
    const twice = ['id', 'allow'];
    for (const [name, count] of reads) {
      expect(count, name).toBeLessThanOrEqual(twice.includes(name) ? 2 : 1);
    }
  });

  it('pass on what a getter or a trap throws, and throw nothing else of their own', () => {
    const thrown = new Error('of the caller');
    const raise = (): never => {
      throw thrown;
    };
    const traps: ProxyHandler<object> = {
      get: raise,
      getOwnPropertyDescriptor: raise,
      ownKeys: raise,
    };
    const hostile = [new Proxy(options, traps)];
    for (const name of Object.keys(options)) {
      hostile.push(Object.defineProperty({ ...options }, name, { get: raise, enumerable: true }));
    }
    for (const given of hostile) {
      try {
        call(given as never);
      } catch (error) {
        if (!(error instanceof KeyblockError)) expect(error).toBe(thrown);
      }
    }
  });

  it.each(wrongValues())('are refused or answered where one is %s', (_, value) => {
    outcome(() => call(value as never)); // throws on any error but KeyblockError
    for (const name of Object.keys(options)) {
      outcome(() => call({ ...options, [name]: value } as never));
      outcome(() => call({ ...options, [name]: [value] } as never));
    }
  });

  it('are not taken from Object.prototype', () => {
    const names = new Set(['cause', 'strict', 'rule', 'data', 'lengthOfLength', ...optionNames()]);
    const removable = Object.keys(options).filter((name) => name !== 'randomBytes');
    const without = removable.map((name) => {
      const rest: Record<string, unknown> = { ...options };
      delete rest[name];
      return rest;
    });
    const attempts = [options, ...without];
    const answers = () => attempts.map((given) => answer(() => call(given as never)));
    const clean = answers();
    for (const name of names) {
      for (const value of ['interoperable', true, ['version-a-or-c'], KEY_BYTES]) {
        expect({ name, answers: polluted(name, value, answers) }).toEqual({ name, answers: clean });
      }
    }
  });
});

describe('an error', { timeout: 60_000 }, () => {
  it.each(['field', 'offset', 'cause', 'code', 'name'])(
    'takes no %s from Object.prototype',
    (name) => {
      const fails = [
        () => unwrapKey({ kbpk: bytesOf(1)(32), keyBlock: KEY_BLOCK }), // no field
        () => unwrapKey({ kbpk: KBPK, keyBlock: 'D' }), // field and offset
        () => wrapKey({ ...WRAP, key: new Uint8Array(3) }), // field
      ];
      const clean = fails.map(answer);
      expect(polluted(name, 'kbpk', () => fails.map(answer))).toEqual(clean);
    },
  );
});

describe('bytes of the caller', { timeout: 60_000 }, () => {
  it('are copied before the generator of the caller runs', () => {
    const kbpk = new Uint8Array(KBPK_BYTES);
    const key = new Uint8Array(KEY_BYTES);
    const optionalBlocks = [{ id: 'LB', data: 'abc' }];
    const header = { ...HEADER, optionalBlocks };
    const allow: 'lower-case-hex'[] = ['lower-case-hex'];
    const padding = bytesOf(8005);
    const expected = wrapKey({ ...WRAP, header: { ...header }, allow, randomBytes: bytesOf(8005) });
    const keyBlock = wrapKey({
      kbpk,
      key,
      header,
      allow,
      randomBytes: (length) => {
        kbpk.fill(0);
        key.fill(0);
        optionalBlocks.length = 0;
        Object.assign(header, { keyUsage: 'K0', exportability: 'S' });
        allow.length = 0;
        return padding(length);
      },
    });
    expect(keyBlock).toBe(expected);

    const to = new Uint8Array(KBPK_BYTES);
    const from = new Uint8Array(KBPK_BYTES);
    const rewrapped = rewrapKey({
      keyBlock,
      from,
      to,
      randomBytes: (length) => {
        to.fill(0);
        from.fill(0);
        return bytesOf(8005)(length);
      },
    });
    expect(rewrapped).toBe(expected);
  });

  it('are copied before components are drawn', () => {
    const key = new Uint8Array(KEY_BYTES);
    const random = bytesOf(8006);
    const randomBytes = (length: number) => {
      key.fill(0);
      return random(length);
    };
    const components = splitIntoComponents({ key, algorithm: 'AES', count: 3, randomBytes });
    expect(combineComponents({ algorithm: 'AES', components }).expose()).toEqual(KEY_BYTES);
  });

  it('are not shared with a handle, nor handles with what they expose', () => {
    const bytes = new Uint8Array(KEY_BYTES);
    const key = new SecretKey({ algorithm: 'AES', bytes });
    bytes.fill(0);
    key.expose().fill(1);
    expect(key.expose()).toEqual(KEY_BYTES);
    const opened = unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK }).key;
    opened.expose().fill(1);
    expect(opened.expose()).toEqual(KEY_BYTES);
    expect(opened.expose().buffer.byteLength).toBe(16);
  });

  it('may be what a generator keeps and changes', () => {
    const kept: Uint8Array[] = [];
    const keeping = (length: number) => {
      const bytes = new Uint8Array(length).fill(kept.length + 1);
      kept.push(bytes);
      return bytes;
    };
    const key = generateKey({ algorithm: 'AES', lengthBits: 128, randomBytes: keeping });
    const components = splitIntoComponents({ key: KEY, count: 3, randomBytes: keeping });
    for (const bytes of kept) bytes.fill(0);
    expect(key.expose()).toEqual(new Uint8Array(16).fill(1));
    expect(combineComponents({ algorithm: 'AES', components }).expose()).toEqual(KEY_BYTES);
  });

  it('may be wrapped while others are wrapped', () => {
    const expected = wrapKey({ ...WRAP, randomBytes: bytesOf(8007) });
    const inner: string[] = [];
    const outer = wrapKey({
      ...WRAP,
      randomBytes: (length) => {
        inner.push(wrapKey({ ...WRAP, randomBytes: bytesOf(8007) }));
        inner.push(toHex(unwrapKey({ kbpk: KBPK, keyBlock: KEY_BLOCK }).key.expose()));
        return bytesOf(8007)(length);
      },
    });
    expect(outer).toBe(expected);
    expect(inner).toEqual([expected, toHex(KEY_BYTES)]);
  });

  it.each(byteCalls())('are refused where their memory is gone: %s', (_, call) => {
    const bytes = new Uint8Array(16).fill(7);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(bytes).toHaveLength(0);
    const result = outcome(() => call(bytes));
    expect('code' in result).toBe(true);
  });

  it.each(byteCalls())('are taken as they are from a subclass that lies: %s', (_, call) => {
    class Liar extends Uint8Array<ArrayBuffer> {
      override get length(): number {
        return 1;
      }
      override slice(): Uint8Array<ArrayBuffer> {
        throw new Error('slice');
      }
      override subarray(): Uint8Array<ArrayBuffer> {
        throw new Error('subarray');
      }
      override [Symbol.iterator](): ArrayIterator<number> {
        throw new Error('iterator');
      }
    }
    const plain = bytesOf(8008)(16);
    const liar = new Liar(plain.buffer);
    expect(answer(() => call(liar))).toEqual(answer(() => call(plain)));
  });
});

describe('a handle that is destroyed while it is used', { timeout: 60_000 }, () => {
  /** Either it was used as it was, or the call fails: never with keys that are zero by now. */
  const isSound = (result: ReturnType<typeof outcome<string>>, expected: string) =>
    expect(result).toEqual('code' in result ? { code: 'KEY_DESTROYED' } : { value: expected });

  it.each(['A', 'B', 'C', 'D', 'E'] as const)(
    'does not wrap under zeros, version %s',
    (versionId) => {
      const isAes = versionId === 'D' || versionId === 'E';
      const algorithm = isAes ? 'AES' : 'TDES';
      const header = { ...HEADER, versionId, algorithm: 'T' };
      const bytes = bytesOf(8009)(16);
      const key = bytesOf(8010)(16);
      const allow = ['version-a-or-c'] as const;
      const expected = wrapKey({ kbpk: bytes, key, header, allow, randomBytes: bytesOf(8011) });
      const kbpk = new SecretKey({ algorithm, bytes });
      const randomBytes = (length: number) => {
        kbpk.destroy();
        return bytesOf(8011)(length);
      };
      isSound(
        outcome(() => wrapKey({ kbpk, key, header, allow, randomBytes })),
        expected,
      );

      const to = new SecretKey({ algorithm, bytes });
      const keyBlock = wrapKey({ kbpk: to, key, header, allow, randomBytes: bytesOf(8011) });
      isSound(
        outcome(() =>
          rewrapKey({
            keyBlock,
            from: bytes,
            to,
            allow,
            randomBytes: (length) => {
              to.destroy();
              return bytesOf(8011)(length);
            },
          }),
        ),
        expected,
      );
    },
  );

  it('is not wrapped as zeros', () => {
    const expected = wrapKey({ ...WRAP, randomBytes: bytesOf(8012) });
    const destroyedBy = (name: 'kbpk' | 'maskedKeyLength' | 'randomBytes') => {
      const key = new SecretKey({ algorithm: 'AES', bytes: KEY_BYTES });
      const options = {
        ...WRAP,
        key,
        maskedKeyLength: 'x9.143',
        randomBytes: bytesOf(8012),
      } as const;
      const value = options[name];
      return Object.defineProperty({ ...options }, name, {
        enumerable: true,
        get: () => {
          key.destroy();
          return value;
        },
      });
    };
    for (const name of ['kbpk', 'maskedKeyLength', 'randomBytes'] as const) {
      isSound(
        outcome(() => wrapKey(destroyedBy(name))),
        expected,
      );
    }
  });

  it('is not split into components of zeros', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: KEY_BYTES });
    const randomBytes = (length: number) => {
      key.destroy();
      return bytesOf(8013)(length);
    };
    const result = outcome(() => splitIntoComponents({ key, count: 2, randomBytes }));
    if ('code' in result) expect(result.code).toBe('KEY_DESTROYED');
    else {
      const whole = combineComponents({ algorithm: 'AES', components: result.value });
      expect(whole.expose()).toEqual(KEY_BYTES);
    }
  });
});

describe('a generator', { timeout: 60_000 }, () => {
  it('that repeats itself gives no components that can not be combined', () => {
    const randomBytes = (length: number) => new Uint8Array(length).fill(5);
    const split = outcome(() => splitIntoComponents({ key: KEY, count: 3, randomBytes }));
    if ('code' in split) return;
    const whole = combineComponents({ algorithm: 'AES', components: split.value });
    expect(whole.expose()).toEqual(KEY_BYTES);
  });

  it('of the system is asked for more than it gives at once', () => {
    const key = new SecretKey({ algorithm: 'RSA', bytes: new Uint8Array(70_000).fill(9) });
    const split = outcome(() => splitIntoComponents({ key, count: 2 }));
    if ('code' in split) return;
    const whole = combineComponents({ algorithm: 'RSA', components: split.value });
    expect(toHex(whole.expose())).toBe(toHex(key.expose()));
  });
});

/** Values that are no option anywhere, and that mind being converted. */
function wrongValues(): readonly (readonly [string, unknown])[] {
  const raise = (): never => {
    throw new Error('converted');
  };
  return [
    ['an object without prototype', Object.create(null)],
    ['an object that throws when converted', { toString: raise, valueOf: raise }],
    ['an object that throws when made primitive', { [Symbol.toPrimitive]: raise }],
    ['an object that makes a symbol', { [Symbol.toPrimitive]: () => Symbol('x') }],
    ['a symbol', Symbol('x')],
    ['a bigint', 3n],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a fraction', 1.5],
    ['minus zero', -0],
    ['a huge number', 2 ** 53],
    ['a function', () => KEY_BYTES],
    ['an array that holds itself', holdingItself()],
    ['an array like it', { length: 2 ** 53 - 1 }],
    ['an empty array', []],
    ['an ArrayBuffer', new ArrayBuffer(16)],
    ['a DataView', new DataView(new ArrayBuffer(16))],
    ['wider numbers', new Uint32Array(4)],
    ['no bytes', new Uint8Array(0)],
    ['a String object', Object('AES')],
    ['a name of Object.prototype', '__proto__'],
    ['another one', 'constructor'],
    ['and another', 'hasOwnProperty'],
    ['a proxy of a handle', new Proxy(KEY, {})],
    ['what inherits from a handle', Object.create(KEY)],
    ['null', null],
    ['true', true],
    ['a date', new Date(Number.NaN)],
    ['a promise', Promise.resolve(KEY_BYTES)],
  ];
}

function holdingItself(): unknown[] {
  const array: unknown[] = [];
  array.push(array);
  return array;
}

/** Every option and field that any function reads. */
function optionNames(): readonly string[] {
  const names = SOUND.flatMap(([, , options]) => [
    ...Object.keys(options),
    ...Object.values(options).flatMap((value: unknown) =>
      typeof value === 'object' &&
      value !== null &&
      Object.getPrototypeOf(value) === Object.prototype
        ? Object.keys(value)
        : [],
    ),
  ]);
  return [...new Set(names)];
}

/** Every place where a caller hands in bytes. */
function byteCalls(): readonly (readonly [string, (bytes: Uint8Array) => unknown])[] {
  const keyBlock = wrapKey({ ...WRAP, kbpk: bytesOf(8008)(16) });
  const certificate = (bytes: Uint8Array) => ({ format: 'X.509', certificate: bytes }) as never;
  return [
    ['toHex', (bytes) => toHex(bytes)],
    ['adjustParity', (bytes) => adjustParity(bytes)],
    ['hasOddParity', (bytes) => hasOddParity(bytes)],
    ['new SecretKey', (bytes) => new SecretKey({ algorithm: 'AES', bytes })],
    ['computeKcv', (key) => computeKcv({ key, algorithm: 'AES' })],
    ['matchesKcv', (key) => matchesKcv({ key, algorithm: 'AES', kcv: '0000' })],
    ['combineComponents', (key) => combineComponents({ algorithm: 'AES', components: [KEY, key] })],
    [
      'splitIntoComponents',
      (key) => splitIntoComponents({ key, algorithm: 'AES', count: 2, randomBytes: bytesOf(1) }),
    ],
    [
      'generateKey',
      (key) => generateKey({ algorithm: 'AES', lengthBits: 128, randomBytes: () => key }),
    ],
    ['deriveBlockKeys', (kbpk) => deriveBlockKeys({ kbpk, versionId: 'D' })],
    ['wrapKey kbpk', (kbpk) => wrapKey({ ...WRAP, kbpk, randomBytes: bytesOf(1) })],
    ['wrapKey key', (key) => wrapKey({ ...WRAP, key, randomBytes: bytesOf(1) })],
    [
      'wrapKey randomBytes',
      (bytes) => wrapKey({ ...WRAP, maskedKeyLength: 30, randomBytes: () => bytes }),
    ],
    ['unwrapKey', (kbpk) => unwrapKey({ kbpk, keyBlock })],
    ['verifyKeyBlock', (kbpk) => verifyKeyBlock({ kbpk, keyBlock })],
    ['traceUnwrap', (kbpk) => traceUnwrap({ kbpk, keyBlock, testKey: true })],
    ['rewrapKey from', (from) => rewrapKey({ keyBlock, from, to: KBPK, randomBytes: bytesOf(1) })],
    [
      'rewrapKey to',
      (to) => rewrapKey({ keyBlock: KEY_BLOCK, from: KBPK, to, randomBytes: bytesOf(1) }),
    ],
    [
      'formatOptionalBlock',
      (bytes) => formatOptionalBlock({ id: 'CT', certificates: [certificate(bytes)] }),
    ],
  ];
}

/** The result of a call in a form that can be compared: handles by their bytes. */
function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (part instanceof Uint8Array) return toHex(part);
      return part;
    }) + exposed(value)
  );
}

function exposed(value: unknown): string {
  if (value instanceof SecretKey) return toHex(value.expose());
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return '';
  return Object.values(value).map(exposed).join();
}

/** The result or the whole of the error. */
function answer(call: () => unknown): unknown {
  try {
    return shown(call());
  } catch (error) {
    if (!(error instanceof KeyblockError)) return `another error: ${String(error)}`;
    const { code, field, offset, message } = error;
    return [code, field, offset, message].join();
  }
}

/** Runs a call while every object inherits a property. */
function polluted<T>(name: string, value: unknown, call: () => T): T {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  try {
    return call();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}

/** Rebuilds plain objects from the inside out. */
function deeply(value: object, rebuild: (object: object) => object): object {
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    const isPlain =
      typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype;
    copy[name] = isPlain ? deeply(part, rebuild) : part;
  }
  return rebuild(copy);
}

function behindGetters(options: object, onRead: (name: string) => void = () => {}): object {
  const descriptors = Object.entries(options).map(([name, value]) => [
    name,
    {
      enumerable: true,
      configurable: true,
      get: () => {
        onRead(name);
        return value;
      },
    },
  ]);
  return Object.defineProperties({}, Object.fromEntries(descriptors));
}

/** How many characters a call looks at, one by one or by a pattern, and what comes of it. */
function countReads(call: () => unknown): { readonly characters: number; readonly code?: string } {
  let characters = 0;
  const restore = [
    ...(['charCodeAt', 'charAt', 'codePointAt', 'at'] as const).map((name) =>
      intercept(String.prototype, name, () => {
        characters += 1;
      }),
    ),
    ...(['test', 'exec'] as const).map((name) =>
      intercept(RegExp.prototype, name, (text) => {
        characters += String(text).length;
      }),
    ),
  ];
  try {
    const result = outcome(call);
    return { characters, ...('code' in result ? { code: result.code } : {}) };
  } finally {
    for (const put of restore) put();
  }
}

/** Has every call of a method seen; returns how to put it back. */
function intercept<T extends object>(
  prototype: T,
  name: keyof T,
  onCall: (argument: unknown) => void,
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
  const original = prototype[name] as (...values: unknown[]) => unknown; // only methods are named
  Object.defineProperty(prototype, name, {
    ...descriptor,
    value(this: unknown, ...values: unknown[]) {
      onCall(values[0]);
      return original.apply(this, values);
    },
  });
  return () => {
    Object.defineProperty(prototype, name, descriptor);
  };
}

/** An array of one member and a hole. */
function withHole<T>(member: T): T[] {
  return Object.assign(new Array<T>(2), { 0: member });
}

function headerWith(optionalBlocks: readonly { id: string; data: string }[]) {
  const header = { ...HEADER, keyVersionNumber: '00', keyContext: '0', optionalBlocks };
  return { header, keyBlockLength: 144 };
}

function wrapWith(changes: Partial<KeyBlockHeaderInput>): WrapKeyOptions {
  return { ...WRAP, header: { ...HEADER, ...changes } };
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}

/** A block of version E of a length, its optional blocks as large as they can be. */
function blockOf(length: number, fill: (room: number) => string, count = 1): string {
  const room = 16 * Math.floor((length - 16 - 32 - 4) / 16);
  const text = splice('E0000P0AE00E0000', 12, 14, String(count).padStart(2, '0')) + fill(room);
  return text.padEnd(length, '0');
}

function extended(id: string, room: number, start = '', repeated = 'x'): string {
  const data = (start + repeated.repeat(room)).slice(0, room - 10);
  return `${id}0004${room.toString(16).toUpperCase().padStart(4, '0')}${data}`;
}

function ninetyNine(room: number): string {
  const each = 4 + Math.floor((room - 99 * 4 - 16) / 99);
  const size = Math.max(4, Math.min(255, each));
  let text = '';
  for (let i = 0; i < 98; i++)
    text += `${String(i).padStart(2, '0')}${hexDigits(size)}${'x'.repeat(size - 4)}`;
  return `${text}${extended('98', room - text.length)}`;
}

function hexDigits(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}
