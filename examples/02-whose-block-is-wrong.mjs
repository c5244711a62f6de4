// A block does not open. Is it the KBPK, the block, or the way the other side derives its keys?
import {
  computeKcv,
  fromHex,
  generateKey,
  KeyblockError,
  SecretKey,
  traceUnwrap,
  unwrapKey,
  verifyKeyBlock,
} from 'keyblock';

const keyBlock = 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';
const kbpk = new SecretKey({
  algorithm: 'TDES',
  bytes: fromHex('DD7515F2BFC17F85CE48F3CA25CB21F6'),
});

// 1. Is it the same KBPK on both sides? Read the check value out over the phone. Theirs may be the
// CMAC; of an AES key ours is, and theirs may be the legacy one.
const cmac = computeKcv({ key: kbpk, method: 'cmac' });
console.log(`KBPK check value ${kbpk.kcv()}, by CMAC ${cmac}`);

// 2. Does the block open?
console.log(`authentic: ${verifyKeyBlock({ kbpk, keyBlock })}`);
console.log(`key check value ${unwrapKey({ kbpk, keyBlock }).key.kcv()}`);

// 3. One bit of the block was altered: one answer, whatever the reason.
const altered = keyBlock.replace('P0TE', 'P0TD');
try {
  unwrapKey({ kbpk, keyBlock: altered });
} catch (error) {
  if (!(error instanceof KeyblockError)) throw error;
  console.log(error.code);
}

// 4. With test keys, every step, to compare with what the other side has.
const { steps, macValid } = traceUnwrap({ kbpk, keyBlock: altered, testKey: true });
for (const { name, value } of steps) console.log(`${name.padEnd(24)} ${value}`);
console.log(`MAC ${macValid ? 'right' : 'wrong'}`);

// 5. Block or KBPK? The length inside is sound under the right KBPK although the header was altered;
// under another KBPK it is by chance, once in 3,000 times for this block. With test keys only: it
// was decrypted from what is not authentic.
const other = generateKey({ algorithm: 'TDES', lengthBits: 128 });
const under = (key) => traceUnwrap({ kbpk: key, keyBlock: altered, testKey: true }).lengthValid;
console.log(`a sound length under this KBPK: ${under(kbpk)}, under another: ${under(other)}`);
