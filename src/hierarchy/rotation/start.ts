/**
 * From the plan to the work: the new main key has to be where it is needed.
 *
 * @module
 */

import { own } from '../../primitives/bytes.js';
import type { KeyRing } from '../key-ring.js';
import { openProfileVersion } from '../profile.js';
import { requireProfile } from '../read-record.js';
import type { HsmSyncRecord } from '../records.js';
import { allReceipts } from '../region.js';
import { versionOf } from '../versions.js';
import {
  auditEvent,
  conflict,
  enter,
  type RotationOptions,
  type RotationStep,
  readStep,
  requireRunning,
  stepFrom,
} from './job.js';
import { isHeldBy, type MainKeyRecord } from './main-key-record.js';

/** What {@link start} takes. */
export interface StartOptions<M extends MainKeyRecord> extends RotationOptions<M> {
  /** Of a profile: a ring with the main key of the region, to open the new version. */
  readonly ring?: KeyRing | undefined;
  /** Of a region: its devices, each with the receipts that it has given. */
  readonly hsms?: readonly HsmSyncRecord[] | undefined;
}

/**
 * Lets a planned rotation translate, once the new main key is where it is needed: of a profile, its
 * block opens; of a region, every device in service has given a receipt.
 *
 * @param options - The rotation, and what shows that the key is at hand.
 * @returns The job, translating; a region job without all receipts is `distributing`.
 * @throws {@link KeyblockError} `STATE_CONFLICT` when the rotation is paused or over, or the main
 * key is not its; `AUTHENTICATION_FAILED` or `CONTEXT_MISMATCH` when the block does not open;
 * `UNKNOWN_KEY_VERSION`, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const planned = rotation.plan({ env, mainKey: record, kdh });
 * rotation.start({ ...planned, env, hsms: [] }).job.phase; // 'translating'
 * ```
 */
export function start<M extends MainKeyRecord>(options: StartOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  if (!isHeldBy(mainKey, job)) throw conflict('record');
  if (job.phase !== 'planned' && job.phase !== 'distributing') {
    return stepFrom({ job, mainKey }, { job, mainKey }, []);
  }
  const isAtHand = isNewKeyAtHand(options, mainKey, job.to.version);
  const next = enter(job, isAtHand ? 'translating' : 'distributing', at);
  const audit = next === job ? [] : [auditEvent(next, at, 'rotation.start')];
  return stepFrom({ job, mainKey }, { job: next, mainKey }, audit);
}

function isNewKeyAtHand<M extends MainKeyRecord>(
  options: StartOptions<M>,
  mainKey: MainKeyRecord,
  version: number,
): boolean {
  if (mainKey.kind === 'region-key') {
    return allReceipts({ record: mainKey, version, hsms: own(options, 'hsms') ?? [] });
  }
  const profile = requireProfile(mainKey);
  const pending = versionOf(profile.versions, version);
  openProfileVersion(profile, pending, own(options, 'ring')).destroy();
  return true;
}
