/**
 * Profiles: a main key under the main key of a region, and what it may be used for.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { SecretKey } from '../secret-key.js';
import { auditEvent } from './audit-event.js';
import { kcvOf, requireMainKey, sameKcv } from './check-value.js';
import { canonicalJson, sha256Hex } from './digest.js';
import { type Env, isoTime } from './env.js';
import { profileKeyId, readId, regionKeyId } from './identifiers.js';
import { findSecret, type KeyRing, secretOf } from './key-ring.js';
import { type CryptoperiodPolicy, cryptoperiods, generateMainKey } from './main-key.js';
import { profilePlace } from './place.js';
import { requireProfile } from './read-record.js';
import type {
  AuditEvent,
  BlockSlot,
  ConditionalWrite,
  JsonValue,
  KeyAttributes,
  ProfileKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
} from './records.js';
import { readRegion } from './region.js';
import { openStorageBlock, sealStorageBlock } from './storage-block.js';
import { activeVersion, mayOpen, newVersion, versionOf, wrappingVersions } from './versions.js';

/** What a block says about the main key of a profile. */
export const PROFILE_KEY: KeyAttributes = {
  keyUsage: 'K1',
  algorithm: 'A',
  keyBits: 256,
  modeOfUse: 'B',
  exportability: 'N',
  keyVersionNumber: '00',
};

/** What {@link createProfile} takes. */
export interface CreateProfileOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region, whose main key protects that of the profile. */
  readonly region: RegionKeyRecord;
  /** Holds the main key of the region. */
  readonly ring: KeyRing;
  /** 1 to 32 letters, digits and `. _ -`; unique in the region. */
  readonly profileId: string;
  /** What the profile may be used for, as the caller understands it: bound inside its blocks. */
  readonly config: JsonValue;
  /** How long the main key is to be used. */
  readonly policy?: CryptoperiodPolicy | undefined;
}

/** What {@link createProfile} returns. */
export interface CreatedProfile {
  /** The profile, with version 1 of its main key. */
  readonly record: ProfileRecord;
  /** The one write that stores it. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Makes a profile and its main key, wrapped under the main key of the region; while that rotates,
 * under both of its versions.
 *
 * @param options - The region, the profile, and its configuration.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `KCV_MISMATCH` when the main key in the ring is
 * another one than the region's; `UNKNOWN_KEY_VERSION` when the ring does not
 * have the main key of the region; `STATE_CONFLICT` when that may not wrap any more; `WEAK_KEY` for
 * a generator that is broken.
 *
 * @example
 * ```ts
 * import { createKeyRing, createProfile, createRegionKey } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01') };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record: region, secret } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const ring = createKeyRing({ keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key: secret }] });
 * const config = { purpose: 'acquiring' };
 * const { record } = createProfile({ env, region, ring, profileId: 'shop', config });
 * record.versions[0]?.slots[0]?.under; // { keyId: 'eu-central-1', version: 1 }
 * ```
 */
export function createProfile(options: CreateProfileOptions): CreatedProfile {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const region = readRegion(own(options, 'region'), 'region');
  const { regionId } = region;
  const profileId = readId(own(options, 'profileId'), 'profileId');
  const config = own(options, 'config') as JsonValue; // checked by the digest
  const configDigest = digestOf(config);
  const periods = cryptoperiods(isoTime(env), own(options, 'policy'));
  const secret = generateMainKey(env);
  try {
    const first = newVersion([], { kcv: kcvOf(secret), env, ...periods });
    const place = profilePlace({ regionId, profileId, configDigest }, first.version);
    const version: ProfileKeyVersion = {
      ...first,
      // Active at once: no version before it wraps anything.
      state: 'active',
      slots: sealProfileKey({ env, region, ring: own(options, 'ring'), secret, place }),
    };
    const record: ProfileRecord = {
      kind: 'profile',
      schema: 1,
      revision: 1,
      regionId,
      profileId,
      state: 'ready',
      config,
      configDigest,
      versions: [version],
    };
    const recordId = profileKeyId(record);
    return {
      record,
      writes: [{ op: 'put-record', recordId, expectedRevision: 0, next: record }],
      audit: [auditEvent(env, 'profile.create', record, { recordId })],
    };
  } finally {
    secret.destroy();
  }
}

/** Seals the main key of a profile under each version of the region's that new keys go under. */
export function sealProfileKey(options: {
  readonly env: Env;
  readonly region: RegionKeyRecord;
  readonly ring: KeyRing | undefined;
  readonly secret: SecretKey;
  readonly place: string;
}): readonly BlockSlot[] {
  const { env, region, ring, secret, place } = options;
  const keyId = regionKeyId(region);
  return wrappingVersions(region.versions, env).map(({ version, kcv }) => {
    const under = { keyId, version };
    const kbpk = secretOf(ring, under);
    requireMainKey(kbpk, { kcv });
    return sealStorageBlock({ env, kbpk, under, key: secret, attributes: PROFILE_KEY, place });
  });
}

/** Digest of a configuration. */
export function digestOf(config: JsonValue): string {
  return sha256Hex(canonicalJson(config, 'config'));
}

/**
 * Demands that the configuration is the one whose digest is in the record: a block holds no more
 * than the first 64 bits of that. Throws `CONTEXT_MISMATCH`.
 */
export function requireConfig({ config, configDigest }: ProfileRecord): void {
  if (digestOf(config) !== configDigest) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'config' });
  }
}

