/** The record of a rotation: how it is read, how it moves on, and how it is stored. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { recordId } from '../identifiers.js';
import { isListOf, member } from '../read-record.js';
import type { AuditEvent, ConditionalWrite, RotationJob, RotationPhase } from '../records.js';
import { type MainKeyRecord, mainKeyId, readMainKey } from './main-key-record.js';
import { isObject, isRef } from './read-shape.js';

/** What a step of a rotation takes. */
export interface RotationOptions<M extends MainKeyRecord = MainKeyRecord> {
  /** The time of the step. */
  readonly env: Env;
  /** The rotation, as stored. */
  readonly job: RotationJob;
  /** The record of the main key that is rotated, as stored: of a profile, or of a region. */
  readonly mainKey: M;
}

/** What a step of a rotation returns. */
export interface RotationStep<M extends MainKeyRecord = MainKeyRecord> {
  /** The rotation after the step. */
  readonly job: RotationJob;
  /** The main key after the step. */
  readonly mainKey: M;
  /**
   * What to store, in this order. On a conflict somebody else was quicker: read both records again,
   * and go on from there.
   */
  readonly writes: readonly ConditionalWrite[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
}

/** Phases in which a rotation goes on by itself. */
const ENDED: readonly RotationPhase[] = ['done', 'aborted'];

/** Reads a job that somebody gives. */
export function readJob(job: RotationJob | undefined): RotationJob {
  requireObject(job, 'job');
  const isJob =
    job !== undefined &&
    own(job, 'kind') === 'rotation-job' &&
    own(job, 'schema') === 1 &&
    typeof own(job, 'jobId') === 'string' &&
    isListOf(own(job, 'timeline'), isObject) &&
    isRef(own(job, 'from')) &&
    isRef(own(job, 'to')) &&
    isObject(own(job, 'scope')) &&
    isObject(own(job, 'counters')) &&
    Number.isSafeInteger(own(job, 'revision')) &&
    isStaleness(member(own(job, 'policy'), 'maxReaderStalenessSeconds'));
  if (!isJob) throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
  return job;
}

/** Whether a value says for how long a reader keeps a record: a year at most. */
export function isStaleness(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds >= 0 && seconds <= 31_536_000;
}

/** Reads how many records a store says that it has. */
export function readCount(count: number | undefined): number {
  if (count === undefined || !(Number.isSafeInteger(count) && count >= 0)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  }
  return count;
}

/** Reads the options of a step: the job and the main key have to belong together. */
export function readStep<M extends MainKeyRecord>(
  options: RotationOptions<M>,
): { readonly env: Env; readonly at: string; readonly job: RotationJob; readonly mainKey: M } {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = isoTime(env);
  const job = readJob(own(options, 'job'));
  const mainKey = readMainKey(own(options, 'mainKey'));
  if (mainKeyId(mainKey) !== job.to.keyId) throw conflict('record');
  return { env, at, job, mainKey };
}

/** The job in a phase, which it enters now. It gets its revision when it is stored. */
export function enter(job: RotationJob, phase: RotationPhase, at: string): RotationJob {
  if (job.phase === phase) return job;
  return { ...job, phase, timeline: [...job.timeline, { phase, at }] };
}

/** When a job entered a phase the last time. */
export function enteredAt({ timeline }: RotationJob, phase: RotationPhase): string | undefined {
  return [...timeline].reverse().find((entry) => entry.phase === phase)?.at;
}

/**
 * Which time it is that a job is where it is: it is another one after every move. What was found
 * before, such as before a roll-back, is not about the records as they are now.
 */
export function attemptOf({ timeline }: RotationJob): string {
  return `${timeline.length};${timeline.at(-1)?.at ?? ''}`;
}

/** Whether a job is left alone until it is resumed. */
export function isPaused(job: RotationJob): boolean {
  return own(job, 'paused') === true;
}

/** Refuses to move a job that is paused or over. */
export function requireRunning(job: RotationJob): void {
  if (isPaused(job) || ENDED.includes(job.phase)) throw conflict('job');
}

/** Whether the old main key, being in other hands, may be left before all is translated. */
export function isUrgent({ reason, policy }: RotationJob): boolean {
  return reason === 'suspected-compromise' && own(policy, 'promoteBeforeTranslated') === true;
}

/** Whether every row was compared, and no way was found since in which that could be wrong. */
export function isProven(job: RotationJob): boolean {
  return own(job, 'commitment') !== undefined;
}

/** Whether a job is over. */
export function hasEnded({ phase }: RotationJob): boolean {
  return ENDED.includes(phase);
}

/** What changed, as writes: the main key first, because it decides. */
export function stepFrom<M extends MainKeyRecord>(
  before: { readonly job: RotationJob; readonly mainKey: M },
  after: { readonly job: RotationJob; readonly mainKey: M },
  audit: readonly AuditEvent[],
): RotationStep<M> {
  const [mainKey, mainKeyWrites] = stored(before.mainKey, after.mainKey);
  const [job, jobWrites] = stored(before.job, after.job);
  return { job, mainKey, writes: [...mainKeyWrites, ...jobWrites], audit };
}

/** A changed record with its next revision, and the write that stores it; neither if unchanged. */
export function stored<R extends MainKeyRecord | RotationJob>(
  before: R,
  after: R,
): readonly [R, readonly ConditionalWrite[]] {
  if (after === before) return [before, []];
  const expectedRevision = before.revision;
  const next = { ...after, revision: expectedRevision + 1 };
  return [next, [{ op: 'put-record', recordId: recordId(next), expectedRevision, next }]];
}

/** An event of a rotation, for the audit trail. */
export function auditEvent(
  { jobId, scope, from, to, phase }: RotationJob,
  at: string,
  action: string,
  more: Pick<AuditEvent, 'count' | 'recordId' | 'code'> & {
    readonly outcome?: 'ok' | 'refused';
  } = {},
): AuditEvent {
  const { regionId, profileId } = scope;
  const place = profileId === undefined ? { regionId } : { regionId, profileId };
  const { outcome = 'ok', ...rest } = more;
  return {
    kind: 'audit-event',
    schema: 1,
    at,
    action,
    outcome,
    ...place,
    jobId,
    from,
    to,
    phase,
    ...rest,
  };
}

/** The step does not fit where the rotation stands. */
export function conflict(field: 'job' | 'record' | 'slot'): KeyblockError {
  return new KeyblockError('STATE_CONFLICT', { field });
}
