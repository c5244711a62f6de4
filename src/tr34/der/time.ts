/**
 * UTCTime and GeneralizedTime in the one form each that DER and RFC 5280 leave, from and to
 * milliseconds since 1970. No clock is read here.
 */

import { asciiText } from '../../primitives/hex.js';

/** The years that UTCTime has two digits for (RFC 5280 4.1.2.5.1). */
const FIRST_UTC_YEAR = 1950;
const LAST_UTC_YEAR = 2049;

/** Reads `YYMMDDhhmmssZ`; undefined where it is anything else, or no date of the calendar. */
export function parseUtcTime(content: Uint8Array): number | undefined {
  if (content.length !== 13) return undefined;
  const text = asciiText(content);
  return parseTime(`${text < '50' ? '20' : '19'}${text}`);
}

/** Reads `YYYYMMDDhhmmssZ`; undefined where it is anything else, or no date of the calendar. */
export function parseGeneralizedTime(content: Uint8Array): number | undefined {
  return content.length === 15 ? parseTime(asciiText(content)) : undefined;
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

function parseTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Engines take 30 February for 2 March, and 24:00 for the next day.
  return formatTime(milliseconds) === text ? milliseconds : undefined;
}
