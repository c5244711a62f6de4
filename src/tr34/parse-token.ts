/**
 * Says what a token is, without keys: nothing that comes out of here is verified.
 *
 * @module
 */

import { asciiText } from '../primitives/hex.js';
import {
  type Attributes,
  nonceOf,
  parseAttribute,
  parseAttributes,
  signingTimeOf,
} from './cms/attributes.js';
import {
  type EnvelopedData,
  parseEnvelopedData,
  parseKeyAgreement,
  parseKeyTransport,
  transportProfile,
} from './cms/enveloped-data.js';
import {
  isCredential,
  parseContentInfo,
  parseSignedData,
  type SignedData,
} from './cms/signed-data.js';
import { parseSignerInfo } from './cms/signer-info.js';
import { OID } from './der/oids.js';
import {
  children,
  copyDer,
  type DerElement,
  malformed,
  readDer,
  readDerContents,
  requireTag,
} from './der/reader.js';
import { contextTag, TAG } from './der/tags.js';
import { readOctetString } from './der/values.js';
import type { Profile } from './profiles.js';

/** The tokens of X9 TR-34. A `credential` without CRL is CT-KRD, one with a CRL CT-KDH. */
export type TokenKind =
  | 'credential'
  | 'random-number'
  | 'key'
  | 'unbind'
  | 'rebind'
  | 'authority-unbind'
  | 'authority-rebind';

