// What regions answer is compared with what the ledger knows: a copy counts as one only when it is
// the key of the origin, and nothing else that is said of it gets into the ledger.

import { generateKey, type KeyBlockHeaderInput, wrapKey } from 'keyblock';
import { replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  AES_128,
  DAY,
  DESTINATION,
  entryOf,
  establishedPair,
  exchange,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
} from './regions.js';

const env = later(0);
const origin = new Region(ORIGIN);
const destination = new Region(DESTINATION);
const both = [origin, destination];
const pair = establishedPair(origin, destination);
let made = 0;

type Command = replication.ReplicationCommand;

function only(step: replication.ReplicationStep): Command {
  const [command, ...others] = step.commands;
  if (command === undefined || others.length > 0) throw new Error('one command');
  return command;
}

const answer = (
  { ledger }: replication.ReplicationStep,
  result: object,
): replication.ReplicationStep =>
  replication.apply({ env, ledger, results: [result as replication.CommandResult] });

/** A key of the origin whose export was asked for. */
function exporting() {
  made += 1;
  const keyId = `a${made}`;
  const events = [origin.create(keyId)];
  const step = replication.reduce({ env, ledger: openLedger(pair), events });
  return { keyId, step, command: only(step) };
}

/** The same key when its import was asked for. */
function importing() {
  const { keyId, step, command } = exporting();
  const next = answer(step, origin.execute(command, env));
  return { keyId, step: next, command: only(next) };
}

/** A key that was copied, and the command that came of an event. */
function changing(eventOf: (keyId: string) => replication.ReplicationEvent) {
  const { keyId, step } = importing();
  const ledger = settle(step, both, env);
  const changed = replication.reduce({ env, ledger, events: [eventOf(keyId)] });
  return { keyId, step: changed, command: only(changed) };
}

const HEADER = {
  versionId: 'D',
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'B',
  exportability: 'E',
  keyVersionNumber: '00',
  keyContext: '2',
} as const;

function blockOf(change: Partial<KeyBlockHeaderInput>): string {
  const kbpk = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
  return wrapKey({ kbpk, key, header: { ...HEADER, ...change } });
}

describe('the answer to an export', () => {
  it.each<[string, unknown]>([
    ['no block', undefined],
    ['what is no text', 5],
    ['what is no block', 'D'],
    ['a block for storage only', blockOf({ keyContext: '1' })],
    ['a block of another usage', blockOf({ keyUsage: 'D0' })],
    ['a block of another mode', blockOf({ modeOfUse: 'E' })],
    ['a block of another exportability', blockOf({ exportability: 'S' })],
    ['a block of another key version', blockOf({ keyVersionNumber: '01' })],
  ])('is a failure with %s, which goes nowhere', (_what, keyBlock) => {
    const { keyId, step, command } = exporting();
    const next = answer(step, { command, outcome: 'done', keyBlock });
    expect(next.commands).toEqual([]);
    const entry = entryOf(next.ledger, keyId);
    expect(entry).toMatchObject({ state: 'failed', failure: { code: 'CONTEXT_MISMATCH' } });
    expect(entry.exported).toBeUndefined();
    expect(next.audit).toEqual([
      expect.objectContaining({ action: 'replica.failed', outcome: 'refused', recordId: keyId }),
    ]);
  });

  it('may be a block without restriction, as the edition of 2018 writes it', () => {
    const { step, command } = exporting();
    const keyBlock = blockOf({ keyContext: '0' });
    const next = answer(step, { command, outcome: 'done', keyBlock });
    expect(only(next)).toMatchObject({ type: 'importTr31', keyBlock });
  });

  it.each([
    ['EXPORT_NOT_ALLOWED', 'not-exportable'],
    ['KEY_STRENGTH', 'kek-too-weak'],
  ])('may be %s: no other attempt under this KEK, and one under another', (code, reason) => {
    const { keyId, step, command } = exporting();
    const next = answer(step, { command, outcome: 'failed', code });
    expect(entryOf(next.ledger, keyId)).toMatchObject({ state: 'unreplicable', reason });
    const tomorrow = later(DAY);
    // It is said once, and nothing is left to store.
    const { ledger: same, ...idle } = replication.retry({ env: tomorrow, ledger: next.ledger });
    expect([same, idle.commands, idle.audit]).toEqual([next.ledger, [], []]);
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const renewed = exchange(replication.nextGeneration({ env, pair }), kek);
    const again = replication.attach({ env, ledger: next.ledger, pair: renewed });
    expect(only(again)).toMatchObject({ type: 'exportTr31', keyId, generation: 2 });
  });

  it('is a failure when the region has lost the key', () => {
    const { keyId, step, command } = exporting();
    const next = answer(step, { command, outcome: 'gone' });
    expect(next.commands).toEqual([]);
    expect(entryOf(next.ledger, keyId)).toMatchObject({
      state: 'failed',
      failure: { code: 'GONE' },
    });
  });
});

