// A whole rotation (plan, translate, verify, promote, clean up) against re-wrapping the same blocks
// and nothing else: what planning, proof and bookkeeping cost. `--keys 100000`, `--json file`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: { keys: { type: 'string', default: '20000' }, json: { type: 'string' } },
});
const count = Number(values.keys);
const KEY_ID = 'eu-central-1/shop';
const env = () => ({ at: new Date() });

const created = createRegionKey({ env: env(), regionId: 'eu-central-1', kdh: { hsmId: 'hsm-1' } });
const region = created.record;
const ring = createKeyRing({
  keys: [{ ref: { keyId: 'eu-central-1', version: 1 }, key: created.secret }],
});
const profileId = 'shop';
const profile = createProfile({ env: env(), region, ring, profileId, config: {} }).record;
const mainKey = openProfile({ profile, ring });
const store = new Map([[KEY_ID, profile]]);
fill();

const blocks = [...store.values()].flatMap(({ kind, slots }) =>
  kind === 'customer-key' ? [slots[0].block] : [],
);
const plain = measure(() => {
  const to = openProfile({ profile, ring });
  for (const keyBlock of blocks) rewrapKey({ keyBlock, from: mainKey, to, maskedKeyLength: 32 });
});
const bulk = measure(() => {
  const rewrapper = createRewrapper({ from: mainKey, to: mainKey, maskedKeyLength: 32 });
  for (let i = 0; i < blocks.length; i += 500) rewrapper.rewrap(blocks.slice(i, i + 500));
  rewrapper.destroy();
});
let peak = 0;
const begun = process.cpuUsage();
await rotate();
const whole = cpuSince(begun);

const rate = (microseconds) => Math.round((count / microseconds) * 1e6);
const result = {
  keys: count,
  rewrapKeyPerSecond: rate(plain),
  rewrapperPerSecond: rate(bulk),
  rotationPerSecond: rate(whole),
  rotationToRewrapKey: Number((plain / whole).toFixed(2)),
  rotationToRewrapper: Number((bulk / whole).toFixed(2)),
  peakHeapMiB: Math.round(peak / 2 ** 20),
};
console.table(result);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

function fill() {
  const ofProfile = createKeyRing({ keys: [{ ref: { keyId: KEY_ID, version: 1 }, key: mainKey }] });
  const attributes = {
    keyUsage: 'P0',
    algorithm: 'A',
    keyBits: 128,
    modeOfUse: 'B',
    exportability: 'E',
  };
  for (let i = 0; i < count; i++) {
    const keyId = `pek-${String(i).padStart(28, '0')}`;
    const options = { env: env(), profile, ring: ofProfile, keyId, owner: 'shop', attributes };
    store.set(keyId, createCustomerKey(options).record);
  }
}

async function rotate() {
  const policy = { maxReaderStalenessSeconds: 0 };
  const planned = rotation.plan({ env: env(), mainKey: profile, region, ring, policy });
  save(planned.writes);
  const options = { ...planned, ring, now: () => new Date() };
  for await (const step of rotation.rotate(options)) {
    if ('writes' in step) step.ack({ conflicts: save(step.writes) });
    if (step.kind === 'rescan') step.provide(customers(), count);
    if (step.kind === 'reload') {
      step.provide({ job: store.get(planned.job.jobId), mainKey: store.get(KEY_ID) });
    }
    if (step.kind === 'blocked') throw new Error('blocked');
    // Not `process.memoryUsage`, which took a tenth of all the time.
    if (step.kind === 'progress') peak = Math.max(peak, getHeapStatistics().used_heap_size);
  }
  const { versions } = store.get(KEY_ID);
  if (versions.at(-1).state !== 'active') throw new Error('not rotated');
}

function* customers() {
  for (const record of store.values()) if (record.kind === 'customer-key') yield record;
}

function save(writes) {
  let conflicts = 0;
  for (const write of writes) {
    const next = applyWrite({ record: store.get(write.recordId), write });
    if (next === undefined) conflicts += 1;
    else store.set(write.recordId, next);
  }
  return conflicts;
}

function measure(work) {
  work();
  const begin = process.cpuUsage();
  work();
  return cpuSince(begin);
}

/** CPU time, because the machine may be shared. */
function cpuSince(begin) {
  const { user, system } = process.cpuUsage(begin);
  return user + system;
}
