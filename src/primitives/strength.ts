/**
 * Comparable strengths in bits (SP 800-57 part 1, tables 2 and 3), the measure of the rule that
 * no key is wrapped under a weaker one.
 */

import { equalDesKeys } from './des-keys.js';

/**
 * Strength of a symmetric key, from its bytes: a triple DES key with equal parts is as strong as
 * the keys that are left. Two-key triple DES counts 80 bits, as PCI and X9.24 count it.
 */
export function symmetricStrength(algorithm: 'AES' | 'TDES' | 'DES', key: Uint8Array): number {
  return algorithm === 'AES' ? 8 * key.length : desStrength(key);
}

/** Strength that the length of a symmetric key promises, whatever its bytes are. */
export function nominalStrength(algorithm: 'AES' | 'TDES' | 'DES', length: number): number {
  if (algorithm === 'AES') return 8 * length;
  if (length < 16) return 56;
  return length < 24 ? 80 : 112;
}

function desStrength(key: Uint8Array): number {
  if (key.length < 16 || equalDesKeys(key, 0, 8)) return 56;
  if (key.length < 24) return 80;
  if (equalDesKeys(key, 8, 16)) return 56;
  return equalDesKeys(key, 0, 16) ? 80 : 112;
}

/** Strength of RSA and DSA, by the bits of the modulus. */
export function modulusStrength(bits: number): number {
  return thresholdStrength(bits, [
    [15360, 256],
    [7680, 192],
    [3072, 128],
    [2048, 112],
    [1024, 80],
  ]);
}

/** Strength of elliptic curves, by the bits of the field. */
export function curveStrength(bits: number): number {
  return thresholdStrength(bits, [
    [512, 256],
    [384, 192],
    [256, 128],
    [224, 112],
    [160, 80],
  ]);
}

/** The strength of the largest size reached; what is below the table counts as nothing. */
function thresholdStrength(bits: number, table: readonly (readonly [number, number])[]): number {
  return table.find(([size]) => bits >= size)?.[1] ?? 0;
}
