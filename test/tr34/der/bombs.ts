/** Inputs of a few bytes to 16 MiB that have stopped parsers, each with whether it is DER. */

const MEBIBYTE = 2 ** 20;
/** What a bomb of one mebibyte leaves for the content. */
const LARGE = MEBIBYTE - 6;
const NULL = Uint8Array.of(0x05, 0x00);

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const OID = 0x06;

/** A hostile input. */
export interface Bomb {
  readonly name: string;
  readonly build: () => Uint8Array;
  /** True for what is harmless to a reader that does not look into strings. */
  readonly isDer?: boolean;
}

export const BOMBS: readonly Bomb[] = [
  ...[100, 1000, 3000, 10_000, 100_000, 250_000, 1_000_000].map((depth) => ({
    name: `SEQUENCE nested ${depth} deep`,
    build: () => nested(SEQUENCE, depth),
  })),
  { name: 'context tags nested 10000 deep', build: () => nested(0xa0, 10_000) },
  { name: 'SET nested 10000 deep', build: () => nested(0x31, 10_000) },
  {
    name: 'indefinite lengths nested 100000 deep',
    build: () => join(repeat(Uint8Array.of(0x30, 0x80), 100_000), new Uint8Array(200_000)),
  },
  {
    name: 'indefinite lengths opened 500000 times',
    build: () => repeat(Uint8Array.of(0x30, 0x80), 500_000),
  },
  ...[60, 1000, 10_000, 100_000, 250_000].map((depth) => ({
    name: `OCTET STRING nested ${depth} deep`,
    build: () => nested(OCTET_STRING, depth),
    isDer: depth <= 10_000,
  })),

  { name: 'a SEQUENCE of 2^31 bytes', build: () => claim(SEQUENCE, '7fffffff') },
  { name: 'an OCTET STRING of 2^31 bytes', build: () => claim(OCTET_STRING, '7fffffff') },
  { name: 'a SEQUENCE of 2^53 bytes', build: () => claim(SEQUENCE, '1fffffffffffff') },
  { name: 'an OCTET STRING of 2^64 bytes', build: () => claim(OCTET_STRING, 'ffffffffffffffff') },
  { name: 'a length in 126 octets', build: () => claim(SEQUENCE, '00'.repeat(126)) },

  { name: '9998 times NULL', build: () => many(NULL, 9998) },
  { name: '524284 times NULL', build: () => many(NULL, 524_284) },
  { name: '349000 times BOOLEAN', build: () => many(Uint8Array.of(1, 1, 0xff), 349_000) },
  { name: '260000 times OID', build: () => many(Uint8Array.of(6, 2, 0x2a, 3), 260_000) },
  { name: '524284 times OCTET STRING', build: () => many(Uint8Array.of(4, 0), 524_284) },
  { name: '524284 times SEQUENCE', build: () => many(Uint8Array.of(0x30, 0), 524_284) },
  { name: '524284 times a context tag', build: () => many(Uint8Array.of(0x80, 0), 524_284) },
  {
    name: '9000 OCTET STRINGs that look like DER',
    build: () => many(Uint8Array.of(4, 4, 4, 2, 5, 0), 9000),
  },

  ...[2 ** 16 - 6, 2 ** 18, LARGE, 4 * MEBIBYTE, 16 * MEBIBYTE].map((size) => ({
    name: `an OID of ${size} arcs`,
    build: () => filled(OID, size, 0x01),
  })),
  { name: 'an OID of one arc in a mebibyte', build: () => filled(OID, LARGE, 0x81) },
  { name: 'an INTEGER of a mebibyte', build: () => filled(0x02, LARGE, 0x7f) },
  { name: 'a negative INTEGER of a mebibyte', build: () => filled(0x02, LARGE, 0xff) },
  {
    name: 'a tag number of a mebibyte',
    build: () => join(Uint8Array.of(0x3f), repeat(Uint8Array.of(0x81), LARGE), NULL),
  },
  { name: 'a UTF8String of a mebibyte', build: () => filled(0x0c, LARGE, 0x41) },
  { name: 'invalid UTF-8 of a mebibyte', build: () => filled(0x0c, LARGE, 0x80) },
  { name: 'a BMPString of a mebibyte', build: () => filled(0x1e, LARGE, 0x41) },
  { name: 'a UniversalString of a mebibyte', build: () => filled(0x1c, LARGE, 0x00) },
  { name: 'a PrintableString of a mebibyte', build: () => filled(0x13, LARGE, 0x41) },
  { name: 'a UTCTime of a mebibyte', build: () => filled(0x17, LARGE, 0x30) },
  { name: 'a GeneralizedTime of a mebibyte', build: () => filled(0x18, LARGE, 0x30) },
  { name: 'a DURATION of a mebibyte', build: () => filled(0x22, LARGE, 0x30) },
  { name: 'a REAL of a mebibyte', build: () => filled(0x09, LARGE, 0x30) },
  { name: 'a RELATIVE-OID of a mebibyte', build: () => filled(0x0d, LARGE, 0x01) },
  { name: 'a RELATIVE-OID of 16 MiB', build: () => filled(0x0d, 16 * MEBIBYTE, 0x01) },
  { name: 'a NULL of a mebibyte', build: () => filled(0x05, LARGE, 0x00) },
  { name: 'a BOOLEAN of a mebibyte', build: () => filled(0x01, LARGE, 0x00) },
  { name: 'a BIT STRING of a mebibyte', build: () => filled(BIT_STRING, LARGE, 0x00) },
  { name: 'an OCTET STRING of a mebibyte', build: () => filled(OCTET_STRING, LARGE, 0x30) },
  { name: 'an OCTET STRING of 16 MiB', build: () => filled(OCTET_STRING, 16 * MEBIBYTE, 0x30) },
  {
    name: 'a constructed OCTET STRING of 262000 parts',
    build: () => tlv(0x24, repeat(Uint8Array.of(4, 2, 0x41, 0x41), 262_000)),
  },
  {
    name: 'an indefinite OCTET STRING of 100000 parts',
    build: () => join(Uint8Array.of(0x24, 0x80), repeat(Uint8Array.of(4, 1, 0x41), 100_000)),
  },

  {
    name: 'a BIT STRING that looks like 9990 elements',
    build: () => tlv(BIT_STRING, join(Uint8Array.of(0), many(NULL, 9990))),
    isDer: true,
  },
  {
    name: '9990 times UTCTime',
    build: () => many(tlv(0x17, new TextEncoder().encode('260101000000Z')), 9990),
  },
  { name: '9990 times an OID of 101 arcs', build: () => many(filled(OID, 101, 0x01), 9990) },
  { name: '9990 times an OID of one long arc', build: () => many(filled(OID, 101, 0x81), 9990) },
  {
    name: 'a thousand bytes after the value',
    build: () => join(nested(SEQUENCE, 2), new Uint8Array(1000)),
  },
];

