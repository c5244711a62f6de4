/**
 * What a region of this library does with a command about a copy.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { auditEvent } from '../audit-event.js';
import { canonicalJson } from '../digest.js';
import { type Env, isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import { later, readDays, window } from '../lifecycle/change.js';
import { restore, scheduleDeletion } from '../lifecycle/deletion.js';
import { requireCustomerKey } from '../read-record.js';
import type { AuditEvent, ConditionalWrite, CustomerKeyRecord, Lifecycle } from '../records.js';
import { readTags } from '../rules/tags.js';
import type {
  CancelDeletionCommand,
  CommandDone,
  CommandResult,
  PutTagsCommand,
  ScheduleDeletionCommand,
  SetEnabledCommand,
} from './commands.js';

/** Commands that change a copy. */
export type ReplicaChangeCommand =
  | ScheduleDeletionCommand
  | CancelDeletionCommand
  | SetEnabledCommand
  | PutTagsCommand;

/** What {@link carryOut} takes. */
export interface CarryOutOptions {
  /** The time. */
  readonly env: Env;
  /** The copy, as stored; undefined where there is none. */
  readonly record: CustomerKeyRecord | undefined;
  /** About the key that the record is a copy of. */
  readonly command: ReplicaChangeCommand;
}

/** What a command comes to. */
export interface CarriedOut {
  /** The copy to store; the very record where nothing changed. */
  readonly record: CustomerKeyRecord | undefined;
  /** The one write that stores it; none where nothing changed. */
  readonly writes: readonly ConditionalWrite[];
  /** One event, such as `replica.setEnabled`; none where nothing changed. */
  readonly audit: readonly AuditEvent[];
  /** To be sent back once the write is done. */
  readonly result: CommandResult;
}

/**
 * Carries out a command about a copy, once: a command that is not later than the last one carried
 * out is answered and changes nothing, in whatever order they arrive. In the region that was the
 * primary before a promotion the first command makes the key itself a copy, of that in the new one.
 *
 * @param options - The copy as stored, and the command.
 * @returns The record to store, and the answer: of a command that is not later, `done` where the copy
 * is as it asks for; else `failed` with `STATE_CONFLICT`, and the order from which a ledger that was
 * restored, or is another one, goes on.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a copy of another key, and for a key of the
 * region that the command names as the primary; `INVALID_ARGUMENT` for a command that is none: a
 * copy that took it could not be read any more.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * declare const command: replication.SetEnabledCommand;
 * const { writes, result } = replication.carryOut({ env: { at: new Date() }, record, command });
 * ```
 */
export function carryOut(options: CarryOutOptions): CarriedOut {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked in the next line
  const at = isoTime(env);
  const given = readCommand(own(options, 'command'));
  const stored = own(options, 'record');
  const nothing = { record: stored, writes: [], audit: [] };
  if (stored === undefined) return { ...nothing, result: { command: given, outcome: 'gone' } };
  const record = requireCustomerKey(stored);
  const { lifecycle } = record;
  const replicaOf = originOf(record, given);
  if (replicaOf.keyId !== given.keyId || record.regionId === given.originRegionId) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  if (isGone(lifecycle, given, at)) {
    return { ...nothing, result: { command: given, outcome: 'gone' } };
  }
  if (given.order <= replicaOf.order) {
    return { ...nothing, result: again(given, record, replicaOf.order) };
  }
  const change = changeOf(given, record, env);
  if (change === undefined) {
    const code = 'STATE_CONFLICT';
    return { ...nothing, result: { command: given, outcome: 'failed', code } };
  }
  const next: CustomerKeyRecord = {
    ...record,
    ...change,
    revision: record.revision + 1,
    replicaOf: { ...replicaOf, order: given.order },
  };
  const { keyId: recordId, revision: expectedRevision } = record;
  return {
    record: next,
    writes: [{ op: 'put-record', recordId, expectedRevision, next }],
    audit: [auditEvent(env, `replica.${given.type}`, record, { recordId })],
    result: done(given, next.lifecycle, given.order),
  };
}

/** A key of the former primary is a copy from the first command on: of the key of its own ID. */
function originOf(
  record: CustomerKeyRecord,
  { originRegionId }: ReplicaChangeCommand,
): NonNullable<CustomerKeyRecord['replicaOf']> {
  return own(record, 'replicaOf') ?? { regionId: originRegionId, keyId: record.keyId, order: 0 };
}

