/**
 * What can be told of a stored block without a key; its MAC says right after whether it is true.
 */

import { KeyblockError } from '../../errors.js';
import {
  type KeyBlockHeader,
  parseHeader,
  type ScannedHeader,
  scanHeaderText,
} from '../../tr31/header.js';
import { sameHeader } from '../../tr31/same-header.js';
import { findUnprintable } from '../../tr31/text.js';
import { checkPlace, PLACE_ID } from '../place.js';
import { isText } from '../read-record.js';
import type { KeyAttributes } from '../records.js';
import type { RotationItem } from './tasks.js';

/** A block, and what its header says. */
export interface CheckedBlock {
  readonly block: string;
  readonly header: KeyBlockHeader;
  readonly headerLength: number;
}

/**
 * Reads the header of a block of an item: for storage, of its place, and with the attributes of its
 * record.
 *
 * @throws {@link KeyblockError} `STALE_VERSION` where the record has no block to open;
 * `CONTEXT_MISMATCH`, and the codes of `parseHeader`.
 */
export function checkedBlock(item: RotationItem, given: string | undefined): CheckedBlock {
  const block = requireBlock(item, given);
  const { header, headerLength } = parseHeader(block);
  checkHeader(header, item);
  return { block, header, headerLength };
}

/**
 * Checks many blocks in turn. Their headers are mostly alike but for the place: then comparing
 * texts tells the same, ten times as fast.
 */
export function createBlockChecker(): (
  item: RotationItem,
  given: string | undefined,
) => Pick<CheckedBlock, 'block' | 'headerLength'> {
  let last: Pattern | undefined;
  return (item, given) => {
    const block = requireBlock(item, given);
    if (last !== undefined && matches(last, item, block)) {
      return { block, headerLength: last.headerLength };
    }
    const scanned = scanHeaderText(block);
    checkHeader(scanned.header, item);
    last = patternOf(scanned, block);
    return { block, headerLength: scanned.headerLength };
  };
}

/** A header that was read, around its place, and how long its block was. */
interface Pattern {
  readonly header: KeyBlockHeader;
  readonly headerLength: number;
  readonly before: string;
  readonly placeLength: number;
  readonly behind: string;
  readonly blockLength: number;
}

function patternOf(scanned: ScannedHeader, block: string): Pattern | undefined {
  const { header, headerLength, blocks } = scanned;
  const place = blocks.find(({ id }) => id === PLACE_ID);
  if (place === undefined) return undefined;
  const { dataOffset, end } = place;
  return {
    header,
    headerLength,
    before: block.slice(0, dataOffset),
    placeLength: end - dataOffset,
    behind: block.slice(end, headerLength),
    blockLength: block.length,
  };
}

/** Whether a block has the header that was read, with the place of its own item in it. */
function matches(
  { header, before, placeLength, behind, blockLength }: Pattern,
  { place, attributes }: RotationItem,
  block: string,
): boolean {
  return (
    isText(place) && // a task has been in a queue
    isText(block) &&
    place.length === placeLength &&
    block.length === blockLength &&
    block.startsWith(before) &&
    block.startsWith(place, before.length) &&
    block.startsWith(behind, before.length + placeLength) &&
    findUnprintable(place, 0, placeLength) === -1 &&
    haveSameAttributes(header, attributes)
  );
}

/** Refuses a row that is no record, and one that has no block to open. */
export function requireBlock({ refusal }: RotationItem, block: string | undefined): string {
  if (refusal !== undefined) throw new KeyblockError(refusal, { field: 'record' });
  if (block === undefined) throw new KeyblockError('STALE_VERSION', { field: 'slot' });
  return block;
}

/** Key context of X9.143 6.2: for storage. */
const STORAGE = '1';

/** Compares what a block says with the record that it stands in. Throws `CONTEXT_MISMATCH`. */
export function checkHeader(header: KeyBlockHeader, { place, attributes }: RotationItem): void {
  if (header.versionId !== 'D') throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
  if (header.keyContext !== STORAGE) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
  }
  checkPlace(header, place);
  if (!haveSameAttributes(header, attributes)) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
  }
}

function haveSameAttributes(header: KeyBlockHeader, attributes: KeyAttributes): boolean {
  return (
    header.keyUsage === attributes.keyUsage &&
    header.algorithm === attributes.algorithm &&
    header.modeOfUse === attributes.modeOfUse &&
    header.keyVersionNumber === attributes.keyVersionNumber &&
    header.exportability === attributes.exportability
  );
}

/**
 * What may be another in a block that was translated: a device may write the time of its wrapping
 * (TS), which no re-wrap of ours does.
 */
const OF_THE_WRAPPING = ['KP', 'TS', 'WP'];

/** Whether two stored blocks say the same of their key, whoever translated the one to the other. */
export function sameStoredHeader(a: KeyBlockHeader, b: KeyBlockHeader): boolean {
  return sameHeader(a, b, OF_THE_WRAPPING);
}
