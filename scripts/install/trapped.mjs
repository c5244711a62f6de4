// Zero I/O, by trial: everything that reaches the world throws while the library works.
import { deepEqual } from 'node:assert/strict';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import * as root from 'keyblock';
import * as kcv from 'keyblock/kcv';
import * as tr31 from 'keyblock/tr31';
import { exercise } from './exercise.cjs';

const require = createRequire(import.meta.url);
const GLOBALS = [
  ...['Buffer', 'Date', 'EventSource', 'Intl', 'WebSocket', 'Worker', 'XMLHttpRequest'],
  ...['clearInterval', 'clearTimeout', 'console', 'document', 'fetch', 'indexedDB', 'localStorage'],
  ...['location', 'navigator', 'performance', 'process', 'queueMicrotask', 'require', 'self'],
  ...['sessionStorage', 'setImmediate', 'setInterval', 'setTimeout', 'window'],
];
// Loaded before the traps are set: some of them use others while they load.
const MODULES = ['fs', 'net', 'http', 'https', 'dns', 'dgram', 'child_process', 'crypto', 'os'].map(
  (name) => [name, require(`node:${name}`)],
);

/** Runs `work` while every trapped name throws at the first touch. */
function trapped(globals, work) {
  const touched = [];
  const undo = [];
  const trap = (object, name, path) => {
    const before = Object.getOwnPropertyDescriptor(object, name);
    if (before?.configurable === false) return;
    const touch = () => {
      touched.push(path);
      throw new Error(`touched ${path}`);
    };
    Object.defineProperty(object, name, { configurable: true, get: touch, set: touch });
    undo.push(() => {
      if (before === undefined) delete object[name];
      else Object.defineProperty(object, name, before);
    });
  };
  try {
    // The environment and the modules first: reaching them goes through globals.
    trap(process, 'env', 'process.env');
    for (const [name, module] of MODULES) {
      for (const member of Object.keys(module)) trap(module, member, `${name}.${member}`);
    }
    trap(Date, 'now', 'Date.now');
    trap(Math, 'random', 'Math.random');
    for (const name of globals) trap(globalThis, name, name);
    return work();
  } finally {
    for (const restore of undo.reverse()) restore();
    syncBuiltinESMExports();
    // Not what `work` made of it: it may have caught the error.
    if (touched.length > 0) console.error(`touched ${touched.join(' ')}`);
    if (touched.length > 0) process.exitCode = 1;
  }
}

/** Random bytes as a test wants them: the same in every run. */
function counter() {
  let next = 0;
  return (length) => Uint8Array.from({ length }, () => (next = (next * 73 + 41) % 251));
}

const namespaces = { root, tr31, kcv };
// With the generator that every host has, and with the caller's and nothing else.
trapped(GLOBALS, () => exercise(namespaces));
const expected = exercise(namespaces, counter());
const actual = trapped([...GLOBALS, 'crypto'], () => exercise(namespaces, counter()));
deepEqual(actual, expected);
