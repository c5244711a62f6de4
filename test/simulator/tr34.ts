/**
 * Real TR-34 between two regions, and between the devices of one: the KEK of a pair in its seven
 * steps, and the main key of a region in tokens that one device opens, and once.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import {
  type Approval,
  approvals,
  createKrdToken,
  createRegionKey,
  type HsmSyncRecord,
  issueMainKeyToken,
  loadMainKeyToken,
  mainKeys,
  replication,
  SecretKey,
  verifyKrdToken,
} from 'keyblock/hierarchy';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  fromPkcs8,
  type KrdState,
  receive,
} from 'keyblock/tr34';
import { generateKeyPair, issueCertificate, issueCrl } from 'keyblock/tr34/pki';
import { createRng } from './rng.js';
import { toHex } from './secrets.js';
import { hold } from './violation.js';

const AT = new Date('2027-01-01');
const env = { at: AT };
const days = (n: number): Date => new Date(AT.getTime() + n * 86_400_000);

const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (digit) => digit.charCodeAt(0));
const fromHexOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

interface Issued {
  readonly certificate: Uint8Array<ArrayBuffer>;
  readonly pkcs8: Uint8Array<ArrayBuffer>;
}

/** A certificate and its key, on P-521. */
async function issue(
  role: 'root' | 'ca' | 'kdh' | 'krd',
  commonName: string,
  issuer?: Issued,
): Promise<Issued> {
  const { publicKey, pkcs8 } = await generateKeyPair({ algorithm: 'P-521', purpose: 'sign' });
  const certificate = await issueCertificate({
    role,
    subject: { commonName, organization: 'Simulator', country: 'DE' },
    publicKey,
    ...(issuer === undefined ? { pkcs8 } : { issuer }),
    serialNumber: 'random',
    notBefore: days(-1),
    notAfter: days(3650),
  } as Parameters<typeof issueCertificate>[0]);
  return { certificate, pkcs8 };
}

/** What everybody pins, and who is issued what: made once, because it is slow. */
export async function createParties() {
  const root = await issue('root', 'Root');
  const caKdh = await issue('ca', 'CA KDH', root);
  const caKrd = await issue('ca', 'CA KRD', root);
  const dates = { thisUpdate: days(-1), nextUpdate: days(30) };
  const crl = await issueCrl({ issuer: caKdh, ...dates, revoked: [], crlNumber: 1 });
  const [kdh, stranger] = [await issue('kdh', 'KDH', caKdh), await issue('kdh', 'Other', caKdh)];
  const krds = [await issue('krd', 'KRD 1', caKrd), await issue('krd', 'KRD 2', caKrd)];
  const trust = {
    root: root.certificate,
    caKdh: caKdh.certificate,
    caKrd: caKrd.certificate,
  };
  return { crl, kdh, stranger, krds, trust };
}

export type Parties = Awaited<ReturnType<typeof createParties>>;

/** A device that knows the KDH. */
async function bound(parties: Parties, krd: Issued, kdh: Issued): Promise<KrdState> {
  const state = createKrd({ certificate: krd.certificate, trust: parties.trust });
  const token = createCredentialToken({ certificate: kdh.certificate, crl: parties.crl });
  return (await receive({ state, token, at: AT })).state;
}

