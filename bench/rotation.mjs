// A whole rotation (plan, translate, verify, promote, clean up) against re-wrapping the same blocks
// and nothing else: what planning, proof and bookkeeping cost. Each is in a process of its own, as
// an application would have it, and they take turns, so that a slow moment falls on all of them.
// `--keys 100000`, `--rounds 3`, `--json file`; `npm run build` first.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { divide, summarize } from './measure.mjs';

const CHILD = fileURLToPath(new URL('rotation-child.mjs', import.meta.url));
const ROLES = ['rotation', 'rewrapKey', 'rewrapper'];

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});

const rates = Object.fromEntries(ROLES.map((role) => [role, []]));
const peaks = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const children = ROLES.map((role) => fork(CHILD, [role, values.keys]));
  // Nobody waits for a turn of one that has failed.
  for (const child of children) child.on('exit', (code) => code !== 0 && process.exit(1));
  for (const child of children) await once(child, 'message'); // ready
  const totals = await takeTurns(children);
  for (const child of children) child.disconnect();
  ROLES.forEach((role, i) => void rates[role].push(totals[i].keys / totals[i].seconds));
  peaks.push(totals[0].peakHeapMiB);
}

const result = {
  keys: Number(values.keys),
  peakHeapMiB: Math.max(...peaks),
  perSecond: mapRoles((role) => summarize(rates[role])),
  rotationTo: mapRoles((role) => summarize(divide(rates.rotation, rates[role]))),
};
console.table({
  'rotation, keys a second': rounded(result.perSecond.rotation, 0),
  'rotation / rewrapKey': rounded(result.rotationTo.rewrapKey, 2),
  'rotation / re-wrapper': rounded(result.rotationTo.rewrapper, 2),
});
console.log(`${result.keys} keys, at most ${result.peakHeapMiB} MiB of heap, with the store`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);

/** Lets children work one after the other, a slice each, until the first of them is done. */
async function takeTurns(children) {
  for (;;) {
    const totals = [];
    for (const child of children) {
      child.send('go');
      totals.push((await once(child, 'message'))[0]);
    }
    if (totals[0].isDone) return totals;
  }
}

function mapRoles(read) {
  return Object.fromEntries(ROLES.map((role) => [role, read(role)]));
}

function rounded(summary, digits) {
  return Object.fromEntries(
    Object.entries(summary).map(([name, value]) => [name, Number(value.toFixed(digits))]),
  );
}
