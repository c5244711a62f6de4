/**
 * What replication asks of the regions, as data: whoever holds the keys there carries it out and
 * answers. Delivery may lose, repeat and reorder; the numbers here make that harmless.
 *
 * @module
 */

import type { Kcv } from '../records.js';

interface CommandBase {
  /** Idempotency key: a command that was carried out is answered, and not carried out again. */
  readonly commandId: string;
  /** The region that carries the command out. */
  readonly regionId: string;
  /** The region whose copy it is about. */
  readonly replicaRegionId: string;
  readonly pairId: string;
  /**
   * Grows with every command about one key, or one alias, in one region, which refuses what is
   * not greater than the last that it carried out.
   */
  readonly order: number;
  readonly issuedAt: string;
}

interface KeyCommand extends CommandBase {
  /** The key by its ID in the origin. */
  readonly keyId: string;
}

interface ReplicaCommand extends KeyCommand {
  /** The key by its ID in the region that carries the command out. */
  readonly replicaKeyId: string;
}

/** Asks a region that has the key for its block under the KEK: see `replicateBlock`. */
export interface ExportTr31Command extends KeyCommand {
  readonly type: 'exportTr31';
  /** The generation of the KEK. */
  readonly generation: number;
}

/** Brings the key to the region: see `acceptBlock`. */
export interface ImportTr31Command extends KeyCommand {
  readonly type: 'importTr31';
  readonly generation: number;
  readonly keyBlock: string;
  /** Where the key is changed: what its copy says that it is a copy of. */
  readonly originRegionId: string;
  readonly kcv: Kcv;
  readonly attributesDigest: string;
  readonly enabled: boolean;
  readonly tags: { readonly [key: string]: string };
}

/** Marks the copy for deletion. */
export interface ScheduleDeletionCommand extends ReplicaCommand {
  readonly type: 'scheduleDeletion';
  /** 3 to 180: what is left of the waiting time of the origin, and never less. */
  readonly days: number;
  /** Until when the key can be restored in the origin; none for a copy that is to be replaced. */
  readonly originDeleteAfter?: string | undefined;
}

/** Restores the copy, disabled. */
export interface CancelDeletionCommand extends ReplicaCommand {
  readonly type: 'cancelDeletion';
}

/** Enables or disables the copy. */
export interface SetEnabledCommand extends ReplicaCommand {
  readonly type: 'setEnabled';
  readonly enabled: boolean;
}

/** Replaces all tags of the copy. */
export interface PutTagsCommand extends ReplicaCommand {
  readonly type: 'putTags';
  readonly tags: { readonly [key: string]: string };
}

/** Points an alias to a key of the region, or to none. */
export interface PutAliasCommand extends CommandBase {
  readonly type: 'putAlias';
  readonly alias: string;
  /** The key by its ID in the region. */
  readonly replicaKeyId: string | null;
}

/** What a region is asked to do about one key. */
export type ReplicaKeyCommand =
  | ExportTr31Command
  | ImportTr31Command
  | ScheduleDeletionCommand
  | CancelDeletionCommand
  | SetEnabledCommand
  | PutTagsCommand;

/** What a region is asked to do. */
export type ReplicationCommand = ReplicaKeyCommand | PutAliasCommand;

/** What a region answers to a command, with the command that it answers. */
export type CommandResult = CommandDone | CommandFailed | CommandGone;

/** The command was carried out. */
export interface CommandDone {
  readonly command: ReplicationCommand;
  readonly outcome: 'done';
  /** Of `exportTr31`: the key under the KEK. */
  readonly keyBlock?: string | undefined;
  /** Of `importTr31`: the ID of the copy, and what was computed from the key that arrived. */
  readonly replicaKeyId?: string | undefined;
  readonly kcv?: Kcv | undefined;
  readonly attributesDigest?: string | undefined;
  /** Of `scheduleDeletion`: until when the copy can be restored. */
  readonly deleteAfter?: string | undefined;
}

/** The command was not carried out, or it is not known whether it was. */
export interface CommandFailed {
  readonly command: ReplicationCommand;
  readonly outcome: 'failed';
  /** Of capital letters, digits and `_`, such as the codes of this library; never a text. */
  readonly code: string;
  /** From when on to try again; by default after a time that grows. */
  readonly retryAfter?: string | undefined;
}

/** There is no such key in the region any more. */
export interface CommandGone {
  readonly command: ReplicationCommand;
  readonly outcome: 'gone';
}
