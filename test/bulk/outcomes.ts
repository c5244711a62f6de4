/** The outcome of a single call, in the shape of that of a batch, and how the two are compared. */

import { KeyblockError } from 'keyblock';
import type { AesPort, EngineChoice } from 'keyblock/bulk';
import { type RewrapKeyOptions, rewrapKey, unwrapKey } from 'keyblock/tr31';
import { expect } from 'vitest';
import { createAes } from '../../src/primitives/aes.js';

/** What a function returns, or the error that it throws. */
export function outcomeOf<T>(call: () => T): T | { readonly error: KeyblockError } {
  try {
    return call();
  } catch (error) {
    if (error instanceof KeyblockError) return { error };
    throw error;
  }
}

/** An error by all that a caller sees of it. */
export function facts(error: KeyblockError): unknown {
  const { code, field, offset, message } = error;
  return { code, field, offset, message };
}

/** Expects the outcome of a batch to be that of `rewrapKey`, but for the padding. */
export function expectRewrapped(
  actual: { readonly keyBlock: string } | { readonly error: KeyblockError } | undefined,
  options: RewrapKeyOptions,
): void {
  const expected = outcomeOf(() => ({ keyBlock: rewrapKey(options) }));
  if (actual === undefined) throw new Error('no outcome');
  if ('error' in expected) {
    expect('error' in actual && facts(actual.error)).toEqual(facts(expected.error));
    return;
  }
  if (!('keyBlock' in actual)) throw actual.error;
  const { to: kbpk } = options;
  const open = (keyBlock: string) => {
    const opened = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
    return { ...opened, key: opened.key.expose() };
  };
  expect(actual.keyBlock).toHaveLength(expected.keyBlock.length);
  expect(open(actual.keyBlock)).toEqual(open(expected.keyBlock));
}

/** AES from outside: here the library's own. */
export const PORT: AesPort = portOf();

/** All ways to run: each engine, and AES from outside. */
export const WAYS: readonly (readonly [
  string,
  { readonly engine?: EngineChoice; readonly aes?: AesPort },
])[] = [
  ['typescript', { engine: 'typescript' }],
  ['wasm-simd', { engine: 'wasm-simd' }],
  ['native', { engine: 'typescript', aes: PORT }],
];

function portOf(): AesPort {
  return {
    prepare(key) {
      const cipher = createAes(key);
      const each = (blocks: Uint8Array, apply: (offset: number) => void) => {
        for (let offset = 0; offset < blocks.length; offset += 16) apply(offset);
        return blocks;
      };
      return {
        encryptBlocks: (blocks) => each(blocks, (at) => cipher.encryptBlock(blocks, at)),
        decryptBlocks(blocks) {
          // An array of its own is as good.
          const copy = new Uint8Array(blocks);
          return each(copy, (at) => cipher.decryptBlock(copy, at));
        },
        destroy: () => cipher.destroy(),
      };
    },
  };
}
