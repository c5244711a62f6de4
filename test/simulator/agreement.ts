/** Regions that have come to rest: they have the same keys, and none that lives has gone. */
import { type AliasRecord, type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
import { type Channel, othersOf, primaryOf } from './channel.js';
import { toHex } from './secrets.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import { must, type Site } from './world.js';

/** Compares the primary with each other region. */
export function checkAgreement(channel: Channel): void {
  checkNoneDeleted(channel);
  const { regionId: from } = primaryOf(channel);
  for (const copy of othersOf(channel)) {
    const isPaired = channel.ledger.pairs.some(
      (pair) => pair.from === from && pair.to === copy.regionId && pair.state === 'open',
    );
    channel.world.stats.add(`converged: a region ${isPaired ? 'with' : 'without'} a pair`);
    if (isPaired) checkSame(channel, copy);
    checkNoneLeft(channel, copy);
  }
}

/** What the ledger says of the copies is so, and no comparison was needed for it. */
export function checkLedger(channel: Channel): void {
  const { ledger, changed, world } = channel;
  if (ledger.primaries.length > 1) return; // what is carried out late may change a new primary
  for (const site of othersOf(channel)) {
    for (const { keyId, replicas } of Object.values(ledger.keys)) {
      const entry = replicas[site.regionId];
      if (entry === undefined || changed.has(keyId)) continue;
      const row = site.store.read<CustomerKeyRecord>(entry.replica?.keyId ?? keyId);
      const isLive = row?.lifecycle.state === 'create-complete';
      const said = (): string => JSON.stringify([entry, row?.lifecycle, row?.tags]);
      if (entry.state === 'deleted') hold(!isLive, 'what is called deleted does not live', said);
      if (entry.state !== 'synchronized') continue;
      const { enabled } = entry.replica ?? {};
      hold(isLive && row.lifecycle.enabled === enabled, 'what is called synchronized is so', said);
      world.stats.add('converged: what the ledger says is so');
    }
  }
}

/** I24: what both regions have is the same, and what is not copied has a reason. */
function checkSame(channel: Channel, copy: Site): void {
  const { world, ledger } = channel;
  const origin = primaryOf(channel);
  const problems = replication
    .status({ ledger })
    .problems.filter(({ regionId }) => regionId === copy.regionId);
  for (const truth of origin.truths.keys.values()) {
    if (truth.profileId !== 'shop') continue;
    const problem = problems.find(({ keyId }) => keyId === truth.keyId);
    const other = copy.truths.keys.get(truth.keyId);
    // A copy that was given up goes its own way where the key is to go as well.
    const known = ledger.keys[truth.keyId]?.replicas[copy.regionId]?.replica;
    if (truth.life.state !== 'create-complete' && known === undefined) continue;
    const detail = (): string =>
      [
        truth.keyId,
        JSON.stringify(truth.life),
        JSON.stringify(other?.life),
        JSON.stringify(problem),
        JSON.stringify(ledger.keys[truth.keyId]),
        JSON.stringify([ledger.pairs, ledger.primaries]),
        copy.store.text(truth.keyId).slice(0, 100),
      ].join('\n');
    compareKey(origin, copy, truth, other, problem, detail);
    world.stats.add(`converged: ${truth.life.state} ${other?.life.state ?? 'no copy'}`);
  }
  compareAliases(channel, origin, copy);
}

/** What no owner wanted to be deleted lives in the primary. */
function checkNoneDeleted(channel: Channel): void {
  const { deleted } = channel;
  for (const { keyId, life } of primaryOf(channel).truths.keys.values()) {
    const isLost = life.state !== 'create-complete' && !deleted.has(keyId);
    hold(!isLost, 'no key is deleted that nobody wanted to be', () => `${keyId} ${life.state}`);
  }
}

/** A key that was made in a region before another took over is in the new primary as well. */
function checkNoneLeft(channel: Channel, former: Site): void {
  const origin = primaryOf(channel);
  for (const { keyId, life, attributes, profileId } of former.truths.live()) {
    const known = channel.ledger.keys[keyId];
    if (profileId !== 'shop' || known?.created === undefined) continue; // its event was lost
    // Nor is a key copied that was made before the pair: it was named when the primary changed.
    const isAwaited = known.replicas[origin.regionId] !== undefined;
    const isReached = channel.ledger.pairs.some(
      ({ from, to, state }) =>
        from === former.regionId && to === origin.regionId && state === 'open',
    );
    if (!isAwaited || !isReached) continue;
    const isExpected = life.state !== 'create-complete' || attributes.exportability === 'N';
    hold(
      isExpected || origin.truths.keys.has(keyId),
      'no key is left behind by a fail-over',
      () => `${keyId} ${former.regionId} ${JSON.stringify(known)}`,
    );
  }
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
  if (life.state === 'create-complete' && other.life.state === 'delete-complete') {
    // It went with its pair, and its ID does not serve again.
    hold(problem?.failure !== undefined, 'what can not be copied again has a reason', detail);
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
    // By the last word it names a key that this primary can not have: each region keeps its own.
    const named = channel.ledger.aliases[alias]?.history.at(-1)?.value;
    if (named && named !== keyId && !origin.truths.keys.has(named)) continue;
    hold(there?.keyId === keyId, 'aliases agree', () => `${alias} ${keyId} ${there?.keyId}`);
  }
}
