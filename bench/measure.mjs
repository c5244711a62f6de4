/** Interleaved measurement of many functions in one process, and what to say about the samples. */

/** Single operations between two looks at the clock, so that looking costs nothing. */
const BATCH = 64;

/**
 * Measures every task for a slice in every round, so that a slow moment of the machine falls on
 * all of them and samples of one round may be divided by each other. The first rounds do not count:
 * code that is optimised for one task is optimised again when the next one brings other objects.
 *
 * @param tasks - Functions that are given the number of the call. A task does one operation, or as
 * many as its property `operations` says.
 * @returns For every task its rates, one a round, in operations per second.
 */
export function measureInterleaved(tasks, { rounds, warmUpRounds, sliceMs }) {
  const rates = tasks.map(() => []);
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (let turn = 0; turn < tasks.length; turn++) {
      // Whoever comes next pays for some of the garbage of the last one: take turns at that, too.
      const index = (turn + round + warmUpRounds) % tasks.length;
      const rate = measureRate(tasks[index], sliceMs);
      if (round >= 0) rates[index].push(rate);
    }
  }
  return rates;
}

/**
 * Measures rows of contenders, all in the same rounds.
 *
 * @param rows - Each with a name, and tasks by the name of the contender.
 * @returns The rows, each with its rates, one a round, by the name of the contender.
 */
export function measureRows(rows, settings) {
  const samples = measureInterleaved(
    rows.flatMap(({ tasks }) => Object.values(tasks)),
    settings,
  );
  let next = 0;
  return rows.map(({ name, tasks }) => ({
    name,
    rates: Object.fromEntries(Object.keys(tasks).map((contender) => [contender, samples[next++]])),
  }));
}

/**
 * What of a row goes into the results: rates, and how every contender compares with some of them.
 */
export function describeRow({ name, rates }, opponents) {
  return {
    name,
    opsPerSecond: mapValues(rates, summarize),
    versus: Object.fromEntries(
      opponents
        .filter((opponent) => rates[opponent] !== undefined)
        .map((opponent) => [
          opponent,
          mapValues(rates, (own) => summarize(divide(own, rates[opponent]))),
        ]),
    ),
  };
}

export function mapValues(object, change) {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  );
}

/** A task that does many operations in one call. */
export function batchTask(operations, run) {
  return Object.assign(run, { operations });
}

function measureRate(task, sliceMs) {
  const { operations = 1 } = task;
  const callsAtOnce = Math.max(1, Math.floor(BATCH / operations));
  const start = cpuMs();
  let calls = 0;
  let elapsed = 0;
  do {
    for (let i = 0; i < callsAtOnce; i++) {
      // A result that is looked at cannot be optimised away.
      if (task(calls + i) === undefined) throw new Error('a task must give its result back');
    }
    calls += callsAtOnce;
    elapsed = cpuMs() - start;
  } while (elapsed < sliceMs);
  return ((calls * operations) / elapsed) * 1000;
}

/**
 * Processor time of the whole process. On a machine that others use as well, wall clock also counts
 * the time in which the process was not running; this counts what the work costs, and with it the
 * threads of the garbage collector and the compiler, which the work keeps busy.
 */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Median, smallest and largest of some numbers. */
export function summarize(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/** Element by element, one series divided by another. */
export function divide(dividends, divisors) {
  return dividends.map((dividend, i) => dividend / divisors[i]);
}
