/**
 * Customer keys in TR-34 tokens: with a header that is signed, so that a key keeps its attributes
 * on the way between parties that share no key yet.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { adoptKey, type SecretKey } from '../../secret-key.js';
import { formatHeader, type KeyBlockHeader, parseHeader } from '../../tr31/header.js';
import { hmacHash } from '../../tr31/policy.js';
import { type CreateKeyTokenOptions, createKeyToken } from '../../tr34/kdh.js';
import type { KeyUnwrapper } from '../../tr34/keys.js';
import type { ReceivePolicy } from '../../tr34/krd/policy.js';
import { receive } from '../../tr34/krd/receive.js';
import type { KrdState } from '../../tr34/krd/state.js';
import type { Profile } from '../../tr34/profiles.js';
import { auditEvent } from '../audit-event.js';
import type { CreatedCustomerKey } from '../customer-key.js';
import { type Env, isoTime } from '../env.js';
import {
  adoptImportedKey,
  type ImportDetails,
  openForExport,
  underAsymmetricKey,
  withoutPedigree,
} from '../exchange.js';
import type { OpenCustomerKeyOptions } from '../open-customer-key.js';
import type { AuditEvent, CustomerKeyRecord, Kcv } from '../records.js';
import type { HeaderRequest } from '../rules/narrow.js';

/** What {@link exportKeyToTr34} takes. */
export interface ExportKeyToTr34Options
  extends OpenCustomerKeyOptions,
    Pick<
      CreateKeyTokenOptions,
      'kdh' | 'krdCertificate' | 'trust' | 'freshness' | 'crl' | 'krdCrl' | 'tolerate'
    > {
  /** Time and randomness. */
  readonly env: Env;
  /** What is to be narrowed in the header. @defaultValue for exchange only */
  readonly header?: HeaderRequest | undefined;
  /** How the token is written: the profile of TR-34. @defaultValue by the key of the recipient */
  readonly dialect?: Profile | undefined;
  /**
   * Whether the pedigree WP goes along; off for a recipient that refuses the block.
   * @defaultValue `true`
   */
  readonly pedigree?: boolean | undefined;
}

