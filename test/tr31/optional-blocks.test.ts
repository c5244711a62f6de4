import fc from 'fast-check';
import type { KeyBlockHeader, OptionalBlock, VersionId } from 'keyblock';
import { formatHeader, parseHeader, parseKeyBlock } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import { anyBlocks, BLOCK_LENGTHS, headerText, printable } from './arbitraries.js';
import { refusal } from './vector-cases.js';

const HEADER: KeyBlockHeader = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersionNumber: '00',
  exportability: 'E',
  keyContext: '0',
  optionalBlocks: [],
};

/** Formats optional blocks: the number of them as it stands in the header, and their text. */
function format(optionalBlocks: readonly OptionalBlock[], versionId: VersionId = 'D'): string {
  const header = { ...HEADER, versionId, optionalBlocks };
  const text = formatHeader({ header, keyBlockLength: 0 });
  return `${text.slice(12, 14)} ${text.slice(16)}`;
}

/** Makes a text with optional blocks, and room for payload and MAC behind them. */
function textWith(count: number, blocks: string, versionId: VersionId = 'D'): string {
  const parts = { A: 24, B: 32, C: 24, D: 64, E: 36 }[versionId];
  const length = String(16 + blocks.length + parts).padStart(4, '0');
  const number = String(count).padStart(2, '0');
  return `${versionId}${length}D0TB00E${number}00${blocks}${'0'.repeat(parts)}`;
}

/** Parses that text, in interoperable validation: structure only. */
function parse(count: number, blocks: string, versionId: VersionId = 'D') {
  return parseKeyBlock(textWith(count, blocks, versionId), { validation: 'interoperable' });
}

