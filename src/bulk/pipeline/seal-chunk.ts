/** Seals the payloads of a chunk again, under another KBPK. */

import type { HeaderLanes, Run } from './chain.js';
import type { LaneBlockKeys } from './lane-keys.js';
import type { Machine } from './machine.js';
import {
  applyCtrLanes,
  computeMac,
  encryptCbcLanes,
  loadVariantIv,
  padForMac,
  payloadLayout,
  storeHex,
  withMac,
} from './payload-lanes.js';
import type { Places } from './places.js';
import type { SealedShape } from './plans.js';
import type { RandomPool } from './random-pool.js';
import type { Text } from './text.js';

/** The lanes of a chunk whose new blocks are of one version and of the same lengths. */
export interface SealedLanes {
  readonly text: Text;
  /** Where the new block of each lane begins; -1 where the lane is no part of this. */
  readonly at: Int32Array;
  readonly count: number;
  /** What each lane's block becomes. */
  readonly shapes: readonly (SealedShape | undefined)[];
  /** The first byte of padding of each lane; some number of the others in lanes without. */
  readonly paddingStarts: Int32Array;
}

/** Writes header, payload and MAC of every new block. The payloads are in `data`, as planes. */
export function sealChunk(
  machine: Machine,
  places: Places,
  keys: LaneBlockKeys,
  shape: SealedShape,
  lanes: SealedLanes,
  old: Pick<HeaderLanes, 'text' | 'at'>,
  data: number,
  random: RandomPool,
): void {
  const { text, at, count } = lanes;
  const { version, headerLength } = shape;
  const { cipher } = keys;
  const payload = payloadLayout(shape.payloadLength, cipher.blockLength);
  for (let lane = 0; lane < count; lane++) {
    const sealed = lanes.shapes[lane];
    const to = at[lane] as number; // in range, here and below
    if (sealed !== undefined && to >= 0)
      writeHeader(text, to, sealed, old.text, old.at[lane] as number);
  }
  const headers: HeaderLanes = { text, at, count, headerLength, runs: runsOf(lanes) };
  machine.randomize(cipher, data, lanes.paddingStarts, payload.length, random);
  const whole = withMac(payload, version);
  const mac = whole ? data + payload.blocks * cipher.blockWords : places.mac;
  if (version.binding === 'variant') {
    loadVariantIv(machine, places, keys, headers);
    encryptCbcLanes(machine, keys, data, payload.blocks, places.temporary);
    computeMac(machine, places, keys, version, headers, payload, data);
    machine.copy(mac, places.state, cipher.blockWords);
  } else {
    padForMac(machine, keys, payload, data);
    computeMac(machine, places, keys, version, headers, payload, data);
    machine.copy(mac, places.state, cipher.blockWords);
    if (version.binding === 'aes-cmac-ctr') {
      applyCtrLanes(machine, places, keys, data, payload.blocks, mac);
    } else encryptCbcLanes(machine, keys, data, payload.blocks, mac);
  }
  storeHex(machine, places, keys, headers, headerLength, whole ?? payload, data);
  if (whole === undefined) {
    const macLayout = payloadLayout(version.macLength, cipher.blockLength);
    storeHex(machine, places, keys, headers, headerLength + 2 * payload.length, macLayout, mac);
  }
}

/** Moves payloads from the blocks of one cipher to those of another: as many bytes as both hold. */
export function transferPayload(
  places: Places,
  from: LaneBlockKeys,
  to: LaneBlockKeys,
  length: number,
): void {
  // Both lengths divide a portion of rows; a last block may be filled with what is padding later.
  for (let byte = 0; byte < length; byte += 16 * places.portion) {
    const bytes = Math.min(16 * places.portion, length - byte);
    const source = places.data + (byte / from.cipher.blockLength) * from.cipher.blockWords;
    const target = places.copy + (byte / to.cipher.blockLength) * to.cipher.blockWords;
    from.cipher.fromPlanes(places.rows, source, Math.ceil(bytes / from.cipher.blockLength));
    to.cipher.toPlanes(target, places.rows, Math.ceil(bytes / to.cipher.blockLength));
  }
}

function writeHeader(
  text: Text,
  to: number,
  { pattern, mask, copies }: SealedShape,
  old: Text,
  from: number,
): void {
  const target = to >> 2;
  if (mask !== undefined) {
    const source = from >> 2;
    for (let i = 0; i < pattern.length; i++) {
      // In range: where a new header copies, the old one is as long.
      const word = mask[i] as number;
      const copied = word === 0 ? 0 : (old.words[source + i] as number) & word;
      text.words[target + i] = (pattern[i] as number) | copied;
    }
    return;
  }
  text.words.set(pattern, target);
  for (const copy of copies) {
    for (let i = 0; i < copy.length; i++) {
      text.bytes[to + copy.to + i] = old.bytes[from + copy.from + i] as number; // in range
    }
  }
}

/** Lanes in a row whose new blocks are of one shape; lanes without one belong to any. */
function runsOf({ shapes, at, count }: SealedLanes): Run[] {
  const runs: Run[] = [];
  let first = 0;
  let current: SealedShape | undefined;
  for (let lane = 0; lane <= count; lane++) {
    const shape = lane < count && (at[lane] as number) >= 0 ? shapes[lane] : undefined;
    if (lane < count && (shape === undefined || shape === current)) continue;
    if (current !== undefined) {
      runs.push({ first, end: lane, chain: current.chain, sameWords: current.sameWords });
      first = lane;
    }
    current = shape;
  }
  return runs;
}
