/** The devices of a region, and what they are trusted for. */

import type { Approval } from './audit-trail.js';
import type { Kcv } from './blocks.js';

/** What is known of a device before it is trusted: from its manufacturer, and from itself. */
export interface DeviceIdentity {
  /** As the manufacturer writes it, not empty; compared character by character. */
  readonly serial: string;
  /** SHA-256 of the device certificate in DER, in lower-case hex. */
  readonly certificateDigest: string;
  /** SHA-256 of the firmware, in lower-case hex. */
  readonly firmwareDigest: string;
}

/** What a device asks for a main key with: its certificate, and a nonce for one answer. */
export interface KrdToken {
  /** The device that asks: the one whose record the token comes into. */
  readonly hsmId: string;
  /** X.509 in DER, in base64. */
  readonly certificate: string;
  /** Upper-case hex of 8 to 64 bytes, drawn by the device. */
  readonly nonce: string;
  /** By the clock of the device, which may be five minutes ahead. */
  readonly issuedAt: string;
  /** From then on it is not answered any more: at most 30 days later. */
  readonly expiresAt: string;
}

/** What a device answers once it holds a version of the main key. */
export interface MainKeyReceipt {
  /** The device that holds it. */
  readonly hsmId: string;
  /** The region whose main key it is. */
  readonly regionId: string;
  /** Of that main key. */
  readonly version: number;
  /** Check value of what was loaded, by the device. */
  readonly kcv: Kcv;
  /** The nonce of the token; the KDH, which made the key itself, has none. */
  readonly nonce?: string | undefined;
  /** When it was loaded, as the device says: what tells it from the receipt before a restore. */
  readonly at: string;
}

/** The states of a device in a region. */
export type HsmState =
  | 'unknown'
  | 'validated'
  | 'token-registered'
  | 'allowed'
  | 'token-issued'
  | 'loaded'
  | 'in-service'
  | 'out-of-sync'
  | 'quarantined'
  | 'decommissioned'
  | 'destroyed';

/** How far a device is with one version of the main key: with a receipt it holds it. */
export interface HsmVersion {
  /** Of the main key of the region. */
  readonly version: number;
  /** Of the token that was issued; none where the device made the key itself. */
  readonly nonce?: string | undefined;
  /** Absent until the device has answered. */
  readonly receipt?: MainKeyReceipt | undefined;
}

/** One entry of the allow list of the KDH: which device, by which certificate, by whose consent. */
export interface AllowEntry {
  /** Of the device, as it was validated. */
  readonly serial: string;
  /** SHA-256 in lower-case hex: a main key goes to this certificate and no other. */
  readonly certificateDigest: string;
  /** All that were given, those that did not count included. */
  readonly approvals: readonly Approval[];
  /** When the device came on the list. */
  readonly at: string;
}

/** A device of a region: what it is, and which versions of the main key it holds. */
export interface HsmSyncRecord {
  /** Says what this is. */
  readonly kind: 'hsm-sync';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** 1 to 64 letters, digits and `. _ : / -`; the ID of the record as well. */
  readonly hsmId: string;
  /** The region whose main key it is given. */
  readonly regionId: string;
  /** Moves by events only, see `applyHsmEvent`. */
  readonly state: HsmState;
  /** What it was last validated as; absent before. */
  readonly identity?: DeviceIdentity | undefined;
  /** The last token of the device, until a main key token answers it. */
  readonly krdToken?: KrdToken | undefined;
  /** SHA-256 of every nonce the device ever sent, in lower-case hex: none is taken twice. */
  readonly seenNonces: readonly string[];
  /**
   * SHA-256 of every receipt that was taken, in lower-case hex: none is taken twice, though a token
   * that is restored has the nonce that it had. Absent where there was none.
   */
  readonly takenReceipts?: readonly string[] | undefined;
  /** Absent where the device is not on the allow list, or not any more. */
  readonly allowed?: AllowEntry | undefined;
  /** One entry a version, the last one changed at the end; none once the device was taken out. */
  readonly versions: readonly HsmVersion[];
}
