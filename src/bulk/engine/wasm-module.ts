/** The functions of the WebAssembly engine. Addresses are in bytes; a plane is one vector. */

import { aesPlane, desPlane } from '../circuits/layouts.js';
import type { Program, Region } from '../circuits/program.js';
import {
  aesInverseLastKey,
  aesInverseMixing,
  aesInverseSubstitution,
  aesLastKey,
  aesMixing,
  aesSubstitution,
  desRound,
  increment,
  transposition,
  wordPlane,
} from '../circuits/programs.js';
import {
  assembleModule,
  assembleProgram,
  type Code,
  call,
  countDown,
  get,
  increase,
  integer,
  joined,
  loadMask,
  loadPlane,
  PLANE,
  SELECT,
  set,
  storePlane,
  type WasmFunction,
  XOR,
} from './wasm-assembler.js';

/** What the module exports; every parameter is a number. */
export interface WasmExports {
  /** Runs triple DES; the masks of the next round are `step` bytes further on. */
  transformTdes(at: number, masks: number, step: number): void;
  /** Runs AES with another block of planes at `scratch`; the same of its round keys. */
  encryptAes(at: number, scratch: number, masks: number, step: number, rounds: number): void;
  decryptAes(at: number, scratch: number, masks: number, step: number, rounds: number): void;
  aesRowToPlanes(to: number, from: number): void;
  aesPlanesToRow(to: number, from: number): void;
  desRowToPlanes(to: number, from: number): void;
  desPlanesToRow(to: number, from: number): void;
  incrementAes(to: number): void;
  incrementDes(to: number): void;
  xor(to: number, from: number, planes: number): void;
  xorMasks(to: number, masks: number, planes: number): void;
  select(to: number, from: number, mask: number, planes: number): void;
}

/** The binary module; the same bytes every time. */
export function emitModule(): Uint8Array<ArrayBuffer> {
  const functions: WasmFunction[] = [];
  const define = (definition: WasmFunction): number => functions.push(definition) - 1;
  /** A function whose parameters are the addresses of these regions, in this order. */
  const straight = (regions: readonly Region[], programs: readonly Program[], name?: string) =>
    define({ name, parameters: regions.length, ...concatenate(programs, regions) });

  const round = straight(['to', 'from', 'masks'], desRound());
  define(transformTdes(round));

  const addKey = define(xorPlanes(loadMask(1), 4));
  const layers: readonly [string, Program, readonly Program[], Program][] = [
    ['encryptAes', aesSubstitution(), aesMixing(), aesLastKey()],
    ['decryptAes', aesInverseSubstitution(), aesInverseMixing(), aesInverseLastKey()],
  ];
  for (const [name, substitution, mixing, lastKey] of layers) {
    const substitute = define(overBytes(substitution));
    const mix = straight(['to', 'from', 'masks'], mixing);
    const last = straight(['to', 'from', 'masks'], [lastKey]);
    define(runAes(name, { addKey, substitute, mix, last }));
  }

  for (const [cipher, planeOf, bytes] of [
    ['Aes', aesPlane, 16],
    ['Des', desPlane, 8],
  ] as const) {
    const plane = (bit: number): number => wordPlane(planeOf, bit);
    const word = (number: number): number => number;
    const lower = cipher.toLowerCase();
    const toPlanes = transposition({ source: word, target: plane });
    const toRow = transposition({ source: plane, target: word });
    straight(['to', 'from'], [toPlanes], `${lower}RowToPlanes`);
    straight(['to', 'from'], [toRow], `${lower}PlanesToRow`);
    straight(['to'], [increment(planeOf, bytes)], `increment${cipher}`);
  }

  define({ name: 'xor', ...xorPlanes(loadPlane(1), PLANE) });
  define({ name: 'xorMasks', ...xorPlanes(loadMask(1), 4) });
  define(select());
  return assembleModule(functions);
}

