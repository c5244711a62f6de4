/** The implementations that are compared, behind one interface, and proof that they agree. */

import { strictEqual, throws } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { computeKcv, rewrapKey, SecretKey, unwrapKey, wrapKey } from 'keyblock';
import * as straightforward from './straightforward.mjs';
import * as tuned from './tuned.mjs';

/** The key blocks that are measured: a two-key TDES key and an AES-256 key, each under its like. */
export const KINDS = {
  B: {
    algorithm: 'TDES',
    keyLength: 16,
    kbpkLength: 16,
    headerText: 'B0000K0TB00E0000',
    header: {
      versionId: 'B',
      keyUsage: 'K0',
      algorithm: 'T',
      modeOfUse: 'B',
      exportability: 'E',
    },
  },
  D: {
    algorithm: 'AES',
    keyLength: 32,
    kbpkLength: 32,
    headerText: 'D0000K0AB00E0000',
    header: {
      versionId: 'D',
      keyUsage: 'K0',
      algorithm: 'A',
      modeOfUse: 'B',
      exportability: 'E',
    },
  },
};

/**
 * `holdKbpk` and `holdKey` make from bytes what an application would keep; `unwrapCold` and `kcv`
 * start from the bytes. `open` gives the bytes of the key, `unwrap` what the implementation gives.
 */
export const CONTENDERS = [
  {
    name: 'keyblock',
    holdKbpk: (bytes, { algorithm }) => new SecretKey({ algorithm, bytes }),
    holdKey: (bytes, { algorithm }) => new SecretKey({ algorithm, bytes }),
    wrap: (kbpk, key, { header }) => wrapKey({ kbpk, key, header }),
    unwrap: (kbpk, keyBlock) => unwrapKey({ kbpk, keyBlock }),
    unwrapCold: (kbpk, keyBlock) => unwrapKey({ kbpk, keyBlock }),
    rewrap: (keyBlock, from, to) => rewrapKey({ keyBlock, from, to }),
    open: (kbpk, keyBlock) => unwrapKey({ kbpk, keyBlock }).key.expose(),
    kcv: (key, { algorithm }) => computeKcv({ key, algorithm }),
  },
  {
    name: 'straightforward',
    holdKbpk: (bytes) => bytes,
    holdKey: (bytes) => bytes,
    wrap: (kbpk, key, { headerText }) => straightforward.wrapKey({ kbpk, key, header: headerText }),
    unwrap: (kbpk, keyBlock) => straightforward.unwrapKey({ kbpk, keyBlock }),
    unwrapCold: (kbpk, keyBlock) => straightforward.unwrapKey({ kbpk, keyBlock }),
    rewrap: (keyBlock, from, to) => straightforward.rewrapKey({ keyBlock, from, to }),
    open: (kbpk, keyBlock) => straightforward.unwrapKey({ kbpk, keyBlock }).key,
    kcv: (key, { algorithm }) =>
      algorithm === 'AES'
        ? straightforward.computeAesKcv(key)
        : straightforward.computeTdesKcv(key),
  },
  {
    name: 'tuned',
    holdKbpk: (kbpk, { header }) => tuned.prepareKbpk({ versionId: header.versionId, kbpk }),
    holdKey: (bytes) => bytes,
    wrap: (prepared, key, { headerText }) => tuned.wrapKey({ prepared, key, header: headerText }),
    unwrap: (prepared, keyBlock) => tuned.unwrapKey({ prepared, keyBlock }),
    unwrapCold: (kbpk, keyBlock) => {
      const prepared = tuned.prepareKbpk({ versionId: keyBlock[0], kbpk });
      return tuned.unwrapKey({ prepared, keyBlock });
    },
    rewrap: (keyBlock, from, to) => tuned.rewrapKey({ keyBlock, from, to }),
    open: (prepared, keyBlock) => tuned.unwrapKey({ prepared, keyBlock }).key,
    kcv: (key, { algorithm }) =>
      algorithm === 'AES' ? tuned.computeAesKcv(key) : tuned.computeTdesKcv(key),
  },
];

/** Throws unless each contender opens what each other one wraps and re-wraps, and nothing else. */
export function assertAgreement() {
  for (const kind of Object.values(KINDS)) {
    const key = randomBytes(kind.keyLength);
    const kbpk = randomBytes(kind.kbpkLength);
    const otherKbpk = randomBytes(kind.kbpkLength);
    for (const writer of CONTENDERS) {
      const from = writer.holdKbpk(kbpk, kind);
      const to = writer.holdKbpk(otherKbpk, kind);
      const wrapped = writer.wrap(from, writer.holdKey(key, kind), kind);
      const rewrapped = writer.rewrap(wrapped, from, to);
      strictEqual(writer.kcv(key, kind), CONTENDERS[0].kcv(key, kind), `KCV of ${writer.name}`);
      for (const reader of CONTENDERS) {
        const who = `${reader.name} reading ${writer.name}`;
        const under = reader.holdKbpk(kbpk, kind);
        const underOther = reader.holdKbpk(otherKbpk, kind);
        strictEqual(hex(reader.open(under, wrapped)), hex(key), who);
        strictEqual(hex(reader.open(underOther, rewrapped)), hex(key), `${who}, re-wrapped`);
        throws(() => reader.open(underOther, wrapped), `${who}, wrong KBPK`);
        throws(() => reader.open(under, tamper(wrapped)), `${who}, another mode of use`);
      }
    }
  }
}

/** Turns mode of use `B`, both directions, into `D`, decryption only. */
function tamper(keyBlock) {
  return `${keyBlock.slice(0, 8)}D${keyBlock.slice(9)}`;
}

function hex(bytes) {
  return Buffer.from(bytes).toString('hex');
}
