/** Two workers against one: strings in, strings out, by wall clock. Needs two idle processors. */

import { Worker } from 'node:worker_threads';
import { makeCorpus, SHAPES } from './corpus.mjs';
import { divide, mapValues, summarize } from './measure.mjs';

/** Key blocks that go to a worker at once. */
const PART = 4096;

const WARM_UP_ROUNDS = 2;

/** How a worker comes by its parts, and what becomes of the results. */
const WAYS = {
  /** Blocks go to the worker and come back, part after part, as they do in a pool. */
  async passed(worker, { keyBlocks }, parts) {
    for (let part = 0; part < parts; part++) await ask(worker, keyBlocks);
  },
  /** The worker has its blocks and keeps what becomes of them: all that the processors give. */
  kept: (worker, _corpus, parts) => ask(worker, parts),
};

/** Throughput of two workers as a multiple of one's, each with as many blocks as the other. */
export async function measureWorkers({ rounds, partsEach }) {
  const results = {};
  for (const engine of ['typescript', 'wasm-simd']) {
    const corpus = makeCorpus(SHAPES.plainD, PART);
    const workers = [startWorker(engine, corpus), startWorker(engine, corpus)];
    const rates = mapValues(WAYS, () => ({ one: [], two: [] }));
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      // Each is in its turn the one that works alone, so that both warm up alike.
      const alone = [workers[Math.abs(round % 2)]];
      for (const [name, way] of Object.entries(WAYS)) {
        const one = await measureRate(alone, way, corpus, partsEach);
        const two = await measureRate(workers, way, corpus, partsEach);
        if (round < 0) continue;
        rates[name].one.push(one);
        rates[name].two.push(two);
      }
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    results[engine] = mapValues(rates, ({ one, two }) => ({
      one: summarize(one),
      two: summarize(two),
      ratio: summarize(divide(two, one)),
    }));
  }
  return results;
}

function startWorker(engine, { from, to, keyBlocks }) {
  const workerData = { engine, from, to, keyBlocks };
  return new Worker(new URL('worker.mjs', import.meta.url), { workerData });
}

/** Blocks a second, of all workers together. */
async function measureRate(workers, way, corpus, parts) {
  const start = performance.now();
  await Promise.all(workers.map((worker) => way(worker, corpus, parts)));
  const seconds = (performance.now() - start) / 1000;
  return (workers.length * parts * corpus.keyBlocks.length) / seconds;
}

function ask(worker, question) {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (answer) => {
      worker.off('error', reject);
      resolve(answer);
    });
    worker.postMessage(question);
  });
}
