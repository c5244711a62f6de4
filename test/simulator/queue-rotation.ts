/**
 * A rotation driven by hand, from queues: any step at any time, by any process, on records that may
 * be a moment old; messages are repeated, reordered and lost, and batches torn.
 */
import { rotation } from 'keyblock/hierarchy';
import {
  devicesOf,
  heldRecords,
  type Line,
  type Message,
  plan,
  recordsOf,
  workRing,
  writeStep,
} from './line.js';
import { verify } from './verify.js';
import { hold } from './violation.js';
import { attempt, envOf, STALENESS_SECONDS, type World } from './world.js';

const JSON_TWICE = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** What may be done to a rotation at any time, and how often it is tried. */
const ACTIONS: readonly (readonly [weight: number, name: string, act: Action])[] = [
  [2, 'plan', (world, line) => plan(world, line, isFault(world, 4))],
  [3, 'start', (world, line) => step(world, line, 'start')],
  [6, 'scan', scan],
  [12, 'run', run],
  [10, 'apply', apply],
  [14, 'deliver', deliver],
  [4, 'verify', verify],
  [4, 'promote', (world, line) => step(world, line, 'promote')],
  [4, 'startCleanup', (world, line) => step(world, line, 'startCleanup')],
  [6, 'scan to drop', scanToDrop],
  [8, 'run drops', runDrops],
  [5, 'retire', retire],
  [1, 'pause', (world, line) => step(world, line, 'pause')],
  [3, 'resume', (world, line) => step(world, line, 'resume')],
  [1, 'abort', (world, line) => world.rng.oneIn(2) && step(world, line, 'abort')],
  [1, 'rollback', (world, line) => step(world, line, 'rollback')],
];

type Action = (world: World, line: Line) => void;

const BAG = ACTIONS.flatMap(([weight, name, act]) =>
  Array.from({ length: weight }, () => [name, act] as const),
);

/** What makes sense in a phase: tried more often than the rest, which has to do no harm. */
const LIKELY: Readonly<Record<string, readonly string[]>> = {
  none: ['plan'],
  planned: ['start'],
  distributing: ['start'],
  translating: ['scan', 'run', 'apply', 'deliver', 'verify'],
  verifying: ['verify', 'promote'],
  ready: ['promote', 'verify'],
  promoted: ['startCleanup', 'rollback', 'verify'],
  cleaning: ['scan to drop', 'run drops', 'deliver', 'retire', 'scan', 'run', 'apply'],
  aborting: ['scan to drop', 'run drops', 'deliver', 'retire'],
  paused: ['resume'],
};

function phaseOf(line: Line): string {
  const job = recordsOf(line)?.job;
  return job?.paused === true ? 'paused' : (job?.phase ?? 'none');
}

/** One thing happens to a rotation. */
export function stepQueue(world: World, line: Line): void {
  const likely = LIKELY[phaseOf(line)] ?? [];
  const fits = BAG.filter(([name]) => likely.includes(name));
  const [name, act] = world.rng.pick(fits.length > 0 && !world.rng.oneIn(4) ? fits : BAG);
  forgetLate(world, line);
  world.stats.add(`queue ${line.level}: ${name}`);
  act(world, line);
}

/** Now and then something fails, as long as things fail. */
export function isFault(world: World, oneIn: number): boolean {
  return world.faults && world.rng.oneIn(oneIn);
}

/** Records as they are, or as a cache had them a moment ago. */
function records(world: World, line: Line): ReturnType<typeof recordsOf> {
  return recordsOf(line, isFault(world, 6) ? world.now - world.rng.int(120_000) : undefined);
}

type StepName = 'start' | 'promote' | 'startCleanup' | 'pause' | 'resume' | 'abort' | 'rollback';

/** A step that moves the job: its writes in order, the main key first. */
function step(world: World, line: Line, name: StepName): void {
  const known = records(world, line);
  if (known === undefined) return;
  // The vault stands for devices: to a key that was lost before one had it, nobody switches.
  const isHeld = line.level === 'profile' || line.site.vault.has(known.job.to.version);
  if (name === 'promote' && !isHeld) return;
  const codes = ['STATE_CONFLICT', 'UNKNOWN_KEY_VERSION'];
  const done = attempt(world, name, codes, () => {
    const options = { env: envOf(world), ...known };
    if (name === 'start') {
      return rotation.start({ ...options, ring: line.site.ring, hsms: devicesOf(line) });
    }
    if (name === 'promote') return rotation.promote({ ...options, hsms: devicesOf(line) });
    return rotation[name](options);
  });
  if (done === undefined) return;
  world.stats.add(`stepped ${name} ${line.level}`);
  if (name === 'promote') mustBeProven(known);
  if (name === 'abort') mustBeWayBack(line, known);
  if (name === 'promote' && line.level === 'region') mustBeEverywhere(line, known.job.to.version);
  writeStep(world, line, done.writes, isFault(world, 5));
}

/** The switch is made once all is proven; in haste, or where it was made already, without that. */
function mustBeProven({ job, mainKey }: NonNullable<ReturnType<typeof recordsOf>>): void {
  const isSwitched = mainKey.versions.some(
    ({ version, state }) => version === job.to.version && state === 'active',
  );
  const isUrgent = job.policy.promoteBeforeTranslated === true;
  const isProven = job.phase === 'ready' || isUrgent || isSwitched;
  hold(isProven, 'nothing is promoted without proof', () => job.phase);
}

