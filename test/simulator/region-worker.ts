/** What a region does with a command of replication: as the documents say, and a crash now and then. */
import {
  type AliasRecord,
  type ConditionalWrite,
  type CustomerKeyRecord,
  replication,
} from 'keyblock/hierarchy';
import type { Pair } from './pairs.js';
import { codeOf, readHeld } from './readers.js';
import { hold, Violation } from './violation.js';
import { envOf, must, type Site, type World } from './world.js';

type Command = replication.ReplicationCommand;
type Result = replication.CommandResult;

/** Carries a command out. Undefined where the process died before it answered. */
export function carryOut(
  world: World,
  sites: readonly Site[],
  pairs: readonly Pair[],
  command: Command,
  isAwaited: boolean,
): Result | undefined {
  const site = must(sites.find(({ regionId }) => regionId === command.regionId));
  let result: Result;
  try {
    result = execute(world, site, sites, pairs, command, isAwaited);
  } catch (error) {
    if (error instanceof NoKek && isAwaited) {
      throw new Violation('a KEK in use is not released', command.commandId);
    }
    const code = error instanceof NoKek ? 'UNKNOWN_KEY_VERSION' : codeOf(error);
    world.stats.add(`command ${command.type} ${code}`);
    result = { command, outcome: 'failed', code };
  }
  world.stats.add(`command ${command.type} ${result.outcome}`);
  if (world.faults && world.rng.oneIn(8)) {
    world.stats.add('fault: died between effect and answer');
    return undefined;
  }
  if (world.faults && result.outcome === 'done' && world.rng.oneIn(4)) {
    world.stats.add('fault: done, and answered with a time-out');
    return { command, outcome: 'failed', code: 'TIMEOUT' };
  }
  return result;
}

/** The region has not got the KEK any more: of a command that was answered long ago, say. */
class NoKek extends Error {}

function execute(
  world: World,
  site: Site,
  sites: readonly Site[],
  pairs: readonly Pair[],
  command: Command,
  isAwaited: boolean,
): Result {
  const { store } = site;
  const env = envOf(world);
  const { profile, ring } = readHeld(world, site, 'shop');
  const kekOf = ({ pairId, generation }: { pairId: string; generation: number }) =>
    pairs
      .find(({ record }) => record.pairId === pairId)
      ?.keks.get(site.regionId)
      ?.get(generation);
  switch (command.type) {
    case 'exportTr31': {
      const record = store.read<CustomerKeyRecord>(command.keyId);
      if (record === undefined) return { command, outcome: 'gone' };
      const kek = kekOf(command);
      if (kek === undefined) throw new NoKek();
      const keyBlock = replication.replicateBlock({ env, record, profile, ring, kek });
      return { command, outcome: 'done', keyBlock };
    }
    case 'importTr31': {
      const known = store.read<CustomerKeyRecord>(command.keyId);
      if (known !== undefined) return replication.answerImport({ record: known, command });
      const kek = kekOf(command);
      if (kek === undefined) throw new NoKek();
      const { keyId, order, originRegionId: regionId } = command;
      const truth = must(
        sites.map(({ truths }) => truths.keys.get(keyId)).find((known) => known !== undefined),
      );
      if (regionId === site.regionId) world.stats.add('import with its own region as origin');
      const { owner } = truth;
      const replicaOf = { regionId, keyId, order };
      const made = replication.acceptBlock({
        ...command,
        env,
        kek,
        profile,
        ring,
        owner,
        replicaOf,
      });
      if (!save(world, site, made.writes)) throw new Violation('an import is stored', keyId);
      ordersOf(store).set(keyId, order);
      const life = lifeOf(made.record);
      site.truths.keys.set(keyId, {
        ...truth,
        life,
        tags: made.record.tags,
        profileId: 'shop',
        under: new Set(),
      });
      return replication.answerImport({ record: made.record, command });
    }
    case 'putAlias': {
      const id = `alias:${command.alias}`;
      const before = store.read<AliasRecord>(id);
      const revision = before?.revision ?? 0;
      const next: AliasRecord = {
        kind: 'alias',
        schema: 1,
        revision: revision + 1,
        alias: command.alias,
        ...(command.replicaKeyId === null ? {} : { keyId: command.replicaKeyId }),
      };
      const seen = ordersOf(store);
      if ((seen.get(id) ?? -1) < command.order) {
        seen.set(id, command.order);
        store.apply({ op: 'put-record', recordId: id, expectedRevision: revision, next });
      }
      return { command, outcome: 'done' };
    }
    default:
      return changeReplica(world, site, command, isAwaited);
  }
}

