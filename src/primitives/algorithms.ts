/** The key algorithms of this package, and which key lengths each has. */

/** Algorithm of a key, as the header of a key block names it in one letter. */
export type KeyAlgorithm = 'AES' | 'TDES' | 'DES' | 'HMAC' | 'RSA' | 'EC' | 'DSA' | 'other';

/** Lengths in bytes where the algorithm fixes them; any other key is one byte or longer. */
const KEY_LENGTHS: ReadonlyMap<KeyAlgorithm, readonly number[]> = /* @__PURE__ */ new Map<
  KeyAlgorithm,
  readonly number[]
>([
  ['AES', [16, 24, 32]],
  ['TDES', [16, 24]],
  ['DES', [8]],
  ['HMAC', []],
  ['RSA', []],
  ['EC', []],
  ['DSA', []],
  ['other', []],
]);

/** Whether a text names an algorithm. */
export function isKeyAlgorithm(name: unknown): name is KeyAlgorithm {
  return KEY_LENGTHS.has(name as KeyAlgorithm); // any value may be looked up
}

/** Whether an algorithm has keys of this many bytes. */
export function fitsAlgorithm(algorithm: KeyAlgorithm, length: number): boolean {
  const lengths = KEY_LENGTHS.get(algorithm) ?? [];
  return lengths.length === 0 ? length > 0 : lengths.includes(length);
}
