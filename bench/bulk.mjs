/** Many key blocks a call: `keyblock/bulk`, and how near it comes to its own ciphers. */

import { strictEqual } from 'node:assert/strict';
import { SecretKey, unwrapKey } from 'keyblock';
import { createRewrapper, unwrapMany, verifyMany } from 'keyblock/bulk';
import { BLOCK_RATES, measureBlockTasks } from './blocks.mjs';
import { alterSome, longShape, makeCorpus, SHAPES } from './corpus.mjs';
import { batchTask, describeRow, divide, mapValues, measureRows, summarize } from './measure.mjs';
import { createNativeAes } from './native-aes.mjs';
import * as noble from './noble.mjs';
import * as straightforward from './straightforward.mjs';
import * as tuned from './tuned.mjs';

/** The ways in which the bulk path can be run: the contenders that are ours. */
const OURS = {
  typescript: { engine: 'typescript' },
  'wasm-simd': { engine: 'wasm-simd' },
  'native AES': { aes: createNativeAes() },
};

/** Key blocks a call. More gain nothing, and a slice should hold several calls. */
const BATCH = 1024;

/** One block in so many is altered, in the row that shows that they cost nothing. */
const ALTERED = 8;

/** Lengths of key blocks, from a short HMAC key to the longest block there can be. */
const LENGTHS = [192, 352, 608, 1120, 1632, 2400, 4704, 9312];

/** Re-wraps, verifying passes, and as many blocks altered: rates, ratios, parts of the floor. */
export function measureBulk(settings) {
  const corpora = mapValues(SHAPES, (shape) => makeCorpus(shape, BATCH));
  for (const corpus of Object.values(corpora)) assertOpens(corpus);
  const altered = alterSome(corpora.storedD, ALTERED);
  assertRefuses(altered, ALTERED);

  const measured = measureRows(
    [
      { name: 're-wrap D→D, plain header', tasks: rewrapTasks(corpora.plainD) },
      { name: 're-wrap D→D, stored form', tasks: rewrapTasks(corpora.storedD) },
      { name: 're-wrap B→B', tasks: rewrapTasks(corpora.plainB) },
      { name: 're-wrap B→D', tasks: rewrapTasks(corpora.translation) },
      { name: 're-wrap D→D, stored form, one in eight altered', tasks: ourTasks(altered) },
      { name: 'unwrap D, stored form', tasks: unwrapTasks(corpora.storedD) },
      { name: 'verify pairs D, stored form', tasks: verifyTasks(corpora.storedD) },
      { name: BLOCK_RATES, tasks: measureBlockTasks() },
    ],
    settings,
  );
  const find = (name) => measured.find((row) => row.name === name).rates;
  const blocks = find(BLOCK_RATES);
  const floor = (name, shape) =>
    Object.fromEntries(
      ['typescript', 'wasm-simd'].map((engine) => [
        engine,
        summarize(divide(find(name)[engine], floorRates(blocks, engine, shape.operations))),
      ]),
    );
  return {
    rows: measured
      .filter(({ name }) => name !== BLOCK_RATES)
      .map((row) => describeRow(row, ['tuned', 'straightforward', 'noble'])),
    blockRates: mapValues(blocks, summarize),
    partOfFloor: {
      'D→D, plain header': floor('re-wrap D→D, plain header', SHAPES.plainD),
      'D→D, stored form': floor('re-wrap D→D, stored form', SHAPES.storedD),
      'B→B': floor('re-wrap B→B', SHAPES.plainB),
    },
    alteredVersusSound: Object.fromEntries(
      Object.keys(OURS).map((name) => [
        name,
        summarize(
          divide(
            find('re-wrap D→D, stored form, one in eight altered')[name],
            find('re-wrap D→D, stored form')[name],
          ),
        ),
      ]),
    ),
  };
}

/** Re-wraps a second by block operations alone, at the rates of the same round. */
function floorRates(blocks, engine, { cipher, encrypt, decrypt }) {
  const encryption = blocks[`${engine} ${cipher} encrypt`];
  const decryption = blocks[`${engine} ${cipher} decrypt`];
  return encryption.map((rate, round) => 1 / (encrypt / rate + decrypt / decryption[round]));
}

/** How the time of a re-wrap grows with the length of the key. */
export function measureGrowth(settings) {
  const corpora = LENGTHS.map((length) => makeCorpus(longShape(length), 256));
  for (const corpus of corpora) assertOpens(corpus);
  const measured = measureRows(
    corpora.map((corpus) => ({
      name: `${corpus.shape.keyBlockLength} characters`,
      tasks: { ...ourTasks(corpus), tuned: tunedTask(corpus) },
    })),
    settings,
  );
  const rows = measured.map((row, i) => ({
    ...describeRow(row, ['tuned']),
    keyBlockLength: corpora[i].shape.keyBlockLength,
    keyLength: corpora[i].shape.keyLength,
    nanosecondsPerByte: mapValues(row.rates, (rates) =>
      summarize(rates.map((rate) => 1e9 / rate / corpora[i].shape.keyLength)),
    ),
  }));
  const [short, long] = [608, 9312].map((length) => LENGTHS.indexOf(length));
  const timePerByte = (row, name) =>
    measured[row].rates[name].map((rate) => 1 / rate / corpora[row].shape.keyLength);
  return {
    rows,
    longVersusShort: Object.fromEntries(
      Object.keys(OURS).map((name) => [
        name,
        summarize(divide(timePerByte(long, name), timePerByte(short, name))),
      ]),
    ),
  };
}

