/** The keys that a record holds in blocks: one a customer key, one a version a profile. */

import { KeyblockError, type KeyblockErrorCode } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { sameKcv } from '../check-value.js';
import { profileKeyId, sameRef } from '../identifiers.js';
import { customerPath, profilePlace } from '../place.js';
import { PROFILE_KEY } from '../profile.js';
import { isKcv, requireCustomerKey, requireProfile } from '../read-record.js';
import type {
  BlockSlot,
  CustomerKeyRecord,
  HeldRecord,
  Kcv,
  KeyAttributes,
  KeyRef,
  MainKeyVersion,
  ProfileRecord,
  RotationJob,
} from '../records.js';
import { type MainKeyRecord, mainKeyId } from './main-key-record.js';

/** One key in a record, with all of its blocks. */
export interface HeldKey {
  readonly recordId: string;
  readonly revision: number;
  /** Of a profile: the version whose key it is. */
  readonly version?: number | undefined;
  readonly place: string;
  readonly attributes: KeyAttributes;
  readonly slots: readonly BlockSlot[];
  /** Those that say that they are under the main keys of the record, and not under others. */
  readonly blocks: readonly BlockSlot[];
  /** The check value in the record; none where the row is no record. */
  readonly kcv?: Kcv | undefined;
  /** Why the row is no record of this library, where it is none. */
  readonly refusal?: KeyblockErrorCode | undefined;
}

/** What decides which records a job is about, and what their blocks have to say. */
export interface Scope {
  readonly level: RotationJob['level'];
  readonly regionId: string;
  readonly profileId: string | undefined;
  /** What their blocks are under. */
  readonly keyId: string;
  /** The check values of its versions. */
  readonly kcvs: ReadonlyMap<number, Kcv>;
  /** What the places of customer keys begin with. */
  readonly path: string;
}

/** The scope of a job, of the record of its main key. */
export function scopeOf(mainKey: MainKeyRecord): Scope {
  const { regionId } = mainKey;
  const keyId = mainKeyId(mainKey);
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  if (!versions.every(({ kcv }) => isKcv(kcv))) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const kcvs = new Map(versions.map(({ version, kcv }) => [version, kcv]));
  if (mainKey.kind === 'region-key') {
    return { level: 'region', regionId, profileId: undefined, keyId, kcvs, path: '' };
  }
  const { profileId, configDigest } = mainKey;
  const path = customerPath(mainKey, configDigest);
  return { level: 'profile', regionId, profileId, keyId, kcvs, path };
}

/**
 * The keys of a record that a scope is about: none for a tombstone, and for records of others. One
 * that lives without a key is named. A row that is no record of this library stops nothing: it is a
 * key that nobody can open.
 */
function heldKeys(record: HeldRecord, scope: Scope, keyless: string[]): readonly HeldKey[] {
  try {
    requireObject(record, 'record');
    if (!isOfScope(record, scope)) return NONE;
    const keys =
      record.kind === 'profile'
        ? profileKeys(requireProfile(record), scope)
        : customerKeys(requireCustomerKey(record), scope);
    if (keys.length === 0 && !isTombstone(record)) keyless.push(nameOf(record));
    return keys;
  } catch (error) {
    return [unreadableKey(record, error)];
  }
}

function isTombstone(record: HeldRecord): boolean {
  return record.kind === 'customer-key' && record.lifecycle.state === 'delete-complete';
}

/** Refuses a block under a main key that this one is none of: who opens the key refuses it too. */
function requireSlotsOf(slots: readonly BlockSlot[], { keyId }: Scope): void {
  if (slots.some(({ under }) => under.keyId !== keyId)) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
  }
}

/** Whether a record is one that holds a key under the main key of a scope. */
function isOfScope(record: HeldRecord, scope: Scope): boolean {
  if (record.regionId !== scope.regionId) return false;
  if (scope.level === 'region') return record.kind === 'profile';
  return record.kind === 'customer-key' && record.profileId === scope.profileId;
}

/** A key in deletion may be restored, so it rotates; a tombstone has no block any more. */
function holdsKey({ lifecycle: { state }, slots }: CustomerKeyRecord): boolean {
  switch (state) {
    case 'create-complete':
    case 'delete-pending':
      return true;
    case 'create-in-progress':
    case 'create-failed':
      return slots.length > 0;
    case 'delete-complete':
      // A tombstone with a block is no record of this library.
      if (slots.length > 0) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
      return false;
  }
}

