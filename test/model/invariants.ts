// The safety invariants of a rotation, checked against clear keys that the store never sees.

import { KeyblockError, parseHeader, type SecretKey, toHex, unwrapKey } from 'keyblock';
import {
  type BlockSlot,
  type ConditionalWrite,
  type CustomerKeyRecord,
  createKeyRing,
  openCustomerKey,
  openProfile,
  type ProfileRecord,
} from 'keyblock/hierarchy';
import { REGION, ringOf, type World } from '../hierarchy/rotation/world.js';

const READABLE: readonly string[] = ['pending', 'active', 'retiring'];

/** Opens blocks once: the text of a block does not change, and the same text holds the same key. */
export class Opener {
  readonly #world: World;
  readonly #mainKeys = new Map<string, SecretKey>();
  readonly #blocks = new Map<string, string>();
  readonly #reads = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** The main key of a version of a profile. */
  mainKey(profile: ProfileRecord, version: number): SecretKey {
    const name = `${profile.profileId}/${version}`;
    const known = this.#mainKeys.get(name);
    if (known !== undefined) return known;
    const key = openProfile({ profile, version, ring: ringOf(this.#world) });
    this.#mainKeys.set(name, key);
    return key;
  }

  /** What a block holds, in hex; or the code of its refusal. */
  open(profile: ProfileRecord, { under, block }: BlockSlot): string {
    const name = `${under.version}${block}`;
    const known = this.#blocks.get(name);
    if (known !== undefined) return known;
    const found = attempt(() =>
      toHex(
        unwrapKey({ kbpk: this.mainKey(profile, under.version), keyBlock: block }).key.expose(),
      ),
    );
    this.#blocks.set(name, found);
    return found;
  }

  /** Reads a key as an application does, with a profile as it remembers it. */
  read(record: CustomerKeyRecord, profile: ProfileRecord): string {
    const states = profile.versions.map(({ state }) => state);
    const name = [record.profileId, ...states, ...record.slots.map(({ block }) => block)].join();
    const known = this.#reads.get(name) ?? this.#readAnew(record, profile);
    this.#reads.set(name, known);
    return known;
  }

  #readAnew(record: CustomerKeyRecord, profile: ProfileRecord): string {
    const ring = createKeyRing({
      keys: profile.versions
        .filter(({ state }) => READABLE.includes(state))
        .map(({ version }) => ({
          ref: { keyId: `${REGION}/${profile.profileId}`, version },
          key: this.mainKey(profile, version),
        })),
    });
    const enabled = { ...record, lifecycle: { state: 'create-complete', enabled: true } as const };
    return attempt(() => toHex(openCustomerKey({ record: enabled, profile, ring }).key.expose()));
  }
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeyblockError) return error.code;
    throw error;
  }
}

/** What a rotation must not change in a record. */
type Fixed = Omit<CustomerKeyRecord, 'revision' | 'slots' | 'lineage' | 'lifecycle'>;

function fixedOf({ revision, slots, lineage, lifecycle, ...rest }: CustomerKeyRecord): Fixed {
  return rest;
}

/** Checks I1 to I4, I6 and I7 for what stands in the store now. */
export class Invariants {
  readonly opener: Opener;
  readonly #world: World;
  readonly #fixed = new Map<string, string>();
  readonly #highest = new Map<string, number>();
  readonly #checked = new WeakMap<CustomerKeyRecord, ProfileRecord>();

  constructor(world: World) {
    this.#world = world;
    this.opener = new Opener(world);
  }

  check(): void {
    const { store } = this.#world;
    for (const profile of store.profiles()) this.#checkVersions(profile.profileId, profile);
    this.#checkVersions('region', store.region);
    for (const record of store.customers()) this.#checkRecord(record);
    this.#checkDestroyed();
  }

