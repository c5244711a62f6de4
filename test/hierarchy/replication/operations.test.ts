import { generateKey, toHex } from 'keyblock';
import { type CustomerKeyRecord, lifecycle, replication } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import {
  AES_128,
  DAY,
  DESTINATION,
  entryOf,
  establishedPair,
  exchange,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
} from './regions.js';

const env = later(0);

/** Two regions, and a key that was copied. */
function setUp(): {
  readonly origin: Region;
  readonly destination: Region;
  readonly both: readonly Region[];
  readonly pair: replication.PairRecord;
  readonly ledger: replication.ReplicaLedger;
} {
  const origin = new Region(ORIGIN);
  const destination = new Region(DESTINATION);
  const both = [origin, destination];
  const pair = establishedPair(origin, destination);
  const events = [origin.create('k1')];
  const ledger = settle(replication.reduce({ env, ledger: openLedger(pair), events }), both, env);
  return { origin, destination, both, pair, ledger };
}

/** The same event, as of a caller who named the key by an alias. */
function byAlias(event: replication.ReplicationEvent, alias: string): replication.ReplicationEvent {
  return { ...event, keyId: undefined, alias } as replication.ReplicationEvent;
}

const UP = { [ORIGIN]: 'up', [DESTINATION]: 'up' } as const;
const ORIGIN_DOWN = { ...UP, [ORIGIN]: 'down' } as const;

describe('selectRegion', () => {
  it('prefers the primary, and reads a copy where that is down', () => {
    const { ledger } = setUp();
    const select = (health: Readonly<Record<string, 'up' | 'down'>>) =>
      replication.selectRegion({ ledger, keyId: 'k1', health });
    expect(select(UP)).toEqual({ regionId: ORIGIN, keyId: 'k1', readOnly: false });
    expect(select(ORIGIN_DOWN)).toEqual({ regionId: DESTINATION, keyId: 'k1', readOnly: true });
    expect(select({})).toBeUndefined();
    expect(replication.selectRegion({ ledger, keyId: 'k9', health: ORIGIN_DOWN })).toBeUndefined();
  });

  it('serves no key that was stopped or marked for deletion, though its copy is not yet', () => {
    const { ledger, origin } = setUp();
    const stopped = replication.reduce({ env, ledger, events: [origin.stop('k1')] }).ledger;
    const options = { keyId: 'k1', health: ORIGIN_DOWN };
    expect(replication.selectRegion({ ledger: stopped, ...options })).toBeUndefined();
    const events = [origin.delete('k1', 7)];
    const marked = replication.reduce({ env, ledger, events }).ledger;
    expect(replication.selectRegion({ ledger: marked, ...options })).toBeUndefined();
  });
});

describe('a ledger with an entry that was altered', () => {
  const { ledger: whole } = setUp();
  const keys = { ...whole.keys, lost: null, torn: { keyId: 'torn', replicas: { x: null } } };
  const ledger = { ...whole, keys } as unknown as replication.ReplicaLedger;
  const conflict = expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' });

  it('still serves the keys that were not', () => {
    const found = replication.selectRegion({ ledger, keyId: 'k1', health: ORIGIN_DOWN });
    expect(found?.regionId).toBe(DESTINATION);
  });

  it.each(['lost', 'torn'])('serves no key %s', (keyId) => {
    expect(() => replication.selectRegion({ ledger, keyId, health: ORIGIN_DOWN })).toThrow(
      conflict,
    );
  });

  it('is refused by what looks at all of them', () => {
    expect(() => replication.status({ ledger })).toThrow(conflict);
    expect(() => replication.pendingCommands({ ledger })).toThrow(conflict);
    expect(() => replication.retry({ env, ledger })).toThrow(conflict);
  });
});

