/** How the tables of AES are made from their definitions in FIPS 197. */

/** SubBytes (5.1.1): inverses in GF(2^8), then the affine transformation. */
export function makeSBox(): Uint8Array {
  const box = new Uint8Array(256);
  let element = 1;
  let inverse = 1;
  do {
    element = multiply(element, 3); // a generator of the field
    inverse = multiply(inverse, 0xf6); // its inverse
    const twice = inverse | (inverse << 8); // rotations are shifts of it
    box[element] = inverse ^ (twice >> 4) ^ (twice >> 5) ^ (twice >> 6) ^ (twice >> 7) ^ 0x63;
  } while (element !== 1);
  box[0] = 0x63; // zero stands for its inverse
  return box;
}

/** InvSubBytes (5.3.2). */
export function invertSBox(box: Uint8Array): Uint8Array {
  const inverse = new Uint8Array(256);
  for (const [input, output] of box.entries()) inverse[output] = input;
  return inverse;
}

/**
 * SubBytes and MixColumns (5.1.3), or their inverses, together: the column that a byte in the first
 * row becomes. For a byte in another row it is the same column, rotated.
 */
export function makeRoundTable(box: Uint8Array, factors: readonly number[]): Int32Array {
  return Int32Array.from(box, (byte) =>
    factors.reduce((column, factor) => (column << 8) | multiply(byte, factor), 0),
  );
}

/** Multiplies in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (4.2). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let power = a, rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= power;
    power = (power << 1) ^ (power & 0x80 ? 0x11b : 0);
  }
  return product;
}
