import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import { BOMBS } from './bombs.js';

describe('readDer', () => {
  it.each(BOMBS)('survives $name', ({ build, isDer = false }) => {
    const bytes = build();
    const start = performance.now();
    if (isDer) expect(readDer(bytes).bytes.length).toBe(bytes.length);
    else {
      expect(() => readDer(bytes)).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'TOKEN_MALFORMED' }),
      );
    }
    // A hundred times what it takes.
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('survives them all', () => {
    expect(BOMBS.length).toBeGreaterThanOrEqual(61);
  });
});
