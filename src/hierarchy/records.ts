/**
 * What a hierarchy stores: plain JSON, and nothing secret in it. Every record carries its `kind`,
 * its `schema` and a `revision` that grows by one with every change, for compare-and-set.
 *
 * @module
 */

import type { AlgorithmCode, Code, Exportability, KeyUsage, ModeOfUse } from '../tr31/codes.js';

/** What JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * One version of a main key: of a region (`eu-central-1`) or of a profile (`eu-central-1/shop`).
 */
export interface KeyRef {
  readonly keyId: string;
  /** From 1 on; a number is never used again. */
  readonly version: number;
}

/** A key check value, and how it was computed. */
export interface Kcv {
  readonly method: 'legacy' | 'cmac' | 'hmac';
  /** Upper-case hex. */
  readonly value: string;
}

/** One stored key block: whose key it holds is authenticated inside, see `place.ts`. */
export interface BlockSlot {
  /** The main key that the block opens under: a copy for queries. */
  readonly under: KeyRef;
  /** The TR-31 / X9.143 text. */
  readonly block: string;
  /** Check value of that main key, which the block carries as KP. */
  readonly kbpkKcv: Kcv;
  /** SHA-256 of the text of the block, in lower-case hex. */
  readonly digest: string;
}

/** The states of a version of a main key, in their order. */
export type MainKeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'destroyed';

/** One version of a main key, of a region or of a profile. */
export interface MainKeyVersion {
  readonly version: number;
  readonly state: MainKeyState;
  /** Beside the state: a compromised key opens what it has to in a rotation, and wraps no more. */
  readonly compromised?: { readonly at: string; readonly note?: string } | undefined;
  readonly kcv: Kcv;
  /** ISO 8601, as every time in a record. */
  readonly createdAt: string;
  /** End of the originator usage period, SP 800-57: nothing is wrapped after it. */
  readonly wrapUntil?: string | undefined;
  /** End of the recipient usage period. */
  readonly unwrapUntil?: string | undefined;
  /**
   * Set before the first block under this version is dropped, in the one record that decides: from
   * then on the version is on its way out, and there is no way back to it.
   */
  readonly draining?: boolean | undefined;
  /** When no block was left under this version. */
  readonly retiredAt?: string | undefined;
}

/** A main key in the only form in which it leaves the library: a TR-34 token for one device. */
export interface MainKeyToken {
  readonly hsmId: string;
  readonly kdhId: string;
  readonly version: number;
  /** DER in base64. */
  readonly token: string;
  readonly nonce: string;
  readonly kcv: Kcv;
  readonly issuedAt: string;
  readonly expiresAt?: string | undefined;
  /** Tokens of a device that was destroyed, or quarantined, are of no use any more. */
  readonly invalidatedAt?: string | undefined;
}

/** A region main key: its versions, and the tokens it was distributed by. Never the key. */
export interface RegionKeyRecord {
  readonly kind: 'region-key';
  readonly schema: 1;
  readonly revision: number;
  readonly regionId: string;
  readonly versions: readonly MainKeyVersion[];
  /** The one KDH of each version. */
  readonly kdh: readonly { readonly hsmId: string; readonly version: number }[];
  readonly tokens: readonly MainKeyToken[];
  readonly jobId?: string | undefined;
}

/** A version of a profile main key: with its blocks under the region main key, one or two. */
export interface ProfileKeyVersion extends MainKeyVersion {
  readonly slots: readonly BlockSlot[];
}

/** A profile: what it may be used for, and its main key under the region's. */
export interface ProfileRecord {
  readonly kind: 'profile';
  readonly schema: 1;
  readonly revision: number;
  readonly regionId: string;
  readonly profileId: string;
  readonly state: 'ready' | 'rotating' | 'suspended' | 'closing';
  readonly config: JsonValue;
  /** SHA-256 of the canonical JSON of `config`, in lower-case hex: bound inside the blocks. */
  readonly configDigest: string;
  readonly versions: readonly ProfileKeyVersion[];
  /** The one rotation that is under way. */
  readonly jobId?: string | undefined;
}

/** What a customer key may do, by the codes of X9.143; immutable. */
export interface KeyAttributes {
  readonly keyUsage: Code<KeyUsage>;
  readonly algorithm: Code<AlgorithmCode>;
  readonly keyBits: number;
  readonly modeOfUse: Code<ModeOfUse>;
  readonly exportability: Code<Exportability>;
  readonly keyVersionNumber: string;
}

/** States of a customer key; a tombstone is `delete-complete`, and has no block. */
export type LifecycleState =
  | 'create-in-progress'
  | 'create-complete'
  | 'create-failed'
  | 'delete-pending'
  | 'delete-complete';

