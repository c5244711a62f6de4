/**
 * Main keys: how they are made, and when the next one is due.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { checkedRandomBytes, drawBytes } from '../primitives/random.js';
import { adoptKey, type SecretKey } from '../secret-key.js';
import { kcvOf } from './check-value.js';
import { type Env, isoTime } from './env.js';
import { readId } from './identifiers.js';
import { isListOf, isMainKeyVersion } from './read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  MainKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
} from './records.js';
import { isCompromised, newVersion } from './versions.js';

/** How long a version of a main key is used, in days (SP 800-57 part 1, 5.3). */
export interface CryptoperiodPolicy {
  /**
   * The originator usage period: so long a version wraps.
   * @defaultValue `365`
   */
  readonly wrapDays?: number | undefined;
  /**
   * The recipient usage period: so long a version opens what it wrapped.
   * @defaultValue `wrapDays` and three years
   */
  readonly unwrapDays?: number | undefined;
  /**
   * How long before the end the next version is due.
   * @defaultValue `30`
   */
  readonly leadDays?: number | undefined;
}

/** What {@link createRegionKey} takes. */
export interface CreateRegionKeyOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region: 1 to 32 letters, digits and `. _ : -`. */
  readonly regionId: string;
  /** The device that makes the key and gives it to the others. */
  readonly kdh: {
    /** Its name in the region: 1 to 64 letters, digits and `. _ : / -`. */
    readonly hsmId: string;
  };
  /** How long the key is to be used. */
  readonly policy?: CryptoperiodPolicy | undefined;
}