describe('promoteReplica', () => {
  it('takes events of the new primary, and brings the old one up to date when it is back', () => {
    const { ledger, origin, destination, both } = setUp();
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION });
    expect(promoted.behind).toEqual([]);
    const health = ORIGIN_DOWN;
    expect(replication.selectRegion({ ledger: promoted.ledger, keyId: 'k1', health })).toEqual({
      regionId: DESTINATION,
      keyId: 'k1',
      readOnly: false,
    });
    const events = [destination.stop('k1')];
    const stopped = replication.reduce({ env, ledger: promoted.ledger, events });
    // Nothing leads back yet: it is kept.
    expect(stopped.commands).toEqual([]);
    const back = establishedPair(destination, origin, 'back');
    const replayed = replication.attach({ env, ledger: stopped.ledger, pair: back });
    const after = settle(replayed, both, env);
    expect(origin.get('k1').lifecycle.enabled).toBe(false);
    expect(origin.get('k1').replicaOf).toMatchObject({ regionId: DESTINATION, keyId: 'k1' });
    expect(entryOf(after, 'k1', ORIGIN).state).toBe('synchronized');
    // And back again.
    const failedBack = replication.promoteReplica({ env, ledger: after, regionId: ORIGIN });
    expect(failedBack.behind).toEqual([]);
    expect(failedBack.ledger.primaries.map(({ regionId }) => regionId)).toEqual([
      ORIGIN,
      DESTINATION,
      ORIGIN,
    ]);
  });

  it('takes what the old primary told late as told before', () => {
    const { ledger, origin, destination } = setUp();
    const late = origin.tag('k1', { a: 'old' });
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION }).ledger;
    const newer = { ...destination.tag('k1', { a: 'new' }), sequence: 1 };
    const both = replication.reduce({ env, ledger: promoted, events: [newer, late] });
    expect(both.ledger.keys['k1']?.tags['a']?.value).toBe('new');
  });

  it('sends the new primary no command about what happened there, in whatever order told', () => {
    const { ledger: before, origin, destination, both } = setUp();
    const events = [origin.create('k2'), origin.alias('old', 'k1', 1)];
    const ledger = settle(replication.reduce({ env, ledger: before, events }), both, env);
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION }).ledger;
    const told = [
      destination.tag('k1', { a: '1', b: '1' }),
      destination.tag('k1', { a: '2' }),
      destination.untag('k1', ['b']),
      destination.delete('k1', 7),
      destination.restore('k1'),
      destination.alias('old', 'k2', 2),
      destination.alias('old', undefined, 3),
      destination.alias('new', 'k2', 1),
      byAlias(destination.stop('k2'), 'new'),
    ];
    let known = promoted;
    for (const event of [...[...told].reverse(), ...told]) {
      const step = replication.reduce({ env, ledger: known, events: [event] });
      expect(step.commands).toEqual([]);
      known = step.ledger;
    }
    // Told once more it changes nothing.
    expect(replication.reduce({ env, ledger: known, events: told }).ledger).toBe(known);
    expect(entryOf(known, 'k1').replica).toMatchObject({ enabled: false, tags: { a: '2' } });
    expect(entryOf(known, 'k2').replica?.enabled).toBe(false);
    expect(known.aliases['old']?.replicas[DESTINATION]?.keyId).toBeNull();
    expect(known.aliases['new']?.replicas[DESTINATION]?.keyId).toBe('k2');
  });

  it('is followed by drift where a command of before was late: what the primary has counts', () => {
    const { ledger, origin, destination, both } = setUp();
    const flying = replication.reduce({ env, ledger, events: [origin.stop('k1')] });
    const promoted = replication.promoteReplica({
      env,
      ledger: flying.ledger,
      regionId: DESTINATION,
    });
    const events = [destination.stop('k1'), destination.start('k1')];
    const stopped = settle({ ...promoted, commands: flying.commands }, both, env);
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
    const back = establishedPair(destination, origin, 'back');
    const { ledger: attached } = replication.attach({ env, ledger: stopped, pair: back });
    const told = settle(replication.reduce({ env, ledger: attached, events }), both, env);
    const found = replication.drift({
      env,
      ledger: told,
      origin: destination.inventory(),
      copies: [{ regionId: ORIGIN, inventory: origin.inventory() }],
    });
    expect(found.findings.map(({ id, keyId }) => [id, keyId])).toEqual([['origin-changed', 'k1']]);
    settle(found, both, env);
    expect(origin.get('k1').lifecycle.enabled).toBe(false);
  });

  it('undoes in the former primary what the new one had changed before it was told', () => {
    const { ledger, origin, destination, both } = setUp();
    const late = origin.stop('k1');
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION }).ledger;
    const { ledger: attached } = replication.attach({
      env,
      ledger: promoted,
      pair: establishedPair(destination, origin, 'back'),
    });
    destination.stop('k1');
    const start = destination.start('k1');
    let known = settle(replication.reduce({ env, ledger: attached, events: [start] }), both, env);
    known = settle(replication.reduce({ env, ledger: known, events: [late] }), both, env);
    expect(entryOf(known, 'k1', ORIGIN).replica?.enabled).toBe(true);
    expect(origin.get('k1').lifecycle.enabled).toBe(true);
    expect(destination.get('k1').lifecycle.enabled).toBe(true);
  });

  it('still brings what was on its way to the new primary', () => {
    const { ledger, origin, destination, both } = setUp();
    const { ledger: sent, commands } = replication.reduce({
      env,
      ledger,
      events: [origin.create('k2')],
    });
    const promoted = replication.promoteReplica({ env, ledger: sent, regionId: DESTINATION });
    const step = { ...promoted, commands: [...commands, ...promoted.commands] };
    const after = settle(step, both, env);
    expect(entryOf(after, 'k2', DESTINATION).state).toBe('synchronized');
    expect(destination.get('k2').replicaOf).toMatchObject({ regionId: ORIGIN, keyId: 'k2' });
  });

  it('copies a key of the former primary that it is told of only afterwards', () => {
    const { ledger, origin, destination, both } = setUp();
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION });
    const events = [origin.create('k2'), origin.stop('k2')];
    const told = replication.reduce({ env, ledger: promoted.ledger, events });
    expect(told.commands).toMatchObject([{ type: 'exportTr31', regionId: ORIGIN, keyId: 'k2' }]);
    const after = settle(told, both, env);
    expect(entryOf(after, 'k2', DESTINATION).state).toBe('synchronized');
    expect(entryOf(after, 'k2', ORIGIN).state).toBe('synchronized');
    expect(destination.get('k2').lifecycle.enabled).toBe(false);
  });

  it('serves and lists no key from a region that never had it', () => {
    const { ledger, origin, destination } = setUp();
    const pair = establishedPair(destination, origin, 'back');
    const between = replication.attach({ env, ledger, pair }).ledger;
    const created = { ...origin.create('k2'), regions: [] };
    const alone = replication.reduce({ env, ledger: between, events: [created] }).ledger;
    const promoted = replication.promoteReplica({ env, ledger: alone, regionId: DESTINATION });
    expect(promoted.behind).toEqual([{ keyId: 'k2', state: 'absent' }]);
    const select = (health: Readonly<Record<string, 'up' | 'down'>>) =>
      replication.selectRegion({ ledger: promoted.ledger, keyId: 'k2', health });
    expect(select(ORIGIN_DOWN)).toBeUndefined();
    const back = replication.promoteReplica({ env, ledger: promoted.ledger, regionId: ORIGIN });
    const { ledger: again } = back;
    expect(replication.selectRegion({ ledger: again, keyId: 'k2', health: UP })).toMatchObject({
      regionId: ORIGIN,
    });
    const health = ORIGIN_DOWN;
    expect(replication.selectRegion({ ledger: again, keyId: 'k2', health })).toBeUndefined();
  });

  it('restores a key that was marked with its account in the former primary', () => {
    const { origin } = setUp();
    const closed = lifecycle.closeAccount({ env, records: [origin.get('k1')], days: 7 }).records[0];
    const command = {
      type: 'cancelDeletion',
      commandId: 'c',
      pairId: 'back',
      order: 1,
      issuedAt: env.at.toISOString(),
      regionId: ORIGIN,
      replicaRegionId: ORIGIN,
      originRegionId: DESTINATION,
      keyId: 'k1',
      replicaKeyId: 'k1',
    } as const;
    const { record, result } = replication.carryOut({ env, record: closed, command });
    expect(result.outcome).toBe('done');
    expect(record?.lifecycle).toMatchObject({ state: 'create-complete', enabled: false });
  });

  it('takes what the new primary shows for how it is there', () => {
    const { ledger, origin, destination, both } = setUp();
    const pair = establishedPair(destination, origin, 'back');
    const between = replication.attach({ env, ledger, pair }).ledger;
    const promoted = replication.promoteReplica({ env, ledger: between, regionId: DESTINATION });
    // Of these two changes there is no event, only the inventory.
    destination.tag('k1', { a: 'new' });
    destination.stop('k1');
    const step = replication.planBackfill({
      env,
      ledger: promoted.ledger,
      inventory: destination.inventory(),
    });
    expect(step.commands.map(({ regionId }) => regionId)).toEqual([ORIGIN]);
    const after = settle(step, both, env);
    expect(origin.get('k1')).toMatchObject({ tags: { a: 'new' }, lifecycle: { enabled: false } });
    expect(entryOf(after, 'k1', DESTINATION).state).toBe('synchronized');
    const { findings } = replication.drift({
      env,
      ledger: after,
      origin: destination.inventory(),
      copies: [{ regionId: ORIGIN, inventory: origin.inventory() }],
    });
    expect(findings).toEqual([]);
  });

  it('does not answer that a deletion is done which was undone in the meantime', () => {
    const { ledger, origin, destination } = setUp();
    const [command] = replication.reduce({ env, ledger, events: [origin.delete('k1', 7)] })
      .commands as readonly replication.ScheduleDeletionCommand[];
    if (command === undefined) throw new Error('no command');
    const marked = replication.carryOut({ env, record: destination.get('k1'), command }).record;
    if (marked === undefined) throw new Error('no record');
    const { record } = lifecycle.restore({ env, record: marked });
    expect(replication.carryOut({ env, record, command }).result).toMatchObject({
      outcome: 'failed',
      code: 'STATE_CONFLICT',
    });
  });

  it('leaves the keys of the primary alone, whatever command gets there', () => {
    const { ledger, origin } = setUp();
    const { commands } = replication.reduce({ env, ledger, events: [origin.stop('k1')] });
    const [command] = commands as readonly replication.SetEnabledCommand[];
    if (command === undefined) throw new Error('no command');
    expect(command.originRegionId).toBe(ORIGIN);
    const record = origin.get('k1');
    expect(() => replication.carryOut({ env, record, command })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT' }),
    );
  });

  it('lists the keys that the new primary does not have', () => {
    const { ledger, origin } = setUp();
    const events = [origin.create('k2')];
    const step = replication.reduce({ env, ledger, events });
    const promoted = replication.promoteReplica({
      env,
      ledger: step.ledger,
      regionId: DESTINATION,
    });
    expect(promoted.behind).toEqual([{ keyId: 'k2', state: 'copying' }]);
  });

  it('refuses the primary, and a region that nothing leads to', () => {
    const { ledger } = setUp();
    for (const regionId of [ORIGIN, 'sa-east-1']) {
      expect(() => replication.promoteReplica({ env, ledger, regionId })).toThrow(
        expect.objectContaining({ code: 'STATE_CONFLICT' }),
      );
    }
  });
});

