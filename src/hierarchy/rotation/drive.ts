/** The state of one run of `rotate`: what it has in its hands, none of which is needed to go on. */

import { type Env, isoTime } from '../env.js';
import { recordId } from '../identifiers.js';
import type { ConditionalWrite, HeldRecord, RotationJob } from '../records.js';
import { reconcile } from './control.js';
import type { RotationEngine } from './engine.js';
import { type HeldPage, heldPage, scopeOf } from './held-key.js';
import { conflict, isPaused, type RotationStep, readCount, stored } from './job.js';
import type { MainKeyRecord } from './main-key-record.js';
import { pagesOf, type RecordSource, readSource } from './pages.js';
import type { RotateStep, RotationPass, WriteOutcome } from './rotate-steps.js';
import type { RotationFailure } from './run.js';
import { type RotationStatus, status } from './status.js';

/** Steps, and at the end of them something that was found out. */
export type Steps<M extends MainKeyRecord, T = void> = AsyncGenerator<RotateStep<M>, T, void>;

/** Pages between two checkpoints of the job: about ten thousand records. */
const PAGES_PER_CHECKPOINT = 20;

/** Of so many rows it is kept why a pass wrote no block: enough to tell, and little to hold. */
export const MAX_REASONS = 1000;

/** What a run of `rotate` has in its hands. */
export interface Drive<M extends MainKeyRecord> {
  job: RotationJob;
  mainKey: M;
  /** When both were read, or stored. */
  readAt: number;
  /** The scan that was given and not used yet. */
  source: RecordSource | undefined;
  /** The rows that failed in the present pass. */
  failures: RotationFailure[];
  /** Rows of the present pass all of whose writes met one that had moved on: the first thousand. */
  conflicting: RotationFailure[];
  /** Whether the present pass, one to verify, was shown a record twice. */
  repeated: boolean;
  /** Passes in a row that wrote nothing, and still are not the last. */
  idle: number;
  /** Records in a row that could not be stored although nobody else had moved them. */
  refused: number;
  /** Whether the run ends: it was told to, or nobody answers. */
  stopped: boolean;
  readonly size: number;
  engine: RotationEngine;
  /** Makes another engine, for main keys that are others than they were. */
  readonly makeEngine: (job: RotationJob, mainKey: MainKeyRecord) => RotationEngine;
  readonly now: () => Date;
  readonly isAborted: () => boolean;
}

/** The time of a step. */
export function envOf({ now }: Pick<Drive<MainKeyRecord>, 'now'>): Env {
  return { at: now() };
}

/** Has records stored, and takes them over; on a conflict, whatever is stored now. */
export async function* store<M extends MainKeyRecord>(
  drive: Drive<M>,
  kind: 'checkpoint' | 'promote' | 'clean-up' | 'retire',
  { job, mainKey, writes }: Pick<RotationStep<M>, 'job' | 'mainKey' | 'writes'>,
): Steps<M> {
  const at = drive.now().getTime();
  const answer = { conflicts: 0 };
  const ack = (outcome: WriteOutcome) => void Object.assign(answer, outcome);
  if (writes.length > 0) yield { kind, job, mainKey, writes, ack };
  if (answer.conflicts > 0) {
    drive.refused += 1;
    return yield* reload(drive);
  }
  if (writes.length > 0) drive.refused = 0;
  // That the job could be stored says nothing of the main key.
  if (mainKey === drive.mainKey) drive.job = job;
  else take(drive, job, mainKey, at);
}

/** Takes over records that were stored, or read, not before this time. */
function take<M extends MainKeyRecord>(
  drive: Drive<M>,
  job: RotationJob,
  mainKey: M,
  readAt: number,
): void {
  drive.job = job;
  drive.mainKey = mainKey;
  drive.readAt = readAt;
}

/**
 * Who rotates is a reader too: what he knows of the main key is no older than the policy allows, or
 * he would go on putting blocks under a version that others have left behind. Half of the time is
 * for knowing it, the other half for writes that are on their way.
 */
