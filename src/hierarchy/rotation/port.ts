/**
 * Main keys that are not in this process: a device or a service translates, and this library does
 * the book-keeping. The asynchronous twins of `run`, `verifyRun` and `cleanupRun`.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { readOptionalBlock } from '../../tr31/optional-block-data.js';
import { parseKeyBlock } from '../../tr31/parse.js';
import { sameKcv } from '../check-value.js';
import type { Kcv, KeyRef } from '../records.js';
import { slotOf } from '../storage-block.js';
import { type CheckedBlock, checkedBlock, sameStoredHeader } from './checked-block.js';
import { type CleanupResult, type CleanupTask, dropOutcome } from './cleanup.js';
import { createPublicCommitter, createSum } from './commitment.js';
import { requireKcv } from './key-check.js';
import { failureOf, type RewrapResult, type RotationFailure, readTask } from './run.js';
import { oldBlockOf, type RewrapTask, type RotationItem } from './tasks.js';
import {
  nameOf,
  recordsOf,
  type VerificationKind,
  type VerifyResult,
  type VerifyTask,
} from './verify.js';

/** A block, and the main key that it is under. */
export interface PortBlock {
  /** The TR-31 / X9.143 text, as its record holds it. */
  readonly block: string;
  /** The main key that opens it: one of the two of the task. */
  readonly under: KeyRef;
}

/**
 * A device or a service that holds main keys. A `KeyblockError` that a method rejects with is about
 * the one block; anything else stops the batch, and comes through as it is.
 */
export interface TranslatePort {
  /** Re-wraps a block: header unchanged but for what speaks of the wrapping. */
  translate(request: {
    readonly block: string;
    readonly from: KeyRef;
    readonly to: KeyRef;
  }): Promise<string>;
  /** The check value of a main key. */
  kcv(ref: KeyRef): Promise<Kcv>;
  /**
   * Opens a block, which has to be authentic, and tells the check value of the key in it: by the
   * method and of the length that its record has.
   */
  keyKcv(block: PortBlock): Promise<Kcv>;
  /** Tells whether two blocks hold the same key. Without it, check values have to do. */
  compare?(a: PortBlock, b: PortBlock): Promise<boolean>;
}

/** What the twins take. */
export interface PortRunOptions<T> {
  /** What to do. */
  readonly task: T;
  /** What holds the main keys of the task. */
  readonly port: TranslatePort;
}

/**
 * Re-wraps the keys of a task through a port. What it returns is checked as far as that can be done
 * without the key: place, attributes, that the header says what it said before, and that the port
 * opens it to the check value of the record. Where its main keys are not those of the record, every
 * key is refused: `KCV_MISMATCH`.
 *
 * @param options - The task, and the port.
 * @returns A block or a reason for each key, in JSON, for {@link apply}.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; and what the port rejects with, unless it is
 * about a single block.
 *
 * @example
 * ```ts
 * import { rotation } from 'keyblock/hierarchy';
 *
 * const kcv = { method: 'cmac', value: '0000000000' } as const;
 * const port: rotation.TranslatePort = {
 *   translate: async ({ block }) => block, // asks a device
 *   kcv: async () => kcv,
 *   keyKcv: async () => kcv,
 * };
 * const from = { keyId: 'eu-central-1/shop', version: 1 };
 * const to = { keyId: 'eu-central-1/shop', version: 2 };
 * const kcvs = { from: kcv, to: kcv };
 * const task = { kind: 'rewrap-task', jobId: 'j1', from, to, kcvs, items: [] } as const;
 * (await rotation.runWithPort({ task, port })).items; // []
 * ```
 */
