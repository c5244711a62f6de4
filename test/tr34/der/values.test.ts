import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { type DerElement, readDer } from '../../../src/tr34/der/reader.js';
import { TAG } from '../../../src/tr34/der/tags.js';
import {
  isDerSorted,
  isOid,
  readBitString,
  readBoolean,
  readNamedBits,
  readOctetString,
  readOid,
  readSmallInteger,
  readTime,
  readUnsigned,
} from '../../../src/tr34/der/values.js';
import {
  bitString,
  encodeElement,
  generalizedTime,
  integer,
  nullValue,
  octetString,
  oid,
  primitiveContext,
  sequence,
  set,
  sortedSet,
  time,
  utcTime,
} from '../../../src/tr34/der/writer.js';
import { tokenBytes } from '../vectors.js';
import { anyDer, anyOid, anyTime } from './arbitraries.js';

/** X9 TR-34 and RFCs, written down as octets by others than the table. */
const OID_OCTETS: readonly (readonly [keyof typeof OID, string])[] = [
  ['data', '2A864886F70D010701'],
  ['signedData', '2A864886F70D010702'],
  ['envelopedData', '2A864886F70D010703'],
  ['contentType', '2A864886F70D010903'],
  ['messageDigest', '2A864886F70D010904'],
  ['signingTime', '2A864886F70D010905'],
  ['randomNonce', '2A864886F70D01091903'],
  ['cmsAlgorithmProtection', '2A864886F70D010934'],
  ['sha256', '608648016503040201'],
  ['sha384', '608648016503040202'],
  ['sha512', '608648016503040203'],
  ['rsaEncryption', '2A864886F70D010101'],
  ['sha256WithRsa', '2A864886F70D01010B'],
  ['sha512WithRsa', '2A864886F70D01010D'],
  ['rsaesOaep', '2A864886F70D010107'],
  ['mgf1', '2A864886F70D010108'],
  ['pSpecified', '2A864886F70D010109'],
  ['desEde3Cbc', '2A864886F70D0307'],
  ['aes128Cbc', '608648016503040102'],
  ['aes192Cbc', '608648016503040116'],
  ['aes256Cbc', '60864801650304012A'],
  ['aes256Wrap', '60864801650304012D'],
];

describe('readOid', () => {
  it.each(OID_OCTETS)('reads %s', (name, octets) => {
    const element = readDer(encodeElement(TAG.OBJECT_IDENTIFIER, fromHex(octets)));
    expect(readOid(element)).toBe(OID[name]);
    expect(isOid(element, OID[name])).toBe(true);
    expect(toHex(oid(OID[name]))).toBe(toHex(element.bytes));
  });

  it('has all of the table in the form that is written', () => {
    for (const dotted of Object.values(OID)) expect(readOid(readDer(oid(dotted)))).toBe(dotted);
    expect(new Set(Object.values(OID)).size).toBe(Object.values(OID).length);
  });

  it('reads what the writer wrote', () => {
    fc.assert(
      fc.property(anyOid, (dotted) => {
        expect(readOid(readDer(oid(dotted)))).toBe(dotted);
      }),
    );
  });

  it.each([
    ['0.39', '060127'],
    ['1.0', '060128'],
    ['1.39', '06014F'],
    ['2.0', '060150'],
    ['2.999', '06028837'],
    ['2.5.34359738287', '060655FFFFFFFF2F'],
  ])('tells the first two arcs of %s apart', (dotted, hex) => {
    expect(readOid(readDer(fromHex(hex)))).toBe(dotted);
  });

  it('is no other, and nothing else is one', () => {
    expect(isOid(readDer(oid(OID.data)), OID.signedData)).toBe(false);
    expect(isOid(readDer(nullValue()), OID.data)).toBe(false);
  });
});

describe('integers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), (value) => {
        expect(readSmallInteger(readDer(integer(value)))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const hex = toHex(octets).replace(/^(?:00)+/, '') || '00';
        expect(toHex(readUnsigned(readDer(integer(octets))))).toBe(hex);
      }),
    );
  });

  it.each([
    [0, '020100'],
    [127, '02017F'],
    [128, '02020080'],
    [65_537, '0203010001'],
    [2 ** 53 - 1, '02071FFFFFFFFFFFFF'],
  ])('%i is written as %s', (value, hex) => {
    expect(toHex(integer(value))).toBe(hex);
  });

  it('are not negative, and small where they have to be', () => {
    expectMalformed(readUnsigned, '0201FF');
    expectMalformed(readSmallInteger, '020180');
    expectMalformed(readSmallInteger, '0203010000');
  });
});

describe('strings', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(readOctetString(readDer(octetString(bytes)))).toEqual(bytes);
        expect(readBitString(readDer(bitString(bytes)))).toEqual(bytes);
      }),
    );
  });

  it('of bits are whole octets', () => {
    expectMalformed(readBitString, '030206C0');
  });

  it.each([
    ['030206C0', [0, 1]],
    ['03020106', [5, 6]],
    ['0303070080', [8]],
    ['030100', []],
    ['03020000', []],
  ])('of bits have names: %s', (hex, bits) => {
    expect([...readNamedBits(readDer(fromHex(hex)))]).toEqual(bits);
  });

  it('of bits have no more names than any list', () => {
    expectMalformed(readNamedBits, '0306000000000001');
  });
});

