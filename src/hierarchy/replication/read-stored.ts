/** What replication stores, read back. */

import { KeyblockError } from '../../errors.js';
import { isRecord } from '../read-record.js';
import type { KekGeneration, PairRecord, ReplicaLedger } from './records.js';

/** Refuses what is no pair of this library. */
export function readPair(record: unknown): PairRecord {
  if (!isRecord(record, 'replication-pair')) throw unknownRecord();
  return record as PairRecord; // as far as was checked
}

/** Refuses what is no ledger of this library. */
export function readLedger(record: unknown): ReplicaLedger {
  if (!isRecord(record, 'replica-ledger')) throw unknownRecord();
  return record as ReplicaLedger; // as far as was checked
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
