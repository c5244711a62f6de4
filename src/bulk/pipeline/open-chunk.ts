/** Opens a chunk: one block a lane, all of one version and of the same lengths. */

import type { Version } from '../../tr31/versions.js';
import type { HeaderLanes } from './chain.js';
import type { LaneBlockKeys } from './lane-keys.js';
import type { Machine } from './machine.js';
import {
  applyCtrLanes,
  computeMac,
  decryptCbcLanes,
  loadHex,
  loadVariantIv,
  type PayloadLayout,
  padForMac,
  payloadLayout,
  withMac,
} from './payload-lanes.js';
import type { Places } from './places.js';

/** What is known of the lanes after their blocks were opened. */
export interface OpenedLanes {
  /** The bit of every lane whose block is authentic. */
  readonly authentic: Int32Array;
  /** Negative where the hex of a lane is none. */
  readonly faults: Int32Array;
}

/** Decodes, decrypts and authenticates. Right or wrong, every lane has the same work. */
export function openChunk(
  machine: Machine,
  places: Places,
  keys: LaneBlockKeys,
  version: Version,
  headers: HeaderLanes,
  payload: PayloadLayout,
  { authentic, faults }: OpenedLanes,
): void {
  const { cipher } = keys;
  const { macLength, binding } = version;
  const { headerLength, count } = headers;
  faults.fill(0);
  const whole = withMac(payload, version);
  const text = whole ?? payload;
  const mac = whole ? places.data + payload.blocks * cipher.blockWords : places.mac;
  loadHex(machine, places, keys, headers, headerLength, text, places.data, faults);
  if (whole === undefined) {
    const macLayout = payloadLayout(macLength, cipher.blockLength);
    const macOffset = headerLength + 2 * payload.length;
    loadHex(machine, places, keys, headers, macOffset, macLayout, mac, faults);
  }
  if (binding === 'variant') {
    computeMac(machine, places, keys, version, headers, payload, places.data);
    loadVariantIv(machine, places, keys, headers);
    decryptCbcLanes(machine, keys, places.data, payload.blocks, places.temporary);
  } else {
    if (binding === 'aes-cmac-ctr') {
      applyCtrLanes(machine, places, keys, places.data, payload.blocks, mac);
      padForMac(machine, keys, payload, places.data);
    } else decryptCbcLanes(machine, keys, places.data, payload.blocks, mac);
    computeMac(machine, places, keys, version, headers, payload, places.data);
  }
  const different = authentic.fill(0);
  machine.markDifferences(cipher, places.state, mac, macLength, different);
  for (let v = 0; v < authentic.length; v++) {
    const present = count >= 32 * (v + 1) ? -1 : (1 << Math.max(0, count - 32 * v)) - 1;
    authentic[v] = ~(different[v] as number) & present; // in range
  }
  for (let lane = 0; lane < count; lane++) {
    // What is no hex was no block of this text: it is answered by its text, not by its MAC.
    if ((faults[lane] as number) < 0) {
      authentic[lane >> 5] = (authentic[lane >> 5] as number) & ~(1 << (lane & 31));
    }
  }
}

/** Whether the bit of a lane is set. */
export function hasLane(lanes: Int32Array, lane: number): boolean {
  return (((lanes[lane >> 5] as number) >>> (lane & 31)) & 1) === 1; // in range
}
