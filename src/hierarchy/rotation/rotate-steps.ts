/** What a rotation asks of whoever drives it. */

import type { ConditionalWrite, RotationJob } from '../records.js';
import type { MainKeyRecord } from './main-key-record.js';
import type { RecordSource } from './pages.js';
import type { RotationFailure } from './run.js';
import type { RotationStatus } from './status.js';

/** What became of writes. */
export interface WriteOutcome {
  /** Writes whose record had moved on. */
  readonly conflicts: number;
}

/** Which scan a rotation asks for. */
export type RotationPass = 'translate' | 'verify' | 'clean-up';

/** A step of `rotate`: what is to be done before the next one is asked for. */
export type RotateStep<M extends MainKeyRecord = MainKeyRecord> =
  | {
      /** Blocks to be put or dropped, each write by itself, in any order. */
      readonly kind: 'writes';
      /** `put-slot` or `drop-slot`, no two to one record. */
      readonly writes: readonly ConditionalWrite[];
      /** Says how many met a record that had moved on: they are found again by the next scan. */
      ack(outcome: WriteOutcome): void;
    }
  | {
      /**
       * Records to be stored, in the order of the writes: the job alone, or the main key with it.
       * `promote` is the switch; after `clean-up` there is no way back; `retire` is the end.
       */
      readonly kind: 'checkpoint' | 'promote' | 'clean-up' | 'retire';
      /** The rotation as it is stored by this, with its next revision if it changed. */
      readonly job: RotationJob;
      /** The main key likewise. */
      readonly mainKey: M;
      /** `put-record`: the main key first where both change, because it decides. */
      readonly writes: readonly ConditionalWrite[];
      /** Says that somebody else was quicker: `reload` comes next. Without it all went well. */
      ack(outcome: WriteOutcome): void;
    }
  | {
      /**
       * Somebody else moved the rotation, or what is known of it has got old: give the same job and
       * its main key as they are stored now, or the run ends.
       */
      readonly kind: 'reload';
      /** Hands both over; another job is refused. */
      provide(records: { readonly job: RotationJob; readonly mainKey: M }): void;
    }
  | {
      /**
       * A fresh scan of all records is needed; to verify and to clean up, with the store's own count
       * of those that live: tombstones hold no key. Scan and count have to be of one snapshot of the
       * store: with keys made or purged between the two, the run ends `blocked` by `count`.
       */
      readonly kind: 'rescan';
      /** What the records are scanned for. */
      readonly pass: RotationPass;
      /**
       * Hands both over; where it is not called, the run ends. Without the count that a pass needs it
       * is refused: `INVALID_ARGUMENT`.
       */
      provide(source: RecordSource, count?: number): void;
    }
  | {
      /** There is nothing to do. */
      readonly kind: 'progress';
      /** How far the rotation is by now. */
      readonly status: RotationStatus;
    }
  | {
      /** Readers may hold the main key as it was: go on after this time, or come back then. */
      readonly kind: 'wait';
      /** ISO 8601: `cleanupNotBefore` of the job. */
      readonly until: string;
    }
  | {
      /** Nothing more can be done: these rows are in the way, or the store has another count. */
      readonly kind: 'blocked';
      /** Where the rotation stands; the run ends with this step. */
      readonly status: RotationStatus;
      /**
       * The rows that failed in the last pass; none where something else is in the way. The job is
       * one of them where the store refuses it time after time: `STATE_CONFLICT`, field `job`.
       */
      readonly failures: readonly RotationFailure[];
    }
  | {
      /** The rotation is over; the run ends with this step. */
      readonly kind: 'done';
      /** As it ended: `done`, or `aborted`. */
      readonly job: RotationJob;
      /** As it was last stored, or given. */
      readonly mainKey: M;
    };
