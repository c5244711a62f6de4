/** A chunk on its way through an owner: opened, its keys looked at where their MAC allows it. */

import { KeyblockError } from '../../errors.js';
import type { Policy } from '../../tr31/rules.js';
import { authenticationFailed } from '../../tr31/unwrap.js';
import { type Chunk, errorOf } from './batch.js';
import type { LaneBlockKeys } from './lane-keys.js';
import type { Machine } from './machine.js';
import { hasLane, type OpenedLanes, openChunk } from './open-chunk.js';
import { payloadLayout } from './payload-lanes.js';
import { type Places, reservePlaces } from './places.js';
import type { PreparedKbpk, Workshop } from './workshop.js';

/** An opened chunk. The payloads lie in `places.data`. */
export interface OpenedChunk {
  readonly places: Places;
  readonly keys: LaneBlockKeys;
  /** Bytes of the key of every lane; 0 where the lane has been refused. */
  readonly keyLengths: Int32Array;
}

/** Opens a chunk and reads how long its keys are. Whatever is wrong with a lane is refused. */
export function openLanes(
  chunk: Chunk,
  machine: Machine,
  kbpk: PreparedKbpk,
  policy: Policy,
  refuse: (lane: number, error: KeyblockError) => void,
): OpenedChunk {
  const { version, payloadLength } = chunk;
  const keys = kbpk.blockKeys(machine, version);
  const places = reservePlaces(machine, payloadLength);
  const payload = payloadLayout(payloadLength, keys.cipher.blockLength);
  const opened: OpenedLanes = {
    authentic: new Int32Array(machine.lanes >> 5),
    faults: new Int32Array(machine.lanes),
  };
  openChunk(machine, places, keys, version, chunk, payload, opened);
  const keyLengths = new Int32Array(machine.lanes);
  const common = machine.commonNumber(keys.cipher, places.data, opened.authentic);
  if (common < 0) machine.readNumbers(keys.cipher, places.data, keyLengths);
  // One error for all: what a lane is told does not depend on when it is told.
  let failure: KeyblockError | undefined;
  for (let lane = 0; lane < chunk.count; lane++) {
    if ((opened.faults[lane] as number) < 0) {
      refuse(lane, errorOf(chunk.keyBlockOf(lane), policy)); // in range
    } else if (!hasLane(opened.authentic, lane)) {
      failure ??= authenticationFailed();
      refuse(lane, failure);
    } else {
      const bits = common < 0 ? (keyLengths[lane] as number) : common;
      if (bits > 0 && bits % 8 === 0 && bits / 8 <= payloadLength - 2) {
        keyLengths[lane] = bits >> 3;
        continue;
      }
      refuse(lane, new KeyblockError('INVALID_PAYLOAD', { field: 'payload' }));
    }
    keyLengths[lane] = 0;
  }
  keyLengths.fill(0, chunk.count);
  return { places, keys, keyLengths };
}

/**
 * Reads the keys of lanes whose blocks are authentic, to lend them: what is lent is overwritten
 * after the call.
 */
export function lendKeys(
  workshop: Workshop,
  machine: Machine,
  { places, keys: { cipher }, keyLengths }: OpenedChunk,
  { count, payloadLength }: Chunk,
  use: (keyOf: (lane: number) => Uint8Array) => void,
): void {
  const step = Math.ceil(payloadLength / 16) * 16;
  if (workshop.payloads.length < count * step) {
    workshop.payloads.fill(0);
    workshop.payloads = new Uint8Array(count * step);
  }
  const { payloads } = workshop;
  try {
    const blocks = payloadLayout(payloadLength, cipher.blockLength).blocks;
    const perBlock = cipher.blockLength >> 2;
    for (let block = 0; block < blocks; block += places.portion) {
      const portion = Math.min(places.portion, blocks - block);
      cipher.fromPlanes(places.rows, places.data + block * cipher.blockWords, portion);
      const { words, laneOffsets, lanes } = machine;
      for (let lane = 0; lane < count; lane++) {
        if (keyLengths[lane] === 0) continue;
        let byte = lane * step + block * cipher.blockLength;
        let at = places.rows + (laneOffsets[lane] as number); // in range, here and below
        for (let i = 0; i < portion * perBlock; i++, at += lanes, byte += 4) {
          const word = words[at] as number;
          payloads[byte] = word >>> 24;
          payloads[byte + 1] = word >>> 16;
          payloads[byte + 2] = word >>> 8;
          payloads[byte + 3] = word;
        }
      }
    }
    use((lane) => {
      const first = lane * step + 2;
      return payloads.subarray(first, first + (keyLengths[lane] as number));
    });
  } finally {
    payloads.fill(0);
  }
}
