import fc from 'fast-check';
import {
  type CertificateSubject,
  createCertificateRequest,
  issueCertificate,
  KeyblockError,
  readCertificateRequest,
} from 'keyblock/tr34/pki';
import { describe, expect, it } from 'vitest';
import {
  bitString,
  context,
  encodeElement,
  integer,
  nullValue,
  oid,
  sequence,
  set,
} from '../../../src/tr34/der/writer.js';
import { parseCertificate } from '../../../src/tr34/x509/certificate.js';
import { FAMILIES, leafOptions, party } from './parties.js';

const { publicKey, pkcs8 } = FAMILIES['P-384'].krd;
const subject = { commonName: 'Test KRD', organization: 'Keyblock Test', country: 'US' };

const anyText = fc
  .string({ minLength: 1, maxLength: 64, unit: 'grapheme' })
  .filter((text) => [...text].length <= 64 && !/[\p{Cc}\p{Cs}]/u.test(text));
const anySubject: fc.Arbitrary<CertificateSubject> = fc.record(
  {
    commonName: anyText,
    organization: anyText,
    country: fc.stringMatching(/^[A-Z]{2}$/),
  },
  { requiredKeys: ['commonName'] },
);

describe('readCertificateRequest', () => {
  it.each(['RSA-2048', 'RSA-4096', 'P-384', 'P-521'] as const)(
    'reads what was created: %s',
    async (name) => {
      const { krd, ca } = FAMILIES[name];
      const der = await createCertificateRequest({ subject, ...krd });
      const request = await readCertificateRequest(der);
      expect(request).toEqual({ subject, publicKey: krd.publicKey });
      const options = leafOptions(krd, ca, { role: 'krd', ...request });
      const certificate = parseCertificate(await issueCertificate(options));
      expect(certificate.publicKey.spki).toEqual(krd.publicKey);
    },
  );

  it('reads any subject that may be named', async () => {
    await fc.assert(
      fc.asyncProperty(anySubject, async (named) => {
        const der = await createCertificateRequest({ subject: named, publicKey, pkcs8 });
        expect(await readCertificateRequest(der)).toEqual({ subject: named, publicKey });
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same bytes for the same options with RSA', async () => {
    const options = { subject, ...party('annexb-KRD_1') };
    const der = await createCertificateRequest(options);
    expect(await createCertificateRequest(options)).toEqual(der);
  });

  it('refuses a request with any bit turned', async () => {
    const der = await createCertificateRequest({ subject, publicKey, pkcs8 });
    for (let bit = 0; bit < 8 * der.length; bit += 7) {
      const turned = new Uint8Array(der);
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(readCertificateRequest(turned)).rejects.toBeInstanceOf(KeyblockError);
    }
  });

  it('refuses octets after the request, and requests cut short', async () => {
    const der = await createCertificateRequest({ subject, publicKey, pkcs8 });
    await refuses(Uint8Array.of(...der, 0), 'TOKEN_MALFORMED');
    for (const length of [0, 1, 100, der.length - 1]) {
      await refuses(der.subarray(0, length), 'TOKEN_MALFORMED');
    }
    await refuses('3000' as unknown as Uint8Array, 'INVALID_ARGUMENT');
    await refuses(new Uint8Array(70_000).fill(0x30), 'TOKEN_MALFORMED');
  });

  const cn = '2.5.4.3';
  it.each([
    ['version 2', { version: integer(1) }, 'TOKEN_MALFORMED'],
    ['no attributes', { attributes: new Uint8Array() }, 'TOKEN_MALFORMED'],
    ['a field too many', { attributes: sequence(context(0), nullValue()) }, 'TOKEN_MALFORMED'],
    ['no name', { name: sequence() }, 'UNSUPPORTED'],
    ['another attribute', { name: rdn(['2.5.4.11', 0x13, 'OU'], [cn, 0x13, 'A']) }, 'UNSUPPORTED'],
    ['an attribute twice', { name: rdn([cn, 0x13, 'A'], [cn, 0x13, 'A']) }, 'UNSUPPORTED'],
    ['a BMPString', { name: rdn([cn, 0x1e, '\0A']) }, 'UNSUPPORTED'],
    ['a T61String', { name: rdn([cn, 0x14, 'A']) }, 'UNSUPPORTED'],
    ['a control character', { name: rdn([cn, 0x0c, 'A\n']) }, 'UNSUPPORTED'],
    ['half a character', { name: rdn([cn, 0x0c, '\u00ff']) }, 'UNSUPPORTED'],
    ['a long name', { name: rdn([cn, 0x0c, 'A'.repeat(65)]) }, 'UNSUPPORTED'],
    [
      'two names in one',
      { name: sequence(set(attribute('A'), attribute('B'))) },
      'TOKEN_MALFORMED',
    ],
    ['an empty name', { name: sequence(set()) }, 'TOKEN_MALFORMED'],
    ['SHA-1', { algorithm: sequence(oid('1.2.840.10045.4.1')) }, 'ALGORITHM_NOT_ALLOWED'],
    ['PSS', { algorithm: sequence(oid('1.2.840.113549.1.1.10')) }, 'ALGORITHM_NOT_ALLOWED'],
    [
      'parameters',
      { algorithm: sequence(oid('1.2.840.10045.4.3.3'), nullValue()) },
      'ALGORITHM_NOT_ALLOWED',
    ],
    [
      'RSA by a curve',
      { algorithm: sequence(oid('1.2.840.113549.1.1.11'), nullValue()) },
      'SIGNATURE_INVALID',
    ],
    [
      'Ed25519',
      { key: sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(32))) },
      'UNSUPPORTED',
    ],
    ['no signature', {}, 'SIGNATURE_INVALID'],
  ])('refuses %s', async (_, parts, code) => {
    await refuses(unsigned(parts), code);
  });
});

describe('createCertificateRequest', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['no subject', { subject: undefined }, 'INVALID_ARGUMENT', 'subject'],
    ['no public key', { publicKey: undefined }, 'INVALID_ARGUMENT', 'publicKey'],
    ['no private key', { pkcs8: undefined }, 'INVALID_ARGUMENT', 'pkcs8'],
    ['another key', { pkcs8: FAMILIES['P-384'].kdh.pkcs8 }, 'INVALID_ARGUMENT', 'pkcs8'],
    ['a key of RSA', { pkcs8: party('annexb-Root').pkcs8 }, 'INVALID_ARGUMENT', 'pkcs8'],
    ['what is not DER', { pkcs8: Uint8Array.of(0x30) }, 'TOKEN_MALFORMED', 'pkcs8'],
  ])('refuses %s', async (_, others, code, field) => {
    const options = { subject, publicKey, pkcs8, ...others } as Parameters<
      typeof createCertificateRequest
    >[0];
    await expect(createCertificateRequest(options)).rejects.toThrow(
      expect.objectContaining({ constructor: KeyblockError, code, field }),
    );
  });
});

