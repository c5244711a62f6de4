/** What the simulator throws when the library has broken a promise. */

/** An invariant that does not hold: which one, and what was seen. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}

/** What a device behind a port fails with, which is no error of the library. */
export class DeviceError extends Error {}

/** Demands that an invariant holds. */
export function hold(condition: boolean, invariant: string, detail: () => string): void {
  if (!condition) throw new Violation(invariant, detail());
}
