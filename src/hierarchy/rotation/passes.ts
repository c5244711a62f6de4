/** The three passes over a store: translate, verify, clean up. */

import { isoTime } from '../env.js';
import type { RotationJob } from '../records.js';
import { apply } from './apply.js';
import { cleanupApply, drainedBy, dropTasks } from './cleanup.js';
import {
  checkpoint,
  countedScan,
  type Drive,
  envOf,
  isIdle,
  MAX_REASONS,
  rescan,
  type Steps,
  scan,
  statusOf,
  store,
  write,
} from './drive.js';
import { blocksIn, type HeldPage } from './held-key.js';
import { attemptOf, enter, isProven } from './job.js';
import type { MainKeyRecord } from './main-key-record.js';
import type { RotationFailure } from './run.js';
import { createSeen } from './seen.js';
import { createTally } from './tally.js';
import { rewrapTasks } from './tasks.js';
import { comparisonTasks, nameOf } from './verify.js';
import { judge } from './verify-fold.js';

/**
 * Translates what has no block under the new main key.
 *
 * @returns How many blocks were written; undefined where the scan did not end.
 */
export async function* translatePass<M extends MainKeyRecord>(
  drive: Drive<M>,
): Steps<M, number | undefined> {
  const given = yield* rescan(drive, 'translate');
  if (given === undefined) return undefined;
  let written = 0;
  const ended = yield* scan(drive, given.source, async function* (page) {
    written += yield* translate(drive, page);
  });
  if (!ended) return undefined;
  if (written === 0 || drive.job.level !== 'region') return written;
  // Of a profile one version was translated: there may be more.
  const more = yield* translatePass(drive);
  return more === undefined ? undefined : written + more;
}

/** Translates a page, and says how many writes were done. */
async function* translate<M extends MainKeyRecord>(
  drive: Drive<M>,
  page: HeldPage,
): Steps<M, number> {
  const { job, mainKey, size, engine } = drive;
  let written = 0;
  for (const task of rewrapTasks({ job, mainKey, page, size })) {
    const results = [await engine.rewrap(task)];
    const applied = apply({ env: envOf(drive), job: drive.job, results });
    keep(drive, applied.job, applied.failures);
    written += yield* write(drive, applied.writes);
  }
  return written;
}

/** Takes over the counters of a job that is not stored yet, and the rows that failed. */
function keep(
  drive: Drive<MainKeyRecord>,
  { counters }: RotationJob,
  failures: readonly RotationFailure[],
): void {
  // What was seen is counted by page, and failures by their list.
  const { seen, failed } = drive.job.counters;
  drive.job = { ...drive.job, counters: { ...counters, seen, failed } };
  for (const failure of failures) drive.failures.push(failure);
}

/**
 * Opens both blocks of every record, and judges.
 *
 * @returns Whether all is proven; undefined where the scan did not end, or has led to no verdict.
 */
export async function* verifyPass<M extends MainKeyRecord>(
  drive: Drive<M>,
): Steps<M, boolean | undefined> {
  if (drive.job.phase !== 'promoted') {
    yield* checkpoint(drive, enter(drive.job, 'verifying', isoTime(envOf(drive))));
    if (drive.stopped || drive.job.phase !== 'verifying') return undefined;
  }
  const given = yield* countedScan(drive, 'verify');
  if (given === undefined) return undefined;
  const reasonOf = createReasons(drive);
  const tally = createTally(drive.job);
  // biome-ignore lint/correctness/useYield: a page is verified without a write
  const ended = yield* scan(drive, given.source, async function* (page) {
    const { job, mainKey, size, engine } = drive;
    for (const task of comparisonTasks({ job, mainKey, page, size })) {
      const result = await engine.verify(task);
      for (const failure of result.failures) drive.failures.push(reasonOf(failure));
      tally.add(result);
    }
  });
  if (!ended) return undefined;
  const scanned = tally.total();
  drive.repeated = scanned.isRepeated;
  // Somebody else has given a verdict: this scan says nothing of the attempt that has begun since.
  if (scanned.attempt !== attemptOf(drive.job)) return isProven(drive.job) || undefined;
  const { count } = given;
  const { job, writes } = judge({ env: envOf(drive), job: drive.job, scan: scanned, count });
  yield* store(drive, 'checkpoint', { job, mainKey: drive.mainKey, writes });
  yield { kind: 'progress', status: statusOf(drive) };
  // A verdict that could not be stored is none.
  return isProven(drive.job) || (drive.job === job ? false : undefined);
}

/**
 * The scan to verify only sees that a block is missing: the pass before knows why, of so many rows.
 */
function createReasons({ failures, conflicting }: Drive<MainKeyRecord>) {
  const known = [...conflicting, ...failures.slice(0, MAX_REASONS)];
  const reasons = new Map(known.map((failure) => [nameOf(failure), failure]));
  return (failure: RotationFailure): RotationFailure => {
    const isMissing = failure.code === 'STALE_VERSION';
    return (isMissing ? reasons.get(nameOf(failure)) : undefined) ?? failure;
  };
}

/** What a pass of the clean-up has found: nothing left, something done, or nothing to be done. */
export type Cleaned = 'clean' | 'progress' | 'stuck';

/**
 * Drops the blocks under the version that is left behind, and translates what was written late.
 *
 * @returns What was found; undefined where the scan did not end.
 */
export async function* cleanupPass<M extends MainKeyRecord>(
  drive: Drive<M>,
): Steps<M, Cleaned | undefined> {
  const given = yield* countedScan(drive, 'clean-up');
  if (given === undefined) return undefined;
  const seen = createSeen();
  let left = 0;
  let written = 0;
  const ended = yield* scan(drive, given.source, async function* (page) {
    for (const [key] of page.held) if (key !== undefined) seen.add(key.recordId);
    for (const recordId of page.keyless) seen.add(recordId);
    const drained = drainedBy(drive.job, drive.mainKey);
    if (drained === undefined) return;
    const here = blocksIn(page, drained);
    if (here === 0) return;
    left += here;
    written += yield* translate(drive, page);
    const { job, mainKey, size, engine } = drive;
    for (const task of dropTasks({ job, mainKey, page, size })) {
      const results = [await engine.cleanup(task)];
      const applied = cleanupApply({ env: envOf(drive), job: drive.job, results });
      keep(drive, applied.job, applied.failures);
      written += yield* write(drive, applied.writes);
    }
  });
  if (!ended) return undefined;
  countRecords(drive, seen.count(), given.count);
  // Of a record that the scan has not shown nobody knows what it is under.
  if (left === 0 && seen.count() === given.count) return 'clean';
  const hasFailed = written === 0 && drive.failures.length > 0;
  if (!(isIdle(drive, written) || hasFailed)) return 'progress';
  for (const failure of drive.conflicting) drive.failures.push(failure);
  return 'stuck';
}

/** Takes over what a whole scan has come to, beside what the store counts itself. */
function countRecords(drive: Drive<MainKeyRecord>, seen: number, total: number): void {
  const { counters } = drive.job;
  drive.job = { ...drive.job, counters: { ...counters, seen }, total };
}
