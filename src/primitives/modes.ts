/**
 * Modes of operation over any block cipher (SP 800-38A), in place, on what stands in `data` from
 * an offset to its end: the payload of a key block stands behind its header.
 */

import type { BlockCipher } from './block-cipher.js';

/** CBC encryption of a whole number of blocks. */
export function encryptCbc(cipher: BlockCipher, iv: Uint8Array, data: Uint8Array, from = 0): void {
  const { blockLength } = cipher;
  for (let i = 0; i < blockLength; i++) xorByte(data, from + i, iv[i]);
  cipher.encryptBlock(data, from);
  for (let at = from + blockLength; at < data.length; at += blockLength) {
    for (let i = at; i < at + blockLength; i++) xorByte(data, i, data[i - blockLength]);
    cipher.encryptBlock(data, at);
  }
}

/** CBC decryption, from the last block to the first, so that no block needs a copy. */
export function decryptCbc(cipher: BlockCipher, iv: Uint8Array, data: Uint8Array, from = 0): void {
  const { blockLength } = cipher;
  for (let at = data.length - blockLength; at > from; at -= blockLength) {
    cipher.decryptBlock(data, at);
    for (let i = at; i < at + blockLength; i++) xorByte(data, i, data[i - blockLength]);
  }
  cipher.decryptBlock(data, from);
  for (let i = 0; i < blockLength; i++) xorByte(data, from + i, iv[i]);
}

/**
 * CTR encryption and decryption. The counter is the whole block, big-endian, and wraps around: in
 * version E it starts at the MAC, so that carries reach any of its bytes.
 */
export function applyCtr(
  cipher: BlockCipher,
  counter: Uint8Array,
  data: Uint8Array,
  from = 0,
): void {
  const { blockLength } = cipher;
  const next = new Uint8Array(counter);
  const stream = new Uint8Array(blockLength);
  for (let at = from; at < data.length; at += blockLength) {
    stream.set(next);
    cipher.encryptBlock(stream, 0);
    const end = Math.min(at + blockLength, data.length);
    for (let i = at; i < end; i++) xorByte(data, i, stream[i - at]);
    increment(next);
  }
  stream.fill(0);
}

/** CBC-MAC with a zero IV and no padding (ISO 9797-1 algorithm 1): the last block of CBC. */
export function computeCbcMac(cipher: BlockCipher, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const { blockLength } = cipher;
  const state = new Uint8Array(blockLength);
  for (let at = 0; at < data.length; at += blockLength) {
    for (let i = 0; i < blockLength; i++) xorByte(state, i, data[at + i]);
    cipher.encryptBlock(state, 0);
  }
  return state;
}

function increment(counter: Uint8Array): void {
  for (let i = counter.length - 1, carry = 1; i >= 0; i--) {
    carry += counter[i] as number; // in range
    counter[i] = carry;
    carry >>>= 8;
  }
}

/** The bytes are in range wherever this is called: data is whole blocks, or bounded by `end`. */
function xorByte(data: Uint8Array, at: number, byte: number | undefined): void {
  data[at] = (data[at] as number) ^ (byte as number);
}
