/** How a private key opens the content key of a token. */

import type { EcPublicKey, RsaPublicKey } from '../x509/public-key.js';
import { agreeWithKey } from './ecdh.js';
import type { TokenHash } from './hash.js';
import { deriveX963 } from './kdf.js';
import { unwrapContentKey } from './key-wrap.js';
import type { NativeKey } from './native-key.js';
import { decryptOaep } from './oaep.js';

/** A content key that was encrypted by RSAES-OAEP, with an empty label. */
export interface OaepUnwrapRequest {
  /** Says which. */
  readonly kind: 'oaep';
  /** Of OAEP and of its mask. */
  readonly hash: TokenHash;
  /** The content key, as it stands in the token. */
  readonly encryptedKey: Uint8Array;
}

/**
 * A content key that was wrapped under a key that was agreed on (RFC 5753). With Z, the X of the
 * common point, the key encryption key is the X9.63 KDF of Z and `sharedInfo`.
 */
export interface EcdhUnwrapRequest {
  /** Says which. */
  readonly kind: 'ecdh';
  /** Of the KDF. */
  readonly hash: TokenHash;
  /** The sender's point, of the curve of the certificate: 04, X and Y. */
  readonly publicPoint: Uint8Array;
  /** ECC-CMS-SharedInfo in DER. */
  readonly sharedInfo: Uint8Array;
  /** RFC 3394; says how long the key encryption key is. */
  readonly wrapAlgorithm: WrapAlgorithm;
  /** The content key, as it stands in the token. */
  readonly encryptedKey: Uint8Array;
}

/** What the key of a receiver is asked to open. */
export type UnwrapRequest = OaepUnwrapRequest | EcdhUnwrapRequest;

/** A key wrap, by the name of its OID. */
export type WrapAlgorithm = 'aes128-wrap' | 'aes192-wrap' | 'aes256-wrap';

/** Bytes of a key encryption key. */
export const KEK_LENGTHS: Readonly<Record<WrapAlgorithm, number>> = {
  'aes128-wrap': 16,
  'aes192-wrap': 24,
  'aes256-wrap': 32,
};

/** Whether a value names a key wrap. */
export function isWrapAlgorithm(value: unknown): value is WrapAlgorithm {
  return typeof value === 'string' && Object.hasOwn(KEK_LENGTHS, value);
}

/** A private key that opens content keys: of RSA one for every hash. */
export type DecryptionKeys =
  | {
      readonly publicKey: RsaPublicKey;
      readonly byHash: ReadonlyMap<TokenHash, NativeKey>;
    }
  | { readonly publicKey: EcPublicKey; readonly key: NativeKey };

/** Opens a content key. Undefined for every failure, whatever it is. */
export async function unwrapWithKey(
  keys: DecryptionKeys,
  request: UnwrapRequest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if ('byHash' in keys) {
    const key = keys.byHash.get(request.hash);
    if (request.kind !== 'oaep' || key === undefined) return undefined;
    const modulusLength = keys.publicKey.modulus.length;
    return decryptOaep({ key, modulusLength, ciphertext: request.encryptedKey });
  }
  return request.kind === 'ecdh' ? unwrapEcdh(keys.key, keys.publicKey, request) : undefined;
}

async function unwrapEcdh(
  key: NativeKey,
  { curve }: EcPublicKey,
  { hash, publicPoint, sharedInfo, wrapAlgorithm, encryptedKey }: EcdhUnwrapRequest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const z = await agreeWithKey({ curve, key, point: publicPoint });
  if (z === undefined) return undefined;
  const kek = deriveX963({ hash, z, sharedInfo, length: KEK_LENGTHS[wrapAlgorithm] });
  try {
    return unwrapContentKey({ kek, key: encryptedKey });
  } finally {
    z.fill(0);
    kek.fill(0);
  }
}
