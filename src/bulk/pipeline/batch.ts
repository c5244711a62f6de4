/**
 * Takes many key blocks apart into chunks: blocks of one version and of the same lengths, one a
 * lane. Works through a window of the input at a time, so that memory is bounded whatever comes.
 */

import { KeyblockError } from '../../errors.js';
import { isBytes, trueLength } from '../../primitives/bytes.js';
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
export interface Chunk extends HeaderLanes {
  count: number;
  readonly runs: Run[];
  readonly version: Version;
  /** Bytes. */
  readonly payloadLength: number;
  /** Of every lane. */
  readonly shapes: Shape[];
  /** Of every lane, where its block is in the input, and in the window. */
  readonly indexes: Int32Array;
  readonly slots: Int32Array;
  /** The text of a lane's block, as it came. */
  keyBlockOf(lane: number): string;
  /** Whether a lane's block has hex in lower case, where validation lets it pass. */
  hasLowerCase(lane: number): boolean;
}

/** What happens to the blocks. */
export interface BatchVisitor {
  /** Whether blocks come as bytes, not as strings. */
  readonly takesBytes: boolean;
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

/** A batch on its way. */
interface Batch {
  readonly workshop: Workshop;
  readonly shapes: Shapes;
  readonly policy: Policy;
  readonly isTolerant: boolean;
  /** Strings, or the bytes of strings, and which of them comes next. */
  readonly input: readonly unknown[];
  next: number;
  readonly visitor: BatchVisitor;
  /** Those that blocks of the window belong to. */
  readonly groups: Set<ShapeGroup>;
  /** Blocks that wait for the next window, and how many characters they have. */
  carried: number[];
  carriedLength: number;
}

/** Runs a visitor over all blocks: strings, or the bytes of strings. */
export function runBatch(
  workshop: Workshop,
  shapes: Shapes,
  policy: Policy,
  input: readonly unknown[],
  visitor: BatchVisitor,
): void {
  const { window } = workshop;
  const groups = new Set<ShapeGroup>();
  const batch: Batch = {
    workshop,
    shapes,
    policy,
    isTolerant: toleratesLowerCase(policy),
    input,
    next: 0,
    visitor,
    groups,
    carried: [],
    carriedLength: 0,
  };
  try {
    while (batch.next < input.length || batch.carried.length > 0) {
      fillWindow(batch);
      for (let slot = 0; slot < window.count; slot++) sortIn(batch, slot);
      for (const group of groups) workOff(batch, group);
      endWindow(batch);
    }
  } finally {
    // A visitor may have thrown: shapes live longer than a window.
    for (const group of groups) emptyGroup(group);
    endWindow(batch);
  }
}

/** Finds out what a block of the window goes together with. */
function sortIn(batch: Batch, slot: number): void {
  const { workshop, shapes, policy, isTolerant, visitor, groups } = batch;
  const { input: text, window } = workshop;
  const at = window.at[slot] as number; // in range, here and below
  const keyBlockLength = window.lengths[slot] as number;
  const shape =
    shapes.findKnown(text, at, keyBlockLength) ??
    shapes.find(text, at, keyBlockLength, stringOf(text, window, slot));
  if (shape instanceof KeyblockError) {
    visitor.refuse(window.indexes[slot] as number, shape);
  } else if (shape.refused !== undefined) {
    // What is wrong with the text comes before the KBPK.
    const error = scanError(stringOf(text, window, slot), policy) ?? shape.refused;
    visitor.refuse(window.indexes[slot] as number, error);
  } else {
    if (isTolerant && raiseCase(text, at + shape.headerLength, at + keyBlockLength))
      window.lowerCase.add(slot);
    if (shape.waiting.length === 0) {
      shape.group.waiting.push(shape);
      groups.add(shape.group);
    }
    shape.waiting.push(slot);
  }
}

/** Shows the visitor the blocks of a group, a chunk at a time. */
function workOff(batch: Batch, group: ShapeGroup): void {
  const { workshop, visitor } = batch;
  const [model] = group.waiting;
  if (model === undefined) return;
  const lanes = visitor.lanesFor(model.version);
  const chunk = createChunk(workshop, model, lanes);
  for (const shape of knownFirst(group)) {
    for (const slot of shape.waiting) {
      addLane(workshop, chunk, shape, slot);
      if (chunk.count < lanes) continue;
      visitor.visit(chunk);
      emptyChunk(chunk);
    }
  }
  emptyGroup(group);
  if (chunk.count > 0 && !carryOver(batch, chunk, model.keyBlockLength)) visitor.visit(chunk);
}

/**
 * Lets a chunk wait for the next window, and tells whether it does: lanes are better filled together
 * with what is still to come, unless too much waits already.
 */
function carryOver(batch: Batch, { count, indexes }: Chunk, keyBlockLength: number): boolean {
  const { carried, input, next } = batch;
  const length = batch.carriedLength + count * keyBlockLength;
  const mayWait = carried.length < WINDOW_BLOCKS / 2 && length < WINDOW_LENGTH / 2;
  if (!mayWait || next === input.length) return false;
  carried.push(...indexes.subarray(0, count));
  batch.carriedLength = length;
  return true;
}

function endWindow({ workshop: { window }, shapes, groups }: Batch): void {
  groups.clear();
  shapes.endWindow();
  window.strings.length = 0;
  window.lowerCase.clear();
}

/** What is wrong with a text that is no key block. */
export function errorOf(keyBlock: unknown, policy: Policy): KeyblockError {
  return scanError(keyBlock, policy) ?? new KeyblockError('INVALID_HEX', { field: 'payload' });
}

function scanError(keyBlock: unknown, policy: Policy): KeyblockError | undefined {
  try {
    scanKeyBlock(keyBlock as string, policy); // refuses what is none
    return undefined;
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
}

function createChunk(
  { input: text, window }: Workshop,
  { version, headerLength, payloadLength }: Shape,
  lanes: number,
): Chunk {
  const slots = new Int32Array(lanes);
  return {
    text,
    at: new Int32Array(lanes),
    count: 0,
    headerLength,
    runs: [],
    version,
    payloadLength,
    shapes: [],
    indexes: new Int32Array(lanes),
    slots,
    keyBlockOf: (lane) => stringOf(text, window, slots[lane] as number), // in range, here and below
    hasLowerCase: (lane) => window.lowerCase.has(slots[lane] as number),
  };
}

function addLane({ window }: Workshop, chunk: Chunk, shape: Shape, slot: number): void {
  const lane = chunk.count++;
  chunk.slots[lane] = slot;
  chunk.at[lane] = window.at[slot] as number;
  chunk.indexes[lane] = window.indexes[slot] as number;
  chunk.shapes[lane] = shape;
  const run = chunk.runs.at(-1);
  if (run !== undefined && run.chain === shape.chain) run.end = chunk.count;
  else
    chunk.runs.push({
      first: lane,
      end: chunk.count,
      chain: shape.chain,
      sameWords: shape.firstFree,
    });
}

/** Headers that came before share chunks with each other: one that is new takes their states away. */
function knownFirst({ waiting }: ShapeGroup): readonly Shape[] {
  if (waiting.length === 1) return waiting;
  const known = waiting.filter(({ chain }) => chain.isKnown);
  return [...known, ...waiting.filter(({ chain }) => !chain.isKnown)];
}

function emptyChunk(chunk: Chunk): void {
  chunk.count = 0;
  chunk.runs.length = 0;
  chunk.shapes.length = 0;
}

function emptyGroup({ waiting }: ShapeGroup): void {
  for (const shape of waiting) shape.waiting.length = 0;
  waiting.length = 0;
}

function hasRoom({ count, end }: Window): boolean {
  return count < WINDOW_BLOCKS && end < WINDOW_LENGTH - MAX_KEY_BLOCK_LENGTH;
}

/**
 * Puts blocks into the text, many strings at a time: those that waited, then those that come next.
 */
function fillWindow(batch: Batch): void {
  const { workshop, input, policy, visitor, carried: again } = batch;
  const { takesBytes } = visitor;
  const { window } = workshop;
  batch.carried = [];
  batch.carriedLength = 0;
  window.count = 0;
  window.end = 0;
  let pending = '';
  let firstPending = 0;
  for (let i = 0; i < again.length || (batch.next < input.length && hasRoom(window)); i++) {
    const index = i < again.length ? (again[i] as number) : batch.next++; // in range
    const keyBlock = input[index];
    if (!isText(keyBlock, takesBytes)) {
      visitor.refuse(index, errorOf(undefined, policy));
      continue;
    }
    const length = lengthOf(keyBlock);
    if (length < 16 || length > MAX_KEY_BLOCK_LENGTH) {
      const likeIt = ' '.repeat(Math.min(length, MAX_KEY_BLOCK_LENGTH + 1));
      visitor.refuse(index, errorOf(typeof keyBlock === 'string' ? keyBlock : likeIt, policy));
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

function isText(keyBlock: unknown, takesBytes: boolean): keyBlock is string | Uint8Array {
  return takesBytes ? isBytes(keyBlock) : typeof keyBlock === 'string';
}

function lengthOf(keyBlock: string | Uint8Array): number {
  return typeof keyBlock === 'string' ? keyBlock.length : trueLength(keyBlock);
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
  // Twice as much, so that a window does not copy itself again and again. Beyond a window are only
  // bytes that grew while they waited.
  const enough = Math.min(Math.max(2 * length, 4096), WINDOW_LENGTH + 16_384);
  const longer = createText(Math.max(length, enough));
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
