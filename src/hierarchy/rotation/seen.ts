/** Which records a scan has shown, each counted once: no scan is too long for it. */

/** What a scan has shown so far. */
export interface SeenRecords {
  /** Counts a record, and says whether it is a new one. */
  add(recordId: string): boolean;
  count(): number;
}

/** V8 takes 2^24 names in one set, and throws a RangeError at the next. */
const NAMES_IN_A_SET = 2 ** 23;

/** Begins with none. It holds every ID: about 80 bytes a record where IDs have 36 characters. */
export function createSeen(limit: number = NAMES_IN_A_SET): SeenRecords {
  const full: Set<string>[] = [];
  let current = new Set<string>();
  return {
    add(recordId) {
      if (current.has(recordId) || full.some((names) => names.has(recordId))) return false;
      if (current.size === limit) {
        full.push(current);
        current = new Set();
      }
      current.add(recordId);
      return true;
    },
    count: () => full.length * limit + current.size,
  };
}
