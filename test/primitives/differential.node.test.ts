import { createCipheriv, createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/hex.js';
import { createAes } from '../../src/primitives/aes.js';
import { createCmac } from '../../src/primitives/cmac.js';
import { createTdes } from '../../src/primitives/des.js';
import { applyCtr, computeCbcMac, decryptCbc, encryptCbc } from '../../src/primitives/modes.js';

const RUNS = { numRuns: 1000 };

const aes = fc.constantFrom(16, 24, 32).chain((length) =>
  fc.record({
    name: fc.constant(`aes-${8 * length}`),
    create: fc.constant(createAes),
    size: fc.constant(16),
    key: bytes(length),
  }),
);
const tdes = fc.constantFrom(8, 16, 24).chain((length) =>
  fc.record({
    name: fc.constant('des-ede3'),
    create: fc.constant(createTdes),
    size: fc.constant(8),
    key: bytes(length),
  }),
);

/** A key, an IV and a message of up to 12 blocks, whole or not. */
const anyCase = fc.oneof(aes, tdes).chain(({ name, create, size, key }) =>
  fc.record({
    name: fc.constant(name),
    cipher: fc.constant(create(key)),
    key: fc.constant(name === 'des-ede3' ? threeKeys(key) : key),
    iv: bytes(size),
    blocks: fc.integer({ min: 1, max: 12 }).chain((count) => bytes(count * size)),
    message: fc.uint8Array({ maxLength: 12 * size }),
  }),
);

describe('beside OpenSSL', () => {
  it('the block ciphers give the same', () => {
    fc.assert(
      fc.property(anyCase, ({ name, cipher, key, blocks }) => {
        const data = new Uint8Array(blocks);
        for (let at = 0; at < data.length; at += cipher.blockLength) cipher.encryptBlock(data, at);
        expect(toHex(data)).toBe(encrypted(`${name}${ecb(name)}`, key, null, blocks));
        const opened = new Uint8Array(blocks);
        for (let at = 0; at < data.length; at += cipher.blockLength) {
          cipher.decryptBlock(opened, at);
        }
        expect(toHex(opened)).toBe(decrypted(`${name}${ecb(name)}`, key, null, blocks));
      }),
      RUNS,
    );
  });

  it('CBC gives the same', () => {
    fc.assert(
      fc.property(anyCase, ({ name, cipher, key, iv, blocks }) => {
        const data = new Uint8Array(blocks);
        encryptCbc(cipher, iv, data);
        expect(toHex(data)).toBe(encrypted(`${name}-cbc`, key, iv, blocks));
        data.set(blocks);
        decryptCbc(cipher, iv, data);
        expect(toHex(data)).toBe(decrypted(`${name}-cbc`, key, iv, blocks));
      }),
      RUNS,
    );
  });

  it('CTR gives the same, wherever the counter starts', () => {
    const anyCounter = fc.oneof(
      bytes(16),
      // All ones but for the beginning: a carry within the next few blocks.
      fc.tuple(fc.nat(16), fc.nat(15), bytes(16)).map(([ones, below, counter]) => {
        counter.fill(0xff, 16 - ones);
        counter[15] = 0xff - below;
        return counter;
      }),
    );
    fc.assert(
      fc.property(
        aes,
        anyCounter,
        fc.uint8Array({ maxLength: 300 }),
        (cipher, counter, message) => {
          const data = new Uint8Array(message);
          applyCtr(createAes(cipher.key), counter, data);
          expect(toHex(data)).toBe(encrypted(`${cipher.name}-ctr`, cipher.key, counter, message));
        },
      ),
      RUNS,
    );
  });

  it('CBC-MAC is the last block of CBC with a zero IV', () => {
    fc.assert(
      fc.property(anyCase, ({ name, cipher, key, iv, blocks }) => {
        const ciphertext = encrypted(`${name}-cbc`, key, new Uint8Array(iv.length), blocks);
        expect(toHex(computeCbcMac(cipher, blocks))).toBe(ciphertext.slice(-2 * iv.length));
      }),
      RUNS,
    );
  });

  it('CMAC is the last block of CBC over the padded message and a subkey', () => {
    fc.assert(
      fc.property(anyCase, ({ name, cipher, key, iv, message }) => {
        const size = iv.length;
        // SP 800-38B section 6, in big integers.
        const zero = new Uint8Array(size);
        let subkey = times2(BigInt(`0x${encrypted(`${name}${ecb(name)}`, key, null, zero)}`), size);
        let padded = toHex(message);
        if (message.length === 0 || message.length % size !== 0) {
          subkey = times2(subkey, size);
          padded += '80';
          padded = padded.padEnd(Math.ceil(padded.length / (2 * size)) * 2 * size, '0');
        }
        const head = padded.slice(0, -2 * size);
        const last = BigInt(`0x${padded.slice(-2 * size)}`) ^ subkey;
        const input = Buffer.from(head + last.toString(16).padStart(2 * size, '0'), 'hex');
        const mac = encrypted(`${name}-cbc`, key, zero, input).slice(-2 * size);
        expect(toHex(createCmac(cipher).compute(message))).toBe(mac);
      }),
      RUNS,
    );
  });
});

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

/** OpenSSL keeps single DES for legacy use: K, K, K is the same in triple DES. */
function threeKeys(key: Uint8Array): Uint8Array {
  const k1 = key.subarray(0, 8);
  return Uint8Array.of(
    ...k1,
    ...(key.length > 8 ? key.subarray(8, 16) : k1),
    ...(key.length > 16 ? key.subarray(16) : k1),
  );
}

/** The one mode that OpenSSL leaves out of the name of triple DES. */
function ecb(name: string): string {
  return name === 'des-ede3' ? '' : '-ecb';
}

function encrypted(name: string, key: Uint8Array, iv: Uint8Array | null, data: Uint8Array): string {
  const cipher = createCipheriv(name, key, iv).setAutoPadding(false);
  return toHex(Buffer.concat([cipher.update(data), cipher.final()]));
}

function decrypted(name: string, key: Uint8Array, iv: Uint8Array | null, data: Uint8Array): string {
  const decipher = createDecipheriv(name, key, iv).setAutoPadding(false);
  return toHex(Buffer.concat([decipher.update(data), decipher.final()]));
}

/** Doubling in GF(2^64) or GF(2^128). */
function times2(value: bigint, size: number): bigint {
  const doubled = value << 1n;
  const top = 1n << BigInt(8 * size);
  return doubled < top ? doubled : doubled ^ top ^ (size === 8 ? 0x1bn : 0x87n);
}
