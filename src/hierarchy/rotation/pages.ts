/** How the records of a store come in: one by one or in pages, at once or as they are read. */

import { KeyblockError } from '../../errors.js';
import type { HeldRecord } from '../records.js';

/** One full scan of a store: records, or pages of them. */
export type RecordSource =
  | Iterable<HeldRecord | readonly HeldRecord[]>
  | AsyncIterable<HeldRecord | readonly HeldRecord[]>;

/** The records of a scan in pages of about this size: only one page is held at a time. */
export async function* pagesOf(
  source: RecordSource,
  size: number,
): AsyncGenerator<readonly HeldRecord[], void, void> {
  let page: HeldRecord[] = [];
  for await (const part of source) {
    if (isPage(part)) {
      yield part;
      continue;
    }
    page.push(part);
    if (page.length === size) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** Reads a scan that somebody gives. */
export function readSource(source: RecordSource | undefined): RecordSource {
  const isSource =
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!isSource) throw new KeyblockError('INVALID_ARGUMENT', { field: 'record' });
  return source;
}

function isPage(part: HeldRecord | readonly HeldRecord[]): part is readonly HeldRecord[] {
  return Array.isArray(part);
}
