import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/hex.js';
import { createAes } from '../../src/primitives/aes.js';
import type { BlockCipher } from '../../src/primitives/block-cipher.js';
import { createTdes } from '../../src/primitives/des.js';
import { applyCtr, computeCbcMac, decryptCbc, encryptCbc } from '../../src/primitives/modes.js';
import aesCbc from '../vectors/primitives/aes-cbc.json' with { type: 'json' };
import aesCtr from '../vectors/primitives/aes-ctr.json' with { type: 'json' };
import tdesCbc from '../vectors/primitives/tdes-cbc.json' with { type: 'json' };
import { column, countCases, knownAnswers } from './primitive-vectors.js';

const CBC = [
  ...knownAnswers(tdesCbc.groups).map((group) => ({ name: 'TDES', create: createTdes, ...group })),
  ...knownAnswers(aesCbc.groups).map((group) => ({ name: 'AES', create: createAes, ...group })),
];
const CTR = knownAnswers(aesCtr.groups);

/** Nobody publishes vectors of CBC-MAC: with a zero IV it is the last block of the ciphertext. */
const CBC_MAC = CBC.map((group) => ({
  ...group,
  cases: group.cases.filter((row) => /^0+$/.test(`${row[1]}`)),
})).filter(({ cases }) => cases.length > 0);

/** A cipher, its IV, and a whole number of blocks. */
const anyCbc = fc
  .tuple(
    fc.constantFrom<[(key: Uint8Array) => BlockCipher, number]>([createTdes, 8], [createAes, 16]),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.integer({ min: 1, max: 5 }),
  )
  .chain(([[create, size], key, blocks]) =>
    fc.record({
      cipher: fc.constant(create(key)),
      iv: fc.uint8Array({ minLength: size, maxLength: size }),
      data: fc.uint8Array({ minLength: blocks * size, maxLength: blocks * size }),
    }),
  );

describe('encryptCbc and decryptCbc', () => {
  it.each(CBC)('match $name $title', ({ create, cases }) => {
    for (const [index, row] of cases.entries()) {
      const cipher = create(column(row, 0));
      const iv = column(row, 1);
      const data = column(row, 2);
      encryptCbc(cipher, iv, data);
      expect(toHex(data), `encrypt, case ${index}`).toBe(row[3]);
      decryptCbc(cipher, iv, data);
      expect(toHex(data), `decrypt, case ${index}`).toBe(row[2]);
      expect(toHex(iv), `IV, case ${index}`).toBe(row[1]);
    }
  });

  it('have been given all 550 and 2150 known answers', () => {
    expect(countCases(CBC.filter(({ name }) => name === 'TDES'))).toBe(550);
    expect(countCases(CBC.filter(({ name }) => name === 'AES'))).toBe(2150);
  });

  it('undo each other and leave the IV as it is', () => {
    fc.assert(
      fc.property(anyCbc, ({ cipher, iv, data }) => {
        const bytes = new Uint8Array(data);
        const ivBefore = toHex(iv);
        encryptCbc(cipher, iv, bytes);
        expect(toHex(iv)).toBe(ivBefore);
        decryptCbc(cipher, iv, bytes);
        expect(toHex(iv)).toBe(ivBefore);
        expect(bytes).toEqual(data);
      }),
    );
  });

  it('transform the view they are given and no byte beside it', () => {
    fc.assert(
      fc.property(anyCbc, fc.nat(5), ({ cipher, iv, data }, margin) => {
        const buffer = new Uint8Array(data.length + 2 * margin).fill(0xa5);
        const view = buffer.subarray(margin, margin + data.length);
        view.set(data);
        const alone = new Uint8Array(data);
        encryptCbc(cipher, iv, alone);
        encryptCbc(cipher, iv, view);
        expect(toHex(buffer)).toBe('A5'.repeat(margin) + toHex(alone) + 'A5'.repeat(margin));
        decryptCbc(cipher, iv, view);
        expect(toHex(buffer)).toBe('A5'.repeat(margin) + toHex(data) + 'A5'.repeat(margin));
      }),
    );
  });
});

describe('applyCtr', () => {
  it.each(CTR)('matches $title', ({ cases }) => {
    for (const [index, row] of cases.entries()) {
      const cipher = createAes(column(row, 0));
      const counter = column(row, 1);
      const data = column(row, 2);
      applyCtr(cipher, counter, data);
      expect(toHex(data), `encrypt, case ${index}`).toBe(row[3]);
      applyCtr(cipher, counter, data);
      expect(toHex(data), `decrypt, case ${index}`).toBe(row[2]);
      expect(toHex(counter), `counter, case ${index}`).toBe(row[1]);
    }
  });

  it('has been given all 1165 known answers', () => {
    expect(countCases(CTR)).toBe(1165);
  });

  // The stream is the cipher on counter, counter + 1 …: what follows each of these is by hand.
  it.each([
    ['00000000000000000000000000000000', '00000000000000000000000000000001'],
    ['000000000000000000000000000000FF', '00000000000000000000000000000100'],
    ['F0F1F2F3F4F5F6F7F8F9FAFBFFFFFFFF', 'F0F1F2F3F4F5F6F7F8F9FAFC00000000'],
    ['00112233445566770FFFFFFFFFFFFFFF', '00112233445566771000000000000000'],
    ['0011223344556677FFFFFFFFFFFFFFFF', '00112233445566780000000000000000'],
    ['00FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', '01000000000000000000000000000000'],
    ['FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', '00000000000000000000000000000000'],
  ])('counts over the whole block, from %s to %s', (counter, next) => {
    const cipher = createAes(fromHex('2B7E151628AED2A6ABF7158809CF4F3C'));
    const stream = new Uint8Array(32);
    applyCtr(cipher, fromHex(counter), stream);
    const expected = fromHex(counter + next);
    cipher.encryptBlock(expected, 0);
    cipher.encryptBlock(expected, 16);
    expect(toHex(stream)).toBe(toHex(expected));
  });

  it('gives a shorter text the beginning of the same stream', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ maxLength: 70 }),
        fc.nat(70),
        (key, counter, data, cut) => {
          const cipher = createAes(key);
          const whole = new Uint8Array(data);
          const part = data.slice(0, cut);
          applyCtr(cipher, counter, whole);
          applyCtr(cipher, counter, part);
          expect(part).toEqual(whole.slice(0, cut));
        },
      ),
    );
  });
});

describe('computeCbcMac', () => {
  it.each(CBC_MAC)('is the last block of $name $title', ({ create, cases }) => {
    for (const [index, row] of cases.entries()) {
      const cipher = create(column(row, 0));
      const data = column(row, 2);
      const mac = computeCbcMac(cipher, data);
      expect(toHex(mac), `case ${index}`).toBe(`${row[3]}`.slice(-2 * cipher.blockLength));
      expect(toHex(data), `message, case ${index}`).toBe(row[2]);
    }
  });

  it('has been given all 470 and 2078 known answers that have a zero IV', () => {
    expect(countCases(CBC_MAC.filter(({ name }) => name === 'TDES'))).toBe(470);
    expect(countCases(CBC_MAC.filter(({ name }) => name === 'AES'))).toBe(2078);
  });

  it('is the last block of CBC over any whole number of blocks', () => {
    fc.assert(
      fc.property(anyCbc, ({ cipher, data }) => {
        const ciphertext = new Uint8Array(data);
        encryptCbc(cipher, new Uint8Array(cipher.blockLength), ciphertext);
        const mac = computeCbcMac(cipher, data);
        expect(toHex(mac)).toBe(toHex(ciphertext.slice(-cipher.blockLength)));
      }),
    );
  });
});
