import fc from 'fast-check';
import { fromHex, type KeyBlockHeader, KeyblockError, type VersionId } from 'keyblock';
import {
  describeKeyBlock,
  formatHeader,
  parseHeader,
  parseKeyBlock,
  unwrapKey,
  verifyKeyBlock,
} from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import {
  alphanumeric,
  anyBlocks,
  anyString,
  BLOCK_LENGTHS,
  headerText,
  optionalBlockText,
  PRINTABLE,
  textOf,
} from './arbitraries.js';
import { refusal } from './vector-cases.js';

const KBPK = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const KEY_BLOCK =
  'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34';

const HEADER: KeyBlockHeader = {
  versionId: 'D',
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'E',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '0',
  optionalBlocks: [],
};

const anyVersionId = fc.constantFrom<VersionId>('A', 'B', 'C', 'D', 'E');

/** A header with any characters that are legal in its fields, of the standard or not. */
const anyHeader: fc.Arbitrary<KeyBlockHeader> = fc.record({
  versionId: anyVersionId,
  keyUsage: alphanumeric(2),
  algorithm: alphanumeric(1),
  modeOfUse: alphanumeric(1),
  keyVersionNumber: alphanumeric(2),
  exportability: alphanumeric(1),
  keyContext: alphanumeric(1),
  optionalBlocks: anyBlocks(),
});

const anyLength = fc.integer({ min: 0, max: 9999 });

/** A header whose optional blocks fill whole cipher blocks by themselves. */
const anyFullHeader = anyHeader.map((header) => {
  const blockLength = BLOCK_LENGTHS[header.versionId];
  const others = header.optionalBlocks.filter(({ id }) => id !== '42');
  const rest = others.map(optionalBlockText).join('').length % blockLength;
  const filler = { id: '42', data: 'x'.repeat((3 * blockLength - rest - 4) % blockLength) };
  return { ...header, optionalBlocks: rest === 0 ? others : [...others, filler] };
});

/** Puts characters in place of others. */
function replaced(text: string, offset: number, characters: string): string {
  return text.slice(0, offset) + characters + text.slice(offset + characters.length);
}

