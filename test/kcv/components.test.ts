import fc from 'fast-check';
import { fromHex, toHex } from 'keyblock';
import {
  combineComponents,
  generateKey,
  type KeyAlgorithm,
  KeyblockError,
  SecretKey,
  splitIntoComponents,
} from 'keyblock/kcv';
import { afterEach, describe, expect, it } from 'vitest';
import vectors from '../vectors/kcv.json' with { type: 'json' };

// Published with the samples of AWS Payment Cryptography: three components and their XOR.
const AWS_COMPONENTS = ['c1', 'c2', 'c3'].map((name) =>
  vector(`tdes2-legacy-aws-component-${name}`),
);
const AWS_COMBINED = vector('tdes2-legacy-aws-combined');

const anyCount = fc.integer({ min: 2, max: 16 });
const anyKey = fc
  .constantFrom<readonly [KeyAlgorithm, number]>(
    ['AES', 16],
    ['AES', 24],
    ['AES', 32],
    ['TDES', 16],
    ['TDES', 24],
    ['DES', 8],
    ['HMAC', 14],
    ['HMAC', 64],
    ['RSA', 1192],
    ['other', 11],
  )
  .chain(([algorithm, length]) =>
    fc.record({
      algorithm: fc.constant(algorithm),
      // Zero is no key: components that give it are refused.
      bytes: bytesOf(length).filter((bytes) => bytes.some((byte) => byte !== 0)),
    }),
  );

const A = fromHex('00112233445566778899AABBCCDDEEFF');
const B = fromHex('0F1E2D3C4B5A69788796A5B4C3D2E1F0');
/** A XOR B, by hand. */
const A_B = fromHex('0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F');

const polluted: Record<string, unknown> = Object.prototype as never; // to put options on it

afterEach(() => {
  delete polluted['algorithm'];
});

