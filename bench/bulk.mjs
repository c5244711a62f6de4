/** Many key blocks a call: `keyblock/bulk`, and how near it comes to its own ciphers. */

import { strictEqual } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rewrapKey, SecretKey, unwrapKey, wrapKey } from 'keyblock';
import { createRewrapper, unwrapMany, verifyMany } from 'keyblock/bulk';
import { BLOCK_RATES, blockTasks } from './blocks.mjs';
import { alterSome, longShape, makeCorpus, malformSome, SHAPES } from './corpus.mjs';
import { runGroup } from './group.mjs';
import { batchTask, divide, mapValues, summarize } from './measure.mjs';
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

const ENGINE_NAMES = ['typescript', 'wasm-simd'];

/** Our own single operation: what a batch is held against where the others can not do a shape. */
const ONE_BY_ONE = 'rewrapKey';

const OPPONENTS = ['tuned', 'straightforward', 'noble', ONE_BY_ONE];

/** Key blocks a call. More gain nothing, and a slice should hold several calls. */
const BATCH = 1024;

/** One block in so many is bad, in the row that shows what bad ones cost. */
const BAD = 8;

/** Lengths of key blocks, from a short HMAC key to the longest block there can be. */
const LENGTHS = [192, 352, 608, 1120, 1632, 2400, 4704, 9312];

/**
 * What is measured together, by the name of the group: rows of one of our contenders and its
 * opponents. Every group has a process of its own, and so does every contender of ours, as it would
 * have in use.
 */
export const GROUPS = {
  rewrap(name) {
    const [plainD, storedD, plainB] = [SHAPES.plainD, SHAPES.storedD, SHAPES.plainB].map((shape) =>
      checkedCorpus(name, shape),
    );
    return [
      { name: PLAIN_D, tasks: rewrapTasks(name, plainD) },
      { name: STORED_D, tasks: rewrapTasks(name, storedD) },
      ...(name === 'native AES' ? [] : [{ name: PLAIN_B, tasks: rewrapTasks(name, plainB) }]),
      ...(name === 'native AES' ? [] : [{ name: BLOCK_RATES, tasks: blockTasks(name) }]),
    ];
  },
  other(name) {
    const storedD = checkedCorpus(name, SHAPES.storedD);
    const altered = alterSome(storedD, BAD);
    assertRefuses(name, altered, ['AUTHENTICATION_FAILED']);
    const malformed = malformSome(storedD, BAD);
    assertRefuses(name, malformed, ['INVALID_HEX', 'INVALID_LENGTH']);
    return [
      // Native AES is for what is under AES before and after.
      ...(name === 'native AES'
        ? []
        : [
            {
              name: TRANSLATION,
              tasks: rewrapTasks(name, checkedCorpus(name, SHAPES.translation)),
            },
          ]),
      { name: UNWRAP, tasks: unwrapTasks(name, storedD) },
      { name: VERIFY, tasks: verifyTasks(name, storedD) },
      {
        name: SOUND_AND_BAD,
        tasks: {
          [name]: ourTask(name, storedD),
          altered: ourTask(name, altered),
          malformed: ourTask(name, malformed),
        },
      },
    ];
  },
  ownHeaders(name) {
    return Object.entries(OWN_HEADERS).map(([row, describe]) => {
      const corpus = makeOwnHeaders(describe);
      assertOpens(name, corpus, [name, ONE_BY_ONE]);
      return {
        name: row,
        tasks: { [name]: ourTask(name, corpus), [ONE_BY_ONE]: rewrapOneByOne(corpus) },
      };
    });
  },
  growth(name) {
    return LENGTHS.map((length) => {
      const corpus = checkedCorpus(name, longShape(length), 256);
      return {
        name: String(length),
        tasks: { [name]: ourTask(name, corpus), tuned: tunedTask(corpus) },
      };
    });
  },
};

const PLAIN_D = 're-wrap D→D, plain header';
const STORED_D = 're-wrap D→D, stored form';
const PLAIN_B = 're-wrap B→B';
const TRANSLATION = 're-wrap B→D';
const UNWRAP = 'unwrap D, stored form';
const VERIFY = 'verify pairs D, stored form';
const SOUND_AND_BAD = 'one in eight bad';

/** Headers of which every block has another, outside what differs in the stored form. */
const OWN_HEADERS = {
  're-wrap D→D, every header another': (i) => ({
    attributes: { keyVersionNumber: i.toString(36).padStart(2, '0').toUpperCase() },
    checkValues: ['KP'],
  }),
  're-wrap D→D, with KC': () => ({ checkValues: ['KC'] }),
};

