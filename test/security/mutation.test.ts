/**
 * Alterations of 144 valid key blocks: none is accepted. The numbers of attempts are asserted, so
 * that a matrix that shrinks is noticed. What takes longer is in `mutation.slow.ts`.
 */

import { SecretKey, toHex, type UnwrapKeyOptions, type UnwrappedKey, unwrapKey } from 'keyblock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bytesOf,
  KBPK_LENGTHS,
  kbpkAlgorithm,
  MATRIX,
  outcome,
  type Sample,
  VALIDATIONS,
} from './matrix.js';
import {
  bitFlips,
  characters,
  exchanges,
  lengths,
  optionalBlockEdits,
  refuseAll,
  splice,
  splices,
  withTrueLength,
} from './mutations.js';

const timeout = 120_000;
const { stackTraceLimit } = Error;

beforeAll(() => {
  Error.stackTraceLimit = 0; // a million errors, whose stacks nobody reads
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe('the matrix', { timeout }, () => {
  it('has 144 different blocks', () => {
    expect(MATRIX).toHaveLength(144);
    expect(new Set(MATRIX.map(({ keyBlock }) => keyBlock)).size).toBe(144);
    expect(new Set(MATRIX.map(({ title }) => title)).size).toBe(144);
    expect(total(MATRIX, ({ keyBlock }) => keyBlock.length)).toBe(20_580);
  });

  it.each(VALIDATIONS)('opens without findings, %s', (validation) => {
    for (const { kbpk, keyBlock, key } of MATRIX) {
      const opened = unwrapKey({ kbpk, keyBlock, validation });
      expect(opened.findings).toEqual([]);
      expect(opened.key.expose()).toEqual(key);
    }
  });
});

describe('one flipped bit', { timeout }, () => {
  it('is never accepted by strict validation', () => {
    const attempts = MATRIX.map((sample) =>
      refuseAll(
        sample,
        Array.from(bitFlips(sample), ({ text }) => text),
      ),
    );
    expect(total(attempts, (count) => count)).toBe(164_640);
  });

  it('is a hex digit in lower case, and reported, where interoperable validation accepts it', () => {
    let accepted = 0;
    const wrong: string[] = [];
    for (const sample of MATRIX) {
      const { kbpk, keyBlock, headerLength } = sample;
      for (const { text, offset, bit } of bitFlips(sample)) {
        const isLetter = offset >= headerLength && /[A-F]/.test(keyBlock.charAt(offset));
        const isLowerCase = isLetter && bit === 5;
        const result = outcome(() =>
          unwrapKey({ kbpk, keyBlock: text, validation: 'interoperable' }),
        );
        if ('value' in result) accepted += 1;
        const isRight =
          'value' in result ? isLowerCase && isSameKey(result.value, sample, offset) : !isLowerCase;
        if (!isRight) wrong.push(text);
      }
    }
    expect(wrong).toEqual([]);
    expect(accepted).toBe(total(MATRIX, hexLetters));
    expect(accepted).toBe(5725);
  });
});

describe('another length', { timeout }, () => {
  it.each(VALIDATIONS)('is never accepted, %s', (validation) => {
    const attempts = MATRIX.map((sample) => refuseAll(sample, lengths(sample), { validation }));
    expect(total(attempts, (count) => count)).toBe(57_288);
  });
});

describe('what the text alone gives away', { timeout }, () => {
  it('is refused before the MAC is looked at: a length that is not told', () => {
    const codes = new Set<string>();
    for (const { kbpk, keyBlock } of MATRIX) {
      for (let length = 0; length < keyBlock.length + 64; length++) {
        const text = keyBlock.padEnd(length, '0').slice(0, length);
        if (length !== keyBlock.length) codes.add(codeOf({ kbpk, keyBlock: text }));
      }
    }
    expect([...codes]).toEqual(['INVALID_LENGTH']);
  });

  it('is refused before the MAC is looked at: an optional block twice', () => {
    const codes = new Set<string>();
    for (const { kbpk, keyBlock, headerLength } of MATRIX.filter((s) => s.headerLength > 16)) {
      const blocks = keyBlock.slice(16, headerLength);
      const count = String(2 * Number(keyBlock.slice(12, 14))).padStart(2, '0');
      const doubled = splice(splice(keyBlock, 16, 16, blocks), 12, 14, count);
      codes.add(codeOf({ kbpk, keyBlock: withTrueLength(doubled) }));
      codes.add(codeOf({ kbpk, keyBlock: withTrueLength(doubled), validation: 'interoperable' }));
    }
    expect([...codes]).toEqual(['INVALID_OPTIONAL_BLOCK']);
  });
});

describe('another printable character in the 16 of the header', { timeout }, () => {
  it('is never accepted', () => {
    const attempts = MATRIX.map((sample) => refuseAll(sample, characters(sample, 16, 0x20, 0x7e)));
    expect(total(attempts, (count) => count)).toBe(144 * 16 * 94);
  });
});

describe('an exchange of two cipher blocks', { timeout }, () => {
  it.each(VALIDATIONS)('is never accepted, %s', (validation) => {
    const attempts = MATRIX.map((sample) => refuseAll(sample, exchanges(sample), { validation }));
    expect(total(attempts, (count) => count)).toBe(885);
  });
});

describe('a splice of two blocks under one KBPK', { timeout }, () => {
  it('is never accepted', () => {
    let attempts = 0;
    for (const sample of MATRIX) {
      for (const other of MATRIX) {
        if (other === sample || other.kbpkIndex !== sample.kbpkIndex) continue;
        attempts += refuseAll(sample, splices(sample, other));
      }
    }
    expect(attempts).toBe(34_734);
  });
});

describe('an edit of the optional blocks', { timeout }, () => {
  const policies: readonly Partial<UnwrapKeyOptions>[] = [
    { validation: 'strict' },
    { validation: 'interoperable', allow: ['tr31-2018-extended-length'] },
  ];

  it.each(policies)('is never accepted with %j', (policy) => {
    const attempts = MATRIX.map((sample) => refuseAll(sample, optionalBlockEdits(sample), policy));
    expect(total(attempts, (count) => count)).toBe(76_992);
  });
});

describe('a wrong KBPK', { timeout }, () => {
  it.each(KBPK_LENGTHS)('fails to authenticate, version %s', (versionId, kbpkLengths) => {
    const samples = MATRIX.filter((sample) => sample.versionId === versionId);
    const randomBytes = bytesOf(3000);
    const codes = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { keyBlock } = samples[i % samples.length] as Sample; // in range
      const bytes = randomBytes(kbpkLengths[i % kbpkLengths.length] ?? 0);
      const kbpk =
        i % 2 === 0 ? bytes : new SecretKey({ algorithm: kbpkAlgorithm(versionId), bytes });
      const code = codeOf({ kbpk, keyBlock });
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(codes)).toEqual({ AUTHENTICATION_FAILED: 300 });
  });

  it('is one that differs in any bit, parity of TDES aside', () => {
    let attempts = 0;
    for (const { kbpkBytes, keyBlock, versionId } of MATRIX.filter((_, i) => i % 5 === 0)) {
      for (let bit = 0; bit < 8 * kbpkBytes.length; bit++) {
        const kbpk = kbpkBytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const isParity = kbpkAlgorithm(versionId) === 'TDES' && (bit & 7) === 0;
        expect(codeOf({ kbpk, keyBlock })).toBe(isParity ? 'accepted' : 'AUTHENTICATION_FAILED');
        attempts += 1;
      }
    }
    expect(attempts).toBe(5248);
  });
});

function codeOf(options: UnwrapKeyOptions): string {
  const result = outcome(() => unwrapKey(options));
  return 'code' in result ? result.code : 'accepted';
}

function total<T>(values: readonly T[], numberOf: (value: T) => number): number {
  return values.reduce((sum, value) => sum + numberOf(value), 0);
}

/** Whether the key came out, with the one finding that a digit at `offset` is in lower case. */
function isSameKey({ key, findings }: UnwrappedKey, sample: Sample, offset: number): boolean {
  const [finding] = findings;
  const field = offset < sample.keyBlock.length - 2 * sample.macLength ? 'payload' : 'mac';
  return (
    toHex(key.expose()) === toHex(sample.key) &&
    findings.length === 1 &&
    finding?.rule === 'lower-case-hex' &&
    finding.code === 'INVALID_HEX' &&
    finding.refusedByStrict &&
    finding.field === field &&
    finding.offset === offset
  );
}

function hexLetters({ keyBlock, headerLength }: Sample): number {
  return keyBlock.slice(headerLength).replace(/[^A-F]/g, '').length;
}
