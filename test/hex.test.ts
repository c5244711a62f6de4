import fc from 'fast-check';
import { fromHex, KeyblockError, toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';

// RFC 4648 section 10, and the digits themselves.
const KNOWN = [
  ['', ''],
  ['f', '66'],
  ['fo', '666F'],
  ['foo', '666F6F'],
  ['foob', '666F6F62'],
  ['fooba', '666F6F6261'],
  ['foobar', '666F6F626172'],
  ['\u0000\u007f', '007F'],
] as const;
const DIGITS = '0123456789abcdefABCDEF';

describe('toHex', () => {
  it.each(KNOWN)('encodes %j', (text, hex) => {
    expect(toHex(new TextEncoder().encode(text))).toBe(hex);
  });

  it('encodes every byte as two upper-case digits', () => {
    for (let byte = 0; byte < 256; byte++) {
      const digits = '0123456789ABCDEF';
      const pair = `${digits[Math.floor(byte / 16)]}${digits[byte % 16]}`;
      expect(toHex(Uint8Array.of(byte))).toBe(pair);
    }
  });

  it('encodes a view of a part, and no more', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    expect(toHex(bytes.subarray(1, 4))).toBe('020304');
    expect([...bytes]).toEqual([1, 2, 3, 4, 5]);
  });

  it('encodes 1 MiB', () => {
    const hex = toHex(new Uint8Array(1 << 20).fill(0xa5));
    expect(hex).toHaveLength(2 << 20);
    expect(hex === 'A5'.repeat(1 << 20)).toBe(true);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', '00'],
    ['a number', 255],
    ['an array', [0, 255]],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['wider numbers', new Uint16Array(2)],
    ['clamped bytes', new Uint8ClampedArray(2)],
  ])('refuses %s', (_, value) => {
    expect(() => toHex(value as never)).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'INVALID_ARGUMENT',
        field: 'bytes',
      }),
    );
  });
});

describe('fromHex', () => {
  it.each(KNOWN)('decodes to %j', (text, hex) => {
    const bytes = new TextEncoder().encode(text);
    expect(fromHex(hex)).toEqual(bytes);
    expect(fromHex(hex.toLowerCase())).toEqual(bytes);
  });

  it('decodes what toHex encodes, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const hex = toHex(bytes);
        expect(fromHex(hex)).toEqual(bytes);
        expect(fromHex(hex.toLowerCase())).toEqual(bytes);
      }),
    );
  });

  it('encodes again to what it decoded, in upper case', () => {
    const anyHex = fc.string({ unit: fc.constantFrom(...DIGITS), maxLength: 200 });
    fc.assert(
      fc.property(anyHex, (digits) => {
        const hex = digits.slice(0, digits.length & ~1);
        expect(toHex(fromHex(hex))).toBe(hex.toUpperCase());
      }),
    );
  });

  it('returns bytes of its own', () => {
    const bytes = fromHex('0102');
    expect(bytes.buffer.byteLength).toBe(2);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    bytes.fill(0);
    expect([...fromHex('0102')]).toEqual([1, 2]);
  });

  it('decodes 1 MiB', () => {
    const bytes = fromHex('5a'.repeat(1 << 20));
    expect(bytes).toHaveLength(1 << 20);
    expect(bytes.every((byte) => byte === 0x5a)).toBe(true);
  });

  it('takes the 22 digits and no other character', () => {
    for (let code = 0; code < 0x300; code++) {
      const character = String.fromCharCode(code);
      for (const [hex, offset] of [
        [`${character}0`, 0],
        [`0${character}`, 1],
      ] as const) {
        if (DIGITS.includes(character)) expect(fromHex(hex)).toHaveLength(1);
        else expect(() => fromHex(hex), `code ${code}`).toThrow(refusedAt(offset));
      }
    }
  });

  it.each([
    ['a separator', '00 11', 2],
    ['colons', '00:11', 2],
    ['a prefix', '0x0011', 1],
    ['a line end', '0011\n', 4],
    ['two line ends', '0011\r\n', 4],
    ['a leading space', ' 0011', 0],
    ['a sign', '-011', 0],
    ['the letter after F', '001G', 3],
    ['the first of two', '0G1G', 1],
    ['the last of many', `${'0'.repeat(99)}g`, 99],
    ['wide digits', '\uff11\uff12', 0],
    ['a letter beyond the BMP', '00\u{1d400}0', 2],
    ['the Arabic zero', '0\u0660', 1],
    ['an odd one that is no digit', '001z', 3],
    ['a single one that is no digit', 'z', 0],
    ['the last of an odd number', '00112_', 5],
  ])('refuses %s at its offset', (_, hex, offset) => {
    expect(() => fromHex(hex)).toThrow(refusedAt(offset));
  });

  it.each([1, 3, 5, 33, 47])('refuses %i digits, and says where one is missing', (length) => {
    expect(() => fromHex('A'.repeat(length))).toThrow(refusedAt(length));
  });

  it('says where the first bad character is, wherever it is', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(61), fc.constantFrom('G', ' ', '-', 'é'), (at, more, bad) => {
        expect(() => fromHex('0'.repeat(at) + bad + 'z'.repeat(more))).toThrow(refusedAt(at));
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 1234],
    ['a bigint', 1234n],
    ['bytes', new Uint8Array(2)],
    ['an array of digits', ['0', '0']],
    ['a String object', Object('00')],
    ['what turns into text', { length: 2, toString: () => '00', charCodeAt: () => 0x30 }],
    ['a symbol', Symbol('00')],
  ])('refuses %s', (_, value) => {
    expect(() => fromHex(value as never)).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'INVALID_ARGUMENT',
        field: 'hex',
        offset: undefined,
      }),
    );
  });

  it('does not repeat what it was given', () => {
    const hex = '00112233445566778899AABBCCDDEEFG';
    expect(() => fromHex(hex)).not.toThrow(/2233|EEFG/);
  });
});

function refusedAt(offset: number): unknown {
  return expect.objectContaining({
    constructor: KeyblockError,
    code: 'INVALID_HEX',
    field: 'hex',
    offset,
  });
}
