/** What every function of the hierarchy gets from the world: the time, and randomness. */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { dateValue } from '../primitives/date.js';
import type { RandomBytes } from '../primitives/random.js';

/** Time and randomness of one call. */
export interface Env {
  /** The present time. */
  readonly at: Date;
  /**
   * Random bytes of exactly the length asked for.
   * @defaultValue Web Crypto
   */
  readonly randomBytes?: RandomBytes | undefined;
}

/** The present time as records hold it. */
export function isoTime(env: Env): string {
  requireObject(env, 'env');
  const milliseconds = dateValue(own(env, 'at'));
  if (Number.isNaN(milliseconds)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  const time = new Date(milliseconds).toISOString();
  // Texts of times are compared: the years of all that follow from this one have four digits.
  if (!/^[0-8]\d{3}-/.test(time)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  return time;
}
