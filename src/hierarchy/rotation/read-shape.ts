/** Shapes of what comes back through a queue: malformed JSON is refused before it is worked on. */

import { KeyblockError } from '../../errors.js';
import type { KeyRef } from '../records.js';

/** Members that are asked for before it is known whether they are there. */
type Member = 'attributes' | 'items' | 'keyId' | 'kind' | 'recordId' | 'version';

/** Whether a value is an object, of which any member may be asked for. */
export function isObject(value: unknown): value is Readonly<Partial<Record<Member, unknown>>> {
  return typeof value === 'object' && value !== null;
}

/** Whether a value names a version of a main key. */
export function isRef(value: unknown): value is KeyRef {
  return isObject(value) && typeof value.keyId === 'string' && Number.isSafeInteger(value.version);
}

/** Reads results: each of this kind, with a list of outcomes that each name their record. */
export function readResults<T>(results: readonly T[] | undefined, kind: string): readonly T[] {
  const isSound = (result: unknown) =>
    isObject(result) &&
    result.kind === kind &&
    Array.isArray(result.items) &&
    result.items.every((item) => isObject(item) && typeof item.recordId === 'string');
  if (!(Array.isArray(results) && results.every(isSound))) {
    throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
  }
  return results;
}

/** Refuses what names another version than it has to. */
export function requireRef(found: unknown, allowed: readonly KeyRef[]): void {
  const agrees =
    isRef(found) &&
    allowed.some(({ keyId, version }) => found.keyId === keyId && found.version === version);
  if (!agrees) throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
}
