import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toBase64Url } from '../../src/primitives/base64.js';

const TEXT = new TextEncoder();

// RFC 4648 10.
const PUBLISHED = [
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
] as const;

describe('toBase64 and fromBase64', () => {
  it.each(PUBLISHED)('match RFC 4648 for %s', (text, base64) => {
    expect(toBase64(TEXT.encode(text))).toBe(base64);
    expect(fromBase64(base64)).toEqual(new Uint8Array(TEXT.encode(text)));
  });

  it('take back what they gave', () => {
    const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    const property = fc.property(anyBytes, (bytes) => {
      expect(fromBase64(toBase64(bytes))).toEqual(new Uint8Array(bytes));
    });
    fc.assert(property);
  });
});

describe('fromBase64', () => {
  it('reads one text for one value, whatever the text', () => {
    const alphabet = fc.constantFrom(...'ABZaz09+/==\n -_');
    const property = fc.property(fc.string({ unit: alphabet, maxLength: 16 }), (text) => {
      const bytes = fromBase64(text);
      if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it.each([
    ['nothing', ''],
    ['no padding', 'Zg'],
    ['half of the padding', 'Zg='],
    ['nothing but padding', '===='],
    ['padding in the middle', 'Zg==Zm9v'],
    ['white space in place of padding', 'Zg= '],
    ['white space before', '    Zm9v'],
    ['a line feed', 'Zm9\nZm9v'],
    ['bits behind the last byte', 'Zh=='],
    ['bits behind the last two bytes', 'Zm9='],
    ['the alphabet of URLs', '-_-_'],
    ['another character', 'Zm9*'],
  ])('refuses %s', (_, text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});

describe('toBase64Url', () => {
  it('writes the example of RFC 7515 appendix C', () => {
    expect(toBase64Url(Uint8Array.of(3, 236, 255, 224, 193))).toBe('A-z_4ME');
  });

  it.each(PUBLISHED)('leaves the padding of %s out', (text, base64) => {
    expect(toBase64Url(TEXT.encode(text))).toBe(base64.replaceAll('=', ''));
  });
});
