/** Where clear keys are kept that are compared with others, until the others are opened. */

import { MAX_KEY_BLOCK_LENGTH } from '../tr31/text.js';

/** Holds keys: to be wiped. */
export interface KeyStore {
  /** Copies a key, which is shorter than the text that it was in. */
  put(key: Uint8Array): Uint8Array;
  wipe(): void;
}

/** One memory for the keys of some texts: small arrays would be moved, and leave copies behind. */
export function createKeyStore(texts: readonly unknown[]): KeyStore {
  const lengths = texts.map((text) =>
    typeof text === 'string' ? Math.min(text.length, MAX_KEY_BLOCK_LENGTH) >> 1 : 0,
  );
  const bytes = new Uint8Array(new ArrayBuffer(lengths.reduce((sum, length) => sum + length, 0)));
  let end = 0;
  return {
    put(key) {
      bytes.set(key, end);
      end += key.length;
      return bytes.subarray(end - key.length, end);
    },
    wipe() {
      bytes.fill(0);
    },
  };
}
