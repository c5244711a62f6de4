/**
 * The proof before the switch: a full scan that opens both blocks of every record.
 *
 * @module
 */

import { createKeyStore, type KeyStore } from '../../bulk/key-store.js';
import { KeyblockError } from '../../errors.js';
import { equalBytes, own, requireObject } from '../../primitives/bytes.js';
import type { SecretKey } from '../../secret-key.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { type KeyRing, secretOf } from '../key-ring.js';
import type { Commitment, KeyRef, MainKeyVersion, RotationJob } from '../records.js';
import { versionOf } from '../versions.js';
import { sameStoredHeader } from './checked-block.js';
import { createCommitter, createSum } from './commitment.js';
import { blockUnder } from './held-key.js';
import { attemptOf } from './job.js';
import { kcvOfBytes, requireKcv } from './key-check.js';
import { failureOf, type RotationFailure, readTask, withWorkbench } from './run.js';
import {
  itemOf,
  kcvsIn,
  type MainKeyKcvs,
  oldBlockOf,
  type PageOptions,
  type RotationItem,
  readTasksOptions,
  type TasksOptions,
} from './tasks.js';
import type { Workbench } from './workbench.js';

/** Keys whose two blocks are to be compared. */
export interface VerifyTask {
  /** Says what this is. */
  readonly kind: 'verify-task';
  /** The rotation: the result carries it on, and the sums are bound to it. */
  readonly jobId: string;
  /** Of which scan: results of another one are no proof. */
  readonly attempt: string;
  /** The old main key. */
  readonly from: KeyRef;
  /** The new one. */
  readonly to: KeyRef;
  /** Their check values in the record: who works on the task compares his main keys with them. */
  readonly kcvs: MainKeyKcvs;
  /** Whether a key may have no block under the old main key: made when that wrapped no more. */
  readonly bornUnderNew: boolean;
  /** All keys of a record are in one task: of a profile there may be several. */
  readonly items: readonly RotationItem[];
  /** The IDs of live records that hold no key: such as wait for theirs, or never got one. */
  readonly keyless: readonly string[];
}

/** How the two sides were compared: by the bytes of the keys, or by what a device tells of them. */
export type VerificationKind = NonNullable<RotationJob['verification']>;

/** What the comparison of a task has found. */
export interface VerifyResult {
  /** Says what this is. */
  readonly kind: 'verify-result';
  /** The rotation; results of another one are passed over. */
  readonly jobId: string;
  /** Of the task. */
  readonly attempt: string;
  /** The IDs of the records in the task. */
  readonly records: readonly string[];
  /** Those of the task that hold no key: they count, and there is nothing to compare. */
  readonly keyless: readonly string[];
  /** What the old blocks hold. */
  readonly before: Commitment;
  /** What the new blocks hold. */
  readonly after: Commitment;
  /** `key-bytes` of `verifyRun`; the others through a port, with or without its `compare`. */
  readonly verification: VerificationKind;
  /** The rows that do not agree, or do not open. */
  readonly failures: readonly RotationFailure[];
}

/**
 * Makes the tasks of the scan before the switch. It has to see every record of the store.
 *
 * @param options - The rotation, its main key, and a page of records.
 * @returns Tasks for {@link verifyRun}, in JSON: every live record is in one.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for the record of another main key than the job's,
 * `UNKNOWN_KEY_VERSION` where it lacks a version of the job; `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, rotation } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date() };
 * const kdh = { hsmId: 'hsm-1' };
 * const { record } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
 * const policy = { maxReaderStalenessSeconds: 0 };
 * const planned = rotation.plan({ env, mainKey: record, kdh, policy });
 * const started = rotation.start({ env, ...planned });
 * rotation.verifyTasks({ job: started.job, mainKey: started.mainKey, records: [] }); // []
 * ```
 */
export function verifyTasks(options: TasksOptions): readonly VerifyTask[] {
  return comparisonTasks(readTasksOptions(options));
}

/** The same for a page that has been read. */
export function comparisonTasks({ job, mainKey, page, size }: PageOptions): readonly VerifyTask[] {
  const { jobId, from, to } = job;
  const attempt = attemptOf(job);
  const kcvs = kcvsIn(mainKey, job);
  // A compromised main key wraps nothing any more, nor does one that is not the active one.
  const { state } = versionOf<MainKeyVersion>(mainKey.versions, to.version);
  const bornUnderNew = job.reason === 'suspected-compromise' || state === 'active';
  const tasks: VerifyTask[] = [];
  const task = { kind: 'verify-task', jobId, attempt, from, to, kcvs, bornUnderNew } as const;
  // Cut between records: every record is in one result.
  for (let i = 0; i < page.held.length; i += size) {
    const items: RotationItem[] = [];
    for (const keys of page.held.slice(i, i + size)) {
      for (const key of keys) items.push(itemOf(key, blockUnder(key, from), blockUnder(key, to)));
    }
    if (items.length > 0) tasks.push({ ...task, items, keyless: [] });
  }
  for (let i = 0; i < page.keyless.length; i += size) {
    tasks.push({ ...task, items: [], keyless: page.keyless.slice(i, i + size) });
  }
  return tasks;
}

/** What {@link verifyRun} takes. */
export interface VerifyRunOptions {
  /** What to compare: of {@link verifyTasks}. */
  readonly task: VerifyTask;
  /** Both main keys of the task. */
  readonly ring: KeyRing;
}