/** A contender's function from an array of key blocks to something that is not undefined. */
export function makeRewrap(name, { shape, from, to }) {
  if (name in OURS) {
    const rewrapper = createRewrapper({
      from: hold(shape.version, from),
      to: hold(shape.to, to),
      ...(shape.to === shape.version ? {} : { header: { versionId: shape.to } }),
      ...OURS[name],
    });
    return (keyBlocks) => rewrapper.rewrap(keyBlocks);
  }
  if (name === 'tuned') {
    const under = {
      from: tuned.prepareKbpk({ versionId: shape.version, kbpk: from }),
      to: tuned.prepareKbpk({ versionId: shape.to, kbpk: to }),
    };
    return (keyBlocks) => keyBlocks.map((keyBlock) => tuned.rewrapKey({ keyBlock, ...under }));
  }
  const { rewrapKey } = name === 'noble' ? noble : straightforward;
  return (keyBlocks) => keyBlocks.map((keyBlock) => rewrapKey({ keyBlock, from, to }));
}

/** Every contender that can do a shape, on the same blocks. */
function rewrapTasks(corpus) {
  const tasks = { ...ourTasks(corpus), tuned: tunedTask(corpus) };
  if (corpus.shape.version === corpus.shape.to) {
    tasks.straightforward = oneByOne(corpus, (keyBlock) =>
      straightforward.rewrapKey({ ...corpus, keyBlock }),
    );
  }
  if (corpus.shape === SHAPES.plainD) {
    tasks.noble = oneByOne(corpus, (keyBlock) => noble.rewrapKey({ ...corpus, keyBlock }));
  }
  return tasks;
}

function ourTasks(corpus) {
  return Object.fromEntries(
    ourNames(corpus.shape).map((name) => {
      const rewrap = makeRewrap(name, corpus);
      return [name, batchTask(corpus.keyBlocks.length, () => rewrap(corpus.keyBlocks))];
    }),
  );
}

/** Native AES has nothing to do where neither version is under AES. */
function ourNames({ version, to }) {
  return Object.keys(OURS).filter((name) => name !== 'native AES' || version + to !== 'BB');
}

function tunedTask(corpus) {
  const under = {
    from: tuned.prepareKbpk({ versionId: corpus.shape.version, kbpk: corpus.from }),
    to: tuned.prepareKbpk({ versionId: corpus.shape.to, kbpk: corpus.to }),
  };
  return oneByOne(corpus, (keyBlock) => tuned.rewrapKey({ keyBlock, ...under }));
}

function oneByOne({ keyBlocks }, run) {
  return (call) => run(keyBlocks[call % keyBlocks.length]);
}

function unwrapTasks(corpus) {
  const { shape, keyBlocks } = corpus;
  const kbpk = hold(shape.version, corpus.from);
  const prepared = tuned.prepareKbpk({ versionId: shape.version, kbpk: corpus.from });
  return {
    ...mapValues(OURS, (how) =>
      batchTask(keyBlocks.length, () => unwrapMany({ kbpk, keyBlocks, ...how })),
    ),
    tuned: oneByOne(corpus, (keyBlock) => tuned.unwrapKey({ prepared, keyBlock })),
  };
}

/** The verifying pass of a rotation: is under the new KBPK what was under the old one? */
function verifyTasks(corpus) {
  const { shape, keyBlocks } = corpus;
  const [from, to] = [hold(shape.version, corpus.from), hold(shape.to, corpus.to)];
  const after = makeRewrap('tuned', corpus)(keyBlocks);
  const pairs = keyBlocks.map((before, i) => ({ before, after: after[i] }));
  const [old, now] = [
    tuned.prepareKbpk({ versionId: shape.version, kbpk: corpus.from }),
    tuned.prepareKbpk({ versionId: shape.to, kbpk: corpus.to }),
  ];
  return {
    ...mapValues(OURS, (how) =>
      batchTask(pairs.length, () => verifyMany({ from, to, pairs, ...how })),
    ),
    tuned: (call) => {
      const pair = pairs[call % pairs.length];
      const before = tuned.unwrapKey({ prepared: old, keyBlock: pair.before }).key;
      return before.equals(tuned.unwrapKey({ prepared: now, keyBlock: pair.after }).key);
    },
  };
}

/** Throws unless every contender's blocks open under the new KBPK, to the key that was there. */
function assertOpens(corpus) {
  const { shape, from, to, keyBlocks } = corpus;
  const some = keyBlocks.slice(0, 200);
  const [kbpk, newKbpk] = [hold(shape.version, from), hold(shape.to, to)];
  const keys = some.map((keyBlock) => open(kbpk, keyBlock));
  for (const name of [...ourNames(shape), 'tuned']) {
    const results = makeRewrap(name, corpus)(some);
    for (const [i, result] of results.entries()) {
      const keyBlock = typeof result === 'string' ? result : result.keyBlock;
      strictEqual(open(newKbpk, keyBlock), keys[i], `${name}, ${shape.keyBlockLength} characters`);
    }
  }
}

function assertRefuses(corpus, every) {
  for (const name of ourNames(corpus.shape)) {
    for (const [i, { error }] of makeRewrap(name, corpus)(corpus.keyBlocks).entries()) {
      strictEqual(error?.code, i % every === 0 ? 'AUTHENTICATION_FAILED' : undefined, name);
    }
  }
}

function open(kbpk, keyBlock) {
  return Buffer.from(unwrapKey({ kbpk, keyBlock }).key.expose()).toString('hex');
}

function hold(versionId, bytes) {
  return new SecretKey({ algorithm: versionId === 'D' ? 'AES' : 'TDES', bytes });
}
