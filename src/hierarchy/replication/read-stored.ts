/** What replication stores, read back. */

import { KeyblockError } from '../../errors.js';
import { holdsTexts, isListOf, isObject, isRecord, member } from '../read-record.js';
import type { KekGeneration, PairRecord, ReplicaLedger } from './records.js';

/** Refuses what is no pair of this library. */
export function readPair(record: unknown): PairRecord {
  const isSide = (name: string) => holdsTexts(member(record, name), ['regionId', 'profileId']);
  const isSound =
    isRecord(record, 'replication-pair') &&
    holdsTexts(record, ['pairId', 'state', 'transport']) &&
    isSide('origin') &&
    isSide('destination') &&
    isListOf(member(record, 'nonces'), (nonce) => typeof nonce === 'string') &&
    isListOf(member(record, 'generations'), isGeneration);
  if (!isSound) throw unknownRecord();
  return record as PairRecord; // as far as was checked
}

/** Refuses what is no ledger of this library. */
export function readLedger(record: unknown): ReplicaLedger {
  const isTable = (name: string) => {
    const table = member(record, name);
    return isObject(table) && Object.values(table).every(isEntry);
  };
  const primaries = member(record, 'primaries');
  const isSound =
    isRecord(record, 'replica-ledger') &&
    holdsTexts(record, ['ledgerId']) &&
    isListOf(primaries, (primary) => holdsTexts(primary, ['regionId'])) &&
    (primaries as readonly unknown[]).length > 0 && // a list, as was checked
    isListOf(member(record, 'pairs'), (pair) => holdsTexts(pair, ['pairId'])) &&
    isTable('keys') &&
    isTable('aliases');
  if (!isSound) throw unknownRecord();
  return record as ReplicaLedger; // as far as was checked
}

function isGeneration(value: unknown): boolean {
  return holdsTexts(value, ['state', 'step']) && isListOf(member(value, 'timeline'), isObject);
}

/** A key or an alias, with what is known of it in every region. */
function isEntry(value: unknown): boolean {
  const replicas = member(value, 'replicas');
  return isObject(replicas) && Object.values(replicas).every(isObject);
}

function unknownRecord(): KeyblockError {
  return new KeyblockError('STATE_CONFLICT', { field: 'record' });
}

/** Reads the name of a pair or of a ledger. */
export function readName(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9._:-]{1,64}$/.test(value)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  return value;
}

/** The KEK that new copies travel under. */
export function currentGeneration({ generations }: PairRecord): KekGeneration | undefined {
  return generations.filter(({ state }) => state === 'established').at(-1);
}
