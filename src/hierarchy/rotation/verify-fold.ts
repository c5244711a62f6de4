/**
 * The verdict on a full scan.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent, ConditionalWrite, RotationJob } from '../records.js';
import { addCommitments, sameCommitment } from './commitment.js';
import { auditEvent, conflict, enter, readJob, requireRunning, stored } from './job.js';
import type { RotationFailure } from './run.js';
import type { VerificationKind, VerifyResult } from './verify.js';

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
 * Judges a full scan: ready when no row failed, both sides add up to the same keys, and there are
 * as many as the store itself counts. Otherwise the rotation goes on translating. One that was
 * promoted before stays so, and is cleaned up only when it is proven.
 *
 * @param options - The job, the results of all tasks of one scan, and the count of the store.
 * @returns The job in its next phase, and the rows that failed.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when the rotation is paused, over or promoted;
 * `INVALID_ARGUMENT`.
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
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const job = readJob(own(options, 'job'));
  requireRunning(job);
  if (!VERIFIABLE.includes(job.phase)) throw conflict('job');
  const count = own(options, 'count');
  const results = own(options, 'results');
  if (!Array.isArray(results) || typeof count !== 'number') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  }
  const ours = (results as readonly VerifyResult[]).filter(({ jobId }) => jobId === job.jobId);
  const before = addCommitments(ours.map((result) => result.before));
  const after = addCommitments(ours.map((result) => result.after));
  const records = ours.reduce((sum, result) => sum + result.records, 0);
  const failures = ours.flatMap((result) => result.failures);
  const proven = failures.length === 0 && records === count && sameCommitment(before, after);
  const verification = weakest(ours.map((result) => result.verification));
  const isPromoted = job.phase === 'promoted';
  const phase = proven ? 'ready' : 'translating';
  const moved = isPromoted ? job : enter(job, phase, at);
  const judged = proven ? { ...moved, commitment: after, verification } : withoutProof(moved);
  const counters = { ...job.counters, seen: records, failed: failures.length };
  const [next, writes] = stored(job, { ...judged, counters, total: count });
  const audit = auditEvent(next, at, 'rotation.verify', {
    count: records,
    outcome: proven ? 'ok' : 'refused',
  });
  return { job: next, writes, failures, audit: [audit] };
}

/** A rotation that was promoted before all was translated is verified before anything is dropped. */
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

/** One row that was compared by its check value makes it the comparison of all. */
function weakest(kinds: readonly VerificationKind[]): VerificationKind {
  if (kinds.includes('kcv-only')) return 'kcv-only';
  return kinds.includes('port-compare') ? 'port-compare' : 'key-bytes';
}