describe('combineComponents', () => {
  it('combines the components that AWS publishes', () => {
    const components = AWS_COMPONENTS.map(({ key }) => fromHex(key));
    const key = combineComponents({ algorithm: 'TDES', components });
    expect(toHex(key.expose())).toBe(AWS_COMBINED.key);
    expect(key.kcv()).toBe(AWS_COMBINED.kcv);
    expect(String(key)).toBe('SecretKey TDES-128');
  });

  it('takes components as handles, each with its own check value', () => {
    const components = AWS_COMPONENTS.map(
      ({ key }) => new SecretKey({ algorithm: 'TDES', bytes: fromHex(key) }),
    );
    expect(components.map((component) => component.kcv())).toEqual(
      AWS_COMPONENTS.map(({ kcv }) => kcv),
    );
    expect(combineComponents({ algorithm: 'TDES', components }).kcv()).toBe(AWS_COMBINED.kcv);
  });

  it('leaves parity as it comes', () => {
    const key = combineComponents({ algorithm: 'TDES', components: [A, B] });
    expect(key.expose()).toEqual(A_B); // 0F has four ones
  });

  it('does not look at the order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(bytesOf(16), { minLength: 3, maxLength: 16, selector: toHex }),
        fc.nat(15),
        (components, turn) => {
          fc.pre(xor(components).some((byte) => byte !== 0));
          const turned = [...components.slice(turn), ...components.slice(0, turn)].reverse();
          const key = combineComponents({ algorithm: 'AES', components: turned });
          expect(key.expose()).toEqual(xor(components));
        },
      ),
    );
  });

  it('leaves the components as they are, and is not reached by what happens to them', () => {
    const components = [new Uint8Array(A), new Uint8Array(B)];
    const key = combineComponents({ algorithm: 'AES', components });
    expect(components).toEqual([A, B]);
    for (const component of components) component.fill(0x55);
    expect(key.expose()).toEqual(A_B);
  });

  it('takes no more of an array than its members', () => {
    const components = Object.assign([A, A], {
      *[Symbol.iterator]() {
        yield A;
      },
    });
    expect(() => combineComponents({ algorithm: 'AES', components })).toThrow(
      refusal('INVALID_ARGUMENT', 'components'),
    );
  });

  it('keeps the hash of HMAC components', () => {
    const key = generateKey({ algorithm: 'HMAC', lengthBits: 256, hash: 'SHA-256' });
    const components = splitIntoComponents({ key, count: 3 });
    expect(combineComponents({ algorithm: 'HMAC', components }).kcv()).toBe(key.kcv());
    const bytes = components.map((component) => component.expose());
    const hash = 'SHA-256';
    expect(combineComponents({ algorithm: 'HMAC', components: bytes, hash }).kcv()).toBe(key.kcv());
    expect(combineComponents({ algorithm: 'HMAC', components: bytes }).hash).toBeUndefined();
    for (const other of ['SHA-512', 'SHA-2'] as const) {
      const options = { algorithm: 'HMAC', components, hash: other as 'SHA-512' } as const;
      expect(() => combineComponents(options)).toThrow(refusal('INVALID_ARGUMENT', 'hash'));
    }
  });

  it('does not give out the key beside zeros, when a generator is dead', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: A });
    for (const count of [2, 3]) {
      const options = { key, count, randomBytes: (length: number) => new Uint8Array(length) };
      expect(() => splitIntoComponents(options)).toThrow(refusal('WEAK_KEY', 'randomBytes'));
    }
  });

  it.each([2, 16])('takes %i components', (count) => {
    const components = Array.from({ length: count }, (_, i) =>
      new Uint8Array(16).fill(1 << (i % 8), i),
    );
    const key = combineComponents({ algorithm: 'AES', components });
    expect(key.expose()).toEqual(xor(components));
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['no algorithm', { components: [A, B] }, 'INVALID_ARGUMENT', 'algorithm'],
    [
      'an unknown algorithm',
      { algorithm: 'T', components: [A, B] },
      'INVALID_ARGUMENT',
      'algorithm',
    ],
    ['no components', aes(undefined), 'INVALID_ARGUMENT', 'components'],
    ['one array of bytes', aes(A), 'INVALID_ARGUMENT', 'components'],
    ['a set', aes(new Set([A, B])), 'INVALID_ARGUMENT', 'components'],
    ['none', aes([]), 'INVALID_ARGUMENT', 'components'],
    ['a single one', aes([A]), 'INVALID_ARGUMENT', 'components'],
    ['a component in hex', aes([A, toHex(B)]), 'INVALID_ARGUMENT', 'components'],
    ['a hole', aes(Object.assign([A], { 2: B })), 'INVALID_ARGUMENT', 'components'],
    ['a missing component', aes([A, null]), 'INVALID_ARGUMENT', 'components'],
    ['different lengths', aes([A, new Uint8Array(24).fill(1)]), 'INVALID_LENGTH', 'components'],
    ['a short one at last', aes([A, B, A_B.subarray(1)]), 'INVALID_LENGTH', 'components'],
    ['lengths of no AES key', aes([A.subarray(1), B.subarray(1)]), 'INVALID_LENGTH', 'components'],
    ['an equal pair', aes([A, A]), 'INVALID_ARGUMENT', 'components'],
    [
      'an equal pair among others',
      aes([A, B, new Uint8Array(A)]),
      'INVALID_ARGUMENT',
      'components',
    ],
    ['what cancels out to zero', aes([A, B, A_B]), 'WEAK_KEY', 'components'],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => combineComponents(options as never)).toThrow(refusal(code, field));
  });

  it('refuses 17 components', () => {
    const components = Array.from({ length: 17 }, (_, i) => new Uint8Array(16).fill(i + 1));
    expect(() => combineComponents({ algorithm: 'AES', components })).toThrow(
      refusal('INVALID_ARGUMENT', 'components'),
    );
  });

  it.each([
    ['TDES', 8],
    ['TDES', 32],
    ['DES', 16],
    ['AES', 8],
    ['AES', 20],
  ] as const)('refuses to make a %s key of %i bytes', (algorithm, length) => {
    const components = [new Uint8Array(length).fill(1), new Uint8Array(length).fill(2)];
    expect(() => combineComponents({ algorithm, components })).toThrow(
      refusal('INVALID_LENGTH', 'components'),
    );
  });

  it.each(['TDES', 'DES'] as const)('looks at %s without its parity bits', (algorithm) => {
    const length = algorithm === 'DES' ? 8 : 16;
    const a = A.slice(0, length);
    const sameKey = a.map((octet) => octet ^ 1);
    const b = B.slice(0, length);
    for (const components of [
      [a, sameKey],
      [a, sameKey, b], // of which one custodian would have the key
    ]) {
      expect(() => combineComponents({ algorithm, components })).toThrow(
        refusal('INVALID_ARGUMENT', 'components'),
      );
    }
    // Three that come to nothing but parity.
    const zero = [a, b, a.map((octet, i) => octet ^ (b[i] ?? 0) ^ 1)];
    expect(() => combineComponents({ algorithm, components: zero })).toThrow(
      refusal('WEAK_KEY', 'components'),
    );
    const options = { algorithm, key: a, count: 2, randomBytes: () => new Uint8Array(sameKey) };
    expect(() => splitIntoComponents(options)).toThrow(refusal('WEAK_KEY', 'randomBytes'));
    // Of AES every bit is part of the key.
    const aes = combineComponents({
      algorithm: 'AES',
      components: [A, A.map((octet) => octet ^ 1)],
    });
    expect(aes.expose()).toEqual(new Uint8Array(16).fill(1));
  });

  it('refuses a component entered twice, once as bytes and once as handle', () => {
    const components = [A, new SecretKey({ algorithm: 'AES', bytes: A })];
    expect(() => combineComponents({ algorithm: 'AES', components })).toThrow(
      refusal('INVALID_ARGUMENT', 'components'),
    );
  });

  it('refuses a component that was destroyed', () => {
    const component = new SecretKey({ algorithm: 'AES', bytes: A });
    component.destroy();
    expect(() => combineComponents({ algorithm: 'AES', components: [B, component] })).toThrow(
      expect.objectContaining({ constructor: KeyblockError, code: 'KEY_DESTROYED' }),
    );
  });

  it('takes no option from Object.prototype', () => {
    polluted['algorithm'] = 'AES';
    expect(() => combineComponents({ components: [A, B] } as never)).toThrow(
      refusal('INVALID_ARGUMENT', 'algorithm'),
    );
  });
});

