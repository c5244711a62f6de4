/** Bytes that only Node can make in a test: of shared memory, of a pool, of another realm. */

import { runInNewContext } from 'node:vm';
import {
  combineComponents,
  computeKcv,
  KeyblockError,
  rewrapKey,
  SecretKey,
  splitIntoComponents,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import { describe, expect, it } from 'vitest';
import { bytesOf, outcome } from './matrix.js';

const KBPK_BYTES = bytesOf(8100)(32);
const KEY_BYTES = bytesOf(8101)(16);
const HEADER = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  exportability: 'E',
} as const;
const KEY_BLOCK = wrapKey({
  kbpk: KBPK_BYTES,
  key: KEY_BYTES,
  header: HEADER,
  randomBytes: bytesOf(8102),
});

/** The same bytes in another kind of memory, and how to overwrite them. */
const MEMORIES: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
  [
    'shared memory',
    (bytes) => copyInto(new Uint8Array(new SharedArrayBuffer(bytes.length)), bytes),
  ],
  ['a Buffer', (bytes) => Buffer.from(bytes)],
  ['a Buffer of the pool', (bytes) => copyInto(Buffer.allocUnsafe(bytes.length), bytes)],
  [
    'a part of a larger array',
    (bytes) => copyInto(new Uint8Array(99).subarray(7, 7 + bytes.length), bytes),
  ],
  ['another realm', (bytes) => runInNewContext(`Uint8Array.of(${bytes.join()})`)],
  ['memory that can grow', (bytes) => copyInto(growing(bytes.length), bytes)],
];

describe.each(MEMORIES)('keys in %s', (_, place) => {
  it('open, wrap and re-wrap as any others', () => {
    const kbpk = place(KBPK_BYTES);
    const key = place(KEY_BYTES);
    expect(unwrapKey({ kbpk, keyBlock: KEY_BLOCK }).key.expose()).toEqual(KEY_BYTES);
    expect(wrapKey({ kbpk, key, header: HEADER, randomBytes: bytesOf(8102) })).toBe(KEY_BLOCK);
    const rewrapped = rewrapKey({
      keyBlock: KEY_BLOCK,
      from: kbpk,
      to: kbpk,
      randomBytes: bytesOf(8102),
    });
    expect(rewrapped).toBe(KEY_BLOCK);
    expect(computeKcv({ key, algorithm: 'AES' })).toBe(
      computeKcv({ key: KEY_BYTES, algorithm: 'AES' }),
    );
  });

  it('are copied into memory of the library', () => {
    const bytes = place(KEY_BYTES);
    const key = new SecretKey({ algorithm: 'AES', bytes });
    bytes.fill(0);
    expect(key.expose()).toEqual(KEY_BYTES);
    expect(key.expose().buffer).toBeInstanceOf(ArrayBuffer);
    expect(key.expose().buffer.byteLength).toBe(16);
    expect(Buffer.isBuffer(key.expose())).toBe(false);
  });

  it('may come from a generator', () => {
    const random = place(bytesOf(8103)(30));
    const keyBlock = wrapKey({
      kbpk: KBPK_BYTES,
      key: KEY_BYTES,
      header: HEADER,
      randomBytes: (length) => random.subarray(0, length),
    });
    expect(unwrapKey({ kbpk: KBPK_BYTES, keyBlock }).key.expose()).toEqual(KEY_BYTES);
    const components = splitIntoComponents({
      key: KEY_BYTES,
      algorithm: 'AES',
      count: 2,
      randomBytes: () => place(bytesOf(8104)(16)),
    });
    expect(combineComponents({ algorithm: 'AES', components }).expose()).toEqual(KEY_BYTES);
  });
});

describe('options of another realm', () => {
  it('are options', () => {
    const options = runInNewContext('({ validation: "strict", allow: ["lower-case-hex"] })');
    options.kbpk = KBPK_BYTES;
    options.keyBlock = KEY_BLOCK;
    expect(unwrapKey(options).key.expose()).toEqual(KEY_BYTES);
    const header = runInNewContext(`(${JSON.stringify({ ...HEADER, optionalBlocks: [] })})`);
    expect(wrapKey({ kbpk: KBPK_BYTES, key: KEY_BYTES, header, randomBytes: bytesOf(8102) })).toBe(
      KEY_BLOCK,
    );
  });

  it('may be arrays there', () => {
    const allow = runInNewContext('["lower-case-hex"]');
    const keyBlock = KEY_BLOCK.slice(0, 16) + KEY_BLOCK.slice(16).toLowerCase();
    expect(unwrapKey({ kbpk: KBPK_BYTES, keyBlock, allow }).key.expose()).toEqual(KEY_BYTES);
  });
});

describe('memory that is gone', () => {
  it('is refused: a view beyond the end of what shrank', () => {
    const buffer = resizable(32, 64);
    const bytes = new Uint8Array(buffer, 16, 16);
    buffer.resize(8);
    const result = outcome(() => new SecretKey({ algorithm: 'AES', bytes }));
    expect(result).toEqual({ code: 'INVALID_ARGUMENT' });
  });

  it('is refused: what a worker took', () => {
    const bytes = new Uint8Array(16);
    const { port1 } = new MessageChannel();
    port1.postMessage(bytes, [bytes.buffer]);
    port1.close();
    for (const call of [
      () => unwrapKey({ kbpk: bytes, keyBlock: KEY_BLOCK }),
      () => wrapKey({ kbpk: KBPK_BYTES, key: bytes, header: HEADER }),
      () => wrapKey({ kbpk: KBPK_BYTES, key: KEY_BYTES, header: HEADER, randomBytes: () => bytes }),
    ]) {
      expect(call).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT' }),
      );
    }
  });
});

function copyInto(target: Uint8Array, bytes: Uint8Array): Uint8Array {
  target.set(bytes);
  return target;
}

/** ES2024, which the compiler's library does not have yet. */
interface ResizableBuffer extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number, maxByteLength: number): ResizableBuffer {
  return Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as ResizableBuffer; // it is one
}

/** An array whose length follows that of its memory. */
function growing(length: number): Uint8Array {
  return new Uint8Array(resizable(length, 2 * length));
}
