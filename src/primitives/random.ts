import { KeyblockError } from '../errors.js';
import { copyBytes } from './bytes.js';

/** Returns `length` bytes, fresh and unpredictable in every call. */
export type RandomBytes = (length: number) => Uint8Array;

/** The most that Web Crypto gives in one call. */
const MAX_PORTION = 65_536;

/** Web Crypto's generator, present in every runtime this library supports. */
export function systemRandomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += MAX_PORTION) {
    crypto.getRandomValues(bytes.subarray(at, at + MAX_PORTION));
  }
  return bytes;
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
export function checkedRandomBytes(randomBytes: RandomBytes | undefined): RandomBytes {
  if (randomBytes === undefined) return systemRandomBytes;
  if (typeof randomBytes !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'randomBytes' });
  }
  return randomBytes;
}

const pool = /* @__PURE__ */ new Uint8Array(4096);
let used = 4096;

/**
 * Fills the rest of a message with random padding, drawn from the system in large portions: a call
 * of its own for the 14 bytes of a padding costs more than wrapping the key (docs/decisions.md).
 * Keys never come from here. Padding hides the length of a key; nothing rests on its secrecy, and
 * what was handed out is overwritten all the same.
 */
export function fillWithPadding(message: Uint8Array, from: number): void {
  for (let i = from; i < message.length; i++) {
    if (used === pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    message[i] = pool[used] as number; // in range: refilled at the end
    pool[used++] = 0;
  }
}
