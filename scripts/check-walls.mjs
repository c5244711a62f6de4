// The walls of the house, kept by a failing check and not by good will. Cycles are Biome's.
//
//   node scripts/check-walls.mjs [folder]     src by default
import { join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const SRC = resolve(process.argv[2] ?? 'src');

/** A folder of src, and the folders that its files must not import. */
const CLOSED = { primitives: ['tr31', 'kcv'], kcv: ['tr31'] };

/** Packages that files may import. */
const PACKAGES = /^@noble\/(?:ciphers|hashes)\//;

/** What a host adds to the language, and every host has. Everything else of the kind is I/O. */
const HOST = new Set(['crypto', 'TextDecoder', 'TextEncoder', 'atob', 'btoa']);

/** Parts of the language that run text as code, read a clock, or quote their input in an error. */
const BANNED = new Map([
  ['eval', 'runs text as code'],
  ['Function', 'runs text as code'],
  ['RegExp', 'write the pattern as a literal'],
  ['BigInt', 'quotes its input in its error'],
  ['WebAssembly', 'is not the same everywhere'],
]);
const BANNED_MEMBERS = new Map([
  ['Math.random', 'is no generator for keys'],
  ['JSON.parse', 'quotes its input in its error'],
  ['Date.now', 'reads the clock'],
  ['Date.call', 'reads the clock'],
]);

const config = ts.readConfigFile('tsconfig.json', ts.sys.readFile).config;
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
const files = ts.sys.readDirectory(SRC, ['.ts']);
const program = ts.createProgram(files, { ...options, noEmit: true });
const checker = program.getTypeChecker();

const failures = [];
const oneFailureSites = [];

for (const file of files) {
  const source = program.getSourceFile(file);
  const path = relative(SRC, file).split(sep).join('/');
  if (/(?:^|\/)index\.ts$/.test(path)) checkIndex(source);
  visit(source, path);
}

// Two sites would be two behaviours, and two stacks: an oracle.
if (oneFailureSites.length !== 1) {
  failures.push(
    `AUTHENTICATION_FAILED comes from ${oneFailureSites.length} sites of tr31, not from one`,
    ...oneFailureSites.map((site) => `  ${site}`),
  );
}
for (const failure of failures) console.error(failure);
console.log(`${files.length} files, ${failures.length} failures`);
process.exit(failures.length > 0 ? 1 : 0);

function fail(node, text) {
  failures.push(`${place(node)} ${text}`);
}

function place(node) {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${relative('.', source.fileName)}:${line + 1}`;
}

function checkIndex(source) {
  for (const statement of source.statements) {
    if (!(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined)) {
      fail(statement, 'an index only re-exports');
    }
  }
}

function visit(node, path) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) checkImport(node, path);
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    fail(node, 'import() loads at run time');
  } else if (ts.isMetaProperty(node) && node.name.text === 'meta') {
    fail(node, 'import.meta is not the same everywhere');
  } else if (ts.isIdentifier(node)) checkGlobal(node);
  else if (ts.isNewExpression(node) && node.expression.getText() === 'KeyblockError') {
    checkError(node);
  } else if (ts.isStringLiteralLike(node)) checkCode(node, path);
  ts.forEachChild(node, (child) => visit(child, path));
}

function checkImport(node, path) {
  const specifier = node.moduleSpecifier?.text;
  if (specifier === undefined) return;
  if (!specifier.startsWith('.')) {
    if (!PACKAGES.test(specifier)) fail(node, `imports ${specifier}`);
    return;
  }
  const target = relative(SRC, resolve(SRC, path, '..', specifier)).split(sep);
  if (target[0] === '..') fail(node, `${specifier} is outside`);
  if (CLOSED[path.split('/')[0]]?.includes(target[0])) {
    fail(node, `${path.split('/')[0]} must not import ${target[0]}`);
  }
}

/** An identifier that neither src nor a package declares is the host's, or the language's. */
function checkGlobal(node) {
  const { parent } = node;
  // The name after a dot, and the names of a literal or a declaration, are no references.
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    if (parent.expression.getText() === 'globalThis') checkGlobalName(node, node.text, parent);
    return;
  }
  const symbol = checker.getSymbolAtLocation(node);
  if (symbol === undefined || (symbol.flags & MEMBER) !== 0) return;
  if (node.text === 'globalThis' && symbol.declarations === undefined) {
    if (!ts.isPropertyAccessExpression(parent)) fail(node, 'globalThis is taken as a whole');
    return;
  }
  const from = symbol.declarations?.map((declaration) => declaration.getSourceFile()) ?? [];
  if (from.length === 0 || !from.every((source) => program.isSourceFileDefaultLibrary(source))) {
    return;
  }
  checkGlobalName(node, node.text, node, from);
}

function checkGlobalName(node, name, reference, from) {
  const { parent } = reference;
  const member =
    ts.isPropertyAccessExpression(parent) && parent.expression === reference
      ? parent.name.text
      : undefined;
  if (ts.isTypeNode(parent) || ts.isTypeElement(parent)) {
    if (from?.every(isHostLibrary)) fail(node, `the type ${name} is the host's`);
    return;
  }
  const host = from === undefined ? !LANGUAGE.has(name) : from.every(isHostLibrary);
  if (host && !HOST.has(name)) fail(node, `${name} is the host's`);
  if (name === 'crypto' && member !== 'getRandomValues' && !ts.isTypeOfExpression(parent)) {
    fail(node, 'of crypto only getRandomValues is the same everywhere, and synchronous');
  }
  const reason = BANNED.get(name) ?? BANNED_MEMBERS.get(`${name}.${member}`);
  if (reason !== undefined) fail(node, `${name}${member ? `.${member}` : ''} ${reason}`);
  if (name === 'Date' && isClock(reference)) fail(node, 'Date without a time reads the clock');
}
