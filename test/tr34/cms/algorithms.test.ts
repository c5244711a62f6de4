import { fromHex, toHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import {
  contentAlgorithmOfOid,
  contentCipher,
  formatOaepParameters,
  hashOfOid,
  oidOfContentAlgorithm,
  oidOfHash,
  readDigestAlgorithm,
  readOaepParameters,
  signatureKind,
} from '../../../src/tr34/cms/algorithms.js';
import { OID } from '../../../src/tr34/der/oids.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import {
  context,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from '../../../src/tr34/der/writer.js';

const HASHES = ['SHA-256', 'SHA-384', 'SHA-512'] as const;
const CIPHERS = ['des-ede3-cbc', 'aes128-cbc', 'aes192-cbc', 'aes256-cbc'] as const;

const notAllowed = expect.objectContaining({ code: 'ALGORITHM_NOT_ALLOWED', field: 'token' });
const malformed = expect.objectContaining({ code: 'TOKEN_MALFORMED' });

const sha1 = oid('1.3.14.3.2.26');
const sha256 = oid(OID.sha256);
const sha512 = oid(OID.sha512);
const mgf1 = oid(OID.mgf1);
const pSpecified = oid(OID.pSpecified);

/** AlgorithmIdentifiers of a hash, its parameters NULL and absent. */
const digests = [sequence(sha256, nullValue()), sequence(sha256)] as const;
const [digest] = digests;
const mask = sequence(mgf1, digest);
const label = sequence(pSpecified, octetString());

describe('hashes and ciphers', () => {
  it.each(HASHES)('%s has one OID', (hash) => {
    expect(hashOfOid(oidOfHash(hash))).toBe(hash);
  });

  it.each(CIPHERS)('%s has one OID', (cipher) => {
    expect(contentAlgorithmOfOid(oidOfContentAlgorithm(cipher))).toBe(cipher);
    const { keyLength, blockLength } = contentCipher(cipher);
    expect([keyLength, blockLength]).toEqual(
      {
        'des-ede3-cbc': [24, 8],
        'aes128-cbc': [16, 16],
        'aes192-cbc': [24, 16],
        'aes256-cbc': [32, 16],
      }[cipher],
    );
  });

  it.each([
    ['SHA-1', '1.3.14.3.2.26'],
    ['MD5', '1.2.840.113549.2.5'],
    ['SHA-224', '2.16.840.1.101.3.4.2.4'],
    ['SHA3-256', '2.16.840.1.101.3.4.2.8'],
    ['nothing', ''],
  ])('refuses to hash with %s', (_name, dotted) => {
    expect(() => hashOfOid(dotted)).toThrow(notAllowed);
  });

  it.each([
    ['DES', '1.3.14.3.2.7'],
    ['RC2', '1.2.840.113549.3.2'],
    ['AES-128 ECB', '2.16.840.1.101.3.4.1.1'],
    ['AES-256 GCM', '2.16.840.1.101.3.4.1.46'],
  ])('refuses to decrypt with %s', (_name, dotted) => {
    expect(() => contentAlgorithmOfOid(dotted)).toThrow(notAllowed);
  });

  it.each([
    [OID.rsaEncryption, 'RSA', HASHES],
    [OID.sha256WithRsa, 'RSA', ['SHA-256']],
    [OID.sha384WithRsa, 'RSA', ['SHA-384']],
    [OID.sha512WithRsa, 'RSA', ['SHA-512']],
    [OID.ecdsaWithSha256, 'EC', ['SHA-256']],
    [OID.ecdsaWithSha384, 'EC', ['SHA-384']],
    [OID.ecdsaWithSha512, 'EC', ['SHA-512']],
  ] as const)('%s signs with %s', (dotted, kind, hashes) => {
    for (const hash of HASHES) {
      if ((hashes as readonly string[]).includes(hash)) {
        expect(signatureKind(dotted, hash)).toBe(kind);
      } else {
        expect(() => signatureKind(dotted, hash)).toThrow(notAllowed);
      }
    }
  });

  it.each([
    ['sha1WithRSA', '1.2.840.113549.1.1.5'],
    ['md5WithRSA', '1.2.840.113549.1.1.4'],
    ['RSASSA-PSS', '1.2.840.113549.1.1.10'],
    ['ecdsaWithSHA1', '1.2.840.10045.4.1'],
    ['Ed25519', '1.3.101.112'],
    ['id-ecPublicKey', OID.ecPublicKey],
  ])('refuses to verify %s', (_name, dotted) => {
    for (const hash of HASHES) expect(() => signatureKind(dotted, hash)).toThrow(notAllowed);
  });

  it('takes parameters of a hash that are NULL or absent, and no others', () => {
    for (const algorithm of digests)
      expect(readDigestAlgorithm(readDer(algorithm))).toBe(OID.sha256);
    for (const algorithm of [
      sequence(sha256, octetString()),
      sequence(sha256, nullValue(), nullValue()),
      sequence(nullValue(), sha256),
      sequence(),
      sha256,
    ]) {
      expect(() => readDigestAlgorithm(readDer(algorithm))).toThrow(malformed);
    }
  });
});

describe('the parameters of OAEP', () => {
  it('are written as Annex B prints them, and as RFC 4055 has them', () => {
    expect(toHex(formatOaepParameters('SHA-256', false))).toBe(
      '3038300D06096086480165030402010500301806092A864886F70D010108300B0609608648016503040201300D06092A864886F70D0101090400',
    );
    expect(toHex(formatOaepParameters('SHA-256', true))).toBe(
      '302FA00F300D06096086480165030402010500A11C301A06092A864886F70D010108300D06096086480165030402010500',
    );
  });

  it.each(HASHES)('are read in both forms: %s', (hash) => {
    for (const tagged of [true, false]) {
      expect(readOaepParameters(readDer(formatOaepParameters(hash, tagged)))).toBe(hash);
    }
  });

  it('may have parameters of the hash or not, in both places', () => {
    for (const first of digests) {
      for (const second of digests) {
        const masked = sequence(mgf1, second);
        for (const parameters of [
          sequence(first, masked, label),
          sequence(context(0, first), context(1, masked)),
          sequence(context(0, first), context(1, masked), context(2, label)),
        ]) {
          expect(readOaepParameters(readDer(parameters))).toBe('SHA-256');
        }
      }
    }
  });

  const sha1Digest = sequence(sha1, nullValue());
  const other = sequence(sha512, nullValue());

  it.each([
    ['nothing but the defaults, which are SHA-1', sequence()],
    ['no mask', sequence(context(0, digest))],
    ['no hash', sequence(context(1, mask))],
    ['a label only', sequence(context(2, label))],
    ['SHA-1', sequence(context(0, sha1Digest), context(1, sequence(mgf1, sha1Digest)))],
    ['SHA-1 in the untagged form', sequence(sha1Digest, sequence(mgf1, sha1Digest), label)],
    ['SHA-1 for the mask', sequence(context(0, digest), context(1, sequence(mgf1, sha1Digest)))],
    ['another hash for the mask', sequence(context(0, digest), context(1, sequence(mgf1, other)))],
    ['another mask', sequence(context(0, digest), context(1, sequence(pSpecified, digest)))],
    ['a mask with more', sequence(context(0, digest), context(1, sequence(mgf1, digest, digest)))],
    ['a label', sequence(digest, mask, sequence(pSpecified, octetString(Uint8Array.of(1))))],
    ['a label of another kind', sequence(digest, mask, sequence(mgf1, octetString()))],
    ['a label that is none', sequence(digest, mask, sequence(pSpecified, nullValue()))],
    ['a label without its octets', sequence(digest, mask, sequence(pSpecified))],
    ['no label in the untagged form', sequence(digest, mask)],
    ['one field more', sequence(digest, mask, label, nullValue())],
    ['an empty tag', sequence(context(0), context(1, mask))],
    ['two in a tag', sequence(context(0, digest, digest), context(1, mask))],
    ['tags in another order', sequence(context(1, mask), context(0, digest))],
    ['a tag twice', sequence(context(0, digest), context(0, digest))],
    ['half a form', sequence(digest, context(1, mask), label)],
    ['an integer', integer(1)],
    ['NULL', nullValue()],
    ['octets', octetString(fromHex('3000'))],
  ])('are refused: %s', (_what, parameters) => {
    expect(() => readOaepParameters(readDer(parameters))).toThrow(notAllowed);
  });

  it('are refused where there are none', () => {
    expect(() => readOaepParameters(undefined)).toThrow(notAllowed);
  });
});
