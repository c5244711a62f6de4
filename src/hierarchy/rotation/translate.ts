/**
 * Opens stored blocks and seals them under another main key, thousands in a row: the prepared form
 * of what `rewrapBlock` does for one. Nothing else in a rotation touches a clear key.
 *
 * Both main keys are AES-256, so a block keeps its length and its header: what changes is the check
 * value KP of the main key, the padding, and the encryption.
 */

import { KeyblockError } from '../../errors.js';
import { equalBytes } from '../../primitives/bytes.js';
import type { RandomBytes } from '../../primitives/random.js';
import type { SecretKey } from '../../secret-key.js';
import { openMessage, sealMessage, withBlockKeys } from '../../tr31/binding/block-keys.js';
import type { KeyBlockHeader } from '../../tr31/header.js';
import { type ScannedKeyBlock, scanKeyBlock } from '../../tr31/parse.js';
import { keyLength, writePayload } from '../../tr31/payload.js';
import { readPolicy } from '../../tr31/rules.js';
import { authenticationFailed } from '../../tr31/unwrap.js';
import { VERSIONS } from '../../tr31/versions.js';
import { formatKeyBlock } from '../../tr31/wrap.js';
import { kcvOf } from '../check-value.js';
import { checkPlace } from '../place.js';
import type { BlockSlot, KeyRef } from '../records.js';
import { slotOf } from '../storage-block.js';
import type { RotationItem } from './tasks.js';

/** A block that is authentic, and opened: overwritten as soon as its user returns. */
export interface OpenedBlock {
  readonly header: KeyBlockHeader;
  /** The clear key: a view, not to be kept. */
  readonly key: Uint8Array;
  /** Header as text, then the clear payload. */
  readonly message: Uint8Array<ArrayBuffer>;
  readonly scanned: ScannedKeyBlock['scanned'];
}

/**
 * Lends what a block holds, if it is the block of this item: authentic, for storage, of its place,
 * and with the attributes of its record.
 *
 * @throws {@link KeyblockError} `STALE_VERSION` where the record has no block to open;
 * `CONTEXT_MISMATCH`, `AUTHENTICATION_FAILED`, and the codes of `parseKeyBlock`.
 */
export function withOpened<T>(
  kbpk: SecretKey,
  block: string | undefined,
  item: RotationItem,
  use: (opened: OpenedBlock) => T,
): T {
  if (item.refusal !== undefined) throw new KeyblockError(item.refusal, { field: 'record' });
  if (block === undefined) throw new KeyblockError('STALE_VERSION', { field: 'slot' });
  const { version, scanned, message, mac } = scanKeyBlock(block, STRICT);
  const { header, headerLength } = scanned;
  try {
    if (version.versionId !== 'D') throw new KeyblockError('CONTEXT_MISMATCH', { field: 'slot' });
    checkHeader(header, item);
    const isAuthentic = withBlockKeys(kbpk, 'kbpk', version, (keys) =>
      openMessage(keys, message, headerLength, mac),
    );
    if (!isAuthentic) throw authenticationFailed();
    const length = keyLength(message, headerLength);
    if (length === undefined) throw new KeyblockError('INVALID_PAYLOAD', { field: 'payload' });
    if (item.attributes.keyBits !== 8 * length) {
      throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
    }
    const start = headerLength + LENGTH_BYTES;
    return use({ header, key: message.subarray(start, start + length), message, scanned });
  } finally {
    message.fill(0);
  }
}

const STRICT = /* @__PURE__ */ readPolicy({});

/** Key context of X9.143 6.2: for storage. */
const STORAGE = '1';

/** Bytes of the length in front of the key. */
const LENGTH_BYTES = 2;

/** What can be told without the key, and is authenticated by the MAC right after. */
export function checkHeader(header: KeyBlockHeader, { place, attributes }: RotationItem): void {
  if (header.keyContext !== STORAGE) {
    throw new KeyblockError('CONTEXT_MISMATCH', { field: 'keyContext' });
  }
  checkPlace(header, place);
  const agree =
    header.keyUsage === attributes.keyUsage &&
    header.algorithm === attributes.algorithm &&
    header.modeOfUse === attributes.modeOfUse &&
    header.keyVersionNumber === attributes.keyVersionNumber &&
    header.exportability === attributes.exportability;
  if (!agree) throw new KeyblockError('CONTEXT_MISMATCH', { field: 'attributes' });
}

/** Re-wraps the blocks of items from one main key to another. */
export interface Translator {
  /** Throws what {@link withOpened} throws. */
  translate(item: RotationItem): BlockSlot;
}

/** Prepares a translator for one pair of main keys. */
export function createTranslator(options: {
  readonly from: SecretKey;
  readonly to: SecretKey;
  readonly under: KeyRef;
  readonly randomBytes: RandomBytes | undefined;
}): Translator {
  const { from, to, under, randomBytes } = options;
  const kbpkKcv = kcvOf(to);
  const seal = ({ message, scanned, key }: OpenedBlock): string => {
    writeCheckValue(message, scanned, kbpkKcv.value);
    writePayload(message, scanned.headerLength, key, randomBytes);
    return withBlockKeys(to, 'to', VERSIONS.D, (keys) => {
      const mac = sealMessage(keys, message, scanned.headerLength);
      return formatKeyBlock(message, scanned.headerLength, mac);
    });
  };
  return {
    translate: (item) =>
      slotOf({ under, block: withOpened(from, item.block, item, seal), kbpkKcv }),
  };
}

/** Puts the check value of the new main key in the place of the old one's: both are CMACs. */
function writeCheckValue(
  message: Uint8Array,
  { blocks }: ScannedKeyBlock['scanned'],
  kcv: string,
): void {
  const kp = blocks.find(({ id }) => id === 'KP');
  if (kp === undefined) return;
  if (kp.data.length !== CMAC_METHOD.length + kcv.length || !kp.data.startsWith(CMAC_METHOD)) {
    throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field: 'optionalBlocks' });
  }
  const at = kp.dataOffset + CMAC_METHOD.length;
  for (let i = 0; i < kcv.length; i++) message[at + i] = kcv.charCodeAt(i);
}

/** X9.143 6.3.6.6: the method in front of a check value. */
const CMAC_METHOD = '01';

/**
 * Whether two headers are the same text but for the check value of the main key: what a re-wrap of
 * ours leaves. Where they are not, it is for the fields to say whether they agree.
 */
export function sameHeaderText(a: OpenedBlock, b: OpenedBlock): boolean {
  const { headerLength, blocks } = a.scanned;
  const kp = blocks.find(({ id }) => id === 'KP');
  if (headerLength !== b.scanned.headerLength) return false;
  for (let i = 0; i < headerLength; i++) {
    if (kp !== undefined && i === kp.dataOffset) i = kp.end;
    if (a.message[i] !== b.message[i]) return false;
  }
  return true;
}

/** Whether two opened blocks hold the same key: compared in constant time. */
export function sameKey(a: OpenedBlock, b: OpenedBlock): boolean {
  return equalBytes(a.key, b.key);
}
