/**
 * Answers every array of key blocks with the array of the new ones; and a number, once it has
 * re-wrapped its own blocks so many times.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { makeRewrap } from './bulk.mjs';
import { SHAPES } from './corpus.mjs';

if (parentPort !== null) {
  const { engine, from, to, keyBlocks } = workerData;
  const rewrap = makeRewrap(engine, { shape: SHAPES.plainD, from, to });
  parentPort.on('message', (asked) => {
    if (typeof asked === 'number') {
      for (let part = 0; part < asked; part++) rewrap(keyBlocks);
      parentPort.postMessage(asked);
    } else {
      parentPort.postMessage(rewrap(asked).map(({ keyBlock }) => keyBlock));
    }
  });
}
