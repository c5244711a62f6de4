/** What an attacker sees of a failure, and the sweep over all values of the decrypted length. */

import { KeyblockError, unwrapKey, type Validation, type VersionId } from 'keyblock';
import { MATRIX, type Sample } from './matrix.js';
import { splice } from './mutations.js';

/** All of an error that can be told apart; two failures with one signature look the same. */
export function signature(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof KeyblockError)) return `not a KeyblockError: ${String(error)}`;
    return JSON.stringify({
      code: error.code,
      message: error.message,
      text: String(error),
      json: JSON.stringify(error),
      field: error.field,
      offset: error.offset,
      name: error.name,
      ownKeys: Reflect.ownKeys(error),
      values: Reflect.ownKeys(error)
        .filter((key) => key !== 'stack')
        .map((key) => String(Reflect.get(error, key))),
      hasCause: 'cause' in error,
      isFrozen: Object.isFrozen(error),
      isConstructor: error.constructor === KeyblockError,
      isPrototype: Object.getPrototypeOf(error) === KeyblockError.prototype,
      thrownAt: thrownAt(error),
    });
  }
  return 'accepted';
}

/** Who threw and who called that: function, file, line and column, as this engine writes them. */
function thrownAt({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s*at |@/.test(line))
    .slice(0, 2);
}

/** The sample that the sweep of a version starts from: 32 bytes of AES or 24 of TDES if it may. */
export function sweepSample(versionId: VersionId): Sample {
  const samples = MATRIX.filter((sample) => sample.versionId === versionId);
  return samples[samples.length - 3] as Sample; // six at least
}

/**
 * Opens a block `count` times, under every value of the first two bytes of its MAC or as many as
 * are asked for, spread evenly. In versions B, D and E these are the IV or the counter, so that the
 * decrypted length in front of the key takes every value. The last byte of the MAC is wrong
 * throughout.
 */
export function sweepAuthenticator(
  { kbpk, keyBlock, macLength }: Sample,
  count: number,
  validation: Validation,
): { readonly signatures: ReadonlySet<string>; readonly attempts: number } {
  const macOffset = keyBlock.length - 2 * macLength;
  const last = keyBlock.endsWith('00') ? '01' : '00';
  const wrong = keyBlock.slice(0, -2) + last;
  const signatures = new Set<string>();
  let attempts = 0;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 2; // to format all frames takes most of the time
  for (let prefix = 0; prefix < 65_536; prefix += 65_536 / count) {
    const digits = prefix.toString(16).toUpperCase().padStart(4, '0');
    const altered = splice(wrong, macOffset, macOffset + 4, digits);
    signatures.add(signature(() => unwrapKey({ kbpk, keyBlock: altered, validation })));
    attempts += 1;
  }
  Error.stackTraceLimit = stackTraceLimit;
  return { signatures, attempts };
}
