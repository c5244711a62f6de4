/** What the simulator has found, each as small as it gets: it held nowhere, and holds now. */
import { generateKey, rewrapKey, unwrapKey } from 'keyblock';
import {
  type AliasRecord,
  applyWrite,
  auditHierarchy,
  type ConditionalWrite,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  exportCustomerKey,
  importCustomerKey,
  lifecycle,
  mainKeys,
  openProfile,
  replication,
  rotation,
} from 'keyblock/hierarchy';
import { expect, test } from 'vitest';

const env = { at: new Date('2027-01-01') };
const later = { at: new Date('2027-01-02') };
const [A, B] = ['eu-central-1', 'us-east-1'];
const attributes = {
  keyUsage: 'P0',
  algorithm: 'A',
  keyBits: 128,
  modeOfUse: 'B',
  exportability: 'E',
} as const;

function openRegion(regionId: string) {
  const { record: region, secret } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
  const ring = createKeyRing({ keys: [{ ref: { keyId: regionId, version: 1 }, key: secret }] });
  const { record: profile } = createProfile({ env, region, ring, profileId: 'shop', config: {} });
  const ref = { keyId: `${regionId}/shop`, version: 1 };
  const shop = createKeyRing({ keys: [{ ref, key: openProfile({ profile, ring }) }] });
  return { region, ring, profile, shop };
}

/** Whether any step leads out of where a rotation stands. */
function waysOut(planned: ReturnType<typeof rotation.plan>): string[] {
  const options = { env: later, job: planned.job, mainKey: planned.mainKey };
  const ways = {
    abort: () => rotation.abort(options),
    promote: () => rotation.promote(options),
    rollback: () => rotation.rollback(options),
  };
  return Object.entries(ways).flatMap(([name, way]) => {
    try {
      way();
      return [name];
    } catch {
      return [];
    }
  });
}

test('with both versions compromised a rotation can be left in some way', () => {
  const { region, ring, profile } = openRegion(A);
  const planned = rotation.plan({ env, mainKey: profile, region, ring });
  const started = rotation.start({ env, ...planned, ring });
  const first = mainKeys.markCompromised({ env, record: started.mainKey, version: 2 });
  const both = mainKeys.markCompromised({ env, record: first.record, version: 1 });
  const { job } = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
  expect(waysOut({ ...planned, job, mainKey: both.record })).not.toEqual([]);
});

test('a rotation whose pending region key was lost before any token has a way out', () => {
  const { region } = openRegion(A);
  const marked = mainKeys.markCompromised({ env, record: region, version: 1 }).record;
  const kdh = { hsmId: 'hsm-1' };
  const planned = rotation.plan({ env, mainKey: marked, kdh, reason: 'suspected-compromise' });
  // The process dies here: `planned.pending` is nowhere, and the same call makes no second key.
  const { job, mainKey } = planned;
  const again = rotation.plan({ env, mainKey, job, kdh, reason: 'suspected-compromise' });
  const isMadeAnew = again.pending !== undefined;
  expect(isMadeAnew || waysOut(planned).includes('abort')).toBe(true);
});

/** A pair that has no KEK yet. */
function newPair(from: string, to: string, pairId = `${from}-${to}`): replication.PairRecord {
  return replication.pair({
    env,
    pairId,
    origin: { regionId: from, profileId: 'shop' },
    destination: { regionId: to, profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  });
}

/** A pair of which the KEK is exchanged. */
function openPair(from: string, to: string, pairId?: string): replication.PairRecord {
  let pair = newPair(from, to, pairId);
  const kcv = { method: 'cmac', value: '0011223344' } as const;
  const answer = { kekId: 'kek', kcv, certificate: 'MIIB', rootCertificate: 'MIIC' };
  const more = { token: 'MIID', nonce: '00112233445566778899AABBCCDDEEFF' };
  for (;;) {
    const command = replication.nextStep({ env, pair });
    if (command === undefined) return pair;
    const result = { command, outcome: 'done', ...answer, ...more } as const;
    ({ pair } = replication.applyStep({ env, pair, result }));
  }
}

/** A ledger of two regions with a KEK either way. */
function openLedger(): replication.ReplicaLedger {
  let ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: A as string });
  for (const [from, to] of [
    [A, B],
    [B, A],
  ] as const) {
    const pair = openPair(from as string, to as string);
    ({ ledger } = replication.attach({ env, ledger, pair }));
  }
  return ledger;
}

