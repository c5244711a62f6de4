// Rows that are translated and not verified yet, and what becomes of them.

import {
  type BlockSlot,
  type ConditionalWrite,
  type CustomerKeyRecord,
  rotation,
} from 'keyblock/hierarchy';
import { begin, countOf } from './drive.js';
import { createWorld, now, profileRing, ringOf, type World } from './world.js';

export const PROFILE = 'p1';

/** A rotation whose rows are all translated, and not verified yet. */
export function translated(keys: number): {
  readonly world: World;
  readonly step: rotation.RotationStep;
} {
  const world = createWorld(1, keys);
  const planned = begin(world, PROFILE);
  const started = rotation.start({ ...planned, env: { at: now(world) }, ring: ringOf(world) });
  world.store.writeAll(started.writes);
  world.store.writeAll(writesOf(world, started));
  return { world, step: started };
}

/** What there is to write for the rows as they are. */
export function writesOf(
  world: World,
  { job, mainKey }: rotation.RotationStep,
): ConditionalWrite[] {
  const ring = profileRing(world, world.store.profile(PROFILE));
  const results = rotation
    .tasks({ job, mainKey, records: world.store.customers() })
    .map((task) => rotation.run({ task, ring }));
  return [...rotation.apply({ env: { at: now(world) }, job, results }).writes];
}

/** The verdict on the rows as they are. */
export function verify(
  world: World,
  { job, mainKey }: rotation.RotationStep,
  records: readonly CustomerKeyRecord[] = world.store.customers(),
): rotation.VerifyFolded {
  const ring = profileRing(world, world.store.profile(PROFILE));
  const results = rotation
    .verifyTasks({ job, mainKey, records })
    .map((task) => rotation.verifyRun({ task, ring }));
  return rotation.verifyFold({
    env: { at: now(world) },
    job,
    results,
    count: countOf(world, PROFILE),
  });
}

/** A row with one of its blocks changed. */
export function withSlot(
  record: CustomerKeyRecord,
  index: number,
  change: (slot: BlockSlot) => BlockSlot,
): CustomerKeyRecord {
  return { ...record, slots: record.slots.map((slot, i) => (i === index ? change(slot) : slot)) };
}
