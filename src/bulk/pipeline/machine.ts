/**
 * What the pipeline works on: an engine or native AES, both with one set of operations on blocks
 * of many lanes. Addresses, rows and lanes are those of the engines.
 */

import type { LaneCipher, LaneKey, PlaneConstant } from '../engine/engine.js';
import type { RandomPool } from './random-pool.js';

/** A cipher of a machine, and how it lays out a block. */
export type MachineCipher = Omit<LaneCipher, 'planeOffset'>;

export type { LaneKey, PlaneConstant };

/** Many lanes side by side, their working memory, and what can be done to all of them at once. */
export interface Machine {
  readonly name: 'typescript' | 'wasm-simd' | 'native';
  readonly lanes: number;
  /** Read it again after `reserve` and after a key was prepared. */
  readonly words: Int32Array;
  readonly aes: MachineCipher;
  readonly tdes: MachineCipher;
  /** The first address that is the pipeline's to give out. */
  readonly firstFree: number;
  /** How many words, from the start, the pipeline may have used: what is to be wiped. */
  readonly used: number;
  /** Where in a row the word of each lane is. */
  readonly laneOffsets: Int32Array;
  reserve(length: number): void;
  xor(to: number, from: number, length: number): void;
  copy(to: number, from: number, length: number): void;
  setConstant(to: number, constant: PlaneConstant): void;
  xorConstant(to: number, constant: PlaneConstant): void;
  /** The block at an address where it is the same in all lanes. */
  constantAt(cipher: MachineCipher, at: number): PlaneConstant;
  /** Copies one block in the lanes from `first` up to `end`, and leaves the others. */
  copyLanes(cipher: MachineCipher, to: number, from: number, first: number, end: number): void;
  /** Sets the bit of every lane in which the first bytes of two blocks differ. */
  markDifferences(
    cipher: MachineCipher,
    a: number,
    b: number,
    length: number,
    lanes: Int32Array,
  ): void;
  /** The first two bytes of a message as a number, if it is one in all lanes given; else -1. */
  commonNumber(cipher: MachineCipher, at: number, lanes: Int32Array): number;
  /** The first two bytes of a message as a number, for every lane. */
  readNumbers(cipher: MachineCipher, at: number, numbers: Int32Array): void;
  /** Sets one byte of a message in all lanes. */
  setByte(cipher: MachineCipher, at: number, byte: number, value: number): void;
  /** Puts random bytes into every lane of a message, from a byte of its own up to the same end. */
  randomize(
    cipher: MachineCipher,
    at: number,
    starts: Int32Array,
    end: number,
    random: RandomPool,
  ): void;
  destroy(): void;
}