/** Two regions, and a key of the first of which the ledger has asked for the block. */
function replicated() {
  const ledger = openLedger();
  const { profile, shop } = openRegion(A as string);
  const { record } = createCustomerKey({
    env,
    profile,
    ring: shop,
    keyId: 'k1',
    owner: 'ada',
    attributes,
  });
  const { kcv } = record;
  const event = { eventId: 'e1', sequence: 1, regionId: A as string, keyId: 'k1' };
  const created = { ...event, type: 'CreateKey', source: { kind: 'caller' }, kcv } as const;
  const events = [{ ...created, attributes: record.attributes }];
  const reduced = replication.reduce({ env, ledger, events });
  const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const keyBlock = replication.replicateBlock({ env, record, profile, ring: shop, kek });
  return { ...reduced, events, record, keyBlock };
}

test('what the new primary says of a key reaches the former one', () => {
  const { ledger, commands, record, keyBlock } = replicated();
  const exported = replication.apply({
    env,
    ledger,
    results: commands.map((command) => ({ command, outcome: 'done', keyBlock })),
  });
  const imported = replication.apply({
    env,
    ledger: exported.ledger,
    results: exported.commands.map((command) => ({
      command,
      outcome: 'done',
      replicaKeyId: 'k1',
      kcv: record.kcv,
      attributesDigest: replication.digestOfAttributes(record.attributes),
    })),
  });
  const promoted = replication.promoteReplica({
    env,
    ledger: imported.ledger,
    regionId: B as string,
  });
  const stop = { eventId: 'e2', sequence: 2, regionId: B as string, keyId: 'k1' };
  const { commands: sent } = replication.reduce({
    env,
    ledger: promoted.ledger,
    events: [{ ...stop, type: 'StopKeyUsage', source: { kind: 'caller' } }],
  });
  const [command] = sent;
  expect(command).toMatchObject({ type: 'setEnabled', regionId: A, enabled: false });
  // The record in the former primary is the key itself so far.
  const done = replication.carryOut({ env, record, command: command as never });
  expect(done.record?.lifecycle.enabled).toBe(false);
  expect(done.record?.replicaOf).toMatchObject({ regionId: B, keyId: 'k1' });
});

test('a key that was on its way to the new primary arrives', () => {
  const { ledger, commands, keyBlock } = replicated();
  const promoted = replication.promoteReplica({ env, ledger, regionId: B as string });
  const { commands: sent } = replication.apply({
    env,
    ledger: promoted.ledger,
    results: commands.map((command) => ({ command, outcome: 'done', keyBlock })),
  });
  const [command] = sent;
  // A copy that has its own region as origin is refused.
  expect(command).toMatchObject({ type: 'importTr31', regionId: B });
  expect((command as replication.ImportTr31Command).originRegionId).not.toBe(B);
});

test('a key that is told of only after a promotion is copied, or reported', () => {
  const { events } = replicated();
  const { ledger } = replication.promoteReplica({
    env,
    ledger: openLedger(),
    regionId: B as string,
  });
  const told = replication.reduce({ env, ledger, events });
  const { problems } = replication.status({ ledger: told.ledger });
  expect(told.commands.length + problems.length).toBeGreaterThan(0);
});

test('no region serves a key that it never had', () => {
  const { events } = replicated();
  const there = replication.promoteReplica({ env, ledger: openLedger(), regionId: B as string });
  const told = replication.reduce({ env, ledger: there.ledger, events });
  const back = replication.promoteReplica({ env, ledger: told.ledger, regionId: A as string });
  const health = { [B as string]: 'up' } as const;
  expect(replication.selectRegion({ ledger: back.ledger, keyId: 'k1', health })).toBeUndefined();
});

