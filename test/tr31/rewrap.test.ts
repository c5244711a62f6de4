import fc from 'fast-check';
import { type Allow, computeKcv, fromHex, type OptionalBlock, SecretKey, toHex } from 'keyblock';
import {
  type HeaderChanges,
  parseKeyBlock,
  type RewrapKeyOptions,
  rewrapKey,
  unwrapKey,
  type WrapKeyOptions,
  wrapKey,
} from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { anyKbpk, anyStrongerKind, anyWrapping, BLOCK_LENGTHS } from './arbitraries.js';
import {
  headerOf,
  isReplayable,
  refusal,
  thrownBy,
  type UnwrapCase,
  type ValidCase,
} from './vector-cases.js';

// What the README says of the file; the compiler sees no more than strings.
const replayable = (vectors as readonly UnwrapCase[])
  .filter((one): one is ValidCase => one.kind === 'unwrap' && one.expect === 'valid')
  .filter(isReplayable);

/** What a re-wrap copies: two blocks that have it in common are translations of each other. */
function copied(vector: ValidCase): string {
  return JSON.stringify([vector.key, { ...headerOf(vector), versionId: '' }]);
}

const translations = replayable.flatMap((from) =>
  replayable
    .filter((to) => to !== from && copied(to) === copied(from))
    .map((to) => ({ from, to, title: `${from.id} to ${to.id}` })),
);

/** KBPKs whose check values are printed: X9.143 8.5 and 8.6, README of openemv. */
const AES_128 = fromHex('FA36E44278DB3AB5F298F9F7DA8F1F88');
const AES_256 = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const TDES = fromHex('AB2E09DB3EF0BA71E0CE6CD755C23A3B');
const KP_AES_128 = { id: 'KP', data: '01D77F007724' };
const KP_AES_256 = { id: 'KP', data: '012331550BC9' };
const KP_TDES = { id: 'KP', data: '00ECAD62' };

const KEY = fromHex('3F419E1CB7079442AA37474C2EFBF8B8');
const ALL_VERSIONS: readonly Allow[] = ['version-a-or-c'];

const HEADER = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'T',
  modeOfUse: 'B',
  keyVersionNumber: '07',
  exportability: 'S',
  keyContext: '0',
  optionalBlocks: [],
} as const;

/** A block under AES-256, but for what is given. */
function wrap(options: Partial<WrapKeyOptions> = {}): string {
  return wrapKey({ kbpk: AES_256, key: KEY, header: HEADER, ...options });
}

/** From AES-256 to AES-128, but for what is given. */
function rewrap(options: Partial<RewrapKeyOptions> = {}): string {
  return rewrapKey({ keyBlock: wrap(), from: AES_256, to: AES_128, ...options });
}

