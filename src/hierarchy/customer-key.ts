/**
 * Customer keys: made or taken over, and wrapped under the main key of their profile.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { isWeakDesKey } from '../primitives/des-keys.js';
import { SecretKey, withClearKey } from '../secret-key.js';
import type { OptionalBlock } from '../tr31/optional-blocks.js';
import { auditEvent } from './audit-event.js';
import { kcvOf, requireMainKey } from './check-value.js';
import { type Env, isoTime } from './env.js';
import { profileKeyId, readId } from './identifiers.js';
import { type KeyRing, secretOf } from './key-ring.js';
import { generateOf, type KeyAttributesInput, readAttributes, withHash } from './new-key.js';
import { customerPlace } from './place.js';
import { requireConfig } from './profile.js';
import { requireProfile } from './read-record.js';
import type {
  AuditEvent,
  BlockSlot,
  ConditionalWrite,
  CustomerKeyRecord,
  KeyAttributes,
  KeyRef,
  ProfileRecord,
} from './records.js';
import { readSharing, type Sharing } from './rules/sharing.js';
import { assertProtects } from './rules/strength.js';
import { readTags, type Tags } from './rules/tags.js';
import { sealStorageBlock } from './storage-block.js';
import { wrappingVersions } from './versions.js';

/** What is said about a customer key besides what it may do. */
export interface CustomerKeyDetails {
  /** 1 to 64 letters, digits and `. _ : / -`; unique, and never used again. */
  readonly keyId: string;
  /** Whose key it is: 1 to 128 printable characters. */
  readonly owner: string;
  /** @defaultValue none */
  readonly tags?: Tags | undefined;
  /** Whom the key is shared with: with its owner two parties, and no more. */
  readonly sharing?: Sharing | undefined;
  /** The key that this one was derived from. */
  readonly derivedFrom?: string | undefined;
  /** @defaultValue `true` */
  readonly enabled?: boolean | undefined;
}

/** What {@link createCustomerKey} takes. */
export interface CreateCustomerKeyOptions extends CustomerKeyDetails {
  /** Time and randomness. */
  readonly env: Env;
  /** The profile, whose main key protects the new key. */
  readonly profile: ProfileRecord;
  /** Holds the main key of the profile, while it rotates both of them. */
  readonly ring: KeyRing;
  /** What the key may do. */
  readonly attributes: KeyAttributesInput;
  /**
   * A key that exists already, and is taken over.
   * @defaultValue a new one is generated
   */
  readonly key?: SecretKey | undefined;
  /** Optional blocks of its header, such as LB, BI or HM, which an HMAC key needs. */
  readonly optionalBlocks?: readonly OptionalBlock[] | undefined;
  /**
   * Of a key that is taken over, under what it was wrapped before, as WP says: 1 for a weaker key,
   * 2 for an asymmetric one, 3 for both.
   * @defaultValue `0`
   */
  readonly pedigree?: 0 | 1 | 2 | 3 | undefined;
}

