// A key encryption key goes into a payment cloud as a TR-34 token of the 2012 form, which is the
// one that AWS Payment Cryptography takes; the keys that follow are TR-31 blocks under it.
import { randomBytes } from 'node:crypto';
import { fromHex, generateKey, toHex, unwrapKey, wrapKey } from 'keyblock';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  fromPkcs8,
  receive,
} from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, toPem } from 'keyblock/tr34/pki';

const now = new Date();
const days = (count) => new Date(now.getTime() + count * 86_400_000);

// Ours: a root and a CA whose certificate is imported into the cloud first, and the host that
// signs.
const root = await issue('RSA-3072', 'root', 'Example Root');
const ca = await issue('RSA-3072', 'ca', 'Example CA for KDHs', root);
const host = await issue('RSA-3072', 'kdh', 'Example KDH 1', ca);

// Theirs: what GetParametersForImport returns, the wrapping certificate and its chain. AES-128
// wants RSA_3072 as the wrapping key, on their side as on ours.
const cloudCa = await issue('RSA-3072', 'root', 'Example Cloud CA');
const wrapping = await issue('RSA-3072', 'krd', 'Example Wrapping Key', cloudCa);

// The key encryption key, in a token that answers to a nonce of eight bytes. It carries no CRL.
const kek = generateKey({ algorithm: 'AES', lengthBits: 128 });
const nonce = new Uint8Array(randomBytes(8));
const token = await createKeyToken({
  kdh: await fromPkcs8(host),
  krdCertificate: wrapping.certificate,
  trust: { root: cloudCa.certificate, caKrd: cloudCa.certificate },
  key: kek,
  header: 'D9999K1AB00E0000',
  freshness: { nonce },
  profile: 'x9-tr34-2012',
  at: now,
});

const importKey = {
  KeyMaterial: {
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: '<ARN of the imported CA>',
      ImportToken: '<ImportToken>',
      KeyBlockFormat: 'X9_TR34_2012',
      RandomNonce: toHex(nonce),
      // Base64 of the PEM.
      SigningKeyCertificate: btoa(toPem({ label: 'CERTIFICATE', der: host.certificate })),
      WrappedKeyBlock: toHex(token),
    },
  },
};
console.log(JSON.stringify(importKey, (_, value) => shorten(value), 2));

// What the cloud may do with it. The import of the CA stands for the binding, the nonce is the one
// that the request names, and the 2012 form is taken because the policy says so.
const cloud = await receiveInCloud(importKey.KeyMaterial.Tr34KeyBlock);
console.log(`${cloud.key}, header ${cloud.header}, profile ${cloud.profile}`);
console.log(`check value ${kek.kcv()} here, ${cloud.key.kcv()} there`);
if (cloud.key.kcv() !== kek.kcv()) throw new Error('not the key that was sent');

// From now on every key is a TR-31 block under the key encryption key.
const pinKey = generateKey({ algorithm: 'AES', lengthBits: 128 });
const keyBlock = wrapKey({
  kbpk: kek,
  key: pinKey,
  header: {
    versionId: 'D',
    keyUsage: 'P0',
    algorithm: 'A',
    modeOfUse: 'E',
    exportability: 'E',
  },
});
console.log(keyBlock);
const imported = unwrapKey({ kbpk: cloud.key, keyBlock });
console.log(`${imported.key}, check value ${imported.key.kcv()} there, ${pinKey.kcv()} here`);

for (const secret of [kek, cloud.key, pinKey, imported.key]) secret.destroy();

async function receiveInCloud({ WrappedKeyBlock, RandomNonce }) {
  const unbound = createKrd({
    certificate: wrapping.certificate,
    trust: {
      root: root.certificate,
      caKdh: ca.certificate,
      caKrd: cloudCa.certificate,
    },
  });
  const credential = createCredentialToken({ certificate: host.certificate });
  const bound = await receive({ state: unbound, token: credential, at: now });
  const { event } = await receive({
    state: { ...bound.state, nonce: RandomNonce },
    token: fromHex(WrappedKeyBlock),
    unwrapper: await fromPkcs8(wrapping),
    at: now,
    policy: { accept: ['x9-tr34-2012'] },
  });
  if (event.kind !== 'key') throw new Error(`the cloud answers ${event.error?.code}`);
  return event;
}

function shorten(value) {
  return typeof value === 'string' && value.length > 64 ? `${value.slice(0, 61)}...` : value;
}

/** A key pair and its certificate. */
async function issue(algorithm, role, commonName, issuer) {
  const purpose = role === 'krd' ? 'decrypt' : 'sign';
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm, purpose });
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
