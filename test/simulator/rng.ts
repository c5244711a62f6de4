/** A seeded generator: the same seed plays the same world again, whatever else runs. */

/** Randomness of one world. */
export interface Rng {
  /** A number of 32 bits. */
  next(): number;
  /** A whole number from 0 up to, but not including, `below`. */
  int(below: number): number;
  /** True once in so many times. */
  oneIn(times: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(items: readonly T[]): T;
  /** A copy in another order. */
  shuffled<T>(items: readonly T[]): T[];
  /** Some of a list, in order. */
  some<T>(items: readonly T[]): T[];
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** Makes a generator (sfc32, seeded by splitmix32). */
export function createRng(seed: number): Rng {
  let s = seed | 0;
  const mix = (): number => {
    s = (s + 0x9e3779b9) | 0;
    let z = s ^ (s >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) | 0;
  };
  let [a, b, c, d] = [mix(), mix(), mix(), 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const int = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[int(items.length)] as T;
  };
  const shuffled = <T>(items: readonly T[]): T[] => {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = int(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  };
  return {
    next,
    int,
    pick,
    shuffled,
    oneIn: (times) => int(times) === 0,
    some: (items) => items.filter(() => int(2) === 0),
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
  };
}
