/**
 * Customer keys marked for deletion, restored, and gone.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { isoTime } from '../env.js';
import type { Lifecycle } from '../records.js';
import {
  change,
  conflict,
  isOver,
  type LifecycleChange,
  type LifecycleOptions,
  later,
  readDays,
  readOptions,
  restored,
  window,
} from './change.js';

/** What {@link scheduleDeletion} takes. */
export interface ScheduleDeletionOptions extends LifecycleOptions {
  /**
   * How long the key can be restored: 3 to 180.
   * @defaultValue `7`
   */
  readonly days?: number | undefined;
  /** @defaultValue `'requested'` */
  readonly cause?: Lifecycle['cause'];
}

/**
 * Marks a key for deletion. From now on it can not be used; it still rotates, and can be restored
 * until its time is over.
 *
 * @param options - The key, and how long it can be restored.
 * @returns The changed record.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for days out of range; `STATE_CONFLICT` for a
 * key that is not complete.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * const env = { at: new Date('2027-01-01') };
 * const marked = lifecycle.scheduleDeletion({ env, record, days: 30 }).record;
 * marked.lifecycle.deleteAfter; // '2027-01-31T00:00:00.000Z'
 * ```
 */
export function scheduleDeletion(options: ScheduleDeletionOptions): LifecycleChange {
  const { env, record } = readOptions(options, 'create-complete');
  const days = readDays(own(options, 'days'));
  const cause = own(options, 'cause') ?? 'requested';
  if (!CAUSES.includes(cause)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  return change(env, record, 'schedule-deletion', {
    ...window(record.lifecycle),
    state: 'delete-pending',
    enabled: false,
    deleteAfter: later(env, days),
    cause,
    // Told to nobody when an account is closed: its owner decides anew.
    ...(cause === 'account-closed' ? {} : { wasEnabled: record.lifecycle.enabled }),
  });
}

const CAUSES: readonly Lifecycle['cause'][] = ['requested', 'account-closed', 'replicated'];

/**
 * Takes a deletion back. The key comes back disabled: `start` is an own decision.
 *
 * @param options - The key.
 * @returns The changed record.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is not marked for deletion, whose
 * time is over, or whose account was closed.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord; // marked for deletion
 * const restored = lifecycle.restore({ env: { at: new Date() }, record }).record;
 * restored.lifecycle; // { state: 'create-complete', enabled: false }
 * ```
 */
export function restore(options: LifecycleOptions): LifecycleChange {
  const { env, record } = readOptions(options, 'delete-pending');
  if (record.lifecycle.cause === 'account-closed' || isOver(record, env)) throw conflict();
  return change(env, record, 'restore', restored(record));
}

/**
 * Deletes a key for good: its blocks go, and a tombstone stays. Copies may be left in backups for
 * seven days.
 *
 * @param options - The key.
 * @returns The tombstone.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is not marked for deletion, or
 * whose time is not over.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord; // marked for deletion, its time over
 * lifecycle.purge({ env: { at: new Date() }, record }).record.slots; // []
 * ```
 */
export function purge(options: LifecycleOptions): LifecycleChange {
  const { env, record } = readOptions(options, 'delete-pending');
  if (!isOver(record, env)) throw conflict();
  const { cause } = record.lifecycle;
  const tombstone: Lifecycle = {
    state: 'delete-complete',
    enabled: false,
    ...(cause === undefined ? {} : { cause }),
    deletedAt: isoTime(env),
    backupResidueUntil: later(env, BACKUP_DAYS),
  };
  return change(env, { ...record, slots: [] }, 'purge', tombstone);
}

/** Days that a deleted key may stay in backups. */
const BACKUP_DAYS = 7;
