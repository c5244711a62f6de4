/**
 * A ledger, and the pairs that it sends keys through.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import type { ReplicationCommand } from './commands.js';
import type { Draft, ReplicationStep } from './draft.js';
import { aliasesIn, closeDraft, keyIdsIn, openDraft } from './draft.js';
import { planKeys } from './plan.js';
import { planAliases } from './plan-aliases.js';
import { entriesIn } from './read-entry.js';
import { currentGeneration, readLedger, readName, readPair } from './read-stored.js';
import type { LedgerPair, PairRecord, ReplicaLedger } from './records.js';

/** What {@link createLedger} takes. */
export interface CreateLedgerOptions {
  /** The time. */
  readonly env: Env;
  /** 1 to 64 of letters, digits and `. _ : -`; commands are named after it. */
  readonly ledgerId: string;
  /** The region in which keys are changed: the primary. */
  readonly regionId: string;
}

/**
 * Opens a ledger for the keys of one region. Keys that exist already are not in it: see
 * {@link backfill}.
 *
 * @param options - A name for the ledger, and the primary region.
 * @returns The ledger, to be stored.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * ledger.primaries[0]?.regionId; // 'eu-central-1'
 * ```
 */
export function createLedger(options: CreateLedgerOptions): ReplicaLedger {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // refuses what is none
  const ledgerId = readName(own(options, 'ledgerId'));
  const regionId = readId(own(options, 'regionId'), 'regionId');
  return {
    kind: 'replica-ledger',
    schema: 1,
    revision: 1,
    ledgerId,
    primaries: [{ generation: 1, regionId, at }],
    pairs: [],
    keys: {},
    aliases: {},
  };
}

/** What {@link attach} takes. */
export interface AttachOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** As stored, in any state but `disabled`. */
  readonly pair: PairRecord;
  /**
   * Whether new keys that name no regions of their own are copied through this pair.
   * @defaultValue `true`
   */
  readonly byDefault?: boolean | undefined;
}

/**
 * Tells the ledger of a pair, and how far its key exchange has come. To be called as soon as there
 * is a pair, from when on keys are noted for it, and whenever the pair has changed: nothing is sent
 * before the exchange is done, and then all that was noted is.
 *
 * @param options - The ledger and the pair, both as stored.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a pair that is disabled.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function opened(ledger: replication.ReplicaLedger, pair: replication.PairRecord) {
 *   return replication.attach({ env: { at: new Date() }, ledger, pair });
 * }
 * ```
 */
export function attach(options: AttachOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const pair = readPair(own(options, 'pair'));
  if (pair.state === 'disabled') throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  const { pairId } = pair;
  const before = draft.pairs.find((known) => known.pairId === pairId);
  const current = currentGeneration(pair);
  const intake = current === undefined ? 'waiting' : 'open';
  const after: LedgerPair = {
    pairId,
    from: pair.origin.regionId,
    to: pair.destination.regionId,
    // What drains goes on draining.
    state: before === undefined || before.state === 'waiting' ? intake : before.state,
    // A row of before turns nothing back: its KEK may be gone.
    generation: Math.max(current?.generation ?? 0, before?.generation ?? 0),
    kekBits: pair.kekBits,
    byDefault: own(options, 'byDefault') ?? before?.byDefault ?? true,
  };
  putPair(draft, after);
  planAll(draft);
  return closeDraft(draft);
}

/** Puts a pair in the place of the one of its name. */
export function putPair(draft: Draft, pair: LedgerPair): void {
  const known = draft.pairs.some(({ pairId }) => pairId === pair.pairId);
  draft.pairs = known
    ? draft.pairs.map((other) => (other.pairId === pair.pairId ? pair : other))
    : [...draft.pairs, pair];
}

/** Plans everything there is. */
export function planAll(draft: Draft): void {
  planKeys(draft, keyIdsIn(draft));
  planAliases(
    draft,
    aliasesIn(draft).map(({ alias }) => alias),
  );
}

/** What functions take that need nothing but the ledger. */
export interface LedgerOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
}

/**
 * Plans what has become due: attempts after failures, and deletions that are over.
 *
 * @param options - The ledger as stored.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no ledger.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * replication.retry({ env, ledger }).commands.length; // 0
 * ```
 */
export function retry(options: LedgerOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  planAll(draft);
  return closeDraft(draft);
}

/**
 * Lists the commands that were not answered: to be sent once more when they may have been lost.
 * Whoever has carried one out answers it again.
 *
 * @param options - The ledger as stored.
 * @returns The very commands, idempotency keys included.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no ledger.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: 'eu-central-1' });
 * replication.pendingCommands({ ledger }); // []
 * ```
 */
export function pendingCommands(
  options: Pick<LedgerOptions, 'ledger'>,
): readonly ReplicationCommand[] {
  requireObject(options, 'options');
  const ledger = readLedger(own(options, 'ledger'));
  return [...entriesIn(ledger, 'keys'), ...entriesIn(ledger, 'aliases')].flatMap(({ replicas }) =>
    Object.values(replicas).flatMap(({ pending }) => (pending === undefined ? [] : [pending])),
  );
}