function isOutdated({ readAt, now, job }: Drive<MainKeyRecord>): boolean {
  return now().getTime() - readAt >= 500 * job.policy.maxReaderStalenessSeconds;
}

/** Takes over what somebody else has made of the rotation. */
async function* reload<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  const readAt = drive.now().getTime();
  const answer: { records?: { readonly job: RotationJob; readonly mainKey: M } } = {};
  yield { kind: 'reload', provide: (records) => void Object.assign(answer, { records }) };
  const { records } = answer;
  if (records === undefined) {
    drive.stopped = true;
    return;
  }
  if (records.job.jobId !== drive.job.jobId) throw conflict('job');
  const { counters } = drive.job;
  const before = drive.mainKey;
  if (isOther(drive.job, records.job) || isOther(before, records.mainKey)) drive.refused = 0;
  take(drive, { ...records.job, counters }, records.mainKey, readAt);
  if (isRefused(drive)) {
    drive.stopped = true;
    return;
  }
  if (checkValuesOf(drive.mainKey) !== checkValuesOf(before)) {
    drive.engine.close();
    drive.engine = drive.makeEngine(drive.job, records.mainKey);
  }
  yield* settle(drive);
}

function isOther(known: StoredState, stored: StoredState): boolean {
  return known.revision !== stored.revision;
}

type StoredState = Pick<RotationJob, 'revision'>;

/** A copy of the store that is a little behind may show the same records for a time or two. */
const MAX_REFUSED = 4;

/** Whether the store takes no record any more: to try for ever is no use. */
export function isRefused({ refused }: Pick<Drive<MainKeyRecord>, 'refused'>): boolean {
  return refused > MAX_REFUSED;
}

/**
 * Has the job stored as its main key says that it stands, where it says otherwise. Who only knew it
 * would wait for readers anew each time that he comes back. One that is paused is left alone, and
 * so is everything once the run is told to end.
 */
export async function* settle<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  if (isPaused(drive.job) || drive.isAborted()) return;
  yield* checkpoint(drive, reconcile(drive.job, drive.mainKey, isoTime(envOf(drive))));
}

/**
 * What the versions of a main key are known by. Their numbers do not do: of two plans that are made
 * at a time both have the same for theirs, and one of them is not in the store.
 */
function checkValuesOf(mainKey: MainKeyRecord): string {
  return JSON.stringify([...scopeOf(mainKey).kcvs]);
}

/** Has the job stored as it is now. */
export async function* checkpoint<M extends MainKeyRecord>(
  drive: Drive<M>,
  changed: RotationJob,
): Steps<M> {
  const [job, writes] = stored(drive.job, changed);
  yield* store(drive, 'checkpoint', { job, mainKey: drive.mainKey, writes });
}

/** Has blocks put or dropped, and counts the conflicts. */
export async function* write<M extends MainKeyRecord>(
  drive: Drive<M>,
  writes: readonly ConditionalWrite[],
): Steps<M, number> {
  if (writes.length === 0) return 0;
  const answer = { conflicts: 0 };
  yield { kind: 'writes', writes, ack: (outcome) => void Object.assign(answer, outcome) };
  const { counters } = drive.job;
  const conflicts = counters.conflicts + answer.conflicts;
  drive.job = { ...drive.job, counters: { ...counters, conflicts } };
  const landed = writes.length - answer.conflicts;
  // Of some that landed and some that did not nobody says which is which.
  const named = landed === 0 ? writes.slice(0, MAX_REASONS - drive.conflicting.length) : [];
  for (const one of named) drive.conflicting.push(conflictOf(one));
  return landed;
}

function conflictOf(write: ConditionalWrite): RotationFailure {
  const version = 'version' in write ? write.version : undefined;
  return { recordId: write.recordId, version, code: 'STATE_CONFLICT', field: 'record' };
}

