/**
 * Customer keys coming and going in TR-31 key blocks, under a KEK that two parties share.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { SecretKey } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { formatOptionalBlock, readOptionalBlock } from '../tr31/optional-block-data.js';
import type { OptionalBlock } from '../tr31/optional-blocks.js';
import { unwrapKey } from '../tr31/unwrap.js';
import type { VersionId } from '../tr31/versions.js';
import { wrapKey } from '../tr31/wrap.js';
import { auditEvent } from './audit-event.js';
import {
  type CreatedCustomerKey,
  type CustomerKeyDetails,
  createCustomerKey,
} from './customer-key.js';
import { type Env, isoTime } from './env.js';
import type { KeyRing } from './key-ring.js';
import { type OpenCustomerKeyOptions, openCustomerKey } from './open-customer-key.js';
import type { AuditEvent, CustomerKeyRecord, Kcv, ProfileRecord } from './records.js';
import { type HeaderRequest, narrowHeader } from './rules/narrow.js';
import { assertProtects } from './rules/strength.js';

/** What {@link importCustomerKey} takes. */
export interface ImportCustomerKeyOptions extends CustomerKeyDetails {
  /** Time and randomness. */
  readonly env: Env;
  /** The profile, whose main key protects the key from now on. */
  readonly profile: ProfileRecord;
  /** Holds the main key of the profile, while it rotates both of them. */
  readonly ring: KeyRing;
  /** The key block, for exchange. */
  readonly keyBlock: string;
  /** The KEK that it is under. */
  readonly kek: SecretKey;
}

/**
 * Imports a customer key from a key block. What its header says is kept, optional blocks included,
 * but for KP, PK and TS, which speak of the block and not of the key.
 *
 * @param options - The key block, its KEK, and the profile.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH` for a block that is for storage; the codes of
 * `unwrapKey` and `createCustomerKey`.
 *
 * @example
 * ```ts no-run
 * import { fromHex, SecretKey } from 'keyblock';
 * import { importCustomerKey, type KeyRing, type ProfileRecord } from 'keyblock/hierarchy';
 *
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * const bytes = fromHex('89E88CF7931444F334BD7547FC3F380C');
 * const { record } = importCustomerKey({
 *   env: { at: new Date() },
 *   profile,
 *   ring,
 *   kek: new SecretKey({ algorithm: 'TDES', bytes }),
 *   keyBlock: 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 *   keyId: 'pek-2',
 *   owner: 'shop',
 * });
 * record.attributes.keyUsage; // 'P0'
 * ```
 */
export function importCustomerKey(options: ImportCustomerKeyOptions): CreatedCustomerKey {
  requireObject(options, 'options');
  const kbpk = readKek(own(options, 'kek'));
  const keyBlock = own(options, 'keyBlock') as string; // checked in there
  const { keyBlock: _, kek: __, ...details } = options;
  return adoptImportedKey({ ...unwrapKey({ kbpk, keyBlock }), details });
}

/** Where an imported key goes, and what is said about it besides its header. */
export type ImportDetails = CustomerKeyDetails &
  Pick<ImportCustomerKeyOptions, 'env' | 'profile' | 'ring'>;

/**
 * Stores a key that came from elsewhere with an authentic header, in whatever form it came. The key
 * is destroyed.
 *
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH` for a header that is for storage; the codes of
 * `createCustomerKey`.
 */
export function adoptImportedKey(options: {
  readonly header: KeyBlockHeader;
  readonly key: SecretKey;
  readonly details: ImportDetails;
  /** Whether it travelled under an asymmetric key. */
  readonly asymmetric?: boolean;
}): CreatedCustomerKey {
  const { header, key, details, asymmetric = false } = options;
  try {
    if (header.keyContext === '1') {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
    }
    const { keyUsage, algorithm, modeOfUse, exportability, keyVersionNumber } = header;
    const keyBits = key.lengthBits;
    const blocks = header.optionalBlocks.filter(({ id }) => !OF_THE_BLOCK.includes(id));
    const optionalBlocks = asymmetric ? underAsymmetricKey(blocks) : blocks;
    return createCustomerKey({
      ...details,
      key,
      attributes: { keyUsage, algorithm, keyBits, modeOfUse, exportability, keyVersionNumber },
      optionalBlocks,
      pedigree: pedigreeOf(optionalBlocks, asymmetric),
    });
  } finally {
    key.destroy();
  }
}

/** What speaks of a key block and not of the key in it. */
const OF_THE_BLOCK = ['KP', 'PK', 'TS'];

/** The blocks of a key that travels under an asymmetric key: WP, where it is, says so. */
export function underAsymmetricKey(optionalBlocks: readonly OptionalBlock[]): OptionalBlock[] {
  return optionalBlocks.map((block) => {
    const content = block.id === 'WP' ? readOptionalBlock(block) : undefined;
    return content?.id === 'WP' ? formatOptionalBlock({ ...content, asymmetric: true }) : block;
  });
}

/** What WP says of what the key was wrapped under, in the two bits of the standard. */
export function pedigreeOf(
  optionalBlocks: readonly OptionalBlock[],
  isAsymmetric: boolean,
): 0 | 1 | 2 | 3 {
  const block = optionalBlocks.find(({ id }) => id === 'WP');
  const content = block && readOptionalBlock(block);
  const { weaker, asymmetric } =
    content?.id === 'WP' ? content : { weaker: false, asymmetric: isAsymmetric };
  if (weaker) return asymmetric ? 3 : 1;
  return asymmetric ? 2 : 0;
}

