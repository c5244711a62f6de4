/** The time of a Date of any realm, in milliseconds since 1970; NaN for anything else. */
export function dateValue(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return Number.NaN;
  }
}
