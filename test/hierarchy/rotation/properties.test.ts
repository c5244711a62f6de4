// What holds of every rotation: I16, I18, I20, I21, I22, and what bad rows get.

import fc from 'fast-check';
import {
  applyWrite,
  type BlockSlot,
  type ConditionalWrite,
  type CustomerKeyRecord,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin, drive } from './drive.js';
import { PROFILE, translated, verify, withSlot, writesOf } from './translated.js';
import { createWorld, now, profileRing, ringOf } from './world.js';

describe('translating', () => {
  it('has nothing left to do a second time (I16)', () => {
    const { world, step } = translated(3);
    expect(writesOf(world, step)).toEqual([]);
  });

  it('does no harm when a result comes twice, or for a record that has moved on (I18)', () => {
    const world = createWorld(1, 3);
    const planned = begin(world, PROFILE);
    const started = rotation.start({ ...planned, env: { at: now(world) }, ring: ringOf(world) });
    const writes = writesOf(world, started);
    const late = writesOf(world, started);
    expect(world.store.writeAll(writes)).toBe(0);
    const before = world.store.customers();
    expect(world.store.writeAll(writes)).toBe(writes.length);
    expect(world.store.writeAll(late)).toBe(late.length);
    expect(world.store.customers()).toEqual(before);
  });

  it('gives tasks and results that survive JSON', () => {
    const world = createWorld(1, 2);
    const { job, mainKey } = begin(world, PROFILE);
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    expect(task).toBeDefined();
    const ring = profileRing(world, world.store.profile(PROFILE));
    const sent = JSON.parse(JSON.stringify(task)) as rotation.RewrapTask;
    const result = JSON.parse(JSON.stringify(rotation.run({ task: sent, ring })));
    const { writes } = rotation.apply({ env: { at: now(world) }, job, results: [result] });
    expect(world.store.writeAll(writes)).toBe(0);
    expect(structuredClone(task)).toEqual(task);
  });
});

