/** Padding for many blocks: drawn in large portions, handed out in words, overwritten after. */

import { drawBytes, type RandomBytes, systemRandomBytes } from '../../primitives/random.js';

/** The most that is drawn at once, in bytes. */
const PORTION = 16_384;

/** Random words, so many as were announced. */
export interface RandomPool {
  /** Announces how many words will be taken: no more are ever drawn from a caller's generator. */
  announce(words: number): void;
  take(): number;
  wipe(): void;
}

/** Makes a pool over the system's generator, or over that of a caller. */
export function createRandomPool(randomBytes: RandomBytes | undefined): RandomPool {
  const draw = randomBytes ?? systemRandomBytes;
  let pool = new Int32Array(0);
  let used = 0;
  let announced = 0;
  return {
    announce(words) {
      announced = words;
    },
    take() {
      if (used === pool.length) {
        // A caller's generator is asked for what is needed; the system's in whole portions.
        const needed = Math.max(announced, 1) * 4;
        const length = randomBytes === undefined ? PORTION : Math.min(needed, PORTION);
        pool = new Int32Array(drawBytes(draw, length).buffer);
        used = 0;
      }
      announced--;
      const word = pool[used] as number; // in range: refilled at the end
      pool[used++] = 0;
      return word;
    },
    wipe() {
      pool.fill(0);
      used = pool.length;
    },
  };
}
