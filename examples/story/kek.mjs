// Chapter 4: two regions exchange a key encryption key (KEK) by TR-34, in seven steps. The record
// of the pair is all that is remembered: a step that is asked for again is the same step.

import { generateKey } from 'keyblock';
import { replication } from 'keyblock/hierarchy';
import {
  createCredentialToken,
  createKeyToken,
  createKrd,
  fromPkcs8,
  receive,
} from 'keyblock/tr34';
import { issue, trustOf } from './fleet.mjs';
import { aside, env, hold, now } from './stage.mjs';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const kcvOf = (key) => ({ method: 'cmac', value: key.kcv() });

/** The header that the KEK travels under. */
const KEK_HEADER = 'D0000K1AB00E0000';

/** Exchanges a KEK, and gives it to both regions. */
export async function exchangeKek({ pairId, origin, destination, authorities, keys }) {
  let pair = replication.pair({
    env: env(),
    pairId,
    origin: { regionId: origin.regionId, profileId: 'shop' },
    destination: { regionId: destination.regionId, profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys,
  });
  const sides = {
    [origin.regionId]: await createSide(origin, 'kdh', authorities),
    [destination.regionId]: await createSide(destination, 'krd', authorities),
  };
  for (;;) {
    const command = replication.nextStep({ env: env(), pair });
    if (command === undefined) break;
    const result = await sides[command.regionId](command);
    pair = replication.applyStep({ env: env(), pair, result: { ...result, command } }).pair;
    const { state, generations } = pair;
    const { generation } = command;
    aside(`${command.idempotencyKey.padEnd(28)} ${state}, generation ${generation}`);
    pair = JSON.parse(JSON.stringify({ ...pair, generations })); // as it comes back from a store
  }
  const [ours, theirs] = [origin.keks.get(1), destination.keks.get(1)];
  const isSame = pair.state === 'established' && ours.kcv() === theirs.kcv();
  hold(isSame, `both regions computed the check value ${ours.kcv()} from their own copy`);
  return pair;
}

/** One side of the exchange: what it answers to each step. */
async function createSide(region, role, authorities) {
  const ca = role === 'kdh' ? authorities.caKdh : authorities.caKrd;
  const party = await issue(role, `${region.regionId} ${role} for replication`, ca);
  const root = base64(authorities.root.certificate);
  const done = (answer = {}) => ({ outcome: 'done', ...answer });
  const parameters = { certificate: base64(party.certificate), rootCertificate: root };

  return async (command) => {
    switch (command.step) {
      case 'create-kek': {
        const kek = generateKey({ algorithm: 'AES', lengthBits: command.lengthBits });
        region.keks.set(command.generation, kek);
        return done({ kekId: `kek-${command.generation}`, kcv: kcvOf(kek) });
      }
      case 'krd-parameters': {
        const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
        return done({ ...parameters, nonce: nonce.toUpperCase() });
      }
      case 'kdh-parameters':
        return done(parameters);
      case 'trust-krd-root':
      case 'trust-kdh-root':
        if (command.rootCertificate !== root) throw new Error('another root');
        return done();
      case 'export-kek':
        return done({ token: base64(await exportKek(region, party, authorities, command)) });
      case 'import-kek': {
        const kek = await importKek(party, authorities, command);
        region.keks.set(command.generation, kek);
        return done({ kekId: `kek-${command.generation}`, kcv: kcvOf(kek) });
      }
      case 'delete-kek':
        region.keks.delete(command.generation);
        return done();
    }
  };
}

async function exportKek(region, party, authorities, { generation, krdCertificate, nonce }) {
  return createKeyToken({
    kdh: await fromPkcs8(party),
    krdCertificate: bytes(krdCertificate),
    trust: trustOf(authorities),
    key: region.keks.get(generation),
    header: KEK_HEADER,
    freshness: { nonce: new Uint8Array(Buffer.from(nonce, 'hex')) },
    crl: authorities.crl,
    profile: 'ec',
    at: now(),
  });
}

async function importKek(party, authorities, { kdhCertificate, token, nonce }) {
  const unbound = createKrd({ certificate: party.certificate, trust: trustOf(authorities) });
  const certificate = bytes(kdhCertificate);
  const credential = createCredentialToken({ certificate, crl: authorities.crl });
  const bound = await receive({ state: unbound, token: credential, at: now() });
  const { event } = await receive({
    state: { ...bound.state, nonce },
    token: bytes(token),
    unwrapper: await fromPkcs8(party),
    at: now(),
    policy: { accept: ['ec'] },
  });
  if (event.kind !== 'key') throw new Error(`refused: ${event.error?.code}`);
  return event.key;
}
