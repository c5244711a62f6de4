/** The end of a world of two regions: nothing fails any more, and both have to become the same. */
import { type AliasRecord, type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
import { backfill, type Channel, compare, take } from './channel.js';
import { stepExchange } from './pairs.js';
import { carryOut } from './region-worker.js';
import { toHex } from './secrets.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import { envOf, must, type Site } from './world.js';

const ROUNDS = 60;

/** Delivers everything, until nothing is left to do, and compares both regions key by key. */
export function converge(channel: Channel): void {
  const { world } = channel;
  for (const pair of channel.pairs) {
    for (let n = 0; n < 20 && stepExchange(world, pair); n++);
    const env = envOf(world);
    take(channel, replication.attach({ env, ledger: channel.ledger, pair: pair.record }));
  }
  channel.commands = [...replication.pendingCommands({ ledger: channel.ledger })];
  let quiet = 0;
  for (let n = 0; n < ROUNDS && quiet < 2; n++) {
    settle(channel);
    if (n % 3 === 0) backfill(channel);
    settle(channel);
    const drifts = compare(channel);
    quiet = drifts === 0 && channel.commands.length === 0 ? quiet + 1 : 0;
    settle(channel);
    world.now += 3_700_000;
    const env = envOf(world);
    take(channel, replication.retry({ env, ledger: channel.ledger }));
  }
  settle(channel);
  const { inFlight } = replication.status({ ledger: channel.ledger });
  hold(inFlight === 0, 'nothing is in flight for ever', () => `${inFlight}`);
  checkSame(channel);
}

/** Events, commands and answers, each delivered once, until there are none. */
function settle(channel: Channel): void {
  const { world, sites, pairs } = channel;
  for (let n = 0; n < 200; n++) {
    const { events, commands, answers } = channel;
    if (events.length + commands.length + answers.length === 0) return;
    Object.assign(channel, { events: [], commands: [], answers: [] });
    const env = envOf(world);
    take(channel, replication.reduce({ env, ledger: channel.ledger, events }));
    const results = commands.flatMap(
      (command) => carryOut(world, sites, pairs, command, false) ?? [],
    );
    const all = [...answers, ...results];
    take(channel, replication.apply({ env, ledger: channel.ledger, results: all }));
  }
  hold(false, 'replication comes to rest', () => JSON.stringify(channel.commands[0]));
}

/** I24: what both regions have is the same, and what is not copied has a reason. */
function checkSame(channel: Channel): void {
  const { world, sites, primary, ledger } = channel;
  const origin = must(sites[primary]);
  const copy = must(sites[1 - primary]);
  const { problems } = replication.status({ ledger });
  for (const truth of origin.truths.keys.values()) {
    if (truth.profileId !== 'shop') continue;
    const problem = problems.find(({ keyId }) => keyId === truth.keyId);
    const other = copy.truths.keys.get(truth.keyId);
    const detail = (): string =>
      [
        truth.keyId,
        JSON.stringify(truth.life),
        JSON.stringify(other?.life),
        JSON.stringify(problem),
        JSON.stringify(ledger.keys[truth.keyId]),
        copy.store.text(truth.keyId).slice(0, 100),
      ].join('\n');
    compareKey(origin, copy, truth, other, problem, detail);
    world.stats.add(`converged: ${truth.life.state} ${other?.life.state ?? 'no copy'}`);
  }
  compareAliases(channel, origin, copy);
}

function compareKey(
  origin: Site,
  copy: Site,
  truth: Truth,
  other: Truth | undefined,
  problem: replication.ReplicaProblem | undefined,
  detail: () => string,
): void {
  const { life, attributes, keyId } = truth;
  if (other === undefined) {
    // What was deleted before it was copied needs no copy; what may not leave has none.
    const isExpected =
      life.state !== 'create-complete' ||
      (attributes.exportability === 'N' && problem?.state === 'unreplicable');
    hold(isExpected, 'I24 every key is copied, or has a reason', detail);
    return;
  }
  hold(toHex(other.bytes) === toHex(truth.bytes), 'I24 a copy is the key', detail);
  const [here, there] = [origin, copy].map((site) =>
    must(site.store.read<CustomerKeyRecord>(keyId)),
  );
  hold(here?.kcv.value === there?.kcv.value, 'I24 check values agree', detail);
  const sameOf = (row?: CustomerKeyRecord): string => JSON.stringify(row?.attributes);
  hold(sameOf(here) === sameOf(there), 'I24 attributes agree', detail);
  if (life.state === 'delete-complete') {
    hold(other.life.state !== 'create-complete', 'a deletion reaches the copy', detail);
    return;
  }
  hold(life.state === other.life.state, 'states agree', detail);
  hold(life.enabled === other.life.enabled, 'a copy is enabled as its origin', detail);
  if (life.state !== 'create-complete') {
    hold(
      (other.life.deleteAfter ?? 0) >= (life.deleteAfter ?? 0),
      'I25 a copy is not purged before its origin',
      detail,
    );
    return;
  }
  const tags = (of: Truth): string => JSON.stringify(Object.entries(of.tags).sort());
  hold(tags(truth) === tags(other), 'tags agree', detail);
}

/** An alias names the copy of the key that it names in the origin. */
function compareAliases(channel: Channel, origin: Site, copy: Site): void {
  if (channel.lost > 0) return; // the events of aliases have no inventory to be found by
  for (const { alias, keyId } of origin.store.all<AliasRecord>('alias')) {
    const there = copy.store.read<AliasRecord>(`alias:${alias}`);
    const truth = copy.truths.keys.get(keyId ?? '');
    if (truth?.life.state !== 'create-complete') continue;
    hold(there?.keyId === keyId, 'aliases agree', () => `${alias} ${keyId} ${there?.keyId}`);
  }
}
