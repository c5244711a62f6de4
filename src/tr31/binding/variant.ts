/** Key variant binding, versions A and C (TR-31:2005): KBEK and KBAK are the KBPK XOR a letter. */

import { createTdes, TDES_WORDS } from '../../primitives/des.js';
import { computeCbcMac, decryptCbc, encryptCbc } from '../../primitives/modes.js';
import { reserveWords } from '../../primitives/schedule-memory.js';
import type { BlockKeys } from './binding.js';

export const ENCRYPTION = 0x45; // E
export const AUTHENTICATION = 0x4d; // M
const MAC_LENGTH = 4;

/** Makes both variants of a KBPK of 8, 16 or 24 bytes. */
export function deriveVariantKeys(kbpk: Uint8Array): BlockKeys {
  const kbek = variant(kbpk, ENCRYPTION);
  const kbak = variant(kbpk, AUTHENTICATION);
  const { memory, base } = reserveWords(2 * TDES_WORDS);
  const encryption = createTdes(kbek, memory, base);
  const authentication = createTdes(kbak, memory, base + TDES_WORDS);
  return {
    kbpk: new Uint8Array(kbpk),
    kbek,
    kbak,
    macCovers: 'ciphertext',
    // Full TDES at every block (ISO 9797-1 algorithm 1), not the retail MAC; leftmost half.
    computeMac: (message) =>
      new Uint8Array(computeCbcMac(authentication, message).subarray(0, MAC_LENGTH)),
    // The IV is the first block of the message: version, length, usage, algorithm.
    encrypt: (message, headerLength) => encryptCbc(encryption, message, message, headerLength),
    decrypt: (message, headerLength) => decryptCbc(encryption, message, message, headerLength),
    destroy() {
      this.kbpk.fill(0);
      kbek.fill(0);
      kbak.fill(0);
      encryption.destroy();
      authentication.destroy();
    },
  };
}

/** A KBPK with a letter in every byte. */
export function variant(kbpk: Uint8Array, letter: number): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(kbpk); // in place: `map` would leave the copy behind
  for (let i = 0; i < key.length; i++) key[i] = (key[i] as number) ^ letter; // in range
  return key;
}
