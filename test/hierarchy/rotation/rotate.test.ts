import {
  type ConditionalWrite,
  type HeldRecord,
  mainKeys,
  type ProfileRecord,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  begin,
  Crash,
  comeBack,
  countOf,
  drive,
  type Hooks,
  mainKeyOf,
  scanOf,
  steps,
  type Target,
} from './drive.js';
import { addCustomer, createWorld, now, REGION, ringOf, type World } from './world.js';

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

describe('a scan to verify that shows every record, and one of them twice', () => {
  it('is no proof, and the run says so', async () => {
    const world = createWorld(1, 3);
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      answer(step, jobId);
      if (step.kind !== 'rescan' || step.pass !== 'verify') return;
      const rows = scanOf(world, 'p1');
      step.provide([...rows, ...rows.slice(0, 1)], rows.length);
    });
    const blockers = [{ kind: 'count' }];
    expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures: [], status: { blockers } });
    expect((await drive(world, 'p1')).last).toBe('done');
  });
});

type Step = rotation.RotateStep;

/** One run by hand: its steps go to a function that answers them, or does not. */
async function run(
  world: World,
  target: Target,
  answer: (step: Step, jobId: string) => void,
  options: Partial<rotation.RotateOptions<rotation.MainKeyRecord>> = {},
  { job, mainKey }: Pick<rotation.RotationStep, 'job' | 'mainKey'> = begin(world, target),
): Promise<Step[]> {
  const ring = ringOf(world);
  const seen: Step[] = [];
  const given = { job, mainKey, ring, now: () => now(world), ...options };
  for await (const step of rotation.rotate(given)) {
    seen.push(step);
    answer(step, job.jobId);
  }
  return seen;
}

/** Does what every driver does. */
function answering(world: World, target: Target) {
  return (step: Step, jobId: string) => {
    if ('writes' in step) step.ack({ conflicts: world.store.writeAll(step.writes) });
    if (step.kind === 'rescan') step.provide(scanOf(world, target), countOf(world, target));
    if (step.kind === 'wait') world.clock.seconds += 60;
    const stored = world.store.job(jobId);
    if (step.kind === 'reload' && stored !== undefined) {
      step.provide({ job: stored, mainKey: mainKeyOf(world, target) });
    }
  };
}

const lastOf = (seen: readonly Step[]) => seen.at(-1)?.kind;

describe('the records of a scan', () => {
  async function* slowly<T>(parts: readonly T[]) {
    for (const part of parts) yield await Promise.resolve(part);
  }

  it.each<[string, (rows: readonly HeldRecord[]) => rotation.RecordSource]>([
    ['one by one, as they are read', (rows) => slowly(rows)],
    ['in pages', (rows) => [rows.slice(0, 2), [], rows.slice(2)]],
    ['in pages, as they are read', (rows) => slowly([rows.slice(0, 2), rows.slice(2)])],
    ['in a set', (rows) => new Set(rows)],
  ])('may come %s', async (_how, sourceOf) => {
    const world = createWorld(1, 3);
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      answer(step, jobId);
      if (step.kind === 'rescan') {
        step.provide(sourceOf(scanOf(world, 'p1')), countOf(world, 'p1'));
      }
    });
    expect(lastOf(seen)).toBe('done');
    for (const { slots } of world.store.customers()) {
      expect(slots.map(({ under }) => under.version)).toEqual([2]);
    }
  });

  it('may be given with the options, for the first scan only', async () => {
    const world = createWorld(1, 2);
    const source = scanOf(world, 'p1');
    const seen = await run(world, 'p1', answering(world, 'p1'), { source });
    const passes = seen.flatMap((step) => (step.kind === 'rescan' ? [step.pass] : []));
    expect(passes[0]).toBe('verify');
    expect(lastOf(seen)).toBe('done');
  });
});

