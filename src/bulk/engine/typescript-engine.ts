import { aesLayers } from '../circuits/aes-layers.js';
import { transformTdes } from '../circuits/des-round.js';
import { aesPlane, desPlane } from '../circuits/layouts.js';
import { transpositions } from '../circuits/transpositions.js';
import type { Engine, LaneCipher, LaneKey } from './engine.js';
import {
  AES_ROUND_MASKS,
  aesMasks,
  aesRounds,
  blockMasks,
  TDES_MASKS,
  TDES_ROUND_MASKS,
  tdesMasks,
} from './key-masks.js';

/** Makes the engine that runs everywhere: 32 lanes in the words of the language. */
export function createTypeScriptEngine(): Engine {
  let words = new Int32Array(0);
  const keys = new Set<Int32Array>();

  const aes: LaneCipher = {
    blockLength: 16,
    blockWords: 128,
    planeOffset: (byte, bit) => 128 * (byte >> 4) + aesPlane(byte & 15, bit),
    toPlanes(to, from, blocks) {
      // Rows and the planes made of them go in the same order.
      for (let at = 0; at < 128 * blocks; at += 32)
        transpositions.aesRowToPlanes(words, to + at, from + at);
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 128 * blocks; at += 32)
        transpositions.aesPlanesToRow(words, to + at, from + at);
    },
    constant: (block) => blockMasks(block, aesPlane),
    increment: (at) => increment(at, aes),
    prepare(key) {
      const rounds = aesRounds(key.length);
      const last = AES_ROUND_MASKS * rounds;
      return holdKey(aesMasks(key), {
        encrypt: (masks, at) => aesLayers.encrypt(words, at, masks, 0, AES_ROUND_MASKS, rounds),
        decrypt: (masks, at) => aesLayers.decrypt(words, at, masks, last, -AES_ROUND_MASKS, rounds),
      });
    },
  };

  const tdes: LaneCipher = {
    blockLength: 8,
    blockWords: 64,
    planeOffset: (byte, bit) => 64 * (byte >> 3) + desPlane(byte & 7, bit),
    toPlanes(to, from, blocks) {
      for (let at = 0; at < 64 * blocks; at += 64) {
        transpositions.desRowToPlanes(words, to + at, from + at);
        transpositions.desRowToPlanes(words, to + at - SECOND_WORD, from + at + 32);
      }
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 64 * blocks; at += 64) {
        transpositions.desPlanesToRow(words, to + at, from + at);
        transpositions.desPlanesToRow(words, to + at + 32, from + at - SECOND_WORD);
      }
    },
    constant: (block) => blockMasks(block, desPlane),
    increment: (at) => increment(at, tdes),
    prepare: (key) =>
      holdKey(tdesMasks(key), {
        encrypt: (masks, at) => transformTdes(words, at, masks, 0, TDES_ROUND_MASKS),
        decrypt: (masks, at) =>
          transformTdes(words, at, masks, TDES_MASKS - TDES_ROUND_MASKS, -TDES_ROUND_MASKS),
      }),
  };

  return {
    name: 'typescript',
    lanes: 32,
    width: 1,
    rowWords: 32,
    get words() {
      return words;
    },
    aes,
    tdes,
    reserve(length) {
      if (length <= words.length) return;
      const longer = new Int32Array(length);
      longer.set(words);
      words.fill(0);
      words = longer;
    },
    // In range, here and below: places are inside the working memory.
    xor(to, from, length) {
      for (let i = 0; i < length; i++) {
        words[to + i] = (words[to + i] as number) ^ (words[from + i] as number);
      }
    },
    copy(to, from, length) {
      words.copyWithin(to, from, from + length);
    },
    setConstant(to, constant) {
      words.set(constant, to);
    },
    xorConstant(to, constant) {
      for (let i = 0; i < constant.length; i++) {
        words[to + i] = (words[to + i] as number) ^ (constant[i] as number);
      }
    },
    select(to, from, mask, planes) {
      const lanes = words[mask] as number;
      for (let i = 0; i < planes; i++) {
        const kept = words[to + i] as number;
        words[to + i] = kept ^ ((kept ^ (words[from + i] as number)) & lanes);
      }
    },
    destroy() {
      words.fill(0);
      words = new Int32Array(0);
      for (const masks of keys) masks.fill(0);
      keys.clear();
    },
  };

  function holdKey(
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

  function increment(at: number, { blockLength, planeOffset }: LaneCipher): void {
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
}

/** How far before a plane of the first word of a DES block that of the second word is. */
const SECOND_WORD = 4;