/** What {@link openProfile} takes. */
export interface OpenProfileOptions {
  /** The profile. */
  readonly profile: ProfileRecord;
  /** Holds the main key of the region. */
  readonly ring: KeyRing;
  /**
   * Which version of the main key.
   * @defaultValue the active one
   */
  readonly version?: number | undefined;
}

/**
 * Opens the main key of a profile, for a ring that customer keys are opened with.
 *
 * @param options - The profile, and a ring that holds the main key of its region.
 * @returns The main key: the caller destroys it.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION` when the profile does not have that version,
 * or the ring does not have the main key of the region; `STALE_VERSION` for a version that was
 * retired; `CONTEXT_MISMATCH` when the block is of another profile, or the configuration is not
 * the one that it was sealed with; `AUTHENTICATION_FAILED`; `KCV_MISMATCH`; `STATE_CONFLICT` for
 * what is not a record, and for a profile that is suspended.
 *
 * @example
 * ```ts no-run
 * import { createKeyRing, type KeyRing, openProfile, type ProfileRecord } from 'keyblock/hierarchy';
 *
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the region
 * const key = openProfile({ profile, ring, version: 2 });
 * const ofProfile = createKeyRing({ keys: [{ ref: { keyId: 'eu-central-1/shop', version: 2 }, key }] });
 * ```
 */
export function openProfile(options: OpenProfileOptions): SecretKey {
  requireObject(options, 'options');
  const profile = requireProfile(own(options, 'profile'));
  const number = own(options, 'version');
  if (profile.state === 'suspended') throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  const { versions } = profile;
  const version = number === undefined ? activeVersion(versions) : versionOf(versions, number);
  if (!mayOpen(version)) throw new KeyblockError('STALE_VERSION', { field: 'record' });
  requireConfig(profile);
  return openProfileVersion(profile, version, own(options, 'ring'));
}

/** Opens a version by whichever of its blocks the ring has the key of. */
export function openProfileVersion(
  profile: ProfileRecord,
  version: ProfileKeyVersion,
  ring: KeyRing | undefined,
): SecretKey {
  const { slot, kbpk } = openableSlot(profile, version.slots, ring);
  const place = profilePlace(profile, version.version);
  const { key } = openStorageBlock({ kbpk, slot, place, attributes: PROFILE_KEY });
  if (!sameKcv(kcvOf(key), version.kcv)) {
    key.destroy();
    throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
  }
  return key;
}

function openableSlot(
  profile: ProfileRecord,
  slots: readonly BlockSlot[],
  ring: KeyRing | undefined,
): { readonly slot: BlockSlot; readonly kbpk: SecretKey } {
  const keyId = regionKeyId(profile);
  // A block of another region is none of this profile's, whatever else the ring holds.
  if (slots.some(({ under }) => under.keyId !== keyId)) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
  }
  if (slots.length === 0) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  for (const slot of slots) {
    const kbpk = findSecret(ring, slot.under);
    if (kbpk !== undefined) return { slot, kbpk };
  }
  throw new KeyblockError('UNKNOWN_KEY_VERSION', { field: 'ring' });
}
