/**
 * Backups: what may be restored to a device, and whether what comes back is what was stored.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { canonicalJson, sha256Hex } from './digest.js';
import { type Env, isoTime } from './env.js';
import { requireDualControl, restoreOperation } from './hsm/operation.js';
import { readHsm } from './hsm/read-device.js';
import { readId, recordId } from './identifiers.js';
import { holdsTexts, isListOf } from './read-record.js';
import type {
  Approval,
  ArchiveManifest,
  HsmSyncRecord,
  MainKeyToken,
  RegionKeyRecord,
  StoredRecord,
} from './records.js';
import { archivedToken, readRegion } from './region.js';
import type { ApprovalPolicy } from './rules/approvals.js';
import { activeVersion, isCompromised } from './versions.js';

/** What {@link planRestore} takes. */
export interface PlanRestoreOptions {
  /** The main key of the region, with the archive of its tokens. */
  readonly record: RegionKeyRecord;
  /** The device. */
  readonly hsm: HsmSyncRecord;
  /** Who has consented to the restore of this token, see `restoreOperation`. */
  readonly approvals: readonly Approval[];
  /** How many have to. */
  readonly policy?: ApprovalPolicy | undefined;
  /** Time and randomness. */
  readonly env: Env;
}

/** What a device that comes back may be given. */
export type RestorePlan =
  | {
      /** Its archived token. */
      readonly outcome: 'ok';
      /** The active one. */
      readonly version: number;
      /** The last one for this device and version that is neither over nor out of use. */
      readonly token: MainKeyToken;
    }
  | {
      /** A new token, on the way that a new device takes. */
      readonly outcome: 'new-token-needed';
      /** The active one. */
      readonly version: number;
    }
  | {
      /** Nothing: it was not validated since it was last in service, or is of another region. */
      readonly outcome: 'refused';
    };

/**
 * Decides what a device may be given that comes back. Its archived token serves if the device is
 * validated, still on the allow list, and the token carries the active version.
 *
 * @param options - The region, the device, and who has consented.
 * @returns The plan.
 * @throws {@link KeyblockError} `APPROVAL_REQUIRED` where the archived token would serve and too
 * few have consented; `STATE_CONFLICT` for what is no record; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, mainKeys } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01') };
 * const regionId = 'eu-central-1';
 * const { record } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
 * const hsm = mainKeys.createHsmRecord({ regionId, hsmId: 'hsm-2' });
 * mainKeys.planRestore({ record, hsm, approvals: [], env }).outcome; // 'refused'
 * ```
 */
export function planRestore(options: PlanRestoreOptions): RestorePlan {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = isoTime(env);
  const record = readRegion(own(options, 'record'));
  const hsm = readHsm(own(options, 'hsm'));
  const { regionId } = record;
  if (hsm.state !== 'validated' || hsm.regionId !== regionId) return { outcome: 'refused' };
  const active = activeVersion(record.versions);
  const { version } = active;
  const token = archivedToken(record, { hsmId: hsm.hsmId, version }, at);
  // Validation took it off the list if it came with another certificate than before.
  if (own(hsm, 'allowed') === undefined || token === undefined || isCompromised(active)) {
    return { outcome: 'new-token-needed', version };
  }
  const operation = restoreOperation({ regionId, token, revision: hsm.revision });
  const approvals = own(options, 'approvals') ?? [];
  requireDualControl({ env, policy: own(options, 'policy') }, operation, approvals);
  return { outcome: 'ok', version, token };
}

/** What {@link createArchiveManifest} takes. */
export interface CreateArchiveManifestOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The region whose records are stored away. */
  readonly regionId: string;
  /** All of them, in any order. */
  readonly records: Iterable<StoredRecord>;
}

/**
 * Lists what a backup holds. Keep the manifest, or its digest, where the backup is not: it is what
 * tells later whether anything was altered, left out or added.
 *
 * @param options - The records of a region.
 * @returns The manifest.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also when two records have one ID.
 *
 * @example
 * ```ts
 * import { createRegionKey, mainKeys } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01') };
 * const regionId = 'eu-central-1';
 * const { record } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
 * const manifest = mainKeys.createArchiveManifest({ env, regionId, records: [record] });
 * manifest.count; // 1
 * mainKeys.verifyArchive({ manifest, records: [record] }); // []
 * mainKeys.verifyArchive({ manifest, records: [] })[0]?.problem; // 'missing'
 * ```
 */
