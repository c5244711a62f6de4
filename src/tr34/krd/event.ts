/**
 * What receiving a token can come to.
 *
 * @module
 */

import type { KeyblockError } from '../../errors.js';
import type { SecretKey } from '../../secret-key.js';
import type { Profile } from '../profiles.js';
import type { Device } from './state.js';

/** What came of a token. */
export type KrdEvent =
  | { readonly kind: 'bound'; readonly kdhCertificate: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: 'key';
      readonly profile: Profile;
      readonly key: SecretKey;
      /** The header that came with the key: its version and length say nothing. */
      readonly header: string;
    }
  /** All keys that were received under the binding are to be deleted. */
  | { readonly kind: 'unbound' }
  | { readonly kind: 'rebound'; readonly kdhCertificate: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly error: KeyblockError };

/** What a token makes of a device. */
export interface Outcome {
  readonly next: Device;
  readonly event: KrdEvent;
}
