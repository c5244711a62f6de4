/** Steps 1 to 10 of receiving: who signed a token, whether that may be relied on, and when. */

import { KeyblockError } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import { notAllowed } from '../cms/algorithms.js';
import {
  type Attributes,
  furtherTimeOf,
  nonceOf,
  parseAttributes,
  requireAttribute,
  signingTimeOf,
} from '../cms/attributes.js';
import type { SignedData } from '../cms/signed-data.js';
import {
  isSigner,
  parseSignerInfo,
  requireAlgorithmProtection,
  type SignerInfo,
  signedOctets,
  signerAlgorithms,
} from '../cms/signer-info.js';
import { digest, type TokenHash } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import { type DerElement, malformed } from '../der/reader.js';
import { isDerSorted, isOid, readOctetString } from '../der/values.js';
import { type Certificate, issuerAndSerial } from '../x509/certificate.js';
import { type CertificateList, readCrl } from '../x509/crl.js';
import {
  requireCurrentCrl,
  requireNotRevoked,
  verifyAuthority,
  verifyCrl,
  verifyPath,
} from '../x509/path.js';
import { verifySignature } from '../x509/verify-signature.js';
import type { DecidedPolicy } from './policy.js';
import { type Device, MAX_NONCE_LENGTH, MIN_NONCE_LENGTH } from './state.js';

/** What every step needs to know. */
export interface Reception {
  readonly device: Device;
  readonly policy: DecidedPolicy;
  /** The present time in milliseconds since 1970. */
  readonly at: number;
}

/** A token whose signature stands. */
export interface SignedToken {
  readonly attributes: Attributes;
  /** The content that was signed. */
  readonly content: DerElement;
  /** The octets that the signature is over. */
  readonly message: Uint8Array;
  /** IssuerAndSerialNumber of the signer. */
  readonly signer: Uint8Array;
}

/**
 * Steps 3 to 7. The key that verifies comes from the state, never from the message.
 *
 * @param optionalAttributes - UBT-CA is signed over its content (Annex B.13); nothing else is.
 */
export async function verifySigner(
  signedData: SignedData,
  expected: Certificate,
  policy: DecidedPolicy,
  optionalAttributes = false,
): Promise<SignedToken> {
  const { content, contentType, signers, digestAlgorithms, certificates } = signedData;
  const [element, second] = signers;
  if (content === undefined || element === undefined || second !== undefined)
    throw malformedToken();
  if (certificates.length > 0) throw malformedToken();
  const signer = parseSignerInfo(element);
  const sid = issuerAndSerial(expected);
  if (!isSigner(signer, sid)) throw notSigned();
  const { kind, hash } = signerAlgorithms(signer, digestAlgorithms);
  if (kind !== expected.publicKey.kind) throw notAllowed();
  const { signedAttributes } = signer;
  if (signedAttributes === undefined && !optionalAttributes) throw malformedToken();
  const message =
    signedAttributes === undefined ? readOctetString(content) : signedOctets(signedAttributes);
  const { signature } = signer;
  const { publicKey } = expected;
  if (!(await verifySignature({ algorithm: { kind, hash }, publicKey, message, signature }))) {
    throw notSigned();
  }
  const attributes = verifyAttributes(signer, contentType, content, hash, policy);
  return { attributes, content, message, signer: sid };
}

/** Step 7: what the attributes say about the content. */
function verifyAttributes(
  signer: SignerInfo,
  contentType: string,
  content: DerElement,
  hash: TokenHash,
  { requireSorted }: DecidedPolicy,
): Attributes {
  const { signedAttributes } = signer;
  if (signedAttributes === undefined) return new Map();
  if (requireSorted && !isDerSorted(signedAttributes)) throw malformed(signedAttributes);
  const attributes = parseAttributes(signedAttributes);
  const type = requireAttribute(attributes, OID.contentType);
  if (!isOid(type, contentType)) throw malformed(type);
  const messageDigest = readOctetString(requireAttribute(attributes, OID.messageDigest));
  if (!equalBytes(messageDigest, digest(hash, readOctetString(content)))) throw notSigned();
  requireAlgorithmProtection(attributes, signer);
  return attributes;
}

