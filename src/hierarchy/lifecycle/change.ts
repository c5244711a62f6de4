/** Steps in the life of a customer key: what they have in common. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { auditEvent } from '../audit-event.js';
import { type Env, isoTime } from '../env.js';
import { requireCustomerKey } from '../read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  CustomerKeyRecord,
  Lifecycle,
  LifecycleState,
} from '../records.js';

/** What every step takes. */
export interface LifecycleOptions {
  /** Time. */
  readonly env: Env;
  /** The customer key. */
  readonly record: CustomerKeyRecord;
}

/** What every step returns. */
export interface LifecycleChange {
  /** The changed record. */
  readonly record: CustomerKeyRecord;
  /** The one write that stores it. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/** A record in another phase of its life. */
export function change(
  env: Env,
  record: CustomerKeyRecord,
  action: string,
  lifecycle: Lifecycle,
): LifecycleChange {
  const { keyId, revision } = record;
  const next: CustomerKeyRecord = { ...record, revision: revision + 1, lifecycle };
  return {
    record: next,
    writes: [{ op: 'put-record', recordId: keyId, expectedRevision: revision, next }],
    audit: [auditEvent(env, `customer-key.${action}`, record, { recordId: keyId })],
  };
}

/** Reads the options of a step, which begins in one state. */
export function readOptions(options: LifecycleOptions, state: LifecycleState): LifecycleOptions {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked right below
  isoTime(env);
  const record = requireCustomerKey(own(options, 'record'));
  if (record.lifecycle.state !== state) throw conflict();
  return { env, record };
}

/** Complete, and disabled whatever it was before. */
export function restored({ lifecycle }: CustomerKeyRecord): Lifecycle {
  return { ...window(lifecycle), state: 'create-complete', enabled: false };
}

/** Whether a key that is marked for deletion can not be restored any more. */
export function isOver({ lifecycle }: CustomerKeyRecord, env: Env): boolean {
  const deleteAfter = own(lifecycle, 'deleteAfter');
  // Times of one format in UTC are in the order of their texts.
  return deleteAfter !== undefined && isoTime(env) >= deleteAfter;
}

/** The times between which a key may be used. */
export function window(lifecycle: Lifecycle): Pick<Lifecycle, 'usageStart' | 'usageStop'> {
  const usageStart = own(lifecycle, 'usageStart');
  const usageStop = own(lifecycle, 'usageStop');
  return {
    ...(usageStart === undefined ? {} : { usageStart }),
    ...(usageStop === undefined ? {} : { usageStop }),
  };
}

/** Days of the waiting time: 3 to 180, 7 where nothing is said. */
export function readDays(days: number = 7): number {
  if (!(Number.isInteger(days) && days >= 3 && days <= 180)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'days' });
  }
  return days;
}

/** The time so many days from now. */
export function later({ at }: Env, days: number): string {
  const time = new Date(at.getTime() + 86_400_000 * days);
  return isoTime({ at: time });
}

/** The step does not fit the state. */
export function conflict(): KeyblockError {
  return new KeyblockError('STATE_CONFLICT', { field: 'record' });
}
