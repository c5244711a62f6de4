import { toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import {
  formatContentInfo,
  parseContentInfo,
  parseSignedData,
  type SignedDataParts,
  signedDataFields,
} from '../../../src/tr34/cms/signed-data.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
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

const malformed = expect.objectContaining({ code: 'TOKEN_MALFORMED' });

const CONTENT = Uint8Array.of(1, 2, 3);
const CERTIFICATE = tokenBytes('b.2.1.7-cert');
const CRL = tokenBytes('b.2.1.3-crl');

const VERSION = integer(1);
const DIGESTS = set(sequence(oid(OID.sha256)));
const ENCAPSULATED = sequence(oid(OID.data), context(0, octetString(CONTENT)));
const SIGNERS = set(sequence(integer(1)));

const NOTHING: SignedDataParts = {
  version: 3,
  digestAlgorithm: undefined,
  contentType: OID.signedData,
  content: new Uint8Array(0),
  certificates: undefined,
  crl: undefined,
  signer: undefined,
};

describe('SignedData', () => {
  it.each<readonly [string, SignedDataParts]>([
    [
      'a credential',
      {
        ...NOTHING,
        version: 1,
        contentType: OID.data,
        content: CONTENT,
        certificates: [CERTIFICATE],
      },
    ],
    [
      'a credential and a CRL',
      {
        ...NOTHING,
        version: 1,
        contentType: OID.data,
        content: CONTENT,
        certificates: [CERTIFICATE],
        crl: CRL,
      },
    ],
    [
      'one signer',
      {
        ...NOTHING,
        version: 3,
        contentType: OID.envelopedData,
        content: CONTENT,
        digestAlgorithm: OID.sha512,
        signer: sequence(integer(1)),
        crl: CRL,
      },
    ],
    ['nothing', NOTHING],
  ])('is read as it was written: %s', (_what, parts) => {
    const read = parseContentInfo(formatContentInfo(parts));
    expect(read.version).toBe(parts.version);
    expect(read.contentType).toBe(parts.contentType);
    expect(read.content?.content).toEqual(parts.content);
    expect(read.digestAlgorithms).toEqual(parts.digestAlgorithm ? [parts.digestAlgorithm] : []);
    expect(read.certificates.map(({ bytes }) => bytes)).toEqual(parts.certificates ?? []);
    expect(read.crls.map(({ bytes }) => bytes)).toEqual(parts.crl ? [parts.crl] : []);
    expect(read.signers.map(({ bytes }) => bytes)).toEqual(parts.signer ? [parts.signer] : []);
    expect(read.crlsLast).toBe(false);
  });

  it('has the octets of B.7', () => {
    const parts = {
      ...NOTHING,
      version: 1,
      contentType: OID.data,
      content: new Uint8Array(0),
      certificates: [CERTIFICATE],
    };
    expect(toHex(formatContentInfo(parts))).toBe(toHex(tokenBytes('b.7-ct-krd')));
    const fields = signedDataFields(parts);
    expect(toHex(formatContentInfo(parts))).toContain(toHex(sequence(...fields)));
  });

  it('says where the CRL stands', () => {
    expect(parseContentInfo(tokenBytes('b.6-ct-kdh'))).toMatchObject({ crlsLast: true });
    expect(parseContentInfo(tokenBytes('b.8-kt-kdh-1pass'))).toMatchObject({ crlsLast: false });
    const { crls } = parseContentInfo(tokenBytes('b.6-ct-kdh'));
    expect(crls.map(({ bytes }) => bytes)).toEqual([CRL]);
  });

  it('may have no content, and nobody signs that', () => {
    const read = parseSignedData(
      readDer(sequence(VERSION, DIGESTS, sequence(oid(OID.data)), SIGNERS)),
    );
    expect(read.content).toBeUndefined();
  });

  it.each([
    ['version 0', sequence(integer(0), DIGESTS, ENCAPSULATED, SIGNERS)],
    ['version 2', sequence(integer(2), DIGESTS, ENCAPSULATED, SIGNERS)],
    ['version 4', sequence(integer(4), DIGESTS, ENCAPSULATED, SIGNERS)],
    ['version 257', sequence(integer(257), DIGESTS, ENCAPSULATED, SIGNERS)],
    ['no version', sequence(DIGESTS, ENCAPSULATED, SIGNERS)],
    ['no digests', sequence(VERSION, ENCAPSULATED, SIGNERS)],
    ['no content', sequence(VERSION, DIGESTS, SIGNERS)],
    ['no signers', sequence(VERSION, DIGESTS, ENCAPSULATED)],
    ['signers twice', sequence(VERSION, DIGESTS, ENCAPSULATED, SIGNERS, SIGNERS)],
    ['something behind', sequence(VERSION, DIGESTS, ENCAPSULATED, SIGNERS, nullValue())],
    [
      'a CRL on both sides',
      sequence(VERSION, DIGESTS, ENCAPSULATED, context(1, CRL), SIGNERS, context(1, CRL)),
    ],
    [
      'certificates behind the CRL',
      sequence(VERSION, DIGESTS, ENCAPSULATED, context(1), context(0), SIGNERS),
    ],
    [
      'certificates twice',
      sequence(VERSION, DIGESTS, ENCAPSULATED, context(0), context(0), SIGNERS),
    ],
    ['a field of another number', sequence(VERSION, DIGESTS, ENCAPSULATED, context(2), SIGNERS)],
    [
      'content without octets',
      sequence(VERSION, DIGESTS, sequence(oid(OID.data), context(0)), SIGNERS),
    ],
    [
      'content of another kind',
      sequence(VERSION, DIGESTS, sequence(oid(OID.data), context(0, integer(1))), SIGNERS),
    ],
    [
      'content twice',
      sequence(
        VERSION,
        DIGESTS,
        sequence(oid(OID.data), context(0, octetString(), octetString())),
        SIGNERS,
      ),
    ],
    [
      'content without its tag',
      sequence(VERSION, DIGESTS, sequence(oid(OID.data), octetString(CONTENT)), SIGNERS),
    ],
    [
      'a digest with odd parameters',
      sequence(VERSION, set(sequence(oid(OID.sha256), integer(1))), ENCAPSULATED, SIGNERS),
    ],
  ])('is refused with %s', (_what, signedData) => {
    expect(() => parseSignedData(readDer(signedData))).toThrow(malformed);
  });

  const inner = sequence(VERSION, DIGESTS, ENCAPSULATED, SIGNERS);

  it.each([
    ['another type', sequence(oid(OID.envelopedData), context(0, inner))],
    ['no content', sequence(oid(OID.signedData))],
    ['another tag', sequence(oid(OID.signedData), context(1, inner))],
    ['no tag', sequence(oid(OID.signedData), inner)],
    ['two contents', sequence(oid(OID.signedData), context(0, inner, inner))],
    ['something behind', sequence(oid(OID.signedData), context(0, inner), nullValue())],
    ['no ContentInfo', inner],
    ['a certificate', CERTIFICATE],
  ])('is not found in %s', (_what, info) => {
    expect(() => parseContentInfo(info)).toThrow(malformed);
  });
});