describe('readBoolean', () => {
  it('reads both', () => {
    expect(readBoolean(readDer(fromHex('0101FF')))).toBe(true);
    expect(readBoolean(readDer(fromHex('010100')))).toBe(false);
  });
});

describe('readTime', () => {
  it.each([
    ['500101000000Z', '1950-01-01T00:00:00Z'],
    ['991231235959Z', '1999-12-31T23:59:59Z'],
    ['000229120000Z', '2000-02-29T12:00:00Z'],
    ['101102173330Z', '2010-11-02T17:33:30Z'],
    ['491231235959Z', '2049-12-31T23:59:59Z'],
  ])('reads the UTCTime %s', (text, iso) => {
    const element = readDer(encodeElement(TAG.UTC_TIME, new TextEncoder().encode(text)));
    expect(readTime(element)).toBe(Date.parse(iso));
    expect(utcTime(Date.parse(iso))).toEqual(element.bytes);
    expect(time(Date.parse(iso))).toEqual(element.bytes);
  });

  it.each([
    ['20101102173330Z', '2010-11-02T17:33:30Z'],
    ['20500101000000Z', '2050-01-01T00:00:00Z'],
    ['99991231235959Z', '9999-12-31T23:59:59Z'],
    ['00000229000000Z', '0000-02-29T00:00:00Z'],
  ])('reads the GeneralizedTime %s', (text, iso) => {
    const element = readDer(encodeElement(TAG.GENERALIZED_TIME, new TextEncoder().encode(text)));
    expect(readTime(element)).toBe(Date.parse(iso));
    expect(generalizedTime(Date.parse(iso))).toEqual(element.bytes);
  });

  it('reads what the writer wrote', () => {
    fc.assert(
      fc.property(anyTime, fc.nat(999), (milliseconds, part) => {
        const element = readDer(time(milliseconds + part));
        expect(readTime(element)).toBe(milliseconds);
        expect(element.tag).toBe(
          milliseconds < Date.parse('2050-01-01T00:00:00Z') ? TAG.UTC_TIME : TAG.GENERALIZED_TIME,
        );
      }),
    );
  });

  it.each([
    ['1949', Date.parse('1949-12-31T23:59:59Z')],
    ['2050', Date.parse('2050-01-01T00:00:00Z')],
    ['no time', Number.NaN],
  ])('has no UTCTime for %s', (_, milliseconds) => {
    expect(() => utcTime(milliseconds)).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT' }),
    );
  });

  it.each([Number.NaN, Date.parse('+010000-01-01T00:00:00Z'), Date.parse('-000001-01-01T00:00Z')])(
    'has no time for %d',
    (milliseconds) => {
      expect(() => time(milliseconds)).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT' }),
      );
    },
  );
});

describe('typed values', () => {
  it('have no other tag', () => {
    for (const read of [
      readBoolean,
      readSmallInteger,
      readUnsigned,
      readOid,
      readOctetString,
      readBitString,
      readNamedBits,
      readTime,
    ]) {
      expectMalformed(read, '0500');
    }
  });

  it('are validated even where a context tag stands for theirs', () => {
    const element = readDer(primitiveContext(0, fromHex('3130')));
    for (const tag of [TAG.UTC_TIME, TAG.GENERALIZED_TIME]) {
      expect(() => readTime({ ...element, tag })).toThrow(KeyblockError);
    }
  });
});

describe('isDerSorted', () => {
  it('is true for what sortedSet wrote, in whatever order it was given', () => {
    fc.assert(
      fc.property(fc.array(anyDer, { maxLength: 5 }), (elements) => {
        const sorted = sortedSet(...elements);
        expect(isDerSorted(readDer(sorted))).toBe(true);
        expect(sortedSet(...[...elements].reverse())).toEqual(sorted);
        expect(isDerSorted(readDer(set(...elements)))).toBe(
          toHex(set(...elements)) === toHex(sorted),
        );
      }),
    );
  });

  it('is true for none and for equals', () => {
    expect(isDerSorted(readDer(set()))).toBe(true);
    expect(isDerSorted(readDer(set(integer(1), integer(1))))).toBe(true);
    expect(isDerSorted(readDer(set(integer(2), integer(1))))).toBe(false);
    expect(isDerSorted(readDer(set(integer(256), integer(2))))).toBe(false);
  });

  it('tells the attributes of B.8 and B.9 apart', () => {
    for (const [id, sorted] of [
      ['b.2.2.4.1-signed-attributes', true],
      ['b.2.2.5.1-signed-attributes', false],
    ] as const) {
      expect(isDerSorted(readDer(tokenBytes(id)))).toBe(sorted);
    }
  });
});

describe('the writer', () => {
  it('returns memory of its own', () => {
    const part = nullValue();
    const whole = sequence(part);
    part.fill(0xff);
    expect(toHex(whole)).toBe('30020500');
    expect(whole.buffer.byteLength).toBe(whole.length);
  });

  it.each([
    [127, '047F'],
    [128, '048180'],
    [255, '0481FF'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('writes the length %i', (length, head) => {
    const bytes = octetString(new Uint8Array(length));
    expect(toHex(bytes.subarray(0, head.length / 2))).toBe(head);
    expect(bytes.length).toBe(length + head.length / 2);
  });
});

function expectMalformed(read: (element: DerElement) => unknown, hex: string): void {
  expect(() => read(readDer(fromHex(hex)))).toThrow(
    expect.objectContaining({ constructor: KeyblockError, code: 'TOKEN_MALFORMED', offset: 0 }),
  );
}