describe('verifying (I20)', () => {
  const { world, step } = translated(3);
  const rows = world.store.customers();

  it('proves what is in order, with the same sum in whatever order', () => {
    const forwards = verify(world, step);
    const backwards = verify(world, step, [...rows].reverse());
    expect(forwards.job.phase).toBe('ready');
    expect(forwards.job.verification).toBe('key-bytes');
    expect(forwards.job.commitment?.count).toBe(3);
    expect(backwards.job.commitment).toEqual(forwards.job.commitment);
  });

  it('gives the same sum in parts, and another for other keys', () => {
    const ring = profileRing(world, world.store.profile(PROFILE));
    const { job, mainKey } = step;
    const parts = rotation
      .verifyTasks({ job, mainKey, records: rows, size: 1 })
      .map((task) => rotation.verifyRun({ task, ring }));
    const env = { at: now(world) };
    const whole = rotation.verifyFold({ env, job, results: parts, count: 3 });
    const some = rotation.verifyFold({ env, job, results: parts.slice(1), count: 2 });
    expect(whole.job.commitment).toEqual(verify(world, step).job.commitment);
    expect(some.job.commitment?.sum).not.toBe(whole.job.commitment?.sum);
  });

  it('fails when a row is missing, or comes twice', () => {
    expect(verify(world, step, rows.slice(1)).job.phase).toBe('translating');
    const twice = [...rows, ...rows.slice(0, 1)];
    expect(verify(world, step, twice).job.phase).toBe('translating');
  });

  it('fails when one result stands in for another (I20)', () => {
    const ring = profileRing(world, world.store.profile(PROFILE));
    const { job, mainKey } = step;
    const env = { at: now(world) };
    const fold = (results: readonly rotation.VerifyResult[], count: number) =>
      rotation.verifyFold({ env, job, results, count }).job.phase;
    const [a, b, c] = rotation
      .verifyTasks({ job, mainKey, records: rows, size: 1 })
      .map((task) => rotation.verifyRun({ task, ring }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three results');
    expect(fold([a, b, c], 3)).toBe('ready');
    expect(fold([a, a], 2)).toBe('translating');
    expect(fold([a, c, a], 3)).toBe('translating');
    expect(fold([{ ...a, records: ['x', 'y', 'z'] }], 3)).toBe('translating');
  });

  it('does not count what was found before a roll-back', () => {
    const ring = profileRing(world, world.store.profile(PROFILE));
    const env = { at: now(world) };
    const results = rotation
      .verifyTasks({ ...step, records: rows })
      .map((task) => rotation.verifyRun({ task, ring }));
    const { job } = rotation.verifyFold({ env, job: step.job, results, count: 3 });
    const promoted = rotation.promote({ env, job, mainKey: step.mainKey });
    const back = rotation.rollback({ env, ...promoted });
    const again = rotation.verifyFold({ env, job: back.job, results, count: 3 });
    expect(again.job.phase).toBe('translating');
    expect(again.job.commitment).toBeUndefined();
  });

  it.each<[string, object | null]>([
    ['nothing', null],
    ['a result of another kind', { kind: 'rewrap-result' }],
    ['a number of records', { records: 5 }],
    ['a negative count', { before: { count: -1, sum: '0'.repeat(64) } }],
    ['a sum that is none', { after: { count: 1, sum: 5 } }],
    ['a failure that is none', { failures: [null] }],
  ])('refuses %s as a result', (_what, change) => {
    const ring = profileRing(world, world.store.profile(PROFILE));
    const [task] = rotation.verifyTasks({ ...step, records: rows });
    if (task === undefined) throw new Error('no task');
    const result = change && { ...rotation.verifyRun({ task, ring }), ...change };
    const results = [result as rotation.VerifyResult];
    const fold = () =>
      rotation.verifyFold({ env: { at: now(world) }, job: step.job, results, count: 3 });
    expect(fold).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }));
  });

  it.each([-1, 0.5, Number.NaN])('refuses a count of %d', (count) => {
    const fold = () =>
      rotation.verifyFold({ env: { at: now(world) }, job: step.job, results: [], count });
    expect(fold).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'count' }));
  });

  it('fails when any character of any block is another one, and names the row', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: rows.length - 1 }),
        fc.nat({ max: 1 }),
        fc.nat(),
        fc.constantFrom(...'0123456789ABCDEF'),
        (row, slot, place, digit) => {
          const changed = rows.map((record, i) =>
            i !== row
              ? record
              : withSlot(record, slot, (old) => {
                  const at = place % old.block.length;
                  const block = old.block.slice(0, at) + digit + old.block.slice(at + 1);
                  return { ...old, block };
                }),
          );
          fc.pre(JSON.stringify(changed) !== JSON.stringify(rows));
          const { job, failures } = verify(world, step, changed);
          expect(job.phase).toBe('translating');
          expect(failures.map(({ recordId }) => recordId)).toEqual([rows[row]?.keyId]);
        },
      ),
    );
  });

  it.each([0, 1])('fails when block %i of two rows is swapped, and names both', (index) => {
    const [a, b, ...others] = rows as [CustomerKeyRecord, CustomerKeyRecord, CustomerKeyRecord];
    const swapped = [
      withSlot(a, index, () => b.slots[index] as BlockSlot), // both rows have two
      withSlot(b, index, () => a.slots[index] as BlockSlot),
      ...others,
    ];
    const { job, failures } = verify(world, step, swapped);
    expect(job.phase).toBe('translating');
    expect(failures.map(({ recordId, code }) => [recordId, code])).toEqual([
      [a.keyId, 'CONTEXT_MISMATCH'],
      [b.keyId, 'CONTEXT_MISMATCH'],
    ]);
  });

  it('fails for a row that was rolled back, and translates it again', async () => {
    const { world: other, step: planned } = translated(3);
    const [row] = other.store.customers();
    if (row === undefined) throw new Error('no row');
    other.store.put({ ...row, slots: row.slots.slice(0, 1) });
    const { failures } = verify(other, planned);
    expect(failures).toEqual([
      expect.objectContaining({ recordId: row.keyId, code: 'STALE_VERSION' }),
    ]);
    expect(await drive(other, PROFILE)).toEqual({ last: 'done', failures: [] });
  });

  it.each<[string, (row: CustomerKeyRecord) => unknown, string]>([
    ['no blocks', (row) => ({ ...row, slots: [] }), 'STALE_VERSION'],
    [
      'another check value',
      (row) => ({ ...row, kcv: { method: row.kcv.method, value: '0000000000' } }),
      'KCV_MISMATCH',
    ],
    [
      'a block under another main key',
      (row) => ({
        ...row,
        slots: [...row.slots, { ...row.slots[0], under: { keyId: 'x/y', version: 1 } }],
      }),
      'CONTEXT_MISMATCH',
    ],
    ['no list of blocks', (row) => ({ ...row, slots: 'x' }), 'STATE_CONFLICT'],
    [
      'other attributes',
      (row) => ({ ...row, attributes: { ...row.attributes, modeOfUse: 'N' } }),
      'CONTEXT_MISMATCH',
    ],
    [
      'a block that is none',
      (row) => withSlot(row, 0, (slot) => ({ ...slot, block: 'D' })),
      'INVALID_LENGTH',
    ],
  ])('names a row with %s, and goes on with the others', (_what, change, code) => {
    const changed = rows.map((row, i) => (i === 0 ? (change(row) as CustomerKeyRecord) : row));
    const { job, failures } = verify(world, step, changed);
    expect(failures).toEqual([expect.objectContaining({ recordId: rows[0]?.keyId, code })]);
    expect(job.phase).toBe('translating');
    expect(() => rotation.promote({ env: { at: now(world) }, job, mainKey: step.mainKey })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'job' }),
    );
  });
});