/** What {@link createCustomerKey} returns. */
export interface CreatedCustomerKey {
  /** The record, with one block, or two while the profile rotates. */
  readonly record: CustomerKeyRecord;
  /** The one write that stores it. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Generates a customer key, or takes one over, and wraps it under the main key of its profile.
 * While that rotates, the key gets both blocks at once, and the rotation has nothing left to do for
 * it.
 *
 * @param options - The profile, the key, and what it may do.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} `KCV_MISMATCH` when the main key in the ring is another one than the
 * profile's; `INVALID_HEADER` for a mode or an algorithm that there is not: here they are letters;
 * `USAGE_NOT_ALLOWED` when usage, algorithm and mode do not go together, and for a new key without
 * restriction (mode N); `UNSUPPORTED` for keys other than AES,
 * TDES and HMAC; `WEAK_KEY` for a TDES key with equal parts; `STATE_CONFLICT` for a profile that is
 * not in service; `CONTEXT_MISMATCH` when its configuration is not the one of its digest;
 * `UNKNOWN_KEY_VERSION` when the ring does not have its main keys; `INVALID_ARGUMENT`, and the
 * codes of `wrapKey`.
 *
 * @example
 * ```ts no-run
 * import { createCustomerKey, type KeyRing, type ProfileRecord } from 'keyblock/hierarchy';
 *
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * const { record } = createCustomerKey({
 *   env: { at: new Date() },
 *   profile,
 *   ring,
 *   keyId: 'pek-1',
 *   owner: 'shop',
 *   attributes: { keyUsage: 'P0', algorithm: 'A', keyBits: 128, modeOfUse: 'B', exportability: 'E' },
 * });
 * record.lifecycle; // { state: 'create-complete', enabled: true }
 * ```
 */
export function createCustomerKey(options: CreateCustomerKeyOptions): CreatedCustomerKey {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  isoTime(env);
  const profile = requireInService(requireProfile(own(options, 'profile')));
  requireConfig(profile);
  const keyId = readId(own(options, 'keyId'), 'keyId');
  const { regionId, profileId, configDigest } = profile;
  const given = own(options, 'key');
  const attributes = readAttributes(own(options, 'attributes'), given !== undefined);
  const extra = own(options, 'optionalBlocks') ?? [];
  const details = readDetails(options);
  const key = given === undefined ? generateOf(attributes, extra, env) : requireSound(given);
  try {
    const place = customerPlace({ regionId, profileId, keyId }, configDigest);
    const ring = own(options, 'ring');
    const blocks = withHash(extra, key);
    const slots = sealCustomerKey({ env, profile, ring, key, attributes, place, extra: blocks });
    const record: CustomerKeyRecord = {
      kind: 'customer-key',
      schema: 1,
      revision: 1,
      keyId,
      regionId,
      profileId,
      owner: details.owner,
      attributes,
      kcv: kcvOf(key),
      origin: given === undefined ? 'generated' : 'imported',
      slots,
      lifecycle: { state: 'create-complete', enabled: details.enabled },
      tags: details.tags,
      ...(details.sharing === undefined ? {} : { sharing: details.sharing }),
      lineage: {
        ...(details.derivedFrom === undefined ? {} : { derivedFrom: details.derivedFrom }),
        wrappedHistory: slots.map(({ under }): KeyRef => under),
        pedigree: readPedigree(own(options, 'pedigree')),
      },
    };
    const action = `customer-key.${given === undefined ? 'create' : 'import'}`;
    return {
      record,
      writes: [{ op: 'put-record', recordId: keyId, expectedRevision: 0, next: record }],
      audit: [auditEvent(env, action, record, { recordId: keyId })],
    };
  } finally {
    if (given === undefined) key.destroy();
  }
}

/** Seals a customer key under each version of the main key that new keys go under. */
export function sealCustomerKey(options: {
  readonly env: Env;
  readonly profile: ProfileRecord;
  readonly ring: KeyRing | undefined;
  readonly key: SecretKey;
  readonly attributes: KeyAttributes;
  readonly place: string;
  readonly extra: readonly OptionalBlock[];
}): readonly BlockSlot[] {
  const { env, profile, ring, ...sealed } = options;
  const keyId = profileKeyId(profile);
  return wrappingVersions(profile.versions, env).map(({ version, kcv }) => {
    const under = { keyId, version };
    const kbpk = secretOf(ring, under);
    requireMainKey(kbpk, { kcv });
    assertProtects({ wrapping: kbpk, wrapped: sealed.key });
    return sealStorageBlock({ ...sealed, env, kbpk, under });
  });
}

/** New keys come into a profile that serves: also while its main key rotates. */
function requireInService(profile: ProfileRecord): ProfileRecord {
  if (profile.state !== 'ready' && profile.state !== 'rotating') {
    throw new KeyblockError('STATE_CONFLICT', { field: 'profile' });
  }
  return profile;
}

/** A key with equal parts can be read wherever it stands, and is stored nowhere anew. */
function requireSound(key: SecretKey): SecretKey {
  if (!(key instanceof SecretKey)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'key' });
  const isWeak =
    key.algorithm === 'TDES' && withClearKey(key, 'key', ({ bytes }) => isWeakDesKey(bytes));
  if (isWeak) throw new KeyblockError('WEAK_KEY', { field: 'key' });
  return key;
}

function readDetails(options: CreateCustomerKeyOptions): {
  readonly owner: string;
  readonly tags: Tags;
  readonly sharing: Sharing | undefined;
  readonly derivedFrom: string | undefined;
  readonly enabled: boolean;
} {
  const owner = readId(own(options, 'owner'), 'owner');
  const derivedFrom = own(options, 'derivedFrom');
  const enabled = own(options, 'enabled') ?? true;
  if (typeof enabled !== 'boolean') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  return {
    owner,
    tags: readTags(own(options, 'tags')),
    sharing: readSharing(own(options, 'sharing'), owner),
    derivedFrom: derivedFrom === undefined ? undefined : readId(derivedFrom, 'keyId'),
    enabled,
  };
}

function readPedigree(pedigree: 0 | 1 | 2 | 3 | undefined): 0 | 1 | 2 | 3 {
  const value = pedigree ?? 0;
  if (![0, 1, 2, 3].includes(value)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  return value;
}
