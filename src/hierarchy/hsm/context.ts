/** What every event of a device is judged by. */

import { sha256 } from '@noble/hashes/sha2.js';
import { KeyblockError, type KeyblockErrorCode, type KeyblockErrorField } from '../../errors.js';
import { fromBase64 } from '../../primitives/base64.js';
import { encodeHex } from '../../primitives/hex.js';
import type { Env } from '../env.js';
import type { HsmSyncRecord, RegionKeyRecord } from '../records.js';
import type { ApprovalPolicy } from '../rules/approvals.js';
import type { HsmEvent, HsmEventType } from './events.js';

/** A device, its region, and what happens. */
export interface HsmContext<Event extends HsmEvent = HsmEvent> {
  readonly env: Env;
  /** The present time, as records hold it. */
  readonly at: string;
  readonly record: HsmSyncRecord;
  readonly region: RegionKeyRecord;
  readonly event: Event;
  readonly policy: ApprovalPolicy | undefined;
}

/** What an event changes. */
export interface HsmChanges {
  readonly record?: Partial<HsmSyncRecord>;
  /** Of its region; nothing but its revision where that is enough. */
  readonly region?: Partial<RegionKeyRecord> | undefined;
  /** The version of the main key that the event is about. */
  readonly version?: number;
}

/** An event by its name. */
export type EventOf<Type extends HsmEventType> = Extract<HsmEvent, { readonly type: Type }>;

/** SHA-256 of a certificate in base64. */
export function certificateDigest(certificate: string): string {
  const der = fromBase64(certificate);
  if (der === undefined) throw refused('INVALID_ARGUMENT', 'krdCertificate');
  return encodeHex(sha256(der)).toLowerCase();
}

/** Whether a value is a nonce as records hold it: upper-case hex of 8 to 64 bytes. */
export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9A-F]{2}){8,64}$/.test(value);
}

/** Reads what an event brings. */
export function readObject<T extends object>(value: T | undefined, field: KeyblockErrorField): T {
  if (typeof value !== 'object' || value === null) throw refused('INVALID_ARGUMENT', field);
  return value;
}

/** The state is another, or the condition of an event is not met. */
export function conflict(): KeyblockError {
  return refused('STATE_CONFLICT', 'record');
}

/** A refusal. */
export function refused(code: KeyblockErrorCode, field: KeyblockErrorField): KeyblockError {
  return new KeyblockError(code, { field });
}
