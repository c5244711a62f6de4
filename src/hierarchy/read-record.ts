/**
 * Whether a value is a record of this library: what the rest of the code relies on, so that a row
 * that was altered is refused and never trips over itself.
 */

import { KeyblockError } from '../errors.js';
import { own } from '../primitives/bytes.js';
import type {
  BlockSlot,
  CustomerKeyRecord,
  Kcv,
  KeyAttributes,
  KeyRef,
  Lifecycle,
  LifecycleState,
  MainKeyState,
  ProfileRecord,
} from './records.js';
import { membersOf } from './row-members.js';

/** Checks a customer key. Throws `STATE_CONFLICT`; `INVALID_ARGUMENT` where none was given. */
export function requireCustomerKey(value: unknown): CustomerKeyRecord {
  requireGiven(value, 'record');
  const row = membersOf(value);
  const isSound =
    isRecord(value, 'customer-key') &&
    isText(row.keyId) &&
    isText(row.regionId) &&
    isText(row.profileId) &&
    isText(row.owner) &&
    isAttributes(row.attributes) &&
    isKcv(row.kcv) &&
    isListOf(row.slots, isSlot) &&
    isLifecycle(row.lifecycle) &&
    isObject(row.tags) &&
    isSharing(row.sharing) &&
    isLineage(row.lineage);
  return isSound ? (value as CustomerKeyRecord) : refuse(); // as far as was checked
}

/** Checks a profile. Throws `STATE_CONFLICT`; `INVALID_ARGUMENT` where none was given. */
export function requireProfile(value: unknown): ProfileRecord {
  requireGiven(value, 'profile');
  const row = membersOf(value);
  const isSound =
    isRecord(value, 'profile') &&
    isText(row.regionId) &&
    isText(row.profileId) &&
    isText(row.state) &&
    isText(row.configDigest) &&
    isListOf(row.versions, isVersion) &&
    isConsistent((value as ProfileRecord).versions);
  return isSound ? (value as ProfileRecord) : refuse(); // as far as was checked
}

/** Checks that a row is of the key that it was looked up by. Throws `CONTEXT_MISMATCH`. */
export function requireKeyId(record: CustomerKeyRecord, keyId: string | undefined): void {
  if (keyId !== undefined && keyId !== record.keyId) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyId' });
  }
}

/** Checks what all records have in common. */
export function isRecord(value: unknown, kind: string): boolean {
  const row = membersOf(value);
  return row.kind === kind && row.schema === 1 && isOrdinal(row.revision);
}

const LIFECYCLE_STATES: readonly LifecycleState[] = [
  'create-in-progress',
  'create-complete',
  'create-failed',
  'delete-pending',
  'delete-complete',
];

function isLifecycle(value: unknown): value is Lifecycle {
  const row = membersOf(value);
  return (
    LIFECYCLE_STATES.includes(row.state as LifecycleState) && // any value may be sought
    typeof row.enabled === 'boolean' &&
    isTimeOrNone(row.usageStart) &&
    isTimeOrNone(row.usageStop) &&
    isTimeOrNone(row.deleteAfter)
  );
}

/** As `Date.toISOString` writes it: such texts are in the order of their times. */
function isTimeOrNone(value: unknown): boolean {
  if (value === undefined) return true;
  return isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
}

/** Whether a value is the attributes of a key. */
export function isAttributes(value: unknown): value is KeyAttributes {
  const row = membersOf(value);
  return (
    isText(row.keyUsage) &&
    isText(row.algorithm) &&
    isText(row.modeOfUse) &&
    isText(row.exportability) &&
    isText(row.keyVersionNumber) &&
    typeof row.keyBits === 'number'
  );
}

const MAIN_KEY_STATES: readonly MainKeyState[] = [
  'pending',
  'active',
  'retiring',
  'retired',
  'destroyed',
];

function isVersion(value: unknown): boolean {
  return isMainKeyVersion(value) && isListOf(membersOf(value).slots, isSlot);
}

/** Whether a value is a version of a main key, with or without blocks. */
export function isMainKeyVersion(value: unknown): boolean {
  const row = membersOf(value);
  return (
    isOrdinal(row.version) &&
    MAIN_KEY_STATES.includes(row.state as MainKeyState) && // any value may be sought
    isKcv(row.kcv) &&
    isTextOrNone(row.wrapUntil) &&
    isTextOrNone(row.unwrapUntil)
  );
}

/** Whether a value is what a customer key may have for its sharing: none, or by whom and why. */
function isSharing(value: unknown): boolean {
  const row = membersOf(value);
  return value === undefined || (isListOf(row.parties, isText) && isText(row.purpose));
}

/** Whether a value is what a customer key may have for its lineage: none, or where it was. */
function isLineage(value: unknown): boolean {
  return value === undefined || isListOf(membersOf(value).wrappedHistory, isRef);
}

/** At most one active and one pending version, and numbers that grow. */
function isConsistent(versions: ProfileRecord['versions']): boolean {
  const count = (state: MainKeyState) => versions.filter((v) => v.state === state).length;
  const grow = versions.every(
    ({ version }, i) => i === 0 || version > (versions[i - 1]?.version ?? 0),
  );
  return grow && count('active') <= 1 && count('pending') <= 1;
}

/** Whether a value is a block of a record. */
export function isSlot(value: unknown): value is BlockSlot {
  const row = membersOf(value);
  return isText(row.block) && isText(row.digest) && isRef(row.under) && isKcv(row.kbpkKcv);
}

/** Whether a value is a check value. */
export function isKcv(value: unknown): value is Kcv {
  const row = membersOf(value);
  return isText(row.method) && isText(row.value);
}

/** Whether a value names a version of a main key. */
export function isRef(value: unknown): value is KeyRef {
  const row = membersOf(value);
  return isText(row.keyId) && isOrdinal(row.version);
}

/** Versions and revisions count from one. */
export function isOrdinal(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

/** Whether a value is a list of such items. */
export function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (!isItem(item)) return false; // a hole too
  return true;
}

/** Whether a value has texts of its own by all of these names. */
export function holdsTexts(value: unknown, names: readonly string[]): boolean {
  if (!isObject(value)) return false;
  const members = value as Readonly<Record<string, unknown>>;
  for (const name of names) if (typeof own(members, name) !== 'string') return false;
  return true;
}

/** Whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Whether a value is a text, or is not there. */
export function isTextOrNone(value: unknown): boolean {
  return value === undefined || isText(value);
}

/** Whether a value has members at all. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A member of its own, of whatever it is. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? own(value as Readonly<Record<string, unknown>>, name) : undefined;
}

function requireGiven(value: unknown, field: 'record' | 'profile'): void {
  if (value === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field });
}

function refuse(): never {
  throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
}
