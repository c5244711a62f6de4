/** The entries of a key: where it is copied to, and what a region has told about its copy. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { readId } from '../identifiers.js';
import { type Draft, primaryOf } from './draft.js';
import type { ReplicaLedger, ReplicaLedgerEntry, ReplicatedKey } from './records.js';
import type { DesiredKey } from './registers.js';
import { firstOrder } from './send.js';

/**
 * Opens an entry in every region that a key is copied to from now on.
 *
 * @param home - Where the key was made. Told of late, that may be a primary before this one, which
 * has the key, and this one does not.
 */
export function enrol(
  draft: Draft,
  key: ReplicatedKey,
  regions: readonly string[] | undefined,
  home: string = primaryOf(draft).regionId,
): ReplicatedKey {
  const { regionId: primary } = primaryOf(draft);
  const ways = draft.pairs.filter(({ byDefault }) => byDefault);
  const defaults = ways.filter(({ from }) => from === home || from === primary);
  const targets = regions ?? defaults.map(({ to }) => to);
  if (!Array.isArray(targets)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'regionId' });
  const entries = (targets as readonly string[])
    .filter((regionId) => regionId !== home && !Object.hasOwn(key.replicas, regionId))
    .map((regionId) => [readId(regionId, 'regionId'), absent(draft, regionId)] as const);
  if (entries.length === 0) return key;
  return { ...key, replicas: { ...key.replicas, ...Object.fromEntries(entries) } };
}

/** Whether a region has a key: where it was made there is no entry, as long as there was no promotion. */
export function hasKey(
  { primaries }: Pick<ReplicaLedger, 'primaries'>,
  key: ReplicatedKey,
  regionId: string,
): boolean {
  const entry = own(key.replicas, regionId);
  if (entry !== undefined) return entry.replica !== undefined;
  const made = key.created?.stamp.generation;
  return primaries.some((at) => at.generation === made && at.regionId === regionId);
}

/** The entry of a region that was the primary when the key was made: what it was last known to be. */
export function settled(
  draft: Draft,
  key: ReplicatedKey,
  desired: DesiredKey,
  regionId: string,
): ReplicatedKey {
  if (Object.hasOwn(key.replicas, regionId)) return key;
  const entry = entryOf(draft, key, desired, regionId);
  return { ...key, replicas: { ...key.replicas, [regionId]: entry } };
}

function entryOf(
  draft: Draft,
  { keyId }: ReplicatedKey,
  { created, enabled, deleteAfter, tags }: DesiredKey,
  regionId: string,
): ReplicaLedgerEntry {
  const { kcv, attributesDigest } = created;
  const replica = {
    keyId,
    kcv,
    attributesDigest,
    enabled,
    tags,
    deleteAfter,
    deleteFor: deleteAfter,
  };
  const state = deleteAfter === undefined ? 'synchronized' : 'delete-scheduled';
  return { regionId, order: firstOrder(draft, regionId), state, replica };
}

function absent(draft: Draft, regionId: string): ReplicaLedgerEntry {
  return { regionId, order: firstOrder(draft, regionId), state: 'absent' };
}
