/**
 * Re-wraps many key blocks from one KBPK to another.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { checkedRandomBytes, type RandomBytes } from '../primitives/random.js';
import type { KeyInput } from '../secret-key.js';
import { isVersionId } from '../tr31/header.js';
import type { MaskedKeyLength } from '../tr31/payload.js';
import type { HeaderChanges } from '../tr31/rewrap.js';
import { type Allow, readPolicy, type Validation } from '../tr31/rules.js';
import { VERSIONS, type Version } from '../tr31/versions.js';
import { writingPolicy } from '../tr31/wrap.js';
import { type AesPort, checkedAesPort } from './aes-port.js';
import { chooseEngine, type EngineChoice } from './choose-engine.js';
import type { EngineName } from './engine/engine.js';
import { runBatch } from './pipeline/batch.js';
import type { Machine } from './pipeline/machine.js';
import { createRandomPool, type RandomPool } from './pipeline/random-pool.js';
import { rewrapChunk } from './pipeline/rewrap-chunk.js';
import type { RewrapRules } from './pipeline/rewrap-plans.js';
import { createShapes, type Shapes } from './pipeline/shape.js';
import { readText, type Text } from './pipeline/text.js';
import {
  createWorkshop,
  type PreparedKbpk,
  prepareKbpk,
  type Workshop,
} from './pipeline/workshop.js';
import { runAll } from './run-all.js';

/** What a bulk re-wrap may change in headers: the version, and attributes that it narrows. */
export interface BulkHeaderChanges extends HeaderChanges {
  /** The version of the new blocks: one that the new KBPK can be used for. */
  readonly versionId?: 'B' | 'D' | 'E' | undefined;
}

/** What {@link createRewrapper} takes. */
export interface RewrapperOptions {
  /** The KBPK that the blocks are under. Copied: destroying it later does not reach the copy. */
  readonly from: KeyInput;
  /** The KBPK that the new blocks are to be under, copied likewise. */
  readonly to: KeyInput;
  /** What is to change in every header, as `rewrapKey` takes it. */
  readonly header?: BulkHeaderChanges | undefined;
  /**
   * How to read the given blocks. Writing is strict all the same.
   * @defaultValue `'strict'`
   */
  readonly validation?: Validation | undefined;
  /** Rules to lift, each by its own word. */
  readonly allow?: readonly Allow[] | undefined;
  /**
   * Hides the length of the keys, as `wrapKey` does.
   * @defaultValue `'x9.143'`
   */
  readonly maskedKeyLength?: MaskedKeyLength | undefined;
  /**
   * Where padding comes from: called for many blocks at once, with up to 16384 bytes.
   * @defaultValue Web Crypto
   */
  readonly randomBytes?: RandomBytes | undefined;
  /** @defaultValue `'auto'` */
  readonly engine?: EngineChoice | undefined;
  /** AES of the embedder's, used where blocks and new blocks are of versions D or E. */
  readonly aes?: AesPort | undefined;
}

/** What became of one block of {@link Rewrapper.rewrap}. */
export type RewrapOutcome =
  | {
      /** The new block. */
      readonly keyBlock: string;
    }
  | {
      /** What `rewrapKey` throws for this block. */
      readonly error: KeyblockError;
    };

/** What became of one block of {@link Rewrapper.rewrapBytes}. */
export type RewrapBytesOutcome =
  | {
      /** The text of the new block in ASCII, in an array of its own. */
      readonly keyBlock: Uint8Array<ArrayBuffer>;
    }
  | {
      /** What `rewrapKey` throws for this block. */
      readonly error: KeyblockError;
    };

/** Two prepared KBPKs, and the working memory to re-wrap from one to the other. */
export interface Rewrapper {
  /** What does the work: `'native'` where AES was passed in, which does what is under AES. */
  readonly engine: EngineName | 'native';
  /**
   * Re-wraps key blocks, of whatever versions and lengths, one independent of the other.
   *
   * @param keyBlocks - The blocks. What is no string of a key block gets its error.
   * @returns For each block the new one, or the error that `rewrapKey` throws for it; in the order
   * of the input.
   * @throws {@link KeyblockError} `INVALID_ARGUMENT` for what is no array and for what a port or a
   * generator returns that was not asked for, `KEY_DESTROYED`, and
   * `STATE_CONFLICT` when called from inside a function that was passed in.
   */
  rewrap(keyBlocks: readonly string[]): readonly RewrapOutcome[];
  /**
   * Does the same with the bytes of the text, ASCII, which are read in the course of the call. The
   * new blocks are arrays of their own.
   */
  rewrapBytes(keyBlocks: readonly Uint8Array[]): readonly RewrapBytesOutcome[];
  /** Overwrites both keys, what was derived from them and the working memory. */
  destroy(): void;
}

