/** The parts that certificates, requests and CRLs are put together from. */

import { Integer } from 'asn1js';
import { PublicKeyInfo, RelativeDistinguishedNames, Time } from 'pkijs';
import { fitsUtcTime } from '../der/time.js';
import type { PublicKey } from '../x509/public-key.js';

/** A Name, octet for octet: one that is built from its attributes becomes a single SET of them. */
export function nameOf(der: Uint8Array): RelativeDistinguishedNames {
  return new RelativeDistinguishedNames({ valueBeforeDecode: new Uint8Array(der).buffer });
}

/** An INTEGER of given content. */
export function integerOf(content: Uint8Array<ArrayBuffer>): Integer {
  return new Integer({ valueHex: content.buffer });
}

/** RFC 5280 4.1.2.5: UTCTime to the end of 2049, GeneralizedTime from then on. */
export function timeOf(milliseconds: number): Time {
  return new Time({ type: fitsUtcTime(milliseconds) ? 0 : 1, value: new Date(milliseconds) });
}

/** The SubjectPublicKeyInfo of a key that has been read. */
export function publicKeyOf({ spki }: PublicKey): PublicKeyInfo {
  return PublicKeyInfo.fromBER(new Uint8Array(spki));
}
