import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Engine, laneOffset } from '../../../src/bulk/engine/engine.js';
import { createTypeScriptEngine } from '../../../src/bulk/engine/typescript-engine.js';
import { createAes } from '../../../src/primitives/aes.js';
import { createTdes } from '../../../src/primitives/des.js';
import { availableEngines, laneBit, readMessage, transformLanes, writeMessage } from './engines.js';

const CIPHERS = ['aes', 'tdes'] as const;
const KEY_LENGTHS = { aes: [16, 24, 32], tdes: [8, 16, 24] } as const;

const anyCipherAndKey = fc.constantFrom(...CIPHERS).chain((name) =>
  fc.record({
    name: fc.constant(name),
    key: fc
      .constantFrom(...KEY_LENGTHS[name])
      .chain((size) => fc.uint8Array({ minLength: size, maxLength: size })),
  }),
);
const anyBlocks = fc.uint8Array({ minLength: 128 * 16, maxLength: 128 * 16 });

describe.each(availableEngines())('the engine $name', (engine) => {
  const blockOf = (bytes: Uint8Array, length: number, lane: number): Uint8Array =>
    bytes.slice(lane * length, (lane + 1) * length);
  const blocksOf = (bytes: Uint8Array, length: number): Uint8Array[] =>
    Array.from({ length: engine.lanes }, (_, lane) => blockOf(bytes, length, lane));

  it('has planes of one bit a lane', () => {
    expect(engine.width * 32).toBe(engine.lanes);
    expect(engine.rowWords).toBe(engine.lanes);
    for (const name of CIPHERS) {
      const { blockLength, blockWords } = engine[name];
      expect(blockWords).toBe(8 * blockLength * engine.width);
    }
  });

  it('gives every lane a word of its own in a row', () => {
    const offsets = Array.from({ length: engine.lanes }, (_, lane) => laneOffset(engine, lane));
    expect([...offsets].sort((a, b) => a - b)).toEqual(offsets.map((_, i) => i));
  });

  it.each(CIPHERS)('computes what the table-driven %s does, in all lanes', (name) => {
    fc.assert(
      fc.property(
        anyCipherAndKey.filter((sample) => sample.name === name),
        anyBlocks,
        ({ key }, bytes) => {
          const cipher = engine[name];
          const reference = (name === 'aes' ? createAes : createTdes)(key);
          const laneKey = cipher.prepare(key);
          const blocks = blocksOf(bytes, cipher.blockLength);
          for (const direction of ['encrypt', 'decrypt'] as const) {
            const results = transformLanes(engine, cipher, laneKey[direction], blocks);
            const expected = blocks.map((block) => {
              const copy = new Uint8Array(block);
              reference[`${direction}Block`](copy, 0);
              return copy;
            });
            expect(results).toEqual(expected);
          }
          laneKey.destroy();
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each(CIPHERS)('gives back through rows what went into planes of %s', (name) => {
    const cipher = engine[name];
    fc.assert(
      fc.property(anyBlocks, fc.integer({ min: 1, max: 3 }), (bytes, blocks) => {
        const size = blocks * cipher.blockWords;
        engine.reserve(3 * size);
        for (let i = 0; i < size; i++) engine.words[i] = (bytes[i % 2048] ?? 0) * 0x01030507 + i;
        const before = engine.words.slice(0, size);
        cipher.toPlanes(size, 0, blocks);
        cipher.fromPlanes(2 * size, size, blocks);
        expect(engine.words.slice(0, size)).toEqual(before);
        expect(engine.words.slice(2 * size, 3 * size)).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });

  it.each(CIPHERS)('has the plane of every bit of %s where it says', (name) => {
    const cipher = engine[name];
    const { blockLength, blockWords, planeOffset } = cipher;
    engine.reserve(4 * blockWords);
    const lanes = [0, 1, 31, engine.lanes - 1];
    const messages = lanes.map((lane) =>
      Uint8Array.from({ length: 2 * blockLength }, (_, i) => (lane + 1) * (29 * i + 7)),
    );
    for (const [i, message] of messages.entries()) writeMessage(engine, 0, lanes[i] ?? 0, message);
    cipher.toPlanes(2 * blockWords, 0, 2);
    for (const [i, message] of messages.entries()) {
      for (const [byte, value] of message.entries()) {
        for (let bit = 0; bit < 8; bit++) {
          const plane = 2 * blockWords + planeOffset(byte, bit);
          expect(laneBit(engine, plane, lanes[i] ?? 0)).toBe((value >> bit) & 1);
        }
      }
    }
  });

  it.each(CIPHERS)('sets and adds constants of %s in all lanes', (name) => {
    const cipher = engine[name];
    const { blockLength, blockWords } = cipher;
    engine.reserve(2 * blockWords);
    const block = Uint8Array.from({ length: blockLength }, (_, i) => 37 * i + 11);
    const other = Uint8Array.from({ length: blockLength }, (_, i) => 91 * i + 3);
    engine.words.fill(0x55aa1234, 0, 2 * blockWords);
    engine.setConstant(blockWords, cipher.constant(block));
    cipher.fromPlanes(0, blockWords, 1);
    for (let lane = 0; lane < engine.lanes; lane++) {
      expect(readMessage(engine, 0, lane, blockLength)).toEqual(block);
    }
    engine.xorConstant(blockWords, cipher.constant(other));
    cipher.fromPlanes(0, blockWords, 1);
    for (let lane = 0; lane < engine.lanes; lane++) {
      const sum = block.map((byte, i) => byte ^ (other[i] ?? 0));
      expect(readMessage(engine, 0, lane, blockLength)).toEqual(sum);
    }
  });

  it.each(CIPHERS)('counts on in blocks of %s', (name) => {
    const cipher = engine[name];
    const { blockLength } = cipher;
    const blocks = Array.from({ length: engine.lanes }, (_, lane) => {
      const block = new Uint8Array(blockLength).fill(lane & 1 ? 0xff : lane);
      if (lane % 3 === 0) block.fill(0xff, blockLength - (lane % 5));
      if (lane === 7) block[0] = 3;
      return block;
    });
    const results = transformLanes(engine, cipher, cipher.increment, blocks);
    for (const [lane, block] of blocks.entries()) {
      const bits = 8 * blockLength;
      expect(toNumber(results[lane])).toBe(BigInt.asUintN(bits, toNumber(block) + 1n));
    }
  });

  it('adds, copies and selects planes', () => {
    fc.assert(
      fc.property(anyBlocks, fc.integer({ min: 1, max: 20 }), (bytes, planes) => {
        const size = planes * engine.width;
        engine.reserve(4 * 20 * engine.width);
        const fill = (): void => {
          for (let i = 0; i < 4 * size; i++) {
            engine.words[i] = (bytes[i % 2048] ?? 0) * 0x01010101 + 7 * i;
          }
        };
        fill();
        const [a, b, mask] = [0, size, 2 * size].map((at) => engine.words.slice(at, at + size));
        const word = (words: Int32Array | undefined, i: number): number => words?.[i] ?? NaN;

        engine.xor(0, size, size);
        expect(engine.words.slice(0, size)).toEqual(a?.map((value, i) => value ^ word(b, i)));
        engine.xor(size, size, size);
        expect(engine.words.slice(size, 2 * size)).toEqual(new Int32Array(size));
        fill();
        engine.copy(engine.width, 0, size);
        expect(engine.words.slice(engine.width, engine.width + size)).toEqual(a);
        fill();
        engine.select(0, size, 2 * size, planes);
        expect(engine.words.slice(0, size)).toEqual(
          a?.map((value, i) => {
            const lanes = word(mask, i % engine.width);
            return (value & ~lanes) | (word(b, i) & lanes);
          }),
        );
        expect(engine.words.slice(size, 2 * size)).toEqual(b);
      }),
      { numRuns: 30 },
    );
  });

  it('holds many keys and much memory at a time', () => {
    const { aes } = engine;
    const sizes = [16, 24, 32];
    const block = new Uint8Array(16).fill(0x3c);
    const keys = Array.from({ length: 40 }, (_, i) => {
      const bytes = new Uint8Array(sizes[i % 3] ?? 16).fill(i + 1);
      engine.reserve(1024 * (i + 1));
      return { bytes, key: aes.prepare(bytes) };
    });
    engine.words.fill(0x01234567, 2048);
    for (const [i, { bytes, key }] of keys.entries()) {
      if (i % 4 === 1) key.destroy();
      else {
        const expected = new Uint8Array(block);
        createAes(bytes).encryptBlock(expected, 0);
        expect(transformLanes(engine, aes, key.encrypt, [block])[0]).toEqual(expected);
      }
    }
    expect(engine.words.slice(2048, 40 * 1024).every((word) => word === 0x01234567)).toBe(true);
    for (const { key } of keys) key.destroy();
  });

  it('keeps what is in the memory when it grows, and adds zeros', () => {
    const { length } = engine.words;
    engine.words.fill(77);
    const key = engine.aes.prepare(new Uint8Array(16));
    engine.reserve(length + 1000);
    expect(engine.words.length).toBeGreaterThanOrEqual(length + 1000);
    expect(engine.words.subarray(0, length).every((word) => word === 77)).toBe(true);
    expect(engine.words.subarray(length, length + 1000).every((word) => word === 0)).toBe(true);
    engine.reserve(10);
    expect(engine.words[length - 1]).toBe(77);
    key.destroy();
  });

  it('does not know a key any more that was destroyed', () => {
    const { tdes } = engine;
    const results = [1, 2].map((fill) => {
      const key = tdes.prepare(new Uint8Array(24).fill(3 * fill));
      key.destroy();
      key.destroy();
      return transformLanes(engine, tdes, key.encrypt, [new Uint8Array(8).fill(9)]);
    });
    expect(results[0]).toEqual(results[1]);
  });
});

describe('destroy', () => {
  it('wipes the working memory', () => {
    for (const engine of availableEngines()) {
      engine.reserve(100);
      engine.aes.prepare(new Uint8Array(16));
      const { words } = engine;
      words.fill(-1);
      engine.destroy();
      expect(words.every((word) => word === 0)).toBe(true);
      expect(engine.words).toHaveLength(0);
    }
  });
});

describe('all engines', () => {
  it('are there: this host compiles WebAssembly with SIMD', () => {
    expect(availableEngines().map(({ name }) => name)).toEqual(['typescript', 'wasm-simd']);
  });

  it('give the same bits', () => {
    fc.assert(
      fc.property(anyCipherAndKey, anyBlocks, ({ name, key }, bytes) => {
        const [first, ...others] = availableEngines().map((engine) =>
          run(engine, name, key, bytes),
        );
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: 20 },
    );
  });

  /** CBC over four blocks, backwards and forwards, and a CMAC: 128 messages, by as many as fit. */
  function run(
    engine: Engine,
    name: (typeof CIPHERS)[number],
    keyBytes: Uint8Array,
    bytes: Uint8Array,
  ): Uint8Array[] {
    const cipher = engine[name];
    const { blockLength, blockWords } = cipher;
    engine.reserve(12 * blockWords);
    const key = cipher.prepare(keyBytes);
    const message = (lane: number): Uint8Array =>
      Uint8Array.from({ length: 4 * blockLength }, (_, i) => bytes[(lane * 16 + i) % 2048] ?? 0);
    const results: Uint8Array[] = [];
    const [planes, copy, state] = [4, 8, 8].map((blocks) => blocks * blockWords) as [
      number,
      number,
      number,
    ];
    for (let first = 0; first < 128; first += engine.lanes) {
      for (let lane = 0; lane < engine.lanes; lane++) {
        writeMessage(engine, 0, lane, message(first + lane));
      }
      cipher.toPlanes(planes, 0, 4);
      engine.copy(copy, planes, 4 * blockWords);
      for (let i = 0; i < 4; i++) {
        key.decrypt(planes + i * blockWords);
        engine.xor(planes + i * blockWords, copy + ((i + 3) % 4) * blockWords, blockWords);
      }
      engine.setConstant(state, cipher.constant(bytes.slice(0, blockLength)));
      for (let i = 0; i < 4; i++) {
        engine.xor(state, planes + i * blockWords, blockWords);
        engine.xorConstant(state, cipher.constant(bytes.slice(16, 16 + blockLength)));
        key.encrypt(state);
        cipher.increment(planes + i * blockWords);
        engine.select(planes + i * blockWords, state, copy + blockWords, 8 * blockLength);
      }
      cipher.fromPlanes(0, planes, 4);
      for (let lane = 0; lane < engine.lanes; lane++) {
        results.push(readMessage(engine, 0, lane, 4 * blockLength));
      }
    }
    engine.destroy();
    return results;
  }
});

describe('createTypeScriptEngine', () => {
  it('makes engines that share nothing', () => {
    const [a, b] = [createTypeScriptEngine(), createTypeScriptEngine()];
    for (const engine of [a, b]) engine.reserve(8);
    a.words.fill(5);
    expect(b.words.every((word) => word === 0)).toBe(true);
    a.destroy();
    expect(b.words).toHaveLength(8);
  });
});

function toNumber(bytes: Uint8Array | undefined): bigint {
  return Array.from(bytes ?? []).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
