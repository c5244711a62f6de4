/**
 * A rotation driven by `rotate`, step by step, beside everything else: killed at any step, its
 * batches torn and reordered, its scans read while others write.
 */
import {
  type HeldRecord,
  type ProfileRecord,
  type RotationJob,
  rotation,
} from 'keyblock/hierarchy';
import {
  countOf,
  devicesOf,
  heldRecords,
  type Line,
  type MainKey,
  recordsOf,
  writeStep,
} from './line.js';
import { isFault, mustBeEverywhere } from './queue-rotation.js';
import { hostileOf } from './verify.js';
import { DeviceError, hold } from './violation.js';
import { attemptAsync, must, type World } from './world.js';

/** One process that runs the loop, until it dies. */
export interface Loop {
  readonly line: Line;
  run?: AsyncGenerator<rotation.RotateStep<MainKey>, void, void> | undefined;
  jobId: string;
  waitUntil: number;
  /** Keys that were hostile already when the last scan to verify began, and when that was. */
  hostile: ReadonlySet<string>;
  scanBegan: number;
  isUrgent: boolean;
  blocked: string;
  /** What holds the main keys, where that is not the process itself. */
  readonly port: rotation.TranslatePort | undefined;
}

export const createLoop = (line: Line, port?: rotation.TranslatePort): Loop => ({
  line,
  port,
  jobId: '',
  waitUntil: 0,
  hostile: new Set(),
  scanBegan: 0,
  isUrgent: false,
  blocked: '',
});

/** How a run ended, where it did. */
export type LoopEnd = 'done' | 'aborted' | 'blocked' | 'refused' | 'nothing to do';

/** The next step of the loop; begins one where none runs. */
export async function stepLoop(world: World, loop: Loop): Promise<LoopEnd | undefined> {
  const { line } = loop;
  const { stats } = world;
  if (loop.run === undefined) {
    const known = recordsOf(line);
    if (known === undefined) return 'nothing to do';
    loop.isUrgent = known.job.policy.promoteBeforeTranslated === true;
    loop.jobId = known.job.jobId;
    loop.run = begin(world, loop, known);
    loop.waitUntil = 0;
    stats.add('loop: begun');
  }
  if (world.now < loop.waitUntil) return undefined;
  const { run } = loop;
  const codes = ['STATE_CONFLICT', 'UNKNOWN_KEY_VERSION', 'STALE_VERSION'];
  const next = await attemptAsync(world, 'rotate', codes, () => run.next()).catch(deviceFailed);
  if (next === undefined || next.done === true) {
    loop.run = undefined;
    return next === undefined ? 'refused' : undefined;
  }
  const end = carryOut(world, loop, next.value);
  if (end !== undefined || isFault(world, 25)) {
    if (end === undefined) stats.add('fault: loop killed');
    loop.run = undefined;
  }
  return end;
}

/** A device that fails ends the run, and nothing else. */
function deviceFailed(error: unknown): undefined {
  if (!(error instanceof DeviceError)) throw error;
}

function begin(
  world: World,
  { line, port }: Loop,
  known: { readonly job: RotationJob; readonly mainKey: MainKey },
): AsyncGenerator<rotation.RotateStep<MainKey>, void, void> {
  return rotation.rotate<MainKey>({
    ...known,
    ring: line.site.ring,
    ...(port && { port }),
    now: () => new Date(world.now),
    batch: 1 + world.rng.int(6),
    randomBytes: (length) => world.rng.bytes(length),
    hsms: () => devicesOf(line),
  });
}

/** Does what a step asks for. */
function carryOut(
  world: World,
  loop: Loop,
  step: rotation.RotateStep<MainKey>,
): LoopEnd | undefined {
  const { line } = loop;
  const { rng, stats } = world;
  stats.add(`loop ${line.level}: ${step.kind}`);
  switch (step.kind) {
    case 'writes': {
      const torn = isFault(world, 6);
      if (torn) stats.add('fault: torn batch');
      const some = torn ? rng.some(step.writes) : rng.shuffled(step.writes);
      let conflicts = 0;
      for (const write of some) if (line.site.store.apply(write) !== 'applied') conflicts += 1;
      if (torn) loop.run = undefined;
      else step.ack({ conflicts });
      return undefined;
    }
    case 'promote':
      mustNotBeHostile(loop, step.job);
      if (line.level === 'region') mustBeEverywhere(line, step.job.to.version);
      return moved(world, loop, step);
    case 'checkpoint':
    case 'clean-up':
    case 'retire':
      return moved(world, loop, step);
    case 'reload': {
      const known = recordsOf(line);
      const job = line.site.store.read<RotationJob>(loop.jobId);
      const mainKey = line.site.store.read<MainKey>(line.keyId);
      const records = known ?? { job: must(job), mainKey: must(mainKey) };
      if (records.job !== undefined) step.provide(records);
      return undefined;
    }
    case 'rescan':
      if (step.pass === 'verify') {
        loop.hostile = new Set(hostileOf(line).map(({ keyId }) => keyId));
        loop.scanBegan = world.now;
      }
      step.provide(rng.oneIn(3) ? heldRecords(line) : lazily(line), countOf(line));
      return undefined;
    case 'wait':
      loop.waitUntil = Date.parse(step.until);
      if (rng.oneIn(2)) loop.run = undefined;
      return undefined;
    case 'blocked':
      loop.blocked = JSON.stringify([step.failures, step.status]);
      return 'blocked';
    case 'done':
      return step.job.phase === 'done' ? 'done' : 'aborted';
    default:
      return undefined;
  }
}

/** Records move on; torn, the process is dead. */
function moved(
  world: World,
  loop: Loop,
  step: Extract<
    rotation.RotateStep<MainKey>,
    { kind: 'checkpoint' | 'promote' | 'clean-up' | 'retire' }
  >,
): undefined {
  const crash = isFault(world, 8);
  const { conflicts } = writeStep(world, loop.line, step.writes, crash);
  if (crash) loop.run = undefined;
  else step.ack({ conflicts });
}

/**
 * A row that was hostile before the scan, and is so still, stands in the way: but not in that of a
 * proof that somebody else had stored before.
 */
function mustNotBeHostile(loop: Loop, { timeline }: RotationJob): void {
  const proven = timeline.filter(({ phase }) => phase === 'ready').at(-1)?.at ?? '';
  if (loop.isUrgent || Date.parse(proven) < loop.scanBegan) return;
  const still = hostileOf(loop.line).filter(({ keyId }) => loop.hostile.has(keyId));
  hold(
    still.length === 0,
    'hostile rows block the promotion',
    () => `${still.map(({ keyId }) => keyId)}`,
  );
}

/** Rows as they are when they are read, while others write. */
function* lazily(line: Line): Generator<HeldRecord> {
  const { store } = line.site;
  for (const id of store.ids(line.level === 'region' ? 'profile' : 'customer-key')) {
    const record = store.read<HeldRecord & ProfileRecord>(id);
    if (record !== undefined) yield record;
  }
}
