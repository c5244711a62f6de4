/**
 * Keys of one region copied to another: events, commands and answers late, twice, lost and out of
 * order, KEKs that change, copies that others change, and a region that takes over. At last both
 * regions have to be the same.
 */
import { type CustomerKeyRecord, lifecycle, replication } from 'keyblock/hierarchy';
import { backfill, type Channel, compare, othersOf, take } from './channel.js';
import { stepClosing } from './closing.js';
import { converge } from './converge.js';
import { failOver, select } from './fail-over.js';
import { checkSecrets, checkSite, nothingChecked } from './invariants.js';
import { createLine, mainKeyOf, plan } from './line.js';
import { createLoop, stepLoop } from './loop-rotation.js';
import { deleteKeks, openPair, stepExchange } from './pairs.js';
import { purgeDue } from './purge.js';
import type { Reader } from './readers.js';
import { carryOut, lifeOf } from './region-worker.js';
import { changeKeys } from './trail.js';
import { createWorld, envOf, must, type World, type WorldOptions } from './world.js';

/** Runs one world of two regions, or of three. */
export async function simulateReplication(options: WorldOptions, steps: number): Promise<void> {
  const world = createWorld({ ...options, regions: options.regions ?? 2 });
  const { rng, sites } = world;
  const channel = openChannel(world, options);
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

/** Regions with a pair for each way between two of them. */
function openChannel(world: World, { failsOver, disables }: WorldOptions): Channel {
  const { rng, sites } = world;
  const regions = sites.map(({ regionId }) => regionId);
  const pairs = regions.flatMap((from) =>
    regions.filter((to) => to !== from).map((to) => openPair(world, from, to)),
  );
  const [regionId] = regions;
  const channel: Channel = {
    world,
    sites,
    pairs,
    ledger: replication.createLedger({
      env: envOf(world),
      ledgerId: 'cards',
      regionId: must(regionId),
    }),
    primary: 0,
    events: [],
    commands: [],
    answers: [],
    lost: 0,
    deleted: new Set(),
    changed: new Set(),
    failsOver: failsOver ?? rng.oneIn(2),
    disables: disables ?? false,
  };
  // What is made before a pair is known is for a backfill in its region, and not for one elsewhere.
  for (const { record: pair } of pairs) {
    const step = replication.attach({ env: envOf(world), ledger: channel.ledger, pair });
    channel.ledger = step.ledger;
  }
  // In half of the worlds the first exchange is over before anything happens.
  if (rng.oneIn(2)) while (stepExchange(world, must(pairs[0])));
  return channel;
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
    const open = channel.pairs.filter(({ record }) => record.state !== 'disabled');
    if (open.length === 0) return;
    const pair = rng.pick(open);
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
  if (dice === 94) {
    select(channel);
    if (channel.failsOver && rng.oneIn(2)) failOver(channel);
    return;
  }
  if (dice === 95) {
    purgeDue(world, sites);
    return;
  }
  if (dice === 96) {
    if (channel.disables) stepClosing(channel);
    return;
  }
  // Hours mostly: a message that is late is so by hours, and a deletion waits for days.
  world.now += rng.int(rng.oneIn(15) ? 86_400_000 : 3_600_000);
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
  const { world } = channel;
  const site = world.rng.pick(othersOf(channel));
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
  channel.changed.add(truth.keyId);
  world.stats.add('a copy was changed in its region');
}