describe('one bad row', () => {
  it('blocks the promotion, and nothing else', async () => {
    const world = createWorld(1, 3);
    const [bad] = world.store.customers();
    if (bad === undefined) throw new Error('no row');
    const other = world.store.key('p1-k2');
    world.store.put({ ...bad, slots: other.slots });
    const ended = await drive(world, PROFILE);
    expect(ended.last).toBe('blocked');
    expect(ended.failures).toEqual([
      expect.objectContaining({ recordId: bad.keyId, code: 'CONTEXT_MISMATCH' }),
    ]);
    const states = world.store.profile(PROFILE).versions.map(({ state }) => state);
    expect(states).toEqual(['active', 'pending']);
    expect(world.store.key('p1-k2').slots).toHaveLength(2);
  });
});

describe('a block that was altered', () => {
  it('is what blocks the promotion, and not that there is no new one', async () => {
    const world = createWorld(1, 2);
    const [bad] = world.store.customers();
    if (bad === undefined) throw new Error('no row');
    const flipped = (block: string) => block.slice(0, -1) + (block.endsWith('0') ? '1' : '0');
    world.store.put(withSlot(bad, 0, (slot) => ({ ...slot, block: flipped(slot.block) })));
    const { keyId: recordId } = bad;
    const failure = expect.objectContaining({ recordId, code: 'AUTHENTICATION_FAILED' });
    expect(await drive(world, PROFILE)).toEqual({ last: 'blocked', failures: [failure] });
  });
});

describe('a row that can not be read', () => {
  it.each(['cleaning', 'aborting'])('ends a rotation that is %s as blocked', async (phase) => {
    const { world, step } = translated(2);
    const env = { at: now(world) };
    if (phase === 'aborting') {
      world.store.writeAll(rotation.abort({ ...step, env }).writes);
    } else {
      const { job, writes } = verify(world, step);
      world.store.writeAll(writes);
      const promoted = rotation.promote({ env, job, mainKey: step.mainKey });
      world.store.writeAll(promoted.writes);
    }
    const [bad] = world.store.customers();
    if (bad === undefined) throw new Error('no row');
    world.store.put({ ...bad, owner: null } as unknown as CustomerKeyRecord);
    const ended = await drive(world, PROFILE);
    expect(ended.last).toBe('blocked');
    expect(ended.failures).toEqual([
      expect.objectContaining({ recordId: bad.keyId, code: 'STATE_CONFLICT' }),
    ]);
  });
});

