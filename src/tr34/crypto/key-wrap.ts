/** AES key wrap (RFC 3394), by which a key that was agreed on protects the content key. */

import { aeskw } from '@noble/ciphers/aes.js';

/** A key encryption key, and what it is applied to. */
export interface KeyWrapOptions {
  /** 16, 24 or 32 bytes. */
  readonly kek: Uint8Array;
  /** A key of 16 bytes or more, whole blocks of 8; or a wrapped one, which is 8 bytes longer. */
  readonly key: Uint8Array;
}

/** Wraps a key. */
export function wrapContentKey({ kek, key }: KeyWrapOptions): Uint8Array<ArrayBuffer> {
  return new Uint8Array(aeskw(kek).encrypt(key));
}

/** Unwraps a key. Undefined where it is not one that was wrapped under this key. */
export function unwrapContentKey({
  kek,
  key,
}: KeyWrapOptions): Uint8Array<ArrayBuffer> | undefined {
  try {
    const unwrapped = aeskw(kek).decrypt(key);
    const copy = new Uint8Array(unwrapped);
    unwrapped.fill(0);
    return copy;
  } catch {
    return undefined;
  }
}
