/**
 * Keys of one region copied to another: events, commands and answers late, twice, lost and out of
 * order, KEKs that change, copies that others change, and a region that takes over. At last both
 * regions have to be the same.
 */
import {
  type AliasRecord,
  type CustomerKeyRecord,
  lifecycle,
  replication,
} from 'keyblock/hierarchy';
import { backfill, type Channel, compare, take } from './channel.js';
import { converge } from './converge.js';
import { account, alias, change, create } from './customers.js';
import { checkSecrets, checkSite, nothingChecked } from './invariants.js';
import { createLine, mainKeyOf, plan } from './line.js';
import { createLoop, stepLoop } from './loop-rotation.js';
import { deleteKeks, openPair, stepExchange } from './pairs.js';
import { type Reader, readHeld } from './readers.js';
import { carryOut, lifeOf } from './region-worker.js';
import {
  attempt,
  createWorld,
  customerKeys,
  envOf,
  must,
  type Site,
  type World,
  type WorldOptions,
} from './world.js';

/** Runs one world of two regions. */
export async function simulateReplication(options: WorldOptions, steps: number): Promise<void> {
  const world = createWorld({ ...options, regions: 2 });
  const { rng, sites } = world;
  const [first, second] = sites.map(({ regionId }) => regionId);
  const pairs = [
    openPair(world, must(first), must(second)),
    openPair(world, must(second), must(first)),
  ];
  const ledger = replication.createLedger({
    env: envOf(world),
    ledgerId: 'cards',
    regionId: must(first),
  });
  const channel: Channel = {
    world,
    sites,
    pairs,
    ledger,
    primary: 0,
    events: [],
    commands: [],
    answers: [],
    lost: 0,
    failsOver: options.failsOver === true,
  };
  for (const { record } of pairs) {
    take(channel, replication.attach({ env: envOf(world), ledger: channel.ledger, pair: record }));
  }
  // In half of the worlds the first exchange is over before anything happens.
  if (rng.oneIn(2)) while (stepExchange(world, must(pairs[0])));
  const readers = sites.map(
    (site) => new Map(site.profileIds.map((id): [string, Reader[]] => [id, [{ held: undefined }]])),
  );
  const checked = sites.map(nothingChecked);
  const loops = sites.map((site) => createLoop(createLine(site, 'profile', 'shop')));
  for (let n = 0; n < steps; n++) {
    act(channel);
    if (rng.oneIn(12)) {
      const loop = rng.pick(loops);
      if (mainKeyOf(loop.line).jobId === undefined && rng.oneIn(10)) plan(world, loop.line, false);
      await stepLoop(world, loop);
    }
    for (const [i, site] of sites.entries()) {
      checkSite(world, site, must(readers[i]), must(checked[i]));
    }
    const { commands, events, answers } = channel;
    const texts = [channel.ledger, commands, events, answers].map((value) => JSON.stringify(value));
    if (rng.oneIn(10)) checkSecrets(world, texts, 'replication');
    world.stats.add('steps');
  }
  world.faults = false;
  converge(channel);
  world.stats.add('worlds of replication');
}

