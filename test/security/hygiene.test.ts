/** No clear key turns up in an error, nor in what a handle shows of itself. */

import * as keyblock from 'keyblock';
import { KeyblockError, SecretKey, unwrapKey } from 'keyblock';
import { describe, expect, it } from 'vitest';
import {
  CALLER_TEXT,
  CANARIES,
  type Canary,
  channels,
  Haystack,
  secretBytes,
  secretHex,
  secretText,
} from './hygiene.js';
import { bytesOf, numbers } from './matrix.js';
import { splice } from './mutations.js';
import { CALLS, mixUps } from './public-calls.js';

describe('the search', () => {
  const bytes = bytesOf(1)(16);
  const secrets = [secretBytes('key', bytes)];
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));

  it.each([
    ['upper-case hex', hex.join('').toUpperCase()],
    ['lower-case hex with spaces', `<Buffer ${hex.join(' ')}>`],
    ['four bytes of hex', hex.slice(5, 9).join('')],
    ['a decimal list', [...bytes].join(', ')],
    ['four of a decimal list', `[ ${[...bytes].slice(9, 13).join(', ')} ]`],
    ['the JSON of bytes', JSON.stringify(bytes)],
    ['the JSON of a Buffer', JSON.stringify({ type: 'Buffer', data: [...bytes] })],
    ['Latin-1', `key ${String.fromCharCode(...bytes.subarray(3, 7))}!`],
    ['the JSON of Latin-1', JSON.stringify(String.fromCharCode(...bytes))],
    ['base64', btoa(String.fromCharCode(...bytes))],
    ['base64 after other bytes', btoa(`xx${String.fromCharCode(...bytes.subarray(2, 9))}yy`)],
    [
      'base64url',
      btoa(String.fromCharCode(...bytes))
        .replaceAll('+', '-')
        .replaceAll('/', '_'),
    ],
  ])('finds %s', (_, text) => {
    const haystack = new Haystack();
    haystack.add('nothing here', text);
    expect(haystack.find(secrets)).toHaveLength(1);
  });

  it('finds a field, a hidden field, a symbol and an inherited getter', () => {
    class Leaky {
      get clear(): Uint8Array {
        return bytes;
      }
    }
    const symbol = Symbol('key');
    const hidden = Object.defineProperty({}, 'key', { value: bytes, enumerable: false });
    const holders = [{ bytes }, { [symbol]: bytes }, hidden, new Leaky(), { deep: [{ hex }] }];
    for (const holder of holders) {
      const haystack = new Haystack();
      haystack.add(...channels(holder));
      expect(haystack.find(secrets)).toHaveLength(1);
    }
  });

  it('finds texts and check values, and does not find what is not there', () => {
    const haystack = new Haystack();
    haystack.add(`of ${CALLER_TEXT.slice(2, 10)} and be7ed6`);
    expect(
      haystack.find([secretText('text', CALLER_TEXT), secretHex('KCV', 'BE7ED6'), ...secrets]),
    ).toHaveLength(2);
    expect(new Haystack().find(secrets)).toEqual([]);
  });
});

describe('the calls', { timeout: 60_000 }, () => {
  it('are of every export', () => {
    expect(Object.keys(CALLS).sort()).toEqual(Object.keys(keyblock).sort());
    for (const [name, calls] of Object.entries(CALLS)) {
      expect(calls.length, name).toBeGreaterThan(1);
    }
  });

  it('work and fail, each function both ways where it can', () => {
    const failing = new Set<string>();
    const working = new Set<string>();
    for (const canary of CANARIES) {
      for (const [name, calls] of Object.entries(CALLS)) {
        for (const { run } of calls) (attempt(canary, run).error ? failing : working).add(name);
      }
    }
    expect([...working].sort()).toEqual(Object.keys(keyblock).sort());
    const neverFails = Object.keys(keyblock).filter((name) => !failing.has(name));
    expect(neverFails).toEqual(['KeyblockError']);
  });
});