/** What {@link exportKeyToTr34} returns. */
export interface ExportedTr34Key {
  /** The token, in DER. */
  readonly token: Uint8Array<ArrayBuffer>;
  /** Check value of the key, to compare over another channel. */
  readonly kcv: Kcv;
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Exports a customer key in a TR-34 token, its header as stored or narrower.
 *
 * @param options - The key, its profile, who signs, and who receives.
 * @returns The token.
 * @throws {@link KeyblockError} `EXPORT_NOT_ALLOWED` for a key that is not exportable;
 * `KEY_STRENGTH` where the recipient's key is weaker than the one that is sent; the codes of
 * `openCustomerKey`,
 * `narrowHeader` and `createKeyToken`.
 *
 * @example
 * ```ts
 * import { exportKeyToTr34, type ExportKeyToTr34Options } from 'keyblock/hierarchy';
 *
 * async function send(options: ExportKeyToTr34Options) {
 *   const { token, kcv } = await exportKeyToTr34({ ...options, header: { exportability: 'N' } });
 *   return { token, toCompare: kcv.value };
 * }
 * ```
 */
export async function exportKeyToTr34(options: ExportKeyToTr34Options): Promise<ExportedTr34Key> {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked by who reads it
  const at = new Date(isoTime(env));
  const record = own(options, 'record') as CustomerKeyRecord; // likewise
  const { key, header } = openForExport(options, 'key-block');
  try {
    const optionalBlocks = underAsymmetricKey(header.optionalBlocks);
    const complete = { ...header, optionalBlocks };
    const written = own(options, 'pedigree') === false ? withoutPedigree(complete) : complete;
    const token = await createKeyToken({
      kdh: own(options, 'kdh') as CreateKeyTokenOptions['kdh'], // all of them checked in there
      krdCertificate: own(options, 'krdCertificate') as Uint8Array,
      trust: own(options, 'trust') as CreateKeyTokenOptions['trust'],
      freshness: own(options, 'freshness') as CreateKeyTokenOptions['freshness'],
      key,
      header: formatHeader({ header: written, keyBlockLength: 0 }),
      crl: own(options, 'crl'),
      krdCrl: own(options, 'krdCrl'),
      tolerate: own(options, 'tolerate'),
      profile: own(options, 'dialect'),
      randomBytes: own(env, 'randomBytes'),
      at,
    });
    const recordId = record.keyId;
    const event = auditEvent(env, 'customer-key.export', record, { recordId });
    return { token, kcv: record.kcv, audit: [event] };
  } finally {
    key.destroy();
  }
}

/** What {@link importKeyFromTr34} takes. */
export interface ImportKeyFromTr34Options extends ImportDetails {
  /** The receiving end: what the function of `keyblock/tr34` before returned. */
  readonly state: KrdState;
  /** The token, in DER. */
  readonly token: Uint8Array;
  /** The private key of the receiving end. */
  readonly unwrapper: KeyUnwrapper;
  /** What to take and what to put up with; the rule of strength can not be lifted. */
  readonly policy?: Omit<ReceivePolicy, 'strength'> | undefined;
}

/** What {@link importKeyFromTr34} returns. Store the state, whatever the event is. */
export interface ImportedTr34Key {
  /** The next state of the receiving end. */
  readonly state: KrdState;
  /** What happened. */
  readonly event:
    | ({
        /** Says what happened. */
        readonly kind: 'imported';
      } & CreatedCustomerKey)
    | {
        /** Says what happened. */
        readonly kind: 'refused';
        /** Why. */
        readonly error: KeyblockError;
      };
}

/**
 * Imports a customer key from a TR-34 token, with the attributes of its signed header. Whatever is
 * wrong with the token or the key in it comes back as a refusal, because it may have spent a nonce.
 *
 * @param options - The receiving end, the token, and the profile.
 * @returns The next state, and the record with the write that stores it, or the refusal: with the
 * codes of `receive`, `importCustomerKey` and `createCustomerKey`.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for arguments that are not what they should be.
 *
 * @example
 * ```ts
 * import { importKeyFromTr34, type ImportKeyFromTr34Options } from 'keyblock/hierarchy';
 *
 * async function take(options: ImportKeyFromTr34Options) {
 *   const { state, event } = await importKeyFromTr34(options);
 *   return event.kind === 'imported' ? { state, writes: event.writes } : { state, writes: [] };
 * }
 * ```
 */
export async function importKeyFromTr34(
  options: ImportKeyFromTr34Options,
): Promise<ImportedTr34Key> {
  requireObject(options, 'options');
  const { state: _, token: __, unwrapper: ___, policy: ____, ...details } = options;
  const at = new Date(isoTime(own(options, 'env') as Env)); // checked in there
  const given = own(options, 'state') as KrdState; // checked by who reads it
  const policy = own(options, 'policy') ?? {};
  requireObject(policy, 'policy');
  const { state, event } = await receive({
    state: given,
    token: own(options, 'token') as Uint8Array, // checked in there
    unwrapper: own(options, 'unwrapper'),
    at,
    policy: { accept: ['tr34-2019', 'cms', 'ec'], ...policy, strength: 'sp800-57' },
  });
  if (event.kind === 'refused') return { state, event };
  if (event.kind !== 'key') {
    // Binding is not for importers: the state stays as it was.
    const error = new KeyblockError('TOKEN_MALFORMED', { field: 'token' });
    return { state: given, event: { kind: 'refused', error } };
  }
  try {
    const { header } = parseHeader(event.header);
    const key = ofItsHash(event.key, header);
    const created = adoptImportedKey({ header, key, details, asymmetric: true });
    return { state, event: { kind: 'imported', ...created } };
  } catch (error) {
    if (!(error instanceof KeyblockError)) throw error;
    return { state, event: { kind: 'refused', error } };
  }
}

/** An HMAC key belongs to a hash, which its header names in block HM. */
function ofItsHash(key: SecretKey, header: KeyBlockHeader): SecretKey {
  const hash = key.algorithm === 'HMAC' ? hmacHash(header) : undefined;
  if (hash === undefined) return key;
  const bytes = key.expose();
  key.destroy();
  return adoptKey('HMAC', bytes, hash);
}
