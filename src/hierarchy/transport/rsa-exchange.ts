/**
 * Customer keys as bare RSA-OAEP cryptograms, for parties that know nothing better. There is no
 * header: what the key may do is what both sides say over another channel.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { fitsAlgorithm } from '../../primitives/algorithms.js';
import { copyBytes, own, requireObject } from '../../primitives/bytes.js';
import type { HashName } from '../../primitives/hashes.js';
import { modulusStrength } from '../../primitives/strength.js';
import { adoptKey, type SecretKey, withClearKey } from '../../secret-key.js';
import { keyAlgorithm } from '../../tr31/codes.js';
import { isTokenHash } from '../../tr34/crypto/hash.js';
import { encryptOaep } from '../../tr34/crypto/oaep.js';
import { children, readDer } from '../../tr34/der/reader.js';
import type { KeyUnwrapper, OaepUnwrapRequest, TokenHash } from '../../tr34/keys.js';
import { readCertificate } from '../../tr34/x509/certificate.js';
import { type RsaPublicKey, readPublicKey } from '../../tr34/x509/public-key.js';
import { isAllowedKey } from '../../tr34/x509/verify-signature.js';
import { auditEvent } from '../audit-event.js';
import { kcvOf, sameKcv } from '../check-value.js';
import {
  type CreateCustomerKeyOptions,
  type CreatedCustomerKey,
  createCustomerKey,
} from '../customer-key.js';
import type { Env } from '../env.js';
import { openForExport } from '../exchange.js';
import { hashOf, readAttributes } from '../new-key.js';
import type { OpenCustomerKeyOptions } from '../open-customer-key.js';
import type { AuditEvent, CustomerKeyRecord, Kcv, KeyAttributes } from '../records.js';
import { strengthOf } from '../rules/strength.js';

/** What {@link exportKeyToCryptogram} takes. */
export interface ExportKeyToCryptogramOptions extends OpenCustomerKeyOptions {
  /** Time and randomness. */
  readonly env: Env;
  /**
   * The RSA key of the recipient, SubjectPublicKeyInfo or a certificate in DER. Whose it is, the
   * caller has verified: nothing of a certificate but the key is looked at.
   */
  readonly publicKey: Uint8Array;
  /**
   * The hash of OAEP and of its mask.
   * @defaultValue `'SHA-256'`
   */
  readonly hash?: TokenHash | undefined;
}