describe('the answer to an import', () => {
  it.each<[string, object, string]>([
    ['other attributes', { attributesDigest: '0'.repeat(64) }, 'CONTEXT_MISMATCH'],
    ['no attributes', { attributesDigest: undefined }, 'CONTEXT_MISMATCH'],
    ['no check value', { kcv: undefined }, 'KCV_MISMATCH'],
    ['a check value that is none', { kcv: null }, 'KCV_MISMATCH'],
  ])('is no copy with %s, and what is there is to go', (_what, change, code) => {
    const { keyId, step, command } = importing();
    const result = destination.execute(command, env);
    const next = answer(step, { ...result, ...change });
    const entry = entryOf(next.ledger, keyId);
    expect(entry).toMatchObject({ state: 'failed', failure: { code }, discard: keyId });
    expect(entry.replica).toBeUndefined();
    const retried = replication.retry({ env: later(DAY), ledger: next.ledger });
    const discard = only(retried);
    expect(discard).toMatchObject({ type: 'scheduleDeletion', replicaKeyId: keyId });
    // When it is marked, or gone, the key is copied anew.
    const deleteAfter = later(4 * DAY).at.toISOString();
    for (const done of [{ outcome: 'done', deleteAfter }, { outcome: 'gone' }]) {
      const after = answer(retried, { command: discard, ...done });
      expect(entryOf(after.ledger, keyId).discard).toBeUndefined();
      const anew = replication.retry({ env: later(2 * DAY), ledger: after.ledger });
      expect(only(anew)).toMatchObject({ type: 'exportTr31', keyId });
    }
  });

  it('is refused without the ID of the copy', () => {
    const { step, command } = importing();
    const result = { ...destination.execute(command, env), replicaKeyId: '' };
    expect(() => answer(step, result)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'keyId' }),
    );
  });
});

describe('the answer to a change', () => {
  it.each<[string, (keyId: string) => replication.ReplicationEvent]>([
    ['a stop', (keyId) => origin.stop(keyId)],
    ['tags', (keyId) => origin.tag(keyId, { a: '1' })],
  ])('that the copy is gone makes another: %s', (_what, eventOf) => {
    const { keyId, step, command } = changing(eventOf);
    const next = answer(step, { command, outcome: 'gone' });
    expect(entryOf(next.ledger, keyId).replica).toBeUndefined();
    expect(only(next)).toMatchObject({ type: 'exportTr31', keyId });
  });

  it('of a deletion says when, or is refused', () => {
    const { step, command } = changing((keyId) => origin.delete(keyId, 7));
    const none = [undefined, 'soon', 5, '+012000-01-01T00:00:00.000Z', 'soonTZ'];
    const noDay = ['2027-02-30', '2027-04-31T00:00:00Z', '2027-00-01', '2027-13-01'];
    const nowhere = ['2027-02-01T00:00:00', '9999-12-31T00:00:00Z', 'Mon, 01 Feb 2027 00:00:00'];
    for (const deleteAfter of [...none, ...noDay, ...nowhere]) {
      expect(() => answer(step, { command, outcome: 'done', deleteAfter })).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
  });

  it('of a deletion is a failure where the copy goes before its origin, and it is marked anew', () => {
    const { keyId, step, command } = changing((id) => origin.delete(id, 180));
    const deleteAfter = later(3 * DAY).at.toISOString();
    const early = answer(step, { command, outcome: 'done', deleteAfter });
    expect(entryOf(early.ledger, keyId).failure?.code).toBe('STATE_CONFLICT');
    const restored = only(early);
    expect(restored.type).toBe('cancelDeletion');
    const live = answer(early, { command: restored, outcome: 'done' });
    // A service that knows no other time is not asked for ever.
    expect(live.commands).toEqual([]);
    const due = replication.retry({ env: later(60_000), ledger: live.ledger });
    expect(only(due)).toMatchObject({ type: 'scheduleDeletion', days: 180 });
    // A clock that goes a little after is no reason.
    const soon = later(180 * DAY - 60_000).at.toISOString();
    const end = answer(due, { command: only(due), outcome: 'done', deleteAfter: soon });
    expect(end.commands).toEqual([]);
    expect(entryOf(end.ledger, keyId).state).toBe('delete-scheduled');
  });

  it('counts once, and for the command that is in flight', () => {
    const { keyId, step, command } = changing((id) => origin.stop(id));
    const other = { ...command, commandId: 'another' };
    expect(answer(step, { command: other, outcome: 'done' }).ledger).toBe(step.ledger);
    const unknown = { ...command, replicaRegionId: 'us-east-1' };
    expect(answer(step, { command: unknown, outcome: 'done' }).ledger).toBe(step.ledger);
    const next = answer(step, { command, outcome: 'done' });
    expect(entryOf(next.ledger, keyId)).toMatchObject({
      state: 'synchronized',
      replica: { enabled: false },
    });
    expect(answer(next, { command, outcome: 'done' }).ledger).toBe(next.ledger);
  });

  it('is what the ledger has asked for, whatever comes back with it', () => {
    const { keyId, step, command } = changing((id) => origin.stop(id));
    const next = answer(step, { command: { ...command, enabled: true }, outcome: 'done' });
    expect(entryOf(next.ledger, keyId).replica?.enabled).toBe(false);
  });

  it.each([-1, 0.5, 2 ** 53, '7', Number.NaN])('does not go on from the order %s', (order) => {
    const { step, command } = changing((id) => origin.stop(id));
    expect(() => answer(step, { command, outcome: 'done', order })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'event' }),
    );
  });

  it('may tell from when on to try again', () => {
    const { keyId, step, command } = changing((id) => origin.stop(id));
    const retryAfter = later(DAY).at.toISOString();
    const next = answer(step, { command, outcome: 'failed', code: 'THROTTLED', retryAfter });
    expect(entryOf(next.ledger, keyId).failure).toMatchObject({ code: 'THROTTLED', retryAfter });
    expect(replication.retry({ env: later(DAY - 1), ledger: next.ledger }).commands).toEqual([]);
    expect(only(replication.retry({ env: later(DAY), ledger: next.ledger }))).toMatchObject({
      type: 'setEnabled',
    });
  });
});

