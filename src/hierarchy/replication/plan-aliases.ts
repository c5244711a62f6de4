/** What is to be done next about an alias: it follows the copies of the key that it names. */

import { own } from '../../primitives/bytes.js';
import { aliasesIn, changeAlias, type Draft, keyIn, note, primaryOf } from './draft.js';
import { hasKey } from './entries.js';
import type {
  AliasLedgerEntry,
  ReplicatedAlias,
  ReplicatedKey,
  UnreplicableReason,
} from './records.js';
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
    const known = entry ?? absent(draft, regionId);
    const planned = planEntry(draft, alias.alias, known, target, key && reasonIn(key, regionId));
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

/** Why a key has no copy in a region, where it can have none. */
function reasonIn(key: ReplicatedKey, regionId: string): UnreplicableReason | undefined {
  const copy = own(key.replicas, regionId);
  return copy?.state === 'unreplicable' ? copy.reason : undefined;
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
  reason: UnreplicableReason | null | undefined,
): AliasLedgerEntry {
  const { regionId } = entry;
  if (entry.pending !== undefined || !isDue(entry, draft.at)) return entry;
  // A command that failed may have been carried out: what the alias names is not known then.
  if (target === entry.keyId && entry.failure === undefined) {
    const state = target === null ? 'absent' : 'synchronized';
    return entry.state === state ? entry : { regionId, order: entry.order, keyId: target, state };
  }
  const pair = draft.pairs.find(({ to, state }) => to === regionId && state === 'open');
  if (pair === undefined || target === undefined) return behind(draft, alias, entry, reason);
  const { pairId } = pair;
  const command = { type: 'putAlias', pairId, alias, replicaKeyId: target } as const;
  return { ...entry, ...send(draft, entry, `alias/${alias}`, command), state: 'updating' };
}

/** An alias that names another key than it has to is not called synchronized. */
function behind(
  draft: Draft,
  alias: string,
  entry: AliasLedgerEntry,
  code: UnreplicableReason | null | undefined,
): AliasLedgerEntry {
  const { regionId } = entry;
  if (entry.keyId === null || regionId === primaryOf(draft).regionId) return entry;
  // Of a key that can have no copy it goes on naming the one before.
  const state = code ? 'failed' : 'updating';
  if (entry.state === state || entry.failure !== undefined) return entry;
  if (code) {
    const action = 'replica.unreplicable';
    note(draft, { action, outcome: 'refused', recordId: alias, regionId, code });
  }
  return { ...entry, state };
}
