import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWasmEngine } from '../../../src/bulk/engine/wasm-engine.js';
import { emitModule } from '../../../src/bulk/engine/wasm-module.js';

const { CompileError, Instance, Memory, Module } = WebAssembly;

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('createWasmEngine', () => {
  // Before anything is compiled in this file: the compiled module is kept.
  it('gives nothing where there is no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createWasmEngine()).toBeUndefined();
  });

  it.each(['Wasm code generation disallowed by embedder', 'Wasm SIMD unsupported'])(
    'gives nothing where compiling fails: %s',
    (message) => {
      class RefusedModule {
        constructor() {
          throw new CompileError(message);
        }
      }
      vi.stubGlobal('WebAssembly', { Instance, Memory, Module: RefusedModule });
      expect(createWasmEngine()).toBeUndefined();
    },
  );

  it('compiles once for all engines', () => {
    let compiled = 0;
    class CountingModule extends Module {
      constructor(bytes: BufferSource) {
        super(bytes);
        compiled++;
      }
    }
    vi.stubGlobal('WebAssembly', { Instance, Memory, Module: CountingModule });
    const engine = createWasmEngine();
    expect(engine).toBeDefined();
    expect(createWasmEngine()).not.toBe(engine);
    expect(compiled).toBe(1);
  });
});

describe('emitModule', () => {
  it('writes the same valid module every time', () => {
    const bytes = emitModule();
    expect(WebAssembly.validate(bytes)).toBe(true);
    expect(emitModule()).toEqual(bytes);
  });
});
