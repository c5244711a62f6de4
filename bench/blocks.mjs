/**
 * Block ciphers alone: how fast our engines are at best, and triple DES against its alternatives.
 */

import { strictEqual } from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import CryptoJS from 'crypto-js';
import des from 'des.js';
import { ENGINES } from './engine-access.mjs';
import { batchTask, describeRow, measureRows } from './measure.mjs';

/** The row of the ciphers of the engines. */
export const BLOCK_RATES = 'blocks';

/** Blocks a lane in one call of a task. */
const BLOCKS = 16;

/** Tasks for every cipher and direction: planes in, planes out, and nothing around it. */
export function blockTasks(engineName) {
  const { create } = ENGINES.find(({ name }) => name === engineName);
  return Object.fromEntries(
    ['aes', 'tdes'].flatMap((cipher) =>
      ['encrypt', 'decrypt'].map((direction) => [
        `${engineName} ${cipher} ${direction}`,
        blockTask(create(), cipher, direction),
      ]),
    ),
  );
}

function blockTask(engine, cipher, direction) {
  const { blockWords } = engine[cipher];
  engine.reserve(BLOCKS * blockWords);
  const key = engine[cipher].prepare(randomBytes(cipher === 'aes' ? 32 : 24));
  return batchTask(BLOCKS * engine.lanes, () => {
    for (let i = 0; i < BLOCKS; i++) key[direction](i * blockWords);
    return true;
  });
}

/** What one call of the others encrypts: enough to make the call itself cheap. */
const BYTES = 16_384;

/** Triple DES, three keys, encryption without chaining. */
export function measureTdes(settings) {
  const key = randomBytes(24);
  const data = randomBytes(BYTES);
  const openssl = createCipheriv('des-ede3-ecb', key, null);
  const desJs = des.EDE.create({ type: 'encrypt', key, padding: false });
  const wordKey = CryptoJS.lib.WordArray.create(key);
  const words = CryptoJS.lib.WordArray.create(data);
  const options = { mode: CryptoJS.mode.ECB, padding: CryptoJS.pad.NoPadding };
  const others = {
    OpenSSL: () => openssl.update(data),
    'des.js': () => desJs.update(data),
    'crypto-js': () => CryptoJS.TripleDES.encrypt(words, wordKey, options).ciphertext,
  };
  const expected = others.OpenSSL().toString('hex');
  strictEqual(Buffer.from(others['des.js']()).toString('hex'), expected, 'des.js');
  strictEqual(others['crypto-js']().toString(), expected, 'crypto-js');
  const tasks = Object.fromEntries([
    ...ENGINES.map(({ name, create }) => [name, blockTask(create(), 'tdes', 'encrypt')]),
    ...Object.entries(others).map(([name, run]) => [name, batchTask(BYTES / 8, run)]),
  ]);
  const rows = measureRows([{ name: 'blocks of TDES', tasks }], settings);
  return { rows: rows.map((row) => describeRow(row, Object.keys(others))) };
}
