/**
 * Unwraps many key blocks under one KBPK.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { adoptKey, type KeyInput } from '../secret-key.js';
import { keyAlgorithm } from '../tr31/codes.js';
import { hmacHash } from '../tr31/policy.js';
import type { UnwrappedKey } from '../tr31/unwrap.js';
import { type OpeningOptions, openMany, prepareOpening } from './open-many.js';

/** What {@link unwrapMany} takes. */
export interface UnwrapManyOptions extends OpeningOptions {
  /** The key block protection key. */
  readonly kbpk: KeyInput;
  /** The blocks: each a whole one, 16 to 9999 characters. */
  readonly keyBlocks: readonly string[];
}

/** What became of one block of {@link unwrapMany}. */
export type UnwrapOutcome =
  | UnwrappedKey
  | {
      /** What `unwrapKey` throws for this block. */
      readonly error: KeyblockError;
    };

/**
 * Unwraps many key blocks, of whatever versions and lengths, side by side and without tables. Each
 * result is that of `unwrapKey`, to the findings and to the code and field of an error.
 *
 * @param options - The KBPK, the blocks, and how to validate.
 * @returns For each block its header, its key and what is worth knowing about them, or the error
 * that `unwrapKey` throws for it; in the order of the input.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `KEY_DESTROYED`; `KBPK_MISMATCH` for a KBPK
 * that no version has; `UNSUPPORTED` where the engine asked for does not run.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { unwrapMany } from 'keyblock/bulk';
 *
 * const [outcome] = unwrapMany({
 *   kbpk: fromHex('89E88CF7931444F334BD7547FC3F380C'),
 *   keyBlocks: ['A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701'],
 * });
 * outcome !== undefined && 'key' in outcome && String(outcome.key); // 'SecretKey TDES-128'
 * ```
 */
export function unwrapMany(options: UnwrapManyOptions): readonly UnwrapOutcome[] {
  requireObject(options, 'options');
  const given = own(options, 'keyBlocks');
  if (!Array.isArray(given)) throw new KeyblockError('INVALID_ARGUMENT', { field: 'keyBlock' });
  const keyBlocks = Array.from<unknown>(given);
  const opening = prepareOpening(own(options, 'kbpk'), options);
  const outcomes = new Array<UnwrapOutcome>(keyBlocks.length);
  try {
    openMany(
      opening,
      keyBlocks,
      (index, header, key, findings) => {
        const algorithm = keyAlgorithm(header.algorithm);
        const hash = algorithm === 'HMAC' ? hmacHash(header) : undefined;
        const held = adoptKey(algorithm, new Uint8Array(key), hash);
        // Blocks with headers alike share their findings, their owners do not.
        outcomes[index] = { header, key: held, findings: findings.map((each) => ({ ...each })) };
      },
      (index, error) => {
        outcomes[index] = { error };
      },
    );
    return outcomes;
  } catch (thrown) {
    // A port threw in the middle: nobody gets the keys that were opened before.
    for (const outcome of outcomes) if (isOpened(outcome)) outcome.key.destroy();
    throw thrown;
  } finally {
    opening.destroy();
  }
}

function isOpened(outcome: UnwrapOutcome | undefined): outcome is UnwrappedKey {
  return outcome !== undefined && Object.hasOwn(outcome, 'key');
}
