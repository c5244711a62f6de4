/**
 * Where the schedules of keys lie: side by side in larger arrays, because to allocate one of more
 * than 64 bytes takes V8 as long as to expand a key.
 *
 * No words are handed out twice, whatever was destroyed: schedules that two keys held by mistake
 * would cost more than what there is to save. An array goes when the last key in it does.
 */

/** Words of an array: 32 KiB, for some twenty key block protection keys. */
const ARRAY_WORDS = 8192;

/** A place for schedules, of zeros. */
export interface ScheduleMemory {
  readonly memory: Int32Array;
  /** Its first word. */
  readonly base: number;
}

let memory: Int32Array | undefined;
let used = 0;

/** Reserves words that nobody else has, or has had. */
export function reserveWords(count: number): ScheduleMemory {
  if (memory === undefined || used + count > ARRAY_WORDS) {
    memory = new Int32Array(ARRAY_WORDS);
    used = 0;
  }
  const base = used;
  used += count;
  return { memory, base };
}
