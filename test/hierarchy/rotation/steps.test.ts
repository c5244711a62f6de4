// Each step of a rotation fits where it belongs, and is refused elsewhere before anything changes.

import { mainKeys, rotation } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { altered, envAt, foreign, paused, STALENESS, stages } from './stages.js';
import { KDH, REGION } from './world.js';

type Records = Pick<rotation.RotationStep, 'job' | 'mainKey'>;
type Step = (records: Records) => unknown;

const env = envAt(STALENESS);
const at = stages();

const STEPS = {
  start: (records) => rotation.start({ env, ...records }),
  promote: (records) => rotation.promote({ env, ...records }),
  rollback: (records) => rotation.rollback({ env, ...records }),
  abort: (records) => rotation.abort({ env, ...records }),
  startCleanup: (records) => rotation.startCleanup({ env, ...records }),
  retire: (records) => rotation.retire({ env, ...records, stragglers: 0 }),
  pause: (records) => rotation.pause({ env, ...records }),
  resume: (records) => rotation.resume({ env, ...records }),
  verifyFold: ({ job }) => rotation.verifyFold({ env, job, results: [], count: 0 }),
} as const satisfies Record<string, Step>;

type Name = keyof typeof STEPS;

const refusalOf = (field: string) => expect.objectContaining({ code: 'STATE_CONFLICT', field });

describe('a step that comes too early', () => {
  it.each<[Name, keyof typeof at & string, Records, string]>([
    ['verifyFold', 'planned', at.planned, 'job'],
    ['promote', 'planned', at.planned, 'job'],
    ['promote', 'started', at.started, 'job'],
    ['rollback', 'planned', at.planned, 'job'],
    ['startCleanup', 'started', at.started, 'record'],
    ['startCleanup', 'ready', at.ready, 'record'],
    ['retire', 'started', at.started, 'record'],
    ['retire', 'promoted', at.promoted, 'record'],
  ])('is refused: %s of a rotation that is %s', (name, _stage, records, field) => {
    expect(() => STEPS[name](records)).toThrow(refusalOf(field));
  });

  it('is refused: rollback while a device has not got the new main key', () => {
    const device = mainKeys.createHsmRecord({ regionId: REGION, hsmId: 'hsm-2' });
    const hsms = [{ ...device, state: 'in-service' as const }];
    const waiting = rotation.start({ env, ...at.planned, hsms });
    expect(waiting.job.phase).toBe('distributing');
    expect(() => STEPS.rollback(waiting)).toThrow(refusalOf('job'));
  });

  it.each<[Name, Records]>([
    ['startCleanup', at.promoted],
    ['retire', at.aborting],
  ])('is refused while readers may hold the main key as it was: %s', (name, records) => {
    const early = envAt(STALENESS - 1);
    const step = () =>
      name === 'retire'
        ? rotation.retire({ env: early, ...records, stragglers: 0 })
        : rotation.startCleanup({ env: early, ...records });
    expect(step).toThrow(refusalOf('job'));
    expect(() => STEPS[name](records)).not.toThrow();
  });

  it('is refused when the job does not say any more how long readers have to be waited for', () => {
    const { job, mainKey } = at.promoted;
    const unfenced = altered(job, { cleanupNotBefore: undefined });
    expect(() => STEPS.startCleanup({ job: unfenced, mainKey })).toThrow(refusalOf('job'));
  });
});

describe('a step that comes too late', () => {
  it.each<[Name, keyof typeof at & string, Records, string]>([
    ['verifyFold', 'cleaning', at.cleaning, 'job'],
    ['rollback', 'cleaning', at.cleaning, 'record'],
    ['abort', 'promoted', at.promoted, 'record'],
    ['promote', 'aborting', at.aborting, 'job'],
    ['rollback', 'aborting', at.aborting, 'record'],
  ])('is refused: %s of a rotation that is %s', (name, _stage, records, field) => {
    expect(() => STEPS[name](records)).toThrow(refusalOf(field));
  });

  it.each<Name>([
    'start',
    'verifyFold',
    'promote',
    'rollback',
    'abort',
    'startCleanup',
    'retire',
    'pause',
  ])('is refused when all is over: %s', (name) => {
    expect(() => STEPS[name](at.done)).toThrow(refusalOf('job'));
    expect(() => STEPS[name](at.aborted)).toThrow(refusalOf('job'));
  });
});

