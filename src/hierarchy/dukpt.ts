/** Initial keys of DUKPT: of TDES (X9.24-1:2009 annex A.6) and of AES (X9.24-3 6.3). */

import { createAes } from '../primitives/aes.js';
import { createTdes } from '../primitives/des.js';

/** Turns the base derivation key into the one for the right half. */
const VARIANT = /* @__PURE__ */ Uint8Array.of(0xc0, 0xc0, 0xc0, 0xc0, 0, 0, 0, 0);

/** The key serial number of a device, before its first transaction: the counter is zero. */
export function initialKeySerialNumber(keySerialNumber: Uint8Array): Uint8Array<ArrayBuffer> {
  const initial = new Uint8Array(keySerialNumber);
  // The last 21 bits of 80 count.
  initial[7] = (initial[7] as number) & 0xe0; // ten bytes, as checked before
  initial.fill(0, 8);
  return initial;
}

/** Derives the initial key of TDES DUKPT from a double-length base derivation key. */
export function deriveTdesInitialKey(
  bdk: Uint8Array,
  keySerialNumber: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(16);
  const serial = initialKeySerialNumber(keySerialNumber).subarray(0, 8);
  const variant = bdk.map((byte, i) => byte ^ (VARIANT[i % 8] as number)); // in range
  for (const [half, material] of [bdk, variant].entries()) {
    const cipher = createTdes(material);
    key.set(serial, 8 * half);
    cipher.encryptBlock(key, 8 * half);
    cipher.destroy();
  }
  variant.fill(0);
  return key;
}

/** Algorithm indicators of AES keys by their length in bytes (X9.24-3 table 4). */
const ALGORITHMS: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  [16, 2],
  [24, 3],
  [32, 4],
]);

/** Derives the initial key of AES DUKPT, as long as the base derivation key. */
export function deriveAesInitialKey(
  bdk: Uint8Array,
  initialKeyId: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const blocks = bdk.length > 16 ? 2 : 1;
  const output = new Uint8Array(16 * blocks);
  const cipher = createAes(bdk);
  for (let i = 0; i < blocks; i++) {
    const bits = 8 * bdk.length;
    // Version, block counter, usage 8001 (initial key), algorithm, length in bits.
    const head = [1, i + 1, 0x80, 0x01, 0, ALGORITHMS.get(bdk.length) ?? 0, bits >> 8, bits & 0xff];
    output.set(head, 16 * i);
    output.set(initialKeyId, 16 * i + 8);
    cipher.encryptBlock(output, 16 * i);
  }
  cipher.destroy();
  const key = new Uint8Array(output.subarray(0, bdk.length));
  output.fill(0);
  return key;
}
