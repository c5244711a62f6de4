// The TR-34 part of the demo: two key encryption keys are sent in two passes, once under P-521 and
// once in the form of 2012, opened by the device and, where it is installed, by OpenSSL.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, SecretKey, toHex } from 'keyblock';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  fromPkcs8,
  parseToken,
  receive,
  requestNonce,
} from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, issueCrl, toPem } from 'keyblock/tr34/pki';
import { bold, cut, dim, green, red, yellow } from './terminal.mjs';

const now = new Date();
const days = (count) => new Date(now.getTime() + count * 86_400_000);

/** Sends both keys, and prints what happens. */
export async function demonstrateTr34() {
  console.log(bold('TR-34: an AES-256 key encryption key, in two passes, profile ec on P-521'));
  await exchange({
    certificates: await issueAll('P-521'),
    profile: 'ec',
    key: generateKey({ algorithm: 'AES', lengthBits: 256 }),
    header: 'D0000K1AB00E0000',
  });
  console.log(bold('TR-34: a two-key TDES key encryption key, in the form of 2012, RSA-2048'));
  await exchange({
    certificates: await issueAll('RSA-2048'),
    profile: 'x9-tr34-2012',
    key: generateKey({ algorithm: 'TDES', lengthBits: 128 }),
    header: 'D9999K0TB00E0000',
  });
}

async function exchange({ certificates, profile, key, header }) {
  const { root, caKdh, caKrd, kdh, krd, crl } = certificates;
  const unwrapper = await fromPkcs8(krd);
  const take = (state, token) =>
    receive({ state, token, unwrapper, at: now, policy: { accept: [profile] } });

  const unbound = createKrd({
    certificate: krd.certificate,
    trust: {
      root: root.certificate,
      caKdh: caKdh.certificate,
      caKrd: caKrd.certificate,
    },
  });
  const credential = createCredentialToken({ certificate: kdh.certificate, crl });
  const bound = await take(unbound, credential);
  print('CT-KDH', credential, `the device is ${bound.event.kind}`);

  const asked = requestNonce(bound);
  const { nonce } = parseToken(asked.token);
  print('RT-KRD', asked.token, `nonce ${toHex(nonce)}`);

  const token = await createKeyToken({
    kdh: await fromPkcs8(kdh),
    krdCertificate: krd.certificate,
    trust: { root: root.certificate, caKrd: caKrd.certificate },
    key,
    header,
    freshness: { nonce },
    profile,
    at: now,
  });
  const said = parseToken(token);
  print('KT-KDH', token, `${said.kind}, profile ${said.profile}, header ${said.header}`);

  const received = await take(asked.state, token);
  if (received.event.kind !== 'key') throw new Error(`refused: ${received.event.error?.code}`);
  const opened = received.event.key;
  requireSame('the device', key, opened);
  console.log(green(`       the device has ${opened}, check value ${opened.kcv()}: the key sent`));
  askOpenSsl(certificates, token, key);

  await refuse('the same token again', take(received.state, token));
  await refuse('one bit of it altered', take(asked.state, alter(token)));
  await refuse('with the default policy', receive({ ...asked, token, unwrapper, at: now }));
  console.log();
}

function print(name, token, text) {
  console.log(`  ${name}  ${String(token.length).padStart(4)} bytes  ${text}`);
  console.log(dim(`          ${cut(toHex(token), 84)}`));
}

function requireSame(who, sent, received) {
  if (received.kcv() !== sent.kcv()) throw new Error(`${who}: another key`);
}

async function refuse(what, receiving) {
  const { event } = await receiving;
  if (event.kind !== 'refused') throw new Error(`not refused: ${what}`);
  console.log(`       ${what}: ${red(event.error.code)}`);
}

function alter(token) {
  const altered = new Uint8Array(token);
  altered[altered.length - 1] ^= 1;
  return altered;
}

