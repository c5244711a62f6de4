/**
 * A rotation is paused, taken up again from the records alone, or given up.
 *
 * @module
 */

import { own } from '../../primitives/bytes.js';
import type { MainKeyVersion, RotationJob, RotationPhase } from '../records.js';
import { readRegion } from '../region.js';
import { isCompromised, isDraining } from '../versions.js';
import {
  auditEvent,
  conflict,
  enter,
  hasEnded,
  isPaused,
  type RotationOptions,
  type RotationStep,
  readStep,
  requireRunning,
  stepFrom,
} from './job.js';
import { isHeldBy, type MainKeyRecord, withVersion } from './main-key-record.js';
import { withFence } from './plan.js';
import { withoutProof } from './verify-fold.js';

/**
 * Pauses a rotation: it makes no tasks that change anything until it is resumed. Reads go on.
 *
 * @param options - The rotation.
 * @returns The job, and the write that stores it.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when it is over; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const paused = rotation.pause({ env, ...rotation.plan({ env, mainKey: record, kdh }) });
 * paused.job.paused; // true
 * rotation.resume({ env, ...paused }).job.phase; // 'planned'
 * ```
 */
export function pause<M extends MainKeyRecord>(options: RotationOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  if (hasEnded(job)) throw conflict('job');
  if (isPaused(job)) return stepFrom({ job, mainKey }, { job, mainKey }, []);
  const next = { ...job, paused: true };
  return stepFrom({ job, mainKey }, { job: next, mainKey }, [
    auditEvent(next, at, 'rotation.pause'),
  ]);
}

/**
 * Takes a rotation up again: after a pause, after a crash, on another machine. Where it stands is
 * told from the main key; what the record of the job says beyond that counts only if it fits.
 *
 * @param options - The rotation and its main key, as stored.
 * @returns The job in the phase that the records are in.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when the main key is in the hands of another job,
 * or the job was never begun: plan it again; `INVALID_ARGUMENT`.
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
 * rotation.resume({ env, ...planned }).writes; // []
 * ```
 */
export function resume<M extends MainKeyRecord>(options: RotationOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  const { paused: _, ...running } = job;
  const next = reconcile(isPaused(job) ? running : job, mainKey, at);
  const audit = next === job ? [] : [auditEvent(next, at, 'rotation.resume')];
  return stepFrom({ job, mainKey }, { job: next, mainKey }, audit);
}

/** The job as its main key says that it stands: the same one where it says so already. */
export function reconcile(job: RotationJob, mainKey: MainKeyRecord, at: string): RotationJob {
  const phase = phaseOf(job, mainKey);
  if (job.phase === phase) return job;
  const entered = enter(job, phase, at);
  const isProven = phase === 'promoted' || phase === 'cleaning' || phase === 'done';
  const kept = isProven ? entered : withoutProof(entered);
  // When readers began to learn of the switch was lost with the job: count from now.
  const waits = phase === 'promoted' || phase === 'aborting';
  return waits ? withFence(kept, at) : kept;
}

/** Where a rotation stands, by the states of its two versions. */
function phaseOf(job: RotationJob, mainKey: MainKeyRecord): RotationPhase {
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const from = versions.find(({ version }) => version === job.from.version);
  const to = versions.find(({ version }) => version === job.to.version);
  // The job was stored, and the new version was not: there is nothing to go on with.
  if (from === undefined || to === undefined) throw conflict('record');
  const isOver = !isHeldBy(mainKey, job);
  // One that was active once was retired before it was destroyed.
  if (isOver && to.state === 'destroyed' && own(to, 'retiredAt') === undefined) return 'aborted';
  if (isOver && (from.state === 'retired' || from.state === 'destroyed')) return 'done';
  if (isOver) throw conflict('record');
  if (to.state === 'pending') {
    if (isDraining(to)) return 'aborting';
    return BEFORE_PROMOTION.includes(job.phase) ? job.phase : 'translating';
  }
  return isDraining(from) ? 'cleaning' : 'promoted';
}

const BEFORE_PROMOTION: readonly RotationPhase[] = [
  'planned',
  'distributing',
  'translating',
  'verifying',
  'ready',
];

/**
 * Gives a rotation up before it is promoted. The new main key is on its way out at once; then
 * {@link cleanupTasks} drops its blocks, and {@link retire} ends the job. Every record is left with
 * the blocks that it had before. Not from a compromised main key: keys that were made meanwhile
 * have a block under the new one alone, and could not go back. Such a rotation goes on, unless it
 * can not: because the new main key is compromised as well, or was lost before it went to a device.
 * Where the old one is marked in the middle of an abort, they block it until both are marked.
 *
 * @param options - A rotation that is not promoted.
 * @returns Job and main key, and the writes that store them: the main key first.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when it is promoted (see {@link rollback}), paused
 * or over, and where the old main key alone is compromised; `INVALID_ARGUMENT`.
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
 * const aborting = rotation.abort({ env, ...started });
 * rotation.retire({ env, ...aborting, stragglers: 0 }).job.phase; // 'aborted'
 * ```
 */
export function abort<M extends MainKeyRecord>(options: RotationOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  if (!isHeldBy(mainKey, job)) throw conflict('record');
  const to = mainKey.versions.find(({ version }: MainKeyVersion) => version === job.to.version);
  if (to?.state !== 'pending') throw conflict('record');
  const from = mainKey.versions.find(({ version }: MainKeyVersion) => version === job.from.version);
  const isUnderWay = isDraining(to);
  const goesOn = from !== undefined && isCompromised(from) && canGoOn(job, mainKey, to);
  if (!isUnderWay && goesOn) throw conflict('record');
  const fenced = isUnderWay
    ? mainKey
    : withVersion(mainKey, to.version, (version) => ({ ...version, draining: true }));
  const entered = enter(withoutProof(job), 'aborting', at);
  const next = job.phase === 'aborting' ? job : withFence(entered, at);
  const audit = next === job ? [] : [auditEvent(next, at, 'rotation.abort')];
  return stepFrom({ job, mainKey }, { job: next, mainKey: fenced }, audit);
}

/** Whether a new main key can still become the active one: it is nobody else's, and somebody's. */
function canGoOn({ phase }: RotationJob, mainKey: MainKeyRecord, to: MainKeyVersion): boolean {
  if (isCompromised(to)) return false;
  // That of a profile is in its record.
  if (mainKey.kind === 'profile' || (phase !== 'planned' && phase !== 'distributing')) return true;
  return readRegion(mainKey).tokens.some((token) => token.version === to.version);
}
