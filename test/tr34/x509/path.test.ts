import { beforeAll, describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { OID } from '../../../src/tr34/der/oids.js';
import {
  bitString,
  integer,
  nullValue,
  oid,
  sequence,
  time,
} from '../../../src/tr34/der/writer.js';
import {
  type Certificate,
  KEY_USAGE,
  parseCertificate,
} from '../../../src/tr34/x509/certificate.js';
import { parseCrl } from '../../../src/tr34/x509/crl.js';
import {
  type CrlToVerify,
  type PathToVerify,
  requireNotRevoked,
  type Tolerance,
  verifyAuthority,
  verifyCrl,
  verifyPath,
} from '../../../src/tr34/x509/path.js';
import {
  ANNEX_B_TIME,
  GENERATED_TIME,
  receiverCertificate,
  tokenBytes,
  tokenCertificate,
  tokenCrl,
} from '../vectors.js';
import {
  AT,
  basicConstraints,
  createParty,
  DAY,
  extension,
  type IssueOptions,
  issueCertificate,
  issueCrl,
  keyUsage,
  nameOf,
  type Party,
  revokedEntry,
  rsaSpki,
} from './issue.js';

const { digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment } = KEY_USAGE;
const { keyAgreement, keyCertSign, cRLSign } = KEY_USAGE;

/** SHA-1 under RSA, which nobody may sign with any more. */
const SHA1_WITH_RSA = sequence(oid('1.2.840.113549.1.1.5'), nullValue());
/** No CRL was there before, and nothing is put up with. */
const FIRST = { last: undefined, lastThisUpdate: undefined, tolerate: [] };
const UNKNOWN_CRITICAL = extension('2.5.29.30', sequence(), 'critical');

const ROOT = 'b.2.1.1-cert';
const CA_KDH = 'b.2.1.2-cert';
const CA_KRD = 'b.2.1.4-cert';
const KDH_1 = 'b.2.1.5-cert';
const KDH_2 = 'b.2.1.6-cert';
const KRD_1 = 'b.2.1.7-cert';

describe('verifyPath with the certificates of Annex B', () => {
  const path = (certificate: string, issuer: string, role: 'kdh' | 'krd'): PathToVerify => ({
    certificate: tokenCertificate(certificate),
    issuer: tokenCertificate(issuer),
    root: tokenCertificate(ROOT),
    role,
    at: ANNEX_B_TIME,
    tolerate: [],
  });

  it('accepts KDH 2 and KRD 1', async () => {
    await verifyPath(path(KDH_2, CA_KDH, 'kdh'));
    await verifyPath(path(KRD_1, CA_KRD, 'krd'));
  });

  it('accepts KDH 1 only where its repeated extensions are tolerated', async () => {
    const kdh1 = path(KDH_1, CA_KDH, 'kdh');
    await expectUntrusted(verifyPath(kdh1), 'certificate');
    await expectUntrusted(verifyPath({ ...kdh1, tolerate: ['stale-crl'] }), 'certificate');
    await verifyPath({ ...kdh1, tolerate: ['duplicate-extensions'] });
  });

  it('keeps the roles apart', async () => {
    await expectUntrusted(verifyPath(path(KDH_2, CA_KDH, 'krd')), 'krdCertificate');
    await expectUntrusted(verifyPath(path(KRD_1, CA_KRD, 'kdh')), 'certificate');
    await expectUntrusted(verifyPath(path(KRD_1, CA_KDH, 'krd')), 'krdCertificate');
    await expectUntrusted(verifyPath(path(KDH_2, CA_KRD, 'kdh')), 'certificate');
  });

  it.each([
    ['before the leaf', '2010-11-01T23:59:59Z', 'certificate'],
    ['after the leaf', '2020-10-30T00:00:00Z', 'certificate'],
  ] as const)('refuses %s', async (_, iso, field) => {
    const at = Date.parse(iso);
    await expectUntrusted(verifyPath({ ...path(KDH_2, CA_KDH, 'kdh'), at }), field);
  });

  it.each(['2010-11-02T00:00:00Z', '2020-10-29T23:59:59Z'])(
    'accepts the second %s',
    async (iso) => {
      await verifyPath({ ...path(KDH_2, CA_KDH, 'kdh'), at: Date.parse(iso) });
    },
  );

  it('refuses a time that is none', async () => {
    const options = { ...path(KDH_2, CA_KDH, 'kdh'), at: Number.NaN };
    await expectUntrusted(verifyPath(options), 'certificate');
  });
});

describe('verifyPath with certificates made for this project', () => {
  it.each(['gen-EC-P521', 'gen-EC-P384', 'gen-RSA-4096'])('accepts those of %s', async (pki) => {
    const root = tokenCertificate(`${pki}-Root-cert`);
    const at = GENERATED_TIME;
    for (const role of ['kdh', 'krd'] as const) {
      const name = role.toUpperCase();
      const certificate = tokenCertificate(`${pki}-${name}_1-cert`);
      const issuer = tokenCertificate(`${pki}-CA_${name}-cert`);
      await verifyPath({ certificate, issuer, root, role, at, tolerate: [] });
    }
    const issuer = tokenCertificate(`${pki}-CA_KDH-cert`);
    const crl = tokenCrl(`${pki}-crl`);
    await verifyCrl({ crl, issuer, at, ...FIRST });
    requireNotRevoked(tokenCertificate(`${pki}-KDH_1-cert`), crl);
  });

  it.each([
    ['KDH_1', true],
    ['KDH_2', true],
    ['KDH_rev', true],
    ['KDH_exp', false],
    ['KDH_future', false],
    ['KDH_enc', false],
    ['KDH_ca', false],
    ['KDH_1024', false],
    ['RogueKDH', false],
    ['KRD_1', false],
    ['CA_KDH', false],
  ] as const)('takes %s of the receiver for a KDH: %s', async (name, accepted) => {
    const verification = verifyPath({
      certificate: receiverCertificate(name),
      issuer: receiverCertificate('CA_KDH'),
      root: receiverCertificate('Root'),
      role: 'kdh',
      at: GENERATED_TIME,
      tolerate: [],
    });
    if (accepted) await verification;
    else await expectUntrusted(verification, 'certificate');
  });
});

describe('verifyPath', () => {
  let root: Party;
  let ca: Party;
  let leaf: Party;
  /** A path in which nothing is wrong. */
  let sound: PathToVerify;

  beforeAll(async () => {
    root = await createParty('Root');
    ca = await createParty('CA');
    leaf = await createParty('Leaf');
    sound = {
      certificate: await issueLeaf({}),
      issuer: await issueCa({}),
      root: await issueRoot({}),
      role: 'kdh',
      at: AT,
      tolerate: [],
    };
  });

  const issueRoot = (changes: Partial<IssueOptions>) =>
    issued({ by: root, to: root, extensions: authority(), ...changes });
  const issueCa = (changes: Partial<IssueOptions>) =>
    issued({ by: root, to: ca, extensions: authority(), ...changes });
  const issueLeaf = (changes: Partial<IssueOptions>) => issued({ by: ca, to: leaf, ...changes });

  it('accepts a leaf without extensions, in version 3 or 1', async () => {
    await verifyPath(sound);
    await verifyPath({ ...sound, role: 'krd' });
    await verifyPath({ ...sound, certificate: await issueLeaf({ version: undefined }) });
  });

  it('accepts an issuer that is the root', async () => {
    const certificate = await issueLeaf({ by: root });
    await verifyPath({ ...sound, certificate, issuer: sound.root });
    const last = await issueRoot({ extensions: [basicConstraints(true, 0)] });
    await verifyPath({ ...sound, certificate, issuer: last, root: last });
  });

  it('does not look at the signature of the root', async () => {
    const other = await createParty('Root');
    await verifyPath({ ...sound, root: await issueRoot({ by: other }) });
  });

  it.each([
    ['kdh', [digitalSignature], true],
    ['kdh', [digitalSignature, nonRepudiation], true],
    ['kdh', [digitalSignature, keyEncipherment], true],
    ['kdh', [nonRepudiation], false],
    ['kdh', [keyEncipherment, dataEncipherment, keyAgreement], false],
    ['kdh', [], false],
    ['krd', [keyAgreement], true],
    ['krd', [digitalSignature], false],
    ['krd', [keyEncipherment], false],
    ['krd', [], false],
  ] as const)('takes a point for a %s with the uses %j: %s', async (role, bits, accepted) => {
    const certificate = await issueLeaf({ extensions: [keyUsage(...bits)] });
    const verification = verifyPath({ ...sound, certificate, role });
    const field = role === 'krd' ? 'krdCertificate' : 'certificate';
    if (accepted) await verification;
    else await expectUntrusted(verification, field);
  });

  it.each([
    [[keyEncipherment], true],
    [[dataEncipherment], true],
    [[keyEncipherment, dataEncipherment], true],
    [[keyAgreement], false],
    [[digitalSignature], false],
  ] as const)('takes RSA for a KRD with the uses %j: %s', async (bits, accepted) => {
    const spki = rsaSpki(2048, 65_537);
    const certificate = await issueLeaf({ spki, extensions: [keyUsage(...bits)] });
    const verification = verifyPath({ ...sound, certificate, role: 'krd' });
    if (accepted) await verification;
    else await expectUntrusted(verification, 'krdCertificate');
  });

  it('takes a KRD that only signs where that is tolerated, and one that does neither not', async () => {
    const tolerate = ['krd-key-usage'] as const;
    const signs = await issueLeaf({ extensions: [keyUsage(digitalSignature)] });
    await verifyPath({ ...sound, certificate: signs, role: 'krd', tolerate });
    const neither = await issueLeaf({ extensions: [keyUsage(nonRepudiation)] });
    const options = { ...sound, certificate: neither, role: 'krd', tolerate } as const;
    await expectUntrusted(verifyPath(options), 'krdCertificate');
    const encrypted = await issueLeaf({ extensions: [keyUsage(keyAgreement)] });
    await expectUntrusted(
      verifyPath({ ...sound, certificate: encrypted, tolerate }),
      'certificate',
    );
  });

  const wrongAnywhere: readonly (readonly [string, () => Partial<IssueOptions>])[] = [
    ['not valid yet', () => ({ validity: sequence(time(AT + 1000), time(AT + DAY)) })],
    ['not valid any more', () => ({ validity: sequence(time(AT - DAY), time(AT - 1000)) })],
    ['never valid', () => ({ validity: sequence(time(AT + 1000), time(AT - 1000)) })],
    ['with RSA of 1024 bits', () => ({ spki: rsaSpki(1024, 65_537) })],
    ['with RSA of 2047 bits', () => ({ spki: rsaSpki(2047, 65_537) })],
    ['with RSA of 4097 bits', () => ({ spki: rsaSpki(4097, 65_537) })],
    ['with the exponent 3', () => ({ spki: rsaSpki(2048, 3) })],
    ['with a key of another kind', () => ({ spki: otherSpki() })],
  ];

  it.each(wrongAnywhere)('refuses a leaf that is %s', async (_, changes) => {
    const certificate = await issueLeaf(changes());
    await expectUntrusted(verifyPath({ ...sound, certificate }), 'certificate');
  });

  it.each(wrongAnywhere)('refuses a CA that is %s', async (_, changes) => {
    await expectUntrusted(verifyPath({ ...sound, issuer: await issueCa(changes()) }), 'trust');
  });

  it.each(wrongAnywhere)('refuses a root that is %s', async (_, changes) => {
    await expectUntrusted(verifyPath({ ...sound, root: await issueRoot(changes()) }), 'trust');
  });

  const wrongExtensions: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a critical extension that is not known', [UNKNOWN_CRITICAL]],
    ['an extension twice', [keyUsage(digitalSignature, keyCertSign), keyUsage(0, keyCertSign)]],
  ];

  it.each(wrongExtensions)('refuses %s in any place', async (_, wrong) => {
    const leafOfIt = await issueLeaf({ extensions: wrong });
    await expectUntrusted(verifyPath({ ...sound, certificate: leafOfIt }), 'certificate');
    const extensions = [basicConstraints(true), ...wrong];
    const issuer = await issueCa({ extensions });
    await expectUntrusted(verifyPath({ ...sound, issuer }), 'trust');
    const rootOfIt = await issueRoot({ extensions });
    await expectUntrusted(verifyPath({ ...sound, root: rootOfIt }), 'trust');
  });

  it('tolerates an extension twice in any place, but not two that differ', async () => {
    const tolerate = ['duplicate-extensions'] as const;
    const once = keyUsage(digitalSignature, keyCertSign);
    const alike = [basicConstraints(true), once, once];
    await verifyPath({
      ...sound,
      certificate: await issueLeaf({ extensions: [once, once] }),
      issuer: await issueCa({ extensions: alike }),
      root: await issueRoot({ extensions: alike }),
      tolerate,
    });
    const extensions = [once, keyUsage(digitalSignature)];
    const certificate = await issueLeaf({ extensions });
    await expectUntrusted(verifyPath({ ...sound, certificate, tolerate }), 'certificate');
  });

  it('refuses a leaf that is a CA', async () => {
    const certificate = await issueLeaf({ extensions: [basicConstraints(true)] });
    await expectUntrusted(verifyPath({ ...sound, certificate }), 'certificate');
  });

  it.each([
    ['without extensions', undefined],
    ['without constraints', [keyUsage(keyCertSign)]],
    ['that is none', [basicConstraints(false), keyUsage(keyCertSign)]],
    ['that may not sign certificates', [basicConstraints(true), keyUsage(cRLSign)]],
  ])('refuses a CA or a root %s', async (_, extensions) => {
    const issuer = await issueCa({ extensions });
    await expectUntrusted(verifyPath({ ...sound, issuer }), 'trust');
    const wrong = await issueRoot({ extensions });
    await expectUntrusted(verifyPath({ ...sound, root: wrong }), 'trust');
  });

  it('accepts a CA whose key usage is left open', async () => {
    await verifyPath({ ...sound, issuer: await issueCa({ extensions: [basicConstraints(true)] }) });
  });

  it('refuses a CA behind a root that allows none', async () => {
    const wrong = await issueRoot({ extensions: [basicConstraints(true, 0)] });
    await expectUntrusted(verifyPath({ ...sound, root: wrong }), 'trust');
    const enough = await issueRoot({ extensions: [basicConstraints(true, 1)] });
    const issuer = await issueCa({ extensions: [basicConstraints(true, 0)] });
    await verifyPath({ ...sound, issuer, root: enough });
  });

  it('compares names octet by octet', async () => {
    const upper = await issueLeaf({ issuer: nameOf('ca') });
    await expectUntrusted(verifyPath({ ...sound, certificate: upper }), 'certificate');
    const issuer = await issueCa({ issuer: nameOf('ROOT') });
    await expectUntrusted(verifyPath({ ...sound, issuer }), 'trust');
  });

  it('refuses a signature by another key of the same name', async () => {
    const sameCa = await createParty('CA');
    const certificate = await issueLeaf({ by: sameCa });
    await expectUntrusted(verifyPath({ ...sound, certificate }), 'certificate');
    const sameRoot = await createParty('Root');
    const issuer = await issueCa({ by: sameRoot });
    await expectUntrusted(verifyPath({ ...sound, issuer }), 'trust');
  });

  it('refuses a leaf that signed itself', async () => {
    const certificate = await issueLeaf({ by: leaf });
    await expectUntrusted(verifyPath({ ...sound, certificate }), 'certificate');
    const named = await issueLeaf({ by: leaf, issuer: ca.name });
    await expectUntrusted(verifyPath({ ...sound, certificate: named }), 'certificate');
  });

  it('refuses an algorithm that is not allowed', async () => {
    const certificate = await issueLeaf({ algorithm: SHA1_WITH_RSA });
    await expect(verifyPath({ ...sound, certificate })).rejects.toMatchObject({
      constructor: KeyblockError,
      code: 'ALGORITHM_NOT_ALLOWED',
      field: 'certificate',
    });
    const issuer = await issueCa({ algorithm: SHA1_WITH_RSA });
    await expect(verifyPath({ ...sound, issuer })).rejects.toMatchObject({
      code: 'ALGORITHM_NOT_ALLOWED',
      field: 'trust',
    });
  });

  it('refuses an algorithm that is not that of the key of the issuer', async () => {
    const algorithm = sequence(oid(OID.sha256WithRsa), nullValue());
    const certificate = await issueLeaf({ algorithm });
    await expectUntrusted(verifyPath({ ...sound, certificate }), 'certificate');
  });
});

