// Invariants I13 and I14: what is marked for deletion does nothing, and comes back disabled.

import fc from 'fast-check';
import { generateKey } from 'keyblock';
import {
  assertUsage,
  type CustomerKeyRecord,
  exportCustomerKey,
  KeyblockError,
  type Lifecycle,
  lifecycle,
  openCustomerKey,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { env, profileOf, recordOf, refusal, ring } from './estate.js';

const profile = profileOf();
const ENABLED: Lifecycle = { state: 'create-complete', enabled: true };
const record = recordOf();

/** The same moment, so many days later. */
function later(days: number): { readonly at: Date } {
  return { at: new Date(env.at.getTime() + days * 86_400_000) };
}

function withLifecycle(change: Lifecycle): CustomerKeyRecord {
  return { ...record, lifecycle: change };
}

const PENDING: Lifecycle = {
  state: 'delete-pending',
  enabled: false,
  deleteAfter: '2027-01-08T00:00:00.000Z',
  cause: 'requested',
  wasEnabled: true,
};

describe('lifecycle.scheduleDeletion', () => {
  it('marks a key for seven days, and keeps its blocks', () => {
    const { record: marked, writes, audit } = lifecycle.scheduleDeletion({ env, record });
    expect(marked).toEqual({ ...record, revision: 2, lifecycle: PENDING });
    expect(writes).toEqual([
      { op: 'put-record', recordId: 'pek-1', expectedRevision: 1, next: marked },
    ]);
    expect(audit).toEqual([
      {
        kind: 'audit-event',
        schema: 1,
        at: '2027-01-01T00:00:00.000Z',
        action: 'customer-key.schedule-deletion',
        outcome: 'ok',
        recordId: 'pek-1',
        regionId: 'eu-central-1',
        profileId: 'shop',
      },
    ]);
  });

  it.each([
    [3, '2027-01-04T00:00:00.000Z'],
    [180, '2027-06-30T00:00:00.000Z'],
  ])('takes %i days', (days, deleteAfter) => {
    const { record: marked } = lifecycle.scheduleDeletion({ env, record, days });
    expect(marked.lifecycle.deleteAfter).toBe(deleteAfter);
  });

  it.each([2, 181, 3.5, Number.NaN, '7'])('refuses %s days', (days) => {
    const options = { env, record, days: days as number };
    expect(() => lifecycle.scheduleDeletion(options)).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'days')),
    );
  });
});

describe('the cause of a deletion', () => {
  it('is one of those that are known', () => {
    const cause = 'mood' as Lifecycle['cause'];
    expect(() => lifecycle.scheduleDeletion({ env, record, cause })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'options')),
    );
  });

  it('is not made up for a row that lost it', () => {
    const { cause: _, ...causeless } = PENDING;
    const { record: tombstone } = lifecycle.purge({
      env: later(7),
      record: withLifecycle(causeless),
    });
    expect(tombstone.lifecycle).toEqual({
      state: 'delete-complete',
      enabled: false,
      deletedAt: '2027-01-08T00:00:00.000Z',
      backupResidueUntil: '2027-01-15T00:00:00.000Z',
    });
  });
});

