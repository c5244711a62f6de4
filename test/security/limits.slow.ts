/**
 * How the time of an operation grows with its input: the exponent over four sizes. Generous, since
 * a shared machine measures badly; a quadratic one is still far beyond it.
 */

import {
  describeKeyBlock,
  formatOptionalBlock,
  fromHex,
  parseKeyBlock,
  readOptionalBlock,
  SecretKey,
  toHex,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import { describe, expect, it } from 'vitest';
import { bytesOf, outcome } from './matrix.js';

const KBPK = new SecretKey({ algorithm: 'AES', bytes: bytesOf(8200)(32) });

const header = {
  versionId: 'E',
  keyUsage: 'D0',
  algorithm: 'R',
  modeOfUse: 'B',
  exportability: 'E',
} as const;

const OPERATIONS: readonly (readonly [string, number, (size: number) => () => unknown])[] = [
  ['parse a long label', 9984, (size) => parsing(withLabel(size))],
  ['parse a long payload', 9984, (size) => parsing(withKey(size))],
  ['unwrap a long label', 9984, (size) => unwrapping(withLabel(size))],
  ['unwrap a long key', 9984, (size) => unwrapping(withKey(size))],
  ['wrap a long key', 9984, (size) => () => withKey(size)],
  ['describe a long label', 9984, (size) => describing(withLabel(size))],
  ['read certificates', 9984, (size) => reading('CT', `02${'000004AAAA'.repeat(size / 10)}`)],
  ['read derivations', 9984, (size) => reading('DA', `01${'B0AXE'.repeat(size / 5)}`)],
  ['read a long time', 9984, (size) => reading('TS', `20261121080000${'0'.repeat(size - 15)}Z`)],
  ['format certificates', 7488, formatting],
  ['decode hex', 2 ** 20, (size) => () => fromHex('0'.repeat(size))],
  ['encode hex', 2 ** 20, (size) => () => toHex(new Uint8Array(size))],
];

describe('the time', () => {
  it.each(OPERATIONS)('to %s grows with its length', (_, largest, operation) => {
    const sizes = [8, 4, 2, 1].map((part) => 16 * Math.floor(largest / part / 16));
    const times = sizes.map((size) => fastest(operation(size)));
    expect(slope(sizes, times)).toBeLessThan(1.6);
  });
});

function parsing(keyBlock: string): () => unknown {
  return () => parseKeyBlock(keyBlock);
}

function unwrapping(keyBlock: string): () => unknown {
  return () => unwrapKey({ kbpk: KBPK, keyBlock });
}

function describing(keyBlock: string): () => unknown {
  return () => describeKeyBlock(keyBlock);
}

function reading(id: string, data: string): () => unknown {
  return () => outcome(() => readOptionalBlock({ id, data: data.slice(0, 9990) }));
}

function formatting(size: number): () => unknown {
  const certificates = [{ format: 'X.509', certificate: new Uint8Array(size) }] as const;
  return () => formatOptionalBlock({ id: 'CT', certificates });
}

function withLabel(size: number): string {
  const optionalBlocks = [{ id: 'LB', data: 'x'.repeat(size - 200) }];
  return wrapKey({ kbpk: KBPK, key: bytesOf(1)(16), header: { ...header, optionalBlocks } });
}

function withKey(size: number): string {
  return wrapKey({ kbpk: KBPK, key: bytesOf(2)((size - 80) / 2), header });
}

/** Milliseconds of one call, the best of many: what is left after everything else that runs. */
function fastest(call: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 15; round++) {
    let calls = 0;
    const start = performance.now();
    do {
      call();
      calls += 1;
    } while (performance.now() - start < 20);
    best = Math.min(best, (performance.now() - start) / calls);
  }
  return best;
}

/** Slope of the line of least squares through the logarithms. */
function slope(sizes: readonly number[], times: readonly number[]): number {
  const points = sizes.map((size, i) => [Math.log(size), Math.log(times[i] ?? 0)] as const);
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
