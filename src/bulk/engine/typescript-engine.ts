import { aesLayers } from '../circuits/aes-layers.js';
import { transformTdes } from '../circuits/des-round.js';
import { aesPlane, desPlane } from '../circuits/layouts.js';
import { transpositions } from '../circuits/transpositions.js';
import type { Engine, LaneCipher, LaneKey, PlaneConstant } from './engine.js';
import {
  AES_ROUND_MASKS,
  aesMasks,
  aesRounds,
  blockMasks,
  TDES_MASKS,
  TDES_ROUND_MASKS,
  tdesMasks,
} from './key-masks.js';

/** The working memory, which is another array after it has grown, and the keys that are alive. */
interface Memory {
  words: Int32Array<ArrayBuffer>;
  readonly keys: Set<Int32Array>;
}

/** Makes the engine that runs everywhere: 32 lanes in the words of the language. */
export function createTypeScriptEngine(): Engine {
  const memory: Memory = { words: new Int32Array(0), keys: new Set() };
  return {
    name: 'typescript',
    lanes: 32,
    width: 1,
    rowWords: 32,
    get words() {
      return memory.words;
    },
    aes: aesOf(memory),
    tdes: tdesOf(memory),
    reserve: (length) => reserve(memory, length),
    xor: (to, from, length) => xor(memory, to, from, length),
    copy: (to, from, length) => void memory.words.copyWithin(to, from, from + length),
    setConstant: (to, constant) => memory.words.set(constant, to),
    xorConstant: (to, constant) => xorConstant(memory, to, constant),
    select: (to, from, mask, planes) => select(memory, to, from, mask, planes),
    destroy() {
      memory.words.fill(0);
      memory.words = new Int32Array(0);
      for (const masks of memory.keys) masks.fill(0);
      memory.keys.clear();
    },
  };
}

function aesOf(memory: Memory): LaneCipher {
  const cipher: LaneCipher = {
    blockLength: 16,
    blockWords: 128,
    planeOffset: (byte, bit) => 128 * (byte >> 4) + aesPlane(byte & 15, bit),
    toPlanes(to, from, blocks) {
      // Rows and the planes made of them go in the same order.
      for (let at = 0; at < 128 * blocks; at += 32)
        transpositions.aesRowToPlanes(memory.words, to + at, from + at);
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 128 * blocks; at += 32)
        transpositions.aesPlanesToRow(memory.words, to + at, from + at);
    },
    constant: (block) => blockMasks(block, aesPlane),
    increment: (at) => increment(memory, at, cipher),
    prepare(key) {
      const rounds = aesRounds(key.length);
      const last = AES_ROUND_MASKS * rounds;
      return holdKey(memory, aesMasks(key), {
        encrypt: (masks, at) =>
          aesLayers.encrypt(memory.words, at, masks, 0, AES_ROUND_MASKS, rounds),
        decrypt: (masks, at) =>
          aesLayers.decrypt(memory.words, at, masks, last, -AES_ROUND_MASKS, rounds),
      });
    },
  };
  return cipher;
}

function tdesOf(memory: Memory): LaneCipher {
  const last = TDES_MASKS - TDES_ROUND_MASKS;
  const cipher: LaneCipher = {
    blockLength: 8,
    blockWords: 64,
    planeOffset: (byte, bit) => 64 * (byte >> 3) + desPlane(byte & 7, bit),
    toPlanes(to, from, blocks) {
      for (let at = 0; at < 64 * blocks; at += 64) {
        transpositions.desRowToPlanes(memory.words, to + at, from + at);
        transpositions.desRowToPlanes(memory.words, to + at - SECOND_WORD, from + at + 32);
      }
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 64 * blocks; at += 64) {
        transpositions.desPlanesToRow(memory.words, to + at, from + at);
        transpositions.desPlanesToRow(memory.words, to + at + 32, from + at - SECOND_WORD);
      }
    },
    constant: (block) => blockMasks(block, desPlane),
    increment: (at) => increment(memory, at, cipher),
    prepare: (key) =>
      holdKey(memory, tdesMasks(key), {
        encrypt: (masks, at) => transformTdes(memory.words, at, masks, 0, TDES_ROUND_MASKS),
        decrypt: (masks, at) => transformTdes(memory.words, at, masks, last, -TDES_ROUND_MASKS),
      }),
  };
  return cipher;
}

/** How far before a plane of the first word of a DES block that of the second word is. */
const SECOND_WORD = 4;

function holdKey(
  { keys }: Memory,
  masks: Int32Array,
  { encrypt, decrypt }: Record<'encrypt' | 'decrypt', (masks: Int32Array, at: number) => void>,
): LaneKey {
  keys.add(masks);
  return {
    encrypt: (at) => encrypt(masks, at),
    decrypt: (at) => decrypt(masks, at),
    destroy() {
      masks.fill(0);
      keys.delete(masks);
    },
  };
}

function reserve(memory: Memory, length: number): void {
  const { words } = memory;
  if (length <= words.length) return;
  const longer = new Int32Array(length);
  longer.set(words);
  words.fill(0);
  memory.words = longer;
}

// In range, here and below: places are inside the working memory.
function xor({ words }: Memory, to: number, from: number, length: number): void {
  for (let i = 0; i < length; i++) {
    words[to + i] = (words[to + i] as number) ^ (words[from + i] as number);
  }
}

function xorConstant({ words }: Memory, to: number, constant: PlaneConstant): void {
  for (let i = 0; i < constant.length; i++) {
    words[to + i] = (words[to + i] as number) ^ (constant[i] as number);
  }
}

function select({ words }: Memory, to: number, from: number, mask: number, planes: number): void {
  const lanes = words[mask] as number;
  for (let i = 0; i < planes; i++) {
    const kept = words[to + i] as number;
    words[to + i] = kept ^ ((kept ^ (words[from + i] as number)) & lanes);
  }
}

function increment({ words }: Memory, at: number, { blockLength, planeOffset }: LaneCipher): void {
  let carry = -1;
  for (let byte = blockLength - 1; byte >= 0; byte--) {
    for (let bit = 0; bit < 8; bit++) {
      const index = at + planeOffset(byte, bit);
      const plane = words[index] as number;
      words[index] = plane ^ carry;
      carry &= plane;
    }
  }
}
