/**
 * The scan before the switch, and what has to come of it: ready where every key is the same under
 * both main keys, and never where a row is not what it was.
 */
import { rotation } from 'keyblock/hierarchy';
import { countOf, heldRecords, type Line, recordsOf, workRing, writeStep } from './line.js';
import { hold } from './violation.js';
import { attempt, envOf, type World } from './world.js';

/** A full scan of fresh rows, with or without a fault of the scan itself. */
export function verify(world: World, line: Line): void {
  const known = recordsOf(line);
  if (known === undefined) return;
  const { rng, stats } = world;
  const records = rng.shuffled(heldRecords(line));
  const ring = workRing(world, line);
  const size = 1 + rng.int(5);
  const tasks = rotation.verifyTasks({ ...known, records, size });
  let results = tasks.map((task) =>
    attempt(world, 'verifyRun', ['UNKNOWN_KEY_VERSION'], () => rotation.verifyRun({ task, ring })),
  );
  if (results.includes(undefined)) return;
  const count = countOf(line);
  const fault = world.faults && results.length > 0 ? rng.int(12) : 99;
  if (fault === 0) results = results.slice(1);
  if (fault === 1) results = [...results, results[0]];
  const wrongCount = fault === 2 ? count + 1 : fault === 3 && count > 0 ? count - 1 : count;
  if (fault < 4) stats.add(`fault: scan ${['short', 'repeated', 'count', 'count'][fault]}`);
  const folded = attempt(world, 'verifyFold', ['STATE_CONFLICT'], () =>
    rotation.verifyFold({
      env: envOf(world),
      job: known.job,
      results: results.filter((result) => result !== undefined),
      count: wrongCount,
    }),
  );
  if (folded === undefined) return;
  const { job, failures } = folded;
  const isReady = job.phase === 'ready';
  stats.add(`verify ${line.level} ${job.phase}`);
  hold(
    !(isReady && fault < 4),
    'I20 a scan that lost or doubled rows is no proof',
    () => `${fault}`,
  );
  const hostile = hostileOf(line);
  hold(
    !(isReady && hostile.length > 0),
    'hostile rows block the promotion',
    () => `${hostile.map(({ keyId }) => keyId)}`,
  );
  for (const { keyId, hostile: how } of fault === 0 ? [] : hostile) {
    const failure = failures.find(({ recordId }) => recordId === keyId);
    if (failure === undefined) {
      hold(how?.codes.includes('unnamed') === true, 'hostile rows are named', () => {
        const seen = failures.map((f) => `${f.recordId} ${f.code}`);
        const states = known.mainKey.versions.map((v) => `${v.version} ${v.state}`);
        const row = line.site.store.text(keyId);
        return `${keyId} ${how?.how} not among ${seen}; was ${known.job.phase}, is ${job.phase}, tasks ${tasks.length}, ${states} ${known.job.reason} ${row}`;
      });
      continue;
    }
    stats.add(`hostile named ${failure.code}`);
  }
  const bad = failures.filter(({ recordId }) => {
    const truth = line.site.truths.keys.get(recordId);
    return truth !== undefined && truth.hostile === undefined;
  });
  const isOver = known.mainKey.versions.every(({ state }) => state !== 'pending');
  for (const { recordId, code } of bad) {
    const { from, to } = known.job;
    // A scan may show a row twice, once as it was before it was translated.
    const isWhole = records
      .flatMap((record) =>
        record.kind === 'customer-key' && record.keyId === recordId ? [record.slots] : [],
      )
      .every((slots) =>
        [from, to].every(({ version }) => slots.some(({ under }) => under.version === version)),
      );
    hold(
      !isWhole || isOver || line.isLiedTo,
      'I20 whole rows do not fail',
      () => `${recordId} ${code}`,
    );
  }
  if (isReady) {
    const keys = countKeys(line);
    hold(job.commitment?.count === keys, 'counts agree', () => `${job.commitment?.count} ${keys}`);
  }
  writeStep(world, line, folded.writes);
}

/** Rows of a line that were tampered with. */
export function hostileOf(line: Line): ReturnType<typeof line.site.truths.live> {
  if (line.level === 'region') return [];
  const { truths } = line.site;
  return truths.live().filter((t) => t.hostile !== undefined && t.profileId === line.profileId);
}

/** How many keys a commitment has to count: of a profile each version with a block is one. */
function countKeys(line: Line): number {
  if (line.level === 'profile') return countOf(line);
  return heldRecords(line).reduce(
    (sum, record) =>
      sum +
      (record.kind === 'profile' ? record.versions.filter((v) => v.slots.length > 0).length : 0),
    0,
  );
}
