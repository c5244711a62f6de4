/** The options that several functions of this entry share, checked and copied. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { copyBytes } from '../../primitives/bytes.js';
import { dateValue } from '../../primitives/date.js';
import { readPoint } from '../crypto/curves.js';
import { readDer } from '../der/reader.js';
import { formatTime } from '../der/time.js';
import {
  type EcPublicKey,
  type PublicKey,
  type RsaPublicKey,
  readPublicKey,
} from '../x509/public-key.js';
import { isAllowedKey } from '../x509/verify-signature.js';

/** A key that tokens may be signed by or encrypted to. */
export type UsableKey = RsaPublicKey | EcPublicKey;

/** A private key, and the public key that it has to belong to. */
export interface SigningKey {
  readonly publicKey: UsableKey;
  /** Wiped once it has been imported. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
}

/** What fits a certificate: from 1950, where UTCTime begins, to the year 9999. */
const FIRST_TIME = -631_152_000_000;

/** RFC 5280 4.1.2.2. */
const MAX_SERIAL_NUMBER_LENGTH = 20;

/**
 * Reads a point in time, cut to seconds.
 *
 * @returns Milliseconds since 1970.
 */
export function readInstant(value: unknown, field: KeyblockErrorField): number {
  const milliseconds = 1000 * Math.floor(dateValue(value) / 1000);
  if (!(milliseconds >= FIRST_TIME) || formatTime(milliseconds) === undefined) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
  return milliseconds;
}

/** Reads a point in time that lies after another one. */
export function readLaterInstant(
  value: unknown,
  earlier: number,
  field: KeyblockErrorField,
): number {
  const milliseconds = readInstant(value, field);
  if (milliseconds <= earlier) throw new KeyblockError('INVALID_ARGUMENT', { field });
  return milliseconds;
}

/**
 * Reads a serial number, the most significant byte first.
 *
 * @returns The content of the INTEGER.
 */
export function readSerialNumber(value: unknown): Uint8Array<ArrayBuffer> {
  const bytes = copyBytes(value, 'serialNumber');
  const first = bytes.findIndex((octet) => octet !== 0);
  const magnitude = bytes.subarray(first);
  const sign = (magnitude[0] ?? 0) < 0x80 ? [] : [0];
  if (first === -1 || sign.length + magnitude.length > MAX_SERIAL_NUMBER_LENGTH) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'serialNumber' });
  }
  return Uint8Array.of(...sign, ...magnitude);
}

/**
 * Reads the public key of a subject.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `TOKEN_MALFORMED`; `UNSUPPORTED` for a key that
 * no token may be signed by or encrypted to.
 */
export function readSubjectKey(value: unknown): UsableKey {
  const key = readPublicKey(readDer(copyBytes(value, 'publicKey'), { field: 'publicKey' }));
  if (!isUsableKey(key) || !isSound(key)) {
    throw new KeyblockError('UNSUPPORTED', { field: 'publicKey' });
  }
  return key;
}

/** Whether tokens may be signed by a key or encrypted to it. */
export function isUsableKey(key: PublicKey): key is UsableKey {
  return key.kind !== 'other' && isAllowedKey(key);
}

/** Reads a private key in PKCS#8, which is the caller's to wipe here. */
export function readPkcs8(value: unknown): Uint8Array<ArrayBuffer> {
  const pkcs8 = copyBytes(value, 'pkcs8');
  try {
    readDer(pkcs8, { field: 'pkcs8' });
    return pkcs8;
  } catch (error) {
    pkcs8.fill(0);
    throw error;
  }
}

/** Whether a point is on its curve, and a modulus is odd. */
function isSound(key: UsableKey): boolean {
  if (key.kind === 'RSA') return ((key.modulus.at(-1) as number) & 1) === 1; // has 256 at least
  return readPoint(key.curve, key.point) !== undefined;
}
