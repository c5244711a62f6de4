import {
  type Allow,
  type Finding,
  fromHex,
  type KeyBlockHeaderInput,
  KeyblockError,
  type OptionalBlock,
  parseKeyBlock,
  type RuleName,
  rewrapKey,
  SecretKey,
  unwrapKey,
  type VersionId,
  type WrapKeyOptions,
  wrapKey,
} from 'keyblock';
import { afterEach, describe, expect, it } from 'vitest';
import { RULES } from '../../src/tr31/rules.js';
import vectors from '../vectors/tr31.json' with { type: 'json' };

const AES_KBPK = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const AES_KEY = fromHex('3F419E1CB7079442AA37474C2EFBF8B8');
const K1 = '0123456789ABCDEF';
const K2 = 'FEDCBA9876543210';
const K3 = '89ABCDEF01234567';
const TDES_2K = fromHex(K1 + K2);
const TDES_3K = fromHex(K1 + K2 + K3);
const HEADER_D = 'D0112P0AE00E0000';

/** A block that is authentic, whatever else there is to say about it. */
interface Block {
  readonly kbpk: Uint8Array;
  readonly keyBlock: string;
  readonly key: Uint8Array;
}

/** A finding in short: the rule, the field, the offset. */
type Short = readonly [rule: RuleName, field: string, offset: number | undefined];

/** A block that breaks a rule at a place, and what else there is to find in it. */
interface Case {
  readonly rule: RuleName;
  readonly what: string;
  readonly block: () => Block;
  readonly code: string;
  readonly field: string;
  readonly offset: number | undefined;
  readonly expected: readonly Short[];
}

// Sealed with OpenSSL: LB has the extended length although it fits the short one.
const EXTENDED_IN_VAIN: Block = {
  kbpk: AES_KBPK,
  keyBlock:
    'D0128D0AB00E0100LB00040010label!03C4BB6F4AB452871C95ED7F25B1308A' +
    'B1ACF0A254D9E20B500E37572315CCE67BC5C56E2EF7BAD949F9F1932830FF64',
  key: AES_KEY,
};

// Sealed with OpenSSL under a single DES key: KP is the check value of the KBPK, then another one.
const DES_KBPK: Block = {
  kbpk: fromHex(K1),
  keyBlock: 'A0080D0DB00E0200KP0C00D5D44FLB0Cexamples9CE312B06C8A26769F5B18C1D0D36E4C4DD73296',
  key: fromHex('133457799BBCDFF1'),
};
const DES_KBPK_WRONG_KP: Block = {
  ...DES_KBPK,
  keyBlock: 'A0080D0DB00E0200KP0C00D5D54FLB0Cexamples9CE312B06C8A26769F5B18C1D0D36E4CF71B3A92',
};

const NO_DER: readonly Short[] = [['key-encoding', 'key', undefined]];

/** Blocks by the rule that strict validation refuses them by, and what else there is to find. */
const REFUSED: readonly Case[] = [
  found('lower-case-hex', 'a length', vector('policy-opt-len-lower'), 'optionalBlocks', 16),
  found('lower-case-hex', 'the payload', lowerCased(16, 80), 'payload', 16),
  found('lower-case-hex', 'the MAC', lowerCased(80, 112), 'mac', 81),
  found('lower-case-hex', 'payload and MAC', lowerCased(16, 112), 'payload', 16),
  found('unknown-attribute', 'usage p0', vector('policy-hdr-usage-lower'), 'keyUsage', 5),
  found('unknown-attribute', 'usage 10', vector('policy-hdr-usage-numeric'), 'keyUsage', 5),
  found('unknown-attribute', 'algorithm Z', vector('policy-hdr-alg-unknown'), 'algorithm', 7),
  found('unknown-attribute', 'mode 1', vector('policy-hdr-mode-ISO-numeric'), 'modeOfUse', 8),
  found(
    'unknown-attribute',
    'version ca',
    vector('policy-hdr-keyver-c-lower2'),
    'keyVersionNumber',
    9,
  ),
  found(
    'unknown-attribute',
    'exportability X',
    vector('policy-hdr-exp-unknown'),
    'exportability',
    11,
  ),
  found(
    'unknown-attribute',
    'context and reserved 33',
    vector('policy-hdr-lmkid-33'),
    'keyContext',
    14,
    [['unknown-attribute', 'reserved', 15]],
  ),
  found('unknown-optional-block', 'ID lb', vector('policy-opt-id-lower'), 'optionalBlocks', 16),
  found('unknown-optional-block', 'ID ZZ', vector('policy-opt-id-unknown'), 'optionalBlocks', 16),
  found('optional-block-data', 'KS', vector('policy-ks-nonhex'), 'optionalBlocks', 16),
  found('optional-block-data', 'HM', vector('policy-hm-bad'), 'optionalBlocks', 16),
  found('optional-block-data', 'KC too long', vector('policy-kc-legacy-5'), 'optionalBlocks', 16),
  found('optional-block-data', 'KC by method 02', vector('policy-kc-alg-02'), 'optionalBlocks', 16),
  found('optional-block-data', 'IK', vector('policy-ik-short'), 'optionalBlocks', 16),
  found('optional-block-data', 'KV', vector('policy-kv-short'), 'optionalBlocks', 16),
  found('optional-block-data', 'WP', vector('policy-wp-4'), 'optionalBlocks', 16),
  found('optional-block-data', 'DA', vector('policy-da-version-02'), 'optionalBlocks', 16),
  found('optional-block-data', 'AL', vector('policy-al-02'), 'optionalBlocks', 16, NO_DER),
  found('optional-block-data', 'CT', vector('policy-ct-not-base64'), 'optionalBlocks', 16, NO_DER),
  found(
    'optional-block-data',
    'CT with a length that lies',
    vector('policy-ct-chain-length-lie'),
    'optionalBlocks',
    16,
    NO_DER,
  ),
  found(
    'optional-block-data',
    'CT without certificates',
    vector('policy-ct-chain-empty'),
    'optionalBlocks',
    16,
    NO_DER,
  ),
  found(
    'optional-block-data',
    'the KS and TS that X9.143 8.2 prints',
    vector('std-x9.143-2021-8.2'),
    'optionalBlocks',
    16,
    [['optional-block-data', 'optionalBlocks', 24]],
  ),
  found('optional-block-order', 'PB first', vector('policy-PB-not-last'), 'optionalBlocks', 16),
  found(
    'extended-length-form',
    'a length of 32 digits',
    vector('policy-opt-extlen-ll-20'),
    'optionalBlocks',
    16,
    [['extended-length-not-needed', 'optionalBlocks', 16]],
  ),
  found(
    'hmac-without-hash',
    'no HM',
    written({ header: header('M7', 'H', 'C') }),
    'optionalBlocks',
  ),
  found(
    'derivations-outside-b3',
    'DA with B0',
    written({
      header: header('B0', 'A', 'X', [
        { id: 'LB', data: 'a label' },
        { id: 'DA', data: '01P0AEN' },
      ]),
    }),
    'optionalBlocks',
    27,
  ),
  found('weaker-kbpk', '3-key under 2-key', vector('gen-A-2k-3key-obf'), 'key'),
  found('weaker-kbpk', 'the same by others', vector('gen-A-psec-3key'), 'key'),
  found('weaker-kbpk', 'AES under TDES', written({ kbpk: TDES_3K, header: versionB('A') }), 'key'),
  found('key-length', 'TDES of 8 bytes', vector('policy-tdes-key-8'), 'key'),
  found('key-length', 'DES of 16 bytes', vector('policy-des-key-16'), 'key'),
  found('kcv-mismatch', 'KC', vector('policy-kc-wrong-value'), 'optionalBlocks', 16),
  found('kcv-mismatch', 'KP', vector('policy-kp-wrong-value'), 'optionalBlocks', 16),
];

