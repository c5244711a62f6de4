// Several members of an object at once, none but its own.

import { afterEach, describe, expect, it } from 'vitest';
import { ownMembers } from '../../src/primitives/own-members.js';

type Name = 'size' | 'text';
const nobodyHas = () => !('size' in {} || 'text' in {});
const members = <T extends object>(value: T) => ownMembers<T, Name>(value, nobodyHas);

describe('ownMembers', () => {
  const prototype: Record<string, unknown> = Object.prototype as never; // to put members on it

  afterEach(() => {
    delete prototype['size'];
  });

  it('gives an object back that inherits none', () => {
    const plain = { size: 3, text: 'a' };
    const bare: { size?: number } = Object.assign(Object.create(null), { size: 3 });
    expect(members(plain)).toBe(plain);
    expect(members(bare)).toBe(bare);
  });

  it('reads a getter of the object itself, once', () => {
    let reads = 0;
    const value = {
      get size() {
        reads++;
        return 5;
      },
    };
    const read = members(value);
    expect(reads).toBe(0);
    expect([read.size, reads]).toEqual([5, 1]);
  });

  it.each([
    ['a value', { value: 7 }],
    ['undefined', { value: undefined }],
    ['a getter that gives nothing at first', { get: lateGetter() }],
  ])('reads nothing from Object.prototype that has %s', (_, attributes) => {
    Object.defineProperty(Object.prototype, 'size', { ...attributes, configurable: true });
    const value: { size?: number; text: string } = { text: 'a' };
    const read = members(value);
    expect([read.text, read.size, read.size]).toEqual(['a', undefined, undefined]);
    expect(members({ size: 1 }).size).toBe(1);
  });

  it('reads nothing from another prototype, but what the object has itself', () => {
    const value: { size?: number; text?: string } = Object.create(
      { size: 5 },
      {
        text: { value: 'hidden', enumerable: false },
      },
    );
    const { size, text } = members(value);
    expect([size, text]).toEqual([undefined, 'hidden']);
  });
});

/** What a polluted prototype may do to whoever looks first and reads then. */
function lateGetter(): () => unknown {
  let reads = 0;
  return () => (reads++ === 0 ? undefined : 7);
}
