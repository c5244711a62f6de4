/**
 * TR-31 versions B and D, and the usual check values, over node:crypto: what a careful engineer
 * with the standard at hand writes in an afternoon. Every call derives the KBEK and the KBAK anew,
 * and every step makes a cipher of its own.
 *
 * Keys are Buffers. A header is its text, whose length field is a placeholder when wrapping.
 */

import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';

const BLOCK_SIZES = { B: 8, D: 16 };

/** X9.143 key length masking: a wrapped key looks as long as the longest key of its algorithm. */
const MASKED_KEY_LENGTHS = { T: 24, A: 32 };

/** What a key block is made of; anything else would lose its upper byte on the way into the MAC. */
const PRINTABLE = /^[ -~]*$/;

const KEY_USAGE = { encryption: 0, authentication: 1 };

/** Wraps a key under a KBPK. */
export function wrapKey({ kbpk, key, header }) {
  const blockSize = blockSizeOf(header);
  const maskedLength = Math.max(key.length, MASKED_KEY_LENGTHS[header[7]] ?? 0);
  const payloadLength = Math.ceil((2 + maskedLength) / blockSize) * blockSize;
  const length = header.length + 2 * (payloadLength + blockSize);
  if (length > 9999) throw new Error('key block too long');
  const finalHeader = header[0] + String(length).padStart(4, '0') + header.slice(5);

  const bitLength = Buffer.alloc(2);
  bitLength.writeUInt16BE(key.length * 8);
  const payload = Buffer.concat([bitLength, key, randomBytes(payloadLength - 2 - key.length)]);

  const { kbek, kbak } = deriveBlockKeys(kbpk, blockSize);
  const mac = cmac(kbak, blockSize, Buffer.concat([Buffer.from(finalHeader, 'latin1'), payload]));
  const ciphertext = encryptCbc({ key: kbek, iv: mac, data: payload });
  return finalHeader + Buffer.concat([ciphertext, mac]).toString('hex').toUpperCase();
}

/** Opens a key block, or throws. */
export function unwrapKey({ kbpk, keyBlock }) {
  const blockSize = blockSizeOf(keyBlock);
  if (keyBlock.slice(1, 5) !== String(keyBlock.length).padStart(4, '0')) {
    throw new Error('wrong length field');
  }
  if (!PRINTABLE.test(keyBlock)) throw new Error('wrong character');
  const header = keyBlock.slice(0, headerLength(keyBlock));
  const bodyHex = keyBlock.slice(header.length);
  const body = Buffer.from(bodyHex, 'hex');
  // Buffer.from stops silently at the first character that is not hex.
  if (body.length * 2 !== bodyHex.length) throw new Error('not hex');
  if (body.length % blockSize !== 0 || body.length < 2 * blockSize) throw new Error('wrong length');
  const ciphertext = body.subarray(0, body.length - blockSize);
  const mac = body.subarray(body.length - blockSize);

  const { kbek, kbak } = deriveBlockKeys(kbpk, blockSize);
  const payload = decryptCbc({ key: kbek, iv: mac, data: ciphertext });
  const message = Buffer.concat([Buffer.from(header, 'latin1'), payload]);
  if (!timingSafeEqual(cmac(kbak, blockSize, message), mac)) throw new Error('wrong MAC');

  const bits = payload.readUInt16BE(0);
  if (bits === 0 || bits % 8 !== 0 || bits / 8 > payload.length - 2) {
    throw new Error('wrong key length');
  }
  return { header, key: payload.subarray(2, 2 + bits / 8) };
}

/**
 * Moves a key block from one KBPK to another, with fresh padding under the same header. If that
 * says a check value of the KBPK (of an AES key, in optional block KP), the new one takes its
 * place.
 */
export function rewrapKey({ keyBlock, from, to }) {
  const { header, key } = unwrapKey({ kbpk: from, keyBlock });
  if (!optionalBlockIds(header).includes('KP')) return wrapKey({ kbpk: to, key, header });
  const [before, after] = [from, to].map((kbpk) => `KP1001${computeAesKcv(kbpk)}`);
  if (!header.includes(before)) throw new Error('wrong KP');
  return wrapKey({ kbpk: to, key, header: header.replace(before, after) });
}

