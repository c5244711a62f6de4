// Rotates the main key of a profile whose customer keys are rows of SQLite, with the cryptography
// in a pool of worker threads. The tasks and results are JSON: a queue could carry them as well.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  openProfile,
  rotation,
} from 'keyblock/hierarchy';
import Piscina from 'piscina';
import { openStore } from './sqlite/store.mjs';

const KEYS = 2_000;
const KEY_ID = 'eu-central-1/shop';
const folder = mkdtempSync(join(tmpdir(), 'keyblock-example-'));
const store = openStore(join(folder, 'keys.db'));
const env = () => ({ at: new Date() });

const region = createRegionKey({ env: env(), regionId: 'eu-central-1', kdh: { hsmId: 'hsm-1' } });
const regionRing = createKeyRing({
  keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key: region.secret }],
});

try {
  fill();
  await rotate();
} finally {
  store.close();
  rmSync(folder, { recursive: true });
}

/** A profile and its customer keys. */
function fill() {
  const { record: profile, writes } = createProfile({
    env: env(),
    region: region.record,
    ring: regionRing,
    profileId: 'shop',
    config: { purpose: 'acquiring' },
  });
  store.apply(writes);
  const key = openProfile({ profile, ring: regionRing });
  const ring = createKeyRing({ keys: [{ ref: { keyId: KEY_ID, version: 1 }, key }] });
  const attributes = {
    keyUsage: 'P0',
    algorithm: 'A',
    keyBits: 128,
    modeOfUse: 'B',
    exportability: 'E',
  };
  const make = (i) => {
    const keyId = `pek-${i}`;
    return createCustomerKey({ env: env(), profile, ring, keyId, owner: 'shop', attributes });
  };
  store.apply(Array.from({ length: KEYS }, (_, i) => make(i)).flatMap((made) => made.writes));
  console.log(`${store.scan('customer-key').live} customer keys are stored`);
}

/** Every step reads the job and the profile from the store: kill it anywhere, and run it again. */
async function rotate() {
  const planned = rotation.plan({
    env: env(),
    mainKey: store.read(KEY_ID),
    region: region.record,
    ring: regionRing,
    policy: { maxReaderStalenessSeconds: 0 },
  });
  store.apply(planned.writes);
  const { jobId } = planned.job;
  const records = () => ({ job: store.read(jobId), mainKey: store.read(KEY_ID) });
  const step = (reducer, options = {}) =>
    store.apply(reducer({ env: env(), ...records(), ...options }).writes);

  step(rotation.start, { ring: regionRing });
  const pool = createPool();
  try {
    await pass(pool, records, rotation.tasks, rotation.apply);

    const scanned = store.scan('customer-key');
    const results = await runAll(pool, records, rotation.verifyTasks, scanned);
    const { live: count } = scanned;
    const proof = rotation.verifyFold({ env: env(), job: records().job, results, count });
    store.apply(proof.writes);
    console.log(`${proof.job.phase}: ${count} keys compared byte for byte, under both main keys`);

    step(rotation.promote);
    console.log('promoted by one write; readers of version 1 go on until clean-up');
    step(rotation.startCleanup);
    await pass(pool, records, rotation.cleanupTasks, rotation.cleanupApply);

    const stragglers = store.blocksUnder(planned.job.from);
    step(rotation.retire, { stragglers });
  } finally {
    await pool.destroy();
  }
  const versions = store.read(KEY_ID).versions.map(({ version, state }) => `${version} ${state}`);
  console.log(`${records().job.phase}: versions ${versions.join(', ')}`);
}

/**
 * Every worker is given both main keys when it starts: the first two, and one that replaces them.
 */
function createPool() {
  const profile = store.read(KEY_ID);
  const keys = [1, 2].map((version) => {
    const key = openProfile({ profile, ring: regionRing, version });
    const bytes = key.expose();
    key.destroy();
    return { ref: { keyId: KEY_ID, version }, bytes };
  });
  const filename = new URL('./sqlite/worker.mjs', import.meta.url).href;
  const threads = { minThreads: 2, maxThreads: 2 };
  return new Piscina({ filename, name: 'work', workerData: { keys }, ...threads });
}

/** One pass over the store: results become conditional writes. */
async function pass(pool, records, toTasks, apply) {
  const results = await runAll(pool, records, toTasks, store.scan('customer-key'));
  const { writes, failures } = apply({ env: env(), job: records().job, results });
  const { conflicts } = store.apply(writes);
  const done = writes.length - conflicts;
  console.log(
    `${toTasks.name}: ${done} rows written, ${conflicts} conflicts, ${failures.length} bad`,
  );
}

/** Sends the tasks of a scan to the pool. A worker that dies takes its task with it: repeat. */
async function runAll(pool, known, toTasks, { records }) {
  const tasks = toTasks({ ...known(), records, size: 250 });
  return Promise.all(tasks.map((task) => pool.run(task).catch(() => pool.run(task))));
}
