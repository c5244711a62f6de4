/**
 * The data of optional blocks, read and written (X9.143 6.3.6).
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { formatOf } from './optional-block-formats.js';
import type { OptionalBlockData } from './optional-block-types.js';
import type { OptionalBlock } from './optional-blocks.js';
import { findUnprintable, MAX_KEY_BLOCK_LENGTH } from './text.js';

/**
 * Reads the data of an optional block.
 *
 * @param block - The block as a header holds it.
 * @returns Its data, typed by its ID.
 * @throws {@link KeyblockError} `INVALID_OPTIONAL_BLOCK` when the data does not have the format of
 * the ID, `UNSUPPORTED` for an ID that is neither of the standard nor two digits,
 * `INPUT_TOO_LARGE` beyond 9999 characters.
 *
 * @example
 * ```ts
 * import { readOptionalBlock } from 'keyblock';
 *
 * readOptionalBlock({ id: 'HM', data: '21' }); // { id: 'HM', hash: 'SHA-256' }
 * ```
 */
export function readOptionalBlock(block: OptionalBlock): OptionalBlockData {
  requireObject(block, 'optionalBlocks');
  const id = own(block, 'id');
  const data = own(block, 'data');
  if (typeof id !== 'string' || typeof data !== 'string') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
  }
  return readData(id, data, 'optionalBlocks');
}

/**
 * Formats the data of an optional block.
 *
 * @param content - The typed data.
 * @returns The block as a header takes it.
 * @throws {@link KeyblockError} `INVALID_OPTIONAL_BLOCK` when a value does not fit the format
 * (the field is `hash`, `label` or `time` for those, else `optionalBlocks`), `UNSUPPORTED` for an ID
 * that is neither of the standard nor two digits, `INPUT_TOO_LARGE` beyond 9999 characters.
 *
 * @example
 * ```ts
 * import { formatOptionalBlock } from 'keyblock';
 *
 * formatOptionalBlock({ id: 'TS', time: '2026-11-21T08:00:00Z' });
 * // { id: 'TS', data: '2026-11-21T08:00:00Z' }
 * ```
 */
export function formatOptionalBlock(content: OptionalBlockData): OptionalBlock {
  requireObject(content, 'optionalBlocks');
  // Copied once, with its own properties only.
  const given: Readonly<Record<string, unknown>> = { __proto__: null, ...content };
  const id = given['id'];
  if (typeof id !== 'string') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
  }
  // What was written is read again: one grammar decides in both directions.
  const format = formatOf(id);
  const field = own(format, 'field') ?? 'optionalBlocks';
  const data = format.write(given);
  if (data === undefined) throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field });
  readData(id, data, field);
  return { id, data };
}

/** @param field - Where the data comes from. */
function readData(id: string, data: string, field: KeyblockErrorField): OptionalBlockData {
  if (data.length > MAX_KEY_BLOCK_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field });
  const printable = findUnprintable(data, 0, data.length) === -1;
  const content = printable ? formatOf(id).read(data, id) : undefined;
  if (content === undefined) throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field });
  return content;
}
