/**
 * Key check values, key components, parity and key generation: what a key ceremony needs.
 *
 * @module
 */

export {
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorDetails,
  type KeyblockErrorField,
} from '../errors.js';
export type { KeyAlgorithm } from '../primitives/algorithms.js';
export type { KcvMethod } from '../primitives/check-value.js';
export type { HashName } from '../primitives/hashes.js';
export type { RandomBytes } from '../primitives/random.js';
export { type KeyInput, SecretKey, type SecretKeyOptions } from '../secret-key.js';
export {
  type CombineComponentsOptions,
  combineComponents,
  type SplitIntoComponentsOptions,
  splitIntoComponents,
} from './components.js';
export { type GenerateKeyOptions, generateKey } from './generate.js';
export {
  computeKcv,
  type KcvKeyOptions,
  type KcvOptions,
  type MatchesKcvOptions,
  matchesKcv,
} from './kcv.js';
export { adjustParity, hasOddParity } from './parity.js';
