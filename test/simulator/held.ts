/** A copy of a profile, and the main keys that its holder has: what readers and writers work by. */
import type { KeyRing, ProfileRecord } from 'keyblock/hierarchy';

/** As it was read. */
export interface Held {
  readonly at: number;
  readonly profile: ProfileRecord;
  readonly ring: KeyRing;
}
