// Which rows a rotation is about, and what it says of a row that is not what it seems: authentic
// blocks too, which whoever has the main key can make.

import { type KeyBlockHeaderInput, SecretKey, unwrapKey, wrapKey } from 'keyblock';
import {
  type BlockSlot,
  type CustomerKeyRecord,
  createCustomerKey,
  type HeldRecord,
  openCustomerKey,
  type ProfileRecord,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin, drive } from './drive.js';
import { PROFILE, translated, verify, withSlot } from './translated.js';
import { createWorld, now, profileRing, REGION, type World } from './world.js';

const { world, step } = translated(3);
const { job, mainKey } = step;
const rows = world.store.customers();
const ring = profileRing(world, world.store.profile(PROFILE));
const env = { at: now(world) };

/** The three shapes of the world; the second one is a TDES key. */
const [aesRow, tdesRow] = rows as [CustomerKeyRecord, CustomerKeyRecord];

/** A row of which one block was made anew, by one who has the main key, with another header. */
function resealed(
  row: CustomerKeyRecord,
  index: number,
  change: Partial<KeyBlockHeaderInput>,
  other?: SecretKey,
): CustomerKeyRecord {
  return withSlot(row, index, (slot) => {
    const kbpk = ring.secret(slot.under);
    if (kbpk === undefined) throw new Error('no main key');
    const { header, key } = unwrapKey({ kbpk, keyBlock: slot.block });
    const block = wrapKey({ kbpk: other ?? kbpk, key, header: { ...header, ...change } });
    return { ...slot, block };
  });
}

/** A row with a text in the place of one of its blocks. */
const withBlock = (row: CustomerKeyRecord, index: number, change: (block: string) => string) =>
  withSlot(row, index, (slot) => ({ ...slot, block: change(slot.block) }));

/** What becomes of a row with its old block alone. */
function translate(row: CustomerKeyRecord) {
  const records = [{ ...row, slots: row.slots.slice(0, 1) }];
  return rotation
    .tasks({ job, mainKey, records })
    .flatMap((task) => rotation.run({ task, ring }).items);
}

const tdesKey = new SecretKey({
  algorithm: 'TDES',
  bytes: Uint8Array.from({ length: 24 }, (_, i) => 2 * i + 1),
});
/** Of a version that this library never stores, since TDES is weaker than what it would protect. */
const ofVersionB = { versionId: 'B', optionalBlocks: [] } as const;

describe('a row whose old block is not for storage here', () => {
  it.each<[string, CustomerKeyRecord, string, string]>([
    ['of version B', resealed(tdesRow, 0, ofVersionB, tdesKey), 'CONTEXT_MISMATCH', 'slot'],
    ['to be exchanged', resealed(aesRow, 0, { keyContext: '2' }), 'CONTEXT_MISMATCH', 'keyContext'],
    ['without a place', resealed(aesRow, 0, { optionalBlocks: [] }), 'CONTEXT_MISMATCH', 'place'],
    [
      'of another key usage',
      resealed(aesRow, 0, { keyUsage: 'D0' }),
      'CONTEXT_MISMATCH',
      'attributes',
    ],
  ])('is not translated, and is no proof: %s', (_what, row, code, field) => {
    const failure = expect.objectContaining({ recordId: row.keyId, code, field });
    expect(translate(row)).toEqual([failure]);
    const changed = rows.map((one) => (one.keyId === row.keyId ? row : one));
    const { job: judged, failures } = verify(world, step, changed);
    expect(failures).toEqual([failure]);
    expect(judged.phase).toBe('translating');
  });

  it('is not translated when its MAC is wrong, or it is cut off', () => {
    const digit = (text: string) => (text.endsWith('0') ? '1' : '0');
    const forged = withBlock(aesRow, 0, (block) => block.slice(0, -1) + digit(block));
    expect(translate(forged)).toEqual([
      expect.objectContaining({ recordId: aesRow.keyId, code: 'AUTHENTICATION_FAILED' }),
    ]);
    const cut = withBlock(aesRow, 0, (block) => block.slice(0, -2));
    expect(translate(cut)).toEqual([
      expect.objectContaining({ recordId: aesRow.keyId, code: 'INVALID_LENGTH' }),
    ]);
  });

  it('does not keep the rows beside it from being translated', () => {
    const forged = withBlock(aesRow, 0, (block) => `${block.slice(0, -1)}X`);
    const records = [forged, ...rows.slice(1)].map((row) => ({
      ...row,
      slots: row.slots.slice(0, 1),
    }));
    const results = rotation
      .tasks({ job, mainKey, records })
      .map((task) => rotation.run({ task, ring }));
    const { writes, failures } = rotation.apply({ env, job, results });
    expect(failures.map(({ recordId }) => recordId)).toEqual([aesRow.keyId]);
    expect(writes.map(({ recordId }) => recordId)).toEqual(rows.slice(1).map((row) => row.keyId));
  });
});

