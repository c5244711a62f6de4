// The bitsliced ciphers of src/bulk/circuits in TypeScript, from the gate lists and programs there.
//
//   node scripts/generate-circuits.mjs            write the files
//   node scripts/generate-circuits.mjs --check    compare, exit 1 when one differs
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { printAesLayers } from './circuits/aes-layers.mjs';
import { printDesRound } from './circuits/des-round.mjs';
import { printTranspositions } from './circuits/transpositions.mjs';

const FOLDER = 'src/bulk/circuits';
const PRINTERS = {
  'des-round.ts': printDesRound,
  'aes-layers.ts': printAesLayers,
  'transpositions.ts': printTranspositions,
};

const programs = await loadPrograms();
const check = process.argv.includes('--check');
let differing = 0;
for (const [name, print] of Object.entries(PRINTERS)) {
  const path = `${FOLDER}/${name}`;
  const text = print(programs);
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    differing++;
    console.error(`${path} is not what node scripts/generate-circuits.mjs writes`);
  }
}
console.log(`${Object.keys(PRINTERS).length} files, ${check ? `${differing} differ` : 'written'}`);
process.exit(differing > 0 ? 1 : 0);

/** The programs, from the TypeScript that the library itself assembles them from. */
async function loadPrograms() {
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './programs.ts'; export * from './layouts.ts';",
      resolveDir: FOLDER,
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