describe('malformed JSON', () => {
  const { world, step } = translated(1);
  const env = { at: now(world) };
  const { job, mainKey } = step;
  const { jobId, from, to } = job;
  const ring = profileRing(world, world.store.profile(PROFILE));
  const slot = { under: from };
  const item = { recordId: 'a', expectedRevision: 1 };
  const kcv = { method: 'cmac', value: '0000000000' };
  const kcvs = { from: kcv, to: kcv };

  it.each<[string, () => unknown]>([
    [
      'a task with no item',
      () => ({ task: { kind: 'rewrap-task', jobId, from, to, kcvs, items: [null] } }),
    ],
    [
      'an item without attributes',
      () => ({ task: { kind: 'rewrap-task', from, to, kcvs, items: [{}] } }),
    ],
    [
      'no check values of the main keys',
      () => ({ task: { kind: 'rewrap-task', from, to, items: [] } }),
    ],
    [
      'check values that are none',
      () => ({
        task: { kind: 'rewrap-task', from, to, kcvs: { from: { method: 'cmac' } }, items: [] },
      }),
    ],
    [
      'one check value of two',
      () => ({ task: { kind: 'rewrap-task', from, to, kcvs: { from: kcv }, items: [] } }),
    ],
  ])('is refused: %s', (_what, options) => {
    const run = () => rotation.run({ ...(options() as { task: rotation.RewrapTask }), ring });
    expect(run).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }));
  });

  it.each<[string, object]>([
    ['no check values', {}],
    ['one of two', { kcvs: { from: kcv } }],
    ['some that are none', { kcvs: { from: kcv, to: 'x' } }],
    ['those of a clean-up', { kcv }],
    ['records without a key that have no name', { kcvs, keyless: [1] }],
    ['no list of those', { kcvs, keyless: undefined }],
  ])('is refused: a task to verify with %s', (_what, given) => {
    const none = { bornUnderNew: false, items: [], keyless: [] };
    const task = { kind: 'verify-task', jobId, attempt: '1', from, to, ...none, ...given };
    expect(() => rotation.verifyRun({ task: task as never, ring })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }),
    );
  });

  it.each<[string, object]>([
    ['no check value', {}],
    ['one that is none', { kcv: { method: 'cmac' } }],
    ['those of a comparison', { kcvs }],
  ])('is refused: a task to clean up with %s', (_what, given) => {
    const task = { kind: 'cleanup-task', jobId, keep: to, drop: from, items: [], ...given };
    expect(() => rotation.cleanupRun({ task: task as never, ring })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }),
    );
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['an outcome that is none', { kind: 'rewrap-result', jobId, to, items: ['x'] }],
    ['a block elsewhere', { kind: 'rewrap-result', jobId, to, items: [{ ...item, slot }] }],
  ])('is refused: a result that is %s', (_what, result) => {
    const apply = () => rotation.apply({ env, job, results: [result as rotation.RewrapResult] });
    expect(apply).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }));
  });

  it('is refused: a block to drop that is none of the job', () => {
    const drop = { keyId: from.keyId, version: 9 };
    const results = [{ kind: 'cleanup-result', jobId, items: [{ ...item, drop }] } as const];
    expect(() => rotation.cleanupApply({ env, job, results })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }),
    );
  });

  it.each(['from', 'to', 'counters', 'policy', 'scope'])('is refused: a job without %s', (name) => {
    const broken = { ...job, [name]: undefined };
    expect(() => rotation.abort({ env, job: broken, mainKey })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }),
    );
  });

  it('is refused: a main key with a version that is none', () => {
    const broken = { ...mainKey, versions: [null] } as unknown as rotation.MainKeyRecord;
    expect(() => rotation.abort({ env, job, mainKey: broken })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'record' }),
    );
  });
});

