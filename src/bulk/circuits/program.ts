/**
 * Programs without branches over planes, written once: a script in the repository prints them as
 * TypeScript, and the WebAssembly engine assembles them when it is made.
 */

import type { GateList } from './gates.js';

/** The index of the step that yields a value. */
export type Value = number;

/**
 * One step. Operands are values of earlier steps; `region` names one of the places that the
 * program is given, and `index` a plane of it. Of `masks` there is one word for all lanes.
 */
export type Step =
  | { readonly op: 'load'; readonly region: Region; readonly index: number }
  | { readonly op: 'store'; readonly region: Region; readonly index: number; readonly value: Value }
  | { readonly op: '^' | '&' | '|'; readonly left: Value; readonly right: Value }
  | { readonly op: '~'; readonly value: Value }
  | { readonly op: '<<' | '>>>'; readonly value: Value; readonly by: number }
  | { readonly op: 'constant'; readonly word: number };

export type Region = 'from' | 'to' | 'masks';

/** The steps of a program, and what adds one to them. */
export interface Program {
  readonly steps: readonly Step[];
  load(region: Region, index: number): Value;
  store(region: Region, index: number, value: Value): void;
  xor(left: Value, right: Value): Value;
  and(left: Value, right: Value): Value;
  shiftLeft(value: Value, by: number): Value;
  shiftRight(value: Value, by: number): Value;
  constant(word: number): Value;
  /** Runs a gate list on as many values as it has inputs; returns the values of its outputs. */
  gates(list: GateList, inputs: readonly Value[]): Value[];
}

export function createProgram(): Program {
  const steps: Step[] = [];
  const add = (step: Step): Value => steps.push(step) - 1;
  return {
    steps,
    load: (region, index) => add({ op: 'load', region, index }),
    store: (region, index, value) => void add({ op: 'store', region, index, value }),
    xor: (left, right) => add({ op: '^', left, right }),
    and: (left, right) => add({ op: '&', left, right }),
    shiftLeft: (value, by) => add({ op: '<<', value, by }),
    shiftRight: (value, by) => add({ op: '>>>', value, by }),
    constant: (word) => add({ op: 'constant', word }),
    gates(list, inputs) {
      const values = [...inputs];
      // In range: a gate names inputs and earlier gates only.
      for (const { op, left, right } of parseGates(list)) {
        const a = values[left] as Value;
        values.push(
          add(op === '~' ? { op, value: a } : { op, left: a, right: values[right] as Value }),
        );
      }
      return list.outputs.map((output) => values[output] as Value);
    },
  };
}

/** One gate of a list; a NOT has its operand on both sides. */
interface Gate {
  readonly op: '^' | '&' | '|' | '~';
  readonly left: number;
  readonly right: number;
}

/** Reads the text of a gate list. */
export function parseGates({ gates }: GateList): Gate[] {
  return gates
    .trim()
    .split(/\s+/)
    .map((text): Gate => {
      const [left, right] = text.split(/[~^&|]/).map(Number) as [number, number]; // one operator
      if (text.startsWith('~')) return { op: '~', left: right, right };
      return { op: text.includes('^') ? '^' : text.includes('&') ? '&' : '|', left, right };
    });
}
