// A store in memory with the one thing that rotation and replication ask of a store: to write a
// record only where it still has the revision that the write was computed from.
import { applyWrite, recordId } from 'keyblock/hierarchy';

/** Records by their ID, as the JSON texts that a database would hold. */
export function createStore() {
  const rows = new Map();
  let budget = Number.POSITIVE_INFINITY;
  const read = (id) => (rows.has(id) ? JSON.parse(rows.get(id)) : undefined);

  return {
    read,
    /** Records of one kind, in the order of their making. */
    *scan(kind) {
      for (const text of rows.values()) {
        const record = JSON.parse(text);
        if (record.kind === kind) yield record;
      }
    },
    /** Does what still fits, and says what does not. */
    apply(writes) {
      const applied = [];
      const conflicts = [];
      for (const write of writes) {
        if (budget <= 0) throw new Error('the process was killed');
        const next = applyWrite({ record: read(write.recordId), write });
        if (next === undefined) {
          conflicts.push(write.recordId);
          continue;
        }
        budget -= 1;
        rows.set(write.recordId, JSON.stringify(next));
        applied.push(write.recordId);
      }
      return { applied, conflicts };
    },
    /** Puts a record that nobody else writes. */
    put: (record) => rows.set(recordId(record), JSON.stringify(record)),
    /** Lets the process die after so many more writes; without a number never. */
    killAfter: (writes = Number.POSITIVE_INFINITY) => {
      budget = writes;
    },
    /** All records of a kind at one time, and how many of them live: a tombstone holds no key. */
    snapshot(kind) {
      const records = [...this.scan(kind)];
      const live = records.filter(({ lifecycle }) => lifecycle?.state !== 'delete-complete').length;
      return { records, live };
    },
  };
}
