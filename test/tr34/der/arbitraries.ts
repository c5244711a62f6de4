/** Arbitrary DER, written with the writer. */

import fc from 'fast-check';
import {
  bitString,
  context,
  encodeElement,
  integer,
  nullValue,
  octetString,
  oid,
  primitiveContext,
  sequence,
  set,
  time,
} from '../../../src/tr34/der/writer.js';

const FIRST_TIME = Date.parse('1950-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59Z');

export const anyOid: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(fc.tuple(fc.nat(1), fc.nat(39)), fc.tuple(fc.constant(2), fc.nat(1000))),
    fc.array(fc.oneof(fc.nat(300), fc.nat(2 ** 31 - 1)), { maxLength: 5 }),
  )
  .map(([[top, second], rest]) => [top, second, ...rest].join('.'));

/** Milliseconds of a whole second. */
export const anyTime: fc.Arbitrary<number> = fc
  .integer({ min: FIRST_TIME / 1000, max: LAST_TIME / 1000 })
  .map((seconds) => 1000 * seconds);

const anyPrimitive: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => integer(bytes)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => octetString(bytes)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => bitString(bytes)),
  fc.boolean().map((value) => encodeElement(0x01, Uint8Array.of(value ? 0xff : 0))),
  fc.constant(nullValue()),
  anyOid.map((dotted) => oid(dotted)),
  anyTime.map((milliseconds) => time(milliseconds)),
  fc
    .stringMatching(/^[ -~]{0,20}$/)
    .map((text) => encodeElement(0x13, new TextEncoder().encode(text))),
  fc
    .tuple(fc.nat(30), fc.uint8Array({ maxLength: 20 }))
    .map(([number, bytes]) => primitiveContext(number, bytes)),
);

/** Trees of up to four levels. */
export const anyDer: fc.Arbitrary<Uint8Array> = fc.letrec<{ element: Uint8Array }>((tie) => {
  const children = fc.array(tie('element'), { maxLength: 4 });
  return {
    element: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'der' },
      anyPrimitive,
      children.map((elements) => sequence(...elements)),
      children.map((elements) => set(...elements)),
      fc.tuple(fc.nat(30), children).map(([number, elements]) => context(number, ...elements)),
    ),
  };
}).element;

/** DER in which some bytes have been changed, taken out or put in. */
export const almostDer: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    anyDer,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'add'), fc.nat(255)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([bytes, edits]) => {
    const edited = [...bytes];
    for (const [place, edit, value] of edits) {
      const at = place % (edited.length + 1);
      if (edit === 'set') edited[at] = value;
      else if (edit === 'drop') edited.splice(at, 1);
      else edited.splice(at, 0, value);
    }
    return Uint8Array.from(edited);
  });
