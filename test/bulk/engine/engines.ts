/** The engines under test, and how to carry messages into their lanes and out of them. */

import {
  type Engine,
  type LaneCipher,
  type LaneKey,
  laneOffset,
} from '../../../src/bulk/engine/engine.js';
import { createTypeScriptEngine } from '../../../src/bulk/engine/typescript-engine.js';
import { createWasmEngine } from '../../../src/bulk/engine/wasm-engine.js';

/** The engines that this host has; there is a test that it has all of them. */
export function availableEngines(): Engine[] {
  return [createTypeScriptEngine(), createWasmEngine() ?? []].flat();
}

/** Writes a message of whole words into the rows of a lane, from the row at `at` on. */
export function writeMessage(engine: Engine, at: number, lane: number, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length / 4; i++) {
    engine.words[at + i * engine.rowWords + laneOffset(engine, lane)] = view.getInt32(4 * i);
  }
}

export function readMessage(engine: Engine, at: number, lane: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < length / 4; i++) {
    const word = engine.words[at + i * engine.rowWords + laneOffset(engine, lane)] ?? NaN;
    view.setInt32(4 * i, word);
  }
  return bytes;
}

/** The bit of a lane in the plane at `plane`: 0 or 1. */
export function laneBit({ words }: Engine, plane: number, lane: number): number {
  return ((words[plane + (lane >> 5)] ?? NaN) >>> (lane & 31)) & 1;
}

/** Runs a block through a key in every lane: what goes in by lanes, and what comes out. */
export function transformLanes(
  engine: Engine,
  cipher: LaneCipher,
  transform: LaneKey['encrypt'],
  blocks: readonly Uint8Array[],
): Uint8Array[] {
  const planes = cipher.blockWords;
  engine.reserve(2 * cipher.blockWords);
  for (const [lane, block] of blocks.entries()) writeMessage(engine, 0, lane, block);
  cipher.toPlanes(planes, 0, 1);
  transform(planes);
  cipher.fromPlanes(0, planes, 1);
  return blocks.map((_, lane) => readMessage(engine, 0, lane, cipher.blockLength));
}
