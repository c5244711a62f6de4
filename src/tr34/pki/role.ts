/** What a certificate is for. */

import { KEY_USAGE } from '../x509/certificate.js';
import type { PublicKey } from '../x509/public-key.js';

/** What a certificate is for: a role of TR-34, or a CA above them. */
export type CertificateRole = 'root' | 'ca' | 'kdh' | 'krd';

/** The uses of Annex B; a key on a curve agrees on keys where one of RSA encrypts them. */
export function keyUsage(role: CertificateRole, { kind }: PublicKey): readonly number[] {
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