describe('formatHeader, given optional blocks,', () => {
  // In version D: characters of the label, and what follows the block.
  it.each([
    [0, 'PB0C00000000'],
    [1, 'PB0B0000000'],
    [7, 'PB050'],
    [8, 'PB04'],
    [9, 'PB13000000000000000'],
    [11, 'PB110000000000000'],
    [12, ''],
    [13, 'PB0F00000000000'],
    [28, ''],
    [251 - 15, ''],
    [251, 'PB110000000000000'],
  ])('pads in version D after a label of %d characters: %j', (length, padding) => {
    const label = 'x'.repeat(length);
    const count = padding === '' ? '01' : '02';
    const hex = (length + 4).toString(16).toUpperCase().padStart(2, '0');
    expect(format([{ id: 'LB', data: label }])).toBe(`${count} LB${hex}${label}${padding}`);
  });

  it.each([
    [0, 'PB04'],
    [1, 'PB0B0000000'],
    [3, 'PB0900000'],
    [4, ''],
    [5, 'PB07000'],
    [8, 'PB04'],
  ])('pads in versions A, B and C after a label of %d characters: %j', (length, padding) => {
    const label = 'x'.repeat(length);
    const count = padding === '' ? '01' : '02';
    for (const versionId of ['A', 'B', 'C'] as const) {
      const text = `${count} LB0${(length + 4).toString(16).toUpperCase()}${label}${padding}`;
      expect(format([{ id: 'LB', data: label }], versionId)).toBe(text);
    }
  });

  it('pads nothing where there is nothing', () => {
    expect(format([])).toBe('00 ');
  });

  it('pads all blocks together, to the same in E as in D', () => {
    const blocks = [
      { id: 'LB', data: 'abc' },
      { id: '99', data: 'defgh' },
    ];
    expect(format(blocks)).toBe('02 LB07abc9909defgh');
    expect(format(blocks, 'E')).toBe('02 LB07abc9909defgh');
    expect(format(blocks, 'B')).toBe('02 LB07abc9909defgh');
    expect(format(blocks.slice(0, 1), 'E')).toBe('02 LB07abcPB0900000');
  });

  it('fills whole cipher blocks, and has room for a padding block where it needs one', () => {
    const anyVersionId = fc.constantFrom<VersionId>('A', 'B', 'C', 'D', 'E');
    fc.assert(
      fc.property(anyVersionId, anyBlocks(), (versionId, optionalBlocks) => {
        const header = { ...HEADER, versionId, optionalBlocks };
        const text = formatHeader({ header, keyBlockLength: 16 });
        expect(text.length % BLOCK_LENGTHS[versionId]).toBe(0);
        expect(text).toBe(headerText(header, 16));
      }),
    );
  });

  it('writes the short form up to 251 characters of data, then the extended form', () => {
    const [, short = ''] = format([{ id: 'LB', data: 'x'.repeat(251) }]).split(' ');
    expect(short.slice(0, 5)).toBe('LBFFx');
    const [, extended = ''] = format([{ id: 'LB', data: 'x'.repeat(252) }]).split(' ');
    expect(extended.slice(0, 11)).toBe('LB00040106x');
    const [, long = ''] = format([{ id: 'LB', data: 'x'.repeat(0x1000 - 10) }]).split(' ');
    expect(long.slice(0, 11)).toBe('LB00041000x');
  });

  it('keeps the order of the blocks', () => {
    const ids = ['LB', 'AL', '10', 'KS', '09'];
    const text = format(ids.map((id) => ({ id, data: '' })));
    expect(text).toBe('06 LB04AL041004KS040904PB0C00000000');
  });

  it('counts to 99, the padding block included', () => {
    const blocks = (count: number, data: string) =>
      Array.from({ length: count }, (_, i) => ({ id: String(i).padStart(2, '0'), data }));
    // 12 characters each: 99 of them are no whole cipher blocks, 98 and PB08 are.
    expect(format(blocks(99, 'x'.repeat(12)))).toMatch(/^99 /);
    expect(format(blocks(98, 'x'.repeat(8)))).toMatch(/^99 /);
    expect(() => format(blocks(99, 'x'.repeat(8)))).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'),
    );
    const hundred = [...blocks(99, ''), { id: 'LB', data: '' }];
    expect(() => format(hundred)).toThrow(refusal('INVALID_ARGUMENT', 'optionalBlocks'));
  });

  it.each<[string, OptionalBlock[]]>([
    ['PB', [{ id: 'PB', data: '' }]],
    [
      'one ID twice',
      [
        { id: 'LB', data: 'a' },
        { id: 'TS', data: '' },
        { id: 'LB', data: 'b' },
      ],
    ],
    ['an ID of one character', [{ id: 'L', data: '' }]],
    ['an ID of three', [{ id: 'LB0', data: '' }]],
    ['no ID', [{ id: '', data: '' }]],
    ['an ID of symbols', [{ id: '**', data: '' }]],
    ['an ID with a space', [{ id: 'L ', data: '' }]],
    ['an ID out of ASCII', [{ id: 'L\u0392', data: '' }]],
    ['a control character', [{ id: 'LB', data: 'a\u0007b' }]],
    ['a letter out of ASCII', [{ id: 'LB', data: '\u00fc' }]],
    ['a delete', [{ id: 'LB', data: '\u007f' }]],
  ])('rejects %s', (_, blocks) => {
    expect(() => format(blocks)).toThrow(refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'));
  });

  it('tells IDs apart by case', () => {
    expect(
      format([
        { id: 'LB', data: 'xy' },
        { id: 'lb', data: 'zt' },
        { id: 'lB', data: '' },
      ]),
    ).toBe('03 LB06xylb06ztlB04');
  });

  it('rejects what no key block could hold', () => {
    for (const blocks of [
      [{ id: 'LB', data: 'x'.repeat(10_000) }],
      Array.from({ length: 5 }, (_, i) => ({ id: `0${i}`, data: 'x'.repeat(2000) })),
    ]) {
      expect(() => format(blocks)).toThrow(refusal('INPUT_TOO_LARGE', 'optionalBlocks'));
    }
  });
});

