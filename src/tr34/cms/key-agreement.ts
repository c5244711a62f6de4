/** Ephemeral-static key agreement (RFC 5753): its algorithms, and what goes into its KDF. */

import type { TokenHash } from '../crypto/hash.js';
import { KEK_LENGTHS, type WrapAlgorithm } from '../crypto/unwrap.js';
import { OID } from '../der/oids.js';
import { context, octetString, oid, sequence } from '../der/writer.js';
import { type CurveName, curveOfOid } from '../x509/public-key.js';
import { notAllowed } from './algorithms.js';
import type { KeyAgreement } from './enveloped-data.js';

const SCHEMES: readonly (readonly [TokenHash, string])[] = [
  ['SHA-256', OID.dhStdSha256Kdf],
  ['SHA-384', OID.dhStdSha384Kdf],
  ['SHA-512', OID.dhStdSha512Kdf],
];

const WRAPS: readonly (readonly [WrapAlgorithm, string])[] = [
  ['aes128-wrap', OID.aes128Wrap],
  ['aes192-wrap', OID.aes192Wrap],
  ['aes256-wrap', OID.aes256Wrap],
];

/** The algorithms of a recipient, from the tables. */
export function agreementAlgorithms({ scheme, wrap, curve }: KeyAgreement): {
  readonly hash: TokenHash;
  readonly wrapAlgorithm: WrapAlgorithm;
  readonly curve: CurveName | undefined;
} {
  const hash = nameOf(SCHEMES, scheme);
  const wrapAlgorithm = nameOf(WRAPS, wrap);
  const curveName = curve === undefined ? undefined : curveOfOid(curve);
  if (curve !== undefined && curveName === undefined) throw notAllowed();
  return { hash, wrapAlgorithm, curve: curveName };
}

/** The OIDs of a key agreement. */
export function agreementOids(
  hash: TokenHash,
  wrapAlgorithm: WrapAlgorithm,
): { readonly scheme: string; readonly wrap: string } {
  return { scheme: oidOf(SCHEMES, hash), wrap: oidOf(WRAPS, wrapAlgorithm) };
}

/** ECC-CMS-SharedInfo: the key wrap, the user keying material if any, the length of the KEK. */
export function formatSharedInfo(
  wrapAlgorithm: WrapAlgorithm,
  ukm: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  const bits = 8 * KEK_LENGTHS[wrapAlgorithm];
  return sequence(
    sequence(oid(oidOf(WRAPS, wrapAlgorithm))),
    ...(ukm === undefined ? [] : [context(0, octetString(ukm))]),
    context(2, octetString(Uint8Array.of(0, 0, bits >> 8, bits))),
  );
}

function nameOf<Name>(table: readonly (readonly [Name, string])[], dotted: string): Name {
  const found = table.find(([, rowOid]) => rowOid === dotted);
  if (found === undefined) throw notAllowed();
  return found[0];
}

function oidOf<Name>(table: readonly (readonly [Name, string])[], name: Name): string {
  const found = table.find(([rowName]) => rowName === name);
  if (found === undefined) throw notAllowed();
  return found[1];
}
