/**
 * The two keys that a KBPK stands for.
 *
 * @module
 */

import { KeyblockError } from '../errors.js';
import { own, requireObject } from '../primitives/bytes.js';
import { type KeyInput, SecretKey } from '../secret-key.js';
import { withBlockKeys } from './binding/block-keys.js';
import { isVersionId } from './header.js';
import { VERSIONS, type VersionId } from './versions.js';

/** What {@link deriveBlockKeys} takes. */
export interface DeriveBlockKeysOptions {
  /** The key block protection key. */
  readonly kbpk: KeyInput;
  /** The version of the blocks that the keys are for. */
  readonly versionId: VersionId;
}

/**
 * Derives KBEK and KBAK from a KBPK: by variant for versions A and C, by CMAC in counter mode for
 * B, D and E. To find out at which step two implementations part; nothing else needs them.
 *
 * @param options - The KBPK and the version.
 * @returns The key block encryption key and the key block authentication key.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`, `UNSUPPORTED`, `KBPK_MISMATCH` or
 * `KEY_DESTROYED`.
 *
 * @example
 * ```ts
 * import { deriveBlockKeys, fromHex, toHex } from 'keyblock';
 *
 * const kbpk = fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6');
 * toHex(deriveBlockKeys({ kbpk, versionId: 'B' }).kbek.expose()); // '698832F8778A7CFCBC79559DAB07B88A'
 * ```
 */
export function deriveBlockKeys(options: DeriveBlockKeysOptions): {
  /** Key block encryption key. */
  readonly kbek: SecretKey;
  /** Key block authentication key. */
  readonly kbak: SecretKey;
} {
  requireObject(options, 'options');
  const versionId = own(options, 'versionId');
  if (!isVersionId(versionId)) throw new KeyblockError('UNSUPPORTED', { field: 'versionId' });
  const version = VERSIONS[versionId];
  return withBlockKeys(own(options, 'kbpk'), 'kbpk', version, ({ kbek, kbak }) => {
    const algorithm = kbek.length === 8 ? 'DES' : version.kbpkAlgorithm;
    return {
      kbek: new SecretKey({ algorithm, bytes: kbek }),
      kbak: new SecretKey({ algorithm, bytes: kbak }),
    };
  });
}