/** Life cycle of a customer key. */
export interface Lifecycle {
  readonly state: LifecycleState;
  readonly enabled: boolean;
  /** From when, and until when, an enabled key may be used. */
  readonly usageStart?: string | undefined;
  readonly usageStop?: string | undefined;
  /** Of a key in `delete-pending`: not to be purged before. */
  readonly deleteAfter?: string | undefined;
  readonly cause?: 'requested' | 'account-closed' | 'replicated' | undefined;
  /** Whether the key was enabled before it was marked for deletion: for the audit trail only. */
  readonly wasEnabled?: boolean | undefined;
  /** Of a tombstone. */
  readonly deletedAt?: string | undefined;
  readonly backupResidueUntil?: string | undefined;
}

/** A customer key, in one block, or in two while its profile rotates. */
export interface CustomerKeyRecord {
  readonly kind: 'customer-key';
  readonly schema: 1;
  readonly revision: number;
  readonly keyId: string;
  readonly regionId: string;
  readonly profileId: string;
  readonly owner: string;
  readonly attributes: KeyAttributes;
  readonly kcv: Kcv;
  readonly origin: 'generated' | 'imported';
  readonly slots: readonly BlockSlot[];
  readonly lifecycle: Lifecycle;
  readonly tags: { readonly [key: string]: string };
  /** Of a copy: the key that it is a copy of, and the last command of replication carried out. */
  readonly replicaOf?:
    | { readonly regionId: string; readonly keyId: string; readonly order: number }
    | undefined;
  readonly sharing?: { readonly parties: readonly string[]; readonly purpose: string } | undefined;
  readonly lineage?:
    | {
        readonly derivedFrom?: string | undefined;
        /** Every main key that the key was ever wrapped under: what a compromise exposes. */
        readonly wrappedHistory: readonly KeyRef[];
        readonly pedigree: 0 | 1 | 2 | 3;
      }
    | undefined;
}

/** An alias: the switch by which one customer key replaces another, moved by compare-and-set. */
export interface AliasRecord {
  readonly kind: 'alias';
  readonly schema: 1;
  readonly revision: number;
  readonly alias: string;
  readonly keyId?: string | undefined;
}

/** Why a main key is rotated. */
export type RotationReason = 'cryptoperiod' | 'suspected-compromise' | 'service-change' | 'manual';

/** Where a rotation stands. */
export type RotationPhase =
  | 'planned'
  | 'distributing'
  | 'translating'
  | 'verifying'
  | 'ready'
  | 'promoted'
  | 'cleaning'
  | 'done'
  | 'aborting'
  | 'aborted'
  | 'rolling-back';

/** What a rotation was told when it was planned. */
export interface RotationPolicy {
  /**
   * How old the copy of a profile may be that a reader holds, and how long after that a write may
   * arrive: clean-up waits that long.
   */
  readonly maxReaderStalenessSeconds: number;
  /** A compromised key may be left before all is translated. */
  readonly promoteBeforeTranslated?: boolean | undefined;
}

/** Sum mod 2^256 of one hash a record: equal for both sides if, and only if, the keys agree. */
export interface Commitment {
  readonly count: number;
  /** 64 hex digits. */
  readonly sum: string;
}

/** A rotation, as stored: everything else can be told from the records themselves. */
export interface RotationJob {
  readonly kind: 'rotation-job';
  readonly schema: 1;
  readonly revision: number;
  readonly jobId: string;
  readonly level: 'region' | 'profile';
  /** The region, or the region and the profile. */
  readonly scope: { readonly regionId: string; readonly profileId?: string | undefined };
  readonly from: KeyRef;
  readonly to: KeyRef;
  readonly reason: RotationReason;
  readonly phase: RotationPhase;
  readonly paused?: boolean | undefined;
  /** How many records the store last said that it has. */
  readonly total?: number | undefined;
  /** Where a scan may go on: an optimisation, never a truth. */
  readonly cursor?: JsonValue | undefined;
  readonly counters: {
    readonly seen: number;
    readonly translated: number;
    readonly skipped: number;
    readonly conflicts: number;
    readonly failed: number;
  };
  readonly commitment?: Commitment | undefined;
  readonly verification?: 'key-bytes' | 'port-compare' | 'kcv-only' | undefined;
  readonly cleanupNotBefore?: string | undefined;
  /** Whether a block under the old version was dropped: from then on there is no way back. */
  readonly cleanupStarted?: boolean | undefined;
  readonly timeline: readonly { readonly phase: RotationPhase; readonly at: string }[];
  readonly policy: RotationPolicy;
}

/** One person's consent to one operation. */
export interface Approval {
  readonly by: string;
  readonly role: string;
  readonly at: string;
  /** SHA-256 of the canonical JSON of the operation, in lower-case hex. */
  readonly operationDigest: string;
}

