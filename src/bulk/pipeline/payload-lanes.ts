/** Payloads of all lanes: from and to hex, through a cipher, under a MAC. */

import type { Version } from '../../tr31/versions.js';
import { type HeaderLanes, startMac } from './chain.js';
import type { LaneBlockKeys } from './lane-keys.js';
import type { Machine } from './machine.js';
import type { Places } from './places.js';
import { decodeRest, decodeWords, encodeRest, encodeWords, spreadCharacters } from './text.js';

/** How a payload lies in blocks. */
export interface PayloadLayout {
  /** Bytes. */
  readonly length: number;
  /** Cipher blocks, the last one of which may be a part in version E. */
  readonly blocks: number;
}

/** Payload and MAC as one text of whole blocks, where that is what they are. */
export function withMac(
  { length, blocks }: PayloadLayout,
  { macLength, blockLength }: Version,
): PayloadLayout | undefined {
  if (macLength !== blockLength || length % blockLength !== 0) return undefined;
  return { length: length + macLength, blocks: blocks + 1 };
}

/** The blocks of a payload. */
export function payloadLayout(length: number, blockLength: number): PayloadLayout {
  return { length, blocks: Math.ceil(length / blockLength) };
}

/** Hex of every lane, `length` bytes from so many characters behind its header on, to planes. */
export function loadHex(
  machine: Machine,
  places: Places,
  { cipher }: LaneBlockKeys,
  { text, at, count }: Pick<HeaderLanes, 'text' | 'at' | 'count'>,
  offset: number,
  { length, blocks }: PayloadLayout,
  to: number,
  faults: Int32Array,
): void {
  const perBlock = cipher.blockLength >> 2;
  const whole = length >> 2;
  const rest = length & 3;
  for (let block = 0; block < blocks; block += places.portion) {
    const portion = Math.min(places.portion, blocks - block);
    const { words, laneOffsets, lanes } = machine;
    const first = block * perBlock;
    const rowCount = portion * perBlock;
    const wordCount = Math.min(rowCount, Math.max(0, whole - first));
    if (wordCount < rowCount) {
      words.fill(0, places.rows + wordCount * lanes, places.rows + rowCount * lanes);
    }
    for (let lane = 0; lane < count; lane++) {
      const pair = ((at[lane] as number) + offset + 8 * first) >> 1; // in range, here and below
      const row = places.rows + (laneOffsets[lane] as number);
      let all = decodeWords(text, pair, words, row, lanes, wordCount);
      if (rest > 0 && wordCount < rowCount) {
        all |= decodeRest(text, pair + 4 * wordCount, words, row + wordCount * lanes, rest);
      }
      faults[lane] = (faults[lane] as number) | all;
    }
    cipher.toPlanes(to + block * cipher.blockWords, places.rows, portion);
  }
}

/** Planes to hex in the text of every lane that has one. */
export function storeHex(
  machine: Machine,
  places: Places,
  { cipher }: LaneBlockKeys,
  { text, at, count }: Pick<HeaderLanes, 'text' | 'at' | 'count'>,
  offset: number,
  { length, blocks }: PayloadLayout,
  from: number,
): void {
  const perBlock = cipher.blockLength >> 2;
  const whole = length >> 2;
  const rest = length & 3;
  for (let block = 0; block < blocks; block += places.portion) {
    const portion = Math.min(places.portion, blocks - block);
    cipher.fromPlanes(places.rows, from + block * cipher.blockWords, portion);
    const { words, laneOffsets, lanes } = machine;
    const first = block * perBlock;
    const rowCount = portion * perBlock;
    const wordCount = Math.min(rowCount, Math.max(0, whole - first));
    for (let lane = 0; lane < count; lane++) {
      const begin = at[lane] as number;
      if (begin < 0) continue;
      const pair = (begin + offset + 8 * first) >> 1;
      const row = places.rows + (laneOffsets[lane] as number);
      encodeWords(text, pair, words, row, lanes, wordCount);
      if (rest > 0 && wordCount < rowCount) {
        encodeRest(text, pair + 4 * wordCount, words, row + wordCount * lanes, rest);
      }
    }
  }
}

/** Computes the MAC over header and payload into `places.state`. */
export function computeMac(
  machine: Machine,
  places: Places,
  keys: LaneBlockKeys,
  version: Version,
  headers: HeaderLanes,
  { length, blocks }: PayloadLayout,
  data: number,
): void {
  const { blockWords, blockLength } = keys.cipher;
  startMac(machine, places, keys, headers);
  for (let block = 0; block < blocks; block++) {
    machine.xor(places.state, data + block * blockWords, blockWords);
    if (block === blocks - 1 && version.binding !== 'variant') {
      const isWhole = length % blockLength === 0;
      machine.xorConstant(places.state, isWhole ? keys.wholeSubkey : keys.partSubkey);
    }
    keys.authentication.encrypt(places.state);
  }
}

/**
 * What stands behind a last block that is a part: CMAC's padding, which is no part of the payload.
 */
export function padForMac(
  machine: Machine,
  { cipher }: LaneBlockKeys,
  { length, blocks }: PayloadLayout,
  data: number,
): void {
  for (let byte = length; byte < blocks * cipher.blockLength; byte++) {
    machine.setByte(cipher, data, byte, byte === length ? 0x80 : 0);
  }
}

/** Decrypts CBC in place, from the last block to the first, so that no block needs a copy. */
export function decryptCbcLanes(
  machine: Machine,
  { cipher: { blockWords }, encryption }: LaneBlockKeys,
  data: number,
  blocks: number,
  iv: number,
): void {
  for (let block = blocks - 1; block >= 0; block--) {
    const at = data + block * blockWords;
    encryption.decrypt(at);
    machine.xor(at, block === 0 ? iv : at - blockWords, blockWords);
  }
}

/** Encrypts CBC in place. */
export function encryptCbcLanes(
  machine: Machine,
  { cipher: { blockWords }, encryption }: LaneBlockKeys,
  data: number,
  blocks: number,
  iv: number,
): void {
  for (let block = 0; block < blocks; block++) {
    const at = data + block * blockWords;
    machine.xor(at, block === 0 ? iv : at - blockWords, blockWords);
    encryption.encrypt(at);
  }
}

/** CTR both ways, in place; the MAC is the first counter. */
export function applyCtrLanes(
  machine: Machine,
  places: Places,
  { cipher, encryption }: LaneBlockKeys,
  data: number,
  blocks: number,
  mac: number,
): void {
  const { blockWords } = cipher;
  machine.copy(places.temporary, mac, blockWords);
  for (let block = 0; block < blocks; block++) {
    machine.copy(places.state, places.temporary, blockWords);
    encryption.encrypt(places.state);
    machine.xor(data + block * blockWords, places.state, blockWords);
    cipher.increment(places.temporary);
  }
}

/** The first block of the header, which is the IV of versions A and C, to `places.temporary`. */
export function loadVariantIv(
  machine: Machine,
  places: Places,
  { cipher }: LaneBlockKeys,
  { text, at, count }: HeaderLanes,
): void {
  const { words, laneOffsets, lanes } = machine;
  for (let lane = 0; lane < count; lane++) {
    const from = at[lane] as number; // in range
    if (from < 0) continue;
    const row = places.rows + (laneOffsets[lane] as number);
    spreadCharacters(text, from, words, row, lanes, cipher.blockLength >> 2);
  }
  cipher.toPlanes(places.temporary, places.rows, 1);
}
