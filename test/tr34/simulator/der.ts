/** DER and the shell of a signed token, written from the specification: none of the library's own. */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { Signer } from 'keyblock/tr34';
import { concatenate, inside, look } from '../scenario.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of hex digits. */
export const hex = (digits: string): Bytes =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** One element. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = concatenate(...parts);
  const n = content.length;
  if (n < 0x80) return concatenate(Uint8Array.of(tag, n), content);
  const length = n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff];
  return concatenate(Uint8Array.of(tag, ...length), content);
}

export const sequence = (...parts: readonly Uint8Array[]): Bytes => tlv(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Bytes => tlv(0x31, ...parts);
export const octets = (content: Uint8Array): Bytes => tlv(0x04, content);
export const integer = (value: number): Bytes => tlv(0x02, Uint8Array.of(value));
export const oid = (digits: string): Bytes => tlv(0x06, hex(digits));

export const OID = {
  data: '2a864886f70d010701',
  signedData: '2a864886f70d010702',
  envelopedData: '2a864886f70d010703',
  contentType: '2a864886f70d010903',
  messageDigest: '2a864886f70d010904',
  signingTime: '2a864886f70d010905',
  nonce: '2a864886f70d01091903',
} as const;

const HASHES = {
  'SHA-256': { digest: sha256, oid: '608648016503040201', ecdsa: '2a8648ce3d040302' },
  'SHA-384': { digest: sha384, oid: '608648016503040202', ecdsa: '2a8648ce3d040303' },
  'SHA-512': { digest: sha512, oid: '608648016503040203', ecdsa: '2a8648ce3d040304' },
} as const;

/** An attribute with one value. */
const attribute = (type: string, value: Uint8Array): Bytes => sequence(oid(type), set(value));

export const nonceAttribute = (nonce: Uint8Array): Bytes => attribute(OID.nonce, octets(nonce));

/** A header, as it is signed and as it stands in a key block. */
export const headerAttribute = (header: string): Bytes =>
  attribute(OID.data, octets(new TextEncoder().encode(header)));

export function timeAttribute(at: number): Bytes {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const digits = `${date.slice(2)}${time.slice(0, 8)}`.replace(/[-:]/g, '');
  return attribute(OID.signingTime, tlv(0x17, new TextEncoder().encode(`${digits}Z`)));
}

/** IssuerAndSerialNumber: both as they stand in the certificate. */
export function identityOf(certificate: Uint8Array): Bytes {
  const body = inside(look(certificate), 0);
  return sequence(inside(body, 3).bytes, inside(body, 1).bytes);
}

/** SubjectPublicKeyInfo of a certificate. */
export const publicKeyOf = (certificate: Uint8Array): Bytes =>
  new Uint8Array(inside(look(certificate), 0, 6).bytes);

/** What a signed token is made of. */
export interface SignedParts {
  readonly type: string;
  readonly content: Uint8Array;
  /** Who is named as the signer. */
  readonly named: Signer;
  /** Who signs. */
  readonly signs: Signer;
  /** Between content type and digest; without any where absent. */
  readonly attributes?: readonly Uint8Array[] | undefined;
  /** What the attributes say that the content is. */
  readonly claims?: string | undefined;
  readonly crl?: Uint8Array | undefined;
}

/** A token as section 4.1 of the specification has it. */
export async function signedToken(parts: SignedParts): Promise<Bytes> {
  const { type, content, named, signs, attributes, claims = type, crl } = parts;
  const hash = HASHES[signs.hash];
  const signed = attributes && [
    attribute(OID.contentType, oid(claims)),
    ...attributes,
    attribute(OID.messageDigest, octets(hash.digest(content))),
  ];
  const isEc = signs.algorithm === 'ECDSA';
  const algorithm = isEc ? sequence(oid(hash.ecdsa)) : sequence(oid('2a864886f70d010101'), tlv(5));
  const signature = await signs.sign(signed === undefined ? content : set(...signed));
  const signerInfo = sequence(
    integer(1),
    identityOf(named.certificate),
    sequence(oid(hash.oid)),
    ...(signed === undefined ? [] : [tlv(0xa0, ...signed)]),
    algorithm,
    octets(signature),
  );
  return shell([
    integer(1),
    set(sequence(oid(hash.oid))),
    encapsulated(content, type),
    ...(crl === undefined ? [] : [tlv(0xa1, crl)]),
    set(signerInfo),
  ]);
}

/** EncapsulatedContentInfo. */
export const encapsulated = (content: Uint8Array, type: string = OID.data): Bytes =>
  sequence(oid(type), tlv(0xa0, octets(content)));

/** ContentInfo around the fields of SignedData. */
export const shell = (fields: readonly Uint8Array[]): Bytes =>
  sequence(oid(OID.signedData), tlv(0xa0, sequence(...fields)));

/** The fields of the SignedData in a token. */
export const fieldsOf = (token: Uint8Array): readonly Uint8Array[] =>
  inside(look(token), 1, 0).inside.map(({ bytes }) => bytes);

/** Whether the signed attributes of a token are in the order of DER. */
export function isSorted(token: Uint8Array): boolean {
  const signers = look(fieldsOf(token).at(-1) ?? new Uint8Array());
  const attributes = signers.inside[0]?.inside.find(({ tag }) => tag === 0xa0)?.inside ?? [];
  const texts = attributes.map(({ bytes }) => String.fromCharCode(...bytes));
  return texts.every((text, i) => i === 0 || (texts[i - 1] as string) <= text);
}
