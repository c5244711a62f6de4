// A copy changes by commands about it, each once, and by none that could leave it unreadable.

import { type CustomerKeyRecord, lifecycle, replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { DAY, DESTINATION, later, ORIGIN, Region } from './regions.js';

const env = later(0);
const region = new Region(DESTINATION);
region.create('k1');
const copy: CustomerKeyRecord = {
  ...region.get('k1'),
  replicaOf: { regionId: ORIGIN, keyId: 'k1', order: 5 },
};
const marked = lifecycle.scheduleDeletion({ env, record: copy, days: 7 }).record;
const gone = lifecycle.purge({ env: later(7 * DAY), record: marked }).record;
const unfinished: CustomerKeyRecord = {
  ...copy,
  slots: [],
  lifecycle: { state: 'create-in-progress', enabled: false },
};

/** A command about the copy, the next one if nothing else is said. */
function commandOf(change: object): replication.ReplicaChangeCommand {
  const base = { commandId: 'c', keyId: 'k1', replicaKeyId: 'k1', order: 6 };
  const regions = { regionId: DESTINATION, originRegionId: ORIGIN };
  return { ...base, ...regions, ...change } as unknown as replication.ReplicaChangeCommand;
}

const COMMANDS = {
  scheduleDeletion: commandOf({ type: 'scheduleDeletion', days: 7 }),
  cancelDeletion: commandOf({ type: 'cancelDeletion' }),
  setEnabled: commandOf({ type: 'setEnabled', enabled: false }),
  putTags: commandOf({ type: 'putTags', tags: { a: '1' } }),
} as const;
type Name = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Name[];

const carry = (
  record: CustomerKeyRecord | undefined,
  command: replication.ReplicaChangeCommand,
  at = env,
) => replication.carryOut({ env: at, record, command });

describe('carryOut', () => {
  it.each<[Name, CustomerKeyRecord, Partial<CustomerKeyRecord>]>([
    ['scheduleDeletion', copy, { lifecycle: { ...marked.lifecycle, cause: 'replicated' } }],
    ['cancelDeletion', marked, { lifecycle: { state: 'create-complete', enabled: false } }],
    ['setEnabled', copy, { lifecycle: { state: 'create-complete', enabled: false } }],
    ['putTags', copy, { tags: { a: '1' } }],
  ])('carries out %s, and remembers it', (name, record, change) => {
    const replicaOf = { regionId: ORIGIN, keyId: 'k1', order: 6 };
    const next = { ...record, ...change, revision: record.revision + 1, replicaOf };
    const command = COMMANDS[name];
    const carried = carry(record, command);
    const { deleteAfter } = next.lifecycle;
    expect(carried).toMatchObject({
      record: next,
      writes: [{ op: 'put-record', recordId: 'k1', expectedRevision: record.revision, next }],
      audit: [{ action: `replica.${name}`, outcome: 'ok', recordId: 'k1' }],
      result: { command, outcome: 'done', deleteAfter },
    });
    // A second time it is answered alike, and changes nothing.
    const again = carry(carried.record, command);
    expect(again).toEqual({
      record: carried.record,
      writes: [],
      audit: [],
      result: carried.result,
    });
  });

  it.each<[Name, CustomerKeyRecord]>([
    ['scheduleDeletion', copy],
    ['cancelDeletion', marked],
    ['setEnabled', copy],
    ['putTags', copy],
  ])('says of a late %s whether the copy is so, and which command was the last', (name, record) => {
    const replicaOf = { regionId: ORIGIN, keyId: 'k1', order: 9 };
    const command = COMMANDS[name];
    const ahead = { ...record, replicaOf };
    const result = { command, outcome: 'failed', code: 'STATE_CONFLICT', order: 9 };
    const nothing = { writes: [], audit: [] };
    expect(carry(ahead, command)).toEqual({ ...nothing, record: ahead, result });
    // Where it is so, whoever has made it so, there is nothing to do.
    const so = { ...carry(record, command).record, replicaOf } as CustomerKeyRecord;
    expect(carry(so, command).result).toMatchObject({ outcome: 'done', order: 9 });
  });

  it.each<Name>(['setEnabled', 'putTags'])('says of a late %s of a marked copy: failed', (name) => {
    const replicaOf = { regionId: ORIGIN, keyId: 'k1', order: 9 };
    const { result } = carry({ ...marked, replicaOf }, COMMANDS[name]);
    expect(result).toMatchObject({ outcome: 'failed', code: 'STATE_CONFLICT', order: 9 });
  });

  it.each<[Name, CustomerKeyRecord]>([
    ['scheduleDeletion', marked],
    ['cancelDeletion', copy],
  ])('answers %s of a copy that is so already, and keeps its time', (name, record) => {
    const carried = carry(record, COMMANDS[name]);
    expect(carried.record?.lifecycle).toEqual(record.lifecycle);
    expect(carried.record?.replicaOf?.order).toBe(6);
    expect(carried.result).toMatchObject({
      outcome: 'done',
      deleteAfter: record.lifecycle.deleteAfter,
    });
  });

  it.each([
    [3, '2027-01-08T00:00:00.000Z'],
    [180, '2027-06-30T00:00:00.000Z'],
  ])('lets a copy that is marked already wait for %d days at least', (days, deleteAfter) => {
    const carried = carry(marked, commandOf({ type: 'scheduleDeletion', days }));
    expect(carried.record?.lifecycle).toEqual({ ...marked.lifecycle, deleteAfter });
    expect(carried.result).toMatchObject({ outcome: 'done', deleteAfter });
  });

  it.each([true, false])('drops the times of a window where it sets enabled to %s', (enabled) => {
    const usageStop = later(DAY).at.toISOString();
    const window = { ...copy, lifecycle: { ...copy.lifecycle, usageStop } };
    const { record, result } = carry(window, commandOf({ type: 'setEnabled', enabled }));
    expect(record?.lifecycle).toEqual({ state: 'create-complete', enabled });
    expect(result.outcome).toBe('done');
    // Late, it is not so as long as there is a window.
    const ahead = { ...window, replicaOf: { regionId: ORIGIN, keyId: 'k1', order: 9 } };
    const late = carry(ahead, commandOf({ type: 'setEnabled', enabled: true }));
    expect(late.result).toMatchObject({ outcome: 'failed', order: 9 });
  });

  it.each<[Name, CustomerKeyRecord]>([
    ['scheduleDeletion', unfinished],
    ['cancelDeletion', unfinished],
    ['setEnabled', marked],
    ['setEnabled', unfinished],
    ['putTags', marked],
  ])('says of %s that it failed where the state does not take it', (name, record) => {
    expect(carry(record, COMMANDS[name])).toEqual({
      record,
      writes: [],
      audit: [],
      result: { command: COMMANDS[name], outcome: 'failed', code: 'STATE_CONFLICT' },
    });
  });

  it.each(NAMES)('says of %s that the copy is gone', (name) => {
    for (const record of [undefined, gone]) {
      expect(carry(record, COMMANDS[name])).toEqual({
        record,
        writes: [],
        audit: [],
        result: { command: COMMANDS[name], outcome: 'gone' },
      });
    }
  });

  it('brings nothing back that may be purged at any moment', () => {
    const { result } = carry(marked, COMMANDS.cancelDeletion, later(7 * DAY));
    expect(result.outcome).toBe('gone');
    const { result: before } = carry(marked, COMMANDS.cancelDeletion, later(7 * DAY - 1));
    expect(before.outcome).toBe('done');
  });

  it.each(NAMES)('does not let %s change a copy of another key', (name) => {
    const other = { ...copy, replicaOf: { regionId: ORIGIN, keyId: 'k2', order: 5 } };
    const { replicaOf: _, ...own } = { ...copy, keyId: 'k3' };
    for (const record of [other, own]) {
      expect(() => carry(record, COMMANDS[name])).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
      );
    }
  });

  it.each(NAMES)('does not let %s change a key of the region that it calls primary', (name) => {
    const command = { ...COMMANDS[name], originRegionId: DESTINATION };
    const { replicaOf: _, ...own } = copy;
    for (const record of [own, copy]) {
      expect(() => carry(record, command)).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
      );
    }
  });

  it.each(NAMES)('makes a key of the former primary a copy by %s', (name) => {
    const { replicaOf: _, ...own } = name === 'cancelDeletion' ? marked : copy;
    const { record } = carry(own, COMMANDS[name]);
    expect(record?.replicaOf).toEqual({ regionId: ORIGIN, keyId: 'k1', order: 6 });
  });

  it.each<[object, string]>([
    [{ type: 'setEnabled', enabled: 'yes' }, 'event'],
    [{ type: 'setEnabled' }, 'event'],
    [{ type: 'setEnabled', enabled: true, order: '6' }, 'event'],
    [{ type: 'setEnabled', enabled: true, order: undefined }, 'event'],
    [{ type: 'scheduleDeletion', days: 2 }, 'days'],
    [{ type: 'setEnabled', enabled: true, originRegionId: undefined }, 'regionId'],
    [{ type: 'setEnabled', enabled: true, originRegionId: 'a;b' }, 'regionId'],
    [{ type: 'putTags', tags: null }, 'tags'],
    [{ type: 'putTags' }, 'tags'],
    [{ type: 'putTags', tags: { a: 1 } }, 'tags'],
  ])(
    'refuses %j, which would leave a copy that can not be read, or without its tags',
    (change, field) => {
      expect(() => carry(copy, commandOf(change))).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
      );
    },
  );

  it.each([undefined, null, 'setEnabled'])('refuses %s for a command', (command) => {
    expect(() => carry(copy, command as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'event' }),
    );
  });

  it('does not do what it does not know', () => {
    const { writes, result } = carry(copy, commandOf({ type: 'exportTr31' }));
    expect(writes).toEqual([]);
    expect(result).toMatchObject({ outcome: 'failed', code: 'STATE_CONFLICT' });
  });
});

describe('answerImport', () => {
  it('answers for a copy of the key of the command, and for no other', () => {
    const command = commandOf({ type: 'importTr31' }) as unknown as replication.ImportTr31Command;
    expect(replication.answerImport({ record: copy, command })).toMatchObject({
      outcome: 'done',
      replicaKeyId: 'k1',
      kcv: copy.kcv,
      attributesDigest: replication.digestOfAttributes(copy.attributes),
    });
    const { replicaOf: _, ...own } = copy;
    const other = { ...copy, replicaOf: { regionId: ORIGIN, keyId: 'k2', order: 5 } };
    const none = [null, 5, 'x', {}].map((replicaOf) => ({ ...copy, replicaOf }) as never);
    for (const record of [own, other, ...none]) {
      expect(() => replication.answerImport({ record, command })).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
      );
    }
  });
});
