/**
 * One key on its way: out of one region as a block for exchange, and into the other as a key of a
 * profile there.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { SecretKey } from '../../secret-key.js';
import { unwrapKey } from '../../tr31/unwrap.js';
import { wrapKey } from '../../tr31/wrap.js';
import { kcvOf, sameKcv } from '../check-value.js';
import { type CreatedCustomerKey, createCustomerKey } from '../customer-key.js';
import { type Env, isoTime } from '../env.js';
import { pedigreeOf } from '../exchange.js';
import type { KeyRing } from '../key-ring.js';
import { openStoredKey } from '../open-customer-key.js';
import { PLACE_ID } from '../place.js';
import { requireCustomerKey, requireProfile } from '../read-record.js';
import type { CustomerKeyRecord, Kcv, KeyAttributes, ProfileRecord } from '../records.js';
import { assertProtects } from '../rules/strength.js';
import { digestOfAttributes } from './events.js';

/** What {@link replicateBlock} takes. */
export interface ReplicateBlockOptions {
  /** Time and randomness: the latter for the padding of the block. */
  readonly env: Env;
  /** The key: complete, enabled or not. */
  readonly record: CustomerKeyRecord;
  /** Its profile. */
  readonly profile: ProfileRecord;
  /** Holds the main key of the profile. */
  readonly ring: KeyRing;
  /** The KEK that both regions share: AES, at least as strong as the key. */
  readonly kek: SecretKey;
}

/**
 * Wraps a customer key under a KEK, for another region: TR-31 version D, for exchange only, with
 * the check value KC and without the place, which is that of this region.
 *
 * @param options - The key, and the KEK of the pair.
 * @returns The key block.
 * @throws {@link KeyblockError} `EXPORT_NOT_ALLOWED` for a key that is not exportable;
 * `KEY_STRENGTH` when the KEK is weaker than the key; `STATE_CONFLICT` for a key that is marked for
 * deletion or deleted; and the codes of `openCustomerKey`.
 *
 * @example
 * ```ts no-run
 * import {
 *   type CustomerKeyRecord, type KeyRing, type ProfileRecord, replication, type SecretKey,
 * } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * declare const kek: SecretKey; // that both regions share
 * const env = { at: new Date() };
 * const keyBlock = replication.replicateBlock({ env, record, profile, ring, kek });
 * ```
 */
export function replicateBlock(options: ReplicateBlockOptions): string {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked in the next line
  isoTime(env);
  const record = requireCustomerKey(own(options, 'record'));
  const profile = requireProfile(own(options, 'profile'));
  const kek = readKek(own(options, 'kek'));
  const { exportability } = record.attributes;
  if (exportability !== 'E' && exportability !== 'S') {
    throw new KeyblockError('EXPORT_NOT_ALLOWED', { field: 'exportability' });
  }
  if (record.lifecycle.state !== 'create-complete' || profile.state === 'suspended') {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const { key, header } = openStoredKey(record, profile, own(options, 'ring'));
  try {
    assertProtects({ wrapping: kek, wrapped: key });
    const hasCheckValue = header.optionalBlocks.some(({ id }) => id === 'KC');
    return wrapKey({
      kbpk: kek,
      key,
      header: { ...header, versionId: 'D', keyContext: '2' },
      // X9.143 has no check value for HMAC keys; the answer of the other region has one.
      checkValues: hasCheckValue || key.algorithm === 'HMAC' ? [] : ['KC'],
      randomBytes: own(env, 'randomBytes'),
    });
  } finally {
    key.destroy();
  }
}

/**
 * What {@link acceptBlock} takes: besides a KEK, what `importTr31` says, and where the key goes.
 */
export interface AcceptBlockOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** TR-31 version D, for exchange or without restriction, and without a place. */
  readonly keyBlock: string;
  /** The KEK that the block is under. */
  readonly kek: SecretKey;
  /** The profile that the key comes into. */
  readonly profile: ProfileRecord;
  /** Holds the main key of that profile. */
  readonly ring: KeyRing;
  /**
   * Its ID in this region: the same as in the origin, but where a copy was purged of which the
   * tombstone has that ID, which is never used again.
   */
  readonly keyId: string;
  /** Whose key it is in this region: 1 to 128 printable characters. */
  readonly owner: string;
  /** Of the key in the origin: the one in the block has to have the same. */
  readonly kcv: Kcv;
  /** Of the key in the origin, by {@link digestOfAttributes}: the block has to have the same. */
  readonly attributesDigest: string;
  /** Whether the copy is enabled from the start. */
  readonly enabled: boolean;
  /** All tags that the copy starts with. */
  readonly tags: { readonly [key: string]: string };
  /** Whom the key is shared with: with its owner two parties, and no more. */
  readonly sharing?: CustomerKeyRecord['sharing'];
  /** Of which key this is a copy, and by which command. */
  readonly replicaOf?: CustomerKeyRecord['replicaOf'];
}

