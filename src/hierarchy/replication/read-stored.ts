/** What replication stores, read back. */

import { KeyblockError } from '../../errors.js';
import { holdsTexts, isKcv, isListOf, isObject, isRecord, member } from '../read-record.js';
import { isLedgerPair, isPrimary } from './read-entry.js';
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

/**
 * Refuses what is no ledger of this library. Its keys and aliases are read one by one: see
 * `entryIn`.
 */
export function readLedger(record: unknown): ReplicaLedger {
  const primaries = member(record, 'primaries');
  const isSound =
    isRecord(record, 'replica-ledger') &&
    holdsTexts(record, ['ledgerId']) &&
    isListOf(primaries, isPrimary) &&
    (primaries as readonly unknown[]).length > 0 && // a list, as was checked
    isListOf(member(record, 'pairs'), isLedgerPair) &&
    isCounter(member(record, 'forgotten') ?? {}) &&
    isObject(member(record, 'keys')) &&
    isObject(member(record, 'aliases'));
  if (!isSound) throw unknownRecord();
  return record as ReplicaLedger; // as far as was checked
}

function isGeneration(value: unknown): boolean {
  const isEnd = (name: string) => {
    const end = member(value, name);
    return end === undefined || (holdsTexts(end, ['kekId']) && isKcv(member(end, 'kcv')));
  };
  return (
    holdsTexts(value, ['state', 'step']) &&
    isListOf(member(value, 'timeline'), isObject) &&
    isEnd('origin') &&
    isEnd('destination')
  );
}

function isCounter(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(Number.isSafeInteger);
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
