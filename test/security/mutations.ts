/** Ways to alter a valid key block. Each yields texts that differ from the one it is given. */

import { type UnwrapKeyOptions, unwrapKey } from 'keyblock';
import { outcome, type Sample, TEXT_CODES } from './matrix.js';

/**
 * Opens every text. Throws at the first that opens, or that is refused for what only a right MAC
 * can show; returns how many there were.
 */
export function refuseAll(
  { title, kbpk }: Sample,
  texts: Iterable<string>,
  options: Partial<UnwrapKeyOptions> = {},
): number {
  let attempts = 0;
  for (const keyBlock of texts) {
    const result = outcome(() => unwrapKey({ ...options, kbpk, keyBlock }));
    const refused =
      'code' in result && (result.code === 'AUTHENTICATION_FAILED' || TEXT_CODES.has(result.code));
    if (!refused) throw new Error(`${title}: ${JSON.stringify(result)} for ${keyBlock}`);
    attempts += 1;
  }
  return attempts;
}

/** Replaces a part of a text. */
export function splice(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

/** Makes the length field tell the truth again, so that an alteration gets beyond it. */
export function withTrueLength(text: string): string {
  return splice(text, 1, 5, String(text.length).padStart(4, '0'));
}

/** Every bit of every character: `offset` and `bit` say which. */
export function* bitFlips({ keyBlock }: Sample): Generator<{
  readonly text: string;
  readonly offset: number;
  readonly bit: number;
}> {
  for (let offset = 0; offset < keyBlock.length; offset++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = String.fromCharCode(keyBlock.charCodeAt(offset) ^ (1 << bit));
      yield { text: splice(keyBlock, offset, offset + 1, flipped), offset, bit };
    }
  }
}

/** Every character code from `first` to `last`, at every offset up to `end`. */
export function* characters(
  { keyBlock }: Sample,
  end: number,
  first: number,
  last: number,
): Generator<string> {
  for (let offset = 0; offset < end; offset++) {
    for (let code = first; code <= last; code++) {
      if (code === keyBlock.charCodeAt(offset)) continue;
      yield splice(keyBlock, offset, offset + 1, String.fromCharCode(code));
    }
  }
}

/** Every truncation and up to 64 characters more, each with the old and with a true length. */
export function* lengths({ keyBlock }: Sample): Generator<string> {
  for (let length = 0; length < keyBlock.length; length++) {
    yield keyBlock.slice(0, length);
    if (length >= 16) yield withTrueLength(keyBlock.slice(0, length));
  }
  for (let more = 1; more <= 64; more++) {
    yield keyBlock + '0'.repeat(more);
    yield withTrueLength(keyBlock + '0'.repeat(more));
  }
}

/** Offsets of the whole cipher blocks after the header; the MAC is one where it is as long. */
function cipherBlocks({ keyBlock, headerLength, blockLength, macLength }: Sample): number[] {
  const digits = 2 * blockLength;
  const end = keyBlock.length - 2 * macLength;
  const offsets: number[] = [];
  for (let at = headerLength; at + digits <= end; at += digits) offsets.push(at);
  return macLength === blockLength ? [...offsets, end] : offsets;
}

/** Every exchange of two cipher blocks of one key block. */
export function* exchanges(sample: Sample): Generator<string> {
  const { keyBlock, blockLength } = sample;
  const digits = 2 * blockLength;
  const offsets = cipherBlocks(sample);
  for (const [i, a] of offsets.entries()) {
    for (const b of offsets.slice(i + 1)) {
      const first = keyBlock.slice(a, a + digits);
      const second = keyBlock.slice(b, b + digits);
      yield splice(splice(keyBlock, a, a + digits, second), b, b + digits, first);
    }
  }
}

/**
 * Every part of one key block put in the place of the same part of another one, and every cipher
 * block in the place of every cipher block. Exact copies of the other key block are left out.
 */
