/** Every error code: a call that gives it, and what all errors have in common. */

import {
  combineComponents,
  deriveBlockKeys,
  fromHex,
  type KeyBlockHeaderInput,
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorField,
  parseHeader,
  parseKeyBlock,
  rewrapKey,
  SecretKey,
  toHex,
  unwrapKey,
  type WrapKeyOptions,
  wrapKey,
} from 'keyblock';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, ERROR_FIELDS } from '../../src/errors.js';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { CANARIES } from './hygiene.js';
import { bytesOf, type KeyBytes, MATRIX } from './matrix.js';
import { signature } from './oracle.js';
import { CALLS, mixUps } from './public-calls.js';

/** Two sets of keys: what an error says must not depend on which is used. */
interface Keys {
  readonly kbpk: KeyBytes;
  readonly key: KeyBytes;
  readonly keyBlock: string;
}

const HEADER: KeyBlockHeaderInput = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'E',
  exportability: 'E',
  keyContext: '1',
};

const KEYS: readonly Keys[] = [1, 2].map((seed) => {
  const kbpk = bytesOf(9000 + seed)(24);
  const key = bytesOf(9010 + seed)(16);
  return { kbpk, key, keyBlock: wrapKey({ kbpk, key, header: HEADER }) };
});

/**
 * The codes of `keyblock/tr34`, which has no part in key blocks: `test/tr34` makes a call for each.
 */
const OF_TOKENS = [
  'TOKEN_MALFORMED',
  'ALGORITHM_NOT_ALLOWED',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_REVOKED',
  'CRL_REJECTED',
  'SIGNATURE_INVALID',
  'RECIPIENT_MISMATCH',
  'FRESHNESS',
  'TOKEN_REJECTED',
  'STATE_CONFLICT',
] as const satisfies readonly KeyblockErrorCode[];

/** The codes of `keyblock/hierarchy`, which are about records: `test/hierarchy` makes the calls. */
const OF_RECORDS = [
  'UNKNOWN_KEY_VERSION',
  'STALE_VERSION',
  'APPROVAL_REQUIRED',
] as const satisfies readonly KeyblockErrorCode[];

type Code = Exclude<KeyblockErrorCode, (typeof OF_TOKENS | typeof OF_RECORDS)[number]>;

/** One call for each code, its field, and the offset where there is one. */
const CASES: {
  readonly [code in Code]: readonly [
    field: KeyblockErrorField | undefined,
    offset: number | undefined,
    call: (keys: Keys) => unknown,
  ];
} = {
  INVALID_ARGUMENT: ['bytes', undefined, () => toHex('00' as never)],
  INVALID_HEX: ['hex', 3, () => fromHex('000g')],
  INPUT_TOO_LARGE: ['keyBlock', undefined, () => parseKeyBlock('D'.repeat(10_000))],
  INVALID_CHARACTER: ['keyBlock', 21, () => parseHeader('D0032P0AE00E0100LB08a\nbc')],
  INVALID_LENGTH: ['keyBlockLength', 1, ({ keyBlock }) => parseKeyBlock(`${keyBlock}0`)],
  INVALID_HEADER: ['keyUsage', 5, () => parseHeader('D0032!0AE00E0000')],
  INVALID_OPTIONAL_BLOCK: ['optionalBlocks', 18, () => parseHeader('D0032P0AE00E0100LB03')],
  UNSUPPORTED: ['versionId', 0, () => parseHeader('X0032P0AE00E0000')],
  KEY_DESTROYED: [
    'kbpk',
    undefined,
    ({ kbpk, keyBlock }) => unwrapKey({ kbpk: destroyed(kbpk), keyBlock }),
  ],
  KBPK_MISMATCH: [
    'kbpk',
    undefined,
    ({ kbpk }) => deriveBlockKeys({ kbpk: kbpk.subarray(1), versionId: 'D' }),
  ],
  AUTHENTICATION_FAILED: [
    undefined,
    undefined,
    ({ kbpk, keyBlock }) => unwrapKey({ kbpk: kbpk.subarray(0, 16), keyBlock }),
  ],
  INVALID_PAYLOAD: ['payload', undefined, () => unwrapVector('evil-len-not-mult8-D')],
  KCV_MISMATCH: [
    'optionalBlocks',
    undefined,
    (keys) => wrapKey(wrap(keys, { optionalBlocks: [{ id: 'KC', data: '01ABCD' }] })),
  ],
  KEY_STRENGTH: ['key', undefined, ({ kbpk }) => wrapKey(wrap({ kbpk, key: bytesOf(1)(32) }))],
  WEAK_KEY: [
    'components',
    undefined,
    () => combineComponents({ algorithm: 'AES', components: cancelling() }),
  ],
  USAGE_NOT_ALLOWED: ['modeOfUse', undefined, (keys) => rewrap(keys, { modeOfUse: 'B' })],
  EXPORT_NOT_ALLOWED: ['exportability', undefined, (keys) => rewrap(keys, { exportability: 'S' })],
  CONTEXT_MISMATCH: ['keyContext', undefined, (keys) => rewrap(keys, { keyContext: '2' })],
};

const ALL = Object.keys(CASES) as Code[]; // the keys of the type