describe('the rows that are given with the options', () => {
  it('are not what the clean-up looks at: somebody may write while it waits', async () => {
    const world = createWorld(1, 0);
    for await (const { kind } of steps(world, 'p1')) if (kind === 'promote') break;
    const source = scanOf(world, 'p1');
    const answer = answering(world, 'p1');
    const seen = await run(
      world,
      'p1',
      (step, jobId) => {
        answer(step, jobId);
        if (step.kind === 'wait') addCustomer(world, 'p1', 'late', ignorant(world));
      },
      { source },
    );
    expect(lastOf(seen)).toBe('done');
    expect(world.store.key('late').slots.map(({ under }) => under.version)).toEqual([2]);
  });
});

describe('the scan of a clean-up', () => {
  /** A rotation that was promoted, with a key since then under the old main key alone. */
  async function promoted(): Promise<World> {
    const world = createWorld(1, 6);
    for await (const { kind } of steps(world, 'p1')) if (kind === 'promote') break;
    addCustomer(world, 'p1', 'late', ignorant(world));
    return world;
  }

  it.each<[string, (rows: readonly HeldRecord[]) => readonly HeldRecord[]]>([
    ['does not see all records', (rows) => rows.slice(0, 3)],
    ['sees one of them twice', (rows) => [...rows.slice(0, 6), ...rows.slice(0, 1)]],
  ])('is no proof where it %s', async (_how, some) => {
    const world = await promoted();
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      answer(step, jobId);
      if (step.kind !== 'rescan' || step.pass !== 'clean-up') return;
      step.provide(some(scanOf(world, 'p1')), countOf(world, 'p1'));
    });
    const blockers = [{ kind: 'count' }];
    expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures: [], status: { blockers } });
    expect(world.store.profile('p1').versions[0]?.state).toBe('retiring');
    expect((await drive(world, 'p1')).last).toBe('done');
    expect(world.store.key('late').slots.map(({ under }) => under.version)).toEqual([2]);
  });

  it.each(['verify', 'clean-up'] as const)('is refused without a count: %s', async (pass) => {
    const world = createWorld(1, 1);
    const answer = answering(world, 'p1');
    const rotating = run(world, 'p1', (step, jobId) => {
      answer(step, jobId);
      if (step.kind === 'rescan' && step.pass === pass) step.provide(scanOf(world, 'p1'));
    });
    await expect(rotating).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'count' });
  });
});

describe('a row that has no key', () => {
  it.each(['create-in-progress', 'create-failed'] as const)(
    'is one of those that the store counts: %s',
    async (state) => {
      const world = createWorld(1, 3);
      const lifecycle = { state, enabled: false };
      const put = (keyId: string) =>
        world.store.put({ ...world.store.key('p1-k1'), keyId, slots: [], lifecycle });
      put('before');
      for await (const { kind } of steps(world, 'p1')) if (kind === 'promote') break;
      put('after');
      expect((await drive(world, 'p1')).last).toBe('done');
      expect(world.store.profile('p1').versions[0]?.state).toBe('retired');
    },
  );
});

