/**
 * Opens a customer key, at every moment of a rotation.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { SecretKey } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { kcvOf, sameKcv } from './check-value.js';
import type { Env } from './env.js';
import { profileKeyId } from './identifiers.js';
import { type KeyRing, secretOf } from './key-ring.js';
import { customerPlace, PLACE_ID } from './place.js';
import { requireCustomerKey, requireKeyId, requireProfile } from './read-record.js';
import type { BlockSlot, CustomerKeyRecord, KeyRef, ProfileRecord } from './records.js';
import { assertUsable } from './rules/usable.js';
import { openStorageBlock } from './storage-block.js';
import { activeVersion, mayOpen } from './versions.js';

/** What {@link openCustomerKey} takes. */
export interface OpenCustomerKeyOptions {
  /** The customer key. */
  readonly record: CustomerKeyRecord;
  /**
   * The ID that the row was looked up by: the record has to be of that key.
   * @defaultValue whatever the record says
   */
  readonly keyId?: string | undefined;
  /** Its profile, as old as the caller's policy allows. */
  readonly profile: ProfileRecord;
  /** Holds the main key of the profile. */
  readonly ring: KeyRing;
  /** Time: needed for keys that are used from, or until, a certain time. */
  readonly env?: Env | undefined;
}

/** What {@link openCustomerKey} returns. */
export interface OpenedCustomerKey {
  /** The key: the caller destroys it. */
  readonly key: SecretKey;
  /** What its block says about it, without what the storage needs. */
  readonly header: KeyBlockHeader;
  /** Under which version of the main key it was found. */
  readonly under: KeyRef;
  /** Whether that is another version than the active one: a rotation is under way. */
  readonly staleBlock: boolean;
}

/**
 * Opens a customer key: by its block under the active version of the main key, and where there is
 * none, by the one under the pending or the retiring version. What the block does not say (owner,
 * tags, state, sharing) is the store's word; all else is compared with the block.
 *
 * @param options - The key, its profile, and a ring that holds the main key of the profile.
 * @returns The key, and where it was found.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is disabled, deleted, out of its
 * time, or no record; `UNKNOWN_KEY_VERSION` when the profile or the ring is older than the block:
 * refresh both and retry; `STALE_VERSION` when the block is of a version that was left behind, as
 * after a roll-back of the row; `CONTEXT_MISMATCH` for a block of another key, profile or region,
 * or of other attributes, and for a record of another ID; `AUTHENTICATION_FAILED`; `KCV_MISMATCH`.
 *
 * @example
 * ```ts
 * import {
 *   createCustomerKey,
 *   createKeyRing,
 *   createProfile,
 *   createRegionKey,
 *   openCustomerKey,
 *   openProfile,
 * } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record: region, secret } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const regionRef = { keyId: 'eu-central-1', version: 1 };
 * const regionRing = createKeyRing({ keys: [{ ref: regionRef, key: secret }] });
 * const made = createProfile({ env, region, ring: regionRing, profileId: 'shop', config: {} });
 * const profile = made.record;
 *
 * const ref = { keyId: 'eu-central-1/shop', version: 1 };
 * const ring = createKeyRing({ keys: [{ ref, key: openProfile({ profile, ring: regionRing }) }] });
 * const attributes = { keyUsage: 'P0', algorithm: 'A', keyBits: 128, modeOfUse: 'B', exportability: 'E' };
 * const { record } = createCustomerKey({ env, profile, ring, keyId: 'pek-1', owner: 'acme', attributes });
 *
 * const { key } = openCustomerKey({ env, record, profile, ring });
 * String(key); // 'SecretKey AES-128'
 * ```
 */
export function openCustomerKey(options: OpenCustomerKeyOptions): OpenedCustomerKey {
  requireObject(options, 'options');
  const record = requireCustomerKey(own(options, 'record'));
  requireKeyId(record, own(options, 'keyId'));
  const profile = requireProfile(own(options, 'profile'));
  assertUsable(record, own(options, 'env'));
  if (profile.state === 'suspended') throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return openStoredKey(record, profile, own(options, 'ring'));
}

/** The same whatever the state of the key: a key that may be restored has to survive rotations. */
export function openStoredKey(
  record: CustomerKeyRecord,
  profile: ProfileRecord,
  ring: KeyRing | undefined,
): OpenedCustomerKey {
  const { regionId, profileId, configDigest } = profile;
  if (record.regionId !== regionId || record.profileId !== profileId) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'record' });
  }
  const slot = slotToOpen(record, profile);
  const { attributes, kcv } = record;
  const kbpk = secretOf(ring, slot.under);
  const place = customerPlace(record, configDigest);
  const { key, header } = openStorageBlock({ kbpk, slot, place, attributes });
  if (!sameKcv(kcvOf(key), kcv)) {
    key.destroy();
    throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
  }
  const { version } = slot.under;
  const staleBlock = version !== activeVersion(profile.versions).version;
  return { key, header: customersHeader(header), under: slot.under, staleBlock };
}

/** The block under the active version, else one that a rotation has not brought there yet. */
function slotToOpen({ slots }: CustomerKeyRecord, profile: ProfileRecord): BlockSlot {
  const keyId = profileKeyId(profile);
  if (slots.some(({ under }) => under.keyId !== keyId)) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
  }
  if (slots.length === 0) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  const active = activeVersion(profile.versions);
  const current = slots.find(({ under }) => under.version === active.version);
  if (current !== undefined) return current;
  const known = slots.map((slot) => ({
    slot,
    version: profile.versions.find(({ version }) => version === slot.under.version),
  }));
  const open = known.find(({ version }) => version !== undefined && mayOpen(version));
  if (open !== undefined) return open.slot;
  const isNewer = known.some(({ version }) => version === undefined);
  const code = isNewer ? 'UNKNOWN_KEY_VERSION' : 'STALE_VERSION';
  throw new KeyblockError(code, { field: 'slot' });
}

/** What storage needs and the key does not: where it belongs, and what it is wrapped under. */
const OF_STORAGE = [PLACE_ID, 'KP'];

/** A header as the customer gave it, fit for storage and exchange alike. */
function customersHeader(header: KeyBlockHeader): KeyBlockHeader {
  const optionalBlocks = header.optionalBlocks.filter(({ id }) => !OF_STORAGE.includes(id));
  return { ...header, keyContext: '0', optionalBlocks };
}
