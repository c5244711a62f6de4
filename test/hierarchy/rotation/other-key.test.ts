// Main keys that bear the name of the right one: of two plans made at a time, both have the same
// number for theirs. Nothing may be left under a key that no record holds.

import { generateKey, rewrapKey, type SecretKey, toHex, unwrapKey } from 'keyblock';
import {
  createCustomerKey,
  createKeyRing,
  createProfile,
  type KeyRef,
  type KeyRing,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { countOf, drive, mainKeyOf, scanOf } from './drive.js';
import { translated } from './translated.js';
import {
  addCustomer,
  createWorld,
  KDH,
  now,
  profileRing,
  REGION,
  ringOf,
  type World,
} from './world.js';

const PROFILE = 'p1';
const V1 = { keyId: `${REGION}/${PROFILE}`, version: 1 };
const V2 = { ...V1, version: 2 };
const policy = { maxReaderStalenessSeconds: 0 };
const other = () => generateKey({ algorithm: 'AES', lengthBits: 256 });
const mismatch = (field: string) => expect.objectContaining({ code: 'KCV_MISMATCH', field });

/** The main key is in other hands, and is left before anything is under the new one. */
const URGENT = {
  reason: 'suspected-compromise',
  policy: { ...policy, promoteBeforeTranslated: true },
} as const;

function plan(world: World, target: string, others: Partial<typeof URGENT> = {}) {
  const env = { at: now(world) };
  const { region } = world.store;
  const mainKey = mainKeyOf(world, target);
  const jobId = `rotation:${target}:2`;
  const ring = ringOf(world);
  return rotation.plan({ env, mainKey, region, ring, kdh: KDH, jobId, policy, ...others });
}

/** What the store says that rotates, with a main key of somebody else's under its name. */
async function rotateWith(
  world: World,
  planned: rotation.RotationStep,
  how: { readonly ring?: KeyRing; readonly port?: rotation.TranslatePort },
): Promise<string | undefined> {
  let last: string | undefined;
  const { job, mainKey } = planned;
  for await (const step of rotation.rotate({ job, mainKey, ...how, now: () => now(world) })) {
    last = step.kind;
    if ('writes' in step) step.ack({ conflicts: world.store.writeAll(step.writes) });
    if (step.kind === 'rescan') step.provide(scanOf(world, PROFILE), countOf(world, PROFILE));
    if (step.kind === 'wait') world.clock.seconds += 60;
    if (step.kind === 'reload') {
      const stored = world.store.job(job.jobId);
      if (stored !== undefined) step.provide({ job: stored, mainKey: mainKeyOf(world, PROFILE) });
    }
  }
  return last;
}

function expectAllOpen(world: World): void {
  const ring = profileRing(world, world.store.profile(PROFILE));
  for (const { keyId, slots } of world.store.customers()) {
    for (const { under, block } of slots) {
      const kbpk = ring.secret(under);
      if (kbpk === undefined) throw new Error(`no main key for ${keyId}`);
      const { key } = unwrapKey({ kbpk, keyBlock: block });
      expect(toHex(key.expose())).toBe(world.truth.get(keyId));
    }
  }
}

/** A task that was altered in its queue: it says what the keys in the worker's ring are. */
async function believing<T extends rotation.RewrapTask | rotation.VerifyTask>(
  task: T,
  ring: KeyRing,
): Promise<T> {
  const port = portWith(ring);
  const kcvs = { from: await port.kcv(task.from), to: await port.kcv(task.to) };
  return { ...task, kcvs };
}

/** What a worker with such keys makes of such tasks. */
async function resultsOfAltered(
  world: World,
  { job, mainKey }: rotation.RotationStep,
  ring: KeyRing,
): Promise<readonly rotation.RewrapResult[]> {
  const tasks = rotation.tasks({ job, mainKey, records: world.store.customers() });
  const believed = await Promise.all(tasks.map((task) => believing(task, ring)));
  return believed.map((task) => rotation.run({ task, ring }));
}

function ringWith(world: World, ref: KeyRef, key = other()): KeyRing {
  const right = profileRing(world, world.store.profile(PROFILE));
  const region = ringOf(world);
  return {
    secret: (asked) =>
      asked.keyId === ref.keyId && asked.version === ref.version
        ? key
        : (right.secret(asked) ?? region.secret(asked)),
  };
}

function secretIn(ring: KeyRing, ref: KeyRef): SecretKey {
  const key = ring.secret(ref);
  if (key === undefined) throw new Error('not in the ring');
  return key;
}

/** A device that has these main keys. */
function portWith(ring: KeyRing): rotation.TranslatePort {
  const secret = (ref: KeyRef) => ring.secret(ref) ?? other();
  return {
    translate: async ({ block, from, to }) =>
      rewrapKey({ keyBlock: block, from: secret(from), to: secret(to), maskedKeyLength: 32 }),
    kcv: async (ref) => ({ method: 'cmac', value: secret(ref).kcv() }),
    keyKcv: async ({ block, under }) => {
      const { key } = unwrapKey({ kbpk: secret(under), keyBlock: block });
      return { method: key.algorithm === 'AES' ? 'cmac' : 'legacy', value: key.kcv() };
    },
    compare: async () => true,
  };
}

describe('a main key under the name of another', () => {
  it('is left for the one that is stored, where two planned at a time', async () => {
    const world = createWorld(1, 3);
    const [lost, won] = [plan(world, PROFILE), plan(world, PROFILE)];
    world.store.writeAll(won.writes);
    const env = { at: now(world) };
    world.store.writeAll(rotation.start({ env, ...won, ring: ringOf(world) }).writes);
    expect(world.store.writeAll(lost.writes)).toBe(lost.writes.length);
    expect(await rotateWith(world, lost, { ring: ringOf(world) })).toBe('done');
    expect(world.store.profile(PROFILE).versions.at(-1)).toMatchObject({
      version: 2,
      state: 'active',
    });
    expect(world.store.customers().flatMap(({ slots }) => slots)).toHaveLength(3);
    expectAllOpen(world);
  });

  it.each([V1, V2])('is refused by rotate: $version', async (ref) => {
    const world = createWorld(1, 3);
    const planned = plan(world, PROFILE);
    world.store.writeAll(planned.writes);
    const ring = ringWith(world, ref);
    await expect(rotateWith(world, planned, { ring })).rejects.toEqual(mismatch('ring'));
    expect(world.store.customers().flatMap(({ slots }) => slots)).toHaveLength(3);
    expectAllOpen(world);
  });

  it('is refused by rotate for a region', async () => {
    const world = createWorld(1, 1);
    const planned = plan(world, 'region');
    world.store.writeAll(planned.writes);
    const ref = { keyId: REGION, version: 2 };
    const ring = ringWith(world, ref);
    await expect(rotateWith(world, planned, { ring })).rejects.toEqual(mismatch('ring'));
  });

  it('is refused where a port has it', async () => {
    const world = createWorld(1, 3);
    const planned = plan(world, PROFILE);
    world.store.writeAll(planned.writes);
    const env = { at: now(world) };
    const started = rotation.start({ env, ...planned, ring: ringOf(world) });
    world.store.writeAll(started.writes);
    const port = portWith(ringWith(world, V2));
    expect(await rotateWith(world, started, { port })).toBe('blocked');
    expect(world.store.customers().flatMap(({ slots }) => slots)).toHaveLength(3);
    expectAllOpen(world);
  });

  it.each([V1, V2])('is refused where a task is worked on: $version', async (ref) => {
    const world = createWorld(1, 3);
    const { job, mainKey, writes } = plan(world, PROFILE);
    world.store.writeAll(writes);
    const ring = ringWith(world, ref);
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    expect(() => rotation.run({ task, ring })).toThrow(mismatch('ring'));
    const { items } = await rotation.runWithPort({ task, port: portWith(ring) });
    expect(items).toEqual(Array.from({ length: 3 }, () => mismatch('port')));
    const believed = await believing(task, ring);
    const first = (await rotation.runWithPort({ task: believed, port: portWith(ring) })).items[0];
    expect(first).not.toEqual(mismatch('port'));
  });

  it.each([V1, V2])('proves nothing where two blocks are compared: $version', async (ref) => {
    const { world, step } = translated(2);
    const ring = ringWith(world, ref);
    const [task] = rotation.verifyTasks({ ...step, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    expect(() => rotation.verifyRun({ task, ring })).toThrow(mismatch('ring'));
    const { failures } = await rotation.verifyWithPort({ task, port: portWith(ring) });
    expect(failures).toEqual([mismatch('port'), mismatch('port')]);
  });

  it('drops nothing where a block is opened that stays', async () => {
    const { world, step } = translated(2);
    const env = { at: now(world) };
    const aborting = rotation.abort({ env, ...step });
    const ring = ringWith(world, V1);
    const [task] = rotation.cleanupTasks({ ...aborting, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    expect(() => rotation.cleanupRun({ task, ring })).toThrow(mismatch('ring'));
    const { items } = await rotation.cleanupWithPort({ task, port: portWith(ring) });
    expect(items).toEqual([mismatch('port'), mismatch('port')]);
  });

  it('loses no key where a port has it, and blocks that say they are under the right one', async () => {
    const { world, step } = translated(3);
    world.store.writeAll(step.writes);
    const ring = ringWith(world, V2);
    const [from, to] = [ring.secret(V1), ring.secret(V2)];
    if (from === undefined || to === undefined) throw new Error('no main key');
    for (const row of world.store.customers()) {
      const [old, fresh] = row.slots;
      if (old === undefined || fresh === undefined) throw new Error('slots');
      const block = rewrapKey({ keyBlock: old.block, from, to, maskedKeyLength: 32 });
      world.store.put({ ...row, slots: [old, { ...fresh, block }] });
    }
    expect(await rotateWith(world, step, { port: portWith(ring) })).toBe('blocked');
    const underOld = world.store.customers().flatMap(({ slots }) => slots.slice(0, 1));
    expect(underOld.map(({ under }) => under)).toEqual([V1, V1, V1]);
  });

  it('is not left in haste for one that nobody has', async () => {
    const world = createWorld(1, 1);
    const planned = plan(world, 'region', URGENT);
    world.store.writeAll(planned.writes);
    const first = { keyId: REGION, version: 1 };
    const ring = createKeyRing({ keys: [{ ref: first, key: secretIn(ringOf(world), first) }] });
    await expect(rotateWith(world, planned, { ring })).rejects.toEqual(
      expect.objectContaining({ code: 'UNKNOWN_KEY_VERSION', field: 'ring' }),
    );
    expect(world.store.region.versions.map(({ state }) => state)).toEqual(['active', 'pending']);
  });

  it('is not left in haste for another that a port has', async () => {
    const world = createWorld(1, 1);
    const planned = plan(world, PROFILE, URGENT);
    world.store.writeAll(planned.writes);
    const env = { at: now(world) };
    const started = rotation.start({ env, ...planned, ring: ringOf(world) });
    world.store.writeAll(started.writes);
    const port = portWith(ringWith(world, V2));
    await expect(rotateWith(world, started, { port })).rejects.toEqual(mismatch('port'));
    const { versions } = world.store.profile(PROFILE);
    expect(versions.map(({ state }) => state)).toEqual(['active', 'pending']);
    const right = portWith(profileRing(world, world.store.profile(PROFILE)));
    expect(await rotateWith(world, started, { port: right })).toBe('done');
  });

  it('is refused where a port has it for the way back', async () => {
    const world = createWorld(1, 2);
    const planned = plan(world, PROFILE);
    world.store.writeAll(planned.writes);
    const env = { at: now(world) };
    const started = rotation.start({ env, ...planned, ring: ringOf(world) });
    world.store.writeAll(started.writes);
    addCustomer(world, PROFILE, 'late');
    const late = world.store.key('late');
    const underNew = late.slots.filter(({ under }) => under.version === 2);
    world.store.put({ ...late, slots: underNew });
    world.store.writeAll(rotation.abort({ env, ...started }).writes);
    const aborting = { ...planned, mainKey: mainKeyOf(world, PROFILE) };
    const port = portWith(ringWith(world, V1));
    expect(await rotateWith(world, aborting, { port })).toBe('blocked');
    expect(world.store.key('late').slots).toEqual(underNew);
  });

  it('proves nothing and drops nothing where a worker has it, and its blocks are made again', async () => {
    const world = createWorld(1, 3);
    const planned = plan(world, PROFILE);
    world.store.writeAll(planned.writes);
    const env = { at: now(world) };
    const started = rotation.start({ env, ...planned, ring: ringOf(world) });
    world.store.writeAll(started.writes);
    const { job, mainKey } = started;
    const ring = ringWith(world, V2);
    const results = await resultsOfAltered(world, started, ring);
    world.store.writeAll(rotation.apply({ env, job, results }).writes);
    expect(world.store.customers().flatMap(({ slots }) => slots)).toHaveLength(6);

    const records = world.store.customers();
    const tasks = rotation.verifyTasks({ job, mainKey, records });
    const believed = await Promise.all(tasks.map((task) => believing(task, ring)));
    const found = believed.map((task) => rotation.verifyRun({ task, ring }));
    expect(found.flatMap(({ failures }) => failures.map(({ code }) => code))).toEqual(
      records.map(() => 'STALE_VERSION'),
    );
    expect(rotation.tasks({ job, mainKey, records }).flatMap(({ items }) => items)).toHaveLength(3);
    expect((await drive(world, PROFILE)).last).toBe('done');
    expect(world.store.customers().flatMap(({ slots }) => slots)).toHaveLength(3);
    expectAllOpen(world);
  });

  it('is dropped with its blocks where the rotation is aborted', async () => {
    const world = createWorld(1, 3);
    const planned = plan(world, PROFILE);
    world.store.writeAll(planned.writes);
    const env = { at: now(world) };
    const started = rotation.start({ env, ...planned, ring: ringOf(world) });
    world.store.writeAll(started.writes);
    const { job, mainKey } = started;
    const ring = ringWith(world, V2);
    const results = await resultsOfAltered(world, started, ring);
    world.store.writeAll(rotation.apply({ env, job, results }).writes);
    world.store.writeAll(rotation.abort({ env, job, mainKey }).writes);
    expect((await drive(world, PROFILE)).last).toBe('done');
    expect(
      world.store.customers().map(({ slots }) => slots.map(({ under }) => under.version)),
    ).toEqual([[1], [1], [1]]);
    expectAllOpen(world);
  });

  it('seals no new key', () => {
    const world = createWorld(1, 0);
    const env = { at: now(world) };
    const ring = createKeyRing({ keys: [{ ref: V1, key: other() }] });
    const profile = world.store.profile(PROFILE);
    const attributes = {
      keyUsage: 'P0',
      algorithm: 'A',
      keyBits: 128,
      modeOfUse: 'B',
      exportability: 'E',
    } as const;
    const given = { env, profile, ring, keyId: 'k', owner: 'shop', attributes };
    expect(() => createCustomerKey(given)).toThrow(mismatch('ring'));
    const regionRing = createKeyRing({
      keys: [{ ref: { keyId: REGION, version: 1 }, key: other() }],
    });
    const { region } = world.store;
    expect(() =>
      createProfile({ env, region, ring: regionRing, profileId: 'p2', config: {} }),
    ).toThrow(mismatch('ring'));
  });
});
