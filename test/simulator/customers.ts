/** What owners of keys do: make, take over, switch, tag, delete, restore and purge them. */
import {
  type AliasRecord,
  type ConditionalWrite,
  type CustomerKeyRecord,
  createAlias,
  createCustomerKey,
  type KeyAttributesInput,
  lifecycle,
  openCustomerKey,
  repointAlias,
  SecretKey,
} from 'keyblock/hierarchy';
import { checkValueOf } from './check-values.js';
import type { Held } from './held.js';
import type { Truth } from './truth.js';
import { hold } from './violation.js';
import { attempt, envOf, must, type Site, takeBytes, type World } from './world.js';

const DAY = 86_400_000;

const kind = (
  keyUsage: string,
  algorithm: string,
  keyBits: number,
  modeOfUse: string,
): Omit<KeyAttributesInput, 'exportability'> =>
  ({ keyUsage, algorithm, keyBits, modeOfUse }) as Omit<KeyAttributesInput, 'exportability'>;

/** Every kind of key that the simulator makes. */
const KINDS = [
  kind('P0', 'A', 128, 'B'),
  kind('P0', 'A', 256, 'E'),
  kind('D0', 'A', 192, 'D'),
  kind('K0', 'A', 256, 'B'),
  kind('K1', 'A', 128, 'D'),
  kind('M6', 'A', 128, 'C'),
  kind('B0', 'A', 256, 'X'),
  kind('E0', 'T', 128, 'X'),
  kind('B0', 'T', 128, 'X'),
  kind('C0', 'T', 128, 'G'),
  kind('P0', 'T', 192, 'D'),
  kind('M3', 'T', 192, 'V'),
  kind('V2', 'T', 128, 'C'),
  kind('M7', 'H', 256, 'C'),
  kind('M7', 'H', 512, 'G'),
] as const;

/** Attributes of a new key. */
function someAttributes(world: World): KeyAttributesInput {
  const { rng } = world;
  const exportability = rng.pick(['E', 'N', 'S'] as const);
  const version = rng.oneIn(4) ? { keyVersionNumber: rng.pick(['01', '7A']) } : {};
  return { ...rng.pick(KINDS), exportability, ...version };
}

/** Bytes of a key, as a handle. */
function handleOf(algorithm: string, bytes: Uint8Array): SecretKey {
  if (algorithm === 'H') return new SecretKey({ algorithm: 'HMAC', bytes, hash: 'SHA-256' });
  return new SecretKey({ algorithm: algorithm === 'A' ? 'AES' : 'TDES', bytes });
}

/** A new key, with the copy of the profile that its writer holds. Returns its ID if it was stored. */
export function create(world: World, site: Site, held: Held, keyId?: string): string | undefined {
  const { rng } = world;
  const id = keyId ?? `k${world.nextId++}`;
  const attributes = someAttributes(world);
  // Some are made by the library, which hands the clear key to whoever opens the record.
  const generated = attributes.algorithm !== 'H' && rng.oneIn(3);
  const bytes = generated ? undefined : rng.bytes(attributes.keyBits / 8);
  const tags: Record<string, string> = rng.oneIn(2) ? { KIF: `t${rng.int(99)}` } : {};
  const made = attempt(world, 'create', ['STATE_CONFLICT'], () =>
    createCustomerKey({
      env: envOf(world),
      profile: held.profile,
      ring: held.ring,
      keyId: id,
      owner: rng.pick(['ada', 'bob']),
      attributes,
      tags,
      ...(rng.oneIn(5) ? { enabled: false } : {}),
      ...(bytes && { key: handleOf(attributes.algorithm, bytes) }),
    }),
  );
  if (made === undefined) return undefined;
  const { record } = made;
  return store(world, site, made.writes, record, bytes ?? reveal(world, held, record));
}

