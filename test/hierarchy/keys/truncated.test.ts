// Records, jobs and ledgers that lost a part on their way: a code, and never a `TypeError`.

import { KeyblockError } from 'keyblock';
import {
  createRegionKey,
  exportCustomerKey,
  mainKeys,
  replication,
  rotation,
} from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { aes, env, profileOf, recordOf, region, ring } from './estate.js';

const kdh = { hsmId: 'hsm-1' };
const sideOf = (regionId: string) => ({ regionId, profileId: 'shop' });
const pair = replication.pair({
  env,
  pairId: 'p',
  origin: sideOf('eu-central-1'),
  destination: sideOf('eu-west-1'),
  kekBits: 256,
  transport: 'tr34-ec',
  keys: [],
});
const opened = replication.createLedger({ env, ledgerId: 'l', regionId: 'eu-central-1' });
const { ledger } = replication.attach({ env, ledger: opened, pair });
const { record: mainKey } = createRegionKey({ env, regionId: 'eu-central-1', kdh });
const planned = rotation.plan({ env, mainKey, kdh });
const { job } = rotation.start({ env, ...planned });
const record = recordOf();
const task = { kind: 'rewrap-task', jobId: 'j', from: job.from, to: job.to, items: [] };

/** Functions by name, each with what it takes in JSON; the rest it is given always. */
const CALLS: readonly [string, (options: never) => unknown, object][] = [
  ['nextStep', replication.nextStep, { pair }],
  ['attach', replication.attach, { ledger: opened, pair }],
  ['reduce', replication.reduce, { ledger, events: [] }],
  ['apply', replication.apply, { ledger, results: [] }],
  ['drift', replication.drift, { ledger, origin: [], copies: [] }],
  ['replication.status', replication.status, { ledger }],
  ['selectRegion', replication.selectRegion, { ledger, keyId: 'k', health: {} }],
  ['promoteReplica', replication.promoteReplica, { ledger, regionId: 'eu-west-1' }],
  ['uncarried', replication.uncarried, { kekBits: 256, keys: [record] }],
  ['rotation.status', rotation.status, { job, failures: [{}] }],
  ['abort', rotation.abort, { job, mainKey: planned.mainKey }],
  ['impact', rotation.impact, { records: [record, profileOf()], ref: job.from }],
  ['run', rotation.run, { task }],
  ['isDue', mainKeys.isDue, { record: region }],
  ['exportCustomerKey', exportCustomerKey, { record, profile: profileOf() }],
];

/** A value without one of its parts, or with null in its place: all such values. */
function* spoilt(value: unknown): Generator<unknown> {
  yield null;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const other of spoilt(part)) {
      const copy = structuredClone(value) as Record<string, unknown>;
      yield Object.assign(copy, { [name]: other });
    }
    if (Array.isArray(value)) continue;
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    yield rest;
  }
}

describe('what lost a part on its way', () => {
  it.each(CALLS)('is refused with a code, or does no harm: %s', (_, call, options) => {
    const given = { env, ring, kek: aes(0x90) };
    let refusals = 0;
    for (const changed of spoilt(JSON.parse(JSON.stringify(options)))) {
      if (changed === null) continue;
      try {
        call({ ...given, ...changed } as never);
      } catch (error) {
        expect(error).toBeInstanceOf(KeyblockError);
        refusals++;
      }
    }
    expect(refusals).toBeGreaterThan(0);
  });

  it('is refused where the time is missing', () => {
    const options = { record, profile: profileOf(), ring, kek: aes(0x90) };
    expect(() => exportCustomerKey(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'env' }),
    );
  });
});
