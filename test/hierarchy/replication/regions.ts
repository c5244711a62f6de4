// Regions in memory, and a network between them that loses, repeats and reorders.

import { generateKey, type SecretKey } from 'keyblock';
import {
  type CustomerKeyRecord,
  createCustomerKey,
  createKeyRing,
  createProfile,
  createRegionKey,
  type Env,
  type KeyAttributes,
  type KeyRing,
  lifecycle,
  openProfile,
  type ProfileRecord,
  replication,
} from 'keyblock/hierarchy';

export const ORIGIN = 'eu-central-1';
export const DESTINATION = 'eu-west-1';
export const THIRD = 'us-east-1';
const START = new Date('2027-01-01T00:00:00.000Z');
export const DAY = 86_400_000;

/** The start, and so many milliseconds. */
export const later = (milliseconds: number): Env => ({
  at: new Date(START.getTime() + milliseconds),
});

export const AES_128: KeyAttributes = {
  keyUsage: 'P0',
  algorithm: 'A',
  keyBits: 128,
  modeOfUse: 'B',
  exportability: 'E',
  keyVersionNumber: '00',
};

const CALLER = { kind: 'caller' } as const;

/** A region with one profile, its keys, and the KEKs that it shares. */
export class Region {
  readonly regionId: string;
  readonly records = new Map<string, CustomerKeyRecord>();
  readonly aliases = new Map<string, string>();
  readonly keks = new Map<number, SecretKey>();
  readonly profile: ProfileRecord;
  readonly ring: KeyRing;
  /** What was carried out, in this order. */
  readonly executed: string[] = [];
  readonly #aliasOrder = new Map<string, number>();
  #events = 0;

  constructor(regionId: string) {
    this.regionId = regionId;
    const env = { at: START };
    const { record: region, secret } = createRegionKey({ env, regionId, kdh: { hsmId: 'hsm-1' } });
    const main = { ref: { keyId: regionId, version: 1 }, key: secret };
    const ofRegion = createKeyRing({ keys: [main] });
    const config = { purpose: 'test' };
    const profileId = 'shop';
    this.profile = createProfile({ env, region, ring: ofRegion, profileId, config }).record;
    const key = openProfile({ profile: this.profile, ring: ofRegion });
    this.ring = createKeyRing({ keys: [{ ref: { keyId: `${regionId}/shop`, version: 1 }, key }] });
  }

  get(keyId: string): CustomerKeyRecord {
    const record = this.records.get(keyId);
    if (record === undefined) throw new Error(`no ${keyId}`);
    return record;
  }

  /** The copy of a key of another region. */
  copyOf(keyId: string): CustomerKeyRecord | undefined {
    const copies = [...this.records.values()].filter(
      ({ replicaOf, lifecycle: { state } }) =>
        replicaOf?.keyId === keyId && state !== 'delete-complete',
    );
    if (copies.length > 1) throw new Error(`${copies.length} copies of ${keyId}`);
    return copies[0];
  }

