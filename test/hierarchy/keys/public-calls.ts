// Functions of the hierarchy, each with sound JSON that it takes: what a test alters.

import * as hierarchy from 'keyblock/hierarchy';
import {
  DESTINATION,
  establishedPair,
  later,
  ORIGIN,
  openLedger,
  Region,
  settle,
} from '../replication/regions.js';
import {
  aes,
  env,
  PIN_ATTRIBUTES,
  PROFILE_KEYS,
  profileOf,
  profileRef,
  REGION_KEY,
  recordOf,
  region,
  regionRef,
  regionRing,
  ring,
} from './estate.js';

const { approvals, lifecycle, mainKeys, replication, rotation, sharing, tags } = hierarchy;

/** A name, a function, and the JSON that it takes. */
export type PublicCall = readonly [string, (options: never) => unknown, object];

/** `beside` is what never comes out of a store. */
function call(
  name: string,
  work: (options: never) => unknown,
  options: object,
  beside: object = { ring },
): PublicCall {
  const always = { env, kek: aes(0x90), ...beside };
  return [name, (given: object) => work({ ...always, ...given } as never), options];
}

/** Every stage of a rotation of a profile with one key. */
function rotationCalls(): readonly PublicCall[] {
  const policy = { maxReaderStalenessSeconds: 0 };
  const ofRegion = { ring: regionRing };
  const planned = rotation.plan({ env, mainKey: profileOf(), region, policy, ...ofRegion });
  const started = rotation.start({ env, ...planned, ...ofRegion });
  const { job, mainKey } = started;
  const keys = [job.from, job.to].map((ref) => {
    const versions = { profile: mainKey, version: ref.version, ...ofRegion };
    return { ref, key: hierarchy.openProfile(versions) };
  });
  const both = hierarchy.createKeyRing({ keys });
  const details = { keyId: 'k1', owner: 'acme', attributes: PIN_ATTRIBUTES };
  const made = hierarchy.createCustomerKey({
    env,
    profile: mainKey,
    ring: both,
    ...details,
  }).record;
  const [oldSlot] = made.slots;
  const old = { ...made, slots: oldSlot === undefined ? [] : [oldSlot] };
  const [task] = rotation.tasks({ job, mainKey, records: [old] });
  const result = rotation.run({ task: some(task), ring: both });
  const applied = rotation.apply({ env, job, results: [result] });
  const put = some(applied.writes[0]);
  const done = hierarchy.applyWrite({ record: old, write: put }) as hierarchy.CustomerKeyRecord;
  const [verifyTask] = rotation.verifyTasks({ job: applied.job, mainKey, records: [done] });
  const verified = rotation.verifyRun({ task: some(verifyTask), ring: both });
  const results = [verified];
  const folded = rotation.verifyFold({ env, job: applied.job, results, count: 1 });
  const promoted = rotation.promote({ env, job: folded.job, mainKey });
  const cleaning = rotation.startCleanup({ env, job: promoted.job, mainKey: promoted.mainKey });
  const clean = { job: cleaning.job, mainKey: cleaning.mainKey };
  const [cleanupTask] = rotation.cleanupTasks({ ...clean, records: [done] });
  const cleaned = rotation.cleanupRun({ task: some(cleanupTask), ring: both });
  const swept = rotation.cleanupApply({ env, job: cleaning.job, results: [cleaned] });
  const drop = some(swept.writes[0]);
  const ended = { job: swept.job, mainKey: cleaning.mainKey };
  const retired = rotation.retire({ env, ...ended, stragglers: 0 });
  const now = { job, mainKey };
  const failures = [{ recordId: 'k1', code: 'STALE_VERSION' }];
  const ofBoth = { ring: both };
  return [
    call('plan', rotation.plan, { mainKey: profileOf(), region, policy }, ofRegion),
    call('start', rotation.start, { job: planned.job, mainKey: planned.mainKey }, ofRegion),
    call('tasks', rotation.tasks, { ...now, records: [old] }),
    call('run', rotation.run, { task }, ofBoth),
    call('apply', rotation.apply, { job, results: [result] }),
    call('verifyTasks', rotation.verifyTasks, { job: applied.job, mainKey, records: [done] }),
    call('verifyRun', rotation.verifyRun, { task: verifyTask }, ofBoth),
    call('verifyFold', rotation.verifyFold, { job: applied.job, results, count: 1 }),
    call('promote', rotation.promote, { job: folded.job, mainKey }),
    call('rollback', rotation.rollback, { job: promoted.job, mainKey: promoted.mainKey }),
    call('startCleanup', rotation.startCleanup, { job: promoted.job, mainKey: promoted.mainKey }),
    call('cleanupTasks', rotation.cleanupTasks, { ...clean, records: [done] }),
    call('cleanupRun', rotation.cleanupRun, { task: cleanupTask }, ofBoth),
    call('cleanupApply', rotation.cleanupApply, { job: cleaning.job, results: [cleaned] }),
    call('retire', rotation.retire, { ...ended, stragglers: 0 }),
    call('destroy', rotation.destroy, {
      mainKey: retired.mainKey,
      version: job.from.version,
      graceSeconds: 0,
      stragglers: 0,
    }),
    call('pause', rotation.pause, now),
    call('resume', rotation.resume, { job: { ...job, paused: true }, mainKey }),
    call('abort', rotation.abort, now),
    call('rotation.status', rotation.status, { job, failures }),
    call('impact', rotation.impact, { records: [old, profileOf()], ref: job.from }),
    call('applyWrite of a block', hierarchy.applyWrite, { record: old, write: put }),
    call('applyWrite of no block', hierarchy.applyWrite, { record: done, write: drop }),
    call('auditHierarchy', hierarchy.auditHierarchy, { records: [region, mainKey, done, job] }),
  ];
}

