/** The key block of TR-34: what the envelope of a key token holds (X9 TR-34 Annex B.2.2.2). */

import { asciiOctets, headerAttribute, parseAttribute } from '../cms/attributes.js';
import { OID } from '../der/oids.js';
import { fields, readDer } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readOctetString, readSmallInteger } from '../der/values.js';
import { integer, octetString, sequence } from '../der/writer.js';

/** A TR-34 key block in clear. */
export interface KeyBlockContent {
  /** IssuerAndSerialNumber of the KDH, in DER. */
  readonly kdh: Uint8Array;
  readonly key: Uint8Array;
  /** The header as octets. */
  readonly header: Uint8Array;
  /** Annex B has version 1 and the header as attribute; Annex D version 0 and a bare string. */
  readonly form: 'annex-b' | 'annex-d';
}

/** Reads a decrypted key block. Undefined, and nothing else, for anything that is not one. */
export function parseKeyBlockContent(plaintext: Uint8Array): KeyBlockContent | undefined {
  try {
    const parts = fields(readDer(plaintext));
    const version = readSmallInteger(parts.next());
    const kdh = parts.next(TAG.SEQUENCE).bytes;
    const key = readOctetString(parts.next());
    const last = parts.next();
    parts.end();
    if (version === 0) return { kdh, key, header: readOctetString(last), form: 'annex-d' };
    const { type, value } = parseAttribute(last);
    if (version !== 1 || type !== OID.data) return undefined;
    return { kdh, key, header: readOctetString(value), form: 'annex-b' };
  } catch {
    // What is wrong with a plaintext must not be told apart.
    return undefined;
  }
}

/** Formats a key block in clear. */
export function formatKeyBlockContent(
  kdh: Uint8Array,
  key: Uint8Array,
  header: string,
  form: KeyBlockContent['form'],
): Uint8Array<ArrayBuffer> {
  return form === 'annex-b'
    ? sequence(integer(1), kdh, octetString(key), headerAttribute(header))
    : sequence(integer(0), kdh, octetString(key), octetString(asciiOctets(header)));
}
