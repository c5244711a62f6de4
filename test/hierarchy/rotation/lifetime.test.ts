// Where a rotation stands, what a compromise exposes, and the end of a main key (I6).

import {
  createKeyRing,
  createRegionKey,
  type HeldRecord,
  type HsmSyncRecord,
  mainKeys,
  type ProfileRecord,
  type RegionKeyRecord,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin, drive, steps } from './drive.js';
import {
  addCustomer,
  addProfile,
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
const stateConflict = expect.objectContaining({ code: 'STATE_CONFLICT' });

describe('status', () => {
  it('counts, and tells rate and time left', () => {
    const world = createWorld(1, 1);
    const { job } = begin(world, PROFILE);
    const counters = { ...job.counters, seen: 50 };
    const env = { at: new Date(now(world).getTime() + 10_000) };
    const told = rotation.status({ env, job: { ...job, counters }, total: 150 });
    expect(told).toMatchObject({ done: 50, total: 150, rate: 5, etaSeconds: 20, blockers: [] });
  });

  it('names what is in the way', async () => {
    const world = createWorld(1, 2);
    const kinds = new Set<string>();
    for await (const step of steps(world, PROFILE)) {
      if (step.kind !== 'progress') continue;
      for (const { kind } of step.status.blockers) kinds.add(kind);
    }
    expect([...kinds]).toEqual(['readers']);
    const { job, mainKey } = begin(createWorld(1, 0), PROFILE);
    const paused = rotation.pause({ env: { at: now(world) }, job, mainKey });
    const { blockers } = rotation.status({ env: { at: now(world) }, job: paused.job });
    expect(blockers).toEqual([{ kind: 'paused' }]);
  });
});

describe('pausing', () => {
  it('makes no tasks until it is resumed', async () => {
    const world = createWorld(1, 2);
    const env = { at: now(world) };
    const paused = rotation.pause({ env, ...begin(world, PROFILE) });
    world.store.writeAll(paused.writes);
    const { job, mainKey } = paused;
    expect(rotation.tasks({ job, mainKey, records: world.store.customers() })).toEqual([]);
    expect((await drive(world, PROFILE)).last).toBe('progress');
    world.store.writeAll(rotation.resume({ env, job, mainKey }).writes);
    expect((await drive(world, PROFILE)).last).toBe('done');
  });

  it('ends a run between two batches when its signal says so', async () => {
    const world = createWorld(1, 3);
    const signal = { aborted: false };
    const step = ({ kind }: rotation.RotateStep) => {
      if (kind === 'writes') signal.aborted = true;
    };
    expect((await drive(world, PROFILE, { batch: 1, signal, step })).last).toBe('progress');
    expect(world.store.key('p1-k1').slots).toHaveLength(2);
    expect(world.store.key('p1-k2').slots).toHaveLength(1);
    expect((await drive(world, PROFILE)).last).toBe('done');
  });
});

describe('a rotation that is lost', () => {
  it('is told from the main key alone, on a machine that never saw it', async () => {
    const world = createWorld(1, 3);
    for await (const { kind } of steps(world, PROFILE)) if (kind === 'promote') break;
    const job = world.store.job(`rotation:${PROFILE}:2`);
    expect(job?.phase).toBe('promoted');
    world.store.records.delete(`rotation-job:rotation:${PROFILE}:2`);
    expect(await drive(world, PROFILE)).toEqual({ last: 'done', failures: [] });
  });

  it('makes no second version when it is planned again', () => {
    const world = createWorld(1, 1);
    const first = begin(world, PROFILE);
    const env = { at: now(world) };
    const again = rotation.plan({ env, mainKey: world.store.profile(PROFILE) });
    expect(again.job.to).toEqual(first.job.to);
    expect(again.pending).toBeUndefined();
    const other = { env, mainKey: world.store.profile(PROFILE), jobId: 'another' };
    expect(() => rotation.plan(other)).toThrow(stateConflict);
  });
});

describe('a result that comes late', () => {
  it.each([
    ['translating', 1],
    ['promoted', 1],
    ['aborting', 0],
    ['aborted', 0],
    ['done', 0],
  ] as const)('is worth this much in a job that is %s: %i', (phase, count) => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const records = world.store.customers(PROFILE);
    const [task] = rotation.tasks({ job, mainKey, records });
    if (task === undefined) throw new Error('no task');
    const ring = profileRing(world, world.store.profile(PROFILE));
    const results = [rotation.run({ task, ring })];
    const env = { at: now(world) };
    const { writes, job: counted } = rotation.apply({ env, job: { ...job, phase }, results });
    expect(writes).toHaveLength(count);
    expect(counted.counters).toMatchObject({ translated: count, skipped: 1 - count });
  });
});

