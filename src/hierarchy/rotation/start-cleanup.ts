/**
 * The point of no return of a rotation.
 *
 * @module
 */

import { own } from '../../primitives/bytes.js';
import type { MainKeyVersion } from '../records.js';
import { isDraining, versionOf } from '../versions.js';
import {
  auditEvent,
  conflict,
  enter,
  isProven,
  type RotationOptions,
  type RotationStep,
  readStep,
  requireRunning,
  stepFrom,
} from './job.js';
import { isHeldBy, type MainKeyRecord, withVersion } from './main-key-record.js';

/**
 * Begins the clean-up of a promoted rotation, once no reader can hold the main key as it was before
 * the switch. From then on there is no way back.
 *
 * @param options - A promoted rotation.
 * @returns Job and main key, and the writes that store them: the main key first, and it has to be
 * stored before any block is dropped.
 * @throws {@link KeyblockError} `STATE_CONFLICT` before `cleanupNotBefore`, and for a rotation that
 * is not verified, not promoted, paused or over; `INVALID_ARGUMENT`.
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
 * cleaning.job.phase; // 'cleaning'
 * ```
 */
export function startCleanup<M extends MainKeyRecord>(
  options: RotationOptions<M>,
): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  if (!isHeldBy(mainKey, job)) throw conflict('record');
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const old = versionOf(versions, job.from.version);
  const isPromoted = versionOf(versions, job.to.version).state === 'active';
  if (!isPromoted || old.state !== 'retiring') throw conflict('record');
  if (!isProven(job)) throw conflict('job');
  // Times of one format in UTC are in the order of their texts.
  const until = own(job, 'cleanupNotBefore');
  if (until === undefined || at < until) throw conflict('job');
  const fenced = isDraining(old)
    ? mainKey
    : withVersion(mainKey, old.version, (version) => ({ ...version, draining: true }));
  const entered = enter(job, 'cleaning', at);
  const next = own(job, 'cleanupStarted') === true ? entered : { ...entered, cleanupStarted: true };
  const audit = next === job ? [] : [auditEvent(next, at, 'rotation.clean-up')];
  return stepFrom({ job, mainKey }, { job: next, mainKey: fenced }, audit);
}
