/**
 * Another region becomes the primary, by decision and never by itself.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { Env } from '../env.js';
import { readId } from '../identifiers.js';
import {
  aliasesIn,
  changeAlias,
  changeKey,
  closeDraft,
  type Draft,
  keyIdsIn,
  keyIn,
  note,
  openDraft,
  primaryOf,
  type ReplicationStep,
  requestsIn,
} from './draft.js';
import { hasKey, settled } from './entries.js';
import { planAll } from './ledger.js';
import type { ReplicaLedger, ReplicaLedgerEntry, ReplicaState, ReplicatedKey } from './records.js';
import { desiredKey, keyNamed } from './registers.js';
import { firstOrder } from './send.js';

/** What {@link promoteReplica} takes. */
export interface PromoteReplicaOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** The region that becomes the primary: one that keys are copied to. */
  readonly regionId: string;
}

/** What a promotion comes to. */
export interface PromotedReplica extends ReplicationStep {
  /** Keys that the new primary does not have as they have to be, to be looked at by people. */
  readonly behind: readonly {
    /** Its ID in the ledger. */
    readonly keyId: string;
    /** Of its copy there: neither `synchronized` nor `delete-scheduled` nor `deleted`. */
    readonly state: ReplicaLedgerEntry['state'];
  }[];
}

/**
 * Makes a region the primary: from now on keys are changed there, and events of that region count.
 * The former primary is a region with copies, to which all that happens is sent as soon as a pair
 * leads there; to fail back, promote it again. What it told before counts still, whenever it is
 * delivered, as having happened before the promotion.
 *
 * A command of before that is carried out late may undo a change in the new primary: run `drift`
 * when what is in flight now is answered.
 *
 * @param options - The ledger as stored, and the region.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for the primary itself and for a region that no
 * pair leads to, but such as drain with their copies.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function failOver(ledger: replication.ReplicaLedger) {
 *   const regionId = 'eu-west-1';
 *   return replication.promoteReplica({ env: { at: new Date() }, ledger, regionId });
 * }
 * ```
 */
export function promoteReplica(options: PromoteReplicaOptions): PromotedReplica {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const regionId = readId(own(options, 'regionId'), 'regionId');
  const former = primaryOf(draft);
  // Where the copies are on their way out, keys would go that are live.
  const isReached = draft.pairs.some(({ to, state }) => to === regionId && state !== 'deleting');
  if (regionId === former.regionId || !isReached) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'regionId' });
  }
  demote(draft, former.regionId);
  const generation = former.generation + 1;
  draft.primaries = [...draft.primaries, { generation, regionId, at: draft.at }];
  note(draft, {
    action: 'replica.promote',
    outcome: 'ok',
    recordId: draft.stored.ledgerId,
    regionId,
  });
  const behind = [...keyIdsIn(draft)].flatMap((keyId) => {
    const state = stateIn(draft, keyIn(draft, keyId), regionId);
    return AS_IT_HAS_TO_BE.includes(state) ? [] : [{ keyId, state }];
  });
  planAll(draft);
  return { ...closeDraft(draft), behind };
}

const AS_IT_HAS_TO_BE: readonly ReplicaState[] = ['synchronized', 'delete-scheduled', 'deleted'];

/** How a key is in a region: where it was made, there need not be an entry. */
function stateIn(draft: Draft, key: ReplicatedKey, regionId: string): ReplicaState {
  const entry = own(key.replicas, regionId);
  if (entry !== undefined) return entry.state;
  return key.created === undefined || hasKey(draft, key, regionId) ? 'synchronized' : 'absent';
}

/** The former primary gets entries for what it has: what it was last known to be. */
function demote(draft: Draft, regionId: string): void {
  const requests = requestsIn(draft);
  for (const keyId of keyIdsIn(draft)) {
    changeKey(draft, keyId, (key) => {
      const desired = desiredKey(key, requests.get(keyId) ?? []);
      const isThere = desired !== undefined && hasKey(draft, key, regionId);
      return isThere ? settled(draft, key, desired, regionId) : key;
    });
  }
  for (const { alias } of aliasesIn(draft)) {
    changeAlias(draft, alias, (known) => {
      if (Object.hasOwn(known.replicas, regionId)) return known;
      const keyId = keyNamed(known);
      const order = firstOrder(draft, regionId);
      const entry = { regionId, order, state: 'synchronized', keyId } as const;
      return { ...known, replicas: { ...known.replicas, [regionId]: entry } };
    });
  }
}
