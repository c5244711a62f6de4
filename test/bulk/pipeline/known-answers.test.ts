/**
 * The published answers of CBC, CTR and CMAC, through the code that opens and seals key blocks, on
 * every machine: hex in, hex out, each case in a lane of its own and the complement of its text in
 * all others. Left out are Monte Carlo chains, whose steps wait for each other; CMACs of nothing,
 * since a payload never is nothing; and keys of sizes that no cipher has.
 */

import { describe, expect, it } from 'vitest';
import { createChain } from '../../../src/bulk/pipeline/chain.js';
import { deriveLaneKeys, type LaneBlockKeys } from '../../../src/bulk/pipeline/lane-keys.js';
import type { Machine } from '../../../src/bulk/pipeline/machine.js';
import {
  applyCtrLanes,
  computeMac,
  decryptCbcLanes,
  encryptCbcLanes,
  loadHex,
  type PayloadLayout,
  padForMac,
  payloadLayout,
  storeHex,
} from '../../../src/bulk/pipeline/payload-lanes.js';
import { type Places, reservePlaces } from '../../../src/bulk/pipeline/places.js';
import { createText, readText, writeText } from '../../../src/bulk/pipeline/text.js';
import { fromHex } from '../../../src/hex.js';
import { AUTHENTICATION, ENCRYPTION, variant } from '../../../src/tr31/binding/variant.js';
import { VERSIONS, type Version } from '../../../src/tr31/versions.js';
import { countCases, knownAnswers, type TitledGroup } from '../../primitives/primitive-vectors.js';
import aesCbc from '../../vectors/primitives/aes-cbc.json' with { type: 'json' };
import aesCmac from '../../vectors/primitives/aes-cmac.json' with { type: 'json' };
import aesCtr from '../../vectors/primitives/aes-ctr.json' with { type: 'json' };
import tdesCbc from '../../vectors/primitives/tdes-cbc.json' with { type: 'json' };
import tdesCmac from '../../vectors/primitives/tdes-cmac.json' with { type: 'json' };
import { availableMachines, ciphersOf } from './machines.js';

/** Keys that are a KBPK's variants: so any key can be the one that is derived. */
const BY_VARIANT = {
  aes: { ...VERSIONS.D, binding: 'variant' },
  tdes: VERSIONS.A,
} as const;

/** The versions whose MAC is a CMAC. */
const BY_CMAC = { aes: VERSIONS.D, tdes: VERSIONS.B } as const;

type CipherName = keyof typeof BY_CMAC;

const CBC = { aes: knownAnswers(aesCbc.groups), tdes: knownAnswers(tdesCbc.groups) };
const CTR = knownAnswers(aesCtr.groups);
const CMAC = { aes: ofSomething(aesCmac.groups), tdes: ofSomething(tdesCmac.groups) };

describe.each(availableMachines())('the machine $name', (machine) => {
  const names = ciphersOf(machine);
  const each = (groups: Record<CipherName, readonly TitledGroup[]>) =>
    names.flatMap((name) => groups[name].map((group) => ({ name, ...group })));

  it.each(each(CBC))('does CBC both ways as published: $name $title', ({ name, cases }) => {
    for (const [index, [key, iv, clear, encrypted]] of cases.entries()) {
      const bench = createBench(machine, name, ENCRYPTION, key);
      const { keys, places } = bench;
      const transformed = (transform: typeof encryptCbcLanes, text: unknown) => {
        const { blocks } = load(bench, index, places.data, String(text));
        load(bench, index, places.mac, String(iv));
        transform(machine, keys, places.data, blocks, places.mac);
        return store(bench, index, places.data, String(text).length / 2);
      };
      expect(transformed(encryptCbcLanes, clear), `encrypt, case ${index}`).toBe(encrypted);
      expect(transformed(decryptCbcLanes, encrypted), `decrypt, case ${index}`).toBe(clear);
      keys.destroy();
    }
  });

  it.each(CTR)('does CTR both ways as published: $title', ({ cases }) => {
    for (const [index, [key, counter, clear, encrypted]] of cases.entries()) {
      const bench = createBench(machine, 'aes', ENCRYPTION, key);
      const { keys, places } = bench;
      const transformed = (text: unknown) => {
        const { blocks } = load(bench, index, places.data, String(text));
        load(bench, index, places.mac, String(counter));
        applyCtrLanes(machine, places, keys, places.data, blocks, places.mac);
        return store(bench, index, places.data, String(text).length / 2);
      };
      expect(transformed(clear), `encrypt, case ${index}`).toBe(encrypted);
      expect(transformed(encrypted), `decrypt, case ${index}`).toBe(clear);
      keys.destroy();
    }
  });

  // Where the MAC is shortened, its leftmost bytes are published; where it is wrong, `valid` is 0.
  it.each(each(CMAC))('computes CMACs as published: $name $title', ({ name, cases }) => {
    for (const [index, [key, message, mac, valid = 1]] of cases.entries()) {
      const bench = createBench(machine, name, AUTHENTICATION, key);
      const found = cmacOf(bench, BY_CMAC[name], index, String(message)).startsWith(`${mac}`);
      expect(found, `case ${index}, key ${key}`).toBe(valid === 1);
      bench.keys.destroy();
    }
  });
});

