// A store in SQLite: a row a record, its revision in a column of its own, so that a conditional
// write is one statement. `under` is what "what is still under version 1?" is asked of.
import { applyWrite, recordId } from 'keyblock/hierarchy';
import sqlite from 'node-sqlite3-wasm';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, revision INTEGER NOT NULL, under TEXT, json TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS by_kind ON records (kind, id);
  CREATE INDEX IF NOT EXISTS by_under ON records (under);`;

/** Opens or makes the database in a file. */
export function openStore(file) {
  const db = new sqlite.Database(file);
  db.exec(SCHEMA);
  const select = db.prepare('SELECT json FROM records WHERE id = ?');
  const insert = db.prepare('INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)');
  const update = db.prepare(
    'UPDATE records SET revision = ?, under = ?, json = ? WHERE id = ? AND revision = ?',
  );
  const all = db.prepare('SELECT json FROM records WHERE kind = ? ORDER BY id');
  const left = db.prepare("SELECT count(*) AS n FROM records WHERE under LIKE '%' || ? || '%'");

  const read = (id) => {
    const row = select.get([id]);
    return row === undefined || row === null ? undefined : JSON.parse(row.json);
  };

  /** One write: done where the record still has the revision that was expected. */
  function write(conditional) {
    const next = applyWrite({ record: read(conditional.recordId), write: conditional });
    if (next === undefined) return false;
    const { revision } = next;
    const columns = [revision, underOf(next), JSON.stringify(next)];
    const { changes } =
      conditional.expectedRevision === 0
        ? insert.run([recordId(next), next.kind, ...columns])
        : update.run([...columns, conditional.recordId, conditional.expectedRevision]);
    return changes === 1;
  }

  return {
    read,
    /** A batch in one transaction; says how many writes met a record that had moved on. */
    apply(writes) {
      db.exec('BEGIN');
      const done = writes.filter(write).length;
      db.exec('COMMIT');
      return { conflicts: writes.length - done };
    },
    /**
     * A full scan, and how many of its records live: both of one statement, so that nothing is
     * written in between. What does not fit into memory is read in one read transaction.
     */
    scan(kind) {
      const records = all.all([kind]).map(({ json }) => JSON.parse(json));
      const live = records.filter(({ lifecycle }) => lifecycle?.state !== 'delete-complete').length;
      return { records, live };
    },
    blocksUnder: ({ keyId, version }) => Number(left.get([`${keyId}@${version};`]).n),
    close() {
      for (const statement of [select, insert, update, all, left]) statement.finalize();
      db.close();
    },
  };
}

const underOf = ({ slots = [] }) =>
  slots.map(({ under }) => `${under.keyId}@${under.version};`).join('');