describe('verifyAuthority', () => {
  const root = tokenCertificate(ROOT);
  const at = ANNEX_B_TIME;
  const tolerate: readonly Tolerance[] = [];

  it('accepts both CAs of Annex B, and the root', async () => {
    for (const id of [CA_KDH, CA_KRD, ROOT]) {
      await verifyAuthority({ authority: tokenCertificate(id), root, at, tolerate });
    }
  });

  it('refuses what is no CA, or not of this root', async () => {
    const kdh = tokenCertificate(KDH_2);
    await expectUntrusted(verifyAuthority({ authority: kdh, root, at, tolerate }), 'trust');
    const authority = tokenCertificate(CA_KDH);
    const other = tokenCertificate(CA_KRD);
    await expectUntrusted(verifyAuthority({ authority, root: other, at, tolerate }), 'trust');
  });
});

describe('verifyCrl', () => {
  const annexB: CrlToVerify = {
    crl: tokenCrl('b.2.1.3-crl'),
    issuer: tokenCertificate(CA_KDH),
    at: ANNEX_B_TIME,
    ...FIRST,
  };
  const thisUpdate = Date.parse('2010-11-02T17:33:30Z');
  const nextUpdate = Date.parse('2010-12-02T17:33:30Z');

  it('accepts the CRL of Annex B, from its first second to its last', async () => {
    await verifyCrl(annexB);
    await verifyCrl({ ...annexB, at: thisUpdate });
    await verifyCrl({ ...annexB, at: nextUpdate });
  });

  it('refuses it before, and after but where that is tolerated', async () => {
    const tolerate = ['stale-crl'] as const;
    await expectRejected(verifyCrl({ ...annexB, at: thisUpdate - 1 }));
    await expectRejected(verifyCrl({ ...annexB, at: thisUpdate - 1, tolerate }));
    await expectRejected(verifyCrl({ ...annexB, at: nextUpdate + 1 }));
    await verifyCrl({ ...annexB, at: nextUpdate + 1, tolerate });
    await expectRejected(verifyCrl({ ...annexB, at: Number.NaN, tolerate }));
  });

  it('refuses one older than the last', async () => {
    await verifyCrl({ ...annexB, lastThisUpdate: thisUpdate });
    await verifyCrl({ ...annexB, lastThisUpdate: thisUpdate - 1 });
    const tolerate = ['stale-crl'] as const;
    await expectRejected(verifyCrl({ ...annexB, lastThisUpdate: thisUpdate + 1, tolerate }));
  });

  it('refuses one by another CA', async () => {
    await expectRejected(verifyCrl({ ...annexB, issuer: tokenCertificate(CA_KRD) }));
  });

  describe('made for the rule', () => {
    let ca: Party;
    let issuer: Certificate;

    beforeAll(async () => {
      ca = await createParty('CA');
      issuer = await issued({ by: ca, to: ca, extensions: authority() });
    });

    const made = async (
      changes: Partial<Parameters<typeof issueCrl>[0]>,
    ): Promise<CrlToVerify> => ({
      crl: parseCrl(await issueCrl({ by: ca, ...changes })),
      issuer,
      at: AT,
      ...FIRST,
    });

    it('accepts one in which nothing is wrong', async () => {
      await verifyCrl(await made({}));
      await verifyCrl(await made({ version: undefined }));
      await verifyCrl(await made({ extensions: [extension('2.5.29.20', integer(3))] }));
      const open = await issued({ by: ca, to: ca, extensions: [basicConstraints(true)] });
      await verifyCrl({ ...(await made({})), issuer: open });
    });

    it('refuses another name, though the key be the same', async () => {
      await expectRejected(verifyCrl(await made({ issuer: nameOf('ca') })));
    });

    it('refuses a CA that may not sign CRLs', async () => {
      const extensions = [basicConstraints(true), keyUsage(keyCertSign)];
      const wrong = await issued({ by: ca, to: ca, extensions });
      await expectRejected(verifyCrl({ ...(await made({})), issuer: wrong }));
    });

    it('refuses a signature by another key of the same name', async () => {
      await expectRejected(verifyCrl(await made({ by: await createParty('CA') })));
    });

    it('refuses critical extensions, of the list and of entries', async () => {
      await expectRejected(verifyCrl(await made({ extensions: [UNKNOWN_CRITICAL] })));
      const entries = [revokedEntry(5), revokedEntry(6, UNKNOWN_CRITICAL)];
      await expectRejected(verifyCrl(await made({ entries })));
    });

    it('refuses an extension twice', async () => {
      const number = extension('2.5.29.20', integer(3));
      await expectRejected(verifyCrl(await made({ extensions: [number, number] })));
    });

    it('takes one without a time of the next for stale', async () => {
      const options = await made({ nextUpdate: undefined });
      await expectRejected(verifyCrl(options));
      await verifyCrl({ ...options, tolerate: ['stale-crl'] });
    });

    it('refuses an algorithm that is not allowed', async () => {
      await expect(verifyCrl(await made({ algorithm: SHA1_WITH_RSA }))).rejects.toMatchObject({
        constructor: KeyblockError,
        code: 'ALGORITHM_NOT_ALLOWED',
        field: 'crl',
      });
    });
  });
});

