/**
 * Round keys as masks: one word for every bit of a round key, 0 or -1.
 *
 * Both ciphers decrypt with the masks of encryption, the rounds in reverse order. No key bit is an
 * index, and none decides a branch.
 */

import { PC1, PC2, ROTATIONS } from '../../primitives/des-tables.js';
import { aesLayers } from '../circuits/aes-layers.js';
import { aesPlane } from '../circuits/layouts.js';
import { desInversions } from '../circuits/programs.js';
import type { PlaneConstant } from './engine.js';

/** From one round of triple DES to the next, of which 48 words are masks; and of all 48 rounds. */
export const TDES_ROUND_MASKS = 64;
export const TDES_MASKS: number = 48 * TDES_ROUND_MASKS;

/** Masks of a round key of AES. */
export const AES_ROUND_MASKS = 128;

/** How many rounds AES has under a key of this many bytes. */
export function aesRounds(keyLength: number): number {
  return keyLength / 4 + 6;
}

/**
 * What the circuits leave to the masks, in the first and the last of four rounds, and in the two
 * between. It is the same backwards, and so for decryption.
 */
const [OUTER, INNER] = /* @__PURE__ */ desInversions() as [number[], number[]];

/** The masks of triple DES in EDE order, under a key of 8, 16 or 24 bytes. */
export function tdesMasks(key: Uint8Array): Int32Array {
  const masks = new Int32Array(TDES_MASKS);
  const parts = [0, key.length > 8 ? 8 : 0, key.length === 24 ? 16 : 0];
  for (const [pass, part] of parts.entries()) {
    let rotation = 0;
    for (let round = 0; round < 16; round++) {
      rotation += ROTATIONS[round] as number; // in range: 16 rounds
      // The middle pass decrypts.
      const at = TDES_ROUND_MASKS * (16 * pass + (pass === 1 ? 15 - round : round));
      const inversions = (round + 1) & 2 ? INNER : OUTER;
      for (let i = 0; i < 48; i++) {
        const choice = (PC2[i] as number) - 1; // in range: 48 bits of CD, two halves of 28
        const half = choice < 28 ? 0 : 28;
        const bit = (PC1[half + ((choice - half + rotation) % 28)] as number) - 1;
        const keyBit = ((key[part + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1;
        masks[at + i] = -(keyBit ^ (inversions[i] as number)); // in range: 48 of them
      }
    }
  }
  return masks;
}

/**
 * The masks of AES under a key of 16, 24 or 32 bytes. The constant of the S-box is in the round
 * keys: MixColumns and its inverse leave it as it is.
 */
export function aesMasks(key: Uint8Array): Int32Array {
  const roundKeys = expandAesKey(key);
  const masks = new Int32Array(AES_ROUND_MASKS * (roundKeys.length / 16));
  for (const [i, byte] of roundKeys.entries()) {
    const value = i < 16 ? byte : byte ^ 0x63;
    for (let bit = 0; bit < 8; bit++) masks[aesPlane(i, bit)] = -((value >> bit) & 1);
  }
  roundKeys.fill(0);
  return masks;
}

/** The key expansion of FIPS 197, its S-box a circuit like that of the cipher. */
function expandAesKey(key: Uint8Array): Uint8Array {
  const roundKeys = new Uint8Array(16 * (aesRounds(key.length) + 1));
  roundKeys.set(key);
  const word = new Uint8Array(4);
  let constant = 1;
  for (let at = key.length; at < roundKeys.length; at += 4) {
    const first = at % key.length === 0;
    for (let i = 0; i < 4; i++) {
      // RotWord, for the first word of a round; in range: a word has four bytes.
      word[i] = roundKeys[at - 4 + (first ? (i + 1) & 3 : i)] as number;
    }
    if (first || (key.length === 32 && at % 32 === 16)) aesLayers.substituteBytes(word);
    if (first) {
      word[0] = (word[0] as number) ^ constant;
      constant = (constant << 1) ^ (constant >> 7 === 1 ? 0x11b : 0);
    }
    for (let i = 0; i < 4; i++) {
      roundKeys[at + i] = (word[i] as number) ^ (roundKeys[at + i - key.length] as number);
    }
  }
  word.fill(0);
  return roundKeys;
}

/** A block in all lanes: the masks of its bits, in the order of the planes. */
export function blockMasks(block: Uint8Array, planeOf: typeof aesPlane): PlaneConstant {
  const masks = new Int32Array(8 * block.length);
  for (const [i, byte] of block.entries()) {
    for (let bit = 0; bit < 8; bit++) masks[planeOf(i, bit)] = -((byte >> bit) & 1);
  }
  return masks;
}
