/**
 * A whole rotation as one loop over steps, for whoever drives it in one process.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { isoTime } from '../env.js';
import type { HsmSyncRecord, RotationJob } from '../records.js';
import { reconcile } from './control.js';
import {
  type Drive,
  envOf,
  isIdle,
  isRefused,
  type Steps,
  settle,
  statusOf,
  store,
} from './drive.js';
import { createEngine, type EngineOptions } from './engine.js';
import { readTaskSize } from './held-key.js';
import { hasEnded, isPaused, isProven, isUrgent, readJob } from './job.js';
import { type MainKeyRecord, readMainKey } from './main-key-record.js';
import { type RecordSource, readSource } from './pages.js';
import { cleanupPass, translatePass, verifyPass } from './passes.js';
import { promote } from './promote.js';
import { retire } from './retire.js';
import type { RotateStep } from './rotate-steps.js';
import { start } from './start.js';
import { startCleanup } from './start-cleanup.js';

/** What {@link rotate} takes. */
export interface RotateOptions<M extends MainKeyRecord> extends EngineOptions {
  /** The rotation, as stored. */
  readonly job: RotationJob;
  /** The record of the main key that is rotated, as stored. */
  readonly mainKey: M;
  /** The first scan of the store, to translate; others are asked for by steps. */
  readonly source?: RecordSource | undefined;
  /**
   * How many records make a batch: 1 to 10,000.
   * @defaultValue `500`
   */
  readonly batch?: number | undefined;
  /** The clock: asked at every step. */
  readonly now: () => Date;
  /** Ends the run between two batches; an `AbortSignal`. */
  readonly signal?:
    | {
        /** Looked at before every page. */
        readonly aborted: boolean;
      }
    | undefined;
  /**
   * Of a region: its devices, each with the receipts that it has given. A function is asked when
   * they matter, so that a device which came into service in the meantime counts.
   */
  readonly hsms?:
    | readonly HsmSyncRecord[]
    | (() => readonly HsmSyncRecord[] | Promise<readonly HsmSyncRecord[]>)
    | undefined;
}

/**
 * Drives a rotation to its end: translates, verifies, promotes, waits for readers and cleans up; or
 * undoes one that is aborted. It holds no truth: end it anywhere, and call it again with what is
 * stored. Two at once do no harm.
 *
 * @param options - The rotation and its main key; a ring with the main keys of both versions, or a
 * port that holds them; for a profile a ring with the main key of its region, which also begins a
 * rotation that was only planned; the clock.
 * @returns The steps: what to store, what to read, and how far it is.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION` when the ring lacks a main key;
 * `KCV_MISMATCH` when what the ring has under its name is another key than the record's, which
 * through a port is told of every row, and thrown where the old main key is to be left in haste;
 * `STATE_CONFLICT` when the job is not that of the main key, and at the switch of a region while a
 * device in service has not got the new main key; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import {
 *   applyWrite, createKeyRing, createProfile, createRegionKey, recordId, rotation,
 *   type ProfileRecord, type RotationJob, type StoredRecord,
 * } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record: region, secret } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const ref = { keyId: 'eu-central-1', version: 1 };
 * const ring = createKeyRing({ keys: [{ ref, key: secret }] });
 * const profile = createProfile({ env, region, ring, profileId: 'shop', config: {} }).record;
 *
 * const store = new Map<string, StoredRecord>([[recordId(profile), profile]]);
 * const save = (writes: Parameters<typeof applyWrite>[0]['write'][]) => {
 *   for (const write of writes) {
 *     const record = applyWrite({ record: store.get(write.recordId), write });
 *     if (record !== undefined) store.set(write.recordId, record);
 *   }
 * };
 *
 * const policy = { maxReaderStalenessSeconds: 0 };
 * const { job, mainKey, writes } = rotation.plan({ env, mainKey: profile, region, ring, policy });
 * save([...writes]);
 * for await (const step of rotation.rotate({ job, mainKey, ring, now: () => new Date() })) {
 *   if ('writes' in step) save([...step.writes]);
 *   if (step.kind === 'rescan') step.provide([], 0); // the customer keys, and their number
 *   if (step.kind === 'reload') {
 *     // It has been going for a while, or somebody else was quicker: both, as they are stored.
 *     const stored = store.get(job.jobId) as RotationJob;
 *     step.provide({ job: stored, mainKey: store.get('eu-central-1/shop') as ProfileRecord });
 *   }
 * }
 * const rotated = store.get('eu-central-1/shop') as ProfileRecord;
 * rotated.versions.map(({ state }) => state); // ['retired', 'active']
 * ```
 */
export async function* rotate<M extends MainKeyRecord>(
  options: RotateOptions<M>,
): AsyncGenerator<RotateStep<M>, void, void> {
  const drive = readDrive(options);
  try {
    yield* settle(drive);
    while (!drive.stopped) {
      const { job } = drive;
      if (!hasEnded(job)) {
        yield { kind: 'progress', status: statusOf(drive) };
        if (drive.isAborted() || isPaused(job)) return;
      }
      yield* advance(drive, options);
    }
    if (isRefused(drive)) yield* refused(drive);
  } finally {
    drive.engine.close();
  }
}

