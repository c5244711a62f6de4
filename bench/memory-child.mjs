/**
 * Re-wraps many blocks with one re-wrapper, and prints ten times how much memory is held, in MiB.
 */

import { makeRewrap } from './bulk.mjs';
import { makeCorpus, SHAPES } from './corpus.mjs';

const SAMPLES = 10;

const [name, count] = process.argv.slice(2);
if (name !== undefined) {
  const corpus = makeCorpus(SHAPES.storedD, 1000);
  const rewrap = makeRewrap(name, corpus);
  const samples = [];
  let done = 0;
  for (let sample = 1; sample <= SAMPLES; sample++) {
    for (; done < (sample * Number(count)) / SAMPLES; done += corpus.keyBlocks.length) {
      if ('error' in rewrap(corpus.keyBlocks)[0]) throw new Error('a block was refused');
    }
    // As it happens to be, and what is left when nothing can be collected any more.
    const { heapUsed } = process.memoryUsage();
    globalThis.gc();
    const after = process.memoryUsage();
    samples.push({
      rewraps: done,
      heap: mebibytes(heapUsed),
      heapInUse: mebibytes(after.heapUsed),
      external: mebibytes(after.external),
      resident: mebibytes(after.rss),
    });
  }
  console.log(JSON.stringify(samples));
}

function mebibytes(bytes) {
  return Math.round((bytes / 2 ** 20) * 100) / 100;
}
