/**
 * What a TR-34 token costs beyond its cryptography: building and opening one, as built, against
 * nothing but the operations of Web Crypto and @noble that are in it, in the same order and over as
 * many bytes. `README.md` says how to read ratios.
 *
 * node bench/tr34.mjs [--quick] [--json] [word…]     only rows whose names contain every word
 *
 * `bare` imports public keys in every call, as a caller has to who is given certificates; `bare,
 * keys kept` has them imported. Both verify the path of the device and sign; or verify the token,
 * the path of the host and the CRL, and decrypt. Numbers are milliseconds of processor time, so
 * work in other threads counts. Smaller is better.
 */

import { ok } from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { aeskw, cbc } from '@noble/ciphers/aes.js';
import { p521 } from '@noble/curves/nist.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { generateKey } from 'keyblock';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  fromPkcs8,
  parseToken,
  receive,
  requestNonce,
} from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, issueCrl } from 'keyblock/tr34/pki';
import { divide, summarize } from './measure.mjs';

const THOROUGH = { rounds: 15, warmUpRounds: 3, sliceMs: 150 };
const QUICK = { rounds: 3, warmUpRounds: 1, sliceMs: 50 };

const AES = {
  ivLength: 16,
  encrypt: (key, iv, plaintext) => cbc(key, iv).encrypt(plaintext),
  decrypt: (key, iv, ciphertext) => cbc(key, iv).decrypt(ciphertext),
};

const TDES = {
  ivLength: 8,
  encrypt: (key, iv, plaintext) => run(createCipheriv('des-ede3-cbc', key, iv), plaintext),
  decrypt: (key, iv, ciphertext) => run(createDecipheriv('des-ede3-cbc', key, iv), ciphertext),
};

const KINDS = [
  {
    name: 'RSA-2048',
    algorithm: 'RSA-2048',
    profile: 'tr34-2019',
    key: { algorithm: 'TDES', lengthBits: 192 },
    header: 'D0000K0TB00E0000',
    contentKeyLength: 24,
  },
  {
    name: 'RSA-3072',
    algorithm: 'RSA-3072',
    profile: 'tr34-2019',
    key: { algorithm: 'AES', lengthBits: 128 },
    header: 'D0000K0AB00E0000',
    contentKeyLength: 16,
  },
  {
    name: 'P-521',
    algorithm: 'P-521',
    profile: 'ec',
    key: { algorithm: 'AES', lengthBits: 256 },
    header: 'D0000K1AB00E0000',
    contentKeyLength: 32,
  },
];

const CONTENDERS = ['keyblock', 'bare', 'bare, keys kept'];

/** What a key block and its padding come to, about. */
const PLAINTEXT_LENGTH = 144;
const { subtle } = globalThis.crypto;

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
});
const settings = options.quick ? QUICK : THOROUGH;
const rows = (await Promise.all(KINDS.map(makeRows)))
  .flat()
  .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word.toLowerCase())));
if (rows.length === 0) throw new Error(`no row is named ${words.join(' ')}`);

const results = await measureRows(rows);
const environment = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', ...settings };
if (options.json) console.log(JSON.stringify({ environment, rows: results }, null, 2));
else {
  console.log(`Node ${environment.node}, ${environment.cpu}, ${settings.rounds} rounds\n`);
  console.log(formatTable(results));
}

/** Both directions of one kind of token, by every contender. */
async function makeRows(kind) {
  const cast = await makeCast(kind);
  const build = buildTask(cast, kind);
  const open = await openTask(cast, kind, await build());
  const contenders = [await makeBare(cast, kind, false), await makeBare(cast, kind, true)];
  for (const bare of contenders) ok(await bare.open(await bare.build()), `${kind.name}: bare`);
  const envelope = await contenders[0].build();
  return [
    { name: `build ${kind.name}`, tasks: [build, ...contenders.map((bare) => bare.build)] },
    {
      name: `open ${kind.name}`,
      tasks: [open, ...contenders.map((bare) => () => bare.open(envelope))],
    },
  ];
}

function buildTask({ root, caKrd, krd, crl, kdhSigner, now }, { key, header, profile }) {
  const secret = generateKey(key);
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return () =>
    createKeyToken({
      kdh: kdhSigner,
      krdCertificate: krd.certificate,
      trust: { root: root.certificate, caKrd: caKrd.certificate },
      key: secret,
      header,
      freshness: { nonce },
      crl,
      profile,
      at: now,
    });
}

