/**
 * A symmetric key is shared by two parties and no more, and never the same one twice (PCI PIN 17
 * and 20): checked over records alone, without any key.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { requireCustomerKey } from '../read-record.js';
import type { CustomerKeyRecord } from '../records.js';

/** Parties that one key is shared by, and for what. */
export type Sharing = NonNullable<CustomerKeyRecord['sharing']>;

/** Something about the sharing of keys that should not be. */
export interface SharingFinding {
  /**
   * `'too-many-parties'`: more than two share one key. `'same-key'`: two keys of different owners
   * or parties have one check value, and are probably one key.
   */
  readonly rule: 'too-many-parties' | 'same-key';
  /** The keys that it is about. */
  readonly keyIds: readonly string[];
}

/** What {@link checkSharing} takes. */
export interface CheckSharingOptions {
  /** Customer keys; tombstones count as well, since a key that was shared stays known. */
  readonly records: Iterable<CustomerKeyRecord>;
}

/**
 * Finds keys that more than two parties share. Equal check values are a hint and no proof: one of
 * three bytes is met by chance among five thousand keys.
 *
 * @param options - The keys to look at.
 * @returns What was found, in the order of the keys.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is not a record, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, sharing } from 'keyblock/hierarchy';
 *
 * declare const records: readonly CustomerKeyRecord[];
 * sharing.check({ records }); // [{ rule: 'too-many-parties', keyIds: ['kek-7'] }]
 * ```
 */
export function checkSharing(options: CheckSharingOptions): readonly SharingFinding[] {
  requireObject(options, 'options');
  const records = own(options, 'records');
  if (typeof records?.[Symbol.iterator] !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const findings: SharingFinding[] = [];
  const holders = new Map<string, CustomerKeyRecord[]>();
  for (const given of records) {
    const record = requireCustomerKey(given);
    if (partiesOf(record).size > 2) {
      findings.push({ rule: 'too-many-parties', keyIds: [record.keyId] });
    }
    const name = `${record.attributes.algorithm}${record.kcv.method}${record.kcv.value}`;
    const same = holders.get(name);
    if (same === undefined) holders.set(name, [record]);
    else same.push(record);
  }
  for (const same of holders.values()) {
    const circles = new Set(same.map((record) => [...partiesOf(record)].sort().join('\n')));
    if (circles.size > 1) {
      findings.push({ rule: 'same-key', keyIds: same.map(({ keyId }) => keyId) });
    }
  }
  return findings;
}

/** Who knows a key: its owner, and whom it is shared with. */
function partiesOf(record: CustomerKeyRecord): ReadonlySet<string> {
  return new Set([record.owner, ...(own(record, 'sharing')?.parties ?? [])]);
}

/**
 * Copies what a caller says about sharing.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also for more than two parties.
 */
export function readSharing(input: Sharing | undefined, owner: string): Sharing | undefined {
  if (input === undefined) return undefined;
  requireObject(input, 'owner');
  const parties: unknown = own(input, 'parties');
  const purpose: unknown = own(input, 'purpose');
  const areNames =
    Array.isArray(parties) && parties.every((party) => typeof party === 'string' && party !== '');
  if (!areNames || typeof purpose !== 'string' || new Set([owner, ...parties]).size > 2) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'owner' });
  }
  return { parties: [...parties], purpose };
}