/** One thing happens. */
function act(channel: Channel): void {
  const { world, sites } = channel;
  const { rng, stats } = world;
  const env = envOf(world);
  const { ledger } = channel;
  const dice = rng.int(100);
  if (dice < 22) {
    changeKeys(channel);
    return;
  }
  if (dice < 36) {
    deliverEvents(channel);
    return;
  }
  if (dice < 60) {
    deliverCommand(channel);
    return;
  }
  if (dice < 76) {
    deliverAnswers(channel);
    return;
  }
  if (dice < 80) {
    take(channel, replication.retry({ env, ledger }));
    return;
  }
  if (dice < 84) {
    const pending = replication.pendingCommands({ ledger });
    channel.commands.push(...(JSON.parse(JSON.stringify(pending)) as typeof channel.commands));
    return;
  }
  if (dice < 90) {
    const pair = rng.pick(channel.pairs);
    const isBusy = stepExchange(world, pair);
    if (!isBusy && rng.oneIn(6)) {
      pair.record = replication.nextGeneration({ env, pair: pair.record });
      stats.add('a new generation of the KEK');
    }
    take(channel, replication.attach({ env, ledger, pair: pair.record }));
    return;
  }
  if (dice === 90) {
    const pair = rng.pick(channel.pairs);
    const freed = replication.releaseGenerations({ env, pair: pair.record, ledgers: [ledger] });
    pair.record = freed.pair;
    stats.add('KEKs released', freed.commands.length);
    deleteKeks(pair, freed.commands);
    return;
  }
  if (dice === 91) {
    compare(channel);
    return;
  }
  if (dice === 92) {
    backfill(channel);
    return;
  }
  if (dice === 93) {
    changeCopy(channel);
    return;
  }
  // Changes of the new primary do not reach the former one: see `findings.test.ts`.
  if (dice === 94) {
    if (channel.failsOver && rng.oneIn(8)) failOver(channel);
    return;
  }
  if (dice === 95) {
    purgeDue(world, sites);
    return;
  }
  // Hours mostly: a message that is late is so by hours, and a deletion waits for days.
  world.now += rng.int(rng.oneIn(15) ? 86_400_000 : 3_600_000);
}

/** Owners change keys in the primary region, and the audit trail tells. */
function changeKeys(channel: Channel): void {
  const { world } = channel;
  const { rng } = world;
  const site = must(channel.sites[channel.primary]);
  const before = new Map(customerKeys(site).map((row) => [row.keyId, row]));
  const names = new Map(site.store.all<AliasRecord>('alias').map((row) => [row.alias, row]));
  const dice = rng.int(12);
  const live = site.truths.live();
  if (dice < 4 && live.length < 12) create(world, site, readHeld(world, site, 'shop'));
  else if (dice < 10 && live.length > 0) change(world, site, rng.pick(live), { later: false });
  else if (dice === 10) alias(world, site);
  else if (rng.oneIn(4)) account(world, site);
  for (const row of customerKeys(site)) emit(channel, site, before.get(row.keyId), row);
  for (const row of site.store.all<AliasRecord>('alias')) {
    if (names.get(row.alias)?.revision === row.revision) continue;
    const { alias: name, keyId, revision } = row;
    send(channel, {
      ...base(site, `alias ${name}`, revision),
      type: 'UpdateAlias',
      alias: name,
      keyId,
    });
  }
}

const base = (site: Site, what: string, sequence: number) =>
  ({
    eventId: `${what} ${sequence}`,
    sequence,
    regionId: site.regionId,
    source: { kind: 'caller' },
  }) as const;

/** The event of a change, told from the row before and after it. */
function emit(
  channel: Channel,
  site: Site,
  before: CustomerKeyRecord | undefined,
  row: CustomerKeyRecord,
): void {
  const { keyId, revision, attributes, kcv, tags, lifecycle: life } = row;
  if (row.profileId !== 'shop' || before?.revision === revision) return;
  const event = { ...base(site, keyId, revision), keyId };
  if (before === undefined) {
    const { enabled } = life;
    send(channel, { ...event, type: 'CreateKey', attributes, kcv, enabled, tags });
    return;
  }
  if (JSON.stringify(before.tags) !== JSON.stringify(tags)) {
    send(channel, { ...event, type: 'TagResource', tags });
  } else if (life.state !== before.lifecycle.state) {
    if (life.state === 'delete-pending') {
      send(channel, { ...event, type: 'DeleteKey', deleteAfter: must(life.deleteAfter) });
    } else if (life.state === 'create-complete') send(channel, { ...event, type: 'RestoreKey' });
  } else if (life.state === 'create-complete') {
    send(channel, { ...event, type: life.enabled ? 'StartKeyUsage' : 'StopKeyUsage' });
  }
}

function send(channel: Channel, event: replication.ReplicationEvent): void {
  const { world } = channel;
  world.stats.add(`event ${event.type}`);
  if (world.faults && world.rng.oneIn(25)) {
    world.stats.add('fault: event lost');
    channel.lost += 1;
    return;
  }
  channel.events.push(JSON.parse(JSON.stringify(event)) as replication.ReplicationEvent);
}

