/**
 * The end of a main key: retired when no block is left under it, destroyed when nobody needs it.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent, ConditionalWrite, MainKeyVersion, RegionKeyRecord } from '../records.js';
import { versionOf } from '../versions.js';
import { drainedBy } from './cleanup.js';
import {
  auditEvent,
  conflict,
  enter,
  type RotationOptions,
  type RotationStep,
  readStep,
  requireRunning,
  stepFrom,
  stored,
} from './job.js';
import {
  isHeldBy,
  type MainKeyRecord,
  mainKeyId,
  readMainKey,
  withEvent,
  withJob,
  withoutBlocks,
  withVersion,
} from './main-key-record.js';

/** What {@link retire} takes. */
export interface RetireOptions<M extends MainKeyRecord> extends RotationOptions<M> {
  /** How many blocks a full scan has found under the version that is left: {@link stragglers}. */
  readonly stragglers: number;
}

/**
 * Ends a rotation when a full scan has found no block under the version that it leaves behind. The
 * old main key is retired; that of an aborted rotation is destroyed.
 *
 * @param options - A rotation in clean-up or being aborted, and what the scan has counted.
 * @returns Job and main key, and the writes that store them: the main key first.
 * @throws {@link KeyblockError} `STATE_CONFLICT` while blocks are left, before a rotation that is
 * aborted may end (`cleanupNotBefore`), and for one that is paused or over; `INVALID_ARGUMENT`.
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
 * rotation.retire({ env, ...cleaning, stragglers: 0 }).job.phase; // 'done'
 * ```
 */
export function retire<M extends MainKeyRecord>(options: RetireOptions<M>): RotationStep<M> {
  const { at, job, mainKey } = readStep(options);
  requireRunning(job);
  const left = own(options, 'stragglers');
  if (typeof left !== 'number') throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  const drained = drainedBy(job, mainKey);
  if (drained === undefined || !isHeldBy(mainKey, job)) throw conflict('record');
  if (left !== 0) throw conflict('slot');
  const { version } = drained;
  const isAbort = version === job.to.version;
  // Who does not know of the end yet may still write a block under the new main key.
  const until = isAbort ? own(job, 'cleanupNotBefore') : undefined;
  if (until !== undefined && at < until) throw conflict('job');
  const moved = withEvent(mainKey, { kind: isAbort ? 'abort' : 'cleanup-complete', version });
  const ended = withVersion(moved, version, ({ draining: _, ...rest }) =>
    isAbort ? withoutBlocks(rest) : { ...rest, retiredAt: at },
  );
  const next = enter(job, isAbort ? 'aborted' : 'done', at);
  return stepFrom({ job, mainKey }, { job: next, mainKey: withJob(ended, undefined) }, [
    auditEvent(next, at, isAbort ? 'rotation.aborted' : 'rotation.done'),
  ]);
}

/** What {@link destroy} takes. */
export interface DestroyOptions<M extends MainKeyRecord> {
  /** The time. */
  readonly env: Env;
  /** The main key. */
  readonly mainKey: M;
  /** The version, a retired one. */
  readonly version: number;
  /** How many blocks a full scan has found under it: {@link stragglers}. */
  readonly stragglers: number;
  /**
   * How long it has to have been retired: as long as a backup may come back that needs it.
   * @defaultValue 90 days
   */
  readonly graceSeconds?: number | undefined;
}

/**
 * Destroys a version of a main key that was retired: its blocks are erased from the record. What
 * holds it in memory, or in a device, is for the caller to destroy. Dual control is the caller's
 * too, see `approvals.require`.
 *
 * @param options - The version, and what shows that nobody needs it.
 * @returns The main key, and the write that stores it.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a version that is not retired or not for long
 * enough, while blocks are left under it, and while a token that carries it can still be loaded;
 * `UNKNOWN_KEY_VERSION`, `INVALID_ARGUMENT`.
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
 * const { mainKey } = rotation.retire({ env, ...cleaning, stragglers: 0 });
 * const later = { at: new Date(env.at.getTime() + 91 * 86_400_000) };
 * const end = rotation.destroy({ env: later, mainKey, version: 1, stragglers: 0 });
 * end.mainKey.versions[0]?.state; // 'destroyed'
 * ```
 */
export function destroy<M extends MainKeyRecord>(
  options: DestroyOptions<M>,
): {
  /** The main key, that version `destroyed` and without blocks. */
  readonly mainKey: M;
  /** The one write that stores it. */
  readonly writes: readonly ConditionalWrite[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
} {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const mainKey = readMainKey(own(options, 'mainKey'));
  const number = Number(own(options, 'version'));
  const version = versionOf<MainKeyVersion>(mainKey.versions, number);
  const grace = own(options, 'graceSeconds') ?? DEFAULT_GRACE_SECONDS;
  if (!(typeof grace === 'number' && grace >= 0)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'days' });
  }
  if (own(options, 'stragglers') !== 0) throw conflict('slot');
  if (secondsBetween(own(version, 'retiredAt'), at) < grace) throw conflict('record');
  if (mainKey.kind === 'region-key' && hasLiveToken(mainKey, number, at)) throw conflict('record');
  const moved = withEvent(mainKey, { kind: 'destroy', version: number });
  const [next, writes] = stored(mainKey, withVersion(moved, number, withoutBlocks));
  const { regionId } = mainKey;
  const profile = mainKey.kind === 'profile' ? { profileId: mainKey.profileId } : {};
  const audit: AuditEvent = {
    kind: 'audit-event',
    schema: 1,
    at,
    action: 'main-key.destroy',
    outcome: 'ok',
    regionId,
    ...profile,
    recordId: mainKeyId(mainKey),
    from: { keyId: mainKeyId(mainKey), version: number },
  };
  return { mainKey: next, writes, audit: [audit] };
}

const DEFAULT_GRACE_SECONDS = 90 * 86_400;

/** Not a number where the version was never retired: less than nothing is. */
function secondsBetween(from: string | undefined, to: string): number {
  const start = from === undefined ? Number.NaN : new Date(from).getTime();
  const seconds = (new Date(to).getTime() - start) / 1000;
  return Number.isNaN(seconds) ? -1 : seconds;
}

function hasLiveToken({ tokens }: RegionKeyRecord, version: number, at: string): boolean {
  return tokens.some((token) => {
    const expiresAt = own(token, 'expiresAt');
    const isLoadable = expiresAt === undefined || at < expiresAt;
    return token.version === version && own(token, 'invalidatedAt') === undefined && isLoadable;
  });
}
