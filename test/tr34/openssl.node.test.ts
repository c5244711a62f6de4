import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, type SecretKey } from 'keyblock';
import {
  createAuthorityUnbindToken,
  createCredentialToken,
  createKeyToken,
  createKrd,
  createRebindToken,
  createUnbindToken,
  fromPkcs8,
  type KrdEvent,
  type KrdState,
  type Profile,
  parseToken,
  type ReceivePolicy,
  receive,
  requestNonce,
  type StrengthRule,
} from 'keyblock/tr34';
import { issueCertificate, issueCrl, toPem } from 'keyblock/tr34/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatOaepParameters } from '../../src/tr34/cms/algorithms.js';
import { headerAttribute, nonceAttribute } from '../../src/tr34/cms/attributes.js';
import { OID } from '../../src/tr34/der/oids.js';
import { children, readDer } from '../../src/tr34/der/reader.js';
import { context, integer, octetString, oid, sequence, set } from '../../src/tr34/der/writer.js';
import { PROFILES } from '../../src/tr34/profiles.js';
import { formatKeyBlockContent, parseKeyBlockContent } from '../../src/tr34/tokens/key-block.js';
import { readSigner, signToken } from '../../src/tr34/tokens/signed-token.js';
import { issuerAndSerial, parseCertificate } from '../../src/tr34/x509/certificate.js';
import { at, FAMILIES, issueFamily, leafOptions, notBefore } from './pki/parties.js';

const hasOpenSsl = spawnSync('openssl', ['version']).status === 0;

type FamilyName = keyof typeof FAMILIES;

/** All parties under one CA, as files and as values. */
interface Cast extends Awaited<ReturnType<typeof issueFamily>> {
  readonly name: FamilyName;
  readonly newKdh: Uint8Array<ArrayBuffer>;
  readonly crl: Uint8Array<ArrayBuffer>;
}

