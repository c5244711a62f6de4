import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import { parseCertificate } from '../../../src/tr34/x509/certificate.js';
import { parseCrl } from '../../../src/tr34/x509/crl.js';
import { requireNotRevoked, verifyCrl, verifyPath } from '../../../src/tr34/x509/path.js';

const hasOpenSsl = spawnSync('openssl', ['version']).status === 0;

const CA_EXTENSIONS = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';

const KINDS = [
  ['RSA-2048', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], 'sha256'],
  ['RSA-3072', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:3072'], 'sha384'],
  ['P-256', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'sha256'],
  ['P-384', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'sha384'],
  ['P-521', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'sha512'],
] as const;

describe.skipIf(!hasOpenSsl).each(KINDS)('OpenSSL with %s', (kind, genpkey, hash) => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyblock-x509-'));
    const agreement = kind.startsWith('P') ? 'keyAgreement' : 'keyEncipherment,dataEncipherment';
    issue('root', 'root', CA_EXTENSIONS);
    issue('ca', 'root', CA_EXTENSIONS);
    issue('kdh', 'ca', 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n');
    issue('krd', 'ca', `keyUsage=critical,${agreement}\nsubjectKeyIdentifier=hash\n`);
    issue('bare', 'ca', undefined);
    writeFileSync(join(folder, 'ca.cnf'), caConfiguration(hash));
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(join(folder, 'crlnumber'), '01\n');
    openssl('ca', '-config', 'ca.cnf', '-revoke', 'kdh.pem');
    openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem');
    openssl('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['kdh', 'kdh'],
    ['krd', 'krd'],
    ['bare', 'kdh'],
    ['bare', 'krd'],
  ] as const)('issues a certificate %s that is accepted as %s', async (name, role) => {
    await verifyPath({
      certificate: certificate(name),
      issuer: certificate('ca'),
      root: certificate('root'),
      role,
      at: Date.now(),
      tolerate: [],
    });
  });

  it('reads the same serial number and key', () => {
    const { serialNumber, publicKey } = certificate('kdh');
    const serial = openssl('x509', '-in', 'kdh.pem', '-noout', '-serial').trim();
    expect(`serial=${toHex(serialNumber).slice(4).replace(/^00/, '')}`).toBe(serial);
    openssl('x509', '-in', 'kdh.pem', '-noout', '-pubkey', '-out', 'kdh-pub.pem');
    openssl('pkey', '-pubin', '-in', 'kdh-pub.pem', '-outform', 'DER', '-out', 'kdh.spki');
    expect(publicKey.spki).toEqual(new Uint8Array(readFileSync(join(folder, 'kdh.spki'))));
  });

  it('issues a CRL that is accepted, and lists what was revoked', async () => {
    const crl = parseCrl(new Uint8Array(readFileSync(join(folder, 'crl.der'))));
    await verifyCrl({
      crl,
      issuer: certificate('ca'),
      at: Date.now(),
      last: undefined,
      lastThisUpdate: undefined,
      tolerate: [],
    });
    expect(() => requireNotRevoked(certificate('kdh'), crl)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_REVOKED' }),
    );
    requireNotRevoked(certificate('krd'), crl);
  });

  function certificate(name: string) {
    return parseCertificate(new Uint8Array(readFileSync(join(folder, `${name}.der`))));
  }

  function issue(name: string, by: string, extensions: string | undefined): void {
    openssl('genpkey', ...genpkey, '-out', `${name}.key`);
    const subject = ['-subj', `/C=US/O=Keyblock/CN=${name}`];
    openssl('req', '-new', '-key', `${name}.key`, ...subject, '-out', `${name}.csr`);
    writeFileSync(join(folder, `${name}.ext`), extensions ?? '');
    const signer =
      by === name ? ['-signkey', `${name}.key`] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`];
    const serial = by === name ? [] : ['-CAcreateserial'];
    const extfile = extensions === undefined ? [] : ['-extfile', `${name}.ext`];
    const request = ['-req', '-in', `${name}.csr`, '-days', '30', `-${hash}`];
    openssl('x509', ...request, ...signer, ...serial, ...extfile, '-out', `${name}.pem`);
    openssl('x509', '-in', `${name}.pem`, '-outform', 'DER', '-out', `${name}.der`);
  }

  function openssl(...args: readonly string[]): string {
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  }
});

function caConfiguration(hash: string): string {
  return [
    '[ca]',
    'default_ca=it',
    '[it]',
    'database=index.txt',
    'crlnumber=crlnumber',
    'certificate=ca.pem',
    'private_key=ca.key',
    `default_md=${hash}`,
    'default_crl_days=30',
    'crl_extensions=extensions',
    '[extensions]',
    'authorityKeyIdentifier=keyid:always',
    '',
  ].join('\n');
}
