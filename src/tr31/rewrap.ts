/**
 * Translates a key block from one KBPK to another, and from one version to another.
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorCode, type KeyblockErrorField } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { ComputeCheckValue } from '../primitives/check-value.js';
import type { KeyInput } from '../secret-key.js';
import { withBlockKeys } from './binding/block-keys.js';
import { checkValueBlock } from './check-value-block.js';
import {
  type Code,
  EXPORTABILITIES,
  type Exportability,
  KEY_CONTEXTS,
  type KeyContext,
  lookUp,
  MODES_OF_USE,
  type ModeOfUse,
} from './codes.js';
import { given } from './given.js';
import { isVersionId, type KeyBlockHeader, readField } from './header.js';
import { formatOptionalBlock, readOptionalBlock } from './optional-block-data.js';
import { hasStandardFormat } from './optional-block-formats.js';
import type { OptionalBlock } from './optional-blocks.js';
import { scanKeyBlock } from './parse.js';
import { kbpkIssues, keyIssues } from './policy.js';
import { type RuleName, readPolicy, settle, type Validation } from './rules.js';
import { openKeyBlock } from './unwrap.js';
import { VERSIONS, type VersionId } from './versions.js';
import { type SealOptions, sealKeyBlock, writingPolicy } from './wrap.js';

/** What a translation may change in a header: the version, and attributes that it narrows. */
export interface HeaderChanges {
  /** The version of the new block: one that the new KBPK can be used for. */
  readonly versionId?: VersionId | undefined;
  /** A narrower mode: B to D or E, C to G or V, T to S or D, N to any. */
  readonly modeOfUse?: Code<ModeOfUse> | undefined;
  /** S to E to N. */
  readonly exportability?: Code<Exportability> | undefined;
  /** `'0'` to `'1'` or `'2'`. */
  readonly keyContext?: Code<KeyContext> | undefined;
}

/** What {@link rewrapKey} takes. */
export interface RewrapKeyOptions extends SealOptions {
  /** The block to translate. */
  readonly keyBlock: string;
  /** The KBPK that it is under. */
  readonly from: KeyInput;
  /** The KBPK that the new block is to be under. */
  readonly to: KeyInput;
  /**
   * What is to change in the header: another version, a narrower mode of use, exportability (S to
   * E to N) or key context. Everything else stays as it was authenticated.
   */
  readonly header?: HeaderChanges | undefined;
  /**
   * How to read the given block. Writing is strict all the same.
   * @defaultValue `'strict'`
   */
  readonly validation?: Validation | undefined;
}

/**
 * Re-wraps a key: opens a block under one KBPK and seals it under another, without handing out the
 * key. The header is copied but for version, length, padding, a check value KP of the KBPK, which
 * is computed anew, and what the caller narrows. A re-wrap for storage is no export: not exportable
 * keys re-wrap.
 *
 * @param options - The block, both KBPKs, and what is to change.
 * @returns The new key block.
 * @throws {@link KeyblockError} the codes of `unwrapKey` and `wrapKey`; `EXPORT_NOT_ALLOWED`,
 * `USAGE_NOT_ALLOWED` or `CONTEXT_MISMATCH` when a change would widen what the key may do.
 *
 * @example
 * ```ts
 * import { fromHex, generateKey, parseKeyBlock, rewrapKey } from 'keyblock';
 *
 * const keyBlock = rewrapKey({
 *   keyBlock: 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E',
 *   from: fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6'),
 *   to: generateKey({ algorithm: 'AES', lengthBits: 256 }),
 *   header: { versionId: 'D', exportability: 'N' },
 * });
 * parseKeyBlock(keyBlock).header.exportability; // 'N'
 * ```
 */
export function rewrapKey(options: RewrapKeyOptions): string {
  requireObject(options, 'options');
  const reading = readPolicy(options);
  const writing = writingPolicy(options);
  const call = given(options);
  const keyBlock = scanKeyBlock(call.keyBlock, reading);
  const changes = call.header;
  if (changes !== undefined) requireObject(changes, 'header');
  const { key, findings } = openKeyBlock(call.from, 'from', keyBlock, reading);
  const { header: old, reserved } = keyBlock.scanned;
  try {
    const narrowed = changes === undefined ? old : narrowHeader(old, changes);
    const version = VERSIONS[narrowed.versionId];
    return withBlockKeys(call.to, 'to', version, (keys) => {
      settle(kbpkIssues(keys.kbpk, 'to'), writing);
      const wasWeaker = findings.some(isStrengthRule);
      const header = describeNewKbpk(narrowed, old, key, keys.kbpk, wasWeaker);
      return sealKeyBlock(header, reserved, key, keys, writing, options);
    });
  } finally {
    key.fill(0);
  }
}

