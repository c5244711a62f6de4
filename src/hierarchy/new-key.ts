/** What a customer key may be: the attributes of one that is stored, and keys to fit them. */

import { KeyblockError } from '../errors.js';
import { generateKey, requireLength } from '../kcv/generate.js';
import { own, requireObject } from '../primitives/bytes.js';
import type { HashName } from '../primitives/hashes.js';
import type { SecretKey } from '../secret-key.js';
import { ALGORITHMS as KEY_ALGORITHMS, lookUp, MODES_OF_USE } from '../tr31/codes.js';
import { formatOptionalBlock, readOptionalBlock } from '../tr31/optional-block-data.js';
import type { OptionalBlock } from '../tr31/optional-blocks.js';
import type { Env } from './env.js';
import type { KeyAttributes } from './records.js';
import { assertCombination } from './rules/usage.js';

/** Attributes as a caller gives them. */
export type KeyAttributesInput = Omit<KeyAttributes, 'keyVersionNumber'> & {
  /** @defaultValue `'00'` */
  readonly keyVersionNumber?: string | undefined;
};

/** Keys that have a check value, by their letters: single DES can be read, and is not stored. */
const ALGORITHMS = { A: 'AES', T: 'TDES', H: 'HMAC' } as const;

/**
 * Copies and checks attributes.
 *
 * @param isTakenOver - Whether the key exists already: then it may be one without restriction.
 * @throws {@link KeyblockError} `INVALID_HEADER`, `USAGE_NOT_ALLOWED`, `UNSUPPORTED`,
 * `INVALID_ARGUMENT`.
 */
export function readAttributes(
  input: KeyAttributesInput | undefined,
  isTakenOver: boolean,
): KeyAttributes {
  requireObject(input, 'attributes');
  const given = (input ?? {}) as Partial<KeyAttributesInput>; // of its own properties only, below
  const keyUsage = text(own(given, 'keyUsage'));
  const algorithm = text(own(given, 'algorithm'));
  const modeOfUse = text(own(given, 'modeOfUse'));
  const exportability = text(own(given, 'exportability'));
  const keyVersionNumber = text(own(given, 'keyVersionNumber') ?? '00');
  const keyBits = own(given, 'keyBits');
  if (typeof keyBits !== 'number') throw invalid();
  if (lookUp(KEY_ALGORITHMS, algorithm) === undefined) throw undefinedCode('algorithm');
  if (lookUp(MODES_OF_USE, modeOfUse) === undefined) throw undefinedCode('modeOfUse');
  assertCombination({ keyUsage, algorithm, modeOfUse });
  if (lookUp(ALGORITHMS, algorithm) === undefined) {
    throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  }
  // A key that may do everything comes from elsewhere; an initialization vector knows no other
  // mode.
  if (modeOfUse === 'N' && keyUsage !== 'I0' && !isTakenOver) {
    throw new KeyblockError('USAGE_NOT_ALLOWED', { field: 'modeOfUse' });
  }
  // An initial key is derived from its base derivation key, whenever it is needed.
  if (keyUsage === 'B1' && !isTakenOver) {
    throw new KeyblockError('USAGE_NOT_ALLOWED', { field: 'keyUsage' });
  }
  // The c of a component: part of a key is no key.
  if (!/^[0-9A-Z]{2}$/.test(keyVersionNumber)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyVersionNumber' });
  }
  return { keyUsage, algorithm, keyBits, modeOfUse, exportability, keyVersionNumber };
}

/** Generates a key of given attributes; the hash of an HMAC key is that of its block HM. */
export function generateOf(
  { algorithm, keyBits }: KeyAttributes,
  optionalBlocks: readonly OptionalBlock[],
  env: Env,
): SecretKey {
  const name = lookUp<(typeof ALGORITHMS)['A' | 'T' | 'H']>(ALGORITHMS, algorithm);
  if (name === undefined) throw new KeyblockError('UNSUPPORTED', { field: 'algorithm' });
  const hash = name === 'HMAC' ? hashOf(optionalBlocks) : undefined;
  const randomBytes = own(env, 'randomBytes');
  requireLength(name, keyBits, 'attributes');
  return generateKey({ algorithm: name, lengthBits: keyBits, hash, randomBytes });
}

/** The blocks of an HMAC key that knows its hash name it, also where the caller does not. */
export function withHash(
  optionalBlocks: readonly OptionalBlock[],
  { algorithm, hash }: SecretKey,
): readonly OptionalBlock[] {
  if (!Array.isArray(optionalBlocks)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'optionalBlocks' });
  }
  const blocks: readonly OptionalBlock[] = optionalBlocks;
  const isNamed = blocks.some((block) => block?.id === 'HM');
  if (algorithm !== 'HMAC' || hash === undefined || isNamed) return blocks;
  return [formatOptionalBlock({ id: 'HM', hash }), ...blocks];
}

/** The hash that block HM names. Throws `INVALID_OPTIONAL_BLOCK` where there is none. */
export function hashOf(optionalBlocks: readonly OptionalBlock[]): HashName {
  const block = Array.isArray(optionalBlocks)
    ? (optionalBlocks as readonly OptionalBlock[]).find((block) => block?.id === 'HM')
    : undefined;
  const content = block && readOptionalBlock(block);
  if (content?.id !== 'HM') {
    throw new KeyblockError('INVALID_OPTIONAL_BLOCK', { field: 'optionalBlocks' });
  }
  return content.hash;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw invalid();
  return value;
}

/** The attributes are those of a header: letters, and not the names of a `SecretKey`. */
function undefinedCode(field: 'algorithm' | 'modeOfUse'): KeyblockError {
  return new KeyblockError('INVALID_HEADER', { field });
}

function invalid(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'attributes' });
}
