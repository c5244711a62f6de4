import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { KeyblockError } from '../../src/errors.js';
import {
  copyBytes,
  equalBytes,
  isBytes,
  own,
  requireObject,
  xorInto,
} from '../../src/primitives/bytes.js';

const NOT_BYTES: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 16],
  ['a hex string', '00112233445566778899AABBCCDDEEFF'],
  ['an array', [1, 2, 3]],
  ['an ArrayBuffer', new ArrayBuffer(16)],
  ['a DataView', new DataView(new ArrayBuffer(16))],
  ['wider numbers', new Uint16Array(16)],
  ['signed bytes', new Int8Array(16)],
  ['clamped bytes', new Uint8ClampedArray(16)],
  ['a look-alike', { length: 2, 0: 1, 1: 2, [Symbol.toStringTag]: 'Uint8Array' }],
  ['an heir', Object.create(Uint8Array.prototype)],
  ['an heir of bytes', Object.create(new Uint8Array(16))],
  ['a proxy of bytes', new Proxy(new Uint8Array(16), {})],
  ['a DataView that says it is bytes', tagged(new DataView(new ArrayBuffer(16)))],
  ['wider numbers that say they are bytes', tagged(new Uint16Array(16))],
];

describe('equalBytes', () => {
  it('is true for equal bytes, in one array or two', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(equalBytes(bytes, bytes)).toBe(true);
        expect(equalBytes(bytes, new Uint8Array(bytes))).toBe(true);
      }),
    );
  });

  it('is false for any single bit that differs', () => {
    for (const length of [1, 4, 8, 16, 32]) {
      const bytes = Uint8Array.from({ length }, (_, i) => 37 * i + 11);
      for (let bit = 0; bit < 8 * length; bit++) {
        const other = new Uint8Array(bytes);
        other[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(equalBytes(bytes, other), `${length} bytes, bit ${bit}`).toBe(false);
      }
    }
  });

  it('is false where two differences would cancel out', () => {
    expect(equalBytes(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 3, 2))).toBe(false);
    expect(equalBytes(Uint8Array.of(0, 0), Uint8Array.of(0x80, 0x80))).toBe(false);
  });

  it('is false for another length, the beginning of the other included', () => {
    expect(equalBytes(new Uint8Array(4), new Uint8Array(5))).toBe(false);
    expect(equalBytes(new Uint8Array(5), new Uint8Array(4))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(1))).toBe(false);
    expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  });
});

describe('isBytes', () => {
  it('is true for a Uint8Array, a view of a part and a subclass', () => {
    class Bytes extends Uint8Array {}
    expect(isBytes(new Uint8Array(3))).toBe(true);
    expect(isBytes(new Uint8Array(8).subarray(2, 4))).toBe(true);
    expect(isBytes(new Bytes(3))).toBe(true);
  });

  it.each(NOT_BYTES)('is false for %s', (_, value) => {
    expect(isBytes(value)).toBe(false);
  });
});

describe('copyBytes', () => {
  it('returns equal bytes in memory of their own', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(9), (bytes, margin) => {
        const buffer = new Uint8Array(bytes.length + 2 * margin);
        buffer.set(bytes, margin);
        const view = buffer.subarray(margin, margin + bytes.length);
        const copy = copyBytes(view, 'key');
        expect(copy).toEqual(bytes);
        expect(copy.buffer.byteLength).toBe(bytes.length);
        buffer.fill(0x5a);
        expect(copy).toEqual(bytes);
        copy.fill(0xa5);
        expect(buffer.every((byte) => byte === 0x5a)).toBe(true);
      }),
    );
  });

  it('returns a plain Uint8Array for a subclass that copies by reference', () => {
    class Sharing extends Uint8Array {
      override slice(start?: number, end?: number) {
        return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
      }
    }
    const shared = Sharing.of(1, 2, 3);
    const copy = copyBytes(shared, 'key');
    shared.fill(0);
    expect([...copy]).toEqual([1, 2, 3]);
    expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
  });

  it.each(NOT_BYTES)('refuses %s and names the field', (_, value) => {
    for (const field of ['key', 'kbpk'] as const) {
      expect(() => copyBytes(value, field)).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'INVALID_ARGUMENT', field }),
      );
    }
  });

  it('refuses bytes whose memory was transferred', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(() => copyBytes(bytes, 'kbpk')).toThrow(
      expect.objectContaining({
        constructor: KeyblockError,
        code: 'INVALID_ARGUMENT',
        field: 'kbpk',
      }),
    );
  });

  it('says how to turn hex into bytes, and does not repeat what it was given', () => {
    const hex = '00112233445566778899AABBCCDDEEFF';
    expect(() => copyBytes(hex, 'key')).toThrow('fromHex');
    expect(() => copyBytes(hex, 'key')).not.toThrow(hex);
  });
});

describe('xorInto', () => {
  it('adds the bytes to the beginning of the target', () => {
    const target = Uint8Array.of(0x00, 0xff, 0x0f, 0x77);
    const bytes = Uint8Array.of(0x5a, 0x5a, 0xff);
    xorInto(target, bytes);
    expect([...target]).toEqual([0x5a, 0xa5, 0xf0, 0x77]);
    expect([...bytes]).toEqual([0x5a, 0x5a, 0xff]);
  });
});

describe('own', () => {
  const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

  afterEach(() => {
    delete polluted['allow'];
  });

  it('reads a property of the object itself', () => {
    expect(own({ allow: ['x'] }, 'allow')).toEqual(['x']);
    expect(own({ length: 0 }, 'length')).toBe(0);
  });

  it('reads a getter of the object itself', () => {
    const options = {
      get length() {
        return 5;
      },
    };
    expect(own(options, 'length')).toBe(5);
  });

  it('reads from an object without a prototype, or with a hasOwnProperty of its own', () => {
    const bare: { length?: number } = Object.assign(Object.create(null), { length: 3 });
    expect(own(bare, 'length')).toBe(3);
    expect(own({ length: 3, hasOwnProperty: () => false }, 'length')).toBe(3);
  });

  it('reads nothing from Object.prototype, even when somebody polluted it', () => {
    polluted['allow'] = ['version-a-or-c'];
    const options: { allow?: string[] } = {};
    expect(options.allow).toEqual(['version-a-or-c']); // what reading it plainly gives
    expect(own(options, 'allow')).toBeUndefined();
  });

  it('reads nothing from any prototype', () => {
    const options: { length?: number } = Object.create({ length: 5 });
    expect(own(options, 'length')).toBeUndefined();
    expect(own({} as { toString?: () => string }, 'toString')).toBeUndefined();
    expect(own({} as { constructor?: unknown }, 'constructor')).toBeUndefined();
  });
});

describe('requireObject', () => {
  it.each([[{}], [[]], [new Map()], [Object.create(null)]])('takes an object: %o', (value) => {
    expect(() => requireObject(value, 'options')).not.toThrow();
  });

  it.each([undefined, null, '', 'text', 0, 1n, true, Symbol('x'), () => {}])(
    'refuses %s',
    (value) => {
      expect(() => requireObject(value, 'header')).toThrow(
        expect.objectContaining({
          constructor: KeyblockError,
          code: 'INVALID_ARGUMENT',
          field: 'header',
        }),
      );
    },
  );
});

/** Gives an object the name of another class, as anybody can. */
function tagged<T extends object>(value: T): T {
  return Object.defineProperty(value, Symbol.toStringTag, { value: 'Uint8Array' });
}
