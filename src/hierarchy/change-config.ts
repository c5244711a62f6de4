/**
 * Gives a profile another configuration. Its digest is bound inside every block of the profile, so
 * this is a re-wrap of all of them.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { SecretKey } from '../secret-key.js';
import { auditEvent } from './audit-event.js';
import { sealCustomerKey } from './customer-key.js';
import { type Env, isoTime } from './env.js';
import { profileKeyId } from './identifiers.js';
import { createKeyRing, type KeyRing } from './key-ring.js';
import { openStoredKey } from './open-customer-key.js';
import { customerPlace, profilePlace } from './place.js';
import { digestOf, openProfile, openProfileVersion, sealProfileKey } from './profile.js';
import { requireCustomerKey, requireProfile } from './read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  CustomerKeyRecord,
  JsonValue,
  ProfileRecord,
  RegionKeyRecord,
} from './records.js';
import { readRegion } from './region.js';
import { activeVersion } from './versions.js';

/** What {@link changeConfig} takes. */
export interface ChangeConfigOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region of the profile. */
  readonly region: RegionKeyRecord;
  /** The profile, which is not in a rotation. */
  readonly profile: ProfileRecord;
  /** The new configuration. */
  readonly config: JsonValue;
  /** All customer keys of the profile, tombstones or not. */
  readonly records: Iterable<CustomerKeyRecord>;
  /** How many of them the store itself counts: one that was left out would open no more. */
  readonly count?: number | undefined;
  /** Holds the main key of the region. */
  readonly ring: KeyRing;
}

/** What {@link changeConfig} returns. */
export interface ChangedConfig {
  /** The changed profile. */
  readonly record: ProfileRecord;
  /** The changed customer keys. */
  readonly records: readonly CustomerKeyRecord[];
  /** All writes, to be done in one transaction. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Gives a profile another configuration, and seals its main key and its customer keys anew, bound
 * to that. The writes belong into one transaction: a key opens under the configuration of its block
 * and under no other. For the same reason nobody may make keys with a record of the profile that
 * was read before. Where that is too much at once, make a second profile and move keys to it.
 *
 * @param options - The profile with all of its keys, and the configuration.
 * @returns The changed records, and the writes.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a profile that rotates, for a record that comes
 * twice, and when there are not as many as the store counts; the codes of `openProfile` and `openCustomerKey`, for the
 * first key that does not open: then nothing changes.
 *
 * @example
 * ```ts no-run
 * import {
 *   type CustomerKeyRecord,
 *   changeConfig,
 *   type KeyRing,
 *   type ProfileRecord,
 *   type RegionKeyRecord,
 * } from 'keyblock/hierarchy';
 *
 * declare const region: RegionKeyRecord;
 * declare const profile: ProfileRecord;
 * declare const records: readonly CustomerKeyRecord[]; // all of the profile
 * declare const ring: KeyRing; // with the main key of the region
 * const config = { purpose: 'issuing' };
 * const { writes } = changeConfig({ env: { at: new Date() }, region, profile, config, records, ring });
 * ```
 */
export function changeConfig(options: ChangeConfigOptions): ChangedConfig {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked right below
  isoTime(env);
  const region = readRegion(own(options, 'region'), 'region');
  const profile = requireProfile(own(options, 'profile'));
  const records = readRecords(options, profile);
  const config = own(options, 'config') as JsonValue; // checked by the digest
  if (profile.state !== 'ready' || own(profile, 'jobId') !== undefined) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'profile' });
  }
  if (region.regionId !== profile.regionId) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'regionId' });
  }
  const ring = own(options, 'ring') as KeyRing; // checked right below
  const secret = openProfile({ profile, ring });
  try {
    const next = sealedProfile({ env, region, profile, config, ring });
    const move = keyMover({ env, from: profile, to: next, secret });
    const moved = records.filter(holdsKey).map(move);
    const recordId = profileKeyId(profile);
    return {
      record: next,
      records: moved,
      writes: [
        put(recordId, profile.revision, next),
        ...moved.map((record) => put(record.keyId, record.revision - 1, record)),
      ],
      audit: [auditEvent(env, 'profile.config', next, { recordId, count: moved.length })],
    };
  } finally {
    secret.destroy();
  }
}

/** The customer keys of a profile, each once: as many as the store counts. */
function readRecords(
  options: ChangeConfigOptions,
  { regionId, profileId }: ProfileRecord,
): readonly CustomerKeyRecord[] {
  const given = own(options, 'records');
  if (typeof given?.[Symbol.iterator] !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const records = Array.from(given, requireCustomerKey);
  const isForeign = (record: CustomerKeyRecord) =>
    record.regionId !== regionId || record.profileId !== profileId;
  if (records.some(isForeign)) throw new KeyblockError('CONTEXT_MISMATCH', { field: 'record' });
  if (new Set(records.map(({ keyId }) => keyId)).size < records.length) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'keyId' });
  }
  const count = own(options, 'count');
  if (count !== undefined && count !== records.length) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'count' });
  }
  return records;
}

function sealedProfile(options: {
  readonly env: Env;
  readonly region: RegionKeyRecord;
  readonly profile: ProfileRecord;
  readonly config: JsonValue;
  readonly ring: KeyRing;
}): ProfileRecord {
  const { env, region, profile, config, ring } = options;
  const configDigest = digestOf(config);
  const versions = profile.versions.map((version) => {
    if (version.slots.length === 0) return version;
    // Retired ones too: as long as they are kept, they have to open.
    const secret = openProfileVersion(profile, version, ring);
    const place = profilePlace({ ...profile, configDigest }, version.version);
    try {
      return { ...version, slots: sealProfileKey({ env, region, ring, secret, place }) };
    } finally {
      secret.destroy();
    }
  });
  return { ...profile, revision: profile.revision + 1, config, configDigest, versions };
}

/** Tombstones and keys that never came about have no block. */
function holdsKey({ slots }: CustomerKeyRecord): boolean {
  return slots.length > 0;
}

function keyMover(options: {
  readonly env: Env;
  readonly from: ProfileRecord;
  readonly to: ProfileRecord;
  readonly secret: SecretKey;
}): (record: CustomerKeyRecord) => CustomerKeyRecord {
  const { env, from, to, secret } = options;
  const { version } = activeVersion(from.versions);
  const ref = { keyId: profileKeyId(from), version };
  const ring = createKeyRing({ keys: [{ ref, key: secret }] });
  return (record) => {
    const { key, header } = openStoredKey(record, from, ring);
    try {
      const { attributes } = record;
      const place = customerPlace(record, to.configDigest);
      const extra = header.optionalBlocks;
      const slots = sealCustomerKey({ env, profile: to, ring, key, attributes, place, extra });
      return { ...record, revision: record.revision + 1, slots };
    } finally {
      key.destroy();
    }
  };
}

function put(
  recordId: string,
  expectedRevision: number,
  next: ProfileRecord | CustomerKeyRecord,
): ConditionalWrite {
  return { op: 'put-record', recordId, expectedRevision, next };
}
