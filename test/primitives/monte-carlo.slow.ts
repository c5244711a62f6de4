/**
 * The Monte Carlo chains: 400 times 10,000 blocks of triple DES (CAVP, TMOVS 5.1.5 and 5.2.1.5) and
 * 100 times 1000 blocks of AES (ACVP). Each round derives the next key from the last blocks of the
 * one before, so that a single wrong bit anywhere spoils every checkpoint after it.
 */

import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/hex.js';
import { createAes } from '../../src/primitives/aes.js';
import type { BlockCipher } from '../../src/primitives/block-cipher.js';
import { createTdes } from '../../src/primitives/des.js';
import { decryptCbc, encryptCbc } from '../../src/primitives/modes.js';
import aesCbc from '../vectors/primitives/aes-cbc.json' with { type: 'json' };
import aesEcb from '../vectors/primitives/aes-ecb.json' with { type: 'json' };
import tdesCbc from '../vectors/primitives/tdes-cbc.json' with { type: 'json' };
import tdesEcb from '../vectors/primitives/tdes-ecb.json' with { type: 'json' };
import { column, monteCarlo, type TitledGroup } from './primitive-vectors.js';

const MINUTES = 60_000;

/** The rows of a chain by their round, under the names of a chain's state. */
interface Checkpoint {
  readonly key: string;
  readonly iv: string;
  readonly input: string;
  readonly output: string;
}

describe('triple DES', () => {
  it.each(monteCarlo(tdesEcb.groups))('passes ECB $title', { timeout: 2 * MINUTES }, (group) => {
    const points = checkpoints(group);
    let { key, input } = start(group);
    for (let round = 0; round < 400; round++) {
      const cipher = createTdes(key);
      const block = new Uint8Array(input);
      const history: Uint8Array[] = [];
      for (let i = 0; i < 10_000; i++) {
        if (group.direction === 'encrypt') cipher.encryptBlock(block, 0);
        else cipher.decryptBlock(block, 0);
        if (i >= 9997) history.unshift(new Uint8Array(block));
      }
      const [last, second, third] = history as [Uint8Array, Uint8Array, Uint8Array];
      check(points, round, { key, iv: new Uint8Array(), input, output: last });
      key = nextTdesKey(group, key, [last, second, third]);
      input = last;
    }
    expect(points.size).toBe(0);
  });

  it.each(monteCarlo(tdesCbc.groups))('passes CBC $title', { timeout: 2 * MINUTES }, (group) => {
    const points = checkpoints(group);
    let { key, iv, input } = start(group);
    for (let round = 0; round < 400; round++) {
      const cipher = createTdes(key);
      let chaining = iv;
      let block = input;
      let outputs: [Uint8Array, Uint8Array, Uint8Array] = [iv, iv, iv];
      for (let i = 0; i < 10_000; i++) {
        const output = new Uint8Array(block);
        applyCbc(group, cipher, chaining, output);
        if (group.direction === 'encrypt') {
          block = i === 0 ? iv : outputs[0]; // the ciphertext before this one
          chaining = output;
        } else {
          chaining = block;
          block = output;
        }
        outputs = [output, outputs[0], outputs[1]];
      }
      check(points, round, { key, iv, input, output: outputs[0] });
      key = nextTdesKey(group, key, outputs);
      iv = chaining;
      input = block;
    }
    expect(points.size).toBe(0);
  });
});