/** The clear bytes of a record just made, by the copy of the profile that it was made with. */
function reveal(world: World, held: Held, record: CustomerKeyRecord): Uint8Array {
  const usable = { ...record, lifecycle: { state: 'create-complete', enabled: true } } as const;
  const { profile, ring } = held;
  return takeBytes(openCustomerKey({ record: usable, profile, ring, env: envOf(world) }).key);
}

/** Stores a new record, and notes the truth of it. */
export function store(
  world: World,
  site: Site,
  writes: readonly ConditionalWrite[],
  record: CustomerKeyRecord,
  bytes: Uint8Array,
): string | undefined {
  world.leaks.add(bytes);
  const expected = checkValueOf(record.attributes.algorithm, bytes, world.tdes);
  hold(
    expected === undefined || expected.value === record.kcv.value,
    'I3 check value is that of the key',
    () => `${record.keyId} ${record.kcv.value}`,
  );
  const known = site.store.read(record.keyId) !== undefined;
  const [write] = writes;
  const outcome = site.store.apply(must(write));
  hold((outcome === 'applied') === !known, 'IDs are never used again', () => record.keyId);
  if (outcome !== 'applied') return undefined;
  site.truths.keys.set(record.keyId, {
    keyId: record.keyId,
    profileId: record.profileId,
    bytes,
    attributes: record.attributes,
    owner: record.owner,
    life: { state: 'create-complete', enabled: record.lifecycle.enabled },
    tags: record.tags,
    under: new Set(record.slots.map(({ under }) => `${under.keyId} ${under.version}`)),
  });
  world.stats.add(`kind ${record.attributes.keyUsage}${record.attributes.algorithm}`);
  return record.keyId;
}

/** A change in the life of one key; told from the row as it is, or as it was a moment ago. */
export function change(
  world: World,
  site: Site,
  truth: Truth,
  { later = true }: { readonly later?: boolean } = {},
): string | undefined {
  const { rng } = world;
  const { keyId, life } = truth;
  const late = rng.oneIn(6) ? world.now - rng.int(60_000) : world.now;
  const record = site.store.readAsOf<CustomerKeyRecord>(keyId, late);
  if (record === undefined || truth.hostile !== undefined) return undefined;
  // A row of another key stood here for a while.
  if (record.keyId !== keyId) return undefined;
  const planned = later ? 'stop-later' : 'stop';
  const action = rng.pick(['stop', planned, 'start', 'delete', 'restore', 'purge', 'tag']);
  const env = envOf(world);
  const days = 3 + rng.int(5);
  const from = new Date(world.now + 1000 * (1 + rng.int(400)));
  const writes = attempt(world, action, ['STATE_CONFLICT'], () => {
    switch (action) {
      case 'stop':
        return lifecycle.stop({ env, record }).writes;
      case 'stop-later':
        return lifecycle.stop({ env, record, from }).writes;
      case 'start':
        return lifecycle.start({ env, record }).writes;
      case 'delete':
        return lifecycle.scheduleDeletion({ env, record, days }).writes;
      case 'restore':
        return lifecycle.restore({ env, record }).writes;
      case 'purge':
        return lifecycle.purge({ env, record }).writes;
      default: {
        const tags = { ...record.tags, [rng.pick(['KIF', 'Network'])]: `t${rng.int(99)}` };
        const next = { ...record, tags };
        const put = {
          op: 'put-record',
          recordId: keyId,
          expectedRevision: record.revision,
        } as const;
        return [{ ...put, next }] satisfies ConditionalWrite[];
      }
    }
  });
  const fresh = record.revision === site.store.read(keyId)?.revision;
  const isAllowed = mayDo(action, truth, world.now);
  if (fresh) {
    hold((writes !== undefined) === isAllowed, 'the table of lives', () => `${action} ${keyId}`);
  }
  const [write] = writes ?? [];
  if (write === undefined || site.store.apply(write) !== 'applied') return undefined;
  hold(isAllowed, 'a stale change is a conflict', () => `${action} ${keyId}`);
  switch (action) {
    case 'stop':
      truth.life = { ...life, enabled: false, stopAt: undefined };
      break;
    case 'stop-later':
      truth.life = { ...life, stopAt: from.getTime() };
      break;
    case 'start':
      truth.life = { ...life, enabled: true, stopAt: undefined };
      break;
    case 'delete':
      truth.life = {
        state: 'delete-pending',
        enabled: false,
        deleteAfter: world.now + days * DAY,
        cause: 'requested',
      };
      break;
    case 'restore':
      truth.life = { state: 'create-complete', enabled: false };
      break;
    case 'purge':
      truth.life = { state: 'delete-complete', enabled: false };
      break;
    default:
      truth.tags = (write as { next: CustomerKeyRecord }).next.tags;
  }
  return action;
}

