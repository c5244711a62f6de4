/** The end of a world of regions: nothing fails any more, and all have to become the same. */
import { replication } from 'keyblock/hierarchy';
import { checkAgreement, checkLedger } from './agreement.js';
import { backfill, type Channel, compare, take } from './channel.js';
import { beginAll, endAll } from './closing.js';
import { stepExchange } from './pairs.js';
import { carryOut } from './region-worker.js';
import { hold } from './violation.js';
import { envOf } from './world.js';

const ROUNDS = 60;

/** Delivers everything, until nothing is left to do, and compares the regions key by key. */
export function converge(channel: Channel): void {
  const { world } = channel;
  const { rng } = world;
  settle(channel);
  endAll(channel, () => settle(channel));
  if (channel.disables && rng.oneIn(2)) beginAll(channel);
  for (const pair of channel.pairs.filter(({ record }) => record.state !== 'disabled')) {
    for (let n = 0; n < 20 && stepExchange(world, pair); n++);
    const env = envOf(world);
    take(channel, replication.attach({ env, ledger: channel.ledger, pair: pair.record }));
  }
  channel.commands = [...replication.pendingCommands({ ledger: channel.ledger })];
  for (let n = 0; n < 5; n++) tryAgain(channel);
  checkLedger(channel);
  let quiet = 0;
  for (let n = 0; n < ROUNDS && quiet < 2; n++) {
    settle(channel);
    if (n % 3 === 0) backfill(channel);
    settle(channel);
    const drifts = compare(channel);
    quiet = drifts === 0 && channel.commands.length === 0 ? quiet + 1 : 0;
    tryAgain(channel);
  }
  settle(channel);
  const { inFlight } = replication.status({ ledger: channel.ledger });
  hold(inFlight === 0, 'nothing is in flight for ever', () => `${inFlight}`);
  checkAgreement(channel);
}

/** Whatever is under way arrives, and what has failed is due. */
function tryAgain(channel: Channel): void {
  settle(channel);
  channel.world.now += 3_700_000;
  const env = envOf(channel.world);
  take(channel, replication.retry({ env, ledger: channel.ledger }));
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
