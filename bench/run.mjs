/**
 * Compares keyblock, as built, with TR-31 over node:crypto and others. `README.md` says how to read
 * it.
 *
 * node bench/run.mjs [--quick] [--memory] [--json file] [section…]
 *
 * Sections: single, bulk, tdes, growth, warm-up, workers; memory only where it is asked for.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureTdes } from './blocks.mjs';
import { measureBulk, measureGrowth } from './bulk.mjs';
import { judge } from './gates.mjs';
import { measureMemory } from './memory.mjs';
import { measureSingle } from './single.mjs';
import { formatResults } from './table.mjs';
import { measureWarmUp } from './warm-up.mjs';
import { measureWorkers } from './workers.mjs';

const THOROUGH = {
  single: { rounds: 11, warmUpRounds: 6, sliceMs: 60 },
  bulk: { rounds: 11, warmUpRounds: 8, sliceMs: 80 },
  tdes: { rounds: 11, warmUpRounds: 4, sliceMs: 80 },
  growth: { rounds: 7, warmUpRounds: 3, sliceMs: 50 },
  'warm-up': { runs: 3, rewraps: 60_000 },
  workers: { rounds: 15, partsEach: 10 },
  memory: { rewraps: 5_000_000 },
};

/** Shows that everything runs. */
const QUICK = {
  single: { rounds: 3, warmUpRounds: 1, sliceMs: 25 },
  bulk: { rounds: 3, warmUpRounds: 2, sliceMs: 20 },
  tdes: { rounds: 3, warmUpRounds: 1, sliceMs: 30 },
  growth: { rounds: 3, warmUpRounds: 1, sliceMs: 10 },
  'warm-up': { runs: 1, rewraps: 12_000 },
  workers: { rounds: 3, partsEach: 2 },
  memory: { rewraps: 500_000 },
};

const SECTIONS = {
  single: measureSingle,
  bulk: measureBulk,
  tdes: measureTdes,
  growth: measureGrowth,
  'warm-up': measureWarmUp,
  workers: measureWorkers,
  memory: measureMemory,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const unknown = positionals.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) {
  throw new Error(`no section ${unknown.join(' ')}, only ${Object.keys(SECTIONS).join(', ')}`);
}

const settings = options.quick ? QUICK : THOROUGH;
const results = {};
for (const [name, measure] of Object.entries(SECTIONS)) {
  const isWanted = positionals.length === 0 ? name !== 'memory' : positionals.includes(name);
  if (!isWanted && !(name === 'memory' && options.memory)) continue;
  console.error(`${name} …`);
  results[name] = await measure(settings[name]);
}

const report = {
  environment: describeEnvironment(),
  quick: options.quick,
  settings: Object.fromEntries(Object.keys(results).map((name) => [name, settings[name]])),
  goals: judge(results),
  results,
};
console.log(formatResults(report));
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(report, rounded, 2)}\n`);
}

function describeEnvironment() {
  const { node, v8, openssl } = process.versions;
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpu?.model ?? 'unknown',
    processors: cpus().length,
    loadAverage: loadavg()[1],
    memoryGib: Math.round(totalmem() / 2 ** 30),
    os: `${process.platform} ${process.arch}`,
    node,
    v8,
    openssl,
    packages: Object.fromEntries(
      ['@noble/ciphers', 'des.js', 'crypto-js'].map((name) => [name, versionOf(name)]),
    ),
  };
}

function versionOf(name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** Four digits are more than the measurement is good for. */
function rounded(_, value) {
  return typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(4))
    : value;
}