/** What {@link exportCustomerKey} takes. */
export interface ExportCustomerKeyOptions extends OpenCustomerKeyOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The KEK that is shared with the recipient. */
  readonly kek: SecretKey;
  /**
   * What is to be narrowed in the header.
   * @defaultValue version D for an AES KEK, B for a TDES KEK; for exchange only
   */
  readonly header?: HeaderRequest | undefined;
  /** Check values to add: KC of the key, KP of the KEK. */
  readonly checkValues?: readonly ('KC' | 'KP')[] | undefined;
  /**
   * Whether the pedigree WP goes along; off for a recipient that refuses the block.
   * @defaultValue `true`
   */
  readonly pedigree?: boolean | undefined;
}

/** What {@link exportCustomerKey} returns. */
export interface ExportedCustomerKey {
  /** The key block. */
  readonly keyBlock: string;
  /** Check value of the key, to compare over another channel. */
  readonly kcv: Kcv;
  /** What happened. */
  readonly audit: readonly AuditEvent[];
}

/**
 * Exports a customer key in a key block, its header as stored or narrower.
 *
 * @param options - The key, its profile, the KEK, and what to narrow.
 * @returns The key block.
 * @throws {@link KeyblockError} `EXPORT_NOT_ALLOWED` for a key that is not exportable, and where
 * exportability would be widened; `USAGE_NOT_ALLOWED` where the mode of use would; `KEY_STRENGTH`
 * for a KEK that is weaker than the key; the codes of `openCustomerKey` and `wrapKey`.
 *
 * @example
 * ```ts no-run
 * import { generateKey, parseKeyBlock } from 'keyblock';
 * import {
 *   type CustomerKeyRecord,
 *   exportCustomerKey,
 *   type KeyRing,
 *   type ProfileRecord,
 * } from 'keyblock/hierarchy';
 *
 * declare const record: CustomerKeyRecord;
 * declare const profile: ProfileRecord;
 * declare const ring: KeyRing; // with the main key of the profile
 * const kek = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * const header = { exportability: 'N' };
 * const { keyBlock } = exportCustomerKey({ env: { at: new Date() }, record, profile, ring, kek, header });
 * parseKeyBlock(keyBlock).header.exportability; // 'N'
 * ```
 */
export function exportCustomerKey(options: ExportCustomerKeyOptions): ExportedCustomerKey {
  requireObject(options, 'options');
  const env = own(options, 'env') as Env; // checked in the next line
  isoTime(env);
  const kek = readKek(own(options, 'kek'));
  const record = own(options, 'record') as CustomerKeyRecord; // checked by who reads it
  const { key, header } = openForExport(options, 'key-block');
  try {
    assertProtects({ wrapping: kek, wrapped: key });
    const keyBlock = wrapKey({
      kbpk: kek,
      key,
      header: own(options, 'pedigree') === false ? withoutPedigree(header) : header,
      checkValues: missingCheckValues(own(options, 'checkValues'), header),
      randomBytes: own(env, 'randomBytes'),
    });
    const recordId = record.keyId;
    const event = auditEvent(env, 'customer-key.export', record, { recordId });
    return { keyBlock, kcv: record.kcv, audit: [event] };
  } finally {
    key.destroy();
  }
}

/** What every form of export takes. */
export type OpenForExportOptions = OpenCustomerKeyOptions & {
  readonly kek?: SecretKey | undefined;
  readonly header?: HeaderRequest | undefined;
};

/**
 * Opens a key that is to leave, with the header it leaves under: never wider than what is stored.
 * Whatever is not a key block is for sensitive keys only, exportability S (X9.143 6.3.5).
 *
 * @throws {@link KeyblockError} `EXPORT_NOT_ALLOWED` and the codes of `narrowHeader` and
 * `openCustomerKey`.
 */
export function openForExport(
  options: OpenForExportOptions,
  form: 'key-block' | 'cryptogram',
): { readonly key: SecretKey; readonly header: KeyBlockHeader } {
  const { key, header } = openCustomerKey(options);
  try {
    const { exportability } = header;
    if (exportability === 'N' || (form === 'cryptogram' && exportability !== 'S')) {
      throw new KeyblockError('EXPORT_NOT_ALLOWED', { field: 'exportability' });
    }
    const request = own(options, 'header') ?? {};
    requireObject(request, 'header');
    const versionId: VersionId = own(options, 'kek')?.algorithm === 'TDES' ? 'B' : 'D';
    // For exchange only, unless the caller says otherwise for a recipient of 2018.
    const keyContext = own(request, 'keyContext') ?? '2';
    if (keyContext === '1') throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
    const complete = { ...request, versionId: own(request, 'versionId') ?? versionId, keyContext };
    return { key, header: narrowHeader({ header, request: complete }) };
  } catch (error) {
    key.destroy();
    throw error;
  }
}

/** A key that was imported with its check value has it already, and it is right. */
function missingCheckValues(
  wanted: ExportCustomerKeyOptions['checkValues'],
  { optionalBlocks }: KeyBlockHeader,
): ExportCustomerKeyOptions['checkValues'] {
  if (!Array.isArray(wanted) || wanted.length > 2) return wanted; // none, or refused
  return [...wanted].filter((id) => !optionalBlocks.some((block) => block.id === id));
}

/** For a recipient that refuses WP. */
export function withoutPedigree(header: KeyBlockHeader): KeyBlockHeader {
  return { ...header, optionalBlocks: header.optionalBlocks.filter(({ id }) => id !== 'WP') };
}

function readKek(kek: SecretKey | undefined): SecretKey {
  if (!(kek instanceof SecretKey)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'kbpk' });
  return kek;
}