/** Re-wraps, openings and as many blocks altered: rates, ratios, parts of the floor. */
export function measureBulk(settings) {
  const rewraps = mapValues(OURS, (_, name) => runOurs('rewrap', name, settings));
  const others = mapValues(OURS, (_, name) => runOurs('other', name, settings));
  const ownHeaders = mapValues(OURS, (_, name) => runOurs('ownHeaders', name, settings));
  const ratesOf = (engine, name) => rewraps[engine].find((row) => row.name === name).rates;
  const floor = (name, shape) =>
    Object.fromEntries(
      ENGINE_NAMES.map((engine) => {
        const blocks = ratesOf(engine, BLOCK_RATES);
        const rates = ratesOf(engine, name)[engine];
        return [engine, summarize(divide(rates, floorRates(blocks, engine, shape.operations)))];
      }),
    );
  return {
    rows: [
      ...[PLAIN_D, STORED_D, PLAIN_B].map((name) => mergeRows(rewraps, name)),
      ...[TRANSLATION, UNWRAP, VERIFY].map((name) => mergeRows(others, name)),
      ...Object.keys(OWN_HEADERS).map((name) => mergeRows(ownHeaders, name)),
    ],
    blockRates: Object.assign(
      {},
      ...ENGINE_NAMES.map((engine) => mapValues(ratesOf(engine, BLOCK_RATES), summarize)),
    ),
    partOfFloor: {
      'D→D, plain header': floor(PLAIN_D, SHAPES.plainD),
      'D→D, stored form': floor(STORED_D, SHAPES.storedD),
      'B→B': floor(PLAIN_B, SHAPES.plainB),
    },
    alteredVersusSound: badVersusSound(others, 'altered'),
    malformedVersusSound: badVersusSound(others, 'malformed'),
  };
}

/** What a batch with bad blocks comes to, as a multiple of the same one without. */
function badVersusSound(measured, kind) {
  return mapValues(measured, (rows, name) => {
    const { rates } = rows.find((row) => row.name === SOUND_AND_BAD);
    return summarize(divide(rates[kind], rates[name]));
  });
}

/** Re-wraps a second by block operations alone, at the rates of the same round. */
function floorRates(blocks, engine, { cipher, encrypt, decrypt }) {
  const encryption = blocks[`${engine} ${cipher} encrypt`];
  const decryption = blocks[`${engine} ${cipher} decrypt`];
  return encryption.map((rate, round) => 1 / (encrypt / rate + decrypt / decryption[round]));
}

/** How the time of a re-wrap grows with the length of the key. */
export function measureGrowth(settings) {
  const measured = mapValues(OURS, (_, name) => runOurs('growth', name, settings));
  const timePerByte = (name, length) =>
    measured[name]
      .find((row) => row.name === String(length))
      .rates[name].map((rate) => 1e9 / rate / longShape(length).keyLength);
  return {
    rows: LENGTHS.map((length) => ({
      ...mergeRows(measured, String(length)),
      keyBlockLength: length,
      keyLength: longShape(length).keyLength,
      nanosecondsPerByte: mapValues(OURS, (_, name) => summarize(timePerByte(name, length))),
    })),
    longVersusShort: mapValues(OURS, (_, name) =>
      summarize(divide(timePerByte(name, 9312), timePerByte(name, 608))),
    ),
  };
}

/** Measures a group for one of our contenders. */
function runOurs(group, name, settings) {
  return runGroup({ section: 'bulk', group, name, settings });
}

/** One row out of those of several processes: ratios are of one process, opponents are of all. */
function mergeRows(measured, name) {
  const rates = {};
  const ratios = {};
  for (const rows of Object.values(measured)) {
    const row = rows.find((candidate) => candidate.name === name);
    for (const [contender, own] of Object.entries(row?.rates ?? {})) {
      rates[contender] = [...(rates[contender] ?? []), ...own];
      for (const opponent of OPPONENTS.filter((other) => row.rates[other] !== undefined)) {
        ratios[opponent] ??= {};
        ratios[opponent][contender] = [
          ...(ratios[opponent][contender] ?? []),
          ...divide(own, row.rates[opponent]),
        ];
      }
    }
  }
  const inOrder = (of) =>
    Object.fromEntries(
      [...Object.keys(OURS), ...OPPONENTS].flatMap((contender) =>
        of[contender] === undefined ? [] : [[contender, summarize(of[contender])]],
      ),
    );
  return { name, opsPerSecond: inOrder(rates), versus: mapValues(ratios, inOrder) };
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
  if (name === ONE_BY_ONE) {
    const under = { from: hold(shape.version, from), to: hold(shape.to, to) };
    return (keyBlocks) => keyBlocks.map((keyBlock) => rewrapKey({ keyBlock, ...under }));
  }
  const opponent = name === 'noble' ? noble : straightforward;
  return (keyBlocks) => keyBlocks.map((keyBlock) => opponent.rewrapKey({ keyBlock, from, to }));
}

