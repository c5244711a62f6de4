/**
 * The simulator at length: worlds one after the other, until 100,000 steps were made. `SEED` begins
 * elsewhere, `STEPS` goes on for longer; a failure names the seed of its world.
 */
import { test } from 'vitest';
import { tdesOfNode } from './node-reference.js';
import { simulateReplication } from './replicate.js';
import { simulate } from './simulate.js';
import { createParties, distributeMainKey, exchangeKek } from './tr34.js';
import { Stats } from './world.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const STEPS = Number(process.env['STEPS'] ?? 100_000);
const STEPS_OF_A_WORLD = 500;

test(`${STEPS} steps keep every promise`, { timeout: 3_600_000 }, async () => {
  const stats = new Stats();
  const failures: string[] = [];
  const total = (): number => stats.counts.get('steps') ?? 0;
  for (let seed = FIRST; total() < STEPS && failures.length < 10; seed++) {
    const run = seed % 4 === 0 ? simulateReplication : simulate;
    // Of the worlds of replication, half have two regions, half three; in half of them pairs end.
    const regions = seed % 4 === 0 ? 2 + ((seed / 4) % 2) : undefined;
    const options = { seed, stats, tdes: tdesOfNode, regions, disables: seed % 16 < 8 };
    await run(options, STEPS_OF_A_WORLD).catch((error) => {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }
  process.stdout.write(`${report(stats)}\n`);
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
});

/** How often what was done, in the order of names. */
function report({ counts }: Stats): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${String(times).padStart(9)}  ${name}`)
    .join('\n');
}

test('keys travel by TR-34', { timeout: 600_000 }, async () => {
  const parties = await createParties();
  for (let seed = 1; seed <= 5; seed++) await exchangeKek(parties, seed);
  await distributeMainKey(parties);
});
