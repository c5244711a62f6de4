/** The pipeline's operations on a bitsliced engine: a bit of all lanes is a plane. */

import { type Engine, type LaneCipher, laneOffset } from '../engine/engine.js';
import type { Machine, MachineCipher, PlaneConstant } from './machine.js';
import type { RandomPool } from './random-pool.js';

/** The plane, before all that the pipeline uses, that says which lanes are meant. */
const MASK = 0;

/** Makes a machine of an engine. */
export function createPlaneMachine(engine: Engine): Machine {
  const { width, lanes } = engine;
  const orders = new Map<MachineCipher, PlaneOrder>(
    [engine.aes, engine.tdes].map((cipher) => [cipher, planeOrder(cipher)]),
  );
  // Of every cipher that this machine shows.
  const orderOf = (cipher: MachineCipher) => orders.get(cipher) as PlaneOrder;
  const masks = new Int32Array(width);
  let used = 0;
  return {
    name: engine.name,
    lanes,
    get words() {
      return engine.words;
    },
    aes: engine.aes,
    tdes: engine.tdes,
    laneOffsets: Int32Array.from({ length: lanes }, (_, lane) => laneOffset(engine, lane)),
    firstFree: engine.rowWords,
    get used() {
      return used;
    },
    reserve(length) {
      used = Math.max(used, length);
      engine.reserve(length);
    },
    xor: (to, from, length) => engine.xor(to, from, length),
    copy: (to, from, length) => engine.copy(to, from, length),
    setConstant: (to, constant) => engine.setConstant(to, constant),
    xorConstant: (to, constant) => engine.xorConstant(to, constant),
    constantAt: (cipher, at) => constantAt(engine, 8 * cipher.blockLength, at),
    copyLanes(cipher, to, from, first, end) {
      fillLanes(masks, first, end);
      engine.words.set(masks, MASK);
      engine.select(to, from, MASK, 8 * cipher.blockLength);
    },
    markDifferences: (cipher, a, b, length, marked) =>
      markDifferences(engine, orderOf(cipher), a, b, length, marked),
    commonNumber: (cipher, at, among) => commonNumber(engine, orderOf(cipher), at, among),
    readNumbers: (cipher, at, numbers) => readNumbers(engine, orderOf(cipher), at, numbers),
    setByte: (cipher, at, byte, value) => setByte(engine, orderOf(cipher), at, byte, value),
    randomize: (cipher, at, starts, end, random) =>
      randomize(engine, orderOf(cipher), masks, at, starts, end, random),
    destroy: () => engine.destroy(),
  };
}

/** Where the planes of a block are: those of byte 0 from its highest bit on, then byte 1. */
interface PlaneOrder {
  readonly offsets: Int32Array;
  readonly blockLength: number;
  readonly blockWords: number;
}

function planeOrder(cipher: LaneCipher): PlaneOrder {
  const { blockLength, blockWords } = cipher;
  const offsets = Int32Array.from({ length: 8 * blockLength }, (_, i) =>
    cipher.planeOffset(i >> 3, 7 - (i & 7)),
  );
  return { offsets, blockLength, blockWords };
}

function constantAt({ words, width }: Engine, planes: number, at: number): PlaneConstant {
  const constant = new Int32Array(planes);
  for (let i = 0; i < planes; i++) constant[i] = words[at + i * width] as number; // in range
  return constant;
}

function markDifferences(
  { words, width }: Engine,
  { offsets }: PlaneOrder,
  a: number,
  b: number,
  length: number,
  marked: Int32Array,
): void {
  for (let i = 0; i < 8 * length; i++) {
    // In range: both blocks are whole, and every bit of a block has a plane.
    const plane = offsets[i] as number;
    for (let v = 0; v < width; v++) {
      const difference = (words[a + plane + v] as number) ^ (words[b + plane + v] as number);
      marked[v] = (marked[v] as number) | difference;
    }
  }
}

