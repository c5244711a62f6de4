// A device changes hands: its host (KDH) gives it over to the next one by a rebind token. All
// certificates are on P-521, so that the next host may send an AES-256 key (profile ec).
import { generateKey } from 'keyblock';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  createRebindToken,
  fromPkcs8,
  parseToken,
  receive,
  requestNonce,
} from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, issueCrl } from 'keyblock/tr34/pki';

const now = new Date();
const days = (count) => new Date(now.getTime() + count * 86_400_000);

const root = await issue('root', 'Example Root');
const caKdh = await issue('ca', 'Example CA for KDHs', root);
const caKrd = await issue('ca', 'Example CA for KRDs', root);
const oldHost = await issue('kdh', 'Example KDH 2026', caKdh);
const newHost = await issue('kdh', 'Example KDH 2027', caKdh);
const device = await issue('krd', 'Example KRD 1', caKrd);
const crl = await issueCrl({
  issuer: caKdh,
  thisUpdate: days(-1),
  nextUpdate: days(30),
  revoked: [],
  crlNumber: 1,
});

const unwrapper = await fromPkcs8(device);
let state = createKrd({
  certificate: device.certificate,
  trust: {
    root: root.certificate,
    caKdh: caKdh.certificate,
    caKrd: caKrd.certificate,
  },
});
await take(
  'bound to the old host',
  createCredentialToken({ certificate: oldHost.certificate, crl }),
);

// A credential is not signed. It binds a device that is bound to nobody, and no other.
const stranger = createCredentialToken({ certificate: newHost.certificate, crl });
await take('the credential of the new host alone', stranger);

// The old host hands over: signed by its key, in answer to a nonce of the device.
const handOver = await createRebindToken({
  kdh: await fromPkcs8(oldHost),
  krdCertificate: device.certificate,
  newKdhCertificate: newHost.certificate,
  nonce: ask(),
  crl,
  profile: 'cms',
});
await take('handed over', handOver);

// The new host sends keys, the old one no more.
const key = generateKey({ algorithm: 'AES', lengthBits: 256 });
const { key: received } = await take('a key of the new host', await send(newHost, key, ask()));
console.log(`${received}, check value ${key.kcv()} sent, ${received.kcv()} received`);
if (received.kcv() !== key.kcv()) throw new Error('not the key that was sent');
await take('a key of the old host', await send(oldHost, key, ask()));

key.destroy();
received.destroy();

/** The device asks for a token: the nonce, as it stands in RT-KRD. */
function ask() {
  const request = requestNonce({ state });
  state = request.state;
  return parseToken(request.token).nonce;
}

async function send(host, secret, nonce) {
  return createKeyToken({
    kdh: await fromPkcs8(host),
    krdCertificate: device.certificate,
    trust: { root: root.certificate, caKrd: caKrd.certificate },
    key: secret,
    header: 'D0000K1AB00E0000',
    freshness: { nonce },
    crl,
    at: now,
  });
}

async function take(what, token) {
  const result = await receive({
    state,
    token,
    unwrapper,
    at: now,
    policy: { accept: ['ec'] },
  });
  state = result.state;
  const { kind, error } = result.event;
  console.log(`${what}: ${error === undefined ? kind : `${kind}, ${error.code}`}`);
  return result.event;
}

/** A key pair and its certificate. */
async function issue(role, commonName, issuer) {
  const purpose = role === 'krd' ? 'agree' : 'sign';
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose });
  const certificate = await issueCertificate({
    role,
    subject: { commonName, organization: 'Example', country: 'US' },
    publicKey,
    ...(role === 'root' ? { pkcs8 } : { issuer }),
    serialNumber: 'random',
    notBefore: days(-1),
    notAfter: days(365),
  });
  return { certificate, pkcs8 };
}
