import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiText, encodeHex, HEX_VALUES, writeHex } from '../../src/primitives/hex.js';

const DIGITS = '0123456789ABCDEF';

describe('HEX_VALUES', () => {
  it('knows the 22 digits and nothing else', () => {
    expect(HEX_VALUES).toHaveLength(128);
    for (const [code, value] of HEX_VALUES.entries()) {
      expect(value, `code ${code}`).toBe(DIGITS.indexOf(String.fromCharCode(code).toUpperCase()));
    }
    expect(HEX_VALUES.filter((value) => value >= 0)).toHaveLength(22);
  });
});

describe('encodeHex', () => {
  it('writes every byte as two upper-case digits', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const expected = [...DIGITS].flatMap((high) => [...DIGITS].map((low) => high + low)).join('');
    expect(encodeHex(bytes)).toBe(expected);
    expect(encodeHex(new Uint8Array())).toBe('');
  });

  it('writes the first bytes alone where a length is given', () => {
    const bytes = Uint8Array.of(0x0f, 0xa0, 0x9a);
    expect([0, 1, 2, 3].map((length) => encodeHex(bytes, length))).toEqual([
      '',
      '0F',
      '0FA0',
      '0FA09A',
    ]);
  });
});

describe('writeHex', () => {
  it('writes from the offset on and nowhere else', () => {
    const text = new Uint8Array(9).fill(0x2e);
    writeHex(Uint8Array.of(0x11, 0x0a, 0xf5, 0x90), 1, text, 2);
    expect(asciiText(text)).toBe('..0AF590.');
  });

  it('ends where it is told to', () => {
    const text = new Uint8Array(5).fill(0x2e);
    writeHex(Uint8Array.of(0x11, 0x0a, 0xf5, 0x90), 1, text, 0, 3);
    expect(asciiText(text)).toBe('0AF5.');
  });
});

describe('asciiText', () => {
  it('is the text of the character codes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0x20, max: 0x7e })), (codes) => {
        expect(asciiText(Uint8Array.from(codes))).toBe(String.fromCharCode(...codes));
      }),
    );
  });
});
