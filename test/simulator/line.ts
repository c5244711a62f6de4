/**
 * A line of rotations: one main key, of a profile or of a region, the job that rotates it now, and
 * the messages of that job that are under way.
 */
import {
  type ConditionalWrite,
  type HeldRecord,
  type HsmSyncRecord,
  type KeyRing,
  type ProfileRecord,
  type RegionKeyRecord,
  type RotationJob,
  rotation,
  type SecretKey,
} from 'keyblock/hierarchy';
import { ringOf } from './readers.js';
import {
  attempt,
  customerKeys,
  envOf,
  must,
  profileKeyId,
  readRegion,
  type Site,
  STALENESS_SECONDS,
  type World,
} from './world.js';

/** Something under way: since when the records were read that it was made from. */
export interface Message<T> {
  readonly at: number;
  readonly body: T;
}

/** One main key and its rotations. */
export interface Line {
  readonly site: Site;
  readonly level: 'profile' | 'region';
  readonly profileId: string;
  readonly keyId: string;
  tasks: Message<Parameters<typeof rotation.run>[0]['task']>[];
  drops: Message<Parameters<typeof rotation.cleanupRun>[0]['task']>[];
  results: Message<ReturnType<typeof rotation.run>>[];
  dropResults: Message<ReturnType<typeof rotation.cleanupRun>>[];
  writes: Message<ConditionalWrite>[];
  /** The pending key of a region was lost with the process that made it. */
  isLost: boolean;
  /** A device has answered what it should not. */
  isLiedTo: boolean;
}

/** A line that does nothing yet. */
export function createLine(site: Site, level: Line['level'], profileId = ''): Line {
  const keyId = level === 'region' ? site.regionId : profileKeyId(site, profileId);
  const messages = { tasks: [], drops: [], results: [], dropResults: [], writes: [] };
  return { site, level, profileId, keyId, ...messages, isLost: false, isLiedTo: false };
}

export type MainKey = ProfileRecord | RegionKeyRecord;

/** Both records of a job as they are stored, or as they were a moment ago. */
export function recordsOf(
  line: Line,
  at?: number,
): { readonly job: RotationJob; readonly mainKey: MainKey } | undefined {
  const { store } = line.site;
  const read = <R extends MainKey | RotationJob>(id: string): R | undefined =>
    at === undefined ? store.read<R>(id) : store.readAsOf<R>(id, at);
  const mainKey = read<MainKey>(line.keyId);
  const job = mainKey?.jobId === undefined ? undefined : read<RotationJob>(mainKey.jobId);
  return mainKey && job && { job, mainKey };
}

export const mainKeyOf = (line: Line): MainKey => must(line.site.store.read<MainKey>(line.keyId));

/** The records that hold blocks under the main key, and those of others beside them. */
export function heldRecords(line: Line): HeldRecord[] {
  const { site, level } = line;
  return level === 'region' ? site.store.all<ProfileRecord>('profile') : customerKeys(site);
}

/** How many live records the store counts for this line. */
export function countOf(line: Line): number {
  return heldRecords(line).filter(
    (record) =>
      record.kind === 'profile' ||
      (record.profileId === line.profileId && record.lifecycle.state !== 'delete-complete'),
  ).length;
}

/** What a worker of the line opens blocks with. */
export function workRing(world: World, line: Line): KeyRing {
  if (line.level === 'region') return line.site.ring;
  return ringOf(world, line.site, mainKeyOf(line) as ProfileRecord);
}

export const devicesOf = (line: Line): HsmSyncRecord[] =>
  line.site.store.all<HsmSyncRecord>('hsm-sync');

/** Begins a rotation, or finds the one that is under way. */
export function plan(world: World, line: Line, crash: boolean): void {
  const { site } = line;
  const { rng } = world;
  const mainKey = mainKeyOf(line);
  const isCompromised = mainKey.versions.some((v) => v.state === 'active' && v.compromised);
  const job = mainKey.jobId === undefined ? undefined : site.store.read<RotationJob>(mainKey.jobId);
  const planned = attempt(world, 'plan', ['STATE_CONFLICT', ...lost(line)], () =>
    rotation.plan({
      env: envOf(world),
      mainKey,
      reason: isCompromised ? 'suspected-compromise' : 'cryptoperiod',
      policy: {
        maxReaderStalenessSeconds: STALENESS_SECONDS,
        promoteBeforeTranslated: isCompromised && rng.oneIn(2),
      },
      ...(job && { job }),
      ...(line.level === 'region'
        ? { kdh: { hsmId: `${site.regionId}:hsm-1` } }
        : { region: readRegion(site), ring: site.ring }),
    }),
  );
  if (planned === undefined) return;
  const { applied } = writeStep(world, line, planned.writes, crash);
  if (line.level === 'region' && planned.pending !== undefined && applied > 0) {
    keep(world, line, planned.job.to.version, planned.pending, crash && rng.oneIn(2));
  }
  world.stats.add(`plan ${line.level}`);
}

/** Without a pending key of the region, no profile can be wrapped under it. */
function lost({ site }: Line): string[] {
  const pending = readRegion(site).versions.find(({ state }) => state === 'pending');
  return pending === undefined || site.vault.has(pending.version) ? [] : ['UNKNOWN_KEY_VERSION'];
}

/** The pending key of a region goes to its device, or is lost with the process that made it. */
function keep(world: World, line: Line, version: number, pending: SecretKey, lose: boolean): void {
  world.leaks.add(pending.expose());
  line.isLost = lose;
  if (lose) world.stats.add('fault: pending region key lost');
  else line.site.vault.set(version, pending);
}

/** Stores what a step came to, in order; a crash leaves the beginning of it. */
export function writeStep(
  world: World,
  line: Line,
  writes: readonly ConditionalWrite[],
  crash = false,
): { readonly applied: number; readonly conflicts: number } {
  const reach = crash ? world.rng.int(writes.length + 1) : writes.length;
  if (reach < writes.length) world.stats.add('fault: torn step');
  let applied = 0;
  for (const write of writes.slice(0, reach)) {
    if (line.site.store.apply(write) !== 'applied') return { applied, conflicts: 1 };
    applied += 1;
  }
  return { applied, conflicts: 0 };
}
