/**
 * What the regions have against what the ledger says that they have.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { canonicalJson } from '../digest.js';
import type { Env } from '../env.js';
import { readId } from '../identifiers.js';
import { isListOf, isObject } from '../read-record.js';
import { takeSnapshot } from './backfill.js';
import {
  changeKey,
  closeDraft,
  type Draft,
  keyIdsIn,
  keyIn,
  openDraft,
  primaryOf,
  type ReplicationStep,
  requestsIn,
} from './draft.js';
import { compareReplica, DRIFT_RULES, type DriftRule } from './drift-rules.js';
import { createdKey } from './events.js';
import { type InventoryItem, readItem } from './inventory.js';
import { planAll } from './ledger.js';
import type { ReplicaLedger, ReplicaLedgerEntry } from './records.js';
import { type DesiredKey, desiredKey } from './registers.js';

/** What {@link drift} takes. */
export interface DriftOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** Every key of the primary. */
  readonly origin: readonly InventoryItem[];
  /** Every key of the regions to compare. The primary has no copies: it is passed over here. */
  readonly copies: readonly {
    /** The region that lists them. */
    readonly regionId: string;
    /** Every key that it lists: a copy that is not among them counts as missing. */
    readonly inventory: readonly InventoryItem[];
  }[];
}

/** Something that is not as the ledger says. */
export interface DriftFinding {
  /** What was found, for software to go by. */
  readonly id: DriftRule;
  /** The same for every finding of one ID. */
  readonly severity: 'info' | 'warning' | 'error';
  /** Its ID in the ledger; of a key that the ledger does not know, that in its region. */
  readonly keyId: string;
  /** The region of the copy, or the primary. */
  readonly regionId: string;
  /** The same for every finding of one ID. */
  readonly text: string;
}

/** What a comparison comes to. */
export interface DriftStep extends ReplicationStep {
  /** Those of the primary first, then region by region as they were given. */
  readonly findings: readonly DriftFinding[];
}

/**
 * Compares regions with the ledger: check values, attributes, and what may change. The commands
 * returned make the copies what they have to be. What only people can decide is found, and left:
 * keys that the origin has lost, or that are not in the ledger, and copies of which nothing is
 * known.
 *
 * @param options - The ledger as stored, and what the regions list. Copies with a command in flight
 * are passed over.
 * @returns What was found, the ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * replication.drift({ env, ledger, origin: [], copies: [] }).findings; // []
 * ```
 */
export function drift(options: DriftOptions): DriftStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const origin = readItems(own(options, 'origin'));
  const copies = own(options, 'copies');
  if (!Array.isArray(copies)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  const findings: DriftFinding[] = [];
  compareOrigin(draft, origin, findings);
  if (!isListOf(copies, isObject)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  for (const { regionId, inventory } of copies as DriftOptions['copies']) {
    compareRegion(draft, readId(regionId, 'regionId'), readItems(inventory), findings);
  }
  planAll(draft);
  return { ...closeDraft(draft), findings };
}

function readItems(items: readonly InventoryItem[] | undefined): readonly InventoryItem[] {
  if (!Array.isArray(items)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  return (items as readonly InventoryItem[]).map(readItem);
}

function finding(id: DriftRule, keyId: string, regionId: string): DriftFinding {
  return { id, keyId, regionId, ...DRIFT_RULES[id] };
}

/** Events that were lost are made up for by the snapshot that the inventory is. */
function compareOrigin(
  draft: Draft,
  inventory: readonly InventoryItem[],
  findings: DriftFinding[],
): void {
  const { regionId } = primaryOf(draft);
  const report = (id: DriftRule, keyId: string) => findings.push(finding(id, keyId, regionId));
  const items = new Map(inventory.map((item) => [item.replicaOf?.keyId ?? item.keyId, item]));
  const known = desiredKeys(draft);
  const requests = requestsIn(draft);
  for (const [keyId, before] of known) {
    const item = items.get(keyId);
    if (item === undefined) {
      const isOver = before.deleteAfter !== undefined && before.deleteAfter <= draft.at;
      if (!isOver) report('origin-missing', keyId);
    } else if (!isSameKey(item, before)) {
      report('origin-differs', keyId);
    } else if (item.sequence !== undefined) {
      takeSnapshot(draft, item, { regions: [], requests });
      const after = desiredKey(keyIn(draft, keyId), requests.get(keyId) ?? []);
      if (canonicalJson(after) !== canonicalJson(before)) report('origin-changed', keyId);
    }
  }
  for (const [keyId, { replicaOf }] of items) {
    if (!known.has(keyId) && replicaOf === undefined) report('not-in-ledger', keyId);
  }
}

function desiredKeys(draft: Draft): ReadonlyMap<string, DesiredKey> {
  const requests = requestsIn(draft);
  const known = new Map<string, DesiredKey>();
  for (const keyId of keyIdsIn(draft)) {
    const desired = desiredKey(keyIn(draft, keyId), requests.get(keyId) ?? []);
    if (desired !== undefined) known.set(keyId, desired);
  }
  return known;
}

function isSameKey(item: InventoryItem, { created }: DesiredKey): boolean {
  const { attributesDigest, kcv } = createdKey(item.attributes, item.kcv);
  const same = kcv.method === created.kcv.method && kcv.value === created.kcv.value;
  return same && attributesDigest === created.attributesDigest;
}

function compareRegion(
  draft: Draft,
  regionId: string,
  inventory: readonly InventoryItem[],
  findings: DriftFinding[],
): void {
  // What it had as copies before its promotion is the origin now.
  if (regionId === primaryOf(draft).regionId) return;
  const items = new Map(inventory.map((item) => [item.keyId, item]));
  const byOrigin = new Map(inventory.map((item) => [item.replicaOf?.keyId, item]));
  const known = new Set<string>();
  for (const [keyId, { created }] of desiredKeys(draft)) {
    changeKey(draft, keyId, (key) => {
      const entry = own(key.replicas, regionId);
      if (entry === undefined) return key;
      const item = items.get(entry.replica?.keyId ?? '') ?? byOrigin.get(keyId);
      if (item !== undefined) known.add(item.keyId);
      if (entry.pending !== undefined) return key;
      const { rule, replica, discard } = compareReplica(draft.at, created, entry, item);
      // Nor is there a copy of which that was not known.
      const isAbsent = item === undefined && entry.attempted !== undefined;
      if (rule === undefined && !isAbsent) return key;
      if (rule !== undefined) findings.push(finding(rule, keyId, regionId));
      const { replica: _, attempted: __, ...others } = entry;
      const seen: ReplicaLedgerEntry = {
        ...others,
        ...(replica === undefined ? {} : { replica }),
        ...(discard === undefined ? {} : { discard }),
      };
      return { ...key, replicas: { ...key.replicas, [regionId]: seen } };
    });
  }
  const origins = new Set(draft.primaries.map((primary) => primary.regionId));
  for (const { keyId, replicaOf } of inventory) {
    const isOurs = replicaOf !== undefined && origins.has(replicaOf.regionId);
    if (isOurs && !known.has(keyId)) findings.push(finding('replica-orphan', keyId, regionId));
  }
}
