// Copies keys between two regions of a payment cloud: events of the origin become commands, each
// command one call of the service. What is remembered is the ledger, which is JSON.
import { generateKey } from 'keyblock';
import { replication } from 'keyblock/hierarchy';
import { carryOut, createdEvent, keyIdOf } from './cloud/adapter.mjs';
import { createService } from './cloud/service.mjs';

const [ORIGIN, COPY] = ['us-east-1', 'us-west-2'];
const env = () => ({ at: new Date() });

// The KEK came over by TR-34 (see 05); its key in each region goes by an alias of its generation.
const kek = (generation) => `alias/replication-kek-${generation}`;
const keks = new Map([[kek(1), generateKey({ algorithm: 'AES', lengthBits: 256 })]]);
const arnIn = (region) => (id) => `arn:aws:payment-cryptography:${region}:111122223333:key/${id}`;
const serviceIn = (region) => createService(region, keks, arnIn(region));
const services = { [ORIGIN]: serviceIn(ORIGIN), [COPY]: serviceIn(COPY) };

let ledger = replication.createLedger({ env: env(), ledgerId: 'cards', regionId: ORIGIN });
await take(replication.attach({ env: env(), ledger, pair: establishedPair() }));

console.log('A key is made, and its event delivered twice:');
const { Key } = await services[ORIGIN]('CreateKey');
const created = createdEvent({ regionId: ORIGIN, sequence: 1, key: Key });
await handle([created, created]);

console.log('It is marked for deletion, and restored; the later event comes first:');
const event = (type, sequence, details) => ({
  type,
  sequence,
  eventId: `${type} ${sequence}`,
  regionId: ORIGIN,
  keyId: keyIdOf(Key.KeyArn),
  source: { kind: 'caller' },
  ...details,
});
const deleteAfter = new Date(Date.now() + 7 * 86_400_000).toISOString();
await handle([event('RestoreKey', 3)]);
await handle([event('DeleteKey', 2, { deleteAfter })]);
await handle([event('StartKeyUsage', 4)]);

const { counts, problems } = replication.status({ ledger });
const { Keys } = await services[COPY]('ListKeys');
const [{ KeyArn, KeyCheckValue, KeyState, Enabled }] = Keys;
console.log(`${Keys.length} copy ${KeyArn}: ${KeyState}, ${Enabled ? 'enabled' : 'disabled'}`);
console.log(`check value ${KeyCheckValue}, that of the origin ${Key.KeyCheckValue}`);
console.log(`${counts.synchronized} synchronized, ${problems.length} problems`);
if (Keys.length !== 1 || KeyCheckValue !== Key.KeyCheckValue || counts.synchronized !== 1) {
  throw new Error('the regions did not converge');
}

async function handle(events) {
  await take(replication.reduce({ env: env(), ledger, events }));
}

/** Stores the ledger, sends the commands, takes the answers, until there is nothing to do. */
async function take(step) {
  ledger = JSON.parse(JSON.stringify(step.ledger)); // store it before anything is sent
  if (step.commands.length === 0) return;
  const send = (command) => {
    const { regionId } = command;
    return carryOut(command, { send: services[regionId], kek, arn: arnIn(regionId) });
  };
  const results = await Promise.all(step.commands.map(send));
  await take(replication.apply({ env: env(), ledger, results }));
}

/** The record of a pair whose key exchange is done: here each step is answered at once. */
function establishedPair() {
  let pair = replication.pair({
    env: env(),
    pairId: 'east-west',
    origin: { regionId: ORIGIN, profileId: 'account' },
    destination: { regionId: COPY, profileId: 'account' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  });
  const [kcv, certificate] = [{ method: 'cmac', value: keks.get(kek(1)).kcv() }, 'MIIB'];
  const answer = { kekId: 'kek-1', kcv, certificate, rootCertificate: 'MIIC', token: 'MIID' };
  for (;;) {
    const command = replication.nextStep({ env: env(), pair });
    if (command === undefined) return pair;
    const nonce = '00112233445566778899AABBCCDDEEFF';
    const result = { command, outcome: 'done', ...answer, nonce };
    ({ pair } = replication.applyStep({ env: env(), pair, result }));
  }
}
