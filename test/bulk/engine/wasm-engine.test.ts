import { afterEach, describe, expect, it, vi } from 'vitest';
import { emitModule } from '../../../src/bulk/engine/wasm-module.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** A copy of the module of its own, which has not compiled anything yet. */
async function createEngine(): Promise<unknown> {
  vi.resetModules();
  const { createWasmEngine } = await import('../../../src/bulk/engine/wasm-engine.js');
  return createWasmEngine();
}

describe('createWasmEngine', () => {
  it('gives nothing where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(await createEngine()).toBeUndefined();
  });

  it('gives nothing where compiling is refused', async () => {
    const { Memory } = WebAssembly;
    const Module = vi.fn(function Module() {
      throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
    });
    vi.stubGlobal('WebAssembly', { ...WebAssembly, CompileError: Error, Memory, Module });
    expect(await createEngine()).toBeUndefined();
    expect(Module).toHaveBeenCalledOnce();
  });

  it('gives nothing where the host has no SIMD', async () => {
    const { Instance, Memory, Module } = WebAssembly;
    class OldModule extends Module {
      constructor(bytes: BufferSource) {
        super(bytes);
        throw new WebAssembly.CompileError('Wasm SIMD unsupported');
      }
    }
    vi.stubGlobal('WebAssembly', { CompileError: Error, Instance, Memory, Module: OldModule });
    expect(await createEngine()).toBeUndefined();
  });

  it('compiles once for all engines', async () => {
    const { Instance, Memory, Module } = WebAssembly;
    let compiled = 0;
    class CountingModule extends Module {
      constructor(bytes: BufferSource) {
        super(bytes);
        compiled++;
      }
    }
    vi.stubGlobal('WebAssembly', { Instance, Memory, Module: CountingModule });
    const { createWasmEngine } = await import('../../../src/bulk/engine/wasm-engine.js');
    expect(createWasmEngine()).toBeDefined();
    expect(createWasmEngine()).not.toBe(createWasmEngine());
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
