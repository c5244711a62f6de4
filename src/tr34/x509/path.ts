/**
 * Whether a certificate may be relied upon: the path of two links that TR-34 pins, and the CRL of
 * its one CA (X9 TR-34 5.4; RFC 5280 6). There is no search: the issuer is given, or it is not the
 * issuer.
 */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { type Certificate, KEY_USAGE } from './certificate.js';
import { type CertificateList, isCountedBefore, isListed } from './crl.js';
import { isAllowedKey, signatureAlgorithm, verifySignature } from './verify-signature.js';

/** The party whose certificate it is. */
type Role = 'kdh' | 'krd';

/** What a caller may put up with, each by its own word. */
export type Tolerance =
  /** A CRL past its time, or without one. */
  | 'stale-crl'
  /** Extensions repeated octet by octet, as in the sample certificate of KDH 1. */
  | 'duplicate-extensions'
  /** A KRD certificate whose key usage names signatures only, as those of some peers do. */
  | 'krd-key-usage'
  /** The order of fields in the sample B.6: a matter of tokens, without effect here. */
  | 'b6-field-order';

const TOLERANCES: readonly unknown[] = [
  'stale-crl',
  'duplicate-extensions',
  'krd-key-usage',
  'b6-field-order',
] satisfies Tolerance[];

/** Whether a value names something to put up with. */
export function isTolerance(value: unknown): value is Tolerance {
  return TOLERANCES.includes(value);
}

/** What {@link verifyPath} takes. */
export interface PathToVerify {
  /** The certificate in question. */
  readonly certificate: Certificate;
  /** The pinned CA that has to have issued it. */
  readonly issuer: Certificate;
  /** The pinned root; it may be the issuer itself. */
  readonly root: Certificate;
  readonly role: Role;
  /** The present time in milliseconds since 1970. */
  readonly at: number;
  /** Not optional: what is left out would be read from a prototype. */
  readonly tolerate: readonly Tolerance[];
}

/**
 * Verifies that a certificate was issued by the pinned CA, and that CA by the pinned root, all of
 * them for this use and at this time. Revocation is apart: see {@link verifyCrl}.
 *
 * @throws {@link KeyblockError} `CERTIFICATE_UNTRUSTED` or `ALGORITHM_NOT_ALLOWED`; the field is
 * `krdCertificate` or, of a KDH, `certificate`; `trust` where it is a pinned one that does not serve.
 */
export async function verifyPath(path: PathToVerify): Promise<void> {
  const { certificate, issuer, role, at, tolerate } = path;
  const field = role === 'krd' ? 'krdCertificate' : 'certificate';
  requireSound(certificate, field, at, tolerate);
  if (certificate.basicConstraints?.isCa === true) throw untrusted(field);
  if (!isForUse(certificate, role, tolerate)) throw untrusted(field);
  if (!equalBytes(certificate.issuer, issuer.subject)) throw untrusted(field);
  await verifyAuthority({ ...path, authority: issuer });
  await requireSignature(certificate, issuer, field);
}

/** What {@link verifyAuthority} takes. */
export interface AuthorityToVerify {
  /** A pinned CA; it may be the root itself. */
  readonly authority: Certificate;
  readonly root: Certificate;
  /** The present time in milliseconds since 1970. */
  readonly at: number;
  readonly tolerate: readonly Tolerance[];
}

/**
 * Verifies that a pinned CA was issued by the pinned root. The root is what trust begins with: its
 * own signature proves nothing and is not looked at.
 *
 * @throws {@link KeyblockError} `CERTIFICATE_UNTRUSTED` or `ALGORITHM_NOT_ALLOWED`, field `trust`.
 */
export async function verifyAuthority(options: AuthorityToVerify): Promise<void> {
  const { authority, root, at, tolerate } = options;
  requireAuthority(root, at, tolerate);
  if (equalBytes(authority.der, root.der)) return;
  requireAuthority(authority, at, tolerate);
  // RFC 5280 4.2.1.9: zero means that only end entities may follow.
  if (root.basicConstraints?.maxPathLength === 0) throw untrusted('trust');
  if (!equalBytes(authority.issuer, root.subject)) throw untrusted('trust');
  await requireSignature(authority, root, 'trust');
}

/** What {@link verifyCrl} takes. */
export interface CrlToVerify {
  readonly crl: CertificateList;
  /** The pinned CA that has to have issued it, itself verified by {@link verifyAuthority}. */
  readonly issuer: Certificate;
  /** The present time in milliseconds since 1970. */
  readonly at: number;
  /** The CRL that was accepted last, if there was one, and its `thisUpdate`. */
  readonly last: CertificateList | undefined;
  readonly lastThisUpdate: number | undefined;
  readonly tolerate: readonly Tolerance[];
}

