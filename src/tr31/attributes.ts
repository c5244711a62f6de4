/** Whether the values of a header's fields are ones that the standard defines. */

import type { KeyblockErrorField } from '../errors.js';
import type { KeyBlockHeader } from './header.js';

/** A field whose values are those of one table. */
type CodedField = 'keyUsage' | 'algorithm' | 'modeOfUse' | 'exportability' | 'keyContext';

/**
 * The codes of the tables, without what they mean: whoever only reads headers, as TR-34 does, gets
 * by with little code.
 */
export const ATTRIBUTE_CODES: Readonly<Record<CodedField, string>> = {
  keyUsage:
    'B0 B1 B2 B3 C0 D0 D1 D2 D3 E0 E1 E2 E3 E4 E5 E6 E7 I0 K0 K1 K2 K3 K4 ' +
    'M0 M1 M2 M3 M4 M5 M6 M7 M8 P0 P1 S0 S1 S2 V0 V1 V2 V3 V4 V5',
  algorithm: 'ADEHIJRST',
  modeOfUse: 'BCDEGNSTVXY',
  exportability: 'ENS',
  keyContext: '012',
};

const KEY_USAGES = /* @__PURE__ */ ATTRIBUTE_CODES.keyUsage.split(' ');

/** For every letter code, a bit for each digit that makes a key usage with it. */
const DIGITS_OF_USAGE = /* @__PURE__ */ Uint16Array.from({ length: 128 }, (_, code) =>
  KEY_USAGES.filter((usage) => usage.charCodeAt(0) === code).reduce(
    (bits, usage) => bits | (1 << Number(usage[1])),
    0,
  ),
);

const DIGITS_AND_CAPITALS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * The characters that each place in a header may hold. A key version number takes two places; the c
 * of a component is the only lower-case letter with a meaning (X9.143 6.3.4).
 */
const PLACES = [
  ATTRIBUTE_CODES.algorithm,
  ATTRIBUTE_CODES.modeOfUse,
  `${DIGITS_AND_CAPITALS}c`,
  DIGITS_AND_CAPITALS,
  ATTRIBUTE_CODES.exportability,
  ATTRIBUTE_CODES.keyContext,
] as const;

const [ALGORITHM, MODE_OF_USE, VERSION, VERSION_END, EXPORTABILITY, KEY_CONTEXT] = [
  1, 2, 4, 8, 16, 32,
] as const;

/** For every character code, a bit for each of these places that may hold it. */
const PLACES_OF_CODE = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, code) =>
  PLACES.reduce(
    (bits, codes, i) => (codes.includes(String.fromCharCode(code)) ? bits | (1 << i) : bits),
    0,
  ),
);

/** The fields whose values are not defined, in the order of the text. */
export function unknownAttributes(header: KeyBlockHeader, reserved: string): KeyblockErrorField[] {
  const fields: KeyblockErrorField[] = [];
  const { keyVersionNumber } = header;
  if (!isKeyUsage(header.keyUsage)) fields.push('keyUsage');
  if (!mayHold(ALGORITHM, header.algorithm)) fields.push('algorithm');
  if (!mayHold(MODE_OF_USE, header.modeOfUse)) fields.push('modeOfUse');
  if (!(mayHold(VERSION, keyVersionNumber) && mayHold(VERSION_END, keyVersionNumber, 1))) {
    fields.push('keyVersionNumber');
  }
  if (!mayHold(EXPORTABILITY, header.exportability)) fields.push('exportability');
  if (!mayHold(KEY_CONTEXT, header.keyContext)) fields.push('keyContext');
  if (reserved !== '0') fields.push('reserved');
  return fields;
}

/** Whether a key usage is one of the table. That it has two characters has been checked. */
function isKeyUsage(text: string): boolean {
  const digit = text.charCodeAt(1) - 0x30;
  const digits = DIGITS_OF_USAGE[text.charCodeAt(0)] ?? 0;
  return digit >= 0 && digit <= 9 && ((digits >> digit) & 1) === 1;
}

/** Whether a place may hold a character of a field, whose length has been checked. */
function mayHold(place: number, text: string, index = 0): boolean {
  return ((PLACES_OF_CODE[text.charCodeAt(index)] ?? 0) & place) !== 0;
}
