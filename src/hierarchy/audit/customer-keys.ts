/** What can be told of customer keys, and of aliases. */

import { profileKeyId } from '../identifiers.js';
import { customerPlace } from '../place.js';
import type { AliasRecord, CustomerKeyRecord } from '../records.js';
import { checkSharing } from '../rules/sharing.js';
import { auditBlock } from './blocks.js';
import type { Report } from './findings.js';
import type { Store } from './main-keys.js';
import { auditSlots } from './slots.js';

/** A purge may be late by so much. */
const DAY = 86_400_000;

/** Checks one customer key. */
export function auditCustomerKey(record: CustomerKeyRecord, store: Store, report: Report): void {
  const { keyId: recordId, slots, lifecycle, attributes } = record;
  const mainKeyId = profileKeyId(record);
  const profile = store.profiles.get(mainKeyId);
  if (profile === undefined) report('orphan-key', recordId);
  const { state, deleteAfter } = lifecycle;
  if (state === 'delete-complete' || state === 'create-failed') {
    if (slots.length > 0) report('tombstone-with-block', recordId);
    return;
  }
  const isLate = deleteAfter !== undefined && store.at !== undefined;
  if (
    state === 'delete-pending' &&
    isLate &&
    Date.parse(store.at) > Date.parse(deleteAfter) + DAY
  ) {
    report('overdue-purge', recordId);
  }
  const versions = profile?.versions;
  const holder = { recordId, mainKeyId, versions, isRotating: profile?.jobId !== undefined };
  auditSlots(slots, holder, report, (slot, version) => {
    const place = profile && customerPlace(record, profile.configDigest);
    auditBlock(slot, { recordId, attributes, place, version }, report);
  });
}

/** Checks who shares keys. */
export function auditSharing(records: readonly CustomerKeyRecord[], report: Report): void {
  for (const { rule, keyIds } of checkSharing({ records })) {
    const id = rule === 'too-many-parties' ? 'too-many-parties' : 'shared-check-value';
    for (const keyId of keyIds) report(id, keyId);
  }
}

/** Checks that an alias names a key that is there. */
export function auditAlias(
  { alias, keyId }: AliasRecord,
  live: ReadonlySet<string>,
  report: Report,
): void {
  if (keyId !== undefined && !live.has(keyId)) report('dangling-alias', `alias:${alias}`);
}