/** Blocks that strict validation takes, with what it has to say about them. */
const REPORTED: readonly Case[] = [
  found('extended-length-not-needed', 'LB', () => EXTENDED_IN_VAIN, 'optionalBlocks', 16),
  found(
    'weaker-kbpk-asymmetric',
    'a key of P-384 under AES-128',
    written({ kbpk: AES_KEY, key: ecKey(48), header: header('S0', 'E', 'S') }),
    'key',
  ),
  found(
    'weaker-kbpk-asymmetric',
    'HMAC of 256 bits under AES-128',
    written({
      kbpk: AES_KEY,
      key: new Uint8Array(32),
      header: header('M7', 'H', 'C', [{ id: 'HM', data: '23' }]),
    }),
    'key',
  ),
  found(
    'weaker-kbpk-parts',
    '2-key under K1, K1, K3',
    written({ kbpk: fromHex(K1 + K1 + K3), key: TDES_2K, header: versionB('T') }),
    'key',
  ),
  found(
    'weaker-kbpk-parts',
    '3-key under K1, K2, K1',
    written({ kbpk: fromHex(K1 + K2 + K1), key: TDES_3K, header: versionB('T') }),
    'key',
  ),
  found(
    'key-encoding',
    'an RSA key that is no DER',
    written({ key: AES_KEY, header: header('S0', 'R', 'S') }),
    'key',
  ),
  found(
    'weak-key',
    'K1, K1',
    written({ kbpk: TDES_3K, key: fromHex(K1 + K1), header: versionB('T') }),
    'key',
  ),
  found(
    'weak-key',
    'zero',
    written({ kbpk: TDES_3K, key: new Uint8Array(8), header: versionB('D') }),
    'key',
  ),
];

const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

afterEach(() => {
  delete polluted['allow'];
  delete polluted['validation'];
});

describe('the rules', () => {
  it('are each broken by a test below', () => {
    const rules = [...REFUSED, ...REPORTED].map(({ rule }) => rule);
    expect([...new Set([...rules, 'single-des-kbpk'])].sort()).toEqual(Object.keys(RULES).sort());
  });

  it('are refused or reported as the tests below have it', () => {
    for (const [name, { strict }] of Object.entries(RULES)) {
      const isRefused = REFUSED.some(({ rule }) => rule === name) || name === 'single-des-kbpk';
      expect(strict !== 'reports', name).toBe(isRefused);
    }
  });
});

describe('a rule that strict validation refuses by', () => {
  it.each(REFUSED)('refuses: $rule, $what', ({ block, code, field, offset }) => {
    const { kbpk, keyBlock } = block();
    const refusal = refused(code, field, offset);
    expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(refusal);
    expect(() => unwrapKey({ kbpk, keyBlock, validation: 'strict' })).toThrow(refusal);
    expect(() => rewrapKey({ keyBlock, from: kbpk, to: kbpk })).toThrow(refusal);
  });

  it.each(REFUSED)('is lifted by its word, and reported: $rule, $what', (broken) => {
    const { kbpk, keyBlock, key } = broken.block();
    const allow = [broken.rule as Allow]; // all of REFUSED have a word
    const opened = unwrapKey({ kbpk, keyBlock, allow });
    expect(opened.key.expose()).toEqual(key);
    expect(shortened(opened.findings)).toEqual(broken.expected);
    expect(opened.findings.map(({ refusedByStrict }) => refusedByStrict)).toEqual(
      broken.expected.map(([name]) => REFUSED.some(({ rule }) => rule === name)),
    );
  });

  it.each(REFUSED)('is not lifted by any other word: $rule, $what', (broken) => {
    const { kbpk, keyBlock } = broken.block();
    const words = [...new Set(REFUSED.map(({ rule }) => rule))] as Allow[]; // all have a word
    const allow = words.filter((word) => word !== broken.rule);
    expect(allow).toHaveLength(10);
    allow.push('version-a-or-c', 'tr31-2018-extended-length');
    expect(() => unwrapKey({ kbpk, keyBlock, allow })).toThrow(
      refused(broken.code, broken.field, broken.offset),
    );
  });

  it.each(REFUSED)('is reported by interoperable validation: $rule, $what', (broken) => {
    const { kbpk, keyBlock, key } = broken.block();
    const opened = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
    expect(opened.key.expose()).toEqual(key);
    expect(shortened(opened.findings)).toEqual(broken.expected);
    const allow = [broken.rule as Allow]; // all of REFUSED have a word
    const allowed = unwrapKey({ kbpk, keyBlock, validation: 'interoperable', allow });
    expect(allowed.findings).toEqual(opened.findings);
  });
});

describe('a rule that only reports', () => {
  it.each(REPORTED)('never refuses: $rule, $what', ({ block, expected }) => {
    const { kbpk, keyBlock, key } = block();
    for (const validation of ['strict', 'interoperable', undefined] as const) {
      const opened = unwrapKey({ kbpk, keyBlock, validation });
      expect(opened.key.expose()).toEqual(key);
      expect(shortened(opened.findings)).toEqual(expected);
      expect(opened.findings.map(({ refusedByStrict }) => refusedByStrict)).toEqual([false]);
    }
  });
});

