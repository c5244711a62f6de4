/**
 * Generated: node scripts/generate-circuits.mjs. Do not edit.
 *
 * Transpositions of 32 words of 32 bits by exchanges of bit groups, from programs.ts: what turns
 * rows into planes and back. In two halves, so that each has no more values than the processor has
 * registers. What is between them is in a constant of a function that runs once, as in
 * des-round.ts, and nothing of it is left when a call returns. Indices are in range: there are 32
 * words, and as many planes.
 */

/** Turns a row at `from` into the 32 planes of the first word of a block at `to`, or back. */
type Transposition = (words: Int32Array, to: number, from: number) => void;

export const transpositions: Readonly<
  Record<'aesRowToPlanes' | 'aesPlanesToRow' | 'desRowToPlanes' | 'desPlanesToRow', Transposition>
> = /* @__PURE__ */ createTranspositions();

function createTranspositions(): typeof transpositions {
  const WORDS = new Int32Array(32);

  return { aesRowToPlanes, aesPlanesToRow, desRowToPlanes, desPlanesToRow };

  function aesRowToPlanes(words: Int32Array, to: number, from: number): void {
    for (let i = 0; i < 4; i++) {
      const row = from + i;
      const v0 = words[row] as number;
      const v1 = words[row + 4] as number;
      const v2 = words[row + 8] as number;
      const v3 = words[row + 12] as number;
      const v4 = words[row + 16] as number;
      const v5 = words[row + 20] as number;
      const v6 = words[row + 24] as number;
      const v7 = words[row + 28] as number;
      const v8 = ((v0 >>> 16) ^ v4) & 0x0000ffff;
      const v9 = v0 ^ (v8 << 16);
      const v10 = v4 ^ v8;
      const v11 = ((v1 >>> 16) ^ v5) & 0x0000ffff;
      const v12 = v1 ^ (v11 << 16);
      const v13 = v5 ^ v11;
      const v14 = ((v2 >>> 16) ^ v6) & 0x0000ffff;
      const v15 = v2 ^ (v14 << 16);
      const v16 = v6 ^ v14;
      const v17 = ((v3 >>> 16) ^ v7) & 0x0000ffff;
      const v18 = v3 ^ (v17 << 16);
      const v19 = v7 ^ v17;
      const v20 = ((v9 >>> 8) ^ v15) & 0x00ff00ff;
      const v21 = v9 ^ (v20 << 8);
      const v22 = v15 ^ v20;
      const v23 = ((v12 >>> 8) ^ v18) & 0x00ff00ff;
      const v24 = v12 ^ (v23 << 8);
      const v25 = v18 ^ v23;
      const v26 = ((v10 >>> 8) ^ v16) & 0x00ff00ff;
      const v27 = v10 ^ (v26 << 8);
      const v28 = v16 ^ v26;
      const v29 = ((v13 >>> 8) ^ v19) & 0x00ff00ff;
      const v30 = v13 ^ (v29 << 8);
      const v31 = v19 ^ v29;
      const v32 = ((v21 >>> 4) ^ v24) & 0x0f0f0f0f;
      const v33 = ((v22 >>> 4) ^ v25) & 0x0f0f0f0f;
      const v34 = ((v27 >>> 4) ^ v30) & 0x0f0f0f0f;
      const v35 = ((v28 >>> 4) ^ v31) & 0x0f0f0f0f;
      WORDS[i] = v21 ^ (v32 << 4);
      WORDS[i + 4] = v24 ^ v32;
      WORDS[i + 8] = v22 ^ (v33 << 4);
      WORDS[i + 12] = v25 ^ v33;
      WORDS[i + 16] = v27 ^ (v34 << 4);
      WORDS[i + 20] = v30 ^ v34;
      WORDS[i + 24] = v28 ^ (v35 << 4);
      WORDS[i + 28] = v31 ^ v35;
    }
    for (let i = 0; i < 8; i++) {
      const planes = to + ([24, 28, 16, 20, 8, 12, 0, 4][i] as number);
      const o = 4 * i;
      const v0 = WORDS[o] as number;
      const v1 = WORDS[o + 1] as number;
      const v2 = WORDS[o + 2] as number;
      const v3 = WORDS[o + 3] as number;
      const v4 = ((v0 >>> 2) ^ v2) & 0x33333333;
      const v5 = v0 ^ (v4 << 2);
      const v6 = v2 ^ v4;
      const v7 = ((v1 >>> 2) ^ v3) & 0x33333333;
      const v8 = v1 ^ (v7 << 2);
      const v9 = v3 ^ v7;
      const v10 = ((v5 >>> 1) ^ v8) & 0x55555555;
      const v11 = ((v6 >>> 1) ^ v9) & 0x55555555;
      words[planes] = v5 ^ (v10 << 1);
      words[planes + 1] = v8 ^ v10;
      words[planes + 2] = v6 ^ (v11 << 1);
      words[planes + 3] = v9 ^ v11;
    }
    WORDS.fill(0);
  }

  function aesPlanesToRow(words: Int32Array, to: number, from: number): void {
    for (let i = 0; i < 4; i++) {
      const planes = from + ([24, 25, 26, 27][i] as number);
      const v0 = words[planes] as number;
      const v1 = words[planes + 4] as number;
      const v2 = words[planes + -8] as number;
      const v3 = words[planes + -4] as number;
      const v4 = words[planes + -16] as number;
      const v5 = words[planes + -12] as number;
      const v6 = words[planes + -24] as number;
      const v7 = words[planes + -20] as number;
      const v8 = ((v0 >>> 16) ^ v4) & 0x0000ffff;
      const v9 = v0 ^ (v8 << 16);
      const v10 = v4 ^ v8;
      const v11 = ((v1 >>> 16) ^ v5) & 0x0000ffff;
      const v12 = v1 ^ (v11 << 16);
      const v13 = v5 ^ v11;
      const v14 = ((v2 >>> 16) ^ v6) & 0x0000ffff;
      const v15 = v2 ^ (v14 << 16);
      const v16 = v6 ^ v14;
      const v17 = ((v3 >>> 16) ^ v7) & 0x0000ffff;
      const v18 = v3 ^ (v17 << 16);
      const v19 = v7 ^ v17;
      const v20 = ((v9 >>> 8) ^ v15) & 0x00ff00ff;
      const v21 = v9 ^ (v20 << 8);
      const v22 = v15 ^ v20;
      const v23 = ((v12 >>> 8) ^ v18) & 0x00ff00ff;
      const v24 = v12 ^ (v23 << 8);
      const v25 = v18 ^ v23;
      const v26 = ((v10 >>> 8) ^ v16) & 0x00ff00ff;
      const v27 = v10 ^ (v26 << 8);
      const v28 = v16 ^ v26;
      const v29 = ((v13 >>> 8) ^ v19) & 0x00ff00ff;
      const v30 = v13 ^ (v29 << 8);
      const v31 = v19 ^ v29;
      const v32 = ((v21 >>> 4) ^ v24) & 0x0f0f0f0f;
      const v33 = ((v22 >>> 4) ^ v25) & 0x0f0f0f0f;
      const v34 = ((v27 >>> 4) ^ v30) & 0x0f0f0f0f;
      const v35 = ((v28 >>> 4) ^ v31) & 0x0f0f0f0f;
      WORDS[i] = v21 ^ (v32 << 4);
      WORDS[i + 4] = v24 ^ v32;
      WORDS[i + 8] = v22 ^ (v33 << 4);
      WORDS[i + 12] = v25 ^ v33;
      WORDS[i + 16] = v27 ^ (v34 << 4);
      WORDS[i + 20] = v30 ^ v34;
      WORDS[i + 24] = v28 ^ (v35 << 4);
      WORDS[i + 28] = v31 ^ v35;
    }
    for (let i = 0; i < 8; i++) {
      const row = to + 4 * i;
      const o = 4 * i;
      const v0 = WORDS[o] as number;
      const v1 = WORDS[o + 1] as number;
      const v2 = WORDS[o + 2] as number;
      const v3 = WORDS[o + 3] as number;
      const v4 = ((v0 >>> 2) ^ v2) & 0x33333333;
      const v5 = v0 ^ (v4 << 2);
      const v6 = v2 ^ v4;
      const v7 = ((v1 >>> 2) ^ v3) & 0x33333333;
      const v8 = v1 ^ (v7 << 2);
      const v9 = v3 ^ v7;
      const v10 = ((v5 >>> 1) ^ v8) & 0x55555555;
      const v11 = ((v6 >>> 1) ^ v9) & 0x55555555;
      words[row] = v5 ^ (v10 << 1);
      words[row + 1] = v8 ^ v10;
      words[row + 2] = v6 ^ (v11 << 1);
      words[row + 3] = v9 ^ v11;
    }
    WORDS.fill(0);
  }

  function desRowToPlanes(words: Int32Array, to: number, from: number): void {
    for (let i = 0; i < 4; i++) {
      const row = from + i;
      const v0 = words[row] as number;
      const v1 = words[row + 4] as number;
      const v2 = words[row + 8] as number;
      const v3 = words[row + 12] as number;
      const v4 = words[row + 16] as number;
      const v5 = words[row + 20] as number;
      const v6 = words[row + 24] as number;
      const v7 = words[row + 28] as number;
      const v8 = ((v0 >>> 16) ^ v4) & 0x0000ffff;
      const v9 = v0 ^ (v8 << 16);
      const v10 = v4 ^ v8;
      const v11 = ((v1 >>> 16) ^ v5) & 0x0000ffff;
      const v12 = v1 ^ (v11 << 16);
      const v13 = v5 ^ v11;
      const v14 = ((v2 >>> 16) ^ v6) & 0x0000ffff;
      const v15 = v2 ^ (v14 << 16);
      const v16 = v6 ^ v14;
      const v17 = ((v3 >>> 16) ^ v7) & 0x0000ffff;
      const v18 = v3 ^ (v17 << 16);
      const v19 = v7 ^ v17;
      const v20 = ((v9 >>> 8) ^ v15) & 0x00ff00ff;
      const v21 = v9 ^ (v20 << 8);
      const v22 = v15 ^ v20;
      const v23 = ((v12 >>> 8) ^ v18) & 0x00ff00ff;
      const v24 = v12 ^ (v23 << 8);
      const v25 = v18 ^ v23;
      const v26 = ((v10 >>> 8) ^ v16) & 0x00ff00ff;
      const v27 = v10 ^ (v26 << 8);
      const v28 = v16 ^ v26;
      const v29 = ((v13 >>> 8) ^ v19) & 0x00ff00ff;
      const v30 = v13 ^ (v29 << 8);
      const v31 = v19 ^ v29;
      const v32 = ((v21 >>> 4) ^ v24) & 0x0f0f0f0f;
      const v33 = ((v22 >>> 4) ^ v25) & 0x0f0f0f0f;
      const v34 = ((v27 >>> 4) ^ v30) & 0x0f0f0f0f;
      const v35 = ((v28 >>> 4) ^ v31) & 0x0f0f0f0f;
      WORDS[i] = v21 ^ (v32 << 4);
      WORDS[i + 4] = v24 ^ v32;
      WORDS[i + 8] = v22 ^ (v33 << 4);
      WORDS[i + 12] = v25 ^ v33;
      WORDS[i + 16] = v27 ^ (v34 << 4);
      WORDS[i + 20] = v30 ^ v34;
      WORDS[i + 24] = v28 ^ (v35 << 4);
      WORDS[i + 28] = v31 ^ v35;
    }
    for (let i = 0; i < 8; i++) {
      const planes = to + ([28, 12, 29, 13, 30, 14, 31, 15][i] as number);
      const o = 4 * i;
      const v0 = WORDS[o] as number;
      const v1 = WORDS[o + 1] as number;
      const v2 = WORDS[o + 2] as number;
      const v3 = WORDS[o + 3] as number;
      const v4 = ((v0 >>> 2) ^ v2) & 0x33333333;
      const v5 = v0 ^ (v4 << 2);
      const v6 = v2 ^ v4;
      const v7 = ((v1 >>> 2) ^ v3) & 0x33333333;
      const v8 = v1 ^ (v7 << 2);
      const v9 = v3 ^ v7;
      const v10 = ((v5 >>> 1) ^ v8) & 0x55555555;
      const v11 = ((v6 >>> 1) ^ v9) & 0x55555555;
      words[planes] = v5 ^ (v10 << 1);
      words[planes + 32] = v8 ^ v10;
      words[planes + -8] = v6 ^ (v11 << 1);
      words[planes + 24] = v9 ^ v11;
    }
    WORDS.fill(0);
  }

  function desPlanesToRow(words: Int32Array, to: number, from: number): void {
    for (let i = 0; i < 4; i++) {
      const planes = from + ([28, 60, 20, 52][i] as number);
      const v0 = words[planes] as number;
      const v1 = words[planes + -16] as number;
      const v2 = words[planes + 1] as number;
      const v3 = words[planes + -15] as number;
      const v4 = words[planes + 2] as number;
      const v5 = words[planes + -14] as number;
      const v6 = words[planes + 3] as number;
      const v7 = words[planes + -13] as number;
      const v8 = ((v0 >>> 16) ^ v4) & 0x0000ffff;
      const v9 = v0 ^ (v8 << 16);
      const v10 = v4 ^ v8;
      const v11 = ((v1 >>> 16) ^ v5) & 0x0000ffff;
      const v12 = v1 ^ (v11 << 16);
      const v13 = v5 ^ v11;
      const v14 = ((v2 >>> 16) ^ v6) & 0x0000ffff;
      const v15 = v2 ^ (v14 << 16);
      const v16 = v6 ^ v14;
      const v17 = ((v3 >>> 16) ^ v7) & 0x0000ffff;
      const v18 = v3 ^ (v17 << 16);
      const v19 = v7 ^ v17;
      const v20 = ((v9 >>> 8) ^ v15) & 0x00ff00ff;
      const v21 = v9 ^ (v20 << 8);
      const v22 = v15 ^ v20;
      const v23 = ((v12 >>> 8) ^ v18) & 0x00ff00ff;
      const v24 = v12 ^ (v23 << 8);
      const v25 = v18 ^ v23;
      const v26 = ((v10 >>> 8) ^ v16) & 0x00ff00ff;
      const v27 = v10 ^ (v26 << 8);
      const v28 = v16 ^ v26;
      const v29 = ((v13 >>> 8) ^ v19) & 0x00ff00ff;
      const v30 = v13 ^ (v29 << 8);
      const v31 = v19 ^ v29;
      const v32 = ((v21 >>> 4) ^ v24) & 0x0f0f0f0f;
      const v33 = ((v22 >>> 4) ^ v25) & 0x0f0f0f0f;
      const v34 = ((v27 >>> 4) ^ v30) & 0x0f0f0f0f;
      const v35 = ((v28 >>> 4) ^ v31) & 0x0f0f0f0f;
      WORDS[i] = v21 ^ (v32 << 4);
      WORDS[i + 4] = v24 ^ v32;
      WORDS[i + 8] = v22 ^ (v33 << 4);
      WORDS[i + 12] = v25 ^ v33;
      WORDS[i + 16] = v27 ^ (v34 << 4);
      WORDS[i + 20] = v30 ^ v34;
      WORDS[i + 24] = v28 ^ (v35 << 4);
      WORDS[i + 28] = v31 ^ v35;
    }
    for (let i = 0; i < 8; i++) {
      const row = to + 4 * i;
      const o = 4 * i;
      const v0 = WORDS[o] as number;
      const v1 = WORDS[o + 1] as number;
      const v2 = WORDS[o + 2] as number;
      const v3 = WORDS[o + 3] as number;
      const v4 = ((v0 >>> 2) ^ v2) & 0x33333333;
      const v5 = v0 ^ (v4 << 2);
      const v6 = v2 ^ v4;
      const v7 = ((v1 >>> 2) ^ v3) & 0x33333333;
      const v8 = v1 ^ (v7 << 2);
      const v9 = v3 ^ v7;
      const v10 = ((v5 >>> 1) ^ v8) & 0x55555555;
      const v11 = ((v6 >>> 1) ^ v9) & 0x55555555;
      words[row] = v5 ^ (v10 << 1);
      words[row + 1] = v8 ^ v10;
      words[row + 2] = v6 ^ (v11 << 1);
      words[row + 3] = v9 ^ v11;
    }
    WORDS.fill(0);
  }
}
