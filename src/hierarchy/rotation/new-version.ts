/** The next version of a main key. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import type { SecretKey } from '../../secret-key.js';
import { kcvOf } from '../check-value.js';
import { type Env, isoTime } from '../env.js';
import type { KeyRing } from '../key-ring.js';
import { type CryptoperiodPolicy, cryptoperiods, generateMainKey } from '../main-key.js';
import { profilePlace } from '../place.js';
import { requireConfig, sealProfileKey } from '../profile.js';
import type { ProfileRecord, RegionKeyRecord } from '../records.js';
import { addRegionKeyVersion, readRegion } from '../region.js';
import { newVersion, transition } from '../versions.js';
import { conflict } from './job.js';
import type { MainKeyRecord } from './main-key-record.js';

/** What a new version is made from: options of `plan`. */
export interface NewVersionOptions<M extends MainKeyRecord> {
  readonly env: Env;
  readonly mainKey: M;
  readonly region?: RegionKeyRecord | undefined;
  readonly ring?: KeyRing | undefined;
  readonly kdh?: { readonly hsmId: string } | undefined;
  readonly cryptoperiod?: CryptoperiodPolicy | undefined;
}

/** A main key with its next version, pending; and that key. */
export interface WithNewVersion<M extends MainKeyRecord> {
  /** Its revision is that of the record given. */
  readonly mainKey: M;
  readonly secret: SecretKey;
}

/** Makes the next version of a main key. */
export function withNewVersion<M extends MainKeyRecord>(
  options: NewVersionOptions<M>,
): WithNewVersion<M> {
  const { mainKey } = options;
  const made: WithNewVersion<MainKeyRecord> =
    mainKey.kind === 'profile'
      ? withProfileVersion(options, mainKey)
      : withRegionVersion(options, mainKey);
  return made as WithNewVersion<M>; // of the kind that was given
}

function withProfileVersion(
  options: NewVersionOptions<MainKeyRecord>,
  profile: ProfileRecord,
): WithNewVersion<ProfileRecord> {
  const { env } = options;
  const region = readRegion(own(options, 'region'), 'region');
  if (region.regionId !== profile.regionId) throw conflict('record');
  requireConfig(profile);
  const periods = cryptoperiods(isoTime(env), own(options, 'cryptoperiod'));
  const secret = generateMainKey(env);
  const version = newVersion(profile.versions, { kcv: kcvOf(secret), env, ...periods });
  const place = profilePlace(profile, version.version);
  const slots = sealProfileKey({ env, region, ring: own(options, 'ring'), secret, place });
  const next = { ...version, slots };
  const versions = transition(profile.versions, { kind: 'generate', next });
  return { mainKey: { ...profile, versions }, secret };
}

function withRegionVersion(
  options: NewVersionOptions<MainKeyRecord>,
  region: RegionKeyRecord,
): WithNewVersion<RegionKeyRecord> {
  const { env } = options;
  const kdh = own(options, 'kdh');
  if (kdh === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'kdh' });
  const policy = own(options, 'cryptoperiod');
  const { record, secret } = addRegionKeyVersion({ env, record: region, kdh, policy });
  return { mainKey: { ...record, revision: region.revision }, secret };
}
