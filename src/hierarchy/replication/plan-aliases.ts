/** What is to be done next about an alias: it follows the copies of the key that it names. */

import { own } from '../../primitives/bytes.js';
import { aliasesIn, changeAlias, type Draft, keyIn } from './draft.js';
import { hasKey } from './entries.js';
import type { AliasLedgerEntry, ReplicatedAlias, ReplicatedKey } from './records.js';
import { keyNamed } from './registers.js';
import { firstOrder, isDue, send } from './send.js';

/** Plans some aliases in every region that they are copied to. */
export function planAliases(draft: Draft, names: Iterable<string>): void {
  for (const name of names) changeAlias(draft, name, (alias) => planAlias(draft, alias));
}

/** The aliases that name one of some keys. */
export function aliasesOf(draft: Draft, keyIds: ReadonlySet<string>): readonly string[] {
  const named = aliasesIn(draft).filter((alias) => {
    const keyId = keyNamed(alias);
    return keyId !== null && keyIds.has(keyId);
  });
  return named.map(({ alias }) => alias);
}

function planAlias(draft: Draft, alias: ReplicatedAlias): ReplicatedAlias {
  const keyId = keyNamed(alias);
  const key = keyId === null ? null : keyIn(draft, keyId);
  let changed = alias;
  // Where the key goes, and where the alias is already.
  const regionIds = [...Object.keys(key?.replicas ?? {}), ...Object.keys(alias.replicas)];
  for (const regionId of new Set(regionIds)) {
    const entry = own(alias.replicas, regionId);
    const target = key && idIn(draft, key, regionId);
    const planned = planEntry(draft, alias.alias, entry ?? absent(draft, regionId), target);
    if (planned === entry) continue;
    changed = { ...changed, replicas: { ...changed.replicas, [regionId]: planned } };
  }
  return changed;
}

/** A key by its ID in a region; undefined where it is not, or not yet. */
function idIn(draft: Draft, key: ReplicatedKey, regionId: string): string | undefined {
  const copy = own(key.replicas, regionId)?.replica;
  return copy?.keyId ?? (hasKey(draft, key, regionId) ? key.keyId : undefined);
}

function absent(draft: Draft, regionId: string): AliasLedgerEntry {
  return { regionId, order: firstOrder(draft, regionId), state: 'absent', keyId: null };
}

/** The target is undefined as long as the key has no copy there: the alias waits for it. */
function planEntry(
  draft: Draft,
  alias: string,
  entry: AliasLedgerEntry,
  target: string | null | undefined,
): AliasLedgerEntry {
  const { regionId } = entry;
  if (entry.pending !== undefined || !isDue(entry, draft.at)) return entry;
  if (target === entry.keyId) {
    const state = target === null ? 'absent' : 'synchronized';
    return entry.state === state ? entry : { regionId, order: entry.order, keyId: target, state };
  }
  const pair = draft.pairs.find(({ to, state }) => to === regionId && state === 'open');
  if (pair === undefined || target === undefined) return entry;
  const { pairId } = pair;
  const command = { type: 'putAlias', pairId, alias, replicaKeyId: target } as const;
  return { ...entry, ...send(draft, entry, `alias/${alias}`, command), state: 'updating' };
}
