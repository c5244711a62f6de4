import { type CustomerKeyRecord, createCustomerKey, sharing, tags } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, PIN_ATTRIBUTES, profileOf, recordOf, refusal, ring } from '../keys/estate.js';

const record = recordOf();

describe('tags.evaluate', () => {
  const rule = { when: { keyUsages: ['P0'] }, requireOneOf: ['KIF', 'Network'], onlyOne: true };

  it.each([
    [{}, rule, [{ rule: 0, problem: 'missing' }]],
    [{ KIF: 'POSStation' }, rule, []],
    [{ KIF: 'POSStation', Network: 'PayCard' }, rule, [{ rule: 0, problem: 'several' }]],
    [{ KIF: 'POSStation', Network: 'PayCard' }, { ...rule, onlyOne: false }, []],
    [{}, { ...rule, when: { keyUsages: ['K0'] } }, []],
    [{}, { ...rule, when: {} }, [{ rule: 0, problem: 'missing' }]],
    [{}, { ...rule, when: { exportability: ['N'] } }, []],
    [{}, { ...rule, requireOneOf: ['toString'] }, [{ rule: 0, problem: 'missing' }]],
  ])('of %j by %j is %j', (given, only, violations) => {
    const tagged = { ...record, tags: given } as CustomerKeyRecord;
    expect(tags.evaluate({ record: tagged, rules: [only] })).toEqual(violations);
  });

  it('asks every key for what a rule without a condition asks for', () => {
    const bare = { requireOneOf: ['KIF'] } as unknown as tags.TagRule;
    expect(tags.evaluate({ record, rules: [bare] })).toEqual([{ rule: 0, problem: 'missing' }]);
  });

  it.each([
    [undefined],
    [[null]],
    [[{ when: {} }]],
    [[{ when: 1, requireOneOf: [] }]],
    // Such a rule would ask for nothing.
    [[{ when: { keyUsages: 'P0' }, requireOneOf: ['KIF'] }]],
    [[{ when: { exportability: 'N' }, requireOneOf: ['KIF'] }]],
  ])('refuses the rules %j', (rules) => {
    const options = { record, rules } as unknown;
    expect(() => tags.evaluate(options as Parameters<typeof tags.evaluate>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'tags')),
    );
  });
});

describe('the tags of a key', () => {
  const options = {
    env,
    profile: profileOf(),
    ring,
    keyId: 'k',
    owner: 'acme',
    attributes: PIN_ATTRIBUTES,
  };
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, '']));

  it('are 200 at most, of 128 and 256 characters', () => {
    const given = { ...many(199), ['k'.repeat(128)]: 'v'.repeat(256) };
    expect(createCustomerKey({ ...options, tags: given }).record.tags).toEqual(given);
  });

  it.each([
    ['201', many(201)],
    ['a long key', { ['k'.repeat(129)]: '' }],
    ['no key', { '': '' }],
    ['a long value', { k: 'v'.repeat(257) }],
    ['a number', { k: 1 }],
    ['a prototype', JSON.parse('{"__proto__":"x"}')],
    ['no object', 'k=v'],
  ])('are not %s', (_, given) => {
    expect(() => createCustomerKey({ ...options, tags: given as Record<string, string> })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'tags')),
    );
  });
});

describe('sharing.check', () => {
  const shared = (keyId: string, parties: readonly string[], kcv = '0000000000') =>
    ({
      ...record,
      keyId,
      kcv: { method: 'cmac', value: kcv },
      sharing: { parties, purpose: 'PIN' },
    }) as const;

  it('finds a key that more than two know', () => {
    const records = [shared('a', ['paycard'], '01'), shared('b', ['paycard', 'kif'], '02')];
    expect(sharing.check({ records })).toEqual([{ rule: 'too-many-parties', keyIds: ['b'] }]);
  });

  it('finds one key in two circles, and not in one', () => {
    const records = [
      shared('a', ['paycard']),
      shared('b', ['other']),
      shared('c', ['paycard'], '11'),
      shared('d', ['acme', 'paycard'], '11'),
    ];
    expect(sharing.check({ records })).toEqual([{ rule: 'same-key', keyIds: ['a', 'b'] }]);
  });

  it('does not compare check values of different methods', () => {
    const legacy = { ...shared('b', ['other']), kcv: { method: 'legacy', value: '0000000000' } };
    const records = [shared('a', ['paycard']), legacy as CustomerKeyRecord];
    expect(sharing.check({ records })).toEqual([]);
  });

  it.each([5, null, 'abc', { parties: 5 }, { parties: [{}], purpose: 'PIN' }, { parties: ['a'] }])(
    'refuses a row with %j for its sharing',
    (altered) => {
      const records = [{ ...record, sharing: altered } as unknown as CustomerKeyRecord];
      expect(() => sharing.check({ records })).toThrow(
        expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
      );
    },
  );

  it('refuses what is no list of records', () => {
    const options = { records: 7 } as unknown;
    expect(() => sharing.check(options as Parameters<typeof sharing.check>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'record')),
    );
  });
});
