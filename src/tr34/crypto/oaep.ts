/**
 * RSAES-OAEP of Web Crypto: one SHA-2 for OAEP and its mask, an empty label. The ciphertexts that
 * Annex B prints are masked with SHA-1 and do not open here (docs/decisions.md).
 */

import { KeyblockError } from '../../errors.js';
import { importPublicKey } from '../x509/import-public-key.js';
import type { RsaPublicKey } from '../x509/public-key.js';
import { webCrypto } from '../x509/web-crypto.js';
import type { TokenHash } from './hash.js';
import type { NativeKey } from './native-key.js';

/** What {@link encryptOaep} takes. */
export interface EncryptOaepOptions {
  /** Of an allowed size: see `isAllowedKey`. */
  readonly publicKey: RsaPublicKey;
  readonly hash: TokenHash;
  /** A key: at most the modulus less two hashes less two bytes. */
  readonly plaintext: Uint8Array;
}

/** What {@link decryptOaep} takes. */
export interface DecryptOaepOptions {
  /** An RSA-OAEP key, which knows its hash. */
  readonly key: NativeKey;
  /** Bytes of the modulus. */
  readonly modulusLength: number;
  readonly ciphertext: Uint8Array;
}

/**
 * Encrypts to an RSA key.
 *
 * @throws {@link KeyblockError} `ALGORITHM_NOT_ALLOWED` when the key is none that Web Crypto can
 * encrypt this to, `UNSUPPORTED` where there is no Web Crypto.
 */
export async function encryptOaep(options: EncryptOaepOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { publicKey, hash, plaintext } = options;
  const subtle = webCrypto();
  const scheme = { name: 'RSA-OAEP', hash };
  const copy = new Uint8Array(plaintext);
  try {
    const key = await importPublicKey(subtle, publicKey, scheme, 'encrypt');
    return new Uint8Array(await subtle.encrypt(scheme, key, copy));
  } catch {
    throw new KeyblockError('ALGORITHM_NOT_ALLOWED', { field: 'certificate' });
  } finally {
    copy.fill(0);
  }
}

/**
 * Decrypts. Undefined for every failure: which one it was is an oracle (Manger), and the errors of
 * Web Crypto tell it in their cause.
 */
export async function decryptOaep(
  options: DecryptOaepOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { key, modulusLength, ciphertext } = options;
  // RFC 8017 7.1.2 step 1b; not every engine insists on it.
  if (ciphertext.length !== modulusLength) return undefined;
  const subtle = webCrypto();
  try {
    const scheme = { name: 'RSA-OAEP' };
    return new Uint8Array(await subtle.decrypt(scheme, key, new Uint8Array(ciphertext)));
  } catch {
    return undefined;
  }
}
