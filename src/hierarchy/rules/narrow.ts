/**
 * What leaves may say less of a key than what is stored, and never more.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { type KeyBlockHeader, readHeader } from '../../tr31/header.js';
import type { OptionalBlock } from '../../tr31/optional-blocks.js';
import { type HeaderChanges, narrowHeader as narrowAttributes } from '../../tr31/rewrap.js';
import { PLACE_ID } from '../place.js';

/** What a header may become: narrower attributes, a key version, more optional blocks. */
export interface HeaderRequest extends HeaderChanges {
  /** Of a key that has none yet: `'00'` to any. */
  readonly keyVersionNumber?: string | undefined;
  /** To be added to those that the key has. */
  readonly optionalBlocks?: readonly OptionalBlock[] | undefined;
}

/** What {@link narrowHeader} takes. */
export interface NarrowHeaderOptions {
  /** What is authentic about the key. */
  readonly header: KeyBlockHeader;
  /** What is to be said instead. */
  readonly request?: HeaderRequest | undefined;
}

/**
 * Narrows a header: mode of use (B to D or E, C to G or V, T to S or D, N to any), exportability (S
 * to E to N), key context (`'0'` to `'1'` or `'2'`); gives a key version to a key without one, and
 * adds optional blocks. The version of the key block is free. All else stays.
 *
 * @param options - The header, and what is to be narrowed.
 * @returns The header to write.
 * @throws {@link KeyblockError} `USAGE_NOT_ALLOWED`, `EXPORT_NOT_ALLOWED` or `CONTEXT_MISMATCH` for
 * what would widen; `INVALID_ARGUMENT` for what can not change; `INVALID_OPTIONAL_BLOCK` for a
 * block that the key has already.
 *
 * @example
 * ```ts
 * import { parseHeader } from 'keyblock';
 * import { narrowHeader } from 'keyblock/hierarchy';
 *
 * const { header } = parseHeader('D0112P0AB00S0000');
 * narrowHeader({ header, request: { modeOfUse: 'D', exportability: 'N' } }).modeOfUse; // 'D'
 * ```
 */
export function narrowHeader(options: NarrowHeaderOptions): KeyBlockHeader {
  requireObject(options, 'options');
  const header = readHeader(own(options, 'header'));
  const request = own(options, 'request') ?? {};
  requireObject(request, 'header');
  const { keyVersionNumber, optionalBlocks, ...changes }: HeaderRequest = ownMembers(request);
  const narrowed = narrowAttributes(header, changes);
  return {
    ...narrowed,
    keyVersionNumber: newKeyVersion(header.keyVersionNumber, keyVersionNumber),
    optionalBlocks: [...header.optionalBlocks, ...addedBlocks(header, optionalBlocks)],
  };
}

/** Copied once, with its own properties only. */
function ownMembers(request: HeaderRequest): HeaderRequest {
  return { __proto__: null, ...request } as HeaderRequest; // the prototype is no member
}

/** X9.143 6.3.4: `00` says that there is no version; that may be filled in, once. */
function newKeyVersion(present: string, requested: string | undefined): string {
  const version = requested ?? present;
  if (version === present || (present === '00' && /^[0-9A-Z]{2}$/.test(version))) return version;
  throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyVersionNumber' });
}

/** Not what speaks of another wrapping key, and no second block of one ID. */
function addedBlocks(
  { optionalBlocks }: KeyBlockHeader,
  added: readonly OptionalBlock[] | undefined,
): readonly OptionalBlock[] {
  if (added === undefined) return [];
  if (!Array.isArray(added)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
  }
  const taken = new Set([PLACE_ID, 'KP', 'PB', 'WP', ...optionalBlocks.map(({ id }) => id)]);
  return (added as readonly OptionalBlock[]).map((block) => {
    requireObject(block, 'optionalBlocks');
    const id = own(block, 'id');
    const data = own(block, 'data');
    if (typeof id !== 'string' || typeof data !== 'string' || taken.has(id)) {
      throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field: 'optionalBlocks' });
    }
    return { id, data };
  });
}