  #checkRecord(record: CustomerKeyRecord): void {
    const { keyId, slots, lifecycle } = record;
    const profile = this.#world.store.profile(record.profileId);
    // Records are never changed: the same two agree as they did before.
    if (this.#checked.get(record) === profile) return;
    this.#checked.set(record, profile);
    const fixed = JSON.stringify(fixedOf(record));
    const before = this.#fixed.get(keyId) ?? fixed;
    this.#fixed.set(keyId, before);
    // I3 and I4: check value, attributes, owner, tags.
    if (fixed !== before) throw new Error(`I4: ${keyId} changed`);
    if (lifecycle.state === 'delete-complete') return;
    const versions = new Map(profile.versions.map((version) => [version.version, version.state]));
    const readable = slots.filter(({ under }) =>
      READABLE.includes(versions.get(under.version) ?? ''),
    );
    const keys = readable.map((slot) => this.opener.open(profile, slot));
    const truth = this.#world.truth.get(keyId);
    if (keys.length === 0) throw new Error(`I1: ${keyId} has no block that opens`);
    // I1 and I2: every block that may be opened does open, and holds the key.
    if (keys.some((key) => key !== truth)) throw new Error(`I2: ${keyId} ${keys.join()}`);
    const headers = new Set(readable.map(({ block }) => aboutTheKey(block)));
    if (headers.size > 1) throw new Error(`I2: ${keyId} says two things of its key`);
    const read = this.opener.read(record, profile);
    if (read !== truth) throw new Error(`I1: ${keyId} can not be read: ${read}`);
  }

  #checkDestroyed(): void {
    const { store } = this.#world;
    for (const { profileId, versions } of store.profiles()) {
      const gone = versions.filter(({ state }) => state === 'destroyed' || state === 'retired');
      for (const { version, state } of gone) {
        const left = store
          .customers(profileId)
          .filter(({ slots }) => slots.some(({ under }) => under.version === version));
        if (left.length > 0) throw new Error(`I6: ${state} v${version} holds ${left[0]?.keyId}`);
      }
    }
  }

  #checkVersions(
    name: string,
    { versions }: { readonly versions: readonly { version: number; state: string }[] },
  ): void {
    const count = (state: string) => versions.filter((version) => version.state === state).length;
    const isOrdered = versions.every(({ version }, i) => version === i + 1);
    const highest = this.#highest.get(name) ?? 0;
    this.#highest.set(name, versions.length);
    if (count('active') !== 1 || count('pending') > 1 || !isOrdered || versions.length < highest) {
      throw new Error(`I7: ${name} ${versions.map(({ state }) => state).join()}`);
    }
  }

  /** I5: the block that stays opens, under the active version, when the other one is dropped. */
  checkWrite(write: ConditionalWrite): void {
    if (write.op !== 'drop-slot' || write.version !== undefined) return;
    const record = this.#world.store.key(write.recordId);
    if (record.revision !== write.expectedRevision) return;
    const profile = this.#world.store.profile(record.profileId);
    const active = profile.versions.find(({ state }) => state === 'active')?.version;
    const kept = record.slots.find(({ under }) => under.version === active);
    const isSafe =
      kept !== undefined &&
      write.next.version !== active &&
      this.opener.open(profile, kept) === this.#world.truth.get(record.keyId);
    if (!isSafe) throw new Error(`I5: ${record.keyId} would lose its block`);
  }
}

/** A header without what speaks of the wrapping. */
function aboutTheKey(block: string): string {
  const { header } = parseHeader(block);
  const optionalBlocks = header.optionalBlocks.filter(({ id }) => !['KP', 'TS', 'WP'].includes(id));
  return JSON.stringify({ ...header, optionalBlocks });
}

/** What is left of a store when padding, revisions and times are put aside (I17, I19). */
export function logicalState(world: World): string {
  const { store } = world;
  const profiles = store.profiles().map(({ profileId, state, jobId, versions }) => ({
    profileId,
    state,
    jobId,
    versions: versions.map((version) => ({
      version: version.version,
      state: version.state,
      under: version.slots.map(({ under }) => under.version).sort(),
    })),
  }));
  const region = store.region.versions.map(({ version, state }) => ({ version, state }));
  const customers = store.customers().map((record) => ({
    ...fixedOf(record),
    lifecycle: record.lifecycle,
    under: record.slots.map(({ under }) => under.version).sort(),
  }));
  return JSON.stringify({ region, profiles, customers });
}
