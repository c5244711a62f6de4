/**
 * The proof before the switch: a full scan that opens both blocks of every record.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { type KeyRing, secretOf } from '../key-ring.js';
import type {
  AuditEvent,
  Commitment,
  ConditionalWrite,
  KeyRef,
  MainKeyVersion,
  RotationJob,
} from '../records.js';
import { sameHeader } from '../rewrap-block.js';
import { versionOf } from '../versions.js';
import { addCommitments, createCommitter, createSum, sameCommitment } from './commitment.js';
import { blockUnder } from './held-key.js';
import { auditEvent, conflict, enter, readJob, requireRunning, stored } from './job.js';
import { failureOf, type RotationFailure, readTask } from './run.js';
import {
  itemOf,
  type PageOptions,
  type RotationItem,
  readTasksOptions,
  type TasksOptions,
} from './tasks.js';
import { type OpenedBlock, sameHeaderText, sameKey, withOpened } from './translate.js';

/** Keys whose two blocks are to be compared. */
export interface VerifyTask {
  readonly kind: 'verify-task';
  readonly jobId: string;
  readonly from: KeyRef;
  readonly to: KeyRef;
  /** Whether a key may have no block under the old main key: made when that wrapped no more. */
  readonly bornUnderNew: boolean;
  readonly items: readonly RotationItem[];
}

/** How the two sides were compared: by the bytes of the keys, or by what a device tells of them. */
export type VerificationKind = NonNullable<RotationJob['verification']>;

/** What the comparison of a task has found. */
export interface VerifyResult {
  readonly kind: 'verify-result';
  readonly jobId: string;
  /** Records in the task. */
  readonly records: number;
  /** What the old blocks hold. */
  readonly before: Commitment;
  /** What the new blocks hold. */
  readonly after: Commitment;
  readonly verification: VerificationKind;
  /** The rows that do not agree, or do not open. */
  readonly failures: readonly RotationFailure[];
}

/**
 * Makes the tasks of the scan before the switch. It has to see every record of the store.
 *
 * @param options - The rotation, its main key, and a page of records.
 * @returns Tasks for {@link verifyRun}, in JSON: every live record is in one.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 */
export function verifyTasks(options: TasksOptions): readonly VerifyTask[] {
  return comparisonTasks(readTasksOptions(options));
}

/** The same for a page that has been read. */
export function comparisonTasks({ job, mainKey, page, size }: PageOptions): readonly VerifyTask[] {
  const { jobId, from, to } = job;
  // A compromised main key wraps nothing any more, nor does one that is not the active one.
  const { state } = versionOf<MainKeyVersion>(mainKey.versions, to.version);
  const bornUnderNew = job.reason === 'suspected-compromise' || state === 'active';
  const tasks: VerifyTask[] = [];
  // Cut between records: the results count them.
  for (let i = 0; i < page.length; i += size) {
    const items: RotationItem[] = [];
    for (const keys of page.slice(i, i + size)) {
      for (const key of keys) {
        items.push({ ...itemOf(key, blockUnder(key, from)), newBlock: blockUnder(key, to) });
      }
    }
    if (items.length > 0) {
      tasks.push({ kind: 'verify-task', jobId, from, to, bornUnderNew, items });
    }
  }
  return tasks;
}

/** What {@link verifyRun} takes. */
export interface VerifyRunOptions {
  /** What to compare: of {@link verifyTasks}. */
  readonly task: VerifyTask;
  /** Both main keys of the task. */
  readonly ring: KeyRing;
}

/**
 * Opens both blocks of every key of a task, and compares the keys byte for byte, and what the
 * blocks say of them. A row that does not agree is named; it stops nothing.
 *
 * @param options - The task, and a ring with both main keys.
 * @returns The sums of both sides and the rows that failed, in JSON, for {@link verifyFold}.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION`, `INVALID_ARGUMENT`. Never for a single row.
 */
export function verifyRun(options: VerifyRunOptions): VerifyResult {
  requireObject(options, 'options');
  const task = readTask(own(options, 'task'), 'verify-task');
  const ring = own(options, 'ring');
  const from = secretOf(ring, task.from);
  const to = secretOf(ring, task.to);
  const committer = createCommitter(to, task.jobId);
  const before = createSum();
  const after = createSum();
  const failures: RotationFailure[] = [];
  for (const item of task.items) {
    try {
      verifyItem(item);
    } catch (error) {
      failures.push(failureOf(item, error));
    }
  }
  return {
    kind: 'verify-result',
    jobId: task.jobId,
    records: countRecords(task.items),
    before: before.total(),
    after: after.total(),
    verification: 'key-bytes',
    failures,
  };

  function verifyItem(item: RotationItem): void {
    withOpened(to, item.newBlock, item, (fresh) => {
      const isBorn = item.block === undefined && task.bornUnderNew;
      if (!isBorn) withOpened(from, item.block, item, (old) => requireAgreement(old, fresh));
      // One hash for both sides: the keys have just been compared, byte for byte.
      const hash = committer.hash(nameOf(item), item.attributes, fresh.key);
      before.add(hash);
      after.add(hash);
    });
  }
}

/** Records, of which a profile may have several keys in a task, one after the other. */
export function countRecords(items: readonly RotationItem[]): number {
  let count = 0;
  let last: string | undefined;
  for (const { recordId } of items) {
    if (recordId !== last) count++;
    last = recordId;
  }
  return count;
}

function requireAgreement(old: OpenedBlock, fresh: OpenedBlock): void {
  if (!sameKey(old, fresh)) throw new KeyblockError('KCV_MISMATCH', { field: 'key' });
  if (!sameHeaderText(old, fresh) && !sameHeader(old.header, fresh.header)) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'header' });
  }
}

/** The name of a key in a commitment. */
export function nameOf({ recordId, version }: RotationItem): string {
  return version === undefined ? recordId : `${recordId};v${version}`;
}

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