describe('a row that says another length of its key', () => {
  it('is no proof', () => {
    const row = { ...aesRow, attributes: { ...aesRow.attributes, keyBits: 256 } };
    const { job: judged, failures } = verify(world, step, [row, ...rows.slice(1)]);
    expect(failures).toEqual([
      expect.objectContaining({
        recordId: aesRow.keyId,
        code: 'CONTEXT_MISMATCH',
        field: 'attributes',
      }),
    ]);
    expect(judged.phase).toBe('translating');
  });
});

describe('two authentic blocks of one row', () => {
  /** The slots of a key of the same ID that was made apart from the one in the store. */
  function namesake(row: CustomerKeyRecord): readonly BlockSlot[] {
    const { keyId, owner, attributes } = row;
    const profile = world.store.profile(PROFILE);
    return createCustomerKey({ env, profile, ring, keyId, owner, attributes }).record.slots;
  }

  it('are no proof when they hold two keys', () => {
    const [old] = namesake(aesRow);
    if (old === undefined) throw new Error('no slot');
    const mixed = withSlot(aesRow, 0, () => old);
    const { job: judged, failures } = verify(world, step, [mixed, ...rows.slice(1)]);
    expect(failures).toEqual([
      expect.objectContaining({ recordId: aesRow.keyId, code: 'KCV_MISMATCH', field: 'key' }),
    ]);
    expect(judged.phase).toBe('translating');
  });

  it.each([0, 1])('are no proof when block %d says more of the key', (index) => {
    const slot = aesRow.slots[index];
    const kbpk = slot && ring.secret(slot.under);
    if (slot === undefined || kbpk === undefined) throw new Error('no slot');
    const { header } = unwrapKey({ kbpk, keyBlock: slot.block });
    const optionalBlocks = [...header.optionalBlocks, { id: 'LB', data: 'another' }];
    const row = resealed(aesRow, index, { optionalBlocks });
    const { job: judged, failures } = verify(world, step, [row, ...rows.slice(1)]);
    expect(failures).toEqual([
      expect.objectContaining({
        recordId: aesRow.keyId,
        code: 'CONTEXT_MISMATCH',
        field: 'header',
      }),
    ]);
    expect(judged.phase).toBe('translating');
  });
});

describe('a row that has the new block alone', () => {
  const born = { ...aesRow, slots: aesRow.slots.slice(1) };
  const changed = [born, ...rows.slice(1)];

  it('is no proof before the switch', () => {
    expect(verify(world, step, changed).failures).toEqual([
      expect.objectContaining({ recordId: born.keyId, code: 'STALE_VERSION', field: 'slot' }),
    ]);
  });

  it('counts after it: the key was made when the old main key wrapped no more', () => {
    const { job: ready } = verify(world, step);
    const promoted = rotation.promote({ env, job: ready, mainKey });
    const { failures, job: judged } = verify(world, promoted, changed);
    expect(failures).toEqual([]);
    expect(judged.commitment).toEqual(ready.commitment);
  });

  it('counts before it when the old main key is compromised, and only then', () => {
    const compromised = { ...job, reason: 'suspected-compromise' } as const;
    const { job: judged } = verify(world, { ...step, job: compromised }, changed);
    expect(judged).toMatchObject({ phase: 'ready', commitment: { count: 3 } });
  });
});

describe('an HMAC key', () => {
  it('rotates, and its check value is that of its hash', async () => {
    const other = createWorld(1, 1);
    const profile = other.store.profile(PROFILE);
    const made = createCustomerKey({
      env,
      profile,
      ring: profileRing(other, profile),
      keyId: 'mac',
      owner: 'shop',
      attributes: {
        keyUsage: 'M7',
        algorithm: 'H',
        keyBits: 512,
        modeOfUse: 'C',
        exportability: 'N',
      },
      optionalBlocks: [{ id: 'HM', data: '22' }],
    });
    other.store.writeAll(made.writes);
    expect(await drive(other, PROFILE)).toEqual({ last: 'done', failures: [] });
    const record = other.store.key('mac');
    expect(record.slots.map(({ under }) => under.version)).toEqual([2]);
    const rotated = other.store.profile(PROFILE);
    const opened = openCustomerKey({
      env,
      record,
      profile: rotated,
      ring: profileRing(other, rotated),
    });
    expect(opened.key.kcv()).toBe(made.record.kcv.value);
  });
});

