/** Where in the working memory of a machine what lies while a chunk is worked on. */

import { scratchWords } from './lane-keys.js';
import type { Machine } from './machine.js';

/** Addresses, in words. */
export interface Places {
  /** The state of a MAC, and of a counter: one block. */
  readonly state: number;
  /** One block for whoever needs it. */
  readonly temporary: number;
  /** The MAC where it does not follow the payload: one block. */
  readonly mac: number;
  /** As many blocks as `portion` says: rows on their way in or out. */
  readonly rows: number;
  /** The same number of blocks as planes. */
  readonly planes: number;
  /** The payload and a MAC. */
  readonly data: number;
  /** As many again. */
  readonly copy: number;
  /** Blocks that are turned into planes or back at once. Large payloads go by portions. */
  readonly portion: number;
}

const PORTION = 8;

/** Gives out the working memory, for a payload of so many bytes. */
export function reservePlaces(machine: Machine, payloadLength: number): Places {
  const unit = machine.aes.blockWords; // no block is longer
  const state = machine.firstFree + scratchWords(machine);
  const rows = state + 3 * unit;
  const planes = rows + PORTION * unit;
  const data = planes + PORTION * unit;
  const dataWords = (Math.ceil(payloadLength / 16) + 1) * unit;
  machine.reserve(data + 2 * dataWords);
  return {
    state,
    temporary: state + unit,
    mac: state + 2 * unit,
    rows,
    planes,
    data,
    copy: data + dataWords,
    portion: PORTION,
  };
}
