// The suite in Node, and in Chromium where there is one.
//
//   npm test [-- filter…]            against src
//   npm run test:dist [-- filter…]   against what ships
import { spawnSync } from 'node:child_process';
import { findChromium } from './chromium.mjs';

const dist = process.argv.includes('--dist');
const filters = process.argv.slice(2).filter((argument) => argument !== '--dist');
const chromium = findChromium();

const { status } = spawnSync('node_modules/.bin/vitest', ['run', ...filters], {
  stdio: 'inherit',
  env: { ...process.env, TARGET: dist ? 'dist' : 'src' },
});
if (chromium === undefined) {
  console.log('Left out: the tests in a browser. Install Chromium, or name one in CHROMIUM.');
}
process.exit(status ?? 1);
