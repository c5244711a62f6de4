// Main keys that are elsewhere: a device translates, the library does the book-keeping (point 7).

import {
  generateKey,
  KeyblockError,
  type OptionalBlock,
  rewrapKey,
  toHex,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import { type CustomerKeyRecord, type KeyRef, type KeyRing, rotation } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { begin, countOf, mainKeyOf, scanOf } from './drive.js';
import { PROFILE, translated, withSlot } from './translated.js';
import { createWorld, now, profileRing, type World } from './world.js';

/** A device: the one place that has the main keys. */
function deviceOf(ring: KeyRing): rotation.TranslatePort {
  const secret = (ref: KeyRef) => {
    const key = ring.secret(ref);
    if (key === undefined) throw new Error('the device does not answer');
    return key;
  };
  const open = ({ block, under }: rotation.PortBlock) =>
    unwrapKey({ kbpk: secret(under), keyBlock: block }).key;
  return {
    translate: async ({ block, from, to }) =>
      rewrapKey({ keyBlock: block, from: secret(from), to: secret(to), maskedKeyLength: 32 }),
    kcv: async (ref) => ({ method: 'cmac', value: secret(ref).kcv() }),
    keyKcv: async (block) => {
      const key = open(block);
      return { method: key.algorithm === 'AES' ? 'cmac' : 'legacy', value: key.kcv() };
    },
    compare: async (a, b) => toHex(open(a).expose()) === toHex(open(b).expose()),
  };
}

async function rotateWith(
  world: World,
  port: rotation.TranslatePort,
): Promise<rotation.RotateStep[]> {
  const { job, mainKey } = begin(world, PROFILE);
  const seen: rotation.RotateStep[] = [];
  // The device opens the new version itself: what `start` checks with a ring.
  const started = { ...job, phase: 'translating' as const };
  for await (const step of rotation.rotate({
    job: started,
    mainKey,
    port,
    now: () => now(world),
  })) {
    seen.push(step);
    if ('writes' in step) step.ack({ conflicts: world.store.writeAll(step.writes) });
    if (step.kind === 'rescan') step.provide(scanOf(world, PROFILE), countOf(world, PROFILE));
    if (step.kind === 'wait') world.clock.seconds += 60;
    if (step.kind === 'reload') {
      const stored = world.store.job(job.jobId);
      if (stored !== undefined) step.provide({ job: stored, mainKey: mainKeyOf(world, PROFILE) });
    }
  }
  return seen;
}

/** A device that has the main keys of both versions as soon as there are two. */
function lateDevice(world: World): rotation.TranslatePort {
  const port = () => deviceOf(profileRing(world, world.store.profile(PROFILE)));
  return {
    translate: (request) => port().translate(request),
    kcv: (ref) => port().kcv(ref),
    keyKcv: (block) => port().keyKcv(block),
    compare: (a, b) => port().compare?.(a, b) ?? Promise.resolve(false),
  };
}

describe('a rotation through a port', () => {
  it('comes to the same end, and says how it was verified', async () => {
    const world = createWorld(1, 3);
    const seen = await rotateWith(world, lateDevice(world));
    expect(seen.at(-1)?.kind).toBe('done');
    const last = seen.at(-1);
    expect(last?.kind === 'done' && last.job.verification).toBe('port-compare');
    for (const { slots } of world.store.customers()) {
      expect(slots.map(({ under }) => under.version)).toEqual([2]);
    }
  });

  it('is never silent about check values that had to do', async () => {
    const world = createWorld(1, 3);
    const { compare: _, ...weak } = lateDevice(world);
    const seen = await rotateWith(world, weak);
    const verified = seen.filter(
      (step) => step.kind === 'progress' && step.status.verification === 'kcv-only',
    );
    expect(seen.at(-1)?.kind).toBe('done');
    expect(verified.length).toBeGreaterThan(0);
    for (const step of verified) {
      expect(step.kind === 'progress' && step.status.blockers).toContainEqual({ kind: 'kcv-only' });
    }
  });

  it('names a row that the device refuses, and one that it answers wrongly', async () => {
    const world = createWorld(1, 3);
    const { job, mainKey } = begin(world, PROFILE);
    const device = lateDevice(world);
    const [first, second, third] = world.store.customers();
    if (first === undefined || second === undefined || third === undefined) throw new Error('rows');
    const port: rotation.TranslatePort = {
      ...device,
      async translate(request) {
        if (request.block === first.slots[0]?.block) throw new KeyblockError('KEY_STRENGTH');
        const block = request.block === second.slots[0]?.block ? third.slots[0]?.block : undefined;
        return device.translate({ ...request, block: block ?? request.block });
      },
    };
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    const { items } = await rotation.runWithPort({ task, port });
    expect(items.map((item) => ('code' in item ? item.code : 'ok'))).toEqual([
      'KEY_STRENGTH',
      'CONTEXT_MISMATCH',
      'ok',
    ]);
  });

  it('lets through what is not about one row', async () => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    const failure = new Error('connection lost');
    const port = { ...lateDevice(world), translate: () => Promise.reject(failure) };
    await expect(rotation.runWithPort({ task, port })).rejects.toBe(failure);
  });

  it('takes no block that says something else of its key', async () => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const port = { ...lateDevice(world), translate: translateWith(world, LABEL) };
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    const { items } = await rotation.runWithPort({ task, port });
    expect(items).toEqual([
      expect.objectContaining({ recordId: 'p1-k1', code: 'CONTEXT_MISMATCH', field: 'header' }),
    ]);
  });

  it('takes no block under another main key than the device says', async () => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const device = lateDevice(world);
    const kbpk = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const port: rotation.TranslatePort = {
      ...device,
      async translate({ block, from }) {
        const old = profileRing(world, world.store.profile(PROFILE)).secret(from);
        if (old === undefined) throw new Error('the device does not answer');
        return rewrapKey({ keyBlock: block, from: old, to: kbpk, maskedKeyLength: 32 });
      },
    };
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    const { items } = await rotation.runWithPort({ task, port });
    expect(items).toEqual([expect.objectContaining({ code: 'KCV_MISMATCH', field: 'slot' })]);
  });

  it.each<[string, readonly OptionalBlock[]]>([
    ['does not write KP', []],
    ['writes the time as well', [{ id: 'TS', data: '20270101000000Z' }]],
  ])('takes a block of a device that %s', async (_what, added) => {
    const world = createWorld(1, 1);
    const { job, mainKey } = begin(world, PROFILE);
    const port = { ...lateDevice(world), translate: translateWith(world, ...added) };
    const [task] = rotation.tasks({ job, mainKey, records: world.store.customers() });
    if (task === undefined) throw new Error('no task');
    const { items } = await rotation.runWithPort({ task, port });
    expect(items).toEqual([expect.objectContaining({ recordId: 'p1-k1' })]);
    expect(items[0]).toHaveProperty('slot');
  });
});

