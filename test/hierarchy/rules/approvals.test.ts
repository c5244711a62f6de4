// Invariant I15: dual control.

import fc from 'fast-check';
import { type Approval, approvals } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, refusal } from '../keys/estate.js';

const OPERATION = { version: 1, kind: 'destroy', keyId: 'eu-central-1' };

/** SHA-256 of `{"keyId":"eu-central-1","kind":"destroy","version":1}`, by sha256sum. */
const DIGEST = 'c14839a5b4c85b8e0b59f5bac7822ae3cf98d312f499cc3e260bf74a90705f3d';

function consent(change: Partial<Approval> = {}): Approval {
  const at = '2026-12-31T12:00:00.000Z';
  return { by: 'ada', role: 'security-officer', at, operationDigest: DIGEST, ...change };
}

const BOTH = [consent(), consent({ by: 'grace' })];

describe('approvals.digest', () => {
  it('is that of the canonical JSON', () => {
    expect(approvals.digest(OPERATION)).toBe(DIGEST);
  });
});

describe('approvals.require', () => {
  it('names those whose consent counted', () => {
    expect(approvals.require({ env, operation: OPERATION, approvals: BOTH })).toEqual([
      'ada',
      'grace',
    ]);
  });

  it.each([
    ['none', []],
    ['one', [consent()]],
    ['one person twice', [consent(), consent({ role: 'custodian' })]],
    ['one person in two cases', [consent(), consent({ by: 'Ada' })]],
    [
      'one person composed in two ways',
      [consent({ by: 'Zo\u00eb' }), consent({ by: 'Zoe\u0308' })],
    ],
    ['one person in full width', [consent(), consent({ by: '\uff41\uff44\uff41' })]],
    [
      'another operation',
      [consent(), consent({ by: 'grace', operationDigest: DIGEST.replace('c', 'd') })],
    ],
    ['another time', [consent(), consent({ by: 'grace', at: '2026-12-30T23:59:59.999Z' })]],
    ['the future', [consent(), consent({ by: 'grace', at: '2027-01-01T00:00:00.001Z' })]],
  ])('refuses %s', (_, given) => {
    expect(() => approvals.require({ env, operation: OPERATION, approvals: given })).toThrow(
      expect.objectContaining(refusal('APPROVAL_REQUIRED', 'approvals')),
    );
  });

  it.each([
    [{ requester: 'grace' }],
    [{ requester: 'Grace' }],
    [{ roles: ['custodian'] }],
    [{ count: 3 }],
    [{ withinSeconds: 43_199 }],
  ])('refuses both under the policy %j', (policy) => {
    const options = { env, operation: OPERATION, approvals: BOTH, policy };
    expect(() => approvals.require(options)).toThrow(
      expect.objectContaining(refusal('APPROVAL_REQUIRED', 'approvals')),
    );
  });

  it('counts different people, in time, for the very operation', () => {
    const anyConsent = fc.record({
      by: fc.constantFrom('ada', 'grace', 'joan', 'mary'),
      role: fc.constantFrom('security-officer', 'custodian'),
      at: fc.constantFrom('2026-12-31T12:00:00.000Z', '2026-12-01T00:00:00.000Z'),
      operationDigest: fc.constantFrom(DIGEST, '00'.repeat(32)),
    });
    fc.assert(
      fc.property(
        fc.array(anyConsent, { maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        (given, count) => {
          const valid = given.filter(
            ({ at, operationDigest }) => at.startsWith('2026-12-31') && operationDigest === DIGEST,
          );
          const people = new Set(valid.map(({ by }) => by)).size;
          const options = { env, operation: OPERATION, approvals: given, policy: { count } };
          if (people >= count) expect(approvals.require(options)).toHaveLength(people);
          else expect(() => approvals.require(options)).toThrow('Too few people');
        },
      ),
    );
  });

  it.each([
    ['no list', { approvals: 'ada, grace' }, 'approvals'],
    ['a person without a name', { approvals: [consent({ by: '' })] }, 'approvals'],
    ['a name with a space at its end', { approvals: [consent({ by: 'ada ' })] }, 'approvals'],
    ['a name with a space of no width', { approvals: [consent({ by: 'ada\u200b' })] }, 'approvals'],
    ['a name with a control', { approvals: [consent({ by: 'a\u0000da' })] }, 'approvals'],
    ['a requester that nobody sees', { policy: { requester: 'ada\u2060' } }, 'policy'],
    ['no time', { approvals: [consent({ at: 'yesterday' })] }, 'approvals'],
    ['nobody', { policy: { count: 0 } }, 'policy'],
    ['half a person', { policy: { count: 1.5 } }, 'policy'],
    ['no time at all', { policy: { withinSeconds: 0 } }, 'policy'],
    ['an operation that is no JSON', { operation: { at: new Date(0) } }, 'options'],
    ['an operation without end', { operation: endless() }, 'options'],
    ['no operation', { operation: undefined }, 'options'],
  ])('refuses %s', (_, change, field) => {
    const options = { env, operation: OPERATION, approvals: BOTH, ...change } as unknown;
    expect(() => approvals.require(options as Parameters<typeof approvals.require>[0])).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', field)),
    );
  });
});

function endless(): object {
  const list: unknown[] = [];
  list.push(list);
  return list;
}
