/** What is particular about DES keys: parity bits, weak keys, equal parts (SP 800-67). */

/** Sets the lowest bit of every byte so that the byte has an odd number of ones. In place. */
export function setOddParity(key: Uint8Array): void {
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] as number; // in range
    key[i] = (byte & 0xfe) | (1 ^ parity(byte & 0xfe));
  }
}

/** Whether every byte has an odd number of ones. Looks at all bytes, whatever it finds. */
export function hasOddParityBits(key: Uint8Array): boolean {
  let even = 0;
  for (const byte of key) even |= 1 ^ parity(byte);
  return even === 0;
}

function parity(byte: number): number {
  const folded = byte ^ (byte >> 4);
  return (0x6996 >> (folded & 15)) & 1;
}

/** Whether two parts of a triple DES key are one DES key: parity bits do not count. */
export function equalDesKeys(key: Uint8Array, a: number, b: number): boolean {
  let difference = 0;
  for (let i = 0; i < 8; i++) difference |= (key[a + i] ?? 0) ^ (key[b + i] ?? 0);
  return (difference & 0xfe) === 0;
}

/** Whether a DES or TDES key has equal parts next to each other, or a weak or semi-weak part. */
export function isWeakDesKey(key: Uint8Array): boolean {
  for (let at = 0; at + 8 <= key.length; at += 8) {
    if (isWeakPart(key, at) || (at > 0 && equalDesKeys(key, at - 8, at))) return true;
  }
  return false;
}

/** In all of them each half repeats its first two bytes: a b a b c d c d. */
function isWeakPart(key: Uint8Array, at: number): boolean {
  const byte = (i: number) => key[at + i] ?? 0;
  const repeats =
    (byte(0) ^ byte(2)) | (byte(1) ^ byte(3)) | (byte(4) ^ byte(6)) | (byte(5) ^ byte(7));
  if ((repeats & 0xfe) !== 0) return false;
  const pattern = (byte(0) << 24) | (byte(1) << 16) | (byte(4) << 8) | byte(5);
  return WEAK_PATTERNS.some((weak) => ((weak ^ pattern) & 0xfefefefe) === 0);
}

/** The 4 weak and 12 semi-weak keys of DES as their bytes a b c d, with odd parity. */
const WEAK_PATTERNS: readonly number[] = [
  0x01010101, 0xfefefefe, 0xe0e0f1f1, 0x1f1f0e0e, 0x011f010e, 0x1f010e01, 0x01e001f1, 0xe001f101,
  0x01fe01fe, 0xfe01fe01, 0x1fe00ef1, 0xe01ff10e, 0x1ffe0efe, 0xfe1ffe0e, 0xe0fef1fe, 0xfee0fef1,
];
