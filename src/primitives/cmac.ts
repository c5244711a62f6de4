/** CMAC over any block cipher (SP 800-38B), its subkeys kept beside the key schedule. */

import type { BlockCipher } from './block-cipher.js';

/** CMAC under one key. */
export interface Cmac {
  /** Returns the MAC of a message, one block long. */
  compute(message: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Overwrites the subkeys and the key schedule. */
  destroy(): void;
}

/**
 * Prepares CMAC: the cipher becomes part of it and is destroyed with it.
 *
 * @param headLength - Whole blocks at the start of messages that are public and mostly alike, such
 * as the header of a key block: the state after them is kept for the next message.
 */
export function createCmac(cipher: BlockCipher, headLength = 0): Cmac {
  const { blockLength } = cipher;
  const k1 = new Uint8Array(blockLength);
  cipher.encryptBlock(k1, 0);
  doubleBlock(k1);
  const head = new Uint8Array(headLength);
  const stateAfterHead = new Uint8Array(blockLength);
  let hasHead = false;
  let k2: Uint8Array | undefined; // once there is a last block that is not whole
  return {
    compute(message) {
      // The last block, whole or not, is treated apart; the empty message has one too.
      const last = Math.max(0, Math.ceil(message.length / blockLength) - 1) * blockLength;
      const state = new Uint8Array(blockLength);
      let at = 0;
      if (headLength > 0 && last >= headLength) {
        if (!(hasHead && startsWith(message, head))) {
          // Whatever ends this half-way, a state that is none is not taken for one.
          hasHead = false;
          for (let i = 0; i < headLength; i++) head[i] = message[i] as number; // in range
          stateAfterHead.fill(0);
          absorb(cipher, stateAfterHead, head, 0, headLength);
          hasHead = true;
        }
        xorBlock(state, stateAfterHead, 0);
        at = headLength;
      }
      absorb(cipher, state, message, at, last);
      const rest = message.length - last;
      for (let i = 0; i < rest; i++)
        state[i] = (state[i] as number) ^ (message[last + i] as number);
      if (rest === blockLength) xorBlock(state, k1, 0);
      else {
        state[rest] = (state[rest] as number) ^ 0x80;
        k2 ??= doubled(k1);
        xorBlock(state, k2, 0);
      }
      cipher.encryptBlock(state, 0);
      return state;
    },
    destroy() {
      k1.fill(0);
      k2?.fill(0);
      stateAfterHead.fill(0);
      hasHead = false;
      cipher.destroy();
    },
  };
}

/** Takes the whole blocks from one offset to another into the state. */
function absorb(
  cipher: BlockCipher,
  state: Uint8Array,
  message: Uint8Array,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; at += state.length) {
    xorBlock(state, message, at);
    cipher.encryptBlock(state, 0);
  }
}

function startsWith(message: Uint8Array, head: Uint8Array): boolean {
  for (let i = 0; i < head.length; i++) if (message[i] !== head[i]) return false;
  return true;
}

function xorBlock(state: Uint8Array, bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < state.length; i++) {
    state[i] = (state[i] as number) ^ (bytes[offset + i] as number); // both in range
  }
}

function doubled(block: Uint8Array): Uint8Array {
  const copy = new Uint8Array(block);
  doubleBlock(copy);
  return copy;
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
