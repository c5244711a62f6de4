import { describe, expect, it } from 'vitest';
import { ATTRIBUTE_CODES, unknownAttributes } from '../../src/tr31/attributes.js';
import {
  ALGORITHMS,
  EXPORTABILITIES,
  KEY_CONTEXTS,
  KEY_USAGES,
  keyAlgorithm,
  lookUp,
  MODES_OF_USE,
} from '../../src/tr31/codes.js';
import { isVersionId, parseHeader } from '../../src/tr31/header.js';
import { VERSIONS } from '../../src/tr31/versions.js';

describe('ATTRIBUTE_CODES', () => {
  it.each([
    ['keyUsage', KEY_USAGES],
    ['algorithm', ALGORITHMS],
    ['modeOfUse', MODES_OF_USE],
    ['exportability', EXPORTABILITIES],
    ['keyContext', KEY_CONTEXTS],
  ] as const)('lists the codes of the table: %s', (field, table) => {
    const codes = ATTRIBUTE_CODES[field].split(field === 'keyUsage' ? ' ' : '');
    expect(codes.sort()).toEqual(Object.keys(table).sort());
  });

  it('decides which key usages are known, of all that two characters of ASCII can be', () => {
    const { header } = parseHeader('D0112P0AE00E0000');
    const known: string[] = [];
    for (let first = 0; first < 128; first++) {
      for (let second = 0; second < 128; second++) {
        const keyUsage = String.fromCharCode(first, second);
        if (unknownAttributes({ ...header, keyUsage }, '0').length === 0) known.push(keyUsage);
      }
    }
    expect(known.sort()).toEqual(Object.keys(KEY_USAGES).sort());
  });

  it('goes with the versions that can be read', () => {
    expect([...'ABCDEF', '', 'AB', '0'].filter(isVersionId)).toEqual(Object.keys(VERSIONS));
  });
});

describe('KEY_USAGES', () => {
  // X9.143 6.3.1 table 2, counted by their first letter.
  it('holds the 43 usages of the standard, in its order', () => {
    const codes = Object.keys(KEY_USAGES);
    expect(codes).toHaveLength(43);
    expect(codes.join(' ')).toBe(
      'B0 B1 B2 B3 C0 D0 D1 D2 D3 E0 E1 E2 E3 E4 E5 E6 E7 I0 K0 K1 K2 K3 K4 ' +
        'M0 M1 M2 M3 M4 M5 M6 M7 M8 P0 P1 S0 S1 S2 V0 V1 V2 V3 V4 V5',
    );
  });

  it('names modes and algorithms that exist, each once', () => {
    for (const [code, { modes, algorithms }] of Object.entries(KEY_USAGES)) {
      for (const [table, letters] of [
        [MODES_OF_USE, modes],
        [ALGORITHMS, algorithms],
      ] as const) {
        expect(letters, code).not.toBe('');
        expect(new Set(letters).size, code).toBe(letters.length);
        for (const letter of letters) expect(Object.keys(table), code).toContain(letter);
      }
    }
  });

  it('says something else of every usage', () => {
    const meanings = Object.values(KEY_USAGES).map(({ meaning }) => meaning);
    expect(new Set(meanings).size).toBe(43);
  });

  // What the editions added: TR-31:2018 and X9.143:2021.
  it('knows what is new in which edition', () => {
    const since = (edition: string) =>
      Object.entries(KEY_USAGES)
        .filter(([, row]) => row.since === edition)
        .map(([code]) => code)
        .join(' ');
    expect(since('X')).toBe('B3 D3 E7 K4 P1 V5');
    expect(since('18')).toBe('B2 D1 D2 K2 K3 M6 M7 M8 S0 S1 S2');
    expect(since('10')).toBe('B1 E6 K1 V3 V4');
  });

  // What the standards themselves combine in their examples and texts.
  it.each([
    ['B0', 'X', 'TA'],
    ['B1', 'X', 'TA'],
    ['C0', 'CGV', 'TA'],
    ['K1', 'BDE', 'TA'],
    ['K4', 'BDE', 'A'],
    ['M0', 'CGV', 'T'],
    ['M6', 'CGV', 'TA'],
    ['M7', 'CGV', 'HIJ'],
    ['P0', 'BDE', 'TA'],
    ['S0', 'SV', 'RES'],
    ['K2', 'BDE', 'R'],
    ['K3', 'BDEX', 'RE'],
    ['I0', 'N', 'TAD'],
  ] as const)('gives %s the modes %s and the algorithms %s', (code, modes, algorithms) => {
    expect(KEY_USAGES[code].modes).toBe(modes);
    expect(KEY_USAGES[code].algorithms).toBe(algorithms);
  });
});

