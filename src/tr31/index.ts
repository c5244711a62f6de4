/**
 * TR-31 / ANSI X9.143 / ISO 20038 key blocks, versions A to E.
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
export type { Certificate } from './certificates.js';
export type {
  AlgorithmCode,
  Code,
  Exportability,
  KeyContext,
  KeyUsage,
  ModeOfUse,
} from './codes.js';
export { type DeriveBlockKeysOptions, deriveBlockKeys } from './derive.js';
export { describeKeyBlock, type FieldDescription } from './describe.js';
export {
  formatHeader,
  type KeyBlockHeader,
  type KeyBlockHeaderInput,
  parseHeader,
} from './header.js';
export { formatOptionalBlock, readOptionalBlock } from './optional-block-data.js';
export type {
  AllowedDerivation,
  AsymmetricKeyLife,
  BdkIdentifier,
  CheckValue,
  DerivationsAllowed,
  HmacHash,
  InitialKeyId,
  KeyBlockValues,
  KeySerialNumber,
  Label,
  OpaqueData,
  OptionalBlockData,
  ProprietaryData,
  PublicKeyCertificates,
  TimeStamp,
  WrappingPedigree,
} from './optional-block-types.js';
export type { OptionalBlock } from './optional-blocks.js';
export { type KeyBlock, parseKeyBlock, type ValidationOptions } from './parse.js';
export type { MaskedKeyLength } from './payload.js';
export { type HeaderChanges, type RewrapKeyOptions, rewrapKey } from './rewrap.js';
export type { Allow, AllowOptions, Finding, RuleName, Validation } from './rules.js';
export {
  type TraceStep,
  type TraceUnwrapOptions,
  traceUnwrap,
  type UnwrapTrace,
} from './trace.js';
export {
  type UnwrapKeyOptions,
  type UnwrappedKey,
  unwrapKey,
  type VerifyKeyBlockOptions,
  verifyKeyBlock,
} from './unwrap.js';
export type { VersionId } from './versions.js';
export { type SealOptions, type WrapKeyOptions, wrapKey } from './wrap.js';
