/**
 * How a rotation begins: a new version of a main key, and the job that leads to it.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { SecretKey } from '../../secret-key.js';
import { type Env, isoTime } from '../env.js';
import type { KeyRing } from '../key-ring.js';
import type { CryptoperiodPolicy } from '../main-key.js';
import type {
  KeyRef,
  MainKeyVersion,
  RegionKeyRecord,
  RotationJob,
  RotationPhase,
  RotationPolicy,
  RotationReason,
} from '../records.js';
import { isDraining } from '../versions.js';
import { auditEvent, conflict, isStaleness, type RotationStep, readJob, stored } from './job.js';
import { type MainKeyRecord, readMainKey, refTo, withJob } from './main-key-record.js';
import { type WithNewVersion, withNewVersion } from './new-version.js';

/** What {@link plan} takes. */
export interface PlanOptions<M extends MainKeyRecord> {
  /** Time and randomness. */
  readonly env: Env;
  /** The main key to rotate: the record of a profile, or of a region. */
  readonly mainKey: M;
  /** Of a profile: its region, whose main key the new version is wrapped under. */
  readonly region?: RegionKeyRecord | undefined;
  /** Of a profile: a ring with the main key of the region. */
  readonly ring?: KeyRing | undefined;
  /** Of a region: the device that makes the key and gives it to the others. */
  readonly kdh?:
    | {
        /** Its name in the region: 1 to 64 letters, digits and `. _ : / -`. */
        readonly hsmId: string;
      }
    | undefined;
  /** How long the new version is to be used. */
  readonly cryptoperiod?: CryptoperiodPolicy | undefined;
  /** @defaultValue `'manual'` */
  readonly reason?: RotationReason | undefined;
  /** @defaultValue readers that hold a copy of the profile for five minutes */
  readonly policy?: RotationPolicy | undefined;
  /** @defaultValue `rotation:`, the name of the main key and the new version */
  readonly jobId?: string | undefined;
  /** The job, where one of this ID is in the store already. */
  readonly job?: RotationJob | undefined;
}

/** What {@link plan} returns. */
export interface Planned<M extends MainKeyRecord> extends RotationStep<M> {
  /**
   * The new main key, where it was made just now. That of a profile is in its record as well; that
   * of a region has to go into tokens, or it is lost.
   */
  readonly pending?: SecretKey | undefined;
}

/**
 * Begins a rotation: makes the next version of a main key, pending, and the job. Called again for a
 * main key that is in rotation, it makes no second version: it tells the job from the record.
 *
 * @param options - What to rotate, and why.
 * @returns Job and main key, and the writes that store them.
 * @throws {@link KeyblockError} `STATE_CONFLICT` while another job rotates this main key;
 * `UNKNOWN_KEY_VERSION` when the ring lacks the main key of the region; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const { job, mainKey } = rotation.plan({ env, mainKey: record, kdh, reason: 'cryptoperiod' });
 * job.to; // { keyId: 'eu-central-1', version: 2 }
 * mainKey.versions[1]?.state; // 'pending'
 * ```
 */
