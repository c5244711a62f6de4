/**
 * Check values computed apart from the library: CMAC of AES by an own CMAC over the AES of
 * @noble/ciphers, HMAC of nothing. DES is the runtime's, where it has one: see `node-reference.ts`.
 */
import { ecb } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A zero block encrypted by TDES with a key of 16 or 24 bytes. */
export type TdesZeroBlock = (key: Uint8Array) => Uint8Array;

/** CMAC (SP 800-38B) of one whole zero block under AES. */
function cmacOfZeroBlock(key: Uint8Array): Uint8Array {
  const encrypt = (block: Uint8Array): Uint8Array =>
    ecb(key, { disablePadding: true }).encrypt(block);
  const k1 = doubled(encrypt(new Uint8Array(16)));
  return encrypt(k1); // zero message XOR K1
}

/** Multiplication by x in GF(2^128). */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  let carry = 0;
  for (let i = 15; i >= 0; i--) {
    const byte = block[i] ?? 0;
    out[i] = ((byte << 1) | carry) & 0xff;
    carry = byte >>> 7;
  }
  if (carry === 1) out[15] = (out[15] ?? 0) ^ 0x87;
  return out;
}

/** The check value that a record has to have; undefined where this runtime can not tell. */
export function checkValueOf(
  algorithm: string,
  key: Uint8Array,
  tdes?: TdesZeroBlock,
): { readonly method: string; readonly value: string } | undefined {
  const hex = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
  switch (algorithm) {
    case 'A':
      return { method: 'cmac', value: hex(cmacOfZeroBlock(key).subarray(0, 5)) };
    case 'H': // every HMAC key of the simulator is of SHA-256
      return { method: 'hmac', value: hex(hmac(sha256, key, new Uint8Array()).subarray(0, 3)) };
    case 'T':
      return tdes && { method: 'legacy', value: hex(tdes(key).subarray(0, 3)) };
    default:
      return undefined;
  }
}
