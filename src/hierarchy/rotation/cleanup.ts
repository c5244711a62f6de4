/**
 * How the blocks under a main key that is left behind are dropped: each only after the block that
 * stays has been opened.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { sameRef } from '../identifiers.js';
import type { KeyRing } from '../key-ring.js';
import type { ConditionalWrite, Kcv, KeyRef, MainKeyVersion, RotationJob } from '../records.js';
import { isDraining } from '../versions.js';
import { type Applied, applied } from './apply.js';
import { blockUnder, mayHold } from './held-key.js';
import { isPaused, readJob } from './job.js';
import { kcvOfBytes, requireKcv } from './key-check.js';
import { type MainKeyRecord, refTo } from './main-key-record.js';
import { readResults, requireRef } from './read-shape.js';
import { attempt, failureOf, type RotationFailure, readTask, withWorkbench } from './run.js';
import {
  inTasks,
  itemOf,
  kcvIn,
  mayReceive,
  oldBlockOf,
  type PageOptions,
  type RotationItem,
  readTasksOptions,
  type TasksOptions,
} from './tasks.js';
import type { Workbench } from './workbench.js';

/** Keys that lose their block under one main key, if the one under the other opens. */
export interface CleanupTask {
  /** Says what this is. */
  readonly kind: 'cleanup-task';
  /** The rotation: the result carries it on. */
  readonly jobId: string;
  /** The active version: what stays. */
  readonly keep: KeyRef;
  /** What is left behind. */
  readonly drop: KeyRef;
  /** The check value of what stays in the record: who works on the task compares his with it. */
  readonly kcv: Kcv;
  /** Each with the block that stays, as `block`; one of a record. */
  readonly items: readonly RotationItem[];
}

/**
 * Says which blocks have to be dropped in some records: those under the old main key after a
 * promotion, those under the new one of a rotation that is aborted. A row that was written late,
 * under the old main key alone, is for {@link tasks} first.
 *
 * @param options - The rotation, its main key, and a page of records.
 * @returns Tasks for {@link cleanupRun}, in JSON; none while nothing is to be dropped.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for the record of another main key than the job's,
 * `UNKNOWN_KEY_VERSION` where it lacks a version of the job; `INVALID_ARGUMENT`.
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
 * const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
 * const promoted = rotation.promote({ env, job, mainKey: started.mainKey });
 * const cleaning = rotation.startCleanup({ env, ...promoted });
 * const { mainKey } = cleaning;
 * rotation.cleanupTasks({ job: cleaning.job, mainKey, records: [] }); // []
 * ```
 */
export function cleanupTasks(options: TasksOptions): readonly CleanupTask[] {
  return dropTasks(readTasksOptions(options));
}

/** The same for a page that has been read. */
export function dropTasks({ job, mainKey, page, size }: PageOptions): readonly CleanupTask[] {
  const drop = drainedBy(job, mainKey);
  if (drop === undefined || isPaused(job)) return [];
  const keep = sameRef(drop, job.to) ? job.from : job.to;
  const items: RotationItem[] = [];
  for (const keys of page.held) {
    // One write a record at a time.
    const key = keys.find((held) => mayHold(held, drop));
    const kept = key && blockUnder(key, keep);
    // What has not been translated yet is for `tasks` first, which names a row that can not be read
    // only on the way to the new main key.
    const isNamedHere = key?.refusal !== undefined && sameRef(keep, job.from);
    const comesFirst = kept === undefined && mayReceive(mainKey, keep) && !isNamedHere;
    if (key !== undefined && !comesFirst) items.push(itemOf(key, kept));
  }
  const { jobId } = job;
  const kcv = kcvIn(mainKey, keep);
  return inTasks(items, size, (some) => ({
    kind: 'cleanup-task',
    jobId,
    keep,
    drop,
    kcv,
    items: some,
  }));
}

/** The version whose blocks are dropped: the record that decides says so. */
export function drainedBy(job: RotationJob, mainKey: MainKeyRecord): KeyRef | undefined {
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const drained = versions.find(
    (each) =>
      isDraining(each) &&
      (each.version === job.from.version ? each.state === 'retiring' : each.state === 'pending') &&
      (each.version === job.from.version || each.version === job.to.version),
  );
  return drained && refTo(mainKey, drained);
}

/** What became of one key: its old block may go, or why not. */
export type CleanupOutcome =
  | {
      /** The record that holds the key. */
      readonly recordId: string;
      /** Of the record as the task saw it: a later one loses nothing. */
      readonly expectedRevision: number;
      /** Of a profile: the version whose key it is. */
      readonly version?: number | undefined;
      /** The main key whose block may go. */
      readonly drop: KeyRef;
    }
  | RotationFailure;

