import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import {
  children,
  copyDer,
  fields,
  readDer,
  readDerContents,
  readDerInside,
} from '../../../src/tr34/der/reader.js';
import { contextTag, TAG } from '../../../src/tr34/der/tags.js';
import {
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  sequence,
} from '../../../src/tr34/der/writer.js';
import { fromBase64, RECEIVER_CASES, TOKEN_VECTORS, tokenBytes } from '../vectors.js';
import { almostDer, anyDer } from './arbitraries.js';

/** Encodings that BER or a lax reader accepts. */
const NOT_DER: readonly (readonly [string, string, number])[] = [
  ['nothing', '', 0],
  ['a tag without length', '30', 0],
  ['a length without content', '0401', 0],
  ['a child that overruns its parent', '3002010100', 2],
  ['a child that overruns its parent inside a larger one', '3009300202030506070201FF', 4],
  ['a child that swallows its sibling', '300A30030404AABBCCDD020107', 4],
  ['bytes after the value', '30030201050000', 5],
  ['a second value', '020105020105', 3],
  ['NULL with content', '050100', 0],
  ['BOOLEAN of two octets', '01020000', 0],
  ['BOOLEAN without octet', '0100', 0],
  ['TRUE that is not FF', '010101', 0],
  ['INTEGER with a leading zero too many', '02020005', 0],
  ['INTEGER with a leading FF too many', '0202FF80', 0],
  ['INTEGER without octet', '0200', 0],
  ['ENUMERATED with a leading zero too many', '0A020005', 0],
  ['a length of one octet in two', '308103020105', 0],
  ['a length of one octet in three', '30820003020105', 0],
  ['a length in five octets', '308400000003020105', 0],
  ['a length in four octets', '3083000003020105', 0],
  ['an indefinite length', '30800201050000', 0],
  ['a reserved length', '30FF', 0],
  ['an arc with a leading 80', '06032A8001', 0],
  ['an empty OID', '0600', 0],
  ['an OID that ends within an arc', '06022A86', 0],
  ['a low tag number in the high form', '1F020105', 0],
  ['a high tag number', 'BF210105', 0],
  ['a constructed OCTET STRING', '2406040101040102', 0],
  ['a constructed INTEGER', '2203020105', 0],
  ['a primitive SEQUENCE', '1003020105', 0],
  ['a BIT STRING whose unused bits are set', '030207FF', 0],
  ['a BIT STRING without octet', '0300', 0],
  ['a BIT STRING of unused bits only', '030101', 0],
  ['a BIT STRING with eight unused bits', '03020800', 0],
  ['an end-of-contents inside a definite length', '30020000', 2],
  ['UTCTime of two octets', '17026162', 0],
  ['GeneralizedTime of two octets', '18020000', 0],
  ['UTCTime without seconds', `170B${ascii('1011020000Z')}`, 0],
  ['UTCTime with an offset', `1711${ascii('101102000000+0100')}`, 0],
  ['UTCTime on 30 February', `170D${ascii('100230000000Z')}`, 0],
  ['UTCTime on 29 February of another year', `170D${ascii('110229000000Z')}`, 0],
  ['UTCTime at 24 hours', `170D${ascii('101102240000Z')}`, 0],
  ['UTCTime at a leap second', `170D${ascii('161231235960Z')}`, 0],
  ['UTCTime in month 13', `170D${ascii('101302000000Z')}`, 0],
  ['UTCTime with a space', `170D${ascii('10110 000000Z')}`, 0],
  ['UTCTime without Z', `170D${ascii('1011020000000')}`, 0],
  ['UTCTime of GeneralizedTime', `170F${ascii('20101102000000Z')}`, 0],
  ['GeneralizedTime of UTCTime', `180D${ascii('101102000000Z')}`, 0],
  ['GeneralizedTime with a fraction', `1811${ascii('20101102000000.5Z')}`, 0],
  ['REAL', '0900', 0],
  ['RELATIVE-OID', '0D0101', 0],
  ['an application tag', '4100', 0],
  ['a private tag', 'C100', 0],
  ['a constructed application tag', '6100', 0],
  ['half a character of a BMPString', '1E0100', 0],
  ['half a character of a UniversalString', '1C020000', 0],
  ['an error in the second child', '3006020105020005', 5],
];

