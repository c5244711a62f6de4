/**
 * Issues certificate revocation lists.
 *
 * @module
 */

import { CertificateRevocationList, Extensions, RevokedCertificate } from 'pkijs';
import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { encodeHex } from '../../primitives/hex.js';
import { crlExtensions } from './extensions.js';
import { type CertificateIssuer, readIssuer } from './issuer.js';
import { readInstant, readLaterInstant, readSerialNumber } from './read-options.js';
import { signStructure } from './signing.js';
import { integerOf, nameOf, timeOf } from './structures.js';

/** A certificate that is not to be relied upon any more. */
export interface RevokedCertificateEntry {
  /** Unsigned, the most significant byte first. */
  readonly serialNumber: Uint8Array;
  /** Cut to seconds. */
  readonly revocationDate: Date;
}

/** What {@link issueCrl} takes. */
export interface IssueCrlOptions {
  /** The CA that issued the certificates. */
  readonly issuer: CertificateIssuer;
  /** Cut to seconds. */
  readonly thisUpdate: Date;
  /** Cut to seconds; after `thisUpdate`. */
  readonly nextUpdate: Date;
  /** Up to 500, which is what fits into a token. */
  readonly revoked: readonly RevokedCertificateEntry[];
  /** Counts up from one CRL to the next; RFC 5280 5.2.3 asks for it. */
  readonly crlNumber?: number | undefined;
}

/** With more, a token that carries the CRL would exceed what a receiver reads. */
const MAX_REVOKED = 500;

/**
 * Issues a CRL (X.509 v2, RFC 5280 5), complete and with the entries in the order given.
 *
 * @param options - The CA, the times and the certificates revoked.
 * @returns The CRL in DER.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, also for a serial number that is listed twice
 * and for a private key that does not belong to the certificate; `INPUT_TOO_LARGE` for more than
 * 500 entries; `TOKEN_MALFORMED`; `CERTIFICATE_UNTRUSTED` for an issuer that may not sign CRLs;
 * `UNSUPPORTED`.
 *
 * @example
 * ```ts
 * import { generateKeyPair, issueCertificate, issueCrl } from 'keyblock/tr34/pki';
 *
 * const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
 * const certificate = await issueCertificate({
 *   role: 'root',
 *   subject: { commonName: 'Example Root' },
 *   publicKey,
 *   pkcs8,
 *   serialNumber: 'random',
 *   notBefore: new Date('2027-01-01'),
 *   notAfter: new Date('2037-01-01'),
 * });
 * await issueCrl({
 *   issuer: { certificate, pkcs8 },
 *   thisUpdate: new Date('2027-02-01'),
 *   nextUpdate: new Date('2027-03-01'),
 *   revoked: [{ serialNumber: Uint8Array.of(8), revocationDate: new Date('2027-01-15') }],
 *   crlNumber: 1,
 * });
 * ```
 */
export async function issueCrl(options: IssueCrlOptions): Promise<Uint8Array<ArrayBuffer>> {
  requireObject(options, 'options');
  const thisUpdate = readInstant(own(options, 'thisUpdate'), 'thisUpdate');
  const nextUpdate = readLaterInstant(own(options, 'nextUpdate'), thisUpdate, 'nextUpdate');
  const revoked = readRevoked(own(options, 'revoked'));
  const crlNumber = readCrlNumber(own(options, 'crlNumber'));
  const issuer = readIssuer(own(options, 'issuer'), 'cRLSign');
  return signStructure(issuer.key, (algorithm) => {
    return new CertificateRevocationList({
      version: 1, // v2
      signature: algorithm,
      issuer: nameOf(issuer.name),
      thisUpdate: timeOf(thisUpdate),
      nextUpdate: timeOf(nextUpdate),
      // RFC 5280 5.1.2.6: an empty list is absent.
      ...(revoked.length > 0 && { revokedCertificates: revoked.map(formatEntry) }),
      crlExtensions: new Extensions({
        extensions: crlExtensions(issuer.keyIdentifier, crlNumber),
      }),
    });
  });
}

/** An entry that has been checked: the content of an INTEGER, and milliseconds since 1970. */
interface Entry {
  readonly serialNumber: Uint8Array<ArrayBuffer>;
  readonly revocationDate: number;
}

function readRevoked(list: readonly RevokedCertificateEntry[] | undefined): readonly Entry[] {
  if (!Array.isArray(list)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'revoked' });
  if (list.length > MAX_REVOKED) throw new KeyblockError('INPUT_TOO_LARGE', { field: 'revoked' });
  const entries = Array.from(list, readEntry);
  const numbers = new Set(entries.map(({ serialNumber }) => encodeHex(serialNumber)));
  if (numbers.size !== entries.length) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'revoked' });
  }
  return entries;
}

function readEntry(entry: RevokedCertificateEntry): Entry {
  requireObject(entry, 'revoked');
  return {
    serialNumber: readSerialNumber(own(entry, 'serialNumber')),
    revocationDate: readInstant(own(entry, 'revocationDate'), 'revoked'),
  };
}

function readCrlNumber(crlNumber: number | undefined): number | undefined {
  if (crlNumber === undefined) return undefined;
  if (!(Number.isSafeInteger(crlNumber) && crlNumber >= 0)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'crlNumber' });
  }
  return crlNumber;
}

function formatEntry({ serialNumber, revocationDate }: Entry): RevokedCertificate {
  return new RevokedCertificate({
    userCertificate: integerOf(serialNumber),
    revocationDate: timeOf(revocationDate),
  });
}