/** Attributes that may be narrowed: the table of what each value may become, and the refusal. */
const NARROWINGS = [
  ['modeOfUse', MODES_OF_USE, 'USAGE_NOT_ALLOWED'],
  ['exportability', EXPORTABILITIES, 'EXPORT_NOT_ALLOWED'],
  ['keyContext', KEY_CONTEXTS, 'CONTEXT_MISMATCH'],
] as const;

/** Attributes that never change: whoever names one has to name what stands there. */
const FIXED = [
  ['keyUsage', 'USAGE_NOT_ALLOWED'],
  ['algorithm', 'INVALID_ARGUMENT'],
  ['keyVersionNumber', 'INVALID_ARGUMENT'],
] as const satisfies readonly (readonly [KeyblockErrorField, KeyblockErrorCode])[];

/** Applies a caller's changes to an authentic header. */
export function narrowHeader(header: KeyBlockHeader, changes: HeaderChanges): KeyBlockHeader {
  const versionId = own(changes, 'versionId') ?? header.versionId;
  if (!isVersionId(versionId)) throw new KeyblockError('UNSUPPORTED', { field: 'versionId' });
  const named: HeaderChanges & Partial<Omit<KeyBlockHeader, keyof HeaderChanges>> = changes;
  for (const [field, code] of FIXED) {
    const value = own(named, field) ?? header[field];
    if (value !== header[field]) throw new KeyblockError(code, { field });
  }
  if (own(named, 'optionalBlocks') !== undefined) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
  }
  const narrowed: Record<string, string> = {};
  for (const [field, table, code] of NARROWINGS) {
    const value = own(changes, field) ?? header[field];
    readField(value, field, 1);
    const allowed = lookUp<{ readonly narrows: string }>(table, header[field])?.narrows ?? '';
    if (value !== header[field] && !allowed.includes(value)) {
      throw new KeyblockError(code, { field });
    }
    narrowed[field] = value;
  }
  return { ...header, ...narrowed, versionId };
}

/** Brings up to date what optional blocks say about the KBPK: KP and the pedigree WP. */
export function describeNewKbpk(
  header: KeyBlockHeader,
  old: KeyBlockHeader,
  key: Uint8Array,
  kbpk: Uint8Array,
  wasWeaker: boolean,
  checkValue?: ComputeCheckValue,
): KeyBlockHeader {
  if (header.optionalBlocks.length === 0) return header;
  const isWeaker =
    wasWeaker || keyIssues(header, key, kbpk, undefined, checkValue).some(isStrengthRule);
  const optionalBlocks = header.optionalBlocks.map((block) => {
    if (block.id === 'KP') return newCheckValue(block, header, old, kbpk, checkValue);
    return block.id === 'WP' ? newPedigree(block, isWeaker) : block;
  });
  return { ...header, optionalBlocks };
}

/** KP by the same method and as long, where the KBPKs are of one algorithm; else by its own. */
function newCheckValue(
  block: OptionalBlock,
  { versionId }: KeyBlockHeader,
  old: KeyBlockHeader,
  kbpk: Uint8Array,
  checkValue: ComputeCheckValue | undefined,
): OptionalBlock {
  const { kbpkAlgorithm } = VERSIONS[versionId];
  const content = hasStandardFormat(block) ? readOptionalBlock(block) : undefined;
  if (content?.id !== 'KP' || VERSIONS[old.versionId].kbpkAlgorithm !== kbpkAlgorithm) {
    return checkValueBlock('KP', kbpkAlgorithm, kbpk, undefined, undefined, checkValue);
  }
  const length = content.kcv.length / 2;
  return checkValueBlock('KP', kbpkAlgorithm, kbpk, content.method, length, checkValue);
}

/** WP may only get worse: once the key was, or now is, under a KBPK that is weaker. */
function newPedigree(block: OptionalBlock, isWeaker: boolean): OptionalBlock {
  if (!isWeaker || !hasStandardFormat(block)) return block;
  const content = readOptionalBlock(block);
  return content.id === 'WP' ? formatOptionalBlock({ ...content, weaker: true }) : block;
}

export function isStrengthRule({ rule }: { readonly rule: RuleName }): boolean {
  return rule.startsWith('weaker-kbpk');
}