describe('drift', () => {
  const compare = (
    ledger: replication.ReplicaLedger,
    origin: readonly replication.InventoryItem[],
    inventory: readonly replication.InventoryItem[],
  ) => replication.drift({ env, ledger, origin, copies: [{ regionId: DESTINATION, inventory }] });

  it('finds nothing where all is as it should be', () => {
    const { ledger, origin, destination } = setUp();
    const step = compare(ledger, origin.inventory(), destination.inventory());
    expect(step.findings).toEqual([]);
    expect(step.ledger.keys['k1']?.replicas).toEqual(ledger.keys['k1']?.replicas);
  });

  it('copies a key again that is gone, and changes back what was changed', () => {
    const { ledger, origin, destination, both } = setUp();
    const missing = compare(ledger, origin.inventory(), []);
    expect(missing.findings.map(({ id }) => id)).toEqual(['replica-missing']);
    expect(missing.commands.map(({ type }) => type)).toEqual(['exportTr31']);
    destination.tag('k1', { made: 'here' });
    const changed = compare(ledger, origin.inventory(), destination.inventory());
    expect(changed.findings.map(({ id }) => id)).toEqual(['replica-changed']);
    const after = settle(changed, both, env);
    expect(destination.get('k1').tags).toEqual({});
    expect(entryOf(after, 'k1').state).toBe('synchronized');
  });

  /** A copy, and an alias, of which more was carried out than the ledger knows of. */
  function forgotten() {
    const { ledger: first, ...world } = setUp();
    const { origin, both } = world;
    const told = (ledger: replication.ReplicaLedger, event: replication.ReplicationEvent) =>
      settle(replication.reduce({ env, ledger, events: [event] }), both, env);
    const ledger = told(first, origin.alias('pin', 'k1', 1));
    let known = ledger;
    known = told(known, origin.stop('k1'));
    known = told(known, origin.start('k1'));
    known = told(known, origin.stop('k1'));
    known = told(known, origin.alias('pin', undefined, 2));
    return { ...world, ledger, told };
  }

  it('repairs what a ledger that was restored from a backup has forgotten', () => {
    const { ledger, origin, destination, both } = forgotten();
    origin.start('k1');
    const found = compare(ledger, origin.inventory(), destination.inventory());
    expect(found.findings.map(({ id }) => id)).toEqual(['replica-changed']);
    // The copy has taken later commands than this one, and says so.
    const asked = settle(found, both, env);
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
    expect(entryOf(asked, 'k1').state).toBe('failed');
    const now = later(60_000);
    const end = settle(replication.retry({ env: now, ledger: asked }), both, now);
    expect(destination.get('k1').lifecycle.enabled).toBe(true);
    expect(entryOf(end, 'k1').state).toBe('synchronized');
  });

  it('need not repair anything where another ledger takes a key over', () => {
    const { pair, origin, destination, both } = forgotten();
    const begun = replication.createLedger({ env, ledgerId: 'cards-2', regionId: ORIGIN });
    const { ledger } = replication.attach({ env, ledger: begun, pair });
    origin.start('k1');
    const taken = replication.planBackfill({ env, ledger, inventory: origin.inventory() });
    expect(entryOf(settle(taken, both, env), 'k1').state).toBe('synchronized');
    expect(destination.get('k1').lifecycle.enabled).toBe(true);
  });

  it('is followed by an alias that goes on from what its region has seen', () => {
    const { ledger, told, origin, destination, both } = forgotten();
    const moved = told(ledger, origin.create('k2'));
    const asked = told(moved, origin.alias('pin', 'k2', 3));
    expect(asked.aliases['pin']?.replicas[DESTINATION]?.state).toBe('failed');
    const now = later(60_000);
    const end = settle(replication.retry({ env: now, ledger: asked }), both, now);
    expect(end.aliases['pin']?.replicas[DESTINATION]?.state).toBe('synchronized');
    expect(destination.aliases.get('pin')).toBe('k2');
  });

  it('leaves the keys of the primary alone, also where that is listed among the copies', () => {
    const { ledger, origin, destination, both } = setUp();
    const pair = establishedPair(destination, origin, 'back');
    const { ledger: open } = replication.attach({ env, ledger, pair });
    const promoted = replication.promoteReplica({ env, ledger: open, regionId: DESTINATION });
    const known = settle(promoted, both, env);
    const [item] = destination.inventory();
    if (item === undefined) throw new Error('no item');
    // Whatever has become of its row.
    const wrong = { ...item, kcv: { method: 'cmac', value: '0000000000' } } as const;
    const step = compare(known, [wrong], [wrong]);
    expect(step.findings.map(({ id }) => id)).toEqual(['origin-differs']);
    expect(step.commands).toEqual([]);
  });

  it('replaces a copy that is another key', () => {
    const { ledger, origin, destination } = setUp();
    const [item] = destination.inventory();
    if (item === undefined) throw new Error('no item');
    const wrong = { ...item, kcv: { method: 'cmac', value: '0000000000' } } as const;
    const step = compare(ledger, origin.inventory(), [wrong]);
    expect(step.findings).toMatchObject([{ id: 'replica-differs', severity: 'error' }]);
    expect(step.commands).toMatchObject([{ type: 'scheduleDeletion', replicaKeyId: 'k1' }]);
  });

  it('makes up for events that were lost', () => {
    const { ledger, origin, destination, both } = setUp();
    origin.stop('k1');
    origin.tag('k1', { a: '1' });
    const step = compare(ledger, origin.inventory(), destination.inventory());
    expect(step.findings.map(({ id }) => id)).toEqual(['origin-changed']);
    settle(step, both, env);
    expect(destination.get('k1')).toMatchObject({
      lifecycle: { enabled: false },
      tags: { a: '1' },
    });
  });

  it('records a copy that the answer to its import was lost of', () => {
    const { ledger, origin, destination } = setUp();
    const { replica: _, ...entry } = entryOf(ledger, 'k1');
    const key = ledger.keys['k1'];
    if (key === undefined) throw new Error('no key');
    const lost = {
      ...ledger,
      keys: { k1: { ...key, replicas: { [DESTINATION]: { ...entry, state: 'failed' } } } },
    } as replication.ReplicaLedger;
    const step = compare(lost, origin.inventory(), destination.inventory());
    expect(step.findings).toMatchObject([{ id: 'replica-unrecorded', keyId: 'k1' }]);
    expect(entryOf(step.ledger, 'k1').replica).toMatchObject({ keyId: 'k1' });
    expect(step.commands).toEqual([]);
  });

  it('misses no copy whose time is over, and no key that was never copied', () => {
    const { ledger, origin, destination, both } = setUp();
    const events = [origin.delete('k1', 7)];
    const after = settle(replication.reduce({ env, ledger, events }), both, env);
    const marked = origin.inventory();
    expect(compare(after, marked, destination.inventory()).findings).toEqual([]);
    const copies = [{ regionId: DESTINATION, inventory: [] }];
    const options = { ledger: after, origin: marked, copies };
    const missing = replication.drift({ ...options, env });
    expect(missing.findings.map(({ id }) => id)).toEqual(['replica-missing']);
    const over = replication.drift({ ...options, env: later(8 * DAY) });
    expect(over.findings).toEqual([]);
    // Nor the key itself, when it is gone from the primary.
    const gone = replication.drift({ ...options, origin: [], env: later(8 * DAY) });
    expect(gone.findings).toEqual([]);
  });

  it('waits for what is in flight, and says how much that is', () => {
    const { ledger, origin, destination } = setUp();
    const step = replication.reduce({ env, ledger, events: [origin.stop('k1')] });
    expect(replication.status(step).inFlight).toBe(1);
    expect(compare(step.ledger, origin.inventory(), destination.inventory()).findings).toEqual([]);
    expect(compare(step.ledger, origin.inventory(), []).findings).toEqual([]);
  });

  it('finds a copy that was marked for deletion by somebody else, and takes that back', () => {
    const { ledger, origin, destination, both } = setUp();
    destination.delete('k1', 7);
    const step = compare(ledger, origin.inventory(), destination.inventory());
    expect(step.findings.map(({ id }) => id)).toEqual(['replica-changed']);
    expect(step.commands).toMatchObject([{ type: 'cancelDeletion', replicaKeyId: 'k1' }]);
    settle(step, both, env);
    expect(destination.get('k1').lifecycle.state).toBe('create-complete');
  });

  it('need not find a copy that its account was closed of before the key was deleted', () => {
    const { ledger, origin, destination, both } = setUp();
    const records = [destination.get('k1')];
    const [closed] = lifecycle.closeAccount({ env, records, days: 3 }).records;
    if (closed === undefined) throw new Error('no record');
    destination.records.set('k1', closed);
    const events = [origin.delete('k1', 180)];
    const after = settle(replication.reduce({ env, ledger, events }), both, env);
    const copy = destination.get('k1').lifecycle;
    expect(copy.deleteAfter).toBe(origin.get('k1').lifecycle.deleteAfter);
    expect(compare(after, origin.inventory(), destination.inventory()).findings).toEqual([]);
  });

  it('finds that a planned stop has come, and stops the copy', () => {
    const { ledger, origin, destination, both } = setUp();
    const stop = { env, record: origin.get('k1'), from: later(DAY).at };
    const records = [lifecycle.stop(stop).record];
    const at = (time: number, known: replication.ReplicaLedger) =>
      replication.drift({
        env: later(time),
        ledger: known,
        origin: replication.inventoryOf({ env: later(time), records }),
        copies: [{ regionId: DESTINATION, inventory: destination.inventory() }],
      });
    const before = at(0, ledger);
    expect([before.findings, before.commands]).toEqual([[], []]);
    const after = at(DAY, before.ledger);
    expect(after.findings.map(({ id }) => id)).toEqual(['origin-changed']);
    const end = settle(after, both, later(DAY));
    expect(destination.get('k1').lifecycle.enabled).toBe(false);
    expect(at(2 * DAY, end).findings).toEqual([]);
  });

  it('says nothing more of a copy that is to be discarded', () => {
    const { ledger, origin, destination } = setUp();
    const [item] = destination.inventory();
    if (item === undefined) throw new Error('no item');
    const wrong = { ...item, kcv: { method: 'cmac', value: '0000000000' } } as const;
    const first = compare(ledger, origin.inventory(), [wrong]);
    const [command] = first.commands;
    if (command === undefined) throw new Error('no command');
    const result = { command, outcome: 'failed', code: 'THROTTLED' } as const;
    const failed = replication.apply({ env, ledger: first.ledger, results: [result] });
    expect(compare(failed.ledger, origin.inventory(), [wrong]).findings).toEqual([]);
  });

  it.each([[[null]], [[{ regionId: '', inventory: [] }]]])('refuses the regions %j', (copies) => {
    const { ledger, origin } = setUp();
    const options = { env, ledger, origin: origin.inventory(), copies: copies as never };
    expect(() => replication.drift(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('leaves to people what only they can decide', () => {
    const { ledger, origin, destination } = setUp();
    expect(compare(ledger, [], destination.inventory()).findings).toMatchObject([
      { id: 'origin-missing', keyId: 'k1' },
    ]);
    origin.create('k2');
    const [item] = origin.inventory();
    if (item === undefined) throw new Error('no item');
    const differs = [
      { ...item, attributes: { ...AES_128, modeOfUse: 'D' } },
      ...origin.inventory().slice(1),
    ];
    expect(compare(ledger, differs, destination.inventory()).findings.map(({ id }) => id)).toEqual([
      'origin-differs',
      'not-in-ledger',
    ]);
    const orphan = { ...item, keyId: 'x', replicaOf: { regionId: ORIGIN, keyId: 'x' } };
    const findings = compare(ledger, origin.inventory(), [...destination.inventory(), orphan]);
    expect(findings.findings.map(({ id }) => id)).toEqual(['not-in-ledger', 'replica-orphan']);
  });
});

describe('the end of a pair', () => {
  it('waits for what is in flight, and keeps the copies where that is asked for', () => {
    const { ledger, origin, destination, both, pair } = setUp();
    const conflict = expect.objectContaining({ code: 'STATE_CONFLICT' });
    expect(() => replication.disable({ env, ledger, pair })).toThrow(conflict);
    const flying = replication.reduce({ env, ledger, events: [origin.stop('k1')] });
    const options = { env, pairId: 'pair', replicas: 'keep' } as const;
    const drained = replication.drain({ ...options, ledger: flying.ledger });
    expect(() => replication.disable({ env, ledger: drained.ledger, pair })).toThrow(conflict);
    const quiet = settle({ ...drained, commands: flying.commands }, both, env);
    // Nothing new goes out.
    const later1 = replication.reduce({ env, ledger: quiet, events: [origin.start('k1')] });
    expect(later1.commands).toEqual([]);
    const ended = replication.disable({ env, ledger: later1.ledger, pair });
    expect(ended.pair.state).toBe('disabled');
    expect(ended.ledger.pairs).toEqual([]);
    expect(ended.commands.map(({ step, regionId }) => [step, regionId])).toEqual([
      ['delete-kek', ORIGIN],
      ['delete-kek', DESTINATION],
    ]);
    expect(destination.get('k1').lifecycle.state).toBe('create-complete');
    expect(() => replication.attach({ env, ledger, pair: ended.pair })).toThrow(conflict);
  });

  it('comes to every ledger that sends through it, and gives up the KEKs once', () => {
    const { ledger, pair } = setUp();
    const { ledger: drained } = replication.drain({
      env,
      ledger,
      pairId: 'pair',
      replicas: 'keep',
    });
    const first = replication.disable({ env, ledger: drained, pair });
    const second = replication.disable({ env, ledger: drained, pair: first.pair });
    expect(second.ledger.pairs).toEqual([]);
    expect(first.commands).toHaveLength(2);
    expect(second.commands).toEqual([]);
    expect(second.pair.state).toBe('disabled');
  });

  it('has the copies deleted where that is asked for', () => {
    const { ledger, destination, both, pair } = setUp();
    const step = replication.drain({ env, ledger, pairId: 'pair', replicas: 'delete' });
    expect(step.commands).toMatchObject([{ type: 'scheduleDeletion', days: 3 }]);
    const after = settle(step, both, env);
    expect(destination.get('k1').lifecycle.state).toBe('delete-pending');
    expect(replication.disable({ env, ledger: after, pair }).ledger.pairs).toEqual([]);
  });
});

describe('backfill', () => {
  it('takes an inventory in batches, and leaves out what can not be copied with a reason', async () => {
    const origin = new Region(ORIGIN);
    const destination = new Region(DESTINATION);
    const pair = establishedPair(origin, destination);
    for (const keyId of ['a', 'b', 'c']) origin.create(keyId);
    origin.create('n', { ...AES_128, exportability: 'N' });
    let ledger = openLedger(pair);
    let batches = 0;
    const inventory = origin.inventory();
    for await (const step of replication.backfill({ env, ledger, inventory, batchSize: 3 })) {
      batches += 1;
      ledger = step.ledger;
    }
    const commands = replication.pendingCommands({ ledger });
    expect(batches).toBe(2);
    ledger = settle({ ledger, commands, audit: [] }, [origin, destination], env);
    const { counts, problems, inFlight } = replication.status({ ledger });
    expect([counts.synchronized, counts.unreplicable, inFlight]).toEqual([3, 1, 0]);
    expect(problems).toMatchObject([{ keyId: 'n', reason: 'not-exportable' }]);
  });
});

describe('an inventory', () => {
  const { ledger, origin } = setUp();
  const [item] = origin.inventory();
  if (item === undefined) throw new Error('no item');
  const invalid = (field: string) => expect.objectContaining({ code: 'INVALID_ARGUMENT', field });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'event'],
    ['a key without an ID', { ...item, keyId: '' }, 'keyId'],
    ['a key without a check value', { ...item, kcv: null }, 'kcv'],
    ['a check value that is none', { ...item, kcv: { method: 'cmac' } }, 'kcv'],
    ['tags that are none', { ...item, tags: 'x' }, 'tags'],
    ['a tag that no copy can have', { ...item, tags: { '': 'x' } }, 'tags'],
    ['a switch that is none', { ...item, enabled: 'yes' }, 'event'],
    ['no sequence', { ...item, sequence: undefined }, 'event'],
    ['a sequence below nothing', { ...item, sequence: -1 }, 'event'],
    ['a sequence that is no number', { ...item, sequence: '1' }, 'event'],
    ['a time that is none', { ...item, deleteAfter: 'soon' }, 'event'],
  ])('is refused with %s', (_what, given, field) => {
    const inventory = [given as replication.InventoryItem];
    expect(() => replication.planBackfill({ env, ledger, inventory })).toThrow(invalid(field));
  });

  it.each([undefined, null, 5, {}])('is not %j', async (given) => {
    const inventory = given as never;
    expect(() => replication.planBackfill({ env, ledger, inventory })).toThrow(invalid('event'));
    await expect(replication.backfill({ env, ledger, inventory }).next()).rejects.toEqual(
      invalid('event'),
    );
    const copies = [{ regionId: DESTINATION, inventory }];
    expect(() => replication.drift({ env, ledger, origin: [item], copies })).toThrow(
      invalid('event'),
    );
    expect(() => replication.drift({ env, ledger, origin: inventory, copies: [] })).toThrow(
      invalid('event'),
    );
    expect(() => replication.inventoryOf({ records: inventory })).toThrow(invalid('record'));
  });

  it.each([0, 1.5, '5'])('is not read in batches of %s', async (batchSize) => {
    const options = { env, ledger, inventory: [item], batchSize: batchSize as number };
    await expect(replication.backfill(options).next()).rejects.toEqual(invalid('count'));
  });

  it('may come as it is read, in one batch where nothing is said', async () => {
    async function* slowly() {
      yield await Promise.resolve(item as replication.InventoryItem);
    }
    const seen: replication.ReplicationStep[] = [];
    for await (const step of replication.backfill({ env, ledger, inventory: slowly() })) {
      seen.push(step);
    }
    expect(seen).toHaveLength(1);
  });

  it('takes a key for disabled outside of its window, where it is told the time', () => {
    const record = origin.get('k1');
    const from = later(DAY).at;
    const at = (time: number, of: CustomerKeyRecord) =>
      replication.inventoryOf({ env: later(time), records: [of] })[0]?.enabled;
    const stop = lifecycle.stop({ env, record, from }).record;
    expect([at(DAY - 1, stop), at(DAY, stop)]).toEqual([true, false]);
    const start = lifecycle.start({ env, record, from }).record;
    expect([at(DAY - 1, start), at(DAY, start)]).toEqual([false, true]);
    expect(replication.inventoryOf({ records: [start] })[0]?.enabled).toBe(true);
  });

  it('leaves out what has no key yet, or none any more', () => {
    const record = origin.get('k1');
    const states = ['create-in-progress', 'create-failed', 'delete-complete'] as const;
    const records = states.map((state) => ({
      ...record,
      slots: [],
      lifecycle: { state, enabled: false },
    }));
    expect(replication.inventoryOf({ records })).toEqual([]);
  });

  it('brings no copy of another region into the ledger', () => {
    const replicaOf = { regionId: 'us-east-1', keyId: 'far' };
    const inventory = [{ ...item, keyId: 'near', replicaOf }];
    const step = replication.planBackfill({ env, ledger, inventory });
    expect(Object.keys(step.ledger.keys)).toEqual(['k1']);
    expect(step.commands).toEqual([]);
  });

  it('takes over when a key of the primary goes', () => {
    const deleteAfter = later(7 * DAY).at.toISOString();
    const inventory = [{ ...item, enabled: false, deleteAfter, sequence: 9 }];
    const step = replication.planBackfill({ env, ledger, inventory });
    expect(step.commands).toMatchObject([{ type: 'scheduleDeletion', keyId: 'k1', days: 7 }]);
  });
});

describe('the end of the last pair to a region', () => {
  it('drops its aliases from the ledger, and releases its KEKs once', () => {
    const { ledger, origin, both, pair } = setUp();
    const events = [origin.alias('card', 'k1', 1)];
    const named = settle(replication.reduce({ env, ledger, events }), both, env);
    expect(Object.keys(named.aliases['card']?.replicas ?? {})).toEqual([DESTINATION]);
    const options = { env, pairId: 'pair', replicas: 'keep', ledger: named } as const;
    const { ledger: drained } = replication.drain(options);
    const ended = replication.disable({ env, ledger: drained, pair });
    expect(ended.ledger.aliases['card']?.replicas).toEqual({});
    expect(ended.ledger.keys['k1']?.replicas).toEqual({});
    const ledgers = [ended.ledger];
    const released = replication.releaseGenerations({ env, pair: ended.pair, ledgers });
    expect(released).toEqual({ pair: ended.pair, commands: [] });
  });

  it('keeps what is known of it while another pair leads there', () => {
    const { ledger, origin, destination, pair } = setUp();
    const other = establishedPair(origin, destination, 'other');
    const { ledger: two } = replication.attach({ env, ledger, pair: other });
    const options = { env, pairId: 'pair', replicas: 'keep', ledger: two } as const;
    const { ledger: drained } = replication.drain(options);
    const ended = replication.disable({ env, ledger: drained, pair });
    expect(ended.ledger.pairs.map(({ pairId }) => pairId)).toEqual(['other']);
    expect(entryOf(ended.ledger, 'k1').replica?.keyId).toBe('k1');
  });

  it('is not told from what is no list of ledgers', () => {
    const { pair } = setUp();
    expect(() =>
      replication.releaseGenerations({ env, pair, ledgers: undefined as never }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'record' }));
  });
});