/** Records at rest: keys, profiles, regions, devices. */
function recordCalls(): readonly PublicCall[] {
  const record = recordOf();
  const profile = profileOf();
  const marked = lifecycle.scheduleDeletion({ env, record, days: 7 }).record;
  const closed = lifecycle.closeAccount({ env, records: [record], days: 7 }).records;
  const kdh = { hsmId: 'hsm-1' };
  const { record: home } = hierarchy.createRegionKey({ env, regionId: 'eu-central-1', kdh });
  const hsm = mainKeys.createHsmRecord({ regionId: 'eu-central-1', hsmId: 'hsm-2' });
  const digest = 'a'.repeat(64);
  const observed = { serial: 's', certificateDigest: digest, firmwareDigest: digest };
  const event = { type: 'validate', inventory: [observed], observed };
  const details = { keyId: 'new', owner: 'acme', attributes: PIN_ATTRIBUTES, tags: { a: 'b' } };
  const both = hierarchy.createKeyRing({
    keys: [
      { ref: regionRef, key: REGION_KEY },
      { ref: profileRef(1), key: PROFILE_KEYS[1] },
    ],
  });
  const change = { region, profile, config: { purpose: 'other' }, records: [record], count: 1 };
  const alias = { kind: 'alias', schema: 1, revision: 1, alias: 'pin', keyId: 'k1' };
  const operation = { action: 'test' };
  const approval = {
    by: 'alice',
    role: 'custodian',
    at: env.at.toISOString(),
    operationDigest: approvals.digest(operation),
  };
  const rules = [{ when: { keyUsages: ['P0'] }, requireOneOf: ['a'] }];
  return [
    call('openCustomerKey', hierarchy.openCustomerKey, { record, profile }),
    call('exportCustomerKey', hierarchy.exportCustomerKey, { record, profile }),
    call('createCustomerKey', hierarchy.createCustomerKey, { profile, ...details }),
    call('openProfile', hierarchy.openProfile, { profile }, { ring: regionRing }),
    call('recordId', ({ record: of }: never) => hierarchy.recordId(of), { record }),
    call('scheduleDeletion', lifecycle.scheduleDeletion, { record, days: 7 }),
    call('restore', lifecycle.restore, { record: marked }),
    call('stop', lifecycle.stop, { record }),
    call('closeAccount', lifecycle.closeAccount, { records: [record], days: 7 }),
    call('reactivateAccount', lifecycle.reactivateAccount, { records: closed }),
    call('tags.evaluate', tags.evaluate, { record, rules }),
    call('createAlias', hierarchy.createAlias, { alias: 'pin', record }),
    call('isDue', mainKeys.isDue, { record: home }),
    call('markCompromised', mainKeys.markCompromised, { record: home, version: 1 }),
    call('applyHsmEvent', mainKeys.applyHsmEvent, { record: hsm, region: home, event }),
    call('hsmOperation', mainKeys.hsmOperation, { record: hsm, event: 'quarantine' }),
    call('allReceipts', mainKeys.allReceipts, { record: home, version: 1, hsms: [hsm] }),
    call('createArchiveManifest', mainKeys.createArchiveManifest, {
      regionId: 'eu-central-1',
      records: [home, hsm],
    }),
    call('changeConfig', hierarchy.changeConfig, change, { ring: both }),
    call('repointAlias', hierarchy.repointAlias, { record: alias, expected: 'k1', keyId: 'k2' }),
    call('sharing.check', sharing.check, { records: [record] }),
    call('approvals.require', approvals.require, {
      operation,
      approvals: [approval],
      policy: { count: 1 },
    }),
    call('planRestore', mainKeys.planRestore, { record: home, hsm, approvals: [] }),
  ];
}