export async function runWithPort(options: PortRunOptions<RewrapTask>): Promise<RewrapResult> {
  const { task, port } = readPortOptions(options, (given) => readTask(given, 'rewrap-task'));
  const { jobId, from, to, kcvs } = task;
  const kbpkKcv = await port.kcv(to);
  const isRight = sameKcv(kbpkKcv, kcvs.to) && (await hasMainKey(port, from, kcvs.from));
  const items = await eachItem(task.items, isRight, async (item) => {
    const old = checkedText(item, oldBlockOf(item));
    const block = await port.translate({ block: old.block, from, to });
    const { header } = checkedText(item, block);
    if (!sameStoredHeader(header, old.header)) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'header' });
    }
    requireKp(header, kbpkKcv);
    // After the switch it is read before any scan looks at it.
    requireKcv(item, await port.keyKcv({ block, under: to }));
    const { recordId, expectedRevision, version } = item;
    return { recordId, expectedRevision, version, slot: slotOf({ under: to, block, kbpkKcv }) };
  });
  return { kind: 'rewrap-result', jobId, to, items };
}

/** Whether a main key of a port is that of the record. */
async function hasMainKey(port: TranslatePort, ref: KeyRef, kcv: Kcv): Promise<boolean> {
  return sameKcv(await port.kcv(ref), kcv);
}

/**
 * Compares both blocks of every key of a task through a port: by `compare` where it has that, else
 * by check values, which says less, and is said in the status of the rotation: `kcv-only`. Where
 * its main keys are not those of the record, every key is refused: `KCV_MISMATCH`.
 *
 * @param options - The task, and the port.
 * @returns The sums of both sides and the rows that failed, in JSON, for {@link verifyFold}.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; and what the port rejects with, unless it is
 * about a single block.
 *
 * @example
 * ```ts
 * import { rotation } from 'keyblock/hierarchy';
 *
 * const kcv = { method: 'cmac', value: '0000000000' } as const;
 * const port: rotation.TranslatePort = {
 *   translate: async ({ block }) => block, // asks a device
 *   kcv: async () => kcv,
 *   keyKcv: async () => kcv,
 * };
 * const from = { keyId: 'eu-central-1/shop', version: 1 };
 * const to = { keyId: 'eu-central-1/shop', version: 2 };
 * const kcvs = { from: kcv, to: kcv };
 * const none = { bornUnderNew: false, items: [], keyless: [] };
 * const task = { kind: 'verify-task', jobId: 'j1', attempt: '1', from, to, kcvs, ...none } as const;
 * (await rotation.verifyWithPort({ task, port })).verification; // 'kcv-only'
 * ```
 */
export async function verifyWithPort(options: PortRunOptions<VerifyTask>): Promise<VerifyResult> {
  const { task, port } = readPortOptions(options, (given) => readTask(given, 'verify-task'));
  const { jobId, attempt, from, to, kcvs } = task;
  const isRight =
    (await hasMainKey(port, to, kcvs.to)) && (await hasMainKey(port, from, kcvs.from));
  const committer = createPublicCommitter(jobId);
  const before = createSum();
  const after = createSum();
  const isCompared = typeof port.compare === 'function';
  const verification: VerificationKind = isCompared ? 'port-compare' : 'kcv-only';
  const outcomes = await eachItem(task.items, isRight, async (item) => {
    const fresh = checkedText(item, item.newBlock);
    const newKcv = await port.keyKcv({ block: fresh.block, under: to });
    requireKcv(item, newKcv);
    const isBorn = oldBlockOf(item) === undefined && own(task, 'bornUnderNew') === true;
    const oldKcv = isBorn ? newKcv : await agreeingKcv(item, fresh, newKcv);
    before.add(committer.hash(nameOf(item), item.attributes, kcvBytes(oldKcv)));
    after.add(committer.hash(nameOf(item), item.attributes, kcvBytes(newKcv)));
    return undefined;
  });
  const failures = outcomes.filter((outcome) => outcome !== undefined);
  return {
    kind: 'verify-result',
    jobId,
    attempt,
    records: recordsOf(task.items),
    keyless: task.keyless,
    before: before.total(),
    after: after.total(),
    verification,
    failures,
  };

  async function agreeingKcv(item: RotationItem, fresh: CheckedBlock, newKcv: Kcv): Promise<Kcv> {
    const old = checkedText(item, oldBlockOf(item));
    const oldBlock = { block: old.block, under: from };
    const oldKcv = await port.keyKcv(oldBlock);
    if (!sameStoredHeader(old.header, fresh.header)) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'header' });
    }
    const agree =
      sameKcv(oldKcv, newKcv) &&
      (port.compare === undefined ||
        (await port.compare(oldBlock, { block: fresh.block, under: to })));
    if (!agree) throw new KeyblockError('KCV_MISMATCH', { field: 'key' });
    return oldKcv;
  }
}