/** One contender of ours, and every opponent that can do a shape, on the same blocks. */
function rewrapTasks(name, corpus) {
  const tasks = { [name]: ourTask(name, corpus), tuned: tunedTask(corpus) };
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

function ourTask(name, corpus) {
  const rewrap = makeRewrap(name, corpus);
  return batchTask(corpus.keyBlocks.length, () => rewrap(corpus.keyBlocks));
}

function tunedTask(corpus) {
  const under = {
    from: tuned.prepareKbpk({ versionId: corpus.shape.version, kbpk: corpus.from }),
    to: tuned.prepareKbpk({ versionId: corpus.shape.to, kbpk: corpus.to }),
  };
  return oneByOne(corpus, (keyBlock) => tuned.rewrapKey({ keyBlock, ...under }));
}

function rewrapOneByOne(corpus) {
  const { shape } = corpus;
  const under = { from: hold(shape.version, corpus.from), to: hold(shape.to, corpus.to) };
  return oneByOne(corpus, (keyBlock) => rewrapKey({ keyBlock, ...under }));
}

function oneByOne({ keyBlocks }, run) {
  return (call) => run(keyBlocks[call % keyBlocks.length]);
}

function unwrapTasks(name, corpus) {
  const { shape, keyBlocks } = corpus;
  const kbpk = hold(shape.version, corpus.from);
  const prepared = tuned.prepareKbpk({ versionId: shape.version, kbpk: corpus.from });
  return {
    [name]: batchTask(keyBlocks.length, () => unwrapMany({ kbpk, keyBlocks, ...OURS[name] })),
    tuned: oneByOne(corpus, (keyBlock) => tuned.unwrapKey({ prepared, keyBlock })),
  };
}

/** The verifying pass of a rotation: is under the new KBPK what was under the old one? */
function verifyTasks(name, corpus) {
  const { shape, keyBlocks } = corpus;
  const [from, to] = [hold(shape.version, corpus.from), hold(shape.to, corpus.to)];
  const after = makeRewrap('tuned', corpus)(keyBlocks);
  const pairs = keyBlocks.map((before, i) => ({ before, after: after[i] }));
  const [old, now] = [
    tuned.prepareKbpk({ versionId: shape.version, kbpk: corpus.from }),
    tuned.prepareKbpk({ versionId: shape.to, kbpk: corpus.to }),
  ];
  return {
    [name]: batchTask(pairs.length, () => verifyMany({ from, to, pairs, ...OURS[name] })),
    tuned: (call) => {
      const pair = pairs[call % pairs.length];
      // What comes out is a view of an array that the next call writes to.
      const key = Buffer.from(tuned.unwrapKey({ prepared: old, keyBlock: pair.before }).key);
      return key.equals(tuned.unwrapKey({ prepared: now, keyBlock: pair.after }).key);
    },
  };
}

/** Blocks with keys and headers of their own; KBPKs are those of some corpus. */
function makeOwnHeaders(describe) {
  const corpus = makeCorpus(SHAPES.plainD, 1);
  const kbpk = hold('D', corpus.from);
  const keyBlocks = Array.from({ length: BATCH }, (_, i) => {
    const { attributes, checkValues } = describe(i);
    const header = {
      versionId: 'D',
      keyUsage: 'D0',
      algorithm: 'A',
      modeOfUse: 'B',
      exportability: 'E',
      ...attributes,
    };
    return wrapKey({ kbpk, key: randomBytes(16), header, checkValues });
  });
  return { ...corpus, keyBlocks };
}

function checkedCorpus(name, shape, count = BATCH) {
  const corpus = makeCorpus(shape, count);
  // Native AES has nothing to do where neither version is under AES.
  if (name !== 'native AES' || shape.version + shape.to !== 'BB') assertOpens(name, corpus);
  return corpus;
}

/** Throws unless a contender's blocks open under the new KBPK, to the key that was there. */
function assertOpens(name, corpus, contenders = [name, 'tuned']) {
  const { shape, from, to, keyBlocks } = corpus;
  const some = keyBlocks.slice(0, 200);
  const [kbpk, newKbpk] = [hold(shape.version, from), hold(shape.to, to)];
  const keys = some.map((keyBlock) => open(kbpk, keyBlock));
  for (const who of contenders) {
    for (const [i, result] of makeRewrap(who, corpus)(some).entries()) {
      const keyBlock = typeof result === 'string' ? result : result.keyBlock;
      strictEqual(open(newKbpk, keyBlock), keys[i], `${who}, ${shape.keyBlockLength} characters`);
    }
  }
}

/** Throws unless one block in so many is refused, with each of some codes in its turn. */
function assertRefuses(name, corpus, codes) {
  for (const [i, { error }] of makeRewrap(name, corpus)(corpus.keyBlocks).entries()) {
    const code = i % BAD === 0 ? codes[(i / BAD) % codes.length] : undefined;
    strictEqual(error?.code, code, name);
  }
}

function open(kbpk, keyBlock) {
  return Buffer.from(unwrapKey({ kbpk, keyBlock }).key.expose()).toString('hex');
}

function hold(versionId, bytes) {
  return new SecretKey({ algorithm: versionId === 'D' ? 'AES' : 'TDES', bytes });
}