export function plan<M extends MainKeyRecord>(options: PlanOptions<M>): Planned<M> {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = isoTime(env);
  const given = readMainKey(own(options, 'mainKey'));
  const held = own(options, 'job');
  const under = readJobUnderWay(given);
  const made: Partial<WithNewVersion<M>> =
    under === undefined ? withNewVersion({ ...options, mainKey: given }) : {};
  const { mainKey = given, secret } = made;
  // A new version is pending: there is a rotation to tell from the record.
  const { from, to, phase } = under ?? (readJobUnderWay(mainKey) as Standing);
  const holder = own(given, 'jobId');
  const jobId = own(options, 'jobId') ?? holder ?? `rotation:${to.keyId}:${to.version}`;
  if (holder !== undefined && holder !== jobId) throw conflict('record');
  const before = held === undefined ? undefined : readJob(held);
  if (before !== undefined && before.jobId !== jobId) throw conflict('job');
  const job: RotationJob = {
    kind: 'rotation-job',
    schema: 1,
    revision: before?.revision ?? 0,
    jobId,
    level: mainKey.kind === 'profile' ? 'profile' : 'region',
    scope: scopeOf(mainKey),
    from,
    to,
    reason: readReason(own(options, 'reason') ?? before?.reason),
    phase,
    counters: { seen: 0, translated: 0, skipped: 0, conflicts: 0, failed: 0 },
    timeline: [...(before?.timeline ?? []), { phase, at }],
    policy: readRotationPolicy(own(options, 'policy') ?? before?.policy),
  };
  const [nextJob, jobWrites] = stored({ ...job }, fenced(job, at));
  const claimed = holder === jobId ? mainKey : withJob(mainKey, jobId);
  const [nextKey, keyWrites] = stored(given, claimed);
  return {
    job: nextJob,
    mainKey: nextKey,
    writes: [...keyWrites, ...jobWrites],
    audit: [auditEvent(nextJob, at, 'rotation.plan')],
    ...(secret === undefined ? {} : { pending: secret }),
  };
}

/** Where a job stands is in the versions of its main key. */
interface Standing {
  readonly from: KeyRef;
  readonly to: KeyRef;
  readonly phase: RotationPhase;
}

/** A main key that is in rotation, whatever became of the record of its job. */
function readJobUnderWay(mainKey: MainKeyRecord): Standing | undefined {
  const find = (wanted: MainKeyVersion['state']): MainKeyVersion | undefined =>
    mainKey.versions.find(({ state }: MainKeyVersion) => state === wanted);
  const [pending, active, retiring] = [find('pending'), find('active'), find('retiring')];
  if (active === undefined) throw conflict('record');
  const between = (from: MainKeyVersion, to: MainKeyVersion, phase: RotationPhase) => ({
    from: refTo(mainKey, from),
    to: refTo(mainKey, to),
    phase,
  });
  if (retiring !== undefined) {
    return between(retiring, active, isDraining(retiring) ? 'cleaning' : 'promoted');
  }
  if (pending === undefined) return undefined;
  return between(active, pending, isDraining(pending) ? 'aborting' : 'planned');
}

/** A job that was told from the records waits for readers once more: when it began is not there. */
function fenced(job: RotationJob, at: string): RotationJob {
  return ['promoted', 'cleaning', 'aborting'].includes(job.phase) ? withFence(job, at) : { ...job };
}

/** The job, its blocks to be left alone until no reader holds the main key as it was before. */
export function withFence(job: RotationJob, at: string): RotationJob {
  const wait = 1000 * job.policy.maxReaderStalenessSeconds;
  return { ...job, cleanupNotBefore: new Date(new Date(at).getTime() + wait).toISOString() };
}

function scopeOf(mainKey: MainKeyRecord): RotationJob['scope'] {
  const { regionId } = mainKey;
  return mainKey.kind === 'profile' ? { regionId, profileId: mainKey.profileId } : { regionId };
}

const REASONS: readonly unknown[] = [
  'cryptoperiod',
  'suspected-compromise',
  'service-change',
  'manual',
];

function readReason(reason: RotationReason = 'manual'): RotationReason {
  if (!REASONS.includes(reason)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  return reason;
}

/** How long a reader keeps a profile where nobody says otherwise. */
const DEFAULT_STALENESS_SECONDS = 300;

function readRotationPolicy(policy: RotationPolicy | undefined): RotationPolicy {
  if (policy === undefined) return { maxReaderStalenessSeconds: DEFAULT_STALENESS_SECONDS };
  requireObject(policy, 'policy');
  const maxReaderStalenessSeconds = own(policy, 'maxReaderStalenessSeconds');
  const promoteBeforeTranslated = own(policy, 'promoteBeforeTranslated');
  if (!isStaleness(maxReaderStalenessSeconds)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  }
  return promoteBeforeTranslated === true
    ? { maxReaderStalenessSeconds, promoteBeforeTranslated }
    : { maxReaderStalenessSeconds };
}
