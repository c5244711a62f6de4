/**
 * No key stands under a weaker one (PCI PIN 21): measured on the bytes, and by name for planning.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { HASH_STRENGTHS } from '../../primitives/hashes.js';
import { symmetricStrength } from '../../primitives/strength.js';
import { SecretKey, withClearKey } from '../../secret-key.js';
import { readDsaKey, readEcKey, readRsaKey } from '../../tr31/asymmetric.js';

/** What {@link assertProtects} takes. */
export interface AssertProtectsOptions {
  /** The key that is to protect. */
  readonly wrapping: SecretKey;
  /** The key that is to be protected. */
  readonly wrapped: SecretKey;
}

/**
 * Demands that a key is at least as strong as the one that it is to protect, both measured on their
 * bytes: a triple-length TDES key with K1 = K3 has the strength of a double-length one.
 *
 * @param options - Both keys.
 * @throws {@link KeyblockError} `KEY_STRENGTH`, `INVALID_ARGUMENT`, `KEY_DESTROYED`; `UNSUPPORTED`
 * for keys whose strength nobody knows.
 *
 * @example
 * ```ts
 * import { generateKey } from 'keyblock';
 * import { assertProtects } from 'keyblock/hierarchy';
 *
 * const wrapping = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * assertProtects({ wrapping, wrapped: generateKey({ algorithm: 'AES', lengthBits: 128 }) });
 * ```
 */
export function assertProtects(options: AssertProtectsOptions): void {
  requireObject(options, 'options');
  const wrapping = own(options, 'wrapping');
  const wrapped = own(options, 'wrapped');
  if (!(wrapping instanceof SecretKey && wrapped instanceof SecretKey)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'key' });
  }
  if (strengthOf(wrapping) < strengthOf(wrapped)) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'key' });
  }
}

/** Strength of a key in bits (SP 800-57 part 1, tables 2 and 3), as `wrapKey` measures it. */
export function strengthOf(key: SecretKey): number {
  return withClearKey(key, 'key', ({ bytes }) => {
    switch (key.algorithm) {
      case 'AES':
      case 'TDES':
      case 'DES':
        return symmetricStrength(key.algorithm, bytes);
      case 'HMAC':
        return Math.min(8 * bytes.length, key.hash === undefined ? 256 : HASH_STRENGTHS[key.hash]);
      case 'RSA':
        return known(readRsaKey(bytes).strength);
      case 'EC':
        return known(readEcKey(bytes).strength);
      case 'DSA':
        return known(readDsaKey(bytes).strength);
      case 'other':
        return known(undefined);
    }
  });
}

function known(strength: number | undefined): number {
  if (strength === undefined) throw new KeyblockError('UNSUPPORTED', { field: 'key' });
  return strength;
}

/** Strengths of keys by name, and the form in which each kind of key protects another. */
const KINDS = {
  TDES_2KEY: { strength: 80, form: 'tr31' },
  TDES_3KEY: { strength: 112, form: 'tr31' },
  AES_128: { strength: 128, form: 'tr31' },
  AES_192: { strength: 192, form: 'tr31' },
  AES_256: { strength: 256, form: 'tr31' },
  RSA_2048: { strength: 112, form: 'tr34' },
  RSA_3072: { strength: 128, form: 'tr34' },
  RSA_4096: { strength: 128, form: 'tr34' },
  P_256: { strength: 128, form: 'ecdh' },
  P_384: { strength: 192, form: 'ecdh' },
  P_521: { strength: 256, form: 'ecdh' },
} as const;

/** A kind of key that protects others. */
export type WrappingKind = keyof typeof KINDS;

/** A kind of key that is protected. */
export type WrappedKind = 'TDES_2KEY' | 'TDES_3KEY' | 'AES_128' | 'AES_192' | 'AES_256';

/** What {@link protects} takes. */
export interface ProtectsOptions {
  /** The kind of key that is to protect. */
  readonly wrapping: WrappingKind;
  /** The kind of key that is to be protected. */
  readonly wrapped: WrappedKind;
}

/**
 * Tells in which form one kind of key protects another, before there is a key.
 *
 * @param options - Both kinds.
 * @returns `'tr31'`; `'tr34'`, which stands for RSA cryptograms too; `'ecdh'`, TR-31 under a key
 * that was agreed on; or undefined where the key would be weaker than what it protects.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for a kind that is not in the table.
 *
 * @example
 * ```ts
 * import { protects } from 'keyblock/hierarchy';
 *
 * protects({ wrapping: 'RSA_3072', wrapped: 'AES_128' }); // 'tr34'
 * protects({ wrapping: 'RSA_4096', wrapped: 'AES_256' }); // undefined
 * ```
 */
export function protects(options: ProtectsOptions): 'tr31' | 'tr34' | 'ecdh' | undefined {
  requireObject(options, 'options');
  const wrapping = kind(own(options, 'wrapping'));
  const wrapped = kind(own(options, 'wrapped'));
  if (wrapped.form !== 'tr31') throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  return wrapping.strength >= wrapped.strength ? wrapping.form : undefined;
}

function kind(name: WrappingKind | undefined): (typeof KINDS)[WrappingKind] {
  if (typeof name !== 'string' || !Object.hasOwn(KINDS, name)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  return KINDS[name];
}
