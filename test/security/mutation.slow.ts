/** What takes too long for `mutation.test.ts`: the same, but more of it. */

import { type UnwrapKeyOptions, unwrapKey } from 'keyblock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bytesOf,
  KBPK_LENGTHS,
  MATRIX,
  numbers,
  outcome,
  type Sample,
  VALIDATIONS,
} from './matrix.js';
import {
  characters,
  optionalBlockEdits,
  refuseAll,
  splice,
  splices,
  withTrueLength,
} from './mutations.js';

const { stackTraceLimit } = Error;

beforeAll(() => {
  Error.stackTraceLimit = 0; // millions of errors, whose stacks nobody reads
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe('every byte value at every position', () => {
  /** One block for each KBPK, of every kind of optional blocks. */
  const samples = MATRIX.filter((sample, i) => sample.kbpkIndex !== MATRIX[i - 1]?.kbpkIndex).map(
    (first, i) => MATRIX[MATRIX.indexOf(first) + 1 + (i % 3)] as Sample,
  ); // six at least

  it('are positions of 12 blocks under 12 KBPKs', () => {
    expect(new Set(samples.map(({ kbpkIndex }) => kbpkIndex)).size).toBe(12);
  });

  it('is never accepted by strict validation', () => {
    const attempts = samples.map((sample) => refuseAll(sample, everyByte(sample)));
    expect(sum(attempts)).toBe(255 * sum(samples.map(({ keyBlock }) => keyBlock.length)));
    expect(sum(attempts)).toBe(333_540);
  });

  it('is a hex digit in lower case where interoperable validation accepts it', () => {
    const attempts = samples.map((sample) => {
      const altered = Array.from(everyByte(sample)).filter((text) => !differsInCase(sample, text));
      return refuseAll(sample, altered, { validation: 'interoperable' });
    });
    expect(sum(attempts)).toBe(333_230);
  });
});

describe('another printable character in the 16 of the header', () => {
  it('is never accepted by interoperable validation', () => {
    const attempts = MATRIX.map((sample) =>
      refuseAll(sample, characters(sample, 16, 0x20, 0x7e), { validation: 'interoperable' }),
    );
    expect(sum(attempts)).toBe(144 * 16 * 94);
  });
});

describe('a splice of two blocks under one KBPK', () => {
  it('is never accepted by interoperable validation', () => {
    let attempts = 0;
    for (const sample of MATRIX) {
      for (const other of MATRIX) {
        if (other === sample || other.kbpkIndex !== sample.kbpkIndex) continue;
        attempts += refuseAll(sample, splices(sample, other), { validation: 'interoperable' });
      }
    }
    expect(attempts).toBe(34_734);
  });
});

describe('an edit of the optional blocks', () => {
  const policies: readonly Partial<UnwrapKeyOptions>[] = [
    { validation: 'interoperable' },
    { allow: ['tr31-2018-extended-length', 'extended-length-form', 'optional-block-order'] },
  ];

  it.each(policies)('is never accepted with %j', (policy) => {
    expect(sum(MATRIX.map((s) => refuseAll(s, optionalBlockEdits(s), policy)))).toBe(76_992);
  });
});

describe('one to six random characters', () => {
  it.each(VALIDATIONS)('are never accepted, %s', (validation) => {
    const next = numbers(4000);
    const attempts = MATRIX.map((sample) =>
      refuseAll(sample, randomEdits(sample, 5000, next), { validation }),
    );
    expect(sum(attempts)).toBe(712_786);
  });
});

describe('10,000 wrong KBPKs', () => {
  it.each(KBPK_LENGTHS)('fail to authenticate, version %s', (versionId, kbpkLengths) => {
    const samples = MATRIX.filter((sample) => sample.versionId === versionId);
    const randomBytes = bytesOf(5000);
    const codes = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      const { keyBlock } = samples[i % samples.length] as Sample; // in range
      const kbpk = randomBytes(kbpkLengths[i % kbpkLengths.length] ?? 0);
      const result = outcome(() => unwrapKey({ kbpk, keyBlock }));
      const code = 'code' in result ? result.code : 'accepted';
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(codes)).toEqual({ AUTHENTICATION_FAILED: 10_000 });
  });
});

function everyByte(sample: Sample): Generator<string> {
  return characters(sample, sample.keyBlock.length, 0, 255);
}

/** Upper-case hex for the most part, so that many texts come as far as the MAC. */
function* randomEdits(
  sample: Sample,
  count: number,
  next: (below: number) => number,
): Generator<string> {
  const { keyBlock, headerLength } = sample;
  for (let i = 0; i < count; i++) {
    let text = keyBlock;
    for (let edits = 1 + next(6); edits > 0; edits--) {
      const from =
        next(4) === 0 ? next(keyBlock.length) : headerLength + next(keyBlock.length - headerLength);
      const by =
        next(8) === 0 ? String.fromCharCode(0x20 + next(95)) : next(16).toString(16).toUpperCase();
      text = splice(text, from, from + 1, by);
    }
    if (next(8) === 0) text = withTrueLength(text);
    if (!differsInCase(sample, text)) yield text;
  }
}

/** Whether all that differs is the case of hex digits in payload and MAC, if anything. */
function differsInCase({ keyBlock, headerLength }: Sample, text: string): boolean {
  return text.slice(0, headerLength) + text.slice(headerLength).toUpperCase() === keyBlock;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
