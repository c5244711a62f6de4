/** Devices of a region in every state, and an event of every kind that fits them. */

import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from 'keyblock';
import {
  type Approval,
  approvals,
  createRegionKey,
  type DeviceIdentity,
  type Env,
  type HsmState,
  type HsmSyncRecord,
  type JsonValue,
  type KrdToken,
  type MainKeyToken,
  mainKeys,
  type RegionKeyRecord,
} from 'keyblock/hierarchy';

export const REGION_ID = 'eu-central-1';
export const HSM_ID = 'hsm-2';

/** The present, and the time a while after it. */
const NOW = new Date('2027-03-01T12:00:00.000Z');
export const env: Env = { at: NOW };

/** A time so many seconds after the present. */
export function timeAfter(seconds: number): string {
  return new Date(NOW.getTime() + 1000 * seconds).toISOString();
}

/** What stands for a certificate where nobody looks into it. */
const CERTIFICATE = btoa('the certificate of the device');

export const IDENTITY: DeviceIdentity = {
  serial: 'A4665',
  certificateDigest: toHex(
    sha256(Uint8Array.from(atob(CERTIFICATE), (character) => character.charCodeAt(0))),
  ).toLowerCase(),
  firmwareDigest: 'f1'.repeat(32),
};

/** A device, and the main key of its region. */
export interface Situation {
  readonly record: HsmSyncRecord;
  readonly region: RegionKeyRecord;
}

/** Two people consent to an operation. */
export function consent(
  operation: JsonValue,
  others: Partial<Approval> = {},
  people: readonly string[] = ['ada', 'grace'],
): readonly Approval[] {
  const operationDigest = approvals.digest(operation);
  return people.map((by) => ({
    by,
    role: 'security-officer',
    at: timeAfter(-60),
    operationDigest,
    ...others,
  }));
}

let drawn = 0;

/** A request of the device, with a nonce of its own. */
export function krdToken(others: Partial<KrdToken> = {}): KrdToken {
  drawn++;
  return {
    hsmId: HSM_ID,
    certificate: CERTIFICATE,
    nonce: drawn.toString(16).toUpperCase().padStart(32, '0'),
    issuedAt: timeAfter(-10),
    expiresAt: timeAfter(3600),
    ...others,
  };
}

/** What the KDH would answer to the last request. The library does not look into it here. */
export function mainKeyToken(
  { record, region }: Situation,
  version: number,
  others: Partial<MainKeyToken> = {},
): MainKeyToken {
  const known = region.versions.find((candidate) => candidate.version === version);
  return {
    hsmId: HSM_ID,
    kdhId: 'hsm-1',
    version,
    token: btoa(`token of version ${version}`),
    nonce: record.krdToken?.nonce ?? '',
    kcv: known?.kcv ?? { method: 'cmac', value: '0000000000' },
    issuedAt: timeAfter(0),
    ...others,
  };
}

/** A region with one version, made by another device. */
export function newRegion(): RegionKeyRecord {
  return createRegionKey({ env, regionId: REGION_ID, kdh: { hsmId: 'hsm-1' } }).record;
}

/** The region while its main key rotates: version 2 is pending. */
export function rotating(region: RegionKeyRecord): RegionKeyRecord {
  const [first] = region.versions;
  if (first === undefined) throw new Error('no version');
  const next = createRegionKey({ env, regionId: REGION_ID, kdh: { hsmId: 'hsm-1' } }).record
    .versions[0];
  if (next === undefined) throw new Error('no version');
  return {
    ...region,
    versions: [first, { ...next, version: 2, state: 'pending' }],
    kdh: [...region.kdh, { hsmId: 'hsm-1', version: 2 }],
  };
}

/** The region after that. */
export function promoted(region: RegionKeyRecord): RegionKeyRecord {
  const versions = rotating(region).versions.map((version) => ({
    ...version,
    state: version.version === 2 ? ('active' as const) : ('retiring' as const),
  }));
  return { ...rotating(region), versions };
}

/** An event of the kind, right in everything: where the state has it, it is taken. */
export function eventOf(type: mainKeys.HsmEventType, situation: Situation): mainKeys.HsmEvent {
  const { record, region } = situation;
  const inService = record.state === 'in-service';
  const wanted = region.versions.find(({ state }) => state === (inService ? 'pending' : 'active'));
  const version = wanted?.version ?? (inService ? 2 : 1);
  const kcv = region.versions.find((candidate) => candidate.version === version)?.kcv;
  const operation = (event: mainKeys.HsmOperationOptions['event']) => {
    const withToken = { ...record, krdToken: record.krdToken ?? krdToken() };
    const known = { ...withToken, identity: record.identity ?? IDENTITY };
    return consent(mainKeys.hsmOperation({ record: known, event, version }));
  };
  switch (type) {
    case 'validate':
      return { type, inventory: [IDENTITY], observed: IDENTITY };
    case 'register':
      return { type, token: krdToken() };
    case 'allow':
      return { type, approvals: operation(type) };
    case 'issue':
      return { type, token: mainKeyToken(situation, version), approvals: operation(type) };
    case 'generate':
      return { type, version, kcv: kcv ?? { method: 'cmac', value: '' } };
    case 'restore': {
      const token = region.tokens.at(-1) ?? mainKeyToken(situation, version);
      const restore = mainKeys.restoreOperation({
        regionId: REGION_ID,
        token,
        revision: record.revision,
      });
      return { type, approvals: consent(restore) };
    }
    case 'receive': {
      const nonce = record.versions.find((entry) => entry.version === version)?.nonce;
      const receipt = {
        hsmId: HSM_ID,
        regionId: REGION_ID,
        version,
        kcv: kcv ?? ({ method: 'cmac', value: '' } as const),
        nonce,
        at: timeAfter(record.takenReceipts?.length ?? 0),
      };
      return { type, receipt };
    }
    case 'serve':
    case 'lose-sync':
      return { type };
    case 'quarantine':
    case 'decommission':
      return { type, keysDeleted: true, approvals: operation(type) };
    case 'destroy':
      return { type, approvals: operation(type) };
  }
}

/** What comes of an event of the kind. */
export function afterEvent(situation: Situation, type: mainKeys.HsmEventType): Situation {
  return mainKeys.applyHsmEvent({ env, ...situation, event: eventOf(type, situation) });
}

const WAY: readonly mainKeys.HsmEventType[] = [
  'validate',
  'register',
  'allow',
  'issue',
  'receive',
  'serve',
];

/** A device that was taken the whole way as far as a state. */
export function deviceIn(state: HsmState): Situation {
  const start: Situation = {
    record: mainKeys.createHsmRecord({ regionId: REGION_ID, hsmId: HSM_ID }),
    region: newRegion(),
  };
  let situation = start;
  for (const type of WAY) {
    if (situation.record.state === state) return situation;
    situation = afterEvent(situation, type);
  }
  switch (state) {
    case 'out-of-sync':
      return afterEvent({ ...situation, region: promoted(situation.region) }, 'lose-sync');
    case 'quarantined':
      return afterEvent(situation, 'quarantine');
    case 'decommissioned':
      return afterEvent(situation, 'decommission');
    case 'destroyed':
      return afterEvent(afterEvent(situation, 'decommission'), 'destroy');
    default:
      return situation;
  }
}

/** A device that was in service, and was validated again after it had fallen out of sync. */
export function returning(): Situation {
  const { record, region } = deviceIn('in-service');
  const lost = afterEvent({ record, region: promoted(region) }, 'lose-sync');
  return afterEvent({ record: lost.record, region }, 'validate');
}
