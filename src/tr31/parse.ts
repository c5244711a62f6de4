/**
 * Takes a key block apart, without a key: everything that can be known from the text.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import {
  decimalDigits,
  type KeyBlockHeader,
  readVersionId,
  requireHeaderText,
  type ScannedHeader,
  scanHeader,
} from './header.js';
import { scannedHeaderIssues } from './policy.js';
import {
  type Allow,
  type Finding,
  type Issue,
  type Policy,
  readPolicy,
  settle,
  type Validation,
} from './rules.js';
import { asciiCodes, decodeHexPart, findLowerCase, requirePrintable } from './text.js';
import { VERSIONS, type Version } from './versions.js';

/** A key block taken apart. Nothing of it is authentic until its MAC has been verified. */
export interface KeyBlock {
  /** What the block says about its key. */
  readonly header: KeyBlockHeader;
  /** Characters of the header, optional blocks included. */
  readonly headerLength: number;
  /** Characters of the whole block. */
  readonly keyBlockLength: number;
  /** The encrypted payload, hex as in the text. */
  readonly payload: string;
  /** The MAC, hex as in the text. */
  readonly mac: string;
  /** What strict validation refuses, and what is only reported. */
  readonly findings: readonly Finding[];
}

/** How to validate. */
export interface ValidationOptions {
  /** @defaultValue `'strict'` */
  readonly validation?: Validation | undefined;
  /** Rules to lift in strict validation, each by its own word. */
  readonly allow?: readonly Allow[] | undefined;
}

/**
 * Parses a key block without a key. Nothing that it returns is authentic.
 *
 * @param keyBlock - The whole block, 16 to 9999 characters.
 * @param options - How to validate; strict by default.
 * @returns The header, and payload and MAC in hex.
 * @throws {@link KeyblockError} with field and offset: `INVALID_ARGUMENT`, `INPUT_TOO_LARGE`,
 * `INVALID_LENGTH`, `UNSUPPORTED`, `INVALID_CHARACTER`, `INVALID_HEADER`,
 * `INVALID_OPTIONAL_BLOCK` or `INVALID_HEX`.
 *
 * @example
 * ```ts
 * import { parseKeyBlock } from 'keyblock';
 *
 * const { header } = parseKeyBlock(
 *   'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 * );
 * header.keyUsage; // 'P0'
 * ```
 */
export function parseKeyBlock(keyBlock: string, options: ValidationOptions = {}): KeyBlock {
  if (typeof options !== 'object' || options === null) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const { version, scanned, findings } = scanKeyBlock(keyBlock, readPolicy(options));
  const { header, headerLength } = scanned;
  const macOffset = keyBlock.length - 2 * version.macLength;
  return {
    header,
    headerLength,
    keyBlockLength: keyBlock.length,
    payload: keyBlock.slice(headerLength, macOffset),
    mac: keyBlock.slice(macOffset),
    findings,
  };
}

/** A key block of sound structure, its binary parts decoded. */
export interface ScannedKeyBlock {
  readonly version: Version;
  readonly scanned: ScannedHeader;
  /** The header as it stands in the text, then the encrypted payload. */
  readonly message: Uint8Array<ArrayBuffer>;
  readonly mac: Uint8Array<ArrayBuffer>;
  readonly findings: readonly Finding[];
}

/** Steps 1 to 9 of unwrapping: structure first, then what strict validation demands of it. */
export function scanKeyBlock(text: string | undefined, policy: Policy): ScannedKeyBlock {
  requireHeaderText(text);
  const version = VERSIONS[readVersionId(text)];
  if (decimalDigits(text, 1, 4) !== text.length) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'keyBlockLength', offset: 1 });
  }
  requirePrintable(text, 0, text.length, 'keyBlock');
  const tr31Of2018 = policy.allow.has('tr31-2018-extended-length');
  const scanned = scanHeader(text, version.versionId, tr31Of2018);
  requireWholeBlocks(text, scanned, version);
  const { message, mac, lowerCase } = decodeParts(text, scanned.headerLength, version);
  const issues = scannedHeaderIssues(scanned, tr31Of2018);
  if (lowerCase) issues.push(lowerCaseIssue(text, scanned, version));
  return { version, scanned, message, mac, findings: settle(issues, policy) };
}

/** Step 7: header and, in CBC, the whole text are whole cipher blocks. */
function requireWholeBlocks(
  text: string,
  { headerLength, blocks }: ScannedHeader,
  { blockLength, binding }: Version,
): void {
  if (headerLength % blockLength !== 0) {
    const offset = blocks.at(-1)?.offset;
    throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field: 'optionalBlocks', offset });
  }
  if (binding !== 'aes-cmac-ctr' && text.length % blockLength !== 0) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'keyBlock', offset: text.length });
  }
}

interface DecodedParts {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly mac: Uint8Array<ArrayBuffer>;
  readonly lowerCase: boolean;
}

/** Step 8: the MAC at the end, and the payload between it and the header. */
function decodeParts(text: string, headerLength: number, version: Version): DecodedParts {
  const { blockLength, macLength, binding } = version;
  const macOffset = text.length - 2 * macLength;
  if (macOffset < headerLength) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'mac', offset: headerLength });
  }
  const codes = asciiCodes(text);
  const mac = new Uint8Array(macLength);
  const macInLowerCase = decodeHexPart(codes, macOffset, mac, 0, 'mac');
  const payloadLength = (macOffset - headerLength) / 2;
  const message = new Uint8Array(headerLength + Math.floor(payloadLength));
  for (let i = 0; i < headerLength; i++) message[i] = codes[i] as number; // in range
  const payloadInLowerCase = decodeHexPart(codes, headerLength, message, headerLength, 'payload');
  // Version E is a stream of bytes, the others are whole cipher blocks.
  const unit = binding === 'aes-cmac-ctr' ? 1 : blockLength;
  if (payloadLength % unit !== 0 || payloadLength < 2) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'payload', offset: headerLength });
  }
  return { message, mac, lowerCase: macInLowerCase || payloadInLowerCase };
}

function lowerCaseIssue(
  text: string,
  { headerLength }: ScannedHeader,
  { macLength }: Version,
): Issue {
  const offset = findLowerCase(text, headerLength);
  const field = offset < text.length - 2 * macLength ? 'payload' : 'mac';
  return { rule: 'lower-case-hex', field, offset };
}
