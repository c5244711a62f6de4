// Chapter 3: the main key of the profile is rotated while reads go on. The process dies in the
// middle; another one, which never saw the job, goes on from what is stored.
import { openCustomerKey, rotation } from 'keyblock/hierarchy';
import { ringOf } from './keys.mjs';
import { aside, env, hold, now, passDays, progressBar, say } from './stage.mjs';

const READER_DAYS = 1;

/** Rotates the main key of a profile, once from beginning to end. */
export async function rotateShop({ store, region, regionRing, profileKeyId, count }) {
  const before = store.read(profileKeyId);
  const policy = { maxReaderStalenessSeconds: READER_DAYS * 86_400 };
  const planned = rotation.plan({
    env: env(),
    mainKey: before,
    region,
    ring: regionRing,
    reason: 'cryptoperiod',
    policy,
  });
  store.apply(planned.writes);
  const { jobId, to } = planned.job;
  say(`version ${to.version} of ${to.keyId} is made, pending, and stored under the region's key`);

  const reader = createReader({ store, regionRing, profileKeyId });
  const context = { store, regionRing, profileKeyId, jobId, count, reader };
  store.killAfter(Math.floor(count * 0.45));
  await drive(context).catch((error) => say(`half way: ${error.message}`));
  store.killAfter();
  reader.read('with the job dead');
  say('another process reads the job and the profile from the store, and goes on');
  await drive(context);

  const after = store.read(profileKeyId);
  const states = after.versions.map(({ version, state }) => `${version} ${state}`);
  hold(states.at(-1) === `${to.version} active`, `the versions now: ${states.join(', ')}`);
  const ref = { keyId: profileKeyId, version: 1 };
  const left = rotation.stragglers([...store.scan('customer-key')], ref);
  hold(left === 0, 'no block is left under version 1');
  hold(reader.failures === 0, `${reader.reads} reads meanwhile, every one of them answered`);
}

/** Carries out the steps of a rotation against the store. */
async function drive({ store, regionRing, profileKeyId, jobId, count, reader }) {
  const job = store.read(jobId);
  const mainKey = store.read(profileKeyId);
  const steps = rotation.rotate({ job, mainKey, ring: regionRing, now, batch: 500 });
  let bar;
  const endBar = () => {
    bar?.stop();
    bar = undefined;
  };
  try {
    for await (const step of steps) {
      switch (step.kind) {
        case 'writes':
          step.ack({ conflicts: store.apply(step.writes).conflicts.length });
          reader.read();
          break;
        case 'checkpoint':
        case 'promote':
        case 'clean-up':
        case 'retire':
          store.apply(step.writes);
          if (step.kind !== 'checkpoint') {
            endBar();
            say(`${LANDMARKS[step.kind]}`);
            reader.read();
          }
          break;
        case 'rescan': {
          endBar();
          bar = progressBar(step.pass, count);
          const { records, live } = store.snapshot('customer-key');
          step.provide(records, live);
          break;
        }
        case 'progress':
          bar?.show(Math.min(step.status.done, count));
          break;
        case 'wait':
          endBar();
          say(`readers may hold the profile as it was until ${step.until}: a day passes`);
          passDays(READER_DAYS + 0.01);
          break;
        case 'blocked':
          throw new Error(`blocked by ${step.failures.length} rows`);
        case 'done':
          aside(`timeline: ${step.job.timeline.map(({ phase }) => phase).join(' → ')}`);
      }
    }
  } finally {
    endBar();
  }
}

const LANDMARKS = {
  promote: 'every key was opened under both versions and compared: one write makes the switch',
  'clean-up': 'nobody can hold the old profile any more: the blocks under version 1 go',
  retire: 'version 1 is retired',
};

/** Somebody who uses keys all the time, with a copy of the profile that is as old as is allowed. */
function createReader({ store, regionRing, profileKeyId }) {
  const ids = [...store.scan('customer-key')].map(({ keyId }) => keyId);
  let cached = store.read(profileKeyId);
  let ring = ringOf(cached, regionRing);
  const reader = { reads: 0, failures: 0 };
  const refresh = () => {
    cached = store.read(profileKeyId);
    ring = ringOf(cached, regionRing);
  };
  const open = (record) => {
    try {
      return openCustomerKey({ record, profile: cached, ring, env: env() });
    } catch (error) {
      // The one answer that asks for a fresh profile: refresh, and try once more.
      if (error.code !== 'UNKNOWN_KEY_VERSION' && error.code !== 'STALE_VERSION') throw error;
      refresh();
      return openCustomerKey({ record, profile: cached, ring, env: env() });
    }
  };
  reader.read = (when) => {
    for (let i = 0; i < 20; i++) {
      const record = store.read(ids[(reader.reads * 7919) % ids.length]);
      const { key } = open(record);
      if (key.kcv() !== record.kcv.value) reader.failures += 1;
      key.destroy();
      reader.reads += 1;
    }
    if (when !== undefined) hold(reader.failures === 0, `reads go on ${when}`);
  };
  return reader;
}