test('a key that only its region has is copied after it has failed back', () => {
  const { events, record } = replicated();
  const there = replication.promoteReplica({ env, ledger: openLedger(), regionId: B as string });
  const told = replication.reduce({ env, ledger: there.ledger, events });
  const back = replication.promoteReplica({ env, ledger: told.ledger, regionId: A as string });
  const origin = replication.inventoryOf({ records: [record] });
  const copies = [{ regionId: B as string, inventory: [] }];
  const { ledger } = replication.drift({ env, ledger: back.ledger, origin, copies });
  const commands = replication.pendingCommands({ ledger });
  expect(commands).toMatchObject([{ type: 'exportTr31', regionId: A }]);
});

test('a restore reaches the former primary, where the account was closed', () => {
  const { record } = replicated();
  const [closed] = lifecycle.closeAccount({ env, records: [record], days: 7 }).records;
  // What the new primary sends when its copy was restored.
  const command = {
    ...{ type: 'cancelDeletion', commandId: 'c1', pairId: 'back', order: 1 },
    ...{ regionId: A, replicaRegionId: A, originRegionId: B, keyId: 'k1', replicaKeyId: 'k1' },
    issuedAt: later.at.toISOString(),
  } as replication.CancelDeletionCommand;
  const done = replication.carryOut({ env: later, record: closed, command });
  expect(done.record?.lifecycle.state).toBe('create-complete');
});

test('a deletion that is asked for again after a restore is answered so that it counts', () => {
  const { record } = replicated();
  const command = {
    ...{ type: 'scheduleDeletion', commandId: 'c1', pairId: 'back', order: 1, days: 7 },
    ...{ regionId: A, replicaRegionId: A, originRegionId: B, keyId: 'k1', replicaKeyId: 'k1' },
    issuedAt: env.at.toISOString(),
  } as replication.ScheduleDeletionCommand;
  const marked = replication.carryOut({ env, record, command }).record as typeof record;
  // The answer is lost; this region becomes the primary, where the owner restores the key.
  const restored = lifecycle.restore({ env: later, record: marked }).record;
  const { result } = replication.carryOut({ env: later, record: restored, command });
  // `apply` throws for a deletion that is done and has no date, and takes nothing of the batch.
  const isDated = result.outcome !== 'done' || result.deleteAfter !== undefined;
  expect(isDated).toBe(true);
});

/** A key that came in a block with the check value KC, as many senders write it. */
function importedWithKc() {
  const { profile, shop: ring } = openRegion(A as string);
  const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const common = { env, profile, ring, owner: 'ada' };
  const { record } = createCustomerKey({ ...common, keyId: 'k1', attributes });
  const checkValues = ['KC'] as const;
  const { keyBlock } = exportCustomerKey({ env, record, profile, ring, kek, checkValues });
  const imported = importCustomerKey({ ...common, keyBlock, kek, keyId: 'k2' });
  return { env, record: imported.record, profile, ring, kek };
}

test('a key that came with a check value leaves with one', () => {
  const checkValues = ['KC'] as const;
  expect(() => exportCustomerKey({ ...importedWithKc(), checkValues })).not.toThrow();
});

test('an alias that is copied is no finding in an audit of both regions', () => {
  const [first, second] = [openRegion(A as string), openRegion(B as string)];
  const alias: AliasRecord = { kind: 'alias', schema: 1, revision: 1, alias: 'pin' };
  const records = [first.region, first.profile, alias, second.region, second.profile, alias];
  expect(auditHierarchy({ records })).toEqual([]);
});

test('a write is not applied to another record than the one that it was made for', () => {
  const { record } = replicated();
  const other = { ...record, keyId: 'k2' };
  const [slot] = record.slots;
  const write = { op: 'put-slot', recordId: 'k1', expectedRevision: 1, next: slot } as const;
  let applied: unknown;
  try {
    applied = applyWrite({ record: other, write: write as ConditionalWrite });
  } catch {}
  expect(applied).toBeUndefined();
});

