// Three custodians bring a KBPK in components; keys move from the old KBPK to it.
import {
  combineComponents,
  formatOptionalBlock,
  generateKey,
  matchesKcv,
  rewrapKey,
  splitIntoComponents,
  unwrapKey,
  wrapKey,
} from 'keyblock';

// The sender makes the new KBPK and gives each custodian one component and its check value.
const sent = generateKey({ algorithm: 'AES', lengthBits: 256 });
const letters = splitIntoComponents({ key: sent, count: 3 }).map((component) => ({
  component,
  kcv: component.kcv(),
}));

// The receiver checks each component as it is entered, then the key they make.
for (const { component, kcv } of letters) {
  if (!matchesKcv({ key: component, kcv })) throw new Error('a component was entered wrongly');
}
const kbpk = combineComponents({
  algorithm: 'AES',
  components: letters.map(({ component }) => component),
});
console.log(`KBPK ${kbpk.kcv()} on both sides: ${kbpk.kcv() === sent.kcv()}`);

// A base derivation key, stored under an old TDES KBPK, moves to the new one.
const old = generateKey({ algorithm: 'TDES', lengthBits: 192 });
const stored = wrapKey({
  kbpk: old,
  key: generateKey({ algorithm: 'TDES', lengthBits: 128 }),
  header: {
    versionId: 'B',
    keyUsage: 'B0',
    algorithm: 'T',
    modeOfUse: 'X',
    exportability: 'N',
    optionalBlocks: [formatOptionalBlock({ id: 'LB', label: 'BDK of terminal estate 7' })],
  },
  checkValues: ['KC', 'KP'],
});
const moved = rewrapKey({ keyBlock: stored, from: old, to: kbpk, header: { versionId: 'D' } });
const { header, key } = unwrapKey({ kbpk, keyBlock: moved });
console.log(moved);
console.log(header.optionalBlocks);
console.log(`${key}, check value ${key.kcv()}`);

for (const secret of [sent, kbpk, old, key, ...letters.map(({ component }) => component)]) {
  secret.destroy();
}
