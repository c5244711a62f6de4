/** One text for one JSON value, and its digest: what approvals and blocks are bound to. */

import { sha256 } from '@noble/hashes/sha2.js';
import { KeyblockError, type KeyblockErrorField } from '../errors.js';
import { encodeHex } from '../primitives/hex.js';

/** Deeper than any record, and far from the end of the stack. */
const MAX_DEPTH = 64;

/**
 * Writes a value as canonical JSON (RFC 8785): the members of objects in the order of their UTF-16
 * code units, no white space. Members that are undefined are left out, as they are in a store.
 *
 * @param value - JSON, of at most 64 levels.
 * @param field - What an error names.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT` for what JSON can not hold.
 */
export function canonicalJson(value: unknown, field: KeyblockErrorField = 'config'): string {
  return write(value, field, 0);
}

function write(value: unknown, field: KeyblockErrorField, depth: number): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value !== 'object' || depth === MAX_DEPTH) {
    throw new KeyblockError('INVALID_ARGUMENT', { field });
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item: unknown) => write(item, field, depth + 1)).join(',')}]`;
  }
  if (!isPlain(value)) throw new KeyblockError('INVALID_ARGUMENT', { field });
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members
    .map(([name, member]) => `${JSON.stringify(name)}:${write(member, field, depth + 1)}`)
    .join(',')}}`;
}

/** An object literal of any realm: a date or a map would lose what it holds. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const UTF8 = /* @__PURE__ */ new TextEncoder();

/** SHA-256 of a text in UTF-8, in lower-case hex. */
export function sha256Hex(text: string): string {
  start._cloneInto(hash);
  hash.update(utf8(text)).digestInto(output);
  return encodeHex(output).toLowerCase();
}

/** A state that is set back for each text, which is public: a new one takes a fifth longer. */
const start = /* @__PURE__ */ sha256.create();
const hash = /* @__PURE__ */ sha256.create();
const output = /* @__PURE__ */ new Uint8Array(32);

/** Longer than any block that keeps a key; public, as what is digested is. */
const line = /* @__PURE__ */ new Uint8Array(1024);

/** A text in UTF-8, until the next call: an array of its own takes ten times as long. */
export function utf8(text: string): Uint8Array {
  if (3 * text.length > line.length) return UTF8.encode(text);
  return line.subarray(0, UTF8.encodeInto(text, line).written);
}
