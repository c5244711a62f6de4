/**
 * Where replication stands.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import { entriesIn } from './read-entry.js';
import { readLedger } from './read-stored.js';
import type { ReplicaLedger, ReplicaState, StepFailure, UnreplicableReason } from './records.js';

/** A copy that is not there, and why. */
export interface ReplicaProblem {
  /** Its ID in the ledger. */
  readonly keyId: string;
  /** Where the copy is to be. */
  readonly regionId: string;
  /** `failed` is tried again; `unreplicable` is, at most, under another KEK. */
  readonly state: 'failed' | 'unreplicable';
  /** Of `unreplicable`: why. */
  readonly reason?: UnreplicableReason | undefined;
  /** Of `failed`: its code, and when it is tried again. */
  readonly failure?: StepFailure | undefined;
}

/** Where replication stands. */
export interface ReplicationStatus {
  /** How many copies are in each state. */
  readonly counts: Readonly<Record<ReplicaState, number>>;
  /** Commands about keys that were not answered; those about aliases are not counted. */
  readonly inFlight: number;
  /** Every copy that failed or can not be. */
  readonly problems: readonly ReplicaProblem[];
}

/**
 * Counts the copies by their states, and lists those that are not there: no key is left out without
 * a reason.
 *
 * @param options - The ledger.
 * @returns The counts, and every problem.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no ledger.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * replication.status({ ledger }).counts.synchronized; // 0
 * ```
 */
export function status(options: { readonly ledger: ReplicaLedger }): ReplicationStatus {
  requireObject(options, 'options');
  const ledger = readLedger(own(options, 'ledger'));
  const counts = { ...NONE };
  const problems: ReplicaProblem[] = [];
  let inFlight = 0;
  for (const { keyId, replicas } of entriesIn(ledger, 'keys')) {
    for (const { regionId, state, pending, reason, failure } of Object.values(replicas)) {
      counts[state] += 1;
      if (pending !== undefined) inFlight += 1;
      if (state === 'failed' || state === 'unreplicable') {
        problems.push({ keyId, regionId, state, reason, failure });
      }
    }
  }
  return { counts, inFlight, problems };
}

const NONE: Readonly<Record<ReplicaState, number>> = {
  absent: 0,
  copying: 0,
  synchronized: 0,
  updating: 0,
  'delete-scheduled': 0,
  deleted: 0,
  failed: 0,
  unreplicable: 0,
};
