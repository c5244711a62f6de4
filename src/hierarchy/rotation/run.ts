/**
 * The work of a task: pure computation, in any process that has both main keys.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorCode, type KeyblockErrorField } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import type { RandomBytes } from '../../primitives/random.js';
import type { KeyRing } from '../key-ring.js';
import { isKcv, isListOf, isText, member } from '../read-record.js';
import type { BlockSlot, KeyRef } from '../records.js';
import { isObject, isRef } from './read-shape.js';
import type { RewrapTask, RotationItem } from './tasks.js';
import { createWorkbench, type Rewrapped, type Workbench } from './workbench.js';

/** A key that could not be worked on: whose it is, and why. */
export interface RotationFailure {
  /** As `recordId` gives it; of a row that is no record what it calls itself, or empty. */
  readonly recordId: string;
  /** Of a profile: the version whose key it is. */
  readonly version?: number | undefined;
  /** Of the error that this row led to. */
  readonly code: KeyblockErrorCode;
  /** Of that error, where it names one. */
  readonly field?: KeyblockErrorField | undefined;
}

/** What became of one key. */
export type RewrapOutcome =
  | {
      /** The record that holds the key. */
      readonly recordId: string;
      /** Of the record as the task saw it: a later one does not take the block. */
      readonly expectedRevision: number;
      /** Of a profile: the version whose key it is. */
      readonly version?: number | undefined;
      /** The new block, to be put beside the old one. */
      readonly slot: BlockSlot;
    }
  | RotationFailure;

/** What became of a task. */
export interface RewrapResult {
  /** Says what this is. */
  readonly kind: 'rewrap-result';
  /** The rotation; results of another one are passed over. */
  readonly jobId: string;
  /** The main key that the new blocks are under: one of the two of the rotation. */
  readonly to: KeyRef;
  /** One for each item of the task, in its order. */
  readonly items: readonly RewrapOutcome[];
}

/** What {@link run} takes. */
export interface RunOptions {
  /** What to do: of {@link tasks}. */
  readonly task: RewrapTask;
  /** Both main keys of the task. */
  readonly ring: KeyRing;
  /**
   * Where padding comes from.
   * @defaultValue Web Crypto
   */
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * Re-wraps the keys of a task. One bad row stops nothing: it is named in the result.
 *
 * @param options - The task, and a ring with both main keys.
 * @returns A block or a reason for each key, in JSON, for {@link apply}.
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
 * const task = { kind: 'rewrap-task', jobId: 'j1', from, to, kcvs, items: [] } as const;
 * rotation.run({ task, ring }).items; // []
 * ```
 */
export function run(options: RunOptions): RewrapResult {
  requireObject(options, 'options');
  const task = readTask(own(options, 'task'), 'rewrap-task');
  return withWorkbench(options, (workbench) => rewrapTask(task, workbench));
}

/** The same with what is prepared. */
export function rewrapTask(task: RewrapTask, workbench: Workbench): RewrapResult {
  const { jobId, to, items } = task;
  const rewrapped = workbench.rewrap(task);
  const outcomes = items.map((item, i): RewrapOutcome => {
    const { recordId, expectedRevision, version } = item;
    const outcome = rewrapped[i] as Rewrapped; // as many come back
    if ('error' in outcome) return failureOf(item, outcome.error);
    return { recordId, expectedRevision, version, slot: outcome.slot };
  });
  return { kind: 'rewrap-result', jobId, to, items: outcomes };
}

/** Prepares what one task needs, and destroys it after. */
export function withWorkbench<T>(
  options: { readonly ring: KeyRing; readonly randomBytes?: RandomBytes | undefined },
  use: (workbench: Workbench) => T,
): T {
  const workbench = createWorkbench(own(options, 'ring'), own(options, 'randomBytes'));
  try {
    return use(workbench);
  } finally {
    workbench.destroy();
  }
}

/** What goes wrong with one row is data; what is not the library's is the caller's to handle. */
export function failureOf(
  { recordId, version }: Pick<RotationItem, 'recordId' | 'version'>,
  error: unknown,
): RotationFailure {
  if (!(error instanceof KeyblockError)) throw error;
  const { code, field } = error;
  return { recordId, version, code, field };
}

/** The outcome for one row: what it comes to, or what is wrong with it. */
export function attempt<T>(item: RotationItem, work: () => T): T | RotationFailure {
  try {
    return work();
  } catch (error) {
    return failureOf(item, error);
  }
}

/** Reads a task of the kind that a function works on. */
export function readTask<T extends { readonly kind: TaskKind; readonly items: readonly unknown[] }>(
  task: T | undefined,
  kind: T['kind'],
): T {
  requireObject(task, 'job');
  const items = task && own(task, 'items');
  const isSound =
    isListOf(items, (item) => isObject(item) && isObject(item.attributes)) && IS_SOUND[kind](task);
  if (task === undefined || own(task, 'kind') !== kind || !isSound) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
  }
  return task;
}

type TaskKind = 'rewrap-task' | 'verify-task' | 'cleanup-task';

/** What a task has to have beside its items. */
const IS_SOUND: Readonly<Record<TaskKind, (task: unknown) => boolean>> = {
  'rewrap-task': isOfTwoKeys,
  'verify-task': (task) => isOfTwoKeys(task) && isListOf(member(task, 'keyless'), isText),
  'cleanup-task': isOfOneKey,
};

/** Of a clean-up: the main key that stays, with its check value, and the one that goes. */
function isOfOneKey(task: unknown): boolean {
  return isRef(member(task, 'keep')) && isRef(member(task, 'drop')) && isKcv(member(task, 'kcv'));
}

function isOfTwoKeys(task: unknown): boolean {
  const kcvs = member(task, 'kcvs');
  return ['from', 'to'].every((name) => isRef(member(task, name)) && isKcv(member(kcvs, name)));
}
