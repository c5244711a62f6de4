/** Seals a key block for a device: content key, ciphertext, recipient. */

import { KeyblockError } from '../../errors.js';
import { copyBytes } from '../../primitives/bytes.js';
import { isWeakDesKey } from '../../primitives/des-keys.js';
import { drawBytes, type RandomBytes } from '../../primitives/random.js';
import { symmetricStrength } from '../../primitives/strength.js';
import { keyAlgorithm } from '../../tr31/codes.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { formatOaepParameters, notAllowed } from '../cms/algorithms.js';
import {
  formatEnvelopedData,
  formatKeyAgreement,
  formatKeyTransport,
} from '../cms/enveloped-data.js';
import { agreementOids, formatSharedInfo } from '../cms/key-agreement.js';
import {
  CONTENT_CIPHERS,
  type ContentAlgorithm,
  encryptContent,
} from '../crypto/content-cipher.js';
import { agree, generateKeyPair } from '../crypto/ecdh.js';
import type { TokenHash } from '../crypto/hash.js';
import { deriveX963 } from '../crypto/kdf.js';
import { wrapContentKey } from '../crypto/key-wrap.js';
import { encryptOaep } from '../crypto/oaep.js';
import { KEK_LENGTHS, type WrapAlgorithm } from '../crypto/unwrap.js';
import type { ProfileShape } from '../profiles.js';
import { type Certificate, issuerAndSerial } from '../x509/certificate.js';
import type { CurveName, EcPublicKey, RsaPublicKey } from '../x509/public-key.js';

/** Encrypts a content key to the RSA key of a device. */
export type ContentKeyEncryptor = (contentKey: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What {@link sealEnvelope} takes. */
export interface EnvelopeToSeal {
  readonly krd: Certificate;
  readonly algorithm: ContentAlgorithm;
  readonly plaintext: Uint8Array<ArrayBuffer>;
  readonly shape: ProfileShape;
  /** Of OAEP. */
  readonly hash: TokenHash;
  readonly keyEncryptor: ContentKeyEncryptor | undefined;
  /** User keying material of a key agreement (RFC 5753 2.1). */
  readonly ukm: Uint8Array | undefined;
  readonly randomBytes: RandomBytes;
}

/** The cipher for a key: of the strength of the curve, or under RSA no weaker than the key. */
export function contentAlgorithmFor(
  krd: Certificate,
  { algorithm }: KeyBlockHeader,
  key: Uint8Array,
): ContentAlgorithm {
  if (krd.publicKey.kind === 'EC') return AGREEMENTS[krd.publicKey.curve].content;
  const name = keyAlgorithm(algorithm);
  const isDes = name === 'TDES' || name === 'DES';
  const strength = isDes || name === 'AES' ? symmetricStrength(name, key) : 8 * key.length;
  if (isDes) return 'des-ede3-cbc';
  return strength <= 128 ? 'aes128-cbc' : 'aes256-cbc';
}

/** Draws content key and IV, encrypts, and addresses the envelope. Overwrites the plaintext. */
export async function sealEnvelope(envelope: EnvelopeToSeal): Promise<Uint8Array<ArrayBuffer>> {
  const { krd, algorithm, plaintext, shape, randomBytes } = envelope;
  const { keyLength, blockLength } = CONTENT_CIPHERS[algorithm];
  const contentKey = drawBytes(randomBytes, keyLength);
  try {
    if (algorithm === 'des-ede3-cbc' && isWeakDesKey(contentKey)) {
      throw new KeyblockError('WEAK_KEY', { field: 'randomBytes' });
    }
    const iv = drawBytes(randomBytes, blockLength);
    const ciphertext = encryptContent({ algorithm, key: contentKey, iv, plaintext });
    const isEc = krd.publicKey.kind === 'EC';
    const recipientInfo = isEc
      ? addressByAgreement(envelope, krd.publicKey, contentKey)
      : await addressByTransport(envelope, contentKey);
    const { placement, form } = shape;
    const version = isEc ? 2 : 0;
    return formatEnvelopedData({
      version,
      recipientInfo,
      algorithm,
      iv,
      ciphertext,
      placement,
      form,
    });
  } finally {
    contentKey.fill(0);
    plaintext.fill(0);
  }
}

async function addressByTransport(
  { krd, shape, hash, keyEncryptor }: EnvelopeToSeal,
  contentKey: Uint8Array,
): Promise<Uint8Array> {
  const { publicKey } = krd;
  if (publicKey.kind !== 'RSA') throw notAllowed();
  const encryptedKey =
    keyEncryptor === undefined
      ? await encryptOaep({ publicKey, hash, plaintext: contentKey })
      : await askKeyEncryptor(keyEncryptor, publicKey, contentKey);
  const parameters = formatOaepParameters(hash, shape.taggedOaep);
  return formatKeyTransport(issuerAndSerial(krd), parameters, encryptedKey);
}

/** What a caller's encryptor returns: as long as the modulus (RFC 8017 7.1.1), so no key in clear. */
async function askKeyEncryptor(
  keyEncryptor: ContentKeyEncryptor,
  { modulus }: RsaPublicKey,
  contentKey: Uint8Array,
): Promise<Uint8Array> {
  const encryptedKey = copyBytes(await keyEncryptor(new Uint8Array(contentKey)), 'keyEncryptor');
  if (encryptedKey.length !== modulus.length) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'keyEncryptor' });
  }
  return encryptedKey;
}

/** For each curve, the hash of the KDF, the key wrap and the cipher of its strength. */
const AGREEMENTS: Readonly<
  Record<
    CurveName,
    {
      readonly hash: TokenHash;
      readonly wrapAlgorithm: WrapAlgorithm;
      readonly content: ContentAlgorithm;
    }
  >
> = {
  'P-256': { hash: 'SHA-256', wrapAlgorithm: 'aes128-wrap', content: 'aes128-cbc' },
  'P-384': { hash: 'SHA-384', wrapAlgorithm: 'aes192-wrap', content: 'aes192-cbc' },
  'P-521': { hash: 'SHA-512', wrapAlgorithm: 'aes256-wrap', content: 'aes256-cbc' },
};

function addressByAgreement(
  { krd, ukm, randomBytes }: EnvelopeToSeal,
  { curve, point }: EcPublicKey,
  contentKey: Uint8Array,
): Uint8Array {
  const { hash, wrapAlgorithm } = AGREEMENTS[curve];
  const ephemeral = generateKeyPair(curve, randomBytes);
  const z = agree({ curve, scalar: ephemeral.scalar, point });
  ephemeral.scalar.fill(0);
  if (z === undefined) throw notAllowed(); // the point of the certificate is not on its curve
  const sharedInfo = formatSharedInfo(wrapAlgorithm, ukm);
  const kek = deriveX963({ hash, z, sharedInfo, length: KEK_LENGTHS[wrapAlgorithm] });
  z.fill(0);
  const encryptedKey = wrapContentKey({ kek, key: contentKey });
  kek.fill(0);
  return formatKeyAgreement({
    issuerAndSerial: issuerAndSerial(krd),
    publicPoint: ephemeral.point,
    ukm,
    ...agreementOids(hash, wrapAlgorithm),
    encryptedKey,
  });
}
