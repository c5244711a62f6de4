/**
 * Certificate requests, PKCS#10 (RFC 2986).
 *
 * @module
 */

import { CertificationRequest } from 'pkijs';
import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { copyDer, fields, malformed, readDer } from '../der/reader.js';
import { contextTag } from '../der/tags.js';
import { readSmallInteger } from '../der/values.js';
import { readSigned } from '../x509/certificate.js';
import { readPublicKey } from '../x509/public-key.js';
import { isAllowedKey, signatureAlgorithm, verifySignature } from '../x509/verify-signature.js';
import { type CertificateSubject, formatName, readName } from './names.js';
import { readPkcs8, readSubjectKey } from './read-options.js';
import { signStructure } from './signing.js';
import { nameOf, publicKeyOf } from './structures.js';

/** What {@link createCertificateRequest} takes. */
export interface CreateCertificateRequestOptions {
  /** Who asks for a certificate. */
  readonly subject: CertificateSubject;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** The private key, which proves that the subject holds it. */
  readonly pkcs8: Uint8Array;
}

/** What a request asks a certificate for. */
export interface CertificateRequest {
  /** Who asks. */
  readonly subject: CertificateSubject;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/**
 * Creates a certificate request without attributes: what the certificate may be used for is the
 * issuer's to say. A key that is meant to decrypt or to agree on keys signs this once.
 *
 * @param options - The subject and its keys.
 * @returns The request in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also for a private key that does not belong to
 * the public key; `TOKEN_MALFORMED` for keys that are not DER; `UNSUPPORTED` for a key of another
 * kind or size.
 *
 * @example
 * ```ts
 * import { createCertificateRequest, generateKeyPair, toPem } from 'keyblock/tr34/pki';
 *
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-256', purpose: 'agree' });
 * const subject = { commonName: 'Example KRD 1', organization: 'Example', country: 'US' };
 * const der = await createCertificateRequest({ subject, publicKey, pkcs8 });
 * toPem({ label: 'CERTIFICATE REQUEST', der });
 * ```
 */
export async function createCertificateRequest(
  options: CreateCertificateRequestOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const subject = formatName(own(options, 'subject'));
  const publicKey = readSubjectKey(own(options, 'publicKey'));
  const pkcs8 = readPkcs8(own(options, 'pkcs8'));
  return signStructure({ publicKey, pkcs8 }, () => {
    return new CertificationRequest({
      version: 0, // v1
      subject: nameOf(subject),
      subjectPublicKeyInfo: publicKeyOf(publicKey),
      attributes: [],
    });
  });
}

/**
 * Reads a certificate request and verifies that it is signed by the key that it names. Who sent it
 * is for others to know. Attributes, such as the extensions that are asked for, are left out: the
 * role decides those in {@link issueCertificate}.
 *
 * @param der - The request in DER.
 * @returns The subject and the key, to be given to {@link issueCertificate}.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `TOKEN_MALFORMED`; `ALGORITHM_NOT_ALLOWED` for
 * a signature other than RSA or ECDSA over SHA-2; `SIGNATURE_INVALID`; `UNSUPPORTED` for a key of
 * another kind or size, and for a subject of other than common name, organization and country.
 *
 * @example
 * ```ts
 * import {
 *   createCertificateRequest,
 *   generateKeyPair,
 *   readCertificateRequest,
 * } from 'keyblock/tr34/pki';
 *
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
 * const subject = { commonName: 'Example KDH 1' };
 * const request = await readCertificateRequest(
 *   await createCertificateRequest({ subject, publicKey, pkcs8 }),
 * );
 * request.subject; // { commonName: 'Example KDH 1' }
 * ```
 */
export async function readCertificateRequest(der: Uint8Array): Promise<CertificateRequest> {
  const field = 'request';
  const { tbs, ...signed } = readSigned(readDer(copyDer(der, field), { field }));
  const parts = fields(tbs);
  const version = parts.next();
  if (readSmallInteger(version) !== 0) throw malformed(version);
  const name = parts.next();
  const publicKey = readPublicKey(parts.next());
  parts.next(contextTag(0)); // attributes
  parts.end();
  const subject = readName(name);
  const algorithm = signatureAlgorithm(signed.signatureAlgorithm, field);
  if (!isAllowedKey(publicKey)) throw new KeyblockError('UNSUPPORTED', { field });
  const { signature } = signed;
  if (!(await verifySignature({ algorithm, publicKey, message: tbs.bytes, signature }))) {
    throw new KeyblockError('SIGNATURE_INVALID', { field });
  }
  return { subject, publicKey: new Uint8Array(publicKey.spki) };
}