describe('a change that its region refuses', () => {
  /** What is sent, and how it ends, in a region that takes no tags. */
  function refusing(events: (keyId: string) => readonly replication.ReplicationEvent[]) {
    const { keyId, step } = importing();
    const ledger = settle(step, both, env);
    const sent: string[] = [];
    let next = replication.reduce({ env, ledger, events: events(keyId) });
    for (let n = 0; n < 10 && next.commands.length > 0; n++) {
      const command = only(next);
      sent.push(command.type);
      next = answer(
        next,
        command.type === 'putTags'
          ? { command, outcome: 'failed', code: 'ACCESS_DENIED' }
          : destination.execute(command, env),
      );
    }
    return { keyId, sent, next };
  }

  it('waits for itself, and for no other: a stop goes first, and a start as well', () => {
    const stopped = refusing((keyId) => [origin.tag(keyId, { a: '1' }), origin.stop(keyId)]);
    expect(stopped.sent).toEqual(['setEnabled', 'putTags']);
    expect(destination.get(stopped.keyId).lifecycle.enabled).toBe(false);
    const { keyId, next } = stopped;
    const failure = { code: 'ACCESS_DENIED', types: ['putTags'] };
    expect(entryOf(next.ledger, keyId)).toMatchObject({ state: 'failed', failure });
    const started = replication.reduce({ env, ledger: next.ledger, events: [origin.start(keyId)] });
    expect(only(started)).toMatchObject({ type: 'setEnabled', enabled: true });
    const done = answer(started, destination.execute(only(started), env));
    // What has failed before has still failed, and is tried again at its time.
    expect(done.commands).toEqual([]);
    expect(entryOf(done.ledger, keyId)).toMatchObject({ state: 'failed', failure });
    const due = replication.retry({ env: later(60_000), ledger: done.ledger });
    expect(only(due).type).toBe('putTags');
  });

  it('keeps no deletion back', () => {
    const { sent } = refusing((keyId) => [origin.tag(keyId, { a: '1' })]);
    expect(sent).toEqual(['putTags']);
    const marked = refusing((keyId) => [origin.tag(keyId, { a: '1' })]);
    const events = [origin.delete(marked.keyId, 7)];
    const step = replication.reduce({ env, ledger: marked.next.ledger, events });
    expect(only(step).type).toBe('scheduleDeletion');
  });

  it('is tried once, with all others, each time that it is due', () => {
    const { keyId, next } = refusing((id) => [origin.tag(id, { a: '1' })]);
    const stop = replication.reduce({ env, ledger: next.ledger, events: [origin.stop(keyId)] });
    let step = answer(stop, { command: only(stop), outcome: 'failed', code: 'BUSY' });
    expect(step.commands).toEqual([]);
    expect(entryOf(step.ledger, keyId).failure?.types).toEqual(['putTags', 'setEnabled']);
    const sent: string[] = [];
    for (let hour = 1; hour <= 3; hour++) {
      const at = later((hour * DAY) / 24);
      step = replication.retry({ env: at, ledger: step.ledger });
      for (let n = 0; n < 10 && step.commands.length > 0; n++) {
        const command = only(step);
        sent.push(command.type);
        const results = [{ command, outcome: 'failed', code: 'BUSY' } as const];
        step = replication.apply({ env: at, ledger: step.ledger, results });
      }
    }
    expect(sent.join()).toBe('setEnabled,putTags,setEnabled,putTags,setEnabled,putTags');
  });

  it('does not wait for a clock that was ahead once', () => {
    const { step, command } = changing((id) => origin.tag(id, { a: '1' }));
    const failed = replication.apply({
      env: later(365 * DAY),
      ledger: step.ledger,
      results: [{ command, outcome: 'failed', code: 'BUSY' }],
    });
    const again = replication.retry({ env: later(1000), ledger: failed.ledger });
    expect(only(again).type).toBe('putTags');
  });
});

