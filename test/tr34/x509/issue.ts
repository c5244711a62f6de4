/** Issues certificates and CRLs in which everything can be made wrong. */

import { OID } from '../../../src/tr34/der/oids.js';
import { TAG } from '../../../src/tr34/der/tags.js';
import {
  bitString,
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  time,
} from '../../../src/tr34/der/writer.js';

/** A time at which everything issued here is valid, unless made otherwise. */
export const AT = Date.parse('2026-06-01T12:00:00Z');
export const DAY = 86_400_000;

const ECDSA_SHA256 = sequence(oid(OID.ecdsaWithSha256));
export const RSA_SHA256 = sequence(oid(OID.sha256WithRsa), nullValue());

/** A name and the keys that go with it. */
export interface Party {
  readonly name: Uint8Array;
  readonly spki: Uint8Array;
  readonly privateKey: CryptoKey;
}

/** Makes a party with a key on P-256. */
export async function createParty(commonName: string): Promise<Party> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', keys.publicKey));
  return { name: nameOf(commonName), spki, privateKey: keys.privateKey };
}

/** A Name of one common name. */
export function nameOf(commonName: string): Uint8Array {
  const text = encodeElement(TAG.PRINTABLE_STRING, new TextEncoder().encode(commonName));
  return sequence(set(sequence(oid('2.5.4.3'), text)));
}

/** One extension. */
export function extension(
  dotted: string,
  value: Uint8Array,
  critical: 'critical' | 'critical false' | undefined = undefined,
): Uint8Array {
  const flag = encodeElement(TAG.BOOLEAN, Uint8Array.of(critical === 'critical' ? 0xff : 0));
  const flags = critical === undefined ? [] : [flag];
  return sequence(oid(dotted), ...flags, octetString(value));
}

/** The extension basicConstraints. */
export function basicConstraints(isCa: boolean, maxPathLength?: number): Uint8Array {
  const flag = isCa ? [encodeElement(TAG.BOOLEAN, Uint8Array.of(0xff))] : [];
  const length = maxPathLength === undefined ? [] : [integer(maxPathLength)];
  return extension(OID.basicConstraints, sequence(...flag, ...length), 'critical');
}

/** The extension keyUsage with some bits of its first octet set. */
export function keyUsage(...bits: readonly number[]): Uint8Array {
  const octet = bits.reduce((value, bit) => value | (0x80 >> bit), 0);
  const unused = octet === 0 ? 7 : 31 - Math.clz32(octet & -octet);
  const content = Uint8Array.of(unused, octet);
  return extension(OID.keyUsage, encodeElement(TAG.BIT_STRING, content), 'critical');
}

/** The SubjectPublicKeyInfo of an RSA key; nobody has the private one. */
export function rsaSpki(bits: number, exponent: number, parameters = nullValue()): Uint8Array {
  const modulus = new Uint8Array(Math.ceil(bits / 8)).fill(0xa5);
  modulus[0] = 0xff >> ((8 - (bits % 8)) % 8);
  const key = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid(OID.rsaEncryption), parameters), bitString(key));
}

/** What a certificate says. `undefined` fields are left out. */
interface TbsParts {
  readonly version: Uint8Array | undefined;
  readonly serialNumber: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly more: readonly Uint8Array[];
  readonly extensions: readonly Uint8Array[] | undefined;
}

/** What can be changed in what is issued. */
export interface IssueOptions extends Partial<TbsParts> {
  readonly by: Party;
  readonly to: Party;
  /** The algorithm outside of what is signed, where it is another one. */
  readonly outerAlgorithm?: Uint8Array | undefined;
}

/** Issues a certificate. */
export function issueCertificate(options: IssueOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { by, to, outerAlgorithm, ...changes } = options;
  const parts: TbsParts = {
    version: context(0, integer(2)),
    serialNumber: integer(7),
    algorithm: ECDSA_SHA256,
    issuer: by.name,
    validity: sequence(time(AT - DAY), time(AT + DAY)),
    subject: to.name,
    spki: to.spki,
    more: [],
    extensions: undefined,
    ...changes,
  };
  const { version, extensions } = parts;
  const tbs = sequence(
    ...(version === undefined ? [] : [version]),
    parts.serialNumber,
    parts.algorithm,
    parts.issuer,
    parts.validity,
    parts.subject,
    parts.spki,
    ...parts.more,
    ...(extensions === undefined ? [] : [context(3, sequence(...extensions))]),
  );
  return signed(tbs, outerAlgorithm ?? parts.algorithm, by.privateKey);
}

/** What a CRL says. `undefined` fields are left out. */
export interface CrlParts {
  readonly version: Uint8Array | undefined;
  readonly algorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly thisUpdate: Uint8Array;
  readonly nextUpdate: Uint8Array | undefined;
  readonly entries: readonly Uint8Array[] | undefined;
  readonly extensions: readonly Uint8Array[] | undefined;
}

/** Issues a CRL. */
export function issueCrl(
  options: Partial<CrlParts> & { readonly by: Party; readonly outerAlgorithm?: Uint8Array },
): Promise<Uint8Array<ArrayBuffer>> {
  const { by, outerAlgorithm, ...changes } = options;
  const parts: CrlParts = {
    version: integer(1),
    algorithm: ECDSA_SHA256,
    issuer: by.name,
    thisUpdate: time(AT - DAY),
    nextUpdate: time(AT + DAY),
    entries: undefined,
    extensions: undefined,
    ...changes,
  };
  const { version, nextUpdate, entries, extensions } = parts;
  const tbs = sequence(
    ...(version === undefined ? [] : [version]),
    parts.algorithm,
    parts.issuer,
    parts.thisUpdate,
    ...(nextUpdate === undefined ? [] : [nextUpdate]),
    ...(entries === undefined ? [] : [sequence(...entries)]),
    ...(extensions === undefined ? [] : [context(0, sequence(...extensions))]),
  );
  return signed(tbs, outerAlgorithm ?? parts.algorithm, by.privateKey);
}

/** An entry of a CRL. */
export function revokedEntry(
  serialNumber: number,
  ...extensions: readonly Uint8Array[]
): Uint8Array {
  const more = extensions.length === 0 ? [] : [sequence(...extensions)];
  return sequence(integer(serialNumber), time(AT - DAY), ...more);
}

async function signed(
  tbs: Uint8Array<ArrayBuffer>,
  algorithm: Uint8Array,
  privateKey: CryptoKey,
): Promise<Uint8Array<ArrayBuffer>> {
  return sequence(tbs, algorithm, bitString(await ecdsaSignature(privateKey, 'SHA-256', tbs)));
}

/** ECDSA as DER has it, where Web Crypto puts both numbers one after the other. */
export async function ecdsaSignature(
  privateKey: CryptoKey,
  hash: string,
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const scheme = { name: 'ECDSA', hash };
  const both = new Uint8Array(await crypto.subtle.sign(scheme, privateKey, message));
  const half = both.length / 2;
  return sequence(integer(both.subarray(0, half)), integer(both.subarray(half)));
}
