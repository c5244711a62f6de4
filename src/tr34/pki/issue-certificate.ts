/**
 * Issues certificates.
 *
 * @module
 */

import { Certificate } from 'pkijs';
import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { checkedRandomBytes, drawBytes, type RandomBytes } from '../../primitives/random.js';
import { certificateExtensions } from './extensions.js';
import { type CertificateIssuer, type Issuer, readIssuer } from './issuer.js';
import { computeKeyIdentifier } from './key-identifier.js';
import { type CertificateSubject, formatName } from './names.js';
import {
  readInstant,
  readLaterInstant,
  readPkcs8,
  readSerialNumber,
  readSubjectKey,
  type UsableKey,
} from './read-options.js';
import type { CertificateRole } from './role.js';
import { signStructure } from './signing.js';
import { integerOf, nameOf, publicKeyOf, timeOf } from './structures.js';

/** What {@link issueCertificate} takes. */
export interface IssueCertificateOptions {
  /** What the certificate is for, which decides its extensions. */
  readonly role: CertificateRole;
  /** Who the certificate is for. */
  readonly subject: CertificateSubject;
  /** The key of the subject: SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** The CA that issues; absent for a root, which signs itself. */
  readonly issuer?: CertificateIssuer | undefined;
  /** The private key of a root; absent for all others. */
  readonly pkcs8?: Uint8Array | undefined;
  /** Unsigned, the most significant byte first; or `'random'`, for 126 bits of `randomBytes`. */
  readonly serialNumber: Uint8Array | 'random';
  /** Cut to seconds. */
  readonly notBefore: Date;
  /** Cut to seconds; after `notBefore`. */
  readonly notAfter: Date;
  /** @defaultValue Web Crypto */
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * Issues a certificate (X.509 v3, RFC 5280), with the key usage that its role has in TR-34:
 *
 * | role | basicConstraints | keyUsage |
 * | --- | --- | --- |
 * | `root` | CA | keyCertSign, cRLSign |
 * | `ca` | CA, path length 0 | keyCertSign, cRLSign |
 * | `kdh` | | digitalSignature, nonRepudiation |
 * | `krd` | | keyEncipherment and dataEncipherment for RSA, keyAgreement for a curve |
 *
 * All of these are critical; both key identifiers follow. The issuer signs with
 * sha256WithRSAEncryption (RSA-4096: sha512WithRSAEncryption) or with ECDSA and the hash of its
 * curve. With RSA the same options give the same bytes. The issuer has to be a CA; whether it is
 * trusted, or valid at the time, is not looked at.
 *
 * @param options - The subject, its key and its issuer.
 * @returns The certificate in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also for a private key that does not belong to
 * its certificate; `TOKEN_MALFORMED` for a certificate or key that is not DER;
 * `CERTIFICATE_UNTRUSTED` for an issuer that may not issue this; `UNSUPPORTED` for a key of another
 * kind or size.
 *
 * @example
 * ```ts
 * import { generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * const [notBefore, notAfter] = [new Date('2027-01-01'), new Date('2037-01-01')];
 * const root = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
 * const rootCertificate = await issueCertificate({
 *   role: 'root',
 *   subject: { commonName: 'Example Root', country: 'US' },
 *   publicKey: root.publicKey,
 *   pkcs8: root.pkcs8,
 *   serialNumber: 'random',
 *   notBefore,
 *   notAfter,
 * });
 *
 * const kdh = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
 * await issueCertificate({
 *   role: 'kdh',
 *   subject: { commonName: 'Example KDH 1', country: 'US' },
 *   publicKey: kdh.publicKey,
 *   issuer: { certificate: rootCertificate, pkcs8: root.pkcs8 },
 *   serialNumber: Uint8Array.of(0x01),
 *   notBefore,
 *   notAfter,
 * });
 * ```
 */
export async function issueCertificate(
  options: IssueCertificateOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const role = readRole(own(options, 'role'));
  const subject = formatName(own(options, 'subject'));
  const publicKey = readSubjectKey(own(options, 'publicKey'));
  const notBefore = readInstant(own(options, 'notBefore'), 'notBefore');
  const notAfter = readLaterInstant(own(options, 'notAfter'), notBefore, 'notAfter');
  const serialNumber = readOrDrawSerialNumber(options);
  const issuer = role === 'root' ? readSelf(options, subject, publicKey) : readOther(options, role);
  const authorityKeyIdentifier = issuer.keyIdentifier;
  return signStructure(issuer.key, (algorithm) => {
    return new Certificate({
      version: 2, // v3
      serialNumber: integerOf(serialNumber),
      signature: algorithm,
      issuer: nameOf(issuer.name),
      notBefore: timeOf(notBefore),
      notAfter: timeOf(notAfter),
      subject: nameOf(subject),
      subjectPublicKeyInfo: publicKeyOf(publicKey),
      extensions: certificateExtensions({ role, publicKey, authorityKeyIdentifier }),
    });
  });
}

function readRole(role: CertificateRole | undefined): CertificateRole {
  if (role !== 'root' && role !== 'ca' && role !== 'kdh' && role !== 'krd') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'role' });
  }
  return role;
}

function readOrDrawSerialNumber(options: IssueCertificateOptions): Uint8Array<ArrayBuffer> {
  const given = own(options, 'serialNumber');
  if (given !== 'random') return readSerialNumber(given);
  const bytes = drawBytes(checkedRandomBytes(own(options, 'randomBytes')), 16);
  // Positive, and of this length whatever was drawn.
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40; // there are 16
  return bytes;
}

/** A root is its own issuer. */
function readSelf(
  options: IssueCertificateOptions,
  name: Uint8Array,
  publicKey: UsableKey,
): Issuer {
  if (own(options, 'issuer') !== undefined) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'issuer' });
  }
  const keyIdentifier = computeKeyIdentifier(publicKey);
  return { name, keyIdentifier, key: { publicKey, pkcs8: readPkcs8(own(options, 'pkcs8')) } };
}

function readOther(options: IssueCertificateOptions, role: 'ca' | 'kdh' | 'krd'): Issuer {
  // The private key of a subject stays with it.
  if (own(options, 'pkcs8') !== undefined) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'pkcs8' });
  }
  return readIssuer(own(options, 'issuer'), 'keyCertSign', role === 'ca' ? 1 : 0);
}
