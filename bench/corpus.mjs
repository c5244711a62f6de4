/**
 * The key blocks that are re-wrapped: every block with a key, a padding and, stored, a place of its
 * own.
 */

import { randomBytes } from 'node:crypto';
import * as tuned from './tuned.mjs';

/**
 * `version` is that of the given blocks and `to` that of the new ones; `keyBlockLength` is what a
 * block comes to. `operations` are the fewest block operations of one re-wrap, those of one
 * direction and of the other: what is common to the headers of neighbours is under the MAC once.
 */
export const SHAPES = {
  plainD: {
    version: 'D',
    to: 'D',
    keyLength: 32,
    header: () => 'D0000K0AB00E0000',
    keyBlockLength: 144,
    // Open: 3 blocks of payload decrypted and under the MAC. Seal: the same, encrypted.
    operations: { cipher: 'aes', encrypt: 9, decrypt: 3 },
  },
  // What a key store keeps: KP names the KBPK, 77 says for which region, profile and key it is.
  storedD: {
    version: 'D',
    to: 'D',
    keyLength: 32,
    header: ({ kp }) => {
      const place = `kb1;c;eu-central-1;shop-01;${DIGEST};${randomBytes(16).toString('hex')}`;
      return `D0000P0AB00E0200${kp}7750${place}`;
    },
    keyBlockLength: 240,
    // The same, and the last 2 of 7 blocks of the header, where the name of the key stands, twice.
    operations: { cipher: 'aes', encrypt: 13, decrypt: 3 },
  },
  plainB: {
    version: 'B',
    to: 'B',
    keyLength: 16,
    header: () => 'B0000K0TB00E0000',
    keyBlockLength: 96,
    operations: { cipher: 'tdes', encrypt: 12, decrypt: 4 },
  },
  translation: {
    version: 'B',
    to: 'D',
    keyLength: 16,
    header: () => 'B0000K0TB00E0000',
    keyBlockLength: 96,
  },
};

/** Of the configuration of a profile: the same for all its keys. */
const DIGEST = '9f2c41d07be85a36';

/** An HMAC key, whose length is free, in a block of so many characters. */
export function longShape(keyBlockLength) {
  return {
    version: 'D',
    to: 'D',
    keyLength: (keyBlockLength - LONG_HEADER.length - 32) / 2 - 2,
    header: () => LONG_HEADER,
    keyBlockLength,
  };
}

const LONG_HEADER = 'D0000M7HG00E0200HM0621PB0A000000';

/** KBPKs and blocks of a shape. */
export function makeCorpus(shape, count) {
  const [from, to] = [shape.version, shape.to].map((versionId) =>
    randomBytes(KBPK_LENGTHS[versionId]),
  );
  const prepared = tuned.prepareKbpk({ versionId: shape.version, kbpk: from });
  const keyBlocks = Array.from({ length: count }, () =>
    tuned.wrapKey({ prepared, key: randomBytes(shape.keyLength), header: shape.header(prepared) }),
  );
  if (keyBlocks[0].length !== shape.keyBlockLength) throw new Error('blocks of another length');
  return { shape, from, to, keyBlocks };
}

const KBPK_LENGTHS = { B: 16, D: 32 };

/** Some of the blocks altered in the last character of the MAC. */
export function alterSome(corpus, every) {
  return changeSome(corpus, every, (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0'));
}

/** Some of the blocks with a letter that is no hex digit in the MAC, or without their last character. */
export function malformSome(corpus, every) {
  return changeSome(corpus, every, (text, i) =>
    (i / every) % 2 === 0 ? `${text.slice(0, -1)}G` : text.slice(0, -1),
  );
}

function changeSome({ keyBlocks, ...corpus }, every, change) {
  return {
    ...corpus,
    keyBlocks: keyBlocks.map((text, i) => (i % every === 0 ? change(text, i) : text)),
  };
}
