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
  const binder = createBinder(size);
  if (Symbol.asyncIterator in source) {
    for await (const part of source) {
      const page = binder.take(part);
      if (page !== undefined) yield page;
    }
  } else {
    // To await what is there already takes as long as to check it.
    for (const part of source) {
      const page = binder.take(part);
      if (page !== undefined) yield page;
    }
  }
  const rest = binder.rest();
  if (rest.length > 0) yield rest;
}

/** Binds single records into pages, and lets pages pass as they are. */
function createBinder(size: number) {
  let page: HeldRecord[] = [];
  return { take, rest };

  function take(part: HeldRecord | readonly HeldRecord[]): readonly HeldRecord[] | undefined {
    if (isPage(part)) return part;
    page.push(part);
    return page.length === size ? rest() : undefined;
  }

  function rest(): readonly HeldRecord[] {
    const bound = page;
    page = [];
    return bound;
  }
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
