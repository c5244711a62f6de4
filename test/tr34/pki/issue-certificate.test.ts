import {
  generateKeyPair,
  type IssueCertificateOptions,
  issueCertificate,
  KeyblockError,
} from 'keyblock/tr34/pki';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../src/hex.js';
import {
  bitString,
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  time,
} from '../../../src/tr34/der/writer.js';
import { KEY_USAGE, parseCertificate } from '../../../src/tr34/x509/certificate.js';
import { verifyPath } from '../../../src/tr34/x509/path.js';
import { tokenBytes, tokenCertificate } from '../vectors.js';
import {
  at,
  FAMILIES,
  issueFamily,
  leafOptions,
  notBefore,
  type Party,
  party,
  rootOptions,
} from './parties.js';

const { root, ca, kdh } = FAMILIES['RSA-2048'];
/** The CA of Annex B, whose certificate somebody else has issued. */
const annexB = ca;

describe('issueCertificate', () => {
  it.each(['RSA-2048', 'RSA-4096', 'P-384', 'P-521'] as const)(
    'issues a path that a token may rest on: %s',
    async (name) => {
      const issued = await issueFamily(FAMILIES[name]);
      const [rootCertificate, issuer] = [
        parseCertificate(issued.root),
        parseCertificate(issued.ca),
      ];
      for (const role of ['kdh', 'krd'] as const) {
        const certificate = parseCertificate(issued[role]);
        const path = { certificate, issuer, root: rootCertificate, role, at: at.getTime() };
        await expect(verifyPath({ ...path, tolerate: [] })).resolves.toBeUndefined();
      }
      expect(issuer.basicConstraints).toEqual({ isCa: true, maxPathLength: 0 });
      expect(rootCertificate.basicConstraints).toEqual({ isCa: true, maxPathLength: undefined });
    },
  );

  it('issues with P-256', async () => {
    const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-256', purpose: 'sign' });
    const self = await issueCertificate(
      rootOptions({ publicKey, pkcs8, certificate: new Uint8Array() }),
    );
    const issuer = { certificate: self, pkcs8 };
    const leaf = parseCertificate(await issueCertificate(leafOptions(kdh, issuer)));
    expect(leaf.signatureAlgorithm.oid).toBe('1.2.840.10045.4.3.2');
    const [trusted, role] = [parseCertificate(self), 'kdh'] as const;
    const path = { certificate: leaf, issuer: trusted, root: trusted, role, at: at.getTime() };
    await expect(verifyPath({ ...path, tolerate: [] })).resolves.toBeUndefined();
  });

  it('issues under a certificate of Annex B, by its name and key identifier', async () => {
    const issued = await issueCertificate(leafOptions(kdh, annexB));
    const certificate = parseCertificate(issued);
    const issuer = tokenCertificate('b.2.1.2-cert');
    expect(certificate.issuer).toEqual(issuer.subject);
    expect(certificate.publicKey.spki).toEqual(kdh.publicKey);
    expect(toHex(certificate.serialNumber)).toBe('02053400000009');
    // The subjectKeyIdentifier of CA KDH, as openssl prints it.
    expect(toHex(issued)).toContain(
      '301F0603551D23041830168014B82A580A0D79F64A07C758ABC39365635F37CA18',
    );
  });

  it('gives the same bytes for the same options with RSA', async () => {
    const own = await issueCertificate(rootOptions(root));
    expect(await issueCertificate(rootOptions(root))).toEqual(own);
    // `openssl ca` issues the same KDH certificate: see peers.node.test.ts.
    const options = leafOptions(kdh, { certificate: own, pkcs8: root.pkcs8 });
    const first = await issueCertificate(options);
    expect(await issueCertificate(options)).toEqual(first);
    expect([await sha256(own), await sha256(first)]).toEqual([
      '37C797D8E9EED1C79E520A9FF660CA922AEB1C3EEBC8B1300C69687B0A317D41',
      '9128CE89D0FE4DFF853D210C178A5A7AE2B02A0297C56FEDACEE1391201EED43',
    ]);
  });

  it('says what a key may be used for', async () => {
    const usages = async (family: keyof typeof FAMILIES) => {
      const issued = await issueFamily(FAMILIES[family]);
      return (['root', 'ca', 'kdh', 'krd'] as const).map((role) => [
        ...(parseCertificate(issued[role]).keyUsage ?? []),
      ]);
    };
    const { digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment } = KEY_USAGE;
    const authority = [KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign];
    const signer = [digitalSignature, nonRepudiation];
    expect(await usages('RSA-2048')).toEqual([
      authority,
      authority,
      signer,
      [keyEncipherment, dataEncipherment],
    ]);
    expect(await usages('P-384')).toEqual([authority, authority, signer, [KEY_USAGE.keyAgreement]]);
  });

  it.each([
    ['a short one', Uint8Array.of(1), '020101'],
    ['one with its first bit set', Uint8Array.of(0x80, 1), '0203008001'],
    ['one with leading zeros', Uint8Array.of(0, 0, 0x7f), '02017F'],
    ['one of 20 bytes', new Uint8Array(20).fill(0x7f), `0214${'7F'.repeat(20)}`],
  ])('takes a serial number: %s', async (_, serialNumber, der) => {
    const certificate = await issueCertificate(leafOptions(kdh, annexB, { serialNumber }));
    expect(toHex(parseCertificate(certificate).serialNumber)).toBe(der);
  });

  it.each([
    [0x00, '40'],
    [0xff, '7F'],
  ])('draws a serial number of 126 bits, positive: %i', async (value, first) => {
    const lengths: number[] = [];
    const randomBytes = (length: number) => {
      lengths.push(length);
      return new Uint8Array(length).fill(value);
    };
    const others = { serialNumber: 'random', randomBytes } as const;
    const certificate = await issueCertificate(leafOptions(kdh, annexB, others));
    const rest = toHex(Uint8Array.of(value)).repeat(15);
    expect(toHex(parseCertificate(certificate).serialNumber)).toBe(`0210${first}${rest}`);
    expect(lengths).toEqual([16]);
  });

  it('writes times in the form of their year, cut to seconds', async () => {
    const issue = async (from: string, to: string) => {
      const validity = { notBefore: new Date(from), notAfter: new Date(to) };
      return issueCertificate(leafOptions(kdh, annexB, validity));
    };
    const hex = async (from: string, to: string) => toHex(await issue(from, to));
    const ascii = (text: string) => toHex(new TextEncoder().encode(text));
    expect(await hex('1950-01-01', '2049-12-31T23:59:59.999Z')).toContain(
      `301E170D${ascii('500101000000Z')}170D${ascii('491231235959Z')}`,
    );
    expect(await hex('1999-12-31T23:59:59Z', '9999-12-31T23:59:59Z')).toContain(
      `3020170D${ascii('991231235959Z')}180F${ascii('99991231235959Z')}`,
    );
    expect(await hex('2000-01-01', '2050-01-01')).toContain(
      `3020170D${ascii('000101000000Z')}180F${ascii('20500101000000Z')}`,
    );
  });

  it.each([
    [{ commonName: 'A' }, '300C310A300806035504031301', 'A'],
    [{ commonName: 'A*' }, '300D310B300906035504030C02', 'A*'],
    [{ commonName: "aZ09 '()+,-./:=?" }, '301B3119301706035504031310', "aZ09 '()+,-./:=?"],
    [{ commonName: 'é' }, '300D310B300906035504030C02', 'é'],
    [
      { commonName: 'A', country: 'DE' },
      '3019310B3009060355040613024445310A300806035504031301',
      'A',
    ],
    [
      { commonName: 'A', organization: 'O*' },
      '3019310B3009060355040A0C024F2A310A300806035504031301',
      'A',
    ],
  ])('names the subject %j', async (subject, start, text) => {
    const certificate = await issueCertificate(leafOptions(kdh, annexB, { subject }));
    const rest = toHex(new TextEncoder().encode(text));
    expect(toHex(parseCertificate(certificate).subject)).toBe(start + rest);
  });

  it('reads everything before it waits, and wipes nothing of the caller', async () => {
    const options = leafOptions(
      kdh,
      { ...annexB, pkcs8: new Uint8Array(annexB.pkcs8) },
      {
        notBefore: new Date(notBefore),
        serialNumber: Uint8Array.of(7),
      },
    );
    const expected = await issueCertificate(options);
    expect(options.issuer?.pkcs8).toEqual(annexB.pkcs8);
    const issuing = issueCertificate(options);
    options.issuer?.pkcs8.fill(0);
    options.notBefore.setTime(0);
    if (options.serialNumber !== 'random') options.serialNumber.fill(0);
    expect(await issuing).toEqual(expected);
  });
});

