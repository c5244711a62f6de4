/** Interleaved measurement of many functions in one process, and what to say about the samples. */

/** Calls between two looks at the clock, so that looking costs nothing. */
const BATCH = 64;

/**
 * Measures every task for a slice in every round, so that a slow moment of the machine falls on
 * all of them and samples of one round may be divided by each other. The first rounds do not count:
 * code that is optimised for one task is optimised again when the next one brings other objects.
 *
 * @param tasks - Functions that do one operation; each is given the number of the call.
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

function measureRate(task, sliceMs) {
  const start = cpuMs();
  let calls = 0;
  let elapsed = 0;
  do {
    for (let i = 0; i < BATCH; i++) {
      // A result that is looked at cannot be optimised away.
      if (task(calls + i) === undefined) throw new Error('a task must give its result back');
    }
    calls += BATCH;
    elapsed = cpuMs() - start;
  } while (elapsed < sliceMs);
  return (calls / elapsed) * 1000;
}

/**
 * Processor time of the whole process. On a machine that others use as well, wall clock also counts
 * the time in which the process was not running; this counts what the work costs, and with it the
 * threads of the garbage collector and the compiler, which the work keeps busy.
 */
function cpuMs() {
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
