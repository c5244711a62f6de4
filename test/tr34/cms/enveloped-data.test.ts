import fc from 'fast-check';
import { toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import { formatOaepParameters } from '../../../src/tr34/cms/algorithms.js';
import {
  formatEnvelopedData,
  formatKeyAgreement,
  formatKeyTransport,
  parseEnvelopedData,
  parseKeyAgreement,
  parseKeyTransport,
} from '../../../src/tr34/cms/enveloped-data.js';
import { agreementOids } from '../../../src/tr34/cms/key-agreement.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import {
  bitString,
  context,
  integer,
  nullValue,
  octetString,
  oid,
  primitiveContext,
  sequence,
  set,
} from '../../../src/tr34/der/writer.js';
import { tokenBytes } from '../vectors.js';

const malformed = expect.objectContaining({ code: 'TOKEN_MALFORMED' });

const SID = tokenBytes('b.2.2.1.6-issuer-serial');
const OAEP = formatOaepParameters('SHA-256', false);
const RECIPIENT = formatKeyTransport(SID, OAEP, new Uint8Array(256).fill(3));
const IV = new Uint8Array(16).fill(1);
const CIPHERTEXT = new Uint8Array(32).fill(2);
const AES = sequence(oid(OID.aes128Cbc), octetString(IV));
const ENCRYPTED = sequence(oid(OID.data), AES, primitiveContext(0, CIPHERTEXT));

const BLOCKS = { 'des-ede3-cbc': 8, 'aes128-cbc': 16, 'aes192-cbc': 16, 'aes256-cbc': 16 } as const;

