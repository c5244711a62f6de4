/**
 * The header of a key block: 16 fixed characters, then the optional blocks (X9.143 6.2).
 *
 * @module
 */

import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type {
  AlgorithmCode,
  Code,
  Exportability,
  KeyContext,
  KeyUsage,
  ModeOfUse,
} from './codes.js';
import { given } from './given.js';
import {
  formatOptionalBlocks,
  type OptionalBlock,
  type ScannedBlock,
  scanOptionalBlocks,
} from './optional-blocks.js';
import {
  FIXED_LENGTH,
  isAlphanumeric,
  MAX_KEY_BLOCK_LENGTH,
  requirePrintable,
  writeAscii,
} from './text.js';
import { VERSIONS, type VersionId } from './versions.js';

/** What a key block says about the key inside it. */
export interface KeyBlockHeader {
  /** Key block version ID (character 0). */
  readonly versionId: VersionId;
  /** Key usage (characters 5 and 6), such as `'P0'` for PIN encryption. */
  readonly keyUsage: Code<KeyUsage>;
  /** Algorithm of the wrapped key (character 7), such as `'A'` for AES. */
  readonly algorithm: Code<AlgorithmCode>;
  /** Mode of use (character 8), such as `'E'` for encrypt only. */
  readonly modeOfUse: Code<ModeOfUse>;
  /** Key version number (characters 9 and 10): `'00'` not used, `'c1'` the first component. */
  readonly keyVersionNumber: string;
  /** Exportability (character 11): `'E'`, `'N'` or `'S'`. */
  readonly exportability: Code<Exportability>;
  /** Key context (character 14): `'0'` any, `'1'` storage, `'2'` exchange. */
  readonly keyContext: Code<KeyContext>;
  /** The optional blocks in their order, without the padding block PB. */
  readonly optionalBlocks: readonly OptionalBlock[];
}

/** The fixed fields in the order of the text. */
export const HEADER_FIELDS = [
  { name: 'versionId', offset: 0, length: 1 },
  { name: 'keyBlockLength', offset: 1, length: 4 },
  { name: 'keyUsage', offset: 5, length: 2 },
  { name: 'algorithm', offset: 7, length: 1 },
  { name: 'modeOfUse', offset: 8, length: 1 },
  { name: 'keyVersionNumber', offset: 9, length: 2 },
  { name: 'exportability', offset: 11, length: 1 },
  { name: 'optionalBlockCount', offset: 12, length: 2 },
  { name: 'keyContext', offset: 14, length: 1 },
  { name: 'reserved', offset: 15, length: 1 },
] as const;

/** A header as it was found in a text. */
export interface ScannedHeader {
  readonly header: KeyBlockHeader;
  /** Characters of the header with all optional blocks. */
  readonly headerLength: number;
  /** Every optional block with its place, PB included. */
  readonly blocks: readonly ScannedBlock[];
  readonly reserved: string;
}

/**
 * Parses the header at the start of a text, without a key. Structure only: the length field, the
 * values of attributes and what follows the header are not looked at.
 *
 * @param text - A key block, or at least its header.
 * @returns The header and the number of its characters, optional blocks included.
 * @throws {@link KeyblockError} `INVALID_LENGTH`, `INPUT_TOO_LARGE`, `UNSUPPORTED`,
 * `INVALID_CHARACTER`, `INVALID_HEADER` or `INVALID_OPTIONAL_BLOCK`, with field and offset.
 *
 * @example
 * ```ts
 * import { parseHeader } from 'keyblock';
 *
 * const { header, headerLength } = parseHeader('B0000B1TX00E0100KS18FFFF0000000000000000');
 * header.optionalBlocks[0]; // { id: 'KS', data: 'FFFF0000000000000000' }
 * headerLength; // 40
 * ```
 */
export function parseHeader(text: string): {
  /** What the block says about its key. */
  readonly header: KeyBlockHeader;
  /** Characters of the header, optional blocks included. */
  readonly headerLength: number;
} {
  const { header, headerLength } = scanHeaderText(text);
  return { header, headerLength };
}

/**
 * The same, with the place of every optional block.
 *
 * @param field - What the caller calls the text.
 */
