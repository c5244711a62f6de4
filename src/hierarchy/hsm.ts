/**
 * The devices of a region: how one comes to hold the main key, and how it leaves.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { type Env, isoTime } from './env.js';
import { changesOf } from './hsm/changes.js';
import { HSM_TRANSITIONS, type HsmEvent } from './hsm/events.js';
import { readHsm } from './hsm/read-device.js';
import { readId, recordId } from './identifiers.js';
import { isText } from './read-record.js';
import type {
  AuditEvent,
  ConditionalWrite,
  HsmState,
  HsmSyncRecord,
  RegionKeyRecord,
} from './records.js';
import { readRegion } from './region.js';
import type { ApprovalPolicy } from './rules/approvals.js';

/** What {@link applyHsmEvent} takes. */
export interface ApplyHsmEventOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The device. */
  readonly record: HsmSyncRecord;
  /** The main key of its region. */
  readonly region: RegionKeyRecord;
  /** What happens. */
  readonly event: HsmEvent;
  /** How many have to consent to what needs consent. */
  readonly policy?: ApprovalPolicy | undefined;
}

/** What {@link applyHsmEvent} returns. */
export interface AppliedHsmEvent {
  /** The device after the event. */
  readonly record: HsmSyncRecord;
  /**
   * The main key of its region: changed where a token was issued, where a device came into service
   * and where one is gone.
   */
  readonly region: RegionKeyRecord;
  /** What to store, all of it or nothing. */
  readonly writes: readonly ConditionalWrite[];
  /** What to log. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Makes the record of a device that nothing is known of.
 *
 * @param options - The region, and the name of the device in it.
 * @returns The record: state `unknown`, revision 1.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { mainKeys } from 'keyblock/hierarchy';
 *
 * mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-1' }).state; // 'unknown'
 * ```
 */
export function createHsmRecord(options: {
  readonly regionId: string;
  readonly hsmId: string;
}): HsmSyncRecord {
  requireObject(options, 'options');
  return {
    kind: 'hsm-sync',
    schema: 1,
    revision: 1,
    hsmId: readId(own(options, 'hsmId'), 'hsmId'),
    regionId: readId(own(options, 'regionId'), 'regionId'),
    state: 'unknown',
    seenNonces: [],
    versions: [],
  };
}

/**
 * Applies what happened to a device. A device is validated against the inventory, asks for the key,
 * is allowed to have it, is given a token that it alone can open, answers with a receipt, and goes
 * into service. It falls out of sync when it lacks the active version, and then is validated again;
 * in quarantine it loses its keys, and begins from the start. A KDH that was there is none any more:
 * nobody signs tokens of the version it made, and it comes back with a later one.
 *
 * @param options - The device, its region, the event, and the policy for approvals.
 * @returns Both records after the event, what to store and what to log.
 * @throws {@link KeyblockError} `STATE_CONFLICT` for an event that the state does not have, or
 * whose condition is not met; `RECIPIENT_MISMATCH` for a device that is not in the inventory, and
 * for what belongs to another one, or to a KDH that was taken out; `CERTIFICATE_UNTRUSTED` for
 * another certificate than the one that was validated; `FRESHNESS` for a nonce or a receipt that was
 * seen before and a token past its time; `KCV_MISMATCH`, `STALE_VERSION`, `UNKNOWN_KEY_VERSION`,
 * `APPROVAL_REQUIRED`, `CONTEXT_MISMATCH` for the record of another region, `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { createRegionKey, mainKeys } from 'keyblock/hierarchy';
 *
 * const env = { at: new Date('2027-01-01') };
 * const regionId = 'eu-central-1';
 * const { record: region } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
 * const device = {
 *   serial: 'A4665',
 *   certificateDigest: 'c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2',
 *   firmwareDigest: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
 * };
 * const { record } = mainKeys.applyHsmEvent({
 *   env,
 *   record: mainKeys.createHsmRecord({ regionId, hsmId: 'hsm-2' }),
 *   region,
 *   event: { type: 'validate', inventory: [device], observed: device },
 * });
 * record.state; // 'validated'
 * ```
 */
export function applyHsmEvent(options: ApplyHsmEventOptions): AppliedHsmEvent {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = isoTime(env);
  const record = readHsm(own(options, 'record'));
  const region = readRegion(own(options, 'region'), 'region');
  if (region.regionId !== record.regionId) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'regionId' });
  }
  const event = own(options, 'event') as HsmEvent; // checked by its type, which has to be known
  requireObject(event, 'options');
  const state = nextState(record, event);
  const policy = own(options, 'policy');
  const changes = changesOf({ env, at, record, region, event, policy });
  const next = changed(record, { ...own(changes, 'record'), state });
  const ofRegion = own(changes, 'region');
  const nextRegion =
    ofRegion === undefined ? region : { ...region, ...ofRegion, revision: region.revision + 1 };
  return {
    record: next,
    region: nextRegion,
    writes: [
      putRecord(record, next),
      ...(nextRegion === region ? [] : [putRecord(region, nextRegion)]),
    ],
    audit: [auditOf(next, event, at, own(changes, 'version'))],
  };
}

/** Where the table leads. */
function nextState({ state }: HsmSyncRecord, event: HsmEvent): HsmState {
  const type = own(event, 'type');
  const next = isText(type) ? own(HSM_TRANSITIONS[state], type) : undefined;
  if (next === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  return next;
}

/** The next revision, without the members that went away: as it comes back from a store. */
function changed(record: HsmSyncRecord, changes: Partial<HsmSyncRecord>): HsmSyncRecord {
  const next: HsmSyncRecord = { ...record, ...changes, revision: record.revision + 1 };
  const members = Object.entries(next).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members) as unknown as HsmSyncRecord; // only optional ones are gone
}

function putRecord(
  { revision }: HsmSyncRecord | RegionKeyRecord,
  next: HsmSyncRecord | RegionKeyRecord,
): ConditionalWrite {
  return { op: 'put-record', recordId: recordId(next), expectedRevision: revision, next };
}

function auditOf(
  record: HsmSyncRecord,
  { type }: HsmEvent,
  at: string,
  version: number | undefined,
): AuditEvent {
  const { hsmId, regionId, state } = record;
  return {
    kind: 'audit-event',
    schema: 1,
    at,
    action: `hsm.${type}`,
    outcome: 'ok',
    recordId: recordId(record),
    regionId,
    hsmId,
    phase: state,
    ...(version !== undefined && { to: { keyId: regionId, version } }),
  };
}