/** The legacy check value of a TDES key: a zero block enciphered, three bytes. */
export function computeTdesKcv(key) {
  return encryptBlock(key, Buffer.alloc(8)).toString('hex', 0, 3).toUpperCase();
}

/** The CMAC check value of an AES key: the CMAC of a zero block, five bytes. */
export function computeAesKcv(key) {
  return cmac(key, 16, Buffer.alloc(16)).toString('hex', 0, 5).toUpperCase();
}

function blockSizeOf(header) {
  const blockSize = BLOCK_SIZES[header[0]];
  if (blockSize === undefined) throw new Error('unsupported version');
  return blockSize;
}

/** Length of the fixed header and the optional blocks. */
function headerLength(keyBlock) {
  return optionalBlocks(keyBlock).reduce((end, { length }) => end + length, 16);
}

function optionalBlockIds(keyBlock) {
  return optionalBlocks(keyBlock).map(({ id }) => id);
}

function optionalBlocks(keyBlock) {
  const blocks = [];
  let at = 16;
  for (let left = Number(keyBlock.slice(12, 14)); left > 0; left--) {
    let length = Number.parseInt(keyBlock.slice(at + 2, at + 4), 16);
    if (length === 0) {
      const digits = Number.parseInt(keyBlock.slice(at + 4, at + 6), 16);
      length = Number.parseInt(keyBlock.slice(at + 6, at + 6 + digits), 16);
    }
    if (!(length >= 4)) throw new Error('malformed optional block');
    blocks.push({ id: keyBlock.slice(at, at + 2), length });
    at += length;
  }
  return blocks;
}

function deriveBlockKeys(kbpk, blockSize) {
  return {
    kbek: deriveKey(kbpk, blockSize, KEY_USAGE.encryption),
    kbak: deriveKey(kbpk, blockSize, KEY_USAGE.authentication),
  };
}

/** CMAC in counter mode (SP 800-108), as long a key as the KBPK. */
function deriveKey(kbpk, blockSize, usage) {
  const algorithm = kbpk.length / 8 - (blockSize === 8 ? 2 : 0);
  const parts = [];
  for (let counter = 1; (counter - 1) * blockSize < kbpk.length; counter++) {
    const input = Buffer.alloc(8);
    input.writeUInt8(counter, 0);
    input.writeUInt16BE(usage, 1);
    input.writeUInt16BE(algorithm, 4);
    input.writeUInt16BE(kbpk.length * 8, 6);
    parts.push(cmac(kbpk, blockSize, input));
  }
  return Buffer.concat(parts).subarray(0, kbpk.length);
}

/** CMAC (SP 800-38B) of a message that is not empty. */
function cmac(key, blockSize, message) {
  const k1 = double(encryptBlock(key, Buffer.alloc(blockSize)));
  const data = Buffer.alloc(Math.ceil(message.length / blockSize) * blockSize);
  message.copy(data);
  const complete = data.length === message.length;
  if (!complete) data[message.length] = 0x80;
  const subkey = complete ? k1 : double(k1);
  const lastBlock = data.length - blockSize;
  for (let i = 0; i < blockSize; i++) data[lastBlock + i] ^= subkey[i];
  return encryptCbc({ key, iv: Buffer.alloc(blockSize), data }).subarray(lastBlock);
}

/** Doubling in GF(2^64) or GF(2^128). */
function double(block) {
  const doubled = Buffer.alloc(block.length);
  for (let i = 0; i < block.length; i++) {
    doubled[i] = (block[i] << 1) | ((block[i + 1] ?? 0) >> 7);
  }
  if (block[0] & 0x80) doubled[block.length - 1] ^= block.length === 16 ? 0x87 : 0x1b;
  return doubled;
}

function encryptBlock(key, block) {
  return encryptCbc({ key, iv: Buffer.alloc(block.length), data: block });
}

function encryptCbc({ key, iv, data }) {
  const cipher = createCipheriv(cipherName(key, iv), key, iv);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function decryptCbc({ key, iv, data }) {
  const decipher = createDecipheriv(cipherName(key, iv), key, iv);
  decipher.setAutoPadding(false);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}

function cipherName(key, iv) {
  if (iv.length === 16) return `aes-${key.length * 8}-cbc`;
  return key.length === 16 ? 'des-ede-cbc' : 'des-ede3-cbc';
}