/** Programs one after the other, the addresses of the regions in the locals from 0. */
function concatenate(
  programs: readonly Program[],
  regions: readonly Region[],
  firstLocal: number = regions.length,
): { readonly code: Code; readonly vectors: number } {
  const addresses = Object.fromEntries(regions.map((region, local) => [region, local]));
  const parts = programs.map((program) => assembleProgram(program, addresses, firstLocal));
  return {
    code: joined(parts.map(({ code }) => code)),
    vectors: Math.max(...parts.map(({ vectors }) => vectors)),
  };
}

/** XORs vectors to as many planes as the last parameter says; both addresses move on. */
function xorPlanes(vector: Code, stride: number): WasmFunction {
  const turn = [
    ...storePlane(0, 0, [...loadPlane(0), ...vector, ...XOR]),
    ...increase(0, integer(PLANE)),
    ...increase(1, integer(stride)),
  ];
  return { parameters: 3, code: countDown(2, 1, turn) };
}

/** Runs a program on each of the sixteen bytes of a block. */
function overBytes(program: Program): WasmFunction {
  const { code, vectors } = concatenate([program], ['to'], 2);
  const turn = [...code, ...increase(0, integer(8 * PLANE))];
  return {
    parameters: 1,
    integers: 1,
    vectors,
    code: [...integer(16), ...set(1), ...countDown(1, 1, turn)],
  };
}

function transformTdes(round: number): WasmFunction {
  const [at, masks, step, left, right, pass, turn, swapped] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const runRound = (to: number, from: number): Code => [
    ...call(round, get(to), get(from), get(masks)),
    ...increase(masks, get(step)),
  ];
  const half = 32 * PLANE;
  return {
    name: 'transformTdes',
    parameters: 3,
    integers: 4,
    vectors: 1,
    code: [
      ...[...get(at), ...set(left)],
      ...[...get(at), ...set(right), ...increase(right, integer(half))],
      ...[...integer(3), ...set(pass)],
      ...countDown(pass, 1, [
        ...[...integer(8), ...set(turn)],
        ...countDown(turn, 1, [...runRound(left, right), ...runRound(right, left)]),
        // The halves of the preoutput are exchanged, so the next pass begins with the other one.
        ...[...get(left), ...get(right), ...set(left), ...set(right)],
      ]),
      // Three exchanges are one, which is made up for plane by plane.
      ...[...integer(32), ...set(turn)],
      ...countDown(turn, 1, [
        ...[...loadPlane(at), ...set(swapped)],
        ...storePlane(at, 0, loadPlane(at, 32)),
        ...storePlane(at, 32, get(swapped)),
        ...increase(at, integer(PLANE)),
      ]),
    ],
  };
}

/** The functions that a direction of AES consists of, by their numbers. */
interface AesLayers {
  readonly addKey: number;
  readonly substitute: number;
  readonly mix: number;
  readonly last: number;
}

function runAes(name: string, { addKey, substitute, mix, last }: AesLayers): WasmFunction {
  const [at, scratch, masks, step, rounds] = [0, 1, 2, 3, 4] as const;
  const layer = (combine: number, to: number, from: number): Code => [
    ...call(substitute, get(from)),
    ...call(combine, get(to), get(from), get(masks)),
    ...increase(masks, get(step)),
  ];
  return {
    name,
    parameters: 5,
    code: [
      ...call(addKey, get(at), get(masks), integer(128)),
      ...increase(masks, get(step)),
      // Two rounds a turn; the last two are apart.
      ...increase(rounds, integer(-2)),
      ...countDown(rounds, 2, [...layer(mix, scratch, at), ...layer(mix, at, scratch)]),
      ...layer(mix, scratch, at),
      ...layer(last, at, scratch),
    ],
  };
}

function select(): WasmFunction {
  const [to, from, mask, planes] = [0, 1, 2, 3] as const;
  const chosen = [...loadPlane(from), ...loadPlane(to), ...loadPlane(mask), ...SELECT];
  return {
    name: 'select',
    parameters: 4,
    code: countDown(planes, 1, [
      ...storePlane(to, 0, chosen),
      ...increase(to, integer(PLANE)),
      ...increase(from, integer(PLANE)),
    ]),
  };
}