describe('a row that can not be written', () => {
  const failures = [
    { recordId: 'p1-k2', version: undefined, code: 'STATE_CONFLICT', field: 'record' },
  ];

  /** Brings a rotation to a clean-up, or does not. */
  async function begun(phase: string): Promise<World> {
    const world = createWorld(1, 3);
    if (phase === 'clean-up') {
      for await (const { kind } of steps(world, 'p1')) if (kind === 'clean-up') break;
    }
    return world;
  }

  it.each(['translate', 'clean-up'])('ends the run and is named: %s', async (phase) => {
    const world = await begun(phase);
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      if (step.kind !== 'writes') return answer(step, jobId);
      const some = step.writes.filter(({ recordId }) => recordId !== 'p1-k2');
      const conflicts = world.store.writeAll(some) + step.writes.length - some.length;
      step.ack({ conflicts });
    });
    expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures });
    expect((await drive(world, 'p1')).last).toBe('done');
  });

  it.each(['translate', 'clean-up'])(
    'is one that stands under another ID as well: %s',
    async (phase) => {
      const world = await begun(phase);
      world.store.records.set('customer-key:copy', world.store.key('p1-k2'));
      const seen = await run(world, 'p1', answering(world, 'p1'));
      expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures });
      world.store.records.delete('customer-key:copy');
      expect((await drive(world, 'p1')).last).toBe('done');
    },
  );

  it('is named with its version where it is a profile', async () => {
    const world = createWorld(1, 0);
    const answer = answering(world, 'region');
    const seen = await run(world, 'region', (step, jobId) => {
      if (step.kind === 'writes') step.ack({ conflicts: step.writes.length });
      else answer(step, jobId);
    });
    const failure = { recordId: `${REGION}/p1`, version: 1, code: 'STATE_CONFLICT' };
    expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures: [failure] });
  });

  it('is one of a scan that is the same every time', async () => {
    const world = createWorld(1, 2);
    const rows = scanOf(world, 'p1');
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      answer(step, jobId);
      if (step.kind === 'rescan') step.provide(rows, rows.length);
    });
    expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures: [{}, { recordId: 'p1-k2' }] });
  });

  it.each(['STATE_CONFLICT', 'INVALID_LENGTH'])(
    'is one of many: of a thousand the verdict says why, of the others that they have no block, %s',
    async (code) => {
      const world = createWorld(1, 1001);
      const answer = answering(world, 'p1');
      const isConflict = code === 'STATE_CONFLICT';
      const spoilt = isConflict ? [] : world.store.customers();
      for (const row of spoilt) {
        world.store.put({ ...row, slots: row.slots.map((slot) => ({ ...slot, block: 'D' })) });
      }
      const seen = await run(world, 'p1', (step, jobId) => {
        if (step.kind === 'writes' && isConflict) step.ack({ conflicts: step.writes.length });
        else answer(step, jobId);
      });
      const last = seen.at(-1);
      const codes = last?.kind === 'blocked' ? last.failures.map((failure) => failure.code) : [];
      expect(codes).toHaveLength(1001);
      expect(codes.filter((one) => one !== 'STALE_VERSION')).toEqual(Array(1000).fill(code));
    },
  );

  it('may have been written by somebody else, pass after pass', async () => {
    const world = createWorld(1, 2);
    const answer = answering(world, 'p1');
    let passes = 0;
    const seen = await run(world, 'p1', (step, jobId) => {
      if (step.kind !== 'writes' || ++passes > 3) return answer(step, jobId);
      step.ack({ conflicts: step.writes.length });
    });
    expect(lastOf(seen)).toBe('done');
  });
});

/** The profile as a writer knows it who has not heard of the rotation. */
function ignorant({ store }: World): ProfileRecord {
  const { versions, ...profile } = store.profile('p1');
  return { ...profile, versions: versions.slice(0, 1).map((one) => ({ ...one, state: 'active' })) };
}

