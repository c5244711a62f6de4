/** What can be told of main keys: of regions and of profiles. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { canonicalJson, sha256Hex } from '../digest.js';
import { profileKeyId, regionKeyId } from '../identifiers.js';
import { profilePlace } from '../place.js';
import { PROFILE_KEY } from '../profile.js';
import type {
  MainKeyState,
  MainKeyVersion,
  ProfileRecord,
  RegionKeyRecord,
  RotationJob,
} from '../records.js';
import { isInUse } from '../region.js';
import { isCompromised } from '../versions.js';
import { auditBlock } from './blocks.js';
import type { Report } from './findings.js';
import { auditSlots, type Holder } from './slots.js';

/** What the checks of one record look up in the others. */
export interface Store {
  readonly regions: ReadonlyMap<string, RegionKeyRecord>;
  readonly profiles: ReadonlyMap<string, ProfileRecord>;
  readonly jobs: ReadonlyMap<string, RotationJob>;
  /** The time of the audit: without it nothing is overdue. */
  readonly at: string | undefined;
}

/** Checks the main key of a region. */
export function auditRegion(record: RegionKeyRecord, store: Store, report: Report): void {
  const { regionId, versions, tokens } = record;
  auditVersions(versions, regionId, store, report);
  auditJob(own(record, 'jobId'), regionId, store, report);
  const dead = tokens.filter((token) => {
    const known = versions.find(({ version }) => version === token.version);
    return isInUse(token) && (known === undefined || known.state === 'destroyed');
  });
  if (dead.length > 0) report('token-of-dead-version', regionId);
}

/** Checks a profile and its main key. */
export function auditProfile(record: ProfileRecord, store: Store, report: Report): void {
  const recordId = profileKeyId(record);
  const { regionId, versions, state, config, configDigest } = record;
  const jobId = own(record, 'jobId');
  const region = store.regions.get(regionId);
  if (region === undefined) report('orphan-profile', recordId);
  auditVersions(versions, recordId, store, report);
  auditJob(jobId, recordId, store, report);
  if (state === 'rotating' && jobId === undefined) report('job-missing', recordId);
  if (digestOf(config) !== configDigest) report('config-differs', recordId);
  const holder: Holder = {
    recordId,
    mainKeyId: regionKeyId({ regionId }),
    versions: region?.versions,
    isRotating: region !== undefined && own(region, 'jobId') !== undefined,
  };
  for (const version of versions) {
    if (version.state === 'destroyed') {
      if (version.slots.length > 0) report('tombstone-with-block', recordId);
      continue;
    }
    const place = profilePlace(record, version.version);
    auditSlots(version.slots, holder, report, (slot, under) =>
      auditBlock(slot, { recordId, attributes: PROFILE_KEY, place, version: under }, report),
    );
  }
}

function digestOf(config: unknown): string | undefined {
  try {
    return sha256Hex(canonicalJson(config, 'config'));
  } catch (error) {
    if (error instanceof KeyblockError) return undefined;
    throw error;
  }
}

function auditVersions(
  versions: readonly MainKeyVersion[],
  recordId: string,
  { at }: Store,
  report: Report,
): void {
  const inState = (state: MainKeyState) => versions.filter((version) => version.state === state);
  const active = inState('active');
  if (active.length > 1) report('several-active-versions', recordId);
  if (active.length === 0) report('no-active-version', recordId);
  if (inState('pending').length > 1) report('several-pending-versions', recordId);
  if (active.some(isCompromised)) report('compromised-in-use', recordId);
  if (at === undefined) return;
  const isOver = (name: 'wrapUntil' | 'unwrapUntil') => (version: MainKeyVersion) =>
    (own(version, name) ?? at) < at;
  if (active.some(isOver('wrapUntil'))) report('overdue-wrap', recordId);
  const inUse = [...active, ...inState('retiring')];
  if (inUse.some(isOver('unwrapUntil'))) report('overdue-unwrap', recordId);
}

function auditJob(
  jobId: string | undefined,
  recordId: string,
  { jobs }: Store,
  report: Report,
): void {
  if (jobId !== undefined && !jobs.has(jobId)) report('job-missing', recordId);
}

/** Checks that a job has the main key that it rotates. */
export function auditJobRecord(job: RotationJob, store: Store, report: Report): void {
  const { level, scope, jobId } = job;
  const { regionId, profileId = '' } = scope;
  const isThere =
    level === 'region'
      ? store.regions.has(regionId)
      : store.profiles.has(profileKeyId({ regionId, profileId }));
  if (!isThere) report('job-without-record', jobId);
}
