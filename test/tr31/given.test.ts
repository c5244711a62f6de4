// What callers give: every name is read of the object itself.

import { afterEach, describe, expect, it } from 'vitest';
import { given } from '../../src/tr31/given.js';

type Name = keyof ReturnType<typeof given<Record<string, unknown>>>;

/** All of them: the compiler misses one that is left out. */
const NAMES = {
  algorithm: true,
  allow: true,
  checkValues: true,
  data: true,
  exportability: true,
  from: true,
  header: true,
  id: true,
  kbpk: true,
  key: true,
  keyBlock: true,
  keyContext: true,
  keyUsage: true,
  keyVersionNumber: true,
  maskedKeyLength: true,
  modeOfUse: true,
  optionalBlocks: true,
  randomBytes: true,
  to: true,
  validation: true,
  versionId: true,
} satisfies Record<Name, true>;

describe.each(Object.keys(NAMES) as Name[])('%s', (name) => {
  const input = { [name]: 'given' } as Record<string, unknown>;

  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, name);
  });

  it('is read of an object that has it', () => {
    expect(given(input)[name]).toBe('given');
  });

  it('is not read of Object.prototype', () => {
    const value = 'inherited';
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    expect([given<typeof input>({})[name], given(input)[name]]).toEqual([undefined, 'given']);
  });

  it('is not read of another prototype', () => {
    const heir = Object.create(input) as typeof input;
    const owner = Object.assign(Object.create({}), input) as typeof input;
    expect([given(heir)[name], given(owner)[name]]).toEqual([undefined, 'given']);
  });
});
