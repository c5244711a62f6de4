import { describe, expect, it } from 'vitest';
import { KeyblockError } from '../../../src/errors.js';
import { fromHex, toHex } from '../../../src/hex.js';
import {
  agree,
  agreeWithKey,
  formatPkcs8,
  formatSpki,
  generateKeyPair,
  isCurveName,
  isPointOnCurve,
} from '../../../src/tr34/crypto/ecdh.js';
import { importPrivateKey } from '../../../src/tr34/crypto/native-key.js';
import { readDer } from '../../../src/tr34/der/reader.js';
import {
  COORDINATE_LENGTHS,
  type CurveName,
  readPublicKey,
} from '../../../src/tr34/x509/public-key.js';
import aws from '../../vectors/aws.json' with { type: 'json' };

const CURVES: readonly CurveName[] = ['P-256', 'P-384', 'P-521'];

const vectors = aws.ecdh.groups.map(({ curve, dU, dV, QU, QV, z }) => ({
  curve: curve as CurveName, // the file has these only
  dU: fromHex(dU),
  dV: fromHex(dV),
  QU: fromHex(QU),
  QV: fromHex(QV),
  z,
}));

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

describe('agree', () => {
  it.each(vectors)('computes the known secret from either side: $curve', (vector) => {
    const { curve, dU, dV, QU, QV, z } = vector;
    expect(toHex(agree({ curve, scalar: dU, point: QV }) ?? QV)).toBe(z);
    expect(toHex(agree({ curve, scalar: dV, point: QU }) ?? QU)).toBe(z);
  });

  it.each(CURVES)('gives nothing for a number that is no private key: %s', (curve) => {
    const { point } = generateKeyPair(curve, random);
    const length = COORDINATE_LENGTHS[curve];
    for (const scalar of [
      new Uint8Array(length),
      new Uint8Array(length).fill(0xff),
      new Uint8Array(length + 1).fill(1),
      new Uint8Array(0),
    ]) {
      expect(agree({ curve, scalar, point })).toBeUndefined();
    }
  });
});

describe('agreeWithKey', () => {
  it.each(vectors)('computes the known secret in Web Crypto: $curve', async (vector) => {
    const { curve, dU, QU, QV, z } = vector;
    const pkcs8 = formatPkcs8({ curve, scalar: dU, point: QU });
    const key = await importPrivateKey(pkcs8, { name: 'ECDH', namedCurve: curve });
    expect(key?.extractable).toBe(false);
    expect(key && toHex((await agreeWithKey({ curve, key, point: QV })) ?? QV)).toBe(z);
  });

  it.each(CURVES)('computes what agree computes: %s', async (curve) => {
    for (let i = 0; i < 8; i++) {
      const [ours, theirs] = [generateKeyPair(curve, random), generateKeyPair(curve, random)];
      const key = await importPrivateKey(formatPkcs8(ours), { name: 'ECDH', namedCurve: curve });
      const z = key && (await agreeWithKey({ curve, key, point: theirs.point }));
      expect(z).toHaveLength(COORDINATE_LENGTHS[curve]);
      expect(z).toEqual(agree({ curve, scalar: ours.scalar, point: theirs.point }));
      expect(z).toEqual(agree({ curve, scalar: theirs.scalar, point: ours.point }));
    }
  });

  it('gives nothing for a point that is not on the curve, or a key of another one', async () => {
    const [p256, p384] = [generateKeyPair('P-256', random), generateKeyPair('P-384', random)];
    const key = await importPrivateKey(formatPkcs8(p384), { name: 'ECDH', namedCurve: 'P-384' });
    if (key === undefined) throw new Error('no key');
    const bad = new Uint8Array(p384.point);
    bad[96] = (bad[96] ?? 0) ^ 1;
    expect(await agreeWithKey({ curve: 'P-384', key, point: bad })).toBeUndefined();
    expect(await agreeWithKey({ curve: 'P-256', key, point: p256.point })).toBeUndefined();
    expect(await agreeWithKey({ curve: 'P-384', key, point: p256.point })).toBeUndefined();
  });
});

