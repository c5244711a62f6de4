/**
 * Finds where a header, its key and its KBPK break a rule. Nothing is decided here: `settle`
 * refuses or reports, by the validation of the call.
 */

import { fitsAlgorithm, type KeyAlgorithm } from '../primitives/algorithms.js';
import { equalBytes } from '../primitives/bytes.js';
import { type ComputeCheckValue, fullCheckValue } from '../primitives/check-value.js';
import { isWeakDesKey } from '../primitives/des-keys.js';
import { HASH_STRENGTHS, type HashName } from '../primitives/hashes.js';
import { decodeHex } from '../primitives/hex.js';
import { nominalStrength, symmetricStrength } from '../primitives/strength.js';
import { type KeyEncoding, readDsaKey, readEcKey, readRsaKey } from './asymmetric.js';
import { unknownAttributes } from './attributes.js';
import { keyAlgorithm } from './codes.js';
import { HEADER_FIELDS, type KeyBlockHeader, type ScannedHeader } from './header.js';
import { readOptionalBlock } from './optional-block-data.js';
import { hasStandardFormat, isKnownId } from './optional-block-formats.js';
import type { CheckValue, HmacHash } from './optional-block-types.js';
import {
  isLengthExtendedInVain,
  type OptionalBlock,
  type ScannedBlock,
} from './optional-blocks.js';
import type { Issue, RuleName } from './rules.js';
import { VERSIONS } from './versions.js';

/** Where the optional blocks stand, when the header was found in a text. */
type Places = readonly ScannedBlock[] | undefined;

/** Rules about the values of fields and the data of optional blocks. */
export function headerIssues(header: KeyBlockHeader, reserved: string, places?: Places): Issue[] {
  const issues = unknownAttributes(header, reserved).map((field): Issue => {
    const offset = places && HEADER_FIELDS.find(({ name }) => name === field)?.offset;
    return { rule: 'unknown-attribute', field, offset };
  });
  for (const block of header.optionalBlocks) {
    const rule = brokenBlockRule(block, header);
    if (rule !== undefined) issues.push(blockIssue(rule, block.id, places));
  }
  if (header.algorithm === 'H' && !header.optionalBlocks.some(({ id }) => id === 'HM')) {
    issues.push({ rule: 'hmac-without-hash', field: 'optionalBlocks' });
  }
  return issues;
}

/** The same for a header in a text, and the rules about how it is written there. */
export function scannedHeaderIssues(scanned: ScannedHeader, tr31Of2018: boolean): Issue[] {
  const { header, reserved, blocks } = scanned;
  const issues = headerIssues(header, reserved, blocks);
  blocks.forEach((block, i) => {
    const { id, lengthOfLength } = block;
    const formKnown = lengthOfLength === undefined || lengthOfLength === 4;
    if (block.lowerCase) issues.push(blockIssue('lower-case-hex', id, blocks));
    if (!formKnown && !(tr31Of2018 && lengthOfLength === 2)) {
      issues.push(blockIssue('extended-length-form', id, blocks));
    }
    if (isLengthExtendedInVain(block)) {
      issues.push(blockIssue('extended-length-not-needed', id, blocks));
    }
    if (id === 'PB' && i < blocks.length - 1) {
      issues.push(blockIssue('optional-block-order', id, blocks));
    }
  });
  return issues;
}

/** Rules about the KBPK alone: these hold before the MAC is looked at. */
export function kbpkIssues(kbpk: Uint8Array, field: 'kbpk' | 'from' | 'to'): Issue[] {
  return kbpk.length === 8 ? [{ rule: 'single-des-kbpk', field }] : [];
}