describe('a verdict', () => {
  const urgent: Hooks = {
    batch: 1,
    reason: 'suspected-compromise',
    promoteBeforeTranslated: true,
    staleness: 600,
    wait: () => undefined, // comes back at that time
  };
  const isVerify = (step: Step) => step.kind === 'rescan' && step.pass === 'verify';

  /** Goes on up to a step, and gives what it has asked for on the way. */
  async function until(
    going: AsyncGenerator<Step, void, void>,
    isWanted: (step: Step) => boolean = () => false,
  ): Promise<Step[]> {
    const seen: Step[] = [];
    for (;;) {
      const { value, done } = await going.next();
      if (done === true) return seen;
      seen.push(value);
      if (isWanted(value)) return seen;
    }
  }

  it('of a scan that somebody else was quicker than takes no proof away', async () => {
    const world = createWorld(1, 6);
    const [first, late] = [steps(world, 'p1', urgent), steps(world, 'p1', urgent)];
    await until(first, isVerify);
    await until(late, isVerify);
    await until(late, (step) => step.kind === 'progress' && step.status.done >= 2);
    expect(lastOf(await until(first))).toBe('wait');
    world.clock.seconds += 310; // half of the time for which it may know the main key
    const proven = world.store.job('rotation:p1:2');
    expect(proven?.commitment).toMatchObject({ count: 6 });
    expect(lastOf(await until(late))).toBe('wait');
    expect(world.store.job('rotation:p1:2')).toEqual(proven);
    world.clock.seconds += 600;
    expect((await drive(world, 'p1')).last).toBe('done');
  });

  it('of a scan that somebody else was quicker than, and proved nothing, is left to another scan', async () => {
    const world = createWorld(1, 6);
    const late = steps(world, 'p1', urgent);
    await until(late, isVerify);
    await until(late, (step) => step.kind === 'progress' && step.status.done >= 2);
    const { job } = begin(world, 'p1');
    const again = { phase: job.phase, at: now(world).toISOString() };
    world.store.put({ ...job, revision: job.revision + 1, timeline: [...job.timeline, again] });
    world.clock.seconds += 310;
    expect(lastOf(await until(late, isVerify))).toBe('rescan');
    expect(lastOf(await until(late))).toBe('wait');
    expect(world.store.job('rotation:p1:2')?.commitment).toMatchObject({ count: 6 });
  });

  it('that could not be stored blocks nothing while others give theirs', async () => {
    const world = createWorld(1, 3);
    const answer = answering(world, 'p1');
    let verdicts = 0;
    const seen = await run(world, 'p1', (step, jobId) => {
      const isVerdict = step.kind === 'checkpoint' && step.job.phase === 'ready' && ++verdicts <= 3;
      if (!isVerdict) return answer(step, jobId);
      // Somebody else has begun again meanwhile.
      const { commitment: _, verification: __, ...job } = step.job;
      world.store.put({ ...job, phase: 'translating' });
      step.ack({ conflicts: 1 });
    });
    expect(verdicts).toBe(4);
    expect(lastOf(seen)).toBe('done');
  });
});

describe('a store that takes no record any more', () => {
  const refusal = { recordId: 'rotation:p1:2', code: 'STATE_CONFLICT', field: 'job' };

  it.each(['planned', 'translating', 'verifying', 'ready', 'promoted', 'cleaning'])(
    'ends the run, which names the job: %s',
    async (phase) => {
      const world = createWorld(1, 2);
      const answer = answering(world, 'p1');
      const seen = await run(world, 'p1', (step, jobId) => {
        const isRefused = 'job' in step && world.store.job(jobId)?.phase === phase;
        if (isRefused && 'ack' in step) step.ack({ conflicts: step.writes.length });
        else answer(step, jobId);
      });
      expect(seen.at(-1)).toMatchObject({ kind: 'blocked', failures: [refusal] });
      expect((await drive(world, 'p1')).last).toBe('done');
    },
  );
});

describe('a checkpoint in a long scan', () => {
  /** The cursors that were stored. */
  const cursorsOf = (seen: readonly Step[]) =>
    seen.flatMap((step) =>
      step.kind === 'checkpoint' && 'cursor' in step.job ? [step.job.cursor] : [],
    );

  it('says after every twenty pages where the scan may go on', async () => {
    const world = createWorld(1, 21);
    const seen = await run(world, 'p1', answering(world, 'p1'), { batch: 1 });
    expect(cursorsOf(seen)[0]).toBe('p1-k20');
    expect(lastOf(seen)).toBe('done');
  });

  it.each([
    ['is nothing', null],
    ['is not there, since the page is empty', []],
  ])('names no row that %s', async (_what, last) => {
    const world = createWorld(1, 20);
    const answer = answering(world, 'p1');
    const seen = await run(
      world,
      'p1',
      (step, jobId) => {
        answer(step, jobId);
        if (step.kind !== 'rescan') return;
        step.provide([...scanOf(world, 'p1').slice(0, 19), last] as unknown as HeldRecord[], 20);
      },
      { batch: 1 },
    );
    expect(lastOf(seen)).toBe('blocked');
    expect(seen.filter(({ kind }) => kind === 'checkpoint').length).toBeGreaterThan(0);
    expect(cursorsOf(seen)).toEqual([]);
  });
});