describe('a finding', () => {
  it('says the rule, the code, the place and the rule in a sentence', () => {
    const { kbpk, keyBlock } = vector('policy-hdr-mode-ISO-numeric')();
    expect(unwrapKey({ kbpk, keyBlock, validation: 'interoperable' }).findings).toEqual([
      {
        rule: 'unknown-attribute',
        code: 'INVALID_HEADER',
        field: 'modeOfUse',
        offset: 8,
        message: RULES['unknown-attribute'].message,
        refusedByStrict: true,
      },
    ]);
  });

  it('of the text is there without a key, in the order of the text', () => {
    const text = vector('policy-hdr-lmkid-33')().keyBlock.replace('P0A', 'p0Z');
    const { findings } = parseKeyBlock(text, { validation: 'interoperable' });
    expect(shortened(findings)).toEqual([
      ['unknown-attribute', 'keyUsage', 5],
      ['unknown-attribute', 'algorithm', 7],
      ['unknown-attribute', 'keyContext', 14],
      ['unknown-attribute', 'reserved', 15],
    ]);
    expect(() => parseKeyBlock(text)).toThrow(refused('INVALID_HEADER', 'keyUsage', 5));
  });

  it('is none where nothing is wrong', () => {
    const { keyBlock, kbpk } = vector('std-iso20038-2017-B.2')();
    for (const validation of ['strict', 'interoperable'] as const) {
      expect(parseKeyBlock(keyBlock, { validation }).findings).toEqual([]);
      expect(unwrapKey({ kbpk, keyBlock, validation }).findings).toEqual([]);
    }
  });

  it('about the key waits for the MAC', () => {
    for (const id of ['policy-tdes-key-8', 'gen-A-2k-3key-obf', 'policy-kc-wrong-value']) {
      const { kbpk, keyBlock } = vector(id)();
      const wrong = new Uint8Array(kbpk).fill(0x23);
      for (const validation of ['strict', 'interoperable'] as const) {
        expect(() => unwrapKey({ kbpk: wrong, keyBlock, validation }), id).toThrow(
          refused('AUTHENTICATION_FAILED', undefined),
        );
      }
    }
  });
});

describe('a single DES key as KBPK', () => {
  const { kbpk, keyBlock, key } = vector('gen-A-psec-1des-kbpk')();

  it('is refused by strict validation, without a look at the block', () => {
    expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(refused('WEAK_KEY', 'kbpk'));
    const altered = keyBlock.replace('E105', 'E106');
    expect(() => unwrapKey({ kbpk, keyBlock: altered })).toThrow(refused('WEAK_KEY', 'kbpk'));
  });

  it('is refused whatever is allowed', () => {
    const allow: readonly Allow[] = ['version-a-or-c', 'weaker-kbpk', 'key-length', 'kcv-mismatch'];
    expect(() => unwrapKey({ kbpk, keyBlock, allow })).toThrow(refused('WEAK_KEY', 'kbpk'));
    expect(() => unwrapKey({ kbpk, keyBlock, allow: ['single-des-kbpk' as Allow] })).toThrow(
      refused('INVALID_ARGUMENT', 'allow'),
    );
  });

  it('opens blocks in interoperable validation, as bytes and as a handle', () => {
    for (const handle of [kbpk, new SecretKey({ algorithm: 'DES', bytes: kbpk })]) {
      const opened = unwrapKey({ kbpk: handle, keyBlock, validation: 'interoperable' });
      expect(opened.key.expose()).toEqual(key);
      expect(shortened(opened.findings)).toEqual([
        ['single-des-kbpk', 'kbpk', undefined],
        ['weaker-kbpk', 'key', undefined],
      ]);
      expect(opened.findings.every(({ refusedByStrict }) => refusedByStrict)).toBe(true);
    }
  });

  it('is not more authentic for that', () => {
    expect(() => unwrapKey({ kbpk: fromHex(K2), keyBlock, validation: 'interoperable' })).toThrow(
      refused('AUTHENTICATION_FAILED', undefined),
    );
  });

  it('has a check value in KP like any other', () => {
    const opened = unwrapKey({ ...DES_KBPK, validation: 'interoperable' });
    expect(opened.key.expose()).toEqual(DES_KBPK.key);
    expect(shortened(opened.findings)).toEqual([['single-des-kbpk', 'kbpk', undefined]]);
    const wrong = unwrapKey({ ...DES_KBPK_WRONG_KP, validation: 'interoperable' });
    expect(shortened(wrong.findings)).toEqual([
      ['single-des-kbpk', 'kbpk', undefined],
      ['kcv-mismatch', 'optionalBlocks', 16],
    ]);
  });

  it('makes no blocks', () => {
    for (const versionId of ['A', 'C'] as const) {
      for (const handle of [kbpk, new SecretKey({ algorithm: 'DES', bytes: kbpk })]) {
        expect(() =>
          wrapKey({
            kbpk: handle,
            key: fromHex(K2),
            header: { ...header('D0', 'D', 'B'), versionId },
            allow: ['version-a-or-c', 'weaker-kbpk'],
          }),
        ).toThrow(refused('WEAK_KEY', 'kbpk'));
      }
    }
  });
});