describe('a pair that several ledgers send through', () => {
  /** Two ledgers, one of k1 and one of k2. */
  function share() {
    const { ledger: first, ...estate } = setUp();
    const { origin, both, pair } = estate;
    const begun = replication.createLedger({ env, ledgerId: 'pins', regionId: ORIGIN });
    const { ledger } = replication.attach({ env, ledger: begun, pair });
    const events = [origin.create('k2'), origin.alias('pin', 'k2', 1)];
    const second = settle(replication.reduce({ env, ledger, events }), both, env);
    return { ...estate, first, second };
  }

  const itemsOf = (region: Region, keyId: string) =>
    region.inventory().filter((item) => (item.replicaOf?.keyId ?? item.keyId) === keyId);

  it('copies the keys of each, and compares each with what is its own', () => {
    const { origin, destination, first, second } = share();
    for (const [ledger, keyId] of [
      [first, 'k1'],
      [second, 'k2'],
    ] as const) {
      expect(destination.copyOf(keyId)?.kcv).toEqual(origin.get(keyId).kcv);
      const inventory = itemsOf(destination, keyId);
      const copies = [{ regionId: DESTINATION, inventory }];
      const step = replication.drift({ env, ledger, origin: itemsOf(origin, keyId), copies });
      expect([step.findings, step.commands]).toEqual([[], []]);
    }
  });

  it('does nothing about the keys of another ledger, though it names them', () => {
    const { origin, destination, first } = share();
    const copies = [{ regionId: DESTINATION, inventory: destination.inventory() }];
    const step = replication.drift({ env, ledger: first, origin: origin.inventory(), copies });
    expect(step.findings.map(({ id, keyId }) => [id, keyId])).toEqual([
      ['not-in-ledger', 'k2'],
      ['replica-orphan', 'k2'],
    ]);
    expect(step.commands).toEqual([]);
    expect(Object.keys(step.ledger.keys)).toEqual(['k1']);
  });

  it('has a primary for each, and ends in each', () => {
    const { origin, destination, both, pair, first, second } = share();
    const options = { env, ledger: first, regionId: DESTINATION };
    const { ledger: moved } = replication.promoteReplica(options);
    const select = (ledger: replication.ReplicaLedger, keyId: string) =>
      replication.selectRegion({ ledger, keyId, health: UP })?.regionId;
    expect([select(moved, 'k1'), select(second, 'k2')]).toEqual([DESTINATION, ORIGIN]);
    // What happens to the keys of the one is nothing to the other.
    const stopped = settle(
      replication.reduce({ env, ledger: second, events: [origin.stop('k2')] }),
      both,
      env,
    );
    expect(destination.copyOf('k2')?.lifecycle.enabled).toBe(false);
    const drained = [moved, stopped].map(
      (ledger) => replication.drain({ env, ledger, pairId: 'pair', replicas: 'keep' }).ledger,
    ) as [replication.ReplicaLedger, replication.ReplicaLedger];
    const ended = replication.disable({ env, ledger: drained[0], pair });
    const last = replication.disable({ env, ledger: drained[1], pair: ended.pair });
    expect([ended.ledger.pairs, last.ledger.pairs]).toEqual([[], []]);
    // The KEKs go with the first.
    expect(ended.commands.map(({ step }) => step)).toEqual(['delete-kek', 'delete-kek']);
    expect(last).toMatchObject({ pair: { state: 'disabled' }, commands: [] });
    expect([select(ended.ledger, 'k1'), select(last.ledger, 'k2')]).toEqual([DESTINATION, ORIGIN]);
  });
});

