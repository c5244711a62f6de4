// What the tarball holds: the promised files, the build of every source file, and nothing else.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const TOP = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'];

const modules = readdirSync('src', { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length));
const docs = readdirSync('docs').filter((name) => name.endsWith('.md'));
const examples = readdirSync('examples', { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.mjs'));
const expected = new Set([
  ...TOP,
  ...docs.map((name) => `docs/${name}`),
  ...examples.map((name) => `examples/${name}`),
  ...modules.flatMap((name) => [
    `src/${name}.ts`,
    ...['.js', '.js.map', '.d.ts', '.d.ts.map'].map((ending) => `dist/${name}${ending}`),
  ]),
]);

const [{ files, size }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8' }),
);
const packed = new Set(files.map(({ path }) => path));

const failures = [
  ...[...packed].filter((path) => !expected.has(path)).map((path) => `holds ${path}`),
  ...[...expected].filter((path) => !packed.has(path)).map((path) => `lacks ${path}`),
];
for (const failure of failures) console.error(`the tarball ${failure}`);
console.log(`${packed.size} files, ${size} B packed`);
process.exit(failures.length > 0 ? 1 : 0);
