import { indent, printSteps } from './print.mjs';

/** The two shapes of 32 words of one row: words of it, and planes of a block. */
export function printTranspositions({ transposition, wordPlane, ...planes }) {
  return [
    HEADER,
    ...[
      ['Aes', planes.aesPlane],
      ['Des', planes.desPlane],
    ].flatMap(([cipher, planeOf]) => {
      const planeOfBit = (bit) => wordPlane(planeOf, bit);
      return [toPlanes(cipher, planeOfBit), fromPlanes(cipher, planeOfBit)];
    }),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n}\n');

  function toPlanes(cipher, planeOfBit) {
    const { bases, offset } = split(planeOfBit, 8, (group, i) => 4 * group + i);
    const wide = transposition({ source: (word) => word, target: (word) => word }, 'first');
    const narrow = transposition({ source: (bit) => bit, target: offset }, 'second');
    return printTransposition(
      `${cipher.toLowerCase()}RowToPlanes`,
      ['const row = from + i;', ...printWide(wide, { array: 'words', offset: 'row' })],
      [
        `const planes = to + ${bases};`,
        ...printNarrow(narrow, { array: 'words', offset: 'planes' }),
      ],
    );
  }

  function fromPlanes(cipher, planeOfBit) {
    const { bases, offset } = split(planeOfBit, 4, (group, i) => group + 4 * i);
    const wide = transposition(
      { source: (bit) => offset(bit / 4), target: (word) => word },
      'first',
    );
    const narrow = transposition({ source: (word) => word, target: (word) => word }, 'second');
    return printTransposition(
      `${cipher.toLowerCase()}PlanesToRow`,
      [`const planes = from + ${bases};`, ...printWide(wide, { array: 'words', offset: 'planes' })],
      ['const row = to + 4 * i;', ...printNarrow(narrow, { array: 'words', offset: 'row' })],
    );
  }
}

function printTransposition(name, wide, narrow) {
  const lines = [
    `function ${name}(words: Int32Array, to: number, from: number): void {`,
    '  for (let i = 0; i < 4; i++) {',
    ...indent(indent(wide)),
    '  }',
    '  for (let i = 0; i < 8; i++) {',
    ...indent(indent(narrow)),
    '  }',
    '  WORDS.fill(0);',
    '}',
    '',
  ];
  return indent(lines).join('\n');
}

function printWide(program, from) {
  return printSteps(program, { from, to: { array: 'WORDS', offset: 'i' } });
}

function printNarrow(program, to) {
  return [
    'const o = 4 * i;',
    ...printSteps(program, { from: { array: 'WORDS', offset: 'o' }, to }),
  ];
}

/** The planes of a group of bits, as what all groups have in common and where each group begins. */
function split(planeOfBit, groups, bitOf) {
  const offset = (i) => planeOfBit(bitOf(0, i)) - planeOfBit(bitOf(0, 0));
  const bases = Array.from({ length: groups }, (_, group) => planeOfBit(bitOf(group, 0)));
  for (const [group, base] of bases.entries()) {
    for (let i = 0; i < 32 / groups; i++) {
      if (planeOfBit(bitOf(group, i)) !== base + offset(i)) throw new Error('no such split');
    }
  }
  return { bases: `([${bases.join(', ')}][i] as number)`, offset };
}

const HEADER = `/**
 * Generated: node scripts/generate-circuits.mjs. Do not edit.
 *
 * Transpositions of 32 words of 32 bits by exchanges of bit groups, from programs.ts: what turns
 * rows into planes and back. In two halves, so that each has no more values than the processor has
 * registers. What is between them is in a constant of a function that runs once, as in
 * des-round.ts, and nothing of it is left when a call returns. Indices are in range: there are 32
 * words, and as many planes.
 */

/** Turns a row at \`from\` into the 32 planes of the first word of a block at \`to\`, or back. */
type Transposition = (words: Int32Array, to: number, from: number) => void;

export const transpositions: Readonly<
  Record<'aesRowToPlanes' | 'aesPlanesToRow' | 'desRowToPlanes' | 'desPlanesToRow', Transposition>
> = /* @__PURE__ */ createTranspositions();

function createTranspositions(): typeof transpositions {
  const WORDS = new Int32Array(32);

  return { aesRowToPlanes, aesPlanesToRow, desRowToPlanes, desPlanesToRow };
`;
