import { describe, expect, it } from 'vitest';
import { drive } from './drive.js';
import { createWorld } from './world.js';

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
});
