/** What Node has beyond other runtimes to print, copy and send a value: no clear key turns up. */

import {
  deepStrictEqual,
  notDeepStrictEqual,
  notStrictEqual,
  strictEqual,
} from 'node:assert/strict';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { serialize } from 'node:v8';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { KeyblockError, SecretKey } from 'keyblock';
import { describe, expect, it } from 'vitest';
import { CANARIES, type Canary, Haystack, secretBytes } from './hygiene.js';
import { CALLS } from './public-calls.js';

describe('the search', () => {
  it.each([
    ['inspect', (leaky: object) => inspections(leaky)],
    ['console', (leaky: object) => [logged(leaky)]],
    ['assert', (leaky: object) => [...comparisons(leaky, { bytes: [] })]],
    ['messages', (leaky: object) => messages(leaky)],
  ])('finds what %s shows', (_, textsOf) => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 11 * i + 67);
    const haystack = new Haystack();
    haystack.add(...textsOf({ bytes }));
    expect(haystack.find([secretBytes('key', bytes)])).toHaveLength(1);
  });
});

describe.each(CANARIES)('keys of $title', { timeout: 60_000 }, (canary) => {
  const { key, kbpk } = canary;

  it('are not in what a handle shows, also after it was used as KBPK', () => {
    const haystack = new Haystack();
    for (const handle of [key, kbpk, SecretKey]) {
      haystack.add(...inspections(handle), logged(handle), ...inspections({ deep: [handle] }));
      haystack.add(...inspections(new Map([[handle, [handle]]])));
    }
    for (const handle of [key, kbpk]) haystack.add(...messages(handle));
    haystack.add(...comparisons(key, kbpk), ...comparisons({ key }, { key: kbpk }));
    expect(inspect(key)).toBe(String(key));
    expect(haystack.size).toBeGreaterThan(20);
    expect(haystack.find(canary.secrets)).toEqual([]);
  });

  it('are not in what an error shows', () => {
    const haystack = new Haystack();
    const seen = new Set<string>();
    for (const error of errorsOf(canary)) {
      if (seen.has(error.message)) continue;
      seen.add(error.message);
      haystack.add(...inspections(error), logged(error), ...messages(error));
      haystack.add(...comparisons(error, new Error('another')));
    }
    expect(seen.size).toBeGreaterThan(20);
    expect(haystack.find([...canary.secrets, ...canary.untold])).toEqual([]);
  });

  it('are not in what a result shows', () => {
    const haystack = new Haystack();
    for (const { run, reveals } of Object.values(CALLS).flat()) {
      if (reveals === true) continue;
      try {
        const value = run(canary);
        haystack.add(...inspections(value), logged(value), ...messages(value));
      } catch (error) {
        if (!(error instanceof KeyblockError)) throw error;
      }
    }
    expect(haystack.size).toBeGreaterThan(100);
    expect(haystack.find(canary.secrets)).toEqual([]);
  });
});

function* errorsOf(canary: Canary): Generator<KeyblockError> {
  for (const { run } of Object.values(CALLS).flat()) {
    try {
      run(canary);
    } catch (error) {
      if (!(error instanceof KeyblockError)) throw error;
      yield error;
    }
  }
}

/** Every way in which `util.inspect` may be asked. */
function inspections(value: unknown): string[] {
  const texts = ['%s', '%o', '%O', '%j', '%d'].map((placeholder) => format(placeholder, value));
  for (const showHidden of [false, true]) {
    for (const customInspect of [false, true]) {
      texts.push(inspect(value, { showHidden, customInspect, showProxy: true, depth: 9 }));
      texts.push(inspect(value, { showHidden, customInspect, getters: true, depth: Infinity }));
      texts.push(inspect({ value }, { showHidden, customInspect, sorted: true, compact: false }));
    }
  }
  return texts;
}

/** What a console writes. */
function logged(value: unknown): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const log = new Console({ stdout: stream, stderr: stream });
  log.log(value, `${value}`);
  log.error(value);
  log.dir(value, { showHidden: true, depth: 9 });
  log.table([value]);
  log.table(value);
  log.trace(value);
  log.assert(false, value);
  return text;
}

/** The diffs of failed assertions. */
function* comparisons(actual: unknown, expected: unknown): Generator<string> {
  for (const compare of [
    () => strictEqual(actual, expected),
    () => deepStrictEqual(actual, expected),
    () => deepStrictEqual([actual], [expected, 1]),
    () => notStrictEqual(actual, actual),
    () => notDeepStrictEqual(actual, actual),
  ]) {
    try {
      compare();
    } catch (error) {
      yield `${error instanceof Error ? error.message : ''} ${inspect(error, { depth: 9 })}`;
    }
  }
}

/** What arrives on the other side of `structuredClone`, `postMessage` and V8's own format. */
function messages(value: unknown): string[] {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage({ value });
  const received: unknown = receiveMessageOnPort(port2);
  port1.close();
  const bytes = serialize(value);
  return [
    ...inspections(received),
    ...inspections(structuredClone(value)),
    bytes.toString('latin1'),
    bytes.toString('hex'),
  ];
}
