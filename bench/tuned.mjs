/**
 * TR-31 versions B and D, and the usual check values, over node:crypto with everything that a Node
 * user can reasonably do for speed. What costs time there is making cipher objects and calling into
 * native code, far more than the ciphers themselves. So there are as few of both as the format
 * allows: one cipher for a MAC, one for the payload.
 *
 * The work buffer holds clear keys between calls, which a library must not do; here it serves to
 * give this opponent every advantage.
 */

import { createCipheriv, createDecipheriv, randomFillSync, timingSafeEqual } from 'node:crypto';

/** Key block text is at most 9999 characters: this holds every header with its payload and MAC. */
const WORK = Buffer.alloc(16384);

/** What a header is made of; anything else would lose its upper byte on the way into the MAC. */
const PRINTABLE = /^[ -~]*$/;

const ZERO_BLOCKS = { 8: Buffer.alloc(8), 16: Buffer.alloc(16) };

/**
 * Derives what a KBPK's key blocks need, once: KBEK, KBAK and the KBAK's first CMAC subkey, and the
 * optional block KP, which names the KBPK. The second subkey is never needed, because header and
 * payload are whole blocks.
 */
export function prepareKbpk({ versionId, kbpk }) {
  const blockSize = versionId === 'B' ? 8 : 16;
  const { kbek, kbak } = deriveBlockKeys(kbpk, blockSize);
  const { k1 } = cmacSubkeys(createCipheriv(ecbName(kbak, blockSize), kbak, null), blockSize);
  const cbcName = ecbName(kbpk, blockSize).replace(/-ecb$/, '-cbc');
  const kp = versionId === 'D' ? `KP1001${computeAesKcv(kbpk)}` : undefined;
  return { versionId, blockSize, cbcName, kbek, kbak, k1, kp };
}

/** Wraps a key under a prepared KBPK. */
export function wrapKey({ prepared, key, header }) {
  const { blockSize, cbcName, kbek } = prepared;
  if (header[0] !== prepared.versionId) throw new Error('wrong version');
  const payloadLength = Math.ceil((2 + maskedLength(header, key)) / blockSize) * blockSize;
  const headerEnd = header.length;
  const payloadEnd = headerEnd + payloadLength;
  const length = headerEnd + 2 * (payloadLength + blockSize);
  if (length > 9999) throw new Error('key block too long');
  const finalHeader = `${header[0]}${fourDigits(length)}${header.slice(5)}`;

  WORK.latin1Write(finalHeader, 0);
  WORK.writeUInt16BE(key.length * 8, headerEnd);
  WORK.set(key, headerEnd + 2);
  fillRandom(WORK, headerEnd + 2 + key.length, payloadEnd);

  const mac = macOfWork(prepared, payloadEnd);
  // Without final(), padding never comes into play when enciphering.
  const cipher = createCipheriv(cbcName, kbek, mac);
  WORK.set(cipher.update(WORK.subarray(headerEnd, payloadEnd)), headerEnd);
  WORK.set(mac, payloadEnd);
  return finalHeader + WORK.hexSlice(headerEnd, payloadEnd + blockSize).toUpperCase();
}

/** Opens a key block under a prepared KBPK, or throws. */
export function unwrapKey({ prepared, keyBlock }) {
  const { blockSize, cbcName, kbek } = prepared;
  if (keyBlock[0] !== prepared.versionId) throw new Error('wrong version');
  if (Number(keyBlock.slice(1, 5)) !== keyBlock.length) throw new Error('wrong length field');
  const headerEnd = headerLength(keyBlock);
  const header = keyBlock.slice(0, headerEnd);
  if (!PRINTABLE.test(header)) throw new Error('wrong character');
  const bodyLength = (keyBlock.length - headerEnd) / 2;
  if (bodyLength % blockSize !== 0 || bodyLength < 2 * blockSize) throw new Error('wrong length');

  WORK.latin1Write(header, 0);
  // hexWrite stops silently at the first character that is not hex.
  if (WORK.hexWrite(keyBlock.slice(headerEnd), headerEnd) !== bodyLength) {
    throw new Error('not hex');
  }
  const payloadEnd = headerEnd + bodyLength - blockSize;
  const mac = WORK.subarray(payloadEnd, payloadEnd + blockSize);

  // A decipher that expects padding would hold the last block back.
  const decipher = createDecipheriv(cbcName, kbek, mac).setAutoPadding(false);
  const payload = decipher.update(WORK.subarray(headerEnd, payloadEnd));
  WORK.set(payload, headerEnd);
  if (!timingSafeEqual(macOfWork(prepared, payloadEnd), mac)) throw new Error('wrong MAC');

  const bits = (payload[0] << 8) | payload[1];
  if (bits === 0 || bits % 8 !== 0 || bits / 8 > payload.length - 2) {
    throw new Error('wrong key length');
  }
  return { header, key: payload.subarray(2, 2 + bits / 8) };
}

/**
 * Moves a key block from one prepared KBPK to another: the same header but for version, length and
 * the check value of the KBPK, if it is there; fresh padding.
 */
export function rewrapKey({ keyBlock, from, to }) {
  const { header, key } = unwrapKey({ prepared: from, keyBlock });
  const same = header[0] === to.versionId ? header : to.versionId + header.slice(1);
  return wrapKey({ prepared: to, key, header: replaceKp(same, from.kp, to.kp) });
}

