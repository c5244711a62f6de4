// A store in memory, and a small hierarchy in it: what the tests of rotation work on.

import { toHex, unwrapKey } from 'keyblock';
import {
  applyWrite,
  type ConditionalWrite,
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  type HeldRecord,
  type KeyRing,
  openProfile,
  type ProfileRecord,
  type RegionKeyRecord,
  type RotationJob,
  recordId,
  type SecretKey,
  type StoredRecord,
} from 'keyblock/hierarchy';

export const REGION = 'eu-central-1';
const START = new Date('2027-01-01T00:00:00Z');
export const KDH = { hsmId: 'hsm-1' };

/** Records by kind and ID, and nothing else: what survives a crash. */
export class Store {
  readonly records = new Map<string, StoredRecord>();

  /** Does one write; false on a conflict. */
  write(write: ConditionalWrite): boolean {
    const name = nameOf(write);
    const record = applyWrite({ record: this.records.get(name), write });
    if (record !== undefined) this.records.set(name, record);
    return record !== undefined;
  }

  /** Does writes in their order, and counts the conflicts. */
  writeAll(writes: readonly ConditionalWrite[]): number {
    return writes.filter((write) => !this.write(write)).length;
  }

  put(record: StoredRecord): void {
    this.records.set(`${record.kind}:${recordId(record)}`, record);
  }

  profile(profileId: string): ProfileRecord {
    return this.records.get(`profile:${REGION}/${profileId}`) as ProfileRecord;
  }

  get region(): RegionKeyRecord {
    return this.records.get(`region-key:${REGION}`) as RegionKeyRecord;
  }

  key(keyId: string): CustomerKeyRecord {
    return this.records.get(`customer-key:${keyId}`) as CustomerKeyRecord;
  }

  job(jobId: string): RotationJob | undefined {
    return this.records.get(`rotation-job:${jobId}`) as RotationJob | undefined;
  }

  /** Customer keys and profiles, as a table of each would give them. */
  held(): HeldRecord[] {
    return [...this.records.values()].filter(
      (record): record is HeldRecord => record.kind === 'customer-key' || record.kind === 'profile',
    );
  }

  customers(profileId?: string): CustomerKeyRecord[] {
    return this.held().filter(
      (record): record is CustomerKeyRecord =>
        record.kind === 'customer-key' &&
        (profileId === undefined || record.profileId === profileId),
    );
  }

  profiles(): ProfileRecord[] {
    return this.held().filter((record): record is ProfileRecord => record.kind === 'profile');
  }

  copy(): Store {
    const copy = new Store();
    for (const [name, record] of this.records) copy.records.set(name, record);
    return copy;
  }
}

function nameOf(write: ConditionalWrite): string {
  if (write.op === 'put-record') return `${write.next.kind}:${write.recordId}`;
  return `${write.version === undefined ? 'customer-key' : 'profile'}:${write.recordId}`;
}

/** A store with a region, and all keys that ever were in it: the truth to compare with. */
export interface World {
  readonly store: Store;
  /** Main keys of the region: what a device holds. */
  readonly regionKeys: Map<number, SecretKey>;
  /** The clear customer keys, in hex. */
  readonly truth: Map<string, string>;
  /** Seconds since the start. */
  clock: { seconds: number };
}

export function now({ clock }: World): Date {
  return new Date(START.getTime() + 1000 * clock.seconds);
}

/** A region with profiles `p1`, `p2`… and so many customer keys in each. */
export function createWorld(profiles: number, customers: number): World {
  const { record, secret } = createRegionKey({
    env: { at: START },
    regionId: REGION,
    kdh: KDH,
  });
  const world: World = {
    store: new Store(),
    regionKeys: new Map([[1, secret]]),
    truth: new Map(),
    clock: { seconds: 0 },
  };
  world.store.put(record);
  for (let p = 1; p <= profiles; p++) {
    const profileId = `p${p}`;
    addProfile(world, profileId);
    for (let c = 1; c <= customers; c++) addCustomer(world, profileId, `${profileId}-k${c}`);
  }
  return world;
}

/** Makes a profile under the region as it is. */
export function addProfile(world: World, profileId: string): void {
  const made = createProfile({
    env: { at: now(world) },
    region: world.store.region,
    ring: ringOf(world),
    profileId,
    config: { profileId },
  });
  world.store.writeAll(made.writes);
}

const SHAPES = [
  { keyUsage: 'P0', algorithm: 'A', keyBits: 128, modeOfUse: 'B', exportability: 'E' },
  { keyUsage: 'P0', algorithm: 'T', keyBits: 128, modeOfUse: 'E', exportability: 'N' },
  { keyUsage: 'B0', algorithm: 'A', keyBits: 256, modeOfUse: 'X', exportability: 'N' },
] as const;

/** Makes a customer key under the profile as it is, or as somebody remembers it. */
export function addCustomer(
  world: World,
  profileId: string,
  keyId: string,
  profile: ProfileRecord = world.store.profile(profileId),
): void {
  const attributes = SHAPES[world.truth.size % SHAPES.length] ?? SHAPES[0];
  const ring = profileRing(world, profile);
  const made = createCustomerKey({
    env: { at: now(world) },
    profile,
    ring,
    keyId,
    owner: 'shop',
    attributes,
  });
  world.store.writeAll(made.writes);
  world.truth.set(keyId, clearKey(made.record, ring));
}

/** The ring of a device: the main keys of the region. */
export function ringOf({ regionKeys }: World): KeyRing {
  return createKeyRing({
    keys: [...regionKeys].map(([version, key]) => ({ ref: { keyId: REGION, version }, key })),
  });
}

/** A ring with every version of a profile's main key that can be opened. */
export function profileRing(world: World, profile: ProfileRecord): KeyRing {
  const region = ringOf(world);
  return createKeyRing({
    keys: profile.versions
      .filter(({ state }) => ['pending', 'active', 'retiring'].includes(state))
      .map(({ version }) => ({
        ref: { keyId: `${REGION}/${profile.profileId}`, version },
        key: openProfile({ profile, version, ring: region }),
      })),
  });
}

/** The key that a block of a record holds, in hex. */
function clearKey(record: CustomerKeyRecord, ring: KeyRing): string {
  const [slot] = record.slots;
  const kbpk = slot && ring.secret(slot.under);
  if (slot === undefined || kbpk === undefined) throw new Error(`no block of ${record.keyId}`);
  return toHex(unwrapKey({ kbpk, keyBlock: slot.block }).key.expose());
}
