/** The ciphers of EnvelopedData: CBC with the padding of RFC 5652 6.3. */

import { KeyblockError } from '../../errors.js';
import { createAes } from '../../primitives/aes.js';
import type { BlockCipher } from '../../primitives/block-cipher.js';
import { createTdes } from '../../primitives/des.js';
import { decryptCbc, encryptCbc } from '../../primitives/modes.js';

/** A content cipher, by the name of its OID. */
export type ContentAlgorithm = 'des-ede3-cbc' | 'aes128-cbc' | 'aes192-cbc' | 'aes256-cbc';

/** What {@link encryptContent} takes. */
export interface EncryptContentOptions {
  readonly algorithm: ContentAlgorithm;
  /** Of the length in {@link CONTENT_CIPHERS}. */
  readonly key: Uint8Array;
  /** One block. */
  readonly iv: Uint8Array;
  readonly plaintext: Uint8Array;
}

/** What {@link decryptContent} takes. */
export interface DecryptContentOptions {
  readonly algorithm: ContentAlgorithm;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Bytes of a key, and of a block, for each cipher. */
export const CONTENT_CIPHERS: Readonly<
  Record<ContentAlgorithm, { readonly keyLength: number; readonly blockLength: 8 | 16 }>
> = {
  'des-ede3-cbc': { keyLength: 24, blockLength: 8 },
  'aes128-cbc': { keyLength: 16, blockLength: 16 },
  'aes192-cbc': { keyLength: 24, blockLength: 16 },
  'aes256-cbc': { keyLength: 32, blockLength: 16 },
};

/**
 * Encrypts and pads.
 *
 * @throws {@link KeyblockError} `INVALID_LENGTH` for a key or an IV of a wrong length.
 */
export function encryptContent(options: EncryptContentOptions): Uint8Array<ArrayBuffer> {
  const { algorithm, key, iv, plaintext } = options;
  const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
  if (key.length !== keyLength || iv.length !== blockLength) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
  }
  const padding = blockLength - (plaintext.length % blockLength);
  const data = new Uint8Array(plaintext.length + padding).fill(padding);
  data.set(plaintext);
  const cipher = createCipher(algorithm, key);
  encryptCbc(cipher, iv, data);
  cipher.destroy();
  return data;
}

/**
 * Decrypts and takes the padding off.
 *
 * @returns Undefined for anything that is wrong. What depends on the key, its own length and the
 * padding, costs the same work wherever it is wrong.
 */
export function decryptContent(
  options: DecryptContentOptions,
): Uint8Array<ArrayBuffer> | undefined {
  const { algorithm, key, iv, ciphertext } = options;
  const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
  // What everybody can see: an IV is never padded or cut (Annex B.2.2.3.2 has half of one).
  if (iv.length !== blockLength) return undefined;
  if (ciphertext.length === 0 || ciphertext.length % blockLength !== 0) return undefined;
  const keyFits = key.length === keyLength;
  const cipher = createCipher(algorithm, keyFits ? key : new Uint8Array(keyLength));
  const data = new Uint8Array(ciphertext);
  decryptCbc(cipher, iv, data);
  cipher.destroy();
  const padding = paddingLength(data, blockLength);
  const plaintext = new Uint8Array(data.subarray(0, data.length - padding));
  data.fill(0);
  if (keyFits && padding > 0) return plaintext;
  plaintext.fill(0);
  return undefined;
}

function createCipher(algorithm: ContentAlgorithm, key: Uint8Array): BlockCipher {
  return algorithm === 'des-ede3-cbc' ? createTdes(key) : createAes(key);
}

/** Bytes of padding; 0 where it is wrong. Looks at a whole block whatever it finds. */
function paddingLength(data: Uint8Array, blockLength: number): number {
  const last = data[data.length - 1] as number; // in range: one block at least
  let wrong = ((last - 1) >>> 31) | ((blockLength - last) >>> 31); // 0, or more than a block
  for (let i = 1; i <= blockLength; i++) {
    const isPadding = -((i - 1 - last) >>> 31); // all ones where i <= last
    wrong |= isPadding & ((data[data.length - i] as number) ^ last); // in range
  }
  return wrong === 0 ? last : 0;
}