/** Some events arrive, in any order; some will come again. */
function deliverEvents(channel: Channel): void {
  const { world } = channel;
  const events = world.rng.shuffled(channel.events).slice(0, 1 + world.rng.int(5));
  const before = channel.ledger;
  take(channel, replication.reduce({ env: envOf(world), ledger: channel.ledger, events }));
  if (channel.ledger === before) return; // not stored: they are delivered again
  const isLast = new Set(events.filter(() => !(world.faults && world.rng.oneIn(5))));
  world.stats.add('fault: event comes again', events.length - isLast.size);
  channel.events = channel.events.filter((event) => !isLast.has(event));
}

/** A region gets a command: any, perhaps again, perhaps never. */
function deliverCommand(channel: Channel): void {
  const { world, sites, pairs, commands } = channel;
  const { rng, stats } = world;
  if (commands.length === 0) return;
  const at = rng.int(commands.length);
  const command = must(commands[at]);
  if (world.faults && rng.oneIn(8)) stats.add('fault: command comes again');
  else commands.splice(at, 1);
  if (world.faults && rng.oneIn(12)) {
    stats.add('fault: command lost');
    return;
  }
  const awaited = replication.pendingCommands({ ledger: channel.ledger });
  const isAwaited = awaited.some(({ commandId }) => commandId === command.commandId);
  const result = carryOut(world, sites, pairs, command, isAwaited);
  if (result !== undefined) channel.answers.push(JSON.parse(JSON.stringify(result)));
}

/** Some answers arrive. */
function deliverAnswers(channel: Channel): void {
  const { world } = channel;
  const results = world.rng.shuffled(channel.answers).slice(0, 1 + world.rng.int(4));
  take(channel, replication.apply({ env: envOf(world), ledger: channel.ledger, results }));
  const done = new Set(results.filter(() => !(world.faults && world.rng.oneIn(6))));
  channel.answers = channel.answers.filter((answer) => !done.has(answer));
}

/** Somebody changes a copy in its own region, where it is read-only. */
function changeCopy(channel: Channel): void {
  const { world, sites, primary } = channel;
  const site = must(sites[1 - primary]);
  const copies = site.truths.live().filter(({ life }) => life.state === 'create-complete');
  if (copies.length === 0) return;
  const truth = world.rng.pick(copies);
  const record = must(site.store.read<CustomerKeyRecord>(truth.keyId));
  const env = envOf(world);
  const { writes } = record.lifecycle.enabled
    ? lifecycle.stop({ env, record })
    : lifecycle.start({ env, record });
  for (const write of writes) site.store.apply(write);
  truth.life = lifeOf(must(site.store.read<CustomerKeyRecord>(truth.keyId)));
  world.stats.add('a copy was changed in its region');
}

/** The other region becomes the primary, on purpose. */
function failOver(channel: Channel): void {
  const { world, ledger } = channel;
  const to = must(channel.sites[1 - channel.primary]);
  const promoted = attempt(world, 'promoteReplica', ['STATE_CONFLICT'], () =>
    replication.promoteReplica({ env: envOf(world), ledger, regionId: to.regionId }),
  );
  if (promoted === undefined) return;
  const before = channel.ledger;
  take(channel, promoted);
  if (channel.ledger === before) return;
  channel.primary = 1 - channel.primary;
  world.stats.add('fail-over');
}

/** Each region purges what is due. */
export function purgeDue(world: World, sites: readonly Site[]): void {
  for (const site of sites) {
    for (const truth of site.truths.live()) {
      const { deleteAfter, state } = truth.life;
      if (state !== 'delete-pending' || deleteAfter === undefined || world.now < deleteAfter)
        continue;
      const record = must(site.store.read<CustomerKeyRecord>(truth.keyId));
      const { writes } = lifecycle.purge({ env: envOf(world), record });
      for (const write of writes) site.store.apply(write);
      truth.life = { state: 'delete-complete', enabled: false };
      world.stats.add('purged');
    }
  }
}
