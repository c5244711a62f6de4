// The machine of a main key's versions, whole: every state with every event, and invariant I7.

import fc from 'fast-check';
import { KeyblockError, type MainKeyState, type MainKeyVersion } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  mayOpen,
  mayWrap,
  newVersion,
  transition,
  type VersionEvent,
  wrappingVersions,
} from '../../../src/hierarchy/versions.js';
import { env, refusal } from './estate.js';

const STATES: readonly MainKeyState[] = ['pending', 'active', 'retiring', 'retired', 'destroyed'];
const KCV = { method: 'cmac', value: '0102030405' } as const;

function version(number: number, state: MainKeyState): MainKeyVersion {
  return { version: number, state, kcv: KCV, createdAt: '2026-12-01T00:00:00.000Z' };
}

type Event = VersionEvent<MainKeyVersion>;
type Step = Exclude<Event['kind'], 'generate' | 'mark-compromised'>;

/** Spec 2.1, line by line: what each event leads to, from each state; nothing else is possible. */
const TABLE: Readonly<Record<Step, Partial<Record<MainKeyState, MainKeyState>>>> = {
  promote: { pending: 'active' },
  abort: { pending: 'destroyed' },
  rollback: { retiring: 'active' },
  'cleanup-complete': { retiring: 'retired' },
  destroy: { retired: 'destroyed' },
};

describe('transition', () => {
  const cases = Object.entries(TABLE).flatMap(([kind, row]) =>
    STATES.map((from) => ({ kind: kind as Step, from, to: row[from] })),
  );

  it.each(cases)('$kind of a version that is $from: $to', ({ kind, from, to }) => {
    const call = () => transition([version(1, from)], { kind, version: 1 });
    if (to === undefined) {
      expect(call).toThrow(expect.objectContaining(refusal('STATE_CONFLICT', 'record')));
    } else {
      expect(call()).toEqual([version(1, to)]);
    }
  });

  it('moves what was active in the same step', () => {
    const before = [version(1, 'active'), version(2, 'pending')];
    const promoted = transition(before, { kind: 'promote', version: 2 });
    expect(promoted).toEqual([version(1, 'retiring'), version(2, 'active')]);
    expect(transition(promoted, { kind: 'rollback', version: 1 })).toEqual(before);
  });

  it('does not go back over a version that is pending, nor to one on its way out', () => {
    const versions = [version(1, 'retiring'), version(2, 'active'), version(3, 'pending')];
    expect(() => transition(versions, { kind: 'rollback', version: 1 })).toThrow(KeyblockError);
    const draining = [{ ...version(1, 'retiring'), draining: true }, version(2, 'active')];
    expect(() => transition(draining, { kind: 'rollback', version: 1 })).toThrow(KeyblockError);
  });

  it('marks a version once, and never one that is gone', () => {
    const at = '2027-01-01T00:00:00.000Z';
    const marked = transition([version(1, 'active')], {
      kind: 'mark-compromised',
      version: 1,
      at,
      note: 'n',
    });
    expect(marked).toEqual([{ ...version(1, 'active'), compromised: { at, note: 'n' } }]);
    const later = { kind: 'mark-compromised', version: 1, at: '2028-01-01T00:00:00.000Z' } as const;
    expect(transition(marked, later)).toEqual(marked);
    expect(() => transition([version(1, 'destroyed')], later)).toThrow(KeyblockError);
  });

  it('does not promote a compromised version', () => {
    const pending = { ...version(1, 'pending'), compromised: { at: '2027-01-01T00:00:00.000Z' } };
    expect(() => transition([pending], { kind: 'promote', version: 1 })).toThrow(KeyblockError);
  });

  it('refuses a version that is not there, and a new one out of turn', () => {
    expect(() => transition([version(1, 'active')], { kind: 'destroy', version: 2 })).toThrow(
      expect.objectContaining(refusal('UNKNOWN_KEY_VERSION', 'record')),
    );
    for (const next of [version(1, 'pending'), version(3, 'pending'), version(2, 'active')]) {
      expect(() => transition([version(1, 'active')], { kind: 'generate', next })).toThrow(
        expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
      );
    }
    const pending = [version(1, 'pending')];
    expect(() => transition(pending, { kind: 'generate', next: version(2, 'pending') })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });

  it('keeps one active and one pending version, and never uses a number again', () => {
    const anyStep = fc.tuple(
      fc.constantFrom(...(Object.keys(TABLE) as Step[]), 'generate' as const),
      fc.integer({ min: 1, max: 6 }),
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        let versions: readonly MainKeyVersion[] = [];
        for (const [kind, number] of steps) {
          const next = newVersion(versions, { kcv: KCV, env });
          const event: Event = kind === 'generate' ? { kind, next } : { kind, version: number };
          const before = versions;
          versions = attempt(versions, event);
          const count = (state: MainKeyState) => versions.filter((v) => v.state === state).length;
          expect(count('active')).toBeLessThanOrEqual(1);
          expect(count('pending')).toBeLessThanOrEqual(1);
          expect(versions.map((v) => v.version)).toEqual(versions.map((_, i) => i + 1));
          for (const [i, old] of before.entries()) {
            if (old.state === 'destroyed') expect(versions[i]).toEqual(old);
          }
        }
      }),
    );
  });
});

describe('what a version may do', () => {
  it.each([
    ['pending', false, true, true],
    ['active', true, true, true],
    ['retiring', false, false, true],
    ['retired', false, false, false],
    ['destroyed', false, false, false],
  ] as const)(
    'when it is %s: wrap %s, wrap beside another %s, open %s',
    (state, first, second, open) => {
      const subject = version(1, state);
      expect([mayWrap(subject, env, 'first'), mayWrap(subject, env, 'second')]).toEqual([
        first,
        second,
      ]);
      expect(mayOpen(subject)).toBe(open);
    },
  );

  it.each([
    { compromised: { at: '2026-12-31T00:00:00.000Z' } },
    { draining: true },
    { wrapUntil: '2026-12-31T23:59:59.999Z' },
  ])('does not include wrapping when it has %j', (change) => {
    const subject = { ...version(1, 'active'), ...change };
    expect(mayWrap(subject, env, 'first')).toBe(false);
    expect(mayOpen(subject)).toBe(true);
    expect(() => wrappingVersions([subject], env)).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });
});

function attempt(versions: readonly MainKeyVersion[], event: Event): readonly MainKeyVersion[] {
  try {
    return transition(versions, event);
  } catch (error) {
    if (error instanceof KeyblockError) return versions;
    throw error;
  }
}
