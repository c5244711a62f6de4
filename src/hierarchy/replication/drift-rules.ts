/** Ways in which a region may differ from the ledger. */

import { own } from '../../primitives/bytes.js';
import { sameKcv } from '../check-value.js';
import { canonicalJson } from '../digest.js';
import { createdKey, readTime } from './events.js';
import type { InventoryItem } from './inventory.js';
import type { CreatedKey, Replica, ReplicaLedgerEntry } from './records.js';

/** Every finding that a comparison may have. */
export const DRIFT_RULES = {
  'origin-missing': {
    severity: 'error',
    text: 'The ledger has a live key that the primary does not list.',
  },
  'origin-differs': {
    severity: 'error',
    text: 'The check value or the attributes of a key of the primary are not those of the ledger.',
  },
  'origin-changed': {
    severity: 'warning',
    text: 'A key of the primary has changed without an event: its copies are brought up to date.',
  },
  'not-in-ledger': {
    severity: 'info',
    text: 'A key of the primary is not in the ledger: a backfill would take it in.',
  },
  'replica-missing': {
    severity: 'error',
    text: 'A copy is gone from its region: the key is copied again.',
  },
  'replica-differs': {
    severity: 'error',
    text: 'The check value or the attributes of a copy are not those of the origin: it is replaced.',
  },
  'replica-changed': {
    severity: 'warning',
    text: 'A copy was changed in its region, where it is read-only: it is changed back.',
  },
  'replica-unrecorded': {
    severity: 'info',
    text: 'A region has the copy that the ledger was still waiting for.',
  },
  'replica-orphan': {
    severity: 'warning',
    text: 'A region has a copy that the ledger knows nothing of.',
  },
} as const;

/** What a finding is about. */
export type DriftRule = keyof typeof DRIFT_RULES;

/** How a copy differs, and what is known of it now. */
export interface ReplicaDrift {
  readonly rule?: DriftRule;
  readonly replica?: Replica | undefined;
  readonly discard?: string | undefined;
}

/** Compares one copy with what its region lists. */
export function compareReplica(
  at: string,
  created: CreatedKey,
  { replica, discard }: ReplicaLedgerEntry,
  item: InventoryItem | undefined,
): ReplicaDrift {
  if (item === undefined) {
    const isOver = replica?.deleteAfter !== undefined && replica.deleteAfter <= at;
    return replica === undefined || isOver ? {} : { rule: 'replica-missing', discard };
  }
  const { keyId, enabled, tags } = item;
  if (keyId === discard) return {};
  const { kcv, attributesDigest } = createdKey(item.attributes, item.kcv);
  if (!sameKcv(kcv, created.kcv) || attributesDigest !== created.attributesDigest) {
    return { rule: 'replica-differs', discard: keyId };
  }
  const deleteAfter = item.deleteAfter === undefined ? undefined : readTime(item.deleteAfter);
  const deleteFor = deleteAfter === replica?.deleteAfter ? replica?.deleteFor : undefined;
  // A command that was not answered may still come, whatever the region lists now.
  const unsure = replica && own(replica, 'unsure');
  const seen: Replica = {
    keyId,
    kcv,
    attributesDigest,
    enabled,
    tags,
    deleteAfter,
    deleteFor,
    unsure,
  };
  if (replica === undefined) return { rule: 'replica-unrecorded', replica: seen, discard };
  return canonicalJson(seen) === canonicalJson(replica)
    ? {}
    : { rule: 'replica-changed', replica: seen, discard };
}
