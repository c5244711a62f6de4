/**
 * Headers that were seen before. Everything that text alone decides (structure, the values of
 * attributes, what strict validation refuses) is decided once, by the functions of `keyblock/tr31`,
 * for a first header; the next ones only have to be equal to it, where they may not differ.
 */

import { KeyblockError } from '../../errors.js';
import type { KeyBlockHeader, ScannedHeader } from '../../tr31/header.js';
import { hasStandardFormat } from '../../tr31/optional-block-formats.js';
import type { ScannedBlock } from '../../tr31/optional-blocks.js';
import { scanKeyBlock } from '../../tr31/parse.js';
import { kbpkIssues, scannedHeaderIssues } from '../../tr31/policy.js';
import { type Finding, type Policy, settle } from '../../tr31/rules.js';
import type { Version } from '../../tr31/versions.js';
import { type Chain, createChain, wipeChain } from './chain.js';
import { createRewrapPlans, type RewrapPlans } from './plans.js';
import { createShapeIndex } from './shape-index.js';
import { readText, type Text } from './text.js';
import type { PreparedKbpk } from './workshop.js';

/** What all key blocks have in common whose headers differ in free data only. */
export interface Shape {
  readonly version: Version;
  readonly scanned: ScannedHeader;
  /** The optional blocks of a header: all that were scanned but PB. */
  readonly shown: readonly ScannedBlock[];
  readonly headerLength: number;
  readonly keyBlockLength: number;
  /** Bytes. */
  readonly payloadLength: number;
  /** What is reported about the header. */
  readonly headerFindings: readonly Finding[];
  /** What is reported about the KBPK. */
  readonly kbpkFindings: readonly Finding[];
  /** What the rules say of keys, by their length: of such whose bytes do not matter. */
  readonly keyFindings: Map<number, readonly Finding[] | KeyblockError>;
  /** Why no block of this shape is opened under the KBPK. */
  readonly refused: KeyblockError | undefined;
  /** The header in words, and which of its bits have to be the same. */
  readonly pattern: Int32Array;
  readonly mask: Int32Array;
  /** The first word of the header with anything free in it, and the one behind the last. */
  readonly firstFree: number;
  readonly endFree: number;
  /** Optional blocks whose data may differ, if it has the standard's format. */
  readonly checked: readonly ScannedBlock[];
  /** States of the MAC after the first blocks of the header. */
  readonly chain: Chain;
  /** Blocks of one group are worked on together. */
  readonly group: ShapeGroup;
  /** Where in the window blocks of this shape are. */
  readonly waiting: number[];
  /** What becomes of the blocks in a re-wrap, by the length of the key. */
  readonly plans: RewrapPlans;
}

/** Shapes of one version and of the same lengths. */
export interface ShapeGroup {
  /** Those with blocks in the window. */
  readonly waiting: Shape[];
}

/** The shapes that one KBPK has met. */
export interface Shapes {
  /** The shape of the key block at `at`, or what is wrong with the block. */
  find(text: Text, at: number, length: number, keyBlock: string): Shape | KeyblockError;
  /** The shape of the block if it is the one that came last. */
  findKnown(text: Text, at: number, length: number): Shape | undefined;
  /** Overwrites what was forgotten while blocks of it were still in the window. */
  endWindow(): void;
  /** Forgets all of them, and overwrites what was computed under a key. */
  wipe(): void;
}

/** Enough for every combination of attributes in use; what is thrown away is made again. */
const MAX_SHAPES = 512;

/** Begins without any. */
export function createShapes(kbpk: PreparedKbpk, policy: Policy): Shapes {
  const index = createShapeIndex();
  const groups = new Map<number, ShapeGroup>();
  /** Forgotten, but for the blocks in the window: states of the MAC may yet be kept with them. */
  const leaving: Shape[] = [];
  let count = 0;
  let last: Shape | undefined;

  function groupOf(version: Version, keyBlockLength: number, headerLength: number): ShapeGroup {
    const lengths = keyBlockLength * 10_000 + headerLength;
    const name = version.versionId.charCodeAt(0) * 100_000_000 + lengths;
    const group = groups.get(name) ?? { waiting: [] };
    groups.set(name, group);
    return group;
  }

  return {
    findKnown: (text, at, length) =>
      last !== undefined && matches(last, text, at, length) ? last : undefined,
    find(text, at, length, keyBlock) {
      const known = index.find(text, at, (shape) => matches(shape, text, at, length));
      if (known !== undefined) {
        last = known;
        return known;
      }
      const shape = tryToScan(keyBlock, (scanned) =>
        createShape(scanned, text, at, length, kbpk, policy, groupOf),
      );
      if (shape instanceof KeyblockError) return shape;
      if (count === MAX_SHAPES) forget();
      count++;
      letGo(index.add(text, at, shape));
      last = shape;
      return shape;
    },
    endWindow,
    wipe() {
      forget();
      endWindow();
    },
  };

  function endWindow(): void {
    for (const shape of leaving.splice(0)) wipeShape(shape);
  }

  function forget(): void {
    letGo(index.clear());
    groups.clear();
    last = undefined;
  }

  function letGo(shapes: readonly Shape[]): void {
    count -= shapes.length;
    for (const shape of shapes) {
      if (shape.waiting.length > 0) leaving.push(shape);
      else wipeShape(shape);
    }
  }

  function tryToScan<T>(
    keyBlock: string,
    use: (scanned: ReturnType<typeof scanKeyBlock>) => T,
  ): T | KeyblockError {
    try {
      return use(scanKeyBlock(keyBlock, policy));
    } catch (error) {
      if (error instanceof KeyblockError) return error;
      throw error;
    }
  }
}