describe('isPointOnCurve', () => {
  it.each(vectors)('takes the known points: $curve', ({ curve, QU, QV }) => {
    expect([QU, QV].map((point) => isPointOnCurve(curve, point))).toEqual([true, true]);
    for (const other of CURVES.filter((name) => name !== curve)) {
      expect(isPointOnCurve(other, QU)).toBe(false);
    }
  });

  it.each(vectors)('refuses everything else: $curve', ({ curve, QU }) => {
    const length = COORDINATE_LENGTHS[curve];
    const offCurve = new Uint8Array(QU);
    offCurve[2 * length] = (offCurve[2 * length] ?? 0) ^ 1;
    const exchanged = Uint8Array.of(4, ...QU.slice(1 + length), ...QU.slice(1, 1 + length));
    const parity = (QU[2 * length] ?? 0) & 1;
    const compressed = Uint8Array.of(2 + parity, ...QU.slice(1, 1 + length));
    const hybrid = Uint8Array.of(6 + parity, ...QU.slice(1));
    const zero = new Uint8Array(1 + 2 * length);
    const points = {
      offCurve,
      exchanged,
      compressed,
      hybrid,
      infinity: Uint8Array.of(0),
      zero,
      zeroTagged: Uint8Array.of(4, ...zero.slice(1)),
      abovePrime: Uint8Array.of(4, ...new Uint8Array(2 * length).fill(0xff)),
      short: QU.slice(0, -1),
      long: Uint8Array.of(...QU, 0),
      empty: new Uint8Array(0),
    };
    for (const [name, point] of Object.entries(points)) {
      expect(isPointOnCurve(curve, point), name).toBe(false);
    }
  });

  it('refuses X + p, the same point in an encoding that is not reduced', () => {
    // X = 5 is on P-256, and X + p still fits 32 octets.
    const y = '459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC';
    const small = `${'0'.repeat(63)}5`;
    const large = 'FFFFFFFF00000001000000000000000000000001000000000000000000000004';
    expect(isPointOnCurve('P-256', fromHex(`04${small}${y}`))).toBe(true);
    expect(isPointOnCurve('P-256', fromHex(`04${large}${y}`))).toBe(false);
  });
});

describe('generateKeyPair', () => {
  it.each(vectors)('computes the known points: $curve', ({ curve, dU, dV, QU, QV }) => {
    expect(generateKeyPair(curve, () => dU).point).toEqual(QU);
    expect(generateKeyPair(curve, () => dV).point).toEqual(QV);
  });

  it.each([
    ['P-256', 'FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551'],
    [
      'P-384',
      'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973',
    ],
    [
      'P-521',
      `01${'F'.repeat(64)}FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409`,
    ],
  ] as const)('draws again what is not below the order: %s', (curve, order) => {
    const n = fromHex(order);
    const largest = new Uint8Array(n);
    largest[n.length - 1] = (n[n.length - 1] ?? 0) - 1; // the last octet is not zero
    const draws = [n, new Uint8Array(n.length), largest];
    const { scalar } = generateKeyPair(curve, (length) => {
      expect(length).toBe(n.length);
      return draws.shift() ?? new Uint8Array(length);
    });
    expect(toHex(scalar)).toBe(toHex(largest));
    expect(draws).toEqual([]);
  });

  it('leaves the seven bits that P-521 has not', () => {
    const { scalar } = generateKeyPair('P-521', (length) => new Uint8Array(length).fill(0xfe));
    expect(scalar[0]).toBe(0);
    expect(scalar[1]).toBe(0xfe);
  });

  it.each(CURVES)('gives up on a generator that is broken: %s', (curve) => {
    for (const byte of [0x00, 0xff]) {
      expect(() => generateKeyPair(curve, (length) => new Uint8Array(length).fill(byte))).toThrow(
        expect.objectContaining({ constructor: KeyblockError, code: 'WEAK_KEY' }),
      );
    }
  });

  it.each(CURVES)('makes keys that are read back: %s', async (curve) => {
    const pair = generateKeyPair(curve, random);
    const spki = formatSpki(pair);
    expect(readPublicKey(readDer(spki))).toMatchObject({ kind: 'EC', curve, point: pair.point });
    const scheme = { name: 'ECDH', namedCurve: curve };
    const key = await crypto.subtle.importKey('pkcs8', formatPkcs8(pair), scheme, true, [
      'deriveBits',
    ]);
    const exported = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key));
    expect(toHex(exported)).toBe(toHex(formatPkcs8(pair)));
    const publicKey = await crypto.subtle.importKey('spki', spki, scheme, true, []);
    const again = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
    expect(toHex(again)).toBe(toHex(spki));
  });
});

describe('isCurveName', () => {
  it('knows three curves', () => {
    expect([...CURVES, 'P-224', 'p-256', 'toString', undefined].filter(isCurveName)).toEqual(
      CURVES,
    );
  });
});
