/** What is under way between regions, and the ledger that remembers it. */
import { replication } from 'keyblock/hierarchy';
import { checkCommands } from './open-pairs.js';
import type { Pair } from './pairs.js';
import { customerKeys, envOf, must, type Site, type World } from './world.js';

/** Everything that is under way between regions. */
export interface Channel {
  readonly world: World;
  readonly sites: readonly Site[];
  readonly pairs: Pair[];
  ledger: replication.ReplicaLedger;
  /** Which site keys are changed in. */
  primary: number;
  events: replication.ReplicationEvent[];
  commands: replication.ReplicationCommand[];
  answers: replication.CommandResult[];
  /** Keys whose event was lost: found by a comparison only. */
  lost: number;
  /** Keys that an owner wanted to be deleted. */
  readonly deleted: Set<string>;
  /** Keys of which somebody changed a copy in its region: found by a comparison only. */
  readonly changed: Set<string>;
  readonly failsOver: boolean;
  readonly disables: boolean;
}

export const primaryOf = ({ sites, primary }: Channel): Site => must(sites[primary]);

/** The regions that have copies. */
export const othersOf = ({ sites, primary }: Channel): Site[] =>
  sites.filter((_, i) => i !== primary);

/** Stores a ledger, and sends the commands: it may die between the two. */
export function take(channel: Channel, step: replication.ReplicationStep): void {
  const { world } = channel;
  checkCommands(step);
  if (world.faults && world.rng.oneIn(15)) {
    world.stats.add('fault: died before the ledger was stored');
    return;
  }
  channel.ledger = JSON.parse(JSON.stringify(step.ledger)) as replication.ReplicaLedger;
  if (world.faults && world.rng.oneIn(15)) {
    world.stats.add('fault: died before commands were sent');
    return;
  }
  channel.commands.push(...(JSON.parse(JSON.stringify(step.commands)) as typeof channel.commands));
}

/** What a region lists. */
const listOf = (site: Site): readonly replication.InventoryItem[] =>
  replication.inventoryOf({
    records: customerKeys(site).filter(({ profileId }) => profileId === 'shop'),
  });

/** Compares the regions with the ledger. */
export function compare(channel: Channel): number {
  const { world, ledger } = channel;
  const copies = othersOf(channel).map((site) => ({
    regionId: site.regionId,
    inventory: listOf(site),
  }));
  const origin = listOf(primaryOf(channel));
  const step = replication.drift({ env: envOf(world), ledger, origin, copies });
  for (const { id } of step.findings) world.stats.add(`drift ${id}`);
  take(channel, step);
  return step.findings.filter(({ severity }) => severity !== 'info').length;
}

/** Keys that were there before, or whose events were lost. */
export function backfill(channel: Channel): void {
  const { world, ledger } = channel;
  const list = listOf(primaryOf(channel));
  const inventory = world.faults ? world.rng.some(list) : list;
  take(channel, replication.planBackfill({ env: envOf(world), ledger, inventory }));
}