describe('rewrapKey', () => {
  it.each(translations)('translates $title byte for byte', ({ from, to }) => {
    const pad = fromHex(to.randomPad);
    const keyBlock = rewrapKey({
      keyBlock: from.keyBlock,
      from: fromHex(from.kbpk),
      to: fromHex(to.kbpk),
      header: { versionId: to.version },
      maskedKeyLength: to.key.length / 2 + pad.length,
      allow: ALL_VERSIONS,
      randomBytes: () => pad,
    });
    expect(keyBlock).toBe(to.keyBlock);
  });

  it('has been given every pair of blocks with one key and header', () => {
    expect(translations).toHaveLength(88);
  });

  it('keeps the key and the header, whatever the KBPKs and versions', () => {
    const anyRewrap = anyWrapping.chain((wrapping) =>
      anyStrongerKind(wrapping.kind).chain((kind) =>
        fc.tuple(fc.constant(wrapping), fc.constant(kind), anyKbpk(kind), fc.boolean()),
      ),
    );
    fc.assert(
      fc.property(anyRewrap, ([{ kbpk, key, header }, kind, to, withKp]) => {
        const checkValues = withKp ? (['KP'] as const) : [];
        const keyBlock = wrapKey({ kbpk, key, header, checkValues, allow: ALL_VERSIONS });
        const { versionId } = kind;
        const options = { keyBlock, from: kbpk, to, header: { versionId } };
        const translated = rewrapKey({ ...options, allow: ALL_VERSIONS });
        const opened = unwrapKey({ kbpk: to, keyBlock: translated });
        expect(toHex(opened.key.expose())).toBe(toHex(key));
        const kp: OptionalBlock[] = withKp ? [{ id: 'KP', data: newKp(kind.versionId, to) }] : [];
        const optionalBlocks = [...header.optionalBlocks, ...kp];
        expect(opened.header).toEqual({ ...header, versionId, optionalBlocks });
      }),
      { numRuns: 200 },
    );
  });

  it('stays in the version of the block unless another is named', () => {
    for (const header of [undefined, {}]) {
      expect(parseKeyBlock(rewrap({ header })).header).toEqual(HEADER);
    }
    const versionId = 'E';
    expect(parseKeyBlock(rewrap({ header: { versionId } })).header).toEqual({
      ...HEADER,
      versionId,
    });
  });

  it('re-wraps what is not exportable, for that is no export', () => {
    const keyBlock = wrap({ header: { ...HEADER, exportability: 'N', keyContext: '1' } });
    expect(parseKeyBlock(rewrap({ keyBlock })).header).toMatchObject({
      exportability: 'N',
      keyContext: '1',
    });
  });

  it('makes the padding block anew', () => {
    // psec fills up with a whole cipher block more where PB04 would do.
    const keyBlock =
      'D0176D0AB00E0200LB0CabcdefghPB140000000000000000D36CF4C6BECB0897B1C9A718084E84A7AFE2280BEE9EC590F50C0EF69ABB584235118BA518CC692915A37649E4D90F772E07249B798F6444EE268A87BBF58701';
    const optionalBlocks = 'LB0CabcdefghPB04';
    expect(rewrap({ keyBlock }).slice(16, 32)).toBe(optionalBlocks);
    expect(rewrap({ keyBlock, header: { versionId: 'E' } }).slice(16, 32)).toBe(optionalBlocks);
  });

  // What the new KBPK is, what KP was and what it becomes.
  it.each<
    [string, Partial<WrapKeyOptions>, OptionalBlock, Partial<RewrapKeyOptions>, OptionalBlock]
  >([
    ['B to D', { kbpk: TDES }, KP_TDES, { to: AES_256, header: { versionId: 'D' } }, KP_AES_256],
    ['D to B', {}, KP_AES_256, { to: TDES, header: { versionId: 'B' } }, KP_TDES],
    ['D to D', {}, KP_AES_256, { to: AES_128 }, KP_AES_128],
    ['D to E', {}, KP_AES_256, { to: AES_128, header: { versionId: 'E' } }, KP_AES_128],
    ['D to D, shortened', {}, { id: 'KP', data: '012331' }, {}, { id: 'KP', data: '01D77F' }],
    [
      'D to D, legacy',
      {},
      { id: 'KP', data: `00${legacyKcv(AES_256)}` },
      {},
      { id: 'KP', data: `00${legacyKcv(AES_128)}` },
    ],
    [
      'D to B, shortened',
      {},
      { id: 'KP', data: '012331' },
      { to: TDES, header: { versionId: 'B' } },
      KP_TDES,
    ],
  ])('computes KP for the new KBPK: %s', (_, options, before, changes, after) => {
    const label = { id: 'LB', data: 'KP is in the middle' };
    const kc = { id: 'KC', data: `00${computeKcv({ key: KEY, algorithm: 'TDES' })}` };
    const versionId = options.kbpk === TDES ? 'B' : 'D';
    const header = { ...HEADER, versionId, optionalBlocks: [kc, before, label] } as const;
    const keyBlock = wrap({ ...options, header });
    const translated = rewrap({ keyBlock, from: options.kbpk ?? AES_256, ...changes });
    expect(parseKeyBlock(translated).header.optionalBlocks).toEqual([kc, after, label]);
  });

  it('worsens the wrapping pedigree under a weaker KBPK, which has to be allowed', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: AES_256 });
    const block = (data: string) => {
      const optionalBlocks = [{ id: 'WP', data }];
      return wrap({ key, header: { ...HEADER, algorithm: 'A', optionalBlocks } });
    };
    const pedigree = (options: Partial<RewrapKeyOptions>) =>
      parseKeyBlock(rewrap(options)).header.optionalBlocks[0]?.data;
    for (const [before, after] of ['000 001', '001 001', '002 003', '003 003'].map((pair) =>
      pair.split(' '),
    )) {
      const keyBlock = block(before ?? '');
      expect(() => rewrap({ keyBlock })).toThrow(refusal('KEY_STRENGTH', 'key'));
      expect(pedigree({ keyBlock, allow: ['weaker-kbpk'] })).toBe(after);
      // As strong a KBPK leaves it as it was, and never makes it better.
      expect(pedigree({ keyBlock, to: AES_256, allow: ['weaker-kbpk'] })).toBe(before);
    }
  });

  it('reads as interoperably as it is told to, and writes strictly all the same', () => {
    const upper = wrap();
    const keyBlock = upper.slice(0, 16) + upper.slice(16).toLowerCase();
    expect(() => rewrap({ keyBlock })).toThrow(refusal('INVALID_HEX', 'payload'));
    for (const options of [
      { validation: 'interoperable' },
      { allow: ['lower-case-hex'] },
    ] as const) {
      expect(rewrap({ keyBlock, ...options })).toMatch(/^[0-9A-Z]*$/);
    }
    const proprietary = wrap({
      header: { ...HEADER, keyUsage: '10', modeOfUse: '1', keyContext: '3' },
      allow: ['unknown-attribute'],
    });
    const validation = 'interoperable';
    expect(() => rewrap({ keyBlock: proprietary })).toThrow(
      refusal('INVALID_HEADER', 'keyUsage', 5),
    );
    expect(() => rewrap({ keyBlock: proprietary, validation })).toThrow(
      refusal('INVALID_HEADER', 'keyUsage'),
    );
    const translated = rewrap({ keyBlock: proprietary, allow: ['unknown-attribute'] });
    expect(translated.slice(0, 16)).toBe(proprietary.slice(0, 16));
  });

  it('keeps the reserved character of a block where that is allowed', () => {
    const vector = (vectors as readonly UnwrapCase[]).find(
      ({ id }) => id === 'policy-hdr-lmkid-33',
    );
    const { kbpk = '', keyBlock = '' } = vector ?? {};
    const options = { keyBlock, from: fromHex(kbpk), allow: ['unknown-attribute'] } as const;
    expect(keyBlock.slice(14, 16)).toBe('33');
    expect(rewrap(options).slice(14, 16)).toBe('33');
    expect(() => rewrap({ ...options, allow: [], validation: 'interoperable' })).toThrow(
      refusal('INVALID_HEADER', 'keyContext'),
    );
  });

  it('copies data that are not of the standard where that is allowed', () => {
    const optionalBlocks = [
      { id: 'KP', data: 'who knows' },
      { id: 'WP', data: '9' },
      { id: 'KS', data: 'DE#GBIC#OPT1' },
    ];
    const allow: Allow[] = ['optional-block-data'];
    const keyBlock = wrap({ header: { ...HEADER, optionalBlocks }, allow });
    expect(() => rewrap({ keyBlock, validation: 'interoperable' })).toThrow(
      refusal('INVALID_OPTIONAL_BLOCK', 'optionalBlocks'),
    );
    const translated = parseKeyBlock(rewrap({ keyBlock, allow }), { allow }).header;
    expect(translated.optionalBlocks.slice(1)).toEqual(optionalBlocks.slice(1));
    // A check value of the KBPK is that of the new one, whatever stood there.
    expect(translated.optionalBlocks[0]).toEqual({ id: 'KP', data: expect.stringMatching(/^01/) });
  });

  it('writes the extended length of X9.143 for that of TR-31:2018', () => {
    const vector = (vectors as readonly UnwrapCase[]).find(
      ({ id }) => id === 'gen-D-psec-ext-len-0002',
    );
    const { kbpk = '', keyBlock = '' } = vector ?? {};
    const options = { keyBlock, from: fromHex(kbpk) };
    expect(() => rewrap(options)).toThrow(refusal('INVALID_OPTIONAL_BLOCK'));
    const translated = rewrap({ ...options, allow: ['tr31-2018-extended-length'] });
    expect(translated.slice(16, 30)).toBe('LB00040106LLLL');
    expect(parseKeyBlock(translated).header).toEqual(
      parseKeyBlock(keyBlock, { allow: ['tr31-2018-extended-length'] }).header,
    );
  });

  it('takes handles, and leaves bytes as they were', () => {
    const from = new SecretKey({ algorithm: 'AES', bytes: AES_256 });
    const to = new SecretKey({ algorithm: 'AES', bytes: AES_128 });
    const keyBlock = rewrap({ from, to });
    expect(toHex(unwrapKey({ kbpk: AES_128, keyBlock }).key.expose())).toBe(toHex(KEY));
    const given = [new Uint8Array(AES_256), new Uint8Array(AES_128)] as const;
    rewrap({ from: given[0], to: given[1] });
    expect(given).toEqual([AES_256, AES_128]);
    to.destroy();
    expect(() => rewrap({ from, to })).toThrow(refusal('KEY_DESTROYED'));
  });
});