/** What became of a task. */
export interface CleanupResult {
  /** Says what this is. */
  readonly kind: 'cleanup-result';
  /** The rotation; results of another one are passed over. */
  readonly jobId: string;
  /** One for each item of the task, in its order. */
  readonly items: readonly CleanupOutcome[];
}

/** What {@link cleanupRun} takes. */
export interface CleanupRunOptions {
  /** What to do: of {@link cleanupTasks}. */
  readonly task: CleanupTask;
  /** The main key that stays. */
  readonly ring: KeyRing;
}

/**
 * Opens the block that stays, for every key of a task: only then may the other one go.
 *
 * @param options - The task, and a ring with the main key that stays.
 * @returns A verdict for each key, in JSON, for {@link cleanupApply}.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION` for a main key that the ring does not have,
 * `KCV_MISMATCH` for one that is another than the record's, `INVALID_ARGUMENT`. Never for a single
 * row.
 *
 * @example
 * ```ts
 * import { createKeyRing, rotation } from 'keyblock/hierarchy';
 * import { generateKey } from 'keyblock';
 *
 * const from = { keyId: 'eu-central-1/shop', version: 1 };
 * const to = { keyId: 'eu-central-1/shop', version: 2 };
 * const key = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * const ring = createKeyRing({ keys: [{ ref: to, key }] });
 * const kcv = { method: 'cmac', value: key.kcv() } as const;
 * const task = { jobId: 'j1', keep: to, drop: from, kcv, items: [] };
 * rotation.cleanupRun({ task: { kind: 'cleanup-task', ...task }, ring }).items; // []
 * ```
 */
export function cleanupRun(options: CleanupRunOptions): CleanupResult {
  requireObject(options, 'options');
  const task = readTask(own(options, 'task'), 'cleanup-task');
  return withWorkbench(options, (workbench) => cleanupTask(task, workbench));
}

/** The same with what is prepared. */
export function cleanupTask(
  { jobId, keep, drop, kcv, items }: CleanupTask,
  workbench: Workbench,
): CleanupResult {
  const outcomes = new Array<CleanupOutcome>(items.length);
  workbench.open({
    ref: keep,
    kcv,
    items,
    indexes: [...items.keys()],
    blockOf: oldBlockOf,
    visit(index, header, key) {
      const item = items[index] as RotationItem; // in range, as below
      outcomes[index] = attempt(item, () => {
        // A row that was put back, or written late, was not in the scan that proved the others.
        requireKcv(item, kcvOfBytes(header, key));
        return dropOutcome(item, drop);
      });
    },
    refuse(index, error) {
      outcomes[index] = failureOf(items[index] as RotationItem, error);
    },
  });
  return { kind: 'cleanup-result', jobId, items: outcomes };
}

/** The verdict on a key whose other block has been opened. */
export function dropOutcome(
  { recordId, expectedRevision, version }: RotationItem,
  drop: KeyRef,
): CleanupOutcome {
  return { recordId, expectedRevision, version, drop };
}

/** What {@link cleanupApply} takes. */
export interface CleanupApplyOptions {
  /** The time. */
  readonly env: Env;
  /** The rotation. */
  readonly job: RotationJob;
  /** What {@link cleanupRun} returned. */
  readonly results: readonly CleanupResult[];
}

/**
 * Turns verdicts into writes that drop blocks.
 *
 * @param options - The job, and results of its tasks.
 * @returns Writes for the store, the job with its counters, and the rows whose block has to stay.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
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
 * const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
 * const promoted = rotation.promote({ env, job, mainKey: started.mainKey });
 * const cleaning = rotation.startCleanup({ env, ...promoted });
 * rotation.cleanupApply({ env, job: cleaning.job, results: [] }).writes; // []
 * ```
 */
export function cleanupApply(options: CleanupApplyOptions): Applied {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const job = readJob(own(options, 'job'));
  const results = readResults(own(options, 'results'), 'cleanup-result');
  const writes: ConditionalWrite[] = [];
  const failures: RotationFailure[] = [];
  let seen = 0;
  for (const { jobId, items } of results) {
    if (jobId !== job.jobId) continue;
    seen += items.length;
    for (const item of items) {
      if ('drop' in item) {
        const { recordId, expectedRevision, version, drop } = item;
        requireRef(drop, [job.from, job.to]);
        const write = { op: 'drop-slot', recordId, expectedRevision, next: drop } as const;
        writes.push(version === undefined ? write : { ...write, version });
      } else failures.push(item);
    }
  }
  return applied(job, at, writes, failures, { seen });
}
