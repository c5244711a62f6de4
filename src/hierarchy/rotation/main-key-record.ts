/** The record of the main key that a rotation is about: of a region, or of a profile. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { profileKeyId } from '../identifiers.js';
import type {
  KeyRef,
  MainKeyVersion,
  ProfileKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
  RotationJob,
} from '../records.js';
import { transition, type VersionEvent } from '../versions.js';
import { isObject } from './read-shape.js';

/** A record that has versions of a main key, one of which is active. */
export type MainKeyRecord = ProfileRecord | RegionKeyRecord;

/** Reads a main key record that somebody gives. */
export function readMainKey<M extends MainKeyRecord>(record: M | undefined): M {
  requireObject(record, 'record');
  const isMainKey =
    record !== undefined &&
    (own(record, 'kind') === 'profile' || own(record, 'kind') === 'region-key') &&
    own(record, 'schema') === 1 &&
    isListOfObjects(own(record, 'versions'));
  if (!isMainKey) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return record;
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

/** The name of a main key, in references to its versions. */
export function mainKeyId(record: MainKeyRecord): string {
  return record.kind === 'profile' ? profileKeyId(record) : record.regionId;
}

/** Whether a job has the main key of a record in its hands. */
export function isHeldBy(record: MainKeyRecord, { jobId }: Pick<RotationJob, 'jobId'>): boolean {
  return own(record, 'jobId') === jobId;
}

/** A reference to one version of the main key of a record. */
export function refTo(record: MainKeyRecord, { version }: Pick<MainKeyVersion, 'version'>): KeyRef {
  return { keyId: mainKeyId(record), version };
}

/** The versions after an event, in the record that has them. */
export function withEvent<M extends MainKeyRecord>(
  record: M,
  event: Exclude<VersionEvent<never>, { kind: 'generate' }>,
): M {
  return { ...record, versions: transition<MainKeyVersion>(record.versions, event) };
}

/** One version changed, in the record that has it. */
export function withVersion<M extends MainKeyRecord>(
  record: M,
  number: number,
  change: (version: MainKeyVersion) => MainKeyVersion,
): M {
  const versions = record.versions.map((version: MainKeyVersion) =>
    version.version === number ? change(version) : version,
  );
  return { ...record, versions };
}

/** A version without its blocks, if it had any. */
export function withoutBlocks(version: MainKeyVersion): MainKeyVersion {
  const withSlots: MainKeyVersion & Partial<Pick<ProfileKeyVersion, 'slots'>> = version;
  return own(withSlots, 'slots') === undefined
    ? version
    : ({ ...version, slots: [] } as MainKeyVersion);
}

/** The record in the hands of a job, or of none. */
export function withJob<M extends MainKeyRecord>(record: M, jobId: string | undefined): M {
  const { jobId: _, ...rest } = record;
  const held = jobId === undefined ? rest : { ...rest, jobId };
  const state = jobId === undefined ? 'ready' : 'rotating';
  // Of the same kind: all that was left out is optional. A suspended profile stays so.
  const isProfile = record.kind === 'profile' && ['ready', 'rotating'].includes(record.state);
  return (isProfile ? { ...held, state } : held) as M;
}
