/**
 * The pipeline's operations where an embedder computes AES: a block of every lane lies whole, one
 * lane after the other, so that one call encrypts a step of all chains.
 */

import { type AesPort, preparePortKey, requireMemory, takeBlocks, wipeLent } from '../aes-port.js';
import { runAll } from '../run-all.js';
import type { LaneKey, Machine, MachineCipher, PlaneConstant } from './machine.js';
import type { RandomPool } from './random-pool.js';

/** So many that calling into native code costs little beside the blocks. */
const LANES = 256;

const BLOCK_WORDS = 4 * LANES;

/** The working memory, as words and as bytes. Both are others after it has grown. */
interface Memory {
  words: Int32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Makes a machine of a port. It has no triple DES: versions A, B and C never get here. */
export function createByteMachine(port: AesPort): Machine {
  const memory: Memory = { words: new Int32Array(0), bytes: new Uint8Array(0) };
  const keys = new Set<LaneKey>();
  const aes = cipherOf(port, memory, keys);
  return {
    name: 'native',
    lanes: LANES,
    get words() {
      return memory.words;
    },
    aes,
    tdes: aes,
    firstFree: 0,
    get used() {
      return memory.words.length;
    },
    laneOffsets: Int32Array.from({ length: LANES }, (_, lane) => lane),
    reserve: (length) => reserve(memory, length),
    xor: (to, from, length) => xor(memory, to, from, length),
    copy: (to, from, length) => void memory.words.copyWithin(to, from, from + length),
    setConstant: (to, constant) => setConstant(memory, to, constant),
    xorConstant: (to, constant) => xorConstant(memory, to, constant),
    constantAt: (_cipher, at) => memory.words.slice(at, at + 4),
    copyLanes: (_cipher, to, from, first, end) =>
      void memory.words.copyWithin(to + 4 * first, from + 4 * first, from + 4 * end),
    markDifferences: (_cipher, a, b, _length, marked) => markDifferences(memory, a, b, marked),
    commonNumber: (_cipher, at, among) => commonNumber(memory, at, among),
    readNumbers: (_cipher, at, numbers) => readNumbers(memory, at, numbers),
    setByte: (_cipher, at, byte, value) => setByte(memory, at, byte, value),
    randomize: (_cipher, at, starts, end, random) => randomize(memory, at, starts, end, random),
    destroy() {
      wipeLent(memory.words);
      memory.words = new Int32Array(0);
      memory.bytes = new Uint8Array(0);
      runAll([...keys].map(({ destroy }) => destroy));
    },
  };
}

/** AES by the port. The keys are added to those that are alive. */
function cipherOf(port: AesPort, memory: Memory, keys: Set<LaneKey>): MachineCipher {
  return {
    blockLength: 16,
    blockWords: BLOCK_WORDS,
    toPlanes: (to, from, blocks) => rowsToBlocks(memory, to, from, blocks),
    fromPlanes: (to, from, blocks) => blocksToRows(memory, to, from, blocks),
    constant(block) {
      const bytesOf = new Uint8Array(new ArrayBuffer(16)); // not on the heap, where views leave copies
      bytesOf.set(block);
      return new Int32Array(bytesOf.buffer);
    },
    increment: (at) => increment(memory, at),
    prepare(key) {
      const prepared = preparePortKey(port, key);
      const laneKey: LaneKey = {
        encrypt(at) {
          const blocks = blocksAt(memory, at);
          takeBlocks(blocks, prepared.encryptBlocks(blocks));
        },
        decrypt(at) {
          const blocks = blocksAt(memory, at);
          takeBlocks(blocks, prepared.decryptBlocks(blocks));
        },
        destroy() {
          keys.delete(laneKey);
          prepared.destroy?.();
        },
      };
      keys.add(laneKey);
      return laneKey;
    },
  };
}

function blocksAt({ bytes }: Memory, at: number): Uint8Array {
  return bytes.subarray(4 * at, 4 * (at + BLOCK_WORDS));
}

function rowsToBlocks({ words, bytes }: Memory, to: number, from: number, blocks: number): void {
  for (let row = 0; row < 4 * blocks; row++) {
    let target = 4 * (to + (row >> 2) * BLOCK_WORDS + (row & 3));
    for (let w = from + row * LANES, end = w + LANES; w < end; w++, target += 16) {
      const word = words[w] as number; // in range, here and below
      bytes[target] = word >>> 24;
      bytes[target + 1] = word >>> 16;
      bytes[target + 2] = word >>> 8;
      bytes[target + 3] = word;
    }
  }
}

function blocksToRows({ words, bytes }: Memory, to: number, from: number, blocks: number): void {
  for (let row = 0; row < 4 * blocks; row++) {
    let source = 4 * (from + (row >> 2) * BLOCK_WORDS + (row & 3));
    for (let w = to + row * LANES, end = w + LANES; w < end; w++, source += 16) {
      words[w] =
        ((bytes[source] as number) << 24) |
        ((bytes[source + 1] as number) << 16) |
        ((bytes[source + 2] as number) << 8) |
        (bytes[source + 3] as number);
    }
  }
}

function increment({ bytes }: Memory, at: number): void {
  for (let lane = 0; lane < LANES; lane++) {
    const first = 4 * at + 16 * lane;
    for (let i = first + 15, carry = 1; i >= first; i--) {
      carry += bytes[i] as number;
      bytes[i] = carry;
      carry >>>= 8;
    }
  }
}

function reserve(memory: Memory, length: number): void {
  const { words } = memory;
  if (length <= words.length) return;
  const longer = new Int32Array(length);
  if (words.length > 0) longer.set(words);
  wipeLent(words);
  memory.words = longer;
  memory.bytes = new Uint8Array(longer.buffer);
}

function xor({ words }: Memory, to: number, from: number, length: number): void {
  for (let i = 0; i < length; i++) {
    words[to + i] = (words[to + i] as number) ^ (words[from + i] as number);
  }
}

function setConstant({ words }: Memory, to: number, constant: PlaneConstant): void {
  for (let i = 0; i < BLOCK_WORDS; i++) words[to + i] = constant[i & 3] as number;
}

function xorConstant({ words }: Memory, to: number, constant: PlaneConstant): void {
  for (let i = 0; i < BLOCK_WORDS; i++) {
    words[to + i] = (words[to + i] as number) ^ (constant[i & 3] as number);
  }
}

function markDifferences({ words }: Memory, a: number, b: number, marked: Int32Array): void {
  for (let lane = 0; lane < LANES; lane++) {
    let difference = 0;
    for (let i = 4 * lane; i < 4 * lane + 4; i++) {
      difference |= (words[a + i] as number) ^ (words[b + i] as number);
    }
    // The sign of a number or of its negative is set, unless it is zero.
    const differs = (difference | -difference) >>> 31;
    marked[lane >> 5] = (marked[lane >> 5] as number) | (differs << (lane & 31));
  }
}

function commonNumber(memory: Memory, at: number, among: Int32Array): number {
  let common = -1;
  for (let lane = 0; lane < LANES; lane++) {
    if ((((among[lane >> 5] as number) >>> (lane & 31)) & 1) === 0) continue;
    const number = numberAt(memory, at, lane);
    if (common !== -1 && common !== number) return -1;
    common = number;
  }
  return common === -1 ? 0 : common;
}

function readNumbers(memory: Memory, at: number, numbers: Int32Array): void {
  for (let lane = 0; lane < LANES; lane++) numbers[lane] = numberAt(memory, at, lane);
}

function numberAt({ bytes }: Memory, at: number, lane: number): number {
  const first = 4 * at + 16 * lane;
  return ((bytes[first] as number) << 8) | (bytes[first + 1] as number);
}

function setByte({ bytes }: Memory, at: number, byte: number, value: number): void {
  for (let lane = 0; lane < LANES; lane++) bytes[addressOf(at, byte, lane)] = value;
}

function randomize(
  { bytes }: Memory,
  at: number,
  starts: Int32Array,
  end: number,
  random: RandomPool,
): void {
  let bytesLeft = 0;
  for (const start of starts) bytesLeft += Math.max(0, end - start);
  random.announce((bytesLeft + 3) >> 2);
  let word = 0;
  let left = 0;
  for (let lane = 0; lane < LANES; lane++) {
    for (let byte = starts[lane] as number; byte < end; byte++, left--, word >>>= 8) {
      if (left === 0) {
        const next = random.draw(1);
        word = random.pool[next] as number;
        random.pool[next] = 0;
        left = 4;
      }
      bytes[addressOf(at, byte, lane)] = word;
    }
  }
  // The generator is a caller's, who may hold what the port was lent.
  requireMemory(bytes);
}

function addressOf(at: number, byte: number, lane: number): number {
  return 4 * at + (byte >> 4) * 4 * BLOCK_WORDS + 16 * lane + (byte & 15);
}
