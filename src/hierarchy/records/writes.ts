/** What a store holds, and how it is changed. */

import type { BlockSlot, KeyRef } from './blocks.js';
import type { AliasRecord, CustomerKeyRecord } from './customer-keys.js';
import type { HsmSyncRecord } from './devices.js';
import type { ProfileRecord, RegionKeyRecord } from './main-keys.js';
import type { RotationJob } from './rotation-job.js';

/** A record that holds blocks under a main key. */
export type HeldRecord = CustomerKeyRecord | ProfileRecord;

/** One write of a store, to be done only where the record still has `expectedRevision`. */
export type ConditionalWrite =
  | {
      /** Puts a block, in the place of the one under the same version if there is one. */
      readonly op: 'put-slot';
      /** As `recordId` gives it: of a customer key or a profile. */
      readonly recordId: string;
      /** Of the record that the block was made from; stored, it is one higher. */
      readonly expectedRevision: number;
      /** The block; its `under` goes into the lineage of a customer key. */
      readonly next: BlockSlot;
      /** Of a profile record: the version whose block it is. */
      readonly version?: number | undefined;
    }
  | {
      /** Drops the block under one version of a main key, unless it is the last. */
      readonly op: 'drop-slot';
      /** As `recordId` gives it: of a customer key or a profile. */
      readonly recordId: string;
      /** Of the record whose other block was opened; stored, it is one higher. */
      readonly expectedRevision: number;
      /** The version that the block is under. */
      readonly next: KeyRef;
      /** Of a profile record: the version whose block it is. */
      readonly version?: number | undefined;
    }
  | {
      /** Puts a whole record in the place of the one before. */
      readonly op: 'put-record';
      /** As `recordId` gives it. */
      readonly recordId: string;
      /** 0: there is none yet. */
      readonly expectedRevision: number;
      /** Stored with the revision after the expected one, whatever it says itself. */
      readonly next: StoredRecord;
    };

/** Every record that a store of this library holds by itself. */
export type StoredRecord =
  | RegionKeyRecord
  | ProfileRecord
  | CustomerKeyRecord
  | AliasRecord
  | RotationJob
  | HsmSyncRecord;
