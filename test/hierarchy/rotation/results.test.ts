// What comes back through a queue late, from elsewhere, or by weaker means than the rest.

import { toHex } from 'keyblock';
import { rotation } from 'keyblock/hierarchy';
import { describe, expect, it, vi } from 'vitest';
import { envAt, STALENESS, stages } from './stages.js';
import { PROFILE, translated } from './translated.js';
import { now, profileRing } from './world.js';

const { world, step } = translated(2);
const { job, mainKey } = step;
const env = { at: now(world) };
const ring = profileRing(world, world.store.profile(PROFILE));
const rows = world.store.customers();

describe('results of another rotation', () => {
  const records = rows.map((row) => ({ ...row, slots: row.slots.slice(0, 1) }));
  const results = rotation
    .tasks({ job, mainKey, records })
    .map((task) => rotation.run({ task, ring }));

  it.each<[string, object]>([
    ['another job', { jobId: 'another' }],
    ['blocks under another main key', { to: { ...job.to, keyId: 'eu-central-1/p2' } }],
    ['blocks under another version', { to: { ...job.to, version: 3 } }],
    ['blocks under nothing', { to: undefined }],
  ])('lead to no write and count for nothing: %s', (_what, change) => {
    expect(rotation.apply({ env, job, results }).writes).toHaveLength(2);
    const others = results.map((result) => ({ ...result, ...change }));
    const applied = rotation.apply({ env, job, results: others });
    expect(applied).toEqual({ job, writes: [], checkpoint: [], failures: [], audit: [] });
  });

  it('drop no block', () => {
    const at = stages();
    const { from, jobId } = at.cleaning.job;
    const item = { recordId: 'eu-central-1/p1', expectedRevision: 1, version: 1, drop: from };
    const result = { kind: 'cleanup-result', jobId, items: [item] } as const;
    const apply = (given: rotation.CleanupResult) =>
      rotation.cleanupApply({ env: envAt(STALENESS), job: at.cleaning.job, results: [given] });
    expect(apply(result).writes.map(({ op }) => op)).toEqual(['drop-slot']);
    const other = apply({ ...result, jobId: 'another' });
    expect(other).toMatchObject({ job: at.cleaning.job, writes: [], failures: [] });
  });
});

describe('a clean-up that has not begun', () => {
  it('has no tasks', () => {
    expect(rotation.cleanupTasks({ job, mainKey, records: rows })).toEqual([]);
  });
});

describe('a scan', () => {
  const [a, b] = rotation
    .verifyTasks({ job, mainKey, records: rows, size: 1 })
    .map((task) => rotation.verifyRun({ task, ring }));
  if (a === undefined || b === undefined) throw new Error('two results');
  const fold = (results: readonly rotation.VerifyResult[]) =>
    rotation.verifyFold({ env, job, results, count: 2 });

  it.each(['port-compare', 'kcv-only'] as const)(
    'is as good as its weakest comparison, whichever comes first: %s',
    (verification) => {
      const weak = { ...b, verification };
      expect(fold([a, weak]).job).toMatchObject({ phase: 'ready', verification });
      expect(fold([weak, a]).job).toMatchObject({ phase: 'ready', verification });
    },
  );

  it.each([
    ['nothing', null],
    ['a text', '5'],
    ['a sum without a count', { sum: '0'.repeat(64) }],
    ['a sum of another length', { count: 1, sum: '0'.repeat(62) }],
    ['a sum in upper case', { count: 1, sum: 'A'.repeat(64) }],
  ])('refuses %s for a sum', (_what, before) => {
    expect(() => fold([a, { ...b, before: before as never }])).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'job' }),
    );
  });

  it('holds the keys of a task in one memory, and overwrites it', () => {
    const keys = new Set(world.truth.values());
    const holding: Uint8Array['buffer'][] = [];
    const { set } = Uint8Array.prototype;
    const spy = vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (
      this: Uint8Array,
      ...values
    ) {
      if (keys.has(toHex(Uint8Array.from(values[0])))) holding.push(this.buffer);
      set.apply(this, values);
    });
    const [task] = rotation.verifyTasks({ job, mainKey, records: rows });
    try {
      expect(task && rotation.verifyRun({ task, ring }).failures).toEqual([]);
    } finally {
      spy.mockRestore();
    }
    // As large as all keys may be that are in the blocks.
    const size = rows.reduce((sum, { slots }) => sum + (slots[1]?.block.length ?? 0) / 2, 0);
    expect(new Set(holding.filter(({ byteLength }) => byteLength === size)).size).toBe(1);
    for (const buffer of holding) {
      expect(new Uint8Array(buffer).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('counts a row without a key once, and takes it for no key', () => {
    const records = rows.map((row, i) =>
      i === 0
        ? { ...row, slots: [], lifecycle: { state: 'create-failed' as const, enabled: false } }
        : row,
    );
    const results = rotation
      .verifyTasks({ job, mainKey, records, size: 1 })
      .map((task) => rotation.verifyRun({ task, ring }));
    expect(fold(results).job).toMatchObject({ phase: 'ready', commitment: { count: 1 } });
    expect(fold([...results, ...results.slice(1)]).job.phase).toBe('translating');
  });

  it('has no task for rows that hold no key', () => {
    const gone = { state: 'delete-complete', enabled: false } as const;
    const records = rows.map((row) => ({ ...row, slots: [], lifecycle: gone }));
    expect(rotation.verifyTasks({ job, mainKey, records })).toEqual([]);
  });
});

describe('an urgent switch', () => {
  it('does not wait for a scan that is under way', () => {
    const policy = { ...job.policy, promoteBeforeTranslated: true };
    const urgent = { ...job, policy, reason: 'suspected-compromise', phase: 'verifying' } as const;
    const { mainKey: switched } = rotation.promote({ env, job: urgent, mainKey });
    expect(switched.versions.map(({ state }) => state)).toEqual(['retiring', 'active']);
    const patient = { ...urgent, reason: 'cryptoperiod' } as const;
    expect(() => rotation.promote({ env, job: patient, mainKey })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'job' }),
    );
  });

  it('is proven by a scan of its own after a verdict', () => {
    const policy = { ...job.policy, promoteBeforeTranslated: true };
    const urgent = { ...job, policy, reason: 'suspected-compromise' } as const;
    const promoted = rotation.promote({ env, job: urgent, mainKey });
    const scan = (asked: rotation.RotationStep['job']) =>
      rotation
        .verifyTasks({ job: asked, mainKey: promoted.mainKey, records: rows })
        .map((task) => rotation.verifyRun({ task, ring }));
    const fold = (asked: rotation.RotationStep['job'], results: typeof first, count: number) =>
      rotation.verifyFold({ env, job: asked, results, count }).job;
    const first = scan(promoted.job);
    const refused = fold(promoted.job, first, 3);
    expect(refused).toMatchObject({ phase: 'promoted', total: 3 });
    expect(refused.commitment).toBeUndefined();
    expect(fold(refused, first, 2).commitment).toBeUndefined();
    expect(fold(refused, scan(refused), 2).commitment).toBeDefined();
  });
});
