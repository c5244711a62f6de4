/**
 * A strict reader of DER (X.690). The whole tree is validated before anything is taken from it,
 * in one bounded pass without recursion; what comes out are views, not copies.
 *
 * The order of a SET OF is not validated here: published tokens are signed over unsorted sets
 * (Annex B.9). Nor are the alphabets of strings: names are compared as octets.
 */

import { KeyblockError, type KeyblockErrorField } from '../../errors.js';
import { copyBytes, isBytes, own, trueLength } from '../../primitives/bytes.js';
import { CONSTRUCTED, CONTEXT_CLASS, TAG } from './tags.js';
import { parseGeneralizedTime, parseUtcTime } from './time.js';

/** Limits that no token comes near: the largest known has 109 elements in 2.5 kB. */
const MAX_LENGTH = 65_536;
const MAX_DEPTH = 24;
const MAX_ELEMENTS = 2048;
const MAX_INTEGER_LENGTH = 1025;
const MAX_STRING_LENGTH = 1024;
const MAX_OID_LENGTH = 32;
const MAX_ARC_LENGTH = 5;

/** One element: a tag, a length and what they enclose. */
export interface DerElement {
  readonly tag: number;
  /** The whole element. */
  readonly bytes: Uint8Array;
  /** What follows tag and length. */
  readonly content: Uint8Array;
  /** Where the element begins in the outermost input. */
  readonly offset: number;
  /** What the outermost input is, for the error. */
  readonly field: KeyblockErrorField;
}

/** Where bytes come from, for the error. */
export interface DerSource {
  /** @defaultValue `'token'` */
  readonly field?: KeyblockErrorField | undefined;
  /**
   * Where the bytes begin in the outermost input.
   * @defaultValue `0`
   */
  readonly offset?: number | undefined;
}

/** Takes the elements of a SEQUENCE one after the other. */
export interface DerFields {
  /** Takes the next element, which has to be there, with this tag if one is given. */
  next(tag?: number): DerElement;
  /** Takes the next element if it has this tag. */
  optional(tag: number): DerElement | undefined;
  /** Takes all that is left. */
  rest(): readonly DerElement[];
  /** Refuses anything that is left. */
  end(): void;
}

/**
 * Reads one DER element that fills the bytes exactly.
 *
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` with the offset of the element that is wrong.
 */
export function readDer(bytes: Uint8Array, source: DerSource = {}): DerElement {
  const root: DerElement = { tag: 0, bytes, content: bytes, ...placeOf(source) };
  requireElements(root);
  const [element, second] = children(root);
  if (element === undefined) throw malformed(root);
  if (second !== undefined) throw malformed(second);
  return element;
}

/**
 * Reads what stands inside a SEQUENCE whose own tag and length are missing, as in the content of
 * some tokens (Annex B.10, B.11 and B.13, TR-34:2012). The result is that SEQUENCE, with `bytes`
 * and `content` the same.
 *
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` with the offset of the element that is wrong.
 */
export function readDerContents(bytes: Uint8Array, source: DerSource = {}): DerElement {
  const sequence: DerElement = { tag: TAG.SEQUENCE, bytes, content: bytes, ...placeOf(source) };
  requireElements(sequence);
  return sequence;
}

/** Reads the DER inside an element of plain octets, such as the content of an OCTET STRING. */
export function readDerInside(element: DerElement): DerElement {
  return readDer(element.content, { field: element.field, offset: contentOffset(element) });
}

/** Opens a SEQUENCE, or another element that holds elements, to be read in order. */
export function fields(element: DerElement, tag: number = TAG.SEQUENCE): DerFields {
  const elements = children(requireTag(element, tag));
  let index = 0;
  const end = element.offset + element.bytes.length;
  const next = (expected?: number): DerElement => {
    const taken = elements[index];
    if (taken === undefined) throw malformed({ ...element, offset: end });
    index += 1;
    return expected === undefined ? taken : requireTag(taken, expected);
  };
  return {
    next,
    optional: (expected) => (elements[index]?.tag === expected ? next() : undefined),
    rest: () => {
      const rest = elements.slice(index);
      index = elements.length;
      return rest;
    },
    end: () => {
      const left = elements[index];
      if (left !== undefined) throw malformed(left);
    },
  };
}

/** The elements inside a validated element. */
export function children(element: DerElement): readonly DerElement[] {
  const { content, field } = element;
  const start = contentOffset(element);
  const elements: DerElement[] = [];
  for (let at = 0; at < content.length; ) {
    const head = readHead(content, at, content.length);
    if (head === undefined) throw malformed({ field, offset: start + at });
    elements.push({
      tag: head.tag,
      bytes: content.subarray(at, head.end),
      content: content.subarray(head.start, head.end),
      offset: start + at,
      field,
    });
    at = head.end;
  }
  return elements;
}

/** Refuses an element that has another tag. */
export function requireTag(element: DerElement, tag: number): DerElement {
  if (element.tag !== tag) throw malformed(element);
  return element;
}

/** The error for an element that is not what has to be at its place. */
export function malformed({ field, offset }: Required<DerSource>): KeyblockError {
  return new KeyblockError('TOKEN_MALFORMED', { field, offset });
}

function placeOf(source: DerSource): Pick<DerElement, 'field' | 'offset'> {
  return { field: own(source, 'field') ?? 'token', offset: own(source, 'offset') ?? 0 };
}

function contentOffset({ offset, bytes, content }: DerElement): number {
  return offset + bytes.length - content.length;
}

