import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KeyblockError } from '../../src/errors.js';
import {
  checkedRandomBytes,
  drawBytes,
  fillWithPadding,
  systemRandomBytes,
} from '../../src/primitives/random.js';

const REFUSED = expect.objectContaining({
  constructor: KeyblockError,
  code: 'INVALID_ARGUMENT',
  field: 'randomBytes',
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('drawBytes', () => {
  it('asks once, for the length, and returns what it is given', () => {
    const generator = vi.fn((length: number) => Uint8Array.from({ length }, (_, i) => 3 * i + 1));
    expect([...drawBytes(generator, 5)]).toEqual([1, 4, 7, 10, 13]);
    expect(generator.mock.calls).toEqual([[5]]);
  });

  it('copies, so that the generator may reuse its buffer', () => {
    const buffer = Uint8Array.of(1, 2, 3, 4);
    const drawn = drawBytes(() => buffer, 4);
    buffer.fill(0);
    expect([...drawn]).toEqual([1, 2, 3, 4]);
    drawn.fill(9);
    expect([...buffer]).toEqual([0, 0, 0, 0]);
  });

  it('copies the view alone where the generator returns one of a larger buffer', () => {
    const drawn = drawBytes(() => Uint8Array.of(9, 1, 2, 9).subarray(1, 3), 2);
    expect([...drawn]).toEqual([1, 2]);
    expect(drawn.buffer.byteLength).toBe(2);
  });

  it('refuses every length but the one asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(64), (asked, given) => {
        fc.pre(asked !== given);
        expect(() => drawBytes((_) => new Uint8Array(given), asked)).toThrow(REFUSED);
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a hex string', '00112233'],
    ['an array', [1, 2, 3, 4]],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a DataView', new DataView(new ArrayBuffer(4))],
    ['wider numbers', new Uint32Array(4)],
    ['signed bytes', new Int8Array(4)],
    ['clamped bytes', new Uint8ClampedArray(4)],
    ['a look-alike', { length: 4, 0: 1, 1: 2, 2: 3, 3: 4 }],
    ['a promise', Promise.resolve(new Uint8Array(4))],
  ])('refuses %s', (_, result) => {
    // What JavaScript callers do, past the types.
    expect(() => drawBytes((() => result) as never, 4)).toThrow(REFUSED);
  });
});

describe('checkedRandomBytes', () => {
  it('gives back a function, and the default for undefined', () => {
    const generator = (length: number) => new Uint8Array(length);
    expect(checkedRandomBytes(generator)).toBe(generator);
    expect(checkedRandomBytes(undefined)).toBe(systemRandomBytes);
  });

  it.each([null, 0, '', 'random', {}, new Uint8Array(4)])('refuses %j', (value) => {
    expect(() => checkedRandomBytes(value as never)).toThrow(REFUSED);
  });
});

describe('systemRandomBytes', () => {
  it('returns the bytes of Web Crypto', () => {
    vi.spyOn(crypto, 'getRandomValues').mockImplementation(counting());
    expect([...systemRandomBytes(4)]).toEqual([0, 1, 2, 3]);
    expect([...systemRandomBytes(3)]).toEqual([4, 5, 6]);
  });

  it.each([1, 8, 24, 32, 256])('returns %i bytes, other ones in each call', (length) => {
    const seen = new Set(Array.from({ length: 8 }, () => systemRandomBytes(length).join()));
    expect(systemRandomBytes(length)).toHaveLength(length);
    if (length >= 8) expect(seen.size).toBe(8);
  });
});

describe('fillWithPadding', () => {
  it('gives out what the system gave, in its order and no byte twice', () => {
    vi.spyOn(crypto, 'getRandomValues').mockImplementation(counting());
    padding(4096); // what is left of other tests, and then some of the counted portion
    const [last = 0] = padding(1);
    let next = last + 1;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1024 }), { maxLength: 20 }), (lengths) => {
        for (const length of lengths) {
          const bytes = padding(length);
          expect([...bytes]).toEqual([...bytes.keys()].map((i) => (next + i) & 255));
          next += length;
        }
      }),
    );
  });

  it('keeps nothing of what it gave out', () => {
    let pool = new Uint8Array();
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      pool = (array as Uint8Array<ArrayBuffer>).fill(0xff); // the only kind that is asked for
      return array;
    });
    while (pool.length === 0) padding(1000); // what is left of other tests
    const before = pool.filter((byte) => byte === 0xff).length;
    expect(before).toBeLessThan(pool.length);
    expect(padding(14).every((byte) => byte === 0xff)).toBe(true);
    expect(pool.filter((byte) => byte === 0xff)).toHaveLength(before - 14);
  });

  it('writes from the offset to the end and nowhere else', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.nat(5000), (from, length) => {
        const message = new Uint8Array(from + length);
        fillWithPadding(message, from);
        expect(message.subarray(0, from).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it('gives other bytes each time', () => {
    const values = new Set(Array.from({ length: 1000 }, () => padding(16).join()));
    expect(values.size).toBe(1000);
  });
});

function padding(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillWithPadding(bytes, 0);
  return bytes;
}

/** Stands in for Web Crypto: 0, 1, 2 … 255, 0 … from call to call. */
function counting(): typeof crypto.getRandomValues {
  let next = 0;
  return (array) => {
    const bytes = array as unknown as Uint8Array; // the only kind that is asked for
    for (let i = 0; i < bytes.length; i++) bytes[i] = next++ & 255;
    return array;
  };
}