it('has been given all known answers but 538 and 280 CMACs of nothing', () => {
  const counts = [CBC.aes, CBC.tdes, CTR, CMAC.aes, CMAC.tdes].map(countCases);
  expect(counts).toEqual([2150, 550, 1165, 1939 - 538 - 5, 1056 - 280]);
});

function ofSomething(groups: Parameters<typeof knownAnswers>[0]): TitledGroup[] {
  return knownAnswers(
    groups
      .filter(({ kind }) => kind !== 'Wycheproof-InvalidKeySize')
      .map((group) => ({ ...group, cases: group.cases.filter(([, message]) => message !== '') }))
      .filter(({ cases }) => cases.length > 0),
  );
}

/** A machine with a prepared key, and where in its memory the messages go. */
interface Bench {
  readonly machine: Machine;
  readonly keys: LaneBlockKeys;
  readonly places: Places;
}

/** Prepares a key as one that was derived: for encryption or for authentication. */
function createBench(machine: Machine, name: CipherName, letter: number, key: unknown): Bench {
  const kbpk = variant(fromHex(String(key)), letter);
  const keys = deriveLaneKeys(machine, kbpk, BY_VARIANT[name]);
  return { machine, keys, places: reservePlaces(machine, LONGEST) };
}

/** Loads a message into the lane of a case, and its complement into all others. */
function load(
  { machine, keys, places }: Bench,
  index: number,
  to: number,
  hex: string,
): PayloadLayout {
  const layout = payloadLayout(hex.length / 2, keys.cipher.blockLength);
  const complement = hex.replace(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
  const second = (hex.length + 3) & ~3;
  const text = createText(2 * second);
  writeText(text, 0, hex);
  writeText(text, second, complement.toUpperCase());
  const { lanes: count } = machine;
  const at = new Int32Array(count).fill(second);
  at[laneOf(machine, index)] = 0;
  const faults = new Int32Array(count);
  loadHex(machine, places, keys, { text, at, count }, 0, layout, to, faults);
  expect(faults.every((fault) => fault >= 0)).toBe(true);
  return layout;
}

/** Reads what is in the lane of a case. */
function store(
  { machine, keys, places }: Bench,
  index: number,
  from: number,
  length: number,
): string {
  const layout = payloadLayout(length, keys.cipher.blockLength);
  const text = createText((2 * length + 3) & ~3);
  const { lanes: count } = machine;
  const at = new Int32Array(count).fill(-1);
  at[laneOf(machine, index)] = 0;
  storeHex(machine, places, keys, { text, at, count }, 0, layout, from);
  return readText(text, 0, 2 * length);
}

function laneOf({ lanes }: Machine, index: number): number {
  return (37 * index + 5) % lanes;
}

/** The CMAC of a message, of which some blocks are taken for the header of a key block. */
function cmacOf(bench: Bench, version: Version, index: number, message: string): string {
  const { machine, keys, places } = bench;
  const { blockLength } = version;
  const headerLength = blockLength * (index % Math.ceil(message.length / 2 / blockLength));
  const text = createText(headerLength);
  text.bytes.set(fromHex(message.slice(0, 2 * headerLength)));
  const { lanes: count } = machine;
  const at = new Int32Array(count);
  // Of a header that came before, the states of the MAC are computed once for all lanes.
  const chain = { ...createChain(), isKnown: index % 2 === 1 };
  const runs = [{ first: 0, end: count, chain, sameWords: headerLength >> 2 }];
  const payload = load(bench, index, places.data, message.slice(2 * headerLength));
  padForMac(machine, keys, payload, places.data);
  const headers = { text, at, count, headerLength, runs };
  computeMac(machine, places, keys, version, headers, payload, places.data);
  return store(bench, index, places.state, blockLength);
}

/** Bytes of the longest message. */
const LONGEST = 532;
