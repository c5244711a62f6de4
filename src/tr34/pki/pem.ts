/**
 * PEM, the textual encoding of certificates, CRLs, requests and keys (RFC 7468).
 *
 * @module
 */

import { KeyblockError } from '../../errors.js';
import { fromBase64, toBase64 } from '../../primitives/base64.js';
import { copyBytes, own, requireObject } from '../../primitives/bytes.js';

/** One block of a PEM text. */
export interface PemBlock {
  /** What it holds: `CERTIFICATE`, `CERTIFICATE REQUEST`, `X509 CRL`, `PRIVATE KEY`, … */
  readonly label: string;
  /** The content, decoded from base64. */
  readonly der: Uint8Array<ArrayBuffer>;
}

/** What {@link toPem} takes. */
export interface ToPemOptions {
  /** Words of capital letters and digits, up to 64 characters. */
  readonly label: string;
  /** The content, one byte at least. */
  readonly der: Uint8Array;
}

/** Longest text, in characters. */
const MAX_PEM_LENGTH = 1_048_576;

/** RFC 7468 2: base64 is wrapped at this column, but for the last line. */
const LINE_LENGTH = 64;

/**
 * Formats a PEM block.
 *
 * @param options - The label and the content.
 * @returns The block, in lines of 64 characters that end in a line feed.
 * @throws {@link KeyblockError} `INVALID_ARGUMENT`; `INPUT_TOO_LARGE` when the text would exceed
 * 1 MiB.
 *
 * @example
 * ```ts
 * import { toPem } from 'keyblock/tr34/pki';
 *
 * const pem = toPem({ label: 'CMS', der: Uint8Array.of(0x30, 0x00) });
 * pem; // '-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n'
 * ```
 */
export function toPem(options: ToPemOptions): string {
  requireObject(options, 'options');
  const label = own(options, 'label');
  if (typeof label !== 'string' || !isLabel(label)) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'label' });
  }
  const der = copyBytes(own(options, 'der'), 'der');
  if (der.length === 0) throw new KeyblockError('INVALID_ARGUMENT', { field: 'der' });
  if (der.length > MAX_PEM_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field: 'der' });
  const lines = [`-----BEGIN ${label}-----`];
  const base64 = toBase64(der);
  for (let at = 0; at < base64.length; at += LINE_LENGTH) {
    lines.push(base64.slice(at, at + LINE_LENGTH));
  }
  lines.push(`-----END ${label}-----`, '');
  const pem = lines.join('\n');
  if (pem.length > MAX_PEM_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field: 'der' });
  return pem;
}

/**
 * Parses a PEM text of one or more blocks, strictly: nothing stands between them but empty lines,
 * base64 is canonical and wrapped at 64 characters, both labels of a block are the same. Lines end
 * in LF or CRLF. What the blocks hold is not looked at.
 *
 * @param pem - The text, up to 1 MiB.
 * @returns The blocks in their order, at least one.
 * @throws {@link KeyblockError} `TOKEN_MALFORMED` with the offset of the line that is wrong, or of
 * the base64 that is; `INPUT_TOO_LARGE`; `INVALID_ARGUMENT` when `pem` is not a string.
 *
 * @example
 * ```ts
 * import { fromPem } from 'keyblock/tr34/pki';
 *
 * const [block] = fromPem('-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n');
 * block?.label; // 'CMS'
 * block?.der; // Uint8Array.of(0x30, 0x00)
 * ```
 */
export function fromPem(pem: string): readonly PemBlock[] {
  if (typeof pem !== 'string') throw new KeyblockError('INVALID_ARGUMENT', { field: 'pem' });
  if (pem.length > MAX_PEM_LENGTH) throw new KeyblockError('INPUT_TOO_LARGE', { field: 'pem' });
  const blocks: PemBlock[] = [];
  let begun: BegunBlock | undefined;
  for (let at = 0; at < pem.length; ) {
    const { text, next } = readLine(pem, at);
    if (begun === undefined) {
      if (text !== '') begun = readBegin(text, at);
    } else if (text === `-----END ${begun.label}-----`) {
      blocks.push({ label: begun.label, der: readBody(begun) });
      begun = undefined;
    } else if (text.startsWith('-')) throw malformed(at);
    else begun.lines.push({ text, offset: at });
    at = next;
  }
  if (begun !== undefined || blocks.length === 0) throw malformed(pem.length);
  return blocks;
}

interface Line {
  readonly text: string;
  readonly offset: number;
}

interface BegunBlock {
  readonly label: string;
  readonly offset: number;
  readonly lines: Line[];
}

/** A line without its end, and where the next one starts. */
function readLine(pem: string, at: number): { readonly text: string; readonly next: number } {
  const feed = pem.indexOf('\n', at);
  if (feed === -1) return { text: pem.slice(at), next: pem.length };
  const end = pem[feed - 1] === '\r' && feed > at ? feed - 1 : feed;
  return { text: pem.slice(at, end), next: feed + 1 };
}

function readBegin(text: string, offset: number): BegunBlock {
  const label = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$/.exec(text)?.[1];
  if (label === undefined || !isLabel(label)) throw malformed(offset);
  return { label, offset, lines: [] };
}

function readBody({ lines, offset }: BegunBlock): Uint8Array<ArrayBuffer> {
  const last = lines.length - 1;
  for (const [i, line] of lines.entries()) {
    const { length } = line.text;
    const fits = i === last ? length >= 1 && length <= LINE_LENGTH : length === LINE_LENGTH;
    if (!fits || !/^[A-Za-z0-9+/]*={0,2}$/.test(line.text)) throw malformed(line.offset);
  }
  const der = fromBase64(lines.map(({ text }) => text).join(''));
  if (der === undefined) throw malformed(lines[0]?.offset ?? offset);
  return der;
}

function isLabel(label: string): boolean {
  return label.length <= 64 && /^[A-Z0-9]+(?: [A-Z0-9]+)*$/.test(label);
}

function malformed(offset: number): KeyblockError {
  return new KeyblockError('TOKEN_MALFORMED', { field: 'pem', offset });
}
