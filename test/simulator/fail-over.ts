/** A region fails: which one serves a key, and how another becomes the primary. */
import { type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
import { type Channel, othersOf, primaryOf, take } from './channel.js';
import { hold } from './violation.js';
import { attempt, envOf, must } from './world.js';

const ON_THE_WAY: readonly string[] = ['absent', 'copying', 'updating', 'failed', 'unreplicable'];

/** Another region becomes the primary, on purpose. */
export function failOver(channel: Channel): void {
  const { world, ledger, sites } = channel;
  const [from, to] = [primaryOf(channel), world.rng.pick(othersOf(channel))];
  const { regionId } = to;
  const promoted = attempt(world, 'promoteReplica', ['STATE_CONFLICT'], () =>
    replication.promoteReplica({ env: envOf(world), ledger, regionId }),
  );
  if (promoted === undefined) return;
  const behind = new Set(promoted.behind.map(({ keyId }) => keyId));
  for (const { keyId, state } of promoted.behind) {
    hold(ON_THE_WAY.includes(state), 'what is behind is so', () => `${keyId} ${state}`);
  }
  for (const { keyId, life } of from.truths.live()) {
    const known = ledger.keys[keyId];
    const isTold = known?.created !== undefined && !known.deletion?.value;
    if (!isTold || life.state !== 'create-complete' || to.store.read(keyId) !== undefined) continue;
    hold(behind.has(keyId), 'a key that the new primary lacks is named', () => keyId);
  }
  const before = channel.ledger;
  take(channel, promoted);
  if (channel.ledger === before) return;
  channel.primary = sites.indexOf(to);
  world.stats.add('fail-over');
}

/** Somebody asks which region serves a key. */
export function select(channel: Channel): void {
  const { world, ledger, sites } = channel;
  const { rng, stats } = world;
  const known = Object.keys(ledger.keys);
  if (known.length === 0) return;
  const keyId = rng.pick(known);
  const up = sites.filter(() => rng.oneIn(2)).map(({ regionId }) => regionId);
  const health = Object.fromEntries(up.map((regionId) => [regionId, 'up' as const]));
  const chosen = replication.selectRegion({ ledger, keyId, health });
  stats.add(`select ${chosen === undefined ? 'none' : chosen.readOnly ? 'a copy' : 'the primary'}`);
  if (chosen === undefined) return;
  const isPrimary = chosen.regionId === primaryOf(channel).regionId;
  hold(up.includes(chosen.regionId), 'who serves is up', () => chosen.regionId);
  hold(chosen.readOnly === !isPrimary, 'copies are read-only', () => chosen.regionId);
  if (isPrimary) return;
  const serving = must(sites.find(({ regionId }) => regionId === chosen.regionId));
  const row = serving.store.read<CustomerKeyRecord>(chosen.keyId);
  hold(row !== undefined, 'who serves has the key', () => chosen.keyId);
}
