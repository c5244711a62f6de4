/** Who has consented to what, and what has happened. */

import type { KeyRef } from './blocks.js';

/** One person's consent to one operation. */
export interface Approval {
  /** The name of the person: names that differ in case alone are one. */
  readonly by: string;
  /** In which the person consents: compared with the roles of the policy, if it has any. */
  readonly role: string;
  /** When, in ISO 8601: a consent does not hold for ever, see `ApprovalPolicy`. */
  readonly at: string;
  /** SHA-256 of the canonical JSON of the operation, in lower-case hex. */
  readonly operationDigest: string;
}

/** Something that happened, in words that hold no secret: an allow-listed set of fields. */
export interface AuditEvent {
  /** Says what this is. */
  readonly kind: 'audit-event';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** The time of the call that it happened in. */
  readonly at: string;
  /** What was done to what, such as `profile.create` or `rotation.promote`. */
  readonly action: string;
  /** `refused` where something was found wanting and noted; a call that throws has no event. */
  readonly outcome: 'ok' | 'refused';
  /** The record that it is about; of replication also the ID of a pair or of a ledger. */
  readonly recordId?: string | undefined;
  /** Where the record is; of replication the region that the event is about. */
  readonly regionId?: string | undefined;
  /** Of what belongs to one profile. */
  readonly profileId?: string | undefined;
  /** Of the steps of a rotation. */
  readonly jobId?: string | undefined;
  /** The device that something happened to, or that made a main key. */
  readonly hsmId?: string | undefined;
  /** Who did it: no function of this library knows; for the caller to add. */
  readonly by?: string | undefined;
  /** The version of a main key that is rotated from, compromised, without tokens, or destroyed. */
  readonly from?: KeyRef | undefined;
  /** The version of a main key that was made, given to a device, or is rotated to. */
  readonly to?: KeyRef | undefined;
  /** Where the rotation stands, or the device: a phase of the one, a state of the other. */
  readonly phase?: string | undefined;
  /** Why something was refused: a code of this library, or of the service that was asked. */
  readonly code?: string | undefined;
  /** How many records or tokens. */
  readonly count?: number | undefined;
}
