/**
 * Verifies the result of a rotation: key blocks before and after it.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { equalBytes, own, requireObject } from '../primitives/bytes.js';
import type { KeyInput } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { readPolicy } from '../tr31/rules.js';
import { sameHeader } from '../tr31/same-header.js';
import { createKeyStore } from './key-store.js';
import {
  type Opening,
  type OpeningOptions,
  openingIn,
  openMany,
  openWorkshop,
} from './open-many.js';
import { runAll } from './run-all.js';

/** A key block before a re-wrap and after it. */
export interface RewrappedPair {
  /** The block under the old KBPK. */
  readonly before: string;
  /** The block under the new KBPK. */
  readonly after: string;
}

/** What {@link verifyMany} takes. */
export interface VerifyManyOptions extends OpeningOptions {
  /** The KBPK that the blocks were under before. */
  readonly from: KeyInput;
  /** The KBPK that they are under after. */
  readonly to: KeyInput;
  /** The blocks, two by two. */
  readonly pairs: readonly RewrappedPair[];
}

/** What became of one pair of {@link verifyMany}. */
export type VerifyOutcome =
  | {
      /** Whether both blocks hold the same key for the same use. */
      readonly equal: boolean;
    }
  | {
      /** What `unwrapKey` throws for the block before, or else for the one after. */
      readonly error: KeyblockError;
      /** Which of the two blocks that is. */
      readonly side: 'before' | 'after';
    };

/**
 * Opens key blocks as they were before a re-wrap and as they are after it, and tells whether the
 * same keys are in them for the same use. No key leaves this function.
 *
 * Keys are compared in constant time, headers in all that a re-wrap leaves alone: not in version,
 * length and padding, nor in the optional blocks KP and WP.
 *
 * @param options - Both KBPKs, the pairs, and how to validate.
 * @returns For each pair whether the blocks are `equal`, or the error that `unwrapKey` throws for
 * the block before, or else for the one after, and which `side` that is; in the order of the input.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `KEY_DESTROYED`; `KBPK_MISMATCH` for a KBPK
 * that no version has; `UNSUPPORTED` where the engine asked for does not run.
 *
 * @example
 * ```ts
 * import { fromHex, generateKey, rewrapKey } from 'keyblock';
 * import { verifyMany } from 'keyblock/bulk';
 *
 * const from = fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6');
 * const to = generateKey({ algorithm: 'TDES', lengthBits: 192 });
 * const before =
 *   'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';
 * const after = rewrapKey({ keyBlock: before, from, to });
 * verifyMany({ from, to, pairs: [{ before, after }] }); // [{ equal: true }]
 * ```
 */
export function verifyMany(options: VerifyManyOptions): readonly VerifyOutcome[] {
  requireObject(options, 'options');
  const given = own(options, 'pairs');
  if (!Array.isArray(given)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyBlock' });
  const pairs = Array.from<unknown>(given);
  const policy = readPolicy(options);
  const workshop = openWorkshop(options);
  const openings: Opening[] = [];
  const outcomes: VerifyOutcome[] = [];
  try {
    const from = openingIn(workshop, own(options, 'from'), 'from', policy);
    openings.push(from);
    const to = openingIn(workshop, own(options, 'to'), 'to', policy);
    openings.push(to);
    for (let first = 0; first < pairs.length; first += PORTION) {
      outcomes.push(...verifyPortion(from, to, pairs.slice(first, first + PORTION)));
    }
    return outcomes;
  } finally {
    runAll([...openings.map(({ destroy }) => destroy), () => workshop.destroy()]);
  }
}

/** Keys of so many blocks are held at a time. */
const PORTION = 1024;

interface HeldKey {
  readonly header: KeyBlockHeader;
  readonly key: Uint8Array;
}

function verifyPortion(from: Opening, to: Opening, pairs: readonly unknown[]): VerifyOutcome[] {
  const outcomes: VerifyOutcome[] = pairs.map(() => ({ equal: false }));
  const before = pairs.map((pair) => textOf(pair, 'before'));
  const after = pairs.map((pair) => textOf(pair, 'after'));
  const held: (HeldKey | undefined)[] = [];
  const store = createKeyStore(before);
  const refuse = (side: keyof RewrappedPair) => (index: number, error: KeyblockError) => {
    // What is wrong before comes first.
    const known = outcomes[index];
    if (known !== undefined && !Object.hasOwn(known, 'error')) outcomes[index] = { error, side };
  };
  try {
    openMany(
      from,
      before,
      (index, header, key) => {
        held[index] = { header, key: store.put(key) };
      },
      refuse('before'),
    );
    openMany(
      to,
      after,
      (index, header, key) => {
        const old = held[index];
        if (old === undefined) return;
        const isSameKey = equalBytes(old.key, key);
        const isSameUse =
          sameHeader(old.header, header) && reservedOf(before[index]) === reservedOf(after[index]);
        outcomes[index] = { equal: isSameKey && isSameUse };
      },
      refuse('after'),
    );
    return outcomes;
  } finally {
    store.wipe();
  }
}

/** A reserved character, which a re-wrap takes over where validation lets it pass. */
function reservedOf(keyBlock: unknown): string {
  return typeof keyBlock === 'string' ? keyBlock.charAt(15) : '';
}

function textOf(pair: unknown, name: keyof RewrappedPair): unknown {
  if (typeof pair !== 'object' || pair === null) return undefined;
  return own(pair as Partial<RewrappedPair>, name); // what is none is refused as a key block
}