/** The same, and the copy is in the second region by now. */
function copied() {
  const { ledger, commands, record, keyBlock, events } = replicated();
  const asked = commands.map((command) => ({ command, outcome: 'done', keyBlock }) as const);
  const exported = replication.apply({ env, ledger, results: asked });
  const attributesDigest = replication.digestOfAttributes(record.attributes);
  const copy = { replicaKeyId: 'k1', kcv: record.kcv, attributesDigest };
  const results = exported.commands.map(
    (command) => ({ command, outcome: 'done', ...copy }) as const,
  );
  const { ledger: imported } = replication.apply({ env, ledger: exported.ledger, results });
  return { ledger: imported, record, events };
}

test('an alias that a late command has moved in the new primary is moved back', () => {
  const { ledger, events } = copied();
  const base = { sequence: 1, source: { kind: 'caller' } } as const;
  const update = { ...base, type: 'UpdateAlias', alias: 'pin' } as const;
  const first = { ...update, eventId: 'e2', regionId: A as string, keyId: 'k1' };
  const there = replication.reduce({ env, ledger, events: [first] });
  const promoted = replication.promoteReplica({ env, ledger: there.ledger, regionId: B as string });
  const made = events.map((event) => ({ ...event, regionId: B as string, keyId: 'k2' }));
  const moved = { ...update, eventId: 'e3', regionId: B as string, keyId: 'k2' };
  const { ledger: told } = replication.reduce({
    env,
    ledger: promoted.ledger,
    events: [...made, moved],
  });
  // Only now the region carries out what it was asked as a copy.
  const results = there.commands.map((command) => ({ command, outcome: 'done' }) as const);
  const { commands } = replication.apply({ env, ledger: told, results });
  expect(commands).toMatchObject([{ type: 'putAlias', regionId: B, replicaKeyId: 'k2' }]);
});

/** The same with the pair ended, its copies kept, and another in its place. */
function pairedAnew() {
  const { ledger, record } = copied();
  const pair = openPair(A as string, B as string);
  const { pairId } = pair;
  const { ledger: drained } = replication.drain({ env, ledger, pairId, replicas: 'keep' });
  const ended = replication.disable({ env, ledger: drained, pair });
  const next = openPair(A as string, B as string, 'anew');
  const { ledger: anew } = replication.attach({ env, ledger: ended.ledger, pair: next });
  const inventory = replication.inventoryOf({ records: [record] });
  return { record, ...replication.planBackfill({ env, ledger: anew, inventory }) };
}

test('a copy that was kept takes the commands of another pair', () => {
  const before = copied().ledger.keys['k1']?.replicas[B as string]?.order;
  const [command] = pairedAnew().commands;
  expect(command).toMatchObject({ type: 'exportTr31', pairId: 'anew' });
  // A region refuses what is not later than the last that it has carried out.
  expect(command?.order).toBeGreaterThan(before ?? 0);
});

test('a pair to the region that became the primary ends without its keys', () => {
  const { ledger } = copied();
  const promoted = replication.promoteReplica({ env, ledger, regionId: B as string });
  const pair = openPair(A as string, B as string);
  const draining = { env, pairId: pair.pairId, replicas: 'delete' } as const;
  const drained = replication.drain({ ...draining, ledger: promoted.ledger });
  expect(drained.commands).toEqual([]);
  const ended = replication.disable({ env, ledger: drained.ledger, pair });
  const health = { [A as string]: 'up', [B as string]: 'up' } as const;
  const chosen = replication.selectRegion({ ledger: ended.ledger, keyId: 'k1', health });
  expect(chosen).toMatchObject({ regionId: B, readOnly: false });
});

test('no region becomes the primary while its copies are deleted', () => {
  const { ledger } = copied();
  const { pairId } = openPair(A as string, B as string);
  const draining = replication.drain({ env, ledger, pairId, replicas: 'delete' });
  expect(draining.commands).toMatchObject([{ type: 'scheduleDeletion', regionId: B }]);
  const options = { env, ledger: draining.ledger, regionId: B as string };
  const refusal = expect.objectContaining({ code: 'STATE_CONFLICT' });
  expect(() => replication.promoteReplica(options)).toThrow(refusal);
});