describe('splitIntoComponents', () => {
  it('gives what is combined to the same key again', () => {
    fc.assert(
      fc.property(anyKey, anyCount, ({ algorithm, bytes }, count) => {
        const components = splitIntoComponents({ key: bytes, algorithm, count });
        expect(components).toHaveLength(count);
        const values = components.map((component) => component.expose());
        expect(xor(values)).toEqual(bytes);
        expect(components.every((component) => component.algorithm === algorithm)).toBe(true);
        const key = combineComponents({ algorithm, components });
        expect(key.expose()).toEqual(bytes);
        expect(key.algorithm).toBe(algorithm);
      }),
    );
  });

  it('takes all but the last from the generator, in its order', () => {
    const draws = [A, B];
    const asked: number[] = [];
    const components = splitIntoComponents({
      key: new Uint8Array(16).fill(0xff),
      algorithm: 'AES',
      count: 3,
      randomBytes: (length) => {
        asked.push(length);
        return draws.shift() ?? new Uint8Array(0);
      },
    });
    expect(asked).toEqual([16, 16]);
    expect(components.map((component) => toHex(component.expose()))).toEqual([
      toHex(A),
      toHex(B),
      'F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0', // FF XOR 0F
    ]);
  });

  it('does not depend on what a generator does with its buffer later', () => {
    const buffer = new Uint8Array(16);
    let next = 1;
    const key = new Uint8Array(A);
    const components = splitIntoComponents({
      key,
      algorithm: 'AES',
      count: 4,
      randomBytes: () => buffer.fill(next++),
    });
    buffer.fill(0xee);
    expect(components.slice(0, 3).map((component) => component.expose()[0])).toEqual([1, 2, 3]);
    expect(xor(components.map((component) => component.expose()))).toEqual(A);
    expect(key).toEqual(A);
  });

  it('draws anew each time', () => {
    const components = Array.from({ length: 50 }, () =>
      splitIntoComponents({ key: A, algorithm: 'AES', count: 2 }),
    );
    const values = components.flat().map((component) => toHex(component.expose()));
    expect(new Set(values).size).toBe(100);
  });

  it('gives components that know what the key knows', () => {
    const key = new SecretKey({ algorithm: 'HMAC', bytes: A, hash: 'SHA-384' });
    const components = splitIntoComponents({ key, count: 2 });
    expect(components.map(({ algorithm, hash }) => [algorithm, hash])).toEqual([
      ['HMAC', 'SHA-384'],
      ['HMAC', 'SHA-384'],
    ]);
  });

  it('leaves the key as it is, and alive', () => {
    const key = generateKey({ algorithm: 'TDES', lengthBits: 192 });
    const kcv = key.kcv();
    for (const component of splitIntoComponents({ key, count: 3 })) component.destroy();
    expect(key.kcv()).toBe(kcv);
  });

  it.each([
    ['nothing', undefined, 'INVALID_ARGUMENT', 'options'],
    ['no count', { key: A, algorithm: 'AES' }, 'INVALID_ARGUMENT', 'count'],
    ['a count of 0', { key: A, algorithm: 'AES', count: 0 }, 'INVALID_ARGUMENT', 'count'],
    ['a count of 1', { key: A, algorithm: 'AES', count: 1 }, 'INVALID_ARGUMENT', 'count'],
    ['a count of 17', { key: A, algorithm: 'AES', count: 17 }, 'INVALID_ARGUMENT', 'count'],
    ['a count of 2.5', { key: A, algorithm: 'AES', count: 2.5 }, 'INVALID_ARGUMENT', 'count'],
    ['a count in text', { key: A, algorithm: 'AES', count: '2' }, 'INVALID_ARGUMENT', 'count'],
    ['no key', { algorithm: 'AES', count: 2 }, 'INVALID_ARGUMENT', 'key'],
    ['a key in hex', { key: toHex(A), algorithm: 'AES', count: 2 }, 'INVALID_ARGUMENT', 'key'],
    ['raw bytes without algorithm', { key: A, count: 2 }, 'INVALID_ARGUMENT', 'algorithm'],
    ['a key that does not fit', { key: A, algorithm: 'DES', count: 2 }, 'INVALID_LENGTH', 'key'],
    [
      'an empty key',
      { key: new Uint8Array(0), algorithm: 'HMAC', count: 2 },
      'INVALID_LENGTH',
      'key',
    ],
    [
      'no function as generator',
      { key: A, algorithm: 'AES', count: 2, randomBytes: A },
      'INVALID_ARGUMENT',
      'randomBytes',
    ],
    [
      'a generator that gives too little',
      { key: A, algorithm: 'AES', count: 2, randomBytes: () => new Uint8Array(15) },
      'INVALID_ARGUMENT',
      'randomBytes',
    ],
    [
      'a generator that gives hex',
      { key: A, algorithm: 'AES', count: 2, randomBytes: () => toHex(A) },
      'INVALID_ARGUMENT',
      'randomBytes',
    ],
  ])('refuses %s', (_, options, code, field) => {
    // What JavaScript callers do, past the types.
    expect(() => splitIntoComponents(options as never)).toThrow(refusal(code, field));
  });

  it.each([
    ['the same twice', 3, () => A],
    ['the same again and again', 16, () => A],
    ['the key and zero', 3, keyAndZero()],
  ])('refuses a generator that gives %s', (_, count, randomBytes) => {
    const key = new Uint8Array(16).fill(0xff);
    expect(() => splitIntoComponents({ key, algorithm: 'AES', count, randomBytes })).toThrow(
      refusal('WEAK_KEY', 'randomBytes'),
    );
  });

  it('refuses to take a handle for what it is not', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: A });
    expect(() => splitIntoComponents({ key, algorithm: 'TDES', count: 2 })).toThrow(
      refusal('INVALID_ARGUMENT', 'algorithm'),
    );
  });

  it('refuses a key that was destroyed', () => {
    const key = new SecretKey({ algorithm: 'AES', bytes: A });
    key.destroy();
    expect(() => splitIntoComponents({ key, count: 2 })).toThrow(refusal('KEY_DESTROYED', 'key'));
  });
});

function aes(components: unknown): object {
  return { algorithm: 'AES', components };
}

/** Gives FF … and zero: of a key of FF … zero is missing once more. */
function keyAndZero(): () => Uint8Array<ArrayBuffer> {
  const draws = [new Uint8Array(16).fill(0xff), new Uint8Array(16)];
  return () => draws.shift() ?? new Uint8Array(0);
}

function bytesOf(length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function xor(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const sum = new Uint8Array(parts[0]?.length ?? 0);
  for (const part of parts) for (const [i, byte] of part.entries()) sum[i] = (sum[i] ?? 0) ^ byte;
  return sum;
}

function vector(id: string): { readonly key: string; readonly kcv: string } {
  const found = vectors.cases.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found;
}

function refusal(code: string, field: string): unknown {
  return expect.objectContaining({ constructor: KeyblockError, code, field });
}
