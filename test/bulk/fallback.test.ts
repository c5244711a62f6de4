/** Where WebAssembly is not to be had, all of it runs on plain TypeScript, and gives the same. */

import { fromHex, generateKey } from 'keyblock';
import { createRewrapper, type EngineChoice, unwrapMany, verifyMany } from 'keyblock/bulk';
import { unwrapKey, wrapKey } from 'keyblock/tr31';
import { afterEach, describe, expect, it, vi } from 'vitest';

const { CompileError, Instance, Memory } = WebAssembly;

const from = fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6');
const to = fromHex('00112233445566778899AABBCCDDEEFF102030405060708090A0B0C0D0E0F0FF');
const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
const keyBlock = wrapKey({
  kbpk: from,
  key,
  header: {
    versionId: 'D',
    keyUsage: 'D0',
    algorithm: 'A',
    modeOfUse: 'B',
    exportability: 'N',
  },
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** All that the entry offers, and what it says that it ran on. */
function runAll(engine: EngineChoice | undefined): string {
  const rewrapper = createRewrapper({ from, to, engine });
  const [outcome] = rewrapper.rewrap([keyBlock]);
  rewrapper.destroy();
  if (outcome === undefined || 'error' in outcome) throw new Error('not re-wrapped');
  const { keyBlock: after } = outcome;
  expect(unwrapKey({ kbpk: to, keyBlock: after }).key.expose()).toEqual(key.expose());
  const [opened] = unwrapMany({ kbpk: from, keyBlocks: [keyBlock], engine });
  expect(opened !== undefined && 'key' in opened && opened.key.expose()).toEqual(key.expose());
  const pairs = [{ before: keyBlock, after }];
  expect(verifyMany({ from, to, pairs, engine })).toEqual([{ equal: true }]);
  return rewrapper.engine;
}

describe('keyblock/bulk', () => {
  // Before anything is compiled in this file: the compiled module is kept.
  describe.each<[string, unknown]>([
    ['without WebAssembly', undefined],
    [
      'where a policy does not let it compile, or there is no SIMD',
      {
        Instance,
        Memory,
        Module: class {
          constructor() {
            throw new CompileError('Wasm code generation disallowed by embedder');
          }
        },
      },
    ],
  ])('%s', (_title, webAssembly) => {
    it.each([undefined, 'auto', 'typescript'] as const)('runs on TypeScript: %s', (engine) => {
      vi.stubGlobal('WebAssembly', webAssembly);
      expect(runAll(engine)).toBe('typescript');
    });

    it('does not take another engine for the one that was asked for', () => {
      vi.stubGlobal('WebAssembly', webAssembly);
      const engine = 'wasm-simd';
      const refused = expect.objectContaining({ code: 'UNSUPPORTED', field: 'options' });
      expect(() => createRewrapper({ from, to, engine })).toThrow(refused);
      expect(() => unwrapMany({ kbpk: from, keyBlocks: [], engine })).toThrow(refused);
      expect(() => verifyMany({ from, to, pairs: [], engine })).toThrow(refused);
    });
  });

  it.each([undefined, 'auto', 'wasm-simd'] as const)(
    'runs on WebAssembly where it can be had: %s',
    (engine) => {
      expect(runAll(engine)).toBe('wasm-simd');
    },
  );
});
