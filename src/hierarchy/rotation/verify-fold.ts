/**
 * The verdict on a full scan.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent, ConditionalWrite, RotationJob } from '../records.js';
import { auditEvent, conflict, enter, readCount, readJob, requireRunning, stored } from './job.js';
import type { RotationFailure } from './run.js';
import { createTally, type ScanTotal } from './tally.js';
import type { VerifyResult } from './verify.js';

/** What {@link verifyFold} takes. */
export interface VerifyFoldOptions {
  /** The time. */
  readonly env: Env;
  /** The rotation. */
  readonly job: RotationJob;
  /** Of every task of one full scan. */
  readonly results: readonly VerifyResult[];
  /** How many live records the store says that it has: a scan that lost some is no proof. */
  readonly count: number;
}

/** What {@link verifyFold} returns. */
export interface VerifyFolded {
  /** The rotation: `ready` to be promoted, or `translating` again. */
  readonly job: RotationJob;
  /** Stores the job. */
  readonly writes: readonly ConditionalWrite[];
  /** The rows that failed, all of them. */
  readonly failures: readonly RotationFailure[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Judges a full scan: ready when no row failed, both sides add up to the same keys, and every
 * record was seen once, as many as the store itself counts. Otherwise the rotation goes on
 * translating. One that was promoted before stays so, and is cleaned up only when it is proven.
 * Results of an earlier scan, such as from before a roll-back or another verdict, are passed over.
 *
 * @param options - The job, the results of all tasks of one scan, and the count of the store.
 * @returns The job in its next phase, and the rows that failed.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when the rotation is paused, over, not started, in
 * clean-up, being aborted or rolling back; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const policy = { maxReaderStalenessSeconds: 0 };
 * const planned = rotation.plan({ env, mainKey: record, kdh, policy });
 * const started = rotation.start({ env, ...planned });
 * const folded = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
 * folded.job.phase; // 'ready'
 * ```
 */
export function verifyFold(options: VerifyFoldOptions): VerifyFolded {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const job = readJob(own(options, 'job'));
  const results = own(options, 'results');
  if (!Array.isArray(results)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  const tally = createTally(job);
  for (const result of results as readonly VerifyResult[]) tally.add(result);
  return judge({ env, job, scan: tally.total(), count: readCount(own(options, 'count')) });
}

/** The same for a scan that was added up already, in the attempt that the job is at. */
export function judge(options: {
  readonly env: Env;
  readonly job: RotationJob;
  readonly scan: ScanTotal;
  readonly count: number;
}): VerifyFolded {
  const { env, job, scan, count } = options;
  const at = isoTime(env);
  requireRunning(job);
  if (!VERIFIABLE.includes(job.phase)) throw conflict('job');
  const { records, failures, verification, commitment } = scan;
  const proven = scan.agrees && records === count;
  const moved = moveOn(job, proven ? 'ready' : 'translating', at);
  const judged = proven ? { ...moved, commitment, verification } : withoutProof(moved);
  const counters = { ...job.counters, seen: records, failed: failures.length };
  const [next, writes] = stored(job, { ...judged, counters, total: count });
  const audit = auditEvent(next, at, 'rotation.verify', {
    count: records,
    outcome: proven ? 'ok' : 'refused',
  });
  return { job: next, writes, failures, audit: [audit] };
}

/** Another attempt begins with every verdict, also where a rotation stays promoted. */
function moveOn(job: RotationJob, phase: 'ready' | 'translating', at: string): RotationJob {
  if (job.phase !== 'promoted') return enter(enter(job, 'verifying', at), phase, at);
  return { ...job, timeline: [...job.timeline, { phase: 'promoted', at }] };
}

/**
 * A rotation that was promoted before all was translated is verified before anything is dropped.
 */
const VERIFIABLE: readonly RotationJob['phase'][] = [
  'translating',
  'verifying',
  'ready',
  'promoted',
];

/** A job whose last proof does not hold any more. */
export function withoutProof({ commitment, verification, ...job }: RotationJob): RotationJob {
  return job;
}
