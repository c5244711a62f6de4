import { type IssueCrlOptions, issueCertificate, issueCrl, KeyblockError } from 'keyblock/tr34/pki';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import { parseCertificate } from '../../../src/tr34/x509/certificate.js';
import { isListed, parseCrl } from '../../../src/tr34/x509/crl.js';
import { verifyCrl } from '../../../src/tr34/x509/path.js';
import { tokenCrl } from '../vectors.js';
import { FAMILIES, leafOptions, party } from './parties.js';

/** The CA of Annex B, and the CRL that it has issued there. */
const issuer = party('annexb-CA_KDH');
const annexB = tokenCrl('b.2.1.3-crl');

const options: IssueCrlOptions = {
  issuer,
  thisUpdate: new Date(annexB.thisUpdate),
  nextUpdate: new Date(annexB.nextUpdate ?? 0),
  revoked: [
    [0x08, '2010-11-02T17:28:13Z'],
    [0x0a, '2010-11-02T17:31:46Z'],
    [0x0b, '2010-11-02T17:33:25Z'],
  ].map(([last, date]) => ({
    serialNumber: Uint8Array.of(0x34, 0, 0, 0, Number(last)),
    revocationDate: new Date(String(date)),
  })),
};

describe('issueCrl', () => {
  it('issues the CRL of Annex B, but for the extension that RFC 5280 asks for', async () => {
    const crl = parseCrl(await issueCrl(options));
    const [ours, theirs] = [toHex(crl.tbs), toHex(annexB.tbs)];
    // Behind tag and length, of 3 octets: the authorityKeyIdentifier.
    const extension = '301F0603551D23041830168014B82A580A0D79F64A07C758ABC39365635F37CA18';
    expect(ours.slice(6)).toBe(`${theirs.slice(6)}A0233021${extension}`);
  });

  it('issues what a receiver takes', async () => {
    for (const crlNumber of [undefined, 0, 1, Number.MAX_SAFE_INTEGER]) {
      const crl = parseCrl(await issueCrl({ ...options, crlNumber }));
      const at = Date.parse('2010-11-15T00:00:00Z');
      await verifyCrl({
        crl,
        issuer: parseCertificate(issuer.certificate),
        at,
        last: undefined,
        lastThisUpdate: undefined,
        tolerate: [],
      });
    }
  });

  it('lists the certificates that are revoked, and no other', async () => {
    const { kdh } = FAMILIES['RSA-2048'];
    const serials = [Uint8Array.of(0x80), Uint8Array.of(0x81)];
    const revoked = [{ serialNumber: Uint8Array.of(0, 0x80), revocationDate: options.thisUpdate }];
    const crl = parseCrl(await issueCrl({ ...options, revoked }));
    const listed = [];
    for (const serialNumber of serials) {
      const certificate = await issueCertificate(leafOptions(kdh, issuer, { serialNumber }));
      listed.push(isListed(crl, parseCertificate(certificate)));
    }
    expect(listed).toEqual([true, false]);
  });

  it('has no list where nothing is revoked', async () => {
    expect(parseCrl(await issueCrl({ ...options, revoked: [] })).revoked).toEqual([]);
  });

  it('gives the same bytes for the same options with RSA', async () => {
    expect(await issueCrl(options)).toEqual(await issueCrl(options));
  });

  it('lists as many as a receiver reads', async () => {
    const list = (length: number) =>
      Array.from({ length }, (_, i) => ({
        serialNumber: Uint8Array.of(...new Uint8Array(18).fill(0x7f), i >> 8, i & 0xff),
        revocationDate: new Date('2050-01-01'),
      }));
    const crl = await issueCrl({ ...options, revoked: list(500) });
    expect(parseCrl(crl).revoked).toHaveLength(500);
    await refuses({ ...options, revoked: list(501) }, 'INPUT_TOO_LARGE', 'revoked');
  });

  const { thisUpdate: revocationDate } = options;
  const serialNumber = Uint8Array.of(1);
  it.each<[string, Record<string, unknown>, string, string]>([
    ['no time', { thisUpdate: undefined }, 'INVALID_ARGUMENT', 'thisUpdate'],
    ['no time to come', { nextUpdate: revocationDate }, 'INVALID_ARGUMENT', 'nextUpdate'],
    ['no list', { revoked: undefined }, 'INVALID_ARGUMENT', 'revoked'],
    ['a hole', { revoked: new Array(1) }, 'INVALID_ARGUMENT', 'revoked'],
    ['no entry', { revoked: [1] }, 'INVALID_ARGUMENT', 'revoked'],
    ['no serial number', { revoked: [{ revocationDate }] }, 'INVALID_ARGUMENT', 'serialNumber'],
    ['no date', { revoked: [{ serialNumber }] }, 'INVALID_ARGUMENT', 'revoked'],
    [
      'a number twice',
      {
        revoked: [
          { serialNumber, revocationDate },
          { serialNumber: Uint8Array.of(0, 1), revocationDate },
        ],
      },
      'INVALID_ARGUMENT',
      'revoked',
    ],
    ['a negative number', { crlNumber: -1 }, 'INVALID_ARGUMENT', 'crlNumber'],
    ['a fraction', { crlNumber: 0.5 }, 'INVALID_ARGUMENT', 'crlNumber'],
    ['a large number', { crlNumber: 2 ** 53 }, 'INVALID_ARGUMENT', 'crlNumber'],
    ['no issuer', { issuer: undefined }, 'INVALID_ARGUMENT', 'issuer'],
    ['a KDH', { issuer: party('annexb-KDH_2') }, 'CERTIFICATE_UNTRUSTED', 'issuer'],
    [
      'another key',
      { issuer: { ...issuer, pkcs8: party('annexb-Root').pkcs8 } },
      'INVALID_ARGUMENT',
      'pkcs8',
    ],
  ])('refuses %s', async (_, others, code, field) => {
    await refuses({ ...options, ...others } as IssueCrlOptions, code, field);
  });
});

async function refuses(given: IssueCrlOptions, code: string, field: string): Promise<void> {
  await expect(issueCrl(given)).rejects.toThrow(
    expect.objectContaining({ constructor: KeyblockError, code, field }),
  );
}
