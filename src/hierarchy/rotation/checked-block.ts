/**
 * What can be told of a stored block without a key; its MAC says right after whether it is true.
 */

import { KeyblockError } from '../../errors.js';
import { type KeyBlockHeader, parseHeader } from '../../tr31/header.js';
import { checkPlace } from '../place.js';
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
  const agree =
    header.keyUsage === attributes.keyUsage &&
    header.algorithm === attributes.algorithm &&
    header.modeOfUse === attributes.modeOfUse &&
    header.keyVersionNumber === attributes.keyVersionNumber &&
    header.exportability === attributes.exportability;
  if (!agree) throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
}
