/**
 * What replication stores: a pair of regions with its key exchange, and the ledger of what was
 * copied where. Plain JSON, and nothing secret in it: keys travel in it as key blocks only.
 *
 * @module
 */

import type { Kcv, KeyAttributes } from '../records.js';
import type { ReplicationCommand } from './commands.js';
import type { KekBits, StepFailure } from './pair-record.js';

export type {
  ExchangeParty,
  ExchangeStep,
  KekBits,
  KekGeneration,
  PairRecord,
  ReplicationSide,
  StepFailure,
} from './pair-record.js';

/** When something happened in the origin, and which of two counts as later. */
export interface Stamp {
  /** The primary generation: see `promoteReplica`. */
  readonly generation: number;
  /** Of the event, or of the key in an inventory; decides within one primary generation. */
  readonly sequence: number;
  /** Decides between equal sequences: the greater text is later. Empty for an inventory. */
  readonly eventId: string;
}

/** A value and when it came to be: the later one wins, in whatever order both arrive. */
export interface Stamped<T> {
  /** Of the event that brought the value, or of the inventory that showed it. */
  readonly stamp: Stamp;
  /** What it was from then on. */
  readonly value: T;
}

/** What never changes of a key. */
export interface CreatedKey {
  /** By the codes of X9.143; a copy has the same. */
  readonly attributes: KeyAttributes;
  /** SHA-256 of the canonical JSON of the attributes, in lower-case hex. */
  readonly attributesDigest: string;
  /** In the origin: what the check value of every copy is compared with. */
  readonly kcv: Kcv;
}

/** Why a key is not copied. */
export type UnreplicableReason = 'not-exportable' | 'not-symmetric' | 'kek-too-weak';

/** Where a copy stands. */
export type ReplicaState =
  | 'absent'
  | 'copying'
  | 'synchronized'
  | 'updating'
  | 'delete-scheduled'
  | 'deleted'
  | 'failed'
  | 'unreplicable';

/** A copy as its region has it, by what commands and inventories have told. */
export interface Replica {
  /** Its ID in its region: the `replicaKeyId` of commands. */
  readonly keyId: string;
  /** As its region has computed it. */
  readonly kcv: Kcv;
  /** SHA-256 of the canonical JSON of its attributes, in lower-case hex. */
  readonly attributesDigest: string;
  /** False also of a copy that is marked for deletion by a command. */
  readonly enabled: boolean;
  /** All of them: compared with those of the origin. */
  readonly tags: { readonly [key: string]: string };
  /** Not purged before. */
  readonly deleteAfter?: string | undefined;
  /** The time of the origin's deletion that this follows. */
  readonly deleteFor?: string | undefined;
  /** What a command that failed may have changed all the same: it is sent again in any case. */
  readonly unsure?: readonly ('enabled' | 'tags' | 'deletion')[] | undefined;
}

/** What is being done about a copy: one command at a time. */
export interface EntryWork {
  /** Commands so far: a region that has carried out one never carries out an earlier one. */
  readonly order: number;
  /** The command that was not answered yet; nothing else is asked for meanwhile. */
  readonly pending?: ReplicationCommand | undefined;
  /** What went wrong last; the next command of a type that failed waits for its `retryAfter`. */
  readonly failure?: StepFailure | undefined;
}

/** One key in one region that it is copied to. */
export interface ReplicaLedgerEntry extends EntryWork {
  /** The region of the copy, under which the entry stands. */
  readonly regionId: string;
  /** As of the last plan or answer. */
  readonly state: ReplicaState;
  /** Of a copy that is `unreplicable`: why. */
  readonly reason?: UnreplicableReason | undefined;
  /** The KEK under which a region has refused to export the key: only another one is tried. */
  readonly refusedBy?:
    | {
        /** The pair of that KEK. */
        readonly pairId: string;
        /** Which KEK of the pair, from 1 on. */
        readonly generation: number;
      }
    | undefined;
  /** Absent as long as the region has no copy, or none that agrees with the origin. */
  readonly replica?: Replica | undefined;
  /** The key on its way, under a generation of the KEK. */
  readonly exported?:
    | {
        /** The pair of that KEK. */
        readonly pairId: string;
        /** Which KEK of the pair, from 1 on. */
        readonly generation: number;
        /** TR-31 version D, as the export was answered; gone once it was sent on. */
        readonly keyBlock: string;
      }
    | undefined;
  /**
   * A block whose import failed, and may have been carried out all the same: until its region has
   * answered an import, or an inventory shows that there is no copy, the key counts as copied.
   */
  readonly attempted?: ReplicaLedgerEntry['exported'];
  /** A copy that does not agree with the origin, and has to go before there is another. */
  readonly discard?: string | undefined;
}

