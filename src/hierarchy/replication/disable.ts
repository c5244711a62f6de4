/**
 * The end of a pair, and of KEKs that are needed no more.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent } from '../records.js';
import {
  changeAlias,
  changeKey,
  closeDraft,
  type Draft,
  openDraft,
  primaryOf,
  type ReplicationStep,
} from './draft.js';
import { type ExchangeCommand, idempotencyKeyOf } from './exchange-messages.js';
import { pendingCommands, planAll, putPair } from './ledger.js';
import { entriesIn } from './read-entry.js';
import { readLedger, readName, readPair } from './read-stored.js';
import type { EntryWork, KekGeneration, PairRecord, ReplicaLedger } from './records.js';
import { firstOrder } from './send.js';
import { mayLive } from './unsure.js';

/** What {@link drain} takes. */
export interface DrainOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** One that the ledger was told of by `attach`. */
  readonly pairId: string;
  /**
   * What becomes of the copies: they stay as they are, or are scheduled for deletion. What the
   * primary has is no copy.
   */
  readonly replicas: 'keep' | 'delete';
}

/**
 * Sends nothing new through a pair: what is in flight is still answered. The first half of
 * {@link disable}.
 *
 * @param options - The ledger as stored, and the pair.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a pair that the ledger does not have,
 * `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function wind(ledger: replication.ReplicaLedger) {
 *   const env = { at: new Date() };
 *   return replication.drain({ env, ledger, pairId: 'central-to-west', replicas: 'keep' });
 * }
 * ```
 */
