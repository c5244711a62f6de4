import { aesPlane, desPlane } from '../circuits/layouts.js';
import type { Engine, LaneCipher, LaneKey, PlaneConstant } from './engine.js';
import {
  AES_ROUND_MASKS,
  aesMasks,
  aesRounds,
  blockMasks,
  TDES_MASKS,
  TDES_ROUND_MASKS,
  tdesMasks,
} from './key-masks.js';
import { HOST, MEMORY, PLANE } from './wasm-assembler.js';
import { emitModule, type WasmExports } from './wasm-module.js';

/** Bytes of a WebAssembly page. */
const PAGE = 65_536;

/** The first bytes of the memory: a second block for AES, then a constant. */
const SCRATCH = 0;
const CONSTANT: number = 128 * PLANE;
const RESERVED: number = CONSTANT + 4 * 128;

/** What a key takes, whichever cipher it is for. */
const KEY_BYTES: number = 4 * TDES_MASKS;

/** Words in a plane. */
const WIDTH = 4;

/**
 * Makes the engine of 128 lanes on WebAssembly SIMD, which is assembled here: the package holds no
 * binary.
 *
 * @returns Nothing where the host has no WebAssembly, no SIMD, or allows no compilation (a content
 *   security policy without `wasm-unsafe-eval`).
 */
export function createWasmEngine(): Engine | undefined {
  try {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const instance = new WebAssembly.Instance(compile(), { [HOST]: { [MEMORY]: memory } });
    // The module is our own: it exports what its emitter says.
    return engineOver(memory, instance.exports as unknown as WasmExports);
  } catch {
    return undefined;
  }
}

/**
 * The compiled module: code without keys or data. It is kept, because compiling takes tens of
 * milliseconds, and many re-wrappers may be made one after the other.
 */
let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(emitModule());
  return compiled;
}

function engineOver(memory: WebAssembly.Memory, wasm: WasmExports): Engine {
  const working = createWorkingMemory(memory);
  const { address } = working;
  const xorConstant = (to: number, constant: PlaneConstant): void => {
    new Int32Array(memory.buffer, CONSTANT, constant.length).set(constant);
    wasm.xorMasks(address(to), CONSTANT, constant.length);
  };
  return {
    name: 'wasm-simd',
    lanes: 128,
    width: WIDTH,
    rowWords: 128,
    get words() {
      return working.words;
    },
    aes: aesOf(working, wasm),
    tdes: tdesOf(working, wasm),
    reserve: working.reserve,
    xor: (to, from, count) => wasm.xor(address(to), address(from), count / WIDTH),
    copy: (to, from, count) => void working.words.copyWithin(to, from, from + count),
    setConstant(to, constant) {
      working.words.fill(0, to, to + WIDTH * constant.length);
      xorConstant(to, constant);
    },
    xorConstant,
    select: (to, from, mask, planes) =>
      wasm.select(address(to), address(from), address(mask), planes),
    destroy: working.destroy,
  };
}

function aesOf({ address, holdKey }: WorkingMemory, wasm: WasmExports): LaneCipher {
  return {
    blockLength: 16,
    blockWords: 128 * WIDTH,
    planeOffset: (byte, bit) => WIDTH * (128 * (byte >> 4) + aesPlane(byte & 15, bit)),
    toPlanes(to, from, blocks) {
      // Rows and the planes made of them go in the same order.
      for (let at = 0; at < 512 * blocks; at += 128) {
        wasm.aesRowToPlanes(address(to + at), address(from + at));
      }
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 512 * blocks; at += 128) {
        wasm.aesPlanesToRow(address(to + at), address(from + at));
      }
    },
    constant: (block) => blockMasks(block, aesPlane),
    increment: (at) => wasm.incrementAes(address(at)),
    prepare(key) {
      const rounds = aesRounds(key.length);
      const step = 4 * AES_ROUND_MASKS;
      return holdKey(aesMasks(key), {
        encrypt: (at, masks) => wasm.encryptAes(at, SCRATCH, masks, step, rounds),
        decrypt: (at, masks) => wasm.decryptAes(at, SCRATCH, masks + step * rounds, -step, rounds),
      });
    },
  };
}