/** Another reader: verifies the token and opens the envelope in it. */
function askOpenSsl({ root, caKdh, kdh, krd }, token, key) {
  if (spawnSync('openssl', ['version']).status !== 0) {
    console.log(yellow('       openssl is not installed, and was not asked'));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-demo-'));
  try {
    const put = (name, content) => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return name;
    };
    const certificate = ({ certificate: der }) => toPem({ label: 'CERTIFICATE', der });
    const trust = ['-CAfile', put('trust.pem', certificate(root) + certificate(caKdh))];
    const signer = ['-certfile', put('kdh.pem', certificate(kdh))];
    const envelope = runOpenSsl(folder, 'verify', put('token', token), [...trust, ...signer]);

    const recipient = ['-recip', put('krd.pem', certificate(krd))];
    const inkey = ['-inkey', put('krd.key', toPem({ label: 'PRIVATE KEY', der: krd.pkcs8 }))];
    const cms = put('envelope', asCms(envelope));
    const keyBlock = runOpenSsl(folder, 'decrypt', cms, [...recipient, ...inkey]);
    const [, , bytes] = elements(elements(keyBlock)[0].content);
    const opened = new SecretKey({ algorithm: key.algorithm, bytes: bytes.content });
    requireSame('openssl', key, opened);
    console.log(green(`       openssl cms verifies it, and decrypts the key ${opened.kcv()}`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runOpenSsl(folder, what, file, options) {
  const args = ['cms', `-${what}`, '-binary', '-inform', 'DER', '-in', file, '-out', 'out'];
  const { status, stderr } = spawnSync('openssl', [...args, ...options], { cwd: folder });
  if (status !== 0) throw new Error(`openssl cms -${what}: ${stderr}`);
  return new Uint8Array(readFileSync(join(folder, 'out')));
}

/**
 * The envelope as a ContentInfo of RFC 5652. Of the form of 2012 three things are put right: tag
 * and length of the whole are missing, the ciphertext stands inside the cipher, and the parameters
 * of OAEP lack their tags.
 */
function asCms(envelope) {
  const [first, ...rest] = elements(envelope);
  if (rest.length === 0) return contentInfo(envelope);
  const [recipients, encrypted] = rest;
  const [version, id, , encryptedKey] = elements(elements(recipients.content)[0].content);
  const oaep = der(0x30, Buffer.from(OAEP_SHA_256, 'hex'));
  const recipient = der(0x30, version.bytes, id.bytes, oaep, encryptedKey.bytes);
  const [type, cipher] = elements(encrypted.content);
  const [algorithm, iv, ciphertext] = elements(cipher.content);
  const identifier = der(0x30, algorithm.bytes, iv.bytes);
  const content = der(0x30, type.bytes, identifier, ciphertext.bytes);
  return contentInfo(der(0x30, first.bytes, der(0x31, recipient), content));
}

function contentInfo(envelope) {
  const envelopedData = Buffer.from('06092a864886f70d010703', 'hex');
  return der(0x30, envelopedData, der(0xa0, envelope));
}

/** RSAES-OAEP with SHA-256 and MGF1 with SHA-256 (RFC 4055). */
const OAEP_SHA_256 =
  '06092a864886f70d010107302fa00f300d06096086480165030402010500' +
  'a11c301a06092a864886f70d010108300d06096086480165030402010500';

/** The elements of DER that is known to be sound. */
function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const octets = bytes[at + 1] < 0x80 ? 0 : bytes[at + 1] & 0x7f;
    const start = at + 2 + octets;
    const length = octets === 0 ? bytes[at + 1] : parseInt(toHex(bytes.slice(at + 2, start)), 16);
    const content = bytes.slice(start, start + length);
    found.push({ bytes: bytes.slice(at, start + length), content });
    at = start + length;
  }
  return found;
}

function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(header), content]);
}

/** A root, a CA for hosts with its CRL, a CA for devices, a host and a device. */
async function issueAll(algorithm) {
  const root = await issue(algorithm, 'root', 'Demo Root');
  const caKdh = await issue(algorithm, 'ca', 'Demo CA KDH', root);
  const caKrd = await issue(algorithm, 'ca', 'Demo CA KRD', root);
  const [thisUpdate, nextUpdate] = [days(-1), days(30)];
  return {
    root,
    caKdh,
    caKrd,
    kdh: await issue(algorithm, 'kdh', 'Demo KDH 1', caKdh),
    krd: await issue(algorithm, 'krd', 'Demo KRD 1', caKrd),
    crl: await issueCrl({ issuer: caKdh, thisUpdate, nextUpdate, revoked: [], crlNumber: 1 }),
  };
}

async function issue(algorithm, role, commonName, issuer) {
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm, purpose: 'sign' });
  const certificate = await issueCertificate({
    role,
    subject: { commonName, organization: 'Keyblock Demo', country: 'US' },
    publicKey,
    ...(role === 'root' ? { pkcs8 } : { issuer }),
    serialNumber: 'random',
    notBefore: days(-1),
    notAfter: days(365),
  });
  return { certificate, pkcs8 };
}
