import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createCertificateRequest,
  fromPem,
  generateKeyPair,
  issueCertificate,
  issueCrl,
  type KeyPairAlgorithm,
  readCertificateRequest,
  toPem,
} from 'keyblock/tr34/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, FAMILIES, issueFamily, leafOptions, type Party, rootOptions } from './parties.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const FAMILY_NAMES = ['RSA-2048', 'RSA-4096', 'P-384', 'P-521'] as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-pki-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file to where openssl runs. */
function put(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function putPem(name: string, label: string, ...contents: readonly Uint8Array[]): string {
  return put(name, contents.map((der) => toPem({ label, der })).join(''));
}

/** Runs openssl; what it prints to either stream. */
function openssl(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout + stderr;
}

describe('a certificate to node:crypto', () => {
  it.each(FAMILY_NAMES)('is one of its issuer and subject: %s', async (name) => {
    const family = FAMILIES[name];
    const issued = await issueFamily(family);
    const [root, ca, kdh, krd] = [issued.root, issued.ca, issued.kdh, issued.krd].map(
      (der) => new X509Certificate(der),
    ) as [X509Certificate, X509Certificate, X509Certificate, X509Certificate]; // four of four
    expect([root.ca, ca.ca, kdh.ca, krd.ca]).toEqual([true, true, false, false]);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(ca.verify(root.publicKey) && ca.checkIssued(root)).toBe(true);
    expect(kdh.verify(ca.publicKey) && kdh.checkIssued(ca)).toBe(true);
    expect(krd.verify(ca.publicKey) && krd.checkIssued(ca)).toBe(true);
    expect(kdh.subject).toBe('C=US\nO=Keyblock Test\nCN=Test KDH');
    expect(kdh.issuer).toBe('CN=Test CA');
    expect(kdh.serialNumber).toBe('3400000009');
    expect(kdh.validFrom).toBe('Jan  1 00:00:00 2027 GMT');
    expect(kdh.validTo).toBe('Jan  1 00:00:00 2037 GMT');
    expect(krd.subject).toBe('CN=Prüfgerät №1');
    expect(kdh.publicKey.export({ type: 'spki', format: 'der' })).toEqual(
      Buffer.from(family.kdh.publicKey),
    );
  });
});

describe.skipIf(!hasOpenssl)('openssl', () => {
  it.each(FAMILY_NAMES)('verifies a path under RFC 5280 to the letter: %s', async (name) => {
    const { root, ca, kdh, krd } = await issueFamily(FAMILIES[name]);
    const trusted = putPem('root.pem', 'CERTIFICATE', root);
    const between = putPem('ca.pem', 'CERTIFICATE', ca);
    for (const leaf of [kdh, krd]) {
      const path = putPem('leaf.pem', 'CERTIFICATE', leaf);
      const when = String(at.getTime() / 1000);
      const strictly = ['-x509_strict', '-check_ss_sig', '-policy_check', '-attime', when];
      expect(
        openssl('verify', ...strictly, '-CAfile', trusted, '-untrusted', between, path),
      ).toContain('leaf.pem: OK');
    }
  });

  it('prints the extensions of every role', async () => {
    const text = (der: Uint8Array) =>
      openssl('x509', '-in', putPem('text.pem', 'CERTIFICATE', der), '-noout', '-text');
    const { root, ca, kdh, krd } = await issueFamily(FAMILIES['RSA-2048']);
    const curve = await issueFamily(FAMILIES['P-521']);
    expect(text(root)).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
    expect(text(root)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(text(ca)).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    expect(text(ca)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(text(kdh)).toMatch(/Key Usage: critical\s+Digital Signature, Non Repudiation\n/);
    expect(text(krd)).toMatch(/Key Usage: critical\s+Key Encipherment, Data Encipherment\n/);
    expect(text(curve.krd)).toMatch(/Key Usage: critical\s+Key Agreement\n/);
    expect(text(kdh)).not.toContain('Basic Constraints');
    expect(text(kdh)).toContain('Signature Algorithm: sha256WithRSAEncryption');
    expect(text((await issueFamily(FAMILIES['RSA-4096'])).kdh)).toContain(
      'Signature Algorithm: sha512WithRSAEncryption',
    );
    expect(text((await issueFamily(FAMILIES['P-384'])).kdh)).toContain(
      'Signature Algorithm: ecdsa-with-SHA384',
    );
    expect(text(curve.kdh)).toContain('Signature Algorithm: ecdsa-with-SHA512');
  });

  it.each([
    ['RSA-2048', 'sha256'],
    ['RSA-4096', 'sha512'],
  ] as const)('issues the same certificate and CRL, byte for byte: %s', async (name, digest) => {
    const { root, kdh } = FAMILIES[name];
    const certificate = await issueCertificate(rootOptions(root));
    const options = leafOptions(kdh, { certificate, pkcs8: root.pkcs8 });
    const config = putCa({ certificate, pkcs8: root.pkcs8, digest, subject: kdh });
    const { subject, publicKey } = options;
    const request = putPem(
      'ca/request.pem',
      'CERTIFICATE REQUEST',
      await createCertificateRequest({ subject, publicKey, pkcs8: kdh.pkcs8 }),
    );
    const days = ['-startdate', '20270101000000Z', '-enddate', '20370101000000Z'];
    const out = join(folder, 'ca/out.pem');
    openssl('ca', '-config', config, '-batch', '-notext', ...days, '-in', request, '-out', out);
    expect(readPem(out)).toEqual(await issueCertificate(options));

    const times = ['-crl_lastupdate', '20270201000000Z', '-crl_nextupdate', '20510301000000Z'];
    put('ca/index.txt', 'R\t370101000000Z\t270115101112Z\t3400000009\tunknown\t/CN=x\n');
    openssl('ca', '-config', config, '-gencrl', ...times, '-out', out);
    const crl = await issueCrl({
      issuer: { certificate, pkcs8: root.pkcs8 },
      thisUpdate: new Date('2027-02-01T00:00:00Z'),
      nextUpdate: new Date('2051-03-01T00:00:00Z'),
      revoked: [
        {
          serialNumber: Uint8Array.of(0x34, 0, 0, 0, 9),
          revocationDate: new Date('2027-01-15T10:11:12.999Z'),
        },
      ],
      crlNumber: 0x1234,
    });
    expect(readPem(out)).toEqual(crl);
  });

  it('checks a path against a CRL', async () => {
    const { root, kdh } = FAMILIES['P-521'];
    const certificate = await issueCertificate(rootOptions(root));
    const issuer = { certificate, pkcs8: root.pkcs8 };
    const good = await issueCertificate(leafOptions(kdh, issuer));
    const bad = await issueCertificate(
      leafOptions(kdh, issuer, { serialNumber: Uint8Array.of(0x80) }),
    );
    const [thisUpdate, nextUpdate] = [new Date('2029-12-01'), new Date('2030-02-01')];
    const revoked = [{ serialNumber: Uint8Array.of(0x80), revocationDate: thisUpdate }];
    const crl = await issueCrl({ issuer, thisUpdate, nextUpdate, revoked });
    const list = putPem('list.pem', 'X509 CRL', crl);
    const trusted = putPem('root.pem', 'CERTIFICATE', certificate);
    const time = ['-attime', String(at.getTime() / 1000)];
    const check = ['verify', '-crl_check', ...time, '-CAfile', trusted, '-CRLfile', list];
    expect(openssl(...check, putPem('good.pem', 'CERTIFICATE', good))).toContain('OK');
    expect(() => openssl(...check, putPem('bad.pem', 'CERTIFICATE', bad))).toThrow(
      'certificate revoked',
    );
    expect(openssl('crl', '-in', list, '-noout', '-CAfile', trusted)).toContain('verify OK');
    const empty = await issueCrl({ issuer, thisUpdate, nextUpdate, revoked: [], crlNumber: 0 });
    const text = openssl('crl', '-in', putPem('empty.pem', 'X509 CRL', empty), '-noout', '-text');
    expect(text).toContain('No Revoked Certificates.');
    expect(text).toMatch(/X509v3 CRL Number:\s+0\n/);
  });

  it.each(FAMILY_NAMES)('verifies a request: %s', async (name) => {
    const { publicKey, pkcs8 } = FAMILIES[name].krd;
    const subject = { commonName: 'KRD 1', organization: 'Prüfamt', country: 'DE' };
    const der = await createCertificateRequest({ subject, publicKey, pkcs8 });
    const path = putPem('request.pem', 'CERTIFICATE REQUEST', der);
    const text = openssl('req', '-in', path, '-verify', '-noout', '-text', '-nameopt', 'utf8');
    expect(text).toMatch(/verify OK/);
    expect(text).toMatch(/C ?= ?DE, O ?= ?Prüfamt, CN ?= ?KRD 1/);
  });

  it.each([
    ['RSA-2048', ['-newkey', 'rsa:2048', '-sha512']],
    ['P-256', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-sha256']],
    ['P-521', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha384']],
  ])('makes a request that is read: %s', async (_, kind) => {
    const config = put('req.cnf', '[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]\n');
    const out = join(folder, 'made.pem');
    const name = ['-subj', '/C=FR/O=Société/CN=KDH 7', '-utf8'];
    const keyOut = ['-nodes', '-keyout', join(folder, 'made.key')];
    const extension = ['-addext', 'keyUsage=digitalSignature'];
    openssl(
      'req',
      '-new',
      '-config',
      config,
      ...kind,
      ...name,
      ...extension,
      ...keyOut,
      '-out',
      out,
    );
    const { subject, publicKey } = await readCertificateRequest(readPem(out));
    expect(subject).toEqual({ commonName: 'KDH 7', organization: 'Société', country: 'FR' });
    const spki = openssl('req', '-in', out, '-noout', '-pubkey');
    expect(toPem({ label: 'PUBLIC KEY', der: publicKey })).toBe(spki);
    // The private key as openssl writes it, into PEM and back.
    const [key] = fromPem(
      execFileSync('openssl', ['pkey', '-in', join(folder, 'made.key')], { encoding: 'utf8' }),
    );
    const again = await createCertificateRequest({
      subject,
      publicKey,
      pkcs8: key?.der ?? publicKey,
    });
    expect((await readCertificateRequest(again)).publicKey).toEqual(publicKey);
  });

  it.each([
    'RSA-2048',
    'RSA-3072',
    'P-256',
    'P-384',
    'P-521',
  ] satisfies readonly KeyPairAlgorithm[])(
    'reads generated keys: %s',
    async (algorithm) => {
      const { pkcs8, publicKey } = await generateKeyPair({ algorithm, purpose: 'sign' });
      const path = putPem('generated.key', 'PRIVATE KEY', pkcs8);
      expect(openssl('pkey', '-in', path, '-noout', '-check')).toContain('Key is valid');
      expect(openssl('pkey', '-in', path, '-pubout')).toBe(
        toPem({ label: 'PUBLIC KEY', der: publicKey }),
      );
    },
    60_000,
  );
});

function readPem(path: string): Uint8Array<ArrayBuffer> {
  const [block] = fromPem(readFileSync(path, 'utf8'));
  if (block === undefined) throw new Error(`no block in ${path}`);
  return block.der;
}

/** The folder and configuration of a CA of openssl, with the extensions of a KDH and of a CRL. */
function putCa(ca: {
  readonly certificate: Uint8Array;
  readonly pkcs8: Uint8Array;
  readonly digest: string;
  readonly subject: Party;
}): string {
  const certificate = putPem('ca/ca.pem', 'CERTIFICATE', ca.certificate);
  const key = putPem('ca/ca.key', 'PRIVATE KEY', ca.pkcs8);
  const lines = [
    '[ca]\ndefault_ca=this\n[this]',
    `database=${put('ca/index.txt', '')}\nserial=${put('ca/serial', '3400000009\n')}`,
    `crlnumber=${put('ca/crlnumber', '1234\n')}\nnew_certs_dir=${join(folder, 'ca')}`,
    `certificate=${certificate}\nprivate_key=${key}\ndefault_md=${ca.digest}`,
    'policy=any\npreserve=yes\nx509_extensions=kdh\ncrl_extensions=crl',
    '[any]\ncountryName=optional\norganizationName=optional\ncommonName=supplied',
    '[kdh]\nkeyUsage=critical,digitalSignature,nonRepudiation',
    `subjectKeyIdentifier=${keyIdentifier(ca.subject)}\nauthorityKeyIdentifier=keyid:always`,
    '[crl]\nauthorityKeyIdentifier=keyid:always\n',
  ];
  return put('ca/ca.cnf', lines.join('\n'));
}

/** RFC 7093 2, method 1, of a key that openssl would identify by its SHA-1. */
function keyIdentifier({ publicKey, certificate }: Party): string {
  const { publicKey: key } = new X509Certificate(certificate);
  const pkcs1 = key.export({ type: 'pkcs1', format: 'der' });
  expect(Buffer.from(publicKey).subarray(-pkcs1.length)).toEqual(pkcs1);
  return createHash('sha256').update(pkcs1).digest('hex').slice(0, 40);
}