/** What {@link exportKeyToCryptogram} returns. */
export interface ExportedCryptogram {
  /** The key, encrypted: as long as the modulus. */
  readonly cryptogram: Uint8Array<ArrayBuffer>;
  /** What the key may do: for the other channel. */
  readonly attributes: KeyAttributes;
  /** Check value of the key, to compare over another channel. */
  readonly kcv: Kcv;
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Exports a customer key as an RSA-OAEP cryptogram. Only keys of exportability S leave like this:
 * nothing binds their attributes on the way.
 *
 * @param options - The key, its profile, and the RSA key of the recipient.
 * @returns The cryptogram.
 * @throws {@link KeyblockError} `EXPORT_NOT_ALLOWED` for any other exportability; `KEY_STRENGTH`
 * for an RSA key that is weaker than the key to be sent; `TOKEN_MALFORMED`, `ALGORITHM_NOT_ALLOWED`
 * for a public key other than RSA of 2048 to 4096 bits, and one too short for the key; the codes of
 * `openCustomerKey`.
 *
 * @example
 * ```ts
 * import { exportKeyToCryptogram, type ExportKeyToCryptogramOptions } from 'keyblock/hierarchy';
 *
 * async function send(options: ExportKeyToCryptogramOptions) {
 *   const { cryptogram, kcv } = await exportKeyToCryptogram(options);
 *   return { cryptogram, toCompare: kcv.value };
 * }
 * ```
 */
export async function exportKeyToCryptogram(
  options: ExportKeyToCryptogramOptions,
): Promise<ExportedCryptogram> {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const record = own(options, 'record') as CustomerKeyRecord; // likewise
  const publicKey = readRsaKey(own(options, 'publicKey'));
  const hash = readHash(own(options, 'hash'));
  const { key } = openForExport(options, 'cryptogram');
  try {
    requireStrength(publicKey, key);
    const plaintext = withClearKey(key, 'key', ({ bytes }) => new Uint8Array(bytes));
    // A copy, because encryption outlasts the loan; lent keys are overwritten when it ends.
    const sealed = encryptOaep({ publicKey, hash, plaintext }).finally(() => plaintext.fill(0));
    const recordId = record.keyId;
    const { attributes, kcv } = record;
    const event = auditEvent(env, 'customer-key.export', record, { recordId });
    return { cryptogram: await sealed, attributes, kcv, audit: [event] };
  } finally {
    key.destroy();
  }
}

/** What {@link importKeyFromCryptogram} takes: besides the key itself, what a new key takes. */
export interface ImportKeyFromCryptogramOptions
  extends Omit<CreateCustomerKeyOptions, 'key' | 'pedigree'> {
  /** The key, encrypted. */
  readonly cryptogram: Uint8Array;
  /** The RSA key that it was encrypted to. */
  readonly unwrapper: KeyUnwrapper;
  /**
   * The hash of OAEP and of its mask.
   * @defaultValue `'SHA-256'`
   */
  readonly hash?: TokenHash | undefined;
  /**
   * The check value that the sender said: it is all that shows whether the key is the one meant.
   */
  readonly kcv: Kcv;
}

/**
 * Imports a customer key from an RSA-OAEP cryptogram. Anybody can make one, so nothing is believed
 * that the check value of another channel does not confirm.
 *
 * @param options - The cryptogram, the RSA key, what the key may do, and the profile.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} `TOKEN_REJECTED` for whatever is wrong with the cryptogram, a key
 * of another length than that of the attributes included; `KCV_MISMATCH`; `KEY_STRENGTH` for an RSA
 * key that is weaker than the key; the codes of `createCustomerKey`.
 *
 * @example
 * ```ts
 * import { importKeyFromCryptogram, type ImportKeyFromCryptogramOptions } from 'keyblock/hierarchy';
 *
 * async function take(options: ImportKeyFromCryptogramOptions) {
 *   const { record, writes } = await importKeyFromCryptogram(options);
 *   return { writes, keyId: record.keyId };
 * }
 * ```
 */
export async function importKeyFromCryptogram(
  options: ImportKeyFromCryptogramOptions,
): Promise<CreatedCustomerKey> {
  requireObject(options, 'options');
  const { cryptogram: _, unwrapper: __, hash: ___, kcv: ____, ...rest } = options;
  const kcv = own(options, 'kcv') as Kcv; // looked at in the next line
  requireObject(kcv, 'kcv');
  const recipient = readUnwrapper(own(options, 'unwrapper'));
  const publicKey = readRsaKey(recipient.certificate);
  const attributes = readAttributes(own(options, 'attributes'), true);
  const key = await openCryptogram(recipient, attributes, {
    hash: readHash(own(options, 'hash')),
    encryptedKey: copyBytes(own(options, 'cryptogram'), 'bytes'),
    keyHash:
      attributes.algorithm === 'H' ? hashOf(own(options, 'optionalBlocks') ?? []) : undefined,
  });
  try {
    requireStrength(publicKey, key);
    if (!sameKcv(kcvOf(key), kcv)) throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
    return createCustomerKey({ ...rest, attributes, key, pedigree: 2 });
  } finally {
    key.destroy();
  }
}

/** One answer to whatever can be wrong: which it was must not be told apart (Manger). */
async function openCryptogram(
  unwrapper: KeyUnwrapper,
  { algorithm, keyBits }: KeyAttributes,
  options: {
    readonly hash: TokenHash;
    readonly encryptedKey: Uint8Array;
    readonly keyHash: HashName | undefined;
  },
): Promise<SecretKey> {
  const { hash, encryptedKey, keyHash } = options;
  const name = keyAlgorithm(algorithm);
  const opened = await unwrapOrNothing(unwrapper, { kind: 'oaep', hash, encryptedKey });
  const fits = 8 * opened.length === keyBits && fitsAlgorithm(name, opened.length);
  if (!fits) throw new KeyblockError('TOKEN_REJECTED');
  return adoptKey(name, opened, keyHash);
}

/** What the RSA key opens; no bytes where it opens none. */
async function unwrapOrNothing(
  unwrapper: KeyUnwrapper,
  request: OaepUnwrapRequest,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return copyBytes(await unwrapper.unwrap(request), 'bytes');
  } catch {
    return new Uint8Array(0);
  }
}

/** No key is sent under a weaker one, by the bytes of the one and the modulus of the other. */
function requireStrength({ modulusBits }: RsaPublicKey, key: SecretKey): void {
  if (modulusStrength(modulusBits) < strengthOf(key)) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'key' });
  }
}

/** A certificate is a SEQUENCE of three, SubjectPublicKeyInfo of two. */
function readRsaKey(value: Uint8Array | undefined): RsaPublicKey {
  const element = readDer(copyBytes(value, 'publicKey'), { field: 'publicKey' });
  const isCertificate = children(element).length === 3;
  const key = isCertificate ? readCertificate(element).publicKey : readPublicKey(element);
  if (key.kind !== 'RSA' || !isAllowedKey(key)) {
    throw new KeyblockError('ALGORITHM_NOT_ALLOWED', { field: 'publicKey' });
  }
  return key;
}

function readHash(hash: TokenHash | undefined): TokenHash {
  const decided = hash ?? 'SHA-256';
  if (!isTokenHash(decided)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
  return decided;
}

function readUnwrapper(unwrapper: KeyUnwrapper | undefined): KeyUnwrapper {
  requireObject(unwrapper, 'unwrapper');
  if (typeof unwrapper?.unwrap !== 'function') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'unwrapper' });
  }
  return unwrapper;
}
