/** The machines under test, and how to carry blocks into their lanes. */

import { createByteMachine } from '../../../src/bulk/pipeline/byte-machine.js';
import type { Machine, MachineCipher } from '../../../src/bulk/pipeline/machine.js';
import { createPlaneMachine } from '../../../src/bulk/pipeline/plane-machine.js';
import { availableEngines } from '../engine/engines.js';
import { PORT } from '../outcomes.js';

export function availableMachines(): Machine[] {
  return [...availableEngines().map(createPlaneMachine), createByteMachine(PORT)];
}

/** The ciphers that a machine has: a port computes AES only. */
export function ciphersOf({ name }: Machine): readonly ('aes' | 'tdes')[] {
  return name === 'native' ? ['aes'] : ['aes', 'tdes'];
}

/** Puts a block into every lane, by way of the rows at `rows`, to `to`. */
export function putBlocks(
  { words, lanes, laneOffsets }: Machine,
  cipher: MachineCipher,
  to: number,
  rows: number,
  blockOf: (lane: number) => Uint8Array,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    const { buffer, byteOffset } = blockOf(lane);
    const view = new DataView(buffer, byteOffset, cipher.blockLength);
    for (let i = 0; i < cipher.blockLength / 4; i++) {
      words[rows + i * lanes + (laneOffsets[lane] ?? NaN)] = view.getInt32(4 * i);
    }
  }
  cipher.toPlanes(to, rows, 1);
}
