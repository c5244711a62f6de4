/** One operation a call: `keyblock` itself, as an application calls it for every request. */

import { randomBytes } from 'node:crypto';
import { createRewrapper } from 'keyblock/bulk';
import { assertAgreement, CONTENDERS, KINDS } from './contenders.mjs';
import { runGroup } from './group.mjs';
import { describeRow, summarize } from './measure.mjs';

/** Different inputs for successive calls, so that no single one can be remembered. */
const INPUTS = 64;

/** Rows by what their group is about: each group has a process of its own. */
export const GROUPS = {
  single(name) {
    if (name === 'KCV') {
      return [row('KCV TDES', KINDS.B, kcvTask), row('KCV AES', KINDS.D, kcvTask)];
    }
    const kind = KINDS[name];
    const rewraps = row(`re-wrap ${name}`, kind, rewrapTask);
    return [
      row(`wrap ${name}`, kind, wrapTask),
      row(`unwrap ${name}`, kind, unwrapTask),
      { ...rewraps, tasks: { ...rewraps.tasks, 'table-free': tableFreeTask(kind) } },
      row(`unwrap ${name}, new KBPK`, kind, unwrapColdTask),
    ];
  },
};

/** Measures all rows, and what a new KBPK costs. */
export function measureSingle(settings) {
  assertAgreement();
  const measured = ['B', 'D', 'KCV'].flatMap((name) =>
    runGroup({ section: 'single', group: 'single', name, settings }),
  );
  const rates = (name) => measured.find((candidate) => candidate.name === name).rates.keyblock;
  const setUp = (version) =>
    summarize(
      rates(`unwrap ${version}, new KBPK`).map(
        (cold, round) => 1e6 / cold - 1e6 / rates(`unwrap ${version}`)[round],
      ),
    );
  return {
    rows: measured.map((measuredRow) => describeRow(measuredRow, ['straightforward', 'tuned'])),
    setUpMicroseconds: { B: setUp('B'), D: setUp('D') },
  };
}

/** One operation by all contenders. */
function row(name, kind, task) {
  const tasks = CONTENDERS.map((contender) => [contender.name, task(contender, kind)]);
  return { name, tasks: Object.fromEntries(tasks) };
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

/** A single block by way of the bulk path: no tables, and all lanes but one idle. */
function tableFreeTask(kind) {
  const [keyblock] = CONTENDERS;
  const from = keyblock.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const to = keyblock.holdKbpk(randomBytes(kind.kbpkLength), kind);
  const batches = inputs(() => [wrapAnyKey(keyblock, from, kind)]);
  const rewrapper = createRewrapper({ from, to, engine: 'typescript' });
  return (call) => rewrapper.rewrap(batches[call % INPUTS])[0].keyBlock;
}

function inputs(make) {
  return Array.from({ length: INPUTS }, make);
}

function wrapAnyKey(contender, kbpk, kind) {
  return contender.wrap(kbpk, contender.holdKey(randomBytes(kind.keyLength), kind), kind);
}
