/** What people consent to when a device is given keys or taken out. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { sha256Hex } from '../digest.js';
import type { Env } from '../env.js';
import type { Approval, HsmSyncRecord, JsonValue, MainKeyToken } from '../records.js';
import { type ApprovalPolicy, requireApprovals } from '../rules/approvals.js';
import { certificateDigest, conflict } from './context.js';
import { readHsm } from './read-device.js';

/** What {@link hsmOperation} takes. */
export interface HsmOperationOptions {
  /** The device. */
  readonly record: HsmSyncRecord;
  /** What is to be done with it. */
  readonly event: 'allow' | 'issue' | 'quarantine' | 'decommission' | 'destroy';
  /** Of `'issue'`: which version of the main key the device is to get. */
  readonly version?: number | undefined;
}

/**
 * Says what is to be consented to before a device comes on the allow list, gets a main key, or is
 * taken out. Each names this device in this state, so that a consent serves once.
 *
 * @param options - The device, and what is to be done with it.
 * @returns The operation, whose digest the approvals carry.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `STATE_CONFLICT` where the device has not come
 * so far, and for what is no record of one.
 *
 * @example
 * ```ts
 * import { mainKeys } from 'keyblock/hierarchy';
 *
 * const record = mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-1' });
 * const operation = mainKeys.hsmOperation({ record, event: 'quarantine' });
 * JSON.stringify(operation).startsWith('{"action":"hsm.quarantine"'); // true
 * ```
 */
export function hsmOperation(options: HsmOperationOptions): JsonValue {
  requireObject(options, 'options');
  const record = readHsm(own(options, 'record'));
  const event = own(options, 'event');
  const { regionId, hsmId, revision } = record;
  const identity = own(record, 'identity');
  const krdToken = own(record, 'krdToken');
  const device = { action: `hsm.${event}`, regionId, hsmId };
  switch (event) {
    case 'allow':
      if (identity === undefined) throw conflict();
      return { ...device, revision, ...identity };
    case 'issue':
      if (krdToken === undefined) throw conflict();
      return {
        ...device,
        version: Number(own(options, 'version')),
        nonce: krdToken.nonce,
        certificateDigest: certificateDigest(krdToken.certificate),
      };
    case 'quarantine':
    case 'decommission':
    case 'destroy':
      return { ...device, revision };
    case undefined:
  }
  throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
}

/**
 * Says what is to be consented to before a device loads a token of the archive: that very token,
 * and the device in the state that it is in, so that a consent serves for one restore.
 *
 * @param options - The region, the token, and the revision of the device's record before the
 * restore.
 * @returns The operation, whose digest the approvals carry.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`.
 *
 * @example
 * ```ts
 * import { type HsmSyncRecord, type MainKeyToken, mainKeys } from 'keyblock/hierarchy';
 *
 * function whatToApprove(token: MainKeyToken, { revision }: HsmSyncRecord) {
 *   return mainKeys.restoreOperation({ regionId: 'eu-central-1', token, revision });
 * }
 * ```
 */
export function restoreOperation(options: {
  readonly regionId: string;
  readonly token: MainKeyToken;
  /** Of the record of the device. */
  readonly revision: number;
}): JsonValue {
  requireObject(options, 'options');
  const token = own(options, 'token') as MainKeyToken; // looked at in the next line
  requireObject(token, 'token');
  const { hsmId, version } = token;
  const revision = own(options, 'revision');
  if (typeof token.token !== 'string' || !Number.isSafeInteger(revision)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  }
  const digest = sha256Hex(token.token);
  return {
    action: 'main-key.restore',
    regionId: String(own(options, 'regionId')),
    hsmId,
    revision: Number(revision),
    version,
    digest,
  };
}

/**
 * Demands the consent of at least two people, whatever the policy says: one alone never gives a
 * main key to a device, nor takes it away.
 *
 * @throws {@link KeyblockError} `APPROVAL_REQUIRED`, `INVALID_ARGUMENT`.
 */
export function requireDualControl(
  { env, policy }: { readonly env: Env; readonly policy: ApprovalPolicy | undefined },
  operation: JsonValue,
  approvals: readonly Approval[],
): void {
  const given = policy ?? {};
  requireObject(given, 'policy');
  const count = Math.max(2, own(given, 'count') ?? 2);
  requireApprovals({ approvals, operation, policy: { ...given, count }, env });
}
