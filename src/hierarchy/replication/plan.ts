/**
 * What is to be done next about the copies of a key: told from what they have to be and what they
 * are, and from nothing else. Whatever was lost on the way is therefore asked for again.
 */

import { own } from '../../primitives/bytes.js';
import { canonicalJson } from '../digest.js';
import { whyNot } from './coverage.js';
import { changeKey, type Draft, note, primaryOf, requestsIn } from './draft.js';
import { hasKey } from './entries.js';
import type {
  AliasedRequest,
  LedgerPair,
  Replica,
  ReplicaLedgerEntry,
  ReplicaState,
  ReplicatedKey,
  UnreplicableReason,
} from './records.js';
import { type DesiredKey, desiredKey } from './registers.js';
import { isDue, mayTry, type NewKeyCommand, remainingDays, send } from './send.js';
import { isUnsure, mayLive } from './unsure.js';

/** Plans every copy of some keys. */
export function planKeys(draft: Draft, keyIds: Iterable<string>): void {
  const requests = requestsIn(draft);
  for (const keyId of keyIds) {
    changeKey(draft, keyId, (key) => planKey(draft, key, requests.get(keyId) ?? []));
  }
}

function planKey(
  draft: Draft,
  key: ReplicatedKey,
  requests: readonly AliasedRequest[],
): ReplicatedKey {
  const desired = desiredKey(key, requests);
  if (desired === undefined) return key;
  let changed = key;
  for (const stored of Object.values(key.replicas)) {
    const entry = believed(draft, stored);
    const planned = planEntry({ draft, key, desired, entry });
    if (planned === stored) continue;
    if (planned.state === 'unreplicable') {
      const { regionId, reason: code } = planned;
      note(draft, {
        action: 'replica.unreplicable',
        outcome: 'refused',
        recordId: key.keyId,
        regionId,
        code,
      });
    }
    changed = { ...changed, replicas: { ...changed.replicas, [entry.regionId]: planned } };
  }
  return changed;
}

/** What the primary has is what counts: nothing is changed there out of doubt. */
function believed(draft: Draft, entry: ReplicaLedgerEntry): ReplicaLedgerEntry {
  const { replica, regionId } = entry;
  const isDoubted = replica !== undefined && own(replica, 'unsure') !== undefined;
  if (!isDoubted || regionId !== primaryOf(draft).regionId) return entry;
  const { unsure: _, ...known } = replica;
  return { ...entry, replica: known };
}

/** One copy, and what has to come of it. */
interface Situation {
  readonly draft: Draft;
  readonly key: ReplicatedKey;
  readonly desired: DesiredKey;
  readonly entry: ReplicaLedgerEntry;
}

function planEntry(situation: Situation): ReplicaLedgerEntry {
  const { draft, desired, entry } = situation;
  const { replica } = entry;
  if (entry.pending !== undefined) return entry;
  // What could not be copied in time need not be any more.
  const isMoot = replica === undefined && desired.deleteAfter !== undefined;
  // The changes of a copy wait each for itself: see `askAny`.
  const isCopy = replica !== undefined && entry.discard === undefined;
  if (!isCopy && !isDue(entry, draft.at)) {
    return isMoot && !mayLive(entry) ? rest(entry, 'deleted') : entry;
  }
  const [pair] = pairsTo(situation, ({ state }) => state === 'open');
  if (pair === undefined) {
    // What the primary has is no copy, whatever led there before it was promoted.
    if (entry.regionId === primaryOf(draft).regionId) return entry;
    const pairs = pairsTo(situation, () => true);
    const isGivenUp = pairs.every(({ state }) => state === 'deleting');
    const [leaving] = pairs;
    return leaving && isGivenUp ? planRemoval(situation, leaving) : unsent(situation);
  }
  if (entry.discard !== undefined) return planDiscard(situation, pair, entry.discard);
  if (replica === undefined) return planCopy(situation, pair);
  if (desired.deleteAfter !== undefined) {
    return planDeletion(situation, pair, replica, desired.deleteAfter);
  }
  return planUpdate(situation, pair, replica);
}

/** A copy of another key, or of other attributes: it goes as soon as it may. */
function planDiscard(
  situation: Situation,
  pair: LedgerPair,
  replicaKeyId: string,
): ReplicaLedgerEntry {
  const days = remainingDays(situation.draft.at, undefined);
  return ask(situation, pair, { type: 'scheduleDeletion', replicaKeyId, days });
}

