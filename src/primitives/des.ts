/**
 * DES and triple DES (FIPS 46-3, SP 800-67): @noble has none.
 *
 * Both halves are kept rotated left by one bit, which puts the six input bits of every S-box into
 * one byte of either the half itself (S2, S4, S6, S8) or the half rotated by four (S1, S3, S5, S7).
 * The final permutation of one pass and the initial one of the next cancel out.
 */

import type { BlockCipher } from './block-cipher.js';
import { P, PC1, PC2, ROTATIONS, S_BOXES } from './des-tables.js';

/** Words that the schedules of a key take at most: three passes, to encrypt and to decrypt. */
export const TDES_WORDS = 192;

/**
 * Prepares DES (8 bytes), or triple DES in EDE order with two keys (16) or three (24).
 *
 * @param memory - Where its schedules go: ciphers that are made together share one array, because
 * to allocate one of more than 64 bytes takes as long as to expand a key.
 * @param base - Its first word.
 */
export function createTdes(
  key: Uint8Array,
  memory: Int32Array = new Int32Array(TDES_WORDS),
  base = 0,
): BlockCipher {
  const end = base + (key.length === 8 ? 32 : 96);
  expandKey(key, 0, memory, base, 2);
  if (key.length > 8) {
    expandKey(key, 8, memory, base + 62, -2); // EDE: the middle pass decrypts
    if (key.length === 24) expandKey(key, 16, memory, base + 64, 2);
    else memory.copyWithin(base + 64, base, base + 32); // two-key: K1, K2, K1
  }
  const inverse = base + TDES_WORDS / 2;
  const inverseEnd = inverse + end - base;
  let isInverted = false;
  return {
    blockLength: 8,
    encryptBlock: (bytes, offset) => transform(memory, base, end, bytes, offset),
    decryptBlock(bytes, offset) {
      // Most keys only ever encrypt, so this schedule waits for its use.
      if (!isInverted) reverseRounds(memory, base, end, inverse);
      isInverted = true;
      transform(memory, inverse, inverseEnd, bytes, offset);
    },
    destroy() {
      memory.fill(0, base, base + TDES_WORDS);
      isInverted = true; // a key that is gone is not expanded again
    },
  };
}

/**
 * The rounds. Their tables are constants of a function that runs once, and one for every S-box,
 * because V8 then knows where each lies and how long it is: an eighth of the time. Constants of the
 * module are none any more once a bundler has been there.
 */
const transform = /* @__PURE__ */ createTransform();

function createTransform() {
  const S1 = combineSAndP(0);
  const S2 = combineSAndP(1);
  const S3 = combineSAndP(2);
  const S4 = combineSAndP(3);
  const S5 = combineSAndP(4);
  const S6 = combineSAndP(5);
  const S7 = combineSAndP(6);
  const S8 = combineSAndP(7);
  return transformBlock;

  /** Runs all rounds of a schedule over one block: 32 words a pass, two words a round. */
  function transformBlock(
    schedule: Int32Array,
    from: number,
    to: number,
    bytes: Uint8Array,
    at: number,
  ): void {
    let l = readWord(bytes, at);
    let r = readWord(bytes, at + 4);
    let t = ((l >>> 4) ^ r) & 0x0f0f0f0f; // initial permutation, as five exchanges of bit groups
    l ^= t << 4;
    r ^= t;
    t = ((l >>> 16) ^ r) & 0xffff;
    l ^= t << 16;
    r ^= t;
    t = ((r >>> 2) ^ l) & 0x33333333;
    r ^= t << 2;
    l ^= t;
    t = ((r >>> 8) ^ l) & 0x00ff00ff;
    r ^= t << 8;
    l ^= t;
    t = ((l >>> 1) ^ r) & 0x55555555;
    l ^= t << 1;
    r ^= t;
    l = (l << 1) | (l >>> 31);
    r = (r << 1) | (r >>> 31);
    for (let k = from; k < to; ) {
      for (const end = k + 32; k < end; k += 4) {
        l ^= round(r, schedule[k] as number, schedule[k + 1] as number); // in range: k < end
        r ^= round(l, schedule[k + 2] as number, schedule[k + 3] as number);
      }
      t = l; // the halves of the preoutput are exchanged
      l = r;
      r = t;
    }
    l = (l >>> 1) | (l << 31);
    r = (r >>> 1) | (r << 31);
    t = ((l >>> 1) ^ r) & 0x55555555; // final permutation: the same exchanges, backwards
    l ^= t << 1;
    r ^= t;
    t = ((r >>> 8) ^ l) & 0x00ff00ff;
    r ^= t << 8;
    l ^= t;
    t = ((r >>> 2) ^ l) & 0x33333333;
    r ^= t << 2;
    l ^= t;
    t = ((l >>> 16) ^ r) & 0xffff;
    l ^= t << 16;
    r ^= t;
    t = ((l >>> 4) ^ r) & 0x0f0f0f0f;
    l ^= t << 4;
    r ^= t;
    writeWord(bytes, at, l);
    writeWord(bytes, at + 4, r);
  }

  /** The cipher function f: expansion, key, S-boxes and P, by eight tables of 64 words. */
  function round(half: number, oddKey: number, evenKey: number): number {
    const odd = ((half >>> 4) | (half << 28)) ^ oddKey;
    const even = half ^ evenKey;
    // In pairs, so that no sum waits for all before it. In range: six bits.
    const first = (S1[(odd >>> 24) & 63] as number) ^ (S3[(odd >>> 16) & 63] as number);
    const second = (S2[(even >>> 24) & 63] as number) ^ (S4[(even >>> 16) & 63] as number);
    const third = (S5[(odd >>> 8) & 63] as number) ^ (S7[odd & 63] as number);
    const fourth = (S6[(even >>> 8) & 63] as number) ^ (S8[even & 63] as number);
    return first ^ second ^ (third ^ fourth);
  }
}

