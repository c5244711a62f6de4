/** AlgorithmIdentifier (RFC 5280 4.1.1.2): an OID, and parameters that depend on it. */

import { type DerElement, fields, malformed } from '../der/reader.js';
import { TAG } from '../der/tags.js';
import { readOid } from '../der/values.js';

/** An algorithm as it is named in DER. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
  /** The whole SEQUENCE. */
  readonly bytes: Uint8Array;
}

/** Reads an AlgorithmIdentifier. What its parameters mean is up to the OID. */
export function readAlgorithmIdentifier(element: DerElement): AlgorithmIdentifier {
  const parts = fields(element);
  const oid = readOid(parts.next());
  const [parameters, extra] = parts.rest();
  if (extra !== undefined) throw malformed(extra);
  return { oid, parameters, bytes: element.bytes };
}

/** Whether the parameters are NULL or absent, which mean the same to RFC 4055 and RFC 5754. */
export function hasNoParameters({ parameters }: AlgorithmIdentifier): boolean {
  return parameters === undefined || parameters.tag === TAG.NULL;
}
