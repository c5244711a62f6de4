/**
 * Accounts that are closed, and come back.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { requireCustomerKey } from '../read-record.js';
import type { AuditEvent, ConditionalWrite, CustomerKeyRecord } from '../records.js';
import { change, isOver, type LifecycleChange, readDays, restored } from './change.js';
import { scheduleDeletion } from './deletion.js';

/** What {@link reactivateAccount} takes. */
export interface AccountOptions {
  /** Time. */
  readonly env: Env;
  /** The customer keys of the account. */
  readonly records: Iterable<CustomerKeyRecord>;
}

/** What {@link closeAccount} takes. */
export interface CloseAccountOptions extends AccountOptions {
  /**
   * How long the account can come back: 3 to 180.
   * @defaultValue `7`
   */
  readonly days?: number | undefined;
}

/** What {@link closeAccount} and {@link reactivateAccount} return. */
export interface AccountChange {
  /** The records that changed. */
  readonly records: readonly CustomerKeyRecord[];
  /** One write for each of them. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Marks the keys of a closed account for deletion. Those that are marked already keep their time.
 *
 * @param options - The keys, and how long the account can come back.
 * @returns What changed.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `STATE_CONFLICT` for what is not a record.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const records: readonly CustomerKeyRecord[]; // all of one owner
 * const { writes } = lifecycle.closeAccount({ env: { at: new Date() }, records, days: 90 });
 * ```
 */
export function closeAccount(options: CloseAccountOptions): AccountChange {
  const { env, records } = readOptions(options);
  const days = readDays(own(options, 'days'));
  const live = records.filter(({ lifecycle: { state } }) => state === 'create-complete');
  return together(
    live.map((record) => scheduleDeletion({ env, record, days, cause: 'account-closed' })),
  );
}

/**
 * Brings the keys of an account back that were marked when it was closed, and whose time is not
 * over. Each is disabled, whatever it was before: its owner starts it again.
 *
 * @param options - The keys.
 * @returns What changed.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `STATE_CONFLICT` for what is not a record.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const records: readonly CustomerKeyRecord[]; // all of one owner
 * const changed = lifecycle.reactivateAccount({ env: { at: new Date() }, records });
 * changed.records.some((record) => record.lifecycle.enabled); // false
 * ```
 */
export function reactivateAccount(options: AccountOptions): AccountChange {
  const { env, records } = readOptions(options);
  const back = records.filter(
    (record) =>
      record.lifecycle.state === 'delete-pending' &&
      record.lifecycle.cause === 'account-closed' &&
      !isOver(record, env),
  );
  return together(back.map((record) => change(env, record, 'reactivate', restored(record))));
}

function readOptions(options: AccountOptions): {
  readonly env: Env;
  readonly records: readonly CustomerKeyRecord[];
} {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked right below
  isoTime(env);
  const records = own(options, 'records');
  if (typeof records?.[Symbol.iterator] !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  return { env, records: Array.from(records, requireCustomerKey) };
}

function together(changes: readonly LifecycleChange[]): AccountChange {
  return {
    records: changes.map(({ record }) => record),
    writes: changes.flatMap(({ writes }) => writes),
    audit: changes.flatMap(({ audit }) => audit),
  };
}