describe.each(CANARIES)('keys of $title', { timeout: 60_000 }, (canary) => {
  it('are in no error and in no result but those made to show them', () => {
    const shown = new Haystack();
    const errors = new Haystack();
    for (const { run, reveals } of Object.values(CALLS).flat()) {
      const { error, value } = attempt(canary, run);
      if (error !== undefined) errors.add(...channels(error));
      else if (reveals !== true) shown.add(...channels(value));
    }
    for (const key of [canary.key, canary.kbpk]) shown.add(...channels(key));
    expect(shown.size).toBeGreaterThan(100);
    expect(errors.size).toBeGreaterThan(50);
    expect(shown.find(canary.secrets)).toEqual([]);
    expect(errors.find([...canary.secrets, ...canary.untold])).toEqual([]);
  });

  it('are found in what is made to show them', () => {
    const haystack = new Haystack();
    for (const { run, reveals } of Object.values(CALLS).flat()) {
      if (reveals === true) haystack.add(...channels(attempt(canary, run).value));
    }
    expect(haystack.find(canary.secrets).length).toBeGreaterThanOrEqual(5);
  });

  it('are in no error of a call that mixes them up', () => {
    const haystack = new Haystack();
    let calls = 0;
    let failures = 0;
    for (const { run } of mixUps(canary)) {
      calls += 1;
      const { error, value } = attempt(canary, run);
      if (error !== undefined) {
        failures += 1;
        haystack.add(...channels(error));
      } else if (value instanceof SecretKey) {
        haystack.add(...channels(value));
      }
    }
    expect(calls).toBe(1394);
    expect(failures).toBeGreaterThan(1000);
    expect(haystack.find([...canary.secrets, ...canary.untold])).toEqual([]);
  });

  it('are in none of 2000 random failures', () => {
    const haystack = new Haystack();
    const next = numbers(7000);
    const { kbpk, keyBlock } = canary;
    let failures = 0;
    for (let i = 0; i < 2000; i++) {
      const from = next(keyBlock.length);
      const by =
        next(3) === 0 ? String.fromCharCode(next(256)) : next(16).toString(16).toUpperCase();
      const altered = splice(keyBlock, from, from + 1, by);
      if (altered === keyBlock) continue;
      const { error } = attempt(canary, () => unwrapKey({ kbpk, keyBlock: altered }));
      if (error === undefined) continue;
      failures += 1;
      haystack.add(error.message, String(error), JSON.stringify(error));
      if (i < 100) haystack.add(...channels(error));
    }
    expect(failures).toBeGreaterThan(1800);
    expect(haystack.find([...canary.secrets, ...canary.untold])).toEqual([]);
  });

  it('are not what a pattern was last matched against', () => {
    const haystack = new Haystack();
    const names = ['input', 'lastMatch', 'lastParen', 'leftContext', 'rightContext', '$1', '$9'];
    for (const { run, reveals } of Object.values(CALLS).flat()) {
      /./.test('x');
      attempt(canary, run);
      // The matches of every pattern of a realm can be read from its RegExp.
      if (reveals !== true) haystack.add(...names.map((name) => String(Reflect.get(RegExp, name))));
    }
    expect(haystack.size).toBeGreaterThan(2);
    expect(haystack.find(canary.secrets)).toEqual([]);
  });

  it('are in no complaint of a failed assertion', () => {
    const haystack = new Haystack();
    const { key, kbpk } = canary;
    for (const compare of [
      () => expect(key).toBe(kbpk),
      () => expect({ key }).toEqual({ kbpk }),
      () => expect([key]).toStrictEqual([new Map([[1, kbpk]])]),
      () => expect(key).toMatchObject({ bytes: [] }),
      () => expect(key).toBeUndefined(),
    ]) {
      const { error } = attempt(canary, compare, Error);
      haystack.add(...channels(error));
    }
    expect(haystack.size).toBeGreaterThan(5);
    expect(haystack.find(canary.secrets)).toEqual([]);
  });
});

/** The value or the error of a call; an error of another class is one of the test. */
function attempt(
  canary: Canary,
  run: (canary: Canary) => unknown,
  kind: new (...parameters: never[]) => Error = KeyblockError,
): { readonly value?: unknown; readonly error?: Error } {
  try {
    return { value: run(canary) };
  } catch (error) {
    if (error instanceof kind) return { error };
    throw error;
  }
}