/**
 * Opens the block that stays, for every key of a task, through a port. Where its main key is not
 * that of the record, every block has to stay: `KCV_MISMATCH`.
 *
 * @param options - The task, and the port.
 * @returns A verdict for each key, in JSON, for {@link cleanupApply}.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; and what the port rejects with, unless it is
 * about a single block.
 *
 * @example
 * ```ts
 * import { rotation } from 'keyblock/hierarchy';
 *
 * const kcv = { method: 'cmac', value: '0000000000' } as const;
 * const port: rotation.TranslatePort = {
 *   translate: async ({ block }) => block, // asks a device
 *   kcv: async () => kcv,
 *   keyKcv: async () => kcv,
 * };
 * const from = { keyId: 'eu-central-1/shop', version: 1 };
 * const to = { keyId: 'eu-central-1/shop', version: 2 };
 * const task = { jobId: 'j1', keep: to, drop: from, kcv, items: [] };
 * const result = await rotation.cleanupWithPort({ task: { kind: 'cleanup-task', ...task }, port });
 * result.items; // []
 * ```
 */
export async function cleanupWithPort(
  options: PortRunOptions<CleanupTask>,
): Promise<CleanupResult> {
  const { task, port } = readPortOptions(options, (given) => readTask(given, 'cleanup-task'));
  const { jobId, keep, drop, kcv } = task;
  const isRight = await hasMainKey(port, keep, kcv);
  const items = await eachItem(task.items, isRight, async (item) => {
    const { block } = checkedText(item, oldBlockOf(item));
    requireKcv(item, await port.keyKcv({ block, under: keep }));
    return dropOutcome(item, drop);
  });
  return { kind: 'cleanup-result', jobId, items };
}

function readPortOptions<T>(
  options: PortRunOptions<T>,
  read: (task: T | undefined) => T,
): PortRunOptions<T> {
  requireObject(options, 'options');
  const port = own(options, 'port');
  requireObject(port, 'port');
  if (port === undefined || typeof port.translate !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'port' });
  }
  return { task: read(own(options, 'task')), port };
}

/**
 * One after the other: how many requests a device takes at once is for its port to know. What a
 * port says with other main keys than the record's is about none of them.
 */
async function eachItem<T>(
  items: readonly RotationItem[],
  isRight: boolean,
  work: (item: RotationItem) => Promise<T>,
): Promise<(T | RotationFailure)[]> {
  const outcomes: (T | RotationFailure)[] = [];
  for (const item of items) {
    try {
      if (!isRight) throw new KeyblockError('KCV_MISMATCH', { field: 'port' });
      outcomes.push(await work(item));
    } catch (error) {
      outcomes.push(failureOf(item, error));
    }
  }
  return outcomes;
}

/** A block whose whole text is sound: nothing but the device says whether it is authentic. */
function checkedText(item: RotationItem, block: string | undefined): CheckedBlock {
  const checked = checkedBlock(item, block);
  parseKeyBlock(checked.block);
  return checked;
}

/** KP, which a device may leave out, is of the main key that the block is under. */
function requireKp({ optionalBlocks }: KeyBlockHeader, { value }: Kcv): void {
  const block = optionalBlocks.find(({ id }) => id === 'KP');
  const kp = block && readOptionalBlock(block);
  if (kp?.id === 'KP' && !value.startsWith(kp.kcv)) {
    throw new KeyblockError('KCV_MISMATCH', { field: 'slot' });
  }
}

/** What a port tells of a key goes into a sum in the place of the key. */
function kcvBytes({ method, value }: Kcv): Uint8Array {
  return new TextEncoder().encode(`${method}:${value}`);
}
