// A rotation is killed before and after each of its writes, and another process goes on (I17).

import { describe, expect, it } from 'vitest';
import { checkpoint, countPoints, crashes, endOf, interleaved } from './crash.js';

const start = checkpoint(2, 3);
const TARGETS = ['p1', 'region'];

describe.each(TARGETS)('a rotation of %s that is killed', (target) => {
  it('ends as if it had not been, wherever that happened', async () => {
    const end = await endOf(start, target);
    const points = await countPoints(start, target);
    let states = 0;
    for (let point = 0; point < points; point++) {
      expect(await crashes(start, target, [point]), `killed at ${point}`).toBe(end);
      states++;
    }
    // biome-ignore lint/suspicious/noConsole: a table that shrinks is to be seen
    console.info(`${target}: ${states} states`);
    expect(states).toBeGreaterThanOrEqual(28);
  });
});

describe.each(TARGETS)('two processes that rotate %s', (target) => {
  it('end as one does, whichever comes first at every step', async () => {
    const end = await endOf(start, target);
    let states = 0;
    for (let first = 0; first < 24; first += 3) {
      for (let turns = 1; turns <= 4; turns++) {
        expect(await interleaved(start, target, first, turns), `${first}, ${turns}`).toBe(end);
        states++;
      }
    }
    expect(states).toBe(32);
  });
});