/** What is known of a device before it is trusted: from its manufacturer, and from itself. */
export interface DeviceIdentity {
  readonly serial: string;
  /** SHA-256 of the device certificate in DER, in lower-case hex. */
  readonly certificateDigest: string;
  /** SHA-256 of the firmware, in lower-case hex. */
  readonly firmwareDigest: string;
}

/** What a device asks for a main key with: its certificate, and a nonce for one answer. */
export interface KrdToken {
  readonly hsmId: string;
  /** X.509 in DER, in base64. */
  readonly certificate: string;
  /** Upper-case hex. */
  readonly nonce: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

/** What a device answers once it holds a version of the main key. */
export interface MainKeyReceipt {
  readonly hsmId: string;
  readonly regionId: string;
  readonly version: number;
  /** Check value of what was loaded, by the device. */
  readonly kcv: Kcv;
  /** The nonce of the token; the KDH, which made the key itself, has none. */
  readonly nonce?: string | undefined;
  readonly at: string;
}

/** The states of a device in a region. */
export type HsmState =
  | 'unknown'
  | 'validated'
  | 'token-registered'
  | 'allowed'
  | 'token-issued'
  | 'loaded'
  | 'in-service'
  | 'out-of-sync'
  | 'quarantined'
  | 'decommissioned'
  | 'destroyed';

/** How far a device is with one version of the main key: with a receipt it holds it. */
export interface HsmVersion {
  readonly version: number;
  /** Of the token that was issued; none where the device made the key itself. */
  readonly nonce?: string | undefined;
  readonly receipt?: MainKeyReceipt | undefined;
}

/** One entry of the allow list of the KDH: which device, by which certificate, by whose consent. */
export interface AllowEntry {
  readonly serial: string;
  readonly certificateDigest: string;
  readonly approvals: readonly Approval[];
  readonly at: string;
}

/** A device of a region: what it is, and which versions of the main key it holds. */
export interface HsmSyncRecord {
  readonly kind: 'hsm-sync';
  readonly schema: 1;
  readonly revision: number;
  readonly hsmId: string;
  readonly regionId: string;
  readonly state: HsmState;
  readonly identity?: DeviceIdentity | undefined;
  /** The last token of the device, until a main key token answers it. */
  readonly krdToken?: KrdToken | undefined;
  /** SHA-256 of every nonce the device ever sent, in lower-case hex: none is taken twice. */
  readonly seenNonces: readonly string[];
  readonly allowed?: AllowEntry | undefined;
  readonly versions: readonly HsmVersion[];
}

/** What belongs to a backup: the digest of every record, and one over all of them. */
export interface ArchiveManifest {
  readonly kind: 'archive-manifest';
  readonly schema: 1;
  readonly regionId: string;
  readonly createdAt: string;
  readonly count: number;
  /** In the order of their ids. */
  readonly entries: readonly {
    readonly recordId: string;
    readonly revision: number;
    /** SHA-256 of the canonical JSON of the record, in lower-case hex. */
    readonly digest: string;
  }[];
  /** SHA-256 of the canonical JSON of all that stands above, in lower-case hex. */
  readonly digest: string;
}

/** A record that holds blocks under a main key. */
export type HeldRecord = CustomerKeyRecord | ProfileRecord;

/** One write of a store, to be done only where the record still has `expectedRevision`. */
export type ConditionalWrite =
  | {
      readonly op: 'put-slot';
      readonly recordId: string;
      readonly expectedRevision: number;
      readonly next: BlockSlot;
      /** Of a profile record: the version whose block it is. */
      readonly version?: number | undefined;
    }
  | {
      readonly op: 'drop-slot';
      readonly recordId: string;
      readonly expectedRevision: number;
      readonly next: KeyRef;
      readonly version?: number | undefined;
    }
  | {
      readonly op: 'put-record';
      readonly recordId: string;
      /** 0: there is none yet. */
      readonly expectedRevision: number;
      readonly next: StoredRecord;
    };

/** Something that happened, in words that hold no secret: an allow-listed set of fields. */
export interface AuditEvent {
  readonly kind: 'audit-event';
  readonly schema: 1;
  readonly at: string;
  readonly action: string;
  readonly outcome: 'ok' | 'refused';
  readonly recordId?: string | undefined;
  readonly regionId?: string | undefined;
  readonly profileId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly hsmId?: string | undefined;
  readonly by?: string | undefined;
  readonly from?: KeyRef | undefined;
  readonly to?: KeyRef | undefined;
  readonly phase?: string | undefined;
  readonly code?: string | undefined;
  readonly count?: number | undefined;
}

/** Every record that a store of this library holds by itself. */
export type StoredRecord =
  | RegionKeyRecord
  | ProfileRecord
  | CustomerKeyRecord
  | AliasRecord
  | RotationJob
  | HsmSyncRecord;
