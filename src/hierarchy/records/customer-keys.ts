/** Customer keys, and the aliases by which they are replaced. */

import type { AlgorithmCode, Code, Exportability, KeyUsage, ModeOfUse } from '../../tr31/codes.js';
import type { BlockSlot, Kcv, KeyRef } from './blocks.js';

/** What a customer key may do, by the codes of X9.143; immutable. */
export interface KeyAttributes {
  /** X9.143 6.3.1, such as `'P0'` for PIN encryption. */
  readonly keyUsage: Code<KeyUsage>;
  /** X9.143 6.3.2: of a customer key `'A'`, `'T'` or `'H'` for HMAC. */
  readonly algorithm: Code<AlgorithmCode>;
  /** With parity bits; no header says it, so that it is compared with the key itself. */
  readonly keyBits: number;
  /** X9.143 6.3.3; `'N'`, no restriction, of keys that were taken over, and of usage `'I0'`. */
  readonly modeOfUse: Code<ModeOfUse>;
  /** X9.143 6.3.5: `'E'`, `'N'` or `'S'`; bare cryptograms are for `'S'` alone. */
  readonly exportability: Code<Exportability>;
  /** X9.143 6.3.4: two digits or upper-case letters, `'00'` for a key without version. */
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
  /** Only a key that is `create-complete` may be used. */
  readonly state: LifecycleState;
  /** Switched by `start` and `stop`; off from the mark for deletion on, and after a restore. */
  readonly enabled: boolean;
  /** From when an enabled key may be used; absent where it may be at once. */
  readonly usageStart?: string | undefined;
  /** From when it may be used no more; absent where there is no end. */
  readonly usageStop?: string | undefined;
  /** Of a key in `delete-pending`: not to be purged before. */
  readonly deleteAfter?: string | undefined;
  /** Why a key was marked for deletion; a tombstone keeps it. */
  readonly cause?: 'requested' | 'account-closed' | 'replicated' | undefined;
  /** Whether the key was enabled before it was marked for deletion: for the audit trail only. */
  readonly wasEnabled?: boolean | undefined;
  /** Of a tombstone. */
  readonly deletedAt?: string | undefined;
  /** Of a tombstone: until when backups may hold its blocks, seven days after it was deleted. */
  readonly backupResidueUntil?: string | undefined;
}

/** A customer key, in one block, or in two while its profile rotates. */
export interface CustomerKeyRecord {
  /** Says what this is. */
  readonly kind: 'customer-key';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** 1 to 64 letters, digits and `. _ : / -`; bound inside the blocks, and never used again. */
  readonly keyId: string;
  /** The region of its profile; bound inside the blocks. */
  readonly regionId: string;
  /** The profile whose main key protects it; bound inside the blocks. */
  readonly profileId: string;
  /** Whose key it is, 1 to 128 printable characters of ASCII: the store's word, in no block. */
  readonly owner: string;
  /** What opens has to say the same in its authentic header. */
  readonly attributes: KeyAttributes;
  /** Of the key itself: what opens has to have it. */
  readonly kcv: Kcv;
  /** `imported` of every key that existed before, copies of other regions included. */
  readonly origin: 'generated' | 'imported';
  /** No two under one version of the main key of the profile; none of a tombstone. */
  readonly slots: readonly BlockSlot[];
  /** Whether, and when, it may be used. */
  readonly lifecycle: Lifecycle;
  /** Up to 200, their keys up to 128 characters long, their values up to 256. */
  readonly tags: { readonly [key: string]: string };
  /** Of a copy: the key that it is a copy of, and the last command of replication carried out. */
  readonly replicaOf?:
    | {
        /** The region of the origin. */
        readonly regionId: string;
        /** The ID of the key there. */
        readonly keyId: string;
        /** Of that command: one of the same order, or of a lower one, changes nothing any more. */
        readonly order: number;
      }
    | undefined;
  /** Absent where the owner shares the key with nobody. */
  readonly sharing?:
    | {
        /** By name: with the owner two, and no more (PCI PIN 17). */
        readonly parties: readonly string[];
        /** What for, in the caller's words. */
        readonly purpose: string;
      }
    | undefined;
  /** Where the key was before; where it is absent, only its present blocks are known. */
  readonly lineage?:
    | {
        /** The ID of the key that this one was derived from, as the caller has said. */
        readonly derivedFrom?: string | undefined;
        /** Every main key that the key was ever wrapped under: what a compromise exposes. */
        readonly wrappedHistory: readonly KeyRef[];
        /** Under what it came, as WP says: 1 a weaker key, 2 an asymmetric one, 3 both. */
        readonly pedigree: 0 | 1 | 2 | 3;
      }
    | undefined;
}

/** An alias: the switch by which one customer key replaces another, moved by compare-and-set. */
export interface AliasRecord {
  /** Says what this is. */
  readonly kind: 'alias';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** Its name: 1 to 128 letters, digits and `. _ : / -`. */
  readonly alias: string;
  /** The customer key that it stands for; absent where it stands for none. */
  readonly keyId?: string | undefined;
}