describe('readDer', () => {
  it.each(TOKEN_VECTORS.map(({ id, base64 }) => [id, base64] as const))(
    'reads %s',
    (id, base64) => {
      const bytes = fromBase64(base64);
      expect(readDer(bytes).bytes, id).toEqual(bytes);
    },
  );

  it('reads the tokens for the receiver but for those that are no DER', () => {
    const refused = RECEIVER_CASES.filter(({ base64 }) => !accepts(fromBase64(base64)));
    expect(refused.map(({ expect: code }) => code).filter((code) => code !== 'asn1')).toEqual([]);
    expect(refused.length).toBeGreaterThan(3);
  });

  it.each(NOT_DER)('refuses %s', (_, hex, offset) => {
    expect(() => readDer(fromHex(hex))).toThrow(malformedAt(offset));
  });

  it.each([
    ['a SET OF that is not sorted', '3106020102020101'],
    ['invalid UTF-8', '0C02C328'],
    ['characters that a PrintableString does not have', '13024002'],
    ['any octets under a primitive context tag', '8003FF0000'],
    ['a GeneralizedTime in the year 0', `180F${ascii('00000229000000Z')}`],
    ['a length of 255 octets', `0481FF${'00'.repeat(255)}`],
    ['a length of 256 octets', `04820100${'00'.repeat(256)}`],
  ])('accepts %s', (_, hex) => {
    expect(toHex(readDer(fromHex(hex)).bytes)).toBe(hex);
  });

  it.each([
    ['65,536 bytes', 65_536 - 4, 'octets'],
    ['a depth of 24', 24, 'depth'],
    ['2048 elements', 2047, 'elements'],
    ['an INTEGER of 1025 octets', 1025, 'integer'],
    ['a string of 1024 octets', 1024, 'string'],
    ['an OID of 32 octets', 32, 'oid'],
    ['an arc of five octets', 5, 'arc'],
  ] as const)('accepts %s and not one more', (_, limit, kind) => {
    expect(accepts(sized(kind, limit))).toBe(true);
    expect(() => readDer(sized(kind, limit + 1))).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'TOKEN_MALFORMED' }),
    );
  });

  it('returns views, and the offset of each in the input', () => {
    const bytes = tokenBytes('b.9-kt-kdh-2pass');
    const visit = (element: ReturnType<typeof readDer>): number => {
      expect(element.bytes.buffer).toBe(bytes.buffer);
      expect(element.offset).toBe(element.bytes.byteOffset);
      const inner = (element.tag & 0x20) === 0 ? [] : children(element);
      return inner.reduce((count, child) => count + visit(child), 1);
    };
    expect(visit(readDer(bytes))).toBeGreaterThan(60);
  });

  it('names what it was told to read, and where that begins', () => {
    expect(() => readDer(fromHex('3003020005'), { field: 'crl', offset: 100 })).toThrow(
      expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'crl', offset: 102 }),
    );
  });

  it('takes neither name nor place from Object.prototype', () => {
    for (const [name, value] of [
      ['field', 'crl'],
      ['offset', 100],
    ] as const) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true });
      try {
        for (const read of [readDer, readDerContents]) {
          expect(() => read(fromHex('0101'))).toThrow(malformedAt(0));
        }
      } finally {
        Reflect.deleteProperty(Object.prototype, name);
      }
    }
  });

  it('reads what the writer wrote', () => {
    fc.assert(
      fc.property(anyDer, (bytes) => {
        const rewrite = (element: ReturnType<typeof readDer>): Uint8Array =>
          (element.tag & 0x20) === 0
            ? encodeElement(element.tag, element.content)
            : encodeElement(element.tag, ...children(element).map(rewrite));
        expect(rewrite(readDer(bytes))).toEqual(bytes);
      }),
    );
  });

  it('throws nothing but KeyblockError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), almostDer), (bytes) => {
        try {
          readDer(bytes);
        } catch (error) {
          expect(error).toMatchObject({ constructor: KeyblockError, code: 'TOKEN_MALFORMED' });
          // In range, or where something is missing at the end.
          expect((error as KeyblockError).offset).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readDerContents', () => {
  it('reads elements without a SEQUENCE around them', () => {
    const bytes = fromHex('0201050500');
    const sequenceOf = readDerContents(bytes, { field: 'token', offset: 7 });
    const parts = fields(sequenceOf);
    expect(parts.next(TAG.INTEGER).offset).toBe(7);
    expect(parts.next(TAG.NULL).offset).toBe(10);
    parts.end();
    expect(sequenceOf).toMatchObject({ tag: TAG.SEQUENCE, bytes, content: bytes });
  });

  it('reads none at all', () => {
    expect(children(readDerContents(new Uint8Array(0)))).toEqual([]);
  });

  it('validates them', () => {
    expect(() => readDerContents(fromHex('02010502020005'))).toThrow(malformedAt(3));
  });
});

