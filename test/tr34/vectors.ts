/** The files of `test/vectors/tr34`, decoded. */

import { type Certificate, parseCertificate } from '../../src/tr34/x509/certificate.js';
import { type CertificateList, parseCrl } from '../../src/tr34/x509/crl.js';
import receiver from '../vectors/tr34/receiver-cases.json' with { type: 'json' };
import tokens from '../vectors/tr34/tokens.json' with { type: 'json' };

/** When everything in Annex B is valid, its CRL included. */
export const ANNEX_B_TIME = Date.parse('2010-11-15T00:00:00Z');

/** When everything that was made for this project is valid. */
export const GENERATED_TIME = Date.parse('2026-06-01T12:00:00Z');

/** What the tests of DER and X.509 read of a vector. */
export interface TokenVector {
  readonly id: string;
  readonly kind: string;
  readonly base64: string;
  readonly facts: {
    readonly serialHex?: string | undefined;
    readonly notBefore?: string | undefined;
    readonly notAfter?: string | undefined;
    readonly extensions?: readonly string[] | string | undefined;
    readonly signedAttrsDerSorted?: boolean | undefined;
  };
}

export const TOKEN_VECTORS: readonly TokenVector[] = tokens.vectors;
export const RECEIVER_CASES: typeof receiver.cases = receiver.cases;

/** The bytes of a vector of tokens.json. */
export function tokenBytes(id: string): Uint8Array<ArrayBuffer> {
  const vector = tokens.vectors.find((candidate) => candidate.id === id);
  if (vector === undefined) throw new Error(`no vector ${id}`);
  return fromBase64(vector.base64);
}

/** A certificate of tokens.json. */
export function tokenCertificate(id: string): Certificate {
  return parseCertificate(tokenBytes(id));
}

/** A CRL of tokens.json. */
export function tokenCrl(id: string): CertificateList {
  return parseCrl(tokenBytes(id));
}

/** A certificate of receiver-cases.json. */
export function receiverCertificate(name: keyof typeof receiver.certificates): Certificate {
  return parseCertificate(fromBase64(receiver.certificates[name]));
}

/** Decodes base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