describe('the codes', { timeout: 60_000 }, () => {
  it('are those of the table, each with a call', () => {
    expect([...ALL, ...OF_TOKENS, ...OF_RECORDS].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it.each(ALL)('%s has a call that gives it', (code) => {
    const [field, offset, call] = CASES[code];
    for (const keys of KEYS) {
      const error = thrown(() => call(keys));
      expect(error).toBeInstanceOf(KeyblockError);
      expect(error.code).toBe(code);
      expect(error.field).toBe(field);
      expect(error.offset).toBe(offset);
    }
  });

  it.each(ALL)('%s says the same whatever the keys are', (code) => {
    const call = CASES[code][2];
    const said = new Set(KEYS.map((keys) => signature(() => call(keys))));
    expect(said.size).toBe(1);
    expect([...said][0]).toContain(`"code":"${code}"`);
  });

  it.each(ALL)('%s comes in an error that is frozen and holds nothing else', (code) => {
    const [keys] = KEYS as [Keys]; // there are two
    const error = thrown(() => CASES[code][2](keys));
    expect(error.name).toBe('KeyblockError');
    expect(Object.hasOwn(error, 'name')).toBe(true);
    expect(Object.isFrozen(error)).toBe(true);
    expect('cause' in error).toBe(false);
    expect(Reflect.ownKeys(error).sort()).toEqual([
      'code',
      'field',
      'message',
      'name',
      'offset',
      'stack',
    ]);
    expect(() => Object.assign(error, { code: 'WEAK_KEY' })).toThrow(TypeError);
    expect(() => Object.assign(error, { note: 'x' })).toThrow(TypeError);
    expect(String(error)).toBe(`KeyblockError: ${error.message}`);
    expect(error).toBeInstanceOf(Error);
  });
});

describe('the message', { timeout: 60_000 }, () => {
  it('is a constant of the tables for every code and field', () => {
    for (const code of ALL) {
      expect(new KeyblockError(code).message).toBe(ERROR_CODES[code]);
      for (const field of Object.keys(ERROR_FIELDS) as KeyblockErrorField[]) {
        const expected = `${ERROR_CODES[code]} (${field}: ${ERROR_FIELDS[field]})`;
        expect(new KeyblockError(code, { field }).message).toBe(expected);
        expect(new KeyblockError(code, { field, offset: 7 }).message).toBe(expected);
      }
    }
  });

  it('is that constant in every error that any function throws', () => {
    const seen = new Set<KeyblockErrorCode>();
    let errors = 0;
    for (const canary of CANARIES) {
      const calls = Object.values(CALLS)
        .flat()
        .map(
          ({ run }) =>
            () =>
              run(canary),
        );
      for (const call of [...calls, ...Array.from(mixUps(canary), ({ run }) => run)]) {
        const error = caught(call);
        if (error === undefined) continue;
        const { code, field, offset } = error;
        const hint = field === undefined ? '' : ` (${field}: ${ERROR_FIELDS[field]})`;
        if (error.message !== ERROR_CODES[code] + hint) expect.unreachable(error.message);
        if (offset !== undefined && !Number.isInteger(offset)) expect.unreachable(error.message);
        seen.add(code);
        errors += 1;
      }
    }
    expect(seen.size).toBeGreaterThan(10);
    expect(errors).toBeGreaterThan(7000);
  });

  it('is plain ASCII text, without digits of hex in a row that could be a key', () => {
    for (const text of [...Object.values(ERROR_CODES), ...Object.values(ERROR_FIELDS)]) {
      expect(text).toMatch(/^[ -~]+$/);
      expect(text).not.toMatch(/[0-9A-F]{8}/);
    }
  });
});

describe('what depends on a key', { timeout: 60_000 }, () => {
  it('is said only after the MAC: the codes of an unwrap with a wrong MAC', () => {
    const codes = new Set<string>();
    for (const { kbpk, keyBlock } of MATRIX) {
      const last = keyBlock.endsWith('0') ? '1' : '0';
      const error = caught(() => unwrapKey({ kbpk, keyBlock: keyBlock.slice(0, -1) + last }));
      codes.add(error?.code ?? 'none');
    }
    for (const { kind, macValid, kbpk, keyBlock } of vectors) {
      if (kind !== 'unwrap' || macValid !== true || keyBlock === undefined) continue;
      const last = keyBlock.endsWith('0') ? '1' : '0';
      const bytes = fromHex(kbpk ?? '');
      const text = keyBlock.slice(0, -1) + last;
      const error = caught(() =>
        unwrapKey({ kbpk: bytes, keyBlock: text, validation: 'interoperable' }),
      );
      codes.add(error?.code ?? 'none');
    }
    for (const late of ['none', 'INVALID_PAYLOAD', 'KCV_MISMATCH', 'KEY_STRENGTH']) {
      expect([...codes]).not.toContain(late);
    }
    expect([...codes]).toContain('AUTHENTICATION_FAILED');
  });
});

function thrown(call: () => unknown): KeyblockError {
  const error = caught(call);
  if (error === undefined) throw new Error('did not throw');
  return error;
}

function caught(call: () => unknown): KeyblockError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
}

function wrap(
  { kbpk, key }: Pick<Keys, 'kbpk' | 'key'>,
  changes: Partial<KeyBlockHeaderInput> = {},
): WrapKeyOptions {
  return { kbpk, key, header: { ...HEADER, ...changes } };
}

function rewrap(
  { kbpk, keyBlock }: Keys,
  header: Parameters<typeof rewrapKey>[0]['header'],
): string {
  return rewrapKey({ keyBlock, from: kbpk, to: kbpk, header });
}

function destroyed(bytes: Uint8Array): SecretKey {
  const key = new SecretKey({ algorithm: 'AES', bytes });
  key.destroy();
  return key;
}

/** Three components whose sum is nothing. */
function cancelling(): readonly Uint8Array[] {
  const [a, b] = [bytesOf(1)(16), bytesOf(2)(16)];
  return [a, b, a.map((byte, i) => byte ^ (b[i] ?? 0))];
}

function unwrapVector(id: string): unknown {
  const { kbpk = '', keyBlock = '' } = vectors.find((vector) => vector.id === id) ?? {};
  return unwrapKey({ kbpk: fromHex(kbpk), keyBlock });
}