/**
 * Copies DER that a caller gives. What is too long is refused for its length, whatever is in it: so
 * nothing of it is read, and no `subarray` asks the class of the array for a view.
 */
export function copyDer(value: unknown, field: KeyblockErrorField): Uint8Array<ArrayBuffer> {
  const isTooLong = isBytes(value) && trueLength(value) > MAX_LENGTH;
  return isTooLong ? new Uint8Array(MAX_LENGTH + 1) : copyBytes(value, field);
}

/** Validates elements one after the other, and everything inside them. */
function requireElements({ content: bytes, field, offset }: DerElement): void {
  const fail = (at: number) => malformed({ field, offset: offset + at });
  if (bytes.length > MAX_LENGTH) throw fail(MAX_LENGTH);
  /** Where the elements that are open end, the outermost first. */
  const ends = [bytes.length];
  let at = 0;
  let count = 0;
  while (ends.length > 0) {
    const limit = ends[ends.length - 1] as number; // not empty
    if (at === limit) {
      ends.pop();
      continue;
    }
    const head = readHead(bytes, at, limit);
    count += 1;
    if (head === undefined || count > MAX_ELEMENTS) throw fail(at);
    if ((head.tag & CONSTRUCTED) !== 0) {
      if (!isConstructedTag(head.tag) || ends.length > MAX_DEPTH) throw fail(at);
      ends.push(head.end);
      at = head.start;
    } else {
      if (!isSoundPrimitive(head.tag, bytes.subarray(head.start, head.end))) throw fail(at);
      at = head.end;
    }
  }
}

interface Head {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Reads a low tag and a definite, minimal length that ends before the limit. */
function readHead(bytes: Uint8Array, at: number, limit: number): Head | undefined {
  // `bytes` reaches to the limit at least; what is beyond is refused by the last comparison.
  const tag = bytes[at] as number;
  if ((tag & 0x1f) === 0x1f) return undefined;
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return head(tag, at + 2, first, limit);
  if (first === 0x81) {
    const length = bytes[at + 2] ?? 0;
    return length < 0x80 ? undefined : head(tag, at + 3, length, limit);
  }
  // The limit of 64 KiB leaves lengths of one and two octets; 80 is the indefinite form.
  if (first !== 0x82) return undefined;
  const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return length < 0x100 ? undefined : head(tag, at + 4, length, limit);
}

function head(tag: number, start: number, length: number, limit: number): Head | undefined {
  const end = start + length;
  return end > limit ? undefined : { tag, start, end };
}

/** SEQUENCE, SET and `[n]`; DER constructs nothing else that is known here. */
function isConstructedTag(tag: number): boolean {
  return tag === TAG.SEQUENCE || tag === TAG.SET || (tag & 0xc0) === CONTEXT_CLASS;
}

function isSoundPrimitive(tag: number, content: Uint8Array): boolean {
  switch (tag) {
    case TAG.BOOLEAN:
      return content.length === 1 && (content[0] === 0x00 || content[0] === 0xff);
    case TAG.INTEGER:
    case TAG.ENUMERATED:
      return isSoundInteger(content);
    case TAG.BIT_STRING:
      return isSoundBitString(content);
    case TAG.OCTET_STRING:
      return true;
    case TAG.NULL:
      return content.length === 0;
    case TAG.OBJECT_IDENTIFIER:
      return isSoundOid(content);
    case TAG.UTC_TIME:
      return parseUtcTime(content) !== undefined;
    case TAG.GENERALIZED_TIME:
      return parseGeneralizedTime(content) !== undefined;
    case TAG.UTF8_STRING:
    case TAG.NUMERIC_STRING:
    case TAG.PRINTABLE_STRING:
    case TAG.TELETEX_STRING:
    case TAG.IA5_STRING:
    case TAG.VISIBLE_STRING:
      return content.length <= MAX_STRING_LENGTH;
    case TAG.BMP_STRING:
      return content.length <= MAX_STRING_LENGTH && content.length % 2 === 0;
    case TAG.UNIVERSAL_STRING:
      return content.length <= MAX_STRING_LENGTH && content.length % 4 === 0;
    default:
      // A context tag says nothing of the type; whoever takes the element knows it.
      return (tag & 0xc0) === CONTEXT_CLASS;
  }
}

/** X.690 8.3.2: the first nine bits are neither all zero nor all one. */
function isSoundInteger(content: Uint8Array): boolean {
  const [first, second] = content;
  if (first === undefined || content.length > MAX_INTEGER_LENGTH) return false;
  if (second === undefined) return true;
  return first === 0x00 ? second >= 0x80 : first !== 0xff || second < 0x80;
}

/** X.690 11.2.1: the bits that are not used are zero. */
function isSoundBitString(content: Uint8Array): boolean {
  const [unused = 8] = content;
  if (content.length <= 1) return unused === 0;
  const last = content[content.length - 1] as number; // two octets or more
  return unused < 8 && (last & ((1 << unused) - 1)) === 0;
}

/** X.690 8.19.2: arcs of seven bits an octet, the first of each not 80. */
function isSoundOid(content: Uint8Array): boolean {
  if (content.length === 0 || content.length > MAX_OID_LENGTH) return false;
  let arcLength = 0;
  for (const byte of content) {
    if (arcLength === 0 && byte === 0x80) return false;
    arcLength += 1;
    if (arcLength > MAX_ARC_LENGTH) return false;
    if (byte < 0x80) arcLength = 0;
  }
  return arcLength === 0;
}
