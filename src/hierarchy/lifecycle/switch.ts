/**
 * Customer keys switched on and off.
 *
 * @module
 */

import { own } from '../../primitives/bytes.js';
import { isoTime } from '../env.js';
import {
  change,
  type LifecycleChange,
  type LifecycleOptions,
  readOptions,
  window,
} from './change.js';

/** What {@link stop} and {@link start} take. */
export interface SwitchOptions extends LifecycleOptions {
  /**
   * From when on.
   * @defaultValue now
   */
  readonly from?: Date | undefined;
}

/**
 * Stops the use of a key, now or from a time on.
 *
 * @param options - The key, and when.
 * @returns The changed record.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is not complete,
 * `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * lifecycle.stop({ env: { at: new Date() }, record }).record.lifecycle.enabled; // false
 * ```
 */
export function stop(options: SwitchOptions): LifecycleChange {
  const { env, record } = readOptions(options, 'create-complete');
  const usageStop = readFrom(options);
  const { enabled } = record.lifecycle;
  const { usageStart } = window(record.lifecycle);
  return change(env, record, 'stop', {
    state: 'create-complete',
    enabled: usageStop === undefined ? false : enabled,
    ...(usageStart === undefined ? {} : { usageStart }),
    ...(usageStop === undefined ? {} : { usageStop }),
  });
}

/**
 * Starts the use of a key, now or from a time on. A stop that was planned is forgotten.
 *
 * @param options - The key, and when.
 * @returns The changed record.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is not complete,
 * `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, lifecycle } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * lifecycle.start({ env: { at: new Date() }, record }).record.lifecycle.enabled; // true
 * ```
 */
export function start(options: SwitchOptions): LifecycleChange {
  const { env, record } = readOptions(options, 'create-complete');
  const usageStart = readFrom(options);
  return change(env, record, 'start', {
    state: 'create-complete',
    enabled: true,
    ...(usageStart === undefined ? {} : { usageStart }),
  });
}

function readFrom(options: SwitchOptions): string | undefined {
  const at = own(options, 'from');
  return at === undefined ? undefined : isoTime({ at });
}
