/**
 * The members of a row, none but its own, without asking for each: that took longer than all the
 * rest of a check, of which a rotation makes six for every key.
 */

import { type Members, ownMembers } from '../primitives/own-members.js';

/** What is read of rows in this way. */
type RowMember =
  | 'algorithm'
  | 'attributes'
  | 'block'
  | 'configDigest'
  | 'deleteAfter'
  | 'digest'
  | 'enabled'
  | 'exportability'
  | 'kbpkKcv'
  | 'kcv'
  | 'keyBits'
  | 'keyId'
  | 'keyUsage'
  | 'keyVersionNumber'
  | 'kind'
  | 'lifecycle'
  | 'lineage'
  | 'method'
  | 'modeOfUse'
  | 'owner'
  | 'parties'
  | 'profileId'
  | 'purpose'
  | 'regionId'
  | 'revision'
  | 'schema'
  | 'sharing'
  | 'slots'
  | 'state'
  | 'tags'
  | 'under'
  | 'unwrapUntil'
  | 'usageStart'
  | 'usageStop'
  | 'value'
  | 'version'
  | 'versions'
  | 'wrapUntil'
  | 'wrappedHistory';

/** Each may be missing, and may be anything. */
export type RowMembers = Members<Row, RowMember>;

type Row = Partial<Record<string, unknown>>;

/** Of what is no object: none. */
export function membersOf(value: unknown): RowMembers {
  if (typeof value !== 'object' || value === null) return NONE;
  return ownMembers<Row, RowMember>(value as Row, nobodyHas);
}

const NONE: RowMembers = /* @__PURE__ */ Object.create(null);

function nobodyHas(): boolean {
  const inherited = {};
  return !(
    'algorithm' in inherited ||
    'attributes' in inherited ||
    'block' in inherited ||
    'configDigest' in inherited ||
    'deleteAfter' in inherited ||
    'digest' in inherited ||
    'enabled' in inherited ||
    'exportability' in inherited ||
    'kbpkKcv' in inherited ||
    'kcv' in inherited ||
    'keyBits' in inherited ||
    'keyId' in inherited ||
    'keyUsage' in inherited ||
    'keyVersionNumber' in inherited ||
    'kind' in inherited ||
    'lifecycle' in inherited ||
    'lineage' in inherited ||
    'method' in inherited ||
    'modeOfUse' in inherited ||
    'owner' in inherited ||
    'parties' in inherited ||
    'profileId' in inherited ||
    'purpose' in inherited ||
    'regionId' in inherited ||
    'revision' in inherited ||
    'schema' in inherited ||
    'sharing' in inherited ||
    'slots' in inherited ||
    'state' in inherited ||
    'tags' in inherited ||
    'under' in inherited ||
    'unwrapUntil' in inherited ||
    'usageStart' in inherited ||
    'usageStop' in inherited ||
    'value' in inherited ||
    'version' in inherited ||
    'versions' in inherited ||
    'wrapUntil' in inherited ||
    'wrappedHistory' in inherited
  );
}
