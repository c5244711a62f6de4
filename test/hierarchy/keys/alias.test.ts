import { type AliasRecord, applyWrite, createAlias, repointAlias } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, refusal } from './estate.js';

const record: AliasRecord = {
  kind: 'alias',
  schema: 1,
  revision: 4,
  alias: 'pin/current',
  keyId: 'pek-1',
};

describe('createAlias', () => {
  it('makes an alias, of a key or of none yet', () => {
    const {
      record: made,
      writes,
      audit,
    } = createAlias({ env, alias: 'pin/current', keyId: 'pek-1' });
    expect(made).toEqual({ ...record, revision: 1 });
    expect(writes).toEqual([
      { op: 'put-record', recordId: 'alias:pin/current', expectedRevision: 0, next: made },
    ]);
    expect(audit).toMatchObject([{ action: 'alias.create', recordId: 'alias:pin/current' }]);
    expect(Object.hasOwn(createAlias({ env, alias: 'a' }).record, 'keyId')).toBe(false);
  });

  it.each([[{ alias: '' }], [{ alias: 'a b' }], [{ keyId: 'a;b' }]])('refuses %j', (change) => {
    expect(() => createAlias({ env, alias: 'a', keyId: 'k', ...change })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT')),
    );
  });
});

describe('repointAlias', () => {
  it('moves an alias once: the second of two who move it is refused by the store', () => {
    const first = repointAlias({ env, record, expected: 'pek-1', keyId: 'pek-2' });
    const second = repointAlias({ env, record, expected: 'pek-1', keyId: 'pek-3' });
    const [write] = first.writes;
    const [late] = second.writes;
    if (write === undefined || late === undefined) throw new Error('no write');
    const stored = applyWrite({ record, write });
    expect(stored).toEqual({ ...record, revision: 5, keyId: 'pek-2' });
    expect(applyWrite({ record: stored, write: late })).toBeUndefined();
  });

  it('takes the key away', () => {
    const { record: empty } = repointAlias({ env, record, expected: 'pek-1', keyId: undefined });
    expect(Object.hasOwn(empty, 'keyId')).toBe(false);
    expect(repointAlias({ env, record: empty, expected: undefined, keyId: 'k' }).record.keyId).toBe(
      'k',
    );
  });

  it.each([
    ['another key', record, 'pek-9'],
    ['a key where there is none', { ...record, keyId: undefined }, 'pek-1'],
    ['what is no alias', { ...record, kind: 'profile' }, 'pek-1'],
    ['nothing', undefined, 'pek-1'],
  ])('refuses %s', (_, given, expected) => {
    const options = { env, record: given as AliasRecord, expected, keyId: 'pek-2' };
    expect(() => repointAlias(options)).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });
});