describe('writing', () => {
  /** What breaks a rule, and with which code and field it is refused. */
  const BREAKING: readonly (readonly [Allow, string, Partial<WrapKeyOptions>, string, string])[] = [
    [
      'unknown-attribute',
      'usage 10',
      { header: header('10', 'A', 'E') },
      'INVALID_HEADER',
      'keyUsage',
    ],
    [
      'unknown-attribute',
      'algorithm Z',
      { header: header('P0', 'Z', 'E') },
      'INVALID_HEADER',
      'algorithm',
    ],
    [
      'unknown-attribute',
      'mode e',
      { header: header('P0', 'A', 'e') },
      'INVALID_HEADER',
      'modeOfUse',
    ],
    [
      'unknown-attribute',
      'key version 0c',
      { header: { ...header('P0', 'A', 'E'), keyVersionNumber: '0c' } },
      'INVALID_HEADER',
      'keyVersionNumber',
    ],
    [
      'unknown-attribute',
      'exportability 0',
      { header: { ...header('P0', 'A', 'E'), exportability: '0' } },
      'INVALID_HEADER',
      'exportability',
    ],
    [
      'unknown-attribute',
      'context 3',
      { header: { ...header('P0', 'A', 'E'), keyContext: '3' } },
      'INVALID_HEADER',
      'keyContext',
    ],
    [
      'unknown-optional-block',
      'ID ZZ',
      { header: header('P0', 'A', 'E', [{ id: 'ZZ', data: '' }]) },
      'INVALID_OPTIONAL_BLOCK',
      'optionalBlocks',
    ],
    [
      'optional-block-data',
      'KV of 3',
      { header: header('P0', 'A', 'E', [{ id: 'KV', data: '000' }]) },
      'INVALID_OPTIONAL_BLOCK',
      'optionalBlocks',
    ],
    [
      'optional-block-data',
      'BI as AWS writes it',
      { header: header('B0', 'A', 'X', [{ id: 'BI', data: '1112345678' }]) },
      'INVALID_OPTIONAL_BLOCK',
      'optionalBlocks',
    ],
    [
      'hmac-without-hash',
      'H without HM',
      { header: header('M7', 'H', 'C') },
      'INVALID_OPTIONAL_BLOCK',
      'optionalBlocks',
    ],
    [
      'derivations-outside-b3',
      'DA with K1',
      { header: header('K1', 'A', 'B', [{ id: 'DA', data: '01P0AEN' }]) },
      'INVALID_OPTIONAL_BLOCK',
      'optionalBlocks',
    ],
    [
      'weaker-kbpk',
      'AES under TDES',
      { kbpk: TDES_3K, header: versionB('A') },
      'KEY_STRENGTH',
      'key',
    ],
    [
      'weaker-kbpk',
      'P-384 under AES-128',
      { kbpk: AES_KEY, key: ecKey(48), header: header('S0', 'E', 'S') },
      'KEY_STRENGTH',
      'key',
    ],
    [
      'weaker-kbpk',
      '3-key under K1, K2, K1',
      { kbpk: fromHex(K1 + K2 + K1), key: TDES_3K, header: versionB('T') },
      'KEY_STRENGTH',
      'key',
    ],
    [
      'key-length',
      'AES of 17 bytes',
      { key: new Uint8Array(17), header: header('P0', 'A', 'E') },
      'INVALID_LENGTH',
      'key',
    ],
    [
      'key-length',
      'TDES of 8 bytes',
      { key: fromHex(K1), header: header('P0', 'T', 'E') },
      'INVALID_LENGTH',
      'key',
    ],
    [
      'kcv-mismatch',
      'KC',
      { header: header('P0', 'A', 'E', [{ id: 'KC', data: '0108793E25AC' }]) },
      'KCV_MISMATCH',
      'optionalBlocks',
    ],
    [
      'kcv-mismatch',
      'KP',
      { header: header('P0', 'A', 'E', [{ id: 'KP', data: '010000' }]) },
      'KCV_MISMATCH',
      'optionalBlocks',
    ],
  ];

  it.each(BREAKING)('is refused by: %s, %s', (_, __, options, code, field) => {
    const complete = { kbpk: AES_KBPK, key: AES_KEY, header: header('P0', 'A', 'E'), ...options };
    expect(() => wrapKey(complete)).toThrow(refused(code, field));
    expect(() => wrapKey({ ...complete, allow: [] })).toThrow(refused(code, field));
  });

  it.each(BREAKING)('goes on where it is allowed: %s, %s', (word, _, options) => {
    const complete = { kbpk: AES_KBPK, key: AES_KEY, header: header('P0', 'A', 'E'), ...options };
    const keyBlock = wrapKey({ ...complete, allow: [word] });
    const { kbpk, key } = complete;
    const opened = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
    expect(opened.key.expose()).toEqual(key);
    expect(opened.findings.map(({ rule }) => rule.replace(/-(asymmetric|parts)$/, ''))).toContain(
      word,
    );
    expect(opened.findings).toHaveLength(1);
  });

  it.each(BREAKING)('does not go on for another word: %s, %s', (word, _, options, code, field) => {
    const complete = { kbpk: AES_KBPK, key: AES_KEY, header: header('P0', 'A', 'E'), ...options };
    const allow = [...new Set(BREAKING.map(([other]) => other))].filter((other) => other !== word);
    expect(allow).toHaveLength(7);
    expect(() => wrapKey({ ...complete, allow })).toThrow(refused(code, field));
  });

  it('is never lenient about validation', () => {
    const options = { kbpk: AES_KBPK, key: AES_KEY, header: header('10', 'A', 'E') };
    expect(() => wrapKey({ ...options, validation: 'interoperable' } as WrapKeyOptions)).toThrow(
      refused('INVALID_HEADER', 'keyUsage'),
    );
  });

  it('is upper case and in order, whatever is allowed', () => {
    const allow: Allow[] = ['lower-case-hex', 'optional-block-order', 'extended-length-form'];
    const keyBlock = wrapKey({
      kbpk: AES_KBPK,
      key: AES_KEY,
      header: header('P0', 'A', 'E', [{ id: 'LB', data: 'x'.repeat(300) }]),
      allow,
    });
    expect(parseKeyBlock(keyBlock).findings).toEqual([]);
    expect(keyBlock).toMatch(/^D\d{4}P0AE00E0200LB00040136x{300}PB0A0{6}[0-9A-F]+$/);
  });

  it.each(['A', 'C'] as const)('of version %s wants its word', (versionId) => {
    const options = {
      kbpk: TDES_3K,
      key: TDES_2K,
      header: { ...header('P0', 'T', 'E'), versionId },
    };
    const every = BREAKING.map(([word]) => word);
    expect(() => wrapKey(options)).toThrow(refused('UNSUPPORTED', 'versionId'));
    expect(() => wrapKey({ ...options, allow: every })).toThrow(
      refused('UNSUPPORTED', 'versionId'),
    );
    const keyBlock = wrapKey({ ...options, allow: ['version-a-or-c'] });
    expect(unwrapKey({ kbpk: TDES_3K, keyBlock }).findings).toEqual([]);
  });

  it.each([
    ['K1, K1', fromHex(K1 + K1), 'T'],
    ['K1, K1 but for parity', fromHex(`${K1}0022446688AACCEE`), 'T'],
    ['K2, K1, K1', fromHex(K2 + K1 + K1), 'T'],
    ['zero', new Uint8Array(24), 'T'],
    ['a weak part', fromHex(`${K1}1FE01FE00EF10EF1`), 'T'],
    ['a weak DES key', fromHex('FEFEFEFEFEFEFEFE'), 'D'],
  ])('takes a weak key that somebody has, and says so on reading: %s', (_, key, algorithm) => {
    const keyBlock = wrapKey({ kbpk: TDES_3K, key, header: versionB(algorithm) });
    const { findings } = unwrapKey({ kbpk: TDES_3K, keyBlock });
    expect(shortened(findings)).toEqual([['weak-key', 'key', undefined]]);
    expect(findings[0]?.code).toBe('WEAK_KEY');
  });

  it('has nothing to say about K1, K2, K1, nor about an AES key of zeros', () => {
    for (const [key, kbpk, head] of [
      [fromHex(K1 + K2 + K1), TDES_3K, versionB('T')],
      [new Uint8Array(16), AES_KBPK, header('P0', 'A', 'E')],
    ] as const) {
      const keyBlock = wrapKey({ kbpk, key, header: head });
      expect(unwrapKey({ kbpk, keyBlock }).findings).toEqual([]);
    }
  });
});

