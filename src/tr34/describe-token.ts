/**
 * Says in words what stands in a token, in the same kind of table as `describeKeyBlock`.
 *
 * @module
 */

import { encodeHex } from '../primitives/hex.js';
import type { FieldDescription } from '../tr31/describe.js';
import { OID_NAMES } from './der/oid-names.js';
import { children, copyDer, type DerElement, readDer } from './der/reader.js';
import { CONSTRUCTED, TAG } from './der/tags.js';
import { readOid, readTime } from './der/values.js';
import { parseToken } from './parse-token.js';

/**
 * Describes every element of a token: what stands where, and what it means. Needs no key, and says
 * nothing about authenticity. `offset` and `length` count bytes; `text` is hex.
 *
 * @param token - The token in DER.
 * @returns First what the token is, then its elements in the order of the bytes.
 * @throws {@link KeyblockError} the codes of `parseToken`.
 *
 * @example
 * ```ts
 * import { fromHex } from 'keyblock';
 * import { describeToken } from 'keyblock/tr34';
 *
 * // RT-KRD of X9 TR-34 Annex B.12.
 * const rows = describeToken(
 *   fromHex('3020060A2A864886F70D0109190331120410167EB0E72781E4940112233445566778'),
 * );
 * rows[0]?.meaning; // 'random-number'
 * rows.map(({ offset }) => offset); // [0, 0, 2, 14, 16]
 * ```
 */
export function describeToken(token: Uint8Array): readonly FieldDescription[] {
  const bytes = copyDer(token, 'token');
  const { kind, profile } = parseToken(bytes);
  const meaning = profile === undefined ? kind : `${kind}, profile ${profile}`;
  const whole: FieldDescription = {
    name: 'token',
    offset: 0,
    length: bytes.length,
    text: cut(encodeHex(bytes)),
    meaning,
    clause: 'X9 TR-34 Annex B',
  };
  return [whole, ...describeElement(readDer(bytes), 0)];
}

const TAG_NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.entries(TAG).map(([name, tag]) => [tag, name.replaceAll('_', ' ')]),
);

function describeElement(element: DerElement, depth: number): FieldDescription[] {
  const { tag, bytes, content, offset } = element;
  const name = TAG_NAMES.get(tag) ?? `[${tag & 0x1f}]`;
  const row: FieldDescription = {
    name: `${'  '.repeat(depth)}${name}`,
    offset,
    length: bytes.length,
    text: cut(encodeHex(content)),
    meaning: meaningOf(element),
    clause: 'X.690',
  };
  if ((tag & CONSTRUCTED) === 0) return [row];
  return [row, ...children(element).flatMap((child) => describeElement(child, depth + 1))];
}

function meaningOf(element: DerElement): string {
  const { tag, content } = element;
  switch (tag) {
    case TAG.OBJECT_IDENTIFIER: {
      const dotted = readOid(element);
      return OID_NAMES.get(dotted) ?? dotted;
    }
    case TAG.UTC_TIME:
    case TAG.GENERALIZED_TIME:
      return new Date(readTime(element)).toISOString();
    case TAG.PRINTABLE_STRING:
    case TAG.UTF8_STRING:
    case TAG.IA5_STRING:
      return printable(content);
    case TAG.OCTET_STRING:
      return content.length >= 16 && content.every(isPrintable)
        ? printable(content)
        : `${content.length} bytes`;
    default:
      return (tag & CONSTRUCTED) === 0
        ? `${content.length} bytes`
        : `${children(element).length} elements`;
  }
}

function isPrintable(octet: number): boolean {
  return octet >= 0x20 && octet <= 0x7e;
}

function printable(octets: Uint8Array): string {
  return Array.from(octets, (octet) =>
    isPrintable(octet) ? String.fromCharCode(octet) : '.',
  ).join('');
}

/** Up to 32 bytes; of more, the first 30. */
function cut(hex: string): string {
  return hex.length <= 64 ? hex : `${hex.slice(0, 60)}...`;
}