const casts = new Map<FamilyName, Cast>();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-tokens-'));
  for (const name of ['RSA-2048', 'RSA-4096', 'P-384', 'P-521'] as const) {
    const { ca: caKeys, kdh: kdhKeys, krd: krdKeys } = FAMILIES[name];
    const issued = await issueFamily(FAMILIES[name]);
    const issuer = { certificate: issued.ca, pkcs8: caKeys.pkcs8 };
    const newKdh = await issueCertificate(
      leafOptions(kdhKeys, issuer, {
        subject: { commonName: 'Test KDH 2' },
        serialNumber: 'random',
      }),
    );
    const crl = await issueCrl({
      issuer,
      thisUpdate: notBefore,
      nextUpdate: new Date(at.getTime() + 86_400_000),
      revoked: [{ serialNumber: Uint8Array.of(9), revocationDate: notBefore }],
      crlNumber: 1,
    });
    casts.set(name, { ...issued, name, newKdh, crl });
    putPem(`${name}-trust.pem`, 'CERTIFICATE', issued.root, issued.ca);
    putPem(`${name}-ca.pem`, 'CERTIFICATE', issued.ca);
    putPem(`${name}-ca.key`, 'PRIVATE KEY', caKeys.pkcs8);
    putPem(`${name}-kdh.pem`, 'CERTIFICATE', issued.kdh);
    putPem(`${name}-krd.pem`, 'CERTIFICATE', issued.krd);
    putPem(`${name}-krd.key`, 'PRIVATE KEY', krdKeys.pkcs8);
    putPem(`${name}-crl.pem`, 'X509 CRL', crl);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Profile, keys, the key that travels, and what the device allows for it. */
const WAYS: readonly (readonly [Profile, FamilyName, () => SecretKey, StrengthRule])[] = [
  ['cms', 'RSA-2048', () => generateKey({ algorithm: 'TDES', lengthBits: 192 }), 'sp800-57'],
  ['cms', 'RSA-4096', () => generateKey({ algorithm: 'AES', lengthBits: 128 }), 'sp800-57'],
  ['cms', 'RSA-4096', () => generateKey({ algorithm: 'AES', lengthBits: 256 }), 'off'],
  ['tr34-2019', 'RSA-2048', () => generateKey({ algorithm: 'TDES', lengthBits: 128 }), 'sp800-57'],
  ['tr34-2019', 'RSA-4096', () => generateKey({ algorithm: 'AES', lengthBits: 128 }), 'sp800-57'],
  ['annex-b', 'RSA-2048', () => generateKey({ algorithm: 'TDES', lengthBits: 192 }), 'sp800-57'],
  ['annex-d', 'RSA-2048', () => generateKey({ algorithm: 'TDES', lengthBits: 192 }), 'sp800-57'],
  ['ec', 'P-384', () => generateKey({ algorithm: 'AES', lengthBits: 192 }), 'sp800-57'],
  ['ec', 'P-521', () => generateKey({ algorithm: 'AES', lengthBits: 256 }), 'sp800-57'],
];

describe.skipIf(!hasOpenSsl)('openssl opens what createKeyToken makes', () => {
  it.each(WAYS)('%s, %s', async (profile, name, makeKey, strength) => {
    const cast = casts.get(name) as Cast; // every name has one
    const key = makeKey();
    const token = await send(cast, key, { profile, strength });
    const envelope = verify(cast, token);
    expect(envelope[0]).toBe(0x30);
    const block = parseKeyBlockContent(decrypt(cast, tagOaep(envelope, profile)));
    expect(block?.key).toEqual(key.expose());
    expect(block?.kdh).toEqual(issuerAndSerial(parseCertificate(cast.kdh)));
    expect(String.fromCharCode(...(block?.header ?? []))).toBe(headerOf(key));
    expect(block?.form).toBe(profile === 'annex-d' ? 'annex-d' : 'annex-b');
  });

  it('with user keying material', async () => {
    const cast = casts.get('P-521') as Cast;
    const key = generateKey({ algorithm: 'AES', lengthBits: 256 });
    const ukm = crypto.getRandomValues(new Uint8Array(64));
    const token = await send(cast, key, { profile: 'ec', ukm });
    const block = parseKeyBlockContent(decrypt(cast, verify(cast, token)));
    expect(block?.key).toEqual(key.expose());
  });

  it.each(['RSA-2048', 'P-521'] as const)('but not one that was altered: %s', async (name) => {
    const cast = casts.get(name) as Cast;
    const key = generateKey({ algorithm: 'TDES', lengthBits: 128 });
    const token = await send(cast, key, { profile: name === 'P-521' ? 'ec' : 'cms' });
    token[token.length - 1] = (token[token.length - 1] ?? 0) ^ 1;
    expect(() => verify(cast, token)).toThrow('Verification failure');
  });

  it('verifies the signature of a token of 2012, whose content is no whole envelope', async () => {
    const cast = casts.get('RSA-2048') as Cast;
    const key = generateKey({ algorithm: 'TDES', lengthBits: 192 });
    const contents = verify(cast, await send(cast, key, { profile: 'x9-tr34-2012' }));
    expect(contents.subarray(0, 4)).toEqual(Uint8Array.of(2, 1, 0, 0x31));
  });
});

describe.skipIf(!hasOpenSsl)('openssl verifies tokens about bindings', () => {
  it.each([
    ['RSA-2048', 'tr34-2019'],
    ['RSA-2048', 'cms'],
    ['P-521', 'cms'],
  ] as const)('%s, %s', async (name, profile) => {
    const cast = casts.get(name) as Cast;
    const kdh = await fromPkcs8({ certificate: cast.kdh, pkcs8: FAMILIES[name].kdh.pkcs8 });
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    const common = { kdh, krdCertificate: cast.krd, nonce, crl: cast.crl, profile };
    const isn = issuerAndSerial(parseCertificate(cast.krd));
    expect(verify(cast, await createUnbindToken(common))).toEqual(isn);
    const rebind = await createRebindToken({ ...common, newKdhCertificate: cast.newKdh });
    const inner = verify(cast, rebind);
    expect(inner[0]).toBe(profile === 'cms' ? 0x30 : 0x02);
  });

  it('and one that is signed without attributes', async () => {
    const cast = casts.get('RSA-2048') as Cast;
    const { pkcs8 } = FAMILIES['RSA-2048'].ca;
    const token = await createAuthorityUnbindToken({
      authority: await fromPkcs8({ certificate: cast.ca, pkcs8 }),
      krdCertificate: cast.krd,
      kdhCertificate: cast.kdh,
    });
    const contents = verify(cast, token, 'ca');
    expect(contents).toEqual(bothIds(cast));
  });
});

/** Envelopes by openssl: profile, keys, cipher, key, options for the recipient. */
const ENVELOPES: readonly (readonly [
  Profile,
  FamilyName,
  string,
  () => SecretKey,
  readonly string[],
])[] = [
  ['cms', 'RSA-2048', 'des3', () => generateKey({ algorithm: 'TDES', lengthBits: 192 }), oaep(256)],
  [
    'cms',
    'RSA-4096',
    'aes128',
    () => generateKey({ algorithm: 'AES', lengthBits: 128 }),
    oaep(256),
  ],
  [
    'cms',
    'RSA-4096',
    'aes256',
    () => generateKey({ algorithm: 'AES', lengthBits: 128 }),
    oaep(384),
  ],
  [
    'cms',
    'RSA-4096',
    'aes256',
    () => generateKey({ algorithm: 'AES', lengthBits: 128 }),
    oaep(512),
  ],
  [
    'ec',
    'P-384',
    'aes192',
    () => generateKey({ algorithm: 'AES', lengthBits: 192 }),
    ecdh(384, 192),
  ],
  [
    'ec',
    'P-384',
    'aes256',
    () => generateKey({ algorithm: 'AES', lengthBits: 192 }),
    ecdh(384, 256),
  ],
  [
    'ec',
    'P-521',
    'aes256',
    () => generateKey({ algorithm: 'AES', lengthBits: 256 }),
    ecdh(512, 256),
  ],
];

function oaep(bits: number): readonly string[] {
  const hash = `sha${bits}`;
  const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
  return options.flatMap((option) => ['-keyopt', option]);
}

function ecdh(bits: number, wrapBits: number): readonly string[] {
  return ['-keyopt', `ecdh_kdf_md:sha${bits}`, `-aes${wrapBits}-wrap`];
}

describe.skipIf(!hasOpenSsl)('receive opens an envelope by openssl', () => {
  it.each(ENVELOPES)('%s, %s, %s', async (profile, name, cipher, makeKey, options) => {
    const cast = casts.get(name) as Cast;
    const key = makeKey();
    const token = await sealAndSign(cast, key, [`-${cipher}`, ...options]);
    expect(parseToken(token.bytes).profile).toBe(profile);
    const event = await take(cast, token.state, token.bytes, { accept: [profile] });
    expect(event).toMatchObject({ kind: 'key', profile, header: headerOf(key) });
    expect(event.kind === 'key' && event.key.expose()).toEqual(key.expose());
  });

  it.each([
    ['PKCS#1 v1.5', 'RSA-2048', []],
    ['OAEP with SHA-1', 'RSA-2048', ['-keyopt', 'rsa_padding_mode:oaep']],
    ['a KDF with SHA-1', 'P-521', ['-keyopt', 'ecdh_kdf_md:sha1']],
  ] as const)('and refuses %s', async (_, name, options) => {
    const cast = casts.get(name) as Cast;
    const key = generateKey({ algorithm: 'TDES', lengthBits: 192 });
    const token = await sealAndSign(cast, key, ['-aes256', ...options]);
    const event = await take(cast, token.state, token.bytes, {
      accept: ['tr34-2019', 'cms', 'ec'],
    });
    expect(event).toMatchObject({ kind: 'refused', error: { code: 'ALGORITHM_NOT_ALLOWED' } });
  });

  it.each([
    ['-aes128-wrap', 128, 'key'],
    ['-aes128-wrap', 192, 'refused'],
    ['-aes192-wrap', 192, 'key'],
    ['-aes192-wrap', 256, 'refused'],
    ['-aes256-wrap', 256, 'key'],
  ] as const)('and under %s takes an AES key of %i bits as %s', async (wrap, lengthBits, kind) => {
    const cast = casts.get('P-521') as Cast;
    const key = generateKey({ algorithm: 'AES', lengthBits });
    const options = ['-aes256', '-keyopt', 'ecdh_kdf_md:sha512', wrap];
    const token = await sealAndSign(cast, key, options);
    const event = await take(cast, token.state, token.bytes, { accept: ['ec'] });
    expect(event.kind).toBe(kind);
    if (event.kind === 'refused') expect(event.error.code).toBe('KEY_STRENGTH');
  });
});

describe.skipIf(!hasOpenSsl).each(['RSA-2048', 'P-521'] as const)(
  'openssl with %s makes',
  (name) => {
    it('a credential that binds', async () => {
      const cast = casts.get(name) as Cast;
      const files = ['-in', `${name}-crl.pem`, '-certfile', `${name}-kdh.pem`];
      openssl('crl2pkcs7', ...files, '-outform', 'DER', '-out', 'ct.der');
      const { state, event } = await receive({ state: unbound(cast), token: get('ct.der'), at });
      expect(event).toEqual({ kind: 'bound', kdhCertificate: cast.kdh });
      expect(state.crl).toBeDefined();
    });

    it.each([
      ['attributes', ['-nosmimecap']],
      ['no attributes', ['-noattr']],
    ] as const)('a token of the authority that unbinds, with %s', async (_, options) => {
      const cast = casts.get(name) as Cast;
      const token = signByCa(cast, bothIds(cast), 'pkcs7-data', options);
      expect(parseToken(token).kind).toBe('authority-unbind');
      const event = await take(cast, await bind(cast), token);
      expect(event).toEqual({ kind: 'unbound' });
    });

    it('a token of the authority that rebinds', async () => {
      const cast = casts.get(name) as Cast;
      const inner = sequence(
        integer(1),
        set(),
        sequence(oid(OID.data), context(0, octetString(bothIds(cast)))),
        context(0, cast.newKdh),
        set(),
      );
      const token = signByCa(cast, inner, 'pkcs7-signedData', ['-nosmimecap']);
      const event = await take(cast, await bind(cast), token);
      expect(event).toEqual({ kind: 'rebound', kdhCertificate: cast.newKdh });
    });
  },
);

/** The device and the host that it is bound to. */
function bothIds({ krd, kdh }: Cast): Uint8Array {
  const ids = [krd, kdh].map((der) => issuerAndSerial(parseCertificate(der)));
  return Uint8Array.from(ids.flatMap((id) => [...id]));
}

function headerOf({ algorithm }: SecretKey): string {
  return `D0000K0${algorithm === 'AES' ? 'A' : 'T'}B00E0000`;
}

async function send(
  cast: Cast,
  key: SecretKey,
  options: {
    readonly profile: Profile;
    readonly strength?: StrengthRule | undefined;
    readonly ukm?: Uint8Array;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { kdh, krd, ca, root, crl, name } = cast;
  return createKeyToken({
    kdh: await fromPkcs8({ certificate: kdh, pkcs8: FAMILIES[name].kdh.pkcs8 }),
    krdCertificate: krd,
    trust: { root, caKrd: ca },
    key,
    header: headerOf(key),
    freshness: { nonce: crypto.getRandomValues(new Uint8Array(16)) },
    crl,
    at,
    ...options,
  });
}

/** An envelope by openssl, in a token that answers the nonce of a device. */
async function sealAndSign(
  cast: Cast,
  key: SecretKey,
  options: readonly string[],
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly state: KrdState }> {
  const { kdh, name } = cast;
  const signer = await fromPkcs8({ certificate: kdh, pkcs8: FAMILIES[name].kdh.pkcs8 });
  const kdhId = issuerAndSerial(parseCertificate(kdh));
  put('block', formatKeyBlockContent(kdhId, key.expose(), headerOf(key), 'annex-b'));
  const files = ['-in', 'block', '-binary', '-outform', 'DER', '-out', 'sealed.der'];
  openssl('cms', '-encrypt', ...files, '-recip', `${name}-krd.pem`, ...options);
  const [, wrapped] = children(readDer(get('sealed.der')));
  if (wrapped === undefined) throw new Error('no content');
  const asked = requestNonce({ state: await bind(cast) });
  const { nonce } = parseToken(asked.token);
  if (nonce === undefined) throw new Error('no nonce');
  const bytes = await signToken({
    signer: readSigner(signer, 'kdh'),
    contentType: OID.envelopedData,
    content: wrapped.content,
    attributes: [nonceAttribute(nonce), headerAttribute(headerOf(key))],
    crl: undefined,
    shape: PROFILES.cms,
  });
  return { bytes, state: asked.state };
}

function unbound({ krd, root, ca }: Cast): KrdState {
  return createKrd({ certificate: krd, trust: { root, caKdh: ca, caKrd: ca } });
}

async function bind(cast: Cast): Promise<KrdState> {
  const token = createCredentialToken({ certificate: cast.kdh, crl: cast.crl });
  return (await receive({ state: unbound(cast), token, at })).state;
}

async function take(
  { krd, name }: Cast,
  state: KrdState,
  token: Uint8Array,
  policy: ReceivePolicy = {},
): Promise<KrdEvent> {
  const unwrapper = await fromPkcs8({ certificate: krd, pkcs8: FAMILIES[name].krd.pkcs8 });
  return (await receive({ state, token, unwrapper, at, policy })).event;
}

/** Verifies a token with its path, and returns the content. */
function verify({ name }: Cast, token: Uint8Array, signer = 'kdh'): Uint8Array {
  put('token.der', token);
  const files = ['-inform', 'DER', '-in', 'token.der', '-binary', '-out', 'content'];
  const trust = ['-CAfile', `${name}-trust.pem`, '-certfile', `${name}-${signer}.pem`];
  const time = ['-attime', String(at.getTime() / 1000), '-purpose', 'any'];
  openssl('cms', '-verify', ...files, ...trust, ...time);
  return get('content');
}

/** Decrypts an envelope, and returns what is in it. */
function decrypt({ name }: Cast, envelope: Uint8Array): Uint8Array {
  put('envelope.der', sequence(oid(OID.envelopedData), context(0, envelope)));
  const files = ['-inform', 'DER', '-in', 'envelope.der', '-binary', '-out', 'plaintext'];
  const recipient = ['-recip', `${name}-krd.pem`, '-inkey', `${name}-krd.key`];
  openssl('cms', '-decrypt', ...files, ...recipient);
  return get('plaintext');
}

/** Puts tags on the parameters of OAEP, which Annex B leaves out and openssl insists on. */
function tagOaep(envelope: Uint8Array, profile: Profile): Uint8Array {
  if (profile !== 'tr34-2019' && profile !== 'annex-b') return envelope;
  const [version, recipients, encrypted] = children(readDer(envelope));
  const [recipient] = recipients === undefined ? [] : children(recipients);
  const [first, id, , key] = recipient === undefined ? [] : children(recipient);
  if (!(version && encrypted && first && id && key)) throw new Error('another structure');
  const parameters = sequence(oid(OID.rsaesOaep), formatOaepParameters('SHA-256', true));
  const tagged = sequence(first.bytes, id.bytes, parameters, key.bytes);
  return sequence(version.bytes, set(tagged), encrypted.bytes);
}

/** A token signed by the CA of the devices. */
function signByCa(
  { name }: Cast,
  content: Uint8Array,
  type: string,
  options: readonly string[],
): Uint8Array {
  put('content', content);
  const files = ['-in', 'content', '-binary', '-outform', 'DER', '-out', 'signed.der'];
  const signer = ['-signer', `${name}-ca.pem`, '-inkey', `${name}-ca.key`, '-md', hashOf(name)];
  const form = ['-nodetach', '-nocerts', '-econtent_type', type];
  openssl('cms', '-sign', ...files, ...signer, ...form, ...options);
  return get('signed.der');
}

function hashOf(name: FamilyName): string {
  return name.startsWith('RSA') ? 'sha256' : 'sha512';
}

function put(name: string, content: Uint8Array | string): void {
  writeFileSync(join(folder, name), content);
}

function putPem(name: string, label: string, ...contents: readonly Uint8Array[]): void {
  put(name, contents.map((der) => toPem({ label, der })).join(''));
}

function get(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(folder, name)));
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
}
