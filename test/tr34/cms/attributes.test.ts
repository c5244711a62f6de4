import { fromHex, toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import {
  asciiOctets,
  formatAttribute,
  headerAttribute,
  nonceAttribute,
  nonceOf,
  parseAttribute,
  parseAttributes,
  requireAttribute,
  signingTimeAttribute,
  signingTimeOf,
} from '../../../src/tr34/cms/attributes.js';
import { attributesToSign } from '../../../src/tr34/cms/signer-info.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import { isDerSorted, readOctetString } from '../../../src/tr34/der/values.js';
import {
  context,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
} from '../../../src/tr34/der/writer.js';
import { tokenBytes } from '../vectors.js';

const malformed = expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'token' });

const HEADER = 'A0256K0TB00E0000';
const NONCE = fromHex('167EB0E72781E4940112233445566778');

/** The digest of the envelope of B.8 and B.9, and those that were printed first. */
const DIGESTS = {
  corrected: '63C5D9DEE333C6E79214A7F480FD71D30B427BCA7CDE9F569B6E74C3103B089D',
};

describe('signed attributes', () => {
  it.each([
    ['b.2.2.4.1-signed-attributes', ['contentType', 'signingTime', 'data', 'messageDigest'], true],
    [
      'b.2.2.4.1-print-signed-attributes',
      ['contentType', 'signingTime', 'data', 'messageDigest'],
      true,
    ],
    ['b.2.2.5.1-signed-attributes', ['contentType', 'randomNonce', 'data', 'messageDigest'], false],
    [
      'b.2.2.5.1-print-signed-attributes',
      ['contentType', 'randomNonce', 'data', 'messageDigest'],
      false,
    ],
  ] as const)('are read from %s', (id, names, sorted) => {
    const element = readDer(tokenBytes(id));
    const attributes = parseAttributes(element);
    expect([...attributes.keys()]).toEqual(names.map((name) => OID[name]));
    expect(isDerSorted(element)).toBe(sorted);
    expect(toHex(readOctetString(requireAttribute(attributes, OID.data)))).toBe(
      toHex(asciiOctets(HEADER)),
    );
    const nonce = nonceOf(attributes);
    expect(nonce && toHex(nonce)).toBe(names[1] === 'randomNonce' ? toHex(NONCE) : undefined);
    expect(signingTimeOf(attributes) === undefined).toBe(names[1] === 'randomNonce');
  });

  it('are written as the samples have them', () => {
    const type = formatAttribute(OID.contentType, oid(OID.envelopedData));
    const digest = formatAttribute(OID.messageDigest, octetString(fromHex(DIGESTS.corrected)));
    const time = signingTimeAttribute(Date.parse('2020-02-10T19:13:53Z'));
    const header = headerAttribute(HEADER);
    expect(toHex(context(0, type, time, header, digest))).toBe(
      toHex(tokenBytes('b.2.2.4.1-signed-attributes')),
    );
    expect(toHex(attributesToSign([type, nonceAttribute(NONCE), header, digest]))).toBe(
      toHex(tokenBytes('b.2.2.5.1-signed-attributes')),
    );
  });

  it.each([
    ['none', set(), []],
    ['one of our own', set(formatAttribute('1.2.3.4', integer(7))), ['1.2.3.4']],
  ])('may be %s', (_what, attributes, names) => {
    expect([...parseAttributes(readDer(attributes)).keys()]).toEqual(names);
  });

  const nonce = nonceAttribute(NONCE);

  it.each([
    ['the same twice', set(nonce, nonce)],
    ['the same type twice', set(nonce, nonceAttribute(NONCE.subarray(8)))],
    ['without a value', set(sequence(oid(OID.randomNonce), set()))],
    ['with two values', set(sequence(oid(OID.randomNonce), set(octetString(), octetString())))],
    ['without a set', set(sequence(oid(OID.randomNonce), octetString()))],
    ['without a type', set(sequence(set(octetString())))],
    ['with a number for a type', set(sequence(integer(1), set(octetString())))],
    ['with something behind', set(sequence(oid(OID.randomNonce), set(octetString()), nullValue()))],
    ['of another kind', set(octetString())],
    ['that are empty', set(sequence())],
  ])('are refused: %s', (_what, attributes) => {
    expect(() => parseAttributes(readDer(attributes))).toThrow(malformed);
  });

  it('are refused where one is missing', () => {
    const attributes = parseAttributes(readDer(set(nonce)));
    expect(() => requireAttribute(attributes, OID.contentType)).toThrow(malformed);
    expect(requireAttribute(attributes, OID.randomNonce).content).toEqual(NONCE);
  });

  it('have a nonce of octets, or none that is fresh', () => {
    for (const value of [integer(7), oid(OID.data), sequence()]) {
      const attributes = parseAttributes(readDer(set(formatAttribute(OID.randomNonce, value))));
      expect(() => nonceOf(attributes)).toThrow(
        expect.objectContaining({ code: 'FRESHNESS', field: 'nonce' }),
      );
    }
    expect(nonceOf(new Map())).toBeUndefined();
  });

  it('have a time that is one', () => {
    expect(signingTimeOf(new Map())).toBeUndefined();
    const attributes = parseAttributes(readDer(set(formatAttribute(OID.signingTime, integer(1)))));
    expect(() => signingTimeOf(attributes)).toThrow(malformed);
  });

  it('are read one by one, as RT-KRD is', () => {
    const { type, value } = parseAttribute(readDer(tokenBytes('b.12-rt-krd')));
    expect(type).toBe(OID.randomNonce);
    expect(value.content).toEqual(NONCE);
    expect(nonceAttribute(NONCE)).toEqual(tokenBytes('b.12-rt-krd'));
  });
});
