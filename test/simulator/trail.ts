/** What owners do in the primary region, and the audit trail that tells of it. */
import type { AliasRecord, CustomerKeyRecord, replication } from 'keyblock/hierarchy';
import { type Channel, primaryOf } from './channel.js';
import { account, alias, change, create } from './customers.js';
import { readHeld } from './readers.js';
import { customerKeys, must, type Site } from './world.js';

/** Owners change keys in the primary region, and the audit trail tells. */
export function changeKeys(channel: Channel): void {
  const { world } = channel;
  const { rng } = world;
  const site = primaryOf(channel);
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
      ...base(channel, site, `alias ${name}`, revision),
      type: 'UpdateAlias',
      alias: name,
      keyId,
    });
  }
}

function base({ ledger }: Channel, { regionId }: Site, what: string, sequence: number) {
  const source = { kind: 'caller' } as const;
  const primaryGeneration = must(ledger.primaries.at(-1)).generation;
  const eventId = `${what} ${regionId} ${sequence}`;
  return { eventId, sequence, regionId, source, primaryGeneration };
}

/** The event of a change, told from the row before and after it. */
function emit(
  channel: Channel,
  site: Site,
  before: CustomerKeyRecord | undefined,
  row: CustomerKeyRecord,
): void {
  const { keyId, revision, attributes, kcv, tags, lifecycle: life } = row;
  if (row.profileId !== 'shop' || before?.revision === revision) return;
  const event = { ...base(channel, site, keyId, revision), keyId };
  if (before === undefined) {
    const { enabled } = life;
    send(channel, { ...event, type: 'CreateKey', attributes, kcv, enabled, tags });
    return;
  }
  if (JSON.stringify(before.tags) !== JSON.stringify(tags)) {
    send(channel, { ...event, type: 'TagResource', tags });
  } else if (life.state !== before.lifecycle.state) {
    if (life.state === 'delete-pending') {
      channel.deleted.add(keyId);
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