/** From a compromised main key there is a way back only where there is none on. */
function mustBeWayBack(
  line: Line,
  { job, mainKey }: NonNullable<ReturnType<typeof recordsOf>>,
): void {
  const isMarked = (version: number): boolean =>
    mainKey.versions.some((v) => v.version === version && v.compromised !== undefined);
  if (!isMarked(job.from.version)) return;
  const isEarly = line.level === 'region' && ['planned', 'distributing'].includes(job.phase);
  const isOn = !isMarked(job.to.version) && !isEarly;
  hold(!isOn, 'a rotation from a compromised main key goes on', () => job.phase);
}

/** I-HSM: no device in service is left behind by a switch. */
export function mustBeEverywhere(line: Line, version: number): void {
  for (const { hsmId, state, versions } of devicesOf(line)) {
    const holds = versions.some((held) => held.version === version && held.receipt !== undefined);
    hold(state !== 'in-service' || holds, 'every device in service has the version', () => hsmId);
  }
}

/** A producer looks over some of the records, and sends tasks. */
function scan(world: World, line: Line): void {
  const known = records(world, line);
  if (known === undefined) return;
  const page = world.rng.oneIn(3) ? world.rng.some(heldRecords(line)) : heldRecords(line);
  const tasks = rotation.tasks({ ...known, records: page, size: 1 + world.rng.int(4) });
  send(world, line.tasks, tasks);
}

/** A consumer works on one task. */
function run(world: World, line: Line): void {
  const task = receive(world, line.tasks);
  if (task === undefined) return;
  const result = attempt(world, 'run', ['UNKNOWN_KEY_VERSION'], () =>
    rotation.run({
      task: task.body,
      ring: workRing(world, line),
      randomBytes: (length) => world.rng.bytes(length),
    }),
  );
  if (result !== undefined) line.results.push({ at: task.at, body: JSON_TWICE(result) });
}

/** Some results become writes. */
function apply(world: World, line: Line): void {
  const known = records(world, line);
  const result = receive(world, line.results);
  if (known === undefined || result === undefined) return;
  const applied = rotation.apply({ env: envOf(world), job: known.job, results: [result.body] });
  for (const write of applied.writes) line.writes.push({ at: result.at, body: JSON_TWICE(write) });
  if (world.rng.oneIn(5)) writeStep(world, line, applied.checkpoint);
}

/** Some writes arrive, in any order. */
function deliver(world: World, line: Line): void {
  const some = world.rng.shuffled(line.writes).slice(0, 1 + world.rng.int(4));
  for (const write of some) {
    const outcome = line.site.store.apply(write.body);
    world.stats.add(`write ${outcome}`);
    if (isFault(world, 8)) world.stats.add('fault: write delivered again later');
    else line.writes = line.writes.filter((other) => other !== write);
  }
}

/** A producer looks for blocks to drop. */
function scanToDrop(world: World, line: Line): void {
  const known = records(world, line);
  if (known === undefined) return;
  const size = 1 + world.rng.int(4);
  send(world, line.drops, rotation.cleanupTasks({ ...known, records: heldRecords(line), size }));
}

/** A consumer opens what stays, and the old blocks go. */
function runDrops(world: World, line: Line): void {
  const known = records(world, line);
  const task = receive(world, line.drops);
  if (task === undefined || known === undefined) return;
  const result = attempt(world, 'cleanupRun', ['UNKNOWN_KEY_VERSION'], () =>
    rotation.cleanupRun({ task: task.body, ring: workRing(world, line) }),
  );
  if (result === undefined) return;
  const results = [JSON_TWICE(result)];
  const { writes } = rotation.cleanupApply({ env: envOf(world), job: known.job, results });
  for (const write of writes) line.writes.push({ at: task.at, body: JSON_TWICE(write) });
}

/** A full scan counts what is left, and the job ends. */
function retire(world: World, line: Line): void {
  const known = recordsOf(line);
  if (known === undefined) return;
  const left = known.mainKey.versions.some((v) => v.state === 'pending')
    ? known.job.to
    : known.job.from;
  const isAbort = known.job.phase === 'aborting';
  const ref = isAbort ? known.job.to : left;
  const stragglers = rotation.stragglers(heldRecords(line), ref);
  const done = attempt(world, 'retire', ['STATE_CONFLICT'], () =>
    rotation.retire({ env: envOf(world), ...known, stragglers }),
  );
  if (done === undefined) return;
  hold(stragglers === 0, 'nothing is retired that is in use', () => line.keyId);
  world.stats.add(`stepped retire ${line.level} ${isAbort ? 'aborted' : 'done'}`);
  writeStep(world, line, done.writes, isFault(world, 5));
}

/** Sends messages, some of them twice, some never. */
function send<T>(world: World, queue: Message<T>[], bodies: readonly T[]): void {
  for (const body of bodies) {
    if (isFault(world, 12)) {
      world.stats.add('fault: task lost');
      continue;
    }
    queue.push({ at: world.now, body: JSON_TWICE(body) });
    if (isFault(world, 8)) {
      world.stats.add('fault: task twice');
      queue.push({ at: world.now, body: JSON_TWICE(body) });
    }
  }
}

/** Takes any message; now and then it stays, to be delivered again. */
function receive<T>(world: World, queue: Message<T>[]): Message<T> | undefined {
  if (queue.length === 0) return undefined;
  const at = world.rng.int(queue.length);
  const message = queue[at];
  if (isFault(world, 10)) world.stats.add('fault: message delivered again later');
  else queue.splice(at, 1);
  return message;
}

/** What was under way for longer than the policy allows never arrives. */
function forgetLate(world: World, line: Line): void {
  const inTime = ({ at }: Message<unknown>): boolean => world.now - at < STALENESS_SECONDS * 1000;
  line.tasks = line.tasks.filter(inTime).slice(-60);
  line.drops = line.drops.filter(inTime).slice(-60);
  line.results = line.results.filter(inTime).slice(-60);
  line.writes = line.writes.filter(inTime).slice(-120);
}
