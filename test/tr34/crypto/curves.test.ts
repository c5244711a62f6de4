// ECDSA on the points of @noble/curves, against the signatures that @noble/curves itself makes.

import { p256, p384, p521 } from '@noble/curves/nist.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  publicPoint,
  readPoint,
  readScalar,
  verifyDigest,
} from '../../../src/tr34/crypto/curves.js';

const PEERS = { 'P-256': p256, 'P-384': p384, 'P-521': p521 } as const;
const HASHES = { 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 } as const;

const anyCurve = fc.constantFrom(...(Object.keys(PEERS) as (keyof typeof PEERS)[]));
const anyHash = fc.constantFrom(...(Object.keys(HASHES) as (keyof typeof HASHES)[]));

/** A signature by the peer over the hash of a message. */
function signed(curve: keyof typeof PEERS, hash: keyof typeof HASHES, message: Uint8Array) {
  const peer = PEERS[curve];
  const { secretKey, publicKey } = peer.keygen();
  const digest = HASHES[hash](message);
  const signature = peer.sign(digest, secretKey, { prehash: false, lowS: false });
  const point = peer.Point.fromBytes(publicKey).toBytes(false);
  return { curve, digest, point, signature, secretKey };
}

describe('verifyDigest', () => {
  it('takes what @noble/curves signs, whatever the curve and the hash', () => {
    const property = fc.property(anyCurve, anyHash, fc.uint8Array(), (curve, hash, message) => {
      expect(verifyDigest(signed(curve, hash, message))).toBe(true);
    });
    fc.assert(property, { numRuns: 18 });
  });

  it('refuses every other digest, signature and key', () => {
    const property = fc.property(anyCurve, anyHash, fc.nat(), (curve, hash, at) => {
      const { secretKey: _, ...sound } = signed(curve, hash, Uint8Array.of(1));
      const other = signed(curve, hash, Uint8Array.of(1));
      const altered = new Uint8Array(sound.signature);
      const index = at % altered.length;
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(verifyDigest({ ...sound, signature: altered })).toBe(false);
      expect(verifyDigest({ ...sound, digest: HASHES[hash](Uint8Array.of(2)) })).toBe(false);
      expect(verifyDigest({ ...sound, point: other.point })).toBe(false);
    });
    fc.assert(property, { numRuns: 6 });
  });

  it.each(['P-256', 'P-384', 'P-521'] as const)('refuses numbers out of range on %s', (curve) => {
    const { secretKey: _, ...sound } = signed(curve, 'SHA-256', Uint8Array.of(1));
    const length = sound.signature.length / 2;
    const order = PEERS[curve].Point.Fn.toBytes(PEERS[curve].Point.Fn.ORDER - 1n);
    order[length - 1] = (order[length - 1] ?? 0) + 1; // no order ends in FF, so this is the order
    for (const number of [new Uint8Array(length), order]) {
      for (const half of [0, length]) {
        const signature = new Uint8Array(sound.signature);
        signature.set(number, half);
        expect(verifyDigest({ ...sound, signature })).toBe(false);
      }
    }
    expect(readScalar(curve, order)).toBeUndefined();
    expect(readScalar(curve, new Uint8Array(length))).toBeUndefined();
  });

  it('takes a signature with either of both S: only one of them is "low"', () => {
    const { secretKey: _, ...sound } = signed('P-256', 'SHA-256', Uint8Array.of(1));
    const { Fn } = p256.Point;
    const signature = new Uint8Array(sound.signature);
    signature.set(Fn.toBytes(Fn.neg(Fn.fromBytes(signature.slice(32)))), 32);
    expect(verifyDigest({ ...sound, signature })).toBe(true);
  });
});

describe('publicPoint', () => {
  it.each(['P-256', 'P-384', 'P-521'] as const)('agrees with @noble/curves on %s', (curve) => {
    const { secretKey, point } = signed(curve, 'SHA-256', new Uint8Array());
    const scalar = readScalar(curve, secretKey);
    expect(scalar).toBeDefined();
    expect(publicPoint(curve, scalar as bigint)).toEqual(point);
    expect(readPoint(curve, point)).toBeDefined();
  });

  it.each(['P-256', 'P-384', 'P-521'] as const)('reads no point off the curve %s', (curve) => {
    const { point } = signed(curve, 'SHA-256', new Uint8Array());
    const off = new Uint8Array(point);
    off[off.length - 1] = (off[off.length - 1] ?? 0) ^ 1;
    expect(readPoint(curve, off)).toBeUndefined();
    expect(readPoint(curve, new Uint8Array(point.length))).toBeUndefined();
    expect(readPoint(curve, PEERS[curve].Point.fromBytes(point).toBytes(true))).toBeUndefined();
  });
});