function customerKeys(record: CustomerKeyRecord, scope: Scope): readonly HeldKey[] {
  const { keyId: recordId, revision, attributes, slots, kcv } = record;
  requireSlotsOf(slots, scope);
  if (!holdsKey(record)) return NONE;
  const blocks = blocksOf(slots, scope);
  const place = scope.path + recordId;
  return [{ recordId, revision, place, attributes, slots, blocks, kcv }];
}

const NONE: readonly HeldKey[] = [];

/**
 * The blocks under the main keys that the record knows. One under another key of that name is as
 * none: it gets a block under the right one, and no proof or clean-up rests on it.
 */
function blocksOf(slots: readonly BlockSlot[], { kcvs }: Scope): readonly BlockSlot[] {
  return slots.filter(({ under, kbpkKcv }) => {
    const kcv = kcvs.get(under.version);
    return kcv === undefined || sameKcv(kbpkKcv, kcv);
  });
}

/** Every version but the destroyed ones, retired ones too: what is kept has to open. */
function profileKeys(record: ProfileRecord, scope: Scope): readonly HeldKey[] {
  const { revision } = record;
  const recordId = profileKeyId(record);
  return record.versions
    .filter(({ state }) => state !== 'destroyed')
    .map(({ version, slots, kcv }) => {
      requireSlotsOf(slots, scope);
      const place = profilePlace(record, version);
      const blocks = blocksOf(slots, scope);
      return { recordId, revision, version, place, attributes: PROFILE_KEY, slots, blocks, kcv };
    });
}

function unreadableKey(record: HeldRecord, error: unknown): HeldKey {
  if (!(error instanceof KeyblockError)) throw error;
  return {
    recordId: nameOf(record),
    revision: 0, // nothing is written to it
    place: '',
    attributes: PROFILE_KEY,
    slots: [],
    blocks: [],
    refusal: error.code,
  };
}

/** What a row calls itself, where it does. */
function nameOf(record: HeldRecord | null): string {
  if (typeof record !== 'object' || record === null) return '';
  const parts: readonly unknown[] =
    record.kind === 'profile' ? [record.regionId, record.profileId] : [record.keyId];
  return parts.every((part) => typeof part === 'string') ? parts.join('/') : '';
}

/** What one page of a scan comes down to. */
export interface HeldPage {
  /** The keys of its records, record by record. */
  readonly held: readonly (readonly HeldKey[])[];
  /** The IDs of those that live and hold no key: not yet, or not any more. */
  readonly keyless: readonly string[];
}

/** Reads the keys of a page, once for all that is done with them. */
export function heldPage(records: readonly HeldRecord[], scope: Scope): HeldPage {
  const keyless: string[] = [];
  return { held: records.map((record) => heldKeys(record, scope, keyless)), keyless };
}

/** Whether a key has a block under a version of a main key. What can not be read may have one. */
export function mayHold({ refusal, slots }: HeldKey, ref: KeyRef): boolean {
  return refusal !== undefined || slots.some(({ under }) => sameRef(under, ref));
}

/** Counts the blocks under a version of a main key. */
export function blocksIn({ held }: HeldPage, ref: KeyRef): number {
  let count = 0;
  for (const keys of held) {
    for (const key of keys) if (mayHold(key, ref)) count++;
  }
  return count;
}

/** The text of a block under a version of a main key, where there is one that says so. */
export function blockUnder({ blocks }: HeldKey, ref: KeyRef): string | undefined {
  return blocks.find(({ under }) => sameRef(under, ref))?.block;
}

/** Reads the records of one page of a scan. */
export function readRecords(records: readonly HeldRecord[] | undefined): readonly HeldRecord[] {
  if (!Array.isArray(records)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return records as readonly HeldRecord[];
}

/** Reads how many keys a task may hold. */
export function readTaskSize(options: { readonly size?: number | undefined }): number {
  const size = own(options, 'size') ?? DEFAULT_TASK_SIZE;
  if (!(Number.isInteger(size) && size >= 1 && size <= MAX_TASK_SIZE)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  }
  return size;
}

/** About ten milliseconds of work, and less than a message of a queue may hold. */
const DEFAULT_TASK_SIZE = 500;
const MAX_TASK_SIZE = 10_000;
