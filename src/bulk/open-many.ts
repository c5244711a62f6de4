/**
 * Opens many key blocks under one KBPK and lends their keys, for what works inside the library.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { KeyInput } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { scanKeyBlock } from '../tr31/parse.js';
import { keyBytesMatter, keyIssues } from '../tr31/policy.js';
import {
  type Allow,
  type Finding,
  type Policy,
  readPolicy,
  settle,
  type Validation,
} from '../tr31/rules.js';
import type { Version } from '../tr31/versions.js';
import { type AesPort, checkedAesPort } from './aes-port.js';
import { chooseEngine, type EngineChoice } from './choose-engine.js';
import { type Chunk, runBatch } from './pipeline/batch.js';
import type { Machine } from './pipeline/machine.js';
import { lendKeys, openLanes } from './pipeline/opened-chunk.js';
import { createShapes, headerOf, type Shape, type Shapes } from './pipeline/shape.js';
import {
  createWorkshop,
  type PreparedKbpk,
  prepareKbpk,
  type Workshop,
} from './pipeline/workshop.js';
import { runAll } from './run-all.js';

/** How many blocks are opened. */
export interface OpeningOptions {
  /** @defaultValue `'strict'` */
  readonly validation?: Validation | undefined;
  /** Rules to lift in strict validation, each by its own word. */
  readonly allow?: readonly Allow[] | undefined;
  /** @defaultValue `'auto'` */
  readonly engine?: EngineChoice | undefined;
  /** AES of the embedder's, used for versions D and E. */
  readonly aes?: AesPort | undefined;
}

/** A KBPK with all that many calls of {@link openMany} need: it holds keys. */
export interface Opening {
  readonly workshop: Workshop;
  readonly kbpk: PreparedKbpk;
  readonly shapes: Shapes;
  readonly policy: Policy;
  /** Overwrites the key, and its working memory where that is its own. */
  destroy(): void;
}

/** Is shown the key of a block. The bytes are lent: they are overwritten after the call. */
export type VisitKey = (
  index: number,
  header: KeyBlockHeader,
  key: Uint8Array,
  findings: readonly Finding[],
) => void;

/** Prepares a KBPK of its own working memory. */
export function prepareOpening(kbpk: KeyInput | undefined, options: OpeningOptions): Opening {
  const policy = readPolicy(options);
  const workshop = openWorkshop(options);
  const opening = openingIn(workshop, kbpk, 'kbpk', policy);
  return {
    ...opening,
    destroy() {
      runAll([opening.destroy, () => workshop.destroy()]);
    },
  };
}

/** Working memory as the options want it. */
export function openWorkshop(options: OpeningOptions): Workshop {
  requireObject(options, 'options');
  const aes = checkedAesPort(own(options, 'aes'));
  return createWorkshop(chooseEngine(own(options, 'engine')), aes);
}

/** Prepares a KBPK in working memory that others use as well. */
export function openingIn(
  workshop: Workshop,
  key: KeyInput | undefined,
  field: 'kbpk' | 'from' | 'to',
  policy: Policy,
): Opening {
  const kbpk = prepareKbpk(key, field, workshop);
  const shapes = createShapes(kbpk, policy);
  return {
    workshop,
    kbpk,
    shapes,
    policy,
    destroy() {
      runAll([shapes.wipe, kbpk.destroy]);
    },
  };
}

/** Opens blocks and lends their keys: not in their order, but each exactly once, or refused. */
export function openMany(
  { workshop, kbpk, shapes, policy }: Opening,
  keyBlocks: readonly unknown[],
  visit: VisitKey,
  refuse: (index: number, error: KeyblockError) => void,
): void {
  const { machine, aesMachine } = workshop;
  const machineFor = ({ kbpkAlgorithm }: Version): Machine =>
    kbpkAlgorithm === 'AES' ? aesMachine : machine;
  try {
    runBatch(workshop, shapes, policy, keyBlocks, {
      takesBytes: false,
      lanesFor: (version) => machineFor(version).lanes,
      refuse,
      visit(chunk) {
        const on = machineFor(chunk.version);
        const refuseLane = (lane: number, error: KeyblockError) =>
          refuse(chunk.indexes[lane] as number, error); // in range
        const opened = openLanes(chunk, on, kbpk, policy, refuseLane);
        if (opened.keyLengths.every((length) => length === 0)) return;
        lendKeys(workshop, on, opened, chunk, (keyOf) => {
          chunk.shapes.forEach((shape, lane) => {
            if (opened.keyLengths[lane] === 0) return;
            const key = keyOf(lane);
            const findings = findingsOf(chunk, shape, lane, key);
            if (findings instanceof KeyblockError) refuseLane(lane, findings);
            else {
              const header = headerOf(shape, chunk.keyBlockOf(lane));
              visit(chunk.indexes[lane] as number, header, key, findings); // in range
            }
          });
        });
      },
    });
  } finally {
    workshop.wipe();
  }

  /** The rules about the key inside, and all that is reported about its block. */
  function findingsOf(
    chunk: Chunk,
    shape: Shape,
    lane: number,
    key: Uint8Array,
  ): readonly Finding[] | KeyblockError {
    return attempt(() => {
      // Of the one finding that headers alike do not share, the text knows the place.
      const ofText = chunk.hasLowerCase(lane)
        ? scanKeyBlock(chunk.keyBlockOf(lane), policy).findings
        : shape.headerFindings;
      const ofKey = judge(shape, key);
      if (ofKey instanceof KeyblockError) return ofKey;
      const { kbpkFindings } = shape;
      const isClean = ofText.length + kbpkFindings.length + ofKey.length === 0;
      return isClean ? NO_FINDINGS : ofText.concat(kbpkFindings, ofKey);
    });
  }

  function judge(
    { scanned: { header, blocks }, keyFindings }: Shape,
    key: Uint8Array,
  ): readonly Finding[] | KeyblockError {
    const known = keyFindings.get(key.length);
    if (known !== undefined) return known;
    const found = attempt(() =>
      settle(keyIssues(header, key, kbpk.kbpk, blocks, workshop.checkValue), policy),
    );
    if (!keyBytesMatter(header)) keyFindings.set(key.length, found);
    return found;
  }
}

/** What is reported about most blocks: one list for all. */
const NO_FINDINGS: readonly Finding[] = /* @__PURE__ */ Object.freeze([]);

function attempt<T>(work: () => T): T | KeyblockError {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
}