/** One key of the origin: what is known of it, by the latest of each kind of change. */
export interface ReplicatedKey {
  /** Its ID in the region where it was made; its copies may have others. */
  readonly keyId: string;
  /** What is not later than the inventory is known by it. */
  readonly floor?:
    | {
        /** The primary generation in which the inventory was taken in. */
        readonly generation: number;
        /** Of the key in the inventory: an event up to this one is passed over. */
        readonly sequence: number;
      }
    | undefined;
  /** Until it is known nothing is sent. */
  readonly created?: Stamped<CreatedKey> | undefined;
  /** Absent counts as enabled. */
  readonly enabled?: Stamped<boolean> | undefined;
  /** Until when the key can be restored; null for a restored key. */
  readonly deletion?: Stamped<string | null> | undefined;
  /** A value of null is a tag that was taken away. */
  readonly tags: { readonly [key: string]: Stamped<string | null> };
  /** By region. */
  readonly replicas: { readonly [regionId: string]: ReplicaLedgerEntry };
}

/** An alias in one region that it is copied to. */
export interface AliasLedgerEntry extends EntryWork {
  /** The region of the copy, under which the entry stands. */
  readonly regionId: string;
  /** As of the last plan or answer; `absent` names no key. */
  readonly state: 'absent' | 'synchronized' | 'updating' | 'failed';
  /** The key that it names there, by its ID in that region; null for none. */
  readonly keyId: string | null;
}

/** A request that named its key by an alias: which key that was, the history tells. */
export interface AliasedRequest {
  /** Of the event: it meant the key that the alias named by then. */
  readonly stamp: Stamp;
  /** What was asked for; an event of several changes makes several requests. */
  readonly change: KeyChange;
}

/** One change of a key, as events bring it. */
export type KeyChange =
  | {
      /** The key was made or imported. */
      readonly of: 'created';
      /** The first one counts, and not the latest: nothing in it ever changes. */
      readonly value: CreatedKey;
    }
  | {
      /** The key was enabled or disabled; a deletion and a restore disable it. */
      readonly of: 'enabled';
      /** True for a key that was enabled. */
      readonly value: boolean;
    }
  | {
      /** The key was marked for deletion, or restored. */
      readonly of: 'deletion';
      /** Until when it can be restored, in ISO 8601; null for a restored key. */
      readonly value: string | null;
    }
  | {
      /** One tag was set or taken away: each counts for itself. */
      readonly of: 'tag';
      /** Which tag. */
      readonly name: string;
      /** Null for a tag that was taken away. */
      readonly value: string | null;
    };

/** One alias of the origin. */
export interface ReplicatedAlias {
  /** The same in every region. */
  readonly alias: string;
  /** Which key it has named, from when on, in this order; null for none. */
  readonly history: readonly Stamped<string | null>[];
  /** The earliest first, whenever each was delivered. */
  readonly requests: readonly AliasedRequest[];
  /** By region. */
  readonly replicas: { readonly [regionId: string]: AliasLedgerEntry };
}

/** What the ledger knows of a pair. */
export interface LedgerPair {
  /** As in the record of the pair. */
  readonly pairId: string;
  /** The region of its origin. */
  readonly from: string;
  /** The region of its destination. */
  readonly to: string;
  /** Nothing is sent before the pair is established, and nothing new while it drains. */
  readonly state: 'waiting' | 'open' | 'draining' | 'deleting';
  /** The KEK generation that new copies travel under; 0 before there is one. */
  readonly generation: number;
  /** Length of its KEK: keys that are stronger do not go through it. */
  readonly kekBits: KekBits;
  /** Whether new keys go there that name no regions of their own. */
  readonly byDefault: boolean;
}

/** Which region keys are changed in. */
export interface Primary {
  /** From 1 on, one more with every promotion. */
  readonly generation: number;
  /** May come again: a region that fails back is promoted anew. */
  readonly regionId: string;
  /** When it was promoted, or the ledger made: ISO 8601. */
  readonly at: string;
}

/** What was copied where, and what is still to be done. */
export interface ReplicaLedger {
  /** Tells a ledger from other records. */
  readonly kind: 'replica-ledger';
  /** Which form of the record this is. */
  readonly schema: 1;
  /** From 1 on, one more with every change: for compare-and-set. */
  readonly revision: number;
  /** 1 to 64 letters, digits and `. _ : -`; the IDs of its commands start with it. */
  readonly ledgerId: string;
  /** The last one is the primary now. */
  readonly primaries: readonly Primary[];
  /** In the order in which they were attached. */
  readonly pairs: readonly LedgerPair[];
  /**
   * By region: the greatest `order` of what was forgotten with the last pair that led there. Of another
   * pair the commands go on from it, because the region remembers.
   */
  readonly forgotten?: { readonly [regionId: string]: number } | undefined;
  /** By key ID. */
  readonly keys: { readonly [keyId: string]: ReplicatedKey };
  /** By alias. */
  readonly aliases: { readonly [alias: string]: ReplicatedAlias };
}
