/** Answers every array of key blocks with the array of the new ones. */

import { parentPort, workerData } from 'node:worker_threads';
import { makeRewrap } from './bulk.mjs';
import { SHAPES } from './corpus.mjs';

if (parentPort !== null) {
  const { engine, from, to } = workerData;
  const rewrap = makeRewrap(engine, { shape: SHAPES.plainD, from, to });
  parentPort.on('message', (keyBlocks) => {
    parentPort.postMessage(rewrap(keyBlocks).map(({ keyBlock }) => keyBlock));
  });
}