describe('parseKeyBlock, given optional blocks,', () => {
  it('reads both forms of the length, and none of the padding', () => {
    fc.assert(
      fc.property(printable(300), fc.boolean(), (label, extended) => {
        fc.pre(extended || label.length <= 251);
        const hex = (value: number, digits: number) =>
          value.toString(16).toUpperCase().padStart(digits, '0');
        const block = extended
          ? `LB0004${hex(label.length + 10, 4)}${label}`
          : `LB${hex(label.length + 4, 2)}${label}`;
        const filler = 'x'.repeat(15 - ((block.length + 3) % 16));
        const padding = `PB${hex(filler.length + 4, 2)}${filler}`;
        const { header, headerLength, findings } = parse(2, block + padding);
        expect(header.optionalBlocks).toEqual([{ id: 'LB', data: label }]);
        expect(headerLength).toBe(16 + block.length + padding.length);
        // A long form of a short block is wasteful and nothing worse.
        expect(
          findings.map(({ rule, offset, refusedByStrict }) => [rule, offset, refusedByStrict]),
        ).toEqual(
          extended && label.length <= 251 ? [['extended-length-not-needed', 16, false]] : [],
        );
      }),
    );
  });

  it.each([2, 3, 5, 16, 22])(
    'reads an extended length of %d digits, which strict validation does not',
    (digits) => {
      const prefix = `LB00${digits.toString(16).padStart(2, '0')}${'20'.padStart(digits, '0')}`;
      const text = prefix.padEnd(0x20, 'x');
      const { header, findings } = parse(1, text);
      expect(header.optionalBlocks).toEqual([{ id: 'LB', data: text.slice(prefix.length) }]);
      expect(findings.map(({ rule, field, offset }) => [rule, field, offset])).toEqual([
        ['extended-length-form', 'optionalBlocks', 16],
        ['extended-length-not-needed', 'optionalBlocks', 16],
      ]);
      expect(() => parseKeyBlock(textWith(1, text))).toThrow(
        refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 16),
      );
      const allowed = parseKeyBlock(textWith(1, text), { allow: ['extended-length-form'] });
      expect(allowed).toMatchObject({ header, findings });
    },
  );

  it('reads the two pairs of digits of TR-31:2018 when that is allowed, and only then', () => {
    const allow = ['tr31-2018-extended-length'] as const;
    const text = `LB00020110${'x'.repeat(0x110 - 10)}`;
    expect(() => parse(1, text)).toThrow(refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 18));
    const { header, findings } = parseKeyBlock(textWith(1, text), { allow });
    expect(header.optionalBlocks).toEqual([{ id: 'LB', data: 'x'.repeat(0x110 - 10) }]);
    expect(findings).toEqual([]);
    // The form of X9.143 is read all the same, other lengths of length are not.
    const x9 = `LB00040110${'x'.repeat(0x110 - 10)}`;
    expect(parseKeyBlock(textWith(1, x9), { allow }).findings).toEqual([]);
    const three = `LB0003110${'x'.repeat(0x110 - 9)}`;
    expect(() => parseKeyBlock(textWith(1, three), { allow })).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 16),
    );
  });

  it('reads lengths in lower case, which strict validation does not', () => {
    for (const text of [`LB1c${'q'.repeat(24)}PB04`, `LB0004001a${'q'.repeat(16)}PB06xx`]) {
      const { header, findings } = parse(2, text);
      expect(header.optionalBlocks).toHaveLength(1);
      expect(findings[0]).toMatchObject({
        rule: 'lower-case-hex',
        field: 'optionalBlocks',
        offset: 16,
      });
      expect(() => parseKeyBlock(textWith(2, text))).toThrow(
        refusal('INVALID_HEX', 'optionalBlocks', 16),
      );
    }
    // Data are no lengths.
    expect(parseKeyBlock(textWith(1, 'LB10abcdefabcdef')).findings).toEqual([]);
  });

  it('reads a padding block that is not the last, which strict validation does not', () => {
    const text = 'PB08aaaaLB08bbbb';
    const { header, findings } = parse(2, text);
    expect(header.optionalBlocks).toEqual([{ id: 'LB', data: 'bbbb' }]);
    expect(findings).toEqual([
      expect.objectContaining({ rule: 'optional-block-order', offset: 16, refusedByStrict: true }),
    ]);
    expect(() => parseKeyBlock(textWith(2, text))).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 16),
    );
    const { findings: allowed } = parseKeyBlock(textWith(2, text), {
      allow: ['optional-block-order'],
    });
    expect(allowed).toEqual(findings);
  });

  it('points at the block that breaks a rule', () => {
    const { findings } = parse(5, 'LB08okayKS08VM9AZZ04WP070049905x');
    expect(findings.map(({ rule, field, offset }) => [rule, field, offset])).toEqual([
      ['optional-block-data', 'optionalBlocks', 24],
      ['unknown-optional-block', 'optionalBlocks', 32],
      ['optional-block-data', 'optionalBlocks', 36],
    ]);
  });

  it('reads 99 blocks', () => {
    const ids = Array.from({ length: 99 }, (_, i) => String(i + 1).padStart(2, '0'));
    const text = ids.map((id) => (id === '99' ? '9908abcd' : `${id}04`)).join('');
    expect(parse(99, text).header.optionalBlocks.map(({ id }) => id)).toEqual(ids);
  });

  // Each with room behind it, so that lengths have something to run into.
  it.each<[string, number, string, number]>([
    ['an ID of symbols', 1, '**10xxxxxxxxxxxx', 16],
    ['an ID that is half a symbol', 1, 'L*10xxxxxxxxxxxx', 17],
    ['a length of 1', 1, 'LB01xxxxxxxxxxxx', 18],
    ['a length of 3', 1, 'LB03xxxxxxxxxxxx', 18],
    ['a length that is no hex', 1, 'LB1Gxxxxxxxxxxxx', 19],
    ['a length beyond the end', 1, 'LBFFxxxxxxxxxxxx', 18],
    ['a length of length of 0', 1, 'LB000010xxxxxxxx', 20],
    ['a length of length that is no hex', 1, 'LB00x4xxxxxxxxxx', 20],
    ['an extended length that is no hex', 1, 'LB00040x10xxxxxx', 23],
    ['an extended length below its own prefix', 1, 'LB00040009xxxxxx', 18],
    ['an extended length of 0', 1, 'LB00040000xxxxxx', 18],
    ['an extended length beyond the end', 1, 'LB0004FFFFxxxxxx', 18],
    ['a length of length beyond the end', 1, 'LB00FF0000000000', 96],
    ['one ID twice', 2, 'LB08aaaaLB08bbbb', 24],
    ['PB twice', 2, 'PB08aaaaPB08bbbb', 24],
    ['blocks that are no whole cipher blocks', 1, 'LB0Cxxxxxxxx', 16],
    ['the last of them', 2, 'LB0CxxxxxxxxKS0Cxxxxxxxx', 28],
  ])('rejects %s', (_, count, text, offset) => {
    expect(() => parse(count, text)).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', offset),
    );
    expect(() => parseKeyBlock(textWith(count, text))).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', offset),
    );
  });

  it('rejects in E what is no whole cipher block, too', () => {
    expect(() => parse(1, 'LB08abcd', 'E')).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 16),
    );
    expect(parse(1, 'LB08abcd', 'B').headerLength).toBe(24);
    expect(parseHeader('E0000D0TB00E0100LB08abcd').headerLength).toBe(24);
  });

  it('rejects a text that ends within a block', () => {
    const text = 'D0000D0TB00E0100LB00040020xxxxxxxxxxxxxxxxxxxxxx';
    expect(parseHeader(text).headerLength).toBe(48);
    for (let length = 16; length < text.length; length++) {
      expect(() => parseHeader(text.slice(0, length)), `${length} characters`).toThrow(
        refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'),
      );
    }
  });

  it('rejects a length of 255 digits as soon as it is beyond the text', () => {
    const zeros = `LB00FF${'40'.padStart(255, '0')}`;
    expect(() => parseHeader(`D0000D0TB00E0100${zeros}`)).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 18),
    );
    const nines = `LB00FF${'9'.repeat(255)}`;
    expect(() => parseHeader(`D0000D0TB00E0100${nines}`)).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 18),
    );
    const right = `LB00FF${(261 + 5).toString(16).toUpperCase().padStart(255, '0')}xxxxx`;
    expect(parseHeader(`D0000D0TB00E0100${right}`).header.optionalBlocks).toEqual([
      { id: 'LB', data: 'xxxxx' },
    ]);
  });
});