  #base(sequence: number) {
    this.#events += 1;
    const eventId = `${this.regionId}-${String(this.#events).padStart(6, '0')}`;
    return { eventId, sequence, regionId: this.regionId, source: CALLER };
  }

  create(keyId: string, attributes = AES_128, key?: SecretKey): replication.ReplicationEvent {
    const { profile, ring } = this;
    const { record } = createCustomerKey({
      env: { at: START },
      profile,
      ring,
      keyId,
      owner: 'shop',
      attributes,
      key,
    });
    this.records.set(keyId, record);
    return { ...this.#base(1), type: 'CreateKey', keyId, attributes, kcv: record.kcv };
  }

  #put(record: CustomerKeyRecord): number {
    this.records.set(record.keyId, record);
    return record.revision;
  }

  stop(keyId: string, env = later(0)): replication.ReplicationEvent {
    const sequence = this.#put(lifecycle.stop({ env, record: this.get(keyId) }).record);
    return { ...this.#base(sequence), type: 'StopKeyUsage', keyId };
  }

  start(keyId: string, env = later(0)): replication.ReplicationEvent {
    const sequence = this.#put(lifecycle.start({ env, record: this.get(keyId) }).record);
    return { ...this.#base(sequence), type: 'StartKeyUsage', keyId };
  }

  delete(keyId: string, days: number, env = later(0)): replication.ReplicationEvent {
    const { record } = lifecycle.scheduleDeletion({ env, record: this.get(keyId), days });
    const sequence = this.#put(record);
    const { deleteAfter = '' } = record.lifecycle;
    return { ...this.#base(sequence), type: 'DeleteKey', keyId, deleteAfter };
  }

  restore(keyId: string, env = later(0)): replication.ReplicationEvent {
    const sequence = this.#put(lifecycle.restore({ env, record: this.get(keyId) }).record);
    return { ...this.#base(sequence), type: 'RestoreKey', keyId };
  }

  tag(keyId: string, tags: Readonly<Record<string, string>>): replication.ReplicationEvent {
    const record = this.get(keyId);
    const revision = record.revision + 1;
    const sequence = this.#put({ ...record, revision, tags: { ...record.tags, ...tags } });
    return { ...this.#base(sequence), type: 'TagResource', keyId, tags };
  }

  untag(keyId: string, tagKeys: readonly string[]): replication.ReplicationEvent {
    const record = this.get(keyId);
    const left = Object.entries(record.tags).filter(([name]) => !tagKeys.includes(name));
    const revision = record.revision + 1;
    const sequence = this.#put({ ...record, revision, tags: Object.fromEntries(left) });
    return { ...this.#base(sequence), type: 'UntagResource', keyId, tagKeys };
  }

  /** Aliases have a sequence that orders them with the requests by them. */
  alias(alias: string, keyId: string | undefined, sequence: number): replication.AliasEvent {
    const type = keyId === undefined ? 'DeleteAlias' : 'UpdateAlias';
    if (keyId === undefined) this.aliases.delete(alias);
    else this.aliases.set(alias, keyId);
    return { ...this.#base(sequence), type, alias, keyId };
  }

  /** Purges what is over. */
  purge(env: Env): void {
    for (const record of this.records.values()) {
      const { state, deleteAfter = '' } = record.lifecycle;
      const isOver = state === 'delete-pending' && deleteAfter <= env.at.toISOString();
      if (isOver) this.records.set(record.keyId, lifecycle.purge({ env, record }).record);
    }
  }

  inventory(): readonly replication.InventoryItem[] {
    return replication.inventoryOf({ records: [...this.records.values()] });
  }

  /** Carries out a command with real keys, as an embedder would. */
  execute(command: replication.ReplicationCommand, env: Env): replication.CommandResult {
    try {
      return this.#execute(command, env);
    } catch (error) {
      const code = (error as { readonly code?: string }).code ?? 'INTERNAL';
      return { command, outcome: 'failed', code };
    }
  }

  #execute(command: replication.ReplicationCommand, env: Env): replication.CommandResult {
    const { profile, ring } = this;
    switch (command.type) {
      case 'exportTr31': {
        const record = this.records.get(command.keyId);
        if (record === undefined) return { command, outcome: 'gone' };
        const kek = this.#kek(command.generation);
        const keyBlock = replication.replicateBlock({ env, record, profile, ring, kek });
        return { command, outcome: 'done', keyBlock };
      }
      case 'importTr31':
        return this.#import(command, env);
      case 'putAlias': {
        const { alias, order, replicaKeyId } = command;
        const last = this.#aliasOrder.get(alias) ?? 0;
        if (order <= last) {
          const isSo = (this.aliases.get(alias) ?? null) === replicaKeyId;
          if (isSo) return { command, outcome: 'done' };
          return { command, outcome: 'failed', code: 'STATE_CONFLICT', order: last };
        }
        this.#aliasOrder.set(alias, order);
        if (replicaKeyId === null) this.aliases.delete(alias);
        else this.aliases.set(alias, replicaKeyId);
        return { command, outcome: 'done' };
      }
      case 'scheduleDeletion':
      case 'cancelDeletion':
      case 'setEnabled':
      case 'putTags': {
        const record = this.records.get(command.replicaKeyId);
        const { writes, record: next, result } = replication.carryOut({ env, record, command });
        if (writes.length > 0 && next !== undefined) {
          this.records.set(next.keyId, next);
          this.executed.push(command.type);
        }
        return result;
      }
    }
  }

  #import(command: replication.ImportTr31Command, env: Env): replication.CommandResult {
    const { keyId, order, originRegionId } = command;
    const copy = this.copyOf(keyId);
    if (copy !== undefined) return replication.answerImport({ record: copy, command });
    const { record } = replication.acceptBlock({
      ...command,
      env,
      kek: this.#kek(command.generation),
      profile: this.profile,
      ring: this.ring,
      owner: 'shop',
      // An ID is never used again.
      keyId: this.records.has(keyId) ? `${keyId}:${order}` : keyId,
      replicaOf: { regionId: originRegionId, keyId, order },
    });
    this.records.set(record.keyId, record);
    this.executed.push(command.type);
    return replication.answerImport({ record, command });
  }

  #kek(generation: number): SecretKey {
    const kek = this.keks.get(generation);
    if (kek === undefined)
      throw Object.assign(new Error('no KEK'), { code: 'UNKNOWN_KEY_VERSION' });
    return kek;
  }
}

/** A pair as it is when its exchange is done; the KEK is put into both regions. */
export function establishedPair(
  origin: Region,
  destination: Region,
  pairId = 'pair',
  kekBits: replication.KekBits = 256,
): replication.PairRecord {
  const env = later(0);
  let pair = replication.pair({
    env,
    pairId,
    origin: { regionId: origin.regionId, profileId: 'shop' },
    destination: { regionId: destination.regionId, profileId: 'shop' },
    kekBits,
    transport: 'tr34-ec',
    keys: [],
  });
  const kek = generateKey({ algorithm: 'AES', lengthBits: kekBits });
  pair = exchange(pair, kek);
  origin.keks.set(1, kek);
  destination.keks.set(1, kek);
  return pair;
}

let nonces = 0;

/** What the regions answer to a step of an exchange: the key travels by itself. */
export function answerStep(
  command: replication.ExchangeCommand,
  kek: SecretKey,
): replication.ExchangeResult {
  const done = { command, outcome: 'done' } as const;
  const party = { certificate: 'MIIB', rootCertificate: 'MIIC' };
  nonces += 1;
  switch (command.step) {
    case 'create-kek':
      return { ...done, kekId: `kek-o-${command.generation}`, kcv: kcvOf(kek) };
    case 'krd-parameters':
      return { ...done, ...party, nonce: `0123456789ABCDEF${String(nonces).padStart(8, '0')}` };
    case 'kdh-parameters':
      return { ...done, ...party };
    case 'export-kek':
      return { ...done, token: 'MIIDtoken' };
    case 'import-kek':
      return { ...done, kekId: `kek-d-${command.generation}`, kcv: kcvOf(kek) };
    case 'trust-krd-root':
    case 'trust-kdh-root':
    case 'delete-kek':
      return done;
  }
}

const kcvOf = (kek: SecretKey) => ({ method: 'cmac', value: kek.kcv() }) as const;

/** Runs an exchange to its end. */
export function exchange(
  pair: replication.PairRecord,
  kek: SecretKey,
  env = later(0),
): replication.PairRecord {
  let record = pair;
  for (;;) {
    const command = replication.nextStep({ env, pair: record });
    if (command === undefined) return record;
    const result = answerStep(command, kek);
    record = replication.applyStep({ env, pair: record, result }).pair;
  }
}

/** A ledger of the origin with pairs to other regions. */
export function openLedger(...pairs: readonly replication.PairRecord[]): replication.ReplicaLedger {
  const env = later(0);
  let ledger = replication.createLedger({ env, ledgerId: 'cards', regionId: ORIGIN });
  for (const pair of pairs) ledger = replication.attach({ env, ledger, pair }).ledger;
  return ledger;
}

/** The step after commands that were carried out, and answered so that nobody knows. */
export function unknown(
  { ledger, commands }: replication.ReplicationStep,
  regions: readonly Region[],
  env: Env,
): replication.ReplicationStep {
  const results = commands.map((command) => {
    regions.find(({ regionId }) => regionId === command.regionId)?.execute(command, env);
    return { command, outcome: 'failed', code: 'TIMEOUT' } as const;
  });
  return replication.apply({ env, ledger, results });
}

/** Carries out commands, and theirs, until there are none. */
export function settle(
  step: replication.ReplicationStep,
  regions: readonly Region[],
  env: Env,
): replication.ReplicaLedger {
  let { ledger, commands } = step;
  for (let round = 0; commands.length > 0; round++) {
    if (round > 50) throw new Error('no end of commands');
    const results = commands.map((command) => {
      const region = regions.find(({ regionId }) => regionId === command.regionId);
      if (region === undefined) throw new Error(`no ${command.regionId}`);
      return region.execute(command, env);
    });
    ({ ledger, commands } = replication.apply({ env, ledger, results }));
  }
  return ledger;
}

/** The entry of a key, which has to be there. */
export function entryOf(
  ledger: replication.ReplicaLedger,
  keyId: string,
  regionId = DESTINATION,
): replication.ReplicaLedgerEntry {
  const entry = ledger.keys[keyId]?.replicas[regionId];
  if (entry === undefined) throw new Error(`no entry of ${keyId} in ${regionId}`);
  return entry;
}