describe('issueCertificate refuses', () => {
  const curve = FAMILIES['P-384'];
  let rootCertificate: Uint8Array<ArrayBuffer>;
  let subordinate: Party;
  beforeAll(async () => {
    rootCertificate = await issueCertificate(rootOptions(root));
    const issuer = { certificate: rootCertificate, pkcs8: root.pkcs8 };
    const certificate = await issueCertificate(leafOptions(ca, issuer, { role: 'ca' }));
    subordinate = { ...ca, certificate };
  });

  it('what is no object', async () => {
    await refuses(undefined as unknown as IssueCertificateOptions, 'INVALID_ARGUMENT', 'options');
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['no role', { role: undefined }, 'INVALID_ARGUMENT', 'role'],
    ['an unknown role', { role: 'hsm' }, 'INVALID_ARGUMENT', 'role'],
    ['no subject', { subject: undefined }, 'INVALID_ARGUMENT', 'subject'],
    ['no common name', { subject: { organization: 'O' } }, 'INVALID_ARGUMENT', 'subject'],
    ['an empty name', { subject: { commonName: '' } }, 'INVALID_ARGUMENT', 'subject'],
    ['a long name', { subject: { commonName: 'é'.repeat(65) } }, 'INVALID_ARGUMENT', 'subject'],
    ['a longer name', { subject: { commonName: 'e'.repeat(129) } }, 'INVALID_ARGUMENT', 'subject'],
    ['NUL in a name', { subject: { commonName: 'a\0b' } }, 'INVALID_ARGUMENT', 'subject'],
    ['half a pair', { subject: { commonName: 'a\ud800' } }, 'INVALID_ARGUMENT', 'subject'],
    ['a number', { subject: { commonName: 1 } }, 'INVALID_ARGUMENT', 'subject'],
    ['no country', { subject: { commonName: 'a', country: 'us' } }, 'INVALID_ARGUMENT', 'subject'],
    ['hex as a key', { publicKey: '3000' }, 'INVALID_ARGUMENT', 'publicKey'],
    [
      'a key that is not DER',
      { publicKey: Uint8Array.of(0x30, 1) },
      'TOKEN_MALFORMED',
      'publicKey',
    ],
    ['zero', { serialNumber: Uint8Array.of(0, 0) }, 'INVALID_ARGUMENT', 'serialNumber'],
    ['no bytes', { serialNumber: new Uint8Array() }, 'INVALID_ARGUMENT', 'serialNumber'],
    [
      '21 octets',
      { serialNumber: new Uint8Array(20).fill(0x80) },
      'INVALID_ARGUMENT',
      'serialNumber',
    ],
    [
      'a long number',
      { serialNumber: new Uint8Array(5000).fill(1) },
      'INVALID_ARGUMENT',
      'serialNumber',
    ],
    ['a number', { serialNumber: 7 }, 'INVALID_ARGUMENT', 'serialNumber'],
    ['text for a time', { notBefore: '2027-01-01' }, 'INVALID_ARGUMENT', 'notBefore'],
    ['no time', { notBefore: new Date(Number.NaN) }, 'INVALID_ARGUMENT', 'notBefore'],
    ['1949', { notBefore: new Date('1949-12-31T23:59:59Z') }, 'INVALID_ARGUMENT', 'notBefore'],
    ['year 10000', { notAfter: new Date('+010000-01-01') }, 'INVALID_ARGUMENT', 'notAfter'],
    [
      'no validity',
      { notAfter: new Date(notBefore.getTime() + 999) },
      'INVALID_ARGUMENT',
      'notAfter',
    ],
    ['no issuer', { issuer: undefined }, 'INVALID_ARGUMENT', 'issuer'],
    ['an empty issuer', { issuer: {} }, 'INVALID_ARGUMENT', 'certificate'],
    ['the key of the subject', { pkcs8: kdh.pkcs8 }, 'INVALID_ARGUMENT', 'pkcs8'],
    ['no generator', { serialNumber: 'random', randomBytes: 1 }, 'INVALID_ARGUMENT', 'randomBytes'],
    [
      'a short draw',
      { serialNumber: 'random', randomBytes: () => new Uint8Array(15) },
      'INVALID_ARGUMENT',
      'randomBytes',
    ],
  ])('%s', async (_, others, code, field) => {
    await refuses(
      { ...leafOptions(kdh, annexB), ...others } as IssueCertificateOptions,
      code,
      field,
    );
  });

  it('a root with an issuer, or without its key', async () => {
    await refuses(rootOptions(root, { issuer: annexB }), 'INVALID_ARGUMENT', 'issuer');
    await refuses(rootOptions(root, { pkcs8: undefined }), 'INVALID_ARGUMENT', 'pkcs8');
  });

  it.each([
    ['another key', kdh.pkcs8, 'INVALID_ARGUMENT'],
    ['a key of another kind', curve.root.pkcs8, 'INVALID_ARGUMENT'],
    ['a public key', root.publicKey, 'INVALID_ARGUMENT'],
    ['what is not DER', root.pkcs8.subarray(1), 'TOKEN_MALFORMED'],
    ['nothing', new Uint8Array(), 'TOKEN_MALFORMED'],
  ])('%s as the private key', async (_, pkcs8, code) => {
    await refuses(rootOptions(root, { pkcs8 }), code, 'pkcs8');
    await refuses(leafOptions(kdh, { ...annexB, pkcs8 }), code, 'pkcs8');
  });

  it('a key of the same curve family that is not the one', async () => {
    await refuses(rootOptions(curve.root, { pkcs8: curve.ca.pkcs8 }), 'INVALID_ARGUMENT', 'pkcs8');
    const { pkcs8 } = FAMILIES['P-521'].root;
    await refuses(rootOptions(curve.root, { pkcs8 }), 'INVALID_ARGUMENT', 'pkcs8');
  });

  it('an issuer that is no CA, or may have no CA below it', async () => {
    const { pkcs8 } = kdh;
    const end = await issueCertificate(leafOptions(kdh, annexB));
    for (const certificate of [end, tokenBytes('b.2.1.6-cert'), tokenBytes('b.2.1.5-cert')]) {
      await refuses(leafOptions(kdh, { certificate, pkcs8 }), 'CERTIFICATE_UNTRUSTED', 'issuer');
    }
    await refuses(leafOptions(kdh, subordinate, { role: 'ca' }), 'CERTIFICATE_UNTRUSTED', 'issuer');
    await expect(issueCertificate(leafOptions(kdh, subordinate))).resolves.toBeInstanceOf(
      Uint8Array,
    );
  });

  it('an issuer by what its certificate says', async () => {
    const isCa = extension('2.5.29.19', sequence(encodeElement(0x01, Uint8Array.of(0xff))));
    const usage = (bits: number) =>
      extension('2.5.29.15', encodeElement(0x03, Uint8Array.of(0, bits)));
    const issue = async (...extensions: readonly Uint8Array[]) =>
      issueCertificate(leafOptions(kdh, { ...annexB, certificate: authority(extensions) }));
    // Without a key identifier of its own, the issuer is named by a computed one.
    expect(toHex(await issue(isCa))).toContain(
      `0603551D23041830168014${await computedIdentifier(annexB.publicKey)}`,
    );
    await expect(issue(isCa, usage(0x04))).resolves.toBeInstanceOf(Uint8Array);
    const unknown = extension('2.5.29.30', sequence());
    const refused = [[usage(0x04)], [isCa, usage(0x02)], [isCa, unknown], [isCa, isCa]];
    for (const extensions of refused) {
      const issuer = { ...annexB, certificate: authority(extensions) };
      await refuses(leafOptions(kdh, issuer), 'CERTIFICATE_UNTRUSTED', 'issuer');
    }
  });

  it('to sign where the runtime lacks the algorithm', async () => {
    const unsupported = new DOMException('no such curve', 'NotSupportedError');
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(unsupported);
    await refuses(rootOptions(curve.root), 'UNSUPPORTED', 'pkcs8');
    vi.restoreAllMocks();
  });

  it('an issuer that is not DER', async () => {
    for (const certificate of [rootCertificate.subarray(1), new Uint8Array(), root.pkcs8]) {
      const issuer = { certificate, pkcs8: root.pkcs8 };
      await refuses(leafOptions(kdh, issuer), 'TOKEN_MALFORMED', 'certificate');
    }
  });

  it('a key that no token may rest on', async () => {
    const rsa = (modulus: Uint8Array, exponent: number) =>
      sequence(
        sequence(oid('1.2.840.113549.1.1.1'), nullValue()),
        bitString(sequence(integer(modulus), integer(exponent))),
      );
    const point = (curveOid: string, bytes: Uint8Array) =>
      sequence(sequence(oid('1.2.840.10045.2.1'), oid(curveOid)), bitString(bytes));
    const p256 = '1.2.840.10045.3.1.7';
    const keys = [
      rsa(new Uint8Array(128).fill(0xff), 65537),
      rsa(new Uint8Array(256).fill(0xff), 3),
      rsa(new Uint8Array(256).fill(0xfe), 65537),
      rsa(new Uint8Array(513).fill(0xff), 65537),
      point(p256, Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
      point(p256, Uint8Array.of(2, ...new Uint8Array(32).fill(1))),
      point('1.3.132.0.10', Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
      sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(32))),
    ];
    for (const publicKey of keys) {
      await refuses(leafOptions({ ...kdh, publicKey }, annexB), 'UNSUPPORTED', 'publicKey');
    }
  });

  it('options that are inherited', async () => {
    await refuses(Object.create(leafOptions(kdh, annexB)), 'INVALID_ARGUMENT', 'role');
  });

  it('with no cause and no input in the error', async () => {
    const secret = party('annexb-KRD_1').pkcs8;
    const error = await issueCertificate(leafOptions(kdh, { ...annexB, pkcs8: secret })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(KeyblockError);
    expect(Object.hasOwn(error as KeyblockError, 'cause')).toBe(false);
  });
});

/** A critical extension. */
function extension(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), encodeElement(0x01, Uint8Array.of(0xff)), octetString(value));
}

/** A certificate of the CA of Annex B with other extensions; its signature is none. */
function authority(extensions: readonly Uint8Array[]): Uint8Array {
  const { serialNumber, signatureAlgorithm, issuer, subject } = tokenCertificate('b.2.1.2-cert');
  const tbs = sequence(
    context(0, integer(2)),
    serialNumber,
    signatureAlgorithm.bytes,
    issuer,
    sequence(time(notBefore.getTime()), time(at.getTime())),
    subject,
    annexB.publicKey,
    context(3, sequence(...extensions)),
  );
  return sequence(tbs, signatureAlgorithm.bytes, bitString(new Uint8Array(256)));
}

/** RFC 7093 2, method 1, of a key of RSA-2048: the last 270 octets of its SubjectPublicKeyInfo. */
async function computedIdentifier(publicKey: Uint8Array): Promise<string> {
  return (await sha256(new Uint8Array(publicKey.slice(-270)))).slice(0, 40);
}

async function refuses(
  options: IssueCertificateOptions,
  code: string,
  field: string,
): Promise<void> {
  await expect(issueCertificate(options)).rejects.toThrow(
    expect.objectContaining({ constructor: KeyblockError, code, field }),
  );
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
