import { beforeAll, describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import { readTime } from '../../../src/tr34/der/values.js';
import {
  bitString,
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  oid,
  primitiveContext,
  sequence,
  time,
} from '../../../src/tr34/der/writer.js';
import { issuerAndSerial, parseCertificate } from '../../../src/tr34/x509/certificate.js';
import { fromBase64, TOKEN_VECTORS, tokenBytes, tokenCertificate } from '../vectors.js';
import {
  AT,
  basicConstraints,
  createParty,
  extension,
  type IssueOptions,
  issueCertificate,
  keyUsage,
  nameOf,
  type Party,
  RSA_SHA256,
  rsaSpki,
} from './issue.js';

const CERTIFICATES = TOKEN_VECTORS.filter(({ kind }) => kind === 'certificate');

let ca: Party;
let leaf: Party;

beforeAll(async () => {
  ca = await createParty('CA');
  leaf = await createParty('Leaf');
});

describe('parseCertificate', () => {
  it.each(CERTIFICATES)('reads what others read in $id', ({ base64, facts }) => {
    const certificate = parseCertificate(fromBase64(base64));
    expect(toHex(certificate.serialNumber).slice(4)).toBe(facts.serialHex);
    expect(certificate.notBefore).toBe(utc(facts.notBefore));
    expect(certificate.notAfter).toBe(utc(facts.notAfter));
    expect(certificate.basicConstraints !== undefined).toBe(
      facts.extensions?.includes('2.5.29.19'),
    );
    expect(certificate.keyUsage !== undefined).toBe(facts.extensions?.includes('2.5.29.15'));
    expect(certificate.unknownCritical).toBe(false);
    expect(certificate.der).toEqual(fromBase64(base64));
  });

  it.each([
    ['b.2.1.1-cert', { isCa: true, maxPathLength: undefined }, [5, 6]],
    ['b.2.1.2-cert', { isCa: true, maxPathLength: undefined }, [5, 6]],
    ['b.2.1.5-cert', { isCa: false, maxPathLength: undefined }, [0, 1]],
    ['b.2.1.7-cert', { isCa: false, maxPathLength: undefined }, [2, 3]],
    ['gen-EC-P521-KDH_1-cert', { isCa: false, maxPathLength: undefined }, [0]],
    ['gen-EC-P521-KRD_1-cert', { isCa: false, maxPathLength: undefined }, [4]],
  ])('reads the constraints and uses of %s', (id, constraints, bits) => {
    const certificate = tokenCertificate(id);
    expect(certificate.basicConstraints).toEqual(constraints);
    expect([...(certificate.keyUsage ?? [])]).toEqual(bits);
  });

  it.each([
    ['b.2.1.5-cert', { kind: 'RSA', modulusBits: 2048, exponent: Uint8Array.of(1, 0, 1) }],
    ['gen-RSA-4096-KDH_1-cert', { kind: 'RSA', modulusBits: 4096 }],
    ['gen-EC-P521-KDH_1-cert', { kind: 'EC', curve: 'P-521' }],
    ['gen-EC-P384-KDH_1-cert', { kind: 'EC', curve: 'P-384' }],
  ])('reads the key of %s', (id, key) => {
    expect(tokenCertificate(id).publicKey).toMatchObject(key);
  });

  it('sees that KDH 1 has extensions twice, and that only it has', () => {
    const repeated = CERTIFICATES.filter(
      ({ base64 }) => parseCertificate(fromBase64(base64)).repeatedExtensions !== 'no',
    );
    expect(repeated.map(({ id }) => id)).toEqual(['b.2.1.5-cert']);
    expect(tokenCertificate('b.2.1.5-cert').repeatedExtensions).toBe('identically');
  });

  it('returns views', () => {
    const bytes = tokenBytes('b.2.1.6-cert');
    const { tbs, issuer, signature, publicKey } = parseCertificate(bytes);
    for (const view of [tbs, issuer, signature, publicKey.spki]) {
      expect(view.buffer).toBe(bytes.buffer);
    }
  });

  it('names the argument', () => {
    expect(() => parseCertificate(Uint8Array.of(0x30, 0x00), 'krdCertificate')).toThrow(
      expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'krdCertificate', offset: 2 }),
    );
  });

  const accepted: readonly (readonly [string, () => Partial<IssueOptions>, object])[] = [
    ['version 1', () => ({ version: undefined }), { basicConstraints: undefined }],
    ['no extensions', () => ({}), { keyUsage: undefined, basicConstraints: undefined }],
    [
      'unique identifiers',
      () => ({ more: [primitiveContext(1, new Uint8Array(2)), primitiveContext(2)] }),
      {},
    ],
    ['a negative serial number', () => ({ serialNumber: fromHex('020180') }), {}],
    [
      'an extension that says that it is not critical',
      () => ({ extensions: [extension('1.2.3', nullValue(), 'critical false')] }),
      { unknownCritical: false },
    ],
    [
      'an extension that it does not know',
      () => ({ extensions: [extension('1.2.3', Uint8Array.of(0xff))] }),
      { unknownCritical: false },
    ],
    [
      'a critical one that it does not know, and says so',
      () => ({ extensions: [extension('1.2.3', nullValue(), 'critical')] }),
      { unknownCritical: true },
    ],
    [
      'critical extended key usage, and says so',
      () => ({ extensions: [extension('2.5.29.37', sequence(oid('1.2.3')), 'critical')] }),
      { unknownCritical: true },
    ],
    [
      'the same extension twice, and says so',
      () => ({ extensions: [keyUsage(0), basicConstraints(false), keyUsage(0)] }),
      { repeatedExtensions: 'identically' },
    ],
    [
      'two of one kind that differ, and says so',
      () => ({ extensions: [keyUsage(0), keyUsage(0), keyUsage(5), keyUsage(0)] }),
      { repeatedExtensions: 'differently', keyUsage: new Set([0]) },
    ],
    [
      'constraints that say that there is no CA',
      () => ({
        extensions: [extension(OID.basicConstraints, fromHex('3003010100'))],
      }),
      { basicConstraints: { isCa: false, maxPathLength: undefined } },
    ],
    [
      'a path length',
      () => ({ extensions: [basicConstraints(true, 3)] }),
      { basicConstraints: { isCa: true, maxPathLength: 3 } },
    ],
    ['times from 2050 on', () => ({ validity: sequence(time(AT), time(AT + 1e12)) }), {}],
    [
      'RSA without parameters as a key of no use',
      () => ({ spki: rsaSpki(2048, 65_537, oid('1.2.3')) }),
      { publicKey: { kind: 'other' } },
    ],
    ['a compressed point as a key of no use', () => ({ spki: compressed() }), otherKey()],
    ['an unknown curve as a key of no use', () => ({ spki: onCurve('1.3.132.0.10') }), otherKey()],
    ['a key of an unknown kind', () => ({ spki: spkiOf(oid('1.3.101.112')) }), otherKey()],
  ];

  it.each(accepted)('takes %s', async (_, changes, expected) => {
    const der = await issueCertificate({ by: ca, to: leaf, ...changes() });
    expect(parseCertificate(der)).toMatchObject(expected);
  });

  const refused: readonly (readonly [string, () => Partial<IssueOptions>])[] = [
    ['version 1 that is written', () => ({ version: context(0, integer(0)) })],
    ['version 4', () => ({ version: context(0, integer(3)) })],
    ['two versions', () => ({ version: context(0, integer(2), integer(2)) })],
    ['extensions in version 1', () => ({ version: undefined, extensions: [keyUsage(0)] })],
    [
      'extensions in version 2',
      () => ({ version: context(0, integer(1)), extensions: [keyUsage(0)] }),
    ],
    [
      'unique identifiers in version 1',
      () => ({ version: undefined, more: [primitiveContext(1)] }),
    ],
    ['no extension in a list of them', () => ({ extensions: [] })],
    ['two lists of extensions', () => ({ more: [context(3, sequence())], extensions: [] })],
    ['a field too many', () => ({ more: [nullValue()] })],
    ['a serial number of another type', () => ({ serialNumber: nullValue() })],
    ['two algorithms that differ', () => ({ outerAlgorithm: RSA_SHA256 })],
    ['an algorithm with two parameters', () => ({ algorithm: twoParameters() })],
    ['an algorithm that is none', () => ({ algorithm: sequence(nullValue()) })],
    ['an issuer of another type', () => ({ issuer: nullValue() })],
    ['a subject of another type', () => ({ subject: octetString(nameOf('x')) })],
    ['one time only', () => ({ validity: sequence(time(AT)) })],
    ['three times', () => ({ validity: sequence(time(AT), time(AT), time(AT)) })],
    ['a key with an exponent less', () => ({ spki: rsaOf(sequence(integer(65_537))) })],
    [
      'a key with a number more',
      () => ({ spki: rsaOf(sequence(integer(1), integer(1), integer(1))) }),
    ],
    ['a negative modulus', () => ({ spki: rsaOf(sequence(fromHex('020180'), integer(3))) })],
    ['a key that is no DER', () => ({ spki: rsaOf(Uint8Array.of(0x30, 0x80)) })],
    ['a key of spare bits', () => ({ spki: spareBits() })],
    ['a key usage that is no DER', () => ({ extensions: [extension(OID.keyUsage, nullValue())] })],
    [
      'constraints of another type',
      () => ({ extensions: [extension(OID.basicConstraints, nullValue())] }),
    ],
    [
      'a negative path length',
      () => ({ extensions: [extension(OID.basicConstraints, fromHex('30060101FF0201FF'))] }),
    ],
    [
      'constraints with a field too many',
      () => ({ extensions: [extension(OID.basicConstraints, sequence(integer(1), integer(1)))] }),
    ],
    ['an extension of one field', () => ({ extensions: [sequence(oid('1.2.3'))] })],
    [
      'an extension of four fields',
      () => ({ extensions: [sequence(oid('1.2.3'), octetString(), nullValue())] }),
    ],
  ];

  it.each(refused)('refuses %s', async (_, changes) => {
    const der = await issueCertificate({ by: ca, to: leaf, ...changes() });
    expect(() => parseCertificate(der)).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'TOKEN_MALFORMED',
        field: 'certificate',
      }),
    );
  });
});

