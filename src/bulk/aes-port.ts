/**
 * AES that somebody else computes, many blocks at a time: the way to native AES.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { equalBytes, isBytes, trueLength } from '../primitives/bytes.js';
import { decodeHex } from '../primitives/hex.js';

/**
 * AES of the embedder's, for versions D and E: whole blocks under one key, one independent of the
 * other (ECB). Everything else, the chaining of all blocks included, is done here. A port is asked the
 * known answer of FIPS 197 first, once for each length of key, and refused where it gives another.
 */
export interface AesPort {
  /**
   * Prepares a key.
   *
   * @param key - 16, 24 or 32 bytes: lent, and overwritten after the call. Copy what is needed.
   */
  prepare(key: Uint8Array): AesPortKey;
}

/** A key that an {@link AesPort} has prepared. */
export interface AesPortKey {
  /**
   * Encrypts blocks of 16 bytes each.
   *
   * @param blocks - A multiple of 16 bytes, lent: clear keys among them, overwritten later.
   * @returns As many bytes; in the same array or in one that the port will not use again.
   */
  encryptBlocks(blocks: Uint8Array): Uint8Array;
  /** Decrypts blocks, as `encryptBlocks` encrypts them. */
  decryptBlocks(blocks: Uint8Array): Uint8Array;
  /** Forgets the key. */
  destroy?(): void;
}

/** Refuses what is no port. */
export function checkedAesPort(aes: AesPort | undefined): AesPort | undefined {
  if (aes === undefined) return undefined;
  if (typeof aes !== 'object' || aes === null || typeof aes.prepare !== 'function') throw refused();
  return aes;
}

/** FIPS 197 appendix C: under the keys 00 01 02 … of each length, from 00 11 22 … FF. */
const KNOWN_ANSWERS = {
  16: '69C4E0D86A7B0430D8CDB78070B4C55A',
  24: 'DDA97CA4864CDFE06EAF70A0EC0D7191',
  32: '8EA2B7CA516745BFEAFC49904B496089',
} as const;

/** The lengths of key for which a port has given its known answer. */
const answered = /* @__PURE__ */ new WeakMap<AesPort, ReadonlySet<number>>();

/** Refuses a port that does not compute AES: nothing else opens what it seals. */
function requireAnswer(aes: AesPort, length: keyof typeof KNOWN_ANSWERS): void {
  const known = answered.get(aes);
  if (known?.has(length)) return;
  // Two equal blocks: a mode that chains shows.
  const expected = decodeHex(KNOWN_ANSWERS[length].repeat(2), 'options');
  const plain = Uint8Array.from({ length: 32 }, (_, i) => 0x11 * (i % 16));
  const blocks = new Uint8Array(plain);
  const ascending = Uint8Array.from({ length }, (_, i) => i);
  const key = lendKey(aes, ascending);
  try {
    takeBlocks(blocks, key.encryptBlocks(blocks));
    if (!equalBytes(blocks, expected)) throw refused();
    takeBlocks(blocks, key.decryptBlocks(blocks));
    if (!equalBytes(blocks, plain)) throw refused();
  } finally {
    key.destroy?.();
    wipeLent(blocks);
  }
  answered.set(aes, new Set([...(known ?? []), length]));
}

/** A port's key, its answers checked; the first of its length comes after the known answer. */
export function preparePortKey(aes: AesPort, key: Uint8Array): AesPortKey {
  requireAnswer(aes, key.length as keyof typeof KNOWN_ANSWERS); // AES has no other lengths
  return lendKey(aes, key);
}

function lendKey(aes: AesPort, key: Uint8Array): AesPortKey {
  // In memory that does not move: of an array on the heap a port's native code leaves a copy there.
  const lent = new Uint8Array(new ArrayBuffer(key.length));
  lent.set(key);
  try {
    const prepared: unknown = aes.prepare(lent);
    if (!isPortKey(prepared)) throw refused();
    return prepared;
  } finally {
    wipeLent(lent);
  }
}

/** Puts what a port returned in the place of what it was given, and overwrites its copy. */
export function takeBlocks(blocks: Uint8Array, returned: unknown): void {
  requireMemory(blocks);
  const { length } = blocks;
  if (!isBytes(returned) || trueLength(returned) !== length) throw refused();
  if (returned.buffer === blocks.buffer && returned.byteOffset === blocks.byteOffset) return;
  blocks.set(returned);
  Uint8Array.prototype.fill.call(returned, 0);
}

/** Refuses to go on where a port has transferred what it was lent: that has no length any more. */
export function requireMemory({ length }: Uint8Array): void {
  if (length === 0) throw refused();
}

/** Overwrites what a port was lent, unless it transferred the memory to somebody else. */
export function wipeLent(lent: Uint8Array | Int32Array, end: number = lent.length): void {
  if (lent.length > 0) lent.fill(0, 0, end);
}

function isPortKey(value: unknown): value is AesPortKey {
  if (typeof value !== 'object' || value === null) return false;
  const { encryptBlocks, decryptBlocks, destroy } = value as Partial<AesPortKey>; // all checked
  return (
    typeof encryptBlocks === 'function' &&
    typeof decryptBlocks === 'function' &&
    (destroy === undefined || typeof destroy === 'function')
  );
}

function refused(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
}
