/**
 * Which region serves a key.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import { readId } from '../identifiers.js';
import { aliasedRequests, primaryOf } from './draft.js';
import { hasKey } from './entries.js';
import { entriesIn, entryIn } from './read-entry.js';
import { readLedger } from './read-stored.js';
import type { Replica, ReplicaLedger } from './records.js';
import { desiredKey } from './registers.js';
import { isUnsure } from './unsure.js';

/** What {@link selectRegion} takes. */
export interface SelectRegionOptions {
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** Its ID in the ledger, and not that of a copy. */
  readonly keyId: string;
  /** Which regions answer. One that is not named does not. */
  readonly health: { readonly [regionId: string]: 'up' | 'down' };
}

/** Where a key is to be used. */
export interface SelectedRegion {
  /** One that is up: the primary, or one with a copy. */
  readonly regionId: string;
  /** The key by its ID there. */
  readonly keyId: string;
  /** A copy is used and never changed: not created, imported, deleted, tagged, switched. */
  readonly readOnly: boolean;
}

/**
 * Chooses the region that serves a key: the primary where it is up and has the key, whose state it
 * judges by itself; else a region with a copy that agrees with the origin, in the order in which
 * the pairs were attached.
 *
 * @param options - The ledger, the key, and which regions are up.
 * @returns The region; undefined when no region that is up has the key, or when the primary does
 * not serve it and the key is disabled or marked for deletion.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no ledger, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * replication.selectRegion({ ledger, keyId: 'k1', health: { 'eu-central-1': 'down' } }); // undefined
 * ```
 */
export function selectRegion(options: SelectRegionOptions): SelectedRegion | undefined {
  requireObject(options, 'options');
  const ledger = readLedger(own(options, 'ledger'));
  const keyId = readId(own(options, 'keyId'), 'keyId');
  const health = own(options, 'health') ?? null;
  requireObject(health, 'options');
  const isUp = (regionId: string) => health !== null && own(health, regionId) === 'up';
  const key = entryIn(ledger, 'keys', keyId);
  const { regionId: primary } = primaryOf(ledger);
  // A key of which nothing is known may be one that the primary has just made.
  const isThere = key?.created === undefined || hasKey(ledger, key, primary);
  if (isUp(primary) && isThere) {
    const id = (key && own(key.replicas, primary)?.replica?.keyId) ?? keyId;
    return { regionId: primary, keyId: id, readOnly: false };
  }
  if (key === undefined) return undefined;
  const requests = aliasedRequests(entriesIn(ledger, 'aliases')).get(keyId) ?? [];
  const desired = desiredKey(key, requests);
  if (desired === undefined || !isUsable(desired)) return undefined;
  for (const { to: regionId } of ledger.pairs) {
    const replica = own(key.replicas, regionId)?.replica;
    if (regionId === primary || replica === undefined || !isUp(regionId)) continue;
    if (isUsable(replica) && isSure(replica))
      return { regionId, keyId: replica.keyId, readOnly: true };
  }
  return undefined;
}

/** A copy that may have been disabled or marked serves no key. */
function isSure(replica: Replica): boolean {
  return !isUnsure(replica, 'enabled') && !isUnsure(replica, 'deletion');
}

function isUsable(key: {
  readonly enabled: boolean;
  readonly deleteAfter?: string | undefined;
}): boolean {
  return key.enabled && key.deleteAfter === undefined;
}
