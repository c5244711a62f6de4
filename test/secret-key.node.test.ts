import assert from 'node:assert';
import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { computeKcv, fromHex, SecretKey } from 'keyblock';
import { describe, expect, it } from 'vitest';

const HEX = '88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6';
/** The same bytes as notations show them: hex, a list, `<Buffer …>`. */
const TRACES = [/88e1ab/i, /136,\s*225,\s*171/, /88 e1 ab/i, /iOGrKi/];

describe('a SecretKey in Node', () => {
  const key = new SecretKey({ algorithm: 'AES', bytes: fromHex(HEX) });

  it.each([
    ['alone', inspect(key)],
    ['with colours', inspect(key, { colors: true })],
    ['with what is hidden', inspect(key, { showHidden: true, depth: null })],
    ['with getters', inspect(key, { getters: true })],
    ['by console.log', format(key)],
    ['by %s', format('%s', key)],
    ['by %o', format('%o', key)],
    ['by %O', format('%O', key)],
  ])('inspects as its description: %s', (_, text) => {
    expect(text).toBe('SecretKey AES-256');
  });

  it.each([
    ['inside others', inspect({ keys: new Map([['kbpk', [key]]]) }, { depth: null })],
    ['by %j', format('%j', { key })],
  ])('inspects as its description %s', (_, text) => {
    expect(text).toContain('SecretKey AES-256');
    for (const trace of TRACES) expect(text).not.toMatch(trace);
  });

  it.each([
    ['past its own way', inspect(key, { customInspect: false, showHidden: true, depth: null })],
    ['through a proxy', inspect(new Proxy(key, {}), { showProxy: true, showHidden: true })],
    ['through an heir', inspected(Object.create(key))],
    ['the class', inspect(SecretKey, { showHidden: true, depth: null })],
    ['its prototype', inspect(SecretKey.prototype, { showHidden: true, depth: null })],
    ['in an assertion that fails', failed(() => assert.deepStrictEqual(key, fromHex(HEX).length))],
    ['serialised by V8', serialize(key).toString('latin1')],
    ['serialised by V8 and back', inspect(deserialize(serialize({ key })), { depth: null })],
  ])('never shows its bytes: %s', (_, text) => {
    for (const trace of TRACES) expect(text).not.toMatch(trace);
    expect(text).not.toContain('\x88\xe1\xab');
  });

  it('finds such traces where there are any', () => {
    const bytes = fromHex(HEX);
    for (const [i, text] of [
      HEX,
      inspect(bytes),
      inspect(Buffer.from(bytes)),
      Buffer.from(bytes).toString('base64'),
    ].entries()) {
      expect(text).toMatch(TRACES[i] ?? /^$/);
    }
    expect(serialize(bytes).toString('latin1')).toContain('\x88\xe1\xab');
  });

  it('leaves its bytes behind on the way to another thread', () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ key });
    expect(receiveMessageOnPort(port2)).toEqual({ message: { key: {} } });
    port1.close();
  });

  it('copies a Buffer on the way in, out of its pool', () => {
    const buffer = Buffer.from(HEX, 'hex');
    const copy = new SecretKey({ algorithm: 'AES', bytes: buffer });
    buffer.fill(0);
    expect(copy.kcv()).toBe('2331550BC9'); // X9.143 8.6
    expect(Buffer.isBuffer(copy.expose())).toBe(false);
    expect(copy.expose().buffer.byteLength).toBe(32);
  });

  it('takes bytes of another realm', () => {
    const bytes = runInNewContext(`Uint8Array.from(${JSON.stringify([...fromHex(HEX)])})`);
    expect(new SecretKey({ algorithm: 'AES', bytes }).kcv()).toBe('2331550BC9');
    expect(computeKcv({ key: bytes, algorithm: 'AES' })).toBe('2331550BC9');
  });
});

/** What can be seen of a value, or of the error that looking at it gives. */
function inspected(value: unknown): string {
  try {
    return inspect(value, { showHidden: true, depth: null });
  } catch (error) {
    return String(error);
  }
}

function failed(check: () => void): string {
  try {
    check();
  } catch (error) {
    return inspect(error, { showHidden: true, depth: null });
  }
  throw new Error('the assertion held');
}