describe('a rotation that is paused', () => {
  it.each<[Name, Records]>([
    ['start', at.planned],
    ['verifyFold', at.started],
    ['promote', at.ready],
    ['rollback', at.promoted],
    ['abort', at.started],
    ['startCleanup', at.promoted],
    ['retire', at.cleaning],
  ])('is not moved: %s', (name, { job, mainKey }) => {
    const held = paused({ job, mainKey, writes: [], audit: [] });
    expect(() => STEPS[name](held)).toThrow(refusalOf('job'));
    const resumed = rotation.resume({ env, job: held.job, mainKey });
    expect(resumed.job).toEqual({ ...job, revision: job.revision + 2 });
    expect(() => STEPS[name](resumed)).not.toThrow();
  });

  it('stays so when it is paused again, with nothing to store', () => {
    const once = paused(at.started);
    const twice = paused(once);
    expect(twice).toMatchObject({ job: once.job, writes: [], audit: [] });
  });

  it('drops no block', () => {
    const { job, mainKey } = paused(at.cleaning);
    expect(rotation.cleanupTasks({ job, mainKey, records: [] })).toEqual([]);
  });
});

describe('a main key in the hands of another job', () => {
  it.each<[Name, Records]>([
    ['start', foreign(at.planned)],
    ['promote', foreign(at.ready)],
    ['rollback', foreign(at.promoted)],
    ['abort', foreign(at.started)],
    ['startCleanup', foreign(at.promoted)],
    ['retire', foreign(at.cleaning)],
    ['resume', foreign(at.started)],
    ['resume', foreign(at.cleaning)],
  ])('is left alone: %s', (name, records) => {
    expect(() => STEPS[name](records)).toThrow(refusalOf('record'));
  });

  it('is not planned for', () => {
    const { mainKey } = at.started;
    expect(() => rotation.plan({ env, mainKey, kdh: KDH, jobId: 'another' })).toThrow(
      refusalOf('record'),
    );
  });
});

describe('planning', () => {
  it('is refused for a main key that has no active version', () => {
    const { record } = at;
    const versions = record.versions.map((version) => ({ ...version, state: 'retired' as const }));
    const plan = () => rotation.plan({ env, mainKey: { ...record, versions }, kdh: KDH });
    expect(plan).toThrow(refusalOf('record'));
  });

  it('does not take the job of another ID for its own', () => {
    const { job, mainKey } = at.started;
    const other = { ...job, jobId: 'another' };
    expect(() => rotation.plan({ env, mainKey, kdh: KDH, job: other })).toThrow(refusalOf('job'));
  });

  it('keeps reason, policy and history of a job that is in the store already', () => {
    const { job, mainKey } = at.started;
    const held = altered(job, { reason: 'service-change' });
    const again = rotation.plan({ env, mainKey, kdh: KDH, job: held });
    const { reason, policy, timeline, revision } = again.job;
    expect({ reason, policy }).toEqual({ reason: 'service-change', policy: job.policy });
    expect(timeline.slice(0, -1)).toEqual(job.timeline);
    expect(timeline.at(-1)).toEqual({ phase: 'planned', at: env.at.toISOString() });
    expect(revision).toBe(job.revision + 1);
  });
});

describe('ending a rotation', () => {
  it.each([1, -1, Number.NaN])('is refused where a scan has found %d blocks', (stragglers) => {
    expect(() => rotation.retire({ env, ...at.cleaning, stragglers })).toThrow(refusalOf('slot'));
  });
});
