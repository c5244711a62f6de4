/** Extensions of certificates, of CRLs and of their entries (RFC 5280 4.2 and 5.2). */

import { equalBytes } from '../../primitives/bytes.js';
import { type DerElement, fields, malformed, readDerInside } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readBoolean, readOid } from '../der/values.js';

/** What was found among the extensions. */
export interface Extensions {
  /** The content of each known extension, by its OID. */
  readonly known: ReadonlyMap<string, DerElement>;
  /** Whether one that is not known is critical, so that nothing may be relied upon. */
  readonly unknownCritical: boolean;
  /**
   * Whether one occurs twice, which RFC 5280 4.2 forbids: with the same octets, as in a published
   * sample, or with others, so that readers may disagree.
   */
  readonly repeated: 'no' | 'identically' | 'differently';
}

/** No extensions at all. */
export const NO_EXTENSIONS: Extensions = {
  known: /* @__PURE__ */ new Map(),
  unknownCritical: false,
  repeated: 'no',
};

/**
 * Reads Extensions.
 *
 * @param knownOids - Those that the caller will apply; others must not be critical.
 */
export function readExtensions(element: DerElement, knownOids: readonly string[]): Extensions {
  const seen = new Map<string, Uint8Array>();
  const known = new Map<string, DerElement>();
  let unknownCritical = false;
  let repeated: Extensions['repeated'] = 'no';
  const extensions = fields(element).rest();
  if (extensions.length === 0) throw malformed(element);
  for (const extension of extensions) {
    const { oid, critical, value } = readExtension(extension);
    const earlier = seen.get(oid);
    if (earlier !== undefined) {
      const identical: boolean = equalBytes(earlier, extension.bytes) && repeated !== 'differently';
      repeated = identical ? 'identically' : 'differently';
      continue;
    }
    seen.set(oid, extension.bytes);
    if (knownOids.includes(oid)) known.set(oid, readDerInside(value));
    else if (critical) unknownCritical = true;
  }
  return { known, unknownCritical, repeated };
}

function readExtension(element: DerElement): {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: DerElement;
} {
  const parts = fields(element);
  const oid = readOid(parts.next());
  // DER leaves out FALSE, which is the default; certificates in use write it.
  const critical = parts.optional(TAG.BOOLEAN);
  const value = parts.next(TAG.OCTET_STRING);
  parts.end();
  return { oid, critical: critical !== undefined && readBoolean(critical), value };
}
