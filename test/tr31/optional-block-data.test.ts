import fc from 'fast-check';
import {
  fromHex,
  KeyblockError,
  type KeyblockErrorField,
  type OptionalBlock,
  type OptionalBlockData,
  toHex,
} from 'keyblock';
import {
  formatOptionalBlock,
  type PublicKeyCertificates,
  parseKeyBlock,
  readOptionalBlock,
} from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { anyString, anyTypedBlock, type TypedBlock } from './arbitraries.js';
import { refusal, thrownBy } from './vector-cases.js';

/** One example of every format, by the catalogue of X9.143 6.3.6. */
const EXAMPLES: readonly (readonly [OptionalBlockData, string])[] = [
  [{ id: 'AL', life: 'ephemeral' }, '0100'],
  [{ id: 'AL', life: 'static' }, '0101'],
  [{ id: 'BI', dukpt: 'TDES', identifier: 'FFFF987654' }, '00FFFF987654'],
  [{ id: 'BI', dukpt: 'AES', identifier: '1234ABCD' }, '011234ABCD'],
  [
    {
      id: 'CT',
      form: 'single',
      certificates: [{ format: 'X.509', certificate: fromHex('3003020105') }],
    },
    '00MAMCAQU=',
  ],
  [
    {
      id: 'CT',
      form: 'single',
      certificates: [{ format: 'EMV', certificate: fromHex('FBFFBF') }],
    },
    '01+/+/',
  ],
  [
    {
      id: 'CT',
      form: 'chain',
      certificates: [
        { format: 'X.509', certificate: fromHex('3003020105') },
        { format: 'EMV', certificate: fromHex('FF') },
      ],
    },
    '02000008MAMCAQU=010004/w==',
  ],
  [
    {
      id: 'DA',
      derivations: [
        { keyUsage: 'P0', algorithm: 'A', modeOfUse: 'E', exportability: 'N' },
        { keyUsage: 'M6', algorithm: 'T', modeOfUse: 'G', exportability: 'E' },
      ],
    },
    '01P0AENM6TGE',
  ],
  [{ id: 'FL', text: ' any~text ' }, ' any~text '],
  [{ id: 'HM', hash: 'SHA-1' }, '10'],
  [{ id: 'HM', hash: 'SHA-224' }, '20'],
  [{ id: 'HM', hash: 'SHA-256' }, '21'],
  [{ id: 'HM', hash: 'SHA-384' }, '22'],
  [{ id: 'HM', hash: 'SHA-512' }, '23'],
  [{ id: 'HM', hash: 'SHA-512/224' }, '24'],
  [{ id: 'HM', hash: 'SHA-512/256' }, '25'],
  [{ id: 'HM', hash: 'SHA3-224' }, '30'],
  [{ id: 'HM', hash: 'SHA3-256' }, '31'],
  [{ id: 'HM', hash: 'SHA3-384' }, '32'],
  [{ id: 'HM', hash: 'SHA3-512' }, '33'],
  [{ id: 'HM', hash: 'SHAKE128' }, '40'],
  [{ id: 'HM', hash: 'SHAKE256' }, '41'],
  [{ id: 'IK', initialKeyId: '1234567890123456' }, '1234567890123456'],
  [{ id: 'KC', method: 'legacy', kcv: '0169E3' }, '000169E3'],
  [{ id: 'KC', method: 'cmac', kcv: '0169EBA40B' }, '010169EBA40B'],
  [{ id: 'KP', method: 'cmac', kcv: '2331550BC9' }, '012331550BC9'],
  [{ id: 'KP', method: 'legacy', kcv: 'ECAD' }, '00ECAD'],
  [{ id: 'PK', method: 'cmac', kcv: 'D77F00' }, '01D77F00'],
  [{ id: 'KS', keySerialNumber: '00604B120F9292800000' }, '00604B120F9292800000'],
  [{ id: 'KS', keySerialNumber: '00604B120F929280' }, '00604B120F929280'],
  [{ id: 'KV', keyBlockValues: '0000' }, '0000'],
  [{ id: 'LB', label: '' }, ''],
  [{ id: 'LB', label: 'a label, ~ and all' }, 'a label, ~ and all'],
  [{ id: 'PA', text: '' }, ''],
  [{ id: 'TC', time: '20190717181929Z' }, '20190717181929Z'],
  [{ id: 'TC', time: '2019071718192900Z' }, '2019071718192900Z'],
  [{ id: 'TS', time: '2020-08-18T19:20:30Z' }, '2020-08-18T19:20:30Z'],
  [{ id: 'TC', time: '20000229000000Z' }, '20000229000000Z'],
  [{ id: 'TC', time: '20280229000000Z' }, '20280229000000Z'],
  [{ id: 'TC', time: '20261231235959Z' }, '20261231235959Z'],
  [{ id: 'TS', time: '2020-08-18T19:20:30.22Z' }, '2020-08-18T19:20:30.22Z'],
  [{ id: 'WP', weaker: false, asymmetric: false }, '000'],
  [{ id: 'WP', weaker: true, asymmetric: false }, '001'],
  [{ id: 'WP', weaker: false, asymmetric: true }, '002'],
  [{ id: 'WP', weaker: true, asymmetric: true }, '003'],
  [{ id: '10', text: 'IBMC0112' }, 'IBMC0112'],
  [{ id: '00', text: '' }, ''],
];

