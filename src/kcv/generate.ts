/**
 * Generates keys.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { fitsAlgorithm, type KeyAlgorithm } from '../primitives/algorithms.js';
import { own, requireObject } from '../primitives/bytes.js';
import { equalDesKeys, isWeakDesKey, setOddParity } from '../primitives/des-keys.js';
import { type HashName, isHashName } from '../primitives/hashes.js';
import { checkedRandomBytes, drawBytes, type RandomBytes } from '../primitives/random.js';
import { adoptKey, type SecretKey } from '../secret-key.js';

/** What {@link generateKey} takes. */
export interface GenerateKeyOptions {
  /** Keys of this kind are random bytes; key pairs are not made here. */
  readonly algorithm: 'AES' | 'TDES' | 'HMAC';
  /** 128, 192 or 256 for AES; 128 or 192 for TDES, parity included; 112 to 8192 for HMAC. */
  readonly lengthBits: number;
  /** The hash that an HMAC key belongs to. */
  readonly hash?: HashName | undefined;
  /** @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * Generates a key. TDES keys have odd parity, and never equal or weak parts.
 *
 * @param options - What kind of key, and how long.
 * @returns The key.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` for a length that the
 * algorithm does not have; `WEAK_KEY` when the generator given returns nothing but zeros, or keeps
 * returning weak DES keys.
 *
 * @example
 * ```ts
 * import { generateKey } from 'keyblock/kcv';
 *
 * String(generateKey({ algorithm: 'TDES', lengthBits: 128 })); // 'SecretKey TDES-128'
 * ```
 */
export function generateKey(options: GenerateKeyOptions): SecretKey {
  requireObject(options, 'options');
  const algorithm = own(options, 'algorithm');
  if (algorithm !== 'AES' && algorithm !== 'TDES' && algorithm !== 'HMAC') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  const length = requireLength(algorithm, own(options, 'lengthBits'), 'lengthBits');
  const hash = own(options, 'hash');
  if (hash !== undefined && !isHashName(hash)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  }
  const randomBytes = checkedRandomBytes(own(options, 'randomBytes'));
  const bytes =
    algorithm === 'TDES' ? drawTdesKey(randomBytes, length) : drawBytes(randomBytes, length);
  // A generator that is broken gives zeros more often than chance does.
  if (bytes.every((byte) => byte === 0)) {
    throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
  }
  return adoptKey(algorithm, bytes, hash);
}

/** Chance makes a weak key once in 2^50 draws: a generator that does so three times is broken. */
const MAX_DRAWS = 3;

function drawTdesKey(randomBytes: RandomBytes, length: number): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < MAX_DRAWS; i++) {
    const bytes = drawBytes(randomBytes, length);
    setOddParity(bytes);
    // K1 = K3 is not weak, but two-key strength in a three-key length.
    if (!isWeakDesKey(bytes) && !(length === 24 && equalDesKeys(bytes, 0, 16))) return bytes;
    bytes.fill(0);
  }
  throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
}

/** SP 800-131A: an HMAC key has at least 112 bits; more than 8192 help nobody. */
export function requireLength(
  algorithm: KeyAlgorithm,
  bits: number | undefined,
  field: 'lengthBits' | 'attributes',
): number {
  const isWhole = typeof bits === 'number' && Number.isInteger(bits) && bits % 8 === 0;
  if (!isWhole) throw new KeyblockError('INVALID_ARGUMENT', { field });
  const fits =
    algorithm === 'HMAC' ? bits >= 112 && bits <= 8192 : fitsAlgorithm(algorithm, bits / 8);
  if (!fits) throw new KeyblockError('INVALID_LENGTH', { field });
  return bits / 8;
}