describe('a compromised main key', () => {
  it('may be left at once, and is cleaned up only when all is proven', async () => {
    const world = createWorld(1, 3);
    const seen: string[] = [];
    const ended = await drive(world, PROFILE, {
      reason: 'suspected-compromise',
      promoteBeforeTranslated: true,
      step({ kind }) {
        if (kind !== 'progress' && kind !== 'checkpoint') seen.push(kind);
      },
    });
    expect(ended).toEqual({ last: 'done', failures: [] });
    expect(seen.indexOf('promote')).toBeLessThan(seen.indexOf('writes'));
    expect(seen.indexOf('rescan')).toBeLessThan(seen.indexOf('clean-up'));
  });

  it('is not cleaned up where the store counts other records, and that is said', async () => {
    const world = createWorld(1, 2);
    const { job, mainKey } = begin(world, PROFILE, {
      reason: 'suspected-compromise',
      promoteBeforeTranslated: true,
    });
    let last: rotation.RotateStep | undefined;
    const ring = ringOf(world);
    for await (const step of rotation.rotate({ job, mainKey, ring, now: () => now(world) })) {
      last = step;
      if ('writes' in step) step.ack({ conflicts: world.store.writeAll(step.writes) });
      if (step.kind === 'rescan') step.provide(world.store.customers(), 3);
    }
    const status = { phase: 'promoted', done: 2, total: 3 };
    expect(last).toMatchObject({ kind: 'blocked', failures: [], status });
    expect(last?.kind === 'blocked' && last.status.blockers).toContainEqual({ kind: 'count' });
  });

  it('has exposed every key that ever was under it', async () => {
    const world = createWorld(2, 2);
    world.store.put({
      ...world.store.key('p1-k1'),
      sharing: { parties: ['shop', 'bank'], purpose: 'PIN' },
    });
    await drive(world, PROFILE);
    addCustomer(world, PROFILE, 'young');
    const records = world.store.held();
    const exposed = rotation.impact({ records, ref: V1 });
    expect(exposed.map(({ keyId, parties, current }) => [keyId, parties, current])).toEqual([
      ['p1-k1', ['shop', 'bank'], false],
      ['p1-k2', [], false],
    ]);
    const all = rotation.impact({ records, ref: { keyId: REGION, version: 1 } });
    expect(all.map(({ keyId }) => keyId)).toEqual(['p1-k1', 'p1-k2', 'p2-k1', 'p2-k2', 'young']);
  });

  it('has exposed no key that was never under it, whether or not it says where it was', () => {
    const world = createWorld(1, 1);
    const { lineage: _, ...silent } = world.store.key('p1-k1');
    const ref = { ...V1, version: 9 };
    for (const record of [silent, world.store.key('p1-k1')]) {
      expect(rotation.impact({ records: [record], ref })).toEqual([]);
    }
  });
});