export function createArchiveManifest(options: CreateArchiveManifestOptions): ArchiveManifest {
  requireObject(options, 'options');
  const createdAt = isoTime(own(options, 'env') as Env); // checked in there
  const regionId = readId(own(options, 'regionId'), 'regionId');
  const entries = readRecords(own(options, 'records')).map(entryOf);
  entries.sort((a, b) => (a.recordId < b.recordId ? -1 : 1));
  if (new Set(entries.map((entry) => entry.recordId)).size !== entries.length) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const count = entries.length;
  const content = {
    kind: 'archive-manifest',
    schema: 1,
    regionId,
    createdAt,
    count,
    entries,
  } as const;
  return { ...content, digest: sha256Hex(canonicalJson(content, 'record')) };
}

/** What is wrong with a backup. */
export interface ArchiveFinding {
  /**
   * The manifest itself was altered; or a record is missing, altered, there twice, or in no
   * manifest.
   */
  readonly problem: 'manifest' | 'missing' | 'altered' | 'repeated' | 'unexpected';
  /** Which record. */
  readonly recordId?: string | undefined;
}

/**
 * Compares a backup with its manifest.
 *
 * @param options - The manifest, and the records that came back.
 * @returns What is wrong, in no particular order; nothing if all is as it was.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for what is no manifest; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { type ArchiveManifest, mainKeys, type StoredRecord } from 'keyblock/hierarchy';
 *
 * function mayBeRestored(manifest: ArchiveManifest, records: readonly StoredRecord[]) {
 *   return mainKeys.verifyArchive({ manifest, records }).length === 0;
 * }
 * ```
 */
export function verifyArchive(options: {
  readonly manifest: ArchiveManifest;
  readonly records: Iterable<StoredRecord>;
}): readonly ArchiveFinding[] {
  requireObject(options, 'options');
  const manifest = readManifest(own(options, 'manifest'));
  const { digest: _, ...content } = manifest;
  if (own(manifest, 'digest') !== sha256Hex(canonicalJson(content, 'record')))
    return [{ problem: 'manifest' }];
  const expected = new Map(manifest.entries.map((entry) => [entry.recordId, entry.digest]));
  const seen = new Set<string>();
  const findings: ArchiveFinding[] = [];
  for (const entry of readRecords(own(options, 'records')).map(entryOf)) {
    const problem = problemOf(entry, expected.get(entry.recordId), seen);
    seen.add(entry.recordId);
    if (problem !== undefined) findings.push({ problem, recordId: entry.recordId });
  }
  for (const id of expected.keys()) {
    if (!seen.has(id)) findings.push({ problem: 'missing', recordId: id });
  }
  return findings;
}

type ManifestEntry = ArchiveManifest['entries'][number];

function problemOf(
  { recordId: id, digest }: ManifestEntry,
  expected: string | undefined,
  seen: ReadonlySet<string>,
): ArchiveFinding['problem'] | undefined {
  if (expected === undefined) return 'unexpected';
  if (seen.has(id)) return 'repeated';
  return digest === expected ? undefined : 'altered';
}

function entryOf(record: StoredRecord): ManifestEntry {
  requireObject(record, 'record');
  const id: unknown = recordId(record); // a row may be of any kind
  if (typeof id !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  const digest = sha256Hex(canonicalJson(record, 'record'));
  return { recordId: id, revision: record.revision, digest };
}

function readRecords(records: Iterable<StoredRecord> | undefined): StoredRecord[] {
  requireObject(records, 'record');
  if (typeof records?.[Symbol.iterator] !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  return [...records];
}

function readManifest(manifest: ArchiveManifest | undefined): ArchiveManifest {
  requireObject(manifest, 'record');
  const isManifest =
    manifest !== undefined &&
    own(manifest, 'kind') === 'archive-manifest' &&
    own(manifest, 'schema') === 1 &&
    isListOf(own(manifest, 'entries'), (entry) => holdsTexts(entry, ['recordId', 'digest']));
  if (!isManifest) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return manifest;
}
