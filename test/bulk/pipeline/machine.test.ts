import { describe, expect, it } from 'vitest';
import type { Machine, MachineCipher } from '../../../src/bulk/pipeline/machine.js';
import { hasLane } from '../../../src/bulk/pipeline/open-chunk.js';
import { availableMachines, ciphersOf, putBlocks } from './machines.js';

const EVERY_CIPHER = availableMachines().flatMap((machine) =>
  ciphersOf(machine).map((cipher) => ({ machine, of: machine.name, cipher })),
);

describe('markDifferences', () => {
  it.each(EVERY_CIPHER)(
    'sees every bit, in its lane alone: $of $cipher',
    ({ machine, ...sample }) => {
      const cipher = machine[sample.cipher];
      const { blockLength } = cipher;
      const [rows, a, b] = placesOf(machine, cipher);
      const blockOf = (lane: number) =>
        Uint8Array.from({ length: blockLength }, (_, i) => 31 * lane + 17 * i);
      putBlocks(machine, cipher, a, rows, blockOf);
      const differs = (lane: number, bit: number) => (lane + bit) % 5 === 0;
      for (let bit = 0; bit < 8 * blockLength; bit++) {
        putBlocks(machine, cipher, b, rows, (lane) => {
          const block = blockOf(lane);
          if (differs(lane, bit)) block[bit >> 3] = (block[bit >> 3] ?? NaN) ^ (1 << (bit & 7));
          return block;
        });
        const marked = new Int32Array(machine.lanes >> 5);
        machine.markDifferences(cipher, a, b, blockLength, marked);
        const lanes = Array.from({ length: machine.lanes }, (_, lane) => lane);
        expect(lanes.filter((lane) => hasLane(marked, lane))).toEqual(
          lanes.filter((lane) => differs(lane, bit)),
        );
      }
    },
  );

  it.each(EVERY_CIPHER)('keeps earlier marks: $of $cipher', ({ machine, ...sample }) => {
    const cipher = machine[sample.cipher];
    const [rows, a] = placesOf(machine, cipher);
    putBlocks(machine, cipher, a, rows, () => new Uint8Array(cipher.blockLength));
    const marked = new Int32Array(machine.lanes >> 5).fill(0x40000001);
    machine.markDifferences(cipher, a, a, cipher.blockLength, marked);
    expect(marked.every((lanes) => lanes === 0x40000001)).toBe(true);
  });

  // The MAC of versions A and C is half a block.
  it.each(EVERY_CIPHER.filter(({ cipher }) => cipher === 'tdes'))(
    'does not look beyond the first bytes: $of',
    ({ machine }) => {
      const { tdes } = machine;
      const [rows, a, b] = placesOf(machine, tdes);
      putBlocks(machine, tdes, a, rows, () => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      putBlocks(machine, tdes, b, rows, (lane) => Uint8Array.of(1, 2, 3, 4, ~lane, 0, 0, 0));
      const marked = new Int32Array(machine.lanes >> 5);
      machine.markDifferences(tdes, a, b, 4, marked);
      expect(marked.every((lanes) => lanes === 0)).toBe(true);
    },
  );
});

/** Room for three blocks. */
function placesOf(
  machine: Machine,
  { blockWords }: MachineCipher,
): readonly [number, number, number] {
  const { firstFree } = machine;
  machine.reserve(firstFree + 3 * blockWords);
  return [firstFree, firstFree + blockWords, firstFree + 2 * blockWords];
}
