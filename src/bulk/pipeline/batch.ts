/**
 * Takes many key blocks apart into chunks: blocks of one version and of the same lengths, one a
 * lane. Works through a window of the input at a time, so that memory is bounded whatever comes.
 */

import { KeyblockError } from '../../errors.js';
import { isBytes } from '../../primitives/bytes.js';
import { scanKeyBlock } from '../../tr31/parse.js';
import type { Policy } from '../../tr31/rules.js';
import { MAX_KEY_BLOCK_LENGTH } from '../../tr31/text.js';
import type { Version } from '../../tr31/versions.js';
import type { HeaderLanes, Run } from './chain.js';
import type { Shape, ShapeGroup, Shapes } from './shape.js';
import { createText, readCharacters, type Text, writeText } from './text.js';
import { WINDOW_BLOCKS, type Window } from './window.js';
import type { Workshop } from './workshop.js';

/** One block a lane, all of one version and of the same lengths. */
export interface Chunk {
  readonly headers: HeaderLanes;
  readonly version: Version;
  /** Bytes. */
  readonly payloadLength: number;
  /** Of every lane. */
  readonly shapes: readonly Shape[];
  /** Of every lane, where its block is in the input. */
  readonly indexes: readonly number[];
  /** The text of a lane's block, as it came. */
  keyBlockOf(lane: number): string;
  /** Whether a lane's block has hex in lower case, where validation lets it pass. */
  hasLowerCase(lane: number): boolean;
}

/** What happens to the blocks. */
export interface BatchVisitor {
  /** How many lanes a chunk of a version has. */
  lanesFor(version: Version): number;
  /** Works on a chunk, of which nothing may be kept. */
  visit(chunk: Chunk): void;
  /** Is told what can not be opened at all. */
  refuse(index: number, error: KeyblockError): void;
}

/** Characters of a window: room for the longest blocks in every lane. */
const WINDOW_LENGTH = 1_500_000;

/** Characters that are written at once: for each string by itself it costs three times as much. */
const PORTION_LENGTH = 16_384;

/** Fills up to whole words. */
const FILLERS = ['', '   ', '  ', ' '] as const;

/** Runs a visitor over all blocks: strings, or the bytes of strings. */
export function runBatch(
  workshop: Workshop,
  shapes: Shapes,
  policy: Policy,
  input: readonly unknown[],
  visitor: BatchVisitor,
): void {
  const { window } = workshop;
  const { length } = input;
  const groups = new Set<ShapeGroup>();
  let carried: number[] = [];
  let carriedLength = 0;
  let next = 0;
  try {
    while (next < length || carried.length > 0) {
      window.count = 0;
      window.end = 0;
      const again = carried;
      carried = [];
      carriedLength = 0;
      const stages = [again.values(), rest()];
      for (const indexes of stages) fillWindow(workshop, input, indexes, refuseText);
      for (let slot = 0; slot < window.count; slot++) sortIn(slot);
      for (const group of groups) workOff(group);
      groups.clear();
      window.strings.length = 0;
      window.lowerCase.clear();
    }
  } finally {
    // A visitor may have thrown: shapes live longer than a window.
    for (const group of groups) emptyGroup(group);
    window.strings.length = 0;
    window.lowerCase.clear();
  }

  function* rest(): Generator<number> {
    while (next < length && hasRoom(window)) yield next++;
  }

  function refuseText(index: number, keyBlock: unknown): void {
    visitor.refuse(index, errorOf(keyBlock, policy));
  }

  function sortIn(slot: number): void {
    const { input: text } = workshop;
    const at = window.at[slot] as number; // in range, here and below
    const keyBlockLength = window.lengths[slot] as number;
    const shape = shapes.find(text, at, keyBlockLength, () => stringOf(text, window, slot));
    if (shape instanceof KeyblockError) {
      visitor.refuse(window.indexes[slot] as number, shape);
    } else if (shape.refused !== undefined) {
      visitor.refuse(window.indexes[slot] as number, shape.refused);
    } else {
      if (
        toleratesLowerCase(policy) &&
        raiseCase(text, at + shape.headerLength, at + keyBlockLength)
      )
        window.lowerCase.add(slot);
      if (shape.waiting.length === 0) shape.group.waiting.push(shape);
      shape.waiting.push(slot);
      groups.add(shape.group);
    }
  }

  function workOff(group: ShapeGroup): void {
    const [model] = group.waiting;
    if (model === undefined) return;
    const lanes = visitor.lanesFor(model.version);
    const slots: number[] = [];
    const shapeOf: Shape[] = [];
    for (const shape of group.waiting) {
      for (const slot of shape.waiting) {
        slots.push(slot);
        shapeOf.push(shape);
      }
    }
    emptyGroup(group);
    const mayWait = (part: readonly number[], { keyBlockLength }: Shape) =>
      carried.length < WINDOW_BLOCKS / 2 &&
      carriedLength + part.length * keyBlockLength < WINDOW_LENGTH / 2;
    for (let first = 0; first < slots.length; first += lanes) {
      const part = slots.slice(first, first + lanes);
      // Lanes are better filled together with what is still to come, unless too much waits already.
      if (part.length < lanes && next < length && mayWait(part, model)) {
        carried.push(...part.map((slot) => window.indexes[slot] as number));
        carriedLength += part.length * model.keyBlockLength;
      } else {
        visitor.visit(createChunk(workshop, model, part, shapeOf.slice(first, first + lanes)));
      }
    }
  }
}

