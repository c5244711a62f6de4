import { beforeAll, describe, expect, it } from 'vitest';
import {
  append,
  flipBit,
  mutate,
  oneOfEachKind,
  remove,
  repeat,
  type Taken,
  truncate,
  unnoticedBits,
} from './scenario.js';

/** The tokens, and the octets of each. */
const KINDS = [
  ['CT-KRD', 880],
  ['RT-KRD', 34],
  ['CT-KDH', 1293],
  ['KT-KDH in two passes', 1639],
  ['KT-KDH in one pass', 1635],
  ['UBT-KDH', 1058],
  ['RBT-KDH', 1892],
  ['UBT-CA', 576],
  ['RBT-CA', 1517],
] as const;

let all: readonly Taken[];

beforeAll(async () => {
  all = await oneOfEachKind();
});

// mutation.test.ts takes a sample of all this every day.
describe.each(KINDS)('%s', (kind, length) => {
  it('is refused with any bit changed, but for those that are known', async () => {
    const taken = find(kind);
    const bits = { count: 8 * length, step: 1 };
    expect(taken.token).toHaveLength(length);
    const { tried, unnoticed } = await mutate(taken, bits, flipBit);
    expect(tried).toBe(8 * length);
    expect(unnoticed).toEqual(unnoticedBits(taken));
  });

  it.each([
    ['cut short', truncate],
    ['without an octet', remove],
    ['with an octet twice', repeat],
  ])('is refused %s', async (_how, change) => {
    const octets = { count: length, step: 1 };
    expect(await mutate(find(kind), octets, change)).toEqual({ tried: length, unnoticed: [] });
  });

  it('is refused with anything behind it', async () => {
    const octets = { count: 256, step: 1 };
    expect(await mutate(find(kind), octets, append)).toEqual({ tried: 256, unnoticed: [] });
  });
});

function find(kind: string): Taken {
  const found = all.find((taken) => taken.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}
