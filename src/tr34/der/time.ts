/**
 * UTCTime and GeneralizedTime in the one form each that DER and RFC 5280 leave, from and to
 * milliseconds since 1970. No clock is read here.
 */

/** The years that UTCTime has two digits for (RFC 5280 4.1.2.5.1). */
const FIRST_UTC_YEAR = 1950;
const LAST_UTC_YEAR = 2049;

/** Reads `YYMMDDhhmmssZ`; undefined where it is anything else, or no date of the calendar. */
export function parseUtcTime(content: Uint8Array): number | undefined {
  if (content.length !== 13) return undefined;
  const year = readDigits(content, 0);
  return parseTime(year + (year < FIRST_UTC_YEAR % 100 ? 2000 : 1900), content, 2);
}

/** Reads `YYYYMMDDhhmmssZ`; undefined where it is anything else, or no date of the calendar. */
export function parseGeneralizedTime(content: Uint8Array): number | undefined {
  if (content.length !== 15) return undefined;
  return parseTime(100 * readDigits(content, 0) + readDigits(content, 2), content, 4);
}

/** Whether a time, cut to seconds, has a UTCTime. */
export function fitsUtcTime(milliseconds: number): boolean {
  const year = Number(formatTime(milliseconds)?.slice(0, 4));
  return year >= FIRST_UTC_YEAR && year <= LAST_UTC_YEAR;
}

/** Formats a time, cut to seconds, as `YYYYMMDDhhmmssZ`; undefined outside years 0 to 9999. */
export function formatTime(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return undefined;
  // 2010-11-15T00:00:00.000Z, with a sign and six digits for years of more than four.
  const [seconds = ''] = date.toISOString().split('.');
  return seconds.length === 19 ? `${seconds.replaceAll(/[-:T]/g, '')}Z` : undefined;
}

/** Reads `MMDDhhmmssZ` from an offset on. */
function parseTime(year: number, content: Uint8Array, offset: number): number | undefined {
  const month = readDigits(content, offset);
  const day = readDigits(content, offset + 2);
  const hour = readDigits(content, offset + 4);
  const minute = readDigits(content, offset + 6);
  const second = readDigits(content, offset + 8);
  const sound =
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59 &&
    content[offset + 10] === 0x5a;
  if (!sound) return undefined;
  // `Date.UTC` takes the years 0 to 99 for 1900 to 1999; the calendar repeats every 400.
  return Date.UTC(year + 400, month - 1, day, hour, minute, second) - FOUR_CENTURIES;
}

const FOUR_CENTURIES = 146_097 * 86_400_000;

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Two decimal digits; NaN, which is in no range, for anything else. */
function readDigits(content: Uint8Array, offset: number): number {
  const tens = (content[offset] ?? 0) - 0x30;
  const ones = (content[offset + 1] ?? 0) - 0x30;
  const areDigits = tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return areDigits ? 10 * tens + ones : Number.NaN;
}
