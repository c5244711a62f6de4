/**
 * The main key of a region: its versions, the tokens that carry them, and who holds them.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { SecretKey } from '../secret-key.js';
import { kcvOf, sameKcv } from './check-value.js';
import { type Env, isoTime } from './env.js';
import { isHsm } from './hsm/read-device.js';
import { readId } from './identifiers.js';
import { type CryptoperiodPolicy, cryptoperiods, generateMainKey } from './main-key.js';
import {
  holdsTexts,
  isKcv,
  isListOf,
  isMainKeyVersion,
  isOrdinal,
  isRecord,
  isText,
  isTextOrNone,
  member,
} from './read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  HsmSyncRecord,
  Kcv,
  MainKeyToken,
  RegionKeyRecord,
} from './records.js';
import { newVersion, transition, versionOf } from './versions.js';

/** What {@link addRegionKeyVersion} takes. */
export interface AddRegionKeyVersionOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region, whose rotation begins. */
  readonly record: RegionKeyRecord;
  /** The device that makes the key and gives it to the others. */
  readonly kdh: { readonly hsmId: string };
  /** How long the version is to be used. */
  readonly policy?: CryptoperiodPolicy | undefined;
}

/**
 * Makes the next version of the main key of a region, pending: the first step of its rotation, and
 * to be distributed before anything is wrapped under it.
 *
 * @param options - The region, and the device that makes the key.
 * @returns The changed record, and the key.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `STATE_CONFLICT` while another version is
 * pending; `WEAK_KEY` for a generator that is broken.
 */
export function addRegionKeyVersion(options: AddRegionKeyVersionOptions): {
  readonly record: RegionKeyRecord;
  readonly secret: SecretKey;
} {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const record = readRegion(own(options, 'record'));
  const kdh = own(options, 'kdh');
  requireObject(kdh, 'kdh');
  const hsmId = readId(kdh && own(kdh, 'hsmId'), 'hsmId');
  const periods = cryptoperiods(isoTime(env), own(options, 'policy'));
  const secret = generateMainKey(env);
  const next = newVersion(record.versions, { kcv: kcvOf(secret), env, ...periods });
  const versions = transition(record.versions, { kind: 'generate', next });
  return {
    record: {
      ...record,
      revision: record.revision + 1,
      versions,
      kdh: [...record.kdh, { hsmId, version: next.version }],
    },
    secret,
  };
}

/** What {@link allReceipts} takes. */
export interface AllReceiptsOptions {
  /** The region. */
  readonly record: RegionKeyRecord;
  /** The version that is to become active. */
  readonly version: number;
  /** The devices of the region, all of them; those of others are passed over. */
  readonly hsms: readonly HsmSyncRecord[];
}

/**
 * Whether every device in service holds a version: before that it must not be promoted.
 *
 * @param options - The region, the version, and the devices.
 * @returns True also where no device is in service.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `UNKNOWN_KEY_VERSION`.
 *
 * @example
 * ```ts
 * import { createRegionKey, mainKeys } from 'keyblock/hierarchy';
 *
 * const { record } = createRegionKey({
 *   env: { at: new Date('2027-01-01') },
 *   regionId: 'eu-central-1',
 *   kdh: { hsmId: 'hsm-1' },
 * });
 * const hsm = mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-1' });
 * mainKeys.allReceipts({ record, version: 1, hsms: [hsm] }); // true: it is not in service
 * mainKeys.allReceipts({ record, version: 1, hsms: [{ ...hsm, state: 'in-service' }] }); // false
 * ```
 */
