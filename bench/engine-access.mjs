/** The engines themselves, which the package does not export: their block rate is the floor. */

import { createTypeScriptEngine } from '../dist/bulk/engine/typescript-engine.js';
import { createWasmEngine } from '../dist/bulk/engine/wasm-engine.js';

export const ENGINES = [
  { name: 'typescript', create: createTypeScriptEngine },
  { name: 'wasm-simd', create: createWasmEngine },
];
