/** Key pairs with a certificate around them, which nobody signed: only the key in it is read. */

import { formatPkcs8, formatSpki, generateKeyPair } from '../../../src/tr34/crypto/ecdh.js';
import { OID } from '../../../src/tr34/der/oids.js';
import {
  bitString,
  integer,
  nullValue,
  oid,
  sequence,
  set,
  utcTime,
} from '../../../src/tr34/der/writer.js';
import type { CurveName } from '../../../src/tr34/x509/public-key.js';

export interface TestKey {
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly spki: Uint8Array<ArrayBuffer>;
  readonly pkcs8: Uint8Array<ArrayBuffer>;
}

/** The public half of an RSA key, and a certificate. */
export async function rsaKey(pkcs8: Uint8Array<ArrayBuffer>): Promise<TestKey> {
  const { subtle } = crypto;
  const scheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const key = await subtle.importKey('pkcs8', pkcs8, scheme, true, ['decrypt']);
  const { kty = '', n = '', e = '' } = await subtle.exportKey('jwk', key);
  const half = await subtle.importKey('jwk', { kty, n, e }, scheme, true, ['encrypt']);
  const spki = new Uint8Array(await subtle.exportKey('spki', half));
  return { certificate: unsignedCertificate(spki), spki, pkcs8 };
}

export function ecKey(curve: CurveName): TestKey {
  const pair = generateKeyPair(curve, (length) => crypto.getRandomValues(new Uint8Array(length)));
  const spki = formatSpki(pair);
  return { certificate: unsignedCertificate(spki), spki, pkcs8: formatPkcs8(pair) };
}

export function unsignedCertificate(spki: Uint8Array): Uint8Array<ArrayBuffer> {
  const algorithm = sequence(oid(OID.sha256WithRsa), nullValue());
  const name = sequence(set(sequence(oid('2.5.4.3'), integer(1))));
  const from = utcTime(Date.UTC(2026, 0));
  const to = utcTime(Date.UTC(2036, 0));
  const tbs = sequence(integer(1), algorithm, name, sequence(from, to), name, spki);
  return sequence(tbs, algorithm, bitString(new Uint8Array(256)));
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
