/** Key pairs with which the tests issue, and certificates issued with them. */

import {
  type CertificateIssuer,
  type IssueCertificateOptions,
  issueCertificate,
} from 'keyblock/tr34/pki';
import tokens from '../../vectors/tr34/tokens.json' with { type: 'json' };
import { fromBase64, tokenBytes, tokenCertificate } from '../vectors.js';

/** A key pair, and a certificate that somebody else has issued for it. */
export interface Party extends CertificateIssuer {
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** A key pair of tokens.json. */
export function party(id: string): Party {
  const found = tokens.privateKeys.find((key) => key.id === id);
  if (found === undefined) throw new Error(`no key ${id}`);
  return {
    pkcs8: fromBase64(found.pkcs8),
    publicKey: new Uint8Array(tokenCertificate(found.certificate).publicKey.spki),
    certificate: tokenBytes(found.certificate),
  };
}

/** Key pairs of a root, of a CA, and of who has a certificate of the CA. */
export interface Family {
  readonly root: Party;
  readonly ca: Party;
  readonly kdh: Party;
  readonly krd: Party;
}

/** One family for every signature algorithm for which tokens.json has keys. */
export const FAMILIES: Readonly<Record<'RSA-2048' | 'RSA-4096' | 'P-384' | 'P-521', Family>> = {
  'RSA-2048': family('annexb'),
  'RSA-4096': family('RSA-4096'),
  'P-384': family('EC-P384'),
  'P-521': family('EC-P521'),
};

export const notBefore: Date = new Date('2027-01-01T00:00:00Z');
const notAfter: Date = new Date('2037-01-01T00:00:00Z');

/** When all certificates of {@link issueFamily} are valid. */
export const at: Date = new Date('2030-01-01T00:00:00Z');

/** Options of a root that differ from complete ones in what is given. */
export function rootOptions(
  { publicKey, pkcs8 }: Party,
  others: Partial<IssueCertificateOptions> = {},
): IssueCertificateOptions {
  const subject = { commonName: 'Test Root', organization: 'Keyblock Test', country: 'US' };
  const serialNumber = Uint8Array.of(1);
  const validity = { notBefore, notAfter };
  return { role: 'root', subject, publicKey, pkcs8, serialNumber, ...validity, ...others };
}

/** Options of a certificate below a root that differ from complete ones in what is given. */
export function leafOptions(
  { publicKey }: Party,
  issuer: CertificateIssuer,
  others: Partial<IssueCertificateOptions> = {},
): IssueCertificateOptions {
  const subject = { commonName: 'Test KDH', organization: 'Keyblock Test', country: 'US' };
  const serialNumber = Uint8Array.of(0x34, 0, 0, 0, 9);
  const validity = { notBefore, notAfter };
  return { role: 'kdh', subject, publicKey, issuer, serialNumber, ...validity, ...others };
}

/** The certificates of a family: root, CA, KDH and KRD. */
export async function issueFamily({ root, ca, kdh, krd }: Family): Promise<{
  readonly root: Uint8Array<ArrayBuffer>;
  readonly ca: Uint8Array<ArrayBuffer>;
  readonly kdh: Uint8Array<ArrayBuffer>;
  readonly krd: Uint8Array<ArrayBuffer>;
}> {
  const rootCertificate = await issueCertificate(rootOptions(root));
  const rootIssuer = { certificate: rootCertificate, pkcs8: root.pkcs8 };
  const caCertificate = await issueCertificate(
    leafOptions(ca, rootIssuer, { role: 'ca', subject: { commonName: 'Test CA' } }),
  );
  const caIssuer = { certificate: caCertificate, pkcs8: ca.pkcs8 };
  const subject = { commonName: 'Prüfgerät №1' };
  return {
    root: rootCertificate,
    ca: caCertificate,
    kdh: await issueCertificate(leafOptions(kdh, caIssuer)),
    krd: await issueCertificate(
      leafOptions(krd, caIssuer, { role: 'krd', subject, serialNumber: 'random' }),
    ),
  };
}

function family(prefix: string): Family {
  return {
    root: party(`${prefix}-Root`),
    ca: party(`${prefix}-CA_KDH`),
    kdh: party(`${prefix}-KDH_1`),
    krd: party(`${prefix}-KRD_1`),
  };
}