/** The state names the nonce of the token; taking it does not change what is measured. */
async function openTask({ root, caKdh, caKrd, kdh, krd, krdUnwrapper, now }, { profile }, token) {
  const unbound = createKrd({
    certificate: krd.certificate,
    trust: {
      root: root.certificate,
      caKdh: caKdh.certificate,
      caKrd: caKrd.certificate,
    },
  });
  const credential = createCredentialToken({ certificate: kdh.certificate });
  const bound = await receive({ state: unbound, token: credential, at: now });
  const asked = requestNonce(bound);
  const nonce = Buffer.from(parseToken(token).nonce).toString('hex');
  const state = { ...asked.state, nonce };
  const policy = { accept: [profile] };
  return async () => {
    const received = await receive({ state, token, unwrapper: krdUnwrapper, at: now, policy });
    if (received.event.kind !== 'key') throw new Error(`refused: ${received.event.error?.code}`);
    return received.event.key;
  };
}

/** The operations of both directions, over messages that are as long as the real ones. */
async function makeBare(cast, kind, keepsKeys) {
  const { root, caKdh, caKrd, kdh, krd, crl } = cast;
  const isEc = kind.profile === 'ec';
  const hash = isEc ? 'SHA-512' : 'SHA-256';
  const scheme = isEc
    ? { name: 'ECDSA', namedCurve: 'P-521', hash }
    : { name: 'RSASSA-PKCS1-v1_5', hash };
  const sign = async ({ pkcs8 }, message) => {
    const key = await subtle.importKey('pkcs8', pkcs8, scheme, false, ['sign']);
    return { message, signature: await subtle.sign(scheme, key, message) };
  };
  const verifier = async ({ publicKey }, { message, signature }) => {
    const importing = () => subtle.importKey('spki', publicKey, scheme, false, ['verify']);
    const kept = keepsKeys ? await importing() : undefined;
    return async () => {
      ok(await subtle.verify(scheme, kept ?? (await importing()), signature, message));
    };
  };
  const attributes = new Uint8Array(145);
  const devicePath = [
    await verifier(root, await sign(root, caKrd.certificate)),
    await verifier(caKrd, await sign(caKrd, krd.certificate)),
  ];
  const hostPath = [
    await verifier(kdh, await sign(kdh, attributes)),
    await verifier(root, await sign(root, caKdh.certificate)),
    await verifier(caKdh, await sign(caKdh, kdh.certificate)),
    await verifier(caKdh, await sign(caKdh, crl)),
  ];
  const signingKey = await subtle.importKey('pkcs8', kdh.pkcs8, scheme, false, ['sign']);
  const transport = isEc ? await agreement(krd) : await oaep(krd, keepsKeys);
  const digest = isEc ? sha512 : sha256;
  const cipher = kind.key.algorithm === 'TDES' ? TDES : AES;
  const plaintext = globalThis.crypto.getRandomValues(new Uint8Array(PLAINTEXT_LENGTH));
  return {
    build: async () => {
      for (const verify of devicePath) await verify();
      const contentKey = globalThis.crypto.getRandomValues(new Uint8Array(kind.contentKeyLength));
      const iv = globalThis.crypto.getRandomValues(new Uint8Array(cipher.ivLength));
      const ciphertext = cipher.encrypt(contentKey, iv, plaintext);
      const sealed = await transport.seal(contentKey);
      digest(new Uint8Array(600));
      const signature = await subtle.sign(scheme, signingKey, attributes);
      return { iv, ciphertext, sealed, signature };
    },
    open: async ({ iv, ciphertext, sealed }) => {
      for (const verify of hostPath) await verify();
      digest(new Uint8Array(600));
      const opened = cipher.decrypt(await transport.open(sealed), iv, ciphertext);
      return opened.length >= PLAINTEXT_LENGTH;
    },
  };
}

function run(cipher, input) {
  return Buffer.concat([cipher.update(input), cipher.final()]);
}

async function oaep({ publicKey, pkcs8 }, keepsKeys) {
  const scheme = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const importing = () => subtle.importKey('spki', publicKey, scheme, false, ['encrypt']);
  const kept = keepsKeys ? await importing() : undefined;
  const privateKey = await subtle.importKey('pkcs8', pkcs8, scheme, false, ['decrypt']);
  return {
    seal: async (key) => subtle.encrypt(scheme, kept ?? (await importing()), key),
    open: async (sealed) => new Uint8Array(await subtle.decrypt(scheme, privateKey, sealed)),
  };
}

