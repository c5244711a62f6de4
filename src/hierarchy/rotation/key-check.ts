/** The check value in a record, compared with the key of its block: as opening the key does. */

import { KeyblockError } from '../../errors.js';
import { defaultCheckValue, defaultMethod } from '../../primitives/check-value.js';
import { keyAlgorithm } from '../../tr31/codes.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { hmacHash } from '../../tr31/policy.js';
import type { Kcv } from '../records.js';
import type { RotationItem } from './tasks.js';

/** Computes the check value of a key that is lent. Throws what `SecretKey.kcv` does. */
export function kcvOfBytes(header: KeyBlockHeader, bytes: Uint8Array): Kcv {
  const algorithm = keyAlgorithm(header.algorithm);
  const hash = algorithm === 'HMAC' ? hmacHash(header) : undefined;
  return {
    method: defaultMethod(algorithm),
    value: defaultCheckValue(algorithm, bytes, hash),
  };
}

/** Throws `KCV_MISMATCH` for a key that is not the one of its record. */
export function requireKcv({ kcv }: RotationItem, found: Kcv): void {
  if (kcv?.method !== found.method || kcv.value !== found.value) {
    throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
  }
}
