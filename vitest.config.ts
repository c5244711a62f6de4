import { existsSync } from 'node:fs';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { findChromium } from './scripts/chromium.mjs';

// Tests import the package by the name users write. TARGET=dist runs them against what ships.
const { TARGET = 'src' } = process.env;
const entry = (path: string): string =>
  new URL(`${TARGET}/${path}.${TARGET === 'dist' ? 'js' : 'ts'}`, import.meta.url).pathname;

/** Where one branch that no test takes is one too many: what decides whether a key comes out. */
const EVERY_BRANCH = ['src/tr31/unwrap.ts', 'src/tr31/policy.ts', 'src/primitives/bytes.ts'];

/** How much of the branches of a folder tests take: raised as they come, and never lowered. */
const BRANCHES = [
  ['src/{primitives,kcv,tr31,tr34}/**', 96],
  ['src/bulk/**', 92],
  ['src/hierarchy/**', 95],
  ['src/hierarchy/{hsm,lifecycle,rotation,rules}/**', 100],
] as const;

// A threshold on a file that was renamed would hold for nothing, silently.
for (const file of process.argv.includes('--coverage') ? EVERY_BRANCH : []) {
  if (!existsSync(new URL(file, import.meta.url))) throw new Error(`no ${file} to cover`);
}

const browser = (executablePath: string): TestProjectInlineConfiguration => ({
  extends: true,
  // Pre-bundled up front: a dependency found mid-run reloads the page and fails the test.
  optimizeDeps: {
    include: [
      'fast-check',
      '@noble/ciphers/aes.js',
      '@noble/hashes/hmac.js',
      '@noble/hashes/legacy.js',
      '@noble/hashes/sha2.js',
      '@noble/hashes/utils.js',
      '@noble/curves/nist.js',
      '@noble/ciphers/utils.js',
      'asn1js',
      'pkijs',
    ],
  },
  test: {
    name: 'browser',
    include: ['test/**/*.test.ts'],
    exclude: ['**/*.node.test.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' }],
      // --no-sandbox: Chromium refuses to run as root without it.
      provider: playwright({ launchOptions: { executablePath, args: ['--no-sandbox'] } }),
    },
  },
});

export default defineConfig(({ mode }) => {
  const chromium = findChromium();
  // Slow tests are no part of the suite: npm run test:slow.
  const which =
    mode === 'slow'
      ? { include: ['test/**/*.slow.ts'], testTimeout: 600_000 }
      : { include: ['test/**/*.test.ts'] };
  const node: TestProjectInlineConfiguration = {
    extends: true,
    test: { name: 'node', environment: 'node', ...which },
  };
  return {
    // One for each target, else every change of target bundles the dependencies again.
    cacheDir: `node_modules/.vite/${TARGET}`,
    resolve: {
      alias: [
        { find: /^keyblock$/, replacement: entry('index') },
        { find: /^keyblock\/(.*)$/, replacement: entry('$1/index') },
        // Tests of unexported parts go by path: the same copy of them, and of the error class.
        { find: /^(?:\.\.\/)+src\/(.*)\.js$/, replacement: entry('$1') },
      ],
    },
    test: {
      // No test is about time: what takes long on a busy machine is no failure.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      coverage: {
        provider: 'v8',
        include: ['src/**/*.ts'],
        // Files that only re-export; v8 has nothing to count in them.
        exclude: ['src/**/index.ts'],
        thresholds: {
          lines: 98,
          branches: 92,
          functions: 98,
          statements: 97,
          ...Object.fromEntries(BRANCHES.map(([folder, branches]) => [folder, { branches }])),
          ...Object.fromEntries(EVERY_BRANCH.map((file) => [file, { branches: 100 }])),
        },
      },
      projects: chromium === undefined ? [node] : [node, browser(chromium)],
    },
  };
});
