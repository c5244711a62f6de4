/**
 * What is true of every key, in plain text, kept apart from what the library stores: its bytes, its
 * attributes, its life; and which main keys it was ever under, told from the writes alone.
 */
import type { ConditionalWrite, CustomerKeyRecord, StoredRecord } from 'keyblock/hierarchy';
import { Violation } from './violation.js';

/** One customer key, as it has to be. */
export interface Truth {
  readonly keyId: string;
  readonly profileId: string;
  readonly bytes: Uint8Array;
  readonly attributes: CustomerKeyRecord['attributes'];
  readonly owner: string;
  /** Anything but the bytes, which only time changes. */
  life: {
    state: 'create-complete' | 'delete-pending' | 'delete-complete';
    enabled: boolean;
    deleteAfter?: number | undefined;
    stopAt?: number | undefined;
    cause?: string | undefined;
  };
  tags: Readonly<Record<string, string>>;
  /** A row that was tampered with: as it was, and what has to be said of it. */
  hostile?:
    | { readonly how: string; readonly text: string; readonly codes: readonly string[] }
    | undefined;
  /** Every main key it was ever wrapped under: `keyId version`. */
  readonly under: Set<string>;
}

/** The truth of one store. */
export interface Truths {
  readonly keys: Map<string, Truth>;
  /** Rows that were written by the library while nobody was looking. */
  observe(before: StoredRecord | undefined, after: StoredRecord, write: ConditionalWrite): void;
  live(): Truth[];
}

/** Begins with nothing. */
export function createTruths(): Truths {
  const keys = new Map<string, Truth>();
  return {
    keys,
    live: () => [...keys.values()].filter(({ life }) => life.state !== 'delete-complete'),
    observe(before, after, write) {
      if (after.kind !== 'customer-key') return;
      const truth = keys.get(after.keyId);
      if (truth !== undefined && truth.hostile === undefined) {
        for (const { under } of after.slots) truth.under.add(`${under.keyId} ${under.version}`);
      }
      const was = before?.kind === 'customer-key' ? before.lifecycle.state : undefined;
      if (was === 'delete-complete' && after.lifecycle.state !== was) {
        throw new Violation('nothing is resurrected', after.keyId);
      }
      if (write.op === 'put-record' || before?.kind !== 'customer-key') return;
      onlySlotsChange(before, after);
    },
  };
}

/** I4: a write of a rotation changes blocks, and nothing of the key itself. */
function onlySlotsChange(before: CustomerKeyRecord, after: CustomerKeyRecord): void {
  const rest = ({ slots, revision, lineage, ...others }: CustomerKeyRecord): string =>
    JSON.stringify({ ...others, pedigree: lineage?.pedigree, from: lineage?.derivedFrom });
  if (rest(before) !== rest(after)) {
    throw new Violation('I4 rotation changes only blocks', after.keyId);
  }
  if (after.slots.length === 0) throw new Violation('I5 no last block is dropped', after.keyId);
}
