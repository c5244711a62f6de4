/** A pair of regions as stored, with every KEK that they have exchanged. */

import type { Kcv } from '../records.js';
import type { ReplicaKeyCommand } from './commands.js';

/** One side of a pair. */
export interface ReplicationSide {
  /** 1 to 32 letters, digits and `. _ : -`; the sides of a pair are in different regions. */
  readonly regionId: string;
  /** 1 to 32 letters, digits and `. _ -`; kept for the caller: nothing here depends on it. */
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
  /** When the last attempt was found to have failed: ISO 8601, as every time here. */
  readonly at: string;
  /** Attempts that failed, from 1 on; counted anew once the step, or the copy, has succeeded. */
  readonly attempts: number;
  /** When to try again; absent where the check values of a KEK differ. */
  readonly retryAfter?: string | undefined;
  /** Of a copy: the commands that have failed and wait. One of another type goes at once. */
  readonly types?: readonly ReplicaKeyCommand['type'][] | undefined;
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
  /** When the exchange was set up, before its first step: ISO 8601. */
  readonly startedAt: string;
  /** Of the step that is next, until it is done; of a failed exchange, what ended it. */
  readonly failure?: StepFailure | undefined;
  /** The KEK in the origin, which made it: from `create-kek`. */
  readonly origin?:
    | {
        /** Its ID in that region. */
        readonly kekId: string;
        /** As that region has computed it. */
        readonly kcv: Kcv;
      }
    | undefined;
  /** Of the destination, which receives: from `krd-parameters`. */
  readonly krd?: ExchangeParty | undefined;
  /** Of the origin, which sends: from `kdh-parameters`. */
  readonly kdh?: ExchangeParty | undefined;
  /** Issued by the destination, in upper-case hex; gone once it was used. */
  readonly nonce?: string | undefined;
  /** The key token, DER in base64; gone once it was used. */
  readonly token?: string | undefined;
  /** The KEK as it arrived: from `import-kek`. */
  readonly destination?:
    | {
        /** Its ID in that region. */
        readonly kekId: string;
        /** As that region has computed it: the KEK is established if `origin` has the same. */
        readonly kcv: Kcv;
      }
    | undefined;
  /** The steps that were done, the first one first. */
  readonly timeline: readonly {
    /** The step. */
    readonly step: ExchangeStep;
    /** When its answer was taken: ISO 8601. */
    readonly at: string;
  }[];
}

/** The certificates of one side, DER in base64. */
export interface ExchangeParty {
  /** Of the side itself: at most 131,072 characters, judged by the other side only. */
  readonly certificate: string;
  /** The root that it leads to, which the other side is asked to trust. */
  readonly rootCertificate: string;
}

/** Two regions between which keys are copied, in one direction. */
export interface PairRecord {
  /** Tells a pair from other records. */
  readonly kind: 'replication-pair';
  /** Which form of the record this is. */
  readonly schema: 1;
  /** From 1 on, one more with every change: for compare-and-set. */
  readonly revision: number;
  /** 1 to 64 letters, digits and `. _ : -`. */
  readonly pairId: string;
  /** Where keys come from, and where every KEK is made. */
  readonly origin: ReplicationSide;
  /** Where keys are copied to. */
  readonly destination: ReplicationSide;
  /** Length of every KEK of the pair. */
  readonly kekBits: KekBits;
  /** How the KEK travels: RSA carries up to AES-128, elliptic curves also AES-256. */
  readonly transport: 'tr34-rsa' | 'tr34-ec';
  /** `exchanging` until there is a first KEK; `established` while another is exchanged, too. */
  readonly state: 'exchanging' | 'established' | 'disabled';
  /** The oldest first, none dropped; the last one `established` is the KEK in use. */
  readonly generations: readonly KekGeneration[];
  /** Every nonce of the destination so far: none is taken twice. */
  readonly nonces: readonly string[];
}

/** A KEK is AES: key blocks of version D know nothing else. */
export type KekBits = 128 | 192 | 256;
