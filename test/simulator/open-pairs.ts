/** Commands go through pairs that are open, and through no other. */
import type { replication } from 'keyblock/hierarchy';
import { hold } from './violation.js';

/** Checks what a step sends. */
export function checkCommands({ ledger, commands }: replication.ReplicationStep): void {
  for (const { commandId, pairId, type, replicaRegionId } of commands) {
    const pair = ledger.pairs.find((known) => known.pairId === pairId);
    const said = (): string => `${commandId} ${type} ${pairId} ${pair?.state}`;
    // Of a pair that is on its way out with its copies, the copies are still to be told to go: those
    // included that an import may have made which has failed.
    const isOfCopies = type === 'scheduleDeletion' || type === 'importTr31';
    const isOut = pair?.state === 'deleting' && isOfCopies;
    hold(isOut || pair?.state === 'open', 'no command through a pair that is closed', said);
    hold(pair?.to === replicaRegionId, 'a command goes where its pair leads', said);
  }
}