describe('a step that nobody answers', () => {
  it.each(['translate', 'verify', 'clean-up'] as const)(
    'ends the run when a scan was asked for: %s',
    async (pass) => {
      const world = createWorld(1, 2);
      const answer = answering(world, 'p1');
      const seen = await run(world, 'p1', (step, jobId) => {
        if (step.kind !== 'rescan' || step.pass !== pass) answer(step, jobId);
      });
      expect(seen.at(-1)).toMatchObject({ kind: 'rescan', pass });
      expect((await drive(world, 'p1')).last).toBe('done');
    },
  );

  it('ends the run when profiles were to be scanned for another version of theirs', async () => {
    const world = createWorld(1, 1);
    const answer = answering(world, 'region');
    let scans = 0;
    const seen = await run(world, 'region', (step, jobId) => {
      if (step.kind !== 'rescan' || ++scans === 1) answer(step, jobId);
    });
    expect(seen.at(-1)).toMatchObject({ kind: 'rescan', pass: 'translate' });
    expect((await drive(world, 'region')).last).toBe('done');
  });

  it('ends the run when the records were asked for', async () => {
    const world = createWorld(1, 2);
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      if (step.kind === 'promote') step.ack({ conflicts: 1 });
      else if (step.kind !== 'reload') answer(step, jobId);
    });
    expect(lastOf(seen)).toBe('reload');
    expect(world.store.profile('p1').versions.map(({ state }) => state)).toEqual([
      'active',
      'pending',
    ]);
  });

  it('ends the run when nobody waits for readers, before a block is dropped', async () => {
    const world = createWorld(1, 2);
    const answer = answering(world, 'p1');
    const seen = await run(world, 'p1', (step, jobId) => {
      if (step.kind !== 'wait') answer(step, jobId);
    });
    expect(lastOf(seen)).toBe('wait');
    for (const { slots } of world.store.customers()) expect(slots).toHaveLength(2);
    expect((await drive(world, 'p1')).last).toBe('done');
  });

  it.each(['verify', 'clean-up'] as const)(
    'may be the last one before a signal: %s',
    async (pass) => {
      const world = createWorld(1, 2);
      const signal = { aborted: false };
      const answer = answering(world, 'p1');
      const seen = await run(
        world,
        'p1',
        (step, jobId) => {
          answer(step, jobId);
          if (step.kind === 'rescan' && step.pass === pass) signal.aborted = true;
        },
        { signal },
      );
      expect(seen.at(-1)).toMatchObject({ kind: 'rescan', pass });
      for (const { slots } of world.store.customers()) expect(slots).toHaveLength(2);
      expect((await drive(world, 'p1')).last).toBe('done');
    },
  );

  it('does not go on with another job', async () => {
    const world = createWorld(1, 2);
    const answer = answering(world, 'p1');
    const rotating = run(world, 'p1', (step, jobId) => {
      if (step.kind === 'promote') step.ack({ conflicts: 1 });
      else if (step.kind !== 'reload') answer(step, jobId);
      else {
        const job = world.store.job(jobId);
        if (job === undefined) throw new Error('no job');
        step.provide({ job: { ...job, jobId: 'another' }, mainKey: mainKeyOf(world, 'p1') });
      }
    });
    await expect(rotating).rejects.toMatchObject({ code: 'STATE_CONFLICT', field: 'job' });
  });
});

