/** Hash functions by the names of the standards, and their strengths. */

import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

/** A hash that optional block HM can name (X9.143 6.3.6.5). */
export type HashName =
  | 'SHA-1'
  | 'SHA-224'
  | 'SHA-256'
  | 'SHA-384'
  | 'SHA-512'
  | 'SHA-512/224'
  | 'SHA-512/256'
  | 'SHA3-224'
  | 'SHA3-256'
  | 'SHA3-384'
  | 'SHA3-512'
  | 'SHAKE128'
  | 'SHAKE256';

/** Strength in bits against collisions (SP 800-57 part 1, table 3): half the output of each. */
export const HASH_STRENGTHS: Readonly<Record<HashName, number>> = {
  'SHA-1': 80,
  'SHA-224': 112,
  'SHA-256': 128,
  'SHA-384': 192,
  'SHA-512': 256,
  'SHA-512/224': 112,
  'SHA-512/256': 128,
  'SHA3-224': 112,
  'SHA3-256': 128,
  'SHA3-384': 192,
  'SHA3-512': 256,
  SHAKE128: 128,
  SHAKE256: 256,
};

/** Whether a value names a hash. */
export function isHashName(name: unknown): name is HashName {
  return typeof name === 'string' && Object.hasOwn(HASH_STRENGTHS, name);
}

/** Those in which check values of HMAC keys are computed in practice. */
export function hashFunction(name: HashName): CHash | undefined {
  switch (name) {
    case 'SHA-1':
      return sha1;
    case 'SHA-224':
      return sha224;
    case 'SHA-256':
      return sha256;
    case 'SHA-384':
      return sha384;
    case 'SHA-512':
      return sha512;
    case 'SHA-512/224':
    case 'SHA-512/256':
    case 'SHA3-224':
    case 'SHA3-256':
    case 'SHA3-384':
    case 'SHA3-512':
    case 'SHAKE128':
    case 'SHAKE256':
      return undefined;
  }
}
