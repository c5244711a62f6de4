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
${round('changeRight', 'LEFT', 'RIGHT', 'The same round with the halves exchanged.')}`;
}

const HEADER = `/**
 * Generated: node scripts/generate-circuits.mjs. Do not edit.
 *
 * Triple DES over 32 lanes, from the gate lists in gates.ts and the round in programs.ts, without a
 * table. The two halves are arrays of this module and every index into them is a constant, because
 * V8 then knows their addresses; the masks are copied to an array of this module, and their offset
 * is cut to its size, so that V8 need not fear that it overflows. Arrays handed in cost a fifth
 * more. Nothing is left in the arrays when a call returns. Indices are in range: a half has 32
 * planes, and 48 rounds have 48 masks each, 64 words apart.
 */

const LEFT = /* @__PURE__ */ new Int32Array(32);
const RIGHT = /* @__PURE__ */ new Int32Array(32);
const MASKS = /* @__PURE__ */ new Int32Array(4096);

/**
 * Runs triple DES over the block of planes at \`at\`, in place: three times 16 rounds, whose masks
 * begin at \`first\` and then every \`step\` words.
 */
export function transformTdes(
  words: Int32Array,
  at: number,
  masks: Int32Array,
  first: number,
  step: number,
): void {
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
}
`;
