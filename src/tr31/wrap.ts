/**
 * Makes a key block.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { fitsAlgorithm } from '../primitives/algorithms.js';
import { requireObject } from '../primitives/bytes.js';
import type { ComputeCheckValue } from '../primitives/check-value.js';
import type { HashName } from '../primitives/hashes.js';
import { asciiText, writeHex } from '../primitives/hex.js';
import type { RandomBytes } from '../primitives/random.js';
import { type ClearKey, type KeyInput, withClearKey } from '../secret-key.js';
import type { BlockKeys } from './binding/binding.js';
import { sealMessage, withBlockKeys } from './binding/block-keys.js';
import { checkValueBlock } from './check-value-block.js';
import { keyAlgorithm } from './codes.js';
import { given } from './given.js';
import {
  type HeaderLayout,
  type KeyBlockHeader,
  type KeyBlockHeaderInput,
  layOutHeader,
  readHeader,
} from './header.js';
import { MAX_KEY_LENGTH, type MaskedKeyLength, payloadLength, writePayload } from './payload.js';
import { headerIssues, hmacHash, kbpkIssues, keyIssues } from './policy.js';
import { type Allow, type Issue, type Policy, readPolicy, settle } from './rules.js';
import { MAX_KEY_BLOCK_LENGTH } from './text.js';
import { VERSIONS } from './versions.js';

/** How a block is written, whatever goes into it. */
export interface SealOptions {
  /**
   * Hides the length of the key: `'x9.143'` pads TDES keys to 24 bytes and AES keys to 32, `'none'`
   * does not, a number pads to so many bytes.
   * @defaultValue `'x9.143'`
   */
  readonly maskedKeyLength?: MaskedKeyLength | undefined;
  /** Rules to lift, each by its own word; versions A and C need `'version-a-or-c'`. */
  readonly allow?: readonly Allow[] | undefined;
  /**
   * Where the padding comes from: called at most once, with its length.
   * @defaultValue Web Crypto
   */
  readonly randomBytes?: RandomBytes | undefined;
}

/** What {@link wrapKey} takes. */
export interface WrapKeyOptions extends SealOptions {
  /** The key block protection key. Hold one `SecretKey` to wrap many keys quickly. */
  readonly kbpk: KeyInput;
  /** The clear key to wrap; RSA keys as PKCS#1 and EC keys as SEC 1, both in DER. */
  readonly key: KeyInput;
  /** What the block says about the key. */
  readonly header: KeyBlockHeaderInput;
  /** Check values to compute and append as optional blocks: KC of the key, KP of the KBPK. */
  readonly checkValues?: readonly ('KC' | 'KP')[] | undefined;
}

/**
 * Wraps a key into a key block. Writing is always strict: what strict validation would refuse to
 * read is not written, unless `allow` names it. Whether usage, algorithm and mode of use go together
 * is not looked at in either direction: a PIN key of mode `X` is written. (`createCustomerKey` of
 * `keyblock/hierarchy` does look.)
 *
 * @param options - The KBPK, the key, the header, and how to write.
 * @returns The key block.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `INVALID_LENGTH` when the key does not fit its
 * algorithm, `INVALID_HEADER`, `INVALID_OPTIONAL_BLOCK`, `UNSUPPORTED` for versions A and C unless
 * allowed, `KBPK_MISMATCH`, `KEY_STRENGTH` when the KBPK is weaker than the key, `WEAK_KEY`,
 * `KCV_MISMATCH` when a KC or KP given is wrong, `INPUT_TOO_LARGE` beyond 9999 characters;
 * `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { generateKey, parseKeyBlock, wrapKey } from 'keyblock';
 *
 * const keyBlock = wrapKey({
 *   kbpk: generateKey({ algorithm: 'AES', lengthBits: 256 }),
 *   key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
 *   header: { versionId: 'D', keyUsage: 'P0', algorithm: 'A', modeOfUse: 'E', exportability: 'E' },
 * });
 * parseKeyBlock(keyBlock).keyBlockLength; // 144
 * ```
 */
export function wrapKey(options: WrapKeyOptions): string {
  requireObject(options, 'options');
  const call = given(options);
  const header = readHeader(call.header);
  const checkValues = readCheckValues(call.checkValues);
  const policy = writingPolicy(options);
  return withClearKey(call.key, 'key', (key) => {
    requireKeyOfHeader(key, header);
    return withBlockKeys(call.kbpk, 'kbpk', VERSIONS[header.versionId], (keys) => {
      settle(kbpkIssues(keys.kbpk, 'kbpk'), policy);
      const complete = appendCheckValues(header, checkValues, key.bytes, keys);
      return sealKeyBlock(complete, '0', key.bytes, keys, policy, options);
    });
  });
}

/** What a caller allows in writing. */
export function writingPolicy(options: SealOptions): Policy {
  return readPolicy({ allow: given(options).allow });
}

/** Checks a header and its key as strictly as they will be read, then writes the block. */
export function sealKeyBlock(
  header: KeyBlockHeader,
  reserved: string,
  key: Uint8Array,
  keys: BlockKeys,
  policy: Policy,
  options: SealOptions,
): string {
  requireWritable(header, reserved, key, keys.kbpk, policy);
  const { maskedKeyLength, randomBytes } = given(options);
  const laidOut = layOutKeyBlock(header, reserved, key.length, maskedKeyLength);
  const { layout, keyBlockLength, payload } = laidOut;
  const { headerLength } = layout;
  const message = new Uint8Array(headerLength + payload);
  layout.write(keyBlockLength, message);
  try {
    writePayload(message, headerLength, key, randomBytes);
    const mac = sealMessage(keys, message, headerLength);
    return formatKeyBlock(message, headerLength, mac);
  } finally {
    message.fill(0);
  }
}

