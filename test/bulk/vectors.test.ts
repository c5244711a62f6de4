import { fromHex, type KeyInput, SecretKey } from 'keyblock';
import { createRewrapper, unwrapMany } from 'keyblock/bulk';
import { unwrapKey, type Validation, wrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { expectRewrapped, facts, outcomeOf, WAYS } from './outcomes.js';

const cases = vectors.filter(({ kind }) => kind === 'unwrap');

/** Every KBPK with its blocks, and with some of the others', which are under a wrong KBPK. */
const groups = [...new Set(cases.map(({ kbpk }) => kbpk as string))]
  .map((hex, i) => ({
    kbpk: fromHex(hex),
    keyBlocks: cases
      .filter(({ kbpk }, at) => kbpk === hex || at % 16 === i % 16)
      .map(({ keyBlock }) => keyBlock as string),
  }))
  // No version has KBPKs of another length: these are refused before any block.
  .filter(({ kbpk }) => [8, 16, 24, 32].includes(kbpk.length));

const everyWay = WAYS.flatMap(([way, options]) =>
  (['strict', 'interoperable'] as const).map((validation) => ({ way, options, validation })),
);

describe('unwrapMany', () => {
  it.each(everyWay)(
    'opens every vector as unwrapKey does: $way, $validation',
    ({ options, validation }) => {
      for (const { kbpk, keyBlocks } of groups) {
        const outcomes = unwrapMany({ ...options, kbpk, keyBlocks, validation });
        expect(outcomes).toHaveLength(keyBlocks.length);
        keyBlocks.forEach((keyBlock, i) => {
          expect(readable(outcomes[i])).toEqual(single(kbpk, keyBlock, validation));
        });
      }
    },
    120_000,
  );

  it('gives every block findings of its own, as unwrapKey does', () => {
    const [kbpk, key] = [fromHex('00'.repeat(31).concat('01')), fromHex('11'.repeat(16))];
    const header = { versionId: 'D', keyUsage: 'P0', algorithm: 'A' } as const;
    const keyBlock = wrapKey({
      kbpk,
      key,
      header: { ...header, modeOfUse: 'E', exportability: 'E' },
    });
    const lists = unwrapMany({ kbpk, keyBlocks: [keyBlock, keyBlock] }).map((outcome) =>
      'findings' in outcome ? outcome.findings : undefined,
    );
    expect(lists).toEqual([[], []]);
    expect(lists[0]).not.toBe(lists[1]);
    expect(Object.isFrozen(lists[0])).toBe(false);
  });
});

describe('createRewrapper', () => {
  it.each(everyWay)(
    're-wraps every vector as rewrapKey does: $way, $validation',
    ({ options, validation }) => {
      for (const [i, { kbpk: from, keyBlocks }] of groups.entries()) {
        const { to, header } = TARGETS[i % 3] as (typeof TARGETS)[number]; // there are three
        const rewrapper = createRewrapper({ ...options, from, to, header, validation });
        const outcomes = rewrapper.rewrap(keyBlocks);
        rewrapper.destroy();
        keyBlocks.forEach((keyBlock, at) => {
          expectRewrapped(outcomes[at], { keyBlock, from, to, header, validation });
        });
      }
    },
    120_000,
  );
});

const TARGETS = [
  { to: fromHex('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567'), header: { versionId: 'B' } },
  { to: fromHex('00112233445566778899AABBCCDDEEFF'.repeat(2)), header: { versionId: 'D' } },
  { to: fromHex('000102030405060708090A0B0C0D0E0F'), header: { versionId: 'E' } },
] as const;

function single(kbpk: KeyInput, keyBlock: string, validation: Validation): unknown {
  return readable(outcomeOf(() => unwrapKey({ kbpk, keyBlock, validation })));
}

function readable(outcome: ReturnType<typeof unwrapMany>[number] | undefined): unknown {
  if (outcome === undefined) return undefined;
  if ('error' in outcome) return facts(outcome.error);
  const { key } = outcome;
  expect(key).toBeInstanceOf(SecretKey);
  return { ...outcome, key: [key.algorithm, key.hash, key.expose()] };
}
