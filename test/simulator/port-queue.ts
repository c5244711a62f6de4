/**
 * A rotation from queues whose consumers ask a device: tasks come back as results for the queue, or
 * not at all where the device fails, and what was proven without comparing says so.
 */
import { rotation } from 'keyblock/hierarchy';
import { countOf, heldRecords, type Line, recordsOf, writeStep } from './line.js';
import { DeviceError, hold } from './violation.js';
import { attempt, attemptAsync, envOf, type World } from './world.js';

type Known = NonNullable<ReturnType<typeof recordsOf>>;
type Port = rotation.TranslatePort;

/** A consumer works on what it finds to do. */
export async function stepPortQueue(world: World, line: Line, port: Port): Promise<void> {
  const known = recordsOf(line);
  if (known === undefined) return;
  const step = world.rng.pick([translate, verify, verify, drop]);
  await step(world, line, port, known).catch((error) => {
    if (!(error instanceof DeviceError)) throw error;
    world.stats.add('a task failed with its device');
  });
}

/** Messages are JSON. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

async function translate(world: World, line: Line, port: Port, known: Known): Promise<void> {
  const at = world.now;
  const tasks = rotation.tasks({ ...known, records: heldRecords(line), size: 3 });
  for (const task of tasks) {
    const body = await rotation.runWithPort({ task: sent(task), port });
    world.stats.add('runWithPort', body.items.length);
    line.results.push({ at, body: sent(body) });
  }
}

/** A full scan; keys that were changed meanwhile are in it as they were, or as they are. */
async function verify(world: World, line: Line, port: Port, known: Known): Promise<void> {
  const results: rotation.VerifyResult[] = [];
  const count = countOf(line);
  for (const task of rotation.verifyTasks({ ...known, records: heldRecords(line), size: 3 })) {
    results.push(sent(await rotation.verifyWithPort({ task: sent(task), port })));
  }
  const expected = port.compare === undefined ? 'kcv-only' : 'port-compare';
  for (const { verification } of results) {
    hold(verification === expected, 'a scan says how it compared', () => `${verification}`);
  }
  const folded = attempt(world, 'verifyFold', ['STATE_CONFLICT'], () =>
    rotation.verifyFold({ env: envOf(world), job: known.job, results, count }),
  );
  if (folded === undefined) return;
  const { job } = folded;
  world.stats.add(`verifyWithPort ${job.phase}`);
  if (job.phase === 'ready' && results.length > 0) mustSaySo(world, job, expected);
  writeStep(world, line, folded.writes);
}

/** Where keys were told by their check values alone, whoever promotes is told. */
function mustSaySo(world: World, job: Known['job'], expected: string): void {
  hold(job.verification === expected, 'a job says how it was proven', () => `${job.verification}`);
  const { blockers } = rotation.status({ env: envOf(world), job });
  const isSaid = blockers.some(({ kind }) => kind === 'kcv-only');
  hold(
    isSaid === (expected === 'kcv-only'),
    'a status says what it did not prove',
    () => job.jobId,
  );
}

async function drop(world: World, line: Line, port: Port, known: Known): Promise<void> {
  const at = world.now;
  const tasks = rotation.cleanupTasks({ ...known, records: heldRecords(line), size: 3 });
  for (const task of tasks) {
    const result = await attemptAsync(world, 'cleanupWithPort', [], () =>
      rotation.cleanupWithPort({ task: sent(task), port }),
    );
    if (result === undefined) return;
    const results = [sent(result)];
    const { writes } = rotation.cleanupApply({ env: envOf(world), job: known.job, results });
    world.stats.add('cleanupWithPort', writes.length);
    for (const body of writes) line.writes.push({ at, body: sent(body) });
  }
}