/**
 * Opens both blocks of every key of a task, and compares the keys byte for byte, and what the
 * blocks say of them, and the check value with that of the record. A row that does not agree is
 * named; it stops nothing.
 *
 * @param options - The task, and a ring with both main keys.
 * @returns The sums of both sides and the rows that failed, in JSON, for {@link verifyFold}.
 * @throws {@link KeyblockError} `UNKNOWN_KEY_VERSION` for a main key that the ring does not have,
 * `KCV_MISMATCH` for one that is another than the record's, `INVALID_ARGUMENT`. Never for a single
 * row.
 *
 * @example
 * ```ts
 * import { generateKey, type SecretKey } from 'keyblock';
 * import { createKeyRing, rotation } from 'keyblock/hierarchy';
 *
 * const from = { keyId: 'eu-central-1/shop', version: 1 };
 * const to = { keyId: 'eu-central-1/shop', version: 2 };
 * const aes = { algorithm: 'AES', lengthBits: 256 } as const;
 * const [oldKey, newKey] = [generateKey(aes), generateKey(aes)];
 * const ring = createKeyRing({ keys: [{ ref: from, key: oldKey }, { ref: to, key: newKey }] });
 * const kcvOf = (key: SecretKey) => ({ method: 'cmac', value: key.kcv() }) as const;
 * const kcvs = { from: kcvOf(oldKey), to: kcvOf(newKey) };
 * const none = { bornUnderNew: false, items: [], keyless: [] };
 * const task = { kind: 'verify-task', jobId: 'j1', attempt: '1', from, to, kcvs, ...none } as const;
 * rotation.verifyRun({ task, ring }).verification; // 'key-bytes'
 * ```
 */
export function verifyRun(options: VerifyRunOptions): VerifyResult {
  requireObject(options, 'options');
  const task = readTask(own(options, 'task'), 'verify-task');
  const to = secretOf(own(options, 'ring'), task.to);
  return withWorkbench(options, (workbench) => verifyTask(task, to, workbench));
}

/** The same with what is prepared. */
export function verifyTask(task: VerifyTask, to: SecretKey, workbench: Workbench): VerifyResult {
  const { jobId, attempt, items, keyless } = task;
  const bornUnderNew = own(task, 'bornUnderNew') === true;
  const committer = createCommitter(to, jobId);
  const before = createSum();
  const after = createSum();
  const failures = new Array<RotationFailure | undefined>(items.length);
  const refuse = (index: number, error: unknown) => {
    failures[index] = failureOf(itemAt(index), error);
  };
  const fresh = new Map<number, OpenedBlock>();
  const store = createKeyStore(items.map(newBlockOf));
  const isBorn = (item: RotationItem) => bornUnderNew && oldBlockOf(item) === undefined;
  try {
    openNew(task, workbench, { fresh, store }, refuse);
    fresh.forEach((opened, index) => {
      if (isBorn(itemAt(index))) commit(index, opened.key);
    });
    workbench.open({
      ref: task.from,
      kcv: task.kcvs.from,
      items,
      indexes: [...fresh.keys()].filter((index) => !isBorn(itemAt(index))),
      blockOf: oldBlockOf,
      visit(index, header, key) {
        const opened = fresh.get(index) as OpenedBlock; // these were asked for
        const disagreement = disagreementOf({ header, key }, opened);
        if (disagreement === undefined) commit(index, key);
        else refuse(index, disagreement);
      },
      refuse,
    });
  } finally {
    store.wipe();
  }
  return {
    kind: 'verify-result',
    jobId,
    attempt,
    records: recordsOf(items),
    keyless,
    before: before.total(),
    after: after.total(),
    verification: 'key-bytes',
    failures: failures.filter((failure) => failure !== undefined),
  };

  function itemAt(index: number): RotationItem {
    return items[index] as RotationItem; // in range
  }

  /** One hash for both sides: the keys have just been compared, byte for byte. */
  function commit(index: number, key: Uint8Array): void {
    const item = itemAt(index);
    const hash = committer.hash(nameOf(item), item.attributes, key);
    before.add(hash);
    after.add(hash);
  }
}

interface OpenedBlock {
  readonly header: KeyBlockHeader;
  readonly key: Uint8Array;
}

/** Opens what is under the new main key. The keys are in a store, which the caller wipes. */
function openNew(
  { to, kcvs, items }: VerifyTask,
  workbench: Workbench,
  opened: { readonly fresh: Map<number, OpenedBlock>; readonly store: KeyStore },
  refuse: (index: number, error: unknown) => void,
): void {
  workbench.open({
    ref: to,
    kcv: kcvs.to,
    items,
    indexes: [...items.keys()],
    blockOf: newBlockOf,
    visit(index, header, key) {
      try {
        requireKcv(items[index] as RotationItem, kcvOfBytes(header, key)); // in range
        opened.fresh.set(index, { header, key: opened.store.put(key) });
      } catch (error) {
        refuse(index, error);
      }
    },
    refuse,
  });
}

function newBlockOf(item: RotationItem): string | undefined {
  return own(item, 'newBlock');
}

/** The IDs of records, of which a profile may have several keys in a task, one after the other. */
export function recordsOf(items: readonly RotationItem[]): readonly string[] {
  return items
    .map(({ recordId }) => recordId)
    .filter((recordId, i) => i === 0 || recordId !== items[i - 1]?.recordId);
}

function disagreementOf(old: OpenedBlock, fresh: OpenedBlock): KeyblockError | undefined {
  if (!equalBytes(old.key, fresh.key)) return new KeyblockError('KCV_MISMATCH', { field: 'key' });
  return sameStoredHeader(old.header, fresh.header)
    ? undefined
    : new KeyblockError('CONTEXT_MISMATCH', { field: 'header' });
}

/** The name of a key: in a commitment, and among failures. */
export function nameOf({ recordId, version }: Pick<RotationItem, 'recordId' | 'version'>): string {
  return version === undefined ? recordId : `${recordId};v${version}`;
}