describe('a key that is marked for deletion', () => {
  const marked = withLifecycle(PENDING);
  const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const attempts: Readonly<Record<string, () => unknown>> = {
    openCustomerKey: () => openCustomerKey({ env, record: marked, profile, ring }),
    exportCustomerKey: () => exportCustomerKey({ env, record: marked, profile, ring, kek }),
    assertUsage: () =>
      assertUsage({ env, record: marked, operation: { action: 'encrypt', keyUsage: 'P0' } }),
    start: () => lifecycle.start({ env, record: marked }),
    stop: () => lifecycle.stop({ env, record: marked }),
    scheduleDeletion: () => lifecycle.scheduleDeletion({ env, record: marked }),
  };

  it.each(Object.entries(attempts))('is refused by %s', (_, attempt) => {
    expect(attempt).toThrow(expect.objectContaining(refusal('STATE_CONFLICT')));
  });

  it('comes back disabled, until a moment before its time', () => {
    const { record: back } = lifecycle.restore({ env: later(6.999), record: marked });
    expect(back).toEqual({ ...record, revision: 2, lifecycle: { ...ENABLED, enabled: false } });
    expect(() => lifecycle.restore({ env: later(7), record: marked })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });

  it('is gone from its time on, and not before', () => {
    expect(() => lifecycle.purge({ env: later(6.999), record: marked })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
    const { record: tombstone } = lifecycle.purge({ env: later(7), record: marked });
    expect(tombstone).toEqual({
      ...record,
      revision: 2,
      slots: [],
      lifecycle: {
        state: 'delete-complete',
        enabled: false,
        cause: 'requested',
        deletedAt: '2027-01-08T00:00:00.000Z',
        backupResidueUntil: '2027-01-15T00:00:00.000Z',
      },
    });
    for (const step of [lifecycle.restore, lifecycle.purge, lifecycle.start, lifecycle.stop]) {
      expect(() => step({ env: later(8), record: tombstone })).toThrow(
        expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
      );
    }
  });

  it('is never purged when its row lost the time', () => {
    const { deleteAfter: _, ...timeless } = PENDING;
    expect(() => lifecycle.purge({ env: later(999), record: withLifecycle(timeless) })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });
});

describe('lifecycle.stop and lifecycle.start', () => {
  it('switch at once', () => {
    const stopped = lifecycle.stop({ env, record }).record;
    expect(stopped.lifecycle).toEqual({ state: 'create-complete', enabled: false });
    expect(lifecycle.start({ env, record: stopped }).record.lifecycle).toEqual(ENABLED);
  });

  it('switch at a time', () => {
    const { record: planned } = lifecycle.stop({ env, record, from: later(1).at });
    const open = (days: number, of: CustomerKeyRecord) => () =>
      openCustomerKey({ env: later(days), record: of, profile, ring });
    expect(open(0.999, planned)).not.toThrow();
    expect(open(1, planned)).toThrow(expect.objectContaining(refusal('STATE_CONFLICT', 'at')));
    const { record: again } = lifecycle.start({ env, record: planned, from: later(2).at });
    expect(open(1.999, again)).toThrow(expect.objectContaining(refusal('STATE_CONFLICT', 'at')));
    expect(open(2, again)).not.toThrow();
  });

  it('are not forgotten by a deletion that is taken back', () => {
    const started = lifecycle.start({ env, record, from: later(1).at }).record;
    const planned = lifecycle.stop({ env, record: started, from: later(2).at }).record;
    const marked = lifecycle.scheduleDeletion({ env, record: planned }).record;
    const back = lifecycle.restore({ env, record: marked }).record;
    expect(back.lifecycle).toEqual({
      state: 'create-complete',
      enabled: false,
      usageStart: '2027-01-02T00:00:00.000Z',
      usageStop: '2027-01-03T00:00:00.000Z',
    });
  });

  it('need a time to open a key that has times', () => {
    const planned = lifecycle.stop({ env, record, from: later(1).at }).record;
    expect(() => openCustomerKey({ record: planned, profile, ring })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'env')),
    );
  });

  it('refuse a time that is none', () => {
    expect(() => lifecycle.stop({ env, record, from: new Date(Number.NaN) })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'at')),
    );
  });
});