test('a block does not go on through a pair that drains', () => {
  const { keyBlock, events } = replicated();
  const [first, second] = ['first', 'second'].map((id) => openPair(A as string, B as string, id));
  const empty = replication.createLedger({ env, ledgerId: 'cards', regionId: A as string });
  const one = replication.attach({ env, ledger: empty, pair: first as replication.PairRecord });
  const pair = second as replication.PairRecord;
  const { ledger } = replication.attach({ env, ledger: one.ledger, pair });
  const asked = replication.reduce({ env, ledger, events });
  const draining = { env, ledger: asked.ledger, pairId: 'first', replicas: 'keep' } as const;
  const { ledger: drained } = replication.drain(draining);
  const results = asked.commands.map(
    (command) => ({ command, outcome: 'done', keyBlock }) as const,
  );
  const { commands } = replication.apply({ env, ledger: drained, results });
  expect(commands).toMatchObject([{ type: 'exportTr31', pairId: 'second' }]);
});

test('a key that a former primary has is answered for, when another pair leads there', () => {
  const { record } = replicated();
  const command = {
    ...{ type: 'importTr31', commandId: 'c1', pairId: 'anew', generation: 1, order: 2 },
    ...{ regionId: A, replicaRegionId: A, originRegionId: B, keyId: 'k1', keyBlock: '' },
    ...{ kcv: record.kcv, enabled: true, tags: {}, issuedAt: env.at.toISOString() },
    attributesDigest: replication.digestOfAttributes(record.attributes),
  } as replication.ImportTr31Command;
  const answer = replication.answerImport({ record, command });
  expect(answer).toMatchObject({ outcome: 'done', replicaKeyId: 'k1' });
  const tombstone = { ...record, lifecycle: { state: 'delete-complete', enabled: false } } as const;
  const others = [
    { record, command: { ...command, kcv: { ...record.kcv, value: '0011223344' } } },
    { record, command: { ...command, attributesDigest: '' } },
    { record, command: { ...command, originRegionId: A as string } },
    { record: { ...tombstone, slots: [] }, command },
  ];
  for (const other of others) {
    const refusal = expect.objectContaining({ code: 'STATE_CONFLICT' });
    expect(() => replication.answerImport(other)).toThrow(refusal);
  }
});

test('a copy is not given up while it is all that there is of the key', () => {
  const { events } = replicated();
  const there = replication.promoteReplica({ env, ledger: openLedger(), regionId: B as string });
  const { ledger } = replication.reduce({ env, ledger: there.ledger, events });
  const { pairId } = openPair(B as string, A as string);
  const { commands } = replication.drain({ env, ledger, pairId, replicas: 'delete' });
  expect(commands).toEqual([]);
});

test('a copy is not given up while another pair leads there that is not yet open', () => {
  const { ledger } = copied();
  const pair = newPair(A as string, B as string, 'anew');
  const attached = replication.attach({ env, ledger, pair });
  const { pairId } = openPair(A as string, B as string);
  const draining = { env, ledger: attached.ledger, pairId, replicas: 'delete' } as const;
  expect(replication.drain(draining).commands).toEqual([]);
});