/** The header, the length of the whole block, and how many bytes the payload has. */
export function layOutKeyBlock(
  header: KeyBlockHeader,
  reserved: string,
  keyLength: number,
  masked: MaskedKeyLength | undefined,
): { readonly layout: HeaderLayout; readonly keyBlockLength: number; readonly payload: number } {
  const version = VERSIONS[header.versionId];
  const layout = layOutHeader(header, reserved);
  const payload = payloadLength(version, header.algorithm, keyLength, masked);
  const keyBlockLength = layout.headerLength + 2 * (payload + version.macLength);
  if (keyBlockLength > MAX_KEY_BLOCK_LENGTH) {
    throw new KeyblockError('INPUT_TOO_LARGE', { field: 'key' });
  }
  return { layout, keyBlockLength, payload };
}

/** Header as text, payload and MAC in hex. */
function formatKeyBlock(message: Uint8Array, headerLength: number, mac: Uint8Array): string {
  const macOffset = 2 * message.length - headerLength;
  for (let i = 0; i < headerLength; i++) line[i] = message[i] as number; // in range
  writeHex(message, headerLength, line, headerLength);
  writeHex(mac, 0, line, macOffset);
  const length = macOffset + 2 * mac.length;
  if (whole.length !== length) whole = line.subarray(0, length);
  return asciiText(whole);
}

/**
 * Where a block is put together. Kept, because a fresh array of its size costs a key's wrapping.
 */
const line = /* @__PURE__ */ new Uint8Array(MAX_KEY_BLOCK_LENGTH);

/** As much of it as the last block took: the next one is mostly as long. */
let whole = line;

/** Refuses what strict validation would refuse to read, and keys that do not fit. */
export function requireWritable(
  header: KeyBlockHeader,
  reserved: string,
  key: Uint8Array,
  kbpk: Uint8Array,
  policy: Policy,
  checkValue?: ComputeCheckValue,
): void {
  const { versionId } = header;
  if ((versionId === 'A' || versionId === 'C') && !policy.allow.has('version-a-or-c')) {
    throw new KeyblockError('UNSUPPORTED', { field: 'versionId' });
  }
  if (key.length > MAX_KEY_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field: 'key' });
  const fits = fitsAlgorithm(keyAlgorithm(header.algorithm), key.length);
  if (key.length === 0 || !(fits || policy.allow.has('key-length'))) {
    throw new KeyblockError('INVALID_LENGTH', { field: 'key' });
  }
  settle(headerIssues(header, reserved), policy);
  const issues = keyIssues(header, key, kbpk, undefined, checkValue);
  settle(issues.map(strictInWriting), policy);
}

/** What is only reported about a block that exists need not come into existence. */
function strictInWriting(issue: Issue): Issue {
  return issue.rule.startsWith('weaker-kbpk') ? { ...issue, rule: 'weaker-kbpk' } : issue;
}

/** A handle knows what it is: its algorithm and hash have to be those of the header. */
function requireKeyOfHeader({ algorithm, hash }: ClearKey, header: KeyBlockHeader): void {
  if (algorithm === undefined || algorithm === 'other') return;
  const expected = keyAlgorithm(header.algorithm);
  if (expected !== 'other' && algorithm !== expected) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'algorithm' });
  }
  if (hash === undefined) return;
  // What HM says counts, also where the letter says otherwise: so it is read, too.
  const named = hmacHash(header);
  if (named === undefined ? isOfLetter(hash, header) : hash === named) return;
  throw new KeyblockError('INVALID_ARGUMENT', { field: 'hash' });
}

/** X9.143 table 3: I is HMAC with SHA-2, J with SHA-3; H says nothing, or what HM says. */
function isOfLetter(hash: HashName, { algorithm }: KeyBlockHeader): boolean {
  const isSha3 = hash.startsWith('SHA3') || hash.startsWith('SHAKE');
  if (algorithm === 'J') return isSha3;
  return algorithm !== 'I' || (!isSha3 && hash !== 'SHA-1');
}

function readCheckValues(input: readonly ('KC' | 'KP')[] | undefined): readonly ('KC' | 'KP')[] {
  if (input === undefined) return [];
  const ids = Array.isArray(input) && input.length <= 2 ? [...input] : undefined;
  const known = ids?.every((id) => id === 'KC' || id === 'KP');
  if (ids === undefined || !known || new Set(ids).size !== ids.length) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'checkValues' });
  }
  return ids;
}

function appendCheckValues(
  header: KeyBlockHeader,
  ids: readonly ('KC' | 'KP')[],
  key: Uint8Array,
  { kbpk }: BlockKeys,
): KeyBlockHeader {
  if (ids.length === 0) return header;
  const { kbpkAlgorithm } = VERSIONS[header.versionId];
  const added = ids.map((id) =>
    id === 'KC'
      ? checkValueBlock(id, keyAlgorithm(header.algorithm), key)
      : checkValueBlock(id, kbpkAlgorithm, kbpk),
  );
  return { ...header, optionalBlocks: [...header.optionalBlocks, ...added] };
}
