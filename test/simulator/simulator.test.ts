/** A few worlds of the simulator, always the same ones: in Node and in browsers. */
import { expect, test } from 'vitest';
import { simulateReplication } from './replicate.js';
import { simulate } from './simulate.js';
import { Stats } from './world.js';

/** Queues alone, both, loops alone; and whatever else a seed decides. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const STEPS = 150;

test.each(SEEDS)('world %i keeps every promise', async (seed) => {
  const stats = new Stats();
  await simulate({ seed, stats }, STEPS);
  expect(stats.counts.get('steps')).toBe(STEPS);
  expect(stats.counts.get('reads')).toBeGreaterThan(0);
});

test.each([1, 2])('regions of world %i become the same', async (seed) => {
  const stats = new Stats();
  await simulateReplication({ seed, stats }, STEPS);
  expect(stats.counts.get('worlds of replication')).toBe(1);
});