/** What is wrong with a text that is no key block. */
export function errorOf(keyBlock: unknown, policy: Policy): KeyblockError {
  try {
    scanKeyBlock(keyBlock as string, policy); // refuses what is none
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
  return new KeyblockError('INVALID_HEX', { field: 'payload' });
}

function createChunk(
  { input: text, window }: Workshop,
  { version, headerLength, payloadLength }: Shape,
  slots: readonly number[],
  shapes: readonly Shape[],
): Chunk {
  const at = Int32Array.from(slots, (slot) => window.at[slot] as number); // in range
  const runs = runsOf(shapes);
  return {
    headers: { text, at, count: slots.length, headerLength, runs },
    version,
    payloadLength,
    shapes,
    indexes: slots.map((slot) => window.indexes[slot] as number),
    keyBlockOf: (lane) => stringOf(text, window, slots[lane] as number),
    hasLowerCase: (lane) => window.lowerCase.has(slots[lane] as number),
  };
}

function runsOf(shapes: readonly Shape[]): Run[] {
  const runs: Run[] = [];
  for (let first = 0, lane = 1; lane <= shapes.length; lane++) {
    const shape = shapes[first] as Shape; // in range
    if (shapes[lane] === shape) continue;
    runs.push({ first, end: lane, chain: shape.chain, sameWords: shape.firstFree });
    first = lane;
  }
  return runs;
}

function emptyGroup({ waiting }: ShapeGroup): void {
  for (const shape of waiting) shape.waiting.length = 0;
  waiting.length = 0;
}

function hasRoom({ count, end }: Window): boolean {
  return count < WINDOW_BLOCKS && end < WINDOW_LENGTH - MAX_KEY_BLOCK_LENGTH;
}

/** Puts blocks into the text, many strings at a time. */
function fillWindow(
  workshop: Workshop,
  input: readonly unknown[],
  indexes: Iterable<number>,
  refuse: (index: number, keyBlock: unknown) => void,
): void {
  const { window } = workshop;
  let pending = '';
  let firstPending = window.count;
  for (const index of indexes) {
    const keyBlock = input[index];
    if (!(typeof keyBlock === 'string' || isBytes(keyBlock))) {
      refuse(index, keyBlock);
      continue;
    }
    const { length } = keyBlock;
    if (length < 16 || length > MAX_KEY_BLOCK_LENGTH) {
      refuse(index, typeof keyBlock === 'string' ? keyBlock : ' '.repeat(length));
      continue;
    }
    const slot = window.count++;
    window.indexes[slot] = index;
    window.at[slot] = window.end;
    window.lengths[slot] = length;
    window.end += (length + 3) & ~3;
    if (typeof keyBlock === 'string') {
      window.strings[slot] = keyBlock;
      pending += keyBlock;
      if ((length & 3) !== 0) pending += FILLERS[length & 3];
      if (pending.length < PORTION_LENGTH) continue;
    }
    writePending(workshop, pending, firstPending);
    pending = '';
    firstPending = window.count;
    if (typeof keyBlock !== 'string') {
      window.strings[slot] = undefined;
      makeRoom(workshop, window.end);
      workshop.input.bytes.set(keyBlock, window.at[slot]);
    }
  }
  writePending(workshop, pending, firstPending);
}

function writePending(workshop: Workshop, pending: string, first: number): void {
  if (pending === '') return;
  const { window } = workshop;
  makeRoom(workshop, window.end);
  const { input: text } = workshop;
  if (writeText(text, window.at[first] as number, pending)) return; // in range, here and below
  // One of them is not ASCII: it becomes a text that is no key block, without a trace in others.
  for (let slot = first; slot < window.count; slot++) {
    const at = window.at[slot] as number;
    const string = window.strings[slot];
    if (string !== undefined && !writeText(text, at, string)) text.bytes[at] = 0;
  }
}

function makeRoom(workshop: Workshop, length: number): void {
  const { input } = workshop;
  if (input.bytes.length >= length) return;
  // Twice as much, so that a window does not copy itself again and again.
  const longer = createText(Math.min(Math.max(2 * length, 4096), WINDOW_LENGTH + 16_384));
  longer.bytes.set(input.bytes);
  workshop.input = longer;
}

/** The text of a block as it came: character for character, whatever they are. */
function stringOf(text: Text, { strings, at, lengths }: Window, slot: number): string {
  const from = at[slot] as number; // in range, here and below
  return strings[slot] ?? readCharacters(text, from, from + (lengths[slot] as number));
}

function toleratesLowerCase({ strict, allow }: Policy): boolean {
  return !strict || allow.has('lower-case-hex');
}

/** Raises hex digits to upper case, and tells whether there were any to raise. */
function raiseCase({ bytes }: Text, from: number, to: number): boolean {
  let raised = false;
  for (let i = from; i < to; i++) {
    const code = bytes[i] as number; // in range
    if (code >= 0x61 && code <= 0x66) {
      bytes[i] = code - 0x20;
      raised = true;
    }
  }
  return raised;
}