/** What a token says. All of it is unverified. */
export interface Token {
  /** Which token it is. */
  readonly kind: TokenKind;
  /** IssuerAndSerialNumber of the signer, in DER. */
  readonly signer?: Uint8Array<ArrayBuffer> | undefined;
  /** The certificate of a credential, or of the next KDH. */
  readonly certificate?: Uint8Array<ArrayBuffer> | undefined;
  /** The CRL that comes along, in DER. */
  readonly crl?: Uint8Array<ArrayBuffer> | undefined;
  /** The nonce that the token answers, or asks with. */
  readonly nonce?: Uint8Array<ArrayBuffer> | undefined;
  /** When the signer says that it signed. */
  readonly signingTime?: Date | undefined;
  /** The header that comes with a key. */
  readonly header?: string | undefined;
  /** The dialect of a key token, as far as it shows without opening it. */
  readonly profile?: Profile | undefined;
  /** IssuerAndSerialNumber in DER: of the device, and in tokens of its CA of the bound KDH. */
  readonly recipients: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Names a token and takes it apart, without keys.
 *
 * @param token - The token in DER, up to 64 KiB.
 * @returns What it says. Nothing of it is verified.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `TOKEN_MALFORMED` with the offset of the first
 * wrong byte, or `ALGORITHM_NOT_ALLOWED`.
 *
 * @example
 * ```ts
 * import { fromHex, toHex } from 'keyblock';
 * import { parseToken } from 'keyblock/tr34';
 *
 * // RT-KRD of X9 TR-34 Annex B.12.
 * const token = fromHex(
 *   '3020060A2A864886F70D0109190331120410167EB0E72781E4940112233445566778',
 * );
 * const { kind, nonce } = parseToken(token);
 * kind; // 'random-number'
 * toHex(nonce ?? new Uint8Array()); // '167EB0E72781E4940112233445566778'
 * ```
 */
export function parseToken(token: Uint8Array): Token {
  const bytes = copyDer(token, 'token');
  const randomNumber = parseRandomNumber(bytes);
  if (randomNumber !== undefined) return randomNumber;
  const signedData = parseContentInfo(bytes);
  const { signers, certificates, contentType, content } = signedData;
  const [signer] = signers;
  if (signer === undefined && certificates.length > 0) return parseCredential(signedData);
  if (signer === undefined || content === undefined) throw malformed({ field: 'token', offset: 0 });
  const { signer: sid, signedAttributes } = parseSignerInfo(signer);
  const attributes = signedAttributes === undefined ? new Map() : parseAttributes(signedAttributes);
  const common = {
    signer: new Uint8Array(sid),
    crl: crlOf(signedData),
    ...freshnessOf(attributes),
  };
  switch (contentType) {
    case OID.envelopedData:
      return { kind: 'key', ...common, ...parseKey(content, attributes) };
    case OID.data: {
      const recipients = idsOf(content);
      return { kind: recipients.length > 1 ? 'authority-unbind' : 'unbind', ...common, recipients };
    }
    case OID.signedData:
      return { ...common, ...parseRebinding(content) };
    default:
      throw malformed(content);
  }
}

/** RT-KRD is a bare attribute: a SEQUENCE that starts with the OID of the nonce. */
function parseRandomNumber(bytes: Uint8Array): Token | undefined {
  const element = readDer(bytes);
  const [type, values] = children(requireTag(element, TAG.SEQUENCE));
  if (type?.tag !== TAG.OBJECT_IDENTIFIER || values?.tag !== TAG.SET) return undefined;
  const attribute = parseAttribute(element);
  if (attribute.type !== OID.randomNonce) throw malformed(element);
  const nonce = new Uint8Array(readOctetString(attribute.value));
  return { kind: 'random-number', nonce, recipients: [] };
}

function parseCredential(signedData: SignedData): Token {
  const [certificate, second] = signedData.certificates;
  if (certificate === undefined || second !== undefined || !isCredential(signedData)) {
    throw malformed(second ?? { field: 'token', offset: 0 });
  }
  const { bytes } = certificate;
  return {
    kind: 'credential',
    certificate: new Uint8Array(bytes),
    crl: crlOf(signedData),
    recipients: [],
  };
}

function parseKey(
  content: DerElement,
  attributes: Attributes,
): Pick<Token, 'header' | 'profile' | 'recipients'> {
  const envelope = parseEnvelopedData(content);
  const header = attributes.get(OID.data);
  return { header: header && headerText(header), ...parseRecipient(envelope) };
}

function parseRecipient(envelope: EnvelopedData): Pick<Token, 'profile' | 'recipients'> {
  if (envelope.recipient.tag === contextTag(1)) {
    const { recipient } = parseKeyAgreement(envelope.recipient);
    return { profile: 'ec', recipients: [new Uint8Array(recipient)] };
  }
  const transport = parseKeyTransport(envelope.recipient);
  const profile = transportProfile(envelope, transport);
  return { profile, recipients: [new Uint8Array(transport.recipient)] };
}

function headerText(element: DerElement): string {
  const octets = readOctetString(element);
  if (octets.some((octet) => octet < 0x20 || octet > 0x7e)) throw malformed(element);
  return asciiText(octets);
}

function parseRebinding(content: DerElement): Pick<Token, 'kind' | 'certificate' | 'recipients'> {
  const octets = readOctetString(content);
  const source = { offset: content.offset + content.bytes.length - octets.length };
  const inner = parseSignedData(
    octets[0] === TAG.SEQUENCE ? readDer(octets, source) : readDerContents(octets, source),
  );
  const [certificate] = inner.certificates;
  if (inner.content === undefined || certificate === undefined) throw malformed(content);
  const recipients = idsOf(inner.content);
  return {
    kind: recipients.length > 1 ? 'authority-rebind' : 'rebind',
    certificate: new Uint8Array(certificate.bytes),
    recipients,
  };
}

function idsOf(content: DerElement): readonly Uint8Array<ArrayBuffer>[] {
  return children(readDerContents(readOctetString(content))).map(
    ({ bytes }) => new Uint8Array(bytes),
  );
}

function crlOf({ crls }: SignedData): Uint8Array<ArrayBuffer> | undefined {
  return crls[0] && new Uint8Array(crls[0].bytes);
}

function freshnessOf(attributes: Attributes): Pick<Token, 'nonce' | 'signingTime'> {
  const nonce = nonceOf(attributes);
  const signingTime = signingTimeOf(attributes);
  return {
    nonce: nonce && new Uint8Array(nonce),
    signingTime: signingTime === undefined ? undefined : new Date(signingTime),
  };
}
