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
export {
  type AliasChange,
  type CreateAliasOptions,
  createAlias,
  type RepointAliasOptions,
  repointAlias,
} from './alias.js';
export * as approvals from './approvals.js';
export {
  type AuditHierarchyOptions,
  auditHierarchy,
  type FindingId,
  type HierarchyFinding,
  type Severity,
} from './audit.js';
export { type ChangeConfigOptions, type ChangedConfig, changeConfig } from './change-config.js';
export {
  type CreateCustomerKeyOptions,
  type CreatedCustomerKey,
  type CustomerKeyDetails,
  createCustomerKey,
} from './customer-key.js';
export type { Env } from './env.js';
export {
  type ExportCustomerKeyOptions,
  type ExportedCustomerKey,
  exportCustomerKey,
  type ImportCustomerKeyOptions,
  importCustomerKey,
} from './exchange.js';
export { recordId } from './identifiers.js';
export { type DeriveInitialKeyOptions, deriveInitialKey } from './initial-key.js';
export { createKeyRing, type KeyRing, type KeyRingEntry } from './key-ring.js';
export * as lifecycle from './lifecycle/index.js';
export {
  type CreatedRegionKey,
  type CreateRegionKeyOptions,
  type CryptoperiodPolicy,
  createRegionKey,
} from './main-key.js';
export * as mainKeys from './main-keys.js';
export type { KeyAttributesInput } from './new-key.js';
export {
  type OpenCustomerKeyOptions,
  type OpenedCustomerKey,
  openCustomerKey,
} from './open-customer-key.js';
export {
  type CreatedProfile,
  type CreateProfileOptions,
  createProfile,
  type OpenProfileOptions,
  openProfile,
} from './profile.js';
export type {
  AliasRecord,
  AllowEntry,
  Approval,
  ArchiveManifest,
  AuditEvent,
  BlockSlot,
  Commitment,
  ConditionalWrite,
  CustomerKeyRecord,
  DeviceIdentity,
  HeldRecord,
  HsmState,
  HsmSyncRecord,
  HsmVersion,
  JsonValue,
  Kcv,
  KeyAttributes,
  KeyRef,
  KrdToken,
  Lifecycle,
  LifecycleState,
  MainKeyReceipt,
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
export * as replication from './replication/index.js';
export { type RewrapBlockOptions, type RewrappedBlock, rewrapBlock } from './rewrap-block.js';
export * as rotation from './rotation/index.js';
export {
  type HeaderRequest,
  type NarrowHeaderOptions,
  narrowHeader,
} from './rules/narrow.js';
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
export * as sharing from './sharing.js';
export * as tags from './tags.js';
export {
  type ExportKeyToEcdhOptions,
  exportKeyToEcdh,
  type ImportKeyFromEcdhOptions,
  importKeyFromEcdh,
  type KeyAgreement,
} from './transport/ecdh-exchange.js';
export {
  type CreateKrdTokenOptions,
  createKrdToken,
  type VerifyKrdTokenOptions,
  verifyKrdToken,
} from './transport/krd-token.js';
export {
  type LoadedMainKey,
  type LoadMainKeyTokenOptions,
  loadMainKeyToken,
  type MainKeyEvent,
} from './transport/load-main-key.js';
export {
  type IssuedMainKeyToken,
  type IssueMainKeyTokenOptions,
  issueMainKeyToken,
} from './transport/main-key-token.js';
export {
  type ExportedCryptogram,
  type ExportKeyToCryptogramOptions,
  exportKeyToCryptogram,
  type ImportKeyFromCryptogramOptions,
  importKeyFromCryptogram,
} from './transport/rsa-exchange.js';
export {
  type ExportedTr34Key,
  type ExportKeyToTr34Options,
  exportKeyToTr34,
  type ImportedTr34Key,
  type ImportKeyFromTr34Options,
  importKeyFromTr34,
} from './transport/tr34-exchange.js';
export { type ApplyWriteOptions, applyWrite } from './writes.js';
