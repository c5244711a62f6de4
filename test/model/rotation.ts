// The reference model: clear keys in a map, and a store that everything happens to in any order.

import {
  type ConditionalWrite,
  type CustomerKeyRecord,
  lifecycle,
  type ProfileRecord,
  rotation,
} from 'keyblock/hierarchy';
import { begin, countOf, drive, mainKeyOf, scanOf } from '../hierarchy/rotation/drive.js';
import { addCustomer, now, profileRing, ringOf, type World } from '../hierarchy/rotation/world.js';
import { Invariants } from './invariants.js';

const PROFILE = 'p1';

/** How long a reader may keep a profile: the policy of every job here. */
const STALENESS = 60;

/** What happens to the writes of one step. */
export type Fault = 'none' | 'torn' | 'lost' | 'late' | 'reversed';

/** One thing that happens. Numbers choose among what there is at the time. */
export type Operation =
  | { readonly kind: 'create'; readonly age: number }
  | { readonly kind: 'delete' | 'restore' | 'stop' | 'start' | 'purge'; readonly key: number }
  | {
      readonly kind: 'drive';
      readonly driver: number;
      readonly fault: Fault;
      readonly stale: boolean;
      readonly some: number;
      readonly steps: number;
    }
  | { readonly kind: 'crash'; readonly driver: number }
  | { readonly kind: 'deliver' | 'repeat'; readonly write: number }
  | { readonly kind: 'rollback' | 'abort' | 'pause' | 'resume' }
  | { readonly kind: 'read'; readonly key: number; readonly age: number }
  | { readonly kind: 'tick'; readonly seconds: number };

type Step = rotation.RotateStep;

/** A process that rotates. */
interface Driver {
  readonly jobId: string;
  readonly steps: AsyncGenerator<Step, void, void>;
}

/** What an application remembers of a profile, and since when. */
interface Memory {
  readonly profile: ProfileRecord;
  readonly seconds: number;
}

/** A world, the processes in it, and what they do to each other. */
export class Model {
  readonly world: World;
  readonly invariants: Invariants;
  /** How often each thing was really done: a run that does nothing is to be seen. */
  readonly done = new Map<string, number>();
  readonly #drivers: (Driver | undefined)[] = [undefined, undefined];
  readonly #late: { readonly write: ConditionalWrite; readonly seconds: number }[] = [];
  readonly #past: ConditionalWrite[] = [];
  readonly #memory: Memory[];
  readonly #rows = new Map<string, CustomerKeyRecord[]>();
  #created = 0;

  /** The clear keys by their IDs, made and never rotated: what every block has to come to. */
  get reference(): World['truth'] {
    return this.world.truth;
  }

  constructor(world: World) {
    this.world = world;
    this.invariants = new Invariants(world);
    this.#memory = [{ profile: world.store.profile(PROFILE), seconds: 0 }];
  }

  /** Does one thing, and checks the invariants. */
  async run(operation: Operation): Promise<void> {
    await this.#perform(operation);
    this.invariants.check();
  }