/** The ephemeral key is of @noble/curves, as it is in the library; the one of the device is not. */
async function agreement({ publicKey, pkcs8 }) {
  const scheme = { name: 'ECDH', namedCurve: 'P-521' };
  const privateKey = await subtle.importKey('pkcs8', pkcs8, scheme, false, ['deriveBits']);
  const point = publicKey.slice(-133);
  const sharedInfo = new Uint8Array(23);
  const kekOf = (z) => {
    const input = Uint8Array.from([...z, 0, 0, 0, 1, ...sharedInfo]);
    return sha512(input).subarray(0, 32);
  };
  return {
    seal: async (key) => {
      const ephemeral = p521.utils.randomSecretKey();
      const ownPoint = p521.getPublicKey(ephemeral, false);
      ok(p521.utils.isValidPublicKey(point, false));
      const z = p521.getSharedSecret(ephemeral, point, false).subarray(1, 67);
      return { ownPoint, wrapped: aeskw(kekOf(z)).encrypt(key) };
    },
    open: async ({ ownPoint, wrapped }) => {
      ok(p521.utils.isValidPublicKey(ownPoint, false));
      const other = await subtle.importKey('raw', ownPoint, scheme, false, []);
      const z = await subtle.deriveBits({ name: 'ECDH', public: other }, privateKey, 528);
      return aeskw(kekOf(new Uint8Array(z))).decrypt(wrapped);
    },
  };
}

/** Times every contender of every row for a slice in every round: see `measure.mjs`. */
async function measureRows(rows) {
  const tasks = rows.flatMap((row) => row.tasks);
  const times = tasks.map(() => []);
  for (let round = -settings.warmUpRounds; round < settings.rounds; round++) {
    for (let turn = 0; turn < tasks.length; turn++) {
      const index = (turn + round + settings.warmUpRounds) % tasks.length;
      const time = await measureTime(tasks[index]);
      if (round >= 0) times[index].push(time);
    }
  }
  return rows.map(({ name }, row) => {
    const own = times.slice(row * CONTENDERS.length, (row + 1) * CONTENDERS.length);
    const [keyblock, ...others] = own;
    return {
      name,
      milliseconds: byContender(CONTENDERS, own.map(summarize)),
      keyblockVersus: byContender(
        CONTENDERS.slice(1),
        others.map((other) => summarize(divide(keyblock, other))),
      ),
    };
  });
}

/** Milliseconds of processor time for one call. */
async function measureTime(task) {
  const start = process.cpuUsage();
  for (let calls = 1; ; calls++) {
    if ((await task()) === undefined) throw new Error('a task must give its result back');
    const { user, system } = process.cpuUsage(start);
    const elapsed = (user + system) / 1000;
    if (elapsed >= settings.sliceMs) return elapsed / calls;
  }
}

function byContender(contenders, values) {
  return Object.fromEntries(contenders.map((name, i) => [name, values[i]]));
}

function formatTable(results) {
  const header = [
    'ms a token',
    ...CONTENDERS,
    ...CONTENDERS.slice(1).map((name) => `${CONTENDERS[0]} / ${name}`),
  ];
  const lines = results.map(({ name, milliseconds, keyblockVersus }) => [
    name,
    ...Object.values(milliseconds).map(({ median }) => median.toFixed(2)),
    ...Object.values(keyblockVersus).map(
      ({ median, min, max }) => `${median.toFixed(2)} [${min.toFixed(2)}..${max.toFixed(2)}]`,
    ),
  ]);
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function makeCast({ algorithm }) {
  const now = new Date();
  const days = (count) => new Date(now.getTime() + count * 86_400_000);
  const issue = async (role, commonName, issuer) => {
    const { publicKey, pkcs8 } = await generateKeyPair({ algorithm, purpose: 'sign' });
    const certificate = await issueCertificate({
      role,
      subject: { commonName, organization: 'Keyblock Bench', country: 'US' },
      publicKey,
      ...(role === 'root' ? { pkcs8 } : { issuer }),
      serialNumber: 'random',
      notBefore: days(-1),
      notAfter: days(1),
    });
    return { certificate, pkcs8, publicKey };
  };
  const root = await issue('root', 'Bench Root');
  const caKdh = await issue('ca', 'Bench CA KDH', root);
  const caKrd = await issue('ca', 'Bench CA KRD', root);
  const kdh = await issue('kdh', 'Bench KDH', caKdh);
  const krd = await issue('krd', 'Bench KRD', caKrd);
  const crl = await issueCrl({
    issuer: { certificate: caKdh.certificate, pkcs8: caKdh.pkcs8 },
    thisUpdate: days(-1),
    nextUpdate: days(1),
    revoked: [8, 9, 10].map((number) => ({
      serialNumber: Uint8Array.of(number),
      revocationDate: days(-1),
    })),
  });
  const kdhSigner = await fromPkcs8({ certificate: kdh.certificate, pkcs8: kdh.pkcs8 });
  const krdUnwrapper = await fromPkcs8({ certificate: krd.certificate, pkcs8: krd.pkcs8 });
  return { root, caKdh, caKrd, kdh, krd, crl, kdhSigner, krdUnwrapper, now };
}
