import { describe, expect, it } from 'vitest';
import { createSeen } from '../../../src/hierarchy/rotation/seen.js';

describe('the records that a scan has shown', () => {
  it('are counted once each, however many sets they fill', () => {
    const seen = createSeen(2);
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(names.map((name) => seen.add(name))).toEqual(names.map(() => true));
    expect(seen.count()).toBe(5);
    expect(names.map((name) => seen.add(name))).toEqual(names.map(() => false));
    expect(seen.count()).toBe(5);
  });
});
