/** What an answer says about the copy that its command was for. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { parseKeyBlock } from '../../tr31/parse.js';
import { sameKcv } from '../check-value.js';
import { readId } from '../identifiers.js';
import type { KeyAttributes } from '../records.js';
import { readTags } from '../rules/tags.js';
import type {
  CommandDone,
  CommandFailed,
  CommandResult,
  ExportTr31Command,
  ImportTr31Command,
  ReplicaKeyCommand,
  ScheduleDeletionCommand,
} from './commands.js';
import { type Draft, note } from './draft.js';
import { readTime } from './events.js';
import type {
  AliasLedgerEntry,
  CreatedKey,
  EntryWork,
  Replica,
  ReplicaLedgerEntry,
  ReplicatedKey,
  UnreplicableReason,
} from './records.js';
import { failed, goesBefore, waiting } from './send.js';
import { type Aspect, doubted, sureOf, unsureOf } from './unsure.js';

/** Takes the answer to the command that is in flight for a copy. */
export function answerKey(
  draft: Draft,
  key: ReplicatedKey,
  entry: ReplicaLedgerEntry,
  result: CommandResult,
): ReplicaLedgerEntry {
  // The command as it was stored: what comes back with an answer need not be the same.
  const { pending, ...others } = entry;
  const idle = { ...others, order: orderAfter(entry, result) };
  const created = key.created?.value;
  // Commands of keys stand with keys: this tells the compiler so.
  if (pending === undefined || pending.type === 'putAlias' || created === undefined) return entry;
  const copy: Copy = { draft, keyId: key.keyId, created, entry: idle };
  switch (result.outcome) {
    case 'failed':
      return refused(copy, pending, result);
    case 'gone':
      return gone(copy, pending);
    case 'done':
      return done(copy, pending, result);
  }
}

/** A copy with nothing in flight. */
interface Copy {
  readonly draft: Draft;
  readonly keyId: string;
  readonly created: CreatedKey;
  readonly entry: ReplicaLedgerEntry;
}

function done(copy: Copy, command: ReplicaKeyCommand, result: CommandDone): ReplicaLedgerEntry {
  const entry = succeeded(copy.entry, command.type);
  switch (command.type) {
    case 'exportTr31':
      return exported(copy, command, result);
    case 'importTr31':
      return imported(copy, command, result);
    case 'scheduleDeletion':
      if (entry.discard === command.replicaKeyId) return discarded(copy.entry);
      return marked(copy, command, readTime(result.deleteAfter));
    case 'cancelDeletion': {
      const enabled = own(result, 'enabled');
      const live = { enabled: enabled ?? false, deleteAfter: undefined, deleteFor: undefined };
      // A copy that was not marked is as it was.
      return withReplica(
        entry,
        live,
        enabled === undefined ? ['deletion'] : ['deletion', 'enabled'],
      );
    }
    case 'setEnabled':
      // A copy that is marked can not be switched: whatever was known before, this one is live.
      return withReplica(
        entry,
        { enabled: command.enabled, deleteAfter: undefined, deleteFor: undefined },
        ['deletion', 'enabled'],
      );
    case 'putTags':
      return withReplica(entry, { tags: command.tags }, ['tags']);
  }
}

/** What failed before is tried again at its time, where it was a command of another type. */
function succeeded(
  { failure, ...entry }: ReplicaLedgerEntry,
  type: ReplicaKeyCommand['type'],
): ReplicaLedgerEntry {
  const types = failure?.types?.filter((other) => other !== type) ?? [];
  return failure === undefined || types.length === 0
    ? entry
    : { ...entry, failure: { ...failure, types } };
}

/** A copy that goes too early is restored, to be marked again: see `planDeletion`. */
function marked(
  copy: Copy,
  { type, originDeleteAfter, issuedAt, days }: ScheduleDeletionCommand,
  deleteAfter: string,
): ReplicaLedgerEntry {
  const isShort = originDeleteAfter !== undefined && goesBefore(deleteAfter, issuedAt, days);
  const deleteFor = isShort ? undefined : originDeleteAfter;
  const change = { enabled: false, deleteAfter, deleteFor };
  const known = ['deletion', 'enabled'] as const;
  if (!isShort) return withReplica(succeeded(copy.entry, type), change, known);
  return withReplica(fail(copy, type, { code: 'STATE_CONFLICT' }), change, known);
}

/** The block goes on if it is for exchange, and says of the key what the origin says. */
function exported(
  copy: Copy,
  { type, pairId, generation }: ExportTr31Command,
  { keyBlock }: CommandDone,
): ReplicaLedgerEntry {
  if (!isExchangeBlock(keyBlock, copy.created.attributes)) {
    return fail(copy, type, { code: 'CONTEXT_MISMATCH' });
  }
  return { ...copy.entry, exported: { pairId, generation, keyBlock } };
}

function isExchangeBlock(
  keyBlock: string | undefined,
  attributes: KeyAttributes,
): keyBlock is string {
  if (typeof keyBlock !== 'string') return false;
  try {
    const { header } = parseKeyBlock(keyBlock);
    return (
      header.versionId === 'D' &&
      // Services of the edition of 2018 write 0; storage only is what may not travel.
      header.keyContext !== '1' &&
      header.keyUsage === attributes.keyUsage &&
      header.algorithm === attributes.algorithm &&
      header.modeOfUse === attributes.modeOfUse &&
      header.exportability === attributes.exportability &&
      header.keyVersionNumber === attributes.keyVersionNumber
    );
  } catch (error) {
    if (error instanceof KeyblockError) return false;
    throw error;
  }
}