/**
 * Verifies that a CRL is one by the pinned CA, complete, current and not older than the last.
 *
 * @throws {@link KeyblockError} `CRL_REJECTED` or `ALGORITHM_NOT_ALLOWED`.
 */
export async function verifyCrl(options: CrlToVerify): Promise<void> {
  const { crl, issuer, at, last, lastThisUpdate = Number.NEGATIVE_INFINITY } = options;
  const { keyUsage } = issuer;
  requireCurrentCrl(crl, at, options.tolerate);
  if (
    !equalBytes(crl.issuer, issuer.subject) ||
    keyUsage?.has(KEY_USAGE.cRLSign) === false ||
    crl.isPartial ||
    crl.repeatedExtensions !== 'no' ||
    !(crl.thisUpdate <= at) ||
    !(crl.thisUpdate >= lastThisUpdate) ||
    (last !== undefined && isCountedBefore(crl, last))
  ) {
    throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
  }
  const algorithm = signatureAlgorithm(crl.signatureAlgorithm, 'crl');
  const { tbs: message, signature } = crl;
  const { publicKey } = issuer;
  if (!(await verifySignature({ algorithm, publicKey, message, signature }))) {
    throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
  }
}

/**
 * Refuses a CRL that was verified once, when its time is over.
 *
 * @throws {@link KeyblockError} `CRL_REJECTED`.
 */
export function requireCurrentCrl(
  { thisUpdate, nextUpdate = thisUpdate }: CertificateList,
  at: number,
  tolerate: readonly Tolerance[],
): void {
  // RFC 5280 5.1.2.5 demands nextUpdate: a list without one is current for no time at all.
  if (at <= nextUpdate || tolerate.includes('stale-crl')) return;
  throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
}

/**
 * Refuses a certificate that a CRL lists. The CRL has been verified before.
 *
 * @param field - What the caller calls the certificate.
 * @throws {@link KeyblockError} `CERTIFICATE_REVOKED`; `CRL_REJECTED` where the CRL is not of the
 * CA that issued the certificate, and says nothing about it.
 */
export function requireNotRevoked(
  certificate: Certificate,
  crl: CertificateList,
  field: KeyblockErrorField = 'certificate',
): void {
  if (!equalBytes(certificate.issuer, crl.issuer)) {
    throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
  }
  if (isListed(crl, certificate)) {
    throw new KeyblockError('CERTIFICATE_REVOKED', { field });
  }
}

/** What every certificate of a path has to be, whatever its place. */
function requireSound(
  certificate: Certificate,
  field: KeyblockErrorField,
  at: number,
  tolerate: readonly Tolerance[],
): void {
  const { repeatedExtensions: repeated, notBefore, notAfter } = certificate;
  const repeatedInVain =
    repeated === 'differently' ||
    (repeated === 'identically' && !tolerate.includes('duplicate-extensions'));
  if (
    repeatedInVain ||
    certificate.unknownCritical ||
    !(notBefore <= at && at <= notAfter) ||
    !isAllowedKey(certificate.publicKey)
  ) {
    throw untrusted(field);
  }
}

function requireAuthority(
  certificate: Certificate,
  at: number,
  tolerate: readonly Tolerance[],
): void {
  requireSound(certificate, 'trust', at, tolerate);
  const { basicConstraints, keyUsage } = certificate;
  // RFC 5280 6.1.4 (k) and (n).
  if (basicConstraints?.isCa !== true || keyUsage?.has(KEY_USAGE.keyCertSign) === false) {
    throw untrusted('trust');
  }
}

/** Annex B: a KDH signs, and a KRD is encrypted to. Without the extension any use is allowed. */
function isForUse(
  { keyUsage, publicKey }: Certificate,
  role: Role,
  tolerate: readonly Tolerance[],
): boolean {
  if (keyUsage === undefined) return true;
  const signs = keyUsage.has(KEY_USAGE.digitalSignature);
  const receives =
    publicKey.kind === 'EC'
      ? keyUsage.has(KEY_USAGE.keyAgreement)
      : keyUsage.has(KEY_USAGE.keyEncipherment) || keyUsage.has(KEY_USAGE.dataEncipherment);
  return role === 'kdh' ? signs : receives || (signs && tolerate.includes('krd-key-usage'));
}

async function requireSignature(
  certificate: Certificate,
  issuer: Certificate,
  field: KeyblockErrorField,
): Promise<void> {
  const algorithm = signatureAlgorithm(certificate.signatureAlgorithm, field);
  const { tbs: message, signature } = certificate;
  const { publicKey } = issuer;
  if (!(await verifySignature({ algorithm, publicKey, message, signature }))) {
    throw untrusted(field);
  }
}

function untrusted(field: KeyblockErrorField): KeyblockError {
  return new KeyblockError('CERTIFICATE_UNTRUSTED', { field });
}
