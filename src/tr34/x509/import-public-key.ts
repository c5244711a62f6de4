/** Public keys into Web Crypto. */

import { toBase64Url } from '../../primitives/base64.js';
import type { EcPublicKey, RsaPublicKey } from './public-key.js';

/**
 * Imports a key from the numbers that the strict reader took out of its SubjectPublicKeyInfo: the
 * same key as from the SubjectPublicKeyInfo, which engines take many times as long to decode. What
 * it rejects with is up to the engine.
 */
export function importPublicKey(
  subtle: SubtleCrypto,
  key: RsaPublicKey | EcPublicKey,
  scheme: { readonly name: string; readonly hash: string; readonly namedCurve?: string },
  usage: 'verify' | 'encrypt',
): Promise<CryptoKey> {
  if (key.kind === 'EC') {
    return subtle.importKey('raw', new Uint8Array(key.point), scheme, false, [usage]);
  }
  const jwk = { kty: 'RSA', n: toBase64Url(key.modulus), e: toBase64Url(key.exponent) };
  return subtle.importKey('jwk', jwk, scheme, false, [usage]);
}
