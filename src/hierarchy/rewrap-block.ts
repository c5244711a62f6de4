/**
 * Re-wraps one stored block, and proves the result before it is handed out.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { equalBytes, own, requireObject } from '../primitives/bytes.js';
import { SecretKey, withClearKey } from '../secret-key.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import { parseKeyBlock } from '../tr31/parse.js';
import { rewrapKey } from '../tr31/rewrap.js';
import { sameHeader } from '../tr31/same-header.js';
import { unwrapKey } from '../tr31/unwrap.js';
import { kcvOf, sameKcv } from './check-value.js';
import type { Env } from './env.js';
import { readRef } from './key-ring.js';
import { checkPlace } from './place.js';
import type { BlockSlot, Kcv, KeyRef } from './records.js';
import { slotOf } from './storage-block.js';

/** What {@link rewrapBlock} takes. */
export interface RewrapBlockOptions {
  /** Time and randomness. */
  readonly env: Env;
  /** The block to translate. */
  readonly block: string;
  /** The main key that it is under. */
  readonly from: SecretKey;
  /** The main key that the new block is to be under. */
  readonly to: SecretKey;
  /** The name of that main key, for the slot. */
  readonly under: KeyRef;
  /** Where the block has to say that it belongs, see the records. */
  readonly place?: string | undefined;
  /** What has to be true of the key inside: what its record says. */
  readonly expect?:
    | {
        /** By the method, and of the length, of `SecretKey.kcv`. */
        readonly kcv?: Kcv | undefined;
        /** Fields of the old block, as many as are to be compared. */
        readonly header?: Partial<Omit<KeyBlockHeader, 'optionalBlocks'>> | undefined;
      }
    | undefined;
}

/** A block under another main key. */
export interface RewrappedBlock {
  /** The new block. */
  readonly block: string;
  /** The same, as a record holds it. */
  readonly slot: BlockSlot;
  /** What the block says: what the old one said, but for the check value KP. */
  readonly header: KeyBlockHeader;
  /** Check value of the key inside. */
  readonly kcv: Kcv;
}

/**
 * Re-wraps a stored block from one main key to another. The new block is opened again, and its key
 * and its header are compared with those of the old one, before it is returned. No export: keys
 * that are not exportable re-wrap like any other.
 *
 * @param options - The block, both main keys, and what is expected of the key inside.
 * @returns The new block, as long as the old one.
 * @throws {@link KeyblockError} `CONTEXT_MISMATCH` for another place or another header than
 * expected, `KCV_MISMATCH`, and the codes of `rewrapKey`.
 *
 * @example
 * ```ts
 * import { generateKey, wrapKey } from 'keyblock';
 * import { rewrapBlock } from 'keyblock/hierarchy';
 *
 * const from = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * const to = generateKey({ algorithm: 'AES', lengthBits: 256 });
 * const key = generateKey({ algorithm: 'AES', lengthBits: 128 });
 * const attributes = { keyUsage: 'P0', algorithm: 'A', modeOfUse: 'E', exportability: 'N' };
 * const block = wrapKey({ kbpk: from, key, header: { versionId: 'D', ...attributes } });
 * const under = { keyId: 'eu-central-1/shop', version: 2 };
 * rewrapBlock({ env: { at: new Date() }, block, from, to, under }).kcv.value === key.kcv(); // true
 * ```
 */
export function rewrapBlock(options: RewrapBlockOptions): RewrappedBlock {
  requireObject(options, 'options');
  const env = own(options, 'env');
  requireObject(env, 'env');
  const from = secret(own(options, 'from'), 'from');
  const to = secret(own(options, 'to'), 'to');
  const under = readRef(own(options, 'under'));
  const given = own(options, 'block') as string; // parsed, and refused, right below
  const old = unwrapKey({ kbpk: from, keyBlock: given });
  try {
    checkExpected(options, old);
    const block = rewrapKey({
      keyBlock: given,
      from,
      to,
      maskedKeyLength: paddedLength(given),
      randomBytes: env && own(env, 'randomBytes'),
    });
    const header = provenHeader(to, block, old);
    const slot = slotOf({ under, block, kbpkKcv: kcvOf(to) });
    return { block, slot, header, kcv: kcvOf(old.key) };
  } finally {
    old.key.destroy();
  }
}

interface Opened {
  readonly header: KeyBlockHeader;
  readonly key: SecretKey;
}

function checkExpected(options: RewrapBlockOptions, { header, key }: Opened): void {
  const place = own(options, 'place');
  if (place !== undefined) checkPlace(header, place);
  const expect = own(options, 'expect');
  if (expect === undefined) return;
  requireObject(expect, 'options');
  const fields = Object.entries(own(expect, 'header') ?? {});
  if (
    fields.some(
      ([name, value]) => own<Record<string, unknown>, string>({ ...header }, name) !== value,
    )
  ) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
  }
  const kcv = own(expect, 'kcv');
  if (kcv !== undefined) requireObject(kcv, 'kcv');
  if (kcv !== undefined && !sameKcv(kcv, kcvOf(key))) {
    throw new KeyblockError('KCV_MISMATCH', { field: 'kcv' });
  }
}

/** Bytes that the old block shows the key to have at most, after the two of the length. */
function paddedLength(block: string): number {
  return parseKeyBlock(block).payload.length / 2 - 2;
}

/** Opens what was written, as it will be opened later. */
function provenHeader(to: SecretKey, block: string, old: Opened): KeyBlockHeader {
  const proof = unwrapKey({ kbpk: to, keyBlock: block });
  try {
    const isSame = withClearKey(old.key, 'key', (a) =>
      withClearKey(proof.key, 'key', (b) => equalBytes(a.bytes, b.bytes)),
    );
    if (!isSame || !sameHeader(proof.header, old.header)) {
      throw new KeyblockError('KCV_MISMATCH', { field: 'key' });
    }
    return proof.header;
  } finally {
    proof.key.destroy();
  }
}

function secret(key: SecretKey | undefined, field: 'from' | 'to'): SecretKey {
  if (!(key instanceof SecretKey)) throw new KeyblockError('INVALID_ARGUMENT', { field });
  return key;
}
