import { printFunction, printSteps } from './print.mjs';

export function printDesRound({ desRound }) {
  const boxes = desRound();
  const round = (name, from, to, doc) => {
    const regions = {
      from: { array: from },
      to: { array: to },
      masks: { array: 'MASKS', offset: 'o' },
    };
    const lines = [
      'const o = k & 4032;',
      ...boxes.flatMap((box, i) => [`// S${i + 1}`, ...printSteps(box, regions, 'abcdefgh'[i])]),
    ];
    return printFunction(`${name}(k: number)`, lines, { doc });
  };
  return `${HEADER}
${round('changeLeft', 'RIGHT', 'LEFT', 'A round that changes the left half: its 48 masks begin at `k`.')}
${round('changeRight', 'LEFT', 'RIGHT', 'The same round with the halves exchanged.')}}
`;
}

const HEADER = `/**
 * Generated: node scripts/generate-circuits.mjs. Do not edit.
 *
 * Triple DES over 32 lanes, from the gate lists in gates.ts and the round in programs.ts, without a
 * table. Every index into the two halves is a constant, and they are constants themselves, of a
 * function that runs once, because V8 then knows their addresses: variables of the module are not
 * constant any more once a bundler has been there. The masks are copied to such an array for the
 * same reason, and their offset is cut to its size, so that V8 need not fear that it overflows.
 * Nothing is left in the arrays when a call returns. Indices are in range: a half has 32 planes,
 * and each of 48 rounds has 48 masks, 64 words apart.
 */

/**
 * Runs triple DES over the block of planes at \`at\`, in place: three times 16 rounds, whose masks
 * begin at \`first\` and then every \`step\` words.
 */
export const transformTdes: (
  words: Int32Array,
  at: number,
  masks: Int32Array,
  first: number,
  step: number,
) => void = /* @__PURE__ */ createTdes();

function createTdes(): typeof transformTdes {
  const LEFT = new Int32Array(32);
  const RIGHT = new Int32Array(32);
  const MASKS = new Int32Array(4096);

  return (words, at, masks, first, step) => {
    for (let i = 0; i < 32; i++) {
      LEFT[i] = words[at + i] as number;
      RIGHT[i] = words[at + 32 + i] as number;
    }
    MASKS.set(masks);
    let k = first;
    for (const end = k + 16 * step; k !== end; k += 2 * step) {
      changeLeft(k);
      changeRight(k + step);
    }
    // The halves of the preoutput are exchanged, so the next pass begins with the other one.
    for (const end = k + 16 * step; k !== end; k += 2 * step) {
      changeRight(k);
      changeLeft(k + step);
    }
    for (const end = k + 16 * step; k !== end; k += 2 * step) {
      changeLeft(k);
      changeRight(k + step);
    }
    for (let i = 0; i < 32; i++) {
      words[at + i] = RIGHT[i] as number;
      words[at + 32 + i] = LEFT[i] as number;
    }
    LEFT.fill(0);
    RIGHT.fill(0);
    MASKS.fill(0);
  };
`;
