/**
 * What becomes of a block in a re-wrap: the rules of `rewrapKey`, applied once to all blocks of a
 * shape with keys of one length. Keys whose bytes matter to a rule are judged one by one.
 */

import { KeyblockError } from '../../errors.js';
import type { ComputeCheckValue } from '../../primitives/check-value.js';
import { nominalStrength, symmetricStrength } from '../../primitives/strength.js';
import { keyAlgorithm } from '../../tr31/codes.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { scanOptionalBlocks } from '../../tr31/optional-blocks.js';
import type { MaskedKeyLength } from '../../tr31/payload.js';
import { kbpkIssues, keyBytesMatter, keyIssues } from '../../tr31/policy.js';
import {
  describeNewKbpk,
  type HeaderChanges,
  isStrengthRule,
  narrowHeader,
} from '../../tr31/rewrap.js';
import { type Policy, settle } from '../../tr31/rules.js';
import { VERSIONS } from '../../tr31/versions.js';
import { layOutKeyBlock, requireWritable } from '../../tr31/wrap.js';
import { createChain } from './chain.js';
import type { Plan, SealedShape } from './plans.js';
import { hasCheckedData, hasFreeData, type Shape } from './shape.js';
import { createText, writeText } from './text.js';
import type { PreparedKbpk } from './workshop.js';

/** All that a re-wrap is told once. */
export interface RewrapRules {
  readonly from: PreparedKbpk;
  readonly to: PreparedKbpk;
  readonly changes: HeaderChanges;
  readonly reading: Policy;
  readonly writing: Policy;
  readonly maskedKeyLength: MaskedKeyLength | undefined;
  readonly checkValue: ComputeCheckValue;
}

/** The plan for a key of so many bytes; undefined where it takes the key itself to know. */
export function planByLength(
  rules: RewrapRules,
  shape: Shape,
  keyLength: number,
): Plan | undefined {
  const { byKeyLength } = shape.plans;
  if (byKeyLength.has(keyLength)) return byKeyLength.get(keyLength);
  const plan = keyMatters(rules, shape, keyLength)
    ? undefined
    : planForKey(rules, shape, new Uint8Array(keyLength));
  byKeyLength.set(keyLength, plan);
  return plan;
}

/** The plan for a key, as `rewrapKey` would have it. */
export function planForKey(rules: RewrapRules, shape: Shape, key: Uint8Array): Plan {
  const { from, to, changes, reading, writing, maskedKeyLength, checkValue } = rules;
  const { header: old, blocks, reserved } = shape.scanned;
  try {
    const findings = settle(keyIssues(old, key, from.kbpk, blocks, checkValue), reading);
    const narrowed = narrowHeader(old, changes);
    to.requireVersion(VERSIONS[narrowed.versionId]);
    settle(kbpkIssues(to.kbpk, 'to'), writing);
    const wasWeaker = findings.some(isStrengthRule);
    const header = describeNewKbpk(narrowed, old, key, to.kbpk, wasWeaker, checkValue);
    requireWritable(header, reserved, key, to.kbpk, writing, checkValue);
    const laidOut = layOutKeyBlock(header, reserved, key.length, maskedKeyLength);
    const headerText = laidOut.layout.format(laidOut.keyBlockLength);
    return sealedShapeOf(shape, header, headerText, laidOut.payload);
  } catch (error) {
    if (error instanceof KeyblockError) return error;
    throw error;
  }
}

/** Whether more than the length of a key may matter: its parts, its DER, its check value. */
function keyMatters(
  { from, to }: RewrapRules,
  { version, scanned: { header } }: Shape,
  keyLength: number,
): boolean {
  if (!keyBytesMatter(header)) return false;
  const algorithm = keyAlgorithm(header.algorithm);
  if (algorithm !== 'TDES' && algorithm !== 'DES') return true;
  if (header.optionalBlocks.some(({ id }) => id === 'KC')) return true;
  // No key is stronger than its length promises: under a KBPK that reaches that, none is too
  // strong.
  const most = nominalStrength(algorithm, keyLength);
  const kbpkAlgorithms = [version.kbpkAlgorithm, to.kbpk.length === 32 ? 'AES' : 'TDES'] as const;
  return (
    most > symmetricStrength(kbpkAlgorithms[0], from.kbpk) ||
    most > symmetricStrength(kbpkAlgorithms[1], to.kbpk)
  );
}

function sealedShapeOf(
  shape: Shape,
  header: KeyBlockHeader,
  headerText: string,
  payloadLength: number,
): SealedShape {
  const { sealed } = shape.plans;
  const known = sealed.get(headerText);
  if (known !== undefined) return known;
  const version = VERSIONS[header.versionId];
  const headerLength = headerText.length;
  const copies = copiesOf(shape, headerText);
  const text = createText(headerLength);
  writeText(text, 0, headerText);
  const mask = createText(headerLength);
  for (const { to, length } of copies) {
    text.bytes.fill(0, to, to + length);
    mask.bytes.fill(0xff, to, to + length);
  }
  const isCopied = (word: number) => word !== 0;
  const firstCopied = mask.words.findIndex(isCopied);
  const made: SealedShape = {
    version,
    headerLength,
    keyBlockLength: headerLength + 2 * (payloadLength + version.macLength),
    payloadLength,
    pattern: text.words,
    mask: copies.every(({ from, to }) => from === to) ? mask.words : undefined,
    copies,
    sameWords: firstCopied === -1 ? headerLength >> 2 : firstCopied,
    chain: createChain(),
  };
  sealed.set(headerText, made);
  return made;
}

/** Where data that differs from block to block stands in the old header and in the new one. */
function copiesOf({ scanned }: Shape, headerText: string): SealedShape['copies'] {
  const count = Number(headerText.slice(12, 14));
  const blocks = scanOptionalBlocks(headerText, 16, count, false);
  return scanned.blocks
    .filter((block) => block.id !== 'PB' && (hasFreeData(block) || hasCheckedData(block)))
    .flatMap(({ id, dataOffset, end }) => {
      const to = blocks.find((block) => block.id === id)?.dataOffset;
      return to === undefined ? [] : [{ from: dataOffset, to, length: end - dataOffset }];
    });
}
