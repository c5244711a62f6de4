/**
 * The tokens that end or change a binding, as the KDH and the CA of the KRDs make them.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { nonceAttribute, signingTimeAttribute } from './cms/attributes.js';
import { signedDataFields } from './cms/signed-data.js';
import { OID } from './der/oids.js';
import { readDer } from './der/reader.js';
import { sequence } from './der/writer.js';
import { readCertificateOption, readCrlOption, readNonce, readSigningTime } from './kdh.js';
import type { Signer } from './keys.js';
import { PROFILES, type ProfileShape } from './profiles.js';
import { readSigner, signToken } from './tokens/signed-token.js';
import { type Certificate, issuerAndSerial } from './x509/certificate.js';
import { requireNotRevoked } from './x509/path.js';

/** The ways in which tokens about bindings are written. */
export type BindingProfile = 'tr34-2019' | 'annex-b' | 'cms';

/** What {@link createUnbindToken} takes. */
export interface UnbindTokenOptions {
  /** The key of the KDH that the device is bound to. */
  readonly kdh: Signer;
  /** The certificate of the device, X.509 in DER. */
  readonly krdCertificate: Uint8Array;
  /** The nonce of the device. */
  readonly nonce: Uint8Array;
  /** The CRL of the CA of the KDH. */
  readonly crl?: Uint8Array | undefined;
  /** @defaultValue `'tr34-2019'` */
  readonly profile?: BindingProfile | undefined;
}

/** What {@link createRebindToken} takes. */
export interface RebindTokenOptions extends UnbindTokenOptions {
  /** The certificate of the KDH that takes over. */
  readonly newKdhCertificate: Uint8Array;
}

/** What {@link createAuthorityUnbindToken} takes. */
export interface AuthorityUnbindTokenOptions {
  /** The key of the CA of the KRDs. */
  readonly authority: Signer;
  /** The certificate of the device. */
  readonly krdCertificate: Uint8Array;
  /** The certificate of the KDH that the device is bound to. */
  readonly kdhCertificate: Uint8Array;
}

/** What {@link createAuthorityRebindToken} takes. */
export interface AuthorityRebindTokenOptions extends AuthorityUnbindTokenOptions {
  /** The certificate of the KDH that takes over. */
  readonly newKdhCertificate: Uint8Array;
  /** The time of signing. */
  readonly signingTime: Date;
  /** @defaultValue `'tr34-2019'` */
  readonly profile?: BindingProfile | undefined;
}

/**
 * Makes UBT-KDH: the KDH releases a device, which deletes the keys it received.
 *
 * @param options - Who releases which device, in answer to which nonce.
 * @returns The token in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` or `TOKEN_MALFORMED`.
 *
 * @example
 * ```ts
 * import { createUnbindToken, fromPkcs8, parseToken } from 'keyblock/tr34';
 * import { type CertificateRole, generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * // One key pair for all of them, as only an example may have it.
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
 * const issue = (role: CertificateRole, commonName: string, ca?: Uint8Array) =>
 *   issueCertificate({
 *     role,
 *     subject: { commonName },
 *     publicKey,
 *     ...(ca === undefined ? { pkcs8 } : { issuer: { certificate: ca, pkcs8 } }),
 *     serialNumber: 'random',
 *     notBefore: new Date('2027-01-01'),
 *     notAfter: new Date('2037-01-01'),
 *   });
 * const root = await issue('root', 'Example Root');
 * const kdhCertificate = await issue('kdh', 'Example KDH 1', root);
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 *
 * const kdh = await fromPkcs8({ certificate: kdhCertificate, pkcs8 });
 * const nonce = crypto.getRandomValues(new Uint8Array(16)); // which the device sent
 * const token = await createUnbindToken({ kdh, krdCertificate, nonce, profile: 'cms' });
 * parseToken(token).kind; // 'unbind'
 * ```
 */