describe('requireNotRevoked', () => {
  it('refuses what the CRL lists', async () => {
    const ca = await createParty('CA');
    const leaf = await issued({ by: ca, to: await createParty('Leaf') }); // serial number 7
    const listing = async (...serials: readonly number[]) =>
      parseCrl(await issueCrl({ by: ca, entries: serials.map((n) => revokedEntry(n)) }));
    requireNotRevoked(leaf, await listing(6, 8));
    const crl = await listing(6, 7);
    expect(() => requireNotRevoked(leaf, crl)).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'CERTIFICATE_REVOKED' }),
    );
  });

  it('takes nothing from the CRL of another CA', () => {
    expect(() => requireNotRevoked(tokenCertificate(KRD_1), tokenCrl('b.2.1.3-crl'))).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'CRL_REJECTED' }),
    );
  });
});

describe('every single bit', () => {
  const CODES = ['TOKEN_MALFORMED', 'CERTIFICATE_UNTRUSTED', 'ALGORITHM_NOT_ALLOWED'];
  const issuer = tokenCertificate(CA_KDH);
  const root = tokenCertificate(ROOT);
  const at = ANNEX_B_TIME;
  const tolerate: readonly Tolerance[] = [];

  it('of a certificate matters', { timeout: 60_000 }, async () => {
    for (const bytes of flips(tokenBytes(KDH_2))) {
      const verify = async () =>
        verifyPath({
          certificate: parseCertificate(bytes),
          issuer,
          root,
          role: 'kdh',
          at,
          tolerate,
        });
      const error = await verify().then(() => undefined, errorOf);
      expect(CODES).toContain(error?.code);
    }
  });

  it('of a CRL matters', { timeout: 60_000 }, async () => {
    const codes = ['TOKEN_MALFORMED', 'CRL_REJECTED', 'ALGORITHM_NOT_ALLOWED'];
    for (const bytes of flips(tokenBytes('b.2.1.3-crl'))) {
      const verify = async () => verifyCrl({ crl: parseCrl(bytes), issuer, at, ...FIRST });
      const error = await verify().then(() => undefined, errorOf);
      expect(codes).toContain(error?.code);
    }
  });

  it('of a CA matters', { timeout: 60_000 }, async () => {
    for (const bytes of flips(tokenBytes(CA_KDH))) {
      const verify = async () =>
        verifyAuthority({ authority: parseCertificate(bytes), root, at, tolerate });
      const error = await verify().then(() => undefined, errorOf);
      expect(CODES).toContain(error?.code);
    }
  });
});

