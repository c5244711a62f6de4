/**
 * Main keys that others may know.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { type Env, isoTime } from './env.js';
import { recordId } from './identifiers.js';
import { requireProfile } from './read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  MainKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
} from './records.js';
import { readRegion } from './region.js';
import { transition } from './versions.js';

/** What {@link markCompromised} takes. */
export interface MarkCompromisedOptions<M extends ProfileRecord | RegionKeyRecord> {
  /** Time. */
  readonly env: Env;
  /** The region, or the profile. */
  readonly record: M;
  /** The version of its main key that others may know. */
  readonly version: number;
  /** Why, in words that hold no secret. */
  readonly note?: string | undefined;
}

/** What {@link markCompromised} returns. */
export interface MarkedCompromised<M extends ProfileRecord | RegionKeyRecord> {
  /** The record, its version marked. */
  readonly record: M;
  /** What to store; nothing where the version had the mark already. */
  readonly writes: readonly ConditionalWrite[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Marks a version of a main key as compromised: from then on it wraps nothing, opens what a
 * rotation has to move, and is due. The mark stays; a second one changes nothing. One thing it
 * still wraps: keys that go back to it when `abort` gives up a new version compromised as well.
 *
 * @param options - The region or the profile, and which version of its main key.
 * @returns The record, what to store and what to log.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION` for a version that the record does not have;
 * `STATE_CONFLICT` for one that was destroyed, and for what is no record; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, mainKeys } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01') };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const marked = mainKeys.markCompromised({ env, record, version: 1 });
 * mainKeys.isDue({ env, record: marked.record }); // true
 * ```
 */
export function markCompromised<M extends ProfileRecord | RegionKeyRecord>(
  options: MarkCompromisedOptions<M>,
): MarkedCompromised<M> {
  requireObject(options, 'options');
  const at = isoTime(own(options, 'env') as Env); // checked in there
  const given = own(options, 'record');
  requireObject(given, 'record');
  const record: ProfileRecord | RegionKeyRecord =
    given?.kind === 'profile' ? requireProfile(given) : readRegion(given as RegionKeyRecord);
  const version = Number(own(options, 'version'));
  const note = own(options, 'note');
  if (note !== undefined && typeof note !== 'string') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const before: readonly MainKeyVersion[] = record.versions;
  const versions = transition(before, { kind: 'mark-compromised', version, at, note });
  if (versions === before) {
    return { record: record as M, writes: [], audit: [] }; // of the kind that was given
  }
  const { regionId, revision } = record;
  const next = { ...record, revision: revision + 1, versions } as M; // likewise
  const id = recordId(next);
  return {
    record: next,
    writes: [{ op: 'put-record', recordId: id, expectedRevision: revision, next }],
    audit: [
      {
        kind: 'audit-event',
        schema: 1,
        at,
        action: 'main-key.compromised',
        outcome: 'ok',
        recordId: id,
        regionId,
        ...(record.kind === 'profile' && { profileId: record.profileId }),
        from: { keyId: id, version },
      },
    ],
  };
}