/** The parts of a request that may be other than sound. */
interface RequestParts {
  readonly version?: Uint8Array;
  readonly name?: Uint8Array;
  readonly key?: Uint8Array;
  readonly attributes?: Uint8Array;
  readonly algorithm?: Uint8Array;
}

/** A request with a signature that is none. */
function unsigned(parts: RequestParts): Uint8Array {
  const {
    version = integer(0),
    name = rdn(['2.5.4.3', 0x13, 'A']),
    key = publicKey,
    attributes = context(0),
    algorithm = sequence(oid('1.2.840.10045.4.3.3')),
  } = parts;
  const signature = bitString(sequence(integer(1), integer(1)));
  return sequence(sequence(version, name, key, attributes), algorithm, signature);
}

function attribute(text: string): Uint8Array {
  return sequence(oid('2.5.4.3'), encodeElement(0x13, new TextEncoder().encode(text)));
}

/** A Name of attributes: type, tag, and a character for each octet. */
function rdn(...attributes: readonly (readonly [string, number, string])[]): Uint8Array {
  const octets = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  return sequence(
    ...attributes.map(([type, tag, text]) =>
      set(sequence(oid(type), encodeElement(tag, octets(text)))),
    ),
  );
}

async function refuses(der: Uint8Array, code: string): Promise<void> {
  await expect(readCertificateRequest(der)).rejects.toThrow(
    expect.objectContaining({ constructor: KeyblockError, code, field: 'request' }),
  );
}