/** Modes of use that each may be narrowed to: what it says it does, or part of that. */
const NARROWER_MODES: Readonly<Record<string, string>> = {
  B: 'BDE', // both of encrypt and decrypt
  C: 'CGV', // both of generate and verify
  D: 'D',
  E: 'E',
  G: 'G',
  N: 'BCDEGNSTVXY', // no restriction
  S: 'S',
  T: 'DST', // sign and decrypt
  V: 'V',
  X: 'X',
  Y: 'Y',
};

const NARROWER_EXPORTABILITIES: Readonly<Record<string, string>> = { S: 'SEN', E: 'EN', N: 'N' };

/** Storage or exchange; storage only; exchange only. */
const NARROWER_CONTEXTS: Readonly<Record<string, string>> = { '0': '012', '1': '1', '2': '2' };

const NARROWINGS = [
  ['modeOfUse', 8, NARROWER_MODES, 'USAGE_NOT_ALLOWED'],
  ['exportability', 11, NARROWER_EXPORTABILITIES, 'EXPORT_NOT_ALLOWED'],
  ['keyContext', 14, NARROWER_CONTEXTS, 'CONTEXT_MISMATCH'],
] as const;

describe('rewrapKey, asked to change the header,', () => {
  it.each(NARROWINGS)('narrows the %s and never widens it', (field, offset, table, code) => {
    for (const [before, allowed] of Object.entries(table)) {
      const keyBlock = wrap({ header: { ...HEADER, [field]: before } });
      for (const after of Object.keys(table)) {
        const header: HeaderChanges = { [field]: after };
        if (allowed.includes(after)) {
          const text = rewrap({ keyBlock, header });
          const expected = `${keyBlock.slice(0, offset)}${after}${keyBlock.slice(offset + 1, 16)}`;
          expect(text.slice(0, 16), `${before} to ${after}`).toBe(expected);
        } else {
          expect(() => rewrap({ keyBlock, header }), `${before} to ${after}`).toThrow(
            refusal(code, field),
          );
        }
      }
    }
  });

  it('narrows all three at once, and not one of them when another would widen', () => {
    const header = { modeOfUse: 'D', exportability: 'N', keyContext: '1', versionId: 'E' } as const;
    expect(rewrap({ header }).slice(0, 16)).toBe('E0100D0TD07N0010');
    const keyBlock = rewrap({ header: { exportability: 'N' } });
    const widening = { ...header, exportability: 'E' };
    expect(() => rewrap({ keyBlock, from: AES_128, header: widening })).toThrow(
      refusal('EXPORT_NOT_ALLOWED', 'exportability'),
    );
  });

  it('narrows nothing that it does not know, not even when that is allowed', () => {
    const allow: Allow[] = ['unknown-attribute'];
    const fields = { modeOfUse: '1', exportability: 'X', keyContext: '7' };
    const keyBlock = wrap({ header: { ...HEADER, ...fields }, allow });
    expect(rewrap({ keyBlock, header: fields, allow }).slice(0, 16)).toBe(keyBlock.slice(0, 16));
    for (const [field, offset, table, code] of NARROWINGS) {
      expect(keyBlock.charAt(offset)).toBe(fields[field]);
      for (const after of ['', '8', ...Object.keys(table)]) {
        const error = thrownBy(() => rewrap({ keyBlock, header: { [field]: after }, allow }));
        expect(error).toMatchObject({ code: after === '' ? 'INVALID_HEADER' : code, field });
      }
      // Nor does anything become what is not known.
      expect(() => rewrap({ header: { [field]: fields[field] }, allow })).toThrow(
        refusal(code, field),
      );
    }
  });

  it.each([
    ['keyUsage', 'P0', 'USAGE_NOT_ALLOWED'],
    ['algorithm', 'A', 'INVALID_ARGUMENT'],
    ['keyVersionNumber', '08', 'INVALID_ARGUMENT'],
  ] as const)('keeps the %s, which may be repeated', (field, other, code) => {
    const repeated = { [field]: HEADER[field] } as HeaderChanges;
    expect(rewrap({ header: repeated }).slice(0, 16)).toBe(wrap().slice(0, 16));
    const changed = { [field]: other } as HeaderChanges;
    expect(() => rewrap({ header: changed })).toThrow(refusal(code, field));
  });

  it.each<[string, unknown, Parameters<typeof refusal>]>([
    ['optional blocks', { optionalBlocks: [] }, ['INVALID_ARGUMENT', 'optionalBlocks']],
    ['a version that there is not', { versionId: 'F' }, ['UNSUPPORTED', 'versionId']],
    ['a proprietary version', { versionId: '0' }, ['UNSUPPORTED', 'versionId']],
    ['version A', { versionId: 'A' }, ['UNSUPPORTED', 'versionId']],
    ['a mode that is no text', { modeOfUse: 5 }, ['INVALID_ARGUMENT', 'modeOfUse']],
    ['two modes', { modeOfUse: 'DE' }, ['INVALID_HEADER', 'modeOfUse']],
    ['a mode that there is not', { modeOfUse: 'Q' }, ['USAGE_NOT_ALLOWED', 'modeOfUse']],
    ['no header', 'D', ['INVALID_ARGUMENT', 'header']],
  ])('rejects %s', (_, header, [code, field]) => {
    expect(() => rewrap({ header: header as HeaderChanges })).toThrow(refusal(code, field));
  });
});

