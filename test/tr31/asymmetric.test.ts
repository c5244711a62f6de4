import fc from 'fast-check';
import { fromHex } from 'keyblock';
import { describe, expect, it } from 'vitest';
import { readDsaKey, readEcKey, readRsaKey } from '../../src/tr31/asymmetric.js';
import vectors from '../vectors/tr31.json' with { type: 'json' };

const UNREADABLE = { wellFormed: false, strength: undefined };

// Printed in X9.143: an RSA key of 2048 bits in PKCS#1, a P-256 key in SEC 1.
const RSA_2048 = vectorKey('std-x9.143-2021-8.5');
const EC_P256 = vectorKey('std-x9.143-2021-8.6');

const READERS = [
  ['readRsaKey', readRsaKey, RSA_2048],
  ['readDsaKey', readDsaKey, sequence(...integers(6, 2048))],
  ['readEcKey', readEcKey, EC_P256],
] as const;

describe('readRsaKey', () => {
  it('does not take an indefinite length for one of 128', () => {
    const content = [...integers(8, 720), element(0x02, new Uint8Array(12))];
    const octets = content.flatMap((part) => [...part]);
    expect(octets).toHaveLength(128);
    expect(readRsaKey(sequence(...content)).wellFormed).toBe(true);
    expect(readRsaKey(Uint8Array.of(0x30, 0x80, ...octets))).toEqual(UNREADABLE);
  });

  it('reads the key of X9.143 8.5', () => {
    expect(readRsaKey(RSA_2048)).toEqual({ wellFormed: true, strength: 112 });
  });

  // SP 800-57 part 1, table 2.
  it.each([
    [512, 0],
    [1023, 0],
    [1024, 80],
    [2047, 80],
    [2048, 112],
    [3071, 112],
    [3072, 128],
    [4096, 128],
    [7680, 192],
    [15360, 256],
  ])('gives a modulus of %i bits a strength of %i', (bits, strength) => {
    expect(readRsaKey(sequence(...integers(9, bits)))).toEqual({ wellFormed: true, strength });
  });

  it('counts the bits of the modulus, not its octets', () => {
    const modulus = (...octets: number[]) => {
      const key = sequence(
        integer(0),
        element(0x02, [...octets, ...Array.from({ length: 127 }, () => 0xff)]),
        ...integers(7, 8),
      );
      return readRsaKey(key).strength;
    };
    expect(modulus(0x00, 0x80)).toBe(80); // 1024 bits behind the octet of the sign
    expect(modulus(0x00, 0x00, 0x80)).toBe(80); // no DER, but the same number
    expect(modulus(0x01, 0x00)).toBe(80); // 1025 bits
    expect(modulus(0x7f)).toBe(0); // 1023 bits
    expect(modulus(0x00)).toBe(0); // 1016 bits
  });

  it.each([
    ['a public key', sequence(...integers(2, 2048).reverse())],
    ['eight integers', sequence(...integers(8, 2048))],
    ['ten integers: a multi-prime key without its primes', sequence(...integers(10, 2048))],
  ])('does not take %s for well formed', (_, key) => {
    expect(readRsaKey(key).wellFormed).toBe(false);
  });

  it('tells the strength of a key with an integer too few', () => {
    expect(readRsaKey(sequence(...integers(8, 3072))).strength).toBe(128);
  });

  it('has no strength for a modulus of zero', () => {
    const key = sequence(integer(0), integer(0), ...integers(7, 8));
    expect(readRsaKey(key)).toEqual({ wellFormed: true, strength: 0 });
    const empty = sequence(integer(0), element(0x02, []), ...integers(7, 8));
    expect(readRsaKey(empty).strength).toBe(0);
  });

  it.each([
    ['no integers', sequence()],
    ['a version alone', sequence(integer(0))],
    ['another element at last', sequence(...integers(8, 2048), element(0x04, [1]))],
    ['another element first', sequence(element(0x04, [0]), ...integers(8, 2048))],
    ['PKCS#8', sequence(integer(0), sequence(element(0x06, [42])), element(0x04, RSA_2048))],
  ])('does not read %s', (_, key) => {
    expect(readRsaKey(key)).toEqual(UNREADABLE);
  });
});

