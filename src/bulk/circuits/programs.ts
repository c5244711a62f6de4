/**
 * The ciphers as programs over planes: what the gate lists of the S-boxes are embedded in.
 *
 * The generator prints these as TypeScript, and the WebAssembly engine assembles them, so that both
 * engines do the same by construction.
 */

import { P } from '../../primitives/des-tables.js';
import { AES_INVERSE_S_BOX, AES_S_BOX, DES_S_BOXES } from './gates.js';
import { aesPlane } from './layouts.js';
import { createProgram, type Program, type Value } from './program.js';

/**
 * One round of DES, a program for every S-box: XORs the cipher function of the half `from` under 48
 * masks to the half `to`, but for inversions. The expansion and the permutation P are but indices.
 */
export function desRound(): Program[] {
  return DES_S_BOXES.map((list, box) => {
    const program = createProgram();
    const inputs = range(6).map((i) =>
      program.xor(program.load('from', sourceOf(6 * box + i)), program.load('masks', 6 * box + i)),
    );
    for (const [i, output] of program.gates(list, inputs).entries()) {
      const index = P.indexOf(4 * box + i + 1);
      program.store('to', index, program.xor(program.load('to', index), output));
    }
    return program;
  });
}

/**
 * What the inversions of the S-boxes add to the masks of four rounds of DES, as bits: 48 for the
 * first and the last, and 48 for the two between. A half that a round has changed is inverted where
 * outputs are, and so the other one after the next; after four rounds both are as they should be.
 */
export function desInversions(): readonly (readonly number[])[] {
  const bitOf = (bits: number, count: number, i: number) => (bits >> (count - 1 - i)) & 1;
  const ofInputs = DES_S_BOXES.flatMap(({ invertedInputs }) =>
    range(6).map((i) => bitOf(invertedInputs, 6, i)),
  );
  const ofOutputs = DES_S_BOXES.flatMap(({ invertedOutputs }) =>
    range(4).map((i) => bitOf(invertedOutputs, 4, i)),
  );
  const ofHalf = P.map((source) => ofOutputs[source - 1] as number); // in range: a permutation
  const between = ofInputs.map((bit, i) => bit ^ (ofHalf[sourceOf(i)] as number)); // of 32 planes
  return [ofInputs, between];
}

/** The expansion: which plane of a half is input `i` of all 48 of the S-boxes. */
function sourceOf(i: number): number {
  return (4 * Math.floor(i / 6) + (i % 6) + 31) % 32;
}

/** SubBytes of AES on one byte of `to`, in place, without the constant 63. */
export function aesSubstitution(): Program {
  return substitution(AES_S_BOX);
}

/** InvSubBytes of AES on one byte of `to`, in place; the constant 63 was added before. */
export function aesInverseSubstitution(): Program {
  return substitution(AES_INVERSE_S_BOX);
}

function substitution(list: typeof AES_S_BOX): Program {
  const program = createProgram();
  const inputs = range(8).map((bit) => program.load('to', bit));
  for (const [bit, output] of program.gates(list, inputs).entries()) {
    program.store('to', bit, output);
  }
  return program;
}

/** ShiftRows, MixColumns and AddRoundKey of AES, a program for every column: `from` to `to`. */
export function aesMixing(): Program[] {
  return range(4).map((column) => {
    const program = createProgram();
    const bytes = range(4).map((row) => loadByte(program, shiftedByte(row, column)));
    for (const [row, byte] of mixColumn(program, bytes).entries()) {
      storeByte(program, 4 * column + row, addRoundKey(program, 4 * column + row, byte));
    }
    return program;
  });
}

/** InvShiftRows, AddRoundKey and InvMixColumns of AES, a program for every column. */
export function aesInverseMixing(): Program[] {
  return range(4).map((column) => {
    const program = createProgram();
    const bytes = range(4).map((row) => {
      const byte = loadByte(program, inverselyShiftedByte(row, column));
      return addRoundKey(program, 4 * column + row, byte);
    });
    // The inverse of MixColumns is MixColumns after adding 4 (a0 + a2) to a0 and a2, and so on.
    const [even, odd] = [0, 1].map((row) => {
      const sum = xorBytes(program, byteAt(bytes, row), byteAt(bytes, row + 2));
      return double(program, double(program, sum));
    }) as [Value[], Value[]]; // as many as there are rows
    const prepared = bytes.map((byte, row) => xorBytes(program, byte, row & 1 ? odd : even));
    for (const [row, byte] of mixColumn(program, prepared).entries()) {
      storeByte(program, 4 * column + row, byte);
    }
    return program;
  });
}

/** ShiftRows and AddRoundKey of AES: the last round has no MixColumns. */
export function aesLastKey(): Program {
  return lastKey(shiftedByte);
}

/** InvShiftRows and AddRoundKey of AES: the last round of decryption. */
export function aesInverseLastKey(): Program {
  return lastKey(inverselyShiftedByte);
}

