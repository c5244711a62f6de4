/** Whatever is wrong with a block stays in its lane: full chunks, every lane in its turn. */

import { fromHex, SecretKey } from 'keyblock';
import { createRewrapper, unwrapMany } from 'keyblock/bulk';
import { unwrapKey, wrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import { WAYS } from './outcomes.js';

const SIDES = {
  B: {
    algorithm: 'TDES',
    letter: 'T',
    lengths: [16, 24],
    from: fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6E5D3C1B7A9F80213'),
    to: fromHex('0123456789ABCDEFFEDCBA987654321089ABCDEF01234567'),
  },
  D: {
    algorithm: 'AES',
    letter: 'A',
    lengths: [16, 24, 32],
    from: fromHex('88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6'),
    to: fromHex('00112233445566778899AABBCCDDEEFF102030405060708090A0B0C0D0E0F0FF'),
  },
} as const;

/** The most lanes that there are, twice and one more. */
const COUNT = 2 * 256 + 1;

/** One block in four is bad, each in another way than the next, and every one in its turn. */
const TURNS = 12;

describe.each(WAYS)('in every lane, %s', (_way, options) => {
  it.each(['B', 'D'] as const)(
    'a good block comes through and a bad one does not: %s',
    (of) => {
      const { algorithm, letter, lengths, from, to } = SIDES[of];
      const wrap = (i: number, kbpk: Uint8Array) =>
        wrapKey({
          kbpk,
          key: new SecretKey({ algorithm, bytes: keyOf(i) }),
          header: {
            versionId: of,
            keyUsage: 'D0',
            algorithm: letter,
            modeOfUse: 'B',
            exportability: 'N',
            keyVersionNumber: `0${i % 3}`,
            optionalBlocks: [{ id: '10', data: String(i).padStart(20, '0') }],
          },
          checkValues: ['KP'],
        });
      // Of one length, so that they fill chunks; of three headers and all lengths of keys.
      const keyOf = (i: number) =>
        Uint8Array.from(
          { length: lengths[(i >> 2) % lengths.length] as number }, // in range
          (_, j) => ((i * 29 + j * 53) ^ (i >> 3)) & 255,
        );
      const sound = Array.from({ length: COUNT }, (_, i) => wrap(i, from));
      const spoilt = [
        (i: number) => alter(sound[i] as string, i, (hex) => (hex === '0' ? '1' : '0')),
        (i: number) => alter(sound[i] as string, i, () => 'G'),
        (i: number) => wrap(i, to),
      ];
      const told = ['AUTHENTICATION_FAILED', 'INVALID_HEX', 'AUTHENTICATION_FAILED'];
      const rewrapper = createRewrapper({ ...options, from, to });
      for (let turn = 0; turn < TURNS; turn++) {
        const wayOf = (i: number) => ((i + turn) % 4 === 0 ? ((i + turn) / 4) % 3 : -1);
        const keyBlocks = sound.map((keyBlock, i) => spoilt[wayOf(i)]?.(i) ?? keyBlock);
        const expected = sound.map((_, i) => told[wayOf(i)] ?? [...keyOf(i)]);
        const opened = unwrapMany({ ...options, kbpk: from, keyBlocks });
        expect(
          opened.map((one) => ('error' in one ? one.error.code : [...one.key.expose()])),
        ).toEqual(expected);
        const found = rewrapper.rewrap(keyBlocks).map((one) => {
          if ('error' in one) return one.error.code;
          return [...unwrapKey({ kbpk: to, keyBlock: one.keyBlock }).key.expose()];
        });
        expect(found).toEqual(expected);
      }
      rewrapper.destroy();
    },
    120_000,
  );
});

/** Alters one digit of payload or MAC, another one in every block. */
function alter(keyBlock: string, i: number, change: (digit: string) => string): string {
  const at = keyBlock.length - 1 - (i % 64);
  return keyBlock.slice(0, at) + change(keyBlock.charAt(at)) + keyBlock.slice(at + 1);
}