describe('a pair that the ledger is told of late', () => {
  it('turns no KEK back that copies travel under', () => {
    const { ledger, origin, pair } = setUp();
    const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const renewed = exchange(replication.nextGeneration({ env, pair }), kek);
    const known = replication.attach({ env, ledger, pair: renewed }).ledger;
    const late = replication.attach({ env, ledger: known, pair });
    const events = [origin.create('k2')];
    const { commands } = replication.reduce({ env, ledger: late.ledger, events });
    expect(commands).toMatchObject([{ type: 'exportTr31', generation: 2 }]);
  });
});

describe('a pair that does not end', () => {
  it.each<[string, object, string, string]>([
    ['without a word on the copies', { replicas: undefined }, 'INVALID_ARGUMENT', 'options'],
    ['with a word that nobody knows', { replicas: 'burn' }, 'INVALID_ARGUMENT', 'options'],
    ['of another name', { pairId: 'another' }, 'STATE_CONFLICT', 'record'],
  ])('is one %s', (_what, change, code, field) => {
    const { ledger } = setUp();
    const options = { env, ledger, pairId: 'pair', replicas: 'keep', ...change } as const;
    expect(() => replication.drain(options)).toThrow(expect.objectContaining({ code, field }));
  });

  it('is one that has copies to delete, while one of them lives', () => {
    const { ledger, pair } = setUp();
    const { ledger: deleting } = replication.drain({
      env,
      ledger,
      pairId: 'pair',
      replicas: 'delete',
    });
    const [command] = replication.pendingCommands({ ledger: deleting });
    if (command === undefined) throw new Error('no command');
    const result = { command, outcome: 'failed', code: 'THROTTLED' } as const;
    const failed = replication.apply({ env, ledger: deleting, results: [result] });
    expect(() => replication.disable({ env, ledger: failed.ledger, pair })).toThrow(
      expect.objectContaining({ code: 'STATE_CONFLICT', field: 'record' }),
    );
  });
});

