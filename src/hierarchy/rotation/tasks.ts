/**
 * What there is to do for the records of a page: plain JSON, for a loop, a queue or a worker.
 *
 * @module
 */

import type { KeyblockErrorCode } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { sameRef } from '../identifiers.js';
import type {
  HeldRecord,
  Kcv,
  KeyAttributes,
  KeyRef,
  MainKeyVersion,
  RotationJob,
} from '../records.js';
import { isCompromised, isDraining, versionOf } from '../versions.js';
import {
  blockUnder,
  type HeldKey,
  type HeldPage,
  heldPage,
  readRecords,
  readTaskSize,
  scopeOf,
} from './held-key.js';
import { conflict, isPaused, readJob } from './job.js';
import { type MainKeyRecord, mainKeyId, readMainKey } from './main-key-record.js';

/** One key of a task: where its record is, what is known of it, and the blocks to work on. */
export interface RotationItem {
  /** The record that holds the key. */
  readonly recordId: string;
  /** What the record has to be for a write that comes of this. */
  readonly expectedRevision: number;
  /** Of a profile: the version whose key it is. */
  readonly version?: number | undefined;
  /** What the block has to say about where it belongs. */
  readonly place: string;
  /** What the block has to say about its key. */
  readonly attributes: KeyAttributes;
  /** The block to open; none where the record has none that can be opened. */
  readonly block?: string | undefined;
  /** In a task to verify: the block under the new main key. */
  readonly newBlock?: string | undefined;
  /** The check value in the record. */
  readonly kcv?: Kcv | undefined;
  /** Why the row is no record of this library, where it is none. */
  readonly refusal?: KeyblockErrorCode | undefined;
}

/** The block of an item that is there already. */
export function oldBlockOf(item: RotationItem): string | undefined {
  return own(item, 'block');
}

/** The check values of the two main keys of a task. */
export interface MainKeyKcvs {
  /** Of the one whose blocks are opened. */
  readonly from: Kcv;
  /** Of the one that the new blocks are under, or are to be. */
  readonly to: Kcv;
}

/** Keys to be wrapped under another main key. */
export interface RewrapTask {
  /** Says what this is. */
  readonly kind: 'rewrap-task';
  /** The rotation: the result carries it on. */
  readonly jobId: string;
  /** Whose blocks are opened: the old main key, or the new one for what has no old block. */
  readonly from: KeyRef;
  /** The main key that the new blocks are to be under. */
  readonly to: KeyRef;
  /** Their check values in the record: who works on the task compares his main keys with them. */
  readonly kcvs: MainKeyKcvs;
  /** One of a record, up to the size that was asked for. */
  readonly items: readonly RotationItem[];
}

/** What {@link tasks} takes. */
export interface TasksOptions {
  /** The rotation. */
  readonly job: RotationJob;
  /** The record of the main key that is rotated. */
  readonly mainKey: MainKeyRecord;
  /** Some of the records that hold keys: customer keys, or the profiles of a region. */
  readonly records: readonly HeldRecord[];
  /**
   * How many keys a task may hold: 1 to 10,000.
   * @defaultValue `500`
   */
  readonly size?: number | undefined;
}

/**
 * Says what has to be re-wrapped in some records: whatever has no block under the new main key; and
 * before the switch, or after a roll-back, whatever has none under the active one. Nothing for what
 * is done already, for tombstones, and for records of other profiles. Of a profile with several
 * versions it is one version at a time: ask again with the record as it is then.
 *
 * @param options - The rotation, its main key, and a page of records.
 * @returns Tasks for {@link run}, in JSON; none while the rotation is paused, or when it is over.
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
 * const planned = rotation.plan({ env, mainKey: record, kdh });
 * rotation.tasks({ job: planned.job, mainKey: planned.mainKey, records: [] }); // []
 * ```
 */
export function tasks(options: TasksOptions): readonly RewrapTask[] {
  return rewrapTasks(readTasksOptions(options));
}

