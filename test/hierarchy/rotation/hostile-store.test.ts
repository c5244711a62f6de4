// Whoever can write to the store, or to the prototypes of the process, gets no block dropped and no
// main key switched without proof.

import {
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  createRegionKey,
  openCustomerKey,
  rotation,
} from 'keyblock/hierarchy';
import { afterEach, describe, expect, it } from 'vitest';
import { begin } from './drive.js';
import { envAt, STALENESS, stages } from './stages.js';
import { createWorld, KDH, now, profileRing, ringOf } from './world.js';

const PROFILE = 'p1';
const ATTRIBUTES = {
  keyUsage: 'P0',
  algorithm: 'A',
  keyBits: 128,
  modeOfUse: 'B',
  exportability: 'N',
} as const;
const conflictOf = (field: string) => expect.objectContaining({ code: 'STATE_CONFLICT', field });

/** A rotation at the beginning of its clean-up, and two keys of one ID that were born in it. */
function cleaning() {
  const world = createWorld(1, 0);
  const env = { at: now(world) };
  const begun = begin(world, PROFILE);
  const profile = world.store.profile(PROFILE);
  const ring = profileRing(world, profile);
  const make = () => {
    const options = { env, profile, ring, keyId: 'k', owner: 'shop', attributes: ATTRIBUTES };
    return createCustomerKey(options).record;
  };
  const started = rotation.start({ env, ...begun, ring: ringOf(world) });
  const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
  const promoted = rotation.promote({ env, job, mainKey: started.mainKey });
  const later = { at: new Date(promoted.job.cleanupNotBefore ?? env.at) };
  const { job: cleaned, mainKey } = rotation.startCleanup({ env: later, ...promoted });
  return { env: later, ring, job: cleaned, mainKey, earlier: make(), present: make() };
}

describe('a block of an earlier key of the same ID', () => {
  const { env, ring, job, mainKey, earlier, present } = cleaning();
  const [old, fresh] = present.slots;
  const [, foreign] = earlier.slots;
  if (old === undefined || fresh === undefined || foreign === undefined) throw new Error('slots');
  const row: CustomerKeyRecord = { ...present, slots: [old, foreign] };
  const tasksOf = (record: CustomerKeyRecord) =>
    rotation.cleanupTasks({ job, mainKey, records: [record] });

  it('does not open', () => {
    if (mainKey.kind !== 'profile') throw new Error('a profile');
    expect(() => openCustomerKey({ env, record: row, profile: mainKey, ring })).toThrow(
      expect.objectContaining({ code: 'KCV_MISMATCH', field: 'kcv' }),
    );
  });

  it.each([
    ['sound', present, []],
    ['that one', row, [expect.objectContaining({ recordId: 'k', code: 'KCV_MISMATCH' })]],
  ])('keeps the block beside it from being dropped: %s', (_, record, failures) => {
    const results = tasksOf(record).map((task) => rotation.cleanupRun({ task, ring }));
    const applied = rotation.cleanupApply({ env, job, results });
    expect(applied.failures).toEqual(failures);
    expect(applied.writes.map(({ op }) => op)).toEqual(failures.length === 0 ? ['drop-slot'] : []);
  });

  it('does so behind a port', async () => {
    const kcv = async () => earlier.kcv;
    const port = { translate: async () => '', kcv, keyKcv: kcv };
    const [task] = tasksOf(row);
    if (task === undefined) throw new Error('no task');
    const { items } = await rotation.cleanupWithPort({ task, port });
    expect(items).toEqual([expect.objectContaining({ recordId: 'k', code: 'KCV_MISMATCH' })]);
  });
});

