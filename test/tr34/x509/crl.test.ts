import { beforeAll, describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { toHex } from '../../../src/hex.js';
import { encodeElement, integer, nullValue, sequence, time } from '../../../src/tr34/der/writer.js';
import { isListed, parseCrl } from '../../../src/tr34/x509/crl.js';
import { tokenBytes, tokenCertificate, tokenCrl } from '../vectors.js';
import {
  AT,
  type CrlParts,
  createParty,
  DAY,
  extension,
  issueCrl,
  type Party,
  RSA_SHA256,
  revokedEntry,
} from './issue.js';

/** An ENUMERATED: keyCompromise. */
const REASON = extension('2.5.29.21', encodeElement(0x0a, Uint8Array.of(1)));
const CRITICAL = extension('2.5.29.29', sequence(), 'critical');
// Marked as critical by whoever keeps to RFC 5280 5.2.4 and 5.2.5.
const DELTA = extension('2.5.29.27', integer(1));
const DISTRIBUTION_POINT = extension('2.5.29.28', sequence());
const CRL_NUMBER = extension('2.5.29.20', integer(1));

let ca: Party;

beforeAll(async () => {
  ca = await createParty('CA');
});

describe('parseCrl', () => {
  it('reads what Annex B says about its CRL', () => {
    const crl = tokenCrl('b.2.1.3-crl');
    expect(crl.issuer).toEqual(tokenCertificate('b.2.1.2-cert').subject);
    expect(crl.thisUpdate).toBe(Date.parse('2010-11-02T17:33:30Z'));
    expect(crl.nextUpdate).toBe(Date.parse('2010-12-02T17:33:30Z'));
    expect(crl.revoked.map((serial) => toHex(serial).slice(4))).toEqual([
      '3400000008',
      '340000000A',
      '340000000B',
    ]);
    expect(crl).toMatchObject({ isPartial: false, repeatedExtensions: 'no' });
    expect(crl.der).toEqual(tokenBytes('b.2.1.3-crl'));
  });

  it.each(['gen-EC-P521', 'gen-EC-P384', 'gen-RSA-4096'])('reads the CRL of %s', (pki) => {
    const crl = tokenCrl(`${pki}-crl`);
    expect(crl.issuer).toEqual(tokenCertificate(`${pki}-CA_KDH-cert`).subject);
    expect(crl.revoked.map((serial) => toHex(serial).slice(4))).toEqual(['3400000008']);
    expect(crl.isPartial).toBe(false);
  });

  const accepted: readonly (readonly [string, Partial<CrlParts>, object])[] = [
    ['nothing revoked', {}, { revoked: [], nextUpdate: AT + DAY }],
    ['an empty list', { entries: [] }, { revoked: [] }],
    ['no time of the next', { nextUpdate: undefined }, { nextUpdate: undefined }],
    ['version 1', { version: undefined, entries: [revokedEntry(5)] }, { revoked: [integer(5)] }],
    ['a reason', { entries: [revokedEntry(5, REASON)] }, { isPartial: false }],
    ['a number', { extensions: [CRL_NUMBER] }, { isPartial: false, number: Uint8Array.of(1) }],
    ['differences only', { extensions: [DELTA] }, { isPartial: true }],
    ['some certificates only', { extensions: [DISTRIBUTION_POINT] }, { isPartial: true }],
    ['a critical extension', { extensions: [CRITICAL] }, { isPartial: true }],
    [
      'a critical extension of an entry',
      { entries: [revokedEntry(5), revokedEntry(6, CRITICAL)] },
      { isPartial: true },
    ],
    [
      'an extension twice',
      { extensions: [CRL_NUMBER, CRL_NUMBER] },
      { repeatedExtensions: 'identically' },
    ],
    ['times from 2050 on', { nextUpdate: time(AT + 1e12) }, { nextUpdate: AT + 1e12 }],
  ];

  it.each(accepted)('takes %s', async (_, changes, expected) => {
    expect(parseCrl(await issueCrl({ by: ca, ...changes }))).toMatchObject(expected);
  });

  const refused: readonly (readonly [
    string,
    Partial<CrlParts> & { outerAlgorithm?: Uint8Array },
  ])[] = [
    ['version 1 that is written', { version: integer(0) }],
    ['version 3', { version: integer(2) }],
    ['extensions in version 1', { version: undefined, extensions: [CRL_NUMBER] }],
    [
      'extensions of entries in version 1',
      { version: undefined, entries: [revokedEntry(5, REASON)] },
    ],
    ['no extension in a list of them', { extensions: [] }],
    [
      'no extension in a list of an entry',
      { entries: [sequence(integer(5), time(AT), sequence())] },
    ],
    ['an entry without a time', { entries: [sequence(integer(5))] }],
    ['an entry with a field too many', { entries: [sequence(integer(5), time(AT), nullValue())] }],
    ['an entry of another type', { entries: [integer(5)] }],
    ['two algorithms that differ', { outerAlgorithm: RSA_SHA256 }],
    ['a time of another type', { thisUpdate: integer(1) }],
    ['three times', { thisUpdate: sequence(), nextUpdate: time(AT) }],
  ];

  it.each(refused)('refuses %s', async (_, changes) => {
    const der = await issueCrl({ by: ca, ...changes });
    expect(() => parseCrl(der)).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'TOKEN_MALFORMED',
        field: 'crl',
      }),
    );
  });
});

describe('isListed', () => {
  it('compares whole serial numbers', async () => {
    const certificate = tokenCertificate('b.2.1.6-cert'); // 3400000007
    const listing = async (...serials: readonly number[]) =>
      isListed(
        parseCrl(await issueCrl({ by: ca, entries: serials.map((n) => revokedEntry(n)) })),
        certificate,
      );
    expect(await listing(1, 0x3400000007)).toBe(true);
    expect(await listing(7, 0x34000000, 0x3400000006, 0x340000000700)).toBe(false);
    expect(await listing()).toBe(false);
  });
});
