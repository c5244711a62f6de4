/**
 * The cryptography of a rotation: opens and re-wraps the blocks of a whole task side by side. What
 * is prepared for a main key is kept from task to task. Nothing else in a rotation touches a clear
 * key.
 */

import { type Opening, openMany, prepareOpening } from '../../bulk/open-many.js';
import { createRewrapper, type Rewrapper } from '../../bulk/rewrapper.js';
import { KeyblockError } from '../../errors.js';
import type { RandomBytes } from '../../primitives/random.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { kcvOf, requireMainKey } from '../check-value.js';
import { type KeyRing, secretOf } from '../key-ring.js';
import type { BlockSlot, Kcv, KeyRef } from '../records.js';
import { slotOf } from '../storage-block.js';
import { checkedBlock, checkHeader, createBlockChecker, requireBlock } from './checked-block.js';
import { oldBlockOf, type RewrapTask, type RotationItem } from './tasks.js';

/** What is opened, and who is told of it: each index once, in any order. */
interface OpenRequest {
  readonly ref: KeyRef;
  /** The check value of that main key in its record. */
  readonly kcv: Kcv;
  readonly items: readonly RotationItem[];
  /** Which of the items. */
  readonly indexes: readonly number[];
  /** Which of the blocks of an item. */
  readonly blockOf: (item: RotationItem) => string | undefined;
  /** Is lent the clear key, which is overwritten after the call. */
  readonly visit: (index: number, header: KeyBlockHeader, key: Uint8Array) => void;
  readonly refuse: (index: number, error: unknown) => void;
}

/** Prepared main keys. Holds keys: to be destroyed. */
export interface Workbench {
  /** Opens blocks under one main key. */
  open(request: OpenRequest): void;
  /** Re-wraps the blocks of a task: a new one for each, or what its error is. */
  rewrap(task: RewrapTask): readonly Rewrapped[];
  destroy(): void;
}

/** What became of one block. */
export type Rewrapped = { readonly slot: BlockSlot } | { readonly error: unknown };

/** Makes a workbench of the main keys of a ring, each prepared when it is first used. */
export function createWorkbench(
  ring: KeyRing | undefined,
  randomBytes: RandomBytes | undefined,
): Workbench {
  const openings = new Map<string, Opening>();
  let current: { readonly name: string; readonly rewrapper: Rewrapper } | undefined;

  return {
    open(request) {
      requireMainKey(secretOf(ring, request.ref), request);
      const opening = openingOf(request.ref);
      openChecked(opening, request);
    },
    rewrap({ from, to, kcvs, items }) {
      requireMainKey(secretOf(ring, from), { kcv: kcvs.from });
      requireMainKey(secretOf(ring, to), { kcv: kcvs.to });
      const outcomes = new Array<Rewrapped>(items.length);
      const kbpkKcv = kcvOf(secretOf(ring, to));
      for (const [length, batch] of byPayloadLength(items, outcomes)) {
        const rewrapped = rewrapperFor(from, to, length).rewrap(batch.map(({ block }) => block));
        rewrapped.forEach((outcome, i) => {
          const { index } = batch[i] as Waiting; // as many come back
          outcomes[index] =
            'error' in outcome
              ? outcome
              : { slot: slotOf({ under: to, block: outcome.keyBlock, kbpkKcv }) };
        });
      }
      return outcomes;
    },
    destroy() {
      for (const opening of openings.values()) opening.destroy();
      openings.clear();
      current?.rewrapper.destroy();
      current = undefined;
    },
  };

  function openingOf(ref: KeyRef): Opening {
    const name = nameOf(ref);
    const known = openings.get(name);
    if (known !== undefined) return known;
    const opening = prepareOpening(secretOf(ring, ref), {});
    openings.set(name, opening);
    return opening;
  }

  /** One at a time: nearly all blocks of a store are of one length, and each has its own memory. */
  function rewrapperFor(from: KeyRef, to: KeyRef, payload: number): Rewrapper {
    const name = `${nameOf(from)} ${nameOf(to)} ${payload}`;
    if (current?.name === name) return current.rewrapper;
    current?.rewrapper.destroy();
    const rewrapper = createRewrapper({
      from: secretOf(ring, from),
      to: secretOf(ring, to),
      // A block keeps its length: it says as little of its key as before.
      maskedKeyLength: payload - LENGTH_BYTES,
      randomBytes,
    });
    current = { name, rewrapper };
    return rewrapper;
  }
}

function nameOf({ keyId, version }: KeyRef): string {
  return `${keyId}@${version}`;
}

/** Bytes of the length in front of the key (X9.143 8.2), and characters of a version D MAC. */
const LENGTH_BYTES = 2;
const MAC_CHARACTERS = 32;

/** The payload that a key of 32 bytes is masked to: of what is no block it does not matter. */
const USUAL_PAYLOAD = 48;

interface Waiting {
  readonly index: number;
  readonly block: string;
}

/** The blocks that can be what they have to be, by the length of their payload in bytes. */
function byPayloadLength(
  items: readonly RotationItem[],
  outcomes: Rewrapped[],
): ReadonlyMap<number, readonly Waiting[]> {
  const batches = new Map<number, Waiting[]>();
  const check = createBlockChecker();
  items.forEach((item, index) => {
    try {
      const { block, headerLength } = check(item, oldBlockOf(item));
      const length = (block.length - headerLength - MAC_CHARACTERS) / 2;
      const payload = length > 0 && length % 16 === 0 ? length : USUAL_PAYLOAD;
      const batch = batches.get(payload);
      if (batch === undefined) batches.set(payload, [{ index, block }]);
      else batch.push({ index, block });
    } catch (error) {
      outcomes[index] = { error };
    }
  });
  return batches;
}

/** Reads no header before: nearly every block opens, and then its header has been read. */
function openChecked(
  opening: Opening,
  { items, indexes, blockOf, visit, refuse }: OpenRequest,
): void {
  const blocks: string[] = [];
  const places: number[] = [];
  for (const index of indexes) {
    const item = items[index] as RotationItem; // in range, as below
    try {
      blocks.push(requireBlock(item, blockOf(item)));
      places.push(index);
    } catch (error) {
      refuse(index, error);
    }
  }
  openMany(
    opening,
    blocks,
    (i, header, key) => {
      const index = places[i] as number;
      const item = items[index] as RotationItem;
      const disagreement = disagreementOf(item, header, key);
      if (disagreement === undefined) visit(index, header, key);
      else refuse(index, disagreement);
    },
    (i, error) => {
      const index = places[i] as number;
      refuse(index, publicError(items[index] as RotationItem, blocks[i]) ?? error);
    },
  );
}

function disagreementOf(item: RotationItem, header: KeyBlockHeader, key: Uint8Array): unknown {
  try {
    checkHeader(header, item);
    if (item.attributes.keyBits === 8 * key.length) return undefined;
    return new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
  } catch (error) {
    return error;
  }
}

/** What can be told of a block that did not open without any key: where it belongs, say. */
function publicError(item: RotationItem, block: string | undefined): unknown {
  try {
    checkedBlock(item, block);
    return undefined;
  } catch (error) {
    return error;
  }
}
