/**
 * The initial DUKPT key of a device: derived when it is needed, and stored nowhere.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { decodeHex, encodeHex } from '../primitives/hex.js';
import { adoptKey, SecretKey, withClearKey } from '../secret-key.js';
import { formatOptionalBlock } from '../tr31/optional-block-data.js';
import type { OptionalBlock } from '../tr31/optional-blocks.js';
import { wrapKey } from '../tr31/wrap.js';
import { auditEvent } from './audit-event.js';
import { kcvOf } from './check-value.js';
import { deriveAesInitialKey, deriveTdesInitialKey, initialKeySerialNumber } from './dukpt.js';
import type { Env } from './env.js';
import type { ExportedCustomerKey } from './exchange.js';
import { type OpenCustomerKeyOptions, openCustomerKey } from './open-customer-key.js';
import type { CustomerKeyRecord } from './records.js';
import { assertProtects } from './rules/strength.js';
import { assertUsage } from './rules/usage.js';

/** What {@link deriveInitialKey} takes. */
export interface DeriveInitialKeyOptions extends OpenCustomerKeyOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The base derivation key: usage B0. */
  readonly record: CustomerKeyRecord;
  /** Of the device, in hex: 20 digits for TDES, 24 for AES; its counter counts for nothing. */
  readonly keySerialNumber: string;
  /** The KEK that is shared with the recipient. */
  readonly kek: SecretKey;
  /** @defaultValue `'E'` */
  readonly exportability?: 'E' | 'N' | 'S' | undefined;
}

/**
 * Derives the initial key (IPEK, IK) of a device from a base derivation key and wraps it for
 * export. It never has a record. A base derivation key that is not exportable derives all the same:
 * what leaves is not the key.
 *
 * @param options - The base derivation key, the serial number, and the KEK.
 * @returns The key block: usage B1, with KS (TDES) or IK (AES) in it.
 * @throws {@link KeyblockError} `USAGE_NOT_ALLOWED` for a key other than a base derivation key;
 * `INVALID_HEX` and `INVALID_LENGTH` for the serial number; `UNSUPPORTED` for TDES keys of triple
 * length; `KEY_STRENGTH`; the codes of `openCustomerKey`.
 *
 * @example
 * ```ts no-run
 * import { generateKey, parseKeyBlock } from 'keyblock';
 * import {
 *   type CustomerKeyRecord,
 *   deriveInitialKey,
 *   type KeyRing,
 *   type ProfileRecord,
 * } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord; // of a TDES base derivation key
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * const { keyBlock } = deriveInitialKey({
 *   env: { at: new Date() },
 *   record,
 *   profile,
 *   ring,
 *   keySerialNumber: 'FFFF9876543210E00001',
 *   kek: generateKey({ algorithm: 'AES', lengthBits: 128 }),
 * });
 * parseKeyBlock(keyBlock).header.optionalBlocks; // [{ id: 'KS', data: 'FFFF9876543210E00000' }]
 * ```
 */
export function deriveInitialKey(options: DeriveInitialKeyOptions): ExportedCustomerKey {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const record = own(options, 'record') as CustomerKeyRecord; // likewise
  const kek = own(options, 'kek');
  if (!(kek instanceof SecretKey)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'kbpk' });
  assertUsage({ env, record, operation: { action: 'derive', keyUsage: 'B0' } });
  const { algorithm, keyBits } = record.attributes;
  const serial = readSerialNumber(own(options, 'keySerialNumber'), algorithm);
  // X9.24-1 derives from double-length keys only.
  if (algorithm === 'T' && keyBits !== 128) {
    throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  }
  const { key: bdk } = openCustomerKey(options);
  const key = withBdk(bdk, algorithm, serial);
  try {
    assertProtects({ wrapping: kek, wrapped: key });
    const keyBlock = wrapKey({
      kbpk: kek,
      key,
      header: {
        versionId: kek.algorithm === 'TDES' ? 'B' : 'D',
        keyUsage: 'B1',
        algorithm,
        modeOfUse: 'X',
        exportability: own(options, 'exportability') ?? 'E',
        keyContext: '2',
        optionalBlocks: [serialBlock(algorithm, serial)],
      },
      randomBytes: own(env, 'randomBytes'),
    });
    const recordId = record.keyId;
    const event = auditEvent(env, 'initial-key.export', record, { recordId });
    return { keyBlock, kcv: kcvOf(key), audit: [event] };
  } finally {
    key.destroy();
  }
}

function withBdk(bdk: SecretKey, algorithm: string, serial: Uint8Array): SecretKey {
  try {
    return withClearKey(bdk, 'key', ({ bytes }) =>
      algorithm === 'T'
        ? adoptKey('TDES', deriveTdesInitialKey(bytes, serial))
        : adoptKey('AES', deriveAesInitialKey(bytes, serial.subarray(0, 8))),
    );
  } finally {
    bdk.destroy();
  }
}

function readSerialNumber(hex: string | undefined, algorithm: string): Uint8Array<ArrayBuffer> {
  const serial = decodeHex(hex, 'hex');
  if (serial.length !== (algorithm === 'T' ? 10 : 12)) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'hex' });
  }
  return serial;
}

/**
 * KS is the serial number before the first transaction, IK the ID that the AES key is made from.
 */
function serialBlock(algorithm: string, serial: Uint8Array): OptionalBlock {
  return algorithm === 'T'
    ? formatOptionalBlock({ id: 'KS', keySerialNumber: encodeHex(initialKeySerialNumber(serial)) })
    : formatOptionalBlock({ id: 'IK', initialKeyId: encodeHex(serial, 8) });
}