const LABEL: OptionalBlock = { id: 'LB', data: 'of the device' };

/** A device that writes no KP, and may add an optional block of its own to what it translates. */
function translateWith(
  world: World,
  ...added: readonly OptionalBlock[]
): rotation.TranslatePort['translate'] {
  return async ({ block, from, to }) => {
    const ring = profileRing(world, world.store.profile(PROFILE));
    const [old, kbpk] = [ring.secret(from), ring.secret(to)];
    if (old === undefined || kbpk === undefined) throw new Error('the device does not answer');
    const { header, key } = unwrapKey({ kbpk: old, keyBlock: block });
    const kept = header.optionalBlocks.filter(({ id }) => id !== 'KP');
    return wrapKey({ kbpk, key, header: { ...header, optionalBlocks: [...kept, ...added] } });
  };
}

describe('verifying through a port', () => {
  const { world, step } = translated(2);
  const { job, mainKey } = step;
  const env = { at: now(world) };
  const rows = world.store.customers();
  const [row] = rows as [CustomerKeyRecord];
  const device = lateDevice(world);

  async function verdict(
    records: readonly CustomerKeyRecord[],
    port: rotation.TranslatePort = device,
    current = mainKey,
  ): Promise<rotation.VerifyFolded> {
    const results: rotation.VerifyResult[] = [];
    for (const task of rotation.verifyTasks({ job, mainKey: current, records })) {
      results.push(await rotation.verifyWithPort({ task, port }));
    }
    return rotation.verifyFold({ env, job, results, count: records.length });
  }

  const refusalOf = (code: string, field: string) => [
    expect.objectContaining({ recordId: row.keyId, code, field }),
  ];

  it('fails when the device tells two keys apart that have one check value', async () => {
    const compare = async (a: rotation.PortBlock) => a.block !== row.slots[0]?.block;
    const { job: judged, failures } = await verdict(rows, { ...device, compare });
    expect(failures).toEqual(refusalOf('KCV_MISMATCH', 'key'));
    expect(judged.phase).toBe('translating');
  });

  it('fails when the check values of both blocks differ, without asking further', async () => {
    const asked: string[] = [];
    const port: rotation.TranslatePort = {
      ...device,
      keyKcv: async (block) =>
        block.block === row.slots[0]?.block
          ? { method: 'cmac', value: '0000000000' }
          : device.keyKcv(block),
      compare: async ({ block }) => asked.push(block) > 0,
    };
    const { failures } = await verdict(rows, port);
    expect(failures).toEqual(refusalOf('KCV_MISMATCH', 'key'));
    expect(asked).toEqual(rows.slice(1).map(({ slots }) => slots[0]?.block));
  });

  it('fails when a block says something else of its key', async () => {
    const { from, to } = job;
    const block = await translateWith(world, LABEL)({ block: row.slots[0]?.block ?? '', from, to });
    const changed = withSlot(row, 1, (slot) => ({ ...slot, block }));
    const { failures } = await verdict([changed, ...rows.slice(1)]);
    expect(failures).toEqual(refusalOf('CONTEXT_MISMATCH', 'header'));
  });

  it('takes a key that was made after the switch by its new block alone', async () => {
    const born = { ...row, slots: row.slots.slice(1) };
    const { failures } = await verdict([born, ...rows.slice(1)]);
    expect(failures).toEqual([expect.objectContaining({ code: 'STALE_VERSION' })]);
    const { job: ready } = await verdict(rows);
    const { mainKey: switched } = rotation.promote({ env, job: ready, mainKey });
    const after = await verdict([born, ...rows.slice(1)], device, switched);
    expect(after.failures).toEqual([]);
    expect(after.job.commitment?.count).toBe(2);
  });
});