/** What is not there need not go. What may be there is imported once more, to have a name. */
function planAbsent(situation: Situation, state: ReplicaState): ReplicaLedgerEntry {
  const { draft, entry } = situation;
  const { attempted } = entry;
  if (attempted === undefined) return rest(entry, state);
  const isReached = draft.pairs.some(
    ({ pairId, state }) =>
      pairId === attempted.pairId && (state === 'open' || state === 'deleting'),
  );
  // Without that pair only an inventory tells: see `drift`.
  return isReached ? planImport(situation, attempted) : entry;
}

/** Nothing leads there now: a copy is not called synchronized that what was missed has changed. */
function unsent({ desired, entry }: Situation): ReplicaLedgerEntry {
  const { state, replica } = entry;
  const isDeleted = desired.deleteAfter !== undefined;
  if (replica === undefined) {
    return state === 'deleted' && !isDeleted ? { ...entry, state: 'absent' } : entry;
  }
  const isMarked = !mayLive(entry);
  const isSame =
    isDeleted || !(differsInSwitch(replica, desired) || differsInTags(replica, desired));
  if (isMarked === isDeleted && isSame) return entry;
  return state === 'updating' || state === 'failed' ? entry : { ...entry, state: 'updating' };
}

/** A key that has no copy gets one, if it can and may have one. */
function planCopy(situation: Situation, way: LedgerPair): ReplicaLedgerEntry {
  const { draft, key, desired, entry } = situation;
  // A tombstone: whatever is delivered of an earlier time does not bring the key to life.
  if (desired.deleteAfter !== undefined) return planAbsent(situation, 'deleted');
  const { exported } = entry;
  const isOpen = draft.pairs.some(
    ({ pairId, state }) => pairId === exported?.pairId && state === 'open',
  );
  // Of a pair that is closed, the block goes nowhere: it is asked for again.
  if (exported !== undefined && isOpen) return planImport(situation, exported);
  const { attributes } = desired.created;
  const sources = pairsTo(
    situation,
    ({ state, from }) => state === 'open' && isSource(draft, key, from),
  );
  const fit = sources.find(({ kekBits }) => whyNot(attributes, kekBits) === undefined);
  const source = fit ?? sources[0];
  const reason = whyNot(attributes, (source ?? way).kekBits);
  if (reason !== undefined) return refuse(entry, reason);
  if (source === undefined) return rest(entry, 'absent');
  const { pairId, generation } = source;
  const { refusedBy } = entry;
  if (refusedBy?.pairId === pairId && refusedBy.generation === generation) {
    return entry.state === 'unreplicable' ? entry : { ...entry, state: 'unreplicable' };
  }
  return ask(situation, source, { type: 'exportTr31', regionId: source.from, generation });
}

/** The block goes on under the KEK that it was made under, whatever has become of that since. */
function planImport(
  situation: Situation,
  { pairId, generation, keyBlock }: NonNullable<ReplicaLedgerEntry['exported']>,
): ReplicaLedgerEntry {
  const { created, enabled, tags } = situation.desired;
  const { kcv, attributesDigest } = created;
  const brought = { keyBlock, kcv, attributesDigest, enabled, tags };
  const { exported: _, ...entry } = situation.entry;
  return ask({ ...situation, entry }, { pairId }, { type: 'importTr31', generation, ...brought });
}

/** Deletion follows the origin's: as long as the key can be restored there, so long here. */
function planDeletion(
  situation: Situation,
  pair: LedgerPair,
  replica: Replica,
  originDeleteAfter: string,
): ReplicaLedgerEntry {
  const { draft, entry } = situation;
  const { keyId: replicaKeyId, deleteAfter, deleteFor } = replica;
  if (deleteAfter === undefined || isUnsure(replica, 'deletion')) {
    const days = remainingDays(draft.at, originDeleteAfter);
    const type = 'scheduleDeletion';
    return askAny(situation, pair, [{ type, replicaKeyId, days, originDeleteAfter }]);
  }
  // Marked again after a restore: the copy must not go while the key can come back.
  if (deleteFor !== originDeleteAfter && deleteAfter < originDeleteAfter) {
    return askAny(situation, pair, [{ type: 'cancelDeletion', replicaKeyId }]);
  }
  const over = draft.at >= deleteAfter && draft.at >= originDeleteAfter;
  return rest(entry, over ? 'deleted' : 'delete-scheduled');
}

function planUpdate(situation: Situation, pair: LedgerPair, replica: Replica): ReplicaLedgerEntry {
  const changes = changesOf(replica, situation.desired);
  return changes.length === 0
    ? rest(situation.entry, 'synchronized')
    : askAny(situation, pair, changes);
}

