/**
 * What comes of results: writes for the store, and the job's counters.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { sameRef } from '../identifiers.js';
import type { AuditEvent, ConditionalWrite, KeyRef, RotationJob } from '../records.js';
import { auditEvent, hasEnded, readJob, stored } from './job.js';
import { isRef, readResults, requireRef } from './read-shape.js';
import type { RewrapResult, RotationFailure } from './run.js';

/** What {@link apply} takes. */
export interface ApplyOptions {
  /** The time. */
  readonly env: Env;
  /** The rotation. */
  readonly job: RotationJob;
  /** What {@link run} returned. Those of another job are passed over. */
  readonly results: readonly RewrapResult[];
}

/** What {@link apply} and its like return. */
export interface Applied {
  /** The rotation, its counters up to date. */
  readonly job: RotationJob;
  /** To be done one by one, in any order, each only where the revision is as expected. */
  readonly writes: readonly ConditionalWrite[];
  /** Stores the job: whenever it suits, or never. No proof rests on the counters. */
  readonly checkpoint: readonly ConditionalWrite[];
  /** The rows that could not be worked on. They stay as they are, and block the promotion. */
  readonly failures: readonly RotationFailure[];
  /** One event for each of these rows. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Turns results into writes. A result that comes twice, late or out of order does no harm: its
 * writes meet a record that has moved on, and are conflicts. One for a main key that is being left,
 * or of a rotation that is over, is passed over.
 *
 * @param options - The job, and results of its tasks.
 * @returns Writes for the store, the job with its counters, and the rows that failed.
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
 * rotation.apply({ env, job, results: [] }).writes; // []
 * ```
 */
export function apply(options: ApplyOptions): Applied {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const job = readJob(own(options, 'job'));
  const results = readResults(own(options, 'results'), 'rewrap-result');
  const writes: ConditionalWrite[] = [];
  const failures: RotationFailure[] = [];
  let seen = 0;
  let skipped = 0;
  for (const { jobId, to, items } of results) {
    if (jobId !== job.jobId || !isRef(to) || !(sameRef(to, job.to) || sameRef(to, job.from)))
      continue;
    if (!isWanted(job, to)) {
      skipped += items.length;
      continue;
    }
    seen += items.length;
    for (const item of items) {
      if ('slot' in item) {
        const { recordId, expectedRevision, version, slot } = item;
        requireRef(slot?.under, [to]);
        const write = { op: 'put-slot', recordId, expectedRevision, next: slot } as const;
        writes.push(version === undefined ? write : { ...write, version });
      } else failures.push(item);
    }
  }
  return applied(job, at, writes, failures, { seen, skipped, translated: writes.length });
}

/** Whether keys still get blocks under a main key: not when that is being left, or the job is over. */
function isWanted(job: RotationJob, to: KeyRef): boolean {
  if (hasEnded(job)) return false;
  return job.phase !== (sameRef(to, job.to) ? 'aborting' : 'cleaning');
}

/** Keys of some results: how many were looked at, how many passed over, how many re-wrapped. */
interface Counted {
  readonly seen: number;
  readonly skipped?: number;
  readonly translated?: number;
}

/** Counts what was done, and what was not. */
export function applied(
  job: RotationJob,
  at: string,
  writes: readonly ConditionalWrite[],
  failures: readonly RotationFailure[],
  { seen, skipped = 0, translated = 0 }: Counted,
): Applied {
  const { counters } = job;
  const changed = {
    ...counters,
    seen: counters.seen + seen,
    translated: counters.translated + translated,
    skipped: counters.skipped + skipped,
    failed: counters.failed + failures.length,
  };
  const isCounted = seen + skipped > 0;
  const [next, checkpoint] = stored(job, isCounted ? { ...job, counters: changed } : job);
  const audit = failures.map(({ recordId, code }) =>
    auditEvent(job, at, 'rotation.refuse-row', { recordId, code, outcome: 'refused' }),
  );
  return { job: next, writes, checkpoint, failures, audit };
}
