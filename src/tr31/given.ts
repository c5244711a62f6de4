/** What callers give: options and headers, by their names. */

import { type Members, ownMembers } from '../primitives/own-members.js';

type Name =
  | 'algorithm'
  | 'allow'
  | 'checkValues'
  | 'data'
  | 'exportability'
  | 'from'
  | 'header'
  | 'id'
  | 'kbpk'
  | 'key'
  | 'keyBlock'
  | 'keyContext'
  | 'keyUsage'
  | 'keyVersionNumber'
  | 'maskedKeyLength'
  | 'modeOfUse'
  | 'optionalBlocks'
  | 'randomBytes'
  | 'to'
  | 'validation'
  | 'versionId';

/** A caller's members, none but the object's own. */
export function given<T extends object>(input: T): Members<T, Name> {
  return ownMembers<T, Name>(input, nobodyHas);
}

function nobodyHas(): boolean {
  const inherited = {};
  return !(
    'algorithm' in inherited ||
    'allow' in inherited ||
    'checkValues' in inherited ||
    'data' in inherited ||
    'exportability' in inherited ||
    'from' in inherited ||
    'header' in inherited ||
    'id' in inherited ||
    'kbpk' in inherited ||
    'key' in inherited ||
    'keyBlock' in inherited ||
    'keyContext' in inherited ||
    'keyUsage' in inherited ||
    'keyVersionNumber' in inherited ||
    'maskedKeyLength' in inherited ||
    'modeOfUse' in inherited ||
    'optionalBlocks' in inherited ||
    'randomBytes' in inherited ||
    'to' in inherited ||
    'validation' in inherited ||
    'versionId' in inherited
  );
}
