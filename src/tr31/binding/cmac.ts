/**
 * Key derivation binding, versions B, D and E: KBEK and KBAK by CMAC in counter mode (SP 800-108),
 * the MAC by CMAC over header and clear payload. The MAC is the IV, or the first counter.
 */

import { AES_WORDS, createAes } from '../../primitives/aes.js';
import type { BlockCipher } from '../../primitives/block-cipher.js';
import { createCmac, doubleBlock } from '../../primitives/cmac.js';
import { createTdes, TDES_WORDS } from '../../primitives/des.js';
import { applyCtr, decryptCbc, encryptCbc } from '../../primitives/modes.js';
import { reserveWords } from '../../primitives/schedule-memory.js';
import { FIXED_LENGTH } from '../text.js';
import type { Version } from '../versions.js';
import type { BlockKeys } from './binding.js';

/** What a derived key is for: bytes 1 and 2 of the derivation input (X9.143 table). */
const KEY_USAGE_INDICATORS = { cbc: 0x0000, mac: 0x0001, ctr: 0x0002 } as const;

/** Which key is derived. */
export type DerivedKeyUse = keyof typeof KEY_USAGE_INDICATORS;

/** Algorithm and length of the KBPK: bytes 4 and 5 of the derivation input, by bytes of the key. */
const ALGORITHM_INDICATORS = {
  TDES: new Map([
    [16, 0x0000],
    [24, 0x0001],
  ]),
  AES: new Map([
    [16, 0x0002],
    [24, 0x0003],
    [32, 0x0004],
  ]),
} as const;

/** Bytes of a derivation input: a block of TDES, half a block of AES. */
const INPUT_LENGTH = 8;

/** Derives both keys of a version whose binding is CMAC. */
export function deriveCmacKeys(kbpk: Uint8Array, version: Version): BlockKeys {
  const isStream = version.binding === 'aes-cmac-ctr';
  const words = version.kbpkAlgorithm === 'AES' ? AES_WORDS : TDES_WORDS;
  const { memory, base } = reserveWords(2 * words);
  const prf = createCipher(kbpk, version, memory, base);
  const subkey = derivationSubkey(prf);
  const kbek = deriveKey(prf, subkey, kbpk.length, version, isStream ? 'ctr' : 'cbc');
  const kbak = deriveKey(prf, subkey, kbpk.length, version, 'mac');
  subkey.fill(0);
  prf.destroy();
  const encryption = createCipher(kbek, version, memory, base); // where that of the KBPK was
  const ofKbak = createCipher(kbak, version, memory, base + words);
  // The fixed part of the header is the same in most key blocks that one KBPK protects.
  const authentication = createCmac(ofKbak, FIXED_LENGTH);
  return {
    kbpk: new Uint8Array(kbpk),
    kbek,
    kbak,
    macCovers: 'plaintext',
    computeMac: (message) => authentication.compute(message),
    encrypt(message, headerLength, mac) {
      if (isStream) applyCtr(encryption, mac, message, headerLength);
      else encryptCbc(encryption, mac, message, headerLength);
    },
    decrypt(message, headerLength, mac) {
      if (isStream) applyCtr(encryption, mac, message, headerLength);
      else decryptCbc(encryption, mac, message, headerLength);
    },
    destroy() {
      this.kbpk.fill(0);
      kbek.fill(0);
      kbak.fill(0);
      encryption.destroy();
      authentication.destroy();
    },
  };
}

/** The inputs whose CMACs, one after the other, start with the derived key. */
export function derivationInputs(
  kbpkLength: number,
  version: Version,
  use: DerivedKeyUse,
): readonly Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: Math.ceil(kbpkLength / version.blockLength) }, (_, i) => {
    const input = new Uint8Array(INPUT_LENGTH);
    writeInput(input, 0, kbpkLength, version, use, i + 1);
    return input;
  });
}

/** Writes an input where there are zeros. */
function writeInput(
  to: Uint8Array,
  at: number,
  kbpkLength: number,
  { kbpkAlgorithm }: Version,
  use: DerivedKeyUse,
  counter: number,
): void {
  const bits = 8 * kbpkLength;
  to[at] = counter;
  to[at + 2] = KEY_USAGE_INDICATORS[use]; // below 256, like the algorithm; byte 3 separates
  to[at + 5] = ALGORITHM_INDICATORS[kbpkAlgorithm].get(kbpkLength) ?? 0;
  to[at + 6] = bits >> 8;
  to[at + 7] = bits;
}

/** The subkey of CMAC for inputs of eight bytes: K1 where they fill a block, K2 where they do not. */
function derivationSubkey(prf: BlockCipher): Uint8Array {
  const subkey = new Uint8Array(prf.blockLength);
  prf.encryptBlock(subkey, 0);
  doubleBlock(subkey);
  if (subkey.length > INPUT_LENGTH) doubleBlock(subkey);
  return subkey;
}

/**
 * Derives a key in place, as it comes: no parity is adjusted. Every block of it is the CMAC of an
 * input that is one block, so there is nothing to chain, and nothing to copy.
 */
function deriveKey(
  prf: BlockCipher,
  subkey: Uint8Array,
  length: number,
  version: Version,
  use: DerivedKeyUse,
): Uint8Array<ArrayBuffer> {
  const { blockLength } = version;
  const key = new Uint8Array(Math.ceil(length / blockLength) * blockLength);
  for (let at = 0, counter = 1; at < key.length; at += blockLength, counter++) {
    writeInput(key, at, length, version, use, counter);
    if (blockLength > INPUT_LENGTH) key[at + INPUT_LENGTH] = 0x80; // padding: a bit, and zeros
    for (let i = at; i < at + blockLength; i++) {
      key[i] = (key[i] as number) ^ (subkey[i - at] as number); // both in range
    }
    prf.encryptBlock(key, at);
  }
  if (key.length === length) return key;
  const cut = key.slice(0, length); // AES-192 drops the last half block
  key.fill(0);
  return cut;
}

/** The cipher of a version under a key, in memory that it may share with others. */
export function createCipher(
  key: Uint8Array,
  { kbpkAlgorithm }: Version,
  memory?: Int32Array,
  base = 0,
): BlockCipher {
  return kbpkAlgorithm === 'AES' ? createAes(key, memory, base) : createTdes(key, memory, base);
}
