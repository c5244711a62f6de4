/**
 * Rows of a dump, sorted by what they are. What is no record is reported, and looked at no more.
 */

import { KeyblockError } from '../../errors.js';
import { isHsm } from '../hsm/read-device.js';
import { recordId } from '../identifiers.js';
import {
  isListOf,
  isMainKeyVersion,
  isRecord,
  member,
  requireCustomerKey,
  requireProfile,
} from '../read-record.js';
import type {
  AliasRecord,
  CustomerKeyRecord,
  ProfileRecord,
  RegionKeyRecord,
  RotationJob,
  StoredRecord,
} from '../records.js';
import type { Report } from './findings.js';

/** The records of a dump. */
export interface Rows {
  readonly regions: Map<string, RegionKeyRecord>;
  readonly profiles: Map<string, ProfileRecord>;
  readonly customers: CustomerKeyRecord[];
  readonly aliases: AliasRecord[];
  readonly jobs: Map<string, RotationJob>;
}

/** Reads the rows of a dump. */
export function readRows(rows: Iterable<unknown>, report: Report): Rows {
  const read: Rows = {
    regions: new Map(),
    profiles: new Map(),
    customers: [],
    aliases: [],
    jobs: new Map(),
  };
  const known = new Set<string>();
  const aliases = new Map<string, number>();
  for (const row of rows) {
    const record = readRow(row);
    if (record === undefined) {
      report('malformed-record', nameOf(row));
      continue;
    }
    place(record, read);
    const id = recordId(record);
    // Regions may be dumped together: a key and its copy are of one ID, and so are their aliases.
    if (record.kind === 'alias') aliases.set(id, (aliases.get(id) ?? 0) + 1);
    const region = record.kind === 'customer-key' ? record.regionId : '';
    const name = `${record.kind} ${region} ${id}`;
    if (known.has(name) && record.kind !== 'alias') report('duplicate-record', id);
    known.add(name);
  }
  // An alias does not say of which region it is: there may be as many as there are regions.
  for (const [id, count] of aliases) {
    if (count > Math.max(1, read.regions.size)) report('duplicate-record', id);
  }
  return read;
}

function place(record: StoredRecord, read: Rows): void {
  switch (record.kind) {
    case 'region-key':
      read.regions.set(record.regionId, record);
      break;
    case 'profile':
      read.profiles.set(recordId(record), record);
      break;
    case 'customer-key':
      read.customers.push(record);
      break;
    case 'alias':
      read.aliases.push(record);
      break;
    case 'rotation-job':
      read.jobs.set(record.jobId, record);
      break;
    case 'hsm-sync':
      break; // has no block, and its versions are those of its region
  }
}

/** A record with everything in it that the checks rely on. */
function readRow(row: unknown): StoredRecord | undefined {
  try {
    switch (text(row, 'kind')) {
      case 'region-key':
        return isRegion(row) ? row : undefined;
      case 'profile':
        return readProfile(row);
      case 'customer-key':
        return requireCustomerKey(row);
      case 'alias':
        return isRecord(row, 'alias') && text(row, 'alias') !== ''
          ? (row as AliasRecord)
          : undefined;
      case 'rotation-job':
        return isJob(row) ? row : undefined;
      case 'hsm-sync':
        return isHsm(row) ? row : undefined;
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof KeyblockError) return undefined;
    throw error;
  }
}

function isRegion(row: unknown): row is RegionKeyRecord {
  return (
    isRecord(row, 'region-key') &&
    text(row, 'regionId') !== '' &&
    isListOf(member(row, 'versions'), isMainKeyVersion) &&
    isListOf(member(row, 'tokens'), (token) => typeof member(token, 'version') === 'number')
  );
}

/** Versions one by one: that there are two active ones is a finding of its own. */
function readProfile(row: unknown): ProfileRecord | undefined {
  if (!isListOf(member(row, 'versions'), isMainKeyVersion)) return undefined;
  const profile = row as ProfileRecord; // as far as it is needed here
  for (const version of profile.versions) requireProfile({ ...profile, versions: [version] });
  return requireProfile({ ...profile, versions: [] }) && profile;
}

function isJob(row: unknown): row is RotationJob {
  const scope = member(row, 'scope');
  return (
    isRecord(row, 'rotation-job') && text(row, 'jobId') !== '' && text(scope, 'regionId') !== ''
  );
}

/** Whatever names a row that is no record. */
function nameOf(row: unknown): string {
  const names = ['keyId', 'jobId', 'alias', 'profileId', 'regionId', 'hsmId'];
  return names.map((name) => text(row, name)).find((name) => name !== '') ?? '';
}

/** A member that is a text; empty where it is none. */
function text(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === 'string' ? found : '';
}
