/** The tokens that end or change a binding: UBT and RBT, by the KDH or by the CA of the KRDs. */

import { KeyblockError } from '../../errors.js';
import { toBase64 } from '../../primitives/base64.js';
import { equalBytes } from '../../primitives/bytes.js';
import { nonceOf } from '../cms/attributes.js';
import { parseSignedData, type SignedData } from '../cms/signed-data.js';
import { digest } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import {
  children,
  type DerElement,
  fields,
  malformed,
  readDer,
  readDerContents,
} from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readOctetString } from '../der/values.js';
import {
  type Certificate,
  issuerAndSerial,
  parseCertificate,
  readCertificate,
} from '../x509/certificate.js';
import { requireNotRevoked, verifyPath } from '../x509/path.js';
import type { Outcome } from './event.js';
import { type Device, timeAfter } from './state.js';
import {
  malformedToken,
  type Reception,
  requireNonce,
  verifyDeviceAuthority,
  verifyKdh,
  verifySigner,
} from './verify-token.js';

/** A reception by a device that is bound. */
export interface BoundReception extends Reception {
  readonly bound: Certificate;
  /** Is told when the token spends the nonce. */
  readonly nonce: { spent: boolean };
}

/** UBT-KDH names the device; UBT-CA names the device and the KDH it is bound to. */
export async function receiveUnbind(
  signedData: SignedData,
  reception: BoundReception,
): Promise<Outcome> {
  const { device } = reception;
  if (signedData.content === undefined) throw malformedToken();
  const ids = readIds(signedData.content);
  let { authorityTokens } = device;
  let crl: Device['crl'];
  if (ids.length === 1) crl = await verifyKdhToken(signedData, reception);
  else authorityTokens = await verifyAuthorityToken(signedData, reception, true);
  requireIds(ids, reception);
  const next: Device = {
    ...device,
    authorityTokens,
    bound: undefined,
    nonce: undefined,
    ...(crl && { crl, lastCrlUpdate: crl.thisUpdate }),
  };
  return { next, event: { kind: 'unbound' } };
}

/** RBT: as UBT, with the certificate of the next KDH. */
export async function receiveRebind(
  signedData: SignedData,
  reception: BoundReception,
): Promise<Outcome> {
  const { device, at } = reception;
  if (signedData.content === undefined) throw malformedToken();
  const { ids, certificate } = readRebinding(signedData.content);
  const { crl, authorityTokens } = await verifyRebinding(
    signedData,
    ids.length,
    certificate,
    reception,
  );
  requireIds(ids, reception);
  const kdhCertificate = new Uint8Array(certificate.der);
  const next: Device = {
    ...device,
    authorityTokens,
    bound: parseCertificate(kdhCertificate),
    nonce: undefined,
    lastSigningTime: timeAfter(device, at),
    ...(crl && { crl, lastCrlUpdate: crl.thisUpdate }),
  };
  return { next, event: { kind: 'rebound', kdhCertificate } };
}

/** A token of the bound KDH: signature, path, CRL and nonce. Returns the CRL that it carries. */
async function verifyKdhToken(
  signedData: SignedData,
  reception: BoundReception,
): Promise<Device['crl']> {
  const { bound, device, policy, nonce } = reception;
  const { attributes } = await verifySigner(signedData, bound, policy);
  const crl = await verifyKdh(bound, signedData.crls, reception);
  requireNonce(nonceOf(attributes), device.nonce);
  nonce.spent = true;
  return crl;
}

/**
 * A token of the CA of the KRDs carries no CRL and no nonce. Returns the digests of those that
 * were acted upon, this one included where the policy wants each to be new.
 */
async function verifyAuthorityToken(
  signedData: SignedData,
  reception: BoundReception,
  optionalAttributes: boolean,
): Promise<readonly string[]> {
  const { device, policy } = reception;
  const { message } = await verifySigner(signedData, device.caKrd, policy, optionalAttributes);
  const [crl] = signedData.crls;
  if (crl !== undefined) throw malformed(crl);
  await verifyDeviceAuthority(reception);
  if (!policy.requireNew) return device.authorityTokens;
  // Of what is signed: around it a token can be written in more than one way.
  const own = toBase64(digest('SHA-256', message));
  if (device.authorityTokens.includes(own)) {
    throw new KeyblockError('FRESHNESS', { field: 'token' });
  }
  return [...device.authorityTokens, own].slice(-MAX_AUTHORITY_TOKENS);
}

/** Bounds the state. A CA that releases one device more often has other worries. */
const MAX_AUTHORITY_TOKENS = 64;

/** Whoever signs a rebinding, the next KDH has to be one of the pinned CA, and on no list. */
async function verifyRebinding(
  signedData: SignedData,
  idCount: number,
  certificate: Certificate,
  reception: BoundReception,
): Promise<Pick<Device, 'crl' | 'authorityTokens'>> {
  const { device, policy, at } = reception;
  let { authorityTokens } = device;
  let carried: Device['crl'];
  if (idCount === 1) carried = await verifyKdhToken(signedData, reception);
  else authorityTokens = await verifyAuthorityToken(signedData, reception, false);
  const { caKdh: issuer, root } = device;
  await verifyPath({ certificate, issuer, root, role: 'kdh', at, tolerate: policy.tolerate });
  const crl = carried ?? device.crl;
  if (crl !== undefined) requireNotRevoked(certificate, crl);
  return { crl: carried, authorityTokens };
}

/** The content of a rebinding: a SignedData without signers, whose own tag may be missing. */
function readRebinding(content: DerElement): {
  readonly ids: readonly Uint8Array[];
  readonly certificate: Certificate;
} {
  const octets = readOctetString(content);
  const source = { offset: content.offset + content.bytes.length - octets.length };
  const inner = parseSignedData(
    octets[0] === TAG.SEQUENCE ? readDer(octets, source) : readDerContents(octets, source),
  );
  const [element, second] = inner.certificates;
  const sound =
    inner.contentType === OID.data &&
    inner.digestAlgorithms.length === 0 &&
    inner.signers.length === 0 &&
    inner.crls.length === 0;
  if (!sound || inner.content === undefined || element === undefined || second !== undefined) {
    throw malformed(content);
  }
  return { ids: readIds(inner.content), certificate: readCertificate(element) };
}

/** One or two IssuerAndSerialNumbers one after the other, without anything around them. */
function readIds(content: DerElement): readonly Uint8Array[] {
  const octets = readOctetString(content);
  const source = { offset: content.offset + content.bytes.length - octets.length };
  const elements = children(readDerContents(octets, source));
  if (elements.length !== 1 && elements.length !== 2) throw malformed(content);
  for (const element of elements) {
    const parts = fields(element);
    parts.next(TAG.SEQUENCE);
    parts.next(TAG.INTEGER);
    parts.end();
  }
  return elements.map(({ bytes }) => bytes);
}

/** The device itself, and where a second one is named, the KDH it is bound to. */
function requireIds([krd, kdh]: readonly Uint8Array[], { device, bound }: BoundReception): void {
  const isOwn = krd !== undefined && equalBytes(krd, issuerAndSerial(device.certificate));
  if (!isOwn || (kdh !== undefined && !equalBytes(kdh, issuerAndSerial(bound)))) {
    throw new KeyblockError('RECIPIENT_MISMATCH', { field: 'recipient' });
  }
}
