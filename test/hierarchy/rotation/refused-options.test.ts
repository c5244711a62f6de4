// What a caller gives that is no option of a function: refused by name, before anything is done.

import { createRegionKey, type HeldRecord, rotation } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin } from './drive.js';
import { envAt, STALENESS, stages } from './stages.js';
import { createWorld, KDH, now, ringOf } from './world.js';

const PROFILE = 'p1';
const at = stages();
const env = envAt(STALENESS);
const invalid = (field: string) => expect.objectContaining({ code: 'INVALID_ARGUMENT', field });
/** What the types do not let through. */
const untyped = (value: unknown) => value as never;

describe('plan', () => {
  const options = { env, mainKey: at.record, kdh: KDH };

  it('refuses a reason that is none', () => {
    expect(() => rotation.plan({ ...options, reason: untyped('boredom') })).toThrow(
      invalid('policy'),
    );
  });

  it.each([
    5,
    {},
    { maxReaderStalenessSeconds: '60' },
    { maxReaderStalenessSeconds: -1 },
    { maxReaderStalenessSeconds: Number.NaN },
    { maxReaderStalenessSeconds: 31_536_001 },
  ])('refuses a policy that does not say how long readers are waited for: %j', (policy) => {
    expect(() => rotation.plan({ ...options, policy: untyped(policy) })).toThrow(invalid('policy'));
  });

  it('takes readers that never hold a copy, and such as hold it for a year', () => {
    for (const maxReaderStalenessSeconds of [0, 31_536_000]) {
      const policy = { maxReaderStalenessSeconds };
      expect(rotation.plan({ ...options, policy }).job.policy).toEqual(policy);
    }
  });

  it('refuses a region without the device that makes the key', () => {
    expect(() => rotation.plan({ env, mainKey: at.record })).toThrow(invalid('kdh'));
  });

  it('refuses a profile with another region than its own', () => {
    const world = createWorld(1, 0);
    const mainKey = world.store.profile(PROFILE);
    const { record: region } = createRegionKey({ env, regionId: 'us-east-1', kdh: KDH });
    const plan = () => rotation.plan({ env, mainKey, region, ring: ringOf(world) });
    expect(plan).toThrow(expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }));
  });
});

describe('tasks', () => {
  const world = createWorld(2, 1);
  const { job } = begin(world, PROFILE);

  it.each([
    ['of another profile', world.store.profile('p2')],
    ['of the region', world.store.region],
  ])('are not made of a main key %s', (_whose, mainKey) => {
    const records = world.store.held();
    for (const make of [rotation.tasks, rotation.verifyTasks, rotation.cleanupTasks]) {
      expect(() => make({ job, mainKey, records })).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
      );
    }
  });
});

describe('retire', () => {
  it.each([undefined, null, '0'])('refuses %s for a count of blocks', (stragglers) => {
    const retire = () => rotation.retire({ env, ...at.cleaning, stragglers: untyped(stragglers) });
    expect(retire).toThrow(invalid('count'));
  });
});

describe('destroy', () => {
  it.each([-1, Number.NaN, '90'])('refuses a time of grace of %s', (graceSeconds) => {
    const options = { env, mainKey: at.done.mainKey, version: 1, stragglers: 0 };
    const destroy = () => rotation.destroy({ ...options, graceSeconds: untyped(graceSeconds) });
    expect(destroy).toThrow(invalid('days'));
  });
});

describe('making tasks', () => {
  const world = createWorld(2, 1);
  const { job, mainKey } = begin(world, PROFILE);
  const records: readonly HeldRecord[] = world.store.customers(PROFILE);
  const makers = [rotation.tasks, rotation.verifyTasks, rotation.cleanupTasks] as const;

  it.each([0, 1.5, 10_001, '5'])('refuses tasks of %s keys', (size) => {
    for (const make of makers) {
      expect(() => make({ job, mainKey, records, size: untyped(size) })).toThrow(invalid('count'));
    }
  });

  it('refuses what is no list of records', () => {
    for (const make of makers) {
      expect(() => make({ job, mainKey, records: untyped({}) })).toThrow(invalid('record'));
    }
  });

  it('refuses the main key of another level', () => {
    const { region } = world.store;
    const conflict = expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' });
    for (const make of makers) {
      expect(() => make({ job, mainKey: region, records })).toThrow(conflict);
      expect(() => make({ job: at.started.job, mainKey, records })).toThrow(conflict);
    }
  });
});

describe('verifyFold', () => {
  it('refuses what is no list of results', () => {
    const { job } = at.started;
    const fold = () => rotation.verifyFold({ env, job, results: untyped({}), count: 0 });
    expect(fold).toThrow(invalid('count'));
  });
});

describe('status', () => {
  it.each([5, [null]])('refuses %j for a list of failures', (failures) => {
    const { job } = at.started;
    expect(() => rotation.status({ env, job, failures: untyped(failures) })).toThrow(
      invalid('job'),
    );
  });

  it('refuses a total that is no number', () => {
    const { job } = at.started;
    expect(() => rotation.status({ env, job, total: untyped('3') })).toThrow(invalid('job'));
  });
});

describe('a port', () => {
  it.each([undefined, null, {}, { translate: 'x' }])('has to translate: %j', async (port) => {
    const { from, to, jobId } = at.started.job;
    const kcv = { method: 'cmac', value: '0000000000' } as const;
    const kcvs = { from: kcv, to: kcv };
    const task = { kind: 'rewrap-task', jobId, from, to, kcvs, items: [] } as const;
    await expect(rotation.runWithPort({ task, port: untyped(port) })).rejects.toEqual(
      invalid('port'),
    );
  });
});

describe('rotate', () => {
  const world = createWorld(1, 1);
  const { job, mainKey } = begin(world, PROFILE);
  const options = { job, mainKey, ring: ringOf(world), now: () => now(world) };

  it.each<[string, object, string]>([
    ['a clock', { now: undefined }, 'at'],
    ['a main key, or a port', { ring: undefined }, 'ring'],
    ['a scan that can be read', { source: 5 }, 'record'],
    ['a scan that is one', { source: {} }, 'record'],
    ['a batch of at least one record', { batch: 0 }, 'count'],
  ])('asks for %s', async (_what, change, field) => {
    const run = rotation.rotate({ ...options, ...change });
    await expect(run.next()).rejects.toEqual(invalid(field));
  });

  it('refuses a scan that somebody gives later, and one to verify without a count', async () => {
    const drive = async (provide: (step: rotation.RotateStep & { kind: 'rescan' }) => void) => {
      for await (const step of rotation.rotate(options)) {
        if ('writes' in step) step.ack({ conflicts: 0 });
        if (step.kind === 'rescan') provide(step);
      }
    };
    await expect(drive((step) => step.provide(untyped('rows')))).rejects.toEqual(invalid('record'));
    await expect(drive((step) => step.provide([]))).rejects.toEqual(invalid('count'));
  });
});
