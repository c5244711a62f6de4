// The AES of the bulk path, computed by node:crypto: the port is given many blocks under one key at
// a time, all key blocks of a batch in lock-step, so that one call does the work of hundreds.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { generateKey, wrapKey } from 'keyblock';
import { createRewrapper, verifyMany } from 'keyblock/bulk';

/** AES without a mode: chaining, MACs and padding stay in the library. */
const nativeAes = {
  prepare(key) {
    const name = `aes-${8 * key.length}-ecb`;
    // Cipher objects are what costs, so they are kept; without final() padding never comes into
    // play.
    const cipher = createCipheriv(name, key, null);
    // A decipher that expects padding would hold the last block back.
    const decipher = createDecipheriv(name, key, null).setAutoPadding(false);
    return {
      encryptBlocks(blocks) {
        count(blocks);
        return cipher.update(blocks);
      },
      decryptBlocks(blocks) {
        count(blocks);
        return decipher.update(blocks);
      },
    };
  },
};

let calls = 0;
let blocksComputed = 0;

function count(blocks) {
  calls++;
  blocksComputed += blocks.length / 16;
}

// A store of keys under the old KBPK, each with the check value of the KBPK and a label of its own.
const from = generateKey({ algorithm: 'AES', lengthBits: 256 });
const to = generateKey({ algorithm: 'AES', lengthBits: 256 });
const stored = Array.from({ length: 4000 }, (_, i) =>
  wrapKey({
    kbpk: from,
    key: generateKey({ algorithm: 'AES', lengthBits: 128 }),
    header: {
      versionId: 'D',
      keyUsage: 'P0',
      algorithm: 'A',
      modeOfUse: 'E',
      exportability: 'N',
      optionalBlocks: [{ id: '77', data: `terminal ${String(i).padStart(19, '0')}` }],
    },
    checkValues: ['KP'],
  }),
);
// One block that somebody has altered does not keep the others from their results.
stored[1234] = stored[1234].replace('P0AE', 'P0AD');

const rewrapper = createRewrapper({ from, to, aes: nativeAes });
const results = rewrapper.rewrap(stored);
rewrapper.destroy();

const failed = results.flatMap(({ error }, i) =>
  error === undefined ? [] : [`${i} ${error.code}`],
);
console.log(
  `${results.length - failed.length} key blocks re-wrapped, refused: ${failed.join(', ')}`,
);
console.log(`${blocksComputed} AES blocks in ${calls} calls`);
console.log(stored[0]);
console.log(results[0].keyBlock);

// Before the old blocks go: the same key for the same use in every pair, found without the port.
const pairs = results.flatMap(({ keyBlock }, i) =>
  keyBlock === undefined ? [] : [{ before: stored[i], after: keyBlock }],
);
const unequal = verifyMany({ from, to, pairs }).filter(({ equal }) => equal !== true);
if (pairs.length !== stored.length - 1 || unequal.length > 0) throw new Error('do not store these');
console.log(`${pairs.length} pairs compared, all equal`);
for (const secret of [from, to]) secret.destroy();
