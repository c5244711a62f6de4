/**
 * Pairs that end in the middle of work, their copies kept or deleted, and begin anew under another
 * name: whoever ends one may die at any time, and whoever comes next goes on from the records.
 */
import { replication } from 'keyblock/hierarchy';
import { type Channel, take } from './channel.js';
import { deleteKeks, openPair, type Pair } from './pairs.js';
import { purgeDue } from './purge.js';
import { hold } from './violation.js';
import { attempt, envOf, must } from './world.js';

const isEnding = ({ state }: replication.LedgerPair): boolean =>
  state === 'draining' || state === 'deleting';

/** One step to the end of a pair, or to the beginning of another in its place. */
export function stepClosing(channel: Channel): void {
  const { world, ledger } = channel;
  const { rng } = world;
  const ending = ledger.pairs.filter(isEnding);
  const missing = missingPairs(channel);
  const dice = rng.int(3);
  if (dice === 0 && missing.length > 0) {
    beginAnew(channel, rng.pick(missing));
    return;
  }
  if (dice === 1 && ending.length === 0 && ledger.pairs.length > 0) {
    beginEnd(channel, rng.pick(ledger.pairs));
    return;
  }
  if (ending.length > 0) end(channel, rng.pick(ending).pairId);
}

/** Every pair that is on its way out gets there, now that nothing fails; some begin anew. */
export function endAll(channel: Channel, settle: () => void): void {
  for (let n = 0; n < 40 && channel.ledger.pairs.some(isEnding); n++) {
    channel.commands = [...replication.pendingCommands({ ledger: channel.ledger })];
    settle();
    channel.world.now += 8 * 3_600_000;
    purgeDue(channel.world, channel.sites);
    const env = envOf(channel.world);
    take(channel, replication.retry({ env, ledger: channel.ledger }));
    for (const { pairId } of channel.ledger.pairs.filter(isEnding)) end(channel, pairId);
  }
}

/** Sets up what is missing. */
export function beginAll(channel: Channel): void {
  for (const way of missingPairs(channel)) beginAnew(channel, way);
}

interface Way {
  readonly from: string;
  readonly to: string;
}

/** From which region to which there is no pair any more. */
function missingPairs({ pairs }: Channel): Way[] {
  const ways = pairs.map(({ record }) => wayOf(record));
  const isOpen = ({ from, to }: Way): boolean =>
    pairs.some(({ record }) => {
      const way = wayOf(record);
      return record.state !== 'disabled' && way.from === from && way.to === to;
    });
  return ways.filter((way, i) => {
    const first = ways.findIndex(({ from, to }) => from === way.from && to === way.to);
    return first === i && !isOpen(way);
  });
}

const wayOf = ({ origin, destination }: replication.PairRecord): Way => ({
  from: origin.regionId,
  to: destination.regionId,
});

function beginEnd(channel: Channel, { pairId }: replication.LedgerPair): void {
  const { world, ledger } = channel;
  const replicas = world.rng.pick(['keep', 'delete'] as const);
  take(channel, replication.drain({ env: envOf(world), ledger, pairId, replicas }));
  world.stats.add(`drain ${replicas}`);
}

/** Ends a pair where that may be done; dies perhaps between the two records. */
function end(channel: Channel, pairId: string): void {
  const { world, ledger, pairs } = channel;
  const pair = must(pairs.find(({ record }) => record.pairId === pairId));
  const ended = attempt(world, 'disable', ['STATE_CONFLICT'], () =>
    replication.disable({ env: envOf(world), ledger, pair: pair.record }),
  );
  if (ended === undefined) return;
  const [before, after] = [ledger, ended.ledger].map((known) => servedBy(channel, known));
  hold(before === after, 'the primary serves what it has without any pair', () => pairId);
  const crash = world.faults ? world.rng.int(8) : 9;
  if (crash !== 0) channel.ledger = JSON.parse(JSON.stringify(ended.ledger)) as typeof ledger;
  if (crash !== 1) pair.record = JSON.parse(JSON.stringify(ended.pair)) as Pair['record'];
  if (crash < 2) world.stats.add(`fault: died while a pair ended ${crash}`);
  else deleteKeks(pair, ended.commands);
  world.stats.add('a pair ended');
}

/** Keys that the primary serves when all regions are up. */
function servedBy({ sites }: Channel, ledger: replication.ReplicaLedger): string {
  const health = Object.fromEntries(sites.map(({ regionId }) => [regionId, 'up' as const]));
  const keyIds = Object.keys(ledger.keys).filter(
    (keyId) => replication.selectRegion({ ledger, keyId, health })?.readOnly === false,
  );
  return keyIds.join();
}

function beginAnew(channel: Channel, { from, to }: Way): void {
  const { world, pairs } = channel;
  const pair = openPair(world, from, to, pairs.length);
  pairs.push(pair);
  const env = envOf(world);
  take(channel, replication.attach({ env, ledger: channel.ledger, pair: pair.record }));
  world.stats.add('a pair began anew');
}
