/** AES key wrap (RFC 3394), by which a key that was agreed on protects the content key. */

import { KeyblockError } from '../../errors.js';
import { createAes } from '../../primitives/aes.js';
import { equalBytes, xorInto } from '../../primitives/bytes.js';

/** A key encryption key, and what it is applied to. */
export interface KeyWrapOptions {
  /** 16, 24 or 32 bytes. */
  readonly kek: Uint8Array;
  /** A key of 16 bytes or more, whole blocks of 8; or a wrapped one, which is 8 bytes longer. */
  readonly key: Uint8Array;
}

/** RFC 3394 2.2.3.1. */
const INITIAL_VALUE = /* @__PURE__ */ new Uint8Array(8).fill(0xa6);

/** How often each block is encrypted. */
const ROUNDS = 6;

/**
 * Wraps a key (RFC 3394 2.2.1).
 *
 * @throws {@link KeyblockError} `INVALID_LENGTH`.
 */
export function wrapContentKey({ kek, key }: KeyWrapOptions): Uint8Array<ArrayBuffer> {
  if (key.length < 16 || key.length % 8 !== 0) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
  }
  const wrapped = new Uint8Array(8 + key.length);
  wrapped.set(INITIAL_VALUE);
  wrapped.set(key, 8);
  const cipher = createAes(kek);
  const block = new Uint8Array(16);
  const steps = (ROUNDS * key.length) / 8;
  for (let step = 1; step <= steps; step++) {
    const at = blockOffset(step, key.length);
    block.set(wrapped.subarray(0, 8));
    block.set(wrapped.subarray(at, at + 8), 8);
    cipher.encryptBlock(block, 0);
    xorInto(block, stepOctets(step));
    wrapped.set(block.subarray(0, 8));
    wrapped.set(block.subarray(8), at);
  }
  cipher.destroy();
  return wrapped;
}

/** Unwraps a key (RFC 3394 2.2.2). Undefined where it is not one wrapped under this key. */
export function unwrapContentKey({
  kek,
  key,
}: KeyWrapOptions): Uint8Array<ArrayBuffer> | undefined {
  if (key.length < 24 || key.length % 8 !== 0) return undefined;
  const data = new Uint8Array(key);
  const cipher = createAes(kek);
  const block = new Uint8Array(16);
  const length = key.length - 8;
  for (let step = (ROUNDS * length) / 8; step > 0; step--) {
    const at = blockOffset(step, length);
    block.set(data.subarray(0, 8));
    xorInto(block, stepOctets(step));
    block.set(data.subarray(at, at + 8), 8);
    cipher.decryptBlock(block, 0);
    data.set(block.subarray(0, 8));
    data.set(block.subarray(8), at);
  }
  cipher.destroy();
  block.fill(0);
  const isKey = equalBytes(data.subarray(0, 8), INITIAL_VALUE);
  const unwrapped = isKey ? new Uint8Array(data.subarray(8)) : undefined;
  data.fill(0);
  return unwrapped;
}

/** Where the block of a step stands: the blocks behind the first one, over and over. */
function blockOffset(step: number, length: number): number {
  return 8 + ((8 * (step - 1)) % length);
}

/** The number of a step in 8 bytes. No key is so long that it needs more than three of them. */
function stepOctets(step: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, step >> 16, step >> 8, step);
}
