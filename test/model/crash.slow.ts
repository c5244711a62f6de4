// Two kills in a row, at every pair of points, and two processes at every pair of steps.

import { describe, expect, it } from 'vitest';
import { checkpoint, countPoints, crashes, endOf, interleaved } from './crash.js';

const start = checkpoint(2, 3);

describe.each(['p1', 'region'])('a rotation of %s that is killed twice', (target) => {
  it('ends as if it had not been, wherever that happened', async () => {
    const end = await endOf(start, target);
    const points = await countPoints(start, target);
    let states = 0;
    for (let first = 0; first < points; first++) {
      for (let second = 0; second < points; second++) {
        expect(await crashes(start, target, [first, second]), `${first}, ${second}`).toBe(end);
        states++;
      }
    }
    // biome-ignore lint/suspicious/noConsole: a table that shrinks is to be seen
    console.info(`${target}: ${states} states`);
    expect(states).toBeGreaterThanOrEqual(28 * 28);
  });

  it('ends as one process does when two take turns', async () => {
    const end = await endOf(start, target);
    let states = 0;
    for (let ahead = 0; ahead < 28; ahead++) {
      for (let turns = 1; turns <= 28; turns++) {
        expect(await interleaved(start, target, ahead, turns), `${ahead}, ${turns}`).toBe(end);
        states++;
      }
    }
    expect(states).toBe(28 * 28);
  });
});
