/** The confidential part: length in bits, key, random padding (X9.143 6.4). */

import { KeyblockError } from '../errors.js';
import {
  checkedRandomBytes,
  drawBytes,
  fillWithPadding,
  type RandomBytes,
} from '../primitives/random.js';
import { MAX_KEY_BLOCK_LENGTH } from './text.js';
import type { Version } from './versions.js';

/** To how many bytes the length of the key is masked before padding. */
export type MaskedKeyLength = 'x9.143' | 'none' | number;

/** The most bytes whose number of bits fits two bytes. */
export const MAX_KEY_LENGTH = 8191;

/** Bytes of the length field in front of the key. */
const LENGTH_BYTES = 2;

/** X9.143 masks TDES keys as the longest of their kind, and AES keys likewise. */
const MASKED_LENGTHS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['T', 24],
  ['A', 32],
]);

/** How many bytes the payload has for a key, and so how long the block becomes. */
export function payloadLength(
  version: Version,
  algorithm: string,
  keyLength: number,
  masked: MaskedKeyLength = 'x9.143',
): number {
  const length = LENGTH_BYTES + maskedLength(algorithm, keyLength, masked);
  // Version E is a stream: nothing to fill up.
  if (version.binding === 'aes-cmac-ctr') return length;
  return Math.ceil(length / version.blockLength) * version.blockLength;
}

function maskedLength(algorithm: string, keyLength: number, masked: MaskedKeyLength): number {
  if (masked === 'none') return keyLength;
  if (masked === 'x9.143') return Math.max(keyLength, MASKED_LENGTHS.get(algorithm) ?? 0);
  const fits =
    typeof masked === 'number' && Number.isInteger(masked) && masked <= MAX_KEY_BLOCK_LENGTH;
  if (!fits || masked < keyLength) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'maskedKeyLength' });
  }
  return masked;
}

/** Writes length, key and padding to the end of a message. */
export function writePayload(
  message: Uint8Array,
  headerLength: number,
  key: Uint8Array,
  randomBytes: RandomBytes | undefined,
): void {
  const start = headerLength + LENGTH_BYTES;
  const end = start + key.length;
  message[headerLength] = key.length >> 5; // the length counts bits
  message[headerLength + 1] = key.length << 3;
  message.set(key, start);
  if (randomBytes === undefined) fillWithPadding(message, end);
  else if (end < message.length) {
    message.set(drawBytes(checkedRandomBytes(randomBytes), message.length - end), end);
  }
}

/**
 * Copies the key out of an authentic payload. The length is a whole number of bytes, at least one,
 * no more than there are; what the padding holds is not looked at.
 */
export function readPayload(message: Uint8Array, headerLength: number): Uint8Array<ArrayBuffer> {
  const start = headerLength + LENGTH_BYTES;
  const length = keyLength(message, headerLength);
  if (length === undefined) throw new KeyblockError('INVALID_PAYLOAD', { field: 'payload' });
  const key = new Uint8Array(length);
  for (let i = 0; i < length; i++) key[i] = message[start + i] as number; // in range
  return key;
}

/** The length of the key in bytes; undefined where the field in front of it can not be right. */
export function keyLength(message: Uint8Array, headerLength: number): number | undefined {
  // In range: a payload of less than two bytes has been refused.
  const bits = ((message[headerLength] as number) << 8) | (message[headerLength + 1] as number);
  const most = message.length - headerLength - LENGTH_BYTES;
  return bits > 0 && bits % 8 === 0 && bits / 8 <= most ? bits / 8 : undefined;
}