export function scanHeaderText(
  text: string,
  field: 'keyBlock' | 'header' = 'keyBlock',
): ScannedHeader {
  requireHeaderText(text, field);
  const versionId = readVersionId(text);
  requirePrintable(text, 5, FIXED_LENGTH, field); // the length field is not looked at
  const scanned = scanHeader(text, versionId, false);
  requirePrintable(text, FIXED_LENGTH, scanned.headerLength, field);
  return scanned;
}

/**
 * Formats a header: the 16 fixed characters and the optional blocks, with a padding block PB of
 * filler `0` where they do not fill whole cipher blocks.
 *
 * @param options - The header, and the length to write: 0 to 9999 characters.
 * @returns The text, as it starts a key block.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_HEADER`, `INVALID_OPTIONAL_BLOCK`;
 * `UNSUPPORTED` for a version there is not; `INPUT_TOO_LARGE` for a header of more than 9999
 * characters.
 *
 * @example
 * ```ts
 * import { formatHeader, parseHeader } from 'keyblock';
 *
 * const { header } = parseHeader('D0112P0AE00E0000');
 * formatHeader({ header, keyBlockLength: 144 }); // 'D0144P0AE00E0000'
 * ```
 */
export function formatHeader(options: {
  readonly header: KeyBlockHeader;
  readonly keyBlockLength: number;
}): string {
  requireObject(options, 'options');
  const length = own(options, 'keyBlockLength');
  if (!(typeof length === 'number' && Number.isInteger(length) && length >= 0 && length <= 9999)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyBlockLength' });
  }
  return layOutHeader(readHeader(own(options, 'header')), '0').format(length);
}

/** Refuses what can not start with a header. */
export function requireHeaderText(
  text: unknown,
  field: 'keyBlock' | 'header' = 'keyBlock',
): asserts text is string {
  if (typeof text !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field });
  if (text.length > MAX_KEY_BLOCK_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field });
  if (text.length < FIXED_LENGTH) {
    throw new KeyblockError('INVALID_LENGTH', { field, offset: text.length });
  }
}

/** Reads the first character, which decides over all the rest. */
export function readVersionId(text: string): VersionId {
  const versionId = text.charAt(0);
  if (!isVersionId(versionId)) {
    throw new KeyblockError('UNSUPPORTED', { field: 'versionId', offset: 0 });
  }
  return versionId;
}

/** Whether a value is one of the five version IDs. Digits are proprietary and not among them. */
export function isVersionId(value: unknown): value is VersionId {
  return typeof value === 'string' && value.length === 1 && value >= 'A' && value <= 'E';
}

/** Takes the fields and optional blocks apart. The fixed part is printable ASCII by now. */
export function scanHeader(text: string, versionId: VersionId, tr31Of2018: boolean): ScannedHeader {
  requireAlphanumeric(text, 5, FIXED_LENGTH);
  const count = decimalDigits(text, 12, 2);
  if (count < 0) {
    throw new KeyblockError('INVALID_HEADER', { field: 'optionalBlockCount', offset: 12 });
  }
  const blocks = scanOptionalBlocks(text, FIXED_LENGTH, count, tr31Of2018);
  const header: KeyBlockHeader = {
    versionId,
    keyUsage: text.slice(5, 7),
    algorithm: text.charAt(7),
    modeOfUse: text.charAt(8),
    keyVersionNumber: text.slice(9, 11),
    exportability: text.charAt(11),
    keyContext: text.charAt(14),
    optionalBlocks: blocks.filter(({ id }) => id !== 'PB').map(({ id, data }) => ({ id, data })),
  };
  return {
    header,
    headerLength: blocks.at(-1)?.end ?? FIXED_LENGTH,
    blocks,
    reserved: text.charAt(15),
  };
}

/** Reads decimal digits, by character codes: -1 where one is none. */
export function decimalDigits(text: string, offset: number, length: number): number {
  let value = 0;
  for (let i = offset; i < offset + length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = 10 * value + digit;
  }
  return value;
}

function requireAlphanumeric(text: string, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (isAlphanumeric(text.charCodeAt(i))) continue;
    const field = HEADER_FIELDS.find(({ offset, length }) => i < offset + length)?.name;
    throw new KeyblockError('INVALID_HEADER', { field, offset: i });
  }
}

