/** Names of object identifiers, for tables that people read. */

import { OID } from './oids.js';

/** Each OID by its name in the table. */
export const OID_NAMES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.entries(OID).map(([name, dotted]) => [dotted, name]),
);
