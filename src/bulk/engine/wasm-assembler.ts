/**
 * As much of an assembler of WebAssembly as the engine needs: functions of i32 parameters without
 * a result, over one imported memory, and programs over planes as 128-bit SIMD.
 */

import type { Program, Region, Step, Value } from '../circuits/program.js';

/** Bytes of code. */
export type Code = readonly number[] | Uint8Array<ArrayBuffer>;

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
  const sections = [
    section(
      1,
      functions.map(({ parameters }) => [0x60, ...list(Array(parameters).fill([I32])), 0]),
    ),
    section(2, [[...text(HOST), ...text(MEMORY), 2, 0, 1]]),
    section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    section(
      7,
      named.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]),
    ),
    section(10, functions.map(functionBody)),
  ];
  return joined([[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...sections]);
}

function functionBody({ integers = 0, vectors = 0, code }: WasmFunction): Code {
  const locals = list([
    [...unsigned(integers), I32],
    [...unsigned(vectors), V128],
  ]);
  return joined([unsigned(locals.length + code.length + 1), locals, code, [0x0b]]);
}

function section(id: number, items: readonly Code[]): Code {
  const content = list(items);
  return joined([[id], unsigned(content.length), content]);
}

function list(items: readonly Code[]): Code {
  return joined([unsigned(items.length), ...items]);
}

/** Code one after the other. Most of it is long, and spread arrays are slow. */
export function joined(parts: readonly Code[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
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
  ...joined(operands),
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
/** From the first where the third has ones, else from the second. */
export const SELECT: Code = /* @__PURE__ */ simd(0x52);

/** The operations on vectors by their numbers. */
const OPERATIONS = {
  '~': 0x4d,
  '&': 0x4e,
  '&~': 0x4f,
  '|': 0x50,
  '^': 0x51,
  '<<': 0xab,
  '>>>': 0xad,
} as const;

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
  const locals: number[] = [];
  const free: number[] = [];
  let vectors = 0;

  for (const [index, operation] of operations.entries()) {
    const isUsed = operation.op === 'store' || lastUse[index] !== undefined;
    if (!isUsed) continue;
    appendOperation(code, operation, addresses, locals);
    // A local is free again after the last use of its value.
    const [first, second] = operands(operation);
    for (const operand of first === second ? [first] : [first, second]) {
      if (operand !== undefined && lastUse[operand] === index) {
        free.push(locals[operand] as number); // set before its use
      }
    }
    if (operation.op === 'store') continue;
    const local = free.pop() ?? firstLocal + vectors++;
    locals[index] = local;
    append(code, 0x21, local);
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

/**
 * Appends what computes an operation, or does it. There are thousands: all of this is appended in
 * place, and nothing put together from parts.
 */
function appendOperation(
  code: number[],
  operation: Operation,
  addresses: Partial<Record<Region, number>>,
  locals: readonly number[],
): void {
  const appendValue = (value: Value): void => append(code, 0x20, locals[value] as number); // set before
  switch (operation.op) {
    case 'load':
    case 'store': {
      const { op, region, index } = operation;
      append(code, 0x20, addresses[region] as number); // a program gets all that it names
      if (op === 'store') appendValue(operation.value);
      if (region === 'masks') append(code, 0xfd, 0x09, 2, 4 * index);
      else append(code, 0xfd, op === 'load' ? 0x00 : 0x0b, 4, PLANE * index);
      return;
    }
    case 'constant': {
      append(code, 0xfd, 0x0c);
      for (let i = 0; i < 16; i++) code.push((operation.word >>> (8 * (i & 3))) & 255);
      return;
    }
    case '<<':
    case '>>>':
      appendValue(operation.value);
      append(code, 0x41, operation.by); // below 64, where both forms of LEB128 are the same
      break;
    case '~':
      appendValue(operation.value);
      break;
    default:
      appendValue(operation.left);
      appendValue(operation.right);
  }
  append(code, 0xfd, OPERATIONS[operation.op]);
}

/** Appends an instruction: a byte, and operands as LEB128 without a sign. */
function append(code: number[], instruction: number, ...operands: readonly number[]): void {
  code.push(instruction);
  for (let operand of operands) {
    for (; operand > 127; operand >>>= 7) code.push((operand & 127) | 128);
    code.push(operand);
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
