// What a user does in a day, with the namespaces however they were loaded.
const assert = require('node:assert/strict');

const kbpk = Uint8Array.from({ length: 32 }, (_, i) => i);
const other = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const key = Uint8Array.from({ length: 16 }, (_, i) => 7 * i + 1);
const header = {
  versionId: 'D',
  keyUsage: 'D0',
  algorithm: 'A',
  modeOfUse: 'B',
  exportability: 'E',
};

/** @returns {unknown[]} Whatever came out; the same for the same random bytes. */
exports.exercise = ({ root, tr31, kcv }, randomBytes) => {
  assert.equal(tr31.KeyblockError, root.KeyblockError, 'two copies of KeyblockError');
  assert.equal(kcv.KeyblockError, root.KeyblockError, 'two copies of KeyblockError');
  assert.equal(kcv.computeKcv({ key: new Uint8Array(16), algorithm: 'AES' }), '763CBCDE81');

  const keyBlock = tr31.wrapKey({ kbpk, key, header, randomBytes });
  const opened = tr31.unwrapKey({ kbpk, keyBlock });
  assert.deepEqual(opened.key.expose(), key);
  const moved = tr31.rewrapKey({ keyBlock, from: kbpk, to: other, randomBytes });
  assert.equal(tr31.verifyKeyBlock({ kbpk: other, keyBlock: moved }), true);
  assert.equal(tr31.verifyKeyBlock({ kbpk, keyBlock: moved }), false);
  assert.throws(
    () => tr31.unwrapKey({ kbpk, keyBlock: moved }),
    (error) => error instanceof root.KeyblockError && error.code === 'AUTHENTICATION_FAILED',
  );
  const trace = tr31.traceUnwrap({ kbpk, keyBlock, testKey: true });

  const generated = kcv.generateKey({ algorithm: 'TDES', lengthBits: 192, randomBytes });
  const components = kcv.splitIntoComponents({ key: generated, count: 3, randomBytes });
  const combined = kcv.combineComponents({ algorithm: 'TDES', components });
  assert.deepEqual(combined.expose(), generated.expose());

  return [
    keyBlock,
    moved,
    generated.expose(),
    combined.kcv(),
    components.map((component) => component.expose()),
    tr31.parseKeyBlock(keyBlock),
    tr31.parseHeader(keyBlock),
    tr31.describeKeyBlock(keyBlock),
    trace,
    String(opened.key),
    JSON.stringify(opened.key),
  ];
};
