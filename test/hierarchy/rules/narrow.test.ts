// Invariant I11: what leaves says the same of a key or less.

import fc from 'fast-check';
import { type KeyBlockHeader, KeyblockError } from 'keyblock';
import { type HeaderRequest, narrowHeader } from 'keyblock/hierarchy';
import { describe, expect, it } from 'vitest';
import { refusal } from '../keys/estate.js';

const HEADER: KeyBlockHeader = {
  versionId: 'D',
  keyUsage: 'P0',
  algorithm: 'A',
  modeOfUse: 'B',
  keyVersionNumber: '00',
  exportability: 'S',
  keyContext: '0',
  optionalBlocks: [{ id: 'LB', data: 'one' }],
};

/** The partial orders of X9.143, written out: what each value may become. */
const ORDERS = {
  modeOfUse: {
    B: 'BDE',
    C: 'CGV',
    D: 'D',
    E: 'E',
    G: 'G',
    N: 'NBCDEGSTVXY',
    S: 'S',
    T: 'TSD',
    V: 'V',
    X: 'X',
    Y: 'Y',
  },
  exportability: { S: 'SEN', E: 'EN', N: 'N' },
  keyContext: { '0': '012', '1': '1', '2': '2' },
} as const;
const CODES = {
  modeOfUse: 'USAGE_NOT_ALLOWED',
  exportability: 'EXPORT_NOT_ALLOWED',
  keyContext: 'CONTEXT_MISMATCH',
} as const;

const PAIRS = Object.entries(ORDERS).flatMap(([field, order]) =>
  Object.keys(order).flatMap((from) =>
    Object.keys(order).map((to) => ({
      field: field as keyof typeof CODES,
      from,
      to,
      allowed: (order as Readonly<Record<string, string>>)[from]?.includes(to) === true,
    })),
  ),
);

describe('narrowHeader', () => {
  it.each(PAIRS)('$field $from to $to: $allowed', ({ field, from, to, allowed }) => {
    const header = { ...HEADER, [field]: from };
    const call = () => narrowHeader({ header, request: { [field]: to } });
    if (allowed) expect(call()).toEqual({ ...header, [field]: to });
    else expect(call).toThrow(expect.objectContaining(refusal(CODES[field], field)));
  });

  it('never widens, however often it narrows', () => {
    const anyRequest = fc.record(
      {
        modeOfUse: fc.constantFrom(...Object.keys(ORDERS.modeOfUse)),
        exportability: fc.constantFrom(...Object.keys(ORDERS.exportability)),
        keyContext: fc.constantFrom(...Object.keys(ORDERS.keyContext)),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 6 }), (requests) => {
        let header = { ...HEADER, modeOfUse: 'N' };
        for (const request of requests) {
          const next = tryNarrow(header, request);
          for (const field of Object.keys(ORDERS) as (keyof typeof ORDERS)[]) {
            const order: Readonly<Record<string, string>> = ORDERS[field];
            expect(order[header[field]]).toContain(next[field]);
          }
          header = next;
        }
      }),
    );
  });

  it('takes any version of key block, a key version where there is none, and more blocks', () => {
    const added = [{ id: 'TC', data: '2027-01-01T00:00:00Z' }];
    const request = { versionId: 'B', keyVersionNumber: '07', optionalBlocks: added } as const;
    expect(narrowHeader({ header: HEADER, request })).toEqual({
      ...HEADER,
      versionId: 'B',
      keyVersionNumber: '07',
      optionalBlocks: [...HEADER.optionalBlocks, ...added],
    });
  });

  it('changes nothing where nothing is asked for', () => {
    expect(narrowHeader({ header: HEADER })).toEqual(HEADER);
  });

  it.each([
    [{ keyUsage: 'D0' }, 'USAGE_NOT_ALLOWED', 'keyUsage'],
    [{ algorithm: 'T' }, 'INVALID_ARGUMENT', 'algorithm'],
    [{ keyVersionNumber: 'c1' }, 'INVALID_ARGUMENT', 'keyVersionNumber'],
    [{ versionId: 'F' }, 'UNSUPPORTED', 'versionId'],
    [{ optionalBlocks: [{ id: 'LB', data: 'two' }] }, 'INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    [{ optionalBlocks: [{ id: '77', data: 'x' }] }, 'INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    [{ optionalBlocks: [{ id: 'WP', data: '000' }] }, 'INVALID_OPTIONAL_BLOCK', 'optionalBlocks'],
    [{ optionalBlocks: 'LB' }, 'INVALID_ARGUMENT', 'optionalBlocks'],
  ])('refuses %j', (request, code, field) => {
    const options = { header: HEADER, request: request as HeaderRequest };
    expect(() => narrowHeader(options)).toThrow(expect.objectContaining(refusal(code, field)));
  });

  it('does not change a key version that is there', () => {
    const header = { ...HEADER, keyVersionNumber: '07' };
    expect(() => narrowHeader({ header, request: { keyVersionNumber: '08' } })).toThrow(
      expect.objectContaining(refusal('INVALID_ARGUMENT', 'keyVersionNumber')),
    );
  });
});

function tryNarrow(header: KeyBlockHeader, request: HeaderRequest): KeyBlockHeader {
  try {
    return narrowHeader({ header, request });
  } catch (error) {
    if (error instanceof KeyblockError) return header;
    throw error;
  }
}
