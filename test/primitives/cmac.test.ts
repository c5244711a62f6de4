import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/hex.js';
import { createAes } from '../../src/primitives/aes.js';
import type { BlockCipher } from '../../src/primitives/block-cipher.js';
import { createCmac } from '../../src/primitives/cmac.js';
import { createTdes } from '../../src/primitives/des.js';
import aes from '../vectors/primitives/aes-cmac.json' with { type: 'json' };
import tdes from '../vectors/primitives/tdes-cmac.json' with { type: 'json' };
import { column, countCases, knownAnswers } from './primitive-vectors.js';

const INVALID_KEY_SIZE = 'Wycheproof-InvalidKeySize';
const aesGroups = knownAnswers(aes.groups);
const tdesGroups = knownAnswers(tdes.groups);

describe('createCmac', () => {
  it.each(aesGroups.filter(({ kind }) => kind !== INVALID_KEY_SIZE))(
    'matches AES $title',
    ({ cases }) => checkAll(createAes, cases),
  );

  it.each(tdesGroups)('matches TDES $title', ({ cases }) => checkAll(createTdes, cases));

  it('has been given all cases, 957 and 518 of which must fail', () => {
    expect(countCases(aesGroups)).toBe(1939);
    expect(countCases(tdesGroups)).toBe(1056);
    const negative = (groups: typeof aesGroups) =>
      groups.flatMap(({ cases }) => cases).filter((row) => row[3] === 0).length;
    expect(negative(aesGroups)).toBe(957);
    expect(negative(tdesGroups)).toBe(518);
  });

  it.each([0, 1, 2])('keeps no state of a head that failed in block %i of it', (failing) => {
    const cipher = createAes(fromHex('000102030405060708090A0B0C0D0E0F'));
    let left = Number.POSITIVE_INFINITY;
    const failingCipher: BlockCipher = {
      ...cipher,
      encryptBlock(block, at) {
        if (left-- === 0) throw new RangeError('Maximum call stack size exceeded');
        cipher.encryptBlock(block, at);
      },
    };
    const cmac = createCmac(failingCipher, 48);
    const messages = [1, 2].map((byte) => new Uint8Array(64).fill(byte));
    const [first, second] = messages as [Uint8Array, Uint8Array];
    const expected = messages.map((message) => createCmac(cipher).compute(message));
    expect(cmac.compute(first)).toEqual(expected[0]);
    left = failing;
    expect(() => cmac.compute(second)).toThrow(RangeError);
    left = Number.POSITIVE_INFINITY;
    expect(cmac.compute(second)).toEqual(expected[1]);
    expect(cmac.compute(first)).toEqual(expected[0]);
  });

  it('cannot be made under a key of the wrong size', () => {
    const rows = aesGroups.filter(({ kind }) => kind === INVALID_KEY_SIZE).flatMap((g) => g.cases);
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(() => createCmac(createAes(column(row, 0))), `key ${row[0]}`).toThrow();
    }
  });

  it('gives another MAC when any bit of the message changes, or a zero byte is appended', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(createAes, createTdes),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        fc.nat(),
        (create, key, message, bit) => {
          const cmac = createCmac(create(key));
          const mac = toHex(cmac.compute(message));
          const changed = new Uint8Array(message);
          const at = (bit >> 3) % message.length;
          changed[at] = (message[at] ?? 0) ^ (1 << (bit & 7));
          expect(toHex(cmac.compute(changed))).not.toBe(mac);
          expect(toHex(cmac.compute(Uint8Array.of(...message, 0)))).not.toBe(mac);
          // The padding of an incomplete last block does not make two messages one.
          expect(toHex(cmac.compute(Uint8Array.of(...message, 0x80)))).not.toBe(mac);
        },
      ),
    );
  });

  it.each([
    [createAes, 16],
    [createTdes, 8],
    [createTdes, 16],
  ])('gives the same MACs where it keeps the state after a head (%#)', (create, headLength) => {
    const heads = fc.constantFrom(0x00, 0x44).map((byte) => new Uint8Array(headLength).fill(byte));
    const anyMessage = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc
        .tuple(heads, fc.uint8Array({ maxLength: 34 }))
        .map(([head, rest]) => Uint8Array.of(...head, ...rest)),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.array(anyMessage, { minLength: 1, maxLength: 12 }),
        (key, messages) => {
          const keeping = createCmac(create(key), headLength);
          for (const message of messages) {
            const mac = createCmac(create(key)).compute(message);
            expect(toHex(keeping.compute(message))).toBe(toHex(mac));
          }
        },
      ),
    );
  });

  it('returns a fresh array, and computes the same from it again', () => {
    const cmac = createCmac(createAes(fromHex('2B7E151628AED2A6ABF7158809CF4F3C')));
    const first = cmac.compute(new Uint8Array());
    expect(first.buffer.byteLength).toBe(16);
    first.fill(0);
    expect(toHex(cmac.compute(new Uint8Array()))).toBe('BB1D6929E95937287FA37D129B756746');
  });

  it('leaves the message as it is', () => {
    const cmac = createCmac(createTdes(fromHex('0123456789ABCDEF23456789ABCDEF01')));
    const message = Uint8Array.from({ length: 29 }, (_, i) => 255 - i);
    const before = toHex(message);
    cmac.compute(message);
    expect(toHex(message)).toBe(before);
  });

  it('knows the key no more once it is destroyed', () => {
    const [first, second] = ['000102030405060708090A0B0C0D0E0F', '0F0E0D0C0B0A09080706050403020100']
      .map((key) => createCmac(createAes(fromHex(key))))
      .map((cmac) => {
        cmac.compute(new Uint8Array(15)); // which takes the second subkey
        cmac.destroy();
        return [0, 15, 16, 17].map((length) => toHex(cmac.compute(new Uint8Array(length))));
      });
    expect(first).toEqual(second);
  });

  it('knows no state after a head any more once it is destroyed', () => {
    const message = new Uint8Array(40);
    const [first, second] = ['000102030405060708090A0B0C0D0E0F', '0F0E0D0C0B0A09080706050403020100']
      .map((key) => createCmac(createAes(fromHex(key)), 16))
      .map((cmac) => {
        cmac.compute(message);
        cmac.destroy();
        return toHex(cmac.compute(message));
      });
    expect(first).toBe(second);
  });
});

/** Checks rows of key, message, leftmost bytes of the MAC, and whether it is the right one. */
function checkAll(
  createCipher: (key: Uint8Array) => BlockCipher,
  cases: readonly (readonly (string | number)[])[],
): void {
  for (const [index, row] of cases.entries()) {
    const [key, , mac, valid = 1] = row;
    const computed = toHex(createCmac(createCipher(column(row, 0))).compute(column(row, 1)));
    const matches = computed.startsWith(String(mac));
    expect(matches, `case ${index}, key ${key}, MAC ${mac}, computed ${computed}`).toBe(
      valid === 1,
    );
  }
}
