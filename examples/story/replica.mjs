// Chapters 5 to 7: every key is copied to the second region, which serves when the first is down; a
// deletion and a restore reach it in whatever order; and nothing is left to find.
import { auditHierarchy, lifecycle, openCustomerKey, replication } from 'keyblock/hierarchy';
import { env, hold, passDays, progressBar, refused, say } from './stage.mjs';

/** Copies all keys of the origin, with the check value of each compared on arrival. */
export async function replicateAll({ origin, destination, pair, count }) {
  let ledger = replication.createLedger({
    env: env(),
    ledgerId: 'cards',
    regionId: origin.regionId,
  });
  ({ ledger } = replication.attach({ env: env(), ledger, pair }));
  const regions = [origin, destination];
  const inventory = inventoryOf(origin);
  const bar = progressBar('replicate', count);
  let done = 0;
  for (let from = 0; from < inventory.length; from += BATCH) {
    const page = inventory.slice(from, from + BATCH);
    const step = replication.planBackfill({ env: env(), ledger, inventory: page });
    ledger = settle(step, regions);
    done += page.length;
    bar.show(done);
  }
  bar.stop();
  const { counts, inFlight, problems } = replication.status({ ledger });
  const isComplete = counts.synchronized === count && inFlight === 0 && problems.length === 0;
  hold(isComplete, `${counts.synchronized} copies, each with the check value of its origin`);
  const copies = [{ regionId: destination.regionId, inventory: inventoryOf(destination) }];
  const { findings } = replication.drift({ env: env(), ledger, origin: inventory, copies });
  hold(findings.length === 0, 'and nothing drifts: check values and attributes agree');
  return ledger;
}

const BATCH = 1_000;

/** The keys of a region, as it lists them. */
const inventoryOf = ({ store }) =>
  replication.inventoryOf({ records: [...store.scan('customer-key')] });

/** Carries out commands, and those that follow from their answers, until there are none. */
function settle(step, regions) {
  let { ledger, commands } = step;
  while (commands.length > 0) {
    const results = commands.map((command) => {
      const region = regions.find(({ regionId }) => regionId === command.regionId);
      return execute(region, command);
    });
    ({ ledger, commands } = replication.apply({ env: env(), ledger, results }));
  }
  return ledger;
}

/** What a region does with a command: a few lines, whatever service is behind them. */
function execute(region, command) {
  const { store, ring, profileKeyId, keks } = region;
  const profile = store.read(profileKeyId);
  switch (command.type) {
    case 'exportTr31': {
      const record = store.read(command.keyId);
      const kek = keks.get(command.generation);
      const options = { env: env(), record, profile, ring, kek };
      return { command, outcome: 'done', keyBlock: replication.replicateBlock(options) };
    }
    case 'importTr31': {
      const known = store.read(command.keyId);
      if (known !== undefined) return replication.answerImport({ record: known, command });
      const { keyId, order, originRegionId: regionId } = command;
      const { record, writes } = replication.acceptBlock({
        ...command,
        env: env(),
        kek: keks.get(command.generation),
        profile,
        ring,
        owner: 'shop',
        replicaOf: { regionId, keyId, order },
      });
      store.apply(writes);
      return replication.answerImport({ record, command });
    }
    case 'scheduleDeletion':
    case 'cancelDeletion':
    case 'setEnabled':
    case 'putTags': {
      const record = store.read(command.replicaKeyId);
      const { writes, result } = replication.carryOut({ env: env(), record, command });
      store.apply(writes);
      return result;
    }
    case 'putAlias':
      return { command, outcome: 'done' };
  }
}

/** The first region is down: keys are used where their copies are. */
export async function failOver({ origin, destination, ledger, keyId }) {
  const health = (state) => ({ [origin.regionId]: state, [destination.regionId]: 'up' });
  const choose = (state) => replication.selectRegion({ ledger, keyId, health: health(state) });
  const usual = choose('up');
  say(`${keyId} is served by ${usual.regionId}`);
  const other = choose('down');
  const isCopy = other.regionId === destination.regionId && other.readOnly;
  hold(isCopy, `${origin.regionId} is down: ${other.regionId} serves it, read-only`);

  const open = ({ store, profileKeyId, ring }, id) =>
    openCustomerKey({
      record: store.read(id),
      profile: store.read(profileKeyId),
      ring,
      env: env(),
    });
  const { key: there } = open(destination, other.keyId);
  const { kcv } = origin.store.read(keyId);
  hold(there.kcv() === kcv.value, `the copy opens there, check value ${there.kcv()}`);
  there.destroy();
  const record = destination.store.read(other.keyId);
  await refused('the stored row of one region, in the other', () =>
    openCustomerKey({
      record: { ...origin.store.read(keyId), regionId: destination.regionId },
      profile: destination.store.read(destination.profileKeyId),
      ring: destination.ring,
      env: env(),
    }),
  );
  return record;
}

/** A key is marked for deletion and restored; the events arrive late, twice, and out of order. */
export async function deleteAndRestore({ origin, destination, ledger, keyId }) {
  const events = [];
  const change = (type, { record, writes }, details = {}) => {
    origin.store.apply(writes);
    const { revision: sequence } = record;
    const eventId = `${type} ${keyId} ${sequence}`;
    const source = { kind: 'caller' };
    const { regionId } = origin;
    events.push({ eventId, sequence, regionId, source, keyId, type, ...details });
    return record;
  };
  const read = () => origin.store.read(keyId);
  const marked = lifecycle.scheduleDeletion({ env: env(), record: read(), days: 7 });
  const { deleteAfter } = change('DeleteKey', marked, {
    deleteAfter: marked.record.lifecycle.deleteAfter,
  }).lifecycle;
  say(`${keyId} is marked for deletion, to be purged after ${deleteAfter.slice(0, 10)}`);
  const open = () => {
    const { store, profileKeyId, ring } = origin;
    const profile = store.read(profileKeyId);
    return openCustomerKey({ record: store.read(keyId), profile, ring, env: env() });
  };
  await refused('its use meanwhile', open);
  passDays(2);
  change('RestoreKey', lifecycle.restore({ env: env(), record: read() }));
  say('two days later it is restored: disabled, until somebody starts it on purpose');
  await refused('its use before that', open);
  change('StartKeyUsage', lifecycle.start({ env: env(), record: read() }));

  const regions = [origin, destination];
  const [deleted, restored, started] = events;
  let after = ledger;
  for (const batch of [[restored, restored], [started, deleted], [deleted], [started, restored]]) {
    after = settle(replication.reduce({ env: env(), ledger: after, events: batch }), regions);
  }
  const copy = destination.store.read(keyId);
  const { state, enabled } = copy.lifecycle;
  const isSame = state === 'create-complete' && enabled;
  hold(isSame, `seven deliveries of three events, out of order: the copy is ${state}, enabled`);
  const { key } = open();
  hold(key.kcv() === copy.kcv.value, `and both have the check value ${key.kcv()}`);
  key.destroy();
  return after;
}

/** Looks both stores over, without a key. */
export function auditAll(regions) {
  const records = regions.flatMap(({ store, region }) => [
    region,
    ...['profile', 'customer-key', 'rotation-job'].flatMap((kind) => [...store.scan(kind)]),
  ]);
  const findings = auditHierarchy({ records, env: env() });
  for (const { id, recordId, text } of findings.slice(0, 5)) say(`${id} ${recordId}: ${text}`);
  hold(findings.length === 0, `${records.length} records looked over without a key: no finding`);
}