/** The blocks of a published example. */
function blocksOf(id: string): readonly OptionalBlock[] {
  const keyBlock = vectors.find((one) => one.id === id)?.keyBlock ?? '';
  return parseKeyBlock(keyBlock).header.optionalBlocks;
}

const EXAMPLE_BLOCKS: readonly TypedBlock[] = EXAMPLES.map(([content, data]) => ({
  content,
  block: { id: content.id, data },
}));

describe('readOptionalBlock', () => {
  it.each(EXAMPLE_BLOCKS)('reads $block', ({ block, content }) => {
    expect(readOptionalBlock(block)).toEqual(content);
  });

  it('reads the certificate, check value and time of X9.143 8.5', () => {
    const [ct, kp, ts] = blocksOf('std-x9.143-2021-8.5').map(readOptionalBlock);
    const { form, certificates } = ct as PublicKeyCertificates;
    expect(form).toBe('single');
    expect(certificates.map(({ format }) => format)).toEqual(['X.509']);
    const certificate = certificates[0]?.certificate ?? new Uint8Array();
    expect(certificate).toHaveLength(951);
    // The outer SEQUENCE is as long as it says.
    expect(toHex(certificate.subarray(0, 8))).toBe('308203B33082029B');
    expect(kp).toEqual({ id: 'KP', method: 'cmac', kcv: 'D77F007724' });
    expect(ts).toEqual({ id: 'TS', time: '20200818221218Z' });
  });

  it('reads the chain of X9.143 8.6', () => {
    const { form, certificates } = blocksOf('std-x9.143-2021-8.6')
      .map(readOptionalBlock)
      .find(({ id }) => id === 'CT') as PublicKeyCertificates;
    expect(form).toBe('chain');
    expect(
      certificates.map(({ format, certificate }) => [
        format,
        certificate.length,
        toHex(certificate.subarray(0, 4)),
        toHex(certificate.subarray(-4)),
      ]),
    ).toEqual([
      ['X.509', 0x22e + 4, '3082022E', '4E4BCA61'],
      ['X.509', 0x20e + 4, '3082020E', '4EBDCB9B'],
    ]);
  });

  it('inverts formatOptionalBlock', () => {
    fc.assert(
      fc.property(anyTypedBlock, ({ content, block }) => {
        expect(formatOptionalBlock(content)).toEqual(block);
        expect(readOptionalBlock(block)).toEqual(content);
        expect(formatOptionalBlock(readOptionalBlock(block))).toEqual(block);
      }),
      { numRuns: 400 },
    );
  });

  it('reads the BDK ID as AWS writes it, which formatOptionalBlock does not', () => {
    const content = readOptionalBlock({ id: 'BI', data: '111234ABCD' });
    expect(content).toEqual({ id: 'BI', dukpt: 'AES', identifier: '1234ABCD' });
    expect(formatOptionalBlock(content).data).toBe('011234ABCD');
  });

  it('throws nothing but KeyblockError, whatever the data', () => {
    const anyId = fc.constantFrom(...new Set(EXAMPLES.map(([{ id }]) => id)), 'PB', 'ZZ', 'kc');
    const anyData = fc.oneof(
      anyString(40),
      fc
        .tuple(fc.constantFrom('00', '01', '02', '11'), fc.string({ maxLength: 40 }))
        .map((t) => t.join('')),
      anyTypedBlock.map(({ block }) => block.data),
    );
    fc.assert(
      fc.property(anyId, anyData, (id, data) => {
        try {
          const content = readOptionalBlock({ id, data });
          // What can be read can be written; of two forms of a BDK ID the standard's is.
          expect(formatOptionalBlock(content).data).toBe(
            id === 'BI' ? data.replace(/^11/, '01') : data,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(KeyblockError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['AL', ['', '00', '0102', '0200', '01000']],
    [
      'BI',
      [
        '',
        '00',
        '00FFFF98765',
        '00FFFF9876543',
        '02FFFF987654',
        '00ffff987654',
        '011234ABC',
        '1012345678',
      ],
    ],
    [
      'CT',
      [
        '',
        '00',
        '00A',
        '00AAA',
        '00====',
        '00AA=A',
        '00A===',
        '00AA-_',
        '00AA\nA',
        '00MAMCAQU',
        '00MAMCAQV=',
        '03AAAA',
        'AAAA',
      ],
    ],
    // A chain: none, short of a length, a length in lower case, beyond the end, too short, of
    // chains.
    [
      'CT',
      [
        '02',
        '0200',
        '02000',
        '0200000',
        '0200000aAAAAAAAAAAAA',
        '02000008AAAA',
        '020000',
        '02000003AAAA',
        '02020004AAAA',
        '02000004AAAA0',
      ],
    ],
    ['DA', ['', '01', '01P0AE', '01P0AENP', '02P0AEN', '01P0A N', '01P0AE*']],
    ['HM', ['', '1', '11', '26', '42', '99', '210', ' 21', 'toString']],
    ['IK', ['', '123456789012345', '12345678901234567', '123456789012345G', '123456789012345a']],
    [
      'KC',
      ['', '00', '00123456789', '0012345678', '011234567890AB', '02123456', '00abcdef', '1234'],
    ],
    ['KP', ['00', '03123456', '010A0B0C0D0E0F']],
    ['PK', ['00', '01GGGG']],
    [
      'KS',
      [
        '',
        'VM9A',
        '00604B120F929280000',
        '00604B120F92928000000',
        '00604b120f9292800000',
        'DE#GBIC#OPT1',
      ],
    ],
    ['KV', ['', '000', '00000']],
    [
      'TC',
      [
        '',
        '20190717181929',
        '20190717181929z',
        '2019071718192Z',
        '201907171819290Z',
        '20191317181929Z',
        '20190017181929Z',
        '20190732181929Z',
        '20190700181929Z',
        '20190717241929Z',
        '20190717186029Z',
        '20190717181960Z',
      ],
    ],
    [
      'TS',
      [
        '2018-06-18T20:42:39.22',
        '2018-06-18 20:42:39Z',
        '2018-06-18T20:42:39.2Z',
        '2018-06-18T20:42:39,22Z',
        '2018-6-18T20:42:39Z',
        '2018-06-18T20:42:39+00:00',
        '20180618T204239Z',
        '2018-06-1820:42:39Z',
      ],
    ],
    ['WP', ['', '00', '004', '010', '0000', '00a']],
    ['LB', ['tab\t', 'euro \u20ac', '\u007f', 'line\n']],
    ['99', ['\u0000', '\u00a0']],
    ['FL', ['\u001f']],
  ])('rejects for %s the data %j', (id, texts) => {
    for (const data of texts) {
      expect(() => readOptionalBlock({ id, data }), data).toThrow(
        refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'),
      );
    }
  });

  it.each(['PB', 'ZZ', 'lb', 'kc', '9', '999', '', '1A', '\u0661\u0662', '__proto__', 'toString'])(
    'does not know the ID %j',
    (id) => {
      expect(() => readOptionalBlock({ id, data: '0000' })).toThrow(
        refusal('UNSUPPORTED', 'optionalBlocks'),
      );
    },
  );

  it.each<[unknown]>([
    [undefined],
    [null],
    ['LB'],
    [{}],
    [{ id: 'LB' }],
    [{ data: '' }],
    [{ id: 7, data: '' }],
    [{ id: 'LB', data: 7 }],
  ])('rejects what is no block: %j', (block) => {
    expect(() => readOptionalBlock(block as OptionalBlock)).toThrow(
      refusal('INVALID_ARGUMENT', 'optionalBlocks'),
    );
  });
});

/** Contents that look like what they are not: one value of each is wrong. */
const WRONG_CONTENTS: readonly (readonly [string, object])[] = [
  ['a life', { id: 'AL', life: 'eternal' }],
  ['no life', { id: 'AL' }],
  ['a life of Object.prototype', { id: 'AL', life: 'toString' }],
  ['a kind of DUKPT', { id: 'BI', dukpt: 'DES', identifier: '1234ABCD' }],
  ['an identifier of the other kind', { id: 'BI', dukpt: 'TDES', identifier: '1234ABCD' }],
  ['no identifier', { id: 'BI', dukpt: 'AES' }],
  ['no derivations', { id: 'DA', derivations: [] }],
  ['derivations that are none', { id: 'DA', derivations: 'P0AEN' }],
  ['a derivation that is none', { id: 'DA', derivations: ['P0AEN'] }],
  [
    'a derivation of too much',
    {
      id: 'DA',
      derivations: [{ keyUsage: 'P', algorithm: '0A', modeOfUse: 'E', exportability: 'N' }],
    },
  ],
  [
    'a derivation of unprintables',
    {
      id: 'DA',
      derivations: [{ keyUsage: 'P0', algorithm: ' ', modeOfUse: 'E', exportability: 'N' }],
    },
  ],
  [
    'a derivation of numbers',
    { id: 'DA', derivations: [{ keyUsage: '10', algorithm: 1, modeOfUse: 2, exportability: 3 }] },
  ],
  [
    'a hole among derivations',
    {
      id: 'DA',
      derivations: [
        undefined,
        { keyUsage: 'P0', algorithm: 'A', modeOfUse: 'E', exportability: 'N' },
      ],
    },
  ],
  ['a hash', { id: 'HM', hash: 'MD5' }],
  ['no hash', { id: 'HM' }],
  ['a short ID', { id: 'IK', initialKeyId: '1234' }],
  ['an ID that is no text', { id: 'IK', initialKeyId: 1234567890123456 }],
  ['a method', { id: 'KC', method: 'hmac', kcv: '123456' }],
  ['a value that is too long', { id: 'KP', method: 'legacy', kcv: '12345678' }],
  ['a value in lower case', { id: 'PK', method: 'cmac', kcv: 'abcdef' }],
  ['no value', { id: 'KC', method: 'cmac' }],
  ['a serial number', { id: 'KS', keySerialNumber: '1234' }],
  ['values', { id: 'KV', keyBlockValues: '00000' }],
  ['a label', { id: 'LB', label: 'line\n' }],
  ['no label', { id: 'LB' }],
  ['a time', { id: 'TS', time: '2026-11-21' }],
  ['a day', { id: 'TS', time: '2026-02-29T00:00:00Z' }],
  ['a day of a century', { id: 'TS', time: '21000229000000Z' }],
  ['the 31st of April', { id: 'TC', time: '20260431000000Z' }],
  ['a date', { id: 'TC', time: new Date(0) }],
  ['a pedigree', { id: 'WP', weaker: 1, asymmetric: 0 }],
  ['half a pedigree', { id: 'WP', weaker: true }],
  ['flags', { id: 'FL', text: 5 }],
  ['proprietary data', { id: '99' }],
  ['no certificates', { id: 'CT', certificates: [] }],
  ['certificates that are none', { id: 'CT', certificates: {} }],
  [
    'a certificate in base64',
    { id: 'CT', certificates: [{ format: 'X.509', certificate: 'MAMCAQU=' }] },
  ],
  ['a certificate that is none', { id: 'CT', certificates: [null] }],
  ['a format', { id: 'CT', certificates: [{ format: 'PGP', certificate: new Uint8Array(3) }] }],
  [
    'an empty certificate',
    { id: 'CT', certificates: [{ format: 'EMV', certificate: new Uint8Array() }] },
  ],
  [
    'a form',
    { id: 'CT', form: 'list', certificates: [{ format: 'EMV', certificate: new Uint8Array(3) }] },
  ],
  [
    'two in single form',
    {
      id: 'CT',
      form: 'single',
      certificates: [
        { format: 'EMV', certificate: new Uint8Array(3) },
        { format: 'EMV', certificate: new Uint8Array(3) },
      ],
    },
  ],
];

/** The members that an error names. */
const NAMED_MEMBERS: Readonly<Record<string, KeyblockErrorField>> = {
  HM: 'hash',
  LB: 'label',
  TC: 'time',
  TS: 'time',
};

describe('formatOptionalBlock', () => {
  it.each(EXAMPLE_BLOCKS)('formats $block', ({ block, content }) => {
    expect(formatOptionalBlock(content)).toEqual(block);
  });

  it('takes one certificate for single form and more for a chain, unless told', () => {
    const certificates = ['01', '02'].map(
      (hex) => ({ format: 'X.509', certificate: fromHex(hex) }) as const,
    );
    const format = (count: number, form?: 'single' | 'chain') =>
      formatOptionalBlock({ id: 'CT', form, certificates: certificates.slice(0, count) }).data;
    expect([format(1), format(1, 'single')]).toEqual(['00AQ==', '00AQ==']);
    expect(format(1, 'chain')).toBe('02000004AQ==');
    expect([format(2), format(2, 'chain')]).toEqual([
      '02000004AQ==000004Ag==',
      '02000004AQ==000004Ag==',
    ]);
  });

  it('leaves the bytes given as they were, and hands out fresh ones', () => {
    const certificate = Uint8Array.of(1, 2, 3);
    const block = formatOptionalBlock({ id: 'CT', certificates: [{ format: 'EMV', certificate }] });
    const { certificates } = readOptionalBlock(block) as PublicKeyCertificates;
    certificates[0]?.certificate.fill(0);
    expect(certificate).toEqual(Uint8Array.of(1, 2, 3));
    expect(certificates[0]?.certificate.buffer.byteLength).toBe(3);
  });

  it.each(WRONG_CONTENTS)('rejects %s', (_, content) => {
    const { id } = content as OptionalBlockData; // but for the one value
    expect(() => formatOptionalBlock(content as OptionalBlockData)).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', NAMED_MEMBERS[id] ?? 'optionalBlocks'),
    );
  });

  it('says how a time and a label are written to whoever gives others', () => {
    const time = new Date(0).toISOString(); // with thousandths, which X9.143 does not have
    const timeError = thrownBy(() => formatOptionalBlock({ id: 'TS', time }));
    expect([timeError.code, timeError.field]).toEqual(['INVALID_OPTIONAL_BLOCK', 'time']);
    expect(timeError.message).toContain("new Date().toISOString().slice(0, 19) + 'Z'");
    const written = `${time.slice(0, 19)}Z`;
    expect(formatOptionalBlock({ id: 'TS', time: written }).data).toBe('1970-01-01T00:00:00Z');

    const labelError = thrownBy(() => formatOptionalBlock({ id: 'LB', label: 'Schl\u00fcssel' }));
    expect([labelError.code, labelError.field]).toEqual(['INVALID_OPTIONAL_BLOCK', 'label']);
    expect(labelError.message).toContain('LB: printable ASCII');
  });

  it('rejects holes in arrays, as it rejects undefined', () => {
    const derivation = { keyUsage: 'P0', algorithm: 'A', modeOfUse: 'E', exportability: 'N' };
    const certificate = { format: 'EMV', certificate: new Uint8Array(3) };
    const holed = <T>(value: T): T[] => Object.assign(new Array<T>(3), { 0: value, 2: value });
    for (const content of [
      { id: 'DA', derivations: holed(derivation) },
      { id: 'CT', certificates: holed(certificate) },
    ]) {
      const error = thrownBy(() => formatOptionalBlock(content as unknown as OptionalBlockData));
      expect(error.code).toBe('INVALID_OPTIONAL_BLOCK');
    }
  });

  it('throws nothing but KeyblockError, whatever the content', () => {
    const anyValue = fc.anything({
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const contents = fc
      .constantFrom(...EXAMPLE_BLOCKS)
      .chain(({ content }) =>
        fc.tuple(fc.constant(content), fc.constantFrom(...Object.keys(content)), anyValue),
      );
    fc.assert(
      fc.property(contents, ([content, name, value]) => {
        try {
          formatOptionalBlock({ ...content, [name]: value } as OptionalBlockData);
        } catch (error) {
          expect(error).toBeInstanceOf(KeyblockError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes no value from Object.prototype', () => {
    const supplied = {
      keyUsage: 'P0',
      algorithm: 'A',
      modeOfUse: 'E',
      exportability: 'N',
      label: 'x',
      format: 'EMV',
      certificate: new Uint8Array(3),
    };
    const outcomes = [
      { id: 'LB' },
      { id: 'DA', derivations: [{}] },
      { id: 'CT', certificates: [{}] },
    ].map((content) => {
      for (const [name, value] of Object.entries(supplied)) {
        Object.defineProperty(Object.prototype, name, { value, configurable: true });
      }
      try {
        return formatOptionalBlock(content as OptionalBlockData).data;
      } catch (error) {
        return error;
      } finally {
        for (const name of Object.keys(supplied)) Reflect.deleteProperty(Object.prototype, name);
      }
    });
    expect(outcomes).toEqual(outcomes.map(() => refusal('INVALID_OPTIONAL_BLOCK')));
  });

  it.each(['PB', 'ZZ', 'lb', '9', '__proto__'])('does not know the ID %s', (id) => {
    const content = { id, text: '', label: '' } as unknown as OptionalBlockData;
    expect(() => formatOptionalBlock(content)).toThrow(refusal('UNSUPPORTED', 'optionalBlocks'));
  });

  it.each<[unknown]>([[undefined], [null], ['LB'], [{}], [{ label: '' }], [{ id: 10, text: '' }]])(
    'rejects what is no content: %j',
    (content) => {
      expect(() => formatOptionalBlock(content as OptionalBlockData)).toThrow(
        refusal('INVALID_ARGUMENT', 'optionalBlocks'),
      );
    },
  );

  it('rejects what no key block could hold', () => {
    const label = 'x'.repeat(10_000);
    expect(() => formatOptionalBlock({ id: 'LB', label })).toThrow(refusal('INPUT_TOO_LARGE'));
    expect(() => readOptionalBlock({ id: 'LB', data: label })).toThrow(refusal('INPUT_TOO_LARGE'));
    const certificate = new Uint8Array(0x10000);
    for (const form of ['single', 'chain'] as const) {
      const certificates = [{ format: 'EMV', certificate }] as const;
      expect(() => formatOptionalBlock({ id: 'CT', form, certificates })).toThrow(KeyblockError);
    }
  });
});
