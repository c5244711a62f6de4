/**
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
 * Runs triple DES over the block of planes at `at`, in place: three times 16 rounds, whose masks
 * begin at `first` and then every `step` words.
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

  /** A round that changes the left half: its 48 masks begin at `k`. */
  function changeLeft(k: number): void {
    const o = k & 4032;
    // S1
    const a0 = (RIGHT[31] as number) ^ (MASKS[o] as number);
    const a1 = (RIGHT[0] as number) ^ (MASKS[o + 1] as number);
    const a2 = (RIGHT[1] as number) ^ (MASKS[o + 2] as number);
    const a3 = (RIGHT[2] as number) ^ (MASKS[o + 3] as number);
    const a4 = (RIGHT[3] as number) ^ (MASKS[o + 4] as number);
    const a5 = (RIGHT[4] as number) ^ (MASKS[o + 5] as number);
    const a6 = a5 ^ a1;
    const a7 = ~a6;
    const a8 = a7 ^ a4;
    const a9 = a3 & (a8 | a7);
    const a10 = a8 ^ a9;
    const a11 = a9 & a4;
    const a12 = a10 ^ (a0 | (a11 | a1));
    const a13 = a9 & a8;
    const a14 = a13 ^ a1;
    const a15 = a14 ^ a4 ^ (a1 & (a12 & a7));
    const a16 = a0 & a15;
    const a17 = a14 ^ a16;
    const a18 = a12 ^ (a2 | a17);
    const a19 = ~(a16 ^ a2) ^ (a3 | a14);
    const a20 = a18 ^ a17;
    const a21 = a0 | (a20 | a15);
    const a22 = ((a3 | a0) & a6) ^ (a2 & (a21 & a14));
    const a23 = a10 ^ a3;
    const a24 = a13 ^ (a0 & a23);
    const a25 = a2 & (a22 | a19);
    const a26 = a4 & (a19 & a16);
    const a27 = ((((a25 ^ a23) | a18) ^ a26) | a1) ^ (a24 ^ a25);
    const a28 = (a5 | a22) ^ a21 ^ a19;
    const a29 = a3 | (a7 ^ (a2 & (a24 ^ a21)));
    const a30 = a28 ^ a27 ^ a18 ^ a29 ^ (a1 & (a29 ^ a26 ^ (a11 & ~a20)));
    LEFT[8] = (LEFT[8] as number) ^ a18;
    LEFT[16] = (LEFT[16] as number) ^ a30;
    LEFT[22] = (LEFT[22] as number) ^ a27;
    LEFT[30] = (LEFT[30] as number) ^ a28;
    // S2
    const b0 = (RIGHT[3] as number) ^ (MASKS[o + 6] as number);
    const b1 = (RIGHT[4] as number) ^ (MASKS[o + 7] as number);
    const b2 = (RIGHT[5] as number) ^ (MASKS[o + 8] as number);
    const b3 = (RIGHT[6] as number) ^ (MASKS[o + 9] as number);
    const b4 = (RIGHT[7] as number) ^ (MASKS[o + 10] as number);
    const b5 = (RIGHT[8] as number) ^ (MASKS[o + 11] as number);
    const b6 = b4 ^ b2;
    const b7 = ~b1;
    const b8 = b3 | b7;
    const b9 = b4 & b3;
    const b10 = b9 ^ b2;
    const b11 = b1 & b10;
    const b12 = b9 ^ b11;
    const b13 = b0 | b12;
    const b14 = b6 ^ b1 ^ b8 ^ b13;
    const b15 = b0 & ((b10 ^ b8) & b4);
    const b16 = b5 & ((b13 | b7) ^ b15);
    const b17 = b14 ^ b16;
    const b18 = b10 ^ b7;
    const b19 = b2 | b18;
    const b20 = b15 | b8;
    const b21 = b17 & b10;
    const b22 = b20 ^ b7 ^ (b2 | b21);
    const b23 = b3 & b19;
    const b24 = b12 ^ b0 ^ (b4 | ((b18 | b17) ^ b23));
    const b25 = b0 | ((b22 | b4) ^ b16);
    const b26 = b14 ^ b11 ^ b25;
    const b27 = b24 ^ (b5 & b26);
    const b28 = b25 | ~b23;
    const b29 = (b27 | b21) ^ (b5 | ((b28 & b18) | b27));
    LEFT[12] = (LEFT[12] as number) ^ b17;
    LEFT[27] = (LEFT[27] as number) ^ (b6 ^ b3 ^ b0 ^ b19 ^ (b5 | b22));
    LEFT[1] = (LEFT[1] as number) ^ (b26 ^ b20 ^ b5 ^ b28 ^ (b4 | b29));
    LEFT[17] = (LEFT[17] as number) ^ b27;
    // S3
    const c0 = (RIGHT[7] as number) ^ (MASKS[o + 12] as number);
    const c1 = (RIGHT[8] as number) ^ (MASKS[o + 13] as number);
    const c2 = (RIGHT[9] as number) ^ (MASKS[o + 14] as number);
    const c3 = (RIGHT[10] as number) ^ (MASKS[o + 15] as number);
    const c4 = (RIGHT[11] as number) ^ (MASKS[o + 16] as number);
    const c5 = (RIGHT[12] as number) ^ (MASKS[o + 17] as number);
    const c6 = c5 ^ c2;
    const c7 = c3 | c5;
    const c8 = c6 ^ c7 ^ c4;
    const c9 = c8 ^ c3;
    const c10 = c9 | c6;
    const c11 = c8 ^ (c1 & c10);
    const c12 = c9 ^ c5;
    const c13 = c4 & (c3 ^ c2);
    const c14 = c12 ^ c13;
    const c15 = ~c10;
    const c16 = c0 | (c14 ^ (c1 & c15));
    const c17 = c11 & c4;
    const c18 = c17 ^ c12;
    const c19 = c0 & ~(c17 & c13);
    const c20 = c18 ^ c19;
    const c21 = c14 ^ c6;
    const c22 = (c21 ^ c7) | c8;
    const c23 = c20 ^ (c1 & (c21 ^ (c0 | c22)));
    const c24 = c23 & c18;
    const c25 = c24 ^ c16;
    const c26 = c25 ^ (c5 | ((c23 ^ c7) | c20));
    const c27 = c1 | (~c2 ^ (c0 & ((c23 | c15) ^ c12)));
    const c28 = c26 ^ c15 ^ (c3 | (c22 & c19)) ^ (c2 | ((c25 & c18) ^ c4));
    LEFT[23] = (LEFT[23] as number) ^ (c28 ^ (c1 & ((c24 ^ c5) & c22)));
    LEFT[15] = (LEFT[15] as number) ^ c23;
    LEFT[29] = (LEFT[29] as number) ^ (c26 ^ c27);
    LEFT[5] = (LEFT[5] as number) ^ (c16 ^ c11);
    // S4
    const d0 = (RIGHT[11] as number) ^ (MASKS[o + 18] as number);
    const d1 = (RIGHT[12] as number) ^ (MASKS[o + 19] as number);
    const d2 = (RIGHT[13] as number) ^ (MASKS[o + 20] as number);
    const d3 = (RIGHT[14] as number) ^ (MASKS[o + 21] as number);
    const d4 = (RIGHT[15] as number) ^ (MASKS[o + 22] as number);
    const d5 = (RIGHT[16] as number) ^ (MASKS[o + 23] as number);
    const d6 = d4 ^ d3;
    const d7 = (d6 & d3) ^ d2;
    const d8 = d1 | d7;
    const d9 = d6 ^ d8;
    const d10 = d9 | d7;
    const d11 = d10 ^ d1;
    const d12 = d11 ^ (d3 | (d11 & d7));
    const d13 = d0 | d12;
    const d14 = d9 ^ d13;
    const d15 = (d10 & d1) ^ d7;
    const d16 = d15 ^ (d0 & d9);
    const d17 = d16 ^ (d4 | (d10 & d0));
    const d18 = ~d14;
    const d19 = d16 | d4;
    const d20 = d1 | (d19 ^ d14);
    const d21 = d19 | d8;
    const d22 = d21 ^ d15 ^ (d3 | ((d21 ^ d13) & d20));
    const d23 = d18 ^ d12 ^ d0 ^ d20 ^ (d5 | d22);
    LEFT[25] = (LEFT[25] as number) ^ (d14 ^ (d5 | d17));
    LEFT[19] = (LEFT[19] as number) ^ (d18 ^ (d5 & d17));
    LEFT[9] = (LEFT[9] as number) ^ d23;
    LEFT[0] = (LEFT[0] as number) ^ (d23 ^ d22 ^ d5);
    // S5
    const e0 = (RIGHT[15] as number) ^ (MASKS[o + 24] as number);
    const e1 = (RIGHT[16] as number) ^ (MASKS[o + 25] as number);
    const e2 = (RIGHT[17] as number) ^ (MASKS[o + 26] as number);
    const e3 = (RIGHT[18] as number) ^ (MASKS[o + 27] as number);
    const e4 = (RIGHT[19] as number) ^ (MASKS[o + 28] as number);
    const e5 = (RIGHT[20] as number) ^ (MASKS[o + 29] as number);
    const e6 = e5 ^ e4;
    const e7 = e6 ^ e0;
    const e8 = e2 | (e7 | e5);
    const e9 = e6 & e2;
    const e10 = e9 ^ e8;
    const e11 = e4 | e10;
    const e12 = e1 & (e2 ^ e11);
    const e13 = e7 ^ e8 ^ e12;
    const e14 = (e13 | e4) ^ e1 ^ e2;
    const e15 = ~e14;
    const e16 = e1 & (e12 ^ e10 ^ e5);
    const e17 = e0 & (e15 ^ e16);
    const e18 = e13 ^ (e3 & (e14 ^ e17));
    const e19 = e2 | (e4 & e0);
    const e20 = e7 ^ e1 ^ e19;
    const e21 = e16 ^ e11;
    const e22 = e21 ^ (e0 & (e20 ^ e2));
    const e23 = e22 ^ (e5 | ((e21 & e2) ^ e14));
    const e24 = e20 ^ (e3 | e23);
    const e25 = e23 ^ e19;
    const e26 = ((e22 ^ e15) | e17) ^ (e5 & (e25 ^ e9));
    const e27 = e26 | e25;
    const e28 = e26 ^ (e3 | (e21 ^ e12 ^ (e5 & e27)));
    const e29 = e4 | (e27 & e18);
    const e30 = e28 ^ e24 ^ (e0 | e18) ^ e29 ^ (e1 | (e18 ^ (e29 | ~e17)));
    LEFT[7] = (LEFT[7] as number) ^ e30;
    LEFT[13] = (LEFT[13] as number) ^ e24;
    LEFT[24] = (LEFT[24] as number) ^ e28;
    LEFT[2] = (LEFT[2] as number) ^ e18;
    // S6
    const f0 = (RIGHT[19] as number) ^ (MASKS[o + 30] as number);
    const f1 = (RIGHT[20] as number) ^ (MASKS[o + 31] as number);
    const f2 = (RIGHT[21] as number) ^ (MASKS[o + 32] as number);
    const f3 = (RIGHT[22] as number) ^ (MASKS[o + 33] as number);
    const f4 = (RIGHT[23] as number) ^ (MASKS[o + 34] as number);
    const f5 = (RIGHT[24] as number) ^ (MASKS[o + 35] as number);
    const f6 = (f5 & f0) ^ f1;
    const f7 = f6 ^ (f4 | f0);
    const f8 = (f4 & f0) ^ (f1 & f6);
    const f9 = f7 ^ (f2 | f8);
    const f10 = (f9 & f2) ^ f8;
    const f11 = f10 ^ (f5 & ((f8 | f4) ^ f10));
    const f12 = f9 ^ (f3 & f11);
    const f13 = f3 | (f11 & f7);
    const f14 = f13 & f5;
    const f15 = f14 ^ f3;
    const f16 = f0 | f15;
    const f17 = f9 ^ f2 ^ f13 ^ f16;
    const f18 = f1 | ((f12 & f7) ^ (f16 | f5));
    const f19 = f17 ^ f18;
    const f20 = f15 ^ f11;
    const f21 = f17 | f4;
    const f22 = f2 | (~(f21 ^ f12) ^ f5);
    const f23 = ~(f19 ^ f9);
    const f24 = f1 & (f22 ^ f21 ^ f14);
    const f25 = f24 ^ f14 ^ (f0 & ((f23 & f10) ^ f22));
    const f26 = ~f20 ^ (f4 | (f15 | f2)) ^ (f5 & f25);
    LEFT[3] = (LEFT[3] as number) ^ f26;
    LEFT[28] = (LEFT[28] as number) ^ (f23 ^ (f4 & (f20 & f18)) ^ f24);
    LEFT[10] = (LEFT[10] as number) ^ f19;
    LEFT[18] = (LEFT[18] as number) ^ f12;
    // S7
    const g0 = (RIGHT[23] as number) ^ (MASKS[o + 36] as number);
    const g1 = (RIGHT[24] as number) ^ (MASKS[o + 37] as number);
    const g2 = (RIGHT[25] as number) ^ (MASKS[o + 38] as number);
    const g3 = (RIGHT[26] as number) ^ (MASKS[o + 39] as number);
    const g4 = (RIGHT[27] as number) ^ (MASKS[o + 40] as number);
    const g5 = (RIGHT[28] as number) ^ (MASKS[o + 41] as number);
    const g6 = g4 ^ g3;
    const g7 = g6 ^ g0;
    const g8 = g6 & g3;
    const g9 = g8 ^ g1;
    const g10 = g7 ^ (g2 | g9);
    const g11 = g10 ^ g2;
    const g12 = g8 & g1;
    const g13 = g5 & (g5 ^ (g0 & (g11 & g9)) ^ g12);
    const g14 = g10 ^ g13;
    const g15 = g4 ^ g2 ^ (g1 & g3);
    const g16 = g14 & g3;
    const g17 = g15 ^ g4;
    const g18 = g1 & g17;
    const g19 = g16 ^ g18;
    const g20 = g15 ^ (g5 | g19);
    const g21 = g1 | ((g17 & g10) | g19);
    const g22 = g0 & (g2 ^ (g5 | (g20 ^ g12)) ^ g21);
    const g23 = g20 ^ g22;
    const g24 = g20 ^ g3;
    const g25 = g3 ^ g1;
    const g26 = g5 & (g25 | g18);
    const g27 = g26 ^ g13;
    const g28 = g0 | ((g24 & g23) ^ g11 ^ (g1 & g27));
    const g29 = g4 & ((g25 | g19) ^ g21);
    const g30 = (g28 | g27) ^ g22 ^ g29 ^ (g5 | (g29 ^ g16 ^ g12 ^ (g3 | g7)));
    LEFT[31] = (LEFT[31] as number) ^ g23;
    LEFT[11] = (LEFT[11] as number) ^ (~g24 ^ g26 ^ g28);
    LEFT[21] = (LEFT[21] as number) ^ g30;
    LEFT[6] = (LEFT[6] as number) ^ g14;
    // S8
    const h0 = (RIGHT[27] as number) ^ (MASKS[o + 42] as number);
    const h1 = (RIGHT[28] as number) ^ (MASKS[o + 43] as number);
    const h2 = (RIGHT[29] as number) ^ (MASKS[o + 44] as number);
    const h3 = (RIGHT[30] as number) ^ (MASKS[o + 45] as number);
    const h4 = (RIGHT[31] as number) ^ (MASKS[o + 46] as number);
    const h5 = (RIGHT[0] as number) ^ (MASKS[o + 47] as number);
    const h6 = ~h4;
    const h7 = h3 ^ (h2 | h6);
    const h8 = h7 ^ h5;
    const h9 = (h7 & h6) ^ h2;
    const h10 = h8 ^ (h1 & h9);
    const h11 = h8 ^ h6;
    const h12 = h10 | h7;
    const h13 = h1 | (h12 & h9);
    const h14 = (h11 | h7) ^ h13;
    const h15 = h10 ^ (h0 & h14);
    const h16 = h15 & h4;
    const h17 = h15 ^ h11 ^ (h5 & h16) ^ (h1 | (h14 ^ h11));
    const h18 = h13 | h9;
    const h19 = h18 ^ h4;
    const h20 = h19 ^ (h5 & h18);
    const h21 = h20 ^ h15;
    const h22 = (h20 & h0) ^ h17;
    const h23 = h21 ^ (h0 & ((h16 & h1) ^ (h13 ^ h3)));
    const h24 = h5 & (h21 ^ h12 ^ (h0 | (h19 ^ h8)));
    const h25 = h23 ^ h24;
    const h26 = h25 ^ h22 ^ h15;
    const h27 = h26 & h24;
    const h28 = h27 ^ h19;
    const h29 = h26 ^ (h3 | h28) ^ (h1 & ((h28 | h24) ^ h27));
    LEFT[4] = (LEFT[4] as number) ^ h22;
    LEFT[26] = (LEFT[26] as number) ^ h15;
    LEFT[14] = (LEFT[14] as number) ^ h25;
    LEFT[20] = (LEFT[20] as number) ^ h29;
  }

  /** The same round with the halves exchanged. */
  function changeRight(k: number): void {
    const o = k & 4032;
    // S1
    const a0 = (LEFT[31] as number) ^ (MASKS[o] as number);
    const a1 = (LEFT[0] as number) ^ (MASKS[o + 1] as number);
    const a2 = (LEFT[1] as number) ^ (MASKS[o + 2] as number);
    const a3 = (LEFT[2] as number) ^ (MASKS[o + 3] as number);
    const a4 = (LEFT[3] as number) ^ (MASKS[o + 4] as number);
    const a5 = (LEFT[4] as number) ^ (MASKS[o + 5] as number);
    const a6 = a5 ^ a1;
    const a7 = ~a6;
    const a8 = a7 ^ a4;
    const a9 = a3 & (a8 | a7);
    const a10 = a8 ^ a9;
    const a11 = a9 & a4;
    const a12 = a10 ^ (a0 | (a11 | a1));
    const a13 = a9 & a8;
    const a14 = a13 ^ a1;
    const a15 = a14 ^ a4 ^ (a1 & (a12 & a7));
    const a16 = a0 & a15;
    const a17 = a14 ^ a16;
    const a18 = a12 ^ (a2 | a17);
    const a19 = ~(a16 ^ a2) ^ (a3 | a14);
    const a20 = a18 ^ a17;
    const a21 = a0 | (a20 | a15);
    const a22 = ((a3 | a0) & a6) ^ (a2 & (a21 & a14));
    const a23 = a10 ^ a3;
    const a24 = a13 ^ (a0 & a23);
    const a25 = a2 & (a22 | a19);
    const a26 = a4 & (a19 & a16);
    const a27 = ((((a25 ^ a23) | a18) ^ a26) | a1) ^ (a24 ^ a25);
    const a28 = (a5 | a22) ^ a21 ^ a19;
    const a29 = a3 | (a7 ^ (a2 & (a24 ^ a21)));
    const a30 = a28 ^ a27 ^ a18 ^ a29 ^ (a1 & (a29 ^ a26 ^ (a11 & ~a20)));
    RIGHT[8] = (RIGHT[8] as number) ^ a18;
    RIGHT[16] = (RIGHT[16] as number) ^ a30;
    RIGHT[22] = (RIGHT[22] as number) ^ a27;
    RIGHT[30] = (RIGHT[30] as number) ^ a28;
    // S2
    const b0 = (LEFT[3] as number) ^ (MASKS[o + 6] as number);
    const b1 = (LEFT[4] as number) ^ (MASKS[o + 7] as number);
    const b2 = (LEFT[5] as number) ^ (MASKS[o + 8] as number);
    const b3 = (LEFT[6] as number) ^ (MASKS[o + 9] as number);
    const b4 = (LEFT[7] as number) ^ (MASKS[o + 10] as number);
    const b5 = (LEFT[8] as number) ^ (MASKS[o + 11] as number);
    const b6 = b4 ^ b2;
    const b7 = ~b1;
    const b8 = b3 | b7;
    const b9 = b4 & b3;
    const b10 = b9 ^ b2;
    const b11 = b1 & b10;
    const b12 = b9 ^ b11;
    const b13 = b0 | b12;
    const b14 = b6 ^ b1 ^ b8 ^ b13;
    const b15 = b0 & ((b10 ^ b8) & b4);
    const b16 = b5 & ((b13 | b7) ^ b15);
    const b17 = b14 ^ b16;
    const b18 = b10 ^ b7;
    const b19 = b2 | b18;
    const b20 = b15 | b8;
    const b21 = b17 & b10;
    const b22 = b20 ^ b7 ^ (b2 | b21);
    const b23 = b3 & b19;
    const b24 = b12 ^ b0 ^ (b4 | ((b18 | b17) ^ b23));
    const b25 = b0 | ((b22 | b4) ^ b16);
    const b26 = b14 ^ b11 ^ b25;
    const b27 = b24 ^ (b5 & b26);
    const b28 = b25 | ~b23;
    const b29 = (b27 | b21) ^ (b5 | ((b28 & b18) | b27));
    RIGHT[12] = (RIGHT[12] as number) ^ b17;
    RIGHT[27] = (RIGHT[27] as number) ^ (b6 ^ b3 ^ b0 ^ b19 ^ (b5 | b22));
    RIGHT[1] = (RIGHT[1] as number) ^ (b26 ^ b20 ^ b5 ^ b28 ^ (b4 | b29));
    RIGHT[17] = (RIGHT[17] as number) ^ b27;
    // S3
    const c0 = (LEFT[7] as number) ^ (MASKS[o + 12] as number);
    const c1 = (LEFT[8] as number) ^ (MASKS[o + 13] as number);
    const c2 = (LEFT[9] as number) ^ (MASKS[o + 14] as number);
    const c3 = (LEFT[10] as number) ^ (MASKS[o + 15] as number);
    const c4 = (LEFT[11] as number) ^ (MASKS[o + 16] as number);
    const c5 = (LEFT[12] as number) ^ (MASKS[o + 17] as number);
    const c6 = c5 ^ c2;
    const c7 = c3 | c5;
    const c8 = c6 ^ c7 ^ c4;
    const c9 = c8 ^ c3;
    const c10 = c9 | c6;
    const c11 = c8 ^ (c1 & c10);
    const c12 = c9 ^ c5;
    const c13 = c4 & (c3 ^ c2);
    const c14 = c12 ^ c13;
    const c15 = ~c10;
    const c16 = c0 | (c14 ^ (c1 & c15));
    const c17 = c11 & c4;
    const c18 = c17 ^ c12;
    const c19 = c0 & ~(c17 & c13);
    const c20 = c18 ^ c19;
    const c21 = c14 ^ c6;
    const c22 = (c21 ^ c7) | c8;
    const c23 = c20 ^ (c1 & (c21 ^ (c0 | c22)));
    const c24 = c23 & c18;
    const c25 = c24 ^ c16;
    const c26 = c25 ^ (c5 | ((c23 ^ c7) | c20));
    const c27 = c1 | (~c2 ^ (c0 & ((c23 | c15) ^ c12)));
    const c28 = c26 ^ c15 ^ (c3 | (c22 & c19)) ^ (c2 | ((c25 & c18) ^ c4));
    RIGHT[23] = (RIGHT[23] as number) ^ (c28 ^ (c1 & ((c24 ^ c5) & c22)));
    RIGHT[15] = (RIGHT[15] as number) ^ c23;
    RIGHT[29] = (RIGHT[29] as number) ^ (c26 ^ c27);
    RIGHT[5] = (RIGHT[5] as number) ^ (c16 ^ c11);
    // S4
    const d0 = (LEFT[11] as number) ^ (MASKS[o + 18] as number);
    const d1 = (LEFT[12] as number) ^ (MASKS[o + 19] as number);
    const d2 = (LEFT[13] as number) ^ (MASKS[o + 20] as number);
    const d3 = (LEFT[14] as number) ^ (MASKS[o + 21] as number);
    const d4 = (LEFT[15] as number) ^ (MASKS[o + 22] as number);
    const d5 = (LEFT[16] as number) ^ (MASKS[o + 23] as number);
    const d6 = d4 ^ d3;
    const d7 = (d6 & d3) ^ d2;
    const d8 = d1 | d7;
    const d9 = d6 ^ d8;
    const d10 = d9 | d7;
    const d11 = d10 ^ d1;
    const d12 = d11 ^ (d3 | (d11 & d7));
    const d13 = d0 | d12;
    const d14 = d9 ^ d13;
    const d15 = (d10 & d1) ^ d7;
    const d16 = d15 ^ (d0 & d9);
    const d17 = d16 ^ (d4 | (d10 & d0));
    const d18 = ~d14;
    const d19 = d16 | d4;
    const d20 = d1 | (d19 ^ d14);
    const d21 = d19 | d8;
    const d22 = d21 ^ d15 ^ (d3 | ((d21 ^ d13) & d20));
    const d23 = d18 ^ d12 ^ d0 ^ d20 ^ (d5 | d22);
    RIGHT[25] = (RIGHT[25] as number) ^ (d14 ^ (d5 | d17));
    RIGHT[19] = (RIGHT[19] as number) ^ (d18 ^ (d5 & d17));
    RIGHT[9] = (RIGHT[9] as number) ^ d23;
    RIGHT[0] = (RIGHT[0] as number) ^ (d23 ^ d22 ^ d5);
    // S5
    const e0 = (LEFT[15] as number) ^ (MASKS[o + 24] as number);
    const e1 = (LEFT[16] as number) ^ (MASKS[o + 25] as number);
    const e2 = (LEFT[17] as number) ^ (MASKS[o + 26] as number);
    const e3 = (LEFT[18] as number) ^ (MASKS[o + 27] as number);
    const e4 = (LEFT[19] as number) ^ (MASKS[o + 28] as number);
    const e5 = (LEFT[20] as number) ^ (MASKS[o + 29] as number);
    const e6 = e5 ^ e4;
    const e7 = e6 ^ e0;
    const e8 = e2 | (e7 | e5);
    const e9 = e6 & e2;
    const e10 = e9 ^ e8;
    const e11 = e4 | e10;
    const e12 = e1 & (e2 ^ e11);
    const e13 = e7 ^ e8 ^ e12;
    const e14 = (e13 | e4) ^ e1 ^ e2;
    const e15 = ~e14;
    const e16 = e1 & (e12 ^ e10 ^ e5);
    const e17 = e0 & (e15 ^ e16);
    const e18 = e13 ^ (e3 & (e14 ^ e17));
    const e19 = e2 | (e4 & e0);
    const e20 = e7 ^ e1 ^ e19;
    const e21 = e16 ^ e11;
    const e22 = e21 ^ (e0 & (e20 ^ e2));
    const e23 = e22 ^ (e5 | ((e21 & e2) ^ e14));
    const e24 = e20 ^ (e3 | e23);
    const e25 = e23 ^ e19;
    const e26 = ((e22 ^ e15) | e17) ^ (e5 & (e25 ^ e9));
    const e27 = e26 | e25;
    const e28 = e26 ^ (e3 | (e21 ^ e12 ^ (e5 & e27)));
    const e29 = e4 | (e27 & e18);
    const e30 = e28 ^ e24 ^ (e0 | e18) ^ e29 ^ (e1 | (e18 ^ (e29 | ~e17)));
    RIGHT[7] = (RIGHT[7] as number) ^ e30;
    RIGHT[13] = (RIGHT[13] as number) ^ e24;
    RIGHT[24] = (RIGHT[24] as number) ^ e28;
    RIGHT[2] = (RIGHT[2] as number) ^ e18;
    // S6
    const f0 = (LEFT[19] as number) ^ (MASKS[o + 30] as number);
    const f1 = (LEFT[20] as number) ^ (MASKS[o + 31] as number);
    const f2 = (LEFT[21] as number) ^ (MASKS[o + 32] as number);
    const f3 = (LEFT[22] as number) ^ (MASKS[o + 33] as number);
    const f4 = (LEFT[23] as number) ^ (MASKS[o + 34] as number);
    const f5 = (LEFT[24] as number) ^ (MASKS[o + 35] as number);
    const f6 = (f5 & f0) ^ f1;
    const f7 = f6 ^ (f4 | f0);
    const f8 = (f4 & f0) ^ (f1 & f6);
    const f9 = f7 ^ (f2 | f8);
    const f10 = (f9 & f2) ^ f8;
    const f11 = f10 ^ (f5 & ((f8 | f4) ^ f10));
    const f12 = f9 ^ (f3 & f11);
    const f13 = f3 | (f11 & f7);
    const f14 = f13 & f5;
    const f15 = f14 ^ f3;
    const f16 = f0 | f15;
    const f17 = f9 ^ f2 ^ f13 ^ f16;
    const f18 = f1 | ((f12 & f7) ^ (f16 | f5));
    const f19 = f17 ^ f18;
    const f20 = f15 ^ f11;
    const f21 = f17 | f4;
    const f22 = f2 | (~(f21 ^ f12) ^ f5);
    const f23 = ~(f19 ^ f9);
    const f24 = f1 & (f22 ^ f21 ^ f14);
    const f25 = f24 ^ f14 ^ (f0 & ((f23 & f10) ^ f22));
    const f26 = ~f20 ^ (f4 | (f15 | f2)) ^ (f5 & f25);
    RIGHT[3] = (RIGHT[3] as number) ^ f26;
    RIGHT[28] = (RIGHT[28] as number) ^ (f23 ^ (f4 & (f20 & f18)) ^ f24);
    RIGHT[10] = (RIGHT[10] as number) ^ f19;
    RIGHT[18] = (RIGHT[18] as number) ^ f12;
    // S7
    const g0 = (LEFT[23] as number) ^ (MASKS[o + 36] as number);
    const g1 = (LEFT[24] as number) ^ (MASKS[o + 37] as number);
    const g2 = (LEFT[25] as number) ^ (MASKS[o + 38] as number);
    const g3 = (LEFT[26] as number) ^ (MASKS[o + 39] as number);
    const g4 = (LEFT[27] as number) ^ (MASKS[o + 40] as number);
    const g5 = (LEFT[28] as number) ^ (MASKS[o + 41] as number);
    const g6 = g4 ^ g3;
    const g7 = g6 ^ g0;
    const g8 = g6 & g3;
    const g9 = g8 ^ g1;
    const g10 = g7 ^ (g2 | g9);
    const g11 = g10 ^ g2;
    const g12 = g8 & g1;
    const g13 = g5 & (g5 ^ (g0 & (g11 & g9)) ^ g12);
    const g14 = g10 ^ g13;
    const g15 = g4 ^ g2 ^ (g1 & g3);
    const g16 = g14 & g3;
    const g17 = g15 ^ g4;
    const g18 = g1 & g17;
    const g19 = g16 ^ g18;
    const g20 = g15 ^ (g5 | g19);
    const g21 = g1 | ((g17 & g10) | g19);
    const g22 = g0 & (g2 ^ (g5 | (g20 ^ g12)) ^ g21);
    const g23 = g20 ^ g22;
    const g24 = g20 ^ g3;
    const g25 = g3 ^ g1;
    const g26 = g5 & (g25 | g18);
    const g27 = g26 ^ g13;
    const g28 = g0 | ((g24 & g23) ^ g11 ^ (g1 & g27));
    const g29 = g4 & ((g25 | g19) ^ g21);
    const g30 = (g28 | g27) ^ g22 ^ g29 ^ (g5 | (g29 ^ g16 ^ g12 ^ (g3 | g7)));
    RIGHT[31] = (RIGHT[31] as number) ^ g23;
    RIGHT[11] = (RIGHT[11] as number) ^ (~g24 ^ g26 ^ g28);
    RIGHT[21] = (RIGHT[21] as number) ^ g30;
    RIGHT[6] = (RIGHT[6] as number) ^ g14;
    // S8
    const h0 = (LEFT[27] as number) ^ (MASKS[o + 42] as number);
    const h1 = (LEFT[28] as number) ^ (MASKS[o + 43] as number);
    const h2 = (LEFT[29] as number) ^ (MASKS[o + 44] as number);
    const h3 = (LEFT[30] as number) ^ (MASKS[o + 45] as number);
    const h4 = (LEFT[31] as number) ^ (MASKS[o + 46] as number);
    const h5 = (LEFT[0] as number) ^ (MASKS[o + 47] as number);
    const h6 = ~h4;
    const h7 = h3 ^ (h2 | h6);
    const h8 = h7 ^ h5;
    const h9 = (h7 & h6) ^ h2;
    const h10 = h8 ^ (h1 & h9);
    const h11 = h8 ^ h6;
    const h12 = h10 | h7;
    const h13 = h1 | (h12 & h9);
    const h14 = (h11 | h7) ^ h13;
    const h15 = h10 ^ (h0 & h14);
    const h16 = h15 & h4;
    const h17 = h15 ^ h11 ^ (h5 & h16) ^ (h1 | (h14 ^ h11));
    const h18 = h13 | h9;
    const h19 = h18 ^ h4;
    const h20 = h19 ^ (h5 & h18);
    const h21 = h20 ^ h15;
    const h22 = (h20 & h0) ^ h17;
    const h23 = h21 ^ (h0 & ((h16 & h1) ^ (h13 ^ h3)));
    const h24 = h5 & (h21 ^ h12 ^ (h0 | (h19 ^ h8)));
    const h25 = h23 ^ h24;
    const h26 = h25 ^ h22 ^ h15;
    const h27 = h26 & h24;
    const h28 = h27 ^ h19;
    const h29 = h26 ^ (h3 | h28) ^ (h1 & ((h28 | h24) ^ h27));
    RIGHT[4] = (RIGHT[4] as number) ^ h22;
    RIGHT[26] = (RIGHT[26] as number) ^ h15;
    RIGHT[14] = (RIGHT[14] as number) ^ h25;
    RIGHT[20] = (RIGHT[20] as number) ^ h29;
  }
}
