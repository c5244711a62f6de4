/** Every circuit for every input, as the gate list says it and as the engines run it. */

import { describe, expect, it } from 'vitest';
import { aesLayers } from '../../../src/bulk/circuits/aes-layers.js';
import {
  AES_INVERSE_S_BOX,
  AES_S_BOX,
  DES_S_BOXES,
  type GateList,
} from '../../../src/bulk/circuits/gates.js';
import { aesPlane, desPlane } from '../../../src/bulk/circuits/layouts.js';
import { createProgram, parseGates, type Step } from '../../../src/bulk/circuits/program.js';
import { desRound, increment } from '../../../src/bulk/circuits/programs.js';
import { P, S_BOXES } from '../../../src/primitives/des-tables.js';

const SBOX = aesSBox();
const bits = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (value >> i) & 1);

describe('the gate lists of DES', () => {
  it.each(DES_S_BOXES.map((list, box) => ({ list, box })))('are box $box', ({ list, box }) => {
    for (let input = 0; input < 64; input++) {
      const output = evaluate(list, bits(input ^ list.invertedInputs, 6).reverse());
      const expected = desSBox(box, input) ^ list.invertedOutputs;
      expect(output, `input ${input}`).toEqual(bits(expected, 4).reverse());
    }
  });

  it('are as long as they are said to be', () => {
    const lengths = DES_S_BOXES.map((list) => {
      const gates = parseGates(list);
      const nots = gates.filter(({ op }) => op === '~').length;
      return [gates.length - nots, nots];
    });
    expect(lengths).toEqual([
      [52, 4],
      [49, 2],
      [44, 3],
      [29, 0],
      [48, 5],
      [47, 1],
      [47, 3],
      [36, 1],
    ]);
  });
});

describe('the gate lists of AES', () => {
  it('are the S-box without its constant', () => {
    for (let input = 0; input < 256; input++) {
      const output = evaluate(AES_S_BOX, bits(input, 8));
      expect(output, `input ${input}`).toEqual(bits((SBOX[input] ?? 0) ^ 0x63, 8));
    }
  });

  it('are the inverse S-box after its constant', () => {
    for (let input = 0; input < 256; input++) {
      const output = evaluate(AES_INVERSE_S_BOX, bits((SBOX[input] ?? 0) ^ 0x63, 8));
      expect(output, `input ${input}`).toEqual(bits(input, 8));
    }
  });

  it('have only what depends on all that is before it', () => {
    for (const list of [AES_S_BOX, AES_INVERSE_S_BOX, ...DES_S_BOXES]) {
      const gates = parseGates(list);
      const used = new Set([...list.outputs, ...gates.flatMap(({ left, right }) => [left, right])]);
      for (const [i, { left, right }] of gates.entries()) {
        expect(left).toBeLessThan(list.inputs + i);
        expect(right).toBeLessThan(list.inputs + i);
        expect(used.has(list.inputs + i), `gate ${list.inputs + i}`).toBe(true);
      }
    }
  });
});

