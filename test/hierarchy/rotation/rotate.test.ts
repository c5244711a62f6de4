import { rotation } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin, drive, mainKeyOf, scanOf } from './drive.js';
import { createWorld, now, ringOf } from './world.js';

describe('rotate', () => {
  it('brings a profile under the next main key', async () => {
    const world = createWorld(1, 5);
    const ended = await drive(world, 'p1');
    expect(ended).toEqual({ last: 'done', failures: [] });
    expect(world.store.profile('p1').versions.map(({ state }) => state)).toEqual([
      'retired',
      'active',
    ]);
    for (const { slots } of world.store.customers()) {
      expect(slots.map(({ under }) => under.version)).toEqual([2]);
    }
  });

  it('brings a region under the next main key', async () => {
    const world = createWorld(2, 1);
    const ended = await drive(world, 'region');
    expect(ended).toEqual({ last: 'done', failures: [] });
    for (const { versions } of world.store.profiles()) {
      expect(versions.flatMap(({ slots }) => slots.map(({ under }) => under.version))).toEqual([2]);
    }
  });

  it('says so when it is blocked because the store counts other records', async () => {
    const world = createWorld(1, 2);
    const { job, mainKey } = begin(world, 'p1');
    const ring = ringOf(world);
    const blocked: rotation.RotationStatus[] = [];
    for await (const step of rotation.rotate({ job, mainKey, ring, now: () => now(world) })) {
      if ('writes' in step) step.ack({ conflicts: world.store.writeAll(step.writes) });
      if (step.kind === 'rescan') step.provide(scanOf(world, 'p1'), 3);
      if (step.kind === 'reload') {
        const stored = world.store.job(job.jobId) ?? job;
        step.provide({ job: stored, mainKey: mainKeyOf(world, 'p1') });
      }
      if (step.kind === 'blocked') {
        expect(step.failures).toEqual([]);
        blocked.push(step.status);
      }
    }
    expect(blocked).toEqual([
      expect.objectContaining({ done: 2, total: 3, blockers: [{ kind: 'count' }] }),
    ]);
  });
});
