/**
 * A pair of regions, and the generations of the KEK that they share.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type Env, isoTime } from '../env.js';
import { readId } from '../identifiers.js';
import type { KeyAttributes } from '../records.js';
import { readKekBits, uncarried } from './coverage.js';
import { readName, readPair } from './read-stored.js';
import type { KekGeneration, PairRecord, ReplicationSide } from './records.js';

/** What {@link pair} takes. */
export interface PairOptions {
  /** The time. */
  readonly env: Env;
  /** 1 to 64 of letters, digits and `. _ : -`. */
  readonly pairId: string;
  /** Where keys come from. */
  readonly origin: ReplicationSide;
  /** Where they are copied to: another region. */
  readonly destination: ReplicationSide;
  /** AES always. */
  readonly kekBits: PairRecord['kekBits'];
  /** RSA carries a KEK of 128 bits, elliptic curves one of any length. */
  readonly transport: PairRecord['transport'];
  /** Every key that is to be copied: the KEK has to carry the strongest of them. */
  readonly keys: readonly {
    /** Its ID in the origin. */
    readonly keyId: string;
    /** What the key may do, by the codes of X9.143: its strength follows. */
    readonly attributes: KeyAttributes;
  }[];
}

/**
 * Sets up a pair, for the first key exchange to begin: see {@link nextStep}.
 *
 * @param options - Both sides, the KEK, and the keys in scope.
 * @returns The record, to be stored and told to the ledger.
 * @throws {@link KeyblockError} `KEY_STRENGTH` when a key in scope is stronger than the KEK, which
 * {@link uncarried} lists, or the KEK stronger than its transport; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * const record = replication.pair({
 *   env: { at: new Date('2026-01-01T00:00:00Z') },
 *   pairId: 'central-to-west',
 *   origin: { regionId: 'eu-central-1', profileId: 'shop' },
 *   destination: { regionId: 'eu-west-1', profileId: 'shop' },
 *   kekBits: 256,
 *   transport: 'tr34-ec',
 *   keys: [],
 * });
 * record.state; // 'exchanging'
 * ```
 */
export function pair(options: PairOptions): PairRecord {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // refuses what is none
  const pairId = readName(own(options, 'pairId'));
  const origin = readSide(own(options, 'origin'));
  const destination = readSide(own(options, 'destination'));
  if (origin.regionId === destination.regionId) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'regionId' });
  }
  const kekBits = readKekBits(own(options, 'kekBits'));
  const transport = own(options, 'transport');
  if (transport !== 'tr34-rsa' && transport !== 'tr34-ec') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'profile' });
  }
  // RSA of any size in use has no more than the strength of AES-128.
  if (transport === 'tr34-rsa' && kekBits > 128) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'profile' });
  }
  const keys = own(options, 'keys') ?? [];
  if (uncarried({ kekBits, keys }).some(({ reason }) => reason === 'kek-too-weak')) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'key' });
  }
  return {
    kind: 'replication-pair',
    schema: 1,
    revision: 1,
    pairId,
    origin,
    destination,
    kekBits,
    transport,
    state: 'exchanging',
    generations: [openGeneration(1, at)],
    nonces: [],
  };
}

/** What {@link nextGeneration} takes. */
export interface NextGenerationOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly pair: PairRecord;
}

/**
 * Begins another key exchange: to rotate the KEK, or after an exchange that failed. The KEK in use
 * stays in use until the new one is established.
 *
 * @param options - The pair as stored.
 * @returns The record to store.
 * @throws {@link KeyblockError} `STATE_CONFLICT` while an exchange is under way, which goes on
 * where it stands, and for a pair that is disabled.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function rotateKek(pair: replication.PairRecord) {
 *   return replication.nextGeneration({ env: { at: new Date() }, pair });
 * }
 * ```
 */
export function nextGeneration(options: NextGenerationOptions): PairRecord {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // refuses what is none
  const record = readPair(own(options, 'pair'));
  const { generations } = record;
  if (record.state === 'disabled' || generations.some(({ state }) => state === 'exchanging')) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const next = openGeneration(generations.length + 1, at);
  return { ...record, revision: record.revision + 1, generations: [...generations, next] };
}

function readSide(side: ReplicationSide | undefined): ReplicationSide {
  requireObject(side, 'regionId');
  const given = side as ReplicationSide; // not undefined: that was refused
  const regionId = readId(own(given, 'regionId'), 'regionId');
  const profileId = readId(own(given, 'profileId'), 'profileId');
  return { regionId, profileId };
}

function openGeneration(generation: number, startedAt: string): KekGeneration {
  return { generation, state: 'exchanging', step: 'create-kek', startedAt, timeline: [] };
}
