/**
 * What receiving a token can come to.
 *
 * @module
 */

import type { KeyblockError } from '../../errors.js';
import type { SecretKey } from '../../secret-key.js';
import type { Profile } from '../profiles.js';
import type { Device } from './state.js';

/** The device is bound to a KDH, or took a newer CRL from the one it is bound to. */
export interface BoundEvent {
  /** Says what happened. */
  readonly kind: 'bound';
  /** The certificate of the KDH, in DER. */
  readonly kdhCertificate: Uint8Array<ArrayBuffer>;
}

/** A key was received. */
export interface KeyEvent {
  /** Says what happened. */
  readonly kind: 'key';
  /** The dialect of the token. */
  readonly profile: Profile;
  /** The key. */
  readonly key: SecretKey;
  /** The header that came with the key: its version and length say nothing. */
  readonly header: string;
}

/** The device is bound to nobody; all keys that were received under the binding are to go. */
export interface UnboundEvent {
  /** Says what happened. */
  readonly kind: 'unbound';
}

/** The device is bound to another KDH. */
export interface ReboundEvent {
  /** Says what happened. */
  readonly kind: 'rebound';
  /** The certificate of the new KDH, in DER. */
  readonly kdhCertificate: Uint8Array<ArrayBuffer>;
}

/** The token was refused. */
export interface RefusedEvent {
  /** Says what happened. */
  readonly kind: 'refused';
  /** Why. */
  readonly error: KeyblockError;
}

/** What came of a token. */
export type KrdEvent = BoundEvent | KeyEvent | UnboundEvent | ReboundEvent | RefusedEvent;

/** What a token makes of a device. */
export interface Outcome {
  readonly next: Device;
  readonly event: KrdEvent;
}
