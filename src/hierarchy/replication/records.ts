/**
 * What replication stores: a pair of regions with its key exchange, and the ledger of what was
 * copied where. Plain JSON, and nothing secret in it: keys travel in it as key blocks only.
 *
 * @module
 */

import type { Kcv, KeyAttributes } from '../records.js';
import type { ReplicationCommand } from './commands.js';

/** One side of a pair. */
export interface ReplicationSide {
  readonly regionId: string;
  readonly profileId: string;
}

/** The steps of a key exchange by two-pass TR-34, in their order. */
export type ExchangeStep =
  | 'create-kek'
  | 'krd-parameters'
  | 'trust-krd-root'
  | 'kdh-parameters'
  | 'trust-kdh-root'
  | 'export-kek'
  | 'import-kek';

/** Why a step was not done. */
export interface StepFailure {
  /** A code, of this library or of the service that was asked. Never a text. */
  readonly code: string;
  readonly at: string;
  readonly attempts: number;
  /** When to try again. */
  readonly retryAfter?: string | undefined;
}

/** One KEK that two regions share, and how far its exchange has come. */
export interface KekGeneration {
  /** From 1 on; a number is never used again. */
  readonly generation: number;
  /**
   * `superseded` still opens what was wrapped under it; `released` is for deletion; `failed` never
   * carried a key.
   */
  readonly state: 'exchanging' | 'established' | 'superseded' | 'released' | 'failed';
  /** The next step; `import-kek` of an exchange that is over. */
  readonly step: ExchangeStep;
  readonly startedAt: string;
  readonly failure?: StepFailure | undefined;
  /** What the steps have brought so far. */
  readonly origin?: { readonly kekId: string; readonly kcv: Kcv } | undefined;
  readonly krd?: ExchangeParty | undefined;
  readonly kdh?: ExchangeParty | undefined;
  /** Issued by the destination, in hex; gone once it was used. */
  readonly nonce?: string | undefined;
  /** The key token, DER in base64; gone once it was used. */
  readonly token?: string | undefined;
  readonly destination?: { readonly kekId: string; readonly kcv: Kcv } | undefined;
  readonly timeline: readonly { readonly step: ExchangeStep; readonly at: string }[];
}

/** The certificates of one side, DER in base64. */
export interface ExchangeParty {
  readonly certificate: string;
  readonly rootCertificate: string;
}

/** Two regions between which keys are copied, in one direction. */
export interface PairRecord {
  readonly kind: 'replication-pair';
  readonly schema: 1;
  readonly revision: number;
  readonly pairId: string;
  readonly origin: ReplicationSide;
  readonly destination: ReplicationSide;
  readonly kekBits: KekBits;
  /** How the KEK travels: RSA carries up to AES-128, elliptic curves also AES-256. */
  readonly transport: 'tr34-rsa' | 'tr34-ec';
  readonly state: 'exchanging' | 'established' | 'disabled';
  readonly generations: readonly KekGeneration[];
  /** Every nonce of the destination so far: none is taken twice. */
  readonly nonces: readonly string[];
}

/** A KEK is AES: key blocks of version D know nothing else. */
export type KekBits = 128 | 192 | 256;

/** When something happened in the origin, and which of two counts as later. */
export interface Stamp {
  /** The primary generation: see `promoteReplica`. */
  readonly generation: number;
  readonly sequence: number;
  readonly eventId: string;
}

/** A value and when it came to be: the later one wins, in whatever order both arrive. */
export interface Stamped<T> {
  readonly stamp: Stamp;
  readonly value: T;
}

/** What never changes of a key. */
export interface CreatedKey {
  readonly attributes: KeyAttributes;
  /** SHA-256 of the canonical JSON of the attributes, in lower-case hex. */
  readonly attributesDigest: string;
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
  readonly keyId: string;
  readonly kcv: Kcv;
  readonly attributesDigest: string;
  readonly enabled: boolean;
  readonly tags: { readonly [key: string]: string };
  /** Not purged before. */
  readonly deleteAfter?: string | undefined;
  /** The time of the origin's deletion that this follows. */
  readonly deleteFor?: string | undefined;
}

/** What is being done about a copy: one command at a time. */
export interface EntryWork {
  /** Commands so far: a region that has carried out one never carries out an earlier one. */
  readonly order: number;
  readonly pending?: ReplicationCommand | undefined;
  readonly failure?: StepFailure | undefined;
}

/** One key in one region that it is copied to. */
export interface ReplicaLedgerEntry extends EntryWork {
  readonly regionId: string;
  readonly state: ReplicaState;
  readonly reason?: UnreplicableReason | undefined;
  /** The KEK under which a refusal for its strength was given: a stronger one is tried. */
  readonly refusedBy?: { readonly pairId: string; readonly generation: number } | undefined;
  readonly replica?: Replica | undefined;
  /** The key on its way, under a generation of the KEK. */
  readonly exported?:
    | { readonly pairId: string; readonly generation: number; readonly keyBlock: string }
    | undefined;
  /** A copy that does not agree with the origin, and has to go before there is another. */
  readonly discard?: string | undefined;
}

/** One key of the origin: what is known of it, by the latest of each kind of change. */
export interface ReplicatedKey {
  readonly keyId: string;
  /** What is not later than the inventory is known by it. */
  readonly floor?: { readonly generation: number; readonly sequence: number } | undefined;
  readonly created?: Stamped<CreatedKey> | undefined;
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
  readonly regionId: string;
  readonly state: 'absent' | 'synchronized' | 'updating' | 'failed';
  /** The key that it names there; null for none. */
  readonly keyId: string | null;
}

/** A request that named its key by an alias: which key that was, the history tells. */
export interface AliasedRequest {
  readonly stamp: Stamp;
  readonly change: KeyChange;
}

/** One change of a key, as events bring it. */
export type KeyChange =
  | { readonly of: 'created'; readonly value: CreatedKey }
  | { readonly of: 'enabled'; readonly value: boolean }
  | { readonly of: 'deletion'; readonly value: string | null }
  | { readonly of: 'tag'; readonly name: string; readonly value: string | null };

/** One alias of the origin. */
export interface ReplicatedAlias {
  readonly alias: string;
  /** Which key it has named, from when on, in this order; null for none. */
  readonly history: readonly Stamped<string | null>[];
  readonly requests: readonly AliasedRequest[];
  /** By region. */
  readonly replicas: { readonly [regionId: string]: AliasLedgerEntry };
}

/** What the ledger knows of a pair. */
export interface LedgerPair {
  readonly pairId: string;
  readonly from: string;
  readonly to: string;
  /** Nothing is sent before the pair is established, and nothing new while it drains. */
  readonly state: 'waiting' | 'open' | 'draining' | 'deleting';
  /** The KEK generation that new copies travel under. */
  readonly generation: number;
  readonly kekBits: KekBits;
  /** Whether new keys go there that name no regions of their own. */
  readonly byDefault: boolean;
}

/** Which region keys are changed in. */
export interface Primary {
  /** From 1 on, one more with every promotion. */
  readonly generation: number;
  readonly regionId: string;
  readonly at: string;
}

/** What was copied where, and what is still to be done. */
export interface ReplicaLedger {
  readonly kind: 'replica-ledger';
  readonly schema: 1;
  readonly revision: number;
  readonly ledgerId: string;
  /** The last one is the primary now. */
  readonly primaries: readonly Primary[];
  readonly pairs: readonly LedgerPair[];
  /** By key ID. */
  readonly keys: { readonly [keyId: string]: ReplicatedKey };
  /** By alias. */
  readonly aliases: { readonly [alias: string]: ReplicatedAlias };
}