/** A command about a copy: what is not later than the last one changes nothing. */
function changeReplica(
  world: World,
  site: Site,
  command: replication.ReplicaChangeCommand,
  isAwaited: boolean,
): Result {
  const { store, truths } = site;
  const { replicaKeyId: id, order } = command;
  const record = store.read<CustomerKeyRecord>(id);
  const done = replication.carryOut({ env: envOf(world), record, command });
  const last = ordersOf(store).get(id) ?? 0;
  const isLate = order <= last;
  hold(!isAwaited || order >= last, 'what is awaited is not late', () => command.commandId);
  if (isLate) {
    world.stats.add('command late');
    hold(done.writes.length === 0, 'a late command changes nothing', () => command.commandId);
  }
  const { result } = done;
  if (command.type === 'scheduleDeletion' && result.outcome === 'done') {
    hold(result.deleteAfter !== undefined, 'a deletion has a time', () => command.commandId);
  }
  if (isLate || result.outcome !== 'done') return result;
  if (!save(world, site, done.writes)) throw new Violation('a change is stored', id);
  ordersOf(store).set(id, order);
  const truth = must(truths.keys.get(id));
  const row = must(store.read<CustomerKeyRecord>(id));
  hold(isDone(command, must(record), row), 'what is answered is done', () => command.commandId);
  if (record?.replicaOf === undefined) world.stats.add('a key became a copy');
  truth.life = lifeOf(row);
  truth.tags = row.tags;
  return result;
}

/** Whether a copy is as the command says. */
function isDone(
  command: replication.ReplicaChangeCommand,
  before: CustomerKeyRecord,
  { lifecycle, tags, replicaOf }: CustomerKeyRecord,
): boolean {
  if (replicaOf?.order !== command.order || replicaOf.keyId !== command.keyId) return false;
  switch (command.type) {
    case 'setEnabled':
      return lifecycle.enabled === command.enabled;
    case 'putTags':
      return JSON.stringify(tags) === JSON.stringify(command.tags);
    case 'cancelDeletion':
      if (before.lifecycle.state === 'create-complete') return true;
      return lifecycle.state === 'create-complete' && !lifecycle.enabled;
    default:
      return lifecycle.state === 'delete-pending' && !lifecycle.enabled;
  }
}

/** The last order that a region has carried out, by key and by alias. */
const orders = new WeakMap<Site['store'], Map<string, number>>();

function ordersOf(store: Site['store']): Map<string, number> {
  const known = orders.get(store) ?? new Map<string, number>();
  orders.set(store, known);
  return known;
}

function save(world: World, site: Site, writes: readonly ConditionalWrite[]): boolean {
  const outcomes = writes.map((write) => site.store.apply(write));
  world.stats.add('replica writes', outcomes.length);
  return outcomes.every((outcome) => outcome === 'applied');
}

/** The life of a copy: what its row says, since commands made it so. */
export function lifeOf({ lifecycle }: CustomerKeyRecord): {
  state: 'create-complete' | 'delete-pending' | 'delete-complete';
  enabled: boolean;
  deleteAfter: number | undefined;
  cause: string | undefined;
} {
  const { enabled, deleteAfter, cause } = lifecycle;
  const state = lifecycle.state as 'create-complete' | 'delete-pending' | 'delete-complete';
  const until = state === 'delete-pending' && deleteAfter ? Date.parse(deleteAfter) : undefined;
  return { state, enabled, deleteAfter: until, cause };
}