/** Rules about the key that came out of an authentic block, or is to go into one. */
export function keyIssues(
  header: KeyBlockHeader,
  key: Uint8Array,
  kbpk: Uint8Array,
  places?: Places,
  checkValue: ComputeCheckValue = fullCheckValue,
): Issue[] {
  const { kbpkAlgorithm } = VERSIONS[header.versionId];
  const algorithm = keyAlgorithm(header.algorithm);
  const issues: Issue[] = [];
  const report = (rule: RuleName) => issues.push({ rule, field: 'key' });
  if (!fitsAlgorithm(algorithm, key.length)) report('key-length');
  const kbpkStrength = symmetricStrength(kbpkAlgorithm, kbpk);
  if (algorithm === 'AES' || algorithm === 'TDES' || algorithm === 'DES') {
    const strength = symmetricStrength(algorithm, key);
    if (strength > nominalStrength(kbpkAlgorithm, kbpk.length)) report('weaker-kbpk');
    else if (strength > kbpkStrength) report('weaker-kbpk-parts');
    if (algorithm !== 'AES' && isWeakDesKey(key)) report('weak-key');
  } else {
    const { strength = 0, wellFormed } = asymmetricKey(header, key);
    if (strength > kbpkStrength) report('weaker-kbpk-asymmetric');
    if (!wellFormed) report('key-encoding');
  }
  if (header.optionalBlocks.length === 0) return issues;
  if (!matchesBlock(header, 'KC', algorithm, key, checkValue)) {
    issues.push(blockIssue('kcv-mismatch', 'KC', places));
  }
  const ofKbpk = kbpk.length === 8 ? 'DES' : kbpkAlgorithm;
  if (!matchesBlock(header, 'KP', ofKbpk, kbpk, checkValue)) {
    issues.push(blockIssue('kcv-mismatch', 'KP', places));
  }
  return issues;
}

/** Whether {@link keyIssues} looks at more of a key than how long it is. */
export function keyBytesMatter({ algorithm: letter, optionalBlocks }: KeyBlockHeader): boolean {
  switch (keyAlgorithm(letter)) {
    case 'TDES': // equal parts
    case 'DES':
    case 'RSA': // their DER
    case 'EC':
    case 'DSA':
      return true;
    case 'AES':
    case 'HMAC':
    case 'other':
      return optionalBlocks.some(({ id }) => id === 'KC');
  }
}

/** The hash of an HMAC key, where optional block HM names it. */
export function hmacHash(header: KeyBlockHeader): HashName | undefined {
  return contentOf(header, 'HM')?.hash;
}

type ContentOf<Id> = Id extends 'HM' ? HmacHash : CheckValue;

/** The typed data of an optional block, where it is there and has the standard's format. */
function contentOf<Id extends 'HM' | 'KC' | 'KP'>(
  { optionalBlocks }: KeyBlockHeader,
  id: Id,
): ContentOf<Id> | undefined {
  const block = optionalBlocks.find((candidate) => candidate.id === id);
  if (block === undefined || !hasStandardFormat(block)) return undefined;
  // Of this ID, because that is the block that was read.
  return readOptionalBlock(block) as ContentOf<Id>;
}

function brokenBlockRule(block: OptionalBlock, { keyUsage }: KeyBlockHeader): RuleName | undefined {
  if (!isKnownId(block.id)) return 'unknown-optional-block';
  if (!hasStandardFormat(block)) return 'optional-block-data';
  return block.id === 'DA' && keyUsage !== 'B3' ? 'derivations-outside-b3' : undefined;
}

function blockIssue(rule: RuleName, id: string, places: Places): Issue {
  const offset = places?.find((block) => block.id === id)?.offset;
  return { rule, field: 'optionalBlocks', offset };
}

/** What is not a cipher key: strength by size or by hash, and the encoding of key pairs. */
function asymmetricKey(header: KeyBlockHeader, key: Uint8Array): Partial<KeyEncoding> {
  switch (header.algorithm) {
    case 'R':
      return readRsaKey(key);
    case 'E':
      return readEcKey(key);
    case 'S':
      return readDsaKey(key);
    case 'H':
    case 'I':
    case 'J':
      return { wellFormed: true, strength: Math.min(8 * key.length, hmacStrength(header)) };
    default:
      return { wellFormed: true, strength: 0 };
  }
}

/**
 * SP 800-57 table 3. Without HM the letter is that of ISO 20038: SHA-1, or the least of a family.
 */
function hmacStrength(header: KeyBlockHeader): number {
  const fallback = header.algorithm === 'H' ? 'SHA-1' : 'SHA-224';
  return HASH_STRENGTHS[hmacHash(header) ?? fallback];
}

/** Whether a check value in KC or KP is that of its key; also where there is none to compare. */
function matchesBlock(
  header: KeyBlockHeader,
  id: 'KC' | 'KP',
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  checkValue: ComputeCheckValue,
): boolean {
  const content = contentOf(header, id);
  // The standard defines check values of cipher keys only.
  const isCipherKey = algorithm === 'AES' || algorithm === 'TDES' || algorithm === 'DES';
  if (content === undefined || !isCipherKey || !fitsAlgorithm(algorithm, key.length)) return true;
  const given = decodeHex(content.kcv, 'kcv');
  const computed = checkValue(algorithm, key, content.method, undefined);
  return equalBytes(computed.subarray(0, given.length), given);
}