describe('both main keys compromised', () => {
  const reason = 'suspected-compromise' as const;

  it('ends by going back, keys made meanwhile included, and can then be left anew', async () => {
    const world = createWorld(1, 3);
    compromise(world, 1);
    begin(world, PROFILE, { reason });
    addCustomer(world, PROFILE, 'born'); // under the new one alone
    compromise(world, 2);
    const { job, mainKey } = begin(world, PROFILE);
    const aborted = rotation.abort({ env: { at: now(world) }, job, mainKey });
    world.store.writeAll(aborted.writes);
    expect(await drive(world, PROFILE)).toMatchObject({ last: 'done' });
    expect(world.store.job(job.jobId)?.phase).toBe('aborted');
    const under = world.store.customers(PROFILE).flatMap(({ slots }) => slots.map((s) => s.under));
    expect(under.map(({ version }) => version)).toEqual([1, 1, 1, 1]);
    expect(await drive(world, PROFILE, { reason })).toMatchObject({ last: 'done' });
    expect(world.store.profile(PROFILE).versions.at(-1)).toMatchObject({
      version: 3,
      state: 'active',
    });
  });

  it("does not end so while the new one is nobody else's", () => {
    const world = createWorld(1, 1);
    compromise(world, 1);
    const { job, mainKey } = begin(world, PROFILE, { reason });
    expect(() => rotation.abort({ env: { at: now(world) }, job, mainKey })).toThrow(stateConflict);
  });

  it('ends by going on where clean-up had begun, once both are marked', async () => {
    const world = createWorld(1, 2);
    const stale = world.store.profile(PROFILE);
    for await (const { kind } of steps(world, PROFILE)) if (kind === 'clean-up') break;
    addCustomer(world, PROFILE, 'late', stale); // under the old one alone
    compromise(world, 2);
    expect(await drive(world, PROFILE)).toMatchObject({
      last: 'blocked',
      failures: [{ recordId: 'late' }],
    });
    compromise(world, 1);
    expect(await drive(world, PROFILE)).toMatchObject({ last: 'done' });
    const under = world.store.customers(PROFILE).flatMap(({ slots }) => slots.map((s) => s.under));
    expect(under.map(({ version }) => version)).toEqual([2, 2, 2]);
    expect(await drive(world, PROFILE, { reason })).toMatchObject({ last: 'done' });
  });

  it('ends by going back where an abort had begun, once both are marked', async () => {
    const world = createWorld(1, 2);
    for await (const { kind } of steps(world, PROFILE)) if (kind === 'promote') break;
    addCustomer(world, PROFILE, 'born'); // under the new one alone
    for (const step of [rotation.rollback, rotation.abort]) {
      const { job, mainKey } = begin(world, PROFILE);
      world.store.writeAll(step({ env: { at: now(world) }, job, mainKey }).writes);
    }
    compromise(world, 1);
    expect(await drive(world, PROFILE)).toMatchObject({
      last: 'blocked',
      failures: [{ recordId: 'born' }],
    });
    compromise(world, 2);
    expect(await drive(world, PROFILE)).toMatchObject({ last: 'done' });
    const under = world.store.customers(PROFILE).flatMap(({ slots }) => slots.map((s) => s.under));
    expect(under.map(({ version }) => version)).toEqual([1, 1, 1]);
    expect(await drive(world, PROFILE, { reason })).toMatchObject({ last: 'done' });
  });

  function compromise(world: World, version: number): void {
    const record = world.store.profile(PROFILE);
    const marked = mainKeys.markCompromised({ env: { at: now(world) }, record, version });
    world.store.writeAll(marked.writes);
  }
});

describe('a new main key of a compromised region', () => {
  it('that was lost before any token was made is given up, and the next one is made', () => {
    const world = createWorld(0, 0);
    const { job, mainKey } = lost(world);
    const aborted = rotation.abort({ env: { at: now(world) }, job, mainKey });
    const { mainKey: left } = rotation.retire({
      env: { at: new Date(now(world).getTime() + 300_000) },
      job: aborted.job,
      mainKey: aborted.mainKey,
      stragglers: 0,
    });
    const planned = rotation.plan({ env: { at: now(world) }, mainKey: left, kdh: KDH });
    expect(planned.pending?.lengthBits).toBe(256);
    expect(planned.job.to.version).toBe(3);
  });

  it.each([
    ['planned', 'aborting'],
    ['distributing', 'aborting'],
    ['translating', undefined],
  ] as const)('that was lost while its job was %s: %s', (phase, next) => {
    const { job, mainKey } = lost(createWorld(0, 0));
    const abort = () =>
      rotation.abort({ env: { at: new Date() }, job: { ...job, phase }, mainKey });
    if (next === undefined) expect(abort).toThrow(stateConflict);
    else expect(abort().job.phase).toBe(next);
  });

  it('that a token was made for goes on', () => {
    const world = createWorld(0, 0);
    const { job, mainKey } = lost(world);
    const token = { hsmId: 'hsm-2', version: 2 } as RegionKeyRecord['tokens'][number];
    const issued = { ...(mainKey as RegionKeyRecord), tokens: [token] };
    expect(() => rotation.abort({ env: { at: now(world) }, job, mainKey: issued })).toThrow(
      stateConflict,
    );
  });

  /** A rotation of a compromised region, planned by a process that died with the new key. */
  function lost(world: World): rotation.RotationStep {
    const env = { at: now(world) };
    const { record } = mainKeys.markCompromised({ env, record: world.store.region, version: 1 });
    return rotation.plan({ env, mainKey: record, kdh: KDH, reason: 'suspected-compromise' });
  }
});

