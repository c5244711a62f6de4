/** What is particular about DES keys: parity bits, weak keys, equal parts (SP 800-67). */

import { equalBytes } from './bytes.js';

/** Sets the lowest bit of every byte so that the byte has an odd number of ones. In place. */
export function setOddParity(key: Uint8Array): void {
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] as number; // in range
    key[i] = (byte & 0xfe) | (1 ^ parity(byte & 0xfe));
  }
}

/** Whether every byte has an odd number of ones. Looks at all bytes, whatever it finds. */
export function hasOddParityBits(key: Uint8Array): boolean {
  let even = 0;
  for (const byte of key) even |= 1 ^ parity(byte);
  return even === 0;
}

function parity(byte: number): number {
  const folded = byte ^ (byte >> 4);
  return (0x6996 >> (folded & 15)) & 1;
}

/** Whether two parts of a triple DES key are one DES key: parity bits do not count. */
export function equalDesKeys(key: Uint8Array, a: number, b: number): boolean {
  let difference = 0;
  for (let i = 0; i < 8; i++) difference |= (key[a + i] ?? 0) ^ (key[b + i] ?? 0);
  return (difference & 0xfe) === 0;
}

/** Whether a DES or TDES key has equal parts next to each other, or a weak or semi-weak part. */
export function isWeakDesKey(key: Uint8Array): boolean {
  let weak = false;
  for (let at = 0; at + 8 <= key.length; at += 8) {
    const part = new Uint8Array(key.subarray(at, at + 8));
    setOddParity(part);
    for (const known of WEAK_KEYS) weak = equalBytes(part, known) || weak;
    part.fill(0);
    if (at > 0) weak = equalDesKeys(key, at - 8, at) || weak;
  }
  return weak;
}

/** The 4 weak and 12 semi-weak keys of DES, with odd parity. */
const WEAK_KEYS: readonly Uint8Array[] = /* @__PURE__ */ [
  [0x01, 0x01, 0x01, 0x01],
  [0xfe, 0xfe, 0xfe, 0xfe],
  [0xe0, 0xe0, 0xf1, 0xf1],
  [0x1f, 0x1f, 0x0e, 0x0e],
  [0x01, 0x1f, 0x01, 0x0e],
  [0x1f, 0x01, 0x0e, 0x01],
  [0x01, 0xe0, 0x01, 0xf1],
  [0xe0, 0x01, 0xf1, 0x01],
  [0x01, 0xfe, 0x01, 0xfe],
  [0xfe, 0x01, 0xfe, 0x01],
  [0x1f, 0xe0, 0x0e, 0xf1],
  [0xe0, 0x1f, 0xf1, 0x0e],
  [0x1f, 0xfe, 0x0e, 0xfe],
  [0xfe, 0x1f, 0xfe, 0x0e],
  [0xe0, 0xfe, 0xf1, 0xfe],
  [0xfe, 0xe0, 0xfe, 0xf1],
].map(([a = 0, b = 0, c = 0, d = 0]) => Uint8Array.of(a, b, a, b, c, d, c, d)); // each half repeats
