/** Where the bits of a block are among its planes. */

/**
 * Where in a block of AES the plane of a bit is: bytes in order, and their bits from the right.
 */
export function aesPlane(byte: number, bit: number): number {
  return 8 * byte + bit;
}

/**
 * Where in a block of DES the plane of a bit is. Planes are in the order that the initial
 * permutation of FIPS 46-3 gives them, left half first. The final permutation is its inverse, so
 * that neither costs anything, nor does what happens between two blocks.
 */
export function desPlane(byte: number, bit: number): number {
  // Bits 2, 4, 6, 8 of the bytes, as numbered there, are the rows of the left half; byte 8 comes first.
  return 8 * ((bit & 1) * 4 + 3 - (bit >> 1)) + 7 - byte;
}
