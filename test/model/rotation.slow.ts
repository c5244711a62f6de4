// Ten thousand sequences of everything that can happen to a rotation; see rotation.test.ts.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { operations, runAll } from './arbitraries.js';
import { checkpoint } from './crash.js';

it('never loses a key in 10,000 sequences, and comes to its end', {
  timeout: 3_600_000,
}, async () => {
  const start = checkpoint(1, 3);
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(operations, async (commands) => {
      const model = await runAll(start.restore(), commands);
      steps += [...model.done.values()].reduce((sum, count) => sum + count, 0);
    }),
    { numRuns: 10_000 },
  );
  // biome-ignore lint/suspicious/noConsole: a model that does less than before is to be seen
  console.info(`${steps} steps`);
  expect(steps).toBeGreaterThan(100_000);
});