describe('readDerInside', () => {
  it('reads the DER in an OCTET STRING, with offsets of the outer one', () => {
    const outer = readDer(sequence(nullValue(), octetString(integer(5))));
    const [, octets] = children(outer);
    if (octets === undefined) throw new Error('no OCTET STRING');
    expect(readDerInside(octets)).toMatchObject({ tag: TAG.INTEGER, offset: 6, field: 'token' });
  });

  it('says where in the outer one an error is', () => {
    const [octets] = children(readDer(fromHex('3006040402020005')));
    if (octets === undefined) throw new Error('no OCTET STRING');
    expect(() => readDerInside(octets)).toThrow(malformedAt(4));
  });
});

describe('fields', () => {
  const bytes = sequence(integer(1), context(0, nullValue()), octetString());

  it('takes elements in their order', () => {
    const parts = fields(readDer(bytes));
    expect(parts.next(TAG.INTEGER).tag).toBe(TAG.INTEGER);
    expect(parts.optional(contextTag(1))).toBeUndefined();
    expect(parts.optional(contextTag(0))?.tag).toBe(contextTag(0));
    expect(parts.next().tag).toBe(TAG.OCTET_STRING);
    expect(parts.optional(TAG.NULL)).toBeUndefined();
    parts.end();
  });

  it('takes the rest', () => {
    const parts = fields(readDer(bytes));
    parts.next();
    expect(parts.rest().map(({ tag }) => tag)).toEqual([contextTag(0), TAG.OCTET_STRING]);
    expect(parts.rest()).toEqual([]);
    parts.end();
  });

  it('refuses another tag', () => {
    const parts = fields(readDer(bytes));
    parts.next();
    expect(() => parts.next(TAG.INTEGER)).toThrow(malformedAt(5));
  });

  it('refuses the end where something is left', () => {
    const parts = fields(readDer(bytes));
    parts.next();
    expect(() => parts.end()).toThrow(malformedAt(5));
  });

  it('refuses to go beyond the end', () => {
    const parts = fields(readDer(bytes));
    parts.rest();
    expect(() => parts.next()).toThrow(malformedAt(bytes.length));
  });

  it('refuses what is no SEQUENCE', () => {
    expect(() => fields(readDer(nullValue()))).toThrow(malformedAt(0));
    expect(() => fields(readDer(bytes), TAG.SET)).toThrow(malformedAt(0));
  });
});

describe('copyDer', () => {
  it('runs no code of the class of what is too long, which is refused for that', () => {
    class Message extends Uint8Array<ArrayBuffer> {
      static get [Symbol.species](): never {
        throw new TypeError('species');
      }
    }
    const bytes = octetString(new Uint8Array(65_540));
    const unfit = Object.defineProperty(bytes.subarray(0), 'constructor', { value: 5 });
    for (const value of [bytes, new Message(bytes.buffer), unfit]) {
      const copy = copyDer(value, 'token');
      expect(copy).toHaveLength(65_537);
      expect(() => readDer(copy)).toThrow(malformedAt(65_536));
    }
    const longest = new Message(bytes.buffer, 0, 65_536);
    expect(copyDer(longest, 'token')).toEqual(bytes.slice(0, 65_536));
  });
});

function ascii(text: string): string {
  return toHex(new TextEncoder().encode(text));
}

function malformedAt(offset: number) {
  return expect.objectContaining({
    constructor: KeyblockError,
    code: 'TOKEN_MALFORMED',
    field: 'token',
    offset,
  });
}

function accepts(bytes: Uint8Array): boolean {
  try {
    readDer(bytes);
    return true;
  } catch {
    return false;
  }
}

/** DER that reaches a limit. */
function sized(
  kind: 'octets' | 'depth' | 'elements' | 'integer' | 'string' | 'oid' | 'arc',
  size: number,
): Uint8Array {
  switch (kind) {
    case 'octets':
      return octetString(new Uint8Array(size));
    case 'depth':
      return Array.from({ length: size }).reduce<Uint8Array>(
        (inner) => sequence(inner),
        nullValue(),
      );
    case 'elements':
      return sequence(...Array.from({ length: size }, nullValue));
    case 'integer':
      return encodeElement(TAG.INTEGER, new Uint8Array(size).fill(0x7f));
    case 'string':
      return encodeElement(TAG.UTF8_STRING, new Uint8Array(size).fill(0x41));
    case 'oid':
      return encodeElement(TAG.OBJECT_IDENTIFIER, new Uint8Array(size).fill(0x2a));
    case 'arc':
      return encodeElement(
        TAG.OBJECT_IDENTIFIER,
        Uint8Array.of(0x2a, ...Array.from({ length: size - 1 }, () => 0x81), 0x01),
      );
  }
}
