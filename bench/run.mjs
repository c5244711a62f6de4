/**
 * Compares keyblock, as built, with TR-31 over node:crypto. `README.md` says how to read it.
 *
 * node bench/run.mjs [--quick] [--json] [word…]     only rows whose names contain every word
 */

import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { assertAgreement, CONTENDERS, KINDS } from './contenders.mjs';
import { divide, measureInterleaved, summarize } from './measure.mjs';

const THOROUGH = { rounds: 9, warmUpRounds: 4, sliceMs: 60 };
const QUICK = { rounds: 5, warmUpRounds: 2, sliceMs: 35 };

/** Different inputs for successive calls, so that no single one can be remembered. */
const INPUTS = 64;

const ROWS = [
  { name: 'wrap B', kind: KINDS.B, task: wrapTask },
  { name: 'unwrap B', kind: KINDS.B, task: unwrapTask },
  { name: 're-wrap B', kind: KINDS.B, task: rewrapTask },
  { name: 'wrap D', kind: KINDS.D, task: wrapTask },
  { name: 'unwrap D', kind: KINDS.D, task: unwrapTask },
  { name: 're-wrap D', kind: KINDS.D, task: rewrapTask },
  { name: 'unwrap B, new KBPK', kind: KINDS.B, task: unwrapColdTask },
  { name: 'unwrap D, new KBPK', kind: KINDS.D, task: unwrapColdTask },
  { name: 'KCV TDES', kind: KINDS.B, task: kcvTask },
  { name: 'KCV AES', kind: KINDS.D, task: kcvTask },
];

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
});
const rows = ROWS.filter(({ name }) =>
  words.every((word) => name.toLowerCase().includes(word.toLowerCase())),
);
if (rows.length === 0) throw new Error(`no row is named ${words.join(' ')}`);

assertAgreement();
const settings = options.quick ? QUICK : THOROUGH;
const results = measureRows(rows, settings);
const environment = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', ...settings };
if (options.json) {
  console.log(JSON.stringify({ environment, rows: results }, null, 2));
} else {
  console.log(`Node ${environment.node}, ${environment.cpu}, ${settings.rounds} rounds\n`);
  console.log(formatTable(results));
}

/** Measures all rows in the same rounds; ratios are taken within a round, and then summarized. */
function measureRows(rows, settings) {
  const tasks = rows.flatMap(({ kind, task }) =>
    CONTENDERS.map((contender) => task(contender, kind)),
  );
  const samples = measureInterleaved(tasks, settings);
  return rows.map(({ name }, row) => {
    const rates = samples.slice(row * CONTENDERS.length, (row + 1) * CONTENDERS.length);
    const [keyblock, ...others] = rates;
    return {
      name,
      opsPerSecond: byContender(CONTENDERS, rates.map(summarize)),
      keyblockVersus: byContender(
        CONTENDERS.slice(1),
        others.map((other) => summarize(divide(keyblock, other))),
      ),
    };
  });
}

function byContender(contenders, values) {
  return Object.fromEntries(contenders.map(({ name }, i) => [name, values[i]]));
}

function wrapTask(contender, kind) {
  const kbpk = contender.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const keys = inputs(() => contender.holdKey(randomBytes(kind.keyLength), kind));
  return (call) => contender.wrap(kbpk, keys[call % INPUTS], kind);
}

function unwrapTask(contender, kind) {
  const kbpk = contender.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const keyBlocks = inputs(() => wrapAnyKey(contender, kbpk, kind));
  return (call) => contender.unwrap(kbpk, keyBlocks[call % INPUTS]);
}

function rewrapTask(contender, kind) {
  const from = contender.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const to = contender.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const keyBlocks = inputs(() => wrapAnyKey(contender, from, kind));
  return (call) => contender.rewrap(keyBlocks[call % INPUTS], from, to);
}

/** Every key block is under a KBPK of its own, which is there as bytes only. */
function unwrapColdTask(contender, kind) {
  const pairs = inputs(() => {
    const kbpk = randomBytes(kind.kbpkLength);
    return { kbpk, keyBlock: wrapAnyKey(contender, contender.holdKbpk(kbpk, kind), kind) };
  });
  return (call) => {
    const { kbpk, keyBlock } = pairs[call % INPUTS];
    return contender.unwrapCold(kbpk, keyBlock);
  };
}

/** The keys are bytes: a check value is wanted when a key comes in, once in its life. */
function kcvTask(contender, kind) {
  const keys = inputs(() => randomBytes(kind.keyLength));
  return (call) => contender.kcv(keys[call % INPUTS], kind);
}

function inputs(make) {
  return Array.from({ length: INPUTS }, make);
}

function wrapAnyKey(contender, kbpk, kind) {
  return contender.wrap(kbpk, contender.holdKey(randomBytes(kind.keyLength), kind), kind);
}

function formatTable(results) {
  const names = CONTENDERS.map(({ name }) => name);
  const header = ['K ops/s', ...names, ...names.slice(1).map((name) => `${names[0]} / ${name}`)];
  const lines = results.map(({ name, opsPerSecond, keyblockVersus }) => [
    name,
    ...Object.values(opsPerSecond).map(({ median }) => formatNumber(median / 1000)),
    ...Object.values(keyblockVersus).map(
      ({ median, min, max }) =>
        `${formatNumber(median)} [${formatNumber(min)}..${formatNumber(max)}]`,
    ),
  ]);
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Three digits are more than the measurement is good for. */
function formatNumber(number) {
  return number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : number.toFixed(0);
}
