/**
 * A key hierarchy: region main keys, profile main keys under them, customer keys under those. Pure
 * functions over JSON records; stores, queues, threads and clocks are the caller's.
 *
 * @module
 */

export {
  KeyblockError,
  type KeyblockErrorCode,
  type KeyblockErrorDetails,
  type KeyblockErrorField,
} from '../errors.js';
export type { RandomBytes } from '../primitives/random.js';
export { type KeyInput, SecretKey, type SecretKeyOptions } from '../secret-key.js';
export type {
  AlgorithmCode,
  Code,
  Exportability,
  KeyContext,
  KeyUsage,
  ModeOfUse,
} from '../tr31/codes.js';
export type { KeyBlockHeader } from '../tr31/header.js';
export type { OptionalBlock } from '../tr31/optional-blocks.js';
export type { VersionId } from '../tr31/versions.js';
// The rules: what a key may be wrapped under and be used for, and who has to consent.
export * as approvals from './approvals.js';
// Records, and what keys are found and stored by.
export type { Env } from './env.js';
export { recordId } from './identifiers.js';
export { createKeyRing, type KeyRing, type KeyRingEntry } from './key-ring.js';
export type {
  AliasRecord,
  Approval,
  AuditEvent,
  BlockSlot,
  Commitment,
  ConditionalWrite,
  CustomerKeyRecord,
  HeldRecord,
  JsonValue,
  Kcv,
  KeyAttributes,
  KeyRef,
  Lifecycle,
  LifecycleState,
  MainKeyState,
  MainKeyToken,
  MainKeyVersion,
  ProfileKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
  RotationJob,
  RotationPhase,
  RotationPolicy,
  RotationReason,
  StoredRecord,
} from './records.js';
export { type RewrapBlockOptions, type RewrappedBlock, rewrapBlock } from './rewrap-block.js';
export {
  type AssertProtectsOptions,
  assertProtects,
  type ProtectsOptions,
  protects,
  type WrappedKind,
  type WrappingKind,
} from './rules/strength.js';
export {
  type AssertUsageOptions,
  assertUsage,
  type KeyAction,
  type KeyOperation,
} from './rules/usage.js';
export { type ApplyWriteOptions, applyWrite } from './writes.js';
