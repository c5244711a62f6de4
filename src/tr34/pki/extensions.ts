/** The extensions of the certificates and CRLs that are issued (RFC 5280 4.2 and 5.2). */

import { sha256 } from '@noble/hashes/sha2.js';
import { BitString, Integer, OctetString } from 'asn1js';
import { AuthorityKeyIdentifier, BasicConstraints, Extension } from 'pkijs';
import { OID } from '../der/oids.js';
import { fields, readDer } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { readBitString, readOctetString } from '../der/values.js';
import { type Certificate, explicitContent, KEY_USAGE, readSigned } from '../x509/certificate.js';
import { readExtensions } from '../x509/extensions.js';
import type { PublicKey } from '../x509/public-key.js';

/** What a certificate is for: a role of TR-34, or a CA above them. */
export type CertificateRole = 'root' | 'ca' | 'kdh' | 'krd';

/** By what certificates and CRLs name a public key. */
export type KeyIdentifier = Uint8Array<ArrayBuffer>;

const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';

/** RFC 7093 2, method 1: the leftmost 160 bits of the SHA-256 of the key itself. */
export function computeKeyIdentifier({ spki }: PublicKey): KeyIdentifier {
  const parts = fields(readDer(spki));
  parts.next(TAG.SEQUENCE);
  const key = readBitString(parts.next());
  return new Uint8Array(sha256(key).subarray(0, 20));
}

/** The identifier that an issuer has given its key, or the computed one where it has given none. */
export function readKeyIdentifier({ der, publicKey }: Certificate): KeyIdentifier {
  const { tbs } = readSigned(readDer(der, { field: 'certificate' }));
  const extensions = fields(tbs)
    .rest()
    .find(({ tag }) => tag === contextTag(3));
  const given =
    extensions &&
    readExtensions(explicitContent(extensions), [SUBJECT_KEY_IDENTIFIER]).known.get(
      SUBJECT_KEY_IDENTIFIER,
    );
  return given === undefined
    ? computeKeyIdentifier(publicKey)
    : new Uint8Array(readOctetString(given));
}

/** What {@link certificateExtensions} takes. */
export interface CertificateExtensionsOptions {
  readonly role: CertificateRole;
  readonly publicKey: PublicKey;
  /** Of the key that signs. */
  readonly authorityKeyIdentifier: KeyIdentifier;
}

/** The extensions of a certificate: who the subject is, and what its key may do. */
export function certificateExtensions(options: CertificateExtensionsOptions): Extension[] {
  const { role, publicKey, authorityKeyIdentifier } = options;
  const identifier = octets(computeKeyIdentifier(publicKey));
  return [
    ...basicConstraints(role),
    formatExtension(OID.keyUsage, true, namedBits(keyUsage(role, publicKey))),
    formatExtension(SUBJECT_KEY_IDENTIFIER, false, identifier),
    authorityExtension(authorityKeyIdentifier),
  ];
}

/** The extensions of a CRL. */
export function crlExtensions(
  authorityKeyIdentifier: KeyIdentifier,
  crlNumber: number | undefined,
): Extension[] {
  const extensions = [authorityExtension(authorityKeyIdentifier)];
  if (crlNumber !== undefined) {
    extensions.push(formatExtension(OID.crlNumber, false, new Integer({ value: crlNumber })));
  }
  return extensions;
}

/** The path of TR-34 has two links: below a root, a CA issues end entities only. */
function basicConstraints(role: CertificateRole): Extension[] {
  switch (role) {
    case 'root':
      return [
        formatExtension(OID.basicConstraints, true, new BasicConstraints({ cA: true }).toSchema()),
      ];
    case 'ca': {
      const constraints = new BasicConstraints({ cA: true, pathLenConstraint: 0 });
      return [formatExtension(OID.basicConstraints, true, constraints.toSchema())];
    }
    case 'kdh':
    case 'krd':
      return [];
  }
}

/** The uses of Annex B; a key on a curve agrees on keys where one of RSA encrypts them. */
function keyUsage(role: CertificateRole, { kind }: PublicKey): readonly number[] {
  switch (role) {
    case 'root':
    case 'ca':
      return [KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign];
    case 'kdh':
      return [KEY_USAGE.digitalSignature, KEY_USAGE.nonRepudiation];
    case 'krd':
      return kind === 'EC'
        ? [KEY_USAGE.keyAgreement]
        : [KEY_USAGE.keyEncipherment, KEY_USAGE.dataEncipherment];
  }
}

function authorityExtension(keyIdentifier: KeyIdentifier): Extension {
  const authority = new AuthorityKeyIdentifier({ keyIdentifier: octets(keyIdentifier) });
  return formatExtension(AUTHORITY_KEY_IDENTIFIER, false, authority.toSchema());
}

function formatExtension(
  extnID: string,
  critical: boolean,
  value: { toBER(): ArrayBuffer },
): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER() });
}

function octets(bytes: KeyIdentifier): OctetString {
  return new OctetString({ valueHex: bytes.buffer });
}

/** X.690 11.2.2: of a list of named bits, up to seven here, DER leaves out those after the last. */
function namedBits(bits: readonly number[]): BitString {
  const octet = bits.reduce((value, bit) => value | (0x80 >> bit), 0);
  return new BitString({
    valueHex: Uint8Array.of(octet).buffer,
    unusedBits: 7 - Math.max(...bits),
  });
}
