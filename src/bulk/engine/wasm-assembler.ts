/**
 * As much of an assembler of WebAssembly as the engine needs: functions of i32 parameters without
 * a result, over one imported memory, and programs over planes as 128-bit SIMD.
 */

import type { Program, Region, Step, Value } from '../circuits/program.js';

/** Bytes of code. */
export type Code = readonly number[];

/** A function; all of its parameters are i32. Locals follow the parameters: i32, then v128. */
export interface WasmFunction {
  /** The name to export it by, if it is exported. */
  readonly name?: string | undefined;
  readonly parameters: number;
  readonly integers?: number | undefined;
  readonly vectors?: number | undefined;
  readonly code: Code;
}

/** Bytes of a plane: one vector. */
export const PLANE = 16;

/** What the module imports: its memory, as `host.memory`. */
export const HOST = 'host';
export const MEMORY = 'memory';

const I32 = 0x7f;
const V128 = 0x7b;

/** The binary module that holds these functions. */
export function assembleModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const named = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [{ name, index }],
  );
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters }) => [0x60, ...list(Array(parameters).fill([I32])), 0]),
    ),
    ...section(2, [[...text(HOST), ...text(MEMORY), 2, 0, 1]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      named.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]),
    ),
    ...section(10, functions.map(functionBody)),
  ]);
}

function functionBody({ integers = 0, vectors = 0, code }: WasmFunction): Code {
  const locals = list([
    [...unsigned(integers), I32],
    [...unsigned(vectors), V128],
  ]);
  return [...unsigned(locals.length + code.length + 1), ...locals, ...code, 0x0b];
}

function section(id: number, items: readonly Code[]): Code {
  const content = list(items);
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): Code {
  return [...unsigned(name.length), ...Array.from(name, (letter) => letter.charCodeAt(0))];
}

/** LEB128 without a sign. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** LEB128 with a sign. */
function signed(value: number): Code {
  const last = value >= -64 && value < 64;
  return last ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}

/** A local by its number. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
const tee = (local: number): Code => [0x22, ...unsigned(local)];

export const integer = (value: number): Code => [0x41, ...signed(value)];
export const call = (index: number, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(index),
];

/** Adds a value to a local. */
export const increase = (local: number, by: Code): Code => [
  ...get(local),
  ...by,
  0x6a,
  ...set(local),
];

/** Repeats code, and takes `step` off a counter after every turn, until that is zero. */
export const countDown = (counter: number, step: number, code: Code): Code => [
  0x03,
  0x40,
  ...code,
  ...get(counter),
  ...integer(step),
  0x6b,
  ...tee(counter),
  0x0d,
  0,
  0x0b,
];

const simd = (operation: number): Code => [0xfd, ...unsigned(operation)];

export const loadPlane = (address: number, index = 0): Code => [
  ...get(address),
  ...simd(0x00),
  4,
  ...unsigned(PLANE * index),
];

/** Loads one word of memory into every word of a vector. */
export const loadMask = (address: number, index = 0): Code => [
  ...get(address),
  ...simd(0x09),
  2,
  ...unsigned(4 * index),
];

export const storePlane = (address: number, index: number, value: Code): Code => [
  ...get(address),
  ...value,
  ...simd(0x0b),
  4,
  ...unsigned(PLANE * index),
];

export const XOR: Code = /* @__PURE__ */ simd(0x51);
export const OR: Code = /* @__PURE__ */ simd(0x50);
const AND: Code = /* @__PURE__ */ simd(0x4e);
const AND_NOT: Code = /* @__PURE__ */ simd(0x4f);
const NOT: Code = /* @__PURE__ */ simd(0x4d);
/** From the first where the third has ones, else from the second. */
export const SELECT: Code = /* @__PURE__ */ simd(0x52);
const SHIFT_LEFT: Code = /* @__PURE__ */ simd(0xab);
const SHIFT_RIGHT: Code = /* @__PURE__ */ simd(0xad);

/** A step as the machine has it, which knows AND with a NOT on its right side. */
type Operation = Step | { readonly op: '&~'; readonly left: Value; readonly right: Value };

/**
 * Assembles a program.
 *
 * @param addresses - For every region the local that holds its address.
 * @param firstLocal - Where its vectors begin among the locals.
 * @returns The code, and how many locals it uses.
 */
export function assembleProgram(
  { steps }: Program,
  addresses: Partial<Record<Region, number>>,
  firstLocal: number,
): { readonly code: Code; readonly vectors: number } {
  const code: number[] = [];
  const operations = foldNots(steps);
  const lastUse = lastUses(operations);
  const locals = new Map<number, number>();
  const free: number[] = [];
  let vectors = 0;

  const address = (region: Region): number => addresses[region] as number; // all that it names
  const value = (step: number): Code => get(locals.get(step) as number); // computed before its use
  for (const [index, operation] of operations.entries()) {
    const isUsed = operation.op === 'store' || lastUse[index] !== undefined;
    if (!isUsed) continue;
    code.push(...instruction(operation, address, value));
    // A local is free again after the last use of its value.
    for (const operand of new Set(operands(operation))) {
      if (lastUse[operand] === index) free.push(locals.get(operand) as number); // set before
    }
    if (operation.op === 'store') continue;
    const local = free.pop() ?? firstLocal + vectors++;
    locals.set(index, local);
    code.push(...set(local));
  }
  return { code, vectors };
}

/** Moves a NOT into the AND that uses it, where it is on one side only. */
function foldNots(steps: readonly Step[]): Operation[] {
  const negated = (value: Value): Value | undefined => {
    const step = steps[value];
    return step?.op === '~' ? step.value : undefined;
  };
  return steps.map((step) => {
    if (step.op !== '&') return step;
    const right = negated(step.right);
    if (right !== undefined) return { op: '&~', left: step.left, right };
    const left = negated(step.left);
    return left === undefined ? step : { op: '&~', left: step.right, right: left };
  });
}

function instruction(
  step: Operation,
  address: (region: Region) => number,
  value: (step: number) => Code,
): Code {
  switch (step.op) {
    case 'load':
      return (step.region === 'masks' ? loadMask : loadPlane)(address(step.region), step.index);
    case 'store':
      return storePlane(address(step.region), step.index, value(step.value));
    case 'constant':
      return [...simd(0x0c), ...[0, 0, 0, 0].flatMap(() => wordBytes(step.word))];
    case '~':
      return [...value(step.value), ...NOT];
    case '<<':
      return [...value(step.value), ...integer(step.by), ...SHIFT_LEFT];
    case '>>>':
      return [...value(step.value), ...integer(step.by), ...SHIFT_RIGHT];
    case '^':
      return [...value(step.left), ...value(step.right), ...XOR];
    case '&':
      return [...value(step.left), ...value(step.right), ...AND];
    case '&~':
      return [...value(step.left), ...value(step.right), ...AND_NOT];
    case '|':
      return [...value(step.left), ...value(step.right), ...OR];
  }
}

function operands(step: Operation): readonly number[] {
  switch (step.op) {
    case 'load':
    case 'constant':
      return [];
    case 'store':
    case '~':
    case '<<':
    case '>>>':
      return [step.value];
    case '^':
    case '&':
    case '&~':
    case '|':
      return [step.left, step.right];
  }
}

/** The last step that uses a value; nothing where none does. */
function lastUses(steps: readonly Operation[]): number[] {
  const uses: number[] = [];
  for (const [index, step] of steps.entries()) {
    for (const operand of operands(step)) uses[operand] = index;
  }
  return uses;
}

function wordBytes(word: number): Code {
  return [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];
}
