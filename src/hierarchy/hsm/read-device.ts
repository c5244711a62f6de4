/** Whether a value is the record of a device: what the events rely on, so that no row trips them. */

import { KeyblockError } from '../../errors.js';
import { requireObject } from '../../primitives/bytes.js';
import {
  holdsTexts,
  isKcv,
  isListOf,
  isOrdinal,
  isRecord,
  isText,
  isTextOrNone,
  member,
} from '../read-record.js';
import type { HsmSyncRecord } from '../records.js';
import { HSM_TRANSITIONS } from './events.js';

/** Reads the record of a device. Throws `STATE_CONFLICT` for what is none. */
export function readHsm(record: HsmSyncRecord | undefined): HsmSyncRecord {
  requireObject(record, 'record');
  if (!isHsm(record)) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return record;
}

/** Whether a value is the record of a device. */
export function isHsm(value: unknown): value is HsmSyncRecord {
  const state = member(value, 'state');
  return (
    isRecord(value, 'hsm-sync') &&
    holdsTexts(value, ['hsmId', 'regionId']) &&
    isText(state) &&
    Object.hasOwn(HSM_TRANSITIONS, state) &&
    isListOf(member(value, 'seenNonces'), isText) &&
    isListOf(member(value, 'versions'), isHsmVersion) &&
    isNoneOr(member(value, 'takenReceipts'), (taken) => isListOf(taken, isText)) &&
    areTextsOrNone(member(value, 'identity'), ['serial', 'certificateDigest', 'firmwareDigest']) &&
    areTextsOrNone(member(value, 'krdToken'), KRD_TOKEN) &&
    areTextsOrNone(member(value, 'allowed'), ['serial', 'certificateDigest'])
  );
}

/** What a request of a device has. */
export const KRD_TOKEN = ['hsmId', 'certificate', 'nonce', 'issuedAt', 'expiresAt'] as const;

function isHsmVersion(value: unknown): boolean {
  return (
    isOrdinal(member(value, 'version')) &&
    isTextOrNone(member(value, 'nonce')) &&
    isNoneOr(member(value, 'receipt'), (receipt) => isKcv(member(receipt, 'kcv')))
  );
}

function areTextsOrNone(value: unknown, names: readonly string[]): boolean {
  return isNoneOr(value, (given) => holdsTexts(given, names));
}

function isNoneOr(value: unknown, isSound: (value: unknown) => boolean): boolean {
  return value === undefined || isSound(value);
}
