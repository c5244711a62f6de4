/** The entries of a key: where it is copied to, and what a region has told about its copy. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { readId } from '../identifiers.js';
import { type Draft, primaryOf } from './draft.js';
import type { KeyChange, Replica, ReplicaLedgerEntry, ReplicatedKey } from './records.js';

/** Opens an entry in every region that a key is copied to from now on. */
export function enrol(
  draft: Draft,
  key: ReplicatedKey,
  regions: readonly string[] | undefined,
): ReplicatedKey {
  const { regionId: home } = primaryOf(draft);
  const defaults = draft.pairs.filter(({ from, byDefault }) => byDefault && from === home);
  const targets = regions ?? defaults.map(({ to }) => to);
  if (!Array.isArray(targets)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'regionId' });
  const entries = (targets as readonly string[])
    .filter((regionId) => regionId !== home && !Object.hasOwn(key.replicas, regionId))
    .map((regionId) => [readId(regionId, 'regionId'), absent(regionId)] as const);
  if (entries.length === 0) return key;
  return { ...key, replicas: { ...key.replicas, ...Object.fromEntries(entries) } };
}

function absent(regionId: string): ReplicaLedgerEntry {
  return { regionId, order: 0, state: 'absent' };
}

/** What happens in a region that was promoted is so there, without a command. */
export function observe(
  key: ReplicatedKey,
  regionId: string,
  changes: readonly KeyChange[],
): ReplicatedKey {
  const entry = own(key.replicas, regionId);
  if (entry?.replica === undefined) return key;
  const replica = changes.reduce(observed, entry.replica);
  return { ...key, replicas: { ...key.replicas, [regionId]: { ...entry, replica } } };
}

function observed(replica: Replica, change: KeyChange): Replica {
  switch (change.of) {
    case 'created':
      return replica;
    case 'enabled':
      return { ...replica, enabled: change.value };
    case 'deletion': {
      const deleteAfter = change.value ?? undefined;
      return { ...replica, deleteAfter, deleteFor: deleteAfter };
    }
    case 'tag': {
      const { [change.name]: _, ...others } = replica.tags;
      const { name, value } = change;
      return { ...replica, tags: value === null ? others : { ...others, [name]: value } };
    }
  }
}
