/**
 * Key components: full-length parts that are XORed to make the key, one for each custodian.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { fitsAlgorithm, isKeyAlgorithm, type KeyAlgorithm } from '../primitives/algorithms.js';
import { own, requireObject, xorInto } from '../primitives/bytes.js';
import { type HashName, isHashName } from '../primitives/hashes.js';
import { checkedRandomBytes, drawBytes, type RandomBytes } from '../primitives/random.js';
import { adoptKey, type KeyInput, type SecretKey, withClearKey } from '../secret-key.js';
import { algorithmOf } from './kcv.js';

const MIN_COUNT = 2;
const MAX_COUNT = 16;

/** What {@link combineComponents} takes. */
export interface CombineComponentsOptions {
  /** What the key is for. */
  readonly algorithm: KeyAlgorithm;
  /** 2 to 16 components of equal length. */
  readonly components: readonly KeyInput[];
  /**
   * The hash that an HMAC key belongs to.
   * @defaultValue that of the components, where they are handles that have one
   */
  readonly hash?: HashName | undefined;
}

/** What {@link splitIntoComponents} takes. */
export interface SplitIntoComponentsOptions {
  /** The key to split. */
  readonly key: KeyInput;
  /** Required for raw bytes. */
  readonly algorithm?: KeyAlgorithm | undefined;
  /** Number of components, 2 to 16. */
  readonly count: number;
  /** @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * Combines key components by XOR.
 *
 * @param options - The algorithm and the components.
 * @returns The key. Parity is left as it comes.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for fewer than two components, two that are
 * equal or of different hashes, `INVALID_LENGTH` when lengths differ or do not fit the algorithm,
 * `WEAK_KEY` when they cancel out to zero; both for keys of DES without regard to parity bits;
 * `KEY_DESTROYED`. A component of zeros is taken: test keys are made of such.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { combineComponents } from 'keyblock/kcv';
 *
 * const key = combineComponents({
 *   algorithm: 'AES',
 *   components: [
 *     fromHex('A0A1A2A3A4A5A6A7A8A9AAABACADAEAF'),
 *     fromHex('5F5E5D5C5B5A59585756555453525150'),
 *   ],
 * });
 * key.lengthBits; // 128
 * ```
 */
export function combineComponents(options: CombineComponentsOptions): SecretKey {
  requireObject(options, 'options');
  const algorithm = readAlgorithm(own(options, 'algorithm'));
  const given = own(options, 'components');
  if (!Array.isArray(given) || given.length < MIN_COUNT || given.length > MAX_COUNT) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'components' });
  }
  const hashes = new Set([readHash(own(options, 'hash'))]);
  const components: Uint8Array[] = [];
  try {
    for (const component of Array.from({ length: given.length }, (_, i): unknown => given[i])) {
      withClearKey(component as KeyInput, 'components', (clear) => {
        algorithmOf(algorithm, clear); // a handle of another algorithm is no component of this key
        hashes.add(clear.hash);
        components.push(new Uint8Array(clear.bytes));
      });
    }
    hashes.delete(undefined);
    if (hashes.size > 1) throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
    return combine(algorithm, components, [...hashes][0]);
  } finally {
    for (const component of components) component.fill(0);
  }
}

/**
 * Splits a key into components: all but one are random, the last is what is missing.
 *
 * @param options - The key and how many components.
 * @returns The components, each as secret as the key.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH`; `WEAK_KEY` when the generator
 * given repeats itself or gives nothing but zeros; `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { combineComponents, generateKey, splitIntoComponents } from 'keyblock/kcv';
 *
 * const key = generateKey({ algorithm: 'TDES', lengthBits: 192 });
 * const components = splitIntoComponents({ key, count: 3 });
 * combineComponents({ algorithm: 'TDES', components }).kcv() === key.kcv(); // true
 * ```
 */
export function splitIntoComponents(options: SplitIntoComponentsOptions): SecretKey[] {
  requireObject(options, 'options');
  const count = own(options, 'count');
  if (!Number.isInteger(count) || count === undefined || count < MIN_COUNT || count > MAX_COUNT) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'count' });
  }
  const randomBytes = checkedRandomBytes(own(options, 'randomBytes'));
  return withClearKey(own(options, 'key'), 'key', (key) => {
    const algorithm = algorithmOf(own(options, 'algorithm'), key);
    if (!fitsAlgorithm(algorithm, key.bytes.length)) {
      throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
    }
    const last = new Uint8Array(key.bytes);
    const components = [last];
    try {
      while (components.length < count) {
        const component = drawBytes(randomBytes, last.length);
        xorInto(last, component);
        components.splice(-1, 0, component);
      }
      // Equal ones could not be combined again, and beside zeros stands the key: only a broken
      // generator makes them.
      if (
        hasEqualPair(algorithm, components) ||
        components.some((bytes) => isZero(algorithm, bytes))
      ) {
        throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
      }
    } catch (error) {
      for (const component of components) component.fill(0);
      throw error;
    }
    return components.map((bytes) => adoptKey(algorithm, bytes, key.hash));
  });
}

function combine(
  algorithm: KeyAlgorithm,
  components: readonly Uint8Array[],
  hash: HashName | undefined,
): SecretKey {
  const length = components[0]?.length ?? 0;
  const sameLength = components.every((component) => component.length === length);
  if (!sameLength || !fitsAlgorithm(algorithm, length)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'components' });
  }
  // Two equal ones cancel out: somebody entered one component twice.
  if (hasEqualPair(algorithm, components)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'components' });
  }
  const sum = new Uint8Array(length);
  for (const component of components) xorInto(sum, component);
  if (isZero(algorithm, sum)) throw new KeyblockError('WEAK_KEY', { field: 'components' });
  return adoptKey(algorithm, sum, hash);
}

function isZero(algorithm: KeyAlgorithm, bytes: Uint8Array): boolean {
  return isSameKey(algorithm, bytes, new Uint8Array(bytes.length));
}

/** Whether two are the same but for the parity bits of DES, which are no part of a key. */
function isSameKey(algorithm: KeyAlgorithm, a: Uint8Array, b: Uint8Array): boolean {
  const mask = algorithm === 'TDES' || algorithm === 'DES' ? 0xfe : 0xff;
  let difference = 0;
  // In range: both have one length.
  for (let i = 0; i < a.length; i++) difference |= ((a[i] as number) ^ (b[i] as number)) & mask;
  return difference === 0;
}

function readHash(hash: HashName | undefined): HashName | undefined {
  if (hash !== undefined && !isHashName(hash)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  }
  return hash;
}

function hasEqualPair(algorithm: KeyAlgorithm, components: readonly Uint8Array[]): boolean {
  return components.some((component, i) =>
    components.slice(0, i).some((other) => isSameKey(algorithm, other, component)),
  );
}

function readAlgorithm(algorithm: KeyAlgorithm | undefined): KeyAlgorithm {
  if (!isKeyAlgorithm(algorithm))
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  return algorithm;
}
