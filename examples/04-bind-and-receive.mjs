// A device is bound to a key distribution host (KDH) and receives a key from it, in two passes.
// Both sides run here; what crosses between them are the tokens, as bytes.

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

// RSA-2048 is as strong as the three-key TDES key that is to travel. AES-128 wants RSA-3072.
const ALGORITHM = 'RSA-2048';
const now = new Date();
const days = (count) => new Date(now.getTime() + count * 86_400_000);

// The certificates: one root, one CA for hosts and one for devices, a host and a device.
const root = await issue('root', 'Example Root');
const caKdh = await issue('ca', 'Example CA for KDHs', root);
const caKrd = await issue('ca', 'Example CA for KRDs', root);
const host = await issue('kdh', 'Example KDH 1', caKdh);
const device = await issue('krd', 'Example KRD 1', caKrd);
const crl = await issueCrl({
  issuer: caKdh,
  thisUpdate: days(-1),
  nextUpdate: days(30),
  revoked: [],
  crlNumber: 1,
});

// The device is made with its certificate and the certificates that it trusts. Nothing else ever
// enters its trust. Its state is plain JSON, to be stored after every call.
let state = createKrd({
  certificate: device.certificate,
  trust: {
    root: root.certificate,
    caKdh: caKdh.certificate,
    caKrd: caKrd.certificate,
  },
});
const unwrapper = await fromPkcs8(device);

// Bind: the host shows its certificate and the CRL of its CA (CT-KDH).
await take(createCredentialToken({ certificate: host.certificate, crl }));

// First pass: the device asks, with a nonce (RT-KRD).
const request = requestNonce({ state });
state = request.state;

// Second pass: the host seals a key for the device, and signs it together with the nonce (KT-KDH).
const key = generateKey({ algorithm: 'TDES', lengthBits: 192 });
const token = await createKeyToken({
  kdh: await fromPkcs8(host),
  krdCertificate: device.certificate,
  trust: { root: root.certificate, caKrd: caKrd.certificate },
  key,
  header: 'D0000K0TB00E0000',
  freshness: { nonce: parseToken(request.token).nonce },
  crl,
  at: now,
});
const received = await take(token);
console.log(`${received.key}, header ${received.header}, profile ${received.profile}`);
console.log(`check value ${key.kcv()} sent, ${received.key.kcv()} received`);
if (received.key.kcv() !== key.kcv()) throw new Error('not the key that was sent');

// The nonce is spent: the same token is not taken twice.
await take(token);

key.destroy();
received.key.destroy();

/** The device takes a token. The new state is stored whatever came of it. */
async function take(bytes) {
  const result = await receive({ state, token: bytes, unwrapper, at: now });
  state = JSON.parse(JSON.stringify(result.state));
  const { kind, error } = result.event;
  console.log(`${parseToken(bytes).kind} token, ${bytes.length} bytes: ${error?.code ?? kind}`);
  return result.event;
}

/** A key pair and its certificate. The private key would be made where it is used. */
async function issue(role, commonName, issuer) {
  const purpose = role === 'krd' ? 'decrypt' : 'sign';
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: ALGORITHM, purpose });
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