  async #perform(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'create':
        return this.#create(operation.age);
      case 'delete':
      case 'restore':
      case 'stop':
      case 'start':
      case 'purge':
        return this.#live(operation.kind, operation.key);
      case 'drive':
        return this.#drive(operation);
      case 'crash':
        await this.#drivers[operation.driver]?.steps.return();
        this.#drivers[operation.driver] = undefined;
        return this.#count('crash');
      case 'deliver':
        return this.#deliver(operation.write);
      case 'repeat':
        return this.#again('repeat', this.#past[operation.write % this.#past.length]);
      case 'rollback':
      case 'abort':
      case 'pause':
      case 'resume':
        return this.#control(operation.kind);
      case 'read':
        return this.#read(operation.key, operation.age);
      case 'tick':
        this.world.clock.seconds += operation.seconds;
    }
  }

  #count(what: string): void {
    this.done.set(what, 1 + (this.done.get(what) ?? 0));
  }

  /** Does a write, and remembers what was there before. */
  #write(write: ConditionalWrite): boolean {
    const { store } = this.world;
    this.invariants.checkWrite(write);
    const isDone = store.write(write);
    this.#past.push(write);
    const row = store.key(write.recordId);
    if (row !== undefined) this.#rowsOf(row.keyId).push(row);
    this.#remember();
    return isDone;
  }

  #rowsOf(keyId: string): CustomerKeyRecord[] {
    const rows = this.#rows.get(keyId) ?? [];
    this.#rows.set(keyId, rows);
    return rows;
  }

  #remember(): void {
    const profile = this.world.store.profile(PROFILE);
    if (profile === this.#memory.at(-1)?.profile) return;
    this.#memory.push({ profile, seconds: this.world.clock.seconds });
  }

  /** A profile as an application remembers it that may keep it for a minute. */
  #remembered(age: number): ProfileRecord {
    const oldest = this.world.clock.seconds - STALENESS;
    // What was replaced within the last minute may still be in use.
    const usable = this.#memory.filter(
      (_, i) => (this.#memory[i + 1]?.seconds ?? Number.POSITIVE_INFINITY) > oldest,
    );
    const memory = usable[Math.max(0, usable.length - 1 - age)];
    if (memory === undefined) throw new Error('nothing is remembered');
    return memory.profile;
  }

  /** Some make keys with a profile that is not quite new: an importer that knows of no rotation. */
  #create(age: number): void {
    const keyId = `new-${++this.#created}`;
    addCustomer(this.world, PROFILE, keyId, this.#remembered(age));
    this.#rowsOf(keyId).push(this.world.store.key(keyId));
    this.#count('create');
  }

  #live(kind: 'delete' | 'restore' | 'stop' | 'start' | 'purge', key: number): void {
    const writes = this.#lifeWrites(kind, this.#pick(key));
    if (writes === undefined) return;
    for (const write of writes) this.#write(write);
    this.#count(kind);
  }

  /** What the life of a key allows at this time; undefined for all else. */
  #lifeWrites(
    kind: 'delete' | 'restore' | 'stop' | 'start' | 'purge',
    record: CustomerKeyRecord,
  ): readonly ConditionalWrite[] | undefined {
    const env = { at: now(this.world) };
    const { state, enabled, deleteAfter = '' } = record.lifecycle;
    if (state === 'create-complete') {
      if (kind === 'delete') return lifecycle.scheduleDeletion({ env, record, days: 3 }).writes;
      if (kind === 'stop' && enabled) return lifecycle.stop({ env, record }).writes;
      return kind === 'start' && !enabled ? lifecycle.start({ env, record }).writes : undefined;
    }
    if (state !== 'delete-pending') return undefined;
    const isOver = deleteAfter <= env.at.toISOString();
    if (kind === 'purge' && isOver) return lifecycle.purge({ env, record }).writes;
    return kind === 'restore' && !isOver ? lifecycle.restore({ env, record }).writes : undefined;
  }

  #pick(key: number): CustomerKeyRecord {
    const keys = this.world.store.customers(PROFILE);
    const record = keys[key % keys.length];
    if (record === undefined) throw new Error('there is no key');
    return record;
  }

  /**
   * A read with a profile as old as the policy allows; who is told so refreshes, and tries again.
   */
  #read(key: number, age: number): void {
    const record = this.#pick(key);
    if (record.lifecycle.state === 'delete-complete') return;
    const truth = this.world.truth.get(record.keyId);
    const profile = this.#remembered(age);
    const found = this.invariants.opener.read(record, profile);
    this.#count(found === truth ? 'read' : 'refresh');
    if (found === truth) return;
    // A key that is as old as the memory opens; only a younger one may need a newer profile.
    if (found !== 'UNKNOWN_KEY_VERSION' || !record.keyId.startsWith('new-')) {
      throw new Error(`${record.keyId} is not read: ${found}`);
    }
  }

  /** Some steps of a process. */
  async #drive({
    driver,
    fault,
    stale,
    some,
    steps,
  }: Extract<Operation, { kind: 'drive' }>): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#drivers[driver] ??= this.#launch();
      const run = this.#drivers[driver];
      const next = await run.steps.next();
      if (next.done === true) {
        this.#drivers[driver] = undefined;
        return;
      }
      this.#count(next.value.kind);
      this.#answer(next.value, fault, stale, some, run.jobId);
      this.invariants.check();
    }
  }

  #launch(): Driver {
    const write = (one: ConditionalWrite) => this.#write(one);
    const { job, mainKey } = begin(this.world, PROFILE, { write, staleness: STALENESS });
    const steps = rotation.rotate({
      job,
      mainKey,
      ring: ringOf(this.world),
      batch: 2,
      now: () => now(this.world),
    });
    return { jobId: job.jobId, steps };
  }

  #answer(step: Step, fault: Fault, stale: boolean, some: number, jobId: string): void {
    const { store } = this.world;
    switch (step.kind) {
      case 'writes':
        step.ack({ conflicts: this.#writeSome(step.writes, fault, some) });
        break;
      case 'checkpoint':
      case 'promote':
      case 'clean-up':
      case 'retire': {
        // The first that meets a conflict ends the transaction.
        const conflicts = step.writes.every((one) => this.#write(one)) ? 0 : 1;
        step.ack({ conflicts });
        break;
      }
      case 'reload': {
        const mainKey = mainKeyOf(this.world, PROFILE);
        const job = store.job(jobId);
        if (job !== undefined) step.provide({ job, mainKey });
        break;
      }
      case 'rescan': {
        const isLast = step.pass === 'clean-up';
        const rows = scanOf(this.world, PROFILE) as readonly CustomerKeyRecord[];
        const source = stale && !isLast ? rows.map((row) => this.#older(row, some)) : rows;
        step.provide(source, countOf(this.world, PROFILE));
        break;
      }
      case 'wait':
        this.world.clock.seconds += some % 2 === 0 ? STALENESS : 1;
        break;
      case 'progress':
      case 'blocked':
      case 'done':
        break;
    }
  }

  /** A row as a replica of the store may show it. */
  #older(row: CustomerKeyRecord, some: number): CustomerKeyRecord {
    const rows = this.#rowsOf(row.keyId);
    return rows[Math.max(0, rows.length - 1 - (some % 3))] ?? row;
  }

  #writeSome(writes: readonly ConditionalWrite[], fault: Fault, some: number): number {
    this.#count(`writes ${fault}`);
    const chosen = writes.filter((_, i) => fault === 'none' || ((some >> i) & 1) === 1);
    const others = writes.filter((write) => !chosen.includes(write));
    switch (fault) {
      case 'none':
      case 'torn':
        return chosen.filter((write) => !this.#write(write)).length + others.length;
      case 'lost':
        for (const write of chosen) this.#write(write);
        return 0;
      case 'late':
        for (const write of chosen) this.#write(write);
        this.#late.push(...others.map((write) => ({ write, seconds: this.world.clock.seconds })));
        return 0;
      case 'reversed':
        return [...writes].reverse().filter((write) => !this.#write(write)).length;
    }
  }

  /** A write may be half as late as a reader: what is older has failed for good. */
  #deliver(index: number): void {
    const [late] = this.#late.splice(index % this.#late.length, 1);
    if (late === undefined || late.seconds <= this.world.clock.seconds - STALENESS / 2) return;
    this.#again('deliver', late.write);
  }

  #again(kind: string, write: ConditionalWrite | undefined): void {
    if (write === undefined) return;
    this.#write(write);
    this.#count(kind);
  }

  #control(kind: 'rollback' | 'abort' | 'pause' | 'resume'): void {
    const mainKey = this.world.store.profile(PROFILE);
    const job = mainKey.jobId === undefined ? undefined : this.world.store.job(mainKey.jobId);
    if (job === undefined) return;
    const env = { at: now(this.world) };
    try {
      const current = kind === 'resume' ? job : rotation.resume({ env, job, mainKey }).job;
      const step = rotation[kind]({ env, job: { ...current, revision: job.revision }, mainKey });
      for (const write of step.writes) if (!this.#write(write)) return;
      this.#count(kind);
    } catch (error) {
      // Not at this time: that is for the state tables to test.
      if ((error as { code?: string }).code !== 'STATE_CONFLICT') throw error;
    }
  }

  /** Nothing goes wrong any more: what was begun is brought to its end, one way or the other. */
  async finish(): Promise<void> {
    for (const run of this.#drivers) await run?.steps.return();
    while (this.#late.length > 0) this.#deliver(0);
    this.#control('resume');
    const { jobId } = this.world.store.profile(PROFILE);
    if (jobId !== undefined) {
      const ended = await drive(this.world, PROFILE, { write: (one) => this.#write(one) });
      if (ended.last !== 'done') throw new Error(`ended ${ended.last}`);
    }
    this.invariants.check();
    this.#checkEnd();
  }

  /**
   * Every key that lives has one block, under the active version, and there is no other version.
   */
  #checkEnd(): void {
    const profile = this.world.store.profile(PROFILE);
    const active = profile.versions.find(({ state }) => state === 'active')?.version;
    const ring = profileRing(this.world, profile);
    if (ring.secret({ keyId: `eu-central-1/${PROFILE}`, version: active ?? 0 }) === undefined) {
      throw new Error('no version is active');
    }
    for (const { keyId, slots, lifecycle: life } of this.world.store.customers(PROFILE)) {
      const under = slots.map((slot) => slot.under.version);
      const isRight =
        life.state === 'delete-complete' ? under.length === 0 : under.join() === String(active);
      if (!isRight) throw new Error(`${keyId} is under ${under.join()} in the end`);
    }
  }
}
