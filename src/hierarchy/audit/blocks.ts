/** What can be told of a stored block from its text, without a key. */

import { KeyblockError } from '../../errors.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { readOptionalBlock } from '../../tr31/optional-block-data.js';
import { hasStandardFormat } from '../../tr31/optional-block-formats.js';
import type { OptionalBlockData } from '../../tr31/optional-block-types.js';
import { parseKeyBlock } from '../../tr31/parse.js';
import { sha256Hex } from '../digest.js';
import { PLACE_ID } from '../place.js';
import type { BlockSlot, KeyAttributes, MainKeyVersion } from '../records.js';
import type { Report } from './findings.js';

/** What a block has to say. */
export interface ExpectedBlock {
  readonly recordId: string;
  readonly attributes: KeyAttributes;
  /** Undefined where the record is missing that it depends on. */
  readonly place: string | undefined;
  /** The version that it stands under, where that is known. */
  readonly version: MainKeyVersion | undefined;
}

/** Checks one block. */
export function auditBlock(slot: BlockSlot, expected: ExpectedBlock, report: Report): void {
  const { recordId } = expected;
  if (sha256Hex(slot.block) !== slot.digest) report('digest-differs', recordId);
  const header = parseHeaderOf(slot.block);
  if (header === undefined) {
    report('malformed-block', recordId);
    return;
  }
  if (header.keyContext !== '1') report('not-for-storage', recordId);
  if (!hasAttributes(header, expected.attributes)) report('header-differs', recordId);
  const place = header.optionalBlocks.find(({ id }) => id === PLACE_ID)?.data;
  if (place !== (expected.place ?? place)) report('place-differs', recordId);
  auditWrapping(slot, header, expected, report);
}

function parseHeaderOf(block: string): KeyBlockHeader | undefined {
  try {
    return parseKeyBlock(block).header;
  } catch (error) {
    if (error instanceof KeyblockError) return undefined;
    throw error;
  }
}

/** The length of the key is not in the header. */
function hasAttributes(header: KeyBlockHeader, attributes: KeyAttributes): boolean {
  return (
    header.keyUsage === attributes.keyUsage &&
    header.algorithm === attributes.algorithm &&
    header.modeOfUse === attributes.modeOfUse &&
    header.exportability === attributes.exportability &&
    header.keyVersionNumber === attributes.keyVersionNumber
  );
}

/** Under what the block is, and under what the key was before. */
function auditWrapping(
  slot: BlockSlot,
  header: KeyBlockHeader,
  { recordId, version }: ExpectedBlock,
  report: Report,
): void {
  const kp = contentOf(header, 'KP');
  // Version D is under AES; a main key of AES has its check value by CMAC.
  const isWeak = header.versionId !== 'D' || (kp?.id === 'KP' && kp.method !== 'cmac');
  if (isWeak) report('weak-wrap', recordId);
  if (kp?.id !== 'KP') report('missing-kp', recordId);
  else if (!agrees(kp.kcv, slot.kbpkKcv.value) || !agrees(kp.kcv, version?.kcv.value ?? kp.kcv)) {
    report('kp-differs', recordId);
  }
  const wp = contentOf(header, 'WP');
  if (wp?.id === 'WP' && (wp.weaker || wp.asymmetric)) report('weak-pedigree', recordId);
}

function contentOf(header: KeyBlockHeader, id: 'KP' | 'WP'): OptionalBlockData | undefined {
  const block = header.optionalBlocks.find((candidate) => candidate.id === id);
  return block !== undefined && hasStandardFormat(block) ? readOptionalBlock(block) : undefined;
}

/** Check values are cut from the left: the shorter one counts. */
function agrees(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