/** Whoever shares the work with others meets their writes for a pass or two, and then their end. */
const IDLE_PASSES = { alone: 1, shared: 4 };

/**
 * Takes note of what a pass has written, and says whether there is no use in another one: rows that
 * nobody can write would be tried for ever.
 */
export function isIdle(drive: Drive<MainKeyRecord>, written: number): boolean {
  drive.idle = written > 0 ? 0 : drive.idle + 1;
  return drive.idle > IDLE_PASSES[drive.conflicting.length > 0 ? 'shared' : 'alone'];
}

/**
 * Asks for a fresh scan. Undefined where nobody gives one: the run ends. One that was given before is
 * good for translating alone: what it does not show was perhaps not there yet.
 */
export async function* rescan<M extends MainKeyRecord>(
  drive: Drive<M>,
  pass: RotationPass,
): Steps<M, { readonly source: RecordSource; readonly count: number | undefined } | undefined> {
  if (drive.source !== undefined && pass === 'translate') {
    const { source } = drive;
    drive.source = undefined;
    return { source, count: undefined };
  }
  const answer: { source?: RecordSource; count?: number | undefined } = {};
  yield {
    kind: 'rescan',
    pass,
    provide: (source, count) => void Object.assign(answer, { source, count }),
  };
  if (answer.source === undefined) {
    drive.stopped = true;
    return undefined;
  }
  return { source: readSource(answer.source), count: answer.count };
}

/** The same for a scan that has to be whole: the store says how many records it has. */
export async function* countedScan<M extends MainKeyRecord>(
  drive: Drive<M>,
  pass: Exclude<RotationPass, 'translate'>,
): Steps<M, { readonly source: RecordSource; readonly count: number } | undefined> {
  const given = yield* rescan(drive, pass);
  return given && { source: given.source, count: readCount(given.count) };
}

/**
 * Goes through one scan, page by page, as long as the rotation stays in its phase.
 *
 * @returns Whether the scan came to its end.
 */
export async function* scan<M extends MainKeyRecord>(
  drive: Drive<M>,
  source: RecordSource,
  work: (page: HeldPage) => Steps<M>,
): Steps<M, boolean> {
  const { phase } = drive.job;
  drive.failures = [];
  drive.conflicting = [];
  drive.repeated = false;
  drive.job = { ...drive.job, counters: { ...drive.job.counters, seen: 0, failed: 0 } };
  let pages = 0;
  for await (const records of pagesOf(source, drive.size)) {
    if (drive.isAborted()) drive.stopped = true;
    if (!drive.stopped && isOutdated(drive)) yield* reload(drive);
    if (drive.stopped || drive.job.phase !== phase || isPaused(drive.job)) return false;
    yield* work(heldPage(records, scopeOf(drive.mainKey)));
    count(drive, records.length);
    yield { kind: 'progress', status: statusOf(drive) };
    if (++pages % PAGES_PER_CHECKPOINT === 0)
      yield* checkpoint(drive, withCursor(drive.job, records));
  }
  return drive.job.phase === phase && !isPaused(drive.job) && !drive.stopped;
}

function count(drive: Drive<MainKeyRecord>, seen: number): void {
  const { counters } = drive.job;
  const changed = { ...counters, seen: counters.seen + seen, failed: drive.failures.length };
  drive.job = { ...drive.job, counters: changed };
}

/** Where a scan in the order of the records may go on. */
function withCursor(job: RotationJob, page: readonly HeldRecord[]): RotationJob {
  const last = page.at(-1);
  const isNamed = typeof last === 'object' && last !== null;
  return isNamed ? { ...job, cursor: recordId(last) } : job;
}

/** The status, with the rows that failed in the present pass. */
export function statusOf(drive: Drive<MainKeyRecord>): RotationStatus {
  return status({ env: envOf(drive), job: drive.job, failures: drive.failures });
}
