/**
 * Opens a key block.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { requireObject } from '../primitives/bytes.js';
import { adoptKey, type KeyInput, type SecretKey } from '../secret-key.js';
import { openMessage, withBlockKeys } from './binding/block-keys.js';
import { keyAlgorithm } from './codes.js';
import { given } from './given.js';
import type { KeyBlockHeader } from './header.js';
import { type ScannedKeyBlock, scanKeyBlock, type ValidationOptions } from './parse.js';
import { readPayload } from './payload.js';
import { hmacHash, kbpkIssues, keyIssues } from './policy.js';
import {
  type AllowOptions,
  type Finding,
  type Policy,
  readPolicy,
  readReportOnly,
  settle,
} from './rules.js';

/** What {@link unwrapKey} takes. */
export interface UnwrapKeyOptions extends ValidationOptions {
  /** The key block protection key. Hold one `SecretKey` to open many blocks quickly. */
  readonly kbpk: KeyInput;
  /** The whole block, 16 to 9999 characters. */
  readonly keyBlock: string;
}

/** What {@link verifyKeyBlock} takes. */
export interface VerifyKeyBlockOptions extends AllowOptions {
  /** The key block protection key. */
  readonly kbpk: KeyInput;
  /** The whole block, 16 to 9999 characters. */
  readonly keyBlock: string;
}

/** What {@link unwrapKey} returns: all of it authentic. */
export interface UnwrappedKey {
  /** What the block says about the key. */
  readonly header: KeyBlockHeader;
  /** The clear key. Its algorithm follows the header's letter. */
  readonly key: SecretKey;
  /** What interoperable validation let pass, and what is only ever reported. */
  readonly findings: readonly Finding[];
}

/**
 * Unwraps the key of a key block, of any version, after its MAC has been verified.
 *
 * @param options - The KBPK, the block, and how to validate.
 * @returns The authentic header, the clear key, and what is worth knowing about them.
 * @throws {@link KeyblockError} the codes of `parseKeyBlock`; `KBPK_MISMATCH` when the KBPK can not
 * belong to this version; `AUTHENTICATION_FAILED` for a wrong KBPK and for every alteration alike;
 * then, about what is authentic: `INVALID_PAYLOAD`, and in strict validation `KEY_STRENGTH`,
 * `WEAK_KEY` or `KCV_MISMATCH`; `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { fromHex, unwrapKey } from 'keyblock';
 *
 * const { header, key } = unwrapKey({
 *   kbpk: fromHex('89E88CF7931444F334BD7547FC3F380C'),
 *   keyBlock: 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 * });
 * header.keyUsage; // 'P0'
 * String(key); // 'SecretKey TDES-128'
 * ```
 */
export function unwrapKey(options: UnwrapKeyOptions): UnwrappedKey {
  requireObject(options, 'options');
  const policy = readPolicy(options);
  const call = given(options);
  const keyBlock = scanKeyBlock(call.keyBlock, policy);
  const opened = openKeyBlock(call.kbpk, 'kbpk', keyBlock, policy);
  const { header } = keyBlock.scanned;
  const algorithm = keyAlgorithm(header.algorithm);
  const hash = algorithm === 'HMAC' ? hmacHash(header) : undefined;
  const key = adoptKey(algorithm, opened.key, hash);
  return { header, key, findings: opened.findings };
}

/**
 * Tells whether a key block is authentic under a KBPK. Attribute values, policy and what the
 * payload holds are not looked at.
 *
 * @param options - The KBPK and the block.
 * @returns `false` for a wrong KBPK, one that can not belong to this version, and any alteration.
 * @throws {@link KeyblockError} when the text is malformed, as `parseKeyBlock` in interoperable
 * validation does; `INVALID_ARGUMENT` when the KBPK is not a key, `KEY_DESTROYED` when it was one.
 *
 * @example
 * ```ts
 * import { fromHex, verifyKeyBlock } from 'keyblock';
 *
 * verifyKeyBlock({
 *   kbpk: fromHex('89E88CF7931444F334BD7547FC3F380C'),
 *   keyBlock: 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 * }); // true
 * ```
 */
export function verifyKeyBlock(options: VerifyKeyBlockOptions): boolean {
  requireObject(options, 'options');
  const policy = readReportOnly(options);
  const call = given(options);
  const { version, scanned, message, mac } = scanKeyBlock(call.keyBlock, policy);
  try {
    return withBlockKeys(call.kbpk, 'kbpk', version, (keys) =>
      openMessage(keys, message, scanned.headerLength, mac),
    );
  } catch (error) {
    if (error instanceof KeyblockError && error.code === 'KBPK_MISMATCH') return false;
    throw error;
  } finally {
    message.fill(0);
  }
}

/** Steps 10 to 13: the MAC, then the payload, then the rules about the key inside. */
export function openKeyBlock(
  kbpk: KeyInput | undefined,
  field: 'kbpk' | 'from',
  keyBlock: ScannedKeyBlock,
  policy: Policy,
): { readonly key: Uint8Array<ArrayBuffer>; readonly findings: readonly Finding[] } {
  const { version, scanned, message, mac } = keyBlock;
  const { header, headerLength, blocks } = scanned;
  try {
    return withBlockKeys(kbpk, field, version, (keys) => {
      const kbpkFindings = settle(kbpkIssues(keys.kbpk, field), policy);
      if (!openMessage(keys, message, headerLength, mac)) throw authenticationFailed();
      const key = readPayload(message, headerLength);
      try {
        const keyFindings = settle(keyIssues(header, key, keys.kbpk, blocks), policy);
        return { key, findings: [...keyBlock.findings, ...kbpkFindings, ...keyFindings] };
      } catch (error) {
        key.fill(0);
        throw error;
      }
    });
  } finally {
    message.fill(0);
  }
}

/** The one answer to everything that depends on the key before the MAC has passed. */
export function authenticationFailed(): KeyblockError {
  return new KeyblockError('AUTHENTICATION_FAILED');
}
