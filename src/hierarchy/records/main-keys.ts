/** Main keys of regions and of profiles, and the records that hold their versions. */

import type { BlockSlot, Kcv } from './blocks.js';
import type { JsonValue } from './json.js';

/** The states of a version of a main key, in their order. */
export type MainKeyState = 'pending' | 'active' | 'retiring' | 'retired' | 'destroyed';

/** One version of a main key, of a region or of a profile. */
export interface MainKeyVersion {
  /** From 1 on, in the order in which they were made; a number is never used again. */
  readonly version: number;
  /** At most one version is `pending`, and at most one `active`. */
  readonly state: MainKeyState;
  /** Beside the state: a compromised key opens what it has to in a rotation, and wraps no more. */
  readonly compromised?:
    | {
        /** When it was marked for the first time. */
        readonly at: string;
        /** Why, in words that hold no secret; absent where nothing was said. */
        readonly note?: string;
      }
    | undefined;
  /** Of the key itself: what opens as this version, and what a device loads, has to have it. */
  readonly kcv: Kcv;
  /** ISO 8601, as every time in a record. */
  readonly createdAt: string;
  /** End of the originator usage period, SP 800-57: nothing is wrapped after it. */
  readonly wrapUntil?: string | undefined;
  /** End of the recipient usage period. */
  readonly unwrapUntil?: string | undefined;
  /**
   * Set before the first block under this version is dropped, in the one record that decides: from
   * then on the version is on its way out, and there is no way back to it.
   */
  readonly draining?: boolean | undefined;
  /** When no block was left under this version. */
  readonly retiredAt?: string | undefined;
}

/** A main key in the only form in which it leaves the library: a TR-34 token for one device. */
export interface MainKeyToken {
  /** The one device that can open it. */
  readonly hsmId: string;
  /** The device that made the version, and has signed the token. */
  readonly kdhId: string;
  /** Of the main key of the region: the one that the token carries. */
  readonly version: number;
  /** DER in base64. */
  readonly token: string;
  /** Of the request that it answers, upper-case hex; the receipt repeats it. */
  readonly nonce: string;
  /** Check value of that version: what comes out has to have it. */
  readonly kcv: Kcv;
  /** When the KDH signed it. */
  readonly issuedAt: string;
  /** From then on no device loads it; absent where no end was set. */
  readonly expiresAt?: string | undefined;
  /** When it was taken out of use: with its device, or with its version by `retireTokens`. */
  readonly invalidatedAt?: string | undefined;
}

/** A region main key: its versions, and the tokens it was distributed by. Never the key. */
export interface RegionKeyRecord {
  /** Says what this is. */
  readonly kind: 'region-key';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** 1 to 32 letters, digits and `. _ : -`; the `keyId` of its main key as well. */
  readonly regionId: string;
  /** In the order of their numbers, destroyed ones too. */
  readonly versions: readonly MainKeyVersion[];
  /** The one KDH of each version. */
  readonly kdh: readonly {
    /** The device that made the version: it alone signs tokens that carry it. */
    readonly hsmId: string;
    /** Of the main key. */
    readonly version: number;
    /** When it was taken out and its keys were deleted: since then it signs none any more. */
    readonly invalidatedAt?: string | undefined;
  }[];
  /** The archive: every token that was issued, the latest at the end; none is taken out. */
  readonly tokens: readonly MainKeyToken[];
  /** The one rotation that is under way. */
  readonly jobId?: string | undefined;
}

/** A version of a profile main key: with its blocks under the region main key, one or two. */
export interface ProfileKeyVersion extends MainKeyVersion {
  /** A second one while the main key of the region rotates; none of a destroyed version. */
  readonly slots: readonly BlockSlot[];
}

/** A profile: what it may be used for, and its main key under the region's. */
export interface ProfileRecord {
  /** Says what this is. */
  readonly kind: 'profile';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** From 1 on; one higher with every change. */
  readonly revision: number;
  /** The region whose main key protects that of the profile. */
  readonly regionId: string;
  /** 1 to 32 letters, digits and `. _ -`; unique in the region. */
  readonly profileId: string;
  /**
   * `rotating` while a job is under way. What a caller sets himself: `suspended`, of which no key
   * is opened for use, and `closing`; neither takes new keys.
   */
  readonly state: 'ready' | 'rotating' | 'suspended' | 'closing';
  /** What the profile may be used for, as the caller understands it. */
  readonly config: JsonValue;
  /** SHA-256 of the canonical JSON of `config`, in lower-case hex: bound inside the blocks. */
  readonly configDigest: string;
  /** In the order of their numbers, destroyed ones too. */
  readonly versions: readonly ProfileKeyVersion[];
  /** The one rotation that is under way. */
  readonly jobId?: string | undefined;
}