/** What {@link createRegionKey} returns. */
export interface CreatedRegionKey {
  /** What is stored: version 1, active. Never the key. */
  readonly record: RegionKeyRecord;
  /** The key, for `issueMainKeyToken`: there is no other way for it to leave this process. */
  readonly secret: SecretKey;
  /** The one write that stores the record. */
  readonly writes: readonly ConditionalWrite[];
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Makes the first main key of a region: AES-256, to be given to devices in tokens.
 *
 * @param options - The region, and the device that makes the key.
 * @returns The record, the key, and the write that stores the record.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `WEAK_KEY` when the generator given returns
 * what no generator returns: bytes that repeat, or count up.
 *
 * @example
 * ```ts
 * import { createRegionKey } from 'keyblock/hierarchy';
 *
 * const { record, secret } = createRegionKey({
 *   env: { at: new Date('2027-01-01') },
 *   regionId: 'eu-central-1',
 *   kdh: { hsmId: 'hsm-1' },
 * });
 * String(secret); // 'SecretKey AES-256'
 * record.versions[0]?.state; // 'active'
 * record.versions[0]?.wrapUntil; // '2028-01-01T00:00:00.000Z'
 * ```
 */
export function createRegionKey(options: CreateRegionKeyOptions): CreatedRegionKey {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const regionId = readId(own(options, 'regionId'), 'regionId');
  const kdh = own(options, 'kdh');
  requireObject(kdh, 'kdh');
  const hsmId = readId(kdh && own(kdh, 'hsmId'), 'hsmId');
  const periods = cryptoperiods(isoTime(env), own(options, 'policy'));
  const secret = generateMainKey(env);
  const version = newVersion([], { kcv: kcvOf(secret), env, ...periods });
  const record: RegionKeyRecord = {
    kind: 'region-key',
    schema: 1,
    revision: 1,
    regionId,
    // Active at once: no version before it wraps anything.
    versions: [{ ...version, state: 'active' }],
    kdh: [{ hsmId, version: 1 }],
    tokens: [],
  };
  return {
    record,
    secret,
    writes: [{ op: 'put-record', recordId: regionId, expectedRevision: 0, next: record }],
    audit: [
      {
        kind: 'audit-event',
        schema: 1,
        at: isoTime(env),
        action: 'region-key.create',
        outcome: 'ok',
        recordId: regionId,
        regionId,
        hsmId,
        to: { keyId: regionId, version: 1 },
      },
    ],
  };
}

/**
 * Generates a main key of a region or profile.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, or `WEAK_KEY` for a generator that is broken.
 */
export function generateMainKey(env: Env): SecretKey {
  requireObject(env, 'env');
  const bytes = drawBytes(checkedRandomBytes(own(env, 'randomBytes')), MAIN_KEY_LENGTH);
  if (isDegenerate(bytes)) {
    bytes.fill(0);
    throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
  }
  return adoptKey('AES', bytes);
}

const MAIN_KEY_LENGTH = 32;

/**
 * What comes out of generators that are stuck, filled with text, repeat or count. Chance does the
 * like once in 2^50 draws.
 */
function isDegenerate(bytes: Uint8Array): boolean {
  const step = difference(bytes, 1);
  const counts = bytes.every((_, i) => i === 0 || difference(bytes, i) === step);
  const repeats = bytes.every((byte, i) => byte === bytes[(i + 16) % MAIN_KEY_LENGTH]);
  return counts || repeats || new Set(bytes).size < 16;
}

function difference(bytes: Uint8Array, i: number): number {
  return ((bytes[i] as number) - (bytes[i - 1] as number)) & 0xff; // both in range
}

/**
 * When a version that is made now stops wrapping and opening.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for days that are none.
 */
export function cryptoperiods(
  createdAt: string,
  policy: CryptoperiodPolicy | undefined,
): { readonly wrapUntil: string; readonly unwrapUntil: string } {
  const { wrapDays, unwrapDays } = readPolicy(policy);
  return { wrapUntil: laterBy(createdAt, wrapDays), unwrapUntil: laterBy(createdAt, unwrapDays) };
}

/**
 * Whether a main key has to be rotated: its active version is compromised, or stops wrapping soon;
 * or a version that is still needed to open may soon not be used for that any more.
 *
 * @param options - The record of a region or profile, the policy for versions whose record does not
 * say how long they are used, and the time.
 * @returns Whether a rotation is due.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
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
 * mainKeys.isDue({ record, env: { at: new Date('2027-06-01') } }); // false
 * mainKeys.isDue({ record, env: { at: new Date('2027-12-15') } }); // true
 * ```
 */
export function isDue(options: {
  readonly record: RegionKeyRecord | ProfileRecord;
  readonly policy?: CryptoperiodPolicy | undefined;
  readonly env: Env;
}): boolean {
  requireObject(options, 'options');
  const record = own(options, 'record');
  requireObject(record, 'record');
  const versions = record && own(record, 'versions');
  if (!isListOf(versions, isMainKeyVersion)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const policy = own(options, 'policy');
  const { leadDays } = readPolicy(policy);
  const limit = laterBy(isoTime(own(options, 'env') as Env), leadDays); // checked in there
  return (versions as readonly MainKeyVersion[]).some((version) => {
    const { state, createdAt } = version;
    if (state === 'active' && isCompromised(version)) return true;
    const ends = cryptoperiods(createdAt, policy);
    const wrapUntil = own(version, 'wrapUntil') ?? ends.wrapUntil;
    const unwrapUntil = own(version, 'unwrapUntil') ?? ends.unwrapUntil;
    // Times of one format in UTC are in the order of their texts.
    if (state === 'active') return wrapUntil <= limit || unwrapUntil <= limit;
    return state === 'retiring' && unwrapUntil <= limit;
  });
}

function readPolicy(policy: CryptoperiodPolicy = {}): {
  readonly wrapDays: number;
  readonly unwrapDays: number;
  readonly leadDays: number;
} {
  requireObject(policy, 'policy');
  const wrapDays = readDays(own(policy, 'wrapDays'), 365);
  const unwrapDays = readDays(own(policy, 'unwrapDays'), wrapDays + 3 * 365);
  const leadDays = readDays(own(policy, 'leadDays'), 30);
  if (unwrapDays < wrapDays) throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  return { wrapDays, unwrapDays, leadDays };
}

/** A century is longer than any cryptoperiod, and far from the end of the calendar. */
const MAX_DAYS = 36_525;

function readDays(days: number | undefined, fallback: number): number {
  if (days === undefined) return fallback;
  if (!(Number.isInteger(days) && days >= 0 && days <= MAX_DAYS)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
  }
  return days;
}

/** A time so many days after another, as records hold it. */
function laterBy(time: string, days: number): string {
  const start = new Date(time).getTime();
  if (Number.isNaN(start)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  const end = new Date(start + days * 86_400_000);
  if (Number.isNaN(end.getTime())) throw new KeyblockError('INVALID_ARGUMENT', { field: 'at' });
  return end.toISOString();
}
