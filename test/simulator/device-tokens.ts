/** What devices and their keepers send each other: consents, requests, tokens and receipts. */
import { sha256 } from '@noble/hashes/sha2.js';
import {
  type Approval,
  approvals,
  type HsmSyncRecord,
  type KrdToken,
  type MainKeyToken,
  mainKeys,
} from 'keyblock/hierarchy';
import { toHex } from './secrets.js';
import { attempt, readRegion, type Site, type World } from './world.js';

type Event = mainKeys.HsmEvent;

/** How a device event that is wrong may be refused. */
export const CODES = [
  ...['STATE_CONFLICT', 'RECIPIENT_MISMATCH', 'CERTIFICATE_UNTRUSTED', 'FRESHNESS'],
  ...['KCV_MISMATCH', 'STALE_VERSION', 'UNKNOWN_KEY_VERSION', 'APPROVAL_REQUIRED'],
  ...['CONTEXT_MISMATCH', 'INVALID_ARGUMENT'],
];

const digest = (text: string): string => toHex(sha256(new TextEncoder().encode(text)));

/** What the manufacturer says of a device. */
export const identityOf = (hsmId: string) => ({
  serial: hsmId,
  certificateDigest: digest(`certificate of ${hsmId}`),
  firmwareDigest: digest('firmware'),
});

/** The check value of a version, as the record has it. */
export const kcvOf = (site: Site, version: number) =>
  readRegion(site).versions.find((v) => v.version === version)?.kcv ??
  ({ method: 'cmac', value: '0000000000' } as const);

/** The device that made a version and has held it since. */
export const kdhOf = (site: Site, version: number): string | undefined =>
  readRegion(site).kdh.find((kdh) => kdh.version === version && kdh.invalidatedAt === undefined)
    ?.hsmId;

/** Two people consent; or one of them twice, in other words. */
export function consentTo(
  world: World,
  operation: Parameters<typeof approvals.digest>[0],
  alone: boolean,
): Approval[] {
  const operationDigest = approvals.digest(operation);
  const at = new Date(world.now).toISOString();
  const people = alone ? ['ada', 'Ada'] : ['ada', 'grace'];
  return people.map((by) => ({ by, role: 'key custodian', at, operationDigest }));
}

/** The device asks, with a nonce that it has never used. */
export function requestOf(world: World, { hsmId }: HsmSyncRecord): KrdToken {
  return {
    hsmId,
    certificate: btoa(`certificate of ${hsmId}`),
    nonce: toHex(world.rng.bytes(16)).toUpperCase(),
    issuedAt: new Date(world.now).toISOString(),
    expiresAt: new Date(world.now + 3_600_000).toISOString(),
  };
}

/** The KDH answers: what is in the token, no test of books needs. */
export function issue(
  world: World,
  site: Site,
  record: HsmSyncRecord,
  version: number,
): Event | undefined {
  const { hsmId, krdToken } = record;
  const kdhId = kdhOf(site, version);
  if (krdToken === undefined || kdhId === undefined) return undefined;
  const operation = attempt(world, 'hsmOperation', CODES, () =>
    mainKeys.hsmOperation({ record, event: 'issue', version }),
  );
  if (operation === undefined) return undefined;
  const token: MainKeyToken = {
    hsmId,
    kdhId,
    version,
    token: 'MIID',
    nonce: krdToken.nonce,
    kcv: kcvOf(site, version),
    issuedAt: new Date(world.now).toISOString(),
    expiresAt: new Date(world.now + 86_400_000 * 30).toISOString(),
  };
  return { type: 'issue', token, approvals: consentTo(world, operation, false) };
}

/** The device has loaded the token that was issued last for a version. */
export function receive(site: Site, record: HsmSyncRecord, version: number): Event | undefined {
  const { hsmId, regionId } = record;
  const nonce = record.versions.find((v) => v.version === version)?.nonce;
  if (nonce === undefined) return undefined;
  const at = new Date(0).toISOString();
  const receipt = { hsmId, regionId, version, kcv: kcvOf(site, version), nonce, at };
  return { type: 'receive', receipt };
}
