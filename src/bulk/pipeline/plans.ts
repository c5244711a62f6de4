/** What a re-wrap has decided about the blocks of a shape. */

import type { KeyblockError } from '../../errors.js';
import type { Version } from '../../tr31/versions.js';
import type { Chain } from './chain.js';

/** What becomes of a block: an error, or a new one. */
export type Plan = KeyblockError | SealedShape;

/** Plans of a shape, by the length of the key, and the shapes of the new blocks. */
export interface RewrapPlans {
  readonly byKeyLength: Map<number, Plan | undefined>;
  readonly sealed: Map<string, SealedShape>;
}

/** What new blocks have in common that come from one shape. */
export interface SealedShape {
  readonly version: Version;
  readonly headerLength: number;
  readonly keyBlockLength: number;
  /** Bytes. */
  readonly payloadLength: number;
  /** The new header in words, zero where it is copied from the old one. */
  readonly pattern: Int32Array;
  /** Which of its bits are copied, where all that is copied stays at its offset. */
  readonly mask: Int32Array | undefined;
  /** What is copied otherwise. */
  readonly copies: readonly {
    readonly from: number;
    readonly to: number;
    readonly length: number;
  }[];
  /** Words at the start that are never copied. */
  readonly sameWords: number;
  readonly chain: Chain;
}

/** Begins without any. */
export function createRewrapPlans(): RewrapPlans {
  return { byKeyLength: new Map(), sealed: new Map() };
}
