/** Optional blocks KC and KP, computed. */

import type { KeyAlgorithm } from '../primitives/algorithms.js';
import {
  type ComputeCheckValue,
  DEFAULT_KCV_LENGTHS,
  defaultMethod,
  fullCheckValue,
} from '../primitives/check-value.js';
import { encodeHex } from '../primitives/hex.js';
import { formatOptionalBlock } from './optional-block-data.js';
import type { OptionalBlock } from './optional-blocks.js';

/** Makes KC or KP for a key, by the method of its algorithm and as long as the method gives. */
export function checkValueBlock(
  id: 'KC' | 'KP',
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  method: 'legacy' | 'cmac' = cipherMethod(algorithm),
  length: number = DEFAULT_KCV_LENGTHS[method],
  checkValue: ComputeCheckValue = fullCheckValue,
): OptionalBlock {
  const value = checkValue(algorithm, key, method, undefined);
  return formatOptionalBlock({ id, method, kcv: encodeHex(value, length) });
}

/**
 * X9.143 defines check values in blocks for cipher keys only; others are refused as unsupported.
 */
function cipherMethod(algorithm: KeyAlgorithm): 'legacy' | 'cmac' {
  return defaultMethod(algorithm) === 'cmac' ? 'cmac' : 'legacy';
}
