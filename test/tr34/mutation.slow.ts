import { beforeAll, describe, expect, it } from 'vitest';
import { flipBit, oneOfEachKind, type Taken, unnoticedBits } from './scenario.js';

/** Bits of each token, all of which are changed. */
const BITS = {
  'CT-KRD': 7072,
} as const;

describe('every bit of every token', () => {
  let all: readonly Taken[];

  beforeAll(async () => {
    all = await oneOfEachKind();
  });

  it('x', async () => {
    for (const taken of all) {
      const t0 = performance.now();
      const bits = 8 * taken.token.length;
      const expected = await taken.outcome(taken.token);
      const unnoticed: string[] = [];
      for (let bit = 0; bit < bits; bit++) {
        const outcome = await taken.outcome(flipBit(taken.token, bit));
        if (outcome !== undefined) unnoticed.push(`${bit}${outcome === expected ? '=' : '!'}`);
      }
      console.log(
        taken.kind,
        expected?.length,
        bits,
        performance.now() - t0,
        unnoticed.length,
        unnoticed.slice(0, 200).join(' '),
        unnoticedBits(taken).slice(0, 3),
      );
    }
    expect(BITS).toBeDefined();
  });
});
