/** A few worlds of the simulator, always the same ones: in Node and in browsers. */
import { expect, test } from 'vitest';
import { simulate } from './simulate.js';
import { Stats } from './world.js';

/** One of each: queues alone, both, loops alone; and whatever else a seed decides. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 150;

test.each(SEEDS)('world %i keeps every promise', async (seed) => {
  const stats = new Stats();
  await simulate({ seed, stats }, STEPS);
  expect(stats.counts.get('steps')).toBe(STEPS);
  expect(stats.counts.get('reads')).toBeGreaterThan(0);
});