describe('a row that is nothing', () => {
  it('is a failure of that row', () => {
    const { world, step } = translated(1);
    const rows = [...world.store.customers(), null] as CustomerKeyRecord[];
    const { job, failures } = verify(world, step, rows);
    expect(job.phase).toBe('translating');
    expect(failures).toEqual([expect.objectContaining({ recordId: '', code: 'INVALID_ARGUMENT' })]);
  });
});

describe('going back', () => {
  it('is refused before the switch when the old main key is compromised', () => {
    const { world, step } = translated(1);
    const versions = world.store
      .profile(PROFILE)
      .versions.map((version, i) =>
        i === 0 ? { ...version, compromised: { at: now(world).toISOString() } } : version,
      );
    const mainKey = { ...world.store.profile(PROFILE), versions };
    const abort = () => rotation.abort({ env: { at: now(world) }, job: step.job, mainKey });
    expect(abort).toThrow(expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }));
  });

  it('is as if the switch had not been made (I21)', () => {
    const { world, step } = translated(3);
    const env = { at: now(world) };
    const { job } = verify(world, step);
    const promoted = rotation.promote({ env, job, mainKey: step.mainKey });
    const back = rotation.rollback({ env, ...promoted });
    expect(back.mainKey.versions).toEqual(step.mainKey.versions);
    expect(back.job.phase).toBe('translating');
    expect(verify(world, back).job.commitment).toEqual(job.commitment);
  });

  it('is impossible once clean-up has begun, whoever is quicker', () => {
    const { world, step } = translated(1);
    const { job } = verify(world, step);
    const promoted = rotation.promote({ env: { at: now(world) }, job, mainKey: step.mainKey });
    world.clock.seconds += 60;
    const env = { at: now(world) };
    const cleaning = rotation.startCleanup({ env, ...promoted });
    expect(() => rotation.rollback({ env, ...cleaning })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT' }),
    );
    // Both from the same records: the first write of each is for the same revision.
    const back = rotation.rollback({ env, ...promoted });
    const [record] = [promoted.mainKey];
    const [first, second] = [cleaning.writes[0], back.writes[0]] as [
      ConditionalWrite,
      ConditionalWrite,
    ];
    const next = applyWrite({ record, write: first });
    expect(next).toBeDefined();
    expect(applyWrite({ record: next, write: second })).toBeUndefined();
  });

  it('leaves every block as it was when a rotation is aborted (I22)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 3 }), async (some) => {
        const world = createWorld(1, 3);
        const blocks = () => world.store.customers().map(({ slots }) => slots);
        const before = blocks();
        const planned = begin(world, PROFILE);
        const step = rotation.start({ ...planned, env: { at: now(world) }, ring: ringOf(world) });
        world.store.writeAll(step.writes);
        world.store.writeAll(writesOf(world, step).slice(0, some));
        world.store.writeAll(rotation.abort({ ...step, env: { at: now(world) } }).writes);
        expect(await drive(world, PROFILE)).toEqual({ last: 'done', failures: [] });
        expect(blocks()).toEqual(before);
        const states = world.store.profile(PROFILE).versions.map(({ state }) => state);
        expect(states).toEqual(['active', 'destroyed']);
      }),
      { numRuns: 10 },
    );
  });
});

describe('a key in deletion', () => {
  it('rotates like any other, and a tombstone does not', async () => {
    const world = createWorld(1, 3);
    const [pending, gone] = world.store.customers();
    if (pending === undefined || gone === undefined) throw new Error('no rows');
    const deleteAfter = '2027-02-01T00:00:00.000Z';
    world.store.put({
      ...pending,
      lifecycle: { state: 'delete-pending', enabled: false, deleteAfter },
    });
    world.store.put({
      ...gone,
      slots: [],
      lifecycle: { state: 'delete-complete', enabled: false },
    });
    expect(await drive(world, PROFILE)).toEqual({ last: 'done', failures: [] });
    expect(world.store.key(pending.keyId).slots.map(({ under }) => under.version)).toEqual([2]);
    expect(world.store.key(gone.keyId).slots).toEqual([]);
  });
});