describe('readDsaKey', () => {
  it.each([
    [1024, 80],
    [2048, 112],
    [3072, 128],
  ])('gives p of %i bits a strength of %i', (bits, strength) => {
    expect(readDsaKey(sequence(...integers(6, bits)))).toEqual({ wellFormed: true, strength });
  });

  it('does not take another number of integers for well formed', () => {
    for (const count of [2, 3, 5, 7, 9]) {
      const { wellFormed, strength } = readDsaKey(sequence(...integers(count, 2048)));
      expect(wellFormed, `${count} integers`).toBe(false);
      expect(strength).toBe(112);
    }
  });

  it.each([
    ['no integers', sequence()],
    ['a version alone', sequence(integer(0))],
    ['an element that is no integer', sequence(...integers(5, 2048), element(0x03, [0]))],
  ])('does not read %s', (_, key) => {
    expect(readDsaKey(key)).toEqual(UNREADABLE);
  });
});

describe('readEcKey', () => {
  const P256 = element(0xa0, element(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]));

  it('reads the key of X9.143 8.6', () => {
    expect(readEcKey(EC_P256)).toEqual({ wellFormed: true, strength: 128 });
  });

  // RFC 5915: as many octets as the order has. SP 800-57 part 1, table 2.
  it.each([
    ['P-192', 24, 80],
    ['P-224', 28, 112],
    ['a key without its leading zero', 31, 112],
    ['P-256', 32, 128],
    ['P-384', 48, 192],
    ['brainpoolP512', 64, 256],
    ['P-521', 66, 256],
  ])('gives %s, %i octets, a strength of %i', (_, length, strength) => {
    const key = sequence(integer(1), element(0x04, new Uint8Array(length)), P256);
    expect(readEcKey(key)).toEqual({ wellFormed: true, strength });
  });

  it.each([
    ['no parameters', []],
    ['the public key alone', [element(0xa1, element(0x03, [0, 4]))]],
    ['empty parameters', [element(0xa0, [])]],
    ['parameters that are no name of a curve', [element(0xa0, sequence(integer(1)))]],
    ['parameters cut short', [element(0xa0, [0x06, 0x08, 0x2a])]],
  ])('does not take %s for well formed, and still tells the strength', (_, rest) => {
    const key = sequence(integer(1), element(0x04, new Uint8Array(48)), ...rest);
    expect(readEcKey(key)).toEqual({ wellFormed: false, strength: 192 });
  });

  it.each([
    ['no elements', sequence()],
    ['a version alone', sequence(integer(1))],
    ['no version', sequence(element(0x04, new Uint8Array(32)), P256)],
    ['a private key that is an integer', sequence(integer(1), integer(5), P256)],
    ['PKCS#8', sequence(integer(0), sequence(element(0x06, [42])), element(0x04, EC_P256))],
  ])('does not read %s', (_, key) => {
    expect(readEcKey(key)).toEqual(UNREADABLE);
  });
});