describe('rewrapKey, given the wrong arguments,', () => {
  it.each([undefined, null, 'options'])('rejects %s for its options', (options) => {
    expect(() => rewrapKey(options as unknown as RewrapKeyOptions)).toThrow(
      refusal('INVALID_ARGUMENT', 'options'),
    );
  });

  it('tells no more than that the block is not authentic when from and to are swapped', () => {
    const swapped = { from: AES_128, to: AES_256 };
    expect(() => rewrap(swapped)).toThrow(refusal('AUTHENTICATION_FAILED'));
    // What is asked of the header comes later: it would tell about text that is not authentic.
    const keyBlock = wrap({ header: { ...HEADER, exportability: 'N' } });
    const header = { exportability: 'S' } as const;
    expect(() => rewrap({ ...swapped, keyBlock, header })).toThrow(
      refusal('AUTHENTICATION_FAILED'),
    );
    expect(() => rewrap({ keyBlock, header })).toThrow(refusal('EXPORT_NOT_ALLOWED'));
  });

  it.each(['from', 'to'] as const)('names the KBPK that is wrong: %s', (name) => {
    expect(() => rewrap({ [name]: AES_128.subarray(1) })).toThrow(refusal('KBPK_MISMATCH', name));
    const handle = new SecretKey({ algorithm: 'TDES', bytes: TDES });
    expect(() => rewrap({ [name]: handle })).toThrow(refusal('KBPK_MISMATCH', name));
    for (const wrong of [undefined, null, toHex(AES_256), [...AES_256]]) {
      const error = thrownBy(() => rewrap({ [name]: wrong }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: name });
      expect(error.message).toContain('fromHex');
    }
  });

  it('writes versions A and C only when they are allowed, and under no single DES key', () => {
    for (const versionId of ['A', 'C'] as const) {
      const options = { to: TDES, header: { versionId } };
      expect(() => rewrap(options)).toThrow(refusal('UNSUPPORTED', 'versionId'));
      expect(rewrap({ ...options, allow: ALL_VERSIONS })).toMatch(/^[AC]0088/);
      const keyBlock = wrap({ key: KEY.subarray(8), header: { ...HEADER, algorithm: 'D' } });
      const single = { ...options, keyBlock, to: TDES.subarray(8), allow: ALL_VERSIONS };
      expect(() => rewrap(single)).toThrow(refusal('WEAK_KEY'));
    }
  });

  it('takes a single DES key as the old KBPK in interoperable validation, never as the new', () => {
    const single = TDES.subarray(8);
    // Two keys that are one: as KBPK the double is no other than the single.
    const kbpk = Uint8Array.of(...single, ...single);
    const optionalBlocks = [
      { id: 'KP', data: `00${computeKcv({ key: single, algorithm: 'DES' })}` },
    ];
    const header = { ...HEADER, versionId: 'C', algorithm: 'D', optionalBlocks } as const;
    const keyBlock = wrap({ kbpk, key: KEY.subarray(8), header, allow: ALL_VERSIONS });
    const options = { keyBlock, from: single, to: TDES, allow: ALL_VERSIONS };
    expect(() => rewrap(options)).toThrow(refusal('WEAK_KEY'));
    const translated = rewrap({ ...options, validation: 'interoperable' });
    expect(parseKeyBlock(translated).header.optionalBlocks).toEqual([KP_TDES]);
    const to = TDES.subarray(8);
    expect(() => rewrap({ ...options, to, validation: 'interoperable' })).toThrow(
      refusal('WEAK_KEY'),
    );
  });

  it('puts no key under a weaker one', () => {
    const keyBlock = wrap({ key: AES_256, header: { ...HEADER, algorithm: 'A' } });
    expect(() => rewrap({ keyBlock })).toThrow(refusal('KEY_STRENGTH', 'key'));
    const to = TDES;
    expect(() => rewrap({ keyBlock, to, header: { versionId: 'B' } })).toThrow(
      refusal('KEY_STRENGTH', 'key'),
    );
    expect(rewrap({ keyBlock, to: AES_256 })).toMatch(/^D0144/);
  });

  it.each<[string, Partial<RewrapKeyOptions>, Parameters<typeof refusal>]>([
    ['text', { keyBlock: '' }, ['INVALID_LENGTH', 'keyBlock']],
    ['mask', { maskedKeyLength: 15 }, ['INVALID_ARGUMENT', 'maskedKeyLength']],
    ['generator', { randomBytes: () => new Uint8Array(1) }, ['INVALID_ARGUMENT', 'randomBytes']],
    ['validation', { validation: 'none' as 'strict' }, ['INVALID_ARGUMENT', 'validation']],
    ['allowance', { allow: ['all' as Allow] }, ['INVALID_ARGUMENT', 'allow']],
  ])('rejects the %s', (_, options, [code, field]) => {
    expect(() => rewrap(options)).toThrow(refusal(code, field));
  });

  it('rejects what would grow beyond 9999 characters', () => {
    const key = new Uint8Array(4950).fill(1);
    const keyBlock = wrap({ key, header: { ...HEADER, algorithm: 'R' } });
    expect(rewrap({ keyBlock })).toHaveLength(9968);
    expect(() => rewrap({ keyBlock, maskedKeyLength: 4959 })).toThrow(refusal('INPUT_TOO_LARGE'));
  });
});

/** KP as a version gives it to its KBPK, where it was not of the same algorithm before. */
function newKp(versionId: keyof typeof BLOCK_LENGTHS, kbpk: Uint8Array): string {
  return BLOCK_LENGTHS[versionId] === 16
    ? `01${computeKcv({ key: kbpk, algorithm: 'AES', method: 'cmac', length: 5 })}`
    : `00${computeKcv({ key: kbpk, algorithm: 'TDES', method: 'legacy', length: 3 })}`;
}

/** AES check values by the old method are met with in the field. */
function legacyKcv(kbpk: Uint8Array): string {
  return computeKcv({ key: kbpk, algorithm: 'AES', method: 'legacy', length: 3 });
}
