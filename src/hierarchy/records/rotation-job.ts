/** The rotation of a main key, as it is stored. */

import type { KeyRef } from './blocks.js';
import type { JsonValue } from './json.js';

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

/** Sum mod 2^256 of one hash a key: equal for both sides if, and only if, the keys agree. */
export interface Commitment {
  /** How many keys were added up: of a profile each version is one. */
  readonly count: number;
  /** 64 hex digits. */
  readonly sum: string;
}

/** A rotation, as stored: everything else can be told from the records themselves. */
export interface RotationJob {
  /** Says what this is. */
  readonly kind: 'rotation-job';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** Unless the caller gave one: `rotation:`, the name of the main key, `:` and the new version. */
  readonly jobId: string;
  /** Of `region` the profiles hold the blocks, of `profile` the customer keys. */
  readonly level: 'region' | 'profile';
  /** The region, or the region and the profile. */
  readonly scope: {
    /** Of the main key, or of the profile that has it. */
    readonly regionId: string;
    /** Of the level `profile` only. */
    readonly profileId?: string | undefined;
  };
  /** The version that is left behind; of a rotation that is aborted, the one that stays. */
  readonly from: KeyRef;
  /** The version that was made for this rotation. */
  readonly to: KeyRef;
  /** With `suspected-compromise` a key may have no block under the old version. */
  readonly reason: RotationReason;
  /** A word beside the states of the two versions: where both disagree, these count. */
  readonly phase: RotationPhase;
  /** True between `pause` and `resume`; otherwise absent. */
  readonly paused?: boolean | undefined;
  /** How many records the store last said that it has. */
  readonly total?: number | undefined;
  /** Where a scan may go on: an optimisation, never a truth. */
  readonly cursor?: JsonValue | undefined;
  /** For people who look on; what is stored may be behind. */
  readonly counters: {
    /** Rows of the present pass of `rotate`; `apply` and `cleanupApply` add up keys instead. */
    readonly seen: number;
    /** New blocks that were handed out to be stored, conflicts included. */
    readonly translated: number;
    /** Keys of results that `apply` has passed over: late, for a main key that has been left. */
    readonly skipped: number;
    /** Writes of `rotate` that met a record which had moved on, in all passes. */
    readonly conflicts: number;
    /** Keys that could not be worked on, counted as `seen` is. */
    readonly failed: number;
  };
  /** What the new blocks add up to, where a full scan has proven them; otherwise absent. */
  readonly commitment?: Commitment | undefined;
  /** How the keys were compared in that scan: the weakest way that any of them was. */
  readonly verification?: 'key-bytes' | 'port-compare' | 'kcv-only' | undefined;
  /** Of a rotation that is promoted or aborted: it is not cleaned up, or over, before. */
  readonly cleanupNotBefore?: string | undefined;
  /** Whether clean-up has begun: blocks may be gone, and there is no way back. */
  readonly cleanupStarted?: boolean | undefined;
  /** Every phase that was entered, in order. */
  readonly timeline: readonly {
    /** One may stand here more than once: after a scan that was no proof, say. */
    readonly phase: RotationPhase;
    /** When it was entered. */
    readonly at: string;
  }[];
  /** How long readers are waited for, and whether there is haste. */
  readonly policy: RotationPolicy;
}
