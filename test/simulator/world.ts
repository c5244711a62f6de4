/**
 * A deployment: regions with a store each, the main keys that their devices hold, the clock, the
 * faults, and beside all that the truth about every key, in plain text.
 */
import {
  type CustomerKeyRecord,
  createProfile,
  createRegionKey,
  type Env,
  KeyblockError,
  type KeyRef,
  type KeyRing,
  type ProfileRecord,
  type RegionKeyRecord,
  type SecretKey,
} from 'keyblock/hierarchy';
import type { TdesZeroBlock } from './check-values.js';
import { createRng, type Rng } from './rng.js';
import { createLeakDetector, type LeakDetector } from './secrets.js';
import { Store } from './store.js';
import { createTruths, type Truths } from './truth.js';
import { DeviceError, Violation } from './violation.js';

/** How long a copy of a profile may be held, and a message be under way. */
export const STALENESS_SECONDS = 600;

/** One region: its store, and the main keys that its devices hold. */
export interface Site {
  readonly regionId: string;
  readonly store: Store;
  /** `version` of the region main key. */
  readonly vault: Map<number, SecretKey>;
  readonly ring: KeyRing;
  readonly profileIds: readonly string[];
  readonly truths: Truths;
}

/** Everything there is. */
export interface World {
  readonly seed: number;
  readonly rng: Rng;
  readonly sites: readonly Site[];
  readonly leaks: LeakDetector;
  readonly tdes: TdesZeroBlock | undefined;
  /** What was refused last, for whoever looks into a failure. */
  refusal: string;
  readonly stats: Stats;
  /** Milliseconds. */
  now: number;
  /** Off while a world comes to rest. */
  faults: boolean;
  nextId: number;
}

/** How often what was done. */
export class Stats {
  readonly counts = new Map<string, number>();

  add(name: string, times = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + times);
  }
}

/** What a world is made from. */
export interface WorldOptions {
  readonly seed: number;
  readonly stats: Stats;
  readonly tdes?: TdesZeroBlock | undefined;
  readonly regions?: number | undefined;
  /** Whether another region may take over. */
  readonly failsOver?: boolean | undefined;
  /** Whether pairs of regions end, and begin anew. */
  readonly disables?: boolean | undefined;
}

/** Makes a world with one to three regions, each with one or two profiles. */
export function createWorld({ seed, stats, tdes, regions }: WorldOptions): World {
  const rng = createRng(seed);
  const world: World = {
    seed,
    rng,
    sites: [],
    leaks: createLeakDetector(),
    tdes,
    refusal: '',
    stats,
    now: Date.UTC(2027, 0, 1),
    faults: true,
    nextId: 1,
  };
  const names = ['eu-central-1', 'us-east-1', 'ap-south-1'].slice(0, regions ?? 1 + rng.int(2));
  const sites = names.map((regionId) => createSite(world, regionId));
  return Object.assign(world, { sites });
}

/** Opens a region: its main key in a vault, its profiles in its store. */
function createSite(world: World, regionId: string): Site {
  const truths = createTruths();
  const store = new Store(
    () => world.now,
    (before, after, write) => truths.observe(before, after, write),
  );
  const vault = new Map<number, SecretKey>();
  const ring: KeyRing = {
    secret: ({ keyId, version }: KeyRef) => (keyId === regionId ? vault.get(version) : undefined),
  };
  const env = envOf(world);
  const {
    record: region,
    secret,
    writes,
  } = createRegionKey({
    env,
    regionId,
    kdh: { hsmId: `${regionId}:hsm-1` },
  });
  vault.set(1, secret);
  world.leaks.add(secret.expose());
  for (const write of writes) store.apply(write);
  const profileIds = ['shop', 'bank'].slice(0, 1 + world.rng.int(2));
  for (const profileId of profileIds) {
    const config = { purpose: profileId, n: world.rng.int(9) };
    const made = createProfile({ env, region, ring, profileId, config });
    for (const write of made.writes) store.apply(write);
  }
  return { regionId, store, vault, ring, profileIds, truths };
}

/** Time and randomness of one call. */
export function envOf(world: World): Env {
  return { at: new Date(world.now), randomBytes: (length) => world.rng.bytes(length) };
}

export const profileKeyId = (site: Site, profileId: string): string =>
  `${site.regionId}/${profileId}`;

export function readProfile(site: Site, profileId: string): ProfileRecord {
  return must(site.store.read<ProfileRecord>(profileKeyId(site, profileId)));
}

export function readRegion(site: Site): RegionKeyRecord {
  return must(site.store.read<RegionKeyRecord>(site.regionId));
}

export function customerKeys(site: Site): CustomerKeyRecord[] {
  return site.store.all<CustomerKeyRecord>('customer-key');
}

/** What has to be there. */
export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the simulator lost something');
  return value;
}

/** Calls the library: what it throws has to be a `KeyblockError`, of one of the codes expected. */
export function attempt<T>(
  world: World,
  what: string,
  codes: readonly string[],
  call: () => T,
): T | undefined {
  try {
    return call();
  } catch (error) {
    return refused(world, what, codes, error);
  }
}

/** The same for what is asynchronous. */
export async function attemptAsync<T>(
  world: World,
  what: string,
  codes: readonly string[],
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    return refused(world, what, codes, error);
  }
}

function refused(world: World, what: string, codes: readonly string[], error: unknown): undefined {
  if (error instanceof Violation || error instanceof DeviceError) throw error;
  if (!(error instanceof KeyblockError)) {
    throw new Violation('only KeyblockError is thrown', `${what}: ${String(error)}`);
  }
  if (world.leaks.leaksIn(`${error.message} ${JSON.stringify(error)} ${error.stack}`)) {
    throw new Violation('I12 no secret in errors', what);
  }
  if (!codes.includes(error.code)) {
    throw new Violation(
      'unexpected refusal',
      `${what}: ${error.code} ${error.field} ${error.stack}`,
    );
  }
  world.stats.add(`refused ${what} ${error.code}`);
  world.refusal = `${what}: ${error.code} ${error.stack}`;
  return undefined;
}

/** Handed to a process that reads: clear bytes of a handle, which is destroyed. */
export function takeBytes(key: SecretKey): Uint8Array {
  const bytes = key.expose();
  key.destroy();
  return bytes;
}

/** All main keys of some sites. */
export function mainKeysOf(sites: readonly Site[]): (ProfileRecord | RegionKeyRecord)[] {
  return sites.flatMap((site) => [
    readRegion(site),
    ...site.profileIds.map((profileId) => readProfile(site, profileId)),
  ]);
}
