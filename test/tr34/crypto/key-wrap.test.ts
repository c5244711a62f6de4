import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import { unwrapContentKey, wrapContentKey } from '../../../src/tr34/crypto/key-wrap.js';

const KEK = '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F';
const KEY = '00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F';

/** RFC 3394 4.1 to 4.6: bits of both keys, which are the beginning of the above, and the result. */
const EXAMPLES: readonly [number, number, string][] = [
  [128, 128, '1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5'],
  [192, 128, '96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D'],
  [256, 128, '64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7'],
  [192, 192, '031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2'],
  [256, 192, 'A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1'],
  [256, 256, '28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21'],
];

const anyKey = fc
  .constantFrom(16, 24, 32)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

describe('wrapContentKey and unwrapContentKey', () => {
  it.each(EXAMPLES)('match RFC 3394: %i-bit KEK, %i-bit key', (kekBits, keyBits, wrapped) => {
    const kek = fromHex(KEK.slice(0, kekBits / 4));
    const key = fromHex(KEY.slice(0, keyBits / 4));
    expect(toHex(wrapContentKey({ kek, key }))).toBe(wrapped);
    expect(unwrapContentKey({ kek, key: fromHex(wrapped) })).toEqual(key);
  });

  it('are each other’s inverse, and leave what they are given as it is', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (kek, key) => {
        const before = [toHex(kek), toHex(key)];
        const wrapped = wrapContentKey({ kek, key });
        expect(wrapped).toHaveLength(key.length + 8);
        const text = toHex(wrapped);
        expect(toHex(unwrapContentKey({ kek, key: wrapped }) ?? wrapped)).toBe(before[1]);
        expect([toHex(kek), toHex(key), toHex(wrapped)]).toEqual([...before, text]);
      }),
    );
  });

  it('give nothing when any bit was changed', () => {
    fc.assert(
      fc.property(anyKey, anyKey, fc.nat(), (kek, key, bit) => {
        const wrapped = wrapContentKey({ kek, key });
        const at = (bit >> 3) % wrapped.length;
        wrapped[at] = (wrapped[at] ?? 0) ^ (1 << (bit & 7));
        expect(unwrapContentKey({ kek, key: wrapped })).toBeUndefined();
      }),
    );
  });

  it.each([0, 8, 15, 17, 23])('wrap no key of %i bytes', (length) => {
    expect(() => wrapContentKey({ kek: new Uint8Array(16), key: new Uint8Array(length) })).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_LENGTH', field: 'key' }),
    );
  });

  it.each([0, 1, 8, 16, 23, 25, 31, 33])('give nothing for %i bytes', (length) => {
    const kek = new Uint8Array(16);
    expect(unwrapContentKey({ kek, key: new Uint8Array(length) })).toBeUndefined();
  });
});
