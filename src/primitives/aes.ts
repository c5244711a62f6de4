/**
 * AES (FIPS 197), a column of the state in a word.
 *
 * A round is four look-ups a column, in one table of 1 KiB a direction: three more tables would
 * save the rotations, and show more of the secrets in the cache (docs/decisions.md).
 */

import { KeyblockError } from '../errors.js';
import { invertSBox, makeRoundTable, makeSBox } from './aes-tables.js';
import type { BlockCipher } from './block-cipher.js';

/** Words that the schedules of a key take at most: 15 round keys, to encrypt and to decrypt. */
export const AES_WORDS = 120;

/**
 * Prepares AES under a key of 16, 24 or 32 bytes.
 *
 * @param memory - Where its schedules go: ciphers that are made together share one array, because
 * to allocate one of more than 64 bytes takes as long as to expand a key.
 * @param base - Its first word.
 */
export function createAes(
  key: Uint8Array,
  memory: Int32Array = new Int32Array(AES_WORDS),
  base = 0,
): BlockCipher {
  const last = base + CIPHER.expandKey(key, memory, base) - 4; // the round key that ends the schedule
  const inverse = base + AES_WORDS / 2;
  const inverseLast = inverse + last - base;
  let isInverted = false;
  return {
    blockLength: 16,
    encryptBlock: (bytes, offset) => CIPHER.encrypt(memory, base, last, bytes, offset),
    decryptBlock(bytes, offset) {
      // Most keys only ever encrypt (CMAC, CTR, wrapping), so this schedule waits for its use.
      if (!isInverted) CIPHER.invertSchedule(memory, base, last, inverse);
      isInverted = true;
      CIPHER.decrypt(memory, inverse, inverseLast, bytes, offset);
    },
    destroy() {
      memory.fill(0, base, base + AES_WORDS);
      isInverted = true; // a key that is gone is not expanded again
    },
  };
}

/**
 * The rounds and the key schedule. Their tables are constants of a function that runs once, because
 * V8 then knows where they lie: that saves a tenth, and a fifth of turning a schedule around. As
 * constants of the module they are fetched and checked at every use.
 */
const CIPHER = /* @__PURE__ */ defineCipher();

