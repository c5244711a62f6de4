/**
 * What a compromised main key has exposed. A rotation does not cure it: these keys have to be
 * replaced, and those who share them to be told.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import { sameRef } from '../identifiers.js';
import { readRef } from '../key-ring.js';
import { requireCustomerKey, requireProfile } from '../read-record.js';
import type {
  CustomerKeyRecord,
  HeldRecord,
  KeyRef,
  ProfileRecord,
  RegionKeyRecord,
} from '../records.js';
import { readRegion } from '../region.js';
import { readRecords } from './held-key.js';
import { refTo } from './main-key-record.js';

/** A customer key that whoever has the main key may know. */
export interface ExposedKey {
  /** The key to be replaced; it may be a tombstone. */
  readonly keyId: string;
  /** Where its record is: copies of it in other regions are not found by this. */
  readonly regionId: string;
  /** The profile that it is, or was last, under. */
  readonly profileId: string;
  /** Who has to replace it, as its record says. */
  readonly owner: string;
  /** Who shares the key, and has to be told. */
  readonly parties: readonly string[];
  /** The main keys through which it is exposed: that of its profile, or one above. */
  readonly via: readonly KeyRef[];
  /** Whether it is so still; otherwise it was once. */
  readonly current: boolean;
}

/** What {@link impact} takes. */
export interface ImpactOptions {
  /** The records of the store: customer keys, and profiles. */
  readonly records: readonly HeldRecord[];
  /** The version that is compromised. */
  readonly ref: KeyRef;
  /** Of a version of a region: its record, which says until when it was in use. */
  readonly region?: RegionKeyRecord | undefined;
}

/**
 * Finds the customer keys that the compromise of a main key exposes: those that are, or ever were,
 * in a block under it; of a region, also those under every profile main key that was under it.
 *
 * @param options - The records of the store, and the version.
 * @returns The keys to replace, in the order of the records. Tombstones too: a key that was deleted
 * is still known.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `STATE_CONFLICT` for a row, or a region, that
 * is no record.
 *
 * @example
 * ```ts
 * import { rotation } from 'keyblock/hierarchy';
 *
 * rotation.impact({ records: [], ref: { keyId: 'eu-central-1', version: 1 } }); // []
 * ```
 */
export function impact(options: ImpactOptions): readonly ExposedKey[] {
  requireObject(options, 'options');
  const records = readRecords(own(options, 'records')).map(readHeld);
  const ref = readRef(own(options, 'ref'));
  const end = retirementOf(own(options, 'region'), ref);
  const exposed = [ref];
  for (const record of records) {
    if (record.kind === 'profile') exposed.push(...exposedVersions(record, ref, end));
  }
  const found: ExposedKey[] = [];
  for (const record of records) {
    if (record.kind !== 'customer-key') continue;
    const via = exposed.filter((main) => wasUnder(record, main));
    if (via.length > 0) found.push(exposedKey(record, via));
  }
  return found;
}

/** A row that can not be read may be exposed: it is not passed over. */
function readHeld(record: HeldRecord): HeldRecord {
  requireObject(record, 'record');
  return record.kind === 'profile' ? requireProfile(record) : requireCustomerKey(record);
}

/** When nothing was left under a version; undefined where that is not known, or not yet so. */
function retirementOf(region: RegionKeyRecord | undefined, ref: KeyRef): string | undefined {
  if (region === undefined) return undefined;
  const { regionId, versions } = readRegion(region);
  if (regionId !== ref.keyId) return undefined;
  const left = versions.find(({ version }) => version === ref.version);
  return left && own(left, 'retiredAt');
}

/**
 * The versions of a profile that may have been under a version of the region: all that are not
 * known to be younger than its end. A block under a later one may have been translated from it.
 */
function exposedVersions(
  profile: ProfileRecord,
  ref: KeyRef,
  end: string | undefined,
): readonly KeyRef[] {
  if (profile.regionId !== ref.keyId) return [];
  return (
    profile.versions
      // A version that does not say when it was made may be old enough.
      .filter(({ createdAt }) => end === undefined || !(createdAt > end))
      .filter(
        ({ slots }) => slots.length === 0 || slots.some((s) => s.under.version >= ref.version),
      )
      .map((version) => refTo(profile, version))
  );
}

function wasUnder(record: CustomerKeyRecord, ref: KeyRef): boolean {
  return (
    record.slots.some(({ under }) => sameRef(under, ref)) ||
    (own(record, 'lineage')?.wrappedHistory.some((under) => sameRef(under, ref)) ?? false)
  );
}

function exposedKey(record: CustomerKeyRecord, via: readonly KeyRef[]): ExposedKey {
  const { keyId, regionId, profileId, owner, slots } = record;
  const parties = own(record, 'sharing')?.parties ?? [];
  const current = slots.some(({ under }) => via.some((ref) => sameRef(under, ref)));
  return { keyId, regionId, profileId, owner, parties, via, current };
}
