/** A few worlds of TR-34, always the same ones: in Node and in browsers. */
import { beforeAll, expect, test } from 'vitest';
import { createPki, type Pki } from './pki.js';
import { simulate } from './simulate.js';
import { Stats } from './world.js';

const SEEDS = [2, 3, 5];
const STEPS = 100;

let pkis: readonly Pki[];

beforeAll(async () => {
  pkis = [await createPki('RSA-2048'), await createPki('P-384')];
});

test.each(SEEDS)('world %i keeps every promise', async (seed) => {
  const stats = new Stats();
  await simulate({ seed, stats, pkis }, STEPS);
  expect(stats.counts.get('steps')).toBe(STEPS);
  expect(stats.counts.get('key: key')).toBeGreaterThan(0);
});