describe('formatHeader', () => {
  it('writes no header that is longer than any key block', () => {
    const format = (length: number) =>
      formatHeader({
        header: { ...HEADER, optionalBlocks: [{ id: 'LB', data: 'x'.repeat(length) }] },
        keyBlockLength: 9999,
      });
    // 16 and an extended prefix of 10, to whole blocks of 16: PB has no room from 9959 on.
    expect(parseHeader(format(9958)).headerLength).toBe(9984);
    for (const length of [9959, 9973, 9985]) {
      expect(() => format(length)).toThrow(
        expect.objectContaining({ code: 'INPUT_TOO_LARGE', field: 'optionalBlocks' }),
      );
    }
  });

  it('writes what the standard prints', () => {
    expect(formatHeader({ header: HEADER, keyBlockLength: 112 })).toBe('D0112P0AE00E0000');
    // TR-31:2018 A.7.3.1, X9.143 8.2 as far as it is hex.
    const ks = { id: 'KS', data: '00604B120F9292800000' };
    const c: KeyBlockHeader = {
      versionId: 'C',
      keyUsage: 'B0',
      algorithm: 'T',
      modeOfUse: 'X',
      keyVersionNumber: '12',
      exportability: 'S',
      keyContext: '0',
      optionalBlocks: [ks],
    };
    expect(formatHeader({ header: c, keyBlockLength: 96 })).toBe(
      'C0096B0TX12S0100KS1800604B120F9292800000',
    );
    const optionalBlocks = [
      { id: 'KS', data: 'VM9A' },
      { id: 'TS', data: '2018-06-18T20:42:39.22' },
    ];
    expect(formatHeader({ header: { ...HEADER, optionalBlocks }, keyBlockLength: 192 })).toBe(
      'D0192P0AE00E0300KS08VM9ATS1A2018-06-18T20:42:39.22PB0E0000000000',
    );
  });

  it('writes any header as the standard has it, without a look at the values', () => {
    fc.assert(
      fc.property(anyHeader, anyLength, (header, keyBlockLength) => {
        expect(formatHeader({ header, keyBlockLength })).toBe(headerText(header, keyBlockLength));
      }),
    );
  });

  it.each<[unknown]>([[-1], [10_000], [1.5], [Number.NaN], ['0112'], [undefined], [null], [112n]])(
    'rejects the length %s',
    (length) => {
      const keyBlockLength = length as number;
      expect(() => formatHeader({ header: HEADER, keyBlockLength })).toThrow(
        refusal('INVALID_ARGUMENT', 'keyBlockLength'),
      );
    },
  );

  it.each<[string, unknown, Parameters<typeof refusal>]>([
    ['no header', undefined, ['INVALID_ARGUMENT', 'header']],
    ['null', null, ['INVALID_ARGUMENT', 'header']],
    ['a text', 'D0112P0AE00E0000', ['INVALID_ARGUMENT', 'header']],
    ['no version', { versionId: undefined }, ['INVALID_ARGUMENT', 'versionId']],
    ['a proprietary version', { versionId: '0' }, ['UNSUPPORTED', 'versionId']],
    ['a lower-case version', { versionId: 'd' }, ['UNSUPPORTED', 'versionId']],
    ['a version of Object.prototype', { versionId: 'toString' }, ['UNSUPPORTED', 'versionId']],
    ['no usage', { keyUsage: undefined }, ['INVALID_ARGUMENT', 'keyUsage']],
    ['half a usage', { keyUsage: 'P' }, ['INVALID_HEADER', 'keyUsage']],
    ['too much usage', { keyUsage: 'P00' }, ['INVALID_HEADER', 'keyUsage']],
    ['a space in the usage', { keyUsage: 'P ' }, ['INVALID_HEADER', 'keyUsage']],
    ['an algorithm by name', { algorithm: 'AES' }, ['INVALID_HEADER', 'algorithm']],
    ['no algorithm', { algorithm: '' }, ['INVALID_HEADER', 'algorithm']],
    ['a mode out of ASCII', { modeOfUse: '\u00c9' }, ['INVALID_HEADER', 'modeOfUse']],
    ['a mode beyond 16 bits', { modeOfUse: '\u{1f511}' }, ['INVALID_HEADER', 'modeOfUse']],
    ['a key version of 1', { keyVersionNumber: 1 }, ['INVALID_ARGUMENT', 'keyVersionNumber']],
    ['a key version of "1"', { keyVersionNumber: '1' }, ['INVALID_HEADER', 'keyVersionNumber']],
    ['an exportability', { exportability: '*' }, ['INVALID_HEADER', 'exportability']],
    ['a context of 0', { keyContext: 0 }, ['INVALID_ARGUMENT', 'keyContext']],
    ['a context of two', { keyContext: '00' }, ['INVALID_HEADER', 'keyContext']],
    ['blocks that are none', { optionalBlocks: 'LB04' }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['an object of blocks', { optionalBlocks: {} }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['a block that is none', { optionalBlocks: [null] }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['a hole', { optionalBlocks: new Array(1) }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['no ID', { optionalBlocks: [{ data: '' }] }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['no data', { optionalBlocks: [{ id: 'LB' }] }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    [
      'bytes for data',
      { optionalBlocks: [{ id: 'LB', data: new Uint8Array(1) }] },
      ['INVALID_ARGUMENT', 'optionalBlocks'],
    ],
  ])('rejects %s', (_, change, [code, field]) => {
    const given = change instanceof Object ? { ...HEADER, ...change } : change;
    const header = given as KeyBlockHeader;
    expect(() => formatHeader({ header, keyBlockLength: 0 })).toThrow(refusal(code, field));
  });

  it.each([undefined, null, 'D0112P0AE00E0000'])('rejects %s for its options', (options) => {
    expect(() => formatHeader(options as unknown as Parameters<typeof formatHeader>[0])).toThrow(
      refusal('INVALID_ARGUMENT', 'options'),
    );
  });
});

describe('parseHeader', () => {
  it('takes any header apart that formatHeader writes', () => {
    fc.assert(
      fc.property(anyHeader, anyLength, (header, keyBlockLength) => {
        const text = headerText(header, keyBlockLength);
        expect(parseHeader(text)).toEqual({ header, headerLength: text.length });
      }),
    );
  });

  it('gives back the text when it is formatted again, where no padding block stood', () => {
    fc.assert(
      fc.property(anyFullHeader, anyLength, (header, keyBlockLength) => {
        const text = headerText(header, keyBlockLength);
        expect(Number(text.slice(12, 14))).toBe(header.optionalBlocks.length);
        expect(formatHeader({ header: parseHeader(text).header, keyBlockLength })).toBe(text);
      }),
    );
  });

  it('looks neither at the length field nor at what follows the header', () => {
    const behind = anyString(20);
    fc.assert(
      fc.property(anyHeader, anyString(4, 4), behind, (header, length, rest) => {
        const text = headerText(header, 0);
        const { headerLength } = parseHeader(text[0] + length + text.slice(5) + rest);
        expect(headerLength).toBe(text.length);
      }),
    );
  });

  it('leaves out the padding block, wherever it stands', () => {
    const { header, headerLength } = parseHeader('B0000P0TE00E0300LB05xPB06yyTS04');
    expect(header.optionalBlocks).toEqual([
      { id: 'LB', data: 'x' },
      { id: 'TS', data: '' },
    ]);
    expect(headerLength).toBe(31);
  });

  it.each<[string, Parameters<typeof refusal>]>([
    ['', ['INVALID_LENGTH', 'keyBlock', 0]],
    ['D0112P0AE00E000', ['INVALID_LENGTH', 'keyBlock', 15]],
    ['0'.repeat(10_000), ['INPUT_TOO_LARGE', 'keyBlock']],
    ['00112P0AE00E0000', ['UNSUPPORTED', 'versionId', 0]],
    ['10112P0AE00E0000', ['UNSUPPORTED', 'versionId', 0]],
    ['d0112P0AE00E0000', ['UNSUPPORTED', 'versionId', 0]],
    ['F0112P0AE00E0000', ['UNSUPPORTED', 'versionId', 0]],
    [' 0112P0AE00E0000', ['UNSUPPORTED', 'versionId', 0]],
    ['D0112P\u0000AE00E0000', ['INVALID_CHARACTER', 'keyBlock', 6]],
    ['D0112P0AE00E000\u0660', ['INVALID_CHARACTER', 'keyBlock', 15]],
    ['D0112*0AE00E0000', ['INVALID_HEADER', 'keyUsage', 5]],
    ['D0112P*AE00E0000', ['INVALID_HEADER', 'keyUsage', 6]],
    ['D0112P0 E00E0000', ['INVALID_HEADER', 'algorithm', 7]],
    ['D0112P0A-00E0000', ['INVALID_HEADER', 'modeOfUse', 8]],
    ['D0112P0AE0.E0000', ['INVALID_HEADER', 'keyVersionNumber', 10]],
    ['D0112P0AE00~0000', ['INVALID_HEADER', 'exportability', 11]],
    ['D0112P0AE00E 000', ['INVALID_HEADER', 'optionalBlockCount', 12]],
    ['D0112P0AE00E0A00', ['INVALID_HEADER', 'optionalBlockCount', 12]],
    ['D0112P0AE00E00@0', ['INVALID_HEADER', 'keyContext', 14]],
    ['D0112P0AE00E000/', ['INVALID_HEADER', 'reserved', 15]],
    ['D0112P0AE00E0100', ['INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 16]],
    ['D0112P0AE00E0100LB06x\u00e9', ['INVALID_CHARACTER', 'keyBlock', 21]],
  ])('rejects %j', (text, [code, field, offset]) => {
    expect(() => parseHeader(text)).toThrow(refusal(code, field, offset));
  });

  it.each<[unknown]>([[undefined], [null], [0], [{}], [['D0112P0AE00E0000']]])(
    'rejects what is no text: %j',
    (text) => {
      expect(() => parseHeader(text as string)).toThrow(refusal('INVALID_ARGUMENT', 'keyBlock'));
    },
  );
});

describe('parseKeyBlock', () => {
  it('takes the example of TR-31:2018 A.7.4 apart', () => {
    expect(parseKeyBlock(KEY_BLOCK)).toEqual({
      header: HEADER,
      headerLength: 16,
      keyBlockLength: 112,
      payload: 'B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A2',
      mac: '7E8E31DA05F7425509593D03A457DC34',
      findings: [],
    });
  });

  it.each<[string, Parameters<typeof refusal>]>([
    ['', ['INVALID_LENGTH', 'keyBlock', 0]],
    [KEY_BLOCK.slice(0, 15), ['INVALID_LENGTH', 'keyBlock', 15]],
    [`${KEY_BLOCK}0`, ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [`${KEY_BLOCK}\n`, ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [` ${KEY_BLOCK}`, ['UNSUPPORTED', 'versionId', 0]],
    [replaced(KEY_BLOCK, 1, ' 112'), ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [replaced(KEY_BLOCK, 1, '+112'), ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [replaced(KEY_BLOCK, 1, '0x70'), ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [replaced(KEY_BLOCK, 1, '\u0660112'), ['INVALID_LENGTH', 'keyBlockLength', 1]],
    [`D${'9'.repeat(9999)}`, ['INPUT_TOO_LARGE', 'keyBlock']],
    [replaced(KEY_BLOCK, 20, '\u007f'), ['INVALID_CHARACTER', 'keyBlock', 20]],
    [replaced(KEY_BLOCK, 111, '\uff10'), ['INVALID_CHARACTER', 'keyBlock', 111]],
    [replaced(KEY_BLOCK, 16, 'G'), ['INVALID_HEX', 'payload', 16]],
    [replaced(KEY_BLOCK, 79, ' '), ['INVALID_HEX', 'payload', 79]],
    [replaced(KEY_BLOCK, 80, 'x'), ['INVALID_HEX', 'mac', 80]],
    [replaced(KEY_BLOCK, 17, 'b'), ['INVALID_HEX', 'payload', 17]],
    [replaced(KEY_BLOCK, 83, 'f'), ['INVALID_HEX', 'mac', 83]],
    [replaced(KEY_BLOCK, 5, 'ZZ'), ['INVALID_HEADER', 'keyUsage', 5]],
    [replaced(KEY_BLOCK, 7, 'Z'), ['INVALID_HEADER', 'algorithm', 7]],
    [replaced(KEY_BLOCK, 8, '1'), ['INVALID_HEADER', 'modeOfUse', 8]],
    [replaced(KEY_BLOCK, 9, 'ca'), ['INVALID_HEADER', 'keyVersionNumber', 9]],
    [replaced(KEY_BLOCK, 11, 'F'), ['INVALID_HEADER', 'exportability', 11]],
    [replaced(KEY_BLOCK, 14, '3'), ['INVALID_HEADER', 'keyContext', 14]],
    [replaced(KEY_BLOCK, 15, '3'), ['INVALID_HEADER', 'reserved', 15]],
    // No room for the MAC, none for the payload, half bytes, half blocks.
    ['D0032P0AE00E00000123456789ABCDEF', ['INVALID_LENGTH', 'mac', 16]],
    [`D0048P0AE00E0000${'0'.repeat(32)}`, ['INVALID_LENGTH', 'payload', 16]],
    [`D0064P0AE00E0000${'0'.repeat(48)}`, ['INVALID_LENGTH', 'payload', 16]],
    [`D0063P0AE00E0000${'0'.repeat(47)}`, ['INVALID_LENGTH', 'keyBlock', 63]],
    [`E0051P0AE00E0000${'0'.repeat(35)}`, ['INVALID_LENGTH', 'payload', 16]],
    [`E0050P0AE00E0000${'0'.repeat(34)}`, ['INVALID_LENGTH', 'payload', 16]],
    [`B0036P0TE00E0000${'0'.repeat(20)}`, ['INVALID_LENGTH', 'keyBlock', 36]],
    [`A0032P0TE00E0000${'0'.repeat(16)}`, ['INVALID_LENGTH', 'payload', 16]],
  ])('rejects %j', (text, [code, field, offset]) => {
    expect(() => parseKeyBlock(text)).toThrow(refusal(code, field, offset));
  });

  it('takes the shortest blocks that there can be', () => {
    for (const text of [
      `E0052P0AE00E0000${'0'.repeat(36)}`,
      `D0080P0AE00E0000${'0'.repeat(64)}`,
      `B0048P0TE00E0000${'0'.repeat(32)}`,
      `A0040P0TE00E0000${'0'.repeat(24)}`,
    ]) {
      expect(parseKeyBlock(text).keyBlockLength).toBe(text.length);
    }
  });

  it('reports in interoperable validation what it refuses in strict', () => {
    const text = `D0112z9Z1caX0077${KEY_BLOCK.slice(16).toLowerCase()}`;
    const { findings } = parseKeyBlock(text, { validation: 'interoperable' });
    expect(
      findings.map(({ rule, field, offset, refusedByStrict }) => [
        rule,
        field,
        offset,
        refusedByStrict,
      ]),
    ).toEqual([
      ['unknown-attribute', 'keyUsage', 5, true],
      ['unknown-attribute', 'algorithm', 7, true],
      ['unknown-attribute', 'modeOfUse', 8, true],
      ['unknown-attribute', 'keyVersionNumber', 9, true],
      ['unknown-attribute', 'exportability', 11, true],
      ['unknown-attribute', 'keyContext', 14, true],
      ['unknown-attribute', 'reserved', 15, true],
      ['lower-case-hex', 'payload', 16, true],
    ]);
    expect(
      parseKeyBlock(text, { allow: ['unknown-attribute', 'lower-case-hex'] }).findings,
    ).toEqual(findings);
    for (const allow of ['unknown-attribute', 'lower-case-hex'] as const) {
      expect(() => parseKeyBlock(text, { allow: [allow] })).toThrow(KeyblockError);
    }
  });

  it.each<[unknown]>([[null], ['strict'], [5]])('rejects %j for its options', (options) => {
    expect(() => parseKeyBlock(KEY_BLOCK, options as object)).toThrow(
      refusal('INVALID_ARGUMENT', 'options'),
    );
  });

  // Every reader: what it throws is a KeyblockError, and it does so in time.
  it.each<[string, (text: string) => unknown]>([
    ['parseKeyBlock', (text) => parseKeyBlock(text)],
    [
      'parseKeyBlock, interoperable',
      (text) => parseKeyBlock(text, { validation: 'interoperable' }),
    ],
    [
      'parseKeyBlock, TR-31:2018',
      (text) => parseKeyBlock(text, { allow: ['tr31-2018-extended-length'] }),
    ],
    ['parseHeader', parseHeader],
    ['describeKeyBlock', describeKeyBlock],
    ['unwrapKey', (keyBlock) => unwrapKey({ kbpk: KBPK, keyBlock })],
    [
      'unwrapKey, interoperable',
      (keyBlock) => unwrapKey({ kbpk: KBPK, keyBlock, validation: 'interoperable' }),
    ],
    ['verifyKeyBlock', (keyBlock) => verifyKeyBlock({ kbpk: KBPK, keyBlock })],
  ])('is like all readers: nothing but KeyblockError comes out of %s', (_, read) => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KeyblockError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** A text with its true length in the length field. */
function withTrueLength(text: string): string {
  return replaced(text, 1, String(Math.min(text.length, 9999)).padStart(4, '0'));
}

/** Any text, and texts that come ever closer to a key block. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  anyString(200),
  textOf(PRINTABLE, 0, 300).map((text) => withTrueLength(`D0000${text}`)),
  fc
    .tuple(anyHeader, textOf('0123456789ABCDEF', 0, 130))
    .map(([header, parts]) => withTrueLength(headerText(header, 0) + parts)),
  fc
    .tuple(fc.nat(KEY_BLOCK.length), fc.nat(4), anyString(8))
    .map(([at, gone, inserted]) =>
      withTrueLength(KEY_BLOCK.slice(0, at) + inserted + KEY_BLOCK.slice(at + gone)),
    ),
  fc
    .tuple(anyVersionId, fc.nat(99), textOf('0123456789ABCDEFLBKSPB', 0, 700))
    .map(([versionId, count, rest]) =>
      withTrueLength(`${versionId}0000P0AE00E${String(count).padStart(2, '0')}00${rest}`),
    ),
);