/**
 * Steps 8 and 9 for a token of a KDH: its certificate leads to the pinned CA, and is on no list.
 *
 * @returns The CRL that came with the token, to be kept when the token is taken.
 */
export async function verifyKdh(
  certificate: Certificate,
  crls: readonly DerElement[],
  reception: Reception,
): Promise<CertificateList | undefined> {
  const { device, policy, at } = reception;
  const { tolerate } = policy;
  const { caKdh: issuer, root } = device;
  await verifyPath({ certificate, issuer, root, role: 'kdh', at, tolerate });
  const crl = await verifyCarriedCrl(crls, reception);
  const current = crl ?? device.crl;
  if (current !== undefined) {
    // Not signed, the CRL can be left out of a token: the last one counts no longer than it says.
    requireCurrentCrl(current, at, tolerate);
    requireNotRevoked(certificate, current);
  }
  return crl;
}

/** Step 9: at most one CRL, by the pinned CA, current, and not older than the last one taken. */
async function verifyCarriedCrl(
  crls: readonly DerElement[],
  { device, policy, at }: Reception,
): Promise<CertificateList | undefined> {
  const [element, second] = crls;
  if (second !== undefined) throw malformed(second);
  if (element === undefined) {
    if (policy.requireCrl) throw new KeyblockError('CRL_REJECTED', { field: 'crl' });
    return undefined;
  }
  const crl = readCrl(element);
  const { caKdh: issuer, crl: last, lastCrlUpdate: lastThisUpdate } = device;
  const { tolerate } = policy;
  await verifyCrl({ crl, issuer, at, last, lastThisUpdate, tolerate });
  return crl;
}

/** The CA of the devices, which signs for itself: there is no CRL that could list it here. */
export async function verifyDeviceAuthority({ device, policy, at }: Reception): Promise<void> {
  const { caKrd: authority, root } = device;
  await verifyAuthority({ authority, root, at, tolerate: policy.tolerate });
}

/** How a token is fresh, and when it was signed. */
export type Freshness =
  | { readonly kind: 'nonce'; readonly signingTime: number | undefined }
  | { readonly kind: 'time'; readonly signingTime: number };

/**
 * Step 10. With a nonce outstanding only the token that answers it is taken; without one, only a
 * token with a time, later than the last.
 */
export function verifyFreshness(
  attributes: Attributes,
  { device, policy, at }: Reception,
): Freshness {
  const nonce = nonceOf(attributes);
  if (device.nonce !== undefined || nonce !== undefined || policy.requireNonce) {
    requireNonce(nonce, device.nonce);
    return { kind: 'nonce', signingTime: furtherTimeOf(attributes) };
  }
  const signingTime = signingTimeOf(attributes);
  const { lastSigningTime = Number.NEGATIVE_INFINITY } = device;
  if (
    signingTime === undefined ||
    signingTime > at + policy.clockSkew ||
    signingTime < at - policy.maxAge ||
    signingTime <= lastSigningTime
  ) {
    throw new KeyblockError('FRESHNESS', { field: 'signingTime' });
  }
  return { kind: 'time', signingTime };
}

/** The nonce of tokens that exist in two passes only. */
export function requireNonce(
  nonce: Uint8Array | undefined,
  outstanding: Uint8Array | undefined,
): void {
  const sound =
    nonce !== undefined && nonce.length >= MIN_NONCE_LENGTH && nonce.length <= MAX_NONCE_LENGTH;
  if (!sound || outstanding === undefined || !equalBytes(nonce, outstanding)) {
    throw new KeyblockError('FRESHNESS', { field: 'nonce' });
  }
}

/** The error for a token that lacks what it has to have. */
export function malformedToken(): KeyblockError {
  return new KeyblockError('TOKEN_MALFORMED', { field: 'token' });
}

function notSigned(): KeyblockError {
  return new KeyblockError('SIGNATURE_INVALID', { field: 'token' });
}
