/**
 * What a region has, as it lists it: for keys that were there before, and to compare with the
 * ledger.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import { holdsTexts, requireCustomerKey } from '../read-record.js';
import type { CustomerKeyRecord, Kcv, KeyAttributes } from '../records.js';
import { readTags } from '../rules/tags.js';
import { isWithin } from '../rules/usable.js';

/** One key as its region lists it. */
export interface InventoryItem {
  /** Its ID in that region. */
  readonly keyId: string;
  /** By the codes of X9.143; compared with those in the ledger. */
  readonly attributes: KeyAttributes;
  /** As that region has computed it; compared with that in the ledger. */
  readonly kcv: Kcv;
  /** Whether it is switched on: of the primary this counts, and a copy that differs is set back. */
  readonly enabled: boolean;
  /** Of a key that is marked for deletion: until when it can be restored, in ISO 8601. */
  readonly deleteAfter?: string | undefined;
  /** All of them: of the primary they count, and those of a copy that differ are set back. */
  readonly tags: { readonly [key: string]: string };
  /** Of a key of the primary: the `sequence` of the last event that this shows. */
  readonly sequence?: number | undefined;
  /** Of a copy: the region and the key that it is a copy of. */
  readonly replicaOf?:
    | {
        /** The region that was the primary when it was copied. */
        readonly regionId: string;
        /** The key in that region, by its ID in the ledger. */
        readonly keyId: string;
      }
    | undefined;
}

/**
 * Lists customer keys as replication needs them. The revision of a record is its `sequence`: events
 * of a store of this library carry the revision that they led to.
 *
 * @param options - The records; tombstones and keys that are not complete are left out. With the time a
 * key counts as disabled outside the times between which it may be used; without it, as its switch says.
 * @returns One item a key.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no customer key, `INVALID_ARGUMENT` for
 * a time that is none.
 *
 * @example
 * ```ts
 * import { type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
 *
 * function exportable(records: readonly CustomerKeyRecord[]) {
 *   const keys = replication.inventoryOf({ records });
 *   return keys.length - replication.uncarried({ kekBits: 256, keys }).length;
 * }
 * ```
 */
export function inventoryOf(options: {
  readonly records: readonly CustomerKeyRecord[];
  readonly env?: Env | undefined;
}): readonly InventoryItem[] {
  requireObject(options, 'options');
  const env = own(options, 'env');
  const now = env === undefined ? undefined : isoTime(env);
  const records = own(options, 'records');
  if (!Array.isArray(records)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return records.map(requireCustomerKey).flatMap((record) => {
    const { keyId, attributes, kcv, lifecycle, tags, revision } = record;
    const replicaOf = own(record, 'replicaOf');
    const { state } = lifecycle;
    const deleteAfter = own(lifecycle, 'deleteAfter');
    if (state !== 'create-complete' && state !== 'delete-pending') return [];
    const enabled = lifecycle.enabled && (now === undefined || isWithin(lifecycle, now));
    return [{ keyId, attributes, kcv, enabled, deleteAfter, tags, sequence: revision, replicaOf }];
  });
}

/** Reads an item of a list. */
export function readItem(item: InventoryItem): InventoryItem {
  requireObject(item, 'event');
  readId(item.keyId, 'keyId');
  requireObject(item.kcv, 'kcv');
  requireObject(item.tags, 'tags');
  readTags(item.tags);
  const replicaOf = own(item, 'replicaOf');
  const isOrigin = replicaOf === undefined || holdsTexts(replicaOf, ['regionId', 'keyId']);
  if (typeof item.enabled !== 'boolean' || !isOrigin) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  }
  return { ...item, replicaOf, deleteAfter: own(item, 'deleteAfter') };
}
