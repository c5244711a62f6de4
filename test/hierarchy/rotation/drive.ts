// Drives a rotation over a store in memory: what an embedder writes, with places to crash at.

import {
  type ConditionalWrite,
  type HeldRecord,
  type RotationReason,
  rotation,
} from 'keyblock/hierarchy';
import { KDH, now, ringOf, type World } from './world.js';

/** Thrown where a process is killed. */
export class Crash extends Error {}

/** What is rotated: the region, or a profile by its ID. */
export type Target = 'region' | (string & {});

export interface Hooks {
  /** Does a write, or does not; false on a conflict. */
  readonly write?: (write: ConditionalWrite) => boolean;
  readonly step?: (step: rotation.RotateStep) => void;
  readonly batch?: number;
  readonly signal?: { readonly aborted: boolean };
  readonly reason?: RotationReason;
  readonly promoteBeforeTranslated?: boolean;
  readonly staleness?: number;
  /** Does what a wait asks for, in the place of sleeping. */
  readonly wait?: (until: string) => void;
}

export function mainKeyOf(world: World, target: Target): rotation.MainKeyRecord {
  return target === 'region' ? world.store.region : world.store.profile(target);
}

/** Every record that a scan of the store gives. */
export function scanOf(world: World, target: Target): readonly HeldRecord[] {
  return target === 'region' ? world.store.profiles() : world.store.customers(target);
}

/** What the store itself counts. */
export function countOf(world: World, target: Target): number {
  if (target === 'region') return world.store.profiles().length;
  return world.store
    .customers(target)
    .filter(({ lifecycle }) => lifecycle.state !== 'delete-complete').length;
}

/**
 * Plans a rotation, or finds the one that is under way, as a process does that has just started.
 */
export function begin(world: World, target: Target, hooks: Hooks = {}): rotation.RotationStep {
  const { write = (one) => world.store.write(one) } = hooks;
  const env = { at: now(world) };
  const mainKey = mainKeyOf(world, target);
  const jobId = mainKey.jobId ?? `rotation:${target}:${mainKey.versions.length + 1}`;
  const job = world.store.job(jobId);
  if (mainKey.jobId !== undefined && job !== undefined) {
    return { job, mainKey, writes: [], audit: [] };
  }
  const planned = rotation.plan({
    env,
    mainKey,
    region: world.store.region,
    ring: ringOf(world),
    kdh: KDH,
    jobId,
    job,
    reason: hooks.reason,
    policy: {
      maxReaderStalenessSeconds: hooks.staleness ?? 60,
      promoteBeforeTranslated: hooks.promoteBeforeTranslated,
    },
  });
  if (target === 'region' && planned.pending !== undefined) {
    world.regionKeys.set(planned.job.to.version, planned.pending);
  }
  for (const one of planned.writes) {
    // Somebody else has begun: go on with what he has stored.
    if (!write(one)) return begin(world, target, hooks);
  }
  return planned;
}

/** What a run has ended with: done, blocked by rows, or stopped from outside. */
export interface Ended {
  readonly last: rotation.RotateStep['kind'] | undefined;
  readonly failures: readonly rotation.RotationFailure[];
}

/** The steps of a rotation, each done on the store as it is asked for. */
export async function* steps(
  world: World,
  target: Target,
  hooks: Hooks = {},
): AsyncGenerator<rotation.RotateStep, void, void> {
  const { write = (one) => world.store.write(one) } = hooks;
  const { job, mainKey } = begin(world, target, hooks);
  const run = rotation.rotate({
    job,
    mainKey,
    ring: ringOf(world),
    batch: hooks.batch,
    signal: hooks.signal,
    now: () => now(world),
  });
  for await (const step of run) {
    hooks.step?.(step);
    switch (step.kind) {
      case 'writes':
      case 'checkpoint':
      case 'promote':
      case 'clean-up':
      case 'retire': {
        const conflicts = step.writes.filter((one) => !write(one)).length;
        step.ack({ conflicts });
        break;
      }
      case 'reload': {
        const stored = world.store.job(job.jobId);
        if (stored !== undefined) step.provide({ job: stored, mainKey: mainKeyOf(world, target) });
        break;
      }
      case 'rescan':
        step.provide(scanOf(world, target), countOf(world, target));
        break;
      case 'wait':
        if (hooks.wait === undefined) world.clock.seconds += 60;
        else hooks.wait(step.until);
        break;
      case 'progress':
      case 'blocked':
      case 'done':
        break;
    }
    yield step;
  }
}

/** Drives a rotation until it is done, or nothing more can be done. */
export async function drive(world: World, target: Target, hooks: Hooks = {}): Promise<Ended> {
  let last: rotation.RotateStep | undefined;
  for await (const step of steps(world, target, hooks)) last = step;
  return { last: last?.kind, failures: last?.kind === 'blocked' ? last.failures : [] };
}

/**
 * Drives a rotation as a timer does: a call ends where it would have to wait, and the next one
 * comes at that time, so many times at most.
 */
export async function comeBack(
  world: World,
  target: Target,
  times: number,
  hooks: Hooks = {},
): Promise<Ended> {
  let until = now(world).toISOString();
  const wait = (time: string) => {
    until = time;
  };
  let ended = await drive(world, target, { ...hooks, wait });
  for (let time = 0; time < times && ended.last === 'wait'; time++) {
    world.clock.seconds += (Date.parse(until) - now(world).getTime()) / 1000;
    ended = await drive(world, target, { ...hooks, wait });
  }
  return ended;
}
