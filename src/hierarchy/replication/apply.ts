/**
 * Answers to commands, folded into the ledger.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { Env } from '../env.js';
import { answerAlias, answerKey } from './answers.js';
import type { CommandResult } from './commands.js';
import {
  changeAlias,
  changeKey,
  closeDraft,
  type Draft,
  openDraft,
  type ReplicationStep,
} from './draft.js';
import { planKeys } from './plan.js';
import { aliasesOf, planAliases } from './plan-aliases.js';
import type { ReplicaLedger } from './records.js';

/** What {@link apply} takes. */
export interface ApplyOptions {
  /** The time. */
  readonly env: Env;
  /** As stored. */
  readonly ledger: ReplicaLedger;
  /** In any order, and as often as they are delivered. */
  readonly results: readonly CommandResult[];
}

/**
 * Folds answers to commands into the ledger. An answer counts for the command that is in flight,
 * once; any other is passed over. What an import brought is compared with the origin: a copy counts
 * as such when check value and attributes agree, and is scheduled for deletion when they do not.
 * What failed stays in the ledger, with its code and the time from which {@link retry} tries again,
 * and may have been done: the command of that time is sent whatever the origin has come to want.
 *
 * @param options - The ledger as stored, and the answers.
 * @returns The ledger to store, and then the commands to send.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for what is no answer.
 *
 * @example
 * ```ts
 * import { replication } from 'keyblock/hierarchy';
 *
 * function answered(ledger: replication.ReplicaLedger, result: replication.CommandResult) {
 *   return replication.apply({ env: { at: new Date() }, ledger, results: [result] });
 * }
 * ```
 */
export function apply(options: ApplyOptions): ReplicationStep {
  requireObject(options, 'options');
  const draft = openDraft(options);
  const results = own(options, 'results');
  if (!Array.isArray(results)) throw malformed();
  const keys = new Set<string>();
  const aliases = new Set<string>();
  const arrived = new Set<string>();
  for (const result of results as readonly CommandResult[]) {
    const { command } = readResult(result);
    if (command.type === 'putAlias') {
      settleAlias(draft, command.alias, result);
      aliases.add(command.alias);
    } else {
      settleKey(draft, command.keyId, result);
      keys.add(command.keyId);
      if (command.type === 'importTr31') arrived.add(command.keyId);
    }
  }
  planKeys(draft, keys);
  // Aliases wait for the copy of the key that they name.
  if (arrived.size > 0) for (const alias of aliasesOf(draft, arrived)) aliases.add(alias);
  planAliases(draft, aliases);
  return closeDraft(draft);
}

function readResult(result: CommandResult): CommandResult {
  requireObject(result, 'event');
  requireObject(result.command, 'event');
  if (typeof result.command.commandId !== 'string') throw malformed();
  const { outcome } = result;
  if (outcome !== 'done' && outcome !== 'failed' && outcome !== 'gone') throw malformed();
  // A code, and no text, which might say more than it should.
  if (outcome === 'failed' && !isCode(result.code)) throw malformed();
  return result;
}

function isCode(code: unknown): boolean {
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code);
}

function settleKey(draft: Draft, keyId: string, result: CommandResult): void {
  changeKey(draft, keyId, (key) => {
    const entry = own(key.replicas, result.command.replicaRegionId);
    if (entry?.pending?.commandId !== result.command.commandId) return key;
    const answered = answerKey(draft, key, entry, result);
    return { ...key, replicas: { ...key.replicas, [entry.regionId]: answered } };
  });
}

function settleAlias(draft: Draft, name: string, result: CommandResult): void {
  changeAlias(draft, name, (alias) => {
    const entry = own(alias.replicas, result.command.replicaRegionId);
    if (entry?.pending?.commandId !== result.command.commandId) return alias;
    const answered = answerAlias(draft, entry, result);
    return { ...alias, replicas: { ...alias.replicas, [entry.regionId]: answered } };
  });
}

function malformed(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'event' });
}
