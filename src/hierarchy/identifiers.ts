/** How records and main keys are named, and which names are taken. */

import { KeyblockError } from '../errors.js';
import { requireObject } from '../primitives/bytes.js';
import type { KeyRef, ProfileRecord, StoredRecord } from './records.js';

/** What is named. */
type IdField = 'regionId' | 'profileId' | 'keyId' | 'hsmId' | 'owner' | 'alias';

/** No `;`, which separates the parts of a place, and no `/` but in the ID of a customer key. */
const FORMS: Readonly<Record<IdField, RegExp>> = {
  regionId: /^[A-Za-z0-9._:-]{1,32}$/,
  profileId: /^[A-Za-z0-9._-]{1,32}$/,
  keyId: /^[A-Za-z0-9._:/-]{1,64}$/,
  hsmId: /^[A-Za-z0-9._:/-]{1,64}$/,
  owner: /^[\x20-\x7E]{1,128}$/,
  alias: /^[A-Za-z0-9._:/-]{1,128}$/,
};

/** Reads an identifier. */
export function readId(value: unknown, field: IdField): string {
  if (typeof value !== 'string' || !FORMS[field].test(value)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
  return value;
}

/** The `keyId` of the main key of a region. */
export function regionKeyId({ regionId }: { readonly regionId: string }): string {
  return regionId;
}

/** The `keyId` of the main key of a profile: no region has a `/` in its name. */
export function profileKeyId(profile: Pick<ProfileRecord, 'regionId' | 'profileId'>): string {
  return `${profile.regionId}/${profile.profileId}`;
}

/** Whether two references name the same version of the same main key. */
export function sameRef(a: KeyRef, b: KeyRef): boolean {
  return a.keyId === b.keyId && a.version === b.version;
}

/**
 * The ID by which a write names its record.
 *
 * @param record - Any record of a store.
 * @returns The ID of a customer key; `region/profile`; the ID of a region; `alias:` and the name;
 * the ID of a job, of a device. Unique in a store that gives customer keys IDs of their own.
 *
 * @example
 * ```ts
 * import { recordId } from 'keyblock/hierarchy';
 *
 * recordId({ kind: 'alias', schema: 1, revision: 1, alias: 'pin' }); // 'alias:pin'
 * ```
 */
export function recordId(record: StoredRecord): string {
  requireObject(record, 'record');
  switch (record.kind) {
    case 'customer-key':
      return record.keyId;
    case 'profile':
      return profileKeyId(record);
    case 'region-key':
      return record.regionId;
    case 'alias':
      return `alias:${record.alias}`;
    case 'rotation-job':
      return record.jobId;
    case 'hsm-sync':
      return record.hsmId;
  }
}
