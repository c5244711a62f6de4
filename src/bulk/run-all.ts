/** Runs every step, whatever others throw, and throws in the end what was thrown first. */
export function runAll(steps: Iterable<() => void>): void {
  const thrown: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      thrown.push(error);
    }
  }
  if (thrown.length > 0) throw thrown[0];
}
