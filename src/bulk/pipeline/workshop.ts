/** Machines, text and randomness that one bulk operation after the other works with. */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { type ComputeCheckValue, fullCheckValue } from '../../primitives/check-value.js';
import { type KeyInput, withClearKey } from '../../secret-key.js';
import { fitsVersion } from '../../tr31/binding/block-keys.js';
import { VERSIONS, type Version } from '../../tr31/versions.js';
import { type AesPort, wipeLent } from '../aes-port.js';
import type { Engine } from '../engine/engine.js';
import { runAll } from '../run-all.js';
import { createByteMachine } from './byte-machine.js';
import {
  deriveLaneKeys,
  hasLaneCheckValue,
  type LaneBlockKeys,
  laneCheckValue,
} from './lane-keys.js';
import type { Machine } from './machine.js';
import { createPlaneMachine } from './plane-machine.js';
import { createText, type Text } from './text.js';
import { createWindow, type Window } from './window.js';

/** What the operations of one owner share. Nothing in it outlives `wipe` but prepared keys. */
export interface Workshop {
  /** What does all versions. */
  readonly machine: Machine;
  /** What versions D and E are done with, where both sides are one of them. */
  readonly aesMachine: Machine;
  /** Text that comes in, and that goes out. */
  input: Text;
  output: Text;
  /** Clear payloads on their way to a rule or a visitor: so many bytes for each lane. */
  payloads: Uint8Array<ArrayBuffer>;
  readonly window: Window;
  readonly checkValue: ComputeCheckValue;
  /** Keeps check values of a key, which are asked for again and again, until they are wiped. */
  keepCheckValues(key: Uint8Array): void;
  wipeCheckValues(key: Uint8Array): void;
  wipe(): void;
  destroy(): void;
}

/** Sets up a workshop around an engine. */
export function createWorkshop(engine: Engine, aes: AesPort | undefined): Workshop {
  const machine = createPlaneMachine(engine);
  const aesMachine = aes === undefined ? machine : createByteMachine(aes);
  const knownCheckValues = new Map<Uint8Array, Map<string, Uint8Array>>();
  return {
    machine,
    aesMachine,
    input: createText(0),
    output: createText(0),
    payloads: new Uint8Array(0),
    window: createWindow(),
    checkValue(algorithm, key, method, hash) {
      if (method === 'hmac' || !hasLaneCheckValue(algorithm, key)) {
        return fullCheckValue(algorithm, key, method, hash);
      }
      // One KBPK may be of TDES for some versions and of AES for others.
      const name = `${algorithm} ${method}`;
      const known = knownCheckValues.get(key);
      const kept = known?.get(name);
      if (kept !== undefined) return kept;
      const value = laneCheckValue(machine, algorithm, key, method);
      known?.set(name, value);
      return value;
    },
    keepCheckValues(key) {
      knownCheckValues.set(key, new Map());
    },
    wipeCheckValues(key) {
      for (const value of knownCheckValues.get(key)?.values() ?? []) value.fill(0);
      knownCheckValues.delete(key);
    },
    wipe() {
      wipeMachine(machine);
      if (aesMachine !== machine) wipeMachine(aesMachine);
      this.payloads.fill(0);
    },
    destroy() {
      this.wipe();
      for (const key of [...knownCheckValues.keys()]) this.wipeCheckValues(key);
      this.input = createText(0);
      this.output = createText(0);
      runAll([machine.destroy, ...(aesMachine === machine ? [] : [aesMachine.destroy])]);
    },
  };
}

/** The engines keep keys elsewhere: this is what blocks were worked on in. */
function wipeMachine(machine: Machine): void {
  wipeLent(machine.words, machine.used);
}

/** A KBPK, and the keys derived from it for every version and machine that came by. */
export interface PreparedKbpk {
  readonly kbpk: Uint8Array<ArrayBuffer>;
  readonly field: 'kbpk' | 'from' | 'to';
  /** Refuses a version that the KBPK does not fit. */
  requireVersion(version: Version): void;
  /** The keys of a version that it fits. */
  blockKeys(machine: Machine, version: Version): LaneBlockKeys;
  /** Derives them in advance, if it fits: before anything is opened that is to be sealed. */
  derive(machine: Machine, version: Version): void;
  destroy(): void;
}

/** Copies a KBPK. Keys are derived when a block first needs them. */
export function prepareKbpk(
  key: KeyInput | undefined,
  field: 'kbpk' | 'from' | 'to',
  { keepCheckValues, wipeCheckValues }: Workshop,
): PreparedKbpk {
  const held = withClearKey(key, field, ({ algorithm, hash, bytes }) => {
    if (
      !Object.values(VERSIONS).some((version) => fitsVersion({ algorithm, hash, bytes }, version))
    )
      throw mismatch(field);
    return { algorithm, hash, bytes: new Uint8Array(bytes) };
  });
  const kbpk = held.bytes;
  const derived = new Map<Machine, Map<string, LaneBlockKeys>>();
  keepCheckValues(kbpk);
  let isDestroyed = false;
  const prepared: PreparedKbpk = {
    kbpk,
    field,
    requireVersion(version) {
      if (!fitsVersion(held, version)) throw mismatch(field);
    },
    blockKeys(machine, version) {
      // What is left of the KBPK then is zeros, a key like any other.
      if (isDestroyed) throw new KeyblockError('KEY_DESTROYED', { field });
      const ofMachine = derived.get(machine) ?? new Map<string, LaneBlockKeys>();
      derived.set(machine, ofMachine);
      const kept = ofMachine.get(version.binding);
      if (kept !== undefined) return kept;
      const keys = deriveLaneKeys(machine, kbpk, version);
      ofMachine.set(version.binding, keys);
      return keys;
    },
    derive(machine, version) {
      if (fitsVersion(held, version)) prepared.blockKeys(machine, version);
    },
    destroy() {
      isDestroyed = true;
      kbpk.fill(0);
      wipeCheckValues(kbpk);
      const all = [...derived.values()].flatMap((ofMachine) => [...ofMachine.values()]);
      derived.clear();
      runAll(all.map(({ destroy }) => destroy));
    },
  };
  return prepared;
}

function mismatch(field: KeyblockErrorField): KeyblockError {
  return new KeyblockError('KBPK_MISMATCH', { field });
}
