/**
 * How a device comes on the allow list: known to its manufacturer, asking in time, consented to.
 */

import { own } from '../../primitives/bytes.js';
import { sha256Hex } from '../digest.js';
import { holdsTexts } from '../read-record.js';
import type { DeviceIdentity, KrdToken } from '../records.js';
import {
  certificateDigest,
  conflict,
  type EventOf,
  type HsmChanges,
  type HsmContext,
  isNonce,
  readObject,
  refused,
} from './context.js';
import { hsmOperation, requireDualControl } from './operation.js';
import { KRD_TOKEN } from './read-device.js';

/** Compares the device with the list of its manufacturer. */
export function validate({ record, event }: HsmContext<EventOf<'validate'>>): HsmChanges {
  const inventory = own(event, 'inventory');
  if (!Array.isArray(inventory)) throw refused('INVALID_ARGUMENT', 'hsmId');
  const identity = readIdentity(own(event, 'observed'));
  const { serial, certificateDigest: digest, firmwareDigest } = identity;
  const isKnown = inventory
    .map(readIdentity)
    .some(
      (device) =>
        device.serial === serial &&
        device.certificateDigest === digest &&
        device.firmwareDigest === firmwareDigest,
    );
  if (!isKnown) throw refused('RECIPIENT_MISMATCH', 'hsmId');
  const { state } = record;
  const allowed = own(record, 'allowed');
  const isListed =
    state === 'out-of-sync' && allowed?.serial === serial && allowed.certificateDigest === digest;
  return {
    record: { identity, krdToken: undefined, allowed: isListed ? allowed : undefined },
  };
}

function readIdentity(device: DeviceIdentity | undefined): DeviceIdentity {
  const given = readObject(device, 'hsmId');
  const serial = own(given, 'serial');
  const digest = own(given, 'certificateDigest');
  const firmwareDigest = own(given, 'firmwareDigest');
  const isSound = typeof serial === 'string' && serial !== '';
  if (!(isSound && isDigest(digest) && isDigest(firmwareDigest))) {
    throw refused('INVALID_ARGUMENT', 'hsmId');
  }
  return { serial, certificateDigest: digest, firmwareDigest };
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** Takes the request of a device for a key. */
export function register({ record, at, event }: HsmContext<EventOf<'register'>>): HsmChanges {
  const token = own(event, 'token');
  if (token === undefined || !holdsTexts(token, KRD_TOKEN)) {
    throw refused('INVALID_ARGUMENT', 'token');
  }
  const { hsmId, certificate, nonce, issuedAt, expiresAt } = token;
  if (hsmId !== record.hsmId) throw refused('RECIPIENT_MISMATCH', 'hsmId');
  if (certificateDigest(certificate) !== own(record, 'identity')?.certificateDigest) {
    throw refused('CERTIFICATE_UNTRUSTED', 'krdCertificate');
  }
  if (!isNonce(nonce)) throw refused('INVALID_ARGUMENT', 'nonce');
  const seen = sha256Hex(nonce);
  if (record.seenNonces.includes(seen)) throw refused('FRESHNESS', 'nonce');
  const krdToken = { hsmId, certificate, nonce, issuedAt, expiresAt };
  requireCurrent(krdToken, at);
  if (Date.parse(issuedAt) + MAX_LIFETIME < Date.parse(expiresAt)) {
    throw refused('FRESHNESS', 'token');
  }
  return { record: { krdToken, seenNonces: [...record.seenNonces, seen] } };
}

/** In milliseconds: how long a token may ask for, and how far the clock of a device be ahead. */
const MAX_LIFETIME = 30 * 86_400_000;
const CLOCK_SKEW = 300_000;

/** Refuses a request that is not there, not of this time, or whose times are none. */
export function requireCurrent(token: KrdToken | undefined, at: string): KrdToken {
  if (token === undefined) throw conflict();
  const now = Date.parse(at);
  const isCurrent =
    Date.parse(token.issuedAt) <= now + CLOCK_SKEW && now < Date.parse(token.expiresAt);
  if (!isCurrent) throw refused('FRESHNESS', 'token');
  return token;
}

/** Puts the device on the list. */
export function allow(context: HsmContext<EventOf<'allow'>>): HsmChanges {
  const { record, at, event } = context;
  requireCurrent(own(record, 'krdToken'), at);
  const approvals = own(event, 'approvals') ?? [];
  requireDualControl(context, hsmOperation({ record, event: 'allow' }), approvals);
  // Without an identity there was nothing to consent to.
  const { serial, certificateDigest: digest } = own(record, 'identity') as DeviceIdentity;
  const allowed = { serial, certificateDigest: digest, approvals: [...approvals], at };
  return { record: { allowed } };
}
