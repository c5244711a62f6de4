/** The algorithms a token may name. Nothing outside these tables is ever tried. */

import { KeyblockError } from '../../errors.js';
import { CONTENT_CIPHERS, type ContentAlgorithm } from '../crypto/content-cipher.js';
import type { TokenHash } from '../crypto/hash.js';
import { OID } from '../der/oids.js';
import { type DerElement, fields } from '../der/reader.js';
import { contextTag, TAG } from '../der/tags.js';
import { isOid, readOctetString, readOid } from '../der/values.js';
import { context, nullValue, octetString, oid, sequence } from '../der/writer.js';
import { signatureAlgorithmOfOid } from '../x509/verify-signature.js';

const HASHES: readonly (readonly [TokenHash, string])[] = [
  ['SHA-256', OID.sha256],
  ['SHA-384', OID.sha384],
  ['SHA-512', OID.sha512],
];

const CONTENT_OIDS: readonly (readonly [ContentAlgorithm, string])[] = [
  ['des-ede3-cbc', OID.desEde3Cbc],
  ['aes128-cbc', OID.aes128Cbc],
  ['aes192-cbc', OID.aes192Cbc],
  ['aes256-cbc', OID.aes256Cbc],
];

/** Finds a hash by its OID, or refuses it. */
export function hashOfOid(algorithm: string): TokenHash {
  const found = HASHES.find(([, hashOid]) => hashOid === algorithm);
  if (found === undefined) throw notAllowed();
  return found[0];
}

/** The OID of a hash. */
export function oidOfHash(hash: TokenHash): string {
  // Every name of the type is in the table.
  return HASHES.find(([name]) => name === hash)?.[1] ?? OID.sha256;
}

/** Checks a signature algorithm against the hash in use; returns what kind of key it is for. */
export function signatureKind(algorithm: string, hash: TokenHash): 'RSA' | 'EC' {
  if (algorithm === OID.rsaEncryption) return 'RSA'; // of whatever hash (Annex B)
  const found = signatureAlgorithmOfOid(algorithm);
  if (found === undefined || found.hash !== hash) throw notAllowed();
  return found.kind;
}

/** Finds a content cipher by its OID, or refuses it. */
export function contentAlgorithmOfOid(algorithm: string): ContentAlgorithm {
  const found = CONTENT_OIDS.find(([, cipherOid]) => cipherOid === algorithm);
  if (found === undefined) throw notAllowed();
  return found[0];
}

/** The OID of a content cipher. */
export function oidOfContentAlgorithm(algorithm: ContentAlgorithm): string {
  // Every name of the type is in the table.
  return CONTENT_OIDS.find(([name]) => name === algorithm)?.[1] ?? OID.aes256Cbc;
}

/** Bytes of the key, and of a block, of a content cipher. */
export function contentCipher(algorithm: ContentAlgorithm): {
  readonly keyLength: number;
  readonly blockLength: 8 | 16;
} {
  return CONTENT_CIPHERS[algorithm];
}

/**
 * Reads the parameters of RSAES-OAEP, in the tagged form of RFC 8017 or the untagged one of Annex
 * B: one hash for OAEP and its mask, an empty label, nothing left to the defaults, which are SHA-1.
 */
export function readOaepParameters(element: DerElement | undefined): TokenHash {
  try {
    if (element !== undefined) return parseOaepParameters(element);
  } catch {
    // Whatever else stands there, it is not what is allowed.
  }
  throw notAllowed();
}

function parseOaepParameters(element: DerElement): TokenHash {
  const parts = fields(element);
  const first = parts.next();
  const second = parts.next();
  const tagged = first.tag !== TAG.SEQUENCE;
  const third = tagged ? parts.optional(contextTag(2)) : parts.next();
  parts.end();
  const open = tagged ? insideTag : untagged;
  const hash = hashOfOid(readDigestAlgorithm(open(first, 0)));
  const mask = fields(open(second, 1));
  const isMgf1 = isOid(mask.next(), OID.mgf1);
  const maskHash = hashOfOid(readDigestAlgorithm(mask.next()));
  mask.end();
  const emptyLabel = third === undefined || hasEmptyLabel(open(third, 2));
  if (!isMgf1 || maskHash !== hash || !emptyLabel) throw notAllowed();
  return hash;
}

/** Formats the parameters of RSAES-OAEP. */
export function formatOaepParameters(hash: TokenHash, tagged: boolean): Uint8Array<ArrayBuffer> {
  const algorithm = sequence(oid(oidOfHash(hash)), nullValue());
  if (tagged) {
    return sequence(context(0, algorithm), context(1, sequence(oid(OID.mgf1), algorithm)));
  }
  return sequence(
    algorithm,
    sequence(oid(OID.mgf1), sequence(oid(oidOfHash(hash)))),
    sequence(oid(OID.pSpecified), octetString()),
  );
}

/** The one answer to an algorithm that is not in the tables. */
export function notAllowed(): KeyblockError {
  return new KeyblockError('ALGORITHM_NOT_ALLOWED', { field: 'token' });
}

/** The element inside `[number]`. */
function insideTag(element: DerElement, number: number): DerElement {
  const explicit = fields(element, contextTag(number));
  const inside = explicit.next(TAG.SEQUENCE);
  explicit.end();
  return inside;
}

/** The element itself, in the untagged form; whoever reads it next insists on a SEQUENCE. */
function untagged(element: DerElement): DerElement {
  return element;
}

/** Reads an AlgorithmIdentifier whose parameters are absent or NULL. */
export function readDigestAlgorithm(element: DerElement): string {
  const parts = fields(element);
  const algorithm = readOid(parts.next(TAG.OBJECT_IDENTIFIER));
  parts.optional(TAG.NULL);
  parts.end();
  return algorithm;
}

function hasEmptyLabel(element: DerElement): boolean {
  const parts = fields(element);
  const isSpecified = isOid(parts.next(), OID.pSpecified);
  const label = readOctetString(parts.next());
  parts.end();
  return isSpecified && label.length === 0;
}
