/**
 * A store in memory: rows of JSON text, written where the revision is as expected and in no other
 * case. It keeps what every row was, for stale reads and for whoever puts old rows back.
 */
import { applyWrite, type ConditionalWrite, recordId, type StoredRecord } from 'keyblock/hierarchy';

/** What became of one write. */
export type WriteOutcome = 'applied' | 'conflict' | 'refused';

/** A row as it was from a time on. */
interface Past {
  readonly at: number;
  readonly text: string;
}

/** Told of every write that was applied. */
export type WriteHook = (
  before: StoredRecord | undefined,
  after: StoredRecord,
  write: ConditionalWrite,
) => void;

/** A store of one region. */
export class Store {
  readonly rows = new Map<string, string>();
  readonly #past = new Map<string, Past[]>();
  readonly #now: () => number;
  readonly #hook: WriteHook;

  constructor(now: () => number, hook: WriteHook) {
    this.#now = now;
    this.#hook = hook;
  }

  /** A row as it stands: always a fresh object. */
  read<R extends StoredRecord>(id: string): R | undefined {
    const text = this.rows.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as R);
  }

  text(id: string): string {
    return this.rows.get(id) ?? '';
  }

  /** A row as it was at a time: what a cache, or a replica that lags, returns. */
  readAsOf<R extends StoredRecord>(id: string, at: number): R | undefined {
    const past = this.#past
      .get(id)
      ?.filter((row) => row.at <= at)
      .at(-1);
    return past === undefined ? undefined : (JSON.parse(past.text) as R);
  }

  /** All texts that a row ever had, the oldest first. */
  history(id: string): readonly string[] {
    return (this.#past.get(id) ?? []).map(({ text }) => text);
  }

  /** How often a row was written: tells one state of it from another. */
  timesWritten(id: string): number {
    return this.#past.get(id)?.length ?? 0;
  }

  ids(kind: StoredRecord['kind']): string[] {
    const start = `{"kind":"${kind}"`;
    return [...this.rows].filter(([, text]) => text.startsWith(start)).map(([id]) => id);
  }

  all<R extends StoredRecord>(kind: R['kind']): R[] {
    return this.ids(kind).flatMap((id) => this.read<R>(id) ?? []);
  }

  everything(): StoredRecord[] {
    return [...this.rows.values()].map((text) => JSON.parse(text) as StoredRecord);
  }

  /** One conditional statement. */
  apply(write: ConditionalWrite): WriteOutcome {
    const before = this.read(write.recordId);
    let after: StoredRecord | undefined;
    try {
      after = applyWrite({ record: before, write });
    } catch {
      return 'refused';
    }
    if (after === undefined) return 'conflict';
    if (recordId(after) !== write.recordId) {
      // Somebody has put another key's record there: see `findings.test.ts`.
      if (before !== undefined && recordId(before) !== write.recordId) return 'refused';
      throw new Error(`write to ${write.recordId} is not`);
    }
    if (after.revision !== write.expectedRevision + 1) throw new Error('revision did not grow');
    this.put(write.recordId, JSON.stringify(after));
    this.#hook(before, after, write);
    return 'applied';
  }

  /** What somebody does who is not bound by revisions: a hand in the database. */
  put(id: string, text: string): void {
    this.rows.set(id, text);
    const past = this.#past.get(id);
    if (past === undefined) this.#past.set(id, [{ at: this.#now(), text }]);
    else past.push({ at: this.#now(), text });
  }
}