export function drain(options: DrainOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const pairId = readName(own(options, 'pairId'));
  const replicas = own(options, 'replicas');
  if (replicas !== 'keep' && replicas !== 'delete') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const pair = draft.pairs.find((known) => known.pairId === pairId);
  if (pair === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  putPair(draft, { ...pair, state: replicas === 'keep' ? 'draining' : 'deleting' });
  planAll(draft);
  return closeDraft(draft);
}

/** What {@link disable} takes. */
export interface DisableOptions {
  /** The time. */
  readonly env: Env;
  /** As stored, with nothing in flight through the pair. */
  readonly ledger: ReplicaLedger;
  /** As stored, and drained in the ledger. */
  readonly pair: PairRecord;
}

/** What the end of a pair comes to. */
export interface DisabledPair {
  /** Without the pair; without its copies where no other pair leads to their region. */
  readonly ledger: ReplicaLedger;
  /** In state `disabled`, with every generation `released`. */
  readonly pair: PairRecord;
  /** Delete the KEKs on both sides. */
  readonly commands: readonly ExchangeCommand[];
  /** One event: `pair.disable`. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Ends a pair that has drained: the ledger forgets it and its copies, and its KEKs are to be
 * deleted on both sides. Copies that were kept live on as keys of their region.
 *
 * Where several ledgers send through the pair, drain it in all of them before it is disabled in the
 * first: its KEKs go with that.
 *
 * @param options - The ledger and the pair, both as stored.
 * @returns Both records to store, and then the commands to send.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a pair that was not drained, while commands
 * are in flight, and while copies that were to be deleted live, or may: one of a key that the primary
 * has not got does so for good.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function end(ledger: replication.ReplicaLedger, pair: replication.PairRecord) {
 *   return replication.disable({ env: { at: new Date() }, ledger, pair });
 * }
 * ```
 */
export function disable(options: DisableOptions): DisabledPair {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const pair = readPair(own(options, 'pair'));
  const { pairId } = pair;
  const known = draft.pairs.find((candidate) => candidate.pairId === pairId);
  const drained = known?.state === 'draining' || known?.state === 'deleting';
  const inFlight = pendingCommands({ ledger: draft.stored }).some(
    (command) => command.pairId === pairId,
  );
  if (!drained || inFlight) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  draft.pairs = draft.pairs.filter((other) => other !== known);
  const { to: regionId } = known;
  const isPrimary = regionId === primaryOf(draft).regionId;
  if (!isPrimary && !draft.pairs.some(({ to }) => to === regionId)) {
    forget(draft, regionId, known.state === 'deleting');
  }
  const { at } = draft;
  const ended: PairRecord = {
    ...pair,
    revision: pair.revision + 1,
    state: 'disabled',
    generations: pair.generations.map((generation) => ({ ...generation, state: 'released' })),
  };
  const { ledger, audit } = closeDraft(draft);
  const commands = pair.generations.flatMap((generation) => deletionsOf(pair, generation));
  const event: AuditEvent = {
    kind: 'audit-event',
    schema: 1,
    at,
    action: 'pair.disable',
    outcome: 'ok',
    recordId: pairId,
  };
  return { ledger, pair: ended, commands, audit: [...audit, event] };
}

/** Drops what is known of a region that nothing leads to any more. */
function forget(draft: Draft, regionId: string, mustBeGone: boolean): void {
  for (const keyId of Object.keys(draft.stored.keys)) {
    changeKey(draft, keyId, (key) => {
      const { [regionId]: entry, ...replicas } = key.replicas;
      if (entry === undefined) return key;
      if (mustBeGone && mayLive(entry)) {
        throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
      }
      remember(draft, entry);
      return { ...key, replicas };
    });
  }
  for (const alias of Object.keys(draft.stored.aliases)) {
    changeAlias(draft, alias, (known) => {
      const { [regionId]: entry, ...replicas } = known.replicas;
      if (entry === undefined) return known;
      remember(draft, entry);
      return { ...known, replicas };
    });
  }
}

/** The region goes on refusing what is not later than the last command. */
function remember(draft: Draft, { regionId, order }: EntryWork & { regionId: string }): void {
  const last = Math.max(firstOrder(draft, regionId), order);
  draft.forgotten = { ...draft.forgotten, [regionId]: last };
}

/** What {@link releaseGenerations} takes. */
export interface ReleaseGenerationsOptions {
  /** The time: checked, though nothing here depends on it. */
  readonly env: Env;
  /** As stored. */
  readonly pair: PairRecord;
  /** Every ledger that sends keys through the pair. */
  readonly ledgers: readonly ReplicaLedger[];
}

/** KEKs that are needed no more. */
export interface ReleasedGenerations {
  /** With these generations `released`; the very record where there are none. */
  readonly pair: PairRecord;
  /** Delete these KEKs on both sides. */
  readonly commands: readonly ExchangeCommand[];
}

/**
 * Gives up the KEKs before the current one, as soon as no command in flight uses them, and those of
 * exchanges that failed.
 *
 * @param options - The pair and its ledgers, as stored.
 * @returns The record to store, and then the commands to send; the very record where every KEK is
 * still needed.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no pair or ledger.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function tidy(pair: replication.PairRecord, ledger: replication.ReplicaLedger) {
 *   return replication.releaseGenerations({ env: { at: new Date() }, pair, ledgers: [ledger] });
 * }
 * ```
 */
export function releaseGenerations(options: ReleaseGenerationsOptions): ReleasedGenerations {
  requireObject(options, 'options');
  isoTime(own(options, 'env') as Env); // refuses what is none
  const pair = readPair(own(options, 'pair'));
  const ledgers = own(options, 'ledgers');
  if (!Array.isArray(ledgers)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  const used = new Set(
    (ledgers as readonly ReplicaLedger[]).flatMap((ledger) => usedBy(ledger, pair)),
  );
  const idle = pair.generations.filter(
    ({ state, generation }) =>
      state === 'failed' || (state === 'superseded' && !used.has(generation)),
  );
  if (idle.length === 0) return { pair, commands: [] };
  const generations = pair.generations.map((known) =>
    idle.includes(known) ? { ...known, state: 'released' as const } : known,
  );
  const commands = idle.flatMap((generation) => deletionsOf(pair, generation));
  return { pair: { ...pair, revision: pair.revision + 1, generations }, commands };
}

/**
 * Blocks in flight, and blocks that wait to be sent on, or once more. A pair not told of counts by
 * its KEK too.
 */
function usedBy(ledger: ReplicaLedger, { pairId }: PairRecord): readonly number[] {
  const known = readLedger(ledger);
  const waiting = entriesIn(known, 'keys').flatMap(({ replicas }) =>
    Object.values(replicas).flatMap(({ pending, exported, attempted }) => {
      const carried = pending !== undefined && 'generation' in pending ? pending : exported;
      return [carried, attempted].flatMap((block) =>
        block?.pairId === pairId ? [block.generation] : [],
      );
    }),
  );
  const current = known.pairs.filter((pair) => pair.pairId === pairId);
  return [...waiting, ...current.map(({ generation }) => generation)];
}

function deletionsOf(
  { pairId, origin, destination }: PairRecord,
  generation: KekGeneration,
): readonly ExchangeCommand[] {
  if (generation.state === 'released') return [];
  const step = 'delete-kek';
  const idempotencyKey = idempotencyKeyOf(pairId, generation.generation, step);
  const common = { pairId, generation: generation.generation, step } as const;
  const sides = [
    { regionId: origin.regionId, kek: generation.origin },
    { regionId: destination.regionId, kek: generation.destination },
  ];
  return sides.flatMap(({ regionId, kek }) =>
    kek === undefined
      ? []
      : [
          {
            ...common,
            idempotencyKey: `${idempotencyKey}/${regionId}`,
            regionId,
            kekId: kek.kekId,
          },
        ],
  );
}
