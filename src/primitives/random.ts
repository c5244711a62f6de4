import { KeyblockError } from '../errors.js';
import { copyBytes } from './bytes.js';

/** Returns `length` bytes, fresh and unpredictable in every call. */
export type RandomBytes = (length: number) => Uint8Array;

/** Web Crypto's generator, present in every runtime this library supports. */
export function systemRandomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Asks a generator for bytes, and checks and copies what it returns.
 *
 * @param length - At least 1.
 */
export function drawBytes(randomBytes: RandomBytes, length: number): Uint8Array<ArrayBuffer> {
  const bytes = copyBytes(randomBytes(length), 'randomBytes');
  if (bytes.length !== length)
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'randomBytes' });
  return bytes;
}

/** Refuses a generator that is not a function; the default is the system's. */
export function checkedRandomBytes(
  randomBytes: RandomBytes | undefined,
  fallback: RandomBytes = systemRandomBytes,
): RandomBytes {
  if (randomBytes === undefined) return fallback;
  if (typeof randomBytes !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'randomBytes' });
  }
  return randomBytes;
}

const pool = /* @__PURE__ */ new Uint8Array(4096);
let used = 4096;

/**
 * Random bytes for padding only, drawn from the system in large portions: a call of its own for
 * the 14 bytes of a padding costs more than wrapping the key (docs/decisions.md). Keys never come
 * from here. Padding is not secret: it hides the length of the key and makes two blocks differ.
 */
export function paddingBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > pool.length >> 2) return systemRandomBytes(length);
  if (used + length > pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const bytes = new Uint8Array(pool.subarray(used, used + length));
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}