describe('an account', () => {
  const live = record;
  const stopped = withLifecycle({ state: 'create-complete', enabled: false });
  const marked = withLifecycle(PENDING);
  const tombstone = withLifecycle({ state: 'delete-complete', enabled: false });

  it('that is closed marks what lives, and nothing else', () => {
    const records = [live, stopped, marked, tombstone];
    const closed = lifecycle.closeAccount({ env, records, days: 30 });
    expect(closed.records.map(({ lifecycle: now }) => now)).toEqual(
      Array(2).fill({
        state: 'delete-pending',
        enabled: false,
        deleteAfter: '2027-01-31T00:00:00.000Z',
        cause: 'account-closed',
      }),
    );
    expect(closed.writes).toHaveLength(2);
    expect(closed.audit).toHaveLength(2);
  });

  it('that comes back has all of its keys disabled, and not those that were marked before', () => {
    const closed = lifecycle.closeAccount({ env, records: [live, stopped] }).records;
    const back = lifecycle.reactivateAccount({ env: later(6), records: [...closed, marked] });
    expect(back.records.map(({ lifecycle: now }) => now)).toEqual(
      Array(2).fill({ state: 'create-complete', enabled: false }),
    );
    expect(lifecycle.reactivateAccount({ env: later(7), records: closed }).records).toEqual([]);
  });

  it('that is closed gives no key back one by one', () => {
    const [closed = live] = lifecycle.closeAccount({ env, records: [live] }).records;
    expect(() => lifecycle.restore({ env, record: closed })).toThrow(
      expect.objectContaining(refusal('STATE_CONFLICT', 'record')),
    );
  });

  it.each([undefined, 7, [null]])('is not %j', (records) => {
    const options = { env, records } as unknown;
    expect(() =>
      lifecycle.closeAccount(options as Parameters<typeof lifecycle.closeAccount>[0]),
    ).toThrow(KeyblockError);
  });
});

/** Every step, and a day that passes. */
const STEPS = {
  start: (key: CustomerKeyRecord, at: Date) => lifecycle.start({ env: { at }, record: key }).record,
  stop: (key: CustomerKeyRecord, at: Date) => lifecycle.stop({ env: { at }, record: key }).record,
  delete: (key: CustomerKeyRecord, at: Date) =>
    lifecycle.scheduleDeletion({ env: { at }, record: key, days: 3 }).record,
  restore: (key: CustomerKeyRecord, at: Date) =>
    lifecycle.restore({ env: { at }, record: key }).record,
  purge: (key: CustomerKeyRecord, at: Date) => lifecycle.purge({ env: { at }, record: key }).record,
  close: (key: CustomerKeyRecord, at: Date) =>
    lifecycle.closeAccount({ env: { at }, records: [key], days: 3 }).records[0] ?? key,
  reactivate: (key: CustomerKeyRecord, at: Date) =>
    lifecycle.reactivateAccount({ env: { at }, records: [key] }).records[0] ?? key,
} as const;

/**
 * The same, thought of as five states: what a step leads to, else it is refused or does nothing.
 */
interface Model {
  readonly state: 'on' | 'off' | 'marked' | 'closed' | 'gone';
  readonly until: number;
}

function modelStep(model: Model, step: keyof typeof STEPS, day: number): Model {
  const { state, until } = model;
  const isLive = state === 'on' || state === 'off';
  const inTime = day < until;
  if (step === 'start' && isLive) return { state: 'on', until };
  if (step === 'stop' && isLive) return { state: 'off', until };
  if (step === 'delete' && isLive) return { state: 'marked', until: day + 3 };
  if (step === 'close' && isLive) return { state: 'closed', until: day + 3 };
  if (step === 'restore' && state === 'marked' && inTime) return { state: 'off', until };
  if (step === 'reactivate' && state === 'closed' && inTime) return { state: 'off', until };
  if (step === 'purge' && (state === 'marked' || state === 'closed') && !inTime) {
    return { state: 'gone', until };
  }
  return model;
}

describe('any sequence of steps', () => {
  it('is that of the model: usable only when on, and never on without a start', () => {
    const anyStep = fc.tuple(
      fc.constantFrom(...(Object.keys(STEPS) as (keyof typeof STEPS)[])),
      fc.integer({ min: 0, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        let key = record;
        let model: Model = { state: 'on', until: 0 };
        let day = 0;
        for (const [step, days] of steps) {
          day += days;
          const { at } = later(day);
          key = attempt(() => STEPS[step](key, at), key);
          model = modelStep(model, step, day);
          const opens = attempt(() => {
            openCustomerKey({ env: { at }, record: key, profile, ring }).key.destroy();
            return true;
          }, false);
          expect(opens).toBe(model.state === 'on');
          expect(key.slots.length === 0).toBe(model.state === 'gone');
        }
      }),
      { numRuns: 200 },
    );
  });
});

function attempt<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof KeyblockError && error.code === 'STATE_CONFLICT') return otherwise;
    throw error;
  }
}