describe('uncarried', () => {
  const reasonOf = (algorithm: string, keyBits: number, kekBits: replication.KekBits) =>
    replication.uncarried({
      kekBits,
      keys: [{ keyId: 'k', attributes: { ...AES_128, algorithm, keyBits } }],
    })[0]?.reason;

  it.each<[string, number, replication.KekBits, string | undefined]>([
    ['A', 192, 128, 'kek-too-weak'],
    ['A', 192, 192, undefined],
    ['T', 192, 128, undefined],
    ['D', 64, 128, undefined],
    // No hash gives an HMAC key more than 256 bits.
    ['H', 512, 192, 'kek-too-weak'],
    ['H', 512, 256, undefined],
    ['H', 128, 128, undefined],
    ['R', 2048, 256, 'not-symmetric'],
  ])('says of algorithm %s with %d bits under a KEK of %d: %s', (name, bits, kekBits, reason) => {
    expect(reasonOf(name, bits, kekBits)).toBe(reason);
  });
});

describe('backfill of a region that was promoted', () => {
  it.each(['k1', 'k1:7'])('plans a key by its own ID where its copy is called %s', (keyId) => {
    const { ledger, destination, origin } = setUp();
    const copy = { ...destination.get('k1'), keyId, tags: { a: '1' }, revision: 9 };
    const promoted = replication.promoteReplica({ env, ledger, regionId: DESTINATION }).ledger;
    const back = establishedPair(destination, origin, 'back');
    const attached = replication.attach({ env, ledger: promoted, pair: back });
    const inventory = replication.inventoryOf({ records: [copy] });
    const step = replication.planBackfill({ env, ledger: attached.ledger, inventory });
    expect(Object.keys(step.ledger.keys)).toEqual(['k1']);
    expect(step.commands).toContainEqual(
      expect.objectContaining({ type: 'putTags', keyId: 'k1', regionId: ORIGIN }),
    );
  });
});