describe('the programs', () => {
  it('run a round of DES as FIPS 46-3 has it', () => {
    for (const [box, { invertedInputs, invertedOutputs }] of DES_S_BOXES.entries()) {
      for (let input = 0; input < 64; input++) {
        // The six bits of one box: half of them from the half, half of them from the key.
        const half = input & 0b101010;
        const key = (input & 0b010101) ^ invertedInputs;
        const from = new Int32Array(32);
        const masks = new Int32Array(48);
        for (let i = 0; i < 6; i++) {
          from[(4 * box + i + 31) % 32] = -((half >> (5 - i)) & 1);
          masks[6 * box + i] = -((key >> (5 - i)) & 1);
        }
        const to = new Int32Array(32);
        run((desRound()[box] ?? createProgram()).steps, { from, to, masks });
        const output = desSBox(box, input) ^ invertedOutputs;
        for (const [i, source] of P.entries()) {
          const bit = source - 1 - 4 * box;
          const expected = bit >= 0 && bit < 4 ? 0 - ((output >> (3 - bit)) & 1) : 0;
          expect(to[i], `box ${box}, input ${input}, bit ${i}`).toBe(expected);
        }
      }
    }
  });

  it('count', () => {
    for (const [planeOf, bytes] of [
      [aesPlane, 16],
      [desPlane, 8],
    ] as const) {
      const to = new Int32Array(8 * bytes);
      const values = [0n, 1n, 0xffn, 0xfffffffen, (1n << BigInt(8 * bytes)) - 1n, 0x00ffff7fn];
      const each = (visit: (plane: number, place: bigint) => void): void => {
        for (let i = 0; i < 8 * bytes; i++) visit(planeOf(bytes - 1 - (i >> 3), i & 7), BigInt(i));
      };
      each((plane, place) => {
        for (const [lane, value] of values.entries()) {
          to[plane] = (to[plane] ?? 0) | (Number((value >> place) & 1n) << lane);
        }
      });
      run(increment(planeOf, bytes).steps, { from: to, to, masks: to });
      for (const [lane, value] of values.entries()) {
        let sum = 0n;
        each((plane, place) => {
          sum |= BigInt(((to[plane] ?? 0) >> lane) & 1) << place;
        });
        expect(sum).toBe(BigInt.asUintN(8 * bytes, value + 1n));
      }
    }
  });
});

describe('the generated code', () => {
  it('has the S-box of AES in all lanes', () => {
    for (let first = 0; first < 256; first += 32) {
      const bytes = Uint8Array.from({ length: 32 }, (_, i) => first + i);
      aesLayers.substituteBytes(bytes);
      expect(bytes).toEqual(SBOX.slice(first, first + 32));
    }
  });
});

/** The values of the outputs of a circuit, by its definition. */
function evaluate(list: GateList, inputs: readonly number[]): number[] {
  const values = [...inputs];
  for (const { op, left, right } of parseGates(list)) {
    const [a = NaN, b = NaN] = [values[left], values[right]];
    values.push(op === '^' ? a ^ b : op === '&' ? a & b : op === '|' ? a | b : 1 - a);
  }
  return list.outputs.map((output) => values[output] ?? NaN);
}

/** Runs a program step by step. */
function run(steps: readonly Step[], regions: Record<'from' | 'to' | 'masks', Int32Array>): void {
  const values: number[] = [];
  const value = (step: number): number => values[step] ?? NaN;
  for (const [index, step] of steps.entries()) {
    switch (step.op) {
      case 'load':
        values[index] = regions[step.region][step.index] ?? NaN;
        break;
      case 'store':
        regions[step.region][step.index] = value(step.value);
        break;
      case 'constant':
        values[index] = step.word;
        break;
      case '~':
        values[index] = ~value(step.value);
        break;
      case '<<':
        values[index] = value(step.value) << step.by;
        break;
      case '>>>':
        values[index] = value(step.value) >>> step.by;
        break;
      case '^':
        values[index] = value(step.left) ^ value(step.right);
        break;
      case '&':
        values[index] = value(step.left) & value(step.right);
        break;
      case '|':
        values[index] = value(step.left) | value(step.right);
        break;
    }
  }
}

function desSBox(box: number, input: number): number {
  const row = ((input >> 4) & 2) | (input & 1);
  return S_BOXES[box]?.[16 * row + ((input >> 1) & 15)] ?? NaN;
}

/** The S-box by its definition in FIPS 197: the inverse in GF(2⁸), and the affine map. */
function aesSBox(): Uint8Array {
  const product = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 7; i >= 0; i--) {
      sum = (sum << 1) ^ (sum & 0x80 ? 0x11b : 0) ^ ((b >> i) & 1 ? a : 0);
    }
    return sum;
  };
  return Uint8Array.from({ length: 256 }, (_, x) => {
    const inverse = Array.from({ length: 256 }, (_, y) => y).find((y) => product(x, y) === 1) ?? 0;
    const rotated = (by: number): number => (inverse << by) | (inverse >> (8 - by));
    return inverse ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63;
  });
}