describe('EnvelopedData', () => {
  it.each([
    ['b.2.2.3.1-enveloped', 'beside'],
    ['b.2.2.3.1-print-enveloped', 'inside'],
    ['gen-repaired-tdea-enveloped', 'beside'],
    ['gen-repaired-aes-enveloped', 'beside'],
  ] as const)('is read from %s', (id, placement) => {
    const read = parseEnvelopedData(readDer(octetString(tokenBytes(id))));
    expect(read).toMatchObject({ form: 'whole', placement, version: 0 });
    expect(parseKeyTransport(read.recipient).recipient).toEqual(SID);
    expect(read.iv).toHaveLength(BLOCKS[read.algorithm]);
    expect(read.ciphertext.length % BLOCKS[read.algorithm]).toBe(0);
  });

  it.each(['b.2.2.3.2-enveloped', 'b.2.2.3.2-print-enveloped'])('is no half IV: %s', (id) => {
    expect(() => parseEnvelopedData(readDer(octetString(tokenBytes(id))))).toThrow(malformed);
  });

  it('is read as it was written', () => {
    const anyBlocks = fc.integer({ min: 1, max: 20 });
    const anyParts = fc.record({
      algorithm: fc.constantFrom('des-ede3-cbc', 'aes128-cbc', 'aes192-cbc', 'aes256-cbc'),
      version: fc.constantFrom(0, 2),
      placement: fc.constantFrom('beside', 'inside'),
      form: fc.constantFrom('whole', 'contents'),
    });
    fc.assert(
      fc.property(anyParts, anyBlocks, ({ algorithm, version, placement, form }, blocks) => {
        const blockLength = BLOCKS[algorithm];
        const iv = new Uint8Array(blockLength).fill(7);
        const ciphertext = new Uint8Array(blocks * blockLength).fill(8);
        const parts = { algorithm, version, placement, form, iv, ciphertext };
        const bytes = formatEnvelopedData({ ...parts, recipientInfo: RECIPIENT });
        const { recipient, ...read } = parseEnvelopedData(readDer(octetString(bytes)));
        expect(read).toEqual(parts);
        expect(recipient.bytes).toEqual(RECIPIENT);
      }),
    );
  });

  it.each([
    ['version 1', sequence(integer(1), set(RECIPIENT), ENCRYPTED)],
    ['version 3', sequence(integer(3), set(RECIPIENT), ENCRYPTED)],
    ['originatorInfo', sequence(integer(0), context(0), set(RECIPIENT), ENCRYPTED)],
    ['no recipient', sequence(integer(0), set(), ENCRYPTED)],
    ['two recipients', sequence(integer(0), set(RECIPIENT, RECIPIENT), ENCRYPTED)],
    ['no recipients', sequence(integer(0), ENCRYPTED)],
    ['unprotected attributes', sequence(integer(0), set(RECIPIENT), ENCRYPTED, context(1))],
    ['no content', sequence(integer(0), set(RECIPIENT))],
    ['a SET for content', sequence(integer(0), set(RECIPIENT), set())],
    [
      'another content',
      enveloping(sequence(oid(OID.signedData), AES, primitiveContext(0, CIPHERTEXT))),
    ],
    ['no ciphertext', enveloping(sequence(oid(OID.data), AES))],
    ['an empty ciphertext', enveloping(sequence(oid(OID.data), AES, primitiveContext(0)))],
    [
      'a part of a block',
      enveloping(sequence(oid(OID.data), AES, primitiveContext(0, CIPHERTEXT.subarray(1)))),
    ],
    [
      'a ciphertext in parts',
      enveloping(sequence(oid(OID.data), AES, context(0, octetString(CIPHERTEXT)))),
    ],
    [
      'a ciphertext of another tag',
      enveloping(sequence(oid(OID.data), AES, primitiveContext(1, CIPHERTEXT))),
    ],
    [
      'a ciphertext twice',
      enveloping(
        sequence(
          oid(OID.data),
          AES,
          primitiveContext(0, CIPHERTEXT),
          primitiveContext(0, CIPHERTEXT),
        ),
      ),
    ],
    [
      'a ciphertext inside and beside',
      enveloping(
        sequence(
          oid(OID.data),
          sequence(oid(OID.aes128Cbc), octetString(IV), primitiveContext(0, CIPHERTEXT)),
          primitiveContext(0, CIPHERTEXT),
        ),
      ),
    ],
    [
      'more than a ciphertext inside',
      enveloping(
        sequence(
          oid(OID.data),
          sequence(
            oid(OID.aes128Cbc),
            octetString(IV),
            primitiveContext(0, CIPHERTEXT),
            nullValue(),
          ),
        ),
      ),
    ],
    [
      'no IV',
      enveloping(
        sequence(oid(OID.data), sequence(oid(OID.aes128Cbc)), primitiveContext(0, CIPHERTEXT)),
      ),
    ],
    [
      'an IV that is none',
      enveloping(
        sequence(
          oid(OID.data),
          sequence(oid(OID.aes128Cbc), nullValue()),
          primitiveContext(0, CIPHERTEXT),
        ),
      ),
    ],
    [
      'an IV too long',
      enveloping(
        sequence(
          oid(OID.data),
          sequence(oid(OID.desEde3Cbc), octetString(IV)),
          primitiveContext(0, CIPHERTEXT),
        ),
      ),
    ],
    [
      'an IV too short',
      enveloping(
        sequence(
          oid(OID.data),
          sequence(oid(OID.aes128Cbc), octetString(IV.subarray(8))),
          primitiveContext(0, CIPHERTEXT),
        ),
      ),
    ],
    ['something behind', Uint8Array.of(...enveloping(ENCRYPTED), 0)],
    ['nothing', new Uint8Array(0)],
  ])('is refused with %s', (_what, bytes) => {
    expect(() => parseEnvelopedData(readDer(octetString(bytes)))).toThrow(malformed);
  });

  it('is refused with a cipher that is not in the tables', () => {
    const des = sequence(oid('1.3.14.3.2.7'), octetString(IV.subarray(8)));
    const bytes = enveloping(sequence(oid(OID.data), des, primitiveContext(0, CIPHERTEXT)));
    expect(() => parseEnvelopedData(readDer(octetString(bytes)))).toThrow(
      expect.objectContaining({ code: 'ALGORITHM_NOT_ALLOWED' }),
    );
  });

  function enveloping(content: Uint8Array): Uint8Array {
    return sequence(integer(0), set(RECIPIENT), content);
  }
});

describe('KeyTransRecipientInfo', () => {
  it('is read as it was written', () => {
    const { parameters, ...read } = parseKeyTransport(readDer(RECIPIENT));
    expect(read).toEqual({
      recipient: SID,
      algorithm: OID.rsaesOaep,
      encryptedKey: new Uint8Array(256).fill(3),
    });
    expect(parameters?.bytes).toEqual(OAEP);
  });

  const algorithm = sequence(oid(OID.rsaesOaep), OAEP);
  const key = octetString(new Uint8Array(256));

  it.each([
    ['version 2', sequence(integer(2), SID, algorithm, key)],
    ['a key identifier', sequence(integer(0), primitiveContext(0, SID), algorithm, key)],
    ['no algorithm', sequence(integer(0), SID, key)],
    ['no key', sequence(integer(0), SID, algorithm)],
    ['a key of bits', sequence(integer(0), SID, algorithm, bitString(new Uint8Array(256)))],
    ['two keys', sequence(integer(0), SID, algorithm, key, key)],
    [
      'parameters and more',
      sequence(integer(0), SID, sequence(oid(OID.rsaesOaep), OAEP, nullValue()), key),
    ],
  ])('is refused with %s', (_what, recipient) => {
    expect(() => parseKeyTransport(readDer(recipient))).toThrow(malformed);
  });
});

