/** What replication stores, read back. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
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

/**
 * Refuses what is no ledger of this library. Its entries are read by {@link entryIn}: to look at
 * one key must not take as long as to look at all.
 */
export function readLedger(record: unknown): ReplicaLedger {
  const primaries = member(record, 'primaries');
  const isSound =
    isRecord(record, 'replica-ledger') &&
    holdsTexts(record, ['ledgerId']) &&
    isListOf(primaries, (primary) => holdsTexts(primary, ['regionId'])) &&
    (primaries as readonly unknown[]).length > 0 && // a list, as was checked
    isListOf(member(record, 'pairs'), (pair) => holdsTexts(pair, ['pairId'])) &&
    isObject(member(record, 'keys')) &&
    isObject(member(record, 'aliases'));
  if (!isSound) throw unknownRecord();
  return record as ReplicaLedger; // as far as was checked
}

function isGeneration(value: unknown): boolean {
  return holdsTexts(value, ['state', 'step']) && isListOf(member(value, 'timeline'), isObject);
}

/** The keys of a ledger by their IDs, or its aliases. */
type Table<E> = Readonly<Record<string, E>>;

/** One key or alias of a ledger. Refuses an entry that was altered. */
export function entryIn<E extends object>(table: Table<E>, name: string): E | undefined {
  const entry = own(table, name);
  return entry === undefined ? undefined : readEntry(entry);
}

/** All of them. */
export function entriesIn<E extends object>(table: Table<E>): readonly E[] {
  return Object.values(table).map(readEntry);
}

/** A key or an alias, with what is known of it in every region. */
function readEntry<E extends object>(entry: E): E {
  const replicas = member(entry, 'replicas');
  const isSound = isObject(replicas) && Object.values(replicas).every(isObject);
  if (!isSound) throw unknownRecord();
  return entry;
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
