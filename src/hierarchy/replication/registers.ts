/**
 * What is known of a key, independent of the order in which it became known: of each kind of
 * change the latest counts, so that folding is commutative and a repeated event changes nothing.
 */

import { own } from '../../primitives/bytes.js';
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
      if (!isNews(own(key.tags, name), stamp)) return key;
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
  if (key.floor !== undefined && !isAbove(stamp, key.floor))
    return shownAgain(key, stamp, snapshot);
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

/** Nothing changes a key without a sequence but time, which opens and closes its window of use. */
function shownAgain(key: ReplicatedKey, stamp: Stamp, { enabled }: KeySnapshot): ReplicatedKey {
  const { floor, enabled: known } = key;
  const isSame = floor?.generation === stamp.generation && floor.sequence === stamp.sequence;
  const isNews = isSame && known?.value !== enabled && known?.stamp.eventId === '';
  return isNews ? { ...key, enabled: { stamp, value: enabled } } : key;
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
  const whole = withRequests(key, requests);
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

function withRequests(key: ReplicatedKey, requests: readonly AliasedRequest[]): ReplicatedKey {
  return requests.reduce((known, { stamp, change }) => fold(known, stamp, change), key);
}

/** What has happened to a key in one generation, as far as nothing has changed it since. */
export function changesIn(
  generation: number,
  key: ReplicatedKey,
  requests: readonly AliasedRequest[],
): readonly KeyChange[] {
  const { enabled, deletion, tags } = withRequests(key, requests);
  const isOf = <T>(known: Stamped<T> | undefined): known is Stamped<T> =>
    known?.stamp.generation === generation;
  const changes: KeyChange[] = [];
  if (isOf(enabled)) changes.push({ of: 'enabled', value: enabled.value });
  if (isOf(deletion)) changes.push({ of: 'deletion', value: deletion.value });
  for (const [name, tag] of Object.entries(tags)) {
    if (isOf(tag)) changes.push({ of: 'tag', name, value: tag.value });
  }
  return changes;
}

/** Whether a change is known already, or a later one of the same region is. */
export function isFolded(key: ReplicatedKey, stamp: Stamp, change: KeyChange): boolean {
  const { floor } = key;
  const isShown = floor?.generation === stamp.generation && !isAbove(stamp, floor);
  const known = registerOf(key, change)?.stamp;
  return isShown || (known?.generation === stamp.generation && !isLater(stamp, known));
}

function registerOf(key: ReplicatedKey, change: KeyChange): Stamped<unknown> | undefined {
  if (change.of === 'tag') return own(key.tags, change.name);
  return key[change.of];
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

/** The key that an alias named last in one generation; null for none. */
export function lastNamedIn(generation: number, { history }: ReplicatedAlias): string | null {
  return history.filter(({ stamp }) => stamp.generation === generation).at(-1)?.value ?? null;
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
