/**
 * The devices of a region: six with keys and certificates of their own, one of which is the KDH.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { type SecretKey, toHex } from 'keyblock';
import {
  type Approval,
  approvals,
  createKrdToken,
  createRegionKey,
  type DeviceIdentity,
  type Env,
  type HsmSyncRecord,
  type IssuedMainKeyToken,
  type IssueMainKeyTokenOptions,
  issueMainKeyToken,
  type JsonValue,
  type KrdToken,
  loadMainKeyToken,
  type MainKeyToken,
  mainKeys,
  type RegionKeyRecord,
  verifyKrdToken,
} from 'keyblock/hierarchy';
import type { KrdState } from 'keyblock/tr34';
import { boundKrd, enrol, GENERATED, keyOf, type Party, trustOf } from '../../tr34/scenario.js';

export const WORLD = GENERATED['EC-P521'];
export const REGION_ID = 'eu-central-1';
export const env: Env = { at: WORLD.at };

/** A time so many seconds after the present. */
export function later(seconds: number): Env {
  return { at: new Date(WORLD.at.getTime() + 1000 * seconds) };
}

/** A device, as it stands in its rack: what only it has, and what it remembers. */
export interface Device {
  readonly hsmId: string;
  readonly party: Party;
  readonly identity: DeviceIdentity;
  readonly state: KrdState;
}

/** What the region knows. */
export interface Known {
  readonly hsm: HsmSyncRecord;
  readonly region: RegionKeyRecord;
}

/** A device with a key pair on P-521, bound to the KDH. */
export async function newDevice(hsmId: string): Promise<Device> {
  const party = await enrol(WORLD, 'krd', 'P-521');
  return deviceOf(hsmId, party);
}

/** A device with this key pair. */
export function deviceOf(hsmId: string, party: Party): Device {
  const identity = {
    serial: `serial of ${hsmId}`,
    certificateDigest: toHex(sha256(party.certificate)).toLowerCase(),
    firmwareDigest: 'f1'.repeat(32),
  };
  return { hsmId, party, identity, state: boundKrd({ ...WORLD, krd: party }) };
}

/** A region, and the key that its KDH made. */
export function newRegion(): { readonly region: RegionKeyRecord; readonly secret: SecretKey } {
  const kdh = { hsmId: 'hsm-1' };
  const { record: region, secret } = createRegionKey({ env, regionId: REGION_ID, kdh });
  return { region, secret };
}

/** Two people consent to an operation. */
export function consent(operation: JsonValue, at: Date = WORLD.at): readonly Approval[] {
  const operationDigest = approvals.digest(operation);
  return ['ada', 'grace'].map((by) => ({
    by,
    role: 'key-custodian',
    at: at.toISOString(),
    operationDigest,
  }));
}

/** The device asks for the key, and comes on the allow list of the KDH. */
export async function admit(
  device: Device,
  region: RegionKeyRecord,
): Promise<Known & { readonly device: Device; readonly krdToken: KrdToken }> {
  const { hsmId, identity } = device;
  const asked = createKrdToken({ env, hsmId, state: device.state });
  await verifyKrdToken({ env, token: asked.token, trust: trustOf(WORLD) });
  const record = mainKeys.createHsmRecord({ regionId: REGION_ID, hsmId });
  const inventory = [identity];
  const apply = (hsm: HsmSyncRecord, event: mainKeys.HsmEvent) =>
    mainKeys.applyHsmEvent({ env, record: hsm, region, event }).record;
  const validated = apply(record, { type: 'validate', inventory, observed: identity });
  const registered = apply(validated, { type: 'register', token: asked.token });
  const operation = mainKeys.hsmOperation({ record: registered, event: 'allow' });
  const hsm = apply(registered, { type: 'allow', approvals: consent(operation) });
  return { hsm, region, device: { ...device, state: asked.state }, krdToken: asked.token };
}

/** Options to issue a token that differ from complete ones in what is given. */
export async function issueOptions(
  { hsm, region }: Known,
  secret: SecretKey,
  others: Partial<IssueMainKeyTokenOptions> = {},
): Promise<IssueMainKeyTokenOptions> {
  const version = others.version ?? 1;
  const operation = mainKeys.hsmOperation({ record: hsm, event: 'issue', version });
  return {
    env,
    record: region,
    version,
    secret,
    hsm,
    kdh: { hsmId: 'hsm-1', signer: await keyOf(WORLD.kdh) },
    trust: trustOf(WORLD),
    approvals: consent(operation),
    ...others,
  };
}

/** Issues a token for an admitted device. */
export async function issueTo(
  known: Known,
  secret: SecretKey,
  others: Partial<IssueMainKeyTokenOptions> = {},
): Promise<IssuedMainKeyToken> {
  return issueMainKeyToken(await issueOptions(known, secret, others));
}

/** The device takes a token. */
export async function load(
  device: Device,
  token: MainKeyToken,
  others: Partial<Parameters<typeof loadMainKeyToken>[0]> = {},
): ReturnType<typeof loadMainKeyToken> {
  return loadMainKeyToken({
    env,
    regionId: REGION_ID,
    hsmId: device.hsmId,
    state: device.state,
    unwrapper: await keyOf(device.party),
    token,
    ...others,
  });
}