describe('secrets', () => {
  it('stand in no ledger, pair, command, answer or audit event (I12)', () => {
    const { origin, destination, both, pair, ledger } = setUp();
    const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
    const event = origin.create('secret', AES_128, key);
    const said: unknown[] = [pair, ledger, event];
    let step = replication.reduce({ env, ledger, events: [event] });
    for (let i = 0; i < 3; i++) {
      const results = step.commands.map((command) =>
        (command.regionId === ORIGIN ? origin : destination).execute(command, env),
      );
      said.push(step, results);
      step = replication.apply({ env, ledger: step.ledger, results });
    }
    expect(destination.copyOf('secret')?.kcv.value).toBe(key.kcv());
    said.push(step, [...origin.records], [...destination.records]);
    const text = JSON.stringify(said).toUpperCase();
    const secrets = [key, ...both.map(({ keks }) => keks.get(1))];
    for (const secret of secrets) {
      if (secret === undefined) throw new Error('no secret');
      const bytes = secret.expose();
      expect(text).not.toContain(toHex(bytes));
      expect(text).not.toContain(btoa(String.fromCharCode(...bytes)).toUpperCase());
    }
  });
});

describe('an event', () => {
  const { ledger, origin } = setUp();
  const good = origin.stop('k1');

  it.each([
    ['no object', null],
    ['no ID', { ...good, eventId: '' }],
    ['a sequence that is no number', { ...good, sequence: '1' }],
    ['no source', { ...good, source: { kind: 'role' } }],
    ['an unknown type', { ...good, type: 'RotateKey' }],
    ['a deletion without its time', { ...good, type: 'DeleteKey' }],
    ['tags to be taken away that are no list', { ...good, type: 'UntagResource', tagKeys: [1] }],
  ])('is refused with %s', (_, event) => {
    const events = [event as replication.ReplicationEvent];
    expect(() => replication.reduce({ env, ledger, events })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'event' }),
    );
  });

  it.each([
    ['kcv', { kcv: null }],
    ['attributes', { attributes: null }],
    ['tags', { tags: { a: 1 } }],
    ['tags', { tags: JSON.parse('{"__proto__":"x"}') }],
    ['tags', { tags: { a: 'x'.repeat(257) } }],
    ['regionId', { regions: DESTINATION }],
    ['keyId', { keyId: '' }],
  ])('of a new key is refused with a bad %s', (field, change) => {
    const event = { ...origin.create('k9'), ...change } as replication.ReplicationEvent;
    expect(() => replication.reduce({ env, ledger, events: [event] })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it('is taken after a long time as well', () => {
    const step = replication.reduce({ env: later(30 * DAY), ledger, events: [good] });
    expect(step.commands).toMatchObject([{ type: 'setEnabled', enabled: false }]);
  });
});
