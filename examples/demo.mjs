// The main job on real input: opens the published example blocks of TR-31:2018, X9.143 and
// ISO 20038 with their published KBPKs, then wraps, translates, and refuses; then sends keys by
// TR-34; then tells the whole story of two regions and ten thousand keys.
import { readFileSync } from 'node:fs';
import {
  computeKcv,
  describeKeyBlock,
  generateKey,
  KeyblockError,
  rewrapKey,
  SecretKey,
  unwrapKey,
  wrapKey,
} from 'keyblock';
import { tellStory } from './story/story.mjs';
import { bold, cut, dim, green, red, yellow } from './terminal.mjs';
import { demonstrateTr34 } from './tr34-demo.mjs';

const cases = JSON.parse(
  readFileSync(new URL('../test/vectors/tr31.json', import.meta.url), 'utf8'),
);
const published = cases.filter(({ id, expect }) => id.startsWith('std-') && expect === 'valid');

console.log(bold(`${published.length} published key blocks, opened under their published KBPKs\n`));
const versions = new Set();
for (const { source, kbpk, keyBlock } of published) {
  // Field by field the first of every version, and what is not by the book.
  const isOdd = describeKeyBlock(keyBlock).some(({ finding }) => finding !== undefined);
  open(source, kbpk, keyBlock, isOdd || !versions.has(keyBlock[0]));
  versions.add(keyBlock[0]);
}
translate();
await demonstrateTr34();
await tellStory();

/** Prints one block: what it says, what is in it, and whether to believe it. */
function open(source, kbpkHex, keyBlock, isAnnotated) {
  const [title] = source.split(' | ');
  console.log(bold(title));
  console.log(dim(`  ${cut(keyBlock, 96)}`));
  if (isAnnotated) printFields(keyBlock);
  const kbpk = new SecretKey({
    algorithm: 'ABC'.includes(keyBlock[0]) ? 'TDES' : 'AES',
    bytes: Buffer.from(kbpkHex, 'hex'),
  });
  printVerdict(kbpk, keyBlock);
}

function printFields(keyBlock) {
  for (const { name, offset, text, meaning, finding } of describeKeyBlock(keyBlock)) {
    const place = String(offset).padStart(5);
    const mark = finding === undefined ? '' : yellow(`  <- ${finding.message}`);
    console.log(`${place}  ${cut(text, 20).padEnd(20)}  ${name}: ${cut(meaning, 60)}${mark}`);
  }
}

function printVerdict(kbpk, keyBlock) {
  const { key, findings } = unwrapKey({ kbpk, keyBlock, validation: 'interoperable' });
  console.log(`       KBPK ${kbpk}, check value ${kbpk.kcv()}`);
  console.log(`       key  ${key}, check value ${checkValue(key)}`);
  const refused = findings.some(({ refusedByStrict }) => refusedByStrict);
  console.log(
    refused
      ? yellow('       authentic; strict validation refuses what is marked above\n')
      : green('       authentic, and strict validation has nothing against it\n'),
  );
}

/** Key pairs have no check value that a standard defines. */
function checkValue(key) {
  try {
    return key.kcv();
  } catch (error) {
    if (error instanceof KeyblockError && error.code === 'UNSUPPORTED') return 'not defined';
    throw error;
  }
}

/** A fresh key: wrapped as version B, translated to version D, and two refusals. */
function translate() {
  console.log(bold('A fresh key, from a TDES KBPK to an AES KBPK'));
  const oldKbpk = generateKey({ algorithm: 'TDES', lengthBits: 192 });
  const newKbpk = generateKey({ algorithm: 'AES', lengthBits: 256 });
  const key = generateKey({ algorithm: 'TDES', lengthBits: 128 });

  const before = wrapKey({
    kbpk: oldKbpk,
    key,
    header: {
      versionId: 'B',
      keyUsage: 'P0',
      algorithm: 'T',
      modeOfUse: 'E',
      exportability: 'E',
      optionalBlocks: [{ id: 'LB', data: 'terminal 4711' }],
    },
    checkValues: ['KC', 'KP'],
  });
  const after = rewrapKey({
    keyBlock: before,
    from: oldKbpk,
    to: newKbpk,
    header: { versionId: 'D', exportability: 'N' },
  });
  console.log(`  B  ${before}\n  D  ${after}`);
  printFields(after);
  const opened = unwrapKey({ kbpk: newKbpk, keyBlock: after });
  const same = opened.key.kcv() === computeKcv({ key });
  if (!same) throw new Error('the key changed on its way');
  console.log(green(`       same key, check value ${opened.key.kcv()} before and after\n`));

  console.log(bold('What is refused'));
  const widened = after.replace(/^(.{11})N/, '$1E');
  refuse('exportability changed from N to E in the text', () =>
    unwrapKey({ kbpk: newKbpk, keyBlock: widened }),
  );
  refuse('a wrong KBPK', () =>
    unwrapKey({ kbpk: generateKey({ algorithm: 'AES', lengthBits: 256 }), keyBlock: after }),
  );
  refuse('a TDES KBPK for a version D block', () => unwrapKey({ kbpk: oldKbpk, keyBlock: after }));
  refuse('a translation that widens exportability', () =>
    rewrapKey({ keyBlock: after, from: newKbpk, to: newKbpk, header: { exportability: 'S' } }),
  );
  console.log();
}

function refuse(what, action) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof KeyblockError)) throw error;
    console.log(`  ${what}: ${red(error.code)}\n${dim(`    ${error.message}`)}`);
    return;
  }
  throw new Error(`not refused: ${what}`);
}
