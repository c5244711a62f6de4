/**
 * What a device takes and what it puts up with.
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import { isProfile, type Profile } from '../profiles.js';
import type { StrengthRule } from '../strength.js';

/** What a device takes and what it puts up with. */
export interface ReceivePolicy {
  /**
   * The dialects of key tokens to take.
   * @defaultValue `['tr34-2019', 'cms']`
   */
  readonly accept?: readonly Profile[] | undefined;
  /**
   * `'sp800-57'`: the transport is at least as strong as the key. `'tr34'`: TDES keys and AES-128
   * under any RSA key of 2048 bits or more, stronger keys by the rule before. `'off'`: none.
   * @defaultValue `'sp800-57'`
   */
  readonly strength?: StrengthRule | undefined;
  /** What to put up with, each by its own word. */
  readonly tolerate?:
    | readonly ('stale-crl' | 'duplicate-extensions' | 'b6-field-order')[]
    | undefined;
  /** What to insist on, each by its own word; `'nonce'` is to take keys in two passes only. */
  readonly require?:
    | readonly ('crl' | 'nonce' | 'der-sorted-attributes' | 'new-authority-tokens')[]
    | undefined;
  /** In one pass: how old a token may be. Not limited where absent. */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * In one pass: how far the clock of the KDH may be ahead.
   * @defaultValue `300`
   */
  readonly clockSkewSeconds?: number | undefined;
}

/** A policy with everything decided. */
export interface DecidedPolicy {
  readonly accept: readonly Profile[];
  readonly strength: StrengthRule;
  readonly tolerate: readonly ('stale-crl' | 'duplicate-extensions' | 'b6-field-order')[];
  readonly requireCrl: boolean;
  readonly requireNonce: boolean;
  readonly requireSorted: boolean;
  readonly requireNew: boolean;
  /** Milliseconds. */
  readonly maxAge: number;
  readonly clockSkew: number;
}

/** Reads a caller's policy. */
export function readReceivePolicy(policy: ReceivePolicy = {}): DecidedPolicy {
  if (typeof policy !== 'object' || policy === null) throw invalidPolicy();
  const insist = readWords(own(policy, 'require'), [
    'crl',
    'nonce',
    'der-sorted-attributes',
    'new-authority-tokens',
  ] as const);
  const strength = own(policy, 'strength') ?? 'sp800-57';
  if (strength !== 'sp800-57' && strength !== 'tr34' && strength !== 'off') throw invalidPolicy();
  const accept = own(policy, 'accept') ?? ['tr34-2019', 'cms'];
  if (!Array.isArray(accept) || !accept.every(isProfile)) throw invalidPolicy();
  return {
    accept: [...accept],
    strength,
    tolerate: readWords(own(policy, 'tolerate'), [
      'stale-crl',
      'duplicate-extensions',
      'b6-field-order',
    ] as const),
    requireCrl: insist.includes('crl'),
    requireNonce: insist.includes('nonce'),
    requireSorted: insist.includes('der-sorted-attributes'),
    requireNew: insist.includes('new-authority-tokens'),
    maxAge: readSeconds(own(policy, 'maxAgeSeconds'), Number.POSITIVE_INFINITY),
    clockSkew: readSeconds(own(policy, 'clockSkewSeconds'), 300_000),
  };
}

function readWords<Word extends string>(
  given: readonly Word[] | undefined,
  known: readonly Word[],
): readonly Word[] {
  const words = given ?? [];
  if (!Array.isArray(words) || !words.every((word) => known.includes(word))) throw invalidPolicy();
  return [...words];
}

function readSeconds(seconds: number | undefined, fallback: number): number {
  if (seconds === undefined) return fallback;
  if (!(typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0)) {
    throw invalidPolicy();
  }
  return 1000 * seconds;
}

function invalidPolicy(): KeyblockError {
  return new KeyblockError('INVALID_ARGUMENT', { field: 'policy' });
}