/** A header as a caller gives it: what has a default may be left out. */
export type KeyBlockHeaderInput = Omit<
  KeyBlockHeader,
  'keyVersionNumber' | 'keyContext' | 'optionalBlocks'
> & {
  /** @defaultValue `'00'` */
  readonly keyVersionNumber?: string | undefined;
  /** @defaultValue `'0'` */
  readonly keyContext?: Code<KeyContext> | undefined;
  /** @defaultValue none */
  readonly optionalBlocks?: readonly OptionalBlock[] | undefined;
};

/** Copies a caller's header and checks the shape of its fields, not their values. */
export function readHeader(input: KeyBlockHeaderInput | undefined): KeyBlockHeader {
  if (typeof input !== 'object' || input === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'header' });
  }
  const header = given(input);
  const { versionId } = header;
  if (typeof versionId !== 'string') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'versionId' });
  }
  if (!isVersionId(versionId)) throw new KeyblockError('UNSUPPORTED', { field: 'versionId' });
  return {
    versionId,
    keyUsage: readField(header.keyUsage, 'keyUsage', 2),
    algorithm: readField(header.algorithm, 'algorithm', 1),
    modeOfUse: readField(header.modeOfUse, 'modeOfUse', 1),
    keyVersionNumber: readField(header.keyVersionNumber ?? '00', 'keyVersionNumber', 2),
    exportability: readField(header.exportability, 'exportability', 1),
    keyContext: readField(header.keyContext ?? '0', 'keyContext', 1),
    optionalBlocks: readOptionalBlocks(header.optionalBlocks ?? []),
  };
}

/** Checks one field of a caller's header: so many alphanumeric characters. */
export function readField(value: unknown, field: KeyblockErrorField, length: number): string {
  if (typeof value !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field });
  if (value.length !== length) throw new KeyblockError('INVALID_HEADER', { field });
  for (let i = 0; i < length; i++) {
    if (!isAlphanumeric(value.charCodeAt(i))) throw new KeyblockError('INVALID_HEADER', { field });
  }
  return value;
}

function readOptionalBlocks(input: readonly OptionalBlock[]): readonly OptionalBlock[] {
  if (!Array.isArray(input) || input.length > 99) throw invalidOptionalBlocks();
  const blocks: OptionalBlock[] = [];
  // By index, so that a hole in the array is an error too.
  for (let i = 0; i < input.length; i++) {
    const block: unknown = input[i];
    if (typeof block !== 'object' || block === null) throw invalidOptionalBlocks();
    const { id, data } = given(block as OptionalBlock); // both are checked
    if (typeof id !== 'string' || typeof data !== 'string') throw invalidOptionalBlocks();
    blocks.push({ id, data });
  }
  return blocks;
}

function invalidOptionalBlocks(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
}

/** A header in text, but for the length of the block, which depends on what follows. */
export interface HeaderLayout {
  /** Characters of the header. */
  readonly headerLength: number;
  /** Completes the text with the length of the whole block. */
  format(keyBlockLength: number): string;
  /** The same, as character codes. */
  write(keyBlockLength: number, to: Uint8Array): void;
}

/** Lays a header out: optional blocks in their order, padded to whole cipher blocks. */
export function layOutHeader(header: KeyBlockHeader, reserved: string): HeaderLayout {
  const { blockLength } = VERSIONS[header.versionId];
  const { text, count } = formatOptionalBlocks(header.optionalBlocks, blockLength);
  const { versionId, keyUsage, algorithm, modeOfUse, keyVersionNumber, exportability } = header;
  const attributes = keyUsage + algorithm + modeOfUse + keyVersionNumber + exportability;
  const rest = attributes + digits(count, 2) + header.keyContext + reserved + text;
  const start = (keyBlockLength: number) => versionId + digits(keyBlockLength, 4);
  return {
    headerLength: FIXED_LENGTH + text.length,
    format: (keyBlockLength) => start(keyBlockLength) + rest,
    write(keyBlockLength, to) {
      // Two short strings: V8 would put a longer one together as it is read, which costs more.
      writeAscii(start(keyBlockLength), to, 0);
      writeAscii(rest, to, 5);
    },
  };
}

/** A number of so many digits, which it does not exceed. */
function digits(value: number, length: 2 | 4): string {
  return String((length === 2 ? 100 : 10_000) + value).slice(1);
}
