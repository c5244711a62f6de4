import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('the generated circuits', () => {
  it('are what the generator writes', { timeout: 60_000 }, () => {
    const output = execFileSync('node', ['scripts/generate-circuits.mjs', '--check'], {
      encoding: 'utf8',
    });
    expect(output).toBe('3 files, 0 differ\n');
  });
});
