/** Check values as records hold them. */

import { KeyblockError } from '../errors.js';
import { defaultMethod } from '../primitives/check-value.js';
import type { SecretKey } from '../secret-key.js';
import type { Kcv } from './records.js';

/**
 * The check value of a key, by the method of its algorithm.
 *
 * @throws {@link KeyblockError} `UNSUPPORTED` for a key that has none, as asymmetric keys.
 */
export function kcvOf(key: SecretKey): Kcv {
  return { method: defaultMethod(key.algorithm), value: key.kcv() };
}

/**
 * Demands that a main key is the one in its record: of what is wrapped under another one, nothing
 * would ever open again. Throws `KCV_MISMATCH`.
 */
export function requireMainKey(key: SecretKey, { kcv }: { readonly kcv: Kcv }): void {
  if (!sameKcv(kcvOf(key), kcv)) throw new KeyblockError('KCV_MISMATCH', { field: 'ring' });
}

/** Whether two check values are of one method and equal. They are public. */
export function sameKcv(a: Kcv, b: Kcv): boolean {
  return a.method === b.method && a.value === b.value;
}
