/**
 * Whether a private key belongs to a certificate. Found out by using both: a key of Web Crypto
 * shows nothing of itself, and a wrong one would be noticed by the other side only.
 */

import { equalBytes } from '../../primitives/bytes.js';
import { systemRandomBytes } from '../../primitives/random.js';
import type { EcPublicKey, RsaPublicKey } from '../x509/public-key.js';
import { verifySignature } from '../x509/verify-signature.js';
import { agree, agreeWithKey, generateKeyPair } from './ecdh.js';
import type { TokenHash } from './hash.js';
import type { NativeKey } from './native-key.js';
import { decryptOaep, encryptOaep } from './oaep.js';
import { signWithKey } from './sign.js';

/** Whether what the private key signs verifies with the public one. */
export async function isSigningPair(options: {
  readonly publicKey: RsaPublicKey | EcPublicKey;
  readonly key: NativeKey;
  readonly hash: TokenHash;
}): Promise<boolean> {
  const { publicKey, key, hash } = options;
  const scheme = publicKey.kind === 'RSA' ? 'RSASSA-PKCS1-v1_5' : 'ECDSA';
  // No token and no certificate is one zero byte, so this signature is of no use to anybody.
  const message = new Uint8Array(1);
  const signature = await signWithKey({ scheme, key, hash, message });
  if (signature === undefined) return false;
  const algorithm = { kind: publicKey.kind, hash };
  return verifySignature({ algorithm, publicKey, message, signature });
}

/** Whether the private key opens what was encrypted to the public one. */
export async function isOaepPair(options: {
  readonly publicKey: RsaPublicKey;
  readonly key: NativeKey;
  readonly hash: TokenHash;
}): Promise<boolean> {
  const { publicKey, key, hash } = options;
  const plaintext = systemRandomBytes(16);
  const ciphertext = await encryptOaep({ publicKey, hash, plaintext });
  const modulusLength = publicKey.modulus.length;
  const opened = await decryptOaep({ key, modulusLength, ciphertext });
  return opened !== undefined && equalBytes(opened, plaintext);
}

/** Whether both keys agree on the same secret with a third one. */
export async function isAgreementPair(options: {
  readonly publicKey: EcPublicKey;
  readonly key: NativeKey;
}): Promise<boolean> {
  const { publicKey, key } = options;
  const { curve } = publicKey;
  const third = generateKeyPair(curve, systemRandomBytes);
  const expected = agree({ curve, scalar: third.scalar, point: publicKey.point });
  const agreed = await agreeWithKey({ curve, key, point: third.point });
  return agreed !== undefined && expected !== undefined && equalBytes(agreed, expected);
}