describe('the answer about an alias', () => {
  /** An alias of a key that was copied. */
  function naming() {
    const { keyId, step } = importing();
    const ledger = settle(step, both, env);
    const events = [origin.alias('card', keyId, 1)];
    const named = replication.reduce({ env, ledger, events });
    return { keyId, step: named, command: only(named) };
  }

  it.each<[object, string]>([
    [{ outcome: 'failed', code: 'THROTTLED' }, 'THROTTLED'],
    [{ outcome: 'gone' }, 'GONE'],
  ])('may be %j: it is tried again later', (result, code) => {
    const { step, command } = naming();
    const next = answer(step, { command, ...result });
    const entry = next.ledger.aliases['card']?.replicas[DESTINATION];
    expect(entry).toMatchObject({ state: 'failed', failure: { code, attempts: 1 } });
    const again = replication.retry({ env: later(DAY), ledger: next.ledger });
    expect(only(again)).toMatchObject({ type: 'putAlias', alias: 'card' });
  });

  it('may be that of a command that was done: it is sent again, whatever it names now', () => {
    const { keyId, step, command } = naming();
    const failed = answer(step, { command, outcome: 'failed', code: 'TIMEOUT' });
    const events = [origin.alias('card', undefined, 2)];
    const { ledger } = replication.reduce({ env, ledger: failed.ledger, events });
    destination.execute(command, env);
    expect(destination.aliases.get('card')).toBe(keyId);
    const again = replication.retry({ env: later(DAY), ledger });
    expect(only(again)).toMatchObject({ type: 'putAlias', replicaKeyId: null });
  });

  it('is not waited for where the alias names a key that can have no copy', () => {
    const { keyId, step, command } = naming();
    const { ledger } = answer(step, { command, outcome: 'done' });
    const key = { ...AES_128, exportability: 'N' } as const;
    const events = [origin.create(`${keyId}n`, key), origin.alias('card', `${keyId}n`, 2)];
    const moved = replication.reduce({ env, ledger, events });
    expect(moved.commands).toEqual([]);
    expect(moved.ledger.aliases['card']?.replicas[DESTINATION]).toMatchObject({
      state: 'failed',
      keyId,
    });
    const unreplicable = { action: 'replica.unreplicable', code: 'not-exportable' };
    expect(moved.audit).toContainEqual(
      expect.objectContaining({ ...unreplicable, recordId: 'card', regionId: DESTINATION }),
    );
    // It is said once.
    const again = replication.retry({ env: later(DAY), ledger: moved.ledger });
    expect([again.ledger, again.audit]).toEqual([moved.ledger, []]);
  });

  it('is waited for where the alias names a key that has no copy yet', () => {
    const { keyId, step, command } = naming();
    const { ledger } = answer(step, { command, outcome: 'done' });
    const events = [origin.alias('card', `${keyId}u`, 2)];
    const moved = replication.reduce({ env, ledger, events });
    expect(moved.ledger.aliases['card']?.replicas[DESTINATION]).toMatchObject({
      state: 'updating',
      keyId,
    });
  });

  it('counts once, and for the command that is in flight', () => {
    const { keyId, step, command } = naming();
    const other = { ...command, commandId: 'another' };
    expect(answer(step, { command: other, outcome: 'done' }).ledger).toBe(step.ledger);
    const next = answer(step, { command, outcome: 'done' });
    expect(next.ledger.aliases['card']?.replicas[DESTINATION]).toMatchObject({
      state: 'synchronized',
      keyId,
    });
  });
});

describe('what is no answer', () => {
  it.each<[string, object | null]>([
    ['nothing', null],
    ['an answer to nothing', { outcome: 'done' }],
    ['an outcome that nobody knows', { outcome: 'perhaps' }],
    ['a failure with a text', { outcome: 'failed', code: 'no connection to 10.0.0.1' }],
    ['a failure with a list', { outcome: 'failed', code: ['INTERNAL'] }],
    ['a failure without a code', { outcome: 'failed' }],
  ])('is refused: %s', (what, result) => {
    const { step, command } = exporting();
    const given = result && (what === 'an answer to nothing' ? result : { command, ...result });
    expect(() => answer(step, given as object)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'event' }),
    );
  });
});
