/**
 * Key blocks by the million: re-wrapped, opened and verified side by side, by ciphers without
 * tables.
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
export type { HashName } from '../primitives/hashes.js';
export type { RandomBytes } from '../primitives/random.js';
export { type KeyInput, SecretKey, type SecretKeyOptions } from '../secret-key.js';
export type { AesPort, AesPortKey } from './aes-port.js';
export type { EngineChoice } from './choose-engine.js';
export type { EngineName } from './engine/engine.js';
export type { OpeningOptions } from './open-many.js';
export {
  type BulkHeaderChanges,
  createRewrapper,
  type RewrapBytesOutcome,
  type RewrapOutcome,
  type Rewrapper,
  type RewrapperOptions,
} from './rewrapper.js';
export { type UnwrapManyOptions, type UnwrapOutcome, unwrapMany } from './unwrap-many.js';
export {
  type RewrappedPair,
  type VerifyManyOptions,
  type VerifyOutcome,
  verifyMany,
} from './verify-many.js';
