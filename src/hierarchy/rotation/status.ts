/**
 * How far a rotation is, and what stands in its way.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorCode } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { sameRef } from '../identifiers.js';
import { readRef } from '../key-ring.js';
import { isListOf, isObject, requireCustomerKey, requireProfile } from '../read-record.js';
import type { HeldRecord, KeyRef, RotationJob, RotationPhase } from '../records.js';
import { readRecords } from './held-key.js';
import { enteredAt, isPaused, readJob } from './job.js';
import type { RotationFailure } from './run.js';

/** What keeps a rotation from going on, or is worth knowing before it does. */
export interface RotationBlocker {
  /** All but `kcv-only` are in the way. */
  readonly kind:
    | 'paused'
    /** Devices of the region that have not given a receipt yet. */
    | 'distributing'
    /** A row that could not be worked on. */
    | 'row'
    /** Rows have failed, and nothing is proven yet. */
    | 'not-verified'
    /** The store counts `total` live records, and a whole scan saw `done`, or one of them twice. */
    | 'count'
    /** Keys were compared by their check values only: the device offers no better way. */
    | 'kcv-only'
    /** Readers may hold the main key as it was before: until `until`. */
    | 'readers';
  /** Of a `row`, as its failure names it. */
  readonly recordId?: string | undefined;
  /** Of a `row` that is a profile: the version whose key it is. */
  readonly version?: number | undefined;
  /** Of a `row`: why it failed. */
  readonly code?: KeyblockErrorCode | undefined;
  /** Of `readers`: the `cleanupNotBefore` of the job, ISO 8601. */
  readonly until?: string | undefined;
}

/** What {@link status} returns. */
export interface RotationStatus {
  /** As the job says, without a look at the main key. */
  readonly phase: RotationPhase;
  /** While it is, no step but `resume` moves it. */
  readonly paused: boolean;
  /** Rows seen by the pass that is under way; keys, where the caller drives by `apply`. */
  readonly done: number;
  /** Records that the store has, if it was told. */
  readonly total?: number | undefined;
  /** Keys that failed in this pass. */
  readonly failed: number;
  /** Writes that met a record that had moved on, in all passes. */
  readonly conflicts: number;
  /** Of these a second, since the phase began. */
  readonly rate?: number | undefined;
  /** Seconds until this pass is through. */
  readonly etaSeconds?: number | undefined;
  /** How the keys of both sides were compared; undefined before. */
  readonly verification?: RotationJob['verification'];
  /** Rows first, one for each failure that was given. */
  readonly blockers: readonly RotationBlocker[];
}

/** What {@link status} takes. */
export interface StatusOptions {
  /** The time. */
  readonly env: Env;
  /** The rotation. */
  readonly job: RotationJob;
  /**
   * How many records the store has.
   * @defaultValue what it said when the rotation was last verified
   */
  readonly total?: number | undefined;
  /** The rows that failed last, of `apply`, `verifyFold` or `cleanupApply`. */
  readonly failures?: readonly RotationFailure[] | undefined;
}

/**
 * Tells how far a rotation is.
 *
 * @param options - The job, and what is known beside it.
 * @returns Its phase, how much of the present pass is done and how fast, and what blocks it.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const { job } = rotation.plan({ env, mainKey: record, kdh });
 * rotation.status({ env, job }).phase; // 'planned'
 * ```
 */
export function status(options: StatusOptions): RotationStatus {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const job = readJob(own(options, 'job'));
  const { phase, counters } = job;
  const verification = own(job, 'verification');
  const total = own(options, 'total') ?? own(job, 'total');
  const failures = own(options, 'failures') ?? [];
  if (!isListOf(failures, isObject) || !(total === undefined || typeof total === 'number')) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
  }
  const seconds = (Date.parse(at) - Date.parse(enteredAt(job, phase) ?? at)) / 1000;
  const rate = seconds > 0 && counters.seen > 0 ? counters.seen / seconds : undefined;
  const left = total === undefined ? undefined : Math.max(0, total - counters.seen);
  return {
    phase,
    paused: isPaused(job),
    done: counters.seen,
    total,
    failed: counters.failed,
    conflicts: counters.conflicts,
    rate,
    etaSeconds: rate === undefined || left === undefined ? undefined : left / rate,
    verification,
    blockers: blockersOf(job, at, failures),
  };
}

function blockersOf(
  job: RotationJob,
  at: string,
  failures: readonly RotationFailure[],
): readonly RotationBlocker[] {
  const { phase, counters } = job;
  const until = own(job, 'cleanupNotBefore');
  const blockers: RotationBlocker[] = failures.map(({ recordId, version, code }) => ({
    kind: 'row',
    recordId,
    version,
    code,
  }));
  if (isPaused(job)) blockers.push({ kind: 'paused' });
  if (phase === 'distributing') blockers.push({ kind: 'distributing' });
  if (phase === 'translating' && counters.failed > 0) blockers.push({ kind: 'not-verified' });
  if (own(job, 'verification') === 'kcv-only') blockers.push({ kind: 'kcv-only' });
  const waits = phase === 'promoted' || phase === 'aborting';
  if (waits && until !== undefined && at < until) blockers.push({ kind: 'readers', until });
  return blockers;
}

/**
 * Counts the blocks of some records that are under one version of a main key: what is left under
 * it. Summed over a full scan it says whether the version is needed any more.
 *
 * @param records - A page of records: customer keys, or profiles.
 * @param ref - The version.
 * @returns How many blocks, whatever the state of their records. A row that is no record of this
 * library counts as one.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { rotation } from 'keyblock/hierarchy';
 *
 * rotation.stragglers([], { keyId: 'eu-central-1/shop', version: 1 }); // 0
 * ```
 */
export function stragglers(records: readonly HeldRecord[], ref: KeyRef): number {
  const wanted = readRef(ref);
  return readRecords(records).reduce((count, record) => count + blocksUnder(record, wanted), 0);
}

function blocksUnder(record: HeldRecord, ref: KeyRef): number {
  try {
    const slots =
      record.kind === 'profile'
        ? requireProfile(record).versions.flatMap((version) => version.slots)
        : requireCustomerKey(record).slots;
    return slots.filter(({ under }) => sameRef(under, ref)).length;
  } catch {
    return 1; // what can not be read may hold anything
  }
}
