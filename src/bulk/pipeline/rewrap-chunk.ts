/** Opens a chunk under one KBPK and seals it under another. */

import { KeyblockError } from '../../errors.js';
import type { Chunk } from './batch.js';
import type { Machine } from './machine.js';
import { lendKeys, type OpenedChunk, openLanes } from './opened-chunk.js';
import { reservePlaces } from './places.js';
import type { Plan, SealedShape } from './plans.js';
import type { RandomPool } from './random-pool.js';
import { planByLength, planForKey, type RewrapRules } from './rewrap-plans.js';
import { sealChunk, transferPayload } from './seal-chunk.js';
import type { Shape } from './shape.js';
import { createText, type Text } from './text.js';
import type { Workshop } from './workshop.js';

/** What happens to the new blocks. */
export interface RewrapVisitor {
  /** Is told what a lane's block can not become. */
  refuse(lane: number, error: KeyblockError): void;
  /**
   * Takes the new blocks of some lanes, all of one length: they stand one after the other in the
   * text, each from a multiple of four on.
   */
  take(lanes: readonly number[], keyBlockLength: number, text: Text): void;
}

/** Re-wraps a chunk. */
export function rewrapChunk(
  workshop: Workshop,
  machine: Machine,
  rules: RewrapRules,
  random: RandomPool,
  chunk: Chunk,
  visitor: RewrapVisitor,
): void {
  const opened = openLanes(chunk, machine, rules.from, rules.reading, visitor.refuse);
  const shapes = planLanes(workshop, machine, rules, chunk, opened, visitor);
  const parts = partsOf(shapes);
  parts.forEach((lanes, i) => {
    const isLast = i === parts.length - 1;
    const model = shapes[lanes[0] as number] as SealedShape; // every part has a lane, and a shape
    sealPart(workshop, machine, rules, random, chunk, opened, { lanes, model, shapes, isLast });
    visitor.take(lanes, model.keyBlockLength, workshop.output);
  });
}

/** What every lane's block becomes; undefined where it was refused. */
function planLanes(
  workshop: Workshop,
  machine: Machine,
  rules: RewrapRules,
  chunk: Chunk,
  opened: OpenedChunk,
  { refuse }: RewrapVisitor,
): (SealedShape | undefined)[] {
  const { keyLengths } = opened;
  const judged: number[] = [];
  const plans: (Plan | undefined)[] = [];
  let lastShape: Shape | undefined;
  let lastLength = 0;
  let plan: Plan | undefined;
  for (let lane = 0; lane < chunk.count; lane++) {
    const shape = chunk.shapes[lane] as Shape; // in range, here and below
    const keyLength = keyLengths[lane] as number;
    if (keyLength === 0) plans.push(undefined);
    else {
      if (shape !== lastShape || keyLength !== lastLength) {
        plan = planByLength(rules, shape, keyLength);
        lastShape = shape;
        lastLength = keyLength;
      }
      if (plan === undefined) judged.push(lane);
      plans.push(plan);
    }
  }
  if (judged.length > 0) {
    lendKeys(workshop, machine, opened, chunk, (keyOf) => {
      for (const lane of judged) {
        const key = keyOf(lane);
        workshop.keepCheckValues(key);
        try {
          plans[lane] = planForKey(rules, chunk.shapes[lane] as Shape, key);
        } finally {
          workshop.wipeCheckValues(key);
        }
      }
    });
  }
  return plans.map((planned, lane) => {
    if (!(planned instanceof KeyblockError)) return planned;
    refuse(lane, planned);
    return undefined;
  });
}

/** Lanes whose new blocks are of one version and of the same lengths go together. */
function partsOf(shapes: readonly (SealedShape | undefined)[]): readonly (readonly number[])[] {
  const parts = new Map<string, number[]>();
  let last: SealedShape | undefined;
  let part: number[] = [];
  shapes.forEach((shape, lane) => {
    if (shape === undefined) return;
    if (shape !== last) {
      const { version, headerLength, payloadLength } = shape;
      const name = `${version.versionId} ${headerLength} ${payloadLength}`;
      part = parts.get(name) ?? [];
      parts.set(name, part);
      last = shape;
    }
    part.push(lane);
  });
  return [...parts.values()];
}

/** Lanes that are sealed together, and what their blocks become. */
interface Part {
  readonly lanes: readonly number[];
  readonly model: SealedShape;
  readonly shapes: readonly (SealedShape | undefined)[];
  /** Whether no other part needs the payloads any more. */
  readonly isLast: boolean;
}

function sealPart(
  workshop: Workshop,
  machine: Machine,
  { to }: RewrapRules,
  random: RandomPool,
  chunk: Chunk,
  { keys: from, keyLengths }: OpenedChunk,
  { lanes, model, shapes, isLast }: Part,
): void {
  const keys = to.blockKeys(machine, model.version);
  const { count, payloadLength } = chunk;
  const places = reservePlaces(machine, Math.max(payloadLength, model.payloadLength));
  const step = (model.keyBlockLength + 3) & ~3;
  makeRoom(workshop, lanes.length * step);
  const at = new Int32Array(count).fill(-1);
  let firstPadding = model.payloadLength;
  lanes.forEach((lane, i) => {
    at[lane] = i * step;
    firstPadding = Math.min(firstPadding, 2 + (keyLengths[lane] as number)); // in range
  });
  // The other lanes are filled as well: with whom they share the work is nobody's business.
  const paddingStarts = new Int32Array(machine.lanes).fill(firstPadding);
  for (const lane of lanes) paddingStarts[lane] = 2 + (keyLengths[lane] as number); // as above
  let { data } = places;
  if (from.cipher !== keys.cipher) {
    transferPayload(places, from, keys, Math.min(payloadLength, model.payloadLength));
    data = places.copy;
  } else if (!isLast) {
    const blocks = Math.ceil(payloadLength / from.cipher.blockLength);
    machine.copy(places.copy, data, blocks * from.cipher.blockWords);
    data = places.copy;
  }
  const sealed = { text: workshop.output, at, count, shapes, paddingStarts };
  sealChunk(machine, places, keys, model, sealed, chunk, data, random);
}

function makeRoom(workshop: Workshop, length: number): void {
  if (workshop.output.bytes.length < length) workshop.output = createText(length);
}
