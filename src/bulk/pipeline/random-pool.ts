/** Padding for many blocks: drawn in large portions, handed out in words, overwritten after. */

import { drawBytes, type RandomBytes } from '../../primitives/random.js';

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
      if (used + count > pool.length) refill(count);
      announced -= count;
      used += count;
      return used - count;
    },
    wipe() {
      pool.fill(0);
      used = pool.length;
    },
  };

  function refill(count: number): void {
    used = 0;
    if (randomBytes === undefined) {
      if (pool.length === 0) pool = new Int32Array(PORTION);
      crypto.getRandomValues(pool);
      return;
    }
    // A caller's generator is asked for what is needed, the system's for whole portions.
    const wanted = Math.min(announced, PORTION);
    const words = Math.max(wanted - (wanted % count), count);
    pool.fill(0);
    const bytes = drawBytes(randomBytes, 4 * words);
    pool = new Int32Array(bytes.buffer);
  }
}