/** A copy counts as one when it is the key of the origin, with the attributes of the origin. */
function imported(copy: Copy, command: ImportTr31Command, result: CommandDone): ReplicaLedgerEntry {
  const { draft, created } = copy;
  const { replicaKeyId, kcv, attributesDigest } = result;
  const keyId = readId(replicaKeyId, 'keyId');
  const sameKey = typeof kcv === 'object' && kcv !== null && sameKcv(kcv, created.kcv);
  if (!sameKey || attributesDigest !== created.attributesDigest) {
    const code = sameKey ? 'CONTEXT_MISMATCH' : 'KCV_MISMATCH';
    const { attempted: _, ...failure } = fail(copy, command.type, { code });
    return { ...failure, discard: keyId };
  }
  const state = stateOf(command, result);
  // Its time is over, and the region has not purged it yet: a copy is made once it has.
  if (state.deleteAfter !== undefined && state.deleteAfter <= draft.at) return gone(copy, command);
  const { failure: _, attempted, ...entry } = copy.entry;
  const { regionId } = entry;
  note(draft, { action: 'replica.copied', outcome: 'ok', recordId: copy.keyId, regionId });
  const replica = { keyId, kcv, attributesDigest, ...state };
  // An import of before may be what is answered, and have brought something else.
  const untold = (['enabled', 'tags'] as const).filter((name) => own(result, name) === undefined);
  return { ...entry, replica: unsureOf(replica, attempted === undefined ? [] : untold) };
}

/** The copy as its region tells of it, where it does; else as it was asked for. */
function stateOf(
  { enabled, tags }: ImportTr31Command,
  result: CommandDone,
): Pick<Replica, 'enabled' | 'tags' | 'deleteAfter'> {
  const deleteAfter = own(result, 'deleteAfter');
  const told = own(result, 'tags');
  return {
    enabled: own(result, 'enabled') ?? enabled,
    tags: told === undefined ? tags : readTags(told),
    ...(deleteAfter === undefined ? {} : { deleteAfter: readTime(deleteAfter) }),
  };
}

/** A service may know better than the attributes whether a key can go under a KEK. */
const REFUSALS: Readonly<Record<string, UnreplicableReason>> = {
  EXPORT_NOT_ALLOWED: 'not-exportable',
  KEY_STRENGTH: 'kek-too-weak',
};

function refused(
  copy: Copy,
  command: ReplicaKeyCommand,
  result: CommandFailed,
): ReplicaLedgerEntry {
  const { code } = result;
  const reason = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  if (command.type !== 'exportTr31' || reason === undefined) {
    return doubted(fail(copy, command.type, result), command);
  }
  const { pairId, generation } = command;
  const { failure: _, ...entry } = copy.entry;
  return { ...entry, state: 'unreplicable', reason, refusedBy: { pairId, generation } };
}

/** What is not there any more can not be changed: a live key is copied again. */
function gone(copy: Copy, { type }: ReplicaKeyCommand): ReplicaLedgerEntry {
  // A region that lost the key it is to export: that is for people to look at.
  if (type === 'exportTr31') return fail(copy, type, { code: 'GONE' });
  if (type === 'importTr31') {
    const { attempted: _, ...failure } = fail(copy, type, { code: 'GONE' });
    return failure;
  }
  if (copy.entry.discard !== undefined) return discarded(copy.entry);
  const { failure: _, replica: __, ...entry } = copy.entry;
  return entry;
}

/** The failure stays: it is the reason for which there will be another attempt, and when. */
function discarded({ discard: _, ...entry }: ReplicaLedgerEntry): ReplicaLedgerEntry {
  return entry;
}

function fail(
  { draft, keyId, entry }: Copy,
  type: ReplicaKeyCommand['type'],
  { code, retryAfter }: Pick<CommandFailed, 'code' | 'retryAfter'>,
): ReplicaLedgerEntry {
  const { regionId } = entry;
  const failure = {
    ...failed(entry.failure, draft.at, code, retryAfter),
    types: waiting(entry.failure, draft.at, type),
  };
  note(draft, { action: 'replica.failed', outcome: 'refused', recordId: keyId, regionId, code });
  return { ...entry, state: 'failed', failure };
}

function withReplica(
  entry: ReplicaLedgerEntry,
  change: Partial<Replica>,
  known: readonly Aspect[],
): ReplicaLedgerEntry {
  const { replica } = entry;
  if (replica === undefined) return entry;
  return { ...entry, replica: sureOf({ ...replica, ...change }, known) };
}

/** A region that has taken later commands than the ledger knows of says so. */
function orderAfter({ order }: EntryWork, result: CommandResult): number {
  const last = (result.outcome === 'gone' ? undefined : own(result, 'order')) ?? 0;
  // Far from where numbers end: there are to be more commands.
  if (!(Number.isSafeInteger(last) && last >= 0 && last <= 2 ** 52)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  }
  return Math.max(order, last);
}

/** Takes the answer to the command that is in flight for an alias. */
export function answerAlias(
  draft: Draft,
  entry: AliasLedgerEntry,
  result: CommandResult,
): AliasLedgerEntry {
  const { pending, failure, ...others } = entry;
  if (pending?.type !== 'putAlias') return entry;
  const idle = { ...others, order: orderAfter(entry, result) };
  if (result.outcome === 'done') return { ...idle, keyId: pending.replicaKeyId };
  const code = result.outcome === 'failed' ? result.code : 'GONE';
  const retryAfter = result.outcome === 'failed' ? result.retryAfter : undefined;
  return { ...idle, state: 'failed', failure: failed(failure, draft.at, code, retryAfter) };
}