/** An element, whatever its length. */
function tlv(tag: number, content: Uint8Array): Uint8Array {
  return join(Uint8Array.from([tag, ...lengthOctets(content.length)]), content);
}

function filled(tag: number, size: number, octet: number): Uint8Array {
  return tlv(tag, new Uint8Array(size).fill(octet));
}

function many(element: Uint8Array, count: number): Uint8Array {
  return tlv(SEQUENCE, repeat(element, count));
}

/** A length, in octets of hex, that the two bytes behind it do not have. */
function claim(tag: number, hex: string): Uint8Array {
  const length = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return join(Uint8Array.from([tag, 0x80 | length.length, ...length]), NULL);
}

/** A NULL inside elements of one tag; written from the inside, in time linear in its size. */
function nested(tag: number, depth: number): Uint8Array {
  const bytes = new Uint8Array(6 * depth + NULL.length);
  let at = bytes.length - NULL.length;
  bytes.set(NULL, at);
  for (let i = 0; i < depth; i++) {
    const length = lengthOctets(bytes.length - at);
    at -= length.length;
    bytes.set(length, at);
    at -= 1;
    bytes[at] = tag;
  }
  return bytes.subarray(at);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function repeat(part: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(part.length * count);
  for (let i = 0; i < count; i++) bytes.set(part, i * part.length);
  return bytes;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