export function* splices(sample: Sample, other: Sample): Generator<string> {
  const { keyBlock, headerLength, macLength, blockLength } = sample;
  const macOffset = keyBlock.length - 2 * macLength;
  const otherMac = other.keyBlock.length - 2 * macLength;
  const digits = 2 * blockLength;
  const spliced = [
    splice(keyBlock, macOffset, keyBlock.length, other.keyBlock.slice(otherMac)),
    splice(keyBlock, headerLength, macOffset, other.keyBlock.slice(other.headerLength, otherMac)),
    splice(keyBlock, headerLength, keyBlock.length, other.keyBlock.slice(other.headerLength)),
    splice(keyBlock, 16, headerLength, other.keyBlock.slice(16, other.headerLength)),
    splice(keyBlock, 0, 16, other.keyBlock.slice(0, 16)),
  ].map(withTrueLength);
  for (const to of cipherBlocks(sample)) {
    for (const from of cipherBlocks(other)) {
      const cipherBlock = other.keyBlock.slice(from, from + digits);
      spliced.push(splice(keyBlock, to, to + digits, cipherBlock));
    }
  }
  yield* spliced.filter((text) => text !== keyBlock && text !== other.keyBlock);
}

/** What can be done to the optional blocks, with a length field that tells the truth. */
export function* optionalBlockEdits({ keyBlock, headerLength }: Sample): Generator<string> {
  const blocks = takeApart(keyBlock.slice(16, headerLength));
  const rebuilt = (texts: readonly string[], count = texts.length) =>
    splice(
      splice(keyBlock, 16, headerLength, texts.join('')),
      12,
      14,
      String(count).padStart(2, '0'),
    );
  const edited = [...editCounts(blocks, rebuilt), ...editOrder(blocks, rebuilt)];
  for (const [i, block] of blocks.entries()) {
    for (const text of editBlock(block)) edited.push(rebuilt(replaced(blocks, i, 1, text)));
  }
  yield* edited.map(withTrueLength).filter((text) => text !== keyBlock);
}

function replaced<T>(items: readonly T[], at: number, count: number, ...by: readonly T[]): T[] {
  return [...items.slice(0, at), ...by, ...items.slice(at + count)];
}

type Rebuild = (texts: readonly string[], count?: number) => string;

/** Every other count, every block left out, one more put in. */
function* editCounts(blocks: readonly string[], rebuilt: Rebuild): Generator<string> {
  for (let count = 0; count < 100; count++) yield rebuilt(blocks, count);
  for (let i = 0; i < blocks.length; i++) yield rebuilt(replaced(blocks, i, 1));
  // 16 characters, whole cipher blocks in every version.
  yield rebuilt([...blocks, 'TS10202611210000']);
  yield rebuilt([...blocks, 'PB10000000000000']);
  yield rebuilt(['9910000000000000', ...blocks]);
}

/** Every block twice, and the blocks in another order. */
function* editOrder(blocks: readonly string[], rebuilt: Rebuild): Generator<string> {
  for (const [i, block] of blocks.entries()) {
    yield rebuilt(replaced(blocks, i, 0, block));
    yield rebuilt([...blocks, block]);
  }
  yield rebuilt([...blocks].reverse());
}

/** Every length 00 to FF, every way to write the length at length, other data, other characters. */
function* editBlock(block: string): Generator<string> {
  const id = block.slice(0, 2);
  const data = block.slice(4);
  for (let length = 0; length < 256; length++) yield id + hex(length, 2) + data;
  yield `${id}04`;
  for (let digits = 0; digits <= 8; digits++) {
    for (const size of digits === 2 ? [2, 4] : [digits]) {
      const extended = hex(6 + size + data.length, size);
      yield `${id}00${hex(digits, 2)}${extended}${data}`;
    }
    // Data that fills whole cipher blocks, so that only the MAC is left to refuse it.
    const filled = data.padEnd(data.length + ((80 - 6 - digits - data.length) % 16), '0');
    yield `${id}00${hex(digits, 2)}${hex(6 + digits + filled.length, digits)}${filled}`;
  }
  yield `${id}00FF${'F'.repeat(255)}${data}`;
  for (const character of [
    '\u0000',
    '\u001f',
    '\u007f',
    '\u0080',
    'é',
    'Ā',
    '０',
    '\ud800',
    '😀',
  ]) {
    for (const offset of [0, 2, 3, 4, block.length - 1]) {
      yield splice(block, offset, offset + character.length, character);
    }
  }
}

function hex(value: number, digits: number): string {
  return digits === 0 ? '' : value.toString(16).toUpperCase().padStart(digits, '0');
}

function takeApart(text: string): readonly string[] {
  const blocks: string[] = [];
  for (let at = 0; at < text.length; at += Number.parseInt(text.slice(at + 2, at + 4), 16)) {
    blocks.push(text.slice(at, at + Number.parseInt(text.slice(at + 2, at + 4), 16)));
  }
  return blocks;
}
