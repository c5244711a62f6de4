/** One contender in a process of its own: prints its processor time after every step, in ms. */

import { readFileSync } from 'node:fs';
import { makeRewrap } from './bulk.mjs';
import { SHAPES } from './corpus.mjs';
import { cpuMs } from './measure.mjs';

const [name] = process.argv.slice(2);
if (name !== undefined) {
  const { from, to, keyBlocks, steps } = JSON.parse(readFileSync(0, 'utf8'));
  const kbpks = { from: Buffer.from(from, 'hex'), to: Buffer.from(to, 'hex') };
  const start = cpuMs();
  const rewrap = makeRewrap(name, { shape: SHAPES.plainD, ...kbpks });
  const times = [];
  for (let step = 0; step < steps; step++) {
    if (rewrap(keyBlocks).length !== keyBlocks.length) throw new Error('results are missing');
    times.push(cpuMs() - start);
  }
  console.log(JSON.stringify(times));
}
