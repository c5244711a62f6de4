/** What a short job costs: a fresh process each, from making a re-wrapper to so many blocks. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeCorpus, SHAPES } from './corpus.mjs';
import { summarize } from './measure.mjs';

const CHILD = fileURLToPath(new URL('warm-up-child.mjs', import.meta.url));
const CONTENDERS = ['typescript', 'wasm-simd', 'native AES', 'tuned', 'rewrapKey'];

/** Those that take blocks one by one, and that a batch overtakes. */
const OVERTAKEN = ['tuned', 'rewrapKey'];

/** Blocks between two looks at the clock. */
const STEP = 500;

/** Re-wraps D→D with a plain header: the time of the first thousand, and who is ahead when. */
export function measureWarmUp({ runs, rewraps }) {
  const corpus = makeCorpus(SHAPES.plainD, STEP);
  const input = JSON.stringify({
    from: corpus.from.toString('hex'),
    to: corpus.to.toString('hex'),
    keyBlocks: corpus.keyBlocks,
    steps: rewraps / STEP,
  });
  const times = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of CONTENDERS) times[name].push(runChild(name, input));
  }
  return Object.fromEntries(
    CONTENDERS.map((name) => {
      const own = medians(times[name]);
      return [
        name,
        {
          microsecondsEachOfFirst1000: summarize(
            times[name].map((run) => (run[1000 / STEP - 1] * 1000) / 1000),
          ),
          milliseconds: { 1000: own[1], 10000: own[19], [rewraps]: own.at(-1) },
          aheadAfter: Object.fromEntries(
            (OVERTAKEN.includes(name) ? [] : OVERTAKEN).map((other) => {
              const theirs = medians(times[other]);
              return [other, blocksAfter(own.findIndex((time, step) => time <= theirs[step]))];
            }),
          ),
        },
      ];
    }),
  );
}

/** Milliseconds of processor time after every step. */
function runChild(name, input) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CHILD, name], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return JSON.parse(stdout);
}

function medians(runs) {
  return runs[0].map((_, step) => summarize(runs.map((run) => run[step])).median);
}

/** Null where it never was, in as many blocks as were measured. */
function blocksAfter(step) {
  return step === -1 ? null : (step + 1) * STEP;
}
