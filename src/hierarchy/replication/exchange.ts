/**
 * The exchange of a KEK between two regions by two-pass TR-34: seven steps, each of which may be
 * repeated, and after each of which everything may stop and go on from the record alone.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { sameKcv } from '../check-value.js';
import { type Env, isoTime } from '../env.js';
import type { AuditEvent } from '../records.js';
import {
  EXCHANGE_STEPS,
  type ExchangeCommand,
  type ExchangeResult,
  idempotencyKeyOf,
  readKek,
  readNonce,
  readParty,
  readToken,
} from './exchange-messages.js';
import { readPair } from './read-stored.js';
import type { KekGeneration, PairRecord } from './records.js';
import { failed, isDue } from './send.js';

/** What {@link nextStep} takes. */
export interface NextStepOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly pair: PairRecord;
}

/**
 * Says what is to be done next in a key exchange: after a crash the very command of before, with
 * its idempotency key.
 *
 * @param options - The pair as stored.
 * @returns The command; undefined when there is no exchange under way, or when a step that failed
 * is not to be tried again yet.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no pair.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2026-01-01T00:00:00Z') };
 * const origin = { regionId: 'eu-central-1', profileId: 'shop' };
 * const destination = { regionId: 'eu-west-1', profileId: 'shop' };
 * const pair = replication.pair({
 *   env, pairId: 'p1', origin, destination, kekBits: 256, transport: 'tr34-ec', keys: [],
 * });
 * replication.nextStep({ env, pair })?.idempotencyKey; // 'p1/1/create-kek'
 * ```
 */
export function nextStep(options: NextStepOptions): ExchangeCommand | undefined {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // refuses what is none
  const pair = readPair(own(options, 'pair'));
  const exchange = exchangeOf(pair);
  if (exchange === undefined || !isDue(exchange, at)) return undefined;
  return commandOf(pair, exchange);
}

function commandOf(pair: PairRecord, exchange: KekGeneration): ExchangeCommand {
  const { pairId, transport, kekBits: lengthBits } = pair;
  const { generation, step, origin, krd, kdh, nonce, token } = exchange;
  const idempotencyKey = idempotencyKeyOf(pairId, generation, step);
  const common = { idempotencyKey, pairId, generation };
  const here = { ...common, regionId: pair.origin.regionId };
  const there = { ...common, regionId: pair.destination.regionId };
  switch (step) {
    case 'create-kek':
      return { ...here, step, lengthBits };
    case 'krd-parameters':
      return { ...there, step, transport };
    case 'trust-krd-root':
      return { ...here, step, rootCertificate: present(krd).rootCertificate };
    case 'kdh-parameters':
      return { ...here, step, transport };
    case 'trust-kdh-root':
      return { ...there, step, rootCertificate: present(kdh).rootCertificate };
    case 'export-kek': {
      const { kekId } = present(origin);
      const krdCertificate = present(krd).certificate;
      return { ...here, step, kekId, krdCertificate, nonce: present(nonce) };
    }
    case 'import-kek': {
      const kdhCertificate = present(kdh).certificate;
      return { ...there, step, token: present(token), nonce: present(nonce), kdhCertificate };
    }
  }
}

/** What {@link applyStep} takes. */
export interface ApplyStepOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly pair: PairRecord;
  /** May come twice, and late: an answer to a step that is done changes nothing. */
  readonly result: ExchangeResult;
}