/** A ledger with a key and an alias, in flight and at rest. */
function replicationCalls(): readonly PublicCall[] {
  const origin = new Region(ORIGIN);
  const destination = new Region(DESTINATION);
  const at = later(0);
  const pair = establishedPair(origin, destination);
  const events = [origin.create('k1'), origin.alias('card', 'k1', 1)];
  const asked = replication.reduce({ env: at, ledger: openLedger(pair), events });
  const exported = origin.execute(some(asked.commands[0]), at);
  const ledger = settle(asked, [origin, destination], at);
  const stopped = replication.reduce({ env: at, ledger, events: [origin.stop('k1')] });
  const [command] = stopped.commands;
  const failed = { command, outcome: 'failed', code: 'THROTTLED', retryAfter: '2030-01-01' };
  const told = [origin.start('k1'), origin.tag('k1', { a: 'b' }), origin.alias('x', 'k1', 9)];
  const inventory = origin.inventory();
  const copies = [{ regionId: DESTINATION, inventory: destination.inventory() }];
  const record = destination.get('k1');
  const drained = replication.drain({ env: at, ledger, pairId: 'pair', replicas: 'keep' }).ledger;
  const health = { [ORIGIN]: 'down', [DESTINATION]: 'up' };
  const keys = [recordOf()];
  return [
    call('reduce', replication.reduce, { ledger, events: told }),
    call('apply of an export', replication.apply, { ledger: asked.ledger, results: [exported] }),
    call('apply of a failure', replication.apply, { ledger: stopped.ledger, results: [failed] }),
    call('retry', replication.retry, { ledger: stopped.ledger }),
    call('pendingCommands', replication.pendingCommands, { ledger: stopped.ledger }),
    call('replication.status', replication.status, { ledger }),
    call('selectRegion', replication.selectRegion, { ledger, keyId: 'k1', health }),
    call('drift', replication.drift, { ledger, origin: inventory, copies }),
    call('planBackfill', replication.planBackfill, { ledger, inventory }),
    call('promoteReplica', replication.promoteReplica, { ledger, regionId: DESTINATION }),
    call('drain', replication.drain, { ledger, pairId: 'pair', replicas: 'delete' }),
    call('disable', replication.disable, { ledger: drained, pair }),
    call('releaseGenerations', replication.releaseGenerations, { pair, ledgers: [ledger] }),
    call('carryOut', replication.carryOut, { record, command }),
    call('attach', replication.attach, { ledger, pair }),
    call('nextStep', replication.nextStep, { pair: { ...pair, state: 'exchanging' } }),
    call('nextGeneration', replication.nextGeneration, { pair }),
    call('inventoryOf', replication.inventoryOf, { records: keys }),
    call('uncarried', replication.uncarried, { kekBits: 256, keys }),
  ];
}

function some<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}

/** All of them. */
export const CALLS: readonly PublicCall[] = [
  ...rotationCalls(),
  ...recordCalls(),
  ...replicationCalls(),
];
