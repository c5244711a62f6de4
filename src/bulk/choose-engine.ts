/**
 * Which engine a bulk operation runs on.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import type { Engine, EngineName } from './engine/engine.js';
import { createTypeScriptEngine } from './engine/typescript-engine.js';
import { createWasmEngine } from './engine/wasm-engine.js';

/**
 * `'typescript'` runs everywhere, `'wasm-simd'` where the host compiles WebAssembly with SIMD
 * (not under a Content Security Policy without `'wasm-unsafe-eval'`); `'auto'` takes the second
 * where it can be had and the first where not. Results are the same.
 */
export type EngineChoice = 'auto' | EngineName;

/** Makes the engine that was asked for. */
export function chooseEngine(choice: EngineChoice | undefined = 'auto'): Engine {
  if (choice === 'typescript') return createTypeScriptEngine();
  if (choice !== 'auto' && choice !== 'wasm-simd') {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'options' });
  }
  const engine = createWasmEngine();
  if (engine !== undefined) return engine;
  if (choice === 'wasm-simd') throw new KeyblockError('UNSUPPORTED', { field: 'options' });
  return createTypeScriptEngine();
}
