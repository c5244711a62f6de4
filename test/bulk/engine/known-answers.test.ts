/**
 * Every published answer of the bare ciphers (ECB), in every engine and both directions. Monte Carlo
 * chains are left out: of 4 million steps each waits for the one before, which takes as long as all
 * lanes. What is published of modes is in `../pipeline/known-answers.test.ts`.
 */

import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/hex.js';
import { column, countCases, knownAnswers } from '../../primitives/primitive-vectors.js';
import aesVectors from '../../vectors/primitives/aes-ecb.json' with { type: 'json' };
import tdesVectors from '../../vectors/primitives/tdes-ecb.json' with { type: 'json' };
import { availableEngines, readMessage, writeMessage } from './engines.js';

const GROUPS = [
  ...knownAnswers(aesVectors.groups).map((group) => ({ cipher: 'aes' as const, ...group })),
  ...knownAnswers(tdesVectors.groups).map((group) => ({ cipher: 'tdes' as const, ...group })),
];

describe.each(availableEngines())('the engine $name', (engine) => {
  it.each(GROUPS)('matches $cipher $title', ({ cipher: name, cases }) => {
    const cipher = engine[name];
    const { blockLength, blockWords } = cipher;
    engine.reserve(2 * blockWords);
    for (const [index, row] of cases.entries()) {
      const key = cipher.prepare(column(row, 0));
      // A block of the message in each of some lanes; what the others hold is from before.
      const transformed = (direction: 'encrypt' | 'decrypt', message: Uint8Array): string => {
        const lanes = Array.from(
          { length: message.length / blockLength },
          (_, i) => (37 * index + 3 * i + 5) % engine.lanes,
        );
        for (const [i, lane] of lanes.entries()) {
          writeMessage(engine, 0, lane, message.slice(i * blockLength, (i + 1) * blockLength));
        }
        cipher.toPlanes(blockWords, 0, 1);
        key[direction](blockWords);
        cipher.fromPlanes(0, blockWords, 1);
        return lanes.map((lane) => toHex(readMessage(engine, 0, lane, blockLength))).join('');
      };
      expect(transformed('encrypt', column(row, 1)), `encrypt, case ${index}`).toBe(row[2]);
      expect(transformed('decrypt', column(row, 2)), `decrypt, case ${index}`).toBe(row[1]);
      key.destroy();
    }
  });
});

it('has been given all 2138 and 560 known answers', () => {
  expect(countCases(knownAnswers(aesVectors.groups))).toBe(2138);
  expect(countCases(knownAnswers(tdesVectors.groups))).toBe(560);
});