/**
 * Takes a key over from another region, when it is the key that the origin has.
 *
 * @param options - The block, the KEK, and the profile that the key comes into.
 * @returns The record of the copy, and the write that stores it.
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH` for a block that is not for exchange, of other
 * attributes than the origin's, or with its own region as origin; `KCV_MISMATCH` when the check value is not the origin's; and
 * the codes of `unwrapKey` and `createCustomerKey`.
 *
 * @example
 * ```ts no-run
 * import { type KeyRing, type ProfileRecord, replication, type SecretKey } from 'keyblock/hierarchy';
 *
 * declare const command: replication.ImportTr31Command;
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * declare const kek: SecretKey; // that both regions share
 * const env = { at: new Date() };
 * const { keyBlock, keyId, kcv, attributesDigest, enabled, tags, order } = command;
 * const replicaOf = { regionId: command.originRegionId, keyId, order };
 * const copy = { keyBlock, keyId, kcv, attributesDigest, enabled, tags, replicaOf, owner: 'shop' };
 * const { record } = replication.acceptBlock({ env, kek, profile, ring, ...copy });
 * ```
 */
export function acceptBlock(options: AcceptBlockOptions): CreatedCustomerKey {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked in the next line
  isoTime(env);
  const kek = readKek(own(options, 'kek'));
  const kcv = own(options, 'kcv');
  requireObject(kcv, 'kcv');
  const { header, key } = unwrapKey({ kbpk: kek, keyBlock: own(options, 'keyBlock') as string });
  try {
    if (header.versionId !== 'D' || header.keyContext === '1') {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
    }
    if (header.optionalBlocks.some(({ id }) => id === PLACE_ID)) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'place' });
    }
    const { keyUsage, algorithm, modeOfUse, exportability, keyVersionNumber } = header;
    const attributes: KeyAttributes = {
      keyUsage,
      algorithm,
      keyBits: key.lengthBits,
      modeOfUse,
      exportability,
      keyVersionNumber,
    };
    if (digestOfAttributes(attributes) !== own(options, 'attributesDigest')) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
    }
    // Not undefined: that was refused.
    if (!sameKcv(kcvOf(key), kcv as Kcv)) throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
    // KC has done its work.
    const optionalBlocks = header.optionalBlocks.filter(({ id }) => id !== 'KC');
    const { record, audit } = createCustomerKey({
      ...options,
      env,
      key,
      attributes,
      optionalBlocks,
      pedigree: pedigreeOf(optionalBlocks, false),
    });
    const replicaOf = own(options, 'replicaOf');
    if (replicaOf?.regionId === record.regionId) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'regionId' });
    }
    const copy = replicaOf === undefined ? record : { ...record, replicaOf };
    const recordId = record.keyId;
    return {
      record: copy,
      writes: [{ op: 'put-record', recordId, expectedRevision: 0, next: copy }],
      audit,
    };
  } finally {
    key.destroy();
  }
}

function readKek(kek: SecretKey | undefined): SecretKey {
  if (kek instanceof SecretKey && kek.algorithm === 'AES') return kek;
  throw new KeyblockError('INVALID_ARGUMENT', { field: 'kbpk' });
}
