/**
 * Looks a store over without any key: everything that records and the headers of their blocks tell.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { auditAlias, auditCustomerKey, auditSharing } from './audit/customer-keys.js';
import { collectFindings, type HierarchyFinding } from './audit/findings.js';
import { auditJobRecord, auditProfile, auditRegion, type Store } from './audit/main-keys.js';
import { readRows } from './audit/read-rows.js';
import { type Env, isoTime } from './env.js';
import type { StoredRecord } from './records.js';

export type { FindingId, HierarchyFinding, Severity } from './audit/findings.js';

/** What {@link auditHierarchy} takes. */
export interface AuditHierarchyOptions {
  /** Every record of a store, or of several regions, in any order. Rows that are none are found. */
  readonly records: Iterable<StoredRecord>;
  /**
   * The time of the audit.
   * @defaultValue none: then nothing is overdue
   */
  readonly env?: Env | undefined;
}

/**
 * Audits a hierarchy on its records alone: no key is needed, and nothing is opened. What it finds
 * is where a row points to nothing or to what is not its own, blocks under versions that were left
 * behind, blocks that say something else than their record, keys past their time, and keys that too
 * many share. Nothing that it reads is authentic: the same is checked under the MAC when a key is
 * opened.
 *
 * @param options - The records, and the time.
 * @returns Every finding, at most once a record; none on a store in order.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` when there is no list of records, or no time in
 * `env`. Rows, however bad, throw nothing.
 *
 * @example
 * ```ts
 * import { type AliasRecord, auditHierarchy } from 'keyblock/hierarchy';
 *
 * const alias: AliasRecord = { kind: 'alias', schema: 1, revision: 1, alias: 'pin', keyId: 'k1' };
 * auditHierarchy({ records: [alias] })[0]?.id; // 'dangling-alias'
 * ```
 */
export function auditHierarchy(options: AuditHierarchyOptions): readonly HierarchyFinding[] {
  requireObject(options, 'options');
  const records = own(options, 'records');
  if (typeof records?.[Symbol.iterator] !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const env = own(options, 'env');
  const at = env === undefined ? undefined : isoTime(env);
  const { findings, report } = collectFindings();
  const { regions, profiles, customers, aliases, jobs } = readRows(records, report);
  const store: Store = { regions, profiles, jobs, at };
  for (const region of regions.values()) auditRegion(region, store, report);
  for (const profile of profiles.values()) auditProfile(profile, store, report);
  for (const customer of customers) auditCustomerKey(customer, store, report);
  auditSharing(customers, report);
  const live = customers.filter(({ lifecycle }) => lifecycle.state !== 'delete-complete');
  const keyIds = new Set(live.map(({ keyId }) => keyId));
  for (const alias of aliases) auditAlias(alias, keyIds, report);
  for (const job of jobs.values()) auditJobRecord(job, store, report);
  return findings;
}