/** The table of section 2.4, in the words of this file. */
function mayDo(action: string, { life }: Truth, now: number): boolean {
  const isOver = life.deleteAfter !== undefined && now >= life.deleteAfter;
  switch (action) {
    case 'restore':
      return life.state === 'delete-pending' && life.cause !== 'account-closed' && !isOver;
    case 'purge':
      return life.state === 'delete-pending' && isOver;
    case 'tag':
      return true;
    default:
      return life.state === 'create-complete';
  }
}

/** The account of one owner is closed, or comes back. */
export function account(world: World, site: Site): void {
  const owner = world.rng.pick(['ada', 'bob']);
  const truths = site.truths.live().filter((truth) => truth.owner === owner && !truth.hostile);
  const records = truths.flatMap(({ keyId }) => site.store.read<CustomerKeyRecord>(keyId) ?? []);
  const env = envOf(world);
  const close = world.rng.oneIn(3);
  const { writes } = close
    ? lifecycle.closeAccount({ env, records, days: 5 })
    : lifecycle.reactivateAccount({ env, records });
  const written = new Set(writes.map(({ recordId }) => recordId));
  for (const truth of truths) {
    const { life, keyId } = truth;
    const isOver = life.deleteAfter !== undefined && world.now >= life.deleteAfter;
    const expected = close
      ? life.state === 'create-complete'
      : life.state === 'delete-pending' && life.cause === 'account-closed' && !isOver;
    hold(written.has(keyId) === expected, 'C9 accounts', () => `${keyId} close=${close}`);
  }
  // A batch may be torn: each write stands for itself.
  for (const write of world.rng.oneIn(4) ? world.rng.some(writes) : writes) {
    if (site.store.apply(write) !== 'applied') continue;
    const truth = must(site.truths.keys.get(write.recordId));
    truth.life = close
      ? {
          state: 'delete-pending',
          enabled: false,
          deleteAfter: world.now + 5 * DAY,
          cause: 'account-closed',
        }
      : { state: 'create-complete', enabled: false };
  }
  world.stats.add(close ? 'account closed' : 'account reactivated');
}

/** An alias comes to be, or moves; the alias tells in a word what it stands for. */
export function alias(world: World, site: Site): void {
  const { rng, stats } = world;
  const name = rng.pick(['pin', 'mac']);
  const live = site.truths.live().filter(({ life }) => life.state === 'create-complete');
  if (live.length === 0) return;
  const { keyId } = rng.pick(live);
  const env = envOf(world);
  const record = site.store.read<AliasRecord>(`alias:${name}`);
  const isWrong = rng.oneIn(4);
  const expected = isWrong ? 'somebody-else' : record?.keyId;
  const moved = attempt(world, 'alias', ['STATE_CONFLICT'], () =>
    record === undefined
      ? createAlias({ env, alias: name, keyId })
      : repointAlias({ env, record, expected, keyId }),
  );
  const should = record === undefined || !isWrong;
  hold((moved !== undefined) === should, 'C14 compare-and-set of aliases', () => name);
  for (const write of moved?.writes ?? []) site.store.apply(write);
  stats.add('alias');
}
