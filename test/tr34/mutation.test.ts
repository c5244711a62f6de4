import { beforeAll, describe, expect, it } from 'vitest';
import {
  append,
  concatenate,
  flipBit,
  mutate,
  oneOfEachKind,
  remove,
  repeat,
  type Taken,
  truncate,
  unnoticedBits,
} from './scenario.js';

/**
 * How many of the changes are tried here: one bit in so many. Most cost a signature; all of them
 * are in mutation.slow.ts. Odd, so that every position within an octet has its turn.
 */
const STEP = 31;

/** Each token, and how many of its bits that makes. */
const KINDS = [
  ['CT-KRD', 228],
  ['RT-KRD', 9],
  ['CT-KDH', 334],
  ['KT-KDH in two passes', 423],
  ['KT-KDH in one pass', 422],
  ['UBT-KDH', 274],
  ['RBT-KDH', 489],
  ['UBT-CA', 149],
  ['RBT-CA', 392],
] as const;

let all: readonly Taken[];

beforeAll(async () => {
  all = await oneOfEachKind();
});

it('has been given every kind of token', () => {
  expect(all.map(({ kind }) => kind)).toEqual(KINDS.map(([kind]) => kind));
});

describe.each(KINDS)('%s', (kind, samples) => {
  it('is refused with a bit changed, but for those that are known', async () => {
    const taken = find(kind);
    const count = 8 * taken.token.length;
    const { tried, unnoticed } = await mutate(taken, { count, step: STEP }, flipBit);
    expect(tried).toBe(samples);
    expect(unnoticed).toEqual(unnoticedBits(taken).filter((bit) => bit % STEP === 0));
  });

  it('comes to the same with those changed', async () => {
    const taken = find(kind);
    const bits = unnoticedBits(taken);
    const flipKnown = (token: Uint8Array, index: number) => flipBit(token, bits[index] ?? 0);
    const { unnoticed } = await mutate(taken, { count: bits.length, step: 1 }, flipKnown);
    expect(unnoticed).toHaveLength(bits.length);
  });

  it.each([
    ['cut short', truncate],
    ['without an octet', remove],
    ['with an octet twice', repeat],
  ])('is refused %s', async (_how, change) => {
    const count = find(kind).token.length;
    const { tried, unnoticed } = await mutate(find(kind), { count, step: STEP }, change);
    expect({ tried, unnoticed }).toEqual({ tried: Math.ceil(count / STEP), unnoticed: [] });
  });

  it('is refused cut short by one octet, or with anything behind it', async () => {
    const { token, outcome } = find(kind);
    expect(await outcome(truncate(token, token.length - 1))).toBeUndefined();
    expect(await outcome(concatenate(token, token))).toBeUndefined();
    expect(await outcome(concatenate(Uint8Array.of(0), token))).toBeUndefined();
    for (const octet of [0x00, 0x05, 0x0a, 0x30, 0xff]) {
      expect(await outcome(append(token, octet))).toBeUndefined();
    }
  });
});

function find(kind: string): Taken {
  const found = all.find((taken) => taken.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}
