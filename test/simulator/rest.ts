/**
 * A world comes to rest: nothing fails any more, hostile rows are repaired, and each rotation is
 * taken up by a process that knows nothing but the records. It has to end, in a bounded time.
 */
import { mainKeys, rotation } from 'keyblock/hierarchy';
import { distributePending, isOutOfReach } from './devices.js';
import { repair } from './hostile.js';
import { heldRecords, type Line, mainKeyOf, plan, recordsOf, writeStep } from './line.js';
import { createLoop, stepLoop } from './loop-rotation.js';
import { heldBy } from './readers.js';
import type { Scene } from './simulate.js';
import { hold, Violation } from './violation.js';
import { attempt, customerKeys, envOf, readRegion, type World } from './world.js';

const MOST_STEPS = 2_000;

/** Ends everything that is under way. */
export async function rest(world: World, scenes: readonly Scene[]): Promise<void> {
  world.faults = false;
  for (const { site, readers } of scenes) {
    for (const truth of site.truths.live()) {
      const [reader] = readers.get(truth.profileId) ?? [];
      if (truth.hostile !== undefined && reader !== undefined) repair(world, site, truth, reader);
    }
  }
  for (const { lines, site, readers } of scenes) {
    for (const line of [...lines].reverse()) await finish(world, line);
    for (const [profileId, all] of readers) {
      for (const reader of all) heldBy(world, site, profileId, reader);
    }
    for (const line of lines) {
      checkImpact(line);
      destroyRetired(world, line);
    }
  }
}

/** Versions that were left behind are destroyed, after their time and not before. */
function destroyRetired(world: World, line: Line): void {
  const { site, level } = line;
  for (const { version, state } of mainKeyOf(line).versions) {
    if (state !== 'retired' && state !== 'destroyed') continue;
    if (level === 'region') {
      const record = readRegion(site);
      const retired = mainKeys.retireTokens({ env: envOf(world), record, version });
      writeStep(world, line, retired.writes);
    }
    if (state === 'destroyed') continue;
    const destroy = (stragglers: number, env = envOf(world)) =>
      attempt(world, 'destroy', ['STATE_CONFLICT'], () =>
        rotation.destroy({ env, mainKey: mainKeyOf(line), version, stragglers }),
      );
    const ref = { keyId: line.keyId, version };
    const left = rotation.stragglers(heldRecords(line), ref);
    hold(destroy(1) === undefined, 'what is in use is not destroyed', () => line.keyId);
    hold(destroy(left) === undefined, 'nothing is destroyed before its time', () => line.keyId);
    const later = { at: new Date(world.now + 91 * 86_400_000) };
    const done = destroy(left, later);
    // Of a region its profiles' retired versions may have blocks under it still.
    hold((done !== undefined) === (left === 0), 'I6 destroyed only if unused', () => `${left}`);
    if (done === undefined) continue;
    writeStep(world, line, done.writes);
    if (level === 'region') site.vault.delete(version);
    world.stats.add(`destroyed ${level}`);
  }
}

/** I17: whatever has happened, a rotation comes to its end from the records alone. */
async function finish(world: World, line: Line): Promise<void> {
  if (mainKeyOf(line).jobId === undefined) return;
  plan(world, line, false); // the job, where its record was never stored
  const known = recordsOf(line);
  if (known === undefined) throw new Violation('a planned rotation has its job', line.keyId);
  const resumed = attempt(world, 'resume', ['STATE_CONFLICT'], () =>
    rotation.resume({ env: envOf(world), ...known }),
  );
  writeStep(world, line, resumed?.writes ?? []);
  const isLost = line.isLost && !line.site.vault.has(known.job.to.version);
  const { versions } = mainKeyOf(line);
  const isUseless = versions.some(
    (v) =>
      v.state === 'pending' &&
      (v.compromised || (line.level === 'region' && isOutOfReach(line.site, v.version))),
  );
  if (isLost || isUseless) giveUp(world, line);
  if (line.level === 'region') distributePending(world, line.site);
  const loop = createLoop(line);
  for (let n = 0; n < MOST_STEPS; n++) {
    const end = await stepLoop(world, loop);
    if (end === 'done' || end === 'aborted') {
      world.stats.add(`rested: ${end}`);
      line.isLost = false;
      return;
    }
    if (end === 'blocked' && markWhatIsLeft(world, line)) continue;
    const job = JSON.stringify(recordsOf(line)?.job ?? 'no job');
    hold(
      end === undefined,
      'I17 a rotation ends',
      () =>
        `${line.keyId} ${end} ${loop.blocked} ${JSON.stringify(mainKeyOf(line).versions.map((v) => ({ ...v, slots: 0 })))} ${world.refusal} ${job}`,
    );
    if (world.now < loop.waitUntil) world.now = loop.waitUntil;
  }
  throw new Violation('I17 a rotation ends in bounded time', line.keyId);
}

