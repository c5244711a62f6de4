/**
 * What a hierarchy stores: plain JSON, and nothing secret in it. Every record carries its `kind`,
 * its `schema` and a `revision` that grows by one with every change, for compare-and-set.
 *
 * @module
 */

export type { ArchiveManifest } from './records/archive.js';
export type { Approval, AuditEvent } from './records/audit-trail.js';
export type { BlockSlot, Kcv, KeyRef } from './records/blocks.js';
export type {
  AliasRecord,
  CustomerKeyRecord,
  KeyAttributes,
  Lifecycle,
  LifecycleState,
} from './records/customer-keys.js';
export type {
  AllowEntry,
  DeviceIdentity,
  HsmState,
  HsmSyncRecord,
  HsmVersion,
  KrdToken,
  MainKeyReceipt,
} from './records/devices.js';
export type { JsonValue } from './records/json.js';
export type {
  MainKeyState,
  MainKeyToken,
  MainKeyVersion,
  ProfileKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
} from './records/main-keys.js';
export type {
  Commitment,
  RotationJob,
  RotationPhase,
  RotationPolicy,
  RotationReason,
} from './records/rotation-job.js';
export type { ConditionalWrite, HeldRecord, StoredRecord } from './records/writes.js';