function defineCipher() {
  const S_BOX = makeSBox();
  const INVERSE_S_BOX = invertSBox(S_BOX);
  // The first columns of the matrices of MixColumns (5.1.3) and InvMixColumns (5.3.3).
  const ROUND = makeRoundTable(S_BOX, [2, 1, 1, 3]);
  const INVERSE_ROUND = makeRoundTable(INVERSE_S_BOX, [14, 9, 13, 11]);
  return { encrypt, decrypt, expandKey, invertSchedule };

  /** The cipher (5.1): a column takes its second, third and fourth byte from the columns after it. */
  function encrypt(
    schedule: Int32Array,
    first: number,
    last: number,
    bytes: Uint8Array,
    at: number,
  ): void {
    // In range, here and below: a schedule is four words a round, and a block is whole.
    let a = readWord(bytes, at) ^ (schedule[first] as number);
    let b = readWord(bytes, at + 4) ^ (schedule[first + 1] as number);
    let c = readWord(bytes, at + 8) ^ (schedule[first + 2] as number);
    let d = readWord(bytes, at + 12) ^ (schedule[first + 3] as number);
    for (let k = first + 4; k < last; k += 4) {
      const e = mixColumn(a, b, c, d) ^ (schedule[k] as number);
      const f = mixColumn(b, c, d, a) ^ (schedule[k + 1] as number);
      const g = mixColumn(c, d, a, b) ^ (schedule[k + 2] as number);
      d = mixColumn(d, a, b, c) ^ (schedule[k + 3] as number);
      a = e;
      b = f;
      c = g;
    }
    writeWord(bytes, at, substitute(S_BOX, a, b, c, d) ^ (schedule[last] as number));
    writeWord(bytes, at + 4, substitute(S_BOX, b, c, d, a) ^ (schedule[last + 1] as number));
    writeWord(bytes, at + 8, substitute(S_BOX, c, d, a, b) ^ (schedule[last + 2] as number));
    writeWord(bytes, at + 12, substitute(S_BOX, d, a, b, c) ^ (schedule[last + 3] as number));
  }

  /** The equivalent inverse cipher (5.3.5): the same, with the columns before it. */
  function decrypt(
    schedule: Int32Array,
    first: number,
    last: number,
    bytes: Uint8Array,
    at: number,
  ): void {
    let a = readWord(bytes, at) ^ (schedule[first] as number);
    let b = readWord(bytes, at + 4) ^ (schedule[first + 1] as number);
    let c = readWord(bytes, at + 8) ^ (schedule[first + 2] as number);
    let d = readWord(bytes, at + 12) ^ (schedule[first + 3] as number);
    for (let k = first + 4; k < last; k += 4) {
      const e = unmixColumn(a, d, c, b) ^ (schedule[k] as number);
      const f = unmixColumn(b, a, d, c) ^ (schedule[k + 1] as number);
      const g = unmixColumn(c, b, a, d) ^ (schedule[k + 2] as number);
      d = unmixColumn(d, c, b, a) ^ (schedule[k + 3] as number);
      a = e;
      b = f;
      c = g;
    }
    writeWord(bytes, at, substitute(INVERSE_S_BOX, a, d, c, b) ^ (schedule[last] as number));
    writeWord(
      bytes,
      at + 4,
      substitute(INVERSE_S_BOX, b, a, d, c) ^ (schedule[last + 1] as number),
    );
    writeWord(
      bytes,
      at + 8,
      substitute(INVERSE_S_BOX, c, b, a, d) ^ (schedule[last + 2] as number),
    );
    writeWord(
      bytes,
      at + 12,
      substitute(INVERSE_S_BOX, d, c, b, a) ^ (schedule[last + 3] as number),
    );
  }

  /** SubBytes, ShiftRows and MixColumns for one column: a byte of each of four. */
  function mixColumn(a: number, b: number, c: number, d: number): number {
    const second = ROUND[(b >>> 16) & 255] as number; // in range: tables have 256 entries
    const third = ROUND[(c >>> 8) & 255] as number;
    const fourth = ROUND[d & 255] as number;
    return (
      (ROUND[a >>> 24] as number) ^
      ((second >>> 8) | (second << 24)) ^
      ((third >>> 16) | (third << 16)) ^
      ((fourth >>> 24) | (fourth << 8))
    );
  }

  /** InvSubBytes, InvShiftRows and InvMixColumns for one column. */
  function unmixColumn(a: number, b: number, c: number, d: number): number {
    const second = INVERSE_ROUND[(b >>> 16) & 255] as number; // in range: see above
    const third = INVERSE_ROUND[(c >>> 8) & 255] as number;
    const fourth = INVERSE_ROUND[d & 255] as number;
    return (
      (INVERSE_ROUND[a >>> 24] as number) ^
      ((second >>> 8) | (second << 24)) ^
      ((third >>> 16) | (third << 16)) ^
      ((fourth >>> 24) | (fourth << 8))
    );
  }

  /** The last round mixes no columns. */
  function substitute(box: Uint8Array, a: number, b: number, c: number, d: number): number {
    return (
      ((box[a >>> 24] as number) << 24) |
      ((box[(b >>> 16) & 255] as number) << 16) |
      ((box[(c >>> 8) & 255] as number) << 8) |
      (box[d & 255] as number) // in range: a byte each
    );
  }

  /** Expands a key into four words for every round, and four to begin with (5.2): how many. */
  function expandKey(key: Uint8Array, schedule: Int32Array, base: number): number {
    if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
      throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
    }
    const keyWords = key.length / 4;
    const count = 4 * (keyWords + 7); // 10, 12 or 14 rounds
    for (let i = 0; i < keyWords; i++) schedule[base + i] = readWord(key, 4 * i);
    let word = schedule[base + keyWords - 1] as number;
    let constant = 1;
    for (let i = base + keyWords, phase = 0; i < base + count; i++) {
      if (phase === 0) {
        word = substituteWord((word << 8) | (word >>> 24)) ^ (constant << 24);
        constant = (constant << 1) ^ (0x11b & -(constant >> 7));
      } else if (keyWords === 8 && phase === 4) word = substituteWord(word);
      word ^= schedule[i - keyWords] as number;
      schedule[i] = word;
      phase = phase + 1 === keyWords ? 0 : phase + 1;
    }
    return count;
  }

  function substituteWord(word: number): number {
    return substitute(S_BOX, word, word, word, word);
  }

  /** Turns the rounds around and applies InvMixColumns to all but the outer two (5.3.5). */
  function invertSchedule(words: Int32Array, first: number, last: number, inverse: number): void {
    for (let k = first, at = inverse + last - first; k <= last; k += 4, at -= 4) {
      for (let column = 0; column < 4; column++) {
        const word = words[k + column] as number; // in range
        words[at + column] = k === first || k === last ? word : invertColumn(word);
      }
    }
  }

  /** InvMixColumns alone: the table substitutes as well, which the S-box undoes. */
  function invertColumn(word: number): number {
    const bytes = substituteWord(word);
    return unmixColumn(bytes, bytes, bytes, bytes);
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