describe('a region whose devices have to be asked', () => {
  const blank = mainKeys.createHsmRecord({ regionId: REGION, hsmId: 'hsm-2' });
  const hsms = [{ ...blank, state: 'in-service' as const }];

  it('is blocked while one of them has not got the new main key', async () => {
    const world = createWorld(1, 1);
    const seen = await run(world, 'region', answering(world, 'region'), { hsms });
    expect(seen.at(-1)).toMatchObject({
      kind: 'blocked',
      status: { phase: 'distributing', blockers: [{ kind: 'distributing' }] },
      failures: [],
    });
    expect(world.store.profile('p1').versions[0]?.slots).toHaveLength(1);
  });

  it.each([1, 2])('is left as it is when the signal comes while it asks, time %d', async (time) => {
    const world = createWorld(1, 1);
    const signal = { aborted: false };
    let asked = 0;
    const ask = () => {
      asked++;
      if (asked === time) signal.aborted = true;
      return [];
    };
    const seen = await run(world, 'region', answering(world, 'region'), { hsms: ask, signal });
    expect(asked).toBe(time);
    expect(lastOf(seen)).toBe('progress');
    expect(seen.some(({ kind }) => kind === 'promote')).toBe(false);
    expect(world.store.region.versions.map(({ state }) => state)).toEqual(['active', 'pending']);
    expect((await drive(world, 'region')).last).toBe('done');
  });
});

describe('a rotation that is come back to after each wait', () => {
  const STALENESS = 300;
  const isSwitched = ({ store }: World) => store.profile('p1').versions[1]?.state === 'active';

  it('ends although the job was lost when it was promoted', async () => {
    const world = createWorld(1, 3);
    const write = (one: ConditionalWrite) => {
      // The main key is stored, and then the process is killed.
      if (isSwitched(world)) throw new Crash();
      return world.store.write(one);
    };
    await expect(drive(world, 'p1', { write, staleness: STALENESS })).rejects.toThrow(Crash);
    expect(world.store.job('rotation:p1:2')?.phase).toBe('ready');
    expect(await comeBack(world, 'p1', 1)).toMatchObject({ last: 'done' });
  });

  it('ends although the job was lost when it was aborted', async () => {
    const world = createWorld(1, 3);
    for await (const step of steps(world, 'p1', { staleness: STALENESS })) {
      if (step.kind === 'rescan' && step.pass === 'verify') break;
    }
    const { job, mainKey } = begin(world, 'p1');
    const { writes } = rotation.abort({ env: { at: now(world) }, job, mainKey });
    world.store.writeAll(writes.slice(0, 1));
    expect(await comeBack(world, 'p1', 1)).toMatchObject({ last: 'done' });
    expect(world.store.job(job.jobId)?.phase).toBe('aborted');
  });

  it('ends although what was given was too old to be stored', async () => {
    const world = createWorld(1, 3);
    const { job } = begin(world, 'p1');
    for await (const step of steps(world, 'p1')) if (step.kind === 'wait') break;
    const seen = await run(
      world,
      'p1',
      answering(world, 'p1'),
      {},
      {
        job,
        mainKey: mainKeyOf(world, 'p1'),
      },
    );
    const kinds = seen.map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).toEqual(['checkpoint', 'reload']);
    expect(kinds.at(-1)).toBe('done');
  });
});

describe('a job that its main key has got ahead of', () => {
  /** The process died between the two writes of the switch. */
  async function behind(): Promise<World> {
    const world = createWorld(1, 2);
    const write = (one: ConditionalWrite) => {
      if (world.store.profile('p1').versions[1]?.state === 'active') throw new Crash();
      return world.store.write(one);
    };
    await expect(drive(world, 'p1', { write })).rejects.toThrow(Crash);
    return world;
  }

  it('is left as it is while it is paused', async () => {
    const world = await behind();
    const { job, mainKey } = begin(world, 'p1');
    const step = rotation.pause({ env: { at: now(world) }, job, mainKey });
    const seen = await run(world, 'p1', answering(world, 'p1'), {}, step);
    expect(seen.map(({ kind }) => kind)).toEqual(['progress']);
  });

  it('is left as it is under a signal that has come before', async () => {
    const world = await behind();
    const signal = { aborted: true };
    const seen = await run(world, 'p1', answering(world, 'p1'), { signal });
    expect(seen.map(({ kind }) => kind)).toEqual(['progress']);
    expect((await drive(world, 'p1')).last).toBe('done');
  });
});