/** The seven steps, with the record going through JSON after each. Returns both KEKs. */
export async function exchangeKek(parties: Parties, seed: number): Promise<void> {
  const rng = createRng(seed);
  const { trust, crl, kdh } = parties;
  const krd = parties.krds[0] as Issued;
  const root = toBase64(trust.root);
  const kek = new SecretKey({ algorithm: 'AES', bytes: rng.bytes(32) });
  let arrived: SecretKey | undefined;
  const kcvOf = (key: SecretKey) => ({ method: 'cmac', value: key.kcv() }) as const;
  const load = async (token: string, nonce: string, device: Issued) => {
    const state = await bound(parties, device, kdh);
    const options = { token: fromBase64(token), at: AT, policy: { accept: ['ec'] } } as const;
    const unwrapper = await fromPkcs8(device);
    return (await receive({ ...options, state: { ...state, nonce }, unwrapper })).event;
  };
  const answer = async (command: replication.ExchangeCommand): Promise<object> => {
    switch (command.step) {
      case 'create-kek':
        return { kekId: 'kek-1', kcv: kcvOf(kek) };
      case 'krd-parameters': {
        const nonce = toHex(rng.bytes(16)).toUpperCase();
        return { certificate: toBase64(krd.certificate), rootCertificate: root, nonce };
      }
      case 'kdh-parameters':
        return { certificate: toBase64(kdh.certificate), rootCertificate: root };
      case 'export-kek': {
        const token = await createKeyToken({
          kdh: await fromPkcs8(kdh),
          krdCertificate: fromBase64(command.krdCertificate),
          trust,
          key: kek,
          header: 'D0000K1AB00E0000',
          freshness: { nonce: fromHexOf(command.nonce) },
          crl,
          profile: 'ec',
          at: AT,
        });
        return { token: toBase64(token) };
      }
      case 'import-kek': {
        const { token, nonce } = command;
        const other = await load(token, nonce, parties.krds[1] as Issued);
        hold(other.kind !== 'key', 'a token opens on one device only', () => other.kind);
        const late = await load(token, toHex(rng.bytes(16)).toUpperCase(), krd);
        hold(late.kind !== 'key', 'a token answers one nonce only', () => late.kind);
        const event = await load(token, nonce, krd);
        if (event.kind === 'key') arrived = event.key;
        return arrived === undefined ? {} : { kekId: 'kek-1', kcv: kcvOf(arrived) };
      }
      default:
        return {};
    }
  };
  let pair = replication.pair({
    env,
    pairId: 'a-b',
    origin: { regionId: 'a', profileId: 'shop' },
    destination: { regionId: 'b', profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  });
  for (;;) {
    const command = replication.nextStep({ env, pair });
    if (command === undefined) break;
    const given = await answer(command);
    // The first answer is lost now and then: the very command comes again.
    if (rng.oneIn(3) && command.step !== 'krd-parameters') await answer(command);
    const result = { command, outcome: 'done', ...given } as const;
    pair = JSON.parse(JSON.stringify(replication.applyStep({ env, pair, result }).pair));
    const isClear = JSON.stringify(pair).toLowerCase().includes(toHex(kek.expose()).slice(0, 16));
    hold(!isClear, 'I12 no secret in a pair', () => command.step);
  }
  hold(pair.state === 'established', 'an exchange ends', () => pair.state);
  const same = arrived !== undefined && toHex(arrived.expose()) === toHex(kek.expose());
  hold(same, 'both regions have one KEK', () => pair.pairId);
}

/** Two devices of a region get its main key, each in a token of its own. */
export async function distributeMainKey(parties: Parties): Promise<void> {
  const { trust, kdh, stranger } = parties;
  const regionId = 'eu-central-1';
  const made = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-0' } });
  let region = made.record;
  const loaded: {
    hsmId: string;
    state: KrdState;
    token: Parameters<typeof loadMainKeyToken>[0]['token'];
  }[] = [];
  for (const [n, krd] of parties.krds.entries()) {
    const hsmId = `hsm-${n + 1}`;
    const identity = {
      serial: hsmId,
      certificateDigest: toHex(sha256(krd.certificate)),
      firmwareDigest: toHex(sha256(new Uint8Array())),
    };
    const state = await bound(parties, krd, kdh);
    const asked = createKrdToken({ env, hsmId, state });
    await verifyKrdToken({ env, token: asked.token, trust });
    const apply = (record: HsmSyncRecord, event: mainKeys.HsmEvent): HsmSyncRecord =>
      mainKeys.applyHsmEvent({ env, record, region, event }).record;
    let hsm = mainKeys.createHsmRecord({ regionId, hsmId });
    hsm = apply(hsm, { type: 'validate', inventory: [identity], observed: identity });
    hsm = apply(hsm, { type: 'register', token: asked.token });
    const allow = mainKeys.hsmOperation({ record: hsm, event: 'allow' });
    hsm = apply(hsm, { type: 'allow', approvals: consent(allow) });
    const operation = mainKeys.hsmOperation({ record: hsm, event: 'issue', version: 1 });
    const options = { env, record: region, version: 1, secret: made.secret, hsm, trust };
    const signer = await fromPkcs8(kdh);
    const issued = await issueMainKeyToken({
      ...options,
      kdh: { hsmId: 'hsm-0', signer },
      approvals: consent(operation),
      crl: parties.crl,
    });
    region = issued.region;
    const { token } = issued;
    const unwrapper = await fromPkcs8(krd);
    const load = (of: KrdState, given = token) =>
      loadMainKeyToken({ env, regionId, hsmId, state: of, unwrapper, token: given });
    for (const before of loaded) {
      const { event } = await load(asked.state, before.token);
      hold(event.kind === 'refused', 'I-HSM-1 a token loads on no other device', () => hsmId);
    }
    const strange = await bound(parties, krd, stranger);
    const other = await load({ ...strange, nonce: token.nonce } as KrdState);
    hold(other.event.kind === 'refused', 'I-HSM-2 of another KDH nothing loads', () => hsmId);
    const done = await load(asked.state);
    if (done.event.kind !== 'loaded') throw done.event.error;
    const { secret, receipt } = done.event;
    hold(
      toHex(secret.expose()) === toHex(made.secret.expose()),
      'every device holds the main key',
      () => hsmId,
    );
    const twice = await load(done.state);
    hold(twice.event.kind === 'refused', 'a token loads once', () => hsmId);
    const received = mainKeys.applyHsmEvent({
      env,
      record: issued.record,
      region,
      event: { type: 'receive', receipt },
    });
    hold(received.record.state === 'loaded', 'a receipt counts', () => received.record.state);
    loaded.push({ hsmId, state: done.state, token });
    const text = JSON.stringify([region, received, token]).toLowerCase();
    hold(
      !text.includes(toHex(secret.expose()).slice(0, 16)),
      'I12 no main key in records',
      () => hsmId,
    );
  }
}

function consent(operation: Parameters<typeof approvals.digest>[0]): Approval[] {
  const operationDigest = approvals.digest(operation);
  const at = AT.toISOString();
  return ['ada', 'grace'].map((by) => ({ by, role: 'custodian', at, operationDigest }));
}
