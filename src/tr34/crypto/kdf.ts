/** Key derivation from a shared secret: ANSI X9.63, and the one-step KDF of SP 800-56C. */

import { KeyblockError } from '../../errors.js';
import { HASH_FUNCTIONS, type KdfHash } from './hash.js';

/** What {@link deriveX963} and {@link deriveOneStep} take. */
export interface KdfOptions {
  readonly hash: KdfHash;
  /** The shared secret. */
  readonly z: Uint8Array;
  /** What both sides know besides: SharedInfo, in SP 800-56C FixedInfo. */
  readonly sharedInfo: Uint8Array;
  /** Bytes to derive, 1 to 1024. */
  readonly length: number;
}

/** More than any key needs, and far from the 2^32 blocks at which the counter ends. */
const MAX_LENGTH = 1024;

/**
 * Derives a key by ANSI X9.63 5.6.3 (SEC 1 3.6.1): the secret, then the counter.
 *
 * @throws {@link KeyblockError} `INVALID_LENGTH`.
 */
export function deriveX963(options: KdfOptions): Uint8Array<ArrayBuffer> {
  const { z, sharedInfo } = options;
  return deriveBlocks(options, (counter) => [z, counter, sharedInfo]);
}

/**
 * Derives a key by the one-step KDF with a hash, SP 800-56C 4.1 option 1: the counter, then the
 * secret.
 *
 * @throws {@link KeyblockError} `INVALID_LENGTH`.
 */
export function deriveOneStep(options: KdfOptions): Uint8Array<ArrayBuffer> {
  const { z, sharedInfo } = options;
  return deriveBlocks(options, (counter) => [counter, z, sharedInfo]);
}

/** Hashes what belongs to each counter from 1 on, and cuts the last hash to fit. */
function deriveBlocks(
  { hash, length }: KdfOptions,
  input: (counter: Uint8Array) => readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  if (!(Number.isInteger(length) && length >= 1 && length <= MAX_LENGTH)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'lengthBits' });
  }
  const { create, outputLen } = HASH_FUNCTIONS[hash];
  const key = new Uint8Array(length);
  for (let at = 0; at < length; at += outputLen) {
    const state = create();
    for (const part of input(counterBytes(1 + at / outputLen))) state.update(part);
    const block = state.digest();
    key.set(block.subarray(0, length - at), at);
    block.fill(0);
  }
  return key;
}

/** Big-endian. The bound on the length keeps it below 256. */
function counterBytes(counter: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, counter);
}
