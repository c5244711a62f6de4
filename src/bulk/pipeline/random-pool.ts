/** Padding for many blocks: drawn in large portions, handed out in words, overwritten after. */

import { drawBytes, type RandomBytes, systemRandomBytes } from '../../primitives/random.js';

/** The most that is drawn at once, in words. */
const PORTION = 4096;

/** Random words, so many as were announced. */
export interface RandomPool {
  /** Where the words are. Who takes them sets them to zero. */
  readonly pool: Int32Array;
  /** Announces how many words will be taken: no more are ever drawn from a caller's generator. */
  announce(count: number): void;
  /** Gives out a few words: those from the index returned on. */
  draw(count: number): number;
  wipe(): void;
}

/** Makes a pool over the system's generator, or over that of a caller. */
export function createRandomPool(randomBytes: RandomBytes | undefined): RandomPool {
  let pool = new Int32Array(0);
  let used = 0;
  let announced = 0;
  return {
    get pool() {
      return pool;
    },
    announce(count) {
      announced = count;
    },
    draw(count) {
      if (used + count > pool.length) {
        pool.fill(0);
        // A caller's generator is asked for what is needed; the system's in whole portions.
        const wanted = randomBytes === undefined ? PORTION : Math.min(announced, PORTION);
        const words = Math.max(wanted - (wanted % count), count);
        pool = new Int32Array(drawBytes(randomBytes ?? systemRandomBytes, 4 * words).buffer);
        used = 0;
      }
      announced -= count;
      used += count;
      return used - count;
    },
    wipe() {
      pool.fill(0);
      used = pool.length;
    },
  };
}
