/** One world, from its seed: random steps, invariants after each, and at last it comes to rest. */
import type { rotation } from 'keyblock/hierarchy';
import { checkAudit } from './audit.js';
import { account, alias, change, create } from './customers.js';
import { createPort } from './device-port.js';
import { distributePending, stepDevices } from './devices.js';
import { roundTrip } from './exchange.js';
import { repair, tamper, tamperWithProfile } from './hostile.js';
import {
  type Checked,
  checkRested,
  checkSecrets,
  checkSite,
  nothingChecked,
} from './invariants.js';
import { createLine, type Line } from './line.js';
import { createLoop, type Loop, stepLoop } from './loop-rotation.js';
import { stepPortQueue } from './port-queue.js';
import { stepQueue } from './queue-rotation.js';
import { heldBy, type Reader, readHeld } from './readers.js';
import { markCompromised, rest } from './rest.js';
import { createWorld, type Site, type World, type WorldOptions } from './world.js';

/** A site with all that goes on there. */
export interface Scene {
  readonly site: Site;
  readonly readers: ReadonlyMap<string, readonly Reader[]>;
  readonly lines: readonly Line[];
  readonly loops: readonly Loop[];
  readonly checked: Checked;
}

const READERS = 2;

function sceneOf(world: World, site: Site): Scene {
  const lines = [
    createLine(site, 'region'),
    ...site.profileIds.map((profileId) => createLine(site, 'profile', profileId)),
  ];
  const readers = site.profileIds.map((profileId): [string, Reader[]] => [
    profileId,
    Array.from({ length: READERS }, () => ({ held: undefined })),
  ]);
  return {
    site,
    lines,
    loops: lines.flatMap((line) => [createLoop(line), createLoop(line, portOf(world, line))]),
    readers: new Map(readers),
    checked: nothingChecked(),
  };
}

/** In half of the worlds every other loop asks a device, which can compare blocks or can not. */
function portOf(world: World, line: Line): rotation.TranslatePort | undefined {
  return world.seed % 4 < 2 ? undefined : createPort(world, line, world.seed % 4 === 2);
}

/** Runs one world. Throws a `Violation` where an invariant does not hold. */
export async function simulate(options: WorldOptions, steps: number): Promise<void> {
  const world = createWorld(options);
  const scenes = world.sites.map((site) => sceneOf(world, site));
  const writers: Reader[] = [{ held: undefined }, { held: undefined }];
  for (let n = 0; n < steps; n++) {
    const scene = world.rng.pick(scenes);
    await act(world, scene, writers);
    for (const { site, readers, checked } of scenes) checkSite(world, site, readers, checked);
    if (world.rng.oneIn(40)) checkAudit(world, world.sites);
    world.stats.add('steps');
  }
  await rest(world, scenes);
  for (const { site, readers, checked } of scenes) {
    checkSite(world, site, readers, checked);
    checkRested(site);
    checkSecrets(
      world,
      [...site.store.rows.keys()].flatMap((id) => site.store.history(id)),
      'rows',
    );
  }
  checkAudit(world, world.sites);
  world.stats.add('worlds');
}

/** One thing happens. */
async function act(world: World, scene: Scene, writers: Reader[]): Promise<void> {
  const { rng, stats } = world;
  const { site, lines, loops } = scene;
  const dice = rng.int(100);
  const profileId = rng.pick(site.profileIds);
  if (dice < 10) return passTime(world);
  if (dice < 18) {
    if (site.truths.live().length > 16) return;
    // A writer holds its copy of the profile as long as it may, or reads it now.
    const key = profileId === site.profileIds[0] ? 0 : 1;
    const writer: Reader = rng.oneIn(2) ? { held: undefined } : (writers[key] as Reader);
    const held = heldBy(world, site, profileId, writer);
    const isOurs = held.profile.regionId === site.regionId;
    if (isOurs) stats.add(create(world, site, held) === undefined ? 'create: no' : 'create');
    if (!isOurs) writer.held = undefined;
    return;
  }
  if (dice < 30) {
    const truths = [...site.truths.keys.values()];
    if (truths.length > 0) stats.add(`life: ${change(world, site, rng.pick(truths)) ?? 'no'}`);
    return;
  }
  if (dice === 30) return rng.oneIn(3) ? account(world, site) : undefined;
  if (dice === 31) return alias(world, site);
  if (dice === 32) {
    const open = site.truths.live().filter(({ hostile }) => hostile !== undefined);
    if (open.length < 2) tamper(world, site, scene.readers);
    return;
  }
  if (dice < 36) {
    const [hostile] = site.truths.live().filter((truth) => truth.hostile !== undefined);
    const ofKey = hostile && scene.readers.get(hostile.profileId)?.[0];
    if (hostile !== undefined && ofKey !== undefined) repair(world, site, hostile, ofKey);
    return;
  }
  if (dice === 36) return tamperWithProfile(world, site);
  if (dice === 37) return rng.oneIn(2) ? markCompromised(world, rng.pick(lines)) : undefined;
  if (dice === 38) return roundTrip(world, site, readHeld(world, site, profileId));
  if (dice < 48) return stepDevices(world, site);
  if (dice < 49) return distributePending(world, site);
  const loop = rng.pick(loops);
  if (loop.port !== undefined && rng.oneIn(3)) return stepPortQueue(world, loop.line, loop.port);
  // Some worlds know queues alone, some loops alone, most both.
  const isQueue = world.seed % 3 === 0 || (world.seed % 3 === 1 && dice < 75);
  if (isQueue) return stepQueue(world, rng.pick(lines));
  await stepLoop(world, loop);
}

/** Seconds mostly; now and then days. */
function passTime(world: World): void {
  const { rng } = world;
  const seconds = rng.oneIn(40) ? rng.int(4 * 86_400) : rng.int(240);
  world.now += seconds * 1000 + rng.int(1000);
}
