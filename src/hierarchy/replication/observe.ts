/** What happened in a region that is the primary, or was one, is so there, without a command. */

import { own } from '../../primitives/bytes.js';
import { canonicalJson } from '../digest.js';
import { changeKey, type Draft, primaryOf, requestsIn } from './draft.js';
import type { ReplicationEvent } from './events.js';
import type { KeyChange, Replica, ReplicatedKey, Stamp } from './records.js';
import { changesIn, type DesiredKey, isFolded } from './registers.js';
import { sureOf } from './unsure.js';

/**
 * A change that a former primary is late to tell of is so there, also where a change in the present
 * one counts in its place: only then is the former one told of that.
 */
export function observeFormer(
  draft: Draft,
  key: ReplicatedKey,
  { regionId }: ReplicationEvent,
  stamp: Stamp,
  changes: readonly KeyChange[],
): ReplicatedKey {
  if (regionId === primaryOf(draft).regionId) return key;
  const news = changes.filter((change) => !isFolded(key, stamp, change));
  return observe(key, regionId, news);
}

/** What happened in the primary is so there: it needs no command, where it had a copy before. */
export function observePrimary(draft: Draft, keyIds: Iterable<string>): void {
  const { generation, regionId } = primaryOf(draft);
  const requests = requestsIn(draft);
  for (const keyId of keyIds) {
    changeKey(draft, keyId, (key) =>
      observe(key, regionId, changesIn(generation, key, requests.get(keyId) ?? [])),
    );
  }
}

/** Notes that the copy of a region is as its key has to be: the region has shown it. */
export function inPrimary(
  key: ReplicatedKey,
  { enabled, deleteAfter, tags }: DesiredKey,
  regionId: string,
): ReplicatedKey {
  const entry = own(key.replicas, regionId);
  if (entry?.replica === undefined) return key;
  const shown = { ...entry.replica, enabled, tags, deleteAfter, deleteFor: deleteAfter };
  const replica = sureOf(shown, ['enabled', 'tags', 'deletion']);
  return { ...key, replicas: { ...key.replicas, [regionId]: { ...entry, replica } } };
}

/** Returns the very key where its copy is so already. */
function observe(
  key: ReplicatedKey,
  regionId: string,
  changes: readonly KeyChange[],
): ReplicatedKey {
  const entry = own(key.replicas, regionId);
  if (entry?.replica === undefined) return key;
  const replica = changes.reduce(observed, entry.replica);
  if (canonicalJson(replica) === canonicalJson(entry.replica)) return key;
  return { ...key, replicas: { ...key.replicas, [regionId]: { ...entry, replica } } };
}

function observed(replica: Replica, change: KeyChange): Replica {
  switch (change.of) {
    case 'created':
      return replica;
    case 'enabled':
      return sureOf({ ...replica, enabled: change.value }, ['enabled']);
    case 'deletion': {
      const deleteAfter = change.value ?? undefined;
      return sureOf({ ...replica, deleteAfter, deleteFor: deleteAfter }, ['deletion']);
    }
    case 'tag': {
      const { [change.name]: _, ...others } = replica.tags;
      const { name, value } = change;
      return { ...replica, tags: value === null ? others : { ...others, [name]: value } };
    }
  }
}
