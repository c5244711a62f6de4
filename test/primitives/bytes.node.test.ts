import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../src/errors.js';
import { copyBytes, isBytes } from '../../src/primitives/bytes.js';
import { drawBytes } from '../../src/primitives/random.js';

describe('bytes of Node', () => {
  it('are copied out of the pool of a Buffer', () => {
    const buffer = Buffer.from('0102030405060708', 'hex');
    expect(buffer.buffer.byteLength).toBeGreaterThan(8); // a view of the pool
    const copy = copyBytes(buffer, 'key');
    buffer.fill(0);
    expect([...copy]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Buffer.isBuffer(copy)).toBe(false);
    expect(copy.buffer.byteLength).toBe(8);
  });

  it('are copied out of shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
    const copy = copyBytes(shared, 'key');
    shared.fill(0);
    expect([...copy]).toEqual([7, 7, 7, 7]);
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('may be what a generator returns', () => {
    const pool = Buffer.from('0102030405060708', 'hex');
    const drawn = drawBytes((length) => pool.subarray(0, length), 4);
    pool.fill(0);
    expect([...drawn]).toEqual([1, 2, 3, 4]);
    expect(Buffer.isBuffer(drawn)).toBe(false);
  });
});

describe('bytes of another realm', () => {
  it('are bytes, and are copied into this one', () => {
    const foreign = runInNewContext('Uint8Array.of(1, 2, 3)');
    expect(foreign instanceof Uint8Array).toBe(false);
    expect(isBytes(foreign)).toBe(true);
    const copy = copyBytes(foreign, 'key');
    foreign.fill(0);
    expect([...copy]).toEqual([1, 2, 3]);
    expect(copy).toBeInstanceOf(Uint8Array);
  });

  it.each(['new Uint16Array(4)', 'new Int8Array(4)', 'new Uint8ClampedArray(4)', '[1, 2]'])(
    'are not what %s gives',
    (code) => {
      const foreign = runInNewContext(code);
      expect(isBytes(foreign)).toBe(false);
      expect(() => copyBytes(foreign, 'key')).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT' }),
      );
    },
  );
});
