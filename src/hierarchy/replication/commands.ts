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
  /** The pair that leads to the copy; of an export and an import, the one of the KEK. */
  readonly pairId: string;
  /**
   * Grows with every command about one key, or one alias, in one region, which refuses what is
   * not greater than the last that it carried out, unless it is so already.
   */
  readonly order: number;
  /** When it was made, in ISO 8601: the same however often it is sent. */
  readonly issuedAt: string;
}

interface KeyCommand extends CommandBase {
  /** The key by its ID in the origin. */
  readonly keyId: string;
  /**
   * The region that the copy is one of: the primary. In the primary itself, which had copies before
   * its promotion, the primary before it.
   */
  readonly originRegionId: string;
}

interface ReplicaCommand extends KeyCommand {
  /** The key by its ID in the region that carries the command out. */
  readonly replicaKeyId: string;
}

/** Asks a region that has the key for its block under the KEK: see `replicateBlock`. */
export interface ExportTr31Command extends KeyCommand {
  /** Once done, it is answered with `keyBlock`. */
  readonly type: 'exportTr31';
  /** Which KEK of the pair, from 1 on. */
  readonly generation: number;
}

/** Brings the key to the region: see `acceptBlock`. */
export interface ImportTr31Command extends KeyCommand {
  /**
   * Once done, it is answered with `replicaKeyId`, `kcv` and `attributesDigest`. A copy that is there
   * already is answered for with what it has become: `enabled`, `tags`, `deleteAfter`.
   */
  readonly type: 'importTr31';
  /** Which KEK of the pair the block is under, from 1 on. */
  readonly generation: number;
  /** TR-31 version D, as the export was answered. */
  readonly keyBlock: string;
  /** Of the key in the origin: that of the copy has to be the same. */
  readonly kcv: Kcv;
  /** As `digestOfAttributes` computes it in the origin: that of the copy has to be the same. */
  readonly attributesDigest: string;
  /** Whether the copy is enabled from the start. */
  readonly enabled: boolean;
  /** All tags that the copy starts with. */
  readonly tags: { readonly [key: string]: string };
}

/** Marks the copy for deletion. One that is marked already keeps its time if that is the later one. */
export interface ScheduleDeletionCommand extends ReplicaCommand {
  /** Once done, it is answered with `deleteAfter`. */
  readonly type: 'scheduleDeletion';
  /** 3 to 180: what is left of the waiting time of the origin, and never less. */
  readonly days: number;
  /** Until when the key can be restored in the origin; none for a copy that is to be replaced. */
  readonly originDeleteAfter?: string | undefined;
}

/** Restores the copy, disabled. One that is not marked is as it has to be: it stays as it is. */
export interface CancelDeletionCommand extends ReplicaCommand {
  /** Once done, there is nothing else to answer. */
  readonly type: 'cancelDeletion';
}

/** Enables or disables the copy, at once: times between which it might be used are dropped. */
export interface SetEnabledCommand extends ReplicaCommand {
  /** Once done, there is nothing else to answer. */
  readonly type: 'setEnabled';
  /** True to enable the copy, false to disable it. */
  readonly enabled: boolean;
}

/** Replaces all tags of the copy. */
export interface PutTagsCommand extends ReplicaCommand {
  /** Once done, there is nothing else to answer. */
  readonly type: 'putTags';
  /** All tags that the copy is to have: those that are not here go. */
  readonly tags: { readonly [key: string]: string };
}

/**
 * Points an alias to a key of the region, or to none. Where a later one was carried out, this one is
 * not: it is answered as done if the alias is so, and else with `STATE_CONFLICT` and that `order`.
 */
export interface PutAliasCommand extends CommandBase {
  /** Once done, there is nothing else to answer. */
  readonly type: 'putAlias';
  /** The same as in the origin. */
  readonly alias: string;
  /** The key by its ID in the region; null for none. */
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
  /** As it was sent; what counts is the ledger's own copy of it. */
  readonly command: ReplicationCommand;
  /** Of a command that was carried out, now or before. */
  readonly outcome: 'done';
  /** Of `exportTr31`: the key under the KEK. */
  readonly keyBlock?: string | undefined;
  /** Of `importTr31`: the ID of the copy in its region. */
  readonly replicaKeyId?: string | undefined;
  /** Of `importTr31`: computed from the key that arrived, and compared with the origin's. */
  readonly kcv?: Kcv | undefined;
  /** Of `importTr31`: by `digestOfAttributes` from what the copy may do, and compared as well. */
  readonly attributesDigest?: string | undefined;
  /** Of `scheduleDeletion`, and of an import of which the copy is marked: until when it can be restored. */
  readonly deleteAfter?: string | undefined;
  /**
   * Of `importTr31` and `cancelDeletion`: whether the copy is enabled.
   * @defaultValue of an import as its command says, of a restored copy `false`
   */
  readonly enabled?: boolean | undefined;
  /**
   * Of `importTr31`: all tags of the copy.
   * @defaultValue as its command says
   */
  readonly tags?: { readonly [key: string]: string } | undefined;
  /** The `order` of the last command that the copy has taken: later ones go on from there. */
  readonly order?: number | undefined;
}

/** The command was not carried out, or it is not known whether it was. */
export interface CommandFailed {
  /** As it was sent; what counts is the ledger's own copy of it. */
  readonly command: ReplicationCommand;
  /** Tried again; after `EXPORT_NOT_ALLOWED` or `KEY_STRENGTH` an export only with another KEK. */
  readonly outcome: 'failed';
  /** Of capital letters, digits and `_`, such as the codes of this library; never a text. */
  readonly code: string;
  /**
   * From when on to try again, in ISO 8601.
   * @defaultValue after a time that grows, from a minute to an hour
   */
  readonly retryAfter?: string | undefined;
  /**
   * The `order` of the last command that the copy, or the alias, has taken, where that was a later
   * one: of a ledger that has forgotten. The next attempt goes on from there.
   */
  readonly order?: number | undefined;
}

/** There is no such key in the region any more. */
export interface CommandGone {
  /** As it was sent; what counts is the ledger's own copy of it. */
  readonly command: ReplicationCommand;
  /**
   * The ledger forgets the copy, and a live key is copied again; an export, an import or an alias
   * counts as failed, with the code `GONE`.
   */
  readonly outcome: 'gone';
}
