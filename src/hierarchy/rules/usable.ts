/** Whether a customer key may be used now, whatever for: state, switch and time window. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { CustomerKeyRecord, Lifecycle } from '../records.js';

/**
 * Demands that a key is complete, enabled and within its time. Without a time only a key that has
 * no window may be used.
 *
 * @throws {@link KeyblockError} `STATE_CONFLICT`.
 */
export function assertUsable({ lifecycle }: CustomerKeyRecord, env: Env | undefined): void {
  const usageStart = own(lifecycle, 'usageStart');
  const usageStop = own(lifecycle, 'usageStop');
  const isOn = own(lifecycle, 'state') === 'create-complete' && own(lifecycle, 'enabled') === true;
  if (!isOn) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  if (usageStart === undefined && usageStop === undefined) return;
  const now = isoTime(env as Env); // refused in there when it is not given
  if (!isWithin(lifecycle, now)) throw new KeyblockError('STATE_CONFLICT', { field: 'at' });
}

/** Whether a time is one between which a key may be used. */
export function isWithin(lifecycle: Lifecycle, now: string): boolean {
  const usageStart = own(lifecycle, 'usageStart');
  const usageStop = own(lifecycle, 'usageStop');
  // Times of one format in UTC are in the order of their texts.
  return (
    (usageStart === undefined || now >= usageStart) && (usageStop === undefined || now < usageStop)
  );
}
