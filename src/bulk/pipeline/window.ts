/** The part of the input that is being looked at. */

/** Blocks that are looked at together. */
export const WINDOW_BLOCKS = 4096;

/** A part of the input in the text, block after block. */
export interface Window {
  /** Where in the input each block is, where in the text, and how long. */
  readonly indexes: Int32Array;
  readonly at: Int32Array;
  readonly lengths: Int32Array;
  /** The blocks that came as strings. */
  readonly strings: (string | undefined)[];
  readonly lowerCase: Set<number>;
  count: number;
  end: number;
}

/** Begins without a block. */
export function createWindow(): Window {
  return {
    indexes: new Int32Array(WINDOW_BLOCKS),
    at: new Int32Array(WINDOW_BLOCKS),
    lengths: new Int32Array(WINDOW_BLOCKS),
    strings: [],
    lowerCase: new Set(),
    count: 0,
    end: 0,
  };
}
