/**
 * What is not known of a copy: a command that is answered as failed may have been carried out, and
 * may be still.
 */

import { own } from '../../primitives/bytes.js';
import type { ReplicationCommand } from './commands.js';
import type { Replica, ReplicaLedgerEntry } from './records.js';

/** What a command changes. */
export type Aspect = NonNullable<Replica['unsure']>[number];

/** What a command may have changed. A key that is marked, or was restored, is disabled. */
const TOUCHED: Readonly<Record<ReplicationCommand['type'], readonly Aspect[]>> = {
  exportTr31: [],
  importTr31: [],
  scheduleDeletion: ['deletion', 'enabled'],
  cancelDeletion: ['deletion', 'enabled'],
  setEnabled: ['enabled'],
  putTags: ['tags'],
  putAlias: [],
};

/** Whether this may be otherwise than the ledger says. */
export function isUnsure(replica: Replica, aspect: Aspect): boolean {
  return own(replica, 'unsure')?.includes(aspect) === true;
}

/** A copy of which some things are not known any more. */
export function unsureOf(replica: Replica, aspects: readonly Aspect[]): Replica {
  const all = [...new Set([...(own(replica, 'unsure') ?? []), ...aspects])];
  return all.length === 0 ? replica : { ...replica, unsure: all };
}

/** A copy of which some things are known again. */
export function sureOf(replica: Replica, aspects: readonly Aspect[]): Replica {
  const left = own(replica, 'unsure')?.filter((aspect) => !aspects.includes(aspect)) ?? [];
  const { unsure: _, ...known } = replica;
  return unsureOf(known, left);
}

/** An entry after a command that failed: what it was to change counts as known no more. */
export function doubted(
  entry: ReplicaLedgerEntry,
  command: ReplicationCommand,
): ReplicaLedgerEntry {
  if (command.type === 'importTr31') {
    const { pairId, generation, keyBlock } = command;
    return { ...entry, attempted: { pairId, generation, keyBlock } };
  }
  const { replica } = entry;
  const isAbout = 'replicaKeyId' in command && command.replicaKeyId === replica?.keyId;
  if (replica === undefined || !isAbout) return entry;
  return { ...entry, replica: unsureOf(replica, TOUCHED[command.type]) };
}

/** Whether a region may have a live copy, as far as its commands tell: be it one that has to go. */
export function mayLive({ replica, attempted, discard }: ReplicaLedgerEntry): boolean {
  if (discard !== undefined) return true;
  if (replica === undefined) return attempted !== undefined;
  return replica.deleteAfter === undefined || isUnsure(replica, 'deletion');
}