function tdesOf({ address, holdKey }: WorkingMemory, wasm: WasmExports): LaneCipher {
  return {
    blockLength: 8,
    blockWords: 64 * WIDTH,
    planeOffset: (byte, bit) => WIDTH * (64 * (byte >> 3) + desPlane(byte & 7, bit)),
    toPlanes(to, from, blocks) {
      for (let at = 0; at < 256 * blocks; at += 256) {
        wasm.desRowToPlanes(address(to + at), address(from + at));
        wasm.desRowToPlanes(address(to + at) - SECOND_WORD, address(from + at + 128));
      }
    },
    fromPlanes(to, from, blocks) {
      for (let at = 0; at < 256 * blocks; at += 256) {
        wasm.desPlanesToRow(address(to + at), address(from + at));
        wasm.desPlanesToRow(address(to + at + 128), address(from + at) - SECOND_WORD);
      }
    },
    constant: (block) => blockMasks(block, desPlane),
    increment: (at) => wasm.incrementDes(address(at)),
    prepare(key) {
      const step = 4 * TDES_ROUND_MASKS;
      const last = 4 * (TDES_MASKS - TDES_ROUND_MASKS);
      return holdKey(tdesMasks(key), {
        encrypt: (at, masks) => wasm.transformTdes(at, masks, step),
        decrypt: (at, masks) => wasm.transformTdes(at, masks + last, -step),
      });
    },
  };
}

/** How far before a plane of the first word of a DES block that of the second word is, in bytes. */
const SECOND_WORD: number = 4 * PLANE;

/** What the memory of the module holds behind the first bytes: the working memory, and keys. */
interface WorkingMemory {
  readonly words: Int32Array<ArrayBuffer>;
  /** Where a word of the working memory is, in bytes. */
  address(word: number): number;
  reserve(wanted: number): void;
  /** Keeps the masks of a key, and wipes those that were passed. */
  holdKey(
    masks: Int32Array,
    transform: Record<'encrypt' | 'decrypt', (at: number, masks: number) => void>,
  ): LaneKey;
  destroy(): void;
}

function createWorkingMemory(memory: WebAssembly.Memory): WorkingMemory {
  /** Where memory that was never given out begins. */
  let end = RESERVED;
  /** The working memory: where it begins, in bytes, and how many words it has. */
  let base = RESERVED;
  let length = 0;
  let words = new Int32Array(memory.buffer, base, 0);
  const freeKeys: number[] = [];

  const address = (word: number): number => base + 4 * word;

  return {
    get words() {
      return words;
    },
    address,
    reserve(wanted) {
      if (wanted <= length) return;
      // At the end of the memory it grows where it is; otherwise it moves there, and at least
      // doubles, so that what it leaves behind is never more than what it has.
      const grows = address(length) === end;
      const target = grows ? base : end;
      const bytes = 4 * (grows ? wanted : Math.max(wanted, 2 * length));
      take(target + bytes - end);
      const moved = new Int32Array(memory.buffer, target, bytes / 4);
      if (!grows) {
        moved.set(words);
        words.fill(0);
      }
      base = target;
      length = bytes / 4;
      words = moved;
    },
    holdKey(masks, { encrypt, decrypt }) {
      const place = freeKeys.pop() ?? take(KEY_BYTES);
      new Int32Array(memory.buffer, place, masks.length).set(masks);
      masks.fill(0);
      let held = true;
      return {
        encrypt: (at) => encrypt(address(at), place),
        decrypt: (at) => decrypt(address(at), place),
        destroy() {
          if (!held) return;
          held = false;
          new Int32Array(memory.buffer, place, KEY_BYTES / 4).fill(0);
          freeKeys.push(place);
        },
      };
    },
    destroy() {
      new Uint8Array(memory.buffer).fill(0);
      length = 0;
      words = new Int32Array(0);
    },
  };

  /** Gives out the next `bytes` of the memory. What is new is zero. */
  function take(bytes: number): number {
    const at = end;
    end += (bytes + PLANE - 1) & -PLANE;
    if (end > memory.buffer.byteLength) {
      memory.grow(Math.ceil((end - memory.buffer.byteLength) / PAGE));
      words = new Int32Array(memory.buffer, base, length);
    }
    return at;
  }
}
