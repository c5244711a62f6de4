// Everything that can happen to a rotation, in random order: I1 to I7 after each step, and an end
// that is the same whatever happened (I17, I18).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations, runAll } from './arbitraries.js';
import { checkpoint } from './crash.js';

const start = checkpoint(1, 3);

describe('a rotation that everything happens to', () => {
  it('never loses a key, and comes to its end', { timeout: 120_000 }, async () => {
    const done = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(operations, async (commands) => {
        const model = await runAll(start.restore(), commands);
        for (const [what, count] of model.done) done.set(what, count + (done.get(what) ?? 0));
      }),
      { numRuns: 200 },
    );
    // Each of these was really done, or the test says less than it seems to.
    for (const what of [
      'promote',
      'clean-up',
      'retire',
      'reload',
      'abort',
      'rollback',
      'deliver',
    ]) {
      expect(done.get(what), what).toBeGreaterThan(0);
    }
  });
});
