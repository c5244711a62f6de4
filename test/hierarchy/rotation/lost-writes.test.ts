// A step is two writes, the main key first: whoever dies between them, or has lost the job, finds
// from the main key where the rotation stands, and nothing is done twice.

import { mainKeys, rotation } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { altered, envAt, STALENESS, stages } from './stages.js';
import { REGION } from './world.js';

type Step = rotation.RotationStep;
type Records = Pick<Step, 'job' | 'mainKey'>;

const at = stages();
const later = envAt(STALENESS);
const again = envAt(2 * STALENESS);

/** What is stored when only the first write of a step was done. */
const halfway = (before: Step, after: Step): Records => ({
  job: before.job,
  mainKey: after.mainKey,
});

const kindsOf = ({ writes }: Step) =>
  writes.map((write) => (write.op === 'put-record' ? write.next.kind : write.op));

describe('a step whose second write was lost', () => {
  it.each<[string, Records, (records: Records) => Step, rotation.RotationStep['job']['phase']]>([
    [
      'promote',
      halfway(at.ready, at.promoted),
      (records) => rotation.promote({ env: later, ...records }),
      'promoted',
    ],
    [
      'rollback',
      halfway(at.promoted, at.back),
      (records) => rotation.rollback({ env: later, ...records }),
      'translating',
    ],
    [
      'abort',
      halfway(at.started, at.aborting),
      (records) => rotation.abort({ env: later, ...records }),
      'aborting',
    ],
    [
      'startCleanup',
      halfway(at.promoted, at.cleaning),
      (records) => rotation.startCleanup({ env: later, ...records }),
      'cleaning',
    ],
  ])('is made up for by the same step: %s', (_name, records, step, phase) => {
    const done = step(records);
    expect(done.job.phase).toBe(phase);
    expect(done.mainKey).toEqual(records.mainKey);
    expect(kindsOf(done)).toEqual(['rotation-job']);
  });

  it('counts the wait for readers from now on', () => {
    const { job } = rotation.promote({ env: later, ...halfway(at.ready, at.promoted) });
    expect(job.cleanupNotBefore).toBe(again.at.toISOString());
  });
});

describe('a step that is repeated', () => {
  it.each<[string, Step, (records: Records) => Step]>([
    ['start', at.started, (records) => rotation.start({ env: later, ...records })],
    ['start', at.cleaning, (records) => rotation.start({ env: later, ...records })],
    ['promote', at.promoted, (records) => rotation.promote({ env: later, ...records })],
    ['rollback', at.back, (records) => rotation.rollback({ env: later, ...records })],
    ['abort', at.aborting, (records) => rotation.abort({ env: later, ...records })],
    ['startCleanup', at.cleaning, (records) => rotation.startCleanup({ env: later, ...records })],
    ['resume', at.started, (records) => rotation.resume({ env: later, ...records })],
  ])('changes nothing: %s', (_name, { job, mainKey }, step) => {
    expect(step({ job, mainKey })).toEqual({ job, mainKey, writes: [], audit: [] });
  });

  it('changes nothing while a region still waits for a device', () => {
    const blank = mainKeys.createHsmRecord({ regionId: REGION, hsmId: 'hsm-2' });
    const hsms = [{ ...blank, state: 'in-service' as const }];
    const { job, mainKey } = rotation.start({ env: later, ...at.planned, hsms });
    const second = rotation.start({ env: again, job, mainKey, hsms });
    expect(second).toEqual({ job, mainKey, writes: [], audit: [] });
  });
});

describe('resuming', () => {
  const { job: ready } = at.ready;
  it.each<[string, Records, string, boolean]>([
    ['the switch', halfway(at.ready, at.promoted), 'promoted', true],
    ['the beginning of the clean-up', halfway(at.promoted, at.cleaning), 'cleaning', true],
    ['the end', halfway(at.cleaning, at.done), 'done', true],
    ['the way back', halfway(at.promoted, at.back), 'translating', false],
    ['giving it up', { job: ready, mainKey: at.aborting.mainKey }, 'aborting', false],
    ['the end of an abort', { job: ready, mainKey: at.aborted.mainKey }, 'aborted', false],
  ])('finds out about %s, and whether the proof still holds', (_what, records, phase, holds) => {
    const { job, mainKey, writes } = rotation.resume({ env: later, ...records });
    expect(job.phase).toBe(phase);
    expect(mainKey).toBe(records.mainKey);
    expect(writes).toHaveLength(1);
    expect(job.commitment !== undefined).toBe(holds);
    expect(job.verification !== undefined).toBe(holds);
  });

  it.each<[string, Records]>([
    ['the switch', halfway(at.ready, at.promoted)],
    ['giving it up', halfway(at.ready, at.aborting)],
  ])('waits for readers once more after %s', (_what, records) => {
    const { job } = rotation.resume({ env: later, ...records });
    expect(job.cleanupNotBefore).toBe(again.at.toISOString());
  });

  it('knows that a rotation is over when its old main key was destroyed since', () => {
    const { mainKey } = rotation.destroy({
      env: later,
      mainKey: at.done.mainKey,
      version: 1,
      stragglers: 0,
      graceSeconds: 0,
    });
    expect(rotation.resume({ env: later, job: at.cleaning.job, mainKey }).job.phase).toBe('done');
  });

  it('is refused when the job was stored and the new version was not', () => {
    const resume = () => rotation.resume({ env: later, job: at.planned.job, mainKey: at.record });
    expect(resume).toThrow(expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }));
  });
});

describe('planning without the job', () => {
  it.each<[string, Step, string]>([
    ['planned', at.started, 'planned'],
    ['promoted', at.promoted, 'promoted'],
    ['in clean-up', at.cleaning, 'cleaning'],
    ['given up', at.aborting, 'aborting'],
  ])('tells a rotation that is %s from the main key', (_what, { job, mainKey }, phase) => {
    const told = rotation.plan({ env: later, mainKey });
    const { jobId, from, to } = job;
    expect(told.job).toMatchObject({ jobId, from, to, phase, revision: 1 });
    expect(told.pending).toBeUndefined();
    expect(kindsOf(told)).toEqual(['rotation-job']);
    expect(told.job.commitment).toBeUndefined();
  });

  it.each([at.promoted, at.cleaning, at.aborting])('waits for readers once more', ({ mainKey }) => {
    const policy = { maxReaderStalenessSeconds: STALENESS };
    const { job } = rotation.plan({ env: later, mainKey, policy });
    expect(job.cleanupNotBefore).toBe(again.at.toISOString());
  });
});

describe('a job whose history was emptied', () => {
  it('does not take results from before for its own', () => {
    const { job } = at.started;
    const bare = altered(job, { timeline: [] });
    const result = {
      kind: 'verify-result',
      jobId: job.jobId,
      attempt: '2;2027-01-01T00:00:00.000Z',
      records: ['eu-central-1/p1'],
      keyless: [],
      before: { count: 1, sum: '0'.repeat(64) },
      after: { count: 1, sum: '0'.repeat(64) },
      verification: 'key-bytes',
      failures: [],
    } as const;
    const fold = (folded: rotation.RotationStep['job']) =>
      rotation.verifyFold({ env: later, job: folded, results: [result], count: 1 }).job.phase;
    expect(fold(job)).toBe('ready');
    expect(fold(bare)).toBe('translating');
  });
});
