/**
 * Customer keys under a key that two parties agree on for this one exchange, in TR-31 key blocks.
 *
 * @module
 */

import { own, requireObject } from '../../primitives/bytes.js';
import type { SecretKey } from '../../secret-key.js';
import { type DeriveExchangeKeyOptions, deriveExchangeKey } from '../../tr34/key-exchange.js';
import type { CreatedCustomerKey } from '../customer-key.js';
import {
  type ExportCustomerKeyOptions,
  type ExportedCustomerKey,
  exportCustomerKey,
  type ImportCustomerKeyOptions,
  importCustomerKey,
} from '../exchange.js';

/** How two parties agree on a key: what `deriveExchangeKey` takes; its rule of strength holds. */
export type KeyAgreement = Omit<DeriveExchangeKeyOptions, 'strength'>;

/** What {@link exportKeyToEcdh} takes. */
export interface ExportKeyToEcdhOptions extends Omit<ExportCustomerKeyOptions, 'kek'> {
  /** Our private key, their public key, and what both sides know. */
  readonly agreement: KeyAgreement;
}

/** What {@link importKeyFromEcdh} takes. */
export interface ImportKeyFromEcdhOptions extends Omit<ImportCustomerKeyOptions, 'kek'> {
  /** Our private key, their public key, and what both sides know. */
  readonly agreement: KeyAgreement;
}

/**
 * Exports a customer key in a TR-31 key block under a key that is derived for this export, used
 * once, and stored nowhere.
 *
 * @param options - The key, its profile, and what is agreed on.
 * @returns The key block.
 * @throws {@link KeyblockError} the codes of `deriveExchangeKey` and `exportCustomerKey`, among
 * them
 * `KEY_STRENGTH` for a curve or a derived key that is weaker than the one to be sent.
 *
 * @example
 * ```ts
 * import { exportKeyToEcdh, type ExportKeyToEcdhOptions } from 'keyblock/hierarchy';
 *
 * async function send(options: ExportKeyToEcdhOptions) {
 *   const { keyBlock, kcv } = await exportKeyToEcdh(options);
 *   return { keyBlock, toCompare: kcv.value };
 * }
 * ```
 */
export async function exportKeyToEcdh(
  options: ExportKeyToEcdhOptions,
): Promise<ExportedCustomerKey> {
  return withAgreedKey(options, (rest, kek) => exportCustomerKey({ ...rest, kek }));
}

/**
 * Imports a customer key from a TR-31 key block under a key that is derived for this import, used
 * once, and stored nowhere.
 *
 * @param options - The key block, what is agreed on, and the profile.
 * @returns The record, and the write that stores it.
 * @throws {@link KeyblockError} the codes of `deriveExchangeKey` and `importCustomerKey`.
 *
 * @example
 * ```ts
 * import { importKeyFromEcdh, type ImportKeyFromEcdhOptions } from 'keyblock/hierarchy';
 *
 * async function take(options: ImportKeyFromEcdhOptions) {
 *   const { record, writes } = await importKeyFromEcdh(options);
 *   return { writes, toCompare: record.kcv.value };
 * }
 * ```
 */
export async function importKeyFromEcdh(
  options: ImportKeyFromEcdhOptions,
): Promise<CreatedCustomerKey> {
  return withAgreedKey(options, (rest, kek) => importCustomerKey({ ...rest, kek }));
}

/** Derives the key, lends it to one operation and destroys it. */
async function withAgreedKey<Options extends { readonly agreement: KeyAgreement }, Result>(
  options: Options,
  use: (options: Omit<Options, 'agreement'>, kek: SecretKey) => Result,
): Promise<Result> {
  requireObject(options, 'options');
  const given = own(options, 'agreement') as KeyAgreement; // looked at in the next line
  requireObject(given, 'options');
  const { agreement: _, ...rest } = options;
  const kek = await deriveExchangeKey({ ...given, strength: 'sp800-57' });
  try {
    return use(rest, kek);
  } finally {
    kek.destroy();
  }
}
