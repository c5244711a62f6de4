/**
 * A glance at the DER of an asymmetric payload: how large the key is, and whether the structure is
 * the one expected and fills the payload. Only ever a finding: other encodings are in use.
 */

import { curveStrength, modulusStrength } from '../primitives/strength.js';

/** What the DER of a key shows. */
export interface KeyEncoding {
  /** Whether the outer structure is the one expected and fills the bytes exactly. */
  readonly wellFormed: boolean;
  /** Comparable strength in bits, where the size of the key could be read. */
  readonly strength: number | undefined;
}

const UNREADABLE: KeyEncoding = { wellFormed: false, strength: undefined };

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const PARAMETERS = 0xa0;
const OBJECT_IDENTIFIER = 0x06;

/** PKCS#1 `RSAPrivateKey`: version, modulus, and seven more integers (X9.143 8.5). */
export function readRsaKey(bytes: Uint8Array): KeyEncoding {
  const fields = readSequence(bytes);
  const modulus = fields?.[1];
  if (modulus === undefined || !fields?.every(({ tag }) => tag === INTEGER)) return UNREADABLE;
  return { wellFormed: fields.length === 9, strength: modulusStrength(integerBits(modulus)) };
}

/** The traditional `DSAPrivateKey`: version, p, q, g, y, x. No example of it is published. */
export function readDsaKey(bytes: Uint8Array): KeyEncoding {
  const fields = readSequence(bytes);
  const p = fields?.[1];
  if (p === undefined || !fields?.every(({ tag }) => tag === INTEGER)) return UNREADABLE;
  return { wellFormed: fields.length === 6, strength: modulusStrength(integerBits(p)) };
}

/** SEC 1 `ECPrivateKey`: version, private key, parameters, public key (X9.143 8.6). */
export function readEcKey(bytes: Uint8Array): KeyEncoding {
  const [version, privateKey, parameters] = readSequence(bytes) ?? [];
  if (version?.tag !== INTEGER || privateKey?.tag !== OCTET_STRING) return UNREADABLE;
  // RFC 5915: the private key has the length of the order, whatever its value.
  const strength = curveStrength(8 * privateKey.content.length);
  const [curve] = parameters?.tag === PARAMETERS ? (readElements(parameters.content) ?? []) : [];
  return { wellFormed: curve?.tag === OBJECT_IDENTIFIER, strength };
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The elements of one SEQUENCE that fills the bytes exactly. */
function readSequence(bytes: Uint8Array): readonly Element[] | undefined {
  const [outer, ...rest] = readElements(bytes) ?? [];
  return outer?.tag === SEQUENCE && rest.length === 0 ? readElements(outer.content) : undefined;
}

/** Reads elements of low tags and definite lengths up to 65535, until the bytes are used up. */
function readElements(bytes: Uint8Array): readonly Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] as number; // in range: `at` is below the length
    const first = bytes[at + 1] ?? 0x80;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || lengthBytes > 2) return undefined;
    let length = first;
    if (lengthBytes > 0) {
      length = 0;
      for (let i = 0; i < lengthBytes; i++) length = 256 * length + (bytes[at + 2 + i] ?? 0);
    }
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) return undefined;
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

/** Bits of a positive INTEGER. */
function integerBits({ content }: Element): number {
  const first = content.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  // In range: found just now.
  return 8 * (content.length - first) - (Math.clz32(content[first] as number) - 24);
}
