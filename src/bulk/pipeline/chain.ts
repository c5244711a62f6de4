/**
 * MACs of headers. Headers begin alike: the first blocks of a chain of CMAC are computed once, for
 * all lanes and for all that follow, as far as they are the same.
 */

import type { LaneBlockKeys } from './lane-keys.js';
import type { Machine, PlaneConstant } from './machine.js';
import type { Places } from './places.js';
import { spreadCharacters, type Text } from './text.js';

/** The header blocks that came last, and the states of the MAC after each. */
export interface Chain {
  /** As words of a text. */
  readonly words: number[];
  readonly states: PlaneConstant[];
  /** Whether there were such headers before. */
  isKnown: boolean;
}

/** Begins without a state. */
export function createChain(): Chain {
  return { words: [], states: [], isKnown: false };
}

/** Lanes side by side whose headers are alike up to a word. */
export interface Run {
  readonly first: number;
  end: number;
  readonly chain: Chain;
  /** Words of the header that are the same in all of them, whatever they hold. */
  readonly sameWords: number;
}

/** Headers of lanes in a text. */
export interface HeaderLanes {
  readonly text: Text;
  /** Where the header of each lane begins; -1 where there is none. */
  readonly at: Int32Array;
  readonly count: number;
  readonly headerLength: number;
  readonly runs: readonly Run[];
}

/** More than headers in use have; what is beyond is computed for every lane. */
const MAX_DEPTH = 24;

/** Computes the state of the MAC after the header, in every lane. */
export function startMac(
  machine: Machine,
  places: Places,
  keys: LaneBlockKeys,
  headers: HeaderLanes,
): void {
  const { blockLength, blockWords } = keys.cipher;
  const { text, at, count, headerLength, runs } = headers;
  const blocks = headerLength / blockLength;
  let depth = Math.min(blocks, MAX_DEPTH);
  for (const run of runs) depth = Math.min(depth, usefulBlocks(headers, run, blockLength));
  if (depth === 0) machine.words.fill(0, places.state, places.state + blockWords);
  else setStates(machine, places, keys, headers, depth);
  for (let block = depth; block < blocks; block += places.portion) {
    const portion = Math.min(places.portion, blocks - block);
    const { words, laneOffsets, lanes } = machine;
    for (let lane = 0; lane < count; lane++) {
      const from = at[lane] as number; // in range, here and below
      if (from < 0) continue;
      const row = places.rows + (laneOffsets[lane] as number);
      const characters = from + block * blockLength;
      spreadCharacters(text, characters, words, row, lanes, (portion * blockLength) >> 2);
    }
    keys.cipher.toPlanes(places.planes, places.rows, portion);
    for (let i = 0; i < portion; i++) {
      machine.xor(places.state, places.planes + i * blockWords, blockWords);
      keys.authentication.encrypt(places.state);
    }
  }
}

/** Overwrites the states, which are encrypted under a KBAK. */
export function wipeChain({ states, words }: Chain): void {
  for (const state of states) state.fill(0);
  states.length = 0;
  words.length = 0;
}

/**
 * How many states are worth keeping: each takes all lanes to compute, too much for headers of which
 * every block has another and none comes again.
 */
function usefulBlocks(headers: HeaderLanes, run: Run, blockLength: number): number {
  if (run.chain.isKnown) return commonBlocks(headers, run, blockLength);
  run.chain.isKnown = true;
  return 0;
}

/** How many blocks the headers of a run have in common. */
function commonBlocks(
  { text: { words }, at, headerLength }: HeaderLanes,
  { first, end, sameWords }: Run,
  blockLength: number,
): number {
  // What is free differs from the next call's, if not from a neighbour's.
  let common = end - first > 1 ? headerLength >> 2 : sameWords;
  let model = -1;
  for (let lane = first; lane < end; lane++) {
    const from = (at[lane] as number) >> 2; // in range, here and below
    if (from < 0) continue;
    if (model < 0) model = from;
    else {
      let i = Math.min(sameWords, common);
      while (i < common && words[model + i] === words[from + i]) i++;
      common = i;
    }
  }
  return Math.floor((4 * common) / blockLength);
}

function setStates(
  machine: Machine,
  places: Places,
  keys: LaneBlockKeys,
  headers: HeaderLanes,
  depth: number,
): void {
  let isFirst = true;
  for (const run of headers.runs) {
    const from = firstHeader(headers, run);
    if (from < 0) continue;
    const state = stateOf(machine, places, keys, headers.text, from, run.chain, depth);
    if (isFirst) machine.setConstant(places.state, state);
    else {
      machine.setConstant(places.temporary, state);
      machine.copyLanes(keys.cipher, places.state, places.temporary, run.first, run.end);
    }
    isFirst = false;
  }
}

function firstHeader({ at }: HeaderLanes, { first, end }: Run): number {
  for (let lane = first; lane < end; lane++) {
    if ((at[lane] as number) >= 0) return at[lane] as number; // in range
  }
  return -1;
}

/** The state after so many blocks of one header: kept, or computed from the last that is. */
function stateOf(
  machine: Machine,
  places: Places,
  { cipher, authentication }: LaneBlockKeys,
  text: Text,
  at: number,
  chain: Chain,
  depth: number,
): PlaneConstant {
  const perBlock = cipher.blockLength >> 2;
  const first = at >> 2;
  let known = 0;
  while (
    known < perBlock * chain.states.length &&
    chain.words[known] === text.words[first + known]
  ) {
    known++;
  }
  const shared = Math.floor(known / perBlock);
  if (shared < depth) {
    // What is kept beyond belongs to another header: it goes first, whatever ends this half-way.
    for (const state of chain.states.splice(shared)) state.fill(0);
    chain.words.length = perBlock * shared;
  }
  for (let block = shared; block < depth; block++) {
    const from = at + block * cipher.blockLength;
    const before = chain.states[block - 1];
    if (before === undefined) {
      machine.words.fill(0, places.temporary, places.temporary + cipher.blockWords);
    } else machine.setConstant(places.temporary, before);
    const characters = text.bytes.subarray(from, from + cipher.blockLength);
    machine.xorConstant(places.temporary, cipher.constant(characters));
    authentication.encrypt(places.temporary);
    for (let i = block * perBlock; i < (block + 1) * perBlock; i++) {
      chain.words[i] = text.words[first + i] as number; // in range
    }
    chain.states.push(machine.constantAt(cipher, places.temporary));
  }
  return chain.states[depth - 1] as PlaneConstant; // kept or just computed
}