describe('AES', () => {
  it.each(monteCarlo(aesEcb.groups))('passes ECB $title', { timeout: MINUTES }, (group) => {
    const points = checkpoints(group);
    let { key, input } = start(group);
    for (let round = 0; round < 100; round++) {
      const cipher = createAes(key);
      const block = new Uint8Array(input);
      let second = input;
      for (let i = 0; i < 1000; i++) {
        second = new Uint8Array(block);
        if (group.direction === 'encrypt') cipher.encryptBlock(block, 0);
        else cipher.decryptBlock(block, 0);
      }
      check(points, round, { key, iv: new Uint8Array(), input, output: block });
      key = nextAesKey(key, second, block);
      input = block;
    }
    expect(points.size).toBe(0);
  });

  it.each(monteCarlo(aesCbc.groups))('passes CBC $title', { timeout: MINUTES }, (group) => {
    const points = checkpoints(group);
    let { key, iv, input } = start(group);
    for (let round = 0; round < 100; round++) {
      const cipher = createAes(key);
      let chaining = iv;
      let block = input;
      let outputs: [Uint8Array, Uint8Array] = [iv, iv];
      for (let i = 0; i < 1000; i++) {
        const output = new Uint8Array(block);
        applyCbc(group, cipher, chaining, output);
        chaining = group.direction === 'encrypt' ? output : block;
        block = outputs[0]; // the output before this one, at first the IV
        outputs = [output, outputs[0]];
      }
      check(points, round, { key, iv, input, output: outputs[0] });
      key = nextAesKey(key, outputs[1], outputs[0]);
      iv = outputs[0];
      input = outputs[1];
    }
    expect(points.size).toBe(0);
  });
});

function applyCbc(
  { direction }: TitledGroup,
  cipher: BlockCipher,
  iv: Uint8Array,
  data: Uint8Array,
): void {
  if (direction === 'encrypt') encryptCbc(cipher, iv, data);
  else decryptCbc(cipher, iv, data);
}

/** Reads rows of round, key, IV (in CBC), plaintext and ciphertext. */
function checkpoints({ cases, direction }: TitledGroup): Map<number, Checkpoint> {
  return new Map(
    cases.map((row) => {
      const [plaintext, ciphertext] = row.slice(-2).map(String) as [string, string];
      const encrypting = direction === 'encrypt';
      const point = {
        key: `${row[1]}`,
        iv: row.length === 5 ? `${row[2]}` : '',
        input: encrypting ? plaintext : ciphertext,
        output: encrypting ? ciphertext : plaintext,
      };
      return [Number(row[0]), point];
    }),
  );
}

/** What the first row gives: everything after it is computed. */
function start({ cases, direction }: TitledGroup): Record<'key' | 'iv' | 'input', Uint8Array> {
  const row = cases[0] ?? [];
  const input = direction === 'encrypt' ? row.length - 2 : row.length - 1;
  return { key: column(row, 1), iv: column(row, 2), input: column(row, input) };
}

/** Compares a round with its checkpoint, if it has one, and ticks that off. */
function check(
  points: Map<number, Checkpoint>,
  round: number,
  state: Record<keyof Checkpoint, Uint8Array>,
): void {
  const point = points.get(round);
  if (point === undefined) return;
  const computed = Object.fromEntries(
    Object.entries(state).map(([name, bytes]) => [name, toHex(bytes)]),
  );
  expect(computed, `round ${round}`).toEqual(point);
  points.delete(round);
}

/** XORs the last outputs into the keys, the last into K1, and gives them odd parity. */
function nextTdesKey(
  { keys }: TitledGroup,
  key: Uint8Array,
  [last, second, third]: [Uint8Array, Uint8Array, Uint8Array],
): Uint8Array {
  const added = {
    1: [last, last, last],
    2: [last, second, last],
    3: [last, second, third],
  }[keys as 1 | 2 | 3].flatMap((block) => [...block]);
  return key.map((byte, i) => withOddParity(byte ^ (added[i] ?? 0)));
}

function withOddParity(byte: number): number {
  const ones = [...(byte >> 1).toString(2)].filter((bit) => bit === '1').length;
  return (byte & 0xfe) | ((ones + 1) & 1);
}

/** XORs the last bytes of the last two outputs into the key, as many as it has. */
function nextAesKey(key: Uint8Array, second: Uint8Array, last: Uint8Array): Uint8Array {
  const added = Uint8Array.of(...second, ...last).slice(-key.length);
  return key.map((byte, i) => byte ^ (added[i] ?? 0));
}