/** What a result comes to. */
export interface AppliedStep {
  /**
   * To be stored, and told to the ledger by {@link attach}. The very record where nothing changed.
   */
  readonly pair: PairRecord;
  /** One event, `pair.exchange`, when the exchange ends, whichever way; else none. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Takes the answer to a step. Answers to steps that are done change nothing. The last one is
 * compared with the first: only when both sides have computed the same check value is the KEK
 * established, and the one before superseded.
 *
 * @param options - The pair as stored, and the answer.
 * @returns The record to store.
 * @throws {@link KeyblockError} `FRESHNESS` for a nonce that is missing, no nonce, or was used
 * before; `STATE_CONFLICT` for an answer to a step that was not asked for; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function answered(pair: replication.PairRecord, result: replication.ExchangeResult) {
 *   return replication.applyStep({ env: { at: new Date() }, pair, result }).pair;
 * }
 * ```
 */
export function applyStep(options: ApplyStepOptions): AppliedStep {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // refuses what is none
  const pair = readPair(own(options, 'pair'));
  const result = own(options, 'result');
  requireObject(result, 'event');
  const given = result as ExchangeResult; // not undefined: that was refused
  const key = given.command?.idempotencyKey;
  const exchange = exchangeOf(pair);
  if (exchange === undefined || key !== keyOf(pair, exchange)) {
    if (wasAsked(pair, key)) return { pair, audit: [] };
    throw new KeyblockError('STATE_CONFLICT', { field: 'event' });
  }
  if (given.outcome === 'failed') return settle(pair, fail(exchange, at, given), at);
  if (given.outcome !== 'done') throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  const { failure: _, ...sound } = exchange;
  const { step, timeline } = exchange;
  const advanced = advance(pair, { ...sound, timeline: [...timeline, { step, at }] }, given);
  return settle(pair, advanced, at);
}

type Done = Extract<ExchangeResult, { outcome: 'done' }>;

type Failed = Extract<ExchangeResult, { outcome: 'failed' }>;

/** What a step has brought, and the step after it. */
function advance(pair: PairRecord, exchange: KekGeneration, result: Done): KekGeneration {
  switch (exchange.step) {
    case 'create-kek':
      return { ...exchange, origin: readKek(result), step: 'krd-parameters' };
    case 'krd-parameters': {
      const nonce = readNonce(result, pair.nonces);
      return { ...exchange, krd: readParty(result), nonce, step: 'trust-krd-root' };
    }
    case 'trust-krd-root':
      return { ...exchange, step: 'kdh-parameters' };
    case 'kdh-parameters':
      return { ...exchange, kdh: readParty(result), step: 'trust-kdh-root' };
    case 'trust-kdh-root':
      return { ...exchange, step: 'export-kek' };
    case 'export-kek':
      return { ...exchange, token: readToken(result), step: 'import-kek' };
    case 'import-kek': {
      // Used: neither comes into any exchange again.
      const { nonce: _, token: __, ...used } = exchange;
      return { ...used, destination: readKek(result), state: 'established' };
    }
  }
}

function fail(exchange: KekGeneration, at: string, { code, retryable, retryAfter }: Failed) {
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
  }
  const failure = failed(exchange.failure, at, code, retryAfter);
  if (retryable) return { ...exchange, failure };
  return { ...exchange, state: 'failed' as const, failure };
}

/** Puts a generation back, and compares the check values of a KEK that has arrived. */
function settle(pair: PairRecord, exchange: KekGeneration, at: string): AppliedStep {
  const { origin, destination, nonce } = exchange;
  const arrived = exchange.state === 'established';
  const agrees = arrived && sameKcv(present(origin).kcv, present(destination).kcv);
  const settled: KekGeneration =
    arrived && !agrees
      ? { ...exchange, state: 'failed', failure: { code: 'KCV_MISMATCH', at, attempts: 1 } }
      : exchange;
  const generations = pair.generations.map((known) => {
    if (known.generation === settled.generation) return settled;
    return agrees && known.state === 'established'
      ? { ...known, state: 'superseded' as const }
      : known;
  });
  const isNew = nonce !== undefined && !pair.nonces.includes(nonce);
  const record: PairRecord = {
    ...pair,
    revision: pair.revision + 1,
    state: agrees ? 'established' : pair.state,
    generations,
    nonces: isNew ? [...pair.nonces, nonce] : pair.nonces,
  };
  const ended = settled.state !== 'exchanging';
  return { pair: record, audit: ended ? [auditOf(record, settled, at)] : [] };
}

function auditOf(
  { pairId }: PairRecord,
  { state, failure }: KekGeneration,
  at: string,
): AuditEvent {
  const common = { kind: 'audit-event', schema: 1, at, recordId: pairId } as const;
  return state === 'failed'
    ? { ...common, action: 'pair.exchange', outcome: 'refused', code: failure?.code }
    : { ...common, action: 'pair.exchange', outcome: 'ok' };
}

function exchangeOf({ generations }: PairRecord): KekGeneration | undefined {
  return generations.find(({ state }) => state === 'exchanging');
}

function keyOf({ pairId }: PairRecord, { generation, step }: KekGeneration): string {
  return idempotencyKeyOf(pairId, generation, step);
}

/** Whether an answer is one to a step of the past. */
function wasAsked({ pairId, generations }: PairRecord, key: string | undefined): boolean {
  return generations.some(({ generation, step, state }) => {
    const last = EXCHANGE_STEPS.indexOf(step);
    const past = EXCHANGE_STEPS.slice(0, state === 'exchanging' ? last : last + 1);
    return past.some((other) => key === idempotencyKeyOf(pairId, generation, other));
  });
}

/** What an earlier step has brought. A record without it was not made by this library. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return value;
}
