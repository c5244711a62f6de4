/** The strength rule of TR-34: what may carry a key, on both sides. */

import { KeyblockError } from '../errors.js';
import { curveStrength, modulusStrength, symmetricStrength } from '../primitives/strength.js';
import { keyAlgorithm } from '../tr31/codes.js';
import type { KeyBlockHeader } from '../tr31/header.js';
import type { ContentAlgorithm } from './crypto/content-cipher.js';
import { KEK_LENGTHS, type WrapAlgorithm } from './crypto/unwrap.js';
import { COORDINATE_LENGTHS, type PublicKey } from './x509/public-key.js';

/** `'sp800-57'`, `'tr34'` or `'off'`: see the policy of the receiver. */
export type StrengthRule = 'sp800-57' | 'tr34' | 'off';

const CONTENT_STRENGTHS: Readonly<Record<ContentAlgorithm, number>> = {
  'des-ede3-cbc': 112,
  'aes128-cbc': 128,
  'aes192-cbc': 192,
  'aes256-cbc': 256,
};

/** What {@link requireTransportStrength} takes. */
export interface TransportStrengthOptions {
  readonly rule: StrengthRule;
  readonly header: KeyBlockHeader;
  readonly key: Uint8Array;
  /** The key that the content key is encrypted to. */
  readonly recipient: PublicKey;
  readonly content: ContentAlgorithm;
  /** What wraps the content key where it was agreed on. */
  readonly wrap: WrapAlgorithm | undefined;
}

/** Refuses a key that is stronger than what carries it. */
export function requireTransportStrength(options: TransportStrengthOptions): void {
  const { rule, header, key, recipient, content, wrap } = options;
  if (rule === 'off') return;
  const strength = keyStrength(header, key);
  const wrapStrength = wrap === undefined ? Number.POSITIVE_INFINITY : 8 * KEK_LENGTHS[wrap];
  const transport = Math.min(recipientStrength(recipient), wrapStrength);
  // The letter of the standard: TDES keys and AES-128 under any RSA key it allows.
  if (rule === 'tr34' && strength <= 128 && transport >= 112) return;
  if (strength > Math.min(transport, CONTENT_STRENGTHS[content])) {
    throw new KeyblockError('KEY_STRENGTH', { field: 'key' });
  }
}

function keyStrength({ algorithm }: KeyBlockHeader, key: Uint8Array): number {
  const name = keyAlgorithm(algorithm);
  if (name === 'AES' || name === 'TDES' || name === 'DES') return symmetricStrength(name, key);
  // What is no cipher key counts by its length, up to the most that any transport gives.
  return Math.min(8 * key.length, 256);
}

function recipientStrength(key: PublicKey): number {
  switch (key.kind) {
    case 'RSA':
      return modulusStrength(key.modulusBits);
    case 'EC':
      return curveStrength(8 * COORDINATE_LENGTHS[key.curve]);
    case 'other':
      return 0;
  }
}
