/** One contender of the benchmark of rotation: works for a slice whenever it is told to. */

import { getHeapStatistics } from 'node:v8';
import { rewrapKey } from 'keyblock';
import { createRewrapper } from 'keyblock/bulk';
import {
  applyWrite,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  openProfile,
  rotation,
} from 'keyblock/hierarchy';

const SLICE_SECONDS = 0.2;
const KEY_ID = 'eu-central-1/shop';
const PAGE = 500;
const WARM_UP_KEYS = 20_000;
const WORK = { rotation: rotate, rewrapKey: rewrapEach, rewrapper: rewrapMany };

const [role, keys] = process.argv.slice(2);
const env = () => ({ at: new Date() });

const created = createRegionKey({ env: env(), regionId: 'eu-central-1', kdh: { hsmId: 'hsm-1' } });
const region = created.record;
const ring = createKeyRing({
  keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key: created.secret }],
});
const profileId = 'shop';
const profile = createProfile({ env: env(), region, ring, profileId, config: {} }).record;
const mainKey = openProfile({ profile, ring });
const store = filledStore(Number(keys));
const blocks = [...store.values()].flatMap(({ kind, slots }) =>
  kind === 'customer-key' ? [slots[0].block] : [],
);

/** What has come of it so far. CPU time, because the machine may be shared. */
const total = { keys: 0, seconds: 0, peakHeapMiB: 0, isDone: false };
// As everywhere in here: what is compared is code that has run for a while.
let steps = WORK[role](filledStore(WARM_UP_KEYS));
await workFor(5);
steps = WORK[role](store);
Object.assign(total, { keys: 0, seconds: 0, peakHeapMiB: 0, isDone: false });
process.on('message', async () => {
  await workFor(SLICE_SECONDS);
  process.send(total);
});
process.send(total);

async function workFor(seconds) {
  const end = total.seconds + seconds;
  while (total.seconds < end && !total.isDone) {
    const begin = process.cpuUsage();
    const { done, value } = await steps.next();
    const { user, system } = process.cpuUsage(begin);
    total.seconds += (user + system) / 1e6;
    total.keys += value ?? 0;
    total.isDone = done;
  }
}

/** Yields how many keys are done, page by page. */
function* rewrapEach() {
  const to = openProfile({ profile, ring });
  for (let i = 0; ; i = (i + PAGE) % blocks.length) {
    const page = blocks.slice(i, i + PAGE);
    for (const keyBlock of page) rewrapKey({ keyBlock, from: mainKey, to, maskedKeyLength: 32 });
    yield page.length;
  }
}

function* rewrapMany() {
  const rewrapper = createRewrapper({ from: mainKey, to: mainKey, maskedKeyLength: 32 });
  for (let i = 0; ; i = (i + PAGE) % blocks.length) {
    const page = blocks.slice(i, i + PAGE);
    rewrapper.rewrap(page);
    yield page.length;
  }
}

/** Yields whenever it may stop for a moment; all keys are done at the end. */
async function* rotate(store) {
  const size = store.size - 1;
  const policy = { maxReaderStalenessSeconds: 0 };
  const planned = rotation.plan({ env: env(), mainKey: profile, region, ring, policy });
  save(store, planned.writes);
  const options = { ...planned, ring, now: () => new Date() };
  for await (const step of rotation.rotate(options)) {
    if ('writes' in step) step.ack({ conflicts: save(store, step.writes) });
    if (step.kind === 'rescan') step.provide(customers(store), size);
    if (step.kind === 'reload') {
      step.provide({ job: store.get(planned.job.jobId), mainKey: store.get(KEY_ID) });
    }
    if (step.kind === 'blocked') throw new Error('blocked');
    if (step.kind !== 'progress') continue;
    // Not `process.memoryUsage`, which took a tenth of all the time.
    const heapMiB = Math.round(getHeapStatistics().used_heap_size / 2 ** 20);
    total.peakHeapMiB = Math.max(total.peakHeapMiB, heapMiB);
    yield 0;
  }
  const { versions } = store.get(KEY_ID);
  if (versions.at(-1).state !== 'active') throw new Error('not rotated');
  yield size;
}

function filledStore(size) {
  const filled = new Map([[KEY_ID, profile]]);
  const ofProfile = createKeyRing({ keys: [{ ref: { keyId: KEY_ID, version: 1 }, key: mainKey }] });
  const attributes = {
    keyUsage: 'P0',
    algorithm: 'A',
    keyBits: 128,
    modeOfUse: 'B',
    exportability: 'E',
  };
  for (let i = 0; i < size; i++) {
    const keyId = `pek-${String(i).padStart(28, '0')}`;
    const options = { env: env(), profile, ring: ofProfile, keyId, owner: 'shop', attributes };
    filled.set(keyId, createCustomerKey(options).record);
  }
  return filled;
}

function* customers(store) {
  for (const record of store.values()) if (record.kind === 'customer-key') yield record;
}

function save(store, writes) {
  let conflicts = 0;
  for (const write of writes) {
    const next = applyWrite({ record: store.get(write.recordId), write });
    if (next === undefined) conflicts += 1;
    else store.set(write.recordId, next);
  }
  return conflicts;
}
