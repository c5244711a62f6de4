// Chapter 1: devices (HSMs) come to hold the main key of their region, by TR-34 and in no other
// way.
import { createHash } from 'node:crypto';
import {
  approvals,
  createKeyRing,
  createKrdToken,
  createRegionKey,
  issueMainKeyToken,
  loadMainKeyToken,
  mainKeys,
  verifyKrdToken,
} from 'keyblock/hierarchy';
import { createCredentialToken, createKrd, fromPkcs8, receive } from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, issueCrl } from 'keyblock/tr34/pki';
import { aside, days, env, hold, now, refused, say } from './stage.mjs';

/** Certificates of one world: root, the CA of hosts with its CRL, the CA of devices. */
export async function createAuthorities() {
  const root = await issue('root', 'Story Root');
  const caKdh = await issue('ca', 'Story CA KDH', root);
  const caKrd = await issue('ca', 'Story CA KRD', root);
  const [thisUpdate, nextUpdate] = [days(-1), days(30)];
  const crl = await issueCrl({ issuer: caKdh, thisUpdate, nextUpdate, revoked: [], crlNumber: 1 });
  return { root, caKdh, caKrd, crl };
}

/** A certificate and its key, on P-521: no RSA key in use may carry AES-256. */
export async function issue(role, commonName, issuer) {
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
  const certificate = await issueCertificate({
    role,
    subject: { commonName, organization: 'Keyblock Story', country: 'DE' },
    publicKey,
    ...(role === 'root' ? { pkcs8 } : { issuer }),
    serialNumber: 'random',
    notBefore: days(-1),
    notAfter: days(3650),
  });
  return { certificate, pkcs8 };
}

/** What everybody pins. */
export const trustOf = ({ root, caKdh, caKrd }) => ({
  root: root.certificate,
  caKdh: caKdh.certificate,
  caKrd: caKrd.certificate,
});

/** Makes the main key of a region on its first device, and gives it to all of them. */
export async function openRegion(authorities, regionId, hsmIds) {
  const [kdhId] = hsmIds;
  const kdh = await issue('kdh', `${regionId} ${kdhId}`, authorities.caKdh);
  const { record, secret } = createRegionKey({ env: env(), regionId, kdh: { hsmId: kdhId } });
  say(`${regionId}: ${kdhId} makes ${secret}, check value ${record.versions[0].kcv.value}`);

  const world = { authorities, regionId, kdhId, kdh };
  let region = record;
  const devices = [];
  for (const hsmId of hsmIds) {
    const device = await createDevice(world, hsmId);
    const admitted = await admit(device, region);
    const served = await serve(world, { ...admitted, region, secret });
    region = served.region;
    devices.push(served);
  }
  const hsms = devices.map(({ hsm }) => hsm);
  const version = 1;
  const isEverywhere = mainKeys.allReceipts({ record: region, version, hsms });
  hold(isEverywhere, `${hsmIds.length} devices of ${regionId} hold it, and say so by receipt`);
  await refuseTheRest(world, devices);
  const ring = createKeyRing({ keys: [{ ref: { keyId: regionId, version }, key: secret }] });
  return { region, hsms, ring, secret, world };
}

/** A device in its rack, bound to the KDH by TR-34. */
async function createDevice({ authorities, kdh, regionId }, hsmId) {
  const krd = await issue('krd', `${regionId} ${hsmId}`, authorities.caKrd);
  const unwrapper = await fromPkcs8(krd);
  const unbound = createKrd({ certificate: krd.certificate, trust: trustOf(authorities) });
  const token = createCredentialToken({ certificate: kdh.certificate, crl: authorities.crl });
  const { state } = await receive({ state: unbound, token, at: now() });
  const identity = {
    serial: `${regionId} ${hsmId}`,
    certificateDigest: createHash('sha256').update(krd.certificate).digest('hex'),
    firmwareDigest: createHash('sha256').update('firmware 1.0').digest('hex'),
  };
  const hsm = mainKeys.createHsmRecord({ regionId, hsmId });
  return { hsmId, state, unwrapper, identity, hsm, trust: trustOf(authorities) };
}

/** The device is validated, asks for the key, and two people put it on the allow list. */
async function admit(device, region) {
  const { hsmId, identity, trust } = device;
  const asked = createKrdToken({ env: env(), hsmId, state: device.state });
  await verifyKrdToken({ env: env(), token: asked.token, trust });
  const apply = (record, event) =>
    mainKeys.applyHsmEvent({ env: env(), record, region, event }).record;
  const validated = apply(device.hsm, {
    type: 'validate',
    inventory: [identity],
    observed: identity,
  });
  const registered = apply(validated, { type: 'register', token: asked.token });
  const operation = mainKeys.hsmOperation({ record: registered, event: 'allow' });
  const agreed = consent(operation);
  const hsm = apply(registered, { type: 'allow', approvals: agreed });
  return { ...device, state: asked.state, hsm };
}

/** The device gets its token, loads the key, answers with a receipt and goes into service. */
async function serve({ kdhId, kdh, authorities, regionId }, { region, secret, ...device }) {
  const operation = mainKeys.hsmOperation({ record: device.hsm, event: 'issue', version: 1 });
  const agreed = consent(operation);
  const issued = await issueMainKeyToken({
    env: env(),
    record: region,
    version: 1,
    secret,
    hsm: device.hsm,
    kdh: { hsmId: kdhId, signer: await fromPkcs8(kdh) },
    trust: device.trust,
    approvals: agreed,
    crl: authorities.crl,
  });
  const { hsmId, state, unwrapper } = device;
  const { token } = issued;
  const loaded = await loadMainKeyToken({ env: env(), regionId, hsmId, state, unwrapper, token });
  if (loaded.event.kind !== 'loaded') throw new Error(loaded.event.error.code);
  const { receipt } = loaded.event;
  const apply = (known, event) => mainKeys.applyHsmEvent({ env: env(), ...known, event });
  const received = apply(issued, { type: 'receive', receipt });
  const { record: hsm, region: next } = apply(received, { type: 'serve' });
  aside(
    `${hsmId.padEnd(6)} ${token.token.length} characters of TR-34, receipt ${receipt.kcv.value}`,
  );
  return { ...device, hsm, region: next, token, state: loaded.state };
}

/** What the token of one device is worth to the others. */
async function refuseTheRest({ regionId }, [first, second]) {
  const load = ({ hsmId, state, unwrapper }, token) =>
    loadMainKeyToken({ env: env(), regionId, hsmId, state, unwrapper, token });
  const { token } = second;
  await refused('the token of one device, on another', () => load(first, token));
  await refused('the same token, a second time', () => load(second, token));
}

/** Two people consent to an operation. */
function consent(operation) {
  const operationDigest = approvals.digest(operation);
  const at = now().toISOString();
  return ['ada', 'grace'].map((by) => ({ by, role: 'key custodian', at, operationDigest }));
}
