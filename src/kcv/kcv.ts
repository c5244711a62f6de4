/**
 * Key check values (KCV), X9.24-1 Annex A.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { isKeyAlgorithm, type KeyAlgorithm } from '../primitives/algorithms.js';
import { equalBytes, own, requireObject } from '../primitives/bytes.js';
import {
  DEFAULT_KCV_LENGTHS,
  defaultMethod,
  fullCheckValue,
  type KcvMethod,
} from '../primitives/check-value.js';
import { type HashName, isHashName } from '../primitives/hashes.js';
import { decodeHex, encodeHex } from '../primitives/hex.js';
import { type ClearKey, type KeyInput, withClearKey } from '../secret-key.js';

/** A key, and by which method its check value is computed. */
export interface KcvKeyOptions {
  /** The key. */
  readonly key: KeyInput;
  /** Required for raw bytes: 16 bytes may be AES or TDES. A `SecretKey` knows its own. */
  readonly algorithm?: KeyAlgorithm | undefined;
  /**
   * `'legacy'` encrypts a block of zeros, `'cmac'` is the CMAC of one, `'hmac'` the HMAC of
   * nothing.
   * @defaultValue `'cmac'` for AES, `'legacy'` for TDES and DES, `'hmac'` for HMAC
   */
  readonly method?: KcvMethod | undefined;
  /** The hash of an HMAC key; a `SecretKey` may know its own. */
  readonly hash?: HashName | undefined;
}

/** What {@link computeKcv} takes. */
export interface KcvOptions extends KcvKeyOptions {
  /**
   * Bytes to keep, up to the whole block or digest. X9.24-1 shows no more than the default.
   * @defaultValue `5` for `'cmac'`, else `3`
   */
  readonly length?: number | undefined;
}

/** What {@link matchesKcv} takes. */
export interface MatchesKcvOptions extends KcvKeyOptions {
  /** The value to compare with, 4 hex digits or more, in either case. */
  readonly kcv: string;
}

/**
 * Computes the check value of a key.
 *
 * @param options - The key, its algorithm when it is raw bytes, and how to compute.
 * @returns The leftmost bytes in upper-case hex.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` when the key does not fit its
 * algorithm or the length its method, `UNSUPPORTED` for a method that the algorithm does not have;
 * `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { computeKcv } from 'keyblock/kcv';
 *
 * const key = fromHex('000102030405060708090A0B0C0D0E0F');
 * computeKcv({ key, algorithm: 'AES' }); // 'BE7ED6AE78'
 * ```
 */
export function computeKcv(options: KcvOptions): string {
  requireObject(options, 'options');
  const length = own(options, 'length');
  const { value, method } = checkValueOf(options);
  const wanted = length ?? DEFAULT_KCV_LENGTHS[method];
  if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= value.length)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'length' });
  }
  return encodeHex(value, wanted);
}

/**
 * Compares the check value of a key with one that somebody read out. Values of different lengths
 * match when the shorter one starts the longer one, as X9.24-1 shortens from the right.
 *
 * Two methods give two values for one key: an older system reads out the legacy value of an AES key
 * (`method: 'legacy'`), a newer one may read out the CMAC of a TDES key (`method: 'cmac'`).
 *
 * @param options - The key as for `computeKcv`, and the value.
 * @returns Whether the value is that of the key. The comparison takes as long for any value.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_HEX`, `INVALID_LENGTH` when the value
 * has fewer than 4 digits or more than the method gives, and the codes of `computeKcv`.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { matchesKcv } from 'keyblock/kcv';
 *
 * const key = fromHex('000102030405060708090A0B0C0D0E0F');
 * matchesKcv({ key, algorithm: 'AES', kcv: 'BE7ED6' }); // true
 * ```
 */
export function matchesKcv(options: MatchesKcvOptions): boolean {
  requireObject(options, 'options');
  const kcv = own(options, 'kcv');
  if (typeof kcv !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field: 'kcv' });
  // Bounded before it is decoded: the longest value is a SHA-512.
  if (kcv.length < 4 || kcv.length > 128) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'kcv', offset: kcv.length });
  }
  const given = decodeHex(kcv, 'kcv');
  const { value } = checkValueOf(options);
  if (given.length > value.length) throw new KeyblockError('INVALID_LENGTH', { field: 'kcv' });
  return equalBytes(value.subarray(0, given.length), given);
}

function checkValueOf(options: KcvKeyOptions): {
  readonly value: Uint8Array;
  readonly method: KcvMethod;
} {
  return withClearKey(own(options, 'key'), 'key', (key) => {
    const algorithm = algorithmOf(own(options, 'algorithm'), key);
    const method = readMethod(own(options, 'method')) ?? defaultMethod(algorithm);
    const hash = readHash(own(options, 'hash')) ?? key.hash;
    return { value: fullCheckValue(algorithm, key.bytes, method, hash), method };
  });
}

/** The algorithm of a key: raw bytes need it said, a handle may repeat it but not contradict. */
export function algorithmOf(named: KeyAlgorithm | undefined, key: ClearKey): KeyAlgorithm {
  const algorithm = named ?? key.algorithm;
  const contradicts = key.algorithm !== undefined && algorithm !== key.algorithm;
  if (!isKeyAlgorithm(algorithm) || contradicts) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  return algorithm;
}

function readMethod(method: KcvMethod | undefined): KcvMethod | undefined {
  if (method !== undefined && !isMethod(method)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'method' });
  }
  return method;
}

function isMethod(method: unknown): boolean {
  return typeof method === 'string' && Object.hasOwn(DEFAULT_KCV_LENGTHS, method);
}

function readHash(hash: HashName | undefined): HashName | undefined {
  if (hash !== undefined && !isHashName(hash)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  }
  return hash;
}
