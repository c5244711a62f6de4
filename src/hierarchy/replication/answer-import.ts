/**
 * The answer to an import, told from the copy: the same however often the command comes.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { sameKcv } from '../check-value.js';
import { requireCustomerKey } from '../read-record.js';
import type { CustomerKeyRecord } from '../records.js';
import type { CommandDone, ImportTr31Command } from './commands.js';
import { digestOfAttributes } from './events.js';

/** What {@link answerImport} takes. */
export interface AnswerImportOptions {
  /** The copy, as {@link acceptBlock} made it, now or when the command came first. */
  readonly record: CustomerKeyRecord;
  /** The command to answer: of the key that the record is a copy of. */
  readonly command: ImportTr31Command;
}

/**
 * Answers an import command by the copy that it led to, or by the key itself where it is already: in a
 * region that was the primary, and that another pair leads to since. What the copy has become meanwhile
 * is in the answer, and the ledger sets it right: switched otherwise, tagged, marked for deletion.
 *
 * @param options - The copy and the command.
 * @returns The answer, with the check value, the attributes, the switch and the tags of the copy.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for a key that is neither that key nor a copy of it,
 * and for one that was purged.
 *
 * @example
 * ```ts no-run
 * import { type CustomerKeyRecord, replication } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * declare const command: replication.ImportTr31Command;
 * replication.answerImport({ record, command }).outcome; // 'done'
 * ```
 */
export function answerImport(options: AnswerImportOptions): CommandDone {
  requireObject(options, 'options');
  const record = requireCustomerKey(own(options, 'record'));
  const command = own(options, 'command');
  requireObject(command, 'event');
  const given = command as ImportTr31Command; // not undefined: that was refused
  const { keyId: replicaKeyId, kcv, attributes, tags, lifecycle } = record;
  const replicaOf = own(record, 'replicaOf') ?? undefined;
  const { enabled } = lifecycle;
  const deleteAfter = own(lifecycle, 'deleteAfter');
  const attributesDigest = digestOfAttributes(attributes);
  if (!isCopy(record, replicaOf, attributesDigest, given)) {
    throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  }
  const found = { replicaKeyId, kcv, attributesDigest, enabled, tags, deleteAfter };
  const order = replicaOf && own(replicaOf, 'order');
  return { command: given, outcome: 'done', ...found, order };
}

/**
 * A region that was the primary has the key itself, which says of no other that it is a copy: another
 * key of that ID is not the same in all that is known of both.
 */
function isCopy(
  record: CustomerKeyRecord,
  replicaOf: CustomerKeyRecord['replicaOf'],
  attributesDigest: string,
  { keyId, originRegionId, kcv, attributesDigest: expected }: ImportTr31Command,
): boolean {
  if (record.lifecycle.state === 'delete-complete') return false;
  if (replicaOf !== undefined) return own(replicaOf, 'keyId') === keyId;
  const sameKey = typeof kcv === 'object' && kcv !== null && sameKcv(kcv, record.kcv);
  const sameAttributes = attributesDigest === expected;
  return record.keyId === keyId && record.regionId !== originRegionId && sameKey && sameAttributes;
}