function readDrive<M extends MainKeyRecord>(options: RotateOptions<M>): Drive<M> {
  requireObject(options, 'options');
  const now = own(options, 'now');
  if (typeof now !== 'function') throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  const mainKey = readMainKey(own(options, 'mainKey'));
  const job = readJob(own(options, 'job'));
  const at = now();
  // What has no place in the main key is refused before a key is opened.
  reconcile(job, mainKey, isoTime({ at }));
  const source = own(options, 'source');
  const signal = own(options, 'signal');
  return {
    job,
    mainKey,
    readAt: at.getTime(),
    source: source === undefined ? undefined : readSource(source),
    failures: [],
    conflicting: [],
    repeated: false,
    idle: 0,
    refused: 0,
    stopped: false,
    size: readTaskSize({ size: own(options, 'batch') }),
    engine: createEngine(options, job, mainKey),
    makeEngine: (ofJob, ofMainKey) => createEngine(options, ofJob, ofMainKey),
    now,
    isAborted: () => signal?.aborted === true,
  };
}

/** Takes a rotation from the phase that it is in as far as one pass over the store brings it. */
async function* advance<M extends MainKeyRecord>(
  drive: Drive<M>,
  options: RotateOptions<M>,
): Steps<M> {
  switch (drive.job.phase) {
    case 'planned':
    case 'distributing':
      return yield* begin(drive, options);
    case 'translating':
    case 'verifying':
    case 'rolling-back':
      return isUrgent(drive.job) ? yield* switchOver(drive, options) : yield* prove(drive);
    case 'ready':
      return yield* switchOver(drive, options);
    case 'promoted':
      return isProven(drive.job) ? yield* beginCleanup(drive) : yield* prove(drive);
    case 'cleaning':
    case 'aborting':
      return yield* clean(drive);
    case 'done':
    case 'aborted':
      return yield* end(drive);
  }
}

async function* begin<M extends MainKeyRecord>(
  drive: Drive<M>,
  options: RotateOptions<M>,
): Steps<M> {
  const ring = own(options, 'ring');
  const hsms = await devicesOf(drive, options);
  if (drive.isAborted()) return;
  const { job, mainKey } = drive;
  const started = start({ env: envOf(drive), job, mainKey, ring, hsms });
  yield* store(drive, 'checkpoint', started);
  if (drive.job.phase === 'distributing') yield* blocked(drive);
}

/** Devices hold main keys of regions only. */
async function devicesOf<M extends MainKeyRecord>(
  { mainKey }: Drive<M>,
  options: RotateOptions<M>,
): Promise<readonly HsmSyncRecord[] | undefined> {
  const hsms = mainKey.kind === 'region-key' ? own(options, 'hsms') : undefined;
  if (typeof hsms !== 'function') return hsms;
  const found = await hsms();
  // Whoever finds nothing must not switch a region without its devices.
  if (!Array.isArray(found)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return found;
}

/** Translates and verifies. What fails, or comes to nothing pass after pass, is in the way. */
async function* prove<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  const written = yield* translatePass(drive);
  if (written === undefined) return;
  const hasFailed = drive.failures.length > 0;
  const isOver = isIdle(drive, written) || hasFailed;
  const proven = yield* verifyPass(drive);
  // Without a verdict of its own somebody else has got further.
  if (proven !== false) drive.idle = 0;
  else if (isOver) yield* blocked(drive);
}

async function* switchOver<M extends MainKeyRecord>(
  drive: Drive<M>,
  options: RotateOptions<M>,
): Steps<M> {
  const hsms = await devicesOf(drive, options);
  if (drive.isAborted()) return;
  const { job, mainKey } = drive;
  // In haste nothing has been wrapped under the new main key yet: it may have been lost meanwhile.
  if (isUrgent(job)) await drive.engine.requireNewKey();
  yield* store(drive, 'promote', promote({ env: envOf(drive), job, mainKey, hsms }));
}

async function* beginCleanup<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  if (!(yield* fence(drive))) return;
  const { job, mainKey } = drive;
  yield* store(drive, 'clean-up', startCleanup({ env: envOf(drive), job, mainKey }));
}

async function* clean<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  const isOpen = isPast(drive);
  const found = yield* cleanupPass(drive);
  if (found === 'stuck') yield* blocked(drive);
  if (found !== 'clean') return;
  // What was written while others did not know yet is found by a scan after the wait.
  if (!(isOpen && isPast(drive))) {
    yield* fence(drive);
    return;
  }
  const { job, mainKey } = drive;
  yield* store(drive, 'retire', retire({ env: envOf(drive), job, mainKey, stragglers: 0 }));
}

async function* end<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  drive.stopped = true;
  const { job, mainKey } = drive;
  yield { kind: 'done', job, mainKey };
}

/** Waits for readers, and says whether the time has come. */
async function* fence<M extends MainKeyRecord>(drive: Drive<M>): Steps<M, boolean> {
  const until = own(drive.job, 'cleanupNotBefore');
  if (until !== undefined && !isPast(drive)) yield { kind: 'wait', until };
  if (!isPast(drive)) drive.stopped = true;
  return isPast(drive);
}

function isPast(drive: Drive<MainKeyRecord>): boolean {
  const until = own(drive.job, 'cleanupNotBefore');
  return until === undefined || isoTime(envOf(drive)) >= until;
}

/** The store has taken no record time after time, and nobody else has changed one. */
async function* refused<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  const { jobId: recordId } = drive.job;
  drive.failures.push({ recordId, code: 'STATE_CONFLICT', field: 'job' });
  yield* blocked(drive);
}

async function* blocked<M extends MainKeyRecord>(drive: Drive<M>): Steps<M> {
  drive.stopped = true;
  const { failures, repeated } = drive;
  const status = statusOf(drive);
  const { done, total } = status;
  // Nothing failed, and still it is no proof: the store has told of other records, or of one twice.
  const isOther = repeated || (total !== undefined && total !== done);
  const isMiscounted = failures.length === 0 && isOther;
  const blockers = isMiscounted
    ? [...status.blockers, { kind: 'count' } as const]
    : status.blockers;
  yield { kind: 'blocked', status: { ...status, blockers }, failures };
}
