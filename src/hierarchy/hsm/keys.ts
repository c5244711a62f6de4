/** How a device comes to hold a version of the main key. */

import { own } from '../../primitives/bytes.js';
import { planRestore } from '../archive.js';
import { sameKcv } from '../check-value.js';
import { canonicalJson, sha256Hex } from '../digest.js';
import { holdsTexts, isKcv, isTextOrNone } from '../read-record.js';
import type {
  HsmVersion,
  Kcv,
  MainKeyReceipt,
  MainKeyToken,
  MainKeyVersion,
  RegionKeyRecord,
} from '../records.js';
import { isKdhOf } from '../region.js';
import { isCompromised, versionOf } from '../versions.js';
import { requireCurrent } from './admission.js';
import {
  certificateDigest,
  conflict,
  type EventOf,
  type HsmChanges,
  type HsmContext,
  refused,
} from './context.js';
import { hsmOperation, requireDualControl } from './operation.js';

/** The last gate before a main key leaves: all that was shown before has to be true still. */
export function issue(context: HsmContext<EventOf<'issue'>>): HsmChanges {
  const { record, region, at, event } = context;
  const token = readToken(own(event, 'token'));
  const version = distributed(context, token.version);
  const krdToken = requireCurrent(own(record, 'krdToken'), at);
  if (own(record, 'allowed')?.certificateDigest !== certificateDigest(krdToken.certificate)) {
    throw refused('CERTIFICATE_UNTRUSTED', 'krdCertificate');
  }
  if (token.hsmId !== record.hsmId) throw refused('RECIPIENT_MISMATCH', 'hsmId');
  requireKdh(region, token.kdhId, version.version);
  if (token.nonce !== krdToken.nonce) throw refused('FRESHNESS', 'nonce');
  requireKcv(token.kcv, version.kcv);
  const operation = hsmOperation({ record, event: 'issue', version: version.version });
  requireDualControl(context, operation, own(event, 'approvals') ?? []);
  return {
    record: {
      krdToken: undefined, // its nonce is spent
      versions: put(record.versions, { version: version.version, nonce: token.nonce }),
    },
    region: { tokens: [...region.tokens, token] },
    version: version.version,
  };
}

/** What is archived: these members, and nothing that came along. */
function readToken(token: MainKeyToken | undefined): MainKeyToken {
  const names = ['hsmId', 'kdhId', 'token', 'nonce', 'issuedAt'];
  const expiresAt = token && own(token, 'expiresAt');
  if (token === undefined || !holdsTexts(token, names) || !isTextOrNone(expiresAt)) {
    throw refused('INVALID_ARGUMENT', 'token');
  }
  const { hsmId, kdhId, token: der, nonce, issuedAt } = token;
  const version = own(token, 'version') as number; // or there is none like it in the region
  const kcv = readKcv(own(token, 'kcv'));
  const copy = { hsmId, kdhId, version, token: der, nonce, kcv, issuedAt };
  return expiresAt === undefined ? copy : { ...copy, expiresAt };
}

/** The KDH holds what it made, until its keys are deleted. */
export function generate(context: HsmContext<EventOf<'generate'>>): HsmChanges {
  const { record, region, at, event } = context;
  const { version, kcv } = distributed(context, own(event, 'version'));
  requireKdh(region, record.hsmId, version);
  requireKcv(own(event, 'kcv'), kcv);
  const { hsmId, regionId } = record;
  const receipt: MainKeyReceipt = { hsmId, regionId, version, kcv, at };
  return { record: { versions: put(record.versions, { version, receipt }) }, version };
}

function requireKdh(region: RegionKeyRecord, hsmId: string, version: number): void {
  if (!isKdhOf(region, { hsmId, version })) throw refused('RECIPIENT_MISMATCH', 'kdh');
}

/** A device that is not in service gets the active version; one that is, the pending one. */
function distributed({ record, region }: HsmContext, number: number | undefined): MainKeyVersion {
  const version = versionOf(region.versions, number);
  const wanted = record.state === 'in-service' ? 'pending' : 'active';
  if (version.state !== wanted || isCompromised(version)) throw conflict();
  return version;
}

/** A device that comes back gets the token that it had. */
export function restore(context: HsmContext<EventOf<'restore'>>): HsmChanges {
  const { record, region, event, policy, env } = context;
  const approvals = own(event, 'approvals') ?? [];
  const plan = planRestore({ record: region, hsm: record, approvals, policy, env });
  if (plan.outcome !== 'ok') throw refused('STALE_VERSION', 'record');
  const { version, token } = plan;
  return { record: { versions: put(record.versions, { version, nonce: token.nonce }) }, version };
}

/**
 * A receipt counts once, for the token that it answers, and by its check value. Of a token that was
 * restored the nonce tells nothing new: so what answered it the first time is remembered.
 */
export function receive({ record, region, event }: HsmContext<EventOf<'receive'>>): HsmChanges {
  const receipt = own(event, 'receipt');
  if (receipt === undefined || !holdsTexts(receipt, ['hsmId', 'regionId', 'at'])) {
    throw refused('INVALID_ARGUMENT', 'token');
  }
  const { hsmId, regionId, at } = receipt;
  const nonce = own(receipt, 'nonce');
  if (hsmId !== record.hsmId) throw refused('RECIPIENT_MISMATCH', 'hsmId');
  if (regionId !== record.regionId) throw refused('CONTEXT_MISMATCH', 'regionId');
  const { version, state, kcv: expected } = versionOf(region.versions, own(receipt, 'version'));
  if (state !== 'active' && state !== 'pending') throw refused('STALE_VERSION', 'record');
  if (state === 'pending' && record.state !== 'in-service') throw conflict();
  const entry = record.versions.find((candidate) => candidate.version === version);
  if (entry === undefined || own(entry, 'receipt') !== undefined) throw conflict();
  if (nonce === undefined || nonce !== own(entry, 'nonce')) throw refused('FRESHNESS', 'nonce');
  requireKcv(own(receipt, 'kcv'), expected);
  const kept = { hsmId, regionId, version, kcv: expected, nonce, at };
  const digest = sha256Hex(canonicalJson(kept, 'token'));
  const taken = own(record, 'takenReceipts') ?? [];
  if (taken.includes(digest)) throw refused('FRESHNESS', 'token');
  const versions = put(record.versions, { ...entry, receipt: kept });
  return { record: { versions, takenReceipts: [...taken, digest] }, version };
}

function requireKcv(given: Kcv | undefined, expected: Kcv): void {
  if (!sameKcv(readKcv(given), expected)) throw refused('KCV_MISMATCH', 'kcv');
}

function readKcv(kcv: Kcv | undefined): Kcv {
  if (!isKcv(kcv)) throw refused('INVALID_ARGUMENT', 'kcv');
  return kcv;
}

/** A device has one entry for a version, the later one in the place of the earlier. */
function put(versions: readonly HsmVersion[], next: HsmVersion): readonly HsmVersion[] {
  return [...versions.filter(({ version }) => version !== next.version), next];
}
