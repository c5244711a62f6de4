/**
 * TR-31 version D over the modes that @noble/ciphers exports, a call for every step: portable, and
 * what a careful engineer writes who may not use `node:crypto`. Every call derives the KBEK and the
 * KBAK anew, and every step expands its key.
 */

import { cbc, cmac } from '@noble/ciphers/aes.js';
import { bytesToHex, hexToBytes, randomBytes } from '@noble/ciphers/utils.js';

/** Opens a key block without optional blocks, or throws. */
function unwrapKey({ kbpk, keyBlock }) {
  if (keyBlock[0] !== 'D' || keyBlock.slice(12, 14) !== '00') throw new Error('not supported');
  if (Number(keyBlock.slice(1, 5)) !== keyBlock.length) throw new Error('wrong length field');
  const header = keyBlock.slice(0, 16);
  const body = hexToBytes(keyBlock.slice(16));
  const mac = body.subarray(body.length - 16);
  const { kbek, kbak } = deriveBlockKeys(kbpk);
  const decipher = cbc(kbek, mac, { disablePadding: true });
  const payload = decipher.decrypt(body.subarray(0, body.length - 16));
  if (!equal(cmac(concat(ascii(header), payload), kbak), mac)) throw new Error('wrong MAC');
  const bits = (payload[0] << 8) | payload[1];
  if (bits === 0 || bits % 8 !== 0 || bits / 8 > payload.length - 2) {
    throw new Error('wrong key length');
  }
  return { header, key: payload.subarray(2, 2 + bits / 8) };
}

/** Wraps an AES key, its length masked as X9.143 says. */
function wrapKey({ kbpk, key, header }) {
  const payload = new Uint8Array(Math.ceil((2 + Math.max(key.length, 32)) / 16) * 16);
  payload[0] = key.length >> 5;
  payload[1] = key.length << 3;
  payload.set(key, 2);
  payload.set(randomBytes(payload.length - 2 - key.length), 2 + key.length);
  const length = header.length + 2 * (payload.length + 16);
  const finalHeader = header[0] + String(length).padStart(4, '0') + header.slice(5);
  const { kbek, kbak } = deriveBlockKeys(kbpk);
  const mac = cmac(concat(ascii(finalHeader), payload), kbak);
  const ciphertext = cbc(kbek, mac, { disablePadding: true }).encrypt(payload);
  return finalHeader + bytesToHex(concat(ciphertext, mac)).toUpperCase();
}

/** Moves a key block from one KBPK to another, with fresh padding under the same header. */
export function rewrapKey({ keyBlock, from, to }) {
  const { header, key } = unwrapKey({ kbpk: from, keyBlock });
  return wrapKey({ kbpk: to, key, header });
}

/** CMAC in counter mode (SP 800-108), as long a key as the KBPK. */
function deriveBlockKeys(kbpk) {
  const derive = (usage) => {
    const parts = [];
    for (let counter = 1; (counter - 1) * 16 < kbpk.length; counter++) {
      const bits = kbpk.length * 8;
      const input = [counter, 0, usage, 0, 0, kbpk.length / 8, bits >> 8, bits & 255];
      parts.push(cmac(Uint8Array.from(input), kbpk));
    }
    return concat(...parts).subarray(0, kbpk.length);
  };
  return { kbek: derive(0), kbak: derive(1) };
}

function equal(a, b) {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

function ascii(text) {
  return new TextEncoder().encode(text);
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
