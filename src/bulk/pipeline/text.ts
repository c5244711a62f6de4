/**
 * The text of key blocks: characters of many blocks in one array, hex to rows of words and back.
 * Tables are looked up by characters of a text and by bytes of a ciphertext, never by a key.
 */

const ENCODER = /* @__PURE__ */ new TextEncoder();
const DECODER = /* @__PURE__ */ new TextDecoder();

/** The two characters of a pair, as they lie in memory, on a machine of either byte order. */
function pairOf(first: number, second: number): number {
  return new Uint16Array(Uint8Array.of(first, second).buffer)[0] as number; // two bytes are one
}

const DIGITS = '0123456789ABCDEF';

/** What a pair of characters is worth as two hex digits, upper case; -1 where it is none. */
const BYTE_OF_PAIR = /* @__PURE__ */ (() => {
  const table = new Int16Array(65_536).fill(-1);
  for (let byte = 0; byte < 256; byte++) table[pairOfByte(byte)] = byte;
  return table;
})();

/** The pair of hex digits of a byte. */
const PAIR_OF_BYTE = /* @__PURE__ */ Uint16Array.from({ length: 256 }, (_, byte) =>
  pairOfByte(byte),
);

function pairOfByte(byte: number): number {
  return pairOf(DIGITS.charCodeAt(byte >> 4), DIGITS.charCodeAt(byte & 15));
}

/** Characters of many key blocks, each from a multiple of four on, seen in three ways. */
export interface Text {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pairs: Uint16Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
}

/** Makes room for so many characters, a multiple of four. */
export function createText(length: number): Text {
  const buffer = new ArrayBuffer(length);
  return {
    bytes: new Uint8Array(buffer),
    pairs: new Uint16Array(buffer),
    words: new Int32Array(buffer),
  };
}

/** Writes a string, and tells whether all of it was ASCII. What was not is left unspecified. */
export function writeText(text: Text, at: number, string: string): boolean {
  const room = text.bytes.subarray(at, at + string.length);
  const { read, written } = ENCODER.encodeInto(string, room);
  return read === string.length && written === string.length;
}

/** Reads any bytes, each as the character of that code. */
export function readCharacters({ bytes }: Text, from: number, to: number): string {
  let string = '';
  for (let i = from; i < to; i++) string += String.fromCharCode(bytes[i] as number); // in range
  return string;
}

/** Reads ASCII. */
export function readText(text: Text, from: number, to: number): string {
  return DECODER.decode(text.bytes.subarray(from, to));
}

/**
 * Decodes hex into words, each of them of another row: `count` words from the pair `pair` on.
 *
 * @returns Negative where a character is no upper-case hex digit.
 */
export function decodeWords(
  { pairs }: Text,
  pair: number,
  words: Int32Array,
  at: number,
  step: number,
  count: number,
): number {
  let all = 0;
  for (let i = 0, p = pair, w = at; i < count; i++, p += 4, w += step) {
    // All in range: a pair has 16 bits, and a block stands whole in its text.
    const a = BYTE_OF_PAIR[pairs[p] as number] as number;
    const b = BYTE_OF_PAIR[pairs[p + 1] as number] as number;
    const c = BYTE_OF_PAIR[pairs[p + 2] as number] as number;
    const d = BYTE_OF_PAIR[pairs[p + 3] as number] as number;
    all |= a | b | c | d;
    words[w] = (a << 24) | (b << 16) | (c << 8) | d;
  }
  return all;
}

/** Decodes the last one to three bytes of a text of hex, to the left of a word. */
export function decodeRest(
  { pairs }: Text,
  pair: number,
  words: Int32Array,
  at: number,
  count: number,
): number {
  let all = 0;
  let word = 0;
  for (let i = 0; i < count; i++) {
    const byte = BYTE_OF_PAIR[pairs[pair + i] as number] as number; // as above
    all |= byte;
    word |= byte << (24 - 8 * i);
  }
  words[at] = word;
  return all;
}

/** Encodes words, each of them of another row, as hex. */
export function encodeWords(
  { pairs }: Text,
  pair: number,
  words: Int32Array,
  at: number,
  step: number,
  count: number,
): void {
  for (let i = 0, p = pair, w = at; i < count; i++, p += 4, w += step) {
    const word = words[w] as number; // in range, and every byte has a pair
    pairs[p] = PAIR_OF_BYTE[word >>> 24] as number;
    pairs[p + 1] = PAIR_OF_BYTE[(word >>> 16) & 255] as number;
    pairs[p + 2] = PAIR_OF_BYTE[(word >>> 8) & 255] as number;
    pairs[p + 3] = PAIR_OF_BYTE[word & 255] as number;
  }
}

/** Encodes one to three bytes at the left of a word. */
export function encodeRest(
  { pairs }: Text,
  pair: number,
  words: Int32Array,
  at: number,
  count: number,
): void {
  const word = words[at] as number; // as above
  for (let i = 0; i < count; i++) {
    pairs[pair + i] = PAIR_OF_BYTE[(word >>> (24 - 8 * i)) & 255] as number;
  }
}

/** Puts characters, four of them a word in big-endian order, into words of different rows. */
export function spreadCharacters(
  { bytes }: Text,
  from: number,
  words: Int32Array,
  at: number,
  step: number,
  count: number,
): void {
  for (let i = 0, b = from, w = at; i < count; i++, b += 4, w += step) {
    // In range: a header stands whole in its text.
    words[w] =
      ((bytes[b] as number) << 24) |
      ((bytes[b + 1] as number) << 16) |
      ((bytes[b + 2] as number) << 8) |
      (bytes[b + 3] as number);
  }
}
