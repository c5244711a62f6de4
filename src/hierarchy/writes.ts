/**
 * What a store does with a write: the reference for every store, and all of it for one in memory.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { recordId, sameRef } from './identifiers.js';
import { isRef, isSlot, requireCustomerKey, requireProfile } from './read-record.js';
import type {
  BlockSlot,
  ConditionalWrite,
  CustomerKeyRecord,
  HeldRecord,
  KeyRef,
  ProfileRecord,
  StoredRecord,
} from './records.js';

/** What {@link applyWrite} takes. */
export interface ApplyWriteOptions {
  /** The record as it stands in the store now; undefined where there is none. */
  readonly record: StoredRecord | undefined;
  /** What is to be done to it. */
  readonly write: ConditionalWrite;
}

/**
 * Applies one write to one record, if it is still the record that the write was made for. In a
 * store this is one conditional statement, `... WHERE id = ? AND revision = ?`.
 *
 * @param options - The record as stored, and the write.
 * @returns The record to store, its revision one higher; or undefined on a conflict: read the
 * record again, and compute the write anew.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a write that would take a key its last block,
 * or that is not for this kind of record; `CONTEXT_MISMATCH` for a block of another record;
 * `UNKNOWN_KEY_VERSION` for one to a version of a profile that the record does not have.
 *
 * @example
 * ```ts
 * import { type AliasRecord, applyWrite } from 'keyblock/hierarchy';
 *
 * const record: AliasRecord = { kind: 'alias', schema: 1, revision: 3, alias: 'pin', keyId: 'k1' };
 * const next = { ...record, keyId: 'k2' };
 * const write = { op: 'put-record', recordId: 'alias:pin', expectedRevision: 3, next } as const;
 * applyWrite({ record, write })?.revision; // 4
 * applyWrite({ record: { ...record, revision: 5 }, write }); // undefined
 * ```
 */
export function applyWrite(options: ApplyWriteOptions): StoredRecord | undefined {
  requireObject(options, 'options');
  const record = own(options, 'record');
  const write = own(options, 'write');
  if (typeof write !== 'object' || write === null) throw malformed();
  if ((record?.revision ?? 0) !== write.expectedRevision) return undefined;
  switch (write.op) {
    case 'put-record':
      return { ...write.next, revision: nextRevision(write) };
    case 'put-slot':
      if (!isSlot(write.next)) throw malformed();
      return withSlots(heldRecord(record, write), write, put(write.next));
    case 'drop-slot':
      if (!isRef(write.next)) throw malformed();
      return withSlots(heldRecord(record, write), write, drop(write.next));
    default:
      throw malformed();
  }
}

function nextRevision({ expectedRevision }: ConditionalWrite): number {
  return expectedRevision + 1;
}

/** What is no write: it was altered on its way. */
function malformed(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
}

/** The record whose blocks change: a row that was moved is of another key, of the same revision. */
function heldRecord(
  record: StoredRecord | undefined,
  { recordId: expected }: ConditionalWrite,
): HeldRecord {
  if (record?.kind !== 'customer-key' && record?.kind !== 'profile') {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  if (recordId(record) !== expected) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'record' });
  }
  return record.kind === 'profile' ? requireProfile(record) : requireCustomerKey(record);
}

type SlotChange = (slots: readonly BlockSlot[]) => readonly BlockSlot[];

/** A record has one block under each version, the later one in the place of the earlier. */
function put(slot: BlockSlot): SlotChange {
  return (slots) => [...slots.filter(({ under }) => !sameRef(under, slot.under)), slot];
}

/** Dropping what is not there changes nothing; the last block stays, whoever asks. */
function drop(ref: KeyRef): SlotChange {
  return (slots) => {
    const left = slots.filter(({ under }) => !sameRef(under, ref));
    if (left.length === 0) throw new KeyblockError('STATE_CONFLICT', { field: 'slot' });
    return left;
  };
}

type SlotWrite = Exclude<ConditionalWrite, { op: 'put-record' }>;

function withSlots(record: HeldRecord, write: SlotWrite, change: SlotChange): HeldRecord {
  return record.kind === 'profile'
    ? withProfileSlots(record, write, change)
    : withCustomerSlots(record, write, change);
}

function withProfileSlots(
  record: ProfileRecord,
  write: SlotWrite,
  change: SlotChange,
): ProfileRecord {
  const { version: number } = write;
  if (!record.versions.some(({ version }) => version === number)) {
    throw new KeyblockError('UNKNOWN_KEY_VERSION', { field: 'record' });
  }
  const versions = record.versions.map((version) =>
    version.version === number ? { ...version, slots: change(version.slots) } : version,
  );
  return { ...record, versions, revision: nextRevision(write) };
}

/** A tombstone has no block, and gets none. */
function withCustomerSlots(
  record: CustomerKeyRecord,
  write: SlotWrite,
  change: SlotChange,
): CustomerKeyRecord {
  if (record.lifecycle.state === 'delete-complete') {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const lineage = own(record, 'lineage');
  const changed = { ...record, slots: change(record.slots), revision: nextRevision(write) };
  if (write.op === 'drop-slot' || lineage === undefined) return changed;
  const { under } = write.next;
  // What a compromise of that main key exposes, also when the block is gone.
  const known = lineage.wrappedHistory.some((ref) => sameRef(ref, under));
  const wrappedHistory = known ? lineage.wrappedHistory : [...lineage.wrappedHistory, under];
  return { ...changed, lineage: { ...lineage, wrappedHistory } };
}
