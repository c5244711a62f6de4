/** The key algorithms of this package, and which key lengths each has. */

/** Algorithm of a key, as the header of a key block names it in one letter. */
export type KeyAlgorithm = 'AES' | 'TDES' | 'DES' | 'HMAC' | 'RSA' | 'EC' | 'DSA' | 'other';

const KEY_ALGORITHMS: readonly unknown[] = [
  'AES',
  'TDES',
  'DES',
  'HMAC',
  'RSA',
  'EC',
  'DSA',
  'other',
] satisfies readonly KeyAlgorithm[];

/** Whether a text names an algorithm. */
export function isKeyAlgorithm(name: unknown): name is KeyAlgorithm {
  return KEY_ALGORITHMS.includes(name);
}

/** Whether an algorithm has keys of this many bytes; where it does not say, of one or more. */
export function fitsAlgorithm(algorithm: KeyAlgorithm, length: number): boolean {
  switch (algorithm) {
    case 'AES':
      return length === 16 || length === 24 || length === 32;
    case 'TDES':
      return length === 16 || length === 24;
    case 'DES':
      return length === 8;
    default:
      return length > 0;
  }
}