/** Without a new main key there is nothing but to abort. */
function giveUp(world: World, line: Line): void {
  const known = recordsOf(line);
  if (known === undefined || known.job.phase === 'aborting') return;
  const options = { env: envOf(world), ...known };
  const aborted = attempt(world, 'abort', ['STATE_CONFLICT'], () => rotation.abort(options));
  if (aborted !== undefined) {
    writeStep(world, line, aborted.writes);
    return;
  }
  // The old one is compromised: the new one, which nobody has, may be declared to be so as well.
  const { version } = known.job.to;
  const { env, mainKey: record } = options;
  const { record: mainKey } = mainKeys.markCompromised({ env, record, version });
  writeStep(world, line, mainKeys.markCompromised({ env, record, version }).writes);
  writeStep(world, line, rotation.abort({ ...options, mainKey }).writes);
  world.stats.add('aborted from a compromised main key, the new one lost');
}

/** Keys that an abort can not give back to a compromised main key: unless theirs is one as well. */
function markWhatIsLeft(world: World, line: Line): boolean {
  const record = mainKeyOf(line);
  const isBarred = record.versions.some((v) => v.state === 'active' && v.compromised);
  const left = record.versions.find((v) => v.state === 'pending' && v.draining && !v.compromised);
  if (!isBarred || left === undefined) return false;
  const { version } = left;
  const env = envOf(world);
  writeStep(world, line, mainKeys.markCompromised({ env, record, version }).writes);
  world.stats.add('aborted to a main key compromised meanwhile');
  return true;
}

/** The version in use is in other hands, or the next one. */
export function markCompromised(world: World, line: Line): void {
  const record = mainKeyOf(line);
  const isRotating = record.versions.some(({ state }) => state === 'pending');
  if (!isRotating && !world.rng.oneIn(3)) return;
  const wanted = world.rng.oneIn(2) ? 'pending' : 'active';
  const marked = record.versions.find(({ state }) => state === wanted);
  if (marked === undefined) return;
  const { version } = marked;
  const done = attempt(world, 'markCompromised', ['STATE_CONFLICT'], () =>
    mainKeys.markCompromised({ env: envOf(world), record, version }),
  );
  writeStep(world, line, done?.writes ?? []);
  const others = record.versions.some((v) => v.compromised && v.state !== wanted);
  world.stats.add(`compromised ${line.level} ${wanted}${others ? ', and another before' : ''}`);
}

/** What a compromise exposes: every key that was ever under that version, and no other. */
function checkImpact({ site, level, keyId, profileId }: Line): void {
  if (level === 'region') return;
  const records = customerKeys(site);
  for (const { version } of mainKeyOf({ site, keyId } as Line).versions) {
    const ref = { keyId, version };
    const found = new Set(rotation.impact({ records, ref }).map((exposed) => exposed.keyId));
    for (const truth of site.truths.keys.values()) {
      if (truth.profileId !== profileId) continue;
      hold(
        found.has(truth.keyId) === truth.under.has(`${keyId} ${version}`),
        'impact lists what was under a version',
        () => `${truth.keyId} ${keyId} ${version}`,
      );
    }
  }
}