export async function createUnbindToken(
  options: UnbindTokenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const krd = readCertificateOption(own(options, 'krdCertificate'), 'krdCertificate');
  return signToken({
    signer: readSigner(own(options, 'kdh'), 'kdh'),
    contentType: OID.data,
    content: issuerAndSerial(krd),
    attributes: [nonceAttribute(readNonce(own(options, 'nonce')))],
    crl: readCrlOption(own(options, 'crl'))?.der,
    shape: shapeOf(own(options, 'profile')),
  });
}

/**
 * Makes RBT-KDH: the KDH hands a device over to another KDH.
 *
 * @param options - Who hands which device over to whom, in answer to which nonce.
 * @returns The token in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` or `TOKEN_MALFORMED`;
 * `CERTIFICATE_REVOKED` and `CRL_REJECTED` where the CRL given lists the new KDH, or is another CA's.
 *
 * @example
 * ```ts
 * import { createRebindToken, fromPkcs8, parseToken } from 'keyblock/tr34';
 * import { type CertificateRole, generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * // One key pair for all of them, as only an example may have it.
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
 * const issue = (role: CertificateRole, commonName: string, ca?: Uint8Array) =>
 *   issueCertificate({
 *     role,
 *     subject: { commonName },
 *     publicKey,
 *     ...(ca === undefined ? { pkcs8 } : { issuer: { certificate: ca, pkcs8 } }),
 *     serialNumber: 'random',
 *     notBefore: new Date('2027-01-01'),
 *     notAfter: new Date('2037-01-01'),
 *   });
 * const root = await issue('root', 'Example Root');
 * const kdhCertificate = await issue('kdh', 'Example KDH 1', root);
 * const newKdhCertificate = await issue('kdh', 'Example KDH 2', root);
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 *
 * const kdh = await fromPkcs8({ certificate: kdhCertificate, pkcs8 });
 * const nonce = crypto.getRandomValues(new Uint8Array(16)); // which the device sent
 * const token = await createRebindToken({
 *   kdh,
 *   krdCertificate,
 *   newKdhCertificate,
 *   nonce,
 *   profile: 'cms',
 * });
 * parseToken(token).kind; // 'rebind'
 * ```
 */
export async function createRebindToken(
  options: RebindTokenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const krd = readCertificateOption(own(options, 'krdCertificate'), 'krdCertificate');
  const next = readCertificateOption(own(options, 'newKdhCertificate'), 'newKdhCertificate');
  const profile = own(options, 'profile');
  const crl = readCrlOption(own(options, 'crl'));
  // Every receiver would refuse it.
  if (crl !== undefined) requireNotRevoked(next, crl, 'newKdhCertificate');
  return signToken({
    signer: readSigner(own(options, 'kdh'), 'kdh'),
    contentType: OID.signedData,
    content: formatRebinding([issuerAndSerial(krd)], next, profile),
    attributes: [nonceAttribute(readNonce(own(options, 'nonce')))],
    crl: crl?.der,
    shape: shapeOf(profile),
  });
}

/**
 * Makes UBT-CA: the CA of the KRDs releases a device without its KDH. The token carries nothing
 * that makes it fresh: a device that binds to the same KDH again would take it again.
 *
 * @param options - Which device, and whom it is bound to.
 * @returns The token in DER, signed over its content alone as Annex B.13 has it.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` or `TOKEN_MALFORMED`.
 *
 * @example
 * ```ts
 * import { createAuthorityUnbindToken, fromPkcs8, parseToken } from 'keyblock/tr34';
 * import { type CertificateRole, generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * // One key pair for all of them, as only an example may have it.
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
 * const issue = (role: CertificateRole, commonName: string, ca?: Uint8Array) =>
 *   issueCertificate({
 *     role,
 *     subject: { commonName },
 *     publicKey,
 *     ...(ca === undefined ? { pkcs8 } : { issuer: { certificate: ca, pkcs8 } }),
 *     serialNumber: 'random',
 *     notBefore: new Date('2027-01-01'),
 *     notAfter: new Date('2037-01-01'),
 *   });
 * const root = await issue('root', 'Example Root');
 * const kdhCertificate = await issue('kdh', 'Example KDH 1', root);
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 *
 * const authority = await fromPkcs8({ certificate: root, pkcs8 }); // here the CA of the devices
 * const token = await createAuthorityUnbindToken({ authority, krdCertificate, kdhCertificate });
 * parseToken(token).kind; // 'authority-unbind'
 * ```
 */