function commonNumber(
  { words, width }: Engine,
  { offsets }: PlaneOrder,
  at: number,
  among: Int32Array,
): number {
  let value = 0;
  for (let i = 0; i < 16; i++) {
    const plane = at + (offsets[i] as number); // as above
    let ones = 0;
    let zeros = 0;
    for (let v = 0; v < width; v++) {
      const bits = words[plane + v] as number;
      ones |= bits & (among[v] as number);
      zeros |= ~bits & (among[v] as number);
    }
    if (ones !== 0 && zeros !== 0) return -1;
    value = (value << 1) | (ones === 0 ? 0 : 1);
  }
  return value;
}

function readNumbers(
  { words, width }: Engine,
  { offsets }: PlaneOrder,
  at: number,
  numbers: Int32Array,
): void {
  numbers.fill(0);
  for (let i = 0; i < 16; i++) {
    const plane = at + (offsets[i] as number); // as above
    for (let v = 0; v < width; v++) {
      const bits = words[plane + v] as number;
      for (let lane = 0, n = 32 * v; lane < 32; lane++, n++) {
        numbers[n] = ((numbers[n] as number) << 1) | ((bits >>> lane) & 1);
      }
    }
  }
}

function setByte(
  { words, width }: Engine,
  order: PlaneOrder,
  at: number,
  byte: number,
  value: number,
): void {
  const first = at + blockOf(order, byte);
  const bit = 8 * (byte % order.blockLength);
  for (let i = 0; i < 8; i++) {
    const plane = first + (order.offsets[bit + i] as number); // as above
    words.fill(-((value >> (7 - i)) & 1), plane, plane + width);
  }
}

/** @param masks - Room for a plane. */
function randomize(
  { words, width }: Engine,
  order: PlaneOrder,
  masks: Int32Array,
  at: number,
  starts: Int32Array,
  end: number,
  random: RandomPool,
): void {
  const first = smallest(starts, end);
  const perByte = 8 * width;
  random.announce((end - first) * perByte);
  let begun = false;
  for (let byte = first; byte < end; byte++) {
    begun = begun || addStarting(masks, starts, byte);
    const block = at + blockOf(order, byte);
    const bit = 8 * (byte % order.blockLength);
    let next = random.draw(perByte);
    const { pool } = random;
    for (let i = bit; i < bit + 8; i++) {
      const plane = block + (order.offsets[i] as number); // as above
      if (begun) {
        for (let v = 0; v < width; v++, next++) {
          words[plane + v] = pool[next] as number;
          pool[next] = 0;
        }
        continue;
      }
      for (let v = 0; v < width; v++, next++) {
        const old = words[plane + v] as number;
        words[plane + v] = old ^ ((old ^ (pool[next] as number)) & (masks[v] as number));
        pool[next] = 0;
      }
    }
  }
}

function blockOf({ blockLength, blockWords }: PlaneOrder, byte: number): number {
  return Math.floor(byte / blockLength) * blockWords;
}

function fillLanes(lanes: Int32Array, first: number, end: number): void {
  lanes.fill(0);
  for (let lane = first; lane < end; lane++) {
    lanes[lane >> 5] = (lanes[lane >> 5] as number) | (1 << (lane & 31)); // in range
  }
}

function smallest(starts: Int32Array, end: number): number {
  let least = end;
  for (let lane = 0; lane < starts.length; lane++) {
    const start = starts[lane] as number; // in range
    if (start < least) least = start;
  }
  return least;
}

/**
 * The lanes whose random bytes have begun by a byte, as a mask; tells whether it is all of them.
 */
function addStarting(masks: Int32Array, starts: Int32Array, byte: number): boolean {
  let all = 1;
  masks.fill(0);
  for (let lane = 0; lane < starts.length; lane++) {
    const begun = (starts[lane] as number) <= byte ? 1 : 0; // in range
    masks[lane >> 5] = (masks[lane >> 5] as number) | (begun << (lane & 31));
    all &= begun;
  }
  return all === 1;
}
