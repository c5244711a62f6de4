/**
 * What the lanes need of a KBPK: KBEK and KBAK derived and prepared, and check values, all of it by
 * the machine itself.
 */

import { fitsAlgorithm, type KeyAlgorithm } from '../../primitives/algorithms.js';
import type { KcvMethod } from '../../primitives/check-value.js';
import { doubleBlock } from '../../primitives/cmac.js';
import { type DerivedKeyUse, derivationInputs } from '../../tr31/binding/cmac.js';
import { AUTHENTICATION, ENCRYPTION, variant } from '../../tr31/binding/variant.js';
import type { Version } from '../../tr31/versions.js';
import { runAll } from '../run-all.js';
import type { LaneKey, Machine, MachineCipher, PlaneConstant } from './machine.js';

/** KBEK and KBAK of one binding method, ready for one machine. */
export interface LaneBlockKeys {
  readonly cipher: MachineCipher;
  readonly encryption: LaneKey;
  readonly authentication: LaneKey;
  /** The subkeys of CMAC for a last block that is whole, and for one that is not. */
  readonly wholeSubkey: PlaneConstant;
  readonly partSubkey: PlaneConstant;
  destroy(): void;
}

/** How many rows and planes single operations use, from the first free address on, in words. */
export function scratchWords({ aes }: Machine): number {
  return 2 * aes.blockWords;
}

/** The cipher of a version, as a machine has it. */
function cipherOf(machine: Machine, { kbpkAlgorithm }: Version): MachineCipher {
  return kbpkAlgorithm === 'AES' ? machine.aes : machine.tdes;
}

/** Derives the keys of a version from a KBPK of a length that it has. */
export function deriveLaneKeys(
  machine: Machine,
  kbpk: Uint8Array,
  version: Version,
): LaneBlockKeys {
  const { kbek, kbak } =
    version.binding === 'variant'
      ? { kbek: variant(kbpk, ENCRYPTION), kbak: variant(kbpk, AUTHENTICATION) }
      : deriveByCmac(machine, kbpk, version);
  const cipher = cipherOf(machine, version);
  const [encryption, authentication] = prepareBoth(cipher, kbek, kbak);
  const { whole, part } = cmacSubkeys(machine, cipher, authentication);
  const wholeSubkey = cipher.constant(whole);
  const partSubkey = cipher.constant(part);
  whole.fill(0);
  part.fill(0);
  return {
    cipher,
    encryption,
    authentication,
    wholeSubkey,
    partSubkey,
    destroy() {
      wholeSubkey.fill(0);
      partSubkey.fill(0);
      runAll([encryption.destroy, authentication.destroy]);
    },
  };
}

/** Prepares two derived keys and overwrites their bytes, whatever a port says to them. */
function prepareBoth(
  cipher: MachineCipher,
  kbek: Uint8Array,
  kbak: Uint8Array,
): readonly [LaneKey, LaneKey] {
  try {
    return [cipher.prepare(kbek), cipher.prepare(kbak)];
  } finally {
    kbek.fill(0);
    kbak.fill(0);
  }
}

/** The check value of a cipher key at full length: a zero block encrypted, or its CMAC. */
export function laneCheckValue(
  machine: Machine,
  algorithm: KeyAlgorithm,
  key: Uint8Array,
  method: KcvMethod,
): Uint8Array<ArrayBuffer> {
  const cipher = algorithm === 'AES' ? machine.aes : machine.tdes;
  const prepared = cipher.prepare(key);
  try {
    const zero = new Uint8Array(cipher.blockLength);
    if (method === 'legacy') return encryptBlocks(machine, cipher, prepared, zero);
    // CMAC of one block of zeros encrypts the subkey itself.
    const { whole, part } = cmacSubkeys(machine, cipher, prepared);
    part.fill(0);
    const value = encryptBlocks(machine, cipher, prepared, whole);
    whole.fill(0);
    return value;
  } finally {
    prepared.destroy();
  }
}

/** Whether a check value is of a key that the machine's ciphers take. */
export function hasLaneCheckValue(algorithm: KeyAlgorithm, key: Uint8Array): boolean {
  const isCipherKey = algorithm === 'AES' || algorithm === 'TDES' || algorithm === 'DES';
  return isCipherKey && fitsAlgorithm(algorithm, key.length);
}

/** SP 800-108 in counter mode: all inputs of both keys side by side. */
function deriveByCmac(
  machine: Machine,
  kbpk: Uint8Array,
  version: Version,
): { readonly kbek: Uint8Array<ArrayBuffer>; readonly kbak: Uint8Array<ArrayBuffer> } {
  const cipher = cipherOf(machine, version);
  const { blockLength } = cipher;
  const prf = cipher.prepare(kbpk);
  const secrets: Uint8Array[] = [];
  try {
    const { whole, part } = cmacSubkeys(machine, cipher, prf);
    const use: DerivedKeyUse = version.binding === 'aes-cmac-ctr' ? 'ctr' : 'cbc';
    const inputs = [use, 'mac' as const].flatMap((of) =>
      derivationInputs(kbpk.length, version, of),
    );
    const blocks = new Uint8Array(inputs.length * blockLength);
    secrets.push(whole, part, blocks);
    inputs.forEach((input, i) => {
      const block = blocks.subarray(i * blockLength, (i + 1) * blockLength);
      // Eight bytes are a whole block of triple DES and half a block of AES.
      block.set(input.length === blockLength ? whole : part);
      for (const [j, byte] of input.entries()) block[j] = (block[j] as number) ^ byte; // in range
      if (input.length < blockLength) {
        block[input.length] = (block[input.length] as number) ^ 0x80;
      }
    });
    const derived = encryptBlocks(machine, cipher, prf, blocks);
    secrets.push(derived);
    prf.destroy();
    const second = derived.length / 2;
    const kbek = derived.slice(0, kbpk.length);
    const kbak = derived.slice(second, second + kbpk.length);
    return { kbek, kbak };
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}

interface Subkeys {
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly part: Uint8Array<ArrayBuffer>;
}

function cmacSubkeys(machine: Machine, cipher: MachineCipher, key: LaneKey): Subkeys {
  const whole = encryptBlocks(machine, cipher, key, new Uint8Array(cipher.blockLength));
  doubleBlock(whole);
  const part = new Uint8Array(whole);
  doubleBlock(part);
  return { whole, part };
}

/** Encrypts a few blocks, each in a lane of its own. */
function encryptBlocks(
  machine: Machine,
  cipher: MachineCipher,
  key: LaneKey,
  blocks: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { blockLength, blockWords } = cipher;
  const rows = machine.firstFree;
  const planes = rows + machine.aes.blockWords;
  machine.reserve(rows + scratchWords(machine));
  const wordAt = (byte: number) => {
    const row = (byte % blockLength) >> 2;
    // In range: there are fewer blocks than lanes.
    return (
      rows + row * machine.lanes + (machine.laneOffsets[Math.floor(byte / blockLength)] as number)
    );
  };
  machine.words.fill(0, rows, rows + blockWords);
  blocks.forEach((byte, i) => {
    const { words } = machine;
    words[wordAt(i)] = (words[wordAt(i)] as number) | (byte << (24 - 8 * (i & 3)));
  });
  cipher.toPlanes(planes, rows, 1);
  key.encrypt(planes);
  cipher.fromPlanes(rows, planes, 1);
  const result = new Uint8Array(blocks.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = (machine.words[wordAt(i)] as number) >>> (24 - 8 * (i & 3));
  }
  machine.words.fill(0, rows, rows + scratchWords(machine));
  return result;
}