export async function createAuthorityUnbindToken(
  options: AuthorityUnbindTokenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const [krd, kdh] = readParties(options);
  return signToken({
    signer: readSigner(own(options, 'authority'), 'authority'),
    contentType: OID.data,
    content: concatenate([krd, kdh]),
    attributes: undefined,
    crl: undefined,
    shape: shapeOf(undefined),
  });
}

/**
 * Makes RBT-CA: the CA of the KRDs hands a device over to another KDH.
 *
 * @param options - Which device, from whom, to whom.
 * @returns The token in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` or `TOKEN_MALFORMED`.
 *
 * @example
 * ```ts
 * import { createAuthorityRebindToken, fromPkcs8, parseToken } from 'keyblock/tr34';
 * import { type CertificateRole, generateKeyPair, issueCertificate } from 'keyblock/tr34/pki';
 *
 * // One key pair for all of them, as only an example may have it.
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
 * const issue = (role: CertificateRole, commonName: string, ca?: Uint8Array) =>
 *   issueCertificate({
 *     role,
 *     subject: { commonName },
 *     publicKey,
 *     ...(ca === undefined ? { pkcs8 } : { issuer: { certificate: ca, pkcs8 } }),
 *     serialNumber: 'random',
 *     notBefore: new Date('2027-01-01'),
 *     notAfter: new Date('2037-01-01'),
 *   });
 * const root = await issue('root', 'Example Root');
 * const kdhCertificate = await issue('kdh', 'Example KDH 1', root);
 * const newKdhCertificate = await issue('kdh', 'Example KDH 2', root);
 * const krdCertificate = await issue('krd', 'Example KRD 1', root);
 *
 * const authority = await fromPkcs8({ certificate: root, pkcs8 }); // here the CA of the devices
 * const token = await createAuthorityRebindToken({
 *   authority,
 *   krdCertificate,
 *   kdhCertificate,
 *   newKdhCertificate,
 *   signingTime: new Date('2027-06-01'),
 *   profile: 'cms',
 * });
 * parseToken(token).kind; // 'authority-rebind'
 * ```
 */
export async function createAuthorityRebindToken(
  options: AuthorityRebindTokenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const next = readCertificateOption(own(options, 'newKdhCertificate'), 'newKdhCertificate');
  const profile = own(options, 'profile');
  return signToken({
    signer: readSigner(own(options, 'authority'), 'authority'),
    contentType: OID.signedData,
    content: formatRebinding(readParties(options), next, profile),
    attributes: [signingTimeAttribute(readSigningTime(own(options, 'signingTime')))],
    crl: undefined,
    shape: shapeOf(profile),
  });
}

function readParties(
  options: AuthorityUnbindTokenOptions,
): readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const krd = readCertificateOption(own(options, 'krdCertificate'), 'krdCertificate');
  const kdh = readCertificateOption(own(options, 'kdhCertificate'), 'certificate');
  return [issuerAndSerial(krd), issuerAndSerial(kdh)];
}

/** A SignedData without signers. Annex B leaves out its own tag and length. */
function formatRebinding(
  parties: readonly Uint8Array[],
  next: Certificate,
  profile: BindingProfile | undefined,
): Uint8Array<ArrayBuffer> {
  const parts = signedDataFields({
    version: 1,
    digestAlgorithm: undefined,
    contentType: OID.data,
    content: concatenate(parties),
    certificates: [next.der],
    crl: undefined,
    signer: undefined,
  });
  return profile === 'cms' ? sequence(...parts) : concatenate(parts);
}

/** The elements one after the other, without anything around them. */
function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readDer(sequence(...parts)).content);
}

function shapeOf(profile: BindingProfile = 'tr34-2019'): ProfileShape {
  if (profile !== 'tr34-2019' && profile !== 'annex-b' && profile !== 'cms') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'profile' });
  }
  return PROFILES[profile];
}