/** One KP block for another of the same form. */
function replaceKp(header, from, to) {
  const at = findBlock(header, 'KP');
  if (at === -1) return header;
  if (from === undefined || to === undefined) throw new Error('KP of another form');
  const end = at + from.length;
  if (header.slice(at, end) !== from) throw new Error('wrong KP');
  return header.slice(0, at) + to + header.slice(end);
}

/** The legacy check value of a TDES key: a zero block enciphered, three bytes. */
export function computeTdesKcv(key) {
  const cipher = createCipheriv(ecbName(key, 8), key, null);
  return cipher.update(ZERO_BLOCKS[8]).hexSlice(0, 3).toUpperCase();
}

/** The CMAC check value of an AES key: the CMAC of a zero block, five bytes. */
export function computeAesKcv(key) {
  const cipher = createCipheriv(ecbName(key, 16), key, null);
  // The message is one block of zeros, so what gets enciphered is the subkey itself.
  return cipher.update(cmacSubkeys(cipher, 16).k1).hexSlice(0, 5).toUpperCase();
}

/** The CMAC of the first `end` bytes of the work buffer, in one CBC call; they stay as they are. */
function macOfWork({ blockSize, cbcName, kbak, k1 }, end) {
  xorInto(WORK, end - blockSize, k1);
  const cipher = createCipheriv(cbcName, kbak, ZERO_BLOCKS[blockSize]);
  const mac = cipher.update(WORK.subarray(0, end)).subarray(end - blockSize);
  xorInto(WORK, end - blockSize, k1);
  return mac;
}

/** All blocks of CMAC in counter mode (SP 800-108), for both keys, in one ECB call. */
function deriveBlockKeys(kbpk, blockSize) {
  const keyLength = kbpk.length;
  const algorithm = keyLength / 8 - (blockSize === 8 ? 2 : 0);
  const cipher = createCipheriv(ecbName(kbpk, blockSize), kbpk, null);
  const { k1, k2 } = cmacSubkeys(cipher, blockSize);
  // Eight bytes of input are a whole block of TDES, and half a block of AES.
  const subkey = blockSize === 8 ? k1 : k2;
  const blocksPerKey = Math.ceil(keyLength / blockSize);
  const input = Buffer.alloc(2 * blocksPerKey * blockSize);
  for (let i = 0, offset = 0; offset < input.length; i++, offset += blockSize) {
    input[offset] = 1 + (i % blocksPerKey);
    input[offset + 2] = i < blocksPerKey ? 0 : 1;
    input[offset + 5] = algorithm;
    input.writeUInt16BE(keyLength * 8, offset + 6);
    if (blockSize === 16) input[offset + 8] = 0x80;
    xorInto(input, offset, subkey);
  }
  const output = cipher.update(input);
  const secondKey = blocksPerKey * blockSize;
  return {
    kbek: output.subarray(0, keyLength),
    kbak: output.subarray(secondKey, secondKey + keyLength),
  };
}

/** CMAC subkeys (SP 800-38B) of the key of an ECB cipher. */
function cmacSubkeys(ecbCipher, blockSize) {
  const k1 = double(ecbCipher.update(ZERO_BLOCKS[blockSize]));
  return { k1, k2: double(k1) };
}

/** Doubling in GF(2^64) or GF(2^128). */
function double(block) {
  const last = block.length - 1;
  const doubled = Buffer.allocUnsafe(block.length);
  for (let i = 0; i < last; i++) doubled[i] = (block[i] << 1) | (block[i + 1] >> 7);
  doubled[last] = (block[last] << 1) ^ (block[0] & 0x80 ? (last === 15 ? 0x87 : 0x1b) : 0);
  return doubled;
}

function xorInto(target, offset, block) {
  for (let i = 0; i < block.length; i++) target[offset + i] ^= block[i];
}

function ecbName(key, blockSize) {
  if (blockSize === 16) return `aes-${key.length * 8}-ecb`;
  return key.length === 16 ? 'des-ede-ecb' : 'des-ede3-ecb';
}

/** X9.143 key length masking: a wrapped key looks as long as the longest key of its algorithm. */
function maskedLength(header, key) {
  if (header[7] === 'A') return Math.max(key.length, 32);
  return header[7] === 'T' ? Math.max(key.length, 24) : key.length;
}

/** Length of the fixed header and the optional blocks. */
function headerLength(keyBlock) {
  let end = 16;
  for (let left = Number(keyBlock.slice(12, 14)); left > 0; left--) {
    end += blockLength(keyBlock, end);
  }
  return end;
}

/** Where the optional block of some kind begins in a header that has been read, or -1. */
function findBlock(header, id) {
  for (let at = 16; at < header.length; at += blockLength(header, at)) {
    if (header.startsWith(id, at)) return at;
  }
  return -1;
}

function blockLength(text, at) {
  let length = Number.parseInt(text.slice(at + 2, at + 4), 16);
  if (length === 0) {
    const digits = Number.parseInt(text.slice(at + 4, at + 6), 16);
    length = Number.parseInt(text.slice(at + 6, at + 6 + digits), 16);
  }
  if (!(length >= 4)) throw new Error('malformed optional block');
  return length;
}

function fourDigits(number) {
  return String(number).padStart(4, '0');
}

/** Randomness in bulk: a system call for every pad would cost more than the rest of its block. */
const RANDOM = Buffer.alloc(65536);
let randomUsed = RANDOM.length;

function fillRandom(target, start, end) {
  const length = end - start;
  if (randomUsed + length > RANDOM.length) {
    randomFillSync(RANDOM);
    randomUsed = 0;
  }
  RANDOM.copy(target, start, randomUsed, randomUsed + length);
  randomUsed += length;
}