describe('Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;
  const polluted: string[] = [];
  const pollute = (name: string, value: unknown) => {
    polluted.push(name);
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  };

  afterEach(() => {
    for (const name of polluted.splice(0)) delete prototype[name];
  });

  function urgent() {
    const env = { at: new Date('2027-01-01') };
    const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh: KDH });
    const reason = 'suspected-compromise' as const;
    const planned = rotation.plan({ env, mainKey: record, kdh: KDH, reason });
    return { env, ...rotation.start({ env, ...planned }) };
  }

  it('does not make a rotation urgent', () => {
    const { env, job, mainKey } = urgent();
    pollute('promoteBeforeTranslated', true);
    expect(() => rotation.promote({ env, job, mainKey })).toThrow(conflictOf('job'));
  });

  it('is no proof', () => {
    const { env, job, mainKey } = urgent();
    const policy = { ...job.policy, promoteBeforeTranslated: true };
    const promoted = rotation.promote({ env, job: { ...job, policy }, mainKey });
    const later = { at: new Date(promoted.job.cleanupNotBefore ?? env.at) };
    pollute('commitment', { count: 0, sum: '0'.repeat(64) });
    expect(() => rotation.startCleanup({ env: later, ...promoted })).toThrow(conflictOf('job'));
  });

  it('puts no version on its way out', () => {
    const { env, job, mainKey } = urgent();
    const policy = { ...job.policy, promoteBeforeTranslated: true };
    pollute('draining', true);
    const promoted = rotation.promote({ env, job: { ...job, policy }, mainKey });
    const { mainKey: switched } = promoted;
    expect(rotation.resume({ env, ...promoted }).job.phase).toBe('promoted');
    expect(rotation.plan({ env, mainKey: switched, kdh: KDH }).job.phase).toBe('promoted');
    const back = rotation.rollback({ env, ...promoted });
    expect(rotation.resume({ env, ...back }).job.phase).toBe('translating');
  });

  it('has no block dropped', () => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const records = world.store.customers();
    pollute('draining', true);
    expect(rotation.cleanupTasks({ job, mainKey, records })).toEqual([]);
    expect(rotation.tasks({ job, mainKey, records })).toHaveLength(1);
  });

  it('lets a clean-up begin that says so in its record', () => {
    const { started, promoted } = stages();
    pollute('draining', true);
    const later = envAt(STALENESS);
    const { mainKey } = rotation.startCleanup({ env: later, ...promoted });
    expect(mainKey.versions[0]).toHaveProperty('draining', true);
    expect(Object.hasOwn(mainKey.versions[0] ?? {}, 'draining')).toBe(true);
    pollute('cleanupNotBefore', '2000-01-01T00:00:00.000Z');
    const { cleanupNotBefore: _, ...job } = promoted.job;
    expect(() => rotation.startCleanup({ env: later, ...promoted, job })).toThrow(
      conflictOf('job'),
    );
    const aborting = rotation.abort({ env: later, ...started });
    expect(Object.hasOwn(aborting.mainKey.versions[1] ?? {}, 'draining')).toBe(true);
  });

  it.each<[string, unknown]>([
    ['compromised', { at: '2027-01-01T00:00:00.000Z' }],
    ['paused', true],
  ])('holds up no rotation: %s', (name, value) => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    pollute(name, value);
    const records = world.store.customers();
    expect(rotation.tasks({ job, mainKey, records })).toHaveLength(1);
    const env = { at: now(world) };
    const aborting = rotation.abort({ env, job, mainKey });
    expect(aborting.job.phase).toBe('aborting');
    expect(rotation.status({ env, job: aborting.job }).paused).toBe(false);
    expect(rotation.pause({ env, ...aborting }).job).toHaveProperty('paused', true);
    const { promoted } = stages();
    expect(rotation.rollback({ env, ...promoted }).job.phase).toBe('translating');
  });

  it('gives a main key into the hands of no job', () => {
    const { started } = stages();
    const { jobId: _, ...mainKey } = started.mainKey;
    pollute('jobId', started.job.jobId);
    const env = envAt(STALENESS);
    const step = { env, job: started.job, mainKey: mainKey as rotation.MainKeyRecord };
    expect(() => rotation.abort(step)).toThrow(conflictOf('record'));
    expect(() => rotation.start(step)).toThrow(conflictOf('record'));
  });

  it('lets no version be destroyed', () => {
    const { done } = stages();
    const versions = done.mainKey.versions.map(({ retiredAt: _, ...version }) => version);
    const mainKey = { ...done.mainKey, versions } as rotation.MainKeyRecord;
    pollute('retiredAt', '2000-01-01T00:00:00.000Z');
    const destroy = () =>
      rotation.destroy({ env: envAt(STALENESS), mainKey, version: 1, stragglers: 0 });
    expect(destroy).toThrow(conflictOf('record'));
  });

  it('supplies no block to what came through a queue', () => {
    const world = createWorld(1, 0);
    const env = { at: now(world) };
    const { job, mainKey } = begin(world, PROFILE);
    const profile = world.store.profile(PROFILE);
    const ring = profileRing(world, profile);
    const options = { env, profile, ring, keyId: 'k', owner: 'shop', attributes: ATTRIBUTES };
    const { record } = createCustomerKey(options);
    const [old, fresh] = record.slots;
    if (old === undefined || fresh === undefined) throw new Error('slots');
    const records = [{ ...record, slots: [fresh] }];
    const [task] = JSON.parse(JSON.stringify(rotation.verifyTasks({ job, mainKey, records })));
    pollute('block', old.block);
    const { bornUnderNew: _, ...bare } = task;
    pollute('bornUnderNew', true);
    for (const given of [task, bare]) {
      const { failures } = rotation.verifyRun({ task: given, ring });
      expect(failures).toEqual([expect.objectContaining({ code: 'STALE_VERSION' })]);
    }
  });
});

describe('a function that gives the devices of a region', () => {
  it.each([undefined, null, {}, new Set()])('has to give a list: %s', async (found) => {
    const env = { at: new Date('2027-01-01') };
    const { record, secret: key } = createRegionKey({ env, regionId: 'eu-central-1', kdh: KDH });
    const { job, mainKey, pending } = rotation.plan({ env, mainKey: record, kdh: KDH });
    if (pending === undefined) throw new Error('no new main key');
    const ring = createKeyRing({
      keys: [
        { ref: job.from, key },
        { ref: job.to, key: pending },
      ],
    });
    const hsms = () => found as never;
    const steps = rotation.rotate({ job, mainKey, ring, hsms, now: () => env.at });
    const run = async () => {
      for await (const { kind } of steps) expect(kind).toBe('progress');
    };
    await expect(run()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'record' });
  });
});