/** The extensions of a CA. */
function authority(): readonly Uint8Array[] {
  return [basicConstraints(true), keyUsage(keyCertSign, cRLSign)];
}

async function issued(options: IssueOptions): Promise<Certificate> {
  return parseCertificate(await issueCertificate(options));
}

function otherSpki(): Uint8Array {
  return sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(32)));
}

async function expectUntrusted(
  verification: Promise<void>,
  field: 'certificate' | 'krdCertificate' | 'trust',
): Promise<void> {
  await expect(verification).rejects.toMatchObject({
    constructor: KeyblockError,
    code: 'CERTIFICATE_UNTRUSTED',
    field,
  });
}

async function expectRejected(verification: Promise<void>): Promise<void> {
  await expect(verification).rejects.toMatchObject({
    constructor: KeyblockError,
    code: 'CRL_REJECTED',
    field: 'crl',
  });
}

function errorOf(error: unknown): KeyblockError | undefined {
  return error instanceof KeyblockError ? error : undefined;
}

/** The bytes with each of their bits changed in turn; the array is the same every time. */
function* flips(original: Uint8Array): Generator<Uint8Array> {
  const bytes = new Uint8Array(original);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const at = bit >> 3;
    bytes[at] = (original[at] ?? 0) ^ (1 << (bit & 7));
    yield bytes;
    bytes[at] = original[at] ?? 0;
  }
}