/** The header of one block of a shape, in objects that are its own. */
export function headerOf({ scanned: { header }, shown }: Shape, keyBlock: string): KeyBlockHeader {
  const optionalBlocks = shown.map(({ id, dataOffset, end }) => ({
    id,
    data: keyBlock.slice(dataOffset, end),
  }));
  return { ...header, optionalBlocks };
}

/** Blocks whose data nobody reads: PB, text of no format, and proprietary ones. */
export function hasFreeData({ id }: ScannedBlock): boolean {
  return /^(?:PB|LB|FL|PA|[0-9]{2})$/.test(id);
}

function wipeShape({ chain, plans }: Shape): void {
  wipeChain(chain);
  for (const sealed of plans.sealed.values()) wipeChain(sealed.chain);
}

/** Blocks of which only the format of the data matters. */
export function hasCheckedData(block: ScannedBlock): boolean {
  return /^(?:KS|IK|BI|TC|TS|PK)$/.test(block.id) && hasStandardFormat(block);
}

function createShape(
  { version, scanned }: ReturnType<typeof scanKeyBlock>,
  text: Text,
  at: number,
  keyBlockLength: number,
  kbpk: PreparedKbpk,
  policy: Policy,
  groupOf: (version: Version, keyBlockLength: number, headerLength: number) => ShapeGroup,
): Shape {
  const { headerLength, blocks } = scanned;
  const issues = scannedHeaderIssues(scanned, policy.allow.has('tr31-2018-extended-length'));
  const pattern = text.words.slice(at >> 2, (at + headerLength) >> 2);
  const mask = new Int32Array(pattern.length).fill(-1);
  const maskBytes = new Uint8Array(mask.buffer);
  for (const block of blocks) {
    if (hasFreeData(block) || hasCheckedData(block)) maskBytes.fill(0, block.dataOffset, block.end);
  }
  const isFree = (word: number) => word !== -1;
  const firstFree = mask.findIndex(isFree);
  const lastFree = mask.reduce((last, word, i) => (isFree(word) ? i : last), -1);
  let refused: KeyblockError | undefined;
  let kbpkFindings: readonly Finding[] = [];
  try {
    kbpk.requireVersion(version);
    kbpkFindings = settle(kbpkIssues(kbpk.kbpk, kbpk.field), policy);
  } catch (error) {
    if (!(error instanceof KeyblockError)) throw error;
    refused = error;
  }
  return {
    version,
    scanned,
    shown: blocks.filter(({ id }) => id !== 'PB'),
    headerLength,
    keyBlockLength,
    payloadLength: Math.floor((keyBlockLength - headerLength) / 2) - version.macLength,
    headerFindings: settle(issues, policy),
    kbpkFindings,
    keyFindings: new Map(),
    refused,
    pattern: pattern.map((word, i) => word & (mask[i] as number)), // as long
    mask,
    firstFree: firstFree === -1 ? mask.length : firstFree,
    endFree: lastFree + 1,
    checked: blocks.filter((block) => !hasFreeData(block) && hasCheckedData(block)),
    chain: createChain(),
    group: groupOf(version, keyBlockLength, headerLength),
    waiting: [],
    plans: createRewrapPlans(),
  };
}

function matches(shape: Shape, text: Text, at: number, length: number): boolean {
  if (shape.keyBlockLength !== length) return false;
  const { words } = text;
  const { pattern, mask, firstFree, endFree, checked } = shape;
  const first = at >> 2;
  for (let i = 0; i < pattern.length; i++) {
    // In range: a text has room for a whole header behind every block that begins in it.
    if (((words[first + i] as number) & (mask[i] as number)) !== pattern[i]) return false;
  }
  let unprintable = 0;
  for (let i = firstFree; i < endFree; i++) {
    unprintable |= unprintableBytes(words[first + i] as number); // as above
  }
  if (unprintable !== 0) return false;
  if (checked.length === 0) return true;
  return checked.every(({ id, dataOffset, end }) =>
    hasStandardFormat({ id, data: readText(text, at + dataOffset, at + end) }),
  );
}

/** The highest bit of each of four characters is set where it is not 0x20 to 0x7E. */
function unprintableBytes(word: number): number {
  // Up to 0x7F no sum carries into the next byte; 0x60 has one of the two bits of all from 0x20 on.
  const outside = word | (word + 0x01010101);
  const inside = (word << 1) | (word << 2);
  return (outside | ~inside) & 0x80808080;
}
