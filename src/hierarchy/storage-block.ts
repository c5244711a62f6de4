/**
 * The stored form of a key: a TR-31 block of version D for storage only, which says whose key it
 * holds. The smallest piece that everything else rests on.
 */

import { KeyblockError } from '../errors.js';
import { own } from '../primitives/bytes.js';
import { type KeyInput, type SecretKey, withClearKey } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { formatOptionalBlock } from '../tr31/optional-block-data.js';
import type { OptionalBlock } from '../tr31/optional-blocks.js';
import { unwrapKey } from '../tr31/unwrap.js';
import { wrapKey } from '../tr31/wrap.js';
import { kcvOf } from './check-value.js';
import { sha256Hex } from './digest.js';
import type { Env } from './env.js';
import { checkPlace, PLACE_ID } from './place.js';
import type { BlockSlot, Kcv, KeyAttributes, KeyRef } from './records.js';

/** Key context of X9.143 6.2: for storage, and never to be exchanged. */
const STORAGE = '1';

/** Where the key context stands in every key block. */
const CONTEXT_OFFSET = 14;

/** What {@link sealStorageBlock} takes. */
export interface SealStorageBlockOptions {
  /** The main key, and its name. */
  readonly kbpk: SecretKey;
  readonly under: KeyRef;
  readonly key: KeyInput;
  readonly attributes: KeyAttributes;
  readonly place: string;
  /** Optional blocks of the customer's, which are none of ours. */
  readonly extra?: readonly OptionalBlock[] | undefined;
  readonly env: Env;
}

/**
 * Seals a key for storage. The check value KP stands first and the place second, so that blocks of
 * one profile begin alike.
 *
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` when the key is not of its attributes, and the
 * codes of `wrapKey`.
 */
export function sealStorageBlock(options: SealStorageBlockOptions): BlockSlot {
  const { kbpk, under, key, attributes, place, extra = [], env } = options;
  const kbpkKcv = kcvOf(kbpk);
  const { keyUsage, algorithm, modeOfUse, exportability, keyVersionNumber } = attributes;
  const block = wrapKey({
    kbpk,
    key,
    header: {
      versionId: 'D',
      keyUsage,
      algorithm,
      modeOfUse,
      exportability,
      keyVersionNumber,
      keyContext: STORAGE,
      optionalBlocks: [
        formatOptionalBlock({ id: 'KP', method: 'cmac', kcv: kbpkKcv.value }),
        { id: PLACE_ID, data: place },
        ...extra,
      ],
    },
    maskedKeyLength: maskedLength(key, attributes),
    randomBytes: own(env, 'randomBytes'),
  });
  return slotOf({ under, block, kbpkKcv });
}

/** Every key looks 32 bytes long, and a longer one as a multiple of that. */
const MASK = 32;

function maskedLength(key: KeyInput, { keyBits }: KeyAttributes): number {
  return withClearKey(key, 'key', ({ bytes }) => {
    if (8 * bytes.length !== keyBits) {
      throw new KeyblockError('INVALID_ARGUMENT', { field: 'attributes' });
    }
    return MASK * Math.ceil(bytes.length / MASK);
  });
}

/** What {@link openStorageBlock} takes. */
export interface OpenStorageBlockOptions {
  readonly kbpk: SecretKey;
  readonly slot: BlockSlot;
  /** Where the record is that holds the slot. */
  readonly place: string;
  /** What the record says about the key. */
  readonly attributes?: KeyAttributes | undefined;
}

/** A key that came out of storage. */
export interface OpenedStorageBlock {
  readonly header: KeyBlockHeader;
  readonly key: SecretKey;
}

/**
 * Opens a stored block and compares what it says with the record that it stands in.
 *
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH` for a block of another record, and for one that
 * is not for storage; `AUTHENTICATION_FAILED`, and the other codes of `unwrapKey`.
 */
export function openStorageBlock(options: OpenStorageBlockOptions): OpenedStorageBlock {
  const { kbpk, slot, place, attributes } = options;
  const { block } = slot;
  if (typeof block === 'string' && block.length > CONTEXT_OFFSET) {
    if (block.charAt(CONTEXT_OFFSET) !== STORAGE) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
    }
  }
  const { header, key } = unwrapKey({ kbpk, keyBlock: block });
  try {
    // A version that this library never stores, and no rotation would move.
    if (header.versionId !== 'D') throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
    checkPlace(header, place);
    if (attributes !== undefined) checkAttributes(header, key, attributes);
    return { header, key };
  } catch (error) {
    key.destroy();
    throw error;
  }
}

/** Compares a record with the authentic header of its block. */
function checkAttributes(header: KeyBlockHeader, key: SecretKey, attributes: KeyAttributes): void {
  const agree =
    header.keyUsage === attributes.keyUsage &&
    header.algorithm === attributes.algorithm &&
    header.modeOfUse === attributes.modeOfUse &&
    header.exportability === attributes.exportability &&
    header.keyVersionNumber === attributes.keyVersionNumber &&
    key.lengthBits === attributes.keyBits;
  if (!agree) throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
}

/** The stored form of a block, with its digest. */
export function slotOf(slot: {
  readonly under: KeyRef;
  readonly block: string;
  readonly kbpkKcv: Kcv;
}): BlockSlot {
  const { keyId, version } = slot.under;
  const { block, kbpkKcv } = slot;
  return { under: { keyId, version }, block, kbpkKcv, digest: sha256Hex(block) };
}
