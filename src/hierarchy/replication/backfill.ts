/**
 * Keys that were there before replication was.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { Env } from '../env.js';
import {
  type AliasedRequests,
  changeKey,
  closeDraft,
  type Draft,
  openDraft,
  primaryOf,
  type ReplicationStep,
  requestsIn,
} from './draft.js';
import { enrol } from './entries.js';
import { createdKey, readTime } from './events.js';
import { type InventoryItem, readItem } from './inventory.js';
import { inPrimary } from './observe.js';
import { planKeys } from './plan.js';
import { aliasesOf, planAliases } from './plan-aliases.js';
import type { ReplicaLedger, ReplicatedKey } from './records.js';
import { type DesiredKey, desiredKey, foldSnapshot } from './registers.js';

/** What {@link planBackfill} takes. */
export interface PlanBackfillOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** Keys of the primary, each with its `sequence`: some, or all of them. */
  readonly inventory: readonly InventoryItem[];
  /** The regions that these keys are copied to, instead of the default ones. */
  readonly regions?: readonly string[] | undefined;
}

/**
 * Takes keys into the ledger that it has no events of. What the inventory shows stands for all
 * events up to its `sequence`; events that come before or after fit in, so that backfill and events
 * may run at the same time.
 *
 * @param options - The ledger as stored, and a page of the inventory.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for what is no key, or has no `sequence`.
 *
 * @example
 * ```ts
 * import { type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
 *
 * function adopt(ledger: replication.ReplicaLedger, records: readonly CustomerKeyRecord[]) {
 *   const inventory = replication.inventoryOf({ records });
 *   return replication.planBackfill({ env: { at: new Date() }, ledger, inventory });
 * }
 * ```
 */
export function planBackfill(options: PlanBackfillOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const inventory = own(options, 'inventory');
  if (!Array.isArray(inventory)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  const regions = own(options, 'regions');
  const items = (inventory as readonly InventoryItem[]).map(readItem);
  const requests = requestsIn(draft);
  for (const item of items) takeSnapshot(draft, item, { regions, requests });
  const keyIds = new Set(items.map(keyIdOf));
  planKeys(draft, keyIds);
  planAliases(draft, aliasesOf(draft, keyIds));
  return closeDraft(draft);
}

/** The ID of a key in the ledger: in a region that was promoted its copy may have another one. */
function keyIdOf({ keyId, replicaOf }: InventoryItem): string {
  return replicaOf?.keyId ?? keyId;
}

/** What a snapshot is folded with. */
interface SnapshotContext {
  /** Where the key is copied to, instead of the default regions. */
  readonly regions: readonly string[] | undefined;
  /** Of the draft: no snapshot changes an alias, so they are found once for all items. */
  readonly requests: AliasedRequests;
}

/** Folds what the primary shows of a key. Copies are not copied. */
export function takeSnapshot(
  draft: Draft,
  item: InventoryItem,
  { regions, requests }: SnapshotContext,
): void {
  const { attributes, kcv, enabled, deleteAfter, tags, sequence, replicaOf } = item;
  // A copy that was promoted with its region is none any more; others are not copied again.
  const isOurs = draft.primaries.some(({ regionId }) => regionId === replicaOf?.regionId);
  if (replicaOf !== undefined && !isOurs) return;
  const keyId = keyIdOf(item);
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  }
  const { generation, regionId } = primaryOf(draft);
  const stamp = { generation, sequence, eventId: '' };
  changeKey(draft, keyId, (key) => {
    const folded = foldSnapshot(key, stamp, {
      created: createdKey(attributes, kcv),
      enabled,
      deleteAfter: deleteAfter === undefined ? undefined : readTime(deleteAfter),
      tags,
    });
    const desired = desiredKey(folded, requests.get(keyId) ?? []);
    return enrol(draft, asShown(folded, desired, regionId), regions);
  });
}

/** What the primary shows is how it is there: it needs no command, where it had a copy before. */
function asShown(
  key: ReplicatedKey,
  desired: DesiredKey | undefined,
  regionId: string,
): ReplicatedKey {
  const hasCopy = own(key.replicas, regionId)?.replica !== undefined;
  return hasCopy && desired !== undefined ? inPrimary(key, desired, regionId) : key;
}

/** What {@link backfill} takes. */
export interface BackfillOptions extends Omit<PlanBackfillOptions, 'inventory'> {
  /** Every key of the primary, as a store lists them. */
  readonly inventory: Iterable<InventoryItem> | AsyncIterable<InventoryItem>;
  /** @defaultValue `500` */
  readonly batchSize?: number | undefined;
}

/**
 * The same for a whole inventory, in batches: each is to be stored, and its commands sent, before
 * the next is asked for. It may be stopped anywhere, and begun again from the start.
 *
 * @param options - The ledger as stored, and the inventory.
 * @returns One step a batch, each with the ledger that the one before has led to.
 * @throws {@link KeyblockError} as {@link planBackfill}.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * async function fill(
 *   ledger: replication.ReplicaLedger,
 *   inventory: AsyncIterable<replication.InventoryItem>,
 *   store: (step: replication.ReplicationStep) => Promise<void>,
 * ) {
 *   const env = { at: new Date() };
 *   for await (const step of replication.backfill({ env, ledger, inventory })) await store(step);
 * }
 * ```
 */
export async function* backfill(options: BackfillOptions): AsyncGenerator<ReplicationStep, void> {
  requireObject(options, 'options');
  const inventory = own(options, 'inventory');
  const batchSize = own(options, 'batchSize') ?? 500;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  }
  let step: ReplicationStep | undefined;
  let batch: InventoryItem[] = [];
  const plan = () => {
    step = planBackfill({ ...options, ledger: step?.ledger ?? options.ledger, inventory: batch });
    batch = [];
    return step;
  };
  if (!isIterable(inventory)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  for await (const item of inventory) {
    batch.push(item);
    if (batch.length === batchSize) yield plan();
  }
  if (batch.length > 0) yield plan();
}

/** What is none must not pass for an inventory that is empty. */
function isIterable(
  inventory: BackfillOptions['inventory'] | undefined,
): inventory is BackfillOptions['inventory'] {
  return (
    typeof inventory === 'object' &&
    inventory !== null &&
    (Symbol.asyncIterator in inventory || Symbol.iterator in inventory)
  );
}