/**
 * Prepares the re-wrapping of key blocks by the million: the keys are derived once, and many
 * blocks go side by side through ciphers without tables. Each result is that of `rewrapKey`, to
 * the code and field of an error; padding is fresh.
 *
 * A block whose MAC is wrong costs what its neighbours cost whose MACs are right, and gets the one
 * `AUTHENTICATION_FAILED`, whatever is wrong with it. It does not disturb them.
 *
 * @param options - Both KBPKs, what is to change, and how to read and write.
 * @returns The prepared operation. It holds keys: `destroy` it after use.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `KEY_DESTROYED`; `KBPK_MISMATCH` for a KBPK
 * that no version has; `UNSUPPORTED` where the engine asked for does not run.
 *
 * @example
 * ```ts
 * import { fromHex, generateKey } from 'keyblock';
 * import { createRewrapper } from 'keyblock/bulk';
 *
 * const rewrapper = createRewrapper({
 *   from: fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6'),
 *   to: generateKey({ algorithm: 'AES', lengthBits: 256 }),
 *   header: { versionId: 'D' },
 * });
 * const [first, second] = rewrapper.rewrap([
 *   'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E',
 *   'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A2480',
 * ]);
 * rewrapper.destroy();
 * first !== undefined && 'keyBlock' in first && first.keyBlock.length; // 112
 * second !== undefined && 'error' in second && second.error.code; // 'AUTHENTICATION_FAILED'
 * ```
 */
export function createRewrapper(options: RewrapperOptions): Rewrapper {
  requireObject(options, 'options');
  const job = prepareJob(options);
  const { workshop, random } = job;
  let state: 'ready' | 'working' | 'destroyed' = 'ready';

  return {
    engine: workshop.aesMachine.name,
    rewrap: (keyBlocks) => run(keyBlocks, false, takeStrings),
    rewrapBytes: (keyBlocks) => run(keyBlocks, true, takeBytes),
    destroy() {
      // In the middle of its work it is wiped when that ends, and what was done is not given out.
      const before = state;
      state = 'destroyed';
      if (before === 'ready') wipeKeys(job);
    },
  };

  function run<T>(
    keyBlocks: readonly unknown[],
    takesBytes: boolean,
    take: TakeBlocks<T>,
  ): readonly Outcome<T>[] {
    requireAlive();
    if (state === 'working') throw new KeyblockError('STATE_CONFLICT');
    if (!Array.isArray(keyBlocks)) {
      throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyBlock' });
    }
    state = 'working';
    try {
      // Functions that were passed in may change the array.
      const outcomes = rewrapAll(job, Array.from(keyBlocks), takesBytes, take, requireAlive);
      requireAlive();
      return outcomes;
    } finally {
      const isAlive = state === 'working';
      if (isAlive) state = 'ready';
      workshop.wipe();
      random.wipe();
      if (!isAlive) wipeKeys(job);
    }
  }

  /** A function that was passed in may have destroyed what is being worked with. */
  function requireAlive(): void {
    if (state === 'destroyed') throw new KeyblockError('KEY_DESTROYED', { field: 'from' });
  }
}

/** All that a re-wrapper has prepared. */
interface Job {
  readonly workshop: Workshop;
  readonly rules: RewrapRules;
  readonly shapes: Shapes;
  readonly random: RandomPool;
}

function prepareJob(options: RewrapperOptions): Job {
  const reading = readPolicy(options);
  const writing = writingPolicy(options);
  const changes = readChanges(own(options, 'header'));
  const maskedKeyLength = own(options, 'maskedKeyLength');
  const randomBytes = own(options, 'randomBytes');
  checkedRandomBytes(randomBytes);
  const aes = checkedAesPort(own(options, 'aes'));
  const workshop = createWorkshop(chooseEngine(own(options, 'engine')), aes);
  const from = prepareKbpk(own(options, 'from'), 'from', workshop);
  const to = prepareOther(own(options, 'to'), from, workshop);
  const { checkValue } = workshop;
  return {
    workshop,
    rules: { from, to, changes, reading, writing, maskedKeyLength, checkValue },
    shapes: createShapes(from, reading),
    random: createRandomPool(randomBytes),
  };
}