describe('a row that a rotation is not about', () => {
  const makers = [rotation.tasks, rotation.verifyTasks] as const;
  const tasksOf = (records: readonly HeldRecord[]) =>
    makers.flatMap((make) => [...make({ job, mainKey, records })]);
  const bare = { ...aesRow, slots: aesRow.slots.slice(0, 1) };

  it.each<[string, HeldRecord]>([
    ['of another profile', { ...bare, profileId: 'p2' }],
    ['of another region', { ...bare, regionId: 'us-east-1' }],
    ['that is a profile', world.store.profile(PROFILE)],
    [
      'that is a tombstone',
      {
        ...bare,
        slots: [],
        lifecycle: { state: 'delete-complete', enabled: false },
      },
    ],
  ])('is passed over: %s', (_what, record) => {
    expect(tasksOf([record])).toEqual([]);
  });

  it.each(['create-in-progress', 'create-failed'] as const)(
    'is counted when it is %s, without a block',
    (state) => {
      const waiting = { ...bare, slots: [], lifecycle: { state, enabled: false } };
      const [task, ...others] = tasksOf([waiting]);
      expect(task).toMatchObject({ kind: 'verify-task', items: [], keyless: [bare.keyId] });
      expect(others).toEqual([]);
    },
  );

  it.each(['create-in-progress', 'create-failed'] as const)(
    'is not passed over when it is %s, and has a block',
    (state) => {
      const lifecycle = { state, enabled: false };
      const items = tasksOf([{ ...bare, lifecycle }]).flatMap((task) => task.items);
      expect(items.map(({ recordId }) => recordId)).toEqual([bare.keyId, bare.keyId]);
    },
  );
});

describe('a row that is no record', () => {
  const refusalsOf = (records: readonly unknown[]) =>
    rotation
      .tasks({ job, mainKey, records: records as HeldRecord[] })
      .flatMap((task) => rotation.run({ task, ring }).items);

  it('is named when it is a tombstone that still has a block', () => {
    const lifecycle = { state: 'delete-complete', enabled: false };
    expect(refusalsOf([{ ...aesRow, lifecycle }])).toEqual([
      expect.objectContaining({ recordId: aesRow.keyId, code: 'STATE_CONFLICT' }),
    ]);
  });

  it.each<[string, unknown, string]>([
    ['what it calls itself', { ...aesRow, owner: null }, aesRow.keyId],
    ['nothing where it has no name', { ...aesRow, keyId: 7 }, ''],
    ['nothing where it is none at all', null, ''],
  ])('is named by %s', (_what, row, recordId) => {
    expect(refusalsOf([row])).toEqual([expect.objectContaining({ recordId })]);
  });

  it('is named by region and profile when it is a profile', () => {
    const { job: regionJob, mainKey: region } = begin(world, 'region');
    const broken = { ...world.store.profile(PROFILE), versions: 'x' } as unknown as ProfileRecord;
    const nameless = { ...broken, profileId: null } as unknown as ProfileRecord;
    const [task] = rotation.tasks({ job: regionJob, mainKey: region, records: [broken, nameless] });
    expect(task?.items.map(({ recordId, refusal }) => [recordId, refusal])).toEqual([
      [`${REGION}/${PROFILE}`, 'STATE_CONFLICT'],
      ['', 'STATE_CONFLICT'],
    ]);
  });

  it('lets through what reading a row throws, such as a lost connection', () => {
    const failure = new Error('connection lost');
    const lazy = {
      kind: 'customer-key',
      get regionId(): string {
        throw failure;
      },
    };
    expect(() => refusalsOf([lazy])).toThrow(failure);
  });
});

describe('a page', () => {
  it('is cut into tasks of the size that was asked for', () => {
    const fresh: World = createWorld(1, 5);
    const begun = begin(fresh, PROFILE);
    const records = fresh.store.customers();
    const cut = rotation.tasks({ ...begun, records, size: 2 });
    expect(cut.map(({ items }) => items.map(({ recordId }) => recordId))).toEqual([
      ['p1-k1', 'p1-k2'],
      ['p1-k3', 'p1-k4'],
      ['p1-k5'],
    ]);
    const compared = rotation.verifyTasks({ ...begun, records, size: 4 });
    expect(compared.map(({ items }) => items.length)).toEqual([4, 1]);
  });
});