/** The same for a page that has been read. */
export function rewrapTasks({ job, mainKey, page, size }: PageOptions): readonly RewrapTask[] {
  if (isPaused(job)) return [];
  const { jobId, from, to } = job;
  const directions = [
    ...(mayReceive(mainKey, to) ? [{ from, to }] : []),
    // A key that was made while a rotation was promoted that is rolled back, or aborted.
    ...(mayReceive(mainKey, from) ? [{ from: to, to: from }] : []),
  ];
  return directions.flatMap((direction) => {
    const kcvs = kcvsIn(mainKey, direction);
    return inTasks(missingItems(page, direction, job), size, (items) => {
      return { kind: 'rewrap-task', jobId, ...direction, kcvs, items };
    });
  });
}

/** The check values of two main keys, for whoever works on a task. */
export function kcvsIn(
  mainKey: MainKeyRecord,
  { from, to }: Pick<RewrapTask, 'from' | 'to'>,
): MainKeyKcvs {
  return { from: kcvIn(mainKey, from), to: kcvIn(mainKey, to) };
}

/** The check value of a main key. */
export function kcvIn({ versions }: MainKeyRecord, { version }: KeyRef): Kcv {
  return versionOf<MainKeyVersion>(versions, version).kcv;
}

/** Whether keys may get a block under a version: not when it is on its way out. */
export function mayReceive(mainKey: MainKeyRecord, { version }: KeyRef): boolean {
  const versions: readonly MainKeyVersion[] = mainKey.versions;
  const receiver = versionOf(versions, version);
  const { state } = receiver;
  if (isDraining(receiver)) return false;
  if (isCompromised(receiver)) return state === 'active' && versions.some(isGivenUp);
  return state === 'active' || state === 'pending';
}

/**
 * Where both main keys are compromised: what is under the new one alone goes back, or after the
 * switch what is under the old one goes on, and is no safer.
 */
function isGivenUp(version: MainKeyVersion): boolean {
  const { state } = version;
  const isLeft = state === 'retiring' || (state === 'pending' && isDraining(version));
  return isLeft && isCompromised(version);
}

function missingItems(
  page: HeldPage,
  { from, to }: Pick<RewrapTask, 'from' | 'to'>,
  job: RotationJob,
): readonly RotationItem[] {
  const isBack = sameRef(to, job.from);
  const items: RotationItem[] = [];
  for (const keys of page.held) {
    // One write a record at a time: the second one would meet a record that has moved on.
    const key = keys.find((held) => blockUnder(held, to) === undefined);
    const block = key && blockUnder(key, from);
    // What has neither block is named once.
    if (key !== undefined && !(isBack && block === undefined)) items.push(itemOf(key, block));
  }
  return items;
}

/** A page of a scan, and what is to be done with it. */
export interface PageOptions {
  readonly job: RotationJob;
  readonly mainKey: MainKeyRecord;
  readonly page: HeldPage;
  readonly size: number;
}

/** Reads what all functions take that make tasks. */
export function readTasksOptions(options: TasksOptions): PageOptions {
  requireObject(options, 'options');
  const job = readJob(own(options, 'job'));
  const mainKey = readMainKey(own(options, 'mainKey'));
  const isOfJob = mainKey.kind === (job.level === 'profile' ? 'profile' : 'region-key');
  if (!isOfJob || mainKeyId(mainKey) !== job.to.keyId) throw conflict('record');
  const page = heldPage(readRecords(own(options, 'records')), scopeOf(mainKey));
  return { job, mainKey, page, size: readTaskSize(options) };
}

/** A key as a task holds it. */
export function itemOf(
  { recordId, revision, version, place, attributes, kcv, refusal }: HeldKey,
  block: string | undefined,
  newBlock?: string | undefined,
): RotationItem {
  return {
    recordId,
    expectedRevision: revision,
    version,
    place,
    attributes,
    block,
    newBlock,
    kcv,
    refusal,
  };
}

/** Items cut into tasks. */
export function inTasks<T>(
  items: readonly RotationItem[],
  size: number,
  taskOf: (items: readonly RotationItem[]) => T,
): readonly T[] {
  if (items.length <= size) return items.length === 0 ? [] : [taskOf(items)];
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => taskOf(items.slice(i * size, (i + 1) * size)));
}