/** Prepares the second KBPK, or overwrites what was prepared before. */
function prepareOther(
  key: KeyInput | undefined,
  first: PreparedKbpk,
  workshop: Workshop,
): PreparedKbpk {
  try {
    return prepareKbpk(key, 'to', workshop);
  } catch (error) {
    first.destroy();
    workshop.destroy();
    throw error;
  }
}

/** Re-wraps a batch. After each chunk it makes sure that it is still to go on. */
function rewrapAll<T>(
  { workshop, rules, shapes, random }: Job,
  input: readonly unknown[],
  takesBytes: boolean,
  take: TakeBlocks<T>,
  requireAlive: () => void,
): readonly Outcome<T>[] {
  const outcomes = new Array<Outcome<T>>(input.length);
  runBatch(workshop, shapes, rules.reading, input, {
    takesBytes,
    lanesFor: (version) => machineFor(workshop, rules, version).lanes,
    refuse(index, error) {
      outcomes[index] = { error };
    },
    visit(chunk) {
      const { indexes, version } = chunk;
      const machine = machineFor(workshop, rules, version);
      rules.to.derive(machine, writtenAs(rules, version));
      rewrapChunk(workshop, machine, rules, random, chunk, {
        refuse(lane, error) {
          outcomes[indexes[lane] as number] = { error }; // in range, here and below
        },
        take(lanes, length, text) {
          take(text, lanes.length, length, (i, keyBlock) => {
            outcomes[indexes[lanes[i] as number] as number] = { keyBlock };
          });
        },
      });
      requireAlive();
    },
  });
  return outcomes;
}

/** A port has AES only: it is for blocks that are under AES before and after. */
function machineFor(
  { machine, aesMachine }: Workshop,
  rules: RewrapRules,
  version: Version,
): Machine {
  const isAes = [version, writtenAs(rules, version)].every((each) => each.kbpkAlgorithm === 'AES');
  return isAes ? aesMachine : machine;
}

/** The version of the new block; that of the old one where what is wanted is none. */
function writtenAs({ changes }: RewrapRules, version: Version): Version {
  const versionId = own(changes, 'versionId');
  return isVersionId(versionId) ? VERSIONS[versionId] : version;
}

function wipeKeys({ workshop, shapes, rules: { from, to } }: Job): void {
  runAll([shapes.wipe, from.destroy, to.destroy, () => workshop.destroy()]);
}

type Outcome<T> = { readonly keyBlock: T } | { readonly error: KeyblockError };

/** Takes blocks of one length out of a text, in which each begins at a multiple of four. */
type TakeBlocks<T> = (
  text: Text,
  count: number,
  length: number,
  put: (i: number, keyBlock: T) => void,
) => void;

/**
 * Strings are cut out of longer ones, because decoding each by itself costs several times as much.
 * Who keeps one of them keeps at most so many characters.
 */
const PORTION_LENGTH = 8192;

function takeStrings(
  text: Text,
  count: number,
  length: number,
  put: (i: number, keyBlock: string) => void,
): void {
  const step = (length + 3) & ~3;
  const portion = Math.max(1, Math.floor(PORTION_LENGTH / step));
  for (let first = 0; first < count; first += portion) {
    const end = Math.min(count, first + portion);
    const string = readText(text, first * step, (end - 1) * step + length);
    for (let i = first; i < end; i++) {
      const from = (i - first) * step;
      put(i, string.slice(from, from + length));
    }
  }
}

function takeBytes(
  { bytes }: Text,
  count: number,
  length: number,
  put: (i: number, keyBlock: Uint8Array<ArrayBuffer>) => void,
): void {
  const step = (length + 3) & ~3;
  for (let i = 0; i < count; i++) put(i, bytes.slice(i * step, i * step + length));
}

/** What may be named in a header, whether it may change or not. */
const CHANGES = [
  'versionId',
  'modeOfUse',
  'exportability',
  'keyContext',
  'keyUsage',
  'algorithm',
  'keyVersionNumber',
  'optionalBlocks',
] as const;

/** Copies what is to change, so that it is the same for every block. */
function readChanges(given: BulkHeaderChanges | undefined): HeaderChanges {
  if (given === undefined) return {};
  requireObject(given, 'header');
  const changes: Record<string, unknown> = {};
  for (const name of CHANGES) {
    const value = own(given as Record<string, unknown>, name);
    if (value !== undefined) changes[name] = value;
  }
  return changes; // of any type: every value is checked with the header that it is to change
}
