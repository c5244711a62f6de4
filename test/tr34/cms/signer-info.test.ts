import { toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import { parseAttributes } from '../../../src/tr34/cms/attributes.js';
import { parseContentInfo } from '../../../src/tr34/cms/signed-data.js';
import {
  attributesToSign,
  formatSignatureAlgorithm,
  formatSignerInfo,
  isSigner,
  parseSignerInfo,
  requireAlgorithmProtection,
  signedOctets,
  signerAlgorithms,
} from '../../../src/tr34/cms/signer-info.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { type DerElement, readDer } from '../../../src/tr34/der/reader.js';
import {
  context,
  integer,
  nullValue,
  octetString,
  oid,
  primitiveContext,
  sequence,
  set,
} from '../../../src/tr34/der/writer.js';
import { concatenate } from '../scenario.js';
import { tokenBytes } from '../vectors.js';

const malformed = expect.objectContaining({ code: 'TOKEN_MALFORMED', field: 'token' });
const notAllowed = expect.objectContaining({ code: 'ALGORITHM_NOT_ALLOWED', field: 'token' });

const SID = tokenBytes('b.2.2.1.4-issuer-serial');
const OTHER_SID = tokenBytes('b.2.2.1.3-issuer-serial');
const SIGNATURE = new Uint8Array(256).fill(0x5a);
const SHA256 = sequence(oid(OID.sha256));
const RSA = sequence(oid(OID.rsaEncryption), nullValue());
const ATTRIBUTE = sequence(oid('1.2.3.4'), set(integer(1)));

describe('SignerInfo', () => {
  it.each([undefined, [], [ATTRIBUTE]])('is read as it was written: %#', (attributes) => {
    const signer = parseSignerInfo(
      readDer(
        formatSignerInfo({
          issuerAndSerial: SID,
          hash: 'SHA-256',
          attributes,
          signatureAlgorithm: RSA,
          signature: SIGNATURE,
        }),
      ),
    );
    expect(signer.signer).toEqual(SID);
    expect(signer.digestAlgorithm).toBe(OID.sha256);
    expect(signer.signatureAlgorithm.oid).toBe(OID.rsaEncryption);
    expect(signer.signature).toEqual(SIGNATURE);
    expect(signer.signedAttributes?.content).toEqual(attributes && concatenate(...attributes));
  });

  it('is the one with these octets, not with this number', () => {
    const signer = parseSignerInfo(firstSigner('b.9-kt-kdh-2pass'));
    expect(isSigner(signer, SID)).toBe(true);
    // The CA of the devices has the same serial number, under another issuer.
    expect(toHex(OTHER_SID.subarray(-7))).toBe(toHex(SID.subarray(-7)));
    expect(isSigner(signer, OTHER_SID)).toBe(false);
    expect(isSigner(signer, SID.subarray(1))).toBe(false);
  });

  it.each([
    ['version 0', sequence(integer(0), SID, SHA256, RSA, octetString(SIGNATURE))],
    ['version 3', sequence(integer(3), SID, SHA256, RSA, octetString(SIGNATURE))],
    [
      'a key identifier',
      sequence(integer(1), primitiveContext(0, SID), SHA256, RSA, octetString(SIGNATURE)),
    ],
    ['no signer', sequence(integer(1), SHA256, RSA, octetString(SIGNATURE))],
    ['no digest', sequence(integer(1), SID, RSA, octetString(SIGNATURE))],
    ['no algorithm', sequence(integer(1), SID, SHA256, octetString(SIGNATURE))],
    ['no signature', sequence(integer(1), SID, SHA256, RSA)],
    ['a signature of bits', sequence(integer(1), SID, SHA256, RSA, integer(1))],
    [
      'unsigned attributes',
      sequence(integer(1), SID, SHA256, RSA, octetString(SIGNATURE), context(1, ATTRIBUTE)),
    ],
    [
      'attributes twice',
      sequence(integer(1), SID, SHA256, context(0), context(0), RSA, octetString(SIGNATURE)),
    ],
    ['nothing', sequence()],
  ])('is refused with %s', (_what, signer) => {
    expect(() => parseSignerInfo(readDer(signer))).toThrow(malformed);
  });

  it('signs the attributes as they came, with another tag', () => {
    const { signedAttributes } = parseSignerInfo(firstSigner('b.9-kt-kdh-2pass'));
    if (signedAttributes === undefined) throw new Error('no attributes');
    const before = toHex(signedAttributes.bytes);
    expect(toHex(signedOctets(signedAttributes))).toBe(
      toHex(tokenBytes('b.2.2.5.1-signed-attributes')),
    );
    expect(toHex(signedAttributes.bytes)).toBe(before);
    expect(before.slice(0, 2)).toBe('A0');
    expect(toHex(attributesToSign([ATTRIBUTE]))).toBe(toHex(set(ATTRIBUTE)));
  });

  it.each([
    ['RSA', 'SHA-256', false, '300D06092A864886F70D0101010500'],
    ['RSA', 'SHA-512', false, '300D06092A864886F70D0101010500'],
    ['RSA', 'SHA-256', true, '300D06092A864886F70D01010B0500'],
    ['RSA', 'SHA-384', true, '300D06092A864886F70D01010C0500'],
    ['RSA', 'SHA-512', true, '300D06092A864886F70D01010D0500'],
    ['EC', 'SHA-256', true, '300A06082A8648CE3D040302'],
    ['EC', 'SHA-384', false, '300A06082A8648CE3D040303'],
    ['EC', 'SHA-512', true, '300A06082A8648CE3D040304'],
  ] as const)('names %s with %s: %j', (kind, hash, namesHash, expected) => {
    const algorithm = formatSignatureAlgorithm(kind, hash, namesHash);
    expect(toHex(algorithm)).toBe(expected);
    const signer = signerWith(algorithm, hash);
    expect(signerAlgorithms(signer, [signer.digestAlgorithm])).toEqual({ kind, hash });
  });

  it('uses the one digest that is announced', () => {
    const signer = signerWith(RSA, 'SHA-256');
    for (const digests of [[], [OID.sha512], [OID.sha256, OID.sha256], [OID.sha512, OID.sha256]]) {
      expect(() => signerAlgorithms(signer, digests)).toThrow(notAllowed);
    }
  });

  it('has an algorithm without parameters', () => {
    const odd = signerWith(sequence(oid(OID.rsaEncryption), sequence()), 'SHA-256');
    expect(() => signerAlgorithms(odd, [OID.sha256])).toThrow(notAllowed);
    const absent = signerWith(sequence(oid(OID.rsaEncryption)), 'SHA-256');
    expect(signerAlgorithms(absent, [OID.sha256]).kind).toBe('RSA');
  });
});

describe('CMSAlgorithmProtection', () => {
  const signer = signerWith(sequence(oid(OID.sha256WithRsa), nullValue()), 'SHA-256');
  const digest = sequence(oid(OID.sha256), nullValue());
  const algorithm = context(1, oid(OID.sha256WithRsa), nullValue());

  it.each([
    ['both', sequence(digest, algorithm)],
    ['both without parameters', sequence(SHA256, context(1, oid(OID.sha256WithRsa)))],
  ])('names %s', (_what, value) => {
    expect(() => requireAlgorithmProtection(protecting(value), signer)).not.toThrow();
  });

  it('need not be there', () => {
    expect(() => requireAlgorithmProtection(new Map(), signer)).not.toThrow();
  });

  it.each([
    ['another digest', sequence(sequence(oid(OID.sha512)), algorithm)],
    ['the bare algorithm', sequence(digest, context(1, oid(OID.rsaEncryption), nullValue()))],
    ['another algorithm', sequence(digest, context(1, oid(OID.sha512WithRsa), nullValue()))],
  ])('is refused with %s', (_what, value) => {
    expect(() => requireAlgorithmProtection(protecting(value), signer)).toThrow(notAllowed);
  });

  it.each([
    ['no algorithm', sequence(digest)],
    ['a MAC in its place', sequence(digest, context(2, oid(OID.sha256WithRsa)))],
    ['both a signature and a MAC', sequence(digest, algorithm, context(2, oid(OID.sha256WithRsa)))],
    ['an empty algorithm', sequence(digest, context(1))],
    ['no digest', sequence(algorithm)],
    ['nothing', sequence()],
    ['another kind', octetString()],
  ])('is malformed with %s', (_what, value) => {
    expect(() => requireAlgorithmProtection(protecting(value), signer)).toThrow(malformed);
  });

  function protecting(value: Uint8Array) {
    const attribute = sequence(oid(OID.cmsAlgorithmProtection), set(value));
    return parseAttributes(readDer(set(attribute)));
  }
});

function signerWith(signatureAlgorithm: Uint8Array, hash: 'SHA-256' | 'SHA-384' | 'SHA-512') {
  const parts = { issuerAndSerial: SID, hash, signatureAlgorithm, signature: SIGNATURE };
  return parseSignerInfo(readDer(formatSignerInfo(parts)));
}

function firstSigner(id: string): DerElement {
  const [signer] = parseContentInfo(tokenBytes(id)).signers;
  if (signer === undefined) throw new Error(`nobody signed ${id}`);
  return signer;
}
