// Kills a rotation at every write of it, and lets another process go on.

import { Crash, drive, type Hooks, steps, type Target } from '../hierarchy/rotation/drive.js';
import { createWorld, Store, type World } from '../hierarchy/rotation/world.js';
import { Invariants, logicalState } from './invariants.js';

/** A world that can be set back to where it began: making keys is what takes time. */
export interface Checkpoint {
  restore(): World;
}

export function checkpoint(profiles: number, customers: number): Checkpoint {
  const world = createWorld(profiles, customers);
  const records = [...world.store.records];
  return {
    restore() {
      const store = new Store();
      for (const [name, record] of records) store.records.set(name, record);
      return {
        store,
        regionKeys: new Map(world.regionKeys),
        truth: new Map(world.truth),
        clock: { seconds: 0 },
      };
    },
  };
}

/** Kills at a point: an even one is before a write, an odd one after it. */
function killAt(world: World, point: number, invariants: Invariants): Hooks {
  let writes = 0;
  return {
    write(write) {
      if (2 * writes === point) throw new Crash();
      invariants.checkWrite(write);
      const isDone = world.store.write(write);
      invariants.check();
      if (2 * writes++ + 1 === point) throw new Crash();
      return isDone;
    },
  };
}

/** Runs until the kill, if it comes to that. */
async function runKilled(world: World, target: Target, hooks: Hooks): Promise<boolean> {
  try {
    await drive(world, target, hooks);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** The number of points at which a rotation can be killed. */
export async function countPoints(from: Checkpoint, target: Target): Promise<number> {
  const world = from.restore();
  let writes = 0;
  await drive(world, target, {
    write(write) {
      writes++;
      return world.store.write(write);
    },
  });
  return 2 * writes;
}

/** Where a rotation ends that nobody kills. */
export async function endOf(from: Checkpoint, target: Target): Promise<string> {
  const world = from.restore();
  await drive(world, target);
  return logicalState(world);
}

/** Kills at each of the points in turn, then lets a last process finish; returns the end. */
export async function crashes(
  from: Checkpoint,
  target: Target,
  points: readonly number[],
): Promise<string> {
  const world = from.restore();
  const invariants = new Invariants(world);
  for (const point of points) {
    if (isOver(world, target)) break; // or the next process would begin the next rotation
    if (!(await runKilled(world, target, killAt(world, point, invariants)))) break;
    invariants.check();
  }
  if (!isOver(world, target)) {
    const ended = await drive(world, target, killAt(world, -1, invariants));
    if (ended.last !== 'done') throw new Error(`${target} ended ${ended.last} after ${points}`);
  }
  invariants.check();
  return logicalState(world);
}

/** Whether the one rotation that is wanted has been done. */
function isOver({ store }: World, target: Target): boolean {
  const { versions, jobId } = target === 'region' ? store.region : store.profile(target);
  return jobId === undefined && versions.length > 1;
}

/**
 * Two processes rotate the same main key: the first goes some steps ahead, then they take turns of
 * so many steps. Returns the end.
 */
export async function interleaved(
  from: Checkpoint,
  target: Target,
  ahead: number,
  turns: number,
): Promise<string> {
  const world = from.restore();
  const invariants = new Invariants(world);
  const hooks = killAt(world, -1, invariants);
  const runs = [steps(world, target, hooks), steps(world, target, hooks)];
  const running = new Set(runs);
  const started = new Set<unknown>();
  const go = async (run: (typeof runs)[number] | undefined, count: number): Promise<void> => {
    for (let i = 0; i < count && run !== undefined && running.has(run); i++) {
      // Who comes when all is done would begin the next rotation.
      const isLate = !started.has(run) && isOver(world, target);
      if (isLate || (await run.next()).done === true) running.delete(run);
      started.add(run);
    }
  };
  await go(runs[0], ahead);
  while (running.size > 0) {
    await go(runs[1], turns);
    await go(runs[0], turns);
  }
  invariants.check();
  return logicalState(world);
}