export function allReceipts(options: AllReceiptsOptions): boolean {
  requireObject(options, 'options');
  const record = readRegion(own(options, 'record'));
  const version = versionOf(record.versions, own(options, 'version'));
  const hsms = own(options, 'hsms');
  if (!isListOf(hsms, isHsm)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return (hsms as readonly HsmSyncRecord[])
    .filter(({ regionId, state }) => regionId === record.regionId && state === 'in-service')
    .every((hsm) => holds(hsm, version));
}

/** What {@link retireTokens} takes. */
export interface RetireTokensOptions {
  /** Time. */
  readonly env: Env;
  /** The region. */
  readonly record: RegionKeyRecord;
  /** A version that nothing is under any more. */
  readonly version: number;
}

/** What {@link retireTokens} returns. */
export interface RetiredTokens {
  /** The region, its tokens of that version of no use any more. */
  readonly record: RegionKeyRecord;
  /** What to store; nothing where there was nothing to do. */
  readonly writes: readonly ConditionalWrite[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Takes the tokens of a version that was left behind out of use: no device is restored to it any
 * more, and it can be destroyed.
 *
 * @param options - The region, and the version.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a version that is neither retired nor
 * destroyed;
 * `UNKNOWN_KEY_VERSION`, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { mainKeys, type RegionKeyRecord } from 'keyblock/hierarchy';
 *
 * function withoutTokens(record: RegionKeyRecord, version: number) {
 *   return mainKeys.retireTokens({ env: { at: new Date() }, record, version }).writes;
 * }
 * ```
 */
export function retireTokens(options: RetireTokensOptions): RetiredTokens {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const record = readRegion(own(options, 'record'));
  const { version, state } = versionOf(record.versions, own(options, 'version'));
  if (state !== 'retired' && state !== 'destroyed') {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const isLive = (token: MainKeyToken) => token.version === version && isInUse(token);
  const { regionId, revision, tokens } = record;
  const count = tokens.filter(isLive).length;
  if (count === 0) return { record, writes: [], audit: [] };
  const next = {
    ...record,
    revision: revision + 1,
    tokens: tokens.map((token) => (isLive(token) ? { ...token, invalidatedAt: at } : token)),
  };
  return {
    record: next,
    writes: [{ op: 'put-record', recordId: regionId, expectedRevision: revision, next }],
    audit: [
      {
        kind: 'audit-event',
        schema: 1,
        at,
        action: 'region-key.retire-tokens',
        outcome: 'ok',
        recordId: regionId,
        regionId,
        from: { keyId: regionId, version },
        count,
      },
    ],
  };
}

/** Whether a device has shown that it holds a version: by a receipt with its check value. */
export function holds(
  { versions }: HsmSyncRecord,
  { version, kcv }: { readonly version: number; readonly kcv: Kcv },
): boolean {
  const entry = versions.find((candidate) => candidate.version === version);
  const receipt = entry && own(entry, 'receipt');
  return receipt !== undefined && sameKcv(receipt.kcv, kcv);
}

/**
 * Reads the record of a region. Throws `STATE_CONFLICT` for what is none.
 *
 * @param field - The option that it came by.
 */
export function readRegion(
  record: RegionKeyRecord | undefined,
  field: 'record' | 'region' = 'record',
): RegionKeyRecord {
  requireObject(record, field);
  const isRegion =
    record !== undefined &&
    isRecord(record, 'region-key') &&
    isText(own(record, 'regionId')) &&
    isListOf(own(record, 'versions'), isMainKeyVersion) &&
    isListOf(own(record, 'kdh'), isKdh) &&
    isListOf(own(record, 'tokens'), isToken);
  if (!isRegion) throw new KeyblockError('STATE_CONFLICT', { field });
  return record;
}

function isKdh(value: unknown): boolean {
  return holdsTexts(value, ['hsmId']) && isOrdinal(member(value, 'version'));
}

function isToken(value: unknown): boolean {
  return (
    holdsTexts(value, ['hsmId', 'kdhId', 'token', 'nonce']) &&
    isOrdinal(member(value, 'version')) &&
    isKcv(member(value, 'kcv')) &&
    isTextOrNone(member(value, 'expiresAt'))
  );
}

/** Whether a device made a version, and was not taken out since. */
export function isKdhOf(
  { kdh }: RegionKeyRecord,
  { hsmId, version }: { readonly hsmId: string; readonly version: number },
): boolean {
  const entry = kdh.find((candidate) => candidate.version === version);
  return entry?.hsmId === hsmId && isInUse(entry);
}

/** The archived token that gives a version to a device, if it may still be used. */
export function archivedToken(
  { tokens }: RegionKeyRecord,
  wanted: { readonly hsmId: string; readonly version: number },
  at: string,
): MainKeyToken | undefined {
  const usable = tokens.filter((token) => {
    const { hsmId, version } = token;
    const expiresAt = own(token, 'expiresAt');
    const isWanted = hsmId === wanted.hsmId && version === wanted.version;
    return isWanted && isInUse(token) && (expiresAt === undefined || at < expiresAt);
  });
  return usable.at(-1);
}

/**
 * What a region loses with a device: its tokens are of no use any more, and what it made as a KDH
 * it does not hold. Undefined where there is nothing of it.
 */
export function withoutDevice(
  { tokens, kdh }: RegionKeyRecord,
  device: string,
  at: string,
): Pick<RegionKeyRecord, 'tokens' | 'kdh'> | undefined {
  type Entry = Invalidated & { readonly hsmId: string };
  const isLive = (entry: Entry) => entry.hsmId === device && isInUse(entry);
  const mark = <E extends Entry>(entry: E): E =>
    isLive(entry) ? { ...entry, invalidatedAt: at } : entry;
  if (!(tokens.some(isLive) || kdh.some(isLive))) return undefined;
  return { tokens: tokens.map(mark), kdh: kdh.map(mark) };
}

/** What may be taken out of use. */
interface Invalidated {
  readonly invalidatedAt?: string | undefined;
}

/** Whether nobody has taken it out of use. */
export function isInUse(entry: Invalidated): boolean {
  return own(entry, 'invalidatedAt') === undefined;
}