function lastKey(source: (row: number, column: number) => number): Program {
  const program = createProgram();
  for (const byte of range(16)) {
    const value = loadByte(program, source(byte & 3, byte >> 2));
    storeByte(program, byte, addRoundKey(program, byte, value));
  }
  return program;
}

/** Four bytes of a column to MixColumns of them: 2 (a0 + a1) + a1 + a2 + a3, and so on. */
function mixColumn(program: Program, bytes: readonly Value[][]): Value[][] {
  const sums = bytes.map((byte, row) => xorBytes(program, byte, byteAt(bytes, row + 1)));
  return bytes.map((_, row) => {
    const others = xorBytes(program, byteAt(bytes, row + 1), byteAt(sums, row + 2));
    return xorBytes(program, others, double(program, byteAt(sums, row)));
  });
}

/** Multiplies by x in GF(2⁸), whose polynomial is x⁸ + x⁴ + x³ + x + 1. */
function double(program: Program, byte: readonly Value[]): Value[] {
  const carry = byte[7] as Value; // in range: a byte has eight bits
  return byte.map((_, bit) => {
    if (bit === 0) return carry;
    const below = byte[bit - 1] as Value;
    return bit === 1 || bit === 3 || bit === 4 ? program.xor(below, carry) : below;
  });
}

function loadByte(program: Program, byte: number): Value[] {
  return range(8).map((bit) => program.load('from', aesPlane(byte, bit)));
}

function storeByte(program: Program, byte: number, values: readonly Value[]): void {
  for (const [bit, value] of values.entries()) program.store('to', aesPlane(byte, bit), value);
}

function addRoundKey(program: Program, byte: number, values: readonly Value[]): Value[] {
  return values.map((value, bit) => program.xor(value, program.load('masks', aesPlane(byte, bit))));
}

function xorBytes(program: Program, a: readonly Value[], b: readonly Value[]): Value[] {
  return a.map((value, bit) => program.xor(value, b[bit] as Value)); // in range: both are bytes
}

function byteAt(bytes: readonly Value[][], row: number): Value[] {
  return bytes[row & 3] as Value[]; // in range: a column has four bytes
}

/** Which byte ShiftRows brings to a place. */
function shiftedByte(row: number, column: number): number {
  return 4 * ((column + row) & 3) + row;
}

function inverselyShiftedByte(row: number, column: number): number {
  return 4 * ((column - row) & 3) + row;
}

/** The exchanges of bit groups that transpose 32 words of 32 bits: distance, and which bits. */
const EXCHANGES: readonly (readonly [distance: number, bits: number])[] = [
  [16, 0x0000ffff],
  [8, 0x00ff00ff],
  [4, 0x0f0f0f0f],
  [2, 0x33333333],
  [1, 0x55555555],
];

/** Where the words of a transposition come from and go to, by their numbers. */
export interface Ends {
  source(word: number): number;
  target(word: number): number;
}

/**
 * Transposes 32 words of 32 bits: bit `i` of word `k` becomes bit `k` of word `i`. A row becomes
 * planes by it, and planes become a row.
 *
 * @param part - All of it; or, for a machine of few registers, the first half over every fourth
 *   word from word 0, or the second half over words 0 to 3.
 */
export function transposition(
  { source, target }: Ends,
  part: 'whole' | 'first' | 'second' = 'whole',
): Program {
  const [numbers, distances] = {
    whole: [range(32), EXCHANGES] as const,
    first: [range(8).map((i) => 4 * i), EXCHANGES.slice(0, 3)] as const,
    second: [range(4), EXCHANGES.slice(3)] as const,
  }[part];
  const program = createProgram();
  const words = new Map(numbers.map((number) => [number, program.load('from', source(number))]));
  for (const [distance, bits] of distances) {
    for (const number of numbers) {
      if (number & distance) continue;
      const a = words.get(number) as Value; // both are among the numbers
      const b = words.get(number + distance) as Value;
      const difference = program.xor(program.shiftRight(a, distance), b);
      const exchanged = program.and(difference, program.constant(bits));
      words.set(number, program.xor(a, program.shiftLeft(exchanged, distance)));
      words.set(number + distance, program.xor(b, exchanged));
    }
  }
  for (const [number, word] of words) program.store('to', target(number), word);
  return program;
}

/** Which plane of a block bit `number` of its word `word` is, for {@link transposition}. */
export function wordPlane(
  planeOf: (byte: number, bit: number) => number,
  number: number,
  word = 0,
): number {
  return planeOf(4 * word + 3 - (number >> 3), number & 7);
}

/** Adds one to a big-endian number over the planes of `to`. */
export function increment(planeOf: typeof aesPlane, bytes: number): Program {
  const program = createProgram();
  let carry: Value | undefined;
  for (const byte of range(bytes).reverse()) {
    for (const bit of range(8)) {
      const index = planeOf(byte, bit);
      const plane = program.load('to', index);
      carry ??= program.constant(-1);
      program.store('to', index, program.xor(plane, carry));
      carry = program.and(plane, carry);
    }
  }
  return program;
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}
