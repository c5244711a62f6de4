/**
 * How a main key leaves and enters a device: in a TR-34 token of the profile `ec`, for one device,
 * one region and one version. There is no other way.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { toBase64 } from '../../primitives/base64.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { decodeHex } from '../../primitives/hex.js';
import { SecretKey } from '../../secret-key.js';
import { formatHeader, type KeyBlockHeader } from '../../tr31/header.js';
import { type CreateKeyTokenOptions, createKeyToken } from '../../tr34/kdh.js';
import type { Signer } from '../../tr34/keys.js';
import { kcvOf, sameKcv } from '../check-value.js';
import { type Env, isoTime } from '../env.js';
import { readHsm } from '../hsm/read-device.js';
import { type AppliedHsmEvent, applyHsmEvent } from '../hsm.js';
import { readId } from '../identifiers.js';
import { PLACE_ID } from '../place.js';
import type { Approval, HsmSyncRecord, MainKeyToken, RegionKeyRecord } from '../records.js';
import { readRegion } from '../region.js';
import type { ApprovalPolicy } from '../rules/approvals.js';
import { versionOf } from '../versions.js';
import { certificateOf } from './krd-token.js';

/** What {@link issueMainKeyToken} takes. */
export interface IssueMainKeyTokenOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The main key of the region. */
  readonly record: RegionKeyRecord;
  /** Which version of it the device is to get. */
  readonly version: number;
  /** That version. */
  readonly secret: SecretKey;
  /** The device: allowed, or in service while a version is pending. */
  readonly hsm: HsmSyncRecord;
  /** The device that made the version, and the key that it signs with. */
  readonly kdh: {
    /** Its name in the region: the one that the record has for this version. */
    readonly hsmId: string;
    /** Its certificate, and the private key that belongs to it. */
    readonly signer: Signer;
  };
  /** What the certificate of the device has to lead to, X.509 in DER. */
  readonly trust: {
    /** The root of both CAs. */
    readonly root: Uint8Array;
    /** The CA of key receiving devices. */
    readonly caKrd: Uint8Array;
  };
  /** Who has consented, see `hsmOperation`. */
  readonly approvals: readonly Approval[];
  /** How many have to. */
  readonly policy?: ApprovalPolicy | undefined;
  /**
   * The CRL of the CA of the KDH, to be carried along. It ends the days of the token in the archive,
   * see `expiresAt`; a device can take the list with a credential instead.
   */
  readonly crl?: Uint8Array | undefined;
  /** The CRL of the CA of the device: one that it lists gets no token. It is not carried along. */
  readonly krdCrl?: Uint8Array | undefined;
  /** What to put up with in the certificate of the device, and in the CRLs. */
  readonly tolerate?: CreateKeyTokenOptions['tolerate'];
  /**
   * Until when the token may be loaded, and restored from the archive; without it, as long as the
   * version is active. In either case the device has to take the token as any other, `CRL_REJECTED`
   * where it does not: a token with `crl` until that list is over, or the device has taken a newer
   * one; a token without for as long as the last list that the device took, if any, is not over. A
   * credential of its KDH with the newest list, before the restore, sees to that.
   */
  readonly expiresAt?: Date | undefined;
}

/** What {@link issueMainKeyToken} returns: both records after the event `issue`. */
export interface IssuedMainKeyToken extends AppliedHsmEvent {
  /** The token, for the device and for the archive. */
  readonly token: MainKeyToken;
}

/**
 * Issues the token that gives a main key to one device. The device is on the allow list, has asked
 * with a nonce, and enough people have consented to this very answer.
 *
 * @param options - The key, the device, who signs and who has consented.
 * @returns The token, both records after it, what to store and what to log.
 * @throws {@link KeyblockError} the codes of `applyHsmEvent` and of `createKeyToken`;
 * `KCV_MISMATCH` for a key that is not the version named; `KEY_STRENGTH` for a device whose key is
 * not on P-521.
 *
 * @example
 * ```ts
 * import { issueMainKeyToken, type IssueMainKeyTokenOptions } from 'keyblock/hierarchy';
 *
 * async function issue(options: IssueMainKeyTokenOptions) {
 *   const { token, record, region } = await issueMainKeyToken(options);
 *   record.state; // 'token-issued', of a device that was 'allowed'
 *   region.tokens.includes(token); // true: the archive
 *   return token;
 * }
 * ```
 */
export async function issueMainKeyToken(
  options: IssueMainKeyTokenOptions,
): Promise<IssuedMainKeyToken> {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const issuedAt = isoTime(env);
  const region = readRegion(own(options, 'record'));
  const record = readHsm(own(options, 'hsm'));
  const { version, kcv } = versionOf(region.versions, Number(own(options, 'version')));
  const secret = own(options, 'secret');
  if (!(secret instanceof SecretKey)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'key' });
  }
  if (!sameKcv(kcvOf(secret), kcv)) throw new KeyblockError('KCV_MISMATCH', { field: 'key' });
  const kdh = own(options, 'kdh') as IssueMainKeyTokenOptions['kdh']; // looked at in the next line
  requireObject(kdh, 'kdh');
  const { hsmId } = record;
  const krdToken = own(record, 'krdToken');
  if (krdToken === undefined) throw new KeyblockError('STATE_CONFLICT', { field: 'record' });
  const expiresAt = readExpiry(own(options, 'expiresAt'));
  const described: MainKeyToken = {
    hsmId,
    kdhId: readId(own(kdh, 'hsmId'), 'hsmId'),
    version,
    token: '',
    nonce: krdToken.nonce,
    kcv,
    issuedAt,
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const approvals = own(options, 'approvals') as readonly Approval[]; // checked by who counts them
  const policy = own(options, 'policy');
  const apply = (token: MainKeyToken) =>
    applyHsmEvent({ env, record, region, event: { type: 'issue', token, approvals }, policy });
  apply(described); // all that can be refused, before the key is touched
  const der = await createKeyToken({
    kdh: own(kdh, 'signer') as Signer, // checked in there, as is the trust
    krdCertificate: certificateOf(krdToken),
    trust: own(options, 'trust') as IssueMainKeyTokenOptions['trust'],
    key: secret,
    header: mainKeyHeader(region.regionId, version),
    freshness: { nonce: decodeHex(krdToken.nonce, 'nonce') },
    crl: own(options, 'crl'),
    krdCrl: own(options, 'krdCrl'),
    tolerate: own(options, 'tolerate'),
    profile: 'ec',
    randomBytes: own(env, 'randomBytes'),
    at: new Date(issuedAt),
  });
  const token = { ...described, token: toBase64(der) };
  return { token, ...apply(token) };
}

/**
 * The header that a main key travels under: a key block protection key that is never exported, of
 * one region and version. It is signed, and sealed with the key.
 */
export function mainKeyHeader(regionId: string, version: number): string {
  return formatHeader({ header: headerOf(regionId, version), keyBlockLength: 0 });
}

function headerOf(regionId: string, version: number): KeyBlockHeader {
  return {
    versionId: 'D',
    keyUsage: 'K1',
    algorithm: 'A',
    modeOfUse: 'B',
    keyVersionNumber: '00',
    exportability: 'N',
    keyContext: '0',
    optionalBlocks: [{ id: PLACE_ID, data: `kb1;r;${regionId};${version}` }],
  };
}

function readExpiry(expiresAt: Date | undefined): string | undefined {
  return expiresAt === undefined ? undefined : isoTime({ at: expiresAt });
}
