/** The hashes of TR-34, synchronously: a digest of a token is no reason to wait. */

import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

/** A hash of TR-34 and of its stronger profiles, by its name in Web Crypto. */
export type TokenHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** A hash of key derivation. The public API takes none below SHA-256; published vectors do. */
export type KdfHash = 'SHA-1' | 'SHA-224' | TokenHash;

/** The functions by their names. */
export const HASH_FUNCTIONS: Readonly<Record<KdfHash, CHash>> = {
  'SHA-1': sha1,
  'SHA-224': sha224,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
};

/** Computes a digest. */
export function digest(hash: TokenHash, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(HASH_FUNCTIONS[hash](bytes));
}

/** Whether a value names a hash of TR-34. */
export function isTokenHash(value: unknown): value is TokenHash {
  return value === 'SHA-256' || value === 'SHA-384' || value === 'SHA-512';
}
