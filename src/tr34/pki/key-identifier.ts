/** How certificates and CRLs name a public key. */

import { sha256 } from '@noble/hashes/sha2.js';
import { fields, readDer } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { readBitString, readOctetString } from '../der/values.js';
import { type Certificate, explicitContent, readSigned } from '../x509/certificate.js';
import { readExtensions } from '../x509/extensions.js';
import type { PublicKey } from '../x509/public-key.js';

/** By what certificates and CRLs name a public key. */
export type KeyIdentifier = Uint8Array<ArrayBuffer>;

export const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

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