describe('a rotation that is over', () => {
  it('is only told so, also when its old main key was destroyed since', async () => {
    const world = createWorld(1, 1);
    const { job: begun } = begin(world, 'p1');
    await drive(world, 'p1');
    const ended = world.store.job(begun.jobId) ?? begun;
    const env = { at: new Date(now(world).getTime() + 91 * 86_400_000) };
    const retired = world.store.profile('p1');
    const { mainKey } = rotation.destroy({ env, mainKey: retired, version: 1, stragglers: 0 });
    const told = await run(world, 'p1', () => undefined, {}, { job: ended, mainKey });
    expect(told.map(({ kind }) => kind)).toEqual(['done']);
    // Who has an old job in his store has to store that it is over.
    const stored = await run(world, 'p1', () => undefined, {}, { job: begun, mainKey });
    expect(stored.map(({ kind }) => kind)).toEqual(['checkpoint', 'done']);
    for (const seen of [told, stored]) {
      expect(seen.at(-1)).toMatchObject({ job: { phase: 'done' }, mainKey });
    }
  });

  it('is only told so when it was given up', async () => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, 'p1');
    world.store.writeAll(rotation.abort({ env: { at: now(world) }, job, mainKey }).writes);
    await drive(world, 'p1');
    const ended = { job: world.store.job(job.jobId) ?? job, mainKey: mainKeyOf(world, 'p1') };
    const seen = await run(world, 'p1', () => undefined, {}, ended);
    expect(seen).toEqual([expect.objectContaining({ kind: 'done' })]);
    expect(seen[0]).toMatchObject({ job: { phase: 'aborted' } });
  });
});

describe('a main key with a version that does not open', () => {
  it.each([0, 1])('begins no run: version %d', async (index) => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, 'p1');
    if (mainKey.kind !== 'profile') throw new Error('a profile');
    const versions = mainKey.versions.map((version, i) =>
      i === index
        ? {
            ...version,
            slots: version.slots.map((slot) => ({ ...slot, block: `${slot.block.slice(0, -1)}X` })),
          }
        : version,
    );
    const seen: Step[] = [];
    const altered = { job, mainKey: { ...mainKey, versions } };
    const rotating = run(world, 'p1', (step) => seen.push(step), {}, altered);
    await expect(rotating).rejects.toMatchObject({ name: 'KeyblockError' });
    expect(seen).toEqual([]);
  });
});

describe('a main key that was altered in clean-up', () => {
  it('loses no block', async () => {
    const world = createWorld(1, 2);
    for await (const { kind } of steps(world, 'p1')) if (kind === 'clean-up') break;
    const profile = world.store.profile('p1');
    const [old, ...others] = profile.versions;
    if (old === undefined) throw new Error('no version');
    const mainKey = { ...profile, versions: [{ ...old, state: 'retired' as const }, ...others] };
    const { job } = begin(world, 'p1');
    const seen: Step[] = [];
    const rotating = run(
      world,
      'p1',
      (step, jobId) => {
        seen.push(step);
        answering(world, 'p1')(step, jobId);
      },
      {},
      { job, mainKey },
    );
    await expect(rotating).rejects.toMatchObject({ code: 'STATE_CONFLICT', field: 'record' });
    expect(seen.some(({ kind }) => kind === 'writes')).toBe(false);
    for (const { slots } of world.store.customers()) expect(slots).toHaveLength(2);
  });
});
