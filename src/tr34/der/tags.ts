/** Identifier octets of DER: only low tag numbers occur, so a tag is one octet. */

/** Universal tags, constructed where DER constructs them. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  VISIBLE_STRING: 0x1a,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** The bit that says that the content is elements again. */
export const CONSTRUCTED = 0x20;

/** The class of tags whose meaning depends on where they stand. */
export const CONTEXT_CLASS = 0x80;

/** The context tag `[number]` of an element that holds elements. */
export function contextTag(number: number): number {
  return CONTEXT_CLASS | CONSTRUCTED | number;
}

/** The context tag `[number]` of an element that holds plain octets. */
export function primitiveContextTag(number: number): number {
  return CONTEXT_CLASS | number;
}