/** Reads a command that has come through a queue. */
function readCommand(command: ReplicaChangeCommand | undefined): ReplicaChangeCommand {
  requireObject(command, 'event');
  const given = command as ReplicaChangeCommand; // not undefined: that was refused
  const isSwitch = given.type !== 'setEnabled' || typeof given.enabled === 'boolean';
  if (!(Number.isSafeInteger(given.order) && isSwitch)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  }
  readId(own(given, 'originRegionId'), 'regionId');
  // All tags that are not named go: a command that lost its list must not take them.
  if (given.type === 'putTags') requireObject(own(given, 'tags'), 'tags');
  return given;
}

/** What was purged, or may be at any moment, is not brought back. */
function isGone(lifecycle: Lifecycle, { type }: ReplicaChangeCommand, at: string): boolean {
  const deleteAfter = own(lifecycle, 'deleteAfter');
  if (lifecycle.state === 'delete-complete') return true;
  return type === 'cancelDeletion' && deleteAfter !== undefined && deleteAfter <= at;
}

/** What was carried out before, and what comes too late to be: the copy says which of them. */
function again(
  command: ReplicaChangeCommand,
  record: CustomerKeyRecord,
  order: number,
): CommandResult {
  if (isSo(command, record)) return done(command, record.lifecycle, order);
  return { command, outcome: 'failed', code: 'STATE_CONFLICT', order };
}

/** Whether a copy is as a command asks for. */
function isSo(command: ReplicaChangeCommand, { lifecycle, tags }: CustomerKeyRecord): boolean {
  const isLive = lifecycle.state === 'create-complete';
  switch (command.type) {
    case 'scheduleDeletion':
      return lifecycle.state === 'delete-pending';
    case 'cancelDeletion':
      return isLive;
    case 'setEnabled':
      return isLive && lifecycle.enabled === command.enabled && !hasWindow(lifecycle);
    case 'putTags':
      return isLive && canonicalJson(tags, 'tags') === canonicalJson(command.tags, 'tags');
  }
}

function hasWindow(lifecycle: Lifecycle): boolean {
  return Object.keys(window(lifecycle)).length > 0;
}

function done(
  command: ReplicaChangeCommand,
  { enabled, deleteAfter }: Lifecycle,
  order: number,
): CommandDone {
  return { command, outcome: 'done', enabled, deleteAfter, order };
}

/** However it came to be marked here: the primary, whose account it is, has it back. */
function asReplicated(record: CustomerKeyRecord): CustomerKeyRecord {
  return { ...record, lifecycle: { ...record.lifecycle, cause: 'replicated' } };
}

/** Whoever has marked the copy before: it waits for as long as the origin does, and never less. */
function extended(lifecycle: Lifecycle, until: string): Lifecycle {
  const { deleteAfter = until } = lifecycle;
  // Times of one format in UTC are in the order of their texts.
  return { ...lifecycle, deleteAfter: deleteAfter < until ? until : deleteAfter };
}

/** Undefined for a change that a key in this state does not take. */
function changeOf(
  command: ReplicaChangeCommand,
  record: CustomerKeyRecord,
  env: Env,
): Partial<CustomerKeyRecord> | undefined {
  const isLive = record.lifecycle.state === 'create-complete';
  const isMarked = record.lifecycle.state === 'delete-pending';
  switch (command.type) {
    case 'scheduleDeletion': {
      const { days } = command;
      if (isMarked) return { lifecycle: extended(record.lifecycle, later(env, readDays(days))) };
      if (!isLive) return undefined;
      const { lifecycle } = scheduleDeletion({ env, record, days, cause: 'replicated' }).record;
      return { lifecycle };
    }
    case 'cancelDeletion':
      if (!isMarked) return isLive ? {} : undefined;
      return { lifecycle: restore({ env, record: asReplicated(record) }).record.lifecycle };
    case 'setEnabled':
      if (!isLive) return undefined;
      // The window of a former primary goes: what the origin says counts, and counts now.
      return { lifecycle: { state: 'create-complete', enabled: command.enabled } };
    case 'putTags':
      return isLive ? { tags: readTags(own(command, 'tags')) } : undefined;
  }
}