describe.each(READERS)('%s', (_, read, key) => {
  it('takes the key', () => {
    expect(read(key).wellFormed).toBe(true);
  });

  it('leaves the key as it is', () => {
    const copy = new Uint8Array(key);
    read(copy);
    expect(copy).toEqual(key);
  });

  it('does not read a key cut short, wherever', () => {
    for (let length = 0; length < key.length; length++) {
      expect(read(key.subarray(0, length)), `${length} bytes`).toEqual(UNREADABLE);
    }
  });

  it('does not read a key with anything behind or before it', () => {
    for (const rest of [[0], [0, 0], [5, 0], [...key]]) {
      expect(read(Uint8Array.of(...key, ...rest))).toEqual(UNREADABLE);
      expect(read(Uint8Array.of(...rest, ...key))).toEqual(UNREADABLE);
    }
  });

  it('does not read what is no SEQUENCE', () => {
    for (const tag of [0x00, 0x02, 0x04, 0x10, 0x31, 0xa0, 0xff]) {
      const other = new Uint8Array(key);
      other[0] = tag;
      expect(read(other), `tag ${tag}`).toEqual(UNREADABLE);
    }
  });

  it('does not read a length that is off by one', () => {
    for (const change of [-1, 1]) {
      const other = new Uint8Array(key);
      const at = lastLengthOctet(key);
      other[at] = (other[at] ?? 0) + change;
      expect(read(other)).toEqual(UNREADABLE);
    }
  });

  it('does not read indefinite lengths', () => {
    const content = key.subarray(lastLengthOctet(key) + 1);
    expect(read(Uint8Array.of(0x30, 0x80, ...content, 0, 0))).toEqual(UNREADABLE);
    expect(read(Uint8Array.of(0x30, 0x80))).toEqual(UNREADABLE);
    expect(read(sequence(Uint8Array.of(0x02, 0x80, 0x01, 0x00, 0x00)))).toEqual(UNREADABLE);
  });

  it('does not read lengths that no key block can hold', () => {
    const content = key.subarray(lastLengthOctet(key) + 1);
    const [high, low] = [content.length >> 8, content.length & 255];
    expect(read(Uint8Array.of(0x30, 0x82, high, low, ...content)).wellFormed).toBe(true);
    expect(read(Uint8Array.of(0x30, 0x83, 0, high, low, ...content))).toEqual(UNREADABLE);
    expect(read(Uint8Array.of(0x30, 0x84, 0, 0, high, low, ...content))).toEqual(UNREADABLE);
    expect(read(Uint8Array.of(0x30, 0xff, ...content))).toEqual(UNREADABLE);
    expect(read(Uint8Array.of(0x30, 0x82))).toEqual(UNREADABLE);
    expect(read(Uint8Array.of(0x30, 0x82, 0xff))).toEqual(UNREADABLE);
  });

  it.each([
    ['nothing', []],
    ['one byte', [0x30]],
    ['an empty SEQUENCE', [0x30, 0x00]],
    ['text', [...new TextEncoder().encode('-----BEGIN PRIVATE KEY-----')]],
    ['zeros', Array.from({ length: 64 }, () => 0)],
    ['ones', Array.from({ length: 64 }, () => 0xff)],
  ])('does not read %s', (_, bytes) => {
    expect(read(Uint8Array.from(bytes))).toEqual(UNREADABLE);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(typeof read(bytes).wellFormed).toBe('boolean');
      }),
    );
  });

  it('never throws, whatever is in the SEQUENCE', () => {
    const anyElement = fc
      .tuple(
        fc.constantFrom(0x02, 0x02, 0x02, 0x04, 0x06, 0x30, 0xa0),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([tag, content]) => element(tag, content));
    fc.assert(
      fc.property(fc.array(anyElement, { maxLength: 10 }), (elements) => {
        const { wellFormed, strength } = read(sequence(...elements));
        expect(typeof wellFormed).toBe('boolean');
        if (wellFormed) expect(strength).toBeTypeOf('number');
      }),
    );
  });

  it('never throws when one byte of the key changes', () => {
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.nat(255), (at, byte) => {
        const other = new Uint8Array(key);
        other[at] = byte;
        expect(typeof read(other).wellFormed).toBe('boolean');
      }),
    );
  });
});

/** An element in DER with the shortest length. */
function element(tag: number, content: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const prefix =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Uint8Array.from([tag, ...prefix, ...Array.from(content)]);
}

function sequence(...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return element(
    0x30,
    elements.flatMap((part) => [...part]),
  );
}

function integer(value: number): Uint8Array<ArrayBuffer> {
  return element(0x02, [value]);
}

/** A version, a number of so many bits, and ones up to the count: the frame of a key. */
function integers(count: number, bits: number): Uint8Array<ArrayBuffer>[] {
  const octets = Array.from({ length: Math.ceil(bits / 8) }, () => 0xff);
  octets[0] = 255 >> (octets.length * 8 - bits);
  // In front of a highest bit that is set stands an octet for the sign.
  const sign = bits % 8 === 0 ? [0] : [];
  const number = element(0x02, [...sign, ...octets]);
  return [integer(0), number, ...Array.from({ length: count - 2 }, () => integer(1))];
}

/** Offset of the last octet of the outer length. */
function lastLengthOctet(key: Uint8Array): number {
  const first = key[1] ?? 0;
  return first < 0x80 ? 1 : 1 + (first & 0x7f);
}

function vectorKey(id: string): Uint8Array<ArrayBuffer> {
  const key = vectors.find((candidate) => candidate.id === id)?.key;
  if (key === undefined) throw new Error(`no vector ${id}`);
  return fromHex(key);
}
