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
    const a7 = a6 ^ a4;
    const a8 = a7 & (a6 | a3);
    const a9 = a8 ^ a3;
    const a10 = a9 | a7;
    const a11 = a1 ^ a10;
    const a12 = (a1 & ~a9) | (a11 ^ a4);
    const a13 = a0 & a12;
    const a14 = a13 ^ a11;
    const a15 = a9 ^ (a14 & a2);
    const a16 = a10 ^ a0;
    const a17 = a16 & a3;
    const a18 = a17 | a4;
    const a19 = a15 ^ (a18 & ~(a1 | a0));
    const a20 = a11 & a3;
    const a21 = a20 ^ a2;
    const a22 = a13 ^ a21;
    const a23 = a22 ^ (a15 & ~(a12 | a0));
    const a24 = a23 ^ a14;
    const a25 = ~((a24 | a21) ^ (a17 | a6));
    const a26 = a5 & a25;
    const a27 = a23 ^ a26;
    const a28 = a21 | (a19 | a9);
    const a29 = a8 | a16;
    const a30 = a28 ^ a29;
    const a31 = (a1 | (a28 & (a24 | a18))) ^ (a2 | (a22 & a25));
    const a32 = a29 ^ a31;
    const a33 = a32 ^ (a27 ^ (a20 & (a26 ^ (a24 | a30))));
    LEFT[8] = (LEFT[8] as number) ^ a19;
    LEFT[16] = (LEFT[16] as number) ^ (a19 ^ ((a1 & (a30 | a18)) ^ a33));
    LEFT[22] = (LEFT[22] as number) ^ a32;
    LEFT[30] = (LEFT[30] as number) ^ a27;
    // S2
    const b0 = (RIGHT[3] as number) ^ (MASKS[o + 6] as number);
    const b1 = (RIGHT[4] as number) ^ (MASKS[o + 7] as number);
    const b2 = (RIGHT[5] as number) ^ (MASKS[o + 8] as number);
    const b3 = (RIGHT[6] as number) ^ (MASKS[o + 9] as number);
    const b4 = (RIGHT[7] as number) ^ (MASKS[o + 10] as number);
    const b5 = (RIGHT[8] as number) ^ (MASKS[o + 11] as number);
    const b6 = b4 | b3;
    const b7 = b6 ^ b2;
    const b8 = b1 & b7;
    const b9 = b8 ^ b6;
    const b10 = b9 & b0;
    const b11 = b4 ^ b2;
    const b12 = b3 & b1;
    const b13 = b11 ^ b12;
    const b14 = b13 ^ b1;
    const b15 = b10 ^ b14;
    const b16 = b5 | (b10 & b1);
    const b17 = b6 ^ b13;
    const b18 = b0 | b17;
    const b19 = b18 | b4;
    const b20 = b15 ^ (b19 & ~b16);
    const b21 = b1 ^ (b2 & ~(b20 & b7));
    const b22 = b19 & b12;
    const b23 = b21 ^ b22;
    const b24 = b16 ^ (b18 ^ (b23 & b4));
    const b25 = b24 & b0;
    const b26 = b15 ^ (b25 ^ b8);
    const b27 = b3 | (b14 & b17);
    const b28 = b9 ^ (b0 ^ (b5 | b26)) ^ (b4 & (b27 ^ (b21 | b20)));
    const b29 = b5 ^ b22;
    const b30 = b27 ^ b24;
    const b31 = b29 ^ (b26 ^ (b30 & b25)) ^ (b4 & (b28 | b30));
    LEFT[12] = (LEFT[12] as number) ^ b20;
    LEFT[27] = (LEFT[27] as number) ^ (b27 ^ (b29 & b23) ^ (b0 ^ b11));
    LEFT[1] = (LEFT[1] as number) ^ b31;
    LEFT[17] = (LEFT[17] as number) ^ b28;
    // S3
    const c0 = (RIGHT[7] as number) ^ (MASKS[o + 12] as number);
    const c1 = (RIGHT[8] as number) ^ (MASKS[o + 13] as number);
    const c2 = (RIGHT[9] as number) ^ (MASKS[o + 14] as number);
    const c3 = (RIGHT[10] as number) ^ (MASKS[o + 15] as number);
    const c4 = (RIGHT[11] as number) ^ (MASKS[o + 16] as number);
    const c5 = (RIGHT[12] as number) ^ (MASKS[o + 17] as number);
    const c6 = c5 ^ c4;
    const c7 = c5 & c3;
    const c8 = c3 & ~c4;
    const c9 = c4 & c2;
    const c10 = c9 ^ c1;
    const c11 = c2 ^ c10;
    const c12 = c8 ^ c11;
    const c13 = c6 ^ c3;
    const c14 = c6 | c4;
    const c15 = c14 & ~c10;
    const c16 = c15 | c2;
    const c17 = c13 ^ c16;
    const c18 = c3 | (c17 ^ c15);
    const c19 = c18 & c1;
    const c20 = c8 | (c7 ^ ((c19 ^ c0) & (c9 ^ c5)));
    const c21 = c12 ^ (c13 ^ (c20 & c0));
    const c22 = c6 ^ (c2 ^ (c7 | c12)) ^ (c0 | (c20 & c16 & ~c21));
    const c23 = c18 ^ (c19 | c14);
    const c24 = c19 ^ c15 ^ (c23 & c6);
    const c25 = c24 ^ (c12 | c4) ^ (c0 & (c11 ^ (c24 & (c23 ^ c21))));
    LEFT[23] = (LEFT[23] as number) ^ (c17 ^ (c0 | c23));
    LEFT[15] = (LEFT[15] as number) ^ c22;
    LEFT[29] = (LEFT[29] as number) ^ c25;
    LEFT[5] = (LEFT[5] as number) ^ c21;
    // S4
    const d0 = (RIGHT[11] as number) ^ (MASKS[o + 18] as number);
    const d1 = (RIGHT[12] as number) ^ (MASKS[o + 19] as number);
    const d2 = (RIGHT[13] as number) ^ (MASKS[o + 20] as number);
    const d3 = (RIGHT[14] as number) ^ (MASKS[o + 21] as number);
    const d4 = (RIGHT[15] as number) ^ (MASKS[o + 22] as number);
    const d5 = (RIGHT[16] as number) ^ (MASKS[o + 23] as number);
    const d6 = d4 ^ d3;
    const d7 = d4 ^ d2;
    const d8 = d6 & d7;
    const d9 = d3 ^ d8;
    const d10 = d9 ^ d0;
    const d11 = d7 | d1;
    const d12 = d10 ^ d11;
    const d13 = d1 ^ (d8 ^ (d12 | (d11 & d0)));
    const d14 = d5 ^ (d8 | d1);
    const d15 = d6 ^ (d13 | d10);
    const d16 = d14 ^ (d7 ^ (d15 | d9));
    const d17 = d13 ^ (d4 & (d6 | d1)) ^ (d16 | d5);
    const d18 = d17 ^ (d12 ^ (d15 & d14));
    LEFT[25] = (LEFT[25] as number) ^ (d17 ^ d16);
    LEFT[19] = (LEFT[19] as number) ^ d17;
    LEFT[9] = (LEFT[9] as number) ^ (d15 ^ (d18 ^ d16));
    LEFT[0] = (LEFT[0] as number) ^ d18;
    // S5
    const e0 = (RIGHT[15] as number) ^ (MASKS[o + 24] as number);
    const e1 = (RIGHT[16] as number) ^ (MASKS[o + 25] as number);
    const e2 = (RIGHT[17] as number) ^ (MASKS[o + 26] as number);
    const e3 = (RIGHT[18] as number) ^ (MASKS[o + 27] as number);
    const e4 = (RIGHT[19] as number) ^ (MASKS[o + 28] as number);
    const e5 = (RIGHT[20] as number) ^ (MASKS[o + 29] as number);
    const e6 = e4 ^ e0;
    const e7 = e6 ^ e1;
    const e8 = e7 ^ e5;
    const e9 = e8 & ~e4;
    const e10 = e9 | e5;
    const e11 = e6 | e2;
    const e12 = e11 & e4;
    const e13 = e2 ^ (e12 | e5);
    const e14 = e8 & e11;
    const e15 = e13 & (e14 ^ e6);
    const e16 = e15 | e1;
    const e17 = e16 & ~e12;
    const e18 = e12 | e2;
    const e19 = e8 ^ (e18 & e1);
    const e20 = e13 ^ (e19 & e10);
    const e21 = e17 ^ (e13 & e1);
    const e22 = e9 ^ (e16 ^ (e21 | e18));
    const e23 = e21 ^ (e22 & e0);
    const e24 = e19 ^ (e3 & ~e23);
    const e25 = (e3 | (e10 & ~e17)) ^ (e20 ^ (e23 & (e7 & ~e24)));
    const e26 = e15 ^ e24;
    const e27 = e21 | (e26 & e14);
    const e28 = e18 ^ e8 ^ (e3 | (e27 ^ e20));
    const e29 = e28 ^ ((e22 & (e27 ^ e26)) | (e26 & e7));
    LEFT[7] = (LEFT[7] as number) ^ (e25 ^ e29);
    LEFT[13] = (LEFT[13] as number) ^ e28;
    LEFT[24] = (LEFT[24] as number) ^ (e25 ^ e1);
    LEFT[2] = (LEFT[2] as number) ^ e26;
    // S6
    const f0 = (RIGHT[19] as number) ^ (MASKS[o + 30] as number);
    const f1 = (RIGHT[20] as number) ^ (MASKS[o + 31] as number);
    const f2 = (RIGHT[21] as number) ^ (MASKS[o + 32] as number);
    const f3 = (RIGHT[22] as number) ^ (MASKS[o + 33] as number);
    const f4 = (RIGHT[23] as number) ^ (MASKS[o + 34] as number);
    const f5 = (RIGHT[24] as number) ^ (MASKS[o + 35] as number);
    const f6 = f4 ^ f0;
    const f7 = f5 | f0;
    const f8 = f1 ^ (f7 ^ f5);
    const f9 = f8 ^ (f6 & f4);
    const f10 = f6 ^ (f9 | (f7 ^ (f5 & f2)));
    const f11 = f10 & f2;
    const f12 = f11 ^ f9;
    const f13 = f7 | f4;
    const f14 = f10 & f13;
    const f15 = f12 ^ (f14 | f3);
    const f16 = f1 & (f15 & f9);
    const f17 = f3 ^ f7;
    const f18 = f17 ^ f6;
    const f19 = f8 ^ f18;
    const f20 = f19 & f3;
    const f21 = f16 ^ (f2 ^ (f17 | (f13 ^ (f20 | f4))));
    const f22 = f20 | f5;
    const f23 = f14 ^ ((f22 ^ f3) | (f4 & f2));
    const f24 = f16 | f4;
    const f25 = f2 | (f24 | f1);
    const f26 = f22 ^ (f25 & (f19 | f11));
    LEFT[3] = (LEFT[3] as number) ^ (f23 ^ ((f26 | f18) & (f25 & ~f5)));
    LEFT[28] = (LEFT[28] as number) ^ ((f23 | f24) ^ (f21 ^ (f26 | f1)));
    LEFT[10] = (LEFT[10] as number) ^ (f21 ^ f12);
    LEFT[18] = (LEFT[18] as number) ^ f15;
    // S7
    const g0 = (RIGHT[23] as number) ^ (MASKS[o + 36] as number);
    const g1 = (RIGHT[24] as number) ^ (MASKS[o + 37] as number);
    const g2 = (RIGHT[25] as number) ^ (MASKS[o + 38] as number);
    const g3 = (RIGHT[26] as number) ^ (MASKS[o + 39] as number);
    const g4 = (RIGHT[27] as number) ^ (MASKS[o + 40] as number);
    const g5 = (RIGHT[28] as number) ^ (MASKS[o + 41] as number);
    const g6 = g3 ^ g1;
    const g7 = g6 & g5;
    const g8 = g7 & g1;
    const g9 = g5 ^ (g8 & g4);
    const g10 = g8 ^ g2;
    const g11 = (g4 | (g10 & g3)) ^ g6;
    const g12 = g3 ^ (g11 & g2);
    const g13 = g9 ^ ((g9 & (g11 & g0)) | (g12 ^ g4));
    const g14 = g2 ^ g0;
    const g15 = g13 ^ g14;
    const g16 = g15 | g3;
    const g17 = g16 ^ (g1 & ~g10);
    const g18 = g17 & ~g11;
    const g19 = ~g5;
    const g20 = g10 ^ (g17 & g19);
    const g21 = g20 ^ g4;
    const g22 = g21 ^ (g16 & g7);
    const g23 = g0 & (g18 ^ (g14 ^ (g22 & g19)));
    const g24 = g22 ^ g3;
    const g25 = g20 ^ (g24 | g22);
    const g26 = g9 ^ (g0 | (g25 ^ g12));
    const g27 = g7 ^ (g23 ^ (g26 | (g18 & g5))) ^ ((g15 ^ (g25 & g6)) & g19);
    LEFT[31] = (LEFT[31] as number) ^ (g23 ^ g21);
    LEFT[11] = (LEFT[11] as number) ^ (g26 ^ g24);
    LEFT[21] = (LEFT[21] as number) ^ g27;
    LEFT[6] = (LEFT[6] as number) ^ g15;
    // S8
    const h0 = (RIGHT[27] as number) ^ (MASKS[o + 42] as number);
    const h1 = (RIGHT[28] as number) ^ (MASKS[o + 43] as number);
    const h2 = (RIGHT[29] as number) ^ (MASKS[o + 44] as number);
    const h3 = (RIGHT[30] as number) ^ (MASKS[o + 45] as number);
    const h4 = (RIGHT[31] as number) ^ (MASKS[o + 46] as number);
    const h5 = (RIGHT[0] as number) ^ (MASKS[o + 47] as number);
    const h6 = h2 ^ (h4 & h3);
    const h7 = h6 | h1;
    const h8 = h3 ^ (h6 | h4);
    const h9 = h8 ^ (h6 & h1);
    const h10 = h4 ^ (h7 | (h9 & h5));
    const h11 = h10 ^ h5;
    const h12 = h1 & ~h11;
    const h13 = h10 ^ h9;
    const h14 = h8 & (h13 | h1);
    const h15 = h12 ^ (h14 ^ h7);
    const h16 = (h15 | (h12 | h0)) ^ h13;
    const h17 = h16 ^ h11;
    const h18 = h0 ^ (h17 & h5);
    const h19 = h15 ^ (h18 | h11);
    const h20 = (h18 | (h19 & (h14 | h2))) ^ h16;
    const h21 = h1 ^ (h10 & (h16 ^ (h18 | h15))) ^ h19;
    LEFT[4] = (LEFT[4] as number) ^ (h19 ^ h17);
    LEFT[26] = (LEFT[26] as number) ^ h17;
    LEFT[14] = (LEFT[14] as number) ^ h20;
    LEFT[20] = (LEFT[20] as number) ^ (h20 ^ h21);
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
    const a7 = a6 ^ a4;
    const a8 = a7 & (a6 | a3);
    const a9 = a8 ^ a3;
    const a10 = a9 | a7;
    const a11 = a1 ^ a10;
    const a12 = (a1 & ~a9) | (a11 ^ a4);
    const a13 = a0 & a12;
    const a14 = a13 ^ a11;
    const a15 = a9 ^ (a14 & a2);
    const a16 = a10 ^ a0;
    const a17 = a16 & a3;
    const a18 = a17 | a4;
    const a19 = a15 ^ (a18 & ~(a1 | a0));
    const a20 = a11 & a3;
    const a21 = a20 ^ a2;
    const a22 = a13 ^ a21;
    const a23 = a22 ^ (a15 & ~(a12 | a0));
    const a24 = a23 ^ a14;
    const a25 = ~((a24 | a21) ^ (a17 | a6));
    const a26 = a5 & a25;
    const a27 = a23 ^ a26;
    const a28 = a21 | (a19 | a9);
    const a29 = a8 | a16;
    const a30 = a28 ^ a29;
    const a31 = (a1 | (a28 & (a24 | a18))) ^ (a2 | (a22 & a25));
    const a32 = a29 ^ a31;
    const a33 = a32 ^ (a27 ^ (a20 & (a26 ^ (a24 | a30))));
    RIGHT[8] = (RIGHT[8] as number) ^ a19;
    RIGHT[16] = (RIGHT[16] as number) ^ (a19 ^ ((a1 & (a30 | a18)) ^ a33));
    RIGHT[22] = (RIGHT[22] as number) ^ a32;
    RIGHT[30] = (RIGHT[30] as number) ^ a27;
    // S2
    const b0 = (LEFT[3] as number) ^ (MASKS[o + 6] as number);
    const b1 = (LEFT[4] as number) ^ (MASKS[o + 7] as number);
    const b2 = (LEFT[5] as number) ^ (MASKS[o + 8] as number);
    const b3 = (LEFT[6] as number) ^ (MASKS[o + 9] as number);
    const b4 = (LEFT[7] as number) ^ (MASKS[o + 10] as number);
    const b5 = (LEFT[8] as number) ^ (MASKS[o + 11] as number);
    const b6 = b4 | b3;
    const b7 = b6 ^ b2;
    const b8 = b1 & b7;
    const b9 = b8 ^ b6;
    const b10 = b9 & b0;
    const b11 = b4 ^ b2;
    const b12 = b3 & b1;
    const b13 = b11 ^ b12;
    const b14 = b13 ^ b1;
    const b15 = b10 ^ b14;
    const b16 = b5 | (b10 & b1);
    const b17 = b6 ^ b13;
    const b18 = b0 | b17;
    const b19 = b18 | b4;
    const b20 = b15 ^ (b19 & ~b16);
    const b21 = b1 ^ (b2 & ~(b20 & b7));
    const b22 = b19 & b12;
    const b23 = b21 ^ b22;
    const b24 = b16 ^ (b18 ^ (b23 & b4));
    const b25 = b24 & b0;
    const b26 = b15 ^ (b25 ^ b8);
    const b27 = b3 | (b14 & b17);
    const b28 = b9 ^ (b0 ^ (b5 | b26)) ^ (b4 & (b27 ^ (b21 | b20)));
    const b29 = b5 ^ b22;
    const b30 = b27 ^ b24;
    const b31 = b29 ^ (b26 ^ (b30 & b25)) ^ (b4 & (b28 | b30));
    RIGHT[12] = (RIGHT[12] as number) ^ b20;
    RIGHT[27] = (RIGHT[27] as number) ^ (b27 ^ (b29 & b23) ^ (b0 ^ b11));
    RIGHT[1] = (RIGHT[1] as number) ^ b31;
    RIGHT[17] = (RIGHT[17] as number) ^ b28;
    // S3
    const c0 = (LEFT[7] as number) ^ (MASKS[o + 12] as number);
    const c1 = (LEFT[8] as number) ^ (MASKS[o + 13] as number);
    const c2 = (LEFT[9] as number) ^ (MASKS[o + 14] as number);
    const c3 = (LEFT[10] as number) ^ (MASKS[o + 15] as number);
    const c4 = (LEFT[11] as number) ^ (MASKS[o + 16] as number);
    const c5 = (LEFT[12] as number) ^ (MASKS[o + 17] as number);
    const c6 = c5 ^ c4;
    const c7 = c5 & c3;
    const c8 = c3 & ~c4;
    const c9 = c4 & c2;
    const c10 = c9 ^ c1;
    const c11 = c2 ^ c10;
    const c12 = c8 ^ c11;
    const c13 = c6 ^ c3;
    const c14 = c6 | c4;
    const c15 = c14 & ~c10;
    const c16 = c15 | c2;
    const c17 = c13 ^ c16;
    const c18 = c3 | (c17 ^ c15);
    const c19 = c18 & c1;
    const c20 = c8 | (c7 ^ ((c19 ^ c0) & (c9 ^ c5)));
    const c21 = c12 ^ (c13 ^ (c20 & c0));
    const c22 = c6 ^ (c2 ^ (c7 | c12)) ^ (c0 | (c20 & c16 & ~c21));
    const c23 = c18 ^ (c19 | c14);
    const c24 = c19 ^ c15 ^ (c23 & c6);
    const c25 = c24 ^ (c12 | c4) ^ (c0 & (c11 ^ (c24 & (c23 ^ c21))));
    RIGHT[23] = (RIGHT[23] as number) ^ (c17 ^ (c0 | c23));
    RIGHT[15] = (RIGHT[15] as number) ^ c22;
    RIGHT[29] = (RIGHT[29] as number) ^ c25;
    RIGHT[5] = (RIGHT[5] as number) ^ c21;
    // S4
    const d0 = (LEFT[11] as number) ^ (MASKS[o + 18] as number);
    const d1 = (LEFT[12] as number) ^ (MASKS[o + 19] as number);
    const d2 = (LEFT[13] as number) ^ (MASKS[o + 20] as number);
    const d3 = (LEFT[14] as number) ^ (MASKS[o + 21] as number);
    const d4 = (LEFT[15] as number) ^ (MASKS[o + 22] as number);
    const d5 = (LEFT[16] as number) ^ (MASKS[o + 23] as number);
    const d6 = d4 ^ d3;
    const d7 = d4 ^ d2;
    const d8 = d6 & d7;
    const d9 = d3 ^ d8;
    const d10 = d9 ^ d0;
    const d11 = d7 | d1;
    const d12 = d10 ^ d11;
    const d13 = d1 ^ (d8 ^ (d12 | (d11 & d0)));
    const d14 = d5 ^ (d8 | d1);
    const d15 = d6 ^ (d13 | d10);
    const d16 = d14 ^ (d7 ^ (d15 | d9));
    const d17 = d13 ^ (d4 & (d6 | d1)) ^ (d16 | d5);
    const d18 = d17 ^ (d12 ^ (d15 & d14));
    RIGHT[25] = (RIGHT[25] as number) ^ (d17 ^ d16);
    RIGHT[19] = (RIGHT[19] as number) ^ d17;
    RIGHT[9] = (RIGHT[9] as number) ^ (d15 ^ (d18 ^ d16));
    RIGHT[0] = (RIGHT[0] as number) ^ d18;
    // S5
    const e0 = (LEFT[15] as number) ^ (MASKS[o + 24] as number);
    const e1 = (LEFT[16] as number) ^ (MASKS[o + 25] as number);
    const e2 = (LEFT[17] as number) ^ (MASKS[o + 26] as number);
    const e3 = (LEFT[18] as number) ^ (MASKS[o + 27] as number);
    const e4 = (LEFT[19] as number) ^ (MASKS[o + 28] as number);
    const e5 = (LEFT[20] as number) ^ (MASKS[o + 29] as number);
    const e6 = e4 ^ e0;
    const e7 = e6 ^ e1;
    const e8 = e7 ^ e5;
    const e9 = e8 & ~e4;
    const e10 = e9 | e5;
    const e11 = e6 | e2;
    const e12 = e11 & e4;
    const e13 = e2 ^ (e12 | e5);
    const e14 = e8 & e11;
    const e15 = e13 & (e14 ^ e6);
    const e16 = e15 | e1;
    const e17 = e16 & ~e12;
    const e18 = e12 | e2;
    const e19 = e8 ^ (e18 & e1);
    const e20 = e13 ^ (e19 & e10);
    const e21 = e17 ^ (e13 & e1);
    const e22 = e9 ^ (e16 ^ (e21 | e18));
    const e23 = e21 ^ (e22 & e0);
    const e24 = e19 ^ (e3 & ~e23);
    const e25 = (e3 | (e10 & ~e17)) ^ (e20 ^ (e23 & (e7 & ~e24)));
    const e26 = e15 ^ e24;
    const e27 = e21 | (e26 & e14);
    const e28 = e18 ^ e8 ^ (e3 | (e27 ^ e20));
    const e29 = e28 ^ ((e22 & (e27 ^ e26)) | (e26 & e7));
    RIGHT[7] = (RIGHT[7] as number) ^ (e25 ^ e29);
    RIGHT[13] = (RIGHT[13] as number) ^ e28;
    RIGHT[24] = (RIGHT[24] as number) ^ (e25 ^ e1);
    RIGHT[2] = (RIGHT[2] as number) ^ e26;
    // S6
    const f0 = (LEFT[19] as number) ^ (MASKS[o + 30] as number);
    const f1 = (LEFT[20] as number) ^ (MASKS[o + 31] as number);
    const f2 = (LEFT[21] as number) ^ (MASKS[o + 32] as number);
    const f3 = (LEFT[22] as number) ^ (MASKS[o + 33] as number);
    const f4 = (LEFT[23] as number) ^ (MASKS[o + 34] as number);
    const f5 = (LEFT[24] as number) ^ (MASKS[o + 35] as number);
    const f6 = f4 ^ f0;
    const f7 = f5 | f0;
    const f8 = f1 ^ (f7 ^ f5);
    const f9 = f8 ^ (f6 & f4);
    const f10 = f6 ^ (f9 | (f7 ^ (f5 & f2)));
    const f11 = f10 & f2;
    const f12 = f11 ^ f9;
    const f13 = f7 | f4;
    const f14 = f10 & f13;
    const f15 = f12 ^ (f14 | f3);
    const f16 = f1 & (f15 & f9);
    const f17 = f3 ^ f7;
    const f18 = f17 ^ f6;
    const f19 = f8 ^ f18;
    const f20 = f19 & f3;
    const f21 = f16 ^ (f2 ^ (f17 | (f13 ^ (f20 | f4))));
    const f22 = f20 | f5;
    const f23 = f14 ^ ((f22 ^ f3) | (f4 & f2));
    const f24 = f16 | f4;
    const f25 = f2 | (f24 | f1);
    const f26 = f22 ^ (f25 & (f19 | f11));
    RIGHT[3] = (RIGHT[3] as number) ^ (f23 ^ ((f26 | f18) & (f25 & ~f5)));
    RIGHT[28] = (RIGHT[28] as number) ^ ((f23 | f24) ^ (f21 ^ (f26 | f1)));
    RIGHT[10] = (RIGHT[10] as number) ^ (f21 ^ f12);
    RIGHT[18] = (RIGHT[18] as number) ^ f15;
    // S7
    const g0 = (LEFT[23] as number) ^ (MASKS[o + 36] as number);
    const g1 = (LEFT[24] as number) ^ (MASKS[o + 37] as number);
    const g2 = (LEFT[25] as number) ^ (MASKS[o + 38] as number);
    const g3 = (LEFT[26] as number) ^ (MASKS[o + 39] as number);
    const g4 = (LEFT[27] as number) ^ (MASKS[o + 40] as number);
    const g5 = (LEFT[28] as number) ^ (MASKS[o + 41] as number);
    const g6 = g3 ^ g1;
    const g7 = g6 & g5;
    const g8 = g7 & g1;
    const g9 = g5 ^ (g8 & g4);
    const g10 = g8 ^ g2;
    const g11 = (g4 | (g10 & g3)) ^ g6;
    const g12 = g3 ^ (g11 & g2);
    const g13 = g9 ^ ((g9 & (g11 & g0)) | (g12 ^ g4));
    const g14 = g2 ^ g0;
    const g15 = g13 ^ g14;
    const g16 = g15 | g3;
    const g17 = g16 ^ (g1 & ~g10);
    const g18 = g17 & ~g11;
    const g19 = ~g5;
    const g20 = g10 ^ (g17 & g19);
    const g21 = g20 ^ g4;
    const g22 = g21 ^ (g16 & g7);
    const g23 = g0 & (g18 ^ (g14 ^ (g22 & g19)));
    const g24 = g22 ^ g3;
    const g25 = g20 ^ (g24 | g22);
    const g26 = g9 ^ (g0 | (g25 ^ g12));
    const g27 = g7 ^ (g23 ^ (g26 | (g18 & g5))) ^ ((g15 ^ (g25 & g6)) & g19);
    RIGHT[31] = (RIGHT[31] as number) ^ (g23 ^ g21);
    RIGHT[11] = (RIGHT[11] as number) ^ (g26 ^ g24);
    RIGHT[21] = (RIGHT[21] as number) ^ g27;
    RIGHT[6] = (RIGHT[6] as number) ^ g15;
    // S8
    const h0 = (LEFT[27] as number) ^ (MASKS[o + 42] as number);
    const h1 = (LEFT[28] as number) ^ (MASKS[o + 43] as number);
    const h2 = (LEFT[29] as number) ^ (MASKS[o + 44] as number);
    const h3 = (LEFT[30] as number) ^ (MASKS[o + 45] as number);
    const h4 = (LEFT[31] as number) ^ (MASKS[o + 46] as number);
    const h5 = (LEFT[0] as number) ^ (MASKS[o + 47] as number);
    const h6 = h2 ^ (h4 & h3);
    const h7 = h6 | h1;
    const h8 = h3 ^ (h6 | h4);
    const h9 = h8 ^ (h6 & h1);
    const h10 = h4 ^ (h7 | (h9 & h5));
    const h11 = h10 ^ h5;
    const h12 = h1 & ~h11;
    const h13 = h10 ^ h9;
    const h14 = h8 & (h13 | h1);
    const h15 = h12 ^ (h14 ^ h7);
    const h16 = (h15 | (h12 | h0)) ^ h13;
    const h17 = h16 ^ h11;
    const h18 = h0 ^ (h17 & h5);
    const h19 = h15 ^ (h18 | h11);
    const h20 = (h18 | (h19 & (h14 | h2))) ^ h16;
    const h21 = h1 ^ (h10 & (h16 ^ (h18 | h15))) ^ h19;
    RIGHT[4] = (RIGHT[4] as number) ^ (h19 ^ h17);
    RIGHT[26] = (RIGHT[26] as number) ^ h17;
    RIGHT[14] = (RIGHT[14] as number) ^ h20;
    RIGHT[20] = (RIGHT[20] as number) ^ (h20 ^ h21);
  }
}
