/** Signatures with a private key inside Web Crypto. */

import { integer, sequence } from '../der/writer.js';
import { webCrypto } from '../x509/web-crypto.js';
import type { TokenHash } from './hash.js';
import type { NativeKey } from './native-key.js';

/** A signature scheme by its name in Web Crypto. */
export type SignatureScheme = 'RSASSA-PKCS1-v1_5' | 'ECDSA';

/** What {@link signWithKey} takes. */
export interface SignOptions {
  readonly scheme: SignatureScheme;
  readonly key: NativeKey;
  /** Of an RSA key the one it is bound to. */
  readonly hash: TokenHash;
  readonly message: Uint8Array<ArrayBuffer>;
}

/**
 * Signs. Undefined where the key can not.
 *
 * @returns The signature as CMS and X.509 have it: of ECDSA the DER of both numbers.
 * @throws {@link KeyblockError} `UNSUPPORTED` where there is no Web Crypto.
 */
export async function signWithKey(
  options: SignOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { scheme, key, hash, message } = options;
  const subtle = webCrypto();
  try {
    const signature = new Uint8Array(await subtle.sign({ name: scheme, hash }, key, message));
    return scheme === 'ECDSA' ? formatEcdsaSignature(signature) : signature;
  } catch {
    return undefined;
  }
}

/** From both numbers side by side, as Web Crypto has them, to DER (RFC 3279 2.2.3). */
function formatEcdsaSignature(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = signature.length / 2;
  return sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
}