describe('the attributes of a header', () => {
  const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const USAGES =
    'B0 B1 B2 B3 C0 D0 D1 D2 D3 E0 E1 E2 E3 E4 E5 E6 E7 I0 K0 K1 K2 K3 K4 ' +
    'M0 M1 M2 M3 M4 M5 M6 M7 M8 P0 P1 S0 S1 S2 V0 V1 V2 V3 V4 V5';
  const text = HEADER_D + 'A'.repeat(96);

  // Every letter against the tables of X9.143, written out.
  it.each([
    ['algorithm', 7, 'ADEHIJRST'],
    ['modeOfUse', 8, 'BCDEGNSTVXY'],
    ['keyVersionNumber', 9, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZc'],
    ['keyVersionNumber', 10, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
    ['exportability', 11, 'ENS'],
    ['keyContext', 14, '012'],
    ['reserved', 15, '0'],
  ] as const)('are known or not, letter by letter: %s at %i', (field, at, known) => {
    // The offset is that of the field.
    const offset = at === 10 ? 9 : at;
    for (const letter of LETTERS) {
      const changed = text.slice(0, at) + letter + text.slice(at + 1);
      const { findings } = parseKeyBlock(changed, { validation: 'interoperable' });
      const unknown = findings.filter(({ rule }) => rule === 'unknown-attribute');
      const expected = known.includes(letter) ? [] : [['unknown-attribute', field, offset]];
      expect(shortened(unknown), letter).toEqual(expected);
    }
  });

  it('are known or not: key usage', () => {
    for (const first of LETTERS) {
      for (const second of LETTERS) {
        const usage = first + second;
        const changed = text.replace('P0', usage);
        const { findings } = parseKeyBlock(changed, { validation: 'interoperable' });
        expect(findings.length === 0, usage).toBe(USAGES.split(' ').includes(usage));
      }
    }
  });

  it('take c as the mark of a component in front only', () => {
    const findingsOf = (version: string) =>
      parseKeyBlock(text.replace('E00E', `E${version}E`), { validation: 'interoperable' }).findings;
    for (const version of ['c1', 'cA', 'c0', '16', 'A1']) expect(findingsOf(version)).toEqual([]);
    for (const version of ['cc', '1c', 'Cc', 'ca', 'a1']) {
      expect(findingsOf(version), version).toHaveLength(1);
    }
  });
});

describe('the strength of the KBPK', () => {
  const KBPKS: readonly (readonly [string, Uint8Array, readonly VersionId[]])[] = [
    ['TDES-2K', TDES_2K, ['A', 'B', 'C']],
    ['TDES-3K', TDES_3K, ['A', 'B', 'C']],
    ['AES-128', AES_KBPK.subarray(0, 16), ['D', 'E']],
    ['AES-192', AES_KBPK.subarray(0, 24), ['D', 'E']],
    ['AES-256', AES_KBPK, ['D', 'E']],
  ];

  // Equal or greater strength, as PCI PIN and X9.24-1 demand: under which of KBPKS a key may go.
  const SYMMETRIC: readonly (readonly [string, KeyBlockHeaderInput, Uint8Array, string])[] = [
    ['DES', header('D0', 'D', 'B'), fromHex(K3), '+++++'],
    ['TDES-2K', header('D0', 'T', 'B'), fromHex(K3 + K1), '+++++'],
    ['TDES-3K', header('D0', 'T', 'B'), fromHex(K3 + K1 + K2), '-++++'],
    ['AES-128', header('D0', 'A', 'B'), AES_KEY, '--+++'],
    ['AES-192', header('D0', 'A', 'B'), AES_KBPK.subarray(8), '---++'],
    ['AES-256', header('D0', 'A', 'B'), new Uint8Array(32).fill(1), '----+'],
  ];

  const rsa = (bits: number): readonly [string, KeyBlockHeaderInput, Uint8Array] => [
    `RSA-${bits}`,
    header('S0', 'R', 'S'),
    integerKey(9, bits),
  ];
  const dsa = (bits: number): readonly [string, KeyBlockHeaderInput, Uint8Array] => [
    `DSA-${bits}`,
    header('S0', 'S', 'S'),
    integerKey(6, bits),
  ];
  const ec = (name: string, length: number): readonly [string, KeyBlockHeaderInput, Uint8Array] => [
    name,
    header('S0', 'E', 'S'),
    ecKey(length),
  ];
  // The weaker of key and hash (SP 800-57 part 1, table 3); HM as X9.143 table 13 has it.
  const hmac = (
    bytes: number,
    hash: string,
    code?: string,
    algorithm = 'H',
  ): readonly [string, KeyBlockHeaderInput, Uint8Array] => [
    `${8 * bytes} bits of HMAC with ${hash} (${algorithm})`,
    header('M7', algorithm, 'C', code === undefined ? [] : [{ id: 'HM', data: code }]),
    new Uint8Array(bytes).fill(0x0b),
  ];
  const OTHERS: readonly (readonly [string, KeyBlockHeaderInput, Uint8Array, string])[] = [
    [...rsa(1024), '+++++'],
    [...rsa(2048), '-++++'],
    [...rsa(3072), '--+++'],
    [...rsa(4096), '--+++'],
    [...rsa(7680), '---++'],
    [...rsa(15360), '----+'],
    [...dsa(2048), '-++++'],
    [...dsa(3072), '--+++'],
    [...ec('P-224', 28), '-++++'],
    [...ec('P-256', 32), '--+++'],
    [...ec('P-384', 48), '---++'],
    [...ec('P-521', 66), '----+'],
    [...hmac(10, 'SHA-512', '23'), '+++++'],
    [...hmac(11, 'SHA-512', '23'), '-++++'],
    [...hmac(14, 'SHA-512', '23'), '-++++'],
    [...hmac(15, 'SHA-512', '23'), '--+++'],
    [...hmac(16, 'SHA-512', '23'), '--+++'],
    [...hmac(17, 'SHA-512', '23'), '---++'],
    [...hmac(24, 'SHA-512', '23'), '---++'],
    [...hmac(25, 'SHA-512', '23'), '----+'],
    [...hmac(64, 'SHA-512', '23'), '----+'],
    [...hmac(64, 'SHA-1', '10'), '+++++'],
    [...hmac(64, 'SHA-224', '20'), '-++++'],
    [...hmac(64, 'SHA-256', '21'), '--+++'],
    [...hmac(64, 'SHA-384', '22'), '---++'],
    [...hmac(64, 'SHA-512/224', '24'), '-++++'],
    [...hmac(64, 'SHA-512/256', '25'), '--+++'],
    [...hmac(64, 'SHA3-224', '30'), '-++++'],
    [...hmac(64, 'SHA3-256', '31'), '--+++'],
    [...hmac(64, 'SHA3-384', '32'), '---++'],
    [...hmac(64, 'SHA3-512', '33'), '----+'],
    [...hmac(64, 'SHAKE128', '40'), '--+++'],
    [...hmac(64, 'SHAKE256', '41'), '----+'],
    // ISO 20038: the letter names the family, so the least of it counts unless HM says more.
    [...hmac(64, 'SHA-2', undefined, 'I'), '-++++'],
    [...hmac(64, 'SHA-512', '23', 'I'), '----+'],
    [...hmac(64, 'SHA-3', undefined, 'J'), '-++++'],
    [...hmac(64, 'SHA3-512', '33', 'J'), '----+'],
    [...hmac(10, 'SHA-2', undefined, 'I'), '+++++'],
  ];

  it.each([...SYMMETRIC, ...OTHERS])('on wrapping %s', (_, head, key, allowed) => {
    for (const [i, [name, kbpk, versionIds]] of KBPKS.entries()) {
      for (const versionId of versionIds) {
        const wrap = (allow: readonly Allow[]) => () =>
          wrapKey({ kbpk, key, header: { ...head, versionId }, allow });
        if (allowed[i] === '+') {
          expect(wrap(['version-a-or-c']), `${name}, ${versionId}`).not.toThrow();
        } else {
          expect(wrap(['version-a-or-c']), `${name}, ${versionId}`).toThrow(
            refused('KEY_STRENGTH', 'key'),
          );
          expect(wrap(['version-a-or-c', 'weaker-kbpk'])).not.toThrow();
        }
      }
    }
  });

  it.each(SYMMETRIC)('on unwrapping %s', (_, head, key, allowed) => {
    for (const [i, [name, kbpk, versionIds]] of KBPKS.entries()) {
      for (const versionId of versionIds) {
        const keyBlock = anyhow(kbpk, key, { ...head, versionId });
        if (allowed[i] === '+') {
          expect(unwrapKey({ kbpk, keyBlock }).findings, `${name}, ${versionId}`).toEqual([]);
        } else {
          expect(() => unwrapKey({ kbpk, keyBlock }), `${name}, ${versionId}`).toThrow(
            refused('KEY_STRENGTH', 'key'),
          );
          const { findings } = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
          expect(shortened(findings)).toEqual([['weaker-kbpk', 'key', undefined]]);
          expect(findings[0]?.refusedByStrict).toBe(true);
        }
      }
    }
  });

  it.each(OTHERS)('on unwrapping %s, without a refusal', (_, head, key, allowed) => {
    for (const [i, [name, kbpk, versionIds]] of KBPKS.entries()) {
      for (const versionId of versionIds) {
        const keyBlock = anyhow(kbpk, key, { ...head, versionId });
        const { findings, key: opened } = unwrapKey({ kbpk, keyBlock });
        expect(opened.expose()).toEqual(key);
        const expected = allowed[i] === '+' ? [] : [['weaker-kbpk-asymmetric', 'key', undefined]];
        expect(shortened(findings), `${name}, ${versionId}`).toEqual(expected);
        expect(findings.some(({ refusedByStrict }) => refusedByStrict)).toBe(false);
      }
    }
  });

  // The bytes count on wrapping; on unwrapping what the length promises is only reported.
  it.each([
    ['TDES-2K under K1, K1', K1 + K1, K2 + K3, 'weaker-kbpk-parts'],
    ['TDES-2K under K1, K1 but for parity', `${K1}0022446688AACCEE`, K2 + K3, 'weaker-kbpk-parts'],
    ['TDES-2K under K1, K1, K3', K1 + K1 + K3, K2 + K3, 'weaker-kbpk-parts'],
    ['TDES-2K under K2, K1, K1', K2 + K1 + K1, K2 + K3, 'weaker-kbpk-parts'],
    ['TDES-2K under K1, K2, K1', K1 + K2 + K1, K2 + K3, undefined],
    ['TDES-3K under K1, K2, K1', K1 + K2 + K1, K2 + K3 + K1, 'weaker-kbpk-parts'],
    ['TDES-3K under K1, K1', K1 + K1, K2 + K3 + K1, 'weaker-kbpk'],
    ['K2, K3, K2 under TDES-2K', K1 + K2, K2 + K3 + K2, undefined],
    ['K2, K3, K2 under K1, K2, K1', K1 + K2 + K1, K2 + K3 + K2, undefined],
    ['DES under K1, K1', K1 + K1, K3, undefined],
    ['DES under K1, K1, K1', K1 + K1 + K1, K3, undefined],
  ])('with equal parts: %s', (_, kbpkHex, keyHex, rule) => {
    const [kbpk, key] = [fromHex(kbpkHex), fromHex(keyHex)];
    const head = versionB(key.length === 8 ? 'D' : 'T');
    if (rule === undefined) {
      const keyBlock = wrapKey({ kbpk, key, header: head });
      expect(unwrapKey({ kbpk, keyBlock }).findings).toEqual([]);
      return;
    }
    expect(() => wrapKey({ kbpk, key, header: head })).toThrow(refused('KEY_STRENGTH', 'key'));
    const keyBlock = anyhow(kbpk, key, head);
    const { findings } = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
    expect(shortened(findings)).toEqual([[rule, 'key', undefined]]);
    if (rule === 'weaker-kbpk') {
      expect(() => unwrapKey({ kbpk, keyBlock })).toThrow(refused('KEY_STRENGTH', 'key'));
    } else {
      expect(shortened(unwrapKey({ kbpk, keyBlock }).findings)).toEqual([[rule, 'key', undefined]]);
    }
  });

  it('with equal parts counts for asymmetric keys as well', () => {
    const kbpk = fromHex(K1 + K2 + K1);
    const head = { ...header('S0', 'R', 'S'), versionId: 'B' } as const;
    const key = integerKey(9, 2048);
    expect(() => wrapKey({ kbpk, key, header: head })).toThrow(refused('KEY_STRENGTH', 'key'));
    const { findings } = unwrapKey({ kbpk, keyBlock: anyhow(kbpk, key, head) });
    expect(shortened(findings)).toEqual([['weaker-kbpk-asymmetric', 'key', undefined]]);
  });

  it('is not asked for an HMAC key whose hash nobody named but SHA-1', () => {
    const kbpk = TDES_2K;
    const head = { ...header('M7', 'H', 'C'), versionId: 'B' } as const;
    const key = new Uint8Array(64);
    const keyBlock = wrapKey({ kbpk, key, header: head, allow: ['hmac-without-hash'] });
    const { findings } = unwrapKey({ kbpk, keyBlock, allow: ['hmac-without-hash'] });
    expect(shortened(findings)).toEqual([['hmac-without-hash', 'optionalBlocks', undefined]]);
  });

  it('is not asked for a key of an algorithm that nobody knows', () => {
    const head = { ...header('D0', 'Z', 'B'), versionId: 'B' } as const;
    const allow: readonly Allow[] = ['unknown-attribute'];
    const keyBlock = wrapKey({ kbpk: TDES_2K, key: new Uint8Array(64), header: head, allow });
    const { findings, key } = unwrapKey({ kbpk: TDES_2K, keyBlock, allow });
    expect(shortened(findings)).toEqual([['unknown-attribute', 'algorithm', 7]]);
    expect(key.algorithm).toBe('other');
  });

  it('is unknown where the size of a key can not be read, which is said instead', () => {
    for (const algorithm of ['R', 'E', 'S']) {
      const head = { ...header('S0', algorithm, 'S'), versionId: 'B' } as const;
      const keyBlock = wrapKey({ kbpk: TDES_2K, key: new Uint8Array(900), header: head });
      const { findings } = unwrapKey({ kbpk: TDES_2K, keyBlock });
      expect(shortened(findings), algorithm).toEqual([['key-encoding', 'key', undefined]]);
      expect(findings[0]?.code).toBe('INVALID_PAYLOAD');
    }
  });
});

describe('a check value in KC or KP', () => {
  const TDES_KEY = fromHex('112233445566778811223344556677AA'); // legacy 85A8D3
  const A722_KEY = AES_KEY; // as TDES in TR-31:2018 A.7.2.2: CMAC C66363F72B
  const FIPS_KEY = fromHex('000102030405060708090A0B0C0D0E0F'); // CMAC BE7ED6AE78, legacy C6A13B

  it.each([
    ['TDES, legacy', 'T', TDES_KEY, '0085A8D3'],
    ['TDES, legacy, cut', 'T', TDES_KEY, '0085A8'],
    ['TDES, CMAC', 'T', A722_KEY, '01C66363F72B'],
    ['TDES, CMAC, cut', 'T', A722_KEY, '01C66363F7'],
    ['TDES, CMAC, as long as legacy', 'T', A722_KEY, '01C66363'],
    ['TDES, CMAC, as short as can be', 'T', A722_KEY, '01C663'],
    ['AES, CMAC', 'A', FIPS_KEY, '01BE7ED6AE78'],
    ['AES, CMAC, cut', 'A', FIPS_KEY, '01BE7ED6'],
    ['AES, legacy', 'A', FIPS_KEY, '00C6A13B'],
    ['DES, legacy', 'D', fromHex(K1), '00D5D44F'],
  ])('is compared with the key: %s', (_, algorithm, key, data) => {
    const head = header('D0', algorithm, 'B', [{ id: 'KC', data }]);
    const keyBlock = wrapKey({ kbpk: AES_KBPK, key, header: head });
    expect(unwrapKey({ kbpk: AES_KBPK, keyBlock }).findings).toEqual([]);
    for (let at = 2; at < data.length; at++) {
      const digit = data[at] === '0' ? '1' : '0';
      const wrong = data.slice(0, at) + digit + data.slice(at + 1);
      const wrongHead = header('D0', algorithm, 'B', [{ id: 'KC', data: wrong }]);
      expect(() => wrapKey({ kbpk: AES_KBPK, key, header: wrongHead }), wrong).toThrow(
        refused('KCV_MISMATCH', 'optionalBlocks'),
      );
    }
  });

  it('is compared by its own method', () => {
    for (const data of ['00BE7ED6', '01C6A13B']) {
      const head = header('D0', 'A', 'B', [{ id: 'KC', data }]);
      expect(() => wrapKey({ kbpk: AES_KBPK, key: FIPS_KEY, header: head }), data).toThrow(
        refused('KCV_MISMATCH', 'optionalBlocks'),
      );
    }
  });

  it.each([
    ['B', TDES_KEY, '0085A8D3', '0085A8D4'],
    ['B', A722_KEY, '01C66363F72B', '01C66363F72C'],
    ['A', TDES_KEY, '0085A8', '0085A9'],
    ['D', FIPS_KEY, '01BE7ED6AE78', '01BE7ED6AE79'],
    ['E', FIPS_KEY, '00C6A13B', '00C6A13C'],
    ['D', AES_KBPK, '012331550BC9', '012331550BCA'], // X9.143 8.6
  ] as const)('is compared with the KBPK: version %s', (versionId, kbpk, right, wrong) => {
    const head = (data: string) => ({
      ...header('D0', 'T', 'B', [{ id: 'KP', data }]),
      versionId,
    });
    const key = fromHex(K1 + K2);
    const allow: readonly Allow[] = ['version-a-or-c'];
    const keyBlock = wrapKey({ kbpk, key, header: head(right), allow });
    expect(unwrapKey({ kbpk, keyBlock }).findings).toEqual([]);
    expect(() => wrapKey({ kbpk, key, header: head(wrong), allow })).toThrow(
      refused('KCV_MISMATCH', 'optionalBlocks'),
    );
  });

  it('is found wrong at its block, each by itself', () => {
    const head = header('D0', 'A', 'B', [
      { id: 'LB', data: 'a label' }, // 11 characters
      { id: 'KC', data: '010000' }, // 10 characters
      { id: 'KP', data: '010000' },
    ]);
    const keyBlock = wrapKey({
      kbpk: AES_KBPK,
      key: FIPS_KEY,
      header: head,
      allow: ['kcv-mismatch'],
    });
    const { findings } = unwrapKey({ kbpk: AES_KBPK, keyBlock, validation: 'interoperable' });
    expect(shortened(findings)).toEqual([
      ['kcv-mismatch', 'optionalBlocks', 27],
      ['kcv-mismatch', 'optionalBlocks', 37],
    ]);
    expect(() => unwrapKey({ kbpk: AES_KBPK, keyBlock })).toThrow(
      refused('KCV_MISMATCH', 'optionalBlocks', 27),
    );
  });

  it.each([
    ['PK, which is of another key', header('D0', 'A', 'B', [{ id: 'PK', data: '010000' }])],
    ['KC of an RSA key', header('S0', 'R', 'S', [{ id: 'KC', data: '010000' }])],
    [
      'KC of an HMAC key',
      header('M7', 'H', 'C', [
        { id: 'HM', data: '21' },
        { id: 'KC', data: '000000' },
      ]),
    ],
  ])('is not compared where the standard defines none: %s', (_, head) => {
    const key = head.algorithm === 'R' ? integerKey(9, 2048) : AES_KEY;
    const keyBlock = wrapKey({ kbpk: AES_KBPK, key, header: head });
    expect(unwrapKey({ kbpk: AES_KBPK, keyBlock }).findings).toEqual([]);
  });

  it('is not compared with a key that is too long to have one', () => {
    const keyBlock = wrapKey({
      kbpk: AES_KBPK,
      key: new Uint8Array(17),
      header: header('D0', 'A', 'B', [{ id: 'KC', data: '010000' }]),
      allow: ['key-length'],
    });
    const { findings } = unwrapKey({ kbpk: AES_KBPK, keyBlock, allow: ['key-length'] });
    expect(shortened(findings)).toEqual([['key-length', 'key', undefined]]);
  });

  it('is not compared where its data has no format to compare by', () => {
    const keyBlock = wrapKey({
      kbpk: AES_KBPK,
      key: FIPS_KEY,
      header: header('D0', 'A', 'B', [{ id: 'KC', data: '02BE7ED6' }]),
      allow: ['optional-block-data'],
    });
    const { findings } = unwrapKey({ kbpk: AES_KBPK, keyBlock, allow: ['optional-block-data'] });
    expect(shortened(findings)).toEqual([['optional-block-data', 'optionalBlocks', 16]]);
  });
});

describe('the extended length of TR-31:2018', () => {
  // The block counts the length of its length in pairs of digits, as psec writes it.
  const { kbpk, keyBlock, compatKey } = vectors.find(
    ({ id }) => id === 'gen-D-psec-ext-len-0002',
  ) ?? { kbpk: '', keyBlock: '', compatKey: '' };

  it('is read where its word is given, and broken otherwise', () => {
    const options = { kbpk: fromHex(kbpk ?? ''), keyBlock: keyBlock ?? '' };
    const { key, findings } = unwrapKey({ ...options, allow: ['tr31-2018-extended-length'] });
    expect(key.expose()).toEqual(fromHex(compatKey ?? ''));
    expect(findings).toEqual([]);
    for (const validation of ['strict', 'interoperable'] as const) {
      expect(() => unwrapKey({ ...options, validation })).toThrow(
        refused('INVALID_OPTIONAL_BLOCK', 'optionalBlocks', 18),
      );
    }
  });
});

describe('validation and allow', () => {
  const { kbpk, keyBlock } = vector('std-iso20038-2017-B.2')();

  it.each([
    ['validation in capitals', { validation: 'STRICT' }, 'validation'],
    ['an unknown validation', { validation: 'lenient' }, 'validation'],
    ['no validation', { validation: null }, 'validation'],
    ['a boolean', { validation: false }, 'validation'],
    ['a single word', { allow: 'weaker-kbpk' }, 'allow'],
    ['a set', { allow: new Set(['weaker-kbpk']) }, 'allow'],
    ['no list', { allow: null }, 'allow'],
    ['an unknown word', { allow: ['everything'] }, 'allow'],
    ['a word in capitals', { allow: ['WEAKER-KBPK'] }, 'allow'],
    ['one unknown word of two', { allow: ['weaker-kbpk', 'strong'] }, 'allow'],
    ['a rule that has no word', { allow: ['single-des-kbpk'] }, 'allow'],
    ['rules that only report', { allow: ['weak-key'] }, 'allow'],
    ['rules that only report', { allow: ['key-encoding'] }, 'allow'],
    ['rules that only report', { allow: ['weaker-kbpk-parts'] }, 'allow'],
    ['rules that only report', { allow: ['weaker-kbpk-asymmetric'] }, 'allow'],
    ['rules that only report', { allow: ['extended-length-not-needed'] }, 'allow'],
    ['words of Object', { allow: ['toString'] }, 'allow'],
    ['words of Object', { allow: ['__proto__'] }, 'allow'],
    ['no text', { allow: [0] }, 'allow'],
    ['a word in an array', { allow: [['weaker-kbpk']] }, 'allow'],
  ])('refuse %s', (_, options, field) => {
    // What JavaScript callers do, past the types.
    const given = options as never;
    const refusal = refused('INVALID_ARGUMENT', field);
    expect(() => parseKeyBlock(keyBlock, given)).toThrow(refusal);
    expect(() => unwrapKey(Object.assign({ kbpk, keyBlock }, given))).toThrow(refusal);
    expect(() => rewrapKey(Object.assign({ from: kbpk, to: kbpk, keyBlock }, given))).toThrow(
      refusal,
    );
  });

  it('take an empty list and undefined for nothing', () => {
    const broken = vector('policy-hdr-usage-lower')();
    for (const options of [{}, { allow: [] }, { allow: undefined, validation: undefined }]) {
      expect(() => unwrapKey({ ...broken, ...options })).toThrow(
        refused('INVALID_HEADER', 'keyUsage', 5),
      );
    }
  });

  it('are not read from Object.prototype', () => {
    const broken = vector('policy-hdr-usage-lower')();
    polluted['allow'] = ['unknown-attribute'];
    polluted['validation'] = 'interoperable';
    expect(() => unwrapKey(broken)).toThrow(refused('INVALID_HEADER', 'keyUsage', 5));
    expect(() => parseKeyBlock(broken.keyBlock)).toThrow(refused('INVALID_HEADER', 'keyUsage', 5));
  });
});

function header(
  keyUsage: string,
  algorithm: string,
  modeOfUse: string,
  optionalBlocks: readonly OptionalBlock[] = [],
): KeyBlockHeaderInput {
  return { versionId: 'D', keyUsage, algorithm, modeOfUse, exportability: 'E', optionalBlocks };
}

function versionB(algorithm: string): KeyBlockHeaderInput {
  return { ...header('D0', algorithm, 'B'), versionId: 'B' };
}

/** Wraps past the rules that the tests break. */
function anyhow(kbpk: Uint8Array, key: Uint8Array, head: KeyBlockHeaderInput): string {
  const allow: readonly Allow[] = [
    'version-a-or-c',
    'weaker-kbpk',
    'hmac-without-hash',
    'derivations-outside-b3',
  ];
  return wrapKey({ kbpk, key, header: head, allow });
}

function written({
  kbpk = AES_KBPK,
  key = AES_KEY,
  header: head,
}: {
  readonly kbpk?: Uint8Array;
  readonly key?: Uint8Array;
  readonly header: KeyBlockHeaderInput;
}): () => Block {
  return () => ({ kbpk, key, keyBlock: anyhow(kbpk, key, head) });
}

/** A block of the vectors, which an independent implementation made. */
function vector(id: string): () => Block {
  return () => {
    const { kbpk, keyBlock, key } = vectors.find((candidate) => candidate.id === id) ?? {};
    if (kbpk === undefined || keyBlock === undefined || key === undefined) {
      throw new Error(`no vector ${id}`);
    }
    return { kbpk: fromHex(kbpk), keyBlock, key: fromHex(key) };
  };
}

/** TR-31:2018 A.7.4, partly in lower case: payload from 16, MAC from 80. */
function lowerCased(from: number, to: number): () => Block {
  const text =
    `${HEADER_D}B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A2` +
    '7E8E31DA05F7425509593D03A457DC34';
  const keyBlock = text.slice(0, from) + text.slice(from, to).toLowerCase() + text.slice(to);
  return () => ({ kbpk: AES_KBPK, keyBlock, key: AES_KEY });
}

/** A block that breaks a rule at one place, and perhaps other rules. */
function found(
  rule: RuleName,
  what: string,
  block: () => Block,
  field: string,
  offset?: number,
  others: readonly Short[] = [],
): Case {
  const { code } = RULES[rule];
  return { rule, what, block, code, field, offset, expected: [[rule, field, offset], ...others] };
}

function shortened(findings: readonly Finding[]): readonly Short[] {
  return findings.map(({ rule, field, offset }) => [rule, field, offset]);
}

function refused(code: string, field: string | undefined, offset?: number): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field, offset });
}

/** The frame of an RSA (9) or DSA (6) key: a version, a number of so many bits, and ones. */
function integerKey(count: number, bits: number): Uint8Array<ArrayBuffer> {
  const number = element(0x02, [0, ...Array.from({ length: bits / 8 }, () => 0xff)]);
  const ones = Array.from({ length: count - 2 }, () => element(0x02, [1])).flat();
  return Uint8Array.from(element(0x30, [...element(0x02, [0]), ...number, ...ones]));
}

/** The frame of an EC key whose order has so many octets, with the name of a curve. */
function ecKey(length: number): Uint8Array<ArrayBuffer> {
  const privateKey = element(
    0x04,
    Array.from({ length }, () => 1),
  );
  const curve = element(0xa0, element(0x06, [0x2b, 0x81, 0x04, 0x00, 0x22]));
  return Uint8Array.from(element(0x30, [...element(0x02, [1]), ...privateKey, ...curve]));
}

/** An element in DER. */
function element(tag: number, content: readonly number[]): readonly number[] {
  const { length } = content;
  if (length < 128) return [tag, length, ...content];
  if (length < 256) return [tag, 0x81, length, ...content];
  return [tag, 0x82, length >> 8, length & 255, ...content];
}
