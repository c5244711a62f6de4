/**
 * Where a stored key belongs, authenticated inside its block: rows of a store can not be swapped,
 * moved to another profile or given another configuration without the block refusing to open.
 *
 * It stands in a proprietary optional block, from general to specific, and does not name the
 * version of the main key that the block opens under: so it survives a re-wrap as it is. The main
 * key of a profile names its own version, so that none can take the row of another.
 */

import { KeyblockError } from '../errors.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import type { CustomerKeyRecord, ProfileRecord } from './records.js';

/** ID of the optional block: two digits are proprietary (X9.143 6.3.6). */
export const PLACE_ID = '77';

type ProfileName = Pick<ProfileRecord, 'regionId' | 'profileId'>;
type ProfilePlace = Pick<ProfileRecord, 'regionId' | 'profileId' | 'configDigest'>;
type CustomerPlace = Pick<CustomerKeyRecord, 'regionId' | 'profileId' | 'keyId'>;

/** Characters of the digest of the configuration: 64 bits, behind a MAC. */
const DIGEST_LENGTH = 16;

/** The place of one version of the main key of a profile. */
export function profilePlace(profile: ProfilePlace, version: number): string {
  return `kb1;p;${pathOf(profile, profile.configDigest)};${version}`;
}

/** The place of a customer key, in a profile with this digest of its configuration. */
export function customerPlace(customer: CustomerPlace, configDigest: string): string {
  return customerPath(customer, configDigest) + customer.keyId;
}

/** What the places of all customer keys of a profile begin with: the ID of the key follows. */
export function customerPath(profile: ProfileName, configDigest: string): string {
  return `kb1;c;${pathOf(profile, configDigest)};`;
}

/** Of a row that was altered the digest may be no text: then the place is one that no block has. */
function pathOf({ regionId, profileId }: ProfileName, configDigest: unknown): string {
  const digest = typeof configDigest === 'string' ? configDigest.slice(0, DIGEST_LENGTH) : '';
  return `${regionId};${profileId};${digest}`;
}

/**
 * Compares the place in an authentic header with the one that is expected.
 *
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH`.
 */
export function checkPlace(
  { optionalBlocks }: Pick<KeyBlockHeader, 'optionalBlocks'>,
  place: string,
): void {
  if (optionalBlocks.find(({ id }) => id === PLACE_ID)?.data !== place) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'place' });
  }
}