describe('a compromised main key of a region', () => {
  const ref = { keyId: REGION, version: 1 };

  /** A region that was rotated, and a profile that was made after that. */
  async function rotated() {
    const world = createWorld(1, 1);
    await drive(world, 'region');
    world.clock.seconds += 60;
    addProfile(world, 'p2');
    addCustomer(world, 'p2', 'late');
    const keysOf = (options: Omit<rotation.ImpactOptions, 'ref'>) =>
      rotation.impact({ ...options, ref }).map(({ keyId }) => keyId);
    return { world, records: world.store.held(), keysOf };
  }

  it('has not exposed what was made when nothing was left under it', async () => {
    const { world, records, keysOf } = await rotated();
    expect(keysOf({ records, region: world.store.region })).toEqual(['p1-k1']);
  });

  it('may have exposed all, where its end is not known', async () => {
    const { world, records, keysOf } = await rotated();
    const { region: own } = world.store;
    const versions = own.versions.map(({ retiredAt: _, ...version }) => version);
    const { record: other } = createRegionKey({
      env: { at: now(world) },
      regionId: 'us-east-1',
      kdh: { hsmId: 'hsm-1' },
    });
    for (const region of [undefined, other, { ...own, versions }]) {
      expect(keysOf({ records, region })).toEqual(['p1-k1', 'late']);
    }
  });

  it('may have exposed a profile that does not say when its main key was made', async () => {
    const { world, keysOf } = await rotated();
    const profile = world.store.profile('p2');
    const versions = profile.versions.map(({ createdAt: _, ...version }) => version);
    world.store.put({ ...profile, versions } as unknown as ProfileRecord);
    const { region } = world.store;
    expect(keysOf({ records: world.store.held(), region })).toEqual(['p1-k1', 'late']);
  });

  it.each([null, 5])('is not told from %s', async (region) => {
    const { records, keysOf } = await rotated();
    expect(() => keysOf({ records, region: region as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'record' }),
    );
  });

  it('is not told from a region that is no record', async () => {
    const { world, records, keysOf } = await rotated();
    const region = { ...world.store.region, versions: 'x' } as never;
    expect(() => keysOf({ records, region })).toThrow(stateConflict);
  });

  it('is not told from a row that is no record: it may be exposed', async () => {
    const { world, records, keysOf } = await rotated();
    const broken = { ...world.store.key('late'), lineage: 'x' } as never;
    expect(() => keysOf({ records: [...records, broken] })).toThrow(stateConflict);
  });
});

describe('the end of a main key', () => {
  it('does not come while a block is left, nor before its time', async () => {
    const world = createWorld(1, 2);
    for await (const { kind } of steps(world, PROFILE)) if (kind === 'clean-up') break;
    const mainKey = world.store.profile(PROFILE);
    const job = world.store.job(mainKey.jobId ?? '');
    if (job === undefined) throw new Error('no job');
    const env = { at: now(world) };
    const left = rotation.stragglers(world.store.held(), V1);
    expect(left).toBe(2);
    expect(() => rotation.retire({ env, job, mainKey, stragglers: left })).toThrow(stateConflict);
    await drive(world, PROFILE);
    const retired = world.store.profile(PROFILE);
    expect(rotation.stragglers(world.store.held(), V1)).toBe(0);
    const options = { mainKey: retired, version: 1, stragglers: 0 };
    expect(() => rotation.destroy({ ...options, env: { at: now(world) } })).toThrow(stateConflict);
    const later = { at: new Date(now(world).getTime() + 91 * 86_400_000) };
    expect(() => rotation.destroy({ ...options, env: later, stragglers: 1 })).toThrow(
      stateConflict,
    );
    expect(() => rotation.destroy({ ...options, env: later, version: 2 })).toThrow(stateConflict);
    const { mainKey: destroyed } = rotation.destroy({ ...options, env: later });
    expect(destroyed.versions[0]).toMatchObject({ version: 1, state: 'destroyed', slots: [] });
  });

  it('does not come while there is a row that can not be read: it may hold a block', () => {
    const world = createWorld(1, 2);
    const [first, second] = world.store.customers();
    const rows = [{ ...first, slots: 'x' }, second, null, {}] as unknown as HeldRecord[];
    expect(rotation.stragglers(rows, V1)).toBe(4);
    expect(rotation.stragglers(rows, { ...V1, version: 2 })).toBe(3);
  });

  it('does not come for a region while a token can still be loaded', async () => {
    const world = createWorld(1, 0);
    await drive(world, 'region');
    const { region } = world.store;
    const token = {
      hsmId: 'hsm-2',
      kdhId: 'hsm-1',
      version: 1,
      token: '',
      nonce: '',
      kcv: { method: 'cmac', value: '' },
      issuedAt: '2027-01-01T00:00:00.000Z',
    } as const;
    const env = { at: now(world) };
    const options = { env, version: 1, stragglers: 0, graceSeconds: 0 };
    const mainKey = { ...region, tokens: [token] };
    expect(() => rotation.destroy({ ...options, mainKey })).toThrow(stateConflict);
    const expiresAt = new Date(env.at.getTime() + 1000).toISOString();
    const expiring = { ...region, tokens: [{ ...token, expiresAt }] };
    expect(() => rotation.destroy({ ...options, mainKey: expiring })).toThrow(stateConflict);
    const expired = { ...region, tokens: [{ ...token, expiresAt: env.at.toISOString() }] };
    expect(rotation.destroy({ ...options, mainKey: expired }).mainKey.versions[0]?.state).toBe(
      'destroyed',
    );
    const invalidatedAt = env.at.toISOString();
    const spent = { ...region, tokens: [{ ...token, invalidatedAt }] };
    expect(rotation.destroy({ ...options, mainKey: spent }).mainKey.versions[0]?.state).toBe(
      'destroyed',
    );
  });
});

