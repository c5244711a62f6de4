/**
 * TR-34 at length: worlds one after the other, until 20,000 steps were made. `SEED` begins
 * elsewhere, `STEPS` goes on for longer; a failure names the seed of its world.
 */
import { test } from 'vitest';
import { createPki } from './pki.js';
import { simulate } from './simulate.js';
import { Stats } from './world.js';

const FIRST = Number(process.env['SEED'] ?? 1);
const STEPS = Number(process.env['STEPS'] ?? 20_000);
const STEPS_OF_A_WORLD = 250;

test(`${STEPS} steps keep every promise`, { timeout: 3_600_000 }, async () => {
  const pkis = [await createPki('RSA-2048'), await createPki('P-384')];
  const stats = new Stats();
  const failures: string[] = [];
  const total = (): number => stats.counts.get('steps') ?? 0;
  for (let seed = FIRST; total() < STEPS && failures.length < 10; seed++) {
    await simulate({ seed, stats, pkis }, STEPS_OF_A_WORLD).catch((error) => {
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
