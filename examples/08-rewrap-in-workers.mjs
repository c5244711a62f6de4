// A rotation on all processors: a pool of worker threads, each given its KBPKs once and then part
// after part of the key blocks. One of the workers dies on the way; its part goes to another.
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { generateKey, SecretKey, wrapKey } from 'keyblock';
import { createRewrapper, verifyMany } from 'keyblock/bulk';

const KEY_BLOCKS = 20_000;
const PART = 1000;

if (isMainThread) await rotate();
else work(workerData);

/** A worker: makes a re-wrapper of the keys that it is born with, and answers part after part. */
function work({ from, to, diesAtPart }) {
  const rewrapper = createRewrapper({ from: takeKey(from), to: takeKey(to) });
  let parts = 0;
  parentPort.on('message', ({ part, keyBlocks }) => {
    if (++parts === diesAtPart) throw new Error('out of memory, or whatever kills a thread');
    const results = rewrapper.rewrap(keyBlocks);
    // Errors become plain data: what a KeyblockError says, without its prototype.
    parentPort.postMessage({
      part,
      results: results.map(({ keyBlock, error }) => keyBlock ?? { code: error.code }),
    });
  });
}

/** Holds the bytes that came with the thread, and overwrites them. */
function takeKey(bytes) {
  const key = new SecretKey({ algorithm: 'AES', bytes });
  bytes.fill(0);
  return key;
}

async function rotate() {
  const from = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const to = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const stored = makeStore(from);
  stored[4711] = stored[4711].replace('P0AE', 'P0AD'); // somebody has altered this one

  const size = Math.max(2, Math.min(4, availableParallelism()));
  console.log(`${stored.length} key blocks in parts of ${PART}, ${size} workers`);
  const results = await rewrapInWorkers({ from, to, keyBlocks: stored, size });

  const refused = results.flatMap((result, i) =>
    typeof result === 'string' ? [] : [`${i} ${result.code}`],
  );
  console.log(`${results.length - refused.length} re-wrapped, refused: ${refused.join(', ')}`);
  // Before the old blocks go: is the same key in every pair, and no part forgotten?
  const pairs = stored.flatMap((before, i) =>
    typeof results[i] === 'string' ? [{ before, after: results[i] }] : [],
  );
  const unequal = verifyMany({ from, to, pairs }).filter(({ equal }) => equal !== true);
  if (pairs.length !== stored.length - 1 || unequal.length > 0) throw new Error('not to be stored');
  console.log(`${pairs.length} pairs compared, all equal`);
  for (const secret of [from, to]) secret.destroy();
}

function makeStore(kbpk) {
  const keys = Array.from({ length: 100 }, () =>
    generateKey({ algorithm: 'AES', lengthBits: 128 }),
  );
  const header = {
    versionId: 'D',
    keyUsage: 'P0',
    algorithm: 'A',
    modeOfUse: 'E',
    exportability: 'N',
  };
  return Array.from({ length: KEY_BLOCKS }, (_, i) =>
    wrapKey({ kbpk, key: keys[i % keys.length], header }),
  );
}

/**
 * Deals parts out to workers as they become free. A part is done when its results are there: a part
 * whose worker fails goes back to the others. Re-wrapping a block twice does no harm.
 */
function rewrapInWorkers({ from, to, keyBlocks, size }) {
  const parts = Math.ceil(keyBlocks.length / PART);
  const waiting = Array.from({ length: parts }, (_, part) => part);
  const results = new Array(keyBlocks.length);
  const pool = new Set();
  let done = 0;
  const start = performance.now();

  return new Promise((resolve, reject) => {
    for (let number = 1; number <= size; number++) {
      // For the sake of the example the second worker does not survive its third part.
      const member = {
        number,
        part: undefined,
        worker: makeWorker(from, to, number === 2 ? 3 : 0),
      };
      pool.add(member);
      member.worker.on('message', (message) => take(member, message));
      member.worker.on('error', (error) => lose(member, error.message));
      member.worker.on('exit', () => lose(member, 'it ended'));
      give(member);
    }

    function give(member) {
      member.part = waiting.shift();
      if (member.part === undefined) return;
      const at = member.part * PART;
      const { part } = member;
      member.worker.postMessage({ part, keyBlocks: keyBlocks.slice(at, at + PART) });
    }

    function take(member, { part, results: ofPart }) {
      for (const [i, result] of ofPart.entries()) results[part * PART + i] = result;
      done++;
      if (done % 5 === 0 || done === parts) {
        const seconds = (performance.now() - start) / 1000;
        const rate = Math.round((done * PART) / seconds / 1000);
        console.log(`${done} of ${parts} parts, ${rate} thousand key blocks a second`);
      }
      if (done < parts) give(member);
      else finish(resolve, results);
    }

    /** A worker that failed is not asked again; another takes its part, at once if it is idle. */
    function lose(member, reason) {
      if (!pool.delete(member)) return;
      void member.worker.terminate();
      if (member.part !== undefined) waiting.unshift(member.part);
      console.log(`worker ${member.number} failed in part ${member.part}: ${reason}`);
      if (pool.size === 0) return finish(reject, new Error('no worker is left'));
      for (const other of pool) if (other.part === undefined) give(other);
    }

    function finish(settle, value) {
      const members = [...pool];
      pool.clear();
      void Promise.all(members.map(({ worker }) => worker.terminate())).then(() => settle(value));
    }
  });
}

/** The keys cross once, when the thread starts: transferred, so that no copy stays behind. */
function makeWorker(from, to, diesAtPart) {
  const keys = [from.expose(), to.expose()];
  return new Worker(new URL(import.meta.url), {
    workerData: { from: keys[0], to: keys[1], diesAtPart },
    transferList: keys.map(({ buffer }) => buffer),
  });
}
