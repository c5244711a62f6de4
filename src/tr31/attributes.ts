/** Whether the values of a header's fields are ones that the standard defines. */

import type { KeyblockErrorField } from '../errors.js';
import type { KeyBlockHeader } from './header.js';

/** A field whose values are those of one table. */
type CodedField = 'keyUsage' | 'algorithm' | 'modeOfUse' | 'exportability' | 'keyContext';

/**
 * The codes of the tables, without what they mean: whoever only reads headers, as TR-34 does, gets
 * by with little code.
 */
export const ATTRIBUTE_CODES: Readonly<Record<CodedField, ReadonlySet<string>>> = {
  keyUsage: /* @__PURE__ */ new Set(
    /* @__PURE__ */ (
      'B0 B1 B2 B3 C0 D0 D1 D2 D3 E0 E1 E2 E3 E4 E5 E6 E7 I0 K0 K1 K2 K3 K4 ' +
      'M0 M1 M2 M3 M4 M5 M6 M7 M8 P0 P1 S0 S1 S2 V0 V1 V2 V3 V4 V5'
    ).split(' '),
  ),
  algorithm: /* @__PURE__ */ new Set('ADEHIJRST'),
  modeOfUse: /* @__PURE__ */ new Set('BCDEGNSTVXY'),
  exportability: /* @__PURE__ */ new Set('ENS'),
  keyContext: /* @__PURE__ */ new Set('012'),
};

/** The fields whose values are not defined, in the order of the text. */
export function unknownAttributes(header: KeyBlockHeader, reserved: string): KeyblockErrorField[] {
  const fields: KeyblockErrorField[] = [];
  const requireKnown = (field: CodedField) => {
    if (!ATTRIBUTE_CODES[field].has(header[field])) fields.push(field);
  };
  requireKnown('keyUsage');
  requireKnown('algorithm');
  requireKnown('modeOfUse');
  // X9.143 6.3.4: the c of a component is the only lower-case letter with a meaning.
  if (!/^[0-9A-Zc][0-9A-Z]$/.test(header.keyVersionNumber)) fields.push('keyVersionNumber');
  requireKnown('exportability');
  requireKnown('keyContext');
  if (reserved !== '0') fields.push('reserved');
  return fields;
}
