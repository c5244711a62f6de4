/**
 * The pipeline's operations where an embedder computes AES: a block of every lane lies whole, one
 * lane after the other, so that one call encrypts a step of all chains.
 */

import { type AesPort, preparePortKey, requireMemory, takeBlocks, wipeLent } from '../aes-port.js';
import { runAll } from '../run-all.js';
import type { LaneKey, Machine, MachineCipher } from './machine.js';

/** So many that calling into native code costs little beside the blocks. */
const LANES = 256;

const BLOCK_WORDS = 4 * LANES;

/** Makes a machine of a port. It has no triple DES: versions A, B and C never get here. */
export function createByteMachine(port: AesPort): Machine {
  let words = new Int32Array(0);
  let bytes = new Uint8Array(0);
  const keys = new Set<LaneKey>();

  const aes: MachineCipher = {
    blockLength: 16,
    blockWords: BLOCK_WORDS,
    toPlanes(to, from, blocks) {
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
    },
    fromPlanes(to, from, blocks) {
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
    },
    constant(block) {
      const bytesOf = new Uint8Array(new ArrayBuffer(16)); // not on the heap, where views leave copies
      bytesOf.set(block);
      return new Int32Array(bytesOf.buffer);
    },
    increment(at) {
      for (let lane = 0; lane < LANES; lane++) {
        const first = 4 * at + 16 * lane;
        for (let i = first + 15, carry = 1; i >= first; i--) {
          carry += bytes[i] as number;
          bytes[i] = carry;
          carry >>>= 8;
        }
      }
    },
    prepare(key) {
      const prepared = preparePortKey(port, key);
      const laneKey: LaneKey = {
        encrypt(at) {
          const blocks = bytes.subarray(4 * at, 4 * (at + BLOCK_WORDS));
          takeBlocks(blocks, prepared.encryptBlocks(blocks));
        },
        decrypt(at) {
          const blocks = bytes.subarray(4 * at, 4 * (at + BLOCK_WORDS));
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

  return {
    name: 'native',
    lanes: LANES,
    get words() {
      return words;
    },
    aes,
    tdes: aes,
    firstFree: 0,
    get used() {
      return words.length;
    },
    laneOffsets: Int32Array.from({ length: LANES }, (_, lane) => lane),
    reserve(length) {
      if (length <= words.length) return;
      const longer = new Int32Array(length);
      if (words.length > 0) longer.set(words);
      wipeLent(words);
      words = longer;
      bytes = new Uint8Array(longer.buffer);
    },
    xor(to, from, length) {
      for (let i = 0; i < length; i++) {
        words[to + i] = (words[to + i] as number) ^ (words[from + i] as number);
      }
    },
    copy(to, from, length) {
      words.copyWithin(to, from, from + length);
    },
    setConstant(to, constant) {
      for (let i = 0; i < BLOCK_WORDS; i++) words[to + i] = constant[i & 3] as number;
    },
    xorConstant(to, constant) {
      for (let i = 0; i < BLOCK_WORDS; i++) {
        words[to + i] = (words[to + i] as number) ^ (constant[i & 3] as number);
      }
    },
    constantAt: (_cipher, at) => words.slice(at, at + 4),
    copyLanes(_cipher, to, from, first, end) {
      words.copyWithin(to + 4 * first, from + 4 * first, from + 4 * end);
    },
    markDifferences(_cipher, a, b, _length, marked) {
      for (let lane = 0; lane < LANES; lane++) {
        let difference = 0;
        for (let i = 4 * lane; i < 4 * lane + 4; i++) {
          difference |= (words[a + i] as number) ^ (words[b + i] as number);
        }
        // The sign of a number or of its negative is set, unless it is zero.
        const differs = (difference | -difference) >>> 31;
        marked[lane >> 5] = (marked[lane >> 5] as number) | (differs << (lane & 31));
      }
    },
    commonNumber(_cipher, at, among) {
      let common = -1;
      for (let lane = 0; lane < LANES; lane++) {
        if ((((among[lane >> 5] as number) >>> (lane & 31)) & 1) === 0) continue;
        const first = 4 * at + 16 * lane;
        const number = ((bytes[first] as number) << 8) | (bytes[first + 1] as number);
        if (common !== -1 && common !== number) return -1;
        common = number;
      }
      return common === -1 ? 0 : common;
    },
    readNumbers(_cipher, at, numbers) {
      for (let lane = 0; lane < LANES; lane++) {
        const first = 4 * at + 16 * lane;
        numbers[lane] = ((bytes[first] as number) << 8) | (bytes[first + 1] as number);
      }
    },
    setByte(_cipher, at, byte, value) {
      for (let lane = 0; lane < LANES; lane++) bytes[addressOf(at, byte, lane)] = value;
    },
    randomize(_cipher, at, starts, end, random) {
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
    },
    destroy() {
      wipeLent(words);
      words = new Int32Array(0);
      bytes = new Uint8Array(0);
      runAll([...keys].map(({ destroy }) => destroy));
    },
  };
}

function addressOf(at: number, byte: number, lane: number): number {
  return 4 * at + (byte >> 4) * 4 * BLOCK_WORDS + 16 * lane + (byte & 15);
}
