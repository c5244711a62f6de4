/** How optional blocks stand in the text (X9.143 6.3.6): ID, length, data, and the padding PB. */

import { KeyblockError } from '../errors.js';
import { HEX_VALUES } from '../primitives/hex.js';
import { FIXED_LENGTH, findUnprintable, isAlphanumeric, MAX_KEY_BLOCK_LENGTH } from './text.js';

/** An optional block of the header. */
export interface OptionalBlock {
  /** Two alphanumeric characters; two digits are proprietary. */
  readonly id: string;
  /** The data as text, as it stands in the key block: printable ASCII. */
  readonly data: string;
}

/** An optional block with its place in the text, and how its length was written. */
export interface ScannedBlock extends OptionalBlock {
  readonly offset: number;
  readonly dataOffset: number;
  readonly end: number;
  /** The length of length of the extended form; undefined in the short form. */
  readonly lengthOfLength?: number | undefined;
  /** Whether a digit of the length is in lower case. */
  readonly lowerCase: boolean;
}

/** Characters of ID and length, in the short form and in the extended form of X9.143. */
const SHORT_PREFIX = 4;
const EXTENDED_PREFIX = 10;
const MAX_SHORT_LENGTH = 255;

/**
 * Takes apart `count` optional blocks. Every length is bounded by the text before it is used.
 *
 * @param tr31Of2018 - Reads a length of length of 02 as two pairs of digits (spec 3.1).
 */
export function scanOptionalBlocks(
  text: string,
  from: number,
  count: number,
  tr31Of2018: boolean,
): readonly ScannedBlock[] {
  const blocks: ScannedBlock[] = [];
  if (count === 0) return blocks; // most headers, and a set takes as long as half an AES block
  const ids = new Set<string>();
  for (let i = 0, offset = from; i < count; i++) {
    const block = scanOptionalBlock(text, offset, tr31Of2018);
    if (ids.has(block.id)) throw malformed(offset);
    ids.add(block.id);
    blocks.push(block);
    offset = block.end;
  }
  return blocks;
}

function scanOptionalBlock(text: string, offset: number, tr31Of2018: boolean): ScannedBlock {
  for (let i = offset; i < offset + 2; i++) {
    // Also refuses the end of the text, whose character code is NaN.
    if (!isAlphanumeric(text.charCodeAt(i))) throw malformed(i);
  }
  const short = hexNumber(text, offset + 2, 2);
  let dataOffset = offset + SHORT_PREFIX;
  let length = short;
  let lengthOfLength: number | undefined;
  if (short === 0) {
    lengthOfLength = hexNumber(text, offset + 4, 2);
    if (lengthOfLength === 0) throw malformed(offset + 4);
    const digits = tr31Of2018 && lengthOfLength === 2 ? 4 : lengthOfLength;
    dataOffset = offset + 6 + digits;
    length = hexNumber(text, offset + 6, digits);
  }
  const end = offset + length;
  if (end < dataOffset || end > text.length) throw malformed(offset + 2);
  return {
    id: text.slice(offset, offset + 2),
    data: text.slice(dataOffset, end),
    offset,
    dataOffset,
    end,
    lengthOfLength,
    lowerCase: /[a-f]/.test(text.slice(offset + 2, dataOffset)),
  };
}

/** Reads hex digits as a number; the digits may be more than a number needs (up to 255). */
function hexNumber(text: string, offset: number, digits: number): number {
  let value = 0;
  for (let i = offset; i < offset + digits; i++) {
    const digit = HEX_VALUES[text.charCodeAt(i)] ?? -1;
    if (digit < 0) throw malformed(i);
    // Beyond the longest block the value no longer matters, only that it stays beyond.
    value = Math.min(16 * value + digit, 16 * MAX_KEY_BLOCK_LENGTH);
  }
  return value;
}

/** Whether the extended form was used for a block that fits the short one. */
export function isLengthExtendedInVain({ lengthOfLength, data }: ScannedBlock): boolean {
  return lengthOfLength !== undefined && data.length <= MAX_SHORT_LENGTH - SHORT_PREFIX;
}

/**
 * Formats optional blocks one after the other, and pads them with PB to whole cipher blocks
 * (X9.143 6.3.6.11). The filler is `0`, as in the examples of the standard.
 */
export function formatOptionalBlocks(
  blocks: readonly OptionalBlock[],
  blockLength: number,
): { readonly text: string; readonly count: number } {
  if (blocks.length === 0) return { text: '', count: 0 };
  const ids = new Set<string>();
  let text = '';
  for (const block of blocks) {
    // PB is the library's business; a second block of one ID could be read either way.
    if (block.id === 'PB' || ids.has(block.id)) throw malformed();
    ids.add(block.id);
    text += formatOptionalBlockText(block);
    requireRoom(text);
  }
  const padded = text.length % blockLength === 0;
  const count = blocks.length + (padded ? 0 : 1);
  if (count > 99) throw malformed();
  if (!padded) text += formatPadding(text.length, blockLength);
  requireRoom(text);
  return { text, count };
}

/** Refuses blocks that no key block has room for behind the fixed part of its header. */
function requireRoom({ length }: string): void {
  if (FIXED_LENGTH + length > MAX_KEY_BLOCK_LENGTH) {
    throw new KeyblockError('INPUT_TOO_LARGE', { field: 'optionalBlocks' });
  }
}

function formatPadding(length: number, blockLength: number): string {
  const filler = (blockLength - ((length + SHORT_PREFIX) % blockLength)) % blockLength;
  return formatOptionalBlockText({ id: 'PB', data: '0'.repeat(filler) });
}

function formatOptionalBlockText({ id, data }: OptionalBlock): string {
  if (!(id.length === 2 && isAlphanumeric(id.charCodeAt(0)) && isAlphanumeric(id.charCodeAt(1)))) {
    throw malformed();
  }
  if (data.length > MAX_KEY_BLOCK_LENGTH) {
    throw new KeyblockError('INPUT_TOO_LARGE', { field: 'optionalBlocks' });
  }
  if (findUnprintable(data, 0, data.length) !== -1) throw malformed();
  return data.length + SHORT_PREFIX <= MAX_SHORT_LENGTH
    ? id + hexDigits(data.length + SHORT_PREFIX, 2) + data
    : `${id}0004${hexDigits(data.length + EXTENDED_PREFIX, 4)}${data}`;
}

function hexDigits(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

function malformed(offset?: number): KeyblockError {
  return new KeyblockError('INVALID_OPTIONAL_BLOCK', { field: 'optionalBlocks', offset });
}
