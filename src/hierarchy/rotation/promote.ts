/**
 * The switch, which is one write of one record, and the way back.
 *
 * @module
 */

import { own } from '../../primitives/bytes.js';
import type { HsmSyncRecord, MainKeyVersion, RotationJob } from '../records.js';
import { allReceipts } from '../region.js';
import { isCompromised, isDraining, versionOf } from '../versions.js';
import {
  auditEvent,
  conflict,
  enter,
  isUrgent,
  type RotationOptions,
  type RotationStep,
  readStep,
  requireRunning,
  stepFrom,
} from './job.js';
import { isHeldBy, type MainKeyRecord, withEvent } from './main-key-record.js';
import { withFence } from './plan.js';
import { withoutProof } from './verify-fold.js';

/** What {@link promote} takes. */
export interface PromoteOptions<M extends MainKeyRecord> extends RotationOptions<M> {
  /** Of a region: its devices, as they stand now. Without any, nobody says that he has the key. */
  readonly hsms?: readonly HsmSyncRecord[] | undefined;
}

/**
 * Makes the new main key the active one, and the old one retiring, in one write. Blocks under the
 * old one are left alone until every reader has seen it. Where the switch is made already, only the
 * job catches up.
 *
 * @param options - A rotation that is `ready`, or, if its policy says so, one from a compromised
 * main key.
 * @returns Job and main key, and the writes that store them: the main key first.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a rotation that was not verified, or is paused
 * or over, while a device in service has not got the new main key of its region, and for a main key
 * that is compromised or on its way out; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const started = rotation.start({ env, ...rotation.plan({ env, mainKey: record, kdh }) });
 * const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
 * const promoted = rotation.promote({ env, job, mainKey: started.mainKey });
 * promoted.mainKey.versions.map(({ state }) => state); // ['retiring', 'active']
 * ```
 */
export function promote<M extends MainKeyRecord>(options: PromoteOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  if (!isHeldBy(mainKey, job)) throw conflict('record');
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const to = versionOf(versions, job.to.version);
  const isPromoted = to.state === 'active';
  if (!isPromoted && (isDraining(to) || !mayPromote(job))) throw conflict('job');
  if (!isPromoted && !isHeldByAll(options, mainKey, job.to.version)) throw conflict('record');
  const switched = isPromoted
    ? mainKey
    : withEvent(mainKey, { kind: 'promote', version: job.to.version });
  const entered = enter(job, 'promoted', at);
  const next = entered === job ? job : withFence(entered, at);
  const audit = isPromoted ? [] : [auditEvent(next, at, 'rotation.promote')];
  return stepFrom({ job, mainKey }, { job: next, mainKey: switched }, audit);
}

/** A device that came into service since the key was distributed must not be left without it. */
function isHeldByAll<M extends MainKeyRecord>(
  options: PromoteOptions<M>,
  mainKey: MainKeyRecord,
  version: number,
): boolean {
  if (mainKey.kind !== 'region-key') return true;
  return allReceipts({ record: mainKey, version, hsms: own(options, 'hsms') ?? [] });
}

/** Every row was proven; or the old main key is in other hands, and may be left before. */
function mayPromote(job: RotationJob): boolean {
  const { phase } = job;
  if (phase === 'ready') return true;
  return isUrgent(job) && (phase === 'translating' || phase === 'verifying');
}

/**
 * Takes the switch back: the old main key is active again, and the rotation translates. Possible
 * until clean-up has begun. Where the switch is not made, or undone already, only the job catches
 * up: its rows have to be proven again.
 *
 * @param options - A promoted rotation.
 * @returns Job and main key, and the writes that store them: the main key first.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a rotation that is not started, paused or
 * over, once clean-up has begun, and where the old main key is compromised; `INVALID_ARGUMENT`.
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
 * rotation.rollback({ env, ...promoted }).job.phase; // 'translating'
 * ```
 */
export function rollback<M extends MainKeyRecord>(options: RotationOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  if (!isHeldBy(mainKey, job)) throw conflict('record');
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const old = versionOf(versions, job.from.version);
  const fresh = versionOf(versions, job.to.version);
  const isBack = old.state === 'active' && fresh.state === 'pending';
  // The fence is in the record that decides, so that a clean-up and a way back exclude each other.
  const isLeft = isDraining(old) || isDraining(fresh);
  if (isLeft || isCompromised(old)) throw conflict('record');
  // To translate, a rotation has to be started: a way back is no way around that.
  if (isBack && (job.phase === 'planned' || job.phase === 'distributing')) throw conflict('job');
  const switched = isBack
    ? mainKey
    : withEvent(mainKey, { kind: 'rollback', version: job.from.version });
  const { cleanupNotBefore: _, ...unfenced } = withoutProof(job);
  const back = enter(enter(unfenced, 'rolling-back', at), 'translating', at);
  const isUnchanged = isBack && job.phase === 'translating';
  const next = isUnchanged ? job : back;
  const audit = isBack ? [] : [auditEvent(next, at, 'rotation.rollback')];
  return stepFrom({ job, mainKey }, { job: next, mainKey: switched }, audit);
}