/** What a live key asks of its copy, in this order: nothing may hold a stop back. */
function changesOf(replica: Replica, desired: DesiredKey): readonly NewKeyCommand[] {
  const { keyId: replicaKeyId, deleteAfter } = replica;
  const { enabled, tags } = desired;
  const restore = { type: 'cancelDeletion', replicaKeyId } as const;
  const isDoubtful = isUnsure(replica, 'deletion');
  // What is marked takes nothing else.
  if (deleteAfter !== undefined && !isDoubtful) return [restore];
  const toggle = { type: 'setEnabled', replicaKeyId, enabled } as const;
  const toggles = differsInSwitch(replica, desired) ? [toggle] : [];
  return [
    ...(isDoubtful ? [restore] : []),
    ...(enabled ? [] : toggles),
    ...(differsInTags(replica, desired) ? [{ type: 'putTags', replicaKeyId, tags } as const] : []),
    ...(enabled ? toggles : []),
  ];
}

/** Copies that are given up go, and nothing else is done about them. */
function planRemoval(situation: Situation, pair: LedgerPair): ReplicaLedgerEntry {
  const { draft, key, desired, entry } = situation;
  const { replica, discard } = entry;
  if (discard !== undefined) return planDiscard(situation, pair, discard);
  if (replica === undefined) return planAbsent(situation, 'absent');
  if (!mayLive(entry)) return rest(entry, 'delete-scheduled');
  // A live key stays until the primary has it: this may be all that there is of it.
  const isLast = !isSource(draft, key, primaryOf(draft).regionId);
  if (isLast && desired.deleteAfter === undefined) return entry;
  const days = remainingDays(draft.at, undefined);
  const type = 'scheduleDeletion';
  return askAny(situation, pair, [{ type, replicaKeyId: replica.keyId, days }]);
}

/** The pairs by which a region is reached: those from the primary first. */
function pairsTo(
  { draft, entry }: Situation,
  fits: (pair: LedgerPair) => boolean,
): readonly LedgerPair[] {
  const { regionId } = primaryOf(draft);
  const pairs = draft.pairs.filter((pair) => pair.to === entry.regionId && fits(pair));
  const direct = pairs.filter(({ from }) => from === regionId);
  return [...direct, ...pairs.filter(({ from }) => from !== regionId)];
}

/** Whether a region has a key that it can be copied from. */
function isSource(draft: Draft, key: ReplicatedKey, regionId: string): boolean {
  const isLeaving = own(key.replicas, regionId)?.replica?.deleteAfter !== undefined;
  return hasKey(draft, key, regionId) && !isLeaving;
}

/** Sends the first of these commands that need not wait for another attempt. */
function askAny(
  situation: Situation,
  pair: LedgerPair,
  commands: readonly NewKeyCommand[],
): ReplicaLedgerEntry {
  const { draft, entry } = situation;
  const command = commands.find(({ type }) => mayTry(entry, type, draft.at));
  if (command !== undefined) return ask(situation, pair, command);
  return entry.state === 'failed' ? entry : { ...entry, state: 'failed' };
}

function ask(
  { draft, key, entry }: Situation,
  { pairId }: Pick<LedgerPair, 'pairId'>,
  command: NewKeyCommand,
): ReplicaLedgerEntry {
  const { keyId } = key;
  const originRegionId = originFor(draft, entry);
  const work = send(draft, entry, `key/${keyId}`, { ...command, pairId, keyId, originRegionId });
  const { reason: _, refusedBy: __, ...others } = entry;
  const copying = command.type === 'exportTr31' || command.type === 'importTr31';
  return { ...others, ...work, state: copying ? 'copying' : 'updating' };
}

/** Where the copies of a region come from: the primary, or of that itself the one before it. */
function originFor({ primaries }: Draft, { regionId }: ReplicaLedgerEntry): string {
  const others = primaries.filter((primary) => primary.regionId !== regionId);
  return (others.at(-1) ?? primaryOf({ primaries })).regionId;
}

function rest(entry: ReplicaLedgerEntry, state: ReplicaState): ReplicaLedgerEntry {
  if (entry.state === state && entry.failure === undefined && entry.exported === undefined) {
    return entry;
  }
  const { failure: _, reason: __, refusedBy: ___, exported: ____, ...others } = entry;
  return { ...others, state };
}

function refuse(entry: ReplicaLedgerEntry, reason: UnreplicableReason): ReplicaLedgerEntry {
  if (entry.state === 'unreplicable' && entry.reason === reason) return entry;
  const { failure: _, ...others } = entry;
  return { ...others, state: 'unreplicable', reason };
}

function differsInSwitch(replica: Replica, { enabled }: DesiredKey): boolean {
  return replica.enabled !== enabled || isUnsure(replica, 'enabled');
}

function differsInTags(replica: Replica, { tags }: DesiredKey): boolean {
  return (
    canonicalJson(replica.tags, 'tags') !== canonicalJson(tags, 'tags') || isUnsure(replica, 'tags')
  );
}