describe('a region', () => {
  it('waits for the receipts of all devices in service', () => {
    const world = createWorld(1, 0);
    const env = { at: now(world) };
    const planned = rotation.plan({ env, mainKey: world.store.region, kdh: { hsmId: 'hsm-1' } });
    const hsm = {
      kind: 'hsm-sync',
      schema: 1,
      revision: 1,
      hsmId: 'hsm-2',
      regionId: REGION,
      state: 'in-service',
      seenNonces: [],
      versions: [],
    } as const;
    const waiting = rotation.start({ env, ...planned, hsms: [hsm] });
    expect(waiting.job.phase).toBe('distributing');
    const { blockers } = rotation.status({ env, job: waiting.job });
    expect(blockers).toEqual([{ kind: 'distributing' }]);
    expect(rotation.start({ env, ...waiting, hsms: [] }).job.phase).toBe('translating');
  });

  it('rotates while one of its profiles does', async () => {
    const world = createWorld(1, 2);
    for await (const { kind } of steps(world, PROFILE)) if (kind === 'promote') break;
    expect((await drive(world, 'region')).last).toBe('done');
    expect((await drive(world, PROFILE)).last).toBe('done');
    const { versions } = world.store.profile(PROFILE);
    expect(versions.map(({ slots }) => slots.map(({ under }) => under.version))).toEqual([
      [2],
      [2],
    ]);
    expect(ringOf(world).secret({ keyId: REGION, version: 2 })).toBeDefined();
  });
});

describe('the switch of a region', () => {
  it('waits for a device that came into service since the key was distributed', () => {
    const env = { at: new Date('2027-01-01') };
    const kdh = { hsmId: 'hsm-1' };
    const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
    const started = rotation.start({ env, ...rotation.plan({ env, mainKey: record, kdh }) });
    const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
    const { mainKey } = started;
    const blank = mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-2' });
    const late = { ...blank, state: 'in-service' } as const;
    expect(() => rotation.promote({ env, job, mainKey, hsms: [late] })).toThrow(stateConflict);
    const { mainKey: switched } = rotation.promote({ env, job, mainKey, hsms: [blank] });
    expect(switched.versions.map(({ state }) => state)).toEqual(['retiring', 'active']);
  });

  it('asks for the devices again when it comes to that', async () => {
    const env = { at: new Date('2027-01-01') };
    const kdh = { hsmId: 'hsm-1' };
    const { record, secret } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
    const blank = mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-2' });
    const { job, mainKey, pending } = rotation.plan({ env, mainKey: record, kdh });
    const ref = (version: number) => ({ keyId: 'eu-central-1', version });
    const keys = [
      { ref: ref(1), key: secret },
      { ref: ref(2), key: pending ?? secret },
    ];
    const states: HsmSyncRecord['state'][] = ['allowed', 'in-service'];
    const rotate = async () => {
      const hsms = async () => [{ ...blank, state: states.shift() ?? 'in-service' }];
      const ring = createKeyRing({ keys });
      for await (const step of rotation.rotate({ job, mainKey, ring, hsms, now: () => env.at })) {
        if (step.kind === 'rescan') step.provide([], 0);
      }
    };
    await expect(rotate()).rejects.toMatchObject({ code: 'STATE_CONFLICT', field: 'record' });
    expect(states).toEqual([]);
  });
});
