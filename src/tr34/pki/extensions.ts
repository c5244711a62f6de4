/** The extensions of the certificates and CRLs that are issued (RFC 5280 4.2 and 5.2). */

import { BitString, Integer, OctetString } from 'asn1js';
import { AuthorityKeyIdentifier, BasicConstraints, Extension } from 'pkijs';
import { OID } from '../der/oids.js';
import type { PublicKey } from '../x509/public-key.js';
import {
  computeKeyIdentifier,
  type KeyIdentifier,
  SUBJECT_KEY_IDENTIFIER,
} from './key-identifier.js';
import { type CertificateRole, keyUsage } from './role.js';

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';

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
