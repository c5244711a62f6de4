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

test.each([
  { seed: 1, regions: 2, disables: false },
  { seed: 2, regions: 2, disables: true },
  { seed: 3, regions: 3, disables: false },
  { seed: 4, regions: 3, disables: true },
])('regions of world $seed become the same', async (options) => {
  const stats = new Stats();
  await simulateReplication({ ...options, stats }, STEPS);
  expect(stats.counts.get('worlds of replication')).toBe(1);
});