describe('KeyAgreeRecipientInfo', () => {
  const point = new Uint8Array(133).fill(4);
  const encryptedKey = new Uint8Array(40).fill(9);
  const oids = agreementOids('SHA-512', 'aes256-wrap');

  it.each([undefined, new Uint8Array(64).fill(5)])('is read as it was written: %#', (ukm) => {
    const parts = { issuerAndSerial: SID, publicPoint: point, ukm, ...oids, encryptedKey };
    expect(parseKeyAgreement(readDer(formatKeyAgreement(parts)))).toEqual({
      recipient: SID,
      curve: undefined,
      publicPoint: point,
      ukm,
      ...oids,
      encryptedKey,
    });
  });

  const originator = originatorOf(sequence(oid(OID.ecPublicKey)));
  const scheme = sequence(oid(oids.scheme), sequence(oid(oids.wrap)));
  const recipient = sequence(SID, octetString(encryptedKey));

  it('may name the curve', () => {
    const named = originatorOf(sequence(oid(OID.ecPublicKey), oid(OID.p521)));
    const info = context(1, integer(3), named, scheme, sequence(recipient));
    expect(parseKeyAgreement(readDer(info)).curve).toBe(OID.p521);
  });

  it.each([
    ['version 2', context(1, integer(2), originator, scheme, sequence(recipient))],
    ['no originator', context(1, integer(3), scheme, sequence(recipient))],
    [
      'an originator with a certificate',
      context(1, integer(3), context(0, SID), scheme, sequence(recipient)),
    ],
    [
      'an originator twice',
      context(1, integer(3), context(0, ...twice(originator)), scheme, sequence(recipient)),
    ],
    [
      'another kind of key',
      context(
        1,
        integer(3),
        originatorOf(sequence(oid(OID.rsaEncryption))),
        scheme,
        sequence(recipient),
      ),
    ],
    [
      'the curve in parameters',
      context(
        1,
        integer(3),
        originatorOf(sequence(oid(OID.ecPublicKey), sequence())),
        scheme,
        sequence(recipient),
      ),
    ],
    [
      'NULL parameters',
      context(
        1,
        integer(3),
        originatorOf(sequence(oid(OID.ecPublicKey), nullValue())),
        scheme,
        sequence(recipient),
      ),
    ],
    ['an empty ukm', context(1, integer(3), originator, context(1), scheme, sequence(recipient))],
    [
      'two ukm',
      context(
        1,
        integer(3),
        originator,
        context(1, ...twice(octetString())),
        scheme,
        sequence(recipient),
      ),
    ],
    [
      'no wrap',
      context(1, integer(3), originator, sequence(oid(oids.scheme)), sequence(recipient)),
    ],
    [
      'parameters of the wrap',
      context(
        1,
        integer(3),
        originator,
        sequence(oid(oids.scheme), sequence(oid(oids.wrap), nullValue())),
        sequence(recipient),
      ),
    ],
    ['no recipient', context(1, integer(3), originator, scheme, sequence())],
    ['two recipients', context(1, integer(3), originator, scheme, sequence(recipient, recipient))],
    [
      'a key identifier',
      context(
        1,
        integer(3),
        originator,
        scheme,
        sequence(sequence(context(0, octetString(SID)), octetString(encryptedKey))),
      ),
    ],
    [
      'something behind',
      context(1, integer(3), originator, scheme, sequence(recipient), nullValue()),
    ],
    ['the tag of another', context(2, integer(3), originator, scheme, sequence(recipient))],
  ])('is refused with %s', (_what, info) => {
    expect(() => parseKeyAgreement(readDer(info))).toThrow(malformed);
  });

  it('is refused with a point of odd bits', () => {
    const bytes = formatKeyAgreement({
      issuerAndSerial: SID,
      publicPoint: point,
      ukm: undefined,
      ...oids,
      encryptedKey,
    });
    const text = toHex(bytes);
    const at = text.indexOf('00'.concat('04'.repeat(133))) / 2;
    // Of the last octet, which is 04, at most two bits may be unused.
    bytes[at] = 2;
    expect(() => parseKeyAgreement(readDer(bytes))).toThrow(malformed);
  });

  function originatorOf(algorithm: Uint8Array): Uint8Array {
    return context(0, context(1, algorithm, bitString(point)));
  }

  function twice(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
    return [bytes, bytes];
  }
});
