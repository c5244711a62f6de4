/** The CA that issues: its certificate, and the private key of it. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { copyDer } from '../der/reader.js';
import { KEY_USAGE, parseCertificate } from '../x509/certificate.js';
import { type KeyIdentifier, readKeyIdentifier } from './key-identifier.js';
import { isUsableKey, readPkcs8, type SigningKey } from './read-options.js';

/** Who issues a certificate or a CRL. */
export interface CertificateIssuer {
  /** The certificate of a CA in DER. */
  readonly certificate: Uint8Array;
  /** The private key of the CA. */
  readonly pkcs8: Uint8Array;
}

/** An issuer that has been checked. */
export interface Issuer {
  /** The Name, in DER. */
  readonly name: Uint8Array;
  readonly keyIdentifier: KeyIdentifier;
  readonly key: SigningKey;
}

/**
 * Reads an issuer, which has to be a CA whose key may be used in this way. Whether anybody trusts
 * it is not looked at.
 *
 * @param pathLength - How many CAs follow the issuer in a path.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `TOKEN_MALFORMED`; `CERTIFICATE_UNTRUSTED` for
 * a certificate that would not be taken as the issuer.
 */
export function readIssuer(
  value: unknown,
  usage: 'keyCertSign' | 'cRLSign',
  pathLength = 0,
): Issuer {
  requireObject(value, 'issuer');
  // An object, as has just been checked; its properties are checked as bytes.
  const options = value as CertificateIssuer;
  const certificate = parseCertificate(copyDer(own(options, 'certificate'), 'certificate'));
  const { basicConstraints, keyUsage, publicKey } = certificate;
  if (
    basicConstraints?.isCa !== true ||
    (basicConstraints.maxPathLength ?? pathLength) < pathLength ||
    keyUsage?.has(KEY_USAGE[usage]) === false ||
    certificate.unknownCritical ||
    certificate.repeatedExtensions !== 'no' ||
    !isUsableKey(publicKey)
  ) {
    throw new KeyblockError('CERTIFICATE_UNTRUSTED', { field: 'issuer' });
  }
  const keyIdentifier = readKeyIdentifier(certificate);
  const pkcs8 = readPkcs8(own(options, 'pkcs8'));
  return {
    name: certificate.subject,
    keyIdentifier,
    key: { publicKey, pkcs8 },
  };
}