/** The key schedule, its tables constants of a function as well. */
const expandKey = /* @__PURE__ */ createExpansion();

function createExpansion() {
  const CHOICE_1 = tabulate(8, permutedChoice1());
  const CHOICE_2 = tabulate(7, permutedChoice2());
  const ROTATION = Int32Array.from(ROTATIONS);
  return writeRoundKeys;

  /** Writes the 16 round keys of one DES key, each two words, forwards or backwards. */
  function writeRoundKeys(
    key: Uint8Array,
    from: number,
    schedule: Int32Array,
    to: number,
    step: 2 | -2,
  ): void {
    let c = 0;
    let d = 0;
    for (let i = 0; i < 8; i++) {
      const byte = key[from + i] as number; // in range: a DES key is 8 bytes
      c |= CHOICE_1[256 * i + byte] as number;
      d |= CHOICE_1[2048 + 256 * i + byte] as number;
    }
    for (let i = 0, at = to; i < 16; i++, at += step) {
      const by = ROTATION[i] as number; // in range: 16 rounds
      c = ((c << by) | (c >>> (28 - by))) & 0xfffffff;
      d = ((d << by) | (d >>> (28 - by))) & 0xfffffff;
      const ofC = choose(c, 0);
      const ofD = choose(d, 512);
      schedule[at] = (ofC & 0xffff0000) | (ofD >>> 16);
      schedule[at + 1] = (ofC << 16) | (ofD & 0xffff);
    }
  }

  /** Permuted choice 2 of C or D, by four groups of seven bits: the bytes of four S-boxes. */
  function choose(half: number, base: number): number {
    return (
      (CHOICE_2[base | (half & 127)] as number) |
      (CHOICE_2[base | 128 | ((half >>> 7) & 127)] as number) |
      (CHOICE_2[base | 256 | ((half >>> 14) & 127)] as number) |
      (CHOICE_2[base | 384 | ((half >>> 21) & 127)] as number) // in range: C and D are 28 bits
    );
  }
}

/** The schedule of the inverse cipher: the same rounds, backwards. */
function reverseRounds(words: Int32Array, from: number, to: number, inverse: number): void {
  for (let k = from, at = inverse + to - from - 2; k < to; k += 2, at -= 2) {
    words[at] = words[k] as number; // in range: both are as long
    words[at + 1] = words[k + 1] as number;
  }
}

function readWord(bytes: Uint8Array, at: number): number {
  // In range: a block is whole.
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

/** S-box and P together: for six input bits of a box, the output word rotated by one. */
function combineSAndP(box: number): Int32Array {
  const values = S_BOXES[box] as readonly number[]; // there are eight
  return Int32Array.from({ length: 64 }, (_, input) => {
    const row = ((input >> 4) & 2) | (input & 1);
    const output = values[16 * row + ((input >> 1) & 15)] as number; // in range: four rows of 16
    let word = 0;
    for (const [position, source] of P.entries()) {
      const bit = source - 1 - 4 * box; // which of the four output bits of this box, if any
      if (bit >= 0 && bit < 4 && (output >> (3 - bit)) & 1) word |= 1 << (31 - position);
    }
    return (word << 1) | (word >>> 31);
  });
}

/** Which word a bit of a group of key bits contributes. */
interface Contribution {
  readonly group: number;
  readonly bit: number;
  readonly word: number;
}

/** Permuted choice 1 by the bytes of a key: what each gives to C, then what it gives to D. */
function permutedChoice1(): Contribution[] {
  return PC1.map((source, i) => ({
    group: ((source - 1) >> 3) + (i < 28 ? 0 : 8),
    bit: 7 - ((source - 1) & 7),
    word: 1 << (27 - (i % 28)),
  }));
}

/**
 * Permuted choice 2 by groups of seven bits of C, then of D. Four S-boxes get their bits from C and
 * four from D: the bytes of the odd ones come before those of the even ones.
 */
function permutedChoice2(): Contribution[] {
  return PC2.map((source, i) => {
    const position = 27 - ((source - 1) % 28); // in C or D, from the right
    const box = Math.floor(i / 6) % 4;
    const byte = (box & 1 ? 2 : 0) + (box >> 1); // from the left
    return {
      group: Math.floor(position / 7) + (source > 28 ? 4 : 0),
      bit: position % 7,
      word: 1 << (24 - 8 * byte + 5 - (i % 6)),
    };
  });
}

/** A word for every value of each group of key bits. */
function tabulate(bits: number, contributions: readonly Contribution[]): Int32Array {
  const groups = 1 + Math.max(...contributions.map(({ group }) => group));
  const table = new Int32Array(groups << bits);
  for (const { group, bit, word } of contributions) {
    for (let value = 0; value < 1 << bits; value++) {
      const entry = (group << bits) + value;
      if ((value >> bit) & 1) table[entry] = (table[entry] as number) | word;
    }
  }
  return table;
}
