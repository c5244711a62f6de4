/** Two workers against one: strings in, strings out, by wall clock. Needs two idle processors. */

import { Worker } from 'node:worker_threads';
import { makeCorpus, SHAPES } from './corpus.mjs';
import { divide, summarize } from './measure.mjs';

/** Key blocks that go to a worker at once. */
const PART = 4096;

/** Throughput of two workers as a multiple of one's, each with as many blocks as the other. */
export async function measureWorkers({ rounds, partsEach }) {
  const results = {};
  for (const engine of ['typescript', 'wasm-simd']) {
    const corpus = makeCorpus(SHAPES.plainD, PART);
    const workers = [startWorker(engine, corpus), startWorker(engine, corpus)];
    const [one, two] = [[], []];
    // The first rounds warm both up, with as much work for the second as for the first.
    for (let round = -2; round < rounds; round++) {
      const alone = await measureRate(workers.slice(0, 1), corpus, partsEach);
      const together = await measureRate(workers, corpus, partsEach);
      await measureRate(workers.slice(1), corpus, round < 0 ? partsEach : 0);
      if (round < 0) continue;
      one.push(alone);
      two.push(together);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    results[engine] = {
      one: summarize(one),
      two: summarize(two),
      ratio: summarize(divide(two, one)),
    };
  }
  return results;
}

function startWorker(engine, { from, to }) {
  const workerData = { engine, from, to };
  return new Worker(new URL('worker.mjs', import.meta.url), { workerData });
}

/** Blocks a second, of all workers together. */
async function measureRate(workers, { keyBlocks }, parts) {
  const start = performance.now();
  await Promise.all(
    workers.map(async (worker) => {
      for (let part = 0; part < parts; part++) await ask(worker, keyBlocks);
    }),
  );
  return (1000 * workers.length * parts * keyBlocks.length) / (performance.now() - start);
}

function ask(worker, keyBlocks) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (results) => {
      worker.off('error', reject);
      resolve(results);
    });
    worker.postMessage(keyBlocks);
  });
}
