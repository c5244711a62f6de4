// Everything CI checks, in the order that fails fastest.
//
//   npm run verify [-- step…]
//
// The last line is `N passed, N failed`, with `, N skipped` where a browser is missing.
import { spawnSync } from 'node:child_process';
import { delimiter, resolve } from 'node:path';
import { findChromium } from './chromium.mjs';

const STEPS = [
  { name: 'lint', command: 'biome check --error-on-warnings .' },
  { name: 'types', command: 'tsc -p tsconfig.json' },
  { name: 'test-types', command: 'tsc -p test' },
  { name: 'walls', command: 'node scripts/check-walls.mjs' },
  { name: 'build', command: 'tsup' },
  { name: 'unit', command: 'vitest run --project node --coverage' },
  { name: 'browser', command: 'vitest run --project browser', browser: true },
  { name: 'dist', command: 'vitest run --project node', target: 'dist' },
  {
    name: 'dist-browser',
    command: 'vitest run --project browser',
    target: 'dist',
    browser: true,
  },
  { name: 'publint', command: 'publint --strict' },
  { name: 'attw', command: 'attw --pack . --profile esm-only --quiet' },
  { name: 'pack', command: 'node scripts/check-pack.mjs' },
  { name: 'bundles', command: 'node scripts/check-bundles.mjs' },
  { name: 'install', command: 'node scripts/check-dist.mjs' },
  { name: 'examples', command: 'node scripts/check-examples.mjs' },
  { name: 'api', command: 'node scripts/api-report.mjs' },
  { name: 'errors', command: 'node scripts/errors-doc.mjs' },
  { name: 'docs', command: 'typedoc --emit none --treatWarningsAsErrors' },
  { name: 'unused', command: 'knip' },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(' ')}`);
  console.error(`steps: ${STEPS.map((step) => step.name).join(' ')}`);
  process.exit(2);
}

const PATH = [resolve('node_modules/.bin'), process.env.PATH].join(delimiter);
const noBrowser = findChromium() === undefined;
const count = { passed: 0, failed: 0, skipped: 0 };

for (const { name, command, target = 'src', browser = false } of STEPS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (browser && noBrowser) {
    count.skipped++;
    console.log(
      `SKIPPED        ${name.padEnd(13)} no Chromium: install it, or name one in CHROMIUM`,
    );
    continue;
  }
  const start = performance.now();
  const [program, ...args] = command.split(' ');
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 900_000,
    // Whoever packs here packs what `build` made: `prepack` would make it again, each time.
    env: { ...process.env, PATH, NO_COLOR: '1', TARGET: target, npm_config_ignore_scripts: 'true' },
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${seconds} s   ${name.padEnd(13)} ${command}`);
  if (status === 0) count.passed++;
  else {
    count.failed++;
    console.log(`${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : error}`.trimEnd());
  }
}

const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
// Not `exit`: what was written to a pipe would be lost.
process.exitCode = count.failed > 0 ? 1 : 0;
