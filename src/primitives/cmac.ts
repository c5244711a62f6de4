/** CMAC over any block cipher (SP 800-38B), its subkeys kept beside the key schedule. */

import type { BlockCipher } from './block-cipher.js';

/** CMAC under one key. */
export interface Cmac {
  /** Returns the MAC of a message, one block long. */
  compute(message: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Overwrites the subkeys and the key schedule. */
  destroy(): void;
}

/** Prepares CMAC: the cipher becomes part of it and is destroyed with it. */
export function createCmac(cipher: BlockCipher): Cmac {
  const { blockLength } = cipher;
  const k1 = new Uint8Array(blockLength);
  cipher.encryptBlock(k1, 0);
  doubleBlock(k1);
  const k2 = new Uint8Array(k1);
  doubleBlock(k2);
  return {
    compute(message) {
      const state = new Uint8Array(blockLength);
      // The last block, whole or not, is treated apart; the empty message has one too.
      const last = Math.max(0, Math.ceil(message.length / blockLength) - 1) * blockLength;
      for (let at = 0; at < last; at += blockLength) {
        xorBlock(state, message, at);
        cipher.encryptBlock(state, 0);
      }
      const rest = message.length - last;
      for (let i = 0; i < rest; i++)
        state[i] = (state[i] as number) ^ (message[last + i] as number);
      if (rest < blockLength) state[rest] = (state[rest] as number) ^ 0x80;
      xorBlock(state, rest === blockLength ? k1 : k2, 0);
      cipher.encryptBlock(state, 0);
      return state;
    },
    destroy() {
      k1.fill(0);
      k2.fill(0);
      cipher.destroy();
    },
  };
}

function xorBlock(state: Uint8Array, bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < state.length; i++) {
    state[i] = (state[i] as number) ^ (bytes[offset + i] as number); // both in range
  }
}

/** Multiplies by x in GF(2^64) or GF(2^128), without a branch on the secret bit. */
export function doubleBlock(block: Uint8Array): void {
  const polynomial = block.length === 8 ? 0x1b : 0x87;
  const overflow = (block[0] as number) >> 7;
  for (let i = 0; i < block.length; i++) {
    block[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7);
  }
  block[block.length - 1] = (block[block.length - 1] as number) ^ (polynomial & -overflow);
}