test('a wrong answer of a device is named at once, and not stored', async () => {
  const { region, ring, profile, shop } = openRegion(A as string);
  const { record } = createCustomerKey({
    env,
    profile,
    ring: shop,
    keyId: 'k1',
    owner: 'ada',
    attributes,
  });
  const planned = rotation.plan({ env, mainKey: profile, region, ring });
  const kbpkOf = ({ version }: { readonly version: number }) =>
    openProfile({ profile: planned.mainKey, ring, version });
  const port: rotation.TranslatePort = {
    translate: async ({ block: keyBlock, from, to }) =>
      rewrapKey({ keyBlock, from: kbpkOf(from), to: kbpkOf(to) }),
    kcv: async (ref) => ({ method: 'cmac', value: kbpkOf(ref).kcv() }),
    keyKcv: async ({ block, under }) => {
      const { key } = unwrapKey({ kbpk: kbpkOf(under), keyBlock: block });
      return { method: 'cmac', value: key.kcv() };
    },
  };
  type Fault = readonly [code: string, fault: Partial<rotation.TranslatePort>];
  const faults: readonly Fault[] = [
    ['KCV_MISMATCH', { translate: async ({ block }) => block }],
    [
      'AUTHENTICATION_FAILED',
      { translate: async (asked) => (await port.translate(asked)).replace(/.$/, otherDigit) },
    ],
    ['KCV_MISMATCH', { kcv: async () => ({ method: 'cmac', value: '0011223344' }) }],
  ];
  const [task] = rotation.tasks({ job: planned.job, mainKey: planned.mainKey, records: [record] });
  for (const [code, fault] of faults) {
    const asked = { task: task as rotation.RewrapTask, port: { ...port, ...fault } };
    // A row that has a block is not translated again: readers met it after the switch.
    const { items } = await rotation.runWithPort(asked);
    expect(items).toMatchObject([{ recordId: 'k1', code }]);
  }
});

const otherDigit = (digit: string): string => (digit === '0' ? '1' : '0');

test('a rotation that was promoted in haste ends, though both versions are compromised by now', () => {
  const { region, ring, profile, shop } = openRegion(A as string);
  const made = { env, profile, ring: shop, keyId: 'k1', owner: 'ada', attributes };
  const { record } = createCustomerKey(made);
  const marked = mainKeys.markCompromised({ env, record: profile, version: 1 });
  const policy = { promoteBeforeTranslated: true, maxReaderStalenessSeconds: 0 };
  const reason = 'suspected-compromise';
  const planned = rotation.plan({ env, mainKey: marked.record, region, ring, reason, policy });
  const started = rotation.start({ env, ...planned, ring });
  const promoted = rotation.promote({ env, ...started });
  const both = mainKeys.markCompromised({ env, record: promoted.mainKey, version: 2 });
  const { job } = promoted;
  const tasks = rotation.tasks({ job, mainKey: both.record, records: [record] });
  // It can not be rolled back, and until it ends there is no other one.
  expect(tasks).toMatchObject([{ to: { version: 2 }, items: [{ recordId: 'k1' }] }]);
});

test('what a region has missed since its pair closed is named when it becomes the primary', () => {
  const { ledger } = copied();
  const { pairId } = openPair(A as string, B as string);
  const drained = replication.drain({ env, ledger, pairId, replicas: 'keep' });
  const stop = { eventId: 'e2', sequence: 2, regionId: A as string, keyId: 'k1' };
  const events = [{ ...stop, type: 'StopKeyUsage', source: { kind: 'caller' } } as const];
  const stopped = replication.reduce({ env, ledger: drained.ledger, events });
  const options = { env, ledger: stopped.ledger, regionId: B as string };
  const { behind } = replication.promoteReplica(options);
  expect(behind).toEqual([{ keyId: 'k1', state: 'updating' }]);
});

test('a key that was restored before it was copied is named as well', () => {
  const { events } = replicated();
  const base = { regionId: A as string, keyId: 'k1', source: { kind: 'caller' } } as const;
  const deleteAfter = '2027-01-09T00:00:00.000Z';
  const deleted = { ...base, type: 'DeleteKey', eventId: 'e2', sequence: 2, deleteAfter } as const;
  const restored = { ...base, type: 'RestoreKey', eventId: 'e3', sequence: 3 } as const;
  const told = replication.reduce({ env, ledger: openLedger(), events: [...events, deleted] });
  const { pairId } = openPair(A as string, B as string);
  const drained = replication.drain({ env, ledger: told.ledger, pairId, replicas: 'keep' });
  const back = replication.reduce({ env, ledger: drained.ledger, events: [restored] });
  const options = { env, ledger: back.ledger, regionId: B as string };
  expect(replication.promoteReplica(options).behind).toEqual([{ keyId: 'k1', state: 'absent' }]);
});
