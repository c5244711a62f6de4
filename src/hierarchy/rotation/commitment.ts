/**
 * What a set of keys can be told apart by without being told: one hash a key, added up mod 2^256.
 * The order does not matter, and sums of parts add up to the sum of the whole.
 */

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeHex, encodeHex } from '../../primitives/hex.js';
import { type SecretKey, withClearKey } from '../../secret-key.js';
import { utf8 } from '../digest.js';
import type { Commitment, KeyAttributes } from '../records.js';

/** Bytes of a hash, and of a sum. */
const LENGTH = 32;

/** Hashes keys under one commitment key. */
export interface Committer {
  /** SHA-256(name || attributes || HMAC-SHA-256(commitment key, key)), until the next call. */
  hash(name: string, attributes: KeyAttributes, key: Uint8Array): Uint8Array;
}

/** What hashes add up to. */
export interface Sum {
  add(hash: Uint8Array): void;
  total(): Commitment;
}

/** Begins with nothing. */
export function createSum(): Sum {
  const sum = new Uint8Array(LENGTH);
  let count = 0;
  return {
    add(hash) {
      addInto(sum, hash);
      count++;
    },
    total: () => ({ count, sum: encodeHex(sum).toLowerCase() }),
  };
}

/**
 * Prepares to add up keys. The commitment key is derived from the pending main key and the job, so
 * any machine that goes on with the job finds the same, and the sum tells nothing without it.
 */
export function createCommitter(pending: SecretKey, jobId: string): Committer {
  const commitmentKey = withClearKey(pending, 'key', ({ bytes }) =>
    hmac(sha256, bytes, labelOf(jobId)),
  );
  try {
    return committerOf(commitmentKey);
  } finally {
    commitmentKey.fill(0);
  }
}

/** The same for keys that are not at hand, of which only their check values are added up. */
export function createPublicCommitter(jobId: string): Committer {
  return committerOf(labelOf(jobId));
}

function labelOf(jobId: string): Uint8Array {
  return new TextEncoder().encode(`keyblock rotation commitment;${jobId}`);
}

function committerOf(commitmentKey: Uint8Array): Committer {
  // States that are copied for every key: to make them anew would cost as much as the hash.
  const macStart = hmac.create(sha256, commitmentKey);
  const hashStart = sha256.create();
  const mac = macStart.clone();
  const hash = hashStart.clone();
  const output = new Uint8Array(LENGTH);
  return {
    hash(name, attributes, key) {
      macStart._cloneInto(mac);
      mac.update(key).digestInto(output);
      hashStart._cloneInto(hash);
      hash
        .update(utf8(nameText(name, attributes)))
        .update(output)
        .digestInto(output);
      return output;
    },
  };
}

/** No name and no attribute has a `;` in it, so every text has one reading. */
function nameText(name: string, attributes: KeyAttributes): string {
  const { keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability, keyBits } = attributes;
  const fields = keyUsage + algorithm + modeOfUse + keyVersionNumber + exportability;
  return `${name};${fields};${keyBits};`;
}

/** Adds up what parts have found. Sums are 64 hex digits: who reads them has seen to that. */
export function addCommitments(parts: readonly Commitment[]): Commitment {
  const total = new Uint8Array(LENGTH);
  let count = 0;
  for (const part of parts) {
    addInto(total, decodeHex(part.sum.toUpperCase(), 'job'));
    count += part.count;
  }
  return { count, sum: encodeHex(total).toLowerCase() };
}

/** Whether two sides hold the same keys. Sums are public. */
export function sameCommitment(a: Commitment, b: Commitment): boolean {
  return a.count === b.count && a.sum === b.sum;
}

/** Adds big-endian numbers, and drops the carry at the end: mod 2^256. */
function addInto(total: Uint8Array, summand: Uint8Array): void {
  let carry = 0;
  for (let i = LENGTH - 1; i >= 0; i--) {
    carry += (total[i] as number) + (summand[i] as number); // both in range
    total[i] = carry;
    carry >>= 8;
  }
}
