/** One world: a clock, devices with what they remember, hosts, and every message that ever was. */
import type { KrdState, Profile, ReceivePolicy } from 'keyblock/tr34';
import { createRng, type Rng } from '../../simulator/rng.js';
import type { Message } from './message.js';
import { type Memory, stateOf } from './model.js';
import { BEGINNING, type Crl, type Krd, type Pki } from './pki.js';

/** How often what was done. */
export class Stats {
  readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** A device: what it has stored, and what the simulator knows that it has to be. */
export interface Device {
  readonly krd: Krd;
  readonly policy: ReceivePolicy;
  /** How far its clock is off. */
  skew: number;
  state: KrdState;
  memory: Memory;
  /** The key tokens that it took and stored. */
  readonly taken: Set<unknown>;
  /** Every nonce that it ever asked with. */
  readonly asked: Set<string>;
}

export interface World {
  readonly rng: Rng;
  readonly stats: Stats;
  readonly pki: Pki;
  readonly devices: readonly Device[];
  /** Milliseconds: the clock of the hosts. */
  now: number;
  readonly messages: Message[];
  /** What devices asked with, for whoever wants to answer. */
  readonly requests: { readonly krd: Krd; readonly token: Uint8Array }[];
  /** All that were issued, ours and those of the other CA. */
  readonly crls: Crl[];
}

/** What every run shares: the parties, which are slow to make. */
export interface WorldOptions {
  readonly seed: number;
  readonly stats: Stats;
  readonly pkis: readonly Pki[];
}

export function createWorld({ seed, stats, pkis }: WorldOptions): World {
  const rng = createRng(seed);
  const pki = pkis[seed % pkis.length] as Pki;
  const devices = pki.krds.map((krd): Device => {
    const memory: Memory = { acted: [] };
    return {
      krd,
      policy: policyOf(rng, krd),
      skew: rng.pick([0, 0, 0, -60_000, -7_200_000, 200_000]),
      state: stateOf(pki, krd, memory),
      memory,
      taken: new Set(),
      asked: new Set(),
    };
  });
  return { rng, stats, pki, devices, now: BEGINNING, messages: [], requests: [], crls: [] };
}

const ALL: readonly Profile[] = ['tr34-2019', 'tr34-2019-print', 'x9-tr34-2012', 'annex-d', 'cms'];

const INSISTENCE = ['crl', 'nonce', 'der-sorted-attributes', 'new-authority-tokens'] as const;

/** What a device takes and insists on; the same for a whole world. */
function policyOf(rng: Rng, { isEc }: Krd): ReceivePolicy {
  const dialects = isEc ? [['ec'], ['ec', ...ALL]] : [undefined, ALL, ALL, ['cms'], ['annex-d']];
  const require = INSISTENCE.filter(() => rng.oneIn(4));
  return {
    accept: rng.oneIn(8) ? undefined : (rng.pick(dialects) as readonly Profile[] | undefined),
    strength: rng.pick([undefined, 'sp800-57', 'tr34', 'off'] as const),
    tolerate: rng.oneIn(2) ? ['stale-crl'] : undefined,
    require: require.length === 0 ? undefined : require,
    maxAgeSeconds: rng.pick([undefined, undefined, 900]),
    clockSkewSeconds: rng.pick([undefined, undefined, 0, 60]),
  };
}

/** Minutes mostly; now and then an hour; a clock that is set right, or wrong. */
export function passTime(world: World): void {
  const { rng, devices } = world;
  world.now += rng.oneIn(12) ? rng.int(5_400_000) : rng.int(90_000);
  const device = rng.pick(devices);
  if (rng.oneIn(15)) device.skew = rng.pick([0, -60_000, -7_200_000, 200_000]);
}
