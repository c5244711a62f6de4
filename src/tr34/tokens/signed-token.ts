/** Puts a signed token together: content, attributes, signature, shell. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { copyBytes } from '../../primitives/bytes.js';
import { oidOfHash } from '../cms/algorithms.js';
import { formatAttribute } from '../cms/attributes.js';
import { formatContentInfo } from '../cms/signed-data.js';
import {
  attributesToSign,
  formatSignatureAlgorithm,
  formatSignerInfo,
} from '../cms/signer-info.js';
import { digest, isTokenHash } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import { copyDer } from '../der/reader.js';
import { compareOctets } from '../der/values.js';
import { octetString, oid } from '../der/writer.js';
import type { Signer } from '../keys.js';
import type { ProfileShape } from '../profiles.js';
import { type Certificate, issuerAndSerial, parseCertificate } from '../x509/certificate.js';

/** What {@link signToken} puts together. */
export interface TokenToSign {
  readonly signer: CheckedSigner;
  /** OID of the content. */
  readonly contentType: string;
  /** The octets of the content. */
  readonly content: Uint8Array;
  /** What is signed besides content type and digest; undefined for no attributes at all. */
  readonly attributes: readonly Uint8Array[] | undefined;
  readonly crl: Uint8Array | undefined;
  readonly shape: Pick<ProfileShape, 'version' | 'namesHash' | 'sorted'>;
}

/** A caller's signer, its certificate read. */
export interface CheckedSigner {
  readonly signer: Signer;
  readonly certificate: Certificate;
}

/** Checks a caller's signer. */
export function readSigner(signer: Signer | undefined, field: KeyblockErrorField): CheckedSigner {
  const sound =
    typeof signer === 'object' &&
    signer !== null &&
    typeof signer.sign === 'function' &&
    (signer.algorithm === 'ECDSA' || signer.algorithm === 'RSASSA-PKCS1-v1_5') &&
    isTokenHash(signer.hash);
  if (!sound) throw new KeyblockError('INVALID_ARGUMENT', { field });
  const certificate = parseCertificate(copyDer(signer.certificate, field), field);
  const kind = signer.algorithm === 'ECDSA' ? 'EC' : 'RSA';
  if (certificate.publicKey.kind !== kind) throw new KeyblockError('INVALID_ARGUMENT', { field });
  return { signer, certificate };
}

/** Signs a token and formats it. */
export async function signToken(token: TokenToSign): Promise<Uint8Array<ArrayBuffer>> {
  const { signer, contentType, content, attributes, crl, shape } = token;
  const { hash, algorithm } = signer.signer;
  const signed = attributes && orderAttributes(contentType, content, attributes, token);
  const message = signed === undefined ? content : attributesToSign(signed);
  const signature = copyBytes(await signer.signer.sign(new Uint8Array(message)), 'signer');
  const kind = algorithm === 'ECDSA' ? 'EC' : 'RSA';
  return formatContentInfo({
    version: shape.version,
    digestAlgorithm: oidOfHash(hash),
    contentType,
    content,
    certificates: undefined,
    crl,
    signer: formatSignerInfo({
      issuerAndSerial: issuerAndSerial(signer.certificate),
      hash,
      attributes: signed,
      signatureAlgorithm: formatSignatureAlgorithm(kind, hash, shape.namesHash),
      signature,
    }),
  });
}

/** Content type first and digest last, as Annex B prints them, or sorted as DER wants. */
function orderAttributes(
  contentType: string,
  content: Uint8Array,
  attributes: readonly Uint8Array[],
  { signer, shape }: TokenToSign,
): readonly Uint8Array[] {
  const all = [
    formatAttribute(OID.contentType, oid(contentType)),
    ...attributes,
    formatAttribute(OID.messageDigest, octetString(digest(signer.signer.hash, content))),
  ];
  return shape.sorted ? all.sort(compareOctets) : all;
}
