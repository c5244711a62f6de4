/** What happened, as the audit trail holds it. */

import { type Env, isoTime } from './env.js';
import type { AuditEvent, CustomerKeyRecord, ProfileRecord } from './records.js';

/** An event that concerns a customer key or a profile. */
export function auditEvent(
  env: Env,
  action: string,
  record: Pick<CustomerKeyRecord | ProfileRecord, 'regionId' | 'profileId'>,
  more: Partial<AuditEvent> = {},
): AuditEvent {
  const { regionId, profileId } = record;
  const at = isoTime(env);
  return {
    kind: 'audit-event',
    schema: 1,
    at,
    action,
    outcome: 'ok',
    regionId,
    profileId,
    ...more,
  };
}