describe('issuerAndSerial', () => {
  it.each([
    ['b.2.1.1-cert', 'b.2.2.1.1-issuer-serial'],
    ['b.2.1.2-cert', 'b.2.2.1.2-issuer-serial'],
    ['b.2.1.4-cert', 'b.2.2.1.3-issuer-serial'],
    ['b.2.1.5-cert', 'b.2.2.1.4-issuer-serial'],
    ['b.2.1.6-cert', 'b.2.2.1.5-issuer-serial'],
    ['b.2.1.7-cert', 'b.2.2.1.6-issuer-serial'],
  ])('of %s is %s', (certificate, expected) => {
    expect(issuerAndSerial(tokenCertificate(certificate))).toEqual(tokenBytes(expected));
  });
});

function utc(text: string | undefined): number {
  return readTime(readDer(encodeElement(0x17, new TextEncoder().encode(text))));
}

function spkiOf(...algorithm: readonly Uint8Array[]): Uint8Array {
  return sequence(sequence(...algorithm), bitString(new Uint8Array(65).fill(4)));
}

function onCurve(curve: string): Uint8Array {
  return spkiOf(oid(OID.ecPublicKey), oid(curve));
}

function compressed(): Uint8Array {
  const point = new Uint8Array(33).fill(2);
  return sequence(sequence(oid(OID.ecPublicKey), oid(OID.p256)), bitString(point));
}

function rsaOf(key: Uint8Array): Uint8Array {
  return sequence(sequence(oid(OID.rsaEncryption), nullValue()), bitString(key));
}

function spareBits(): Uint8Array {
  return sequence(sequence(oid(OID.rsaEncryption), nullValue()), fromHex('030206C0'));
}

function twoParameters(): Uint8Array {
  return sequence(oid(OID.sha256WithRsa), nullValue(), nullValue());
}

function otherKey() {
  return { publicKey: { kind: 'other' } };
}