describe('ALGORITHMS', () => {
  // X9.143 6.3.2 table 3; I and J are those of ISO 20038.
  it.each([
    ['A', 'AES'],
    ['D', 'DES'],
    ['E', 'EC'],
    ['H', 'HMAC'],
    ['I', 'HMAC'],
    ['J', 'HMAC'],
    ['R', 'RSA'],
    ['S', 'DSA'],
    ['T', 'TDES'],
  ])('reads %s as %s', (code, algorithm) => {
    expect(keyAlgorithm(code)).toBe(algorithm);
  });

  it('holds these nine and no others', () => {
    expect(Object.keys(ALGORITHMS).join('')).toBe('ADEHIJRST');
  });

  it.each(['B', 'Z', 'a', 't', '0', '9', '', 'AA', 'toString', '__proto__', 'constructor'])(
    'reads %j as another one',
    (code) => {
      expect(keyAlgorithm(code)).toBe('other');
    },
  );
});

describe.each([
  // X9.143 6.3.3 table 4, and T of TR-31:2018.
  ['MODES_OF_USE', MODES_OF_USE, 'BCDEGNSTVXY'],
  // X9.143 6.3.5 table 6.
  ['EXPORTABILITIES', EXPORTABILITIES, 'ENS'],
  // X9.143 6.2 table 1.
  ['KEY_CONTEXTS', KEY_CONTEXTS, '012'],
])('%s', (_, table: Readonly<Record<string, { readonly narrows: string }>>, letters) => {
  const codes = Object.keys(table);
  const narrows = (from: string, to: string) => lookUp(table, from)?.narrows.includes(to) === true;

  it('holds the letters of the standard', () => {
    expect(codes.sort().join('')).toBe(letters);
  });

  it('lets every code stay what it is', () => {
    for (const code of codes) expect(narrows(code, code), code).toBe(true);
  });

  it('narrows to codes that exist, each once', () => {
    for (const code of codes) {
      const to = table[code]?.narrows ?? '';
      expect(new Set(to).size, code).toBe(to.length);
      for (const letter of to) expect(codes, code).toContain(letter);
    }
  });

  it('narrows in two steps no further than in one', () => {
    for (const a of codes) {
      for (const b of codes.filter((code) => narrows(a, code))) {
        for (const c of codes.filter((code) => narrows(b, code))) {
          expect(narrows(a, c), `${a} to ${b} to ${c}`).toBe(true);
        }
      }
    }
  });

  it('never comes back from a code that is narrower', () => {
    for (const a of codes) {
      for (const b of codes) {
        if (a !== b && narrows(a, b)) expect(narrows(b, a), `${b} to ${a}`).toBe(false);
      }
    }
  });
});

describe('the narrowing tables', () => {
  it.each([
    ['S', 'SEN'],
    ['E', 'EN'],
    ['N', 'N'],
  ] as const)('let exportability %s become %s', (code, to) => {
    expect([...EXPORTABILITIES[code].narrows].sort()).toEqual([...to].sort());
  });

  it.each([
    ['0', '012'],
    ['1', '1'],
    ['2', '2'],
  ] as const)('let key context %s become %s', (code, to) => {
    expect([...KEY_CONTEXTS[code].narrows].sort()).toEqual([...to].sort());
  });

  // By what each mode does: a narrower one does a part of it.
  it.each([
    ['B', 'BDE'],
    ['C', 'CGV'],
    ['D', 'D'],
    ['E', 'E'],
    ['G', 'G'],
    ['N', 'BCDEGNSTVXY'],
    ['S', 'S'],
    ['T', 'DST'],
    ['V', 'V'],
    ['X', 'X'],
    ['Y', 'Y'],
  ] as const)('let mode %s become %s', (code, to) => {
    expect([...MODES_OF_USE[code].narrows].sort().join('')).toBe(to);
  });
});

describe('lookUp', () => {
  it('finds rows, and nothing that every object has', () => {
    expect(lookUp(KEY_USAGES, 'P0')?.meaning).toBe('PIN encryption key');
    for (const name of ['p0', 'P', 'P00', '', 'toString', 'constructor', '__proto__']) {
      expect(lookUp(KEY_USAGES, name), name).toBeUndefined();
    }
  });
});
