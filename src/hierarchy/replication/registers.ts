/**
 * What is known of a key, independent of the order in which it became known: of each kind of
 * change the latest counts, so that folding is commutative and a repeated event changes nothing.
 */

import type {
  AliasedRequest,
  CreatedKey,
  KeyChange,
  ReplicatedAlias,
  ReplicatedKey,
  Stamp,
  Stamped,
} from './records.js';

/** Whether one thing happened after another. The IDs decide where a source can not. */
function isLater(a: Stamp, b: Stamp): boolean {
  if (a.generation !== b.generation) return a.generation > b.generation;
  if (a.sequence !== b.sequence) return a.sequence > b.sequence;
  return a.eventId > b.eventId;
}

/** A key of which nothing is known but its ID. */
export function unknownKey(keyId: string): ReplicatedKey {
  return { keyId, tags: {}, replicas: {} };
}

/** Folds one change into what is known of a key. Returns the very key where it says nothing new. */
export function fold(key: ReplicatedKey, stamp: Stamp, change: KeyChange): ReplicatedKey {
  if (key.floor !== undefined && !isAbove(stamp, key.floor)) return key;
  switch (change.of) {
    case 'created': {
      // Nothing in it ever changes: the first word stands.
      const { created } = key;
      const known = created !== undefined && !isLater(created.stamp, stamp);
      return known ? key : { ...key, created: { stamp, value: change.value } };
    }
    case 'enabled':
      return isNews(key.enabled, stamp) ? { ...key, enabled: { stamp, value: change.value } } : key;
    case 'deletion':
      return isNews(key.deletion, stamp)
        ? { ...key, deletion: { stamp, value: change.value } }
        : key;
    case 'tag': {
      const { name, value } = change;
      const known = Object.hasOwn(key.tags, name) ? key.tags[name] : undefined;
      if (!isNews(known, stamp)) return key;
      return { ...key, tags: { ...key.tags, [name]: { stamp, value } } };
    }
  }
}

function isNews(known: Stamped<unknown> | undefined, stamp: Stamp): boolean {
  return known === undefined || isLater(stamp, known.stamp);
}

function isAbove(stamp: Stamp, floor: NonNullable<ReplicatedKey['floor']>): boolean {
  if (stamp.generation !== floor.generation) return stamp.generation > floor.generation;
  return stamp.sequence > floor.sequence;
}

/** A key as an inventory shows it. */
export interface KeySnapshot {
  readonly created: CreatedKey;
  readonly enabled: boolean;
  readonly deleteAfter: string | undefined;
  readonly tags: { readonly [key: string]: string };
}

/**
 * Folds a snapshot: it stands for every change up to its own, those included that are delivered
 * after it. Later changes that are known already stay.
 */
export function foldSnapshot(
  key: ReplicatedKey,
  stamp: Stamp,
  snapshot: KeySnapshot,
): ReplicatedKey {
  if (key.floor !== undefined && !isAbove(stamp, key.floor)) return key;
  const { generation, sequence } = stamp;
  const floor = { generation, sequence };
  const keep = <T>(known: Stamped<T> | undefined, value: T): Stamped<T> =>
    known !== undefined && isAbove(known.stamp, floor) ? known : { stamp, value };
  const later = Object.entries(key.tags).filter(([, tag]) => isAbove(tag.stamp, floor));
  const shown = Object.entries(snapshot.tags).map(([name, value]) => [name, { stamp, value }]);
  return {
    ...key,
    floor,
    created: keep(key.created, snapshot.created),
    enabled: keep(key.enabled, snapshot.enabled),
    deletion: keep(key.deletion, snapshot.deleteAfter ?? null),
    tags: Object.fromEntries([...shown, ...later]),
  };
}

/** A key as its copies have to be. */
export interface DesiredKey {
  readonly created: CreatedKey;
  readonly enabled: boolean;
  /** Undefined for a live key. */
  readonly deleteAfter: string | undefined;
  readonly tags: { readonly [key: string]: string };
}

/** What the copies of a key have to be, requests by alias included. Undefined until it is known. */
export function desiredKey(
  key: ReplicatedKey,
  requests: readonly AliasedRequest[],
): DesiredKey | undefined {
  const whole = requests.reduce((known, { stamp, change }) => fold(known, stamp, change), key);
  const { created, enabled, deletion } = whole;
  if (created === undefined) return undefined;
  const tags = Object.entries(whole.tags).flatMap(([name, { value }]) =>
    value === null ? [] : [[name, value] as const],
  );
  return {
    created: created.value,
    enabled: enabled?.value ?? true,
    deleteAfter: deletion?.value ?? undefined,
    tags: Object.fromEntries(tags),
  };
}

/** The key that an alias named when something happened; null for none that is known. */
export function keyNamedAt({ history }: ReplicatedAlias, stamp: Stamp): string | null {
  // The last assignment that is not later than the request itself.
  return history.filter((known) => !isLater(known.stamp, stamp)).at(-1)?.value ?? null;
}

/** The key that an alias names by the last that is known; null for none. */
export function keyNamed({ history }: ReplicatedAlias): string | null {
  return history.at(-1)?.value ?? null;
}

/** Notes which key an alias names from a time on. */
export function assign(
  alias: ReplicatedAlias,
  stamp: Stamp,
  keyId: string | null,
): ReplicatedAlias {
  const history = insert(alias.history, { stamp, value: keyId }, () => true);
  return history === alias.history ? alias : { ...alias, history };
}

/** Notes a change that named its key by an alias. */
export function request(alias: ReplicatedAlias, stamp: Stamp, change: KeyChange): ReplicatedAlias {
  const isSame = (known: AliasedRequest) => sameKind(known.change, change);
  const requests = insert(alias.requests, { stamp, change }, isSame);
  return requests === alias.requests ? alias : { ...alias, requests };
}

/** Puts an item where its stamp belongs. Returns the very list where it is in there already. */
function insert<T extends { readonly stamp: Stamp }>(
  items: readonly T[],
  item: T,
  isSame: (known: T) => boolean,
): readonly T[] {
  const earlier = items.filter(({ stamp }) => !isLater(stamp, item.stamp));
  const equal = (known: T) => !isLater(item.stamp, known.stamp) && isSame(known);
  if (earlier.some(equal)) return items;
  return [...earlier, item, ...items.filter(({ stamp }) => isLater(stamp, item.stamp))];
}

/** One event may bring several changes, no two of one kind but of tags. */
function sameKind(a: KeyChange, b: KeyChange): boolean {
  if (a.of === 'tag' && b.of === 'tag') return a.name === b.name;
  return a.of === b.of;
}
