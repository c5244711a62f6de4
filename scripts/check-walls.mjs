// The walls of the house, kept by a failing check and not by good will. Cycles are Biome's.
//
//   node scripts/check-walls.mjs [folder]     src by default
import { relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const SRC = resolve(process.argv[2] ?? 'src');

/** A folder of src, and the folders that its files must not import. */
const CLOSED = {
  'index.ts': ['bulk', 'tr34', 'hierarchy'],
  primitives: ['tr31', 'kcv', 'bulk', 'tr34', 'hierarchy'],
  kcv: ['tr31', 'bulk', 'tr34', 'hierarchy'],
  tr31: ['bulk', 'tr34', 'hierarchy'],
  bulk: ['kcv', 'tr34', 'hierarchy'],
  tr34: ['bulk', 'hierarchy'],
  hierarchy: ['tr34'],
};

/** Where a folder of a closed one is open after all: main keys travel in tokens. */
const OPEN = { 'hierarchy/transport': ['tr34'] };

/** All that src may import besides itself, and what some of its folders may besides. */
const PACKAGES = /^@noble\/hashes\//;
const PACKAGES_OF = { tr34: /^@noble\/curves\//, 'tr34/pki': /^(?:pkijs|asn1js)$/ };

/** All that src may take from the host: present everywhere, and neither I/O nor clock nor state. */
const HOST = ['crypto', 'TextDecoder', 'TextEncoder', 'atob', 'btoa'];

/** Where Web Crypto is used: signatures, and private keys that are never at hand. */
const WEB_CRYPTO_IN = ['tr34', 'hierarchy/transport'];

/** Its types. */
const WEB_CRYPTO = [
  'CryptoKey',
  'CryptoKeyPair',
  'EcKeyGenParams',
  'RsaHashedKeyGenParams',
  'SubtleCrypto',
];

/** What some folders may take besides: types of Web Crypto, and what a host may be without. */
const HOST_OF = {
  ...Object.fromEntries(WEB_CRYPTO_IN.map((folder) => [folder, WEB_CRYPTO])),
  'bulk/engine': ['WebAssembly'],
};

/** Values of the language that src does without. */
const DENIED = {
  eval: 'runs text as code',
  Function: 'runs text as code',
  RegExp: 'runs text as a pattern, and quotes it in its error',
  BigInt: 'quotes its input in its error',
  globalThis: 'hides which global is meant',
};

/** Globals that may be used through a member only, and which members these are. */
const MEMBERS = {
  crypto: (member, path) =>
    member === 'getRandomValues' || (member === 'subtle' && usesWebCrypto(path)),
  Math: (member) => member !== 'random',
  JSON: (member) => member !== 'parse',
};

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');
const program = ts.createProgram(ts.sys.readDirectory(SRC, ['.ts']), options);
const checker = program.getTypeChecker();

const failures = [];
const authenticationSites = [];
const sources = program
  .getSourceFiles()
  .filter(({ fileName }) => resolve(fileName).startsWith(SRC + sep));

for (const source of sources) {
  const path = relative(SRC, source.fileName).split(sep);
  if (path.at(-1) === 'index.ts') checkIndex(source);
  visit(source, path);
}

// Two sites would be two behaviours: an oracle.
if (authenticationSites.length !== 1) {
  failures.push(
    `tr31 fails with AUTHENTICATION_FAILED at ${authenticationSites.length} sites, not at one`,
    ...authenticationSites,
  );
}

for (const failure of failures) console.error(failure);
console.log(`${sources.length} files, ${failures.length === 0 ? 'all walls stand' : 'FAIL'}`);
process.exit(failures.length > 0 ? 1 : 0);

function checkIndex(source) {
  for (const statement of source.statements) {
    if (!(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined)) {
      fail(statement, 'an index only re-exports');
    }
  }
}

function visit(node, path) {
  if (ts.isIdentifier(node)) checkGlobal(node, path);
  else if (ts.isMetaProperty(node)) fail(node, `${node.getText()} differs between hosts`);
  else if (node.kind === ts.SyntaxKind.ImportKeyword && ts.isCallExpression(node.parent)) {
    fail(node, 'import() loads at run time');
  } else if (node.kind === ts.SyntaxKind.DeclareKeyword) {
    fail(node, 'a declared global is one that no check sees');
  } else if (ts.isNewExpression(node)) checkNew(node);
  else if (ts.isStringLiteralLike(node)) {
    if (isSpecifier(node)) checkImport(node, path);
    else if (path[0] === 'tr31') checkCode(node);
  }
  ts.forEachChild(node, (child) => visit(child, path));
}

function isSpecifier({ parent }) {
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isImportTypeNode(parent.parent)
  );
}

function checkImport(literal, path) {
  const specifier = literal.text;
  if (!specifier.startsWith('.')) {
    const allowed = [PACKAGES, ...ofFolder(PACKAGES_OF, path)];
    if (!allowed.some((pattern) => pattern.test(specifier))) {
      fail(literal, `imports ${specifier}`);
    }
    return;
  }
  const [folder] = relative(SRC, resolve(SRC, ...path, '..', specifier)).split(sep);
  if (folder === '..') fail(literal, `imports ${specifier}, which is not in src`);
  const isOpen = OPEN[path.slice(0, 2).join('/')]?.includes(folder);
  if (CLOSED[path[0]]?.includes(folder) && !isOpen)
    fail(literal, `${path[0]} must not import ${folder}`);
}

/** What a table says of the folder of a file, and of the folder inside it. */
function ofFolder(table, path) {
  return [path[0], path.slice(0, 2).join('/')].flatMap((folder) => table[folder] ?? []);
}

/** What neither src nor a package declares is the host's, or the language's. */
function checkGlobal(node, path) {
  const name = node.text;
  const { parent } = node;
  if (name === 'globalThis') return fail(node, `globalThis ${DENIED.globalThis}`);

  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : checker.getSymbolAtLocation(node);
  const libraries = symbol?.declarations?.map((declaration) => declaration.getSourceFile()) ?? [];
  // A member of the library is reached through an object or a namespace, which is judged itself.
  const isMember =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isQualifiedName(parent) && parent.right === node);
  const isGlobal =
    !isMember &&
    libraries.length > 0 &&
    libraries.every((library) => program.isSourceFileDefaultLibrary(library)) &&
    (symbol.flags & (ts.SymbolFlags.Property | ts.SymbolFlags.Method)) === 0;
  if (!isGlobal) return;

  const isHost = libraries.every((library) => /lib\.(?:dom|webworker)/.test(library.fileName));
  const isKnown = [...HOST, ...ofFolder(HOST_OF, path)].includes(name);
  if (isHost && !isKnown) fail(node, `${name} is the host's`);
  if (ts.isPartOfTypeNode(node)) return;

  if (Object.hasOwn(DENIED, name)) fail(node, `${name} ${DENIED[name]}`);
  const member = ts.isPropertyAccessExpression(parent) ? parent.name.text : undefined;
  if (Object.hasOwn(MEMBERS, name) && !(member !== undefined && MEMBERS[name](member, path))) {
    fail(node, `${name}${member === undefined ? ' as a whole' : `.${member}`} is not for src`);
  }
  if (name === 'Date' && readsClock(node)) fail(node, 'the time is a parameter');
}

function usesWebCrypto(path) {
  return WEB_CRYPTO_IN.includes(path[0]) || WEB_CRYPTO_IN.includes(path.slice(0, 2).join('/'));
}

function readsClock({ parent }) {
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text === 'now';
  if (ts.isNewExpression(parent)) return parent.arguments?.length !== 1;
  return ts.isCallExpression(parent);
}

function checkNew(node) {
  const name = node.expression.getText();
  if (/Error$/.test(name) && name !== 'KeyblockError') fail(node, 'only KeyblockError is thrown');
  if (name === 'KeyblockError') node.arguments?.forEach(checkConstant);
}

/** Text put together at run time could hold input, and input could hold a key. */
function checkConstant(node) {
  const isText = (operand) =>
    (checker.getTypeAtLocation(operand).flags & ts.TypeFlags.StringLike) !== 0;
  if (
    ts.isTemplateLiteral(node) ||
    (ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.PlusToken &&
      (isText(node.left) || isText(node.right)))
  ) {
    fail(node, 'an error holds constant text only');
  }
  ts.forEachChild(node, checkConstant);
}

/** Wherever the code is written down it can be thrown from; comparing with it is no failure. */
function checkCode(node) {
  const { parent } = node;
  const isComparison = ts.isBinaryExpression(parent) || ts.isCaseClause(parent);
  if (node.text === 'AUTHENTICATION_FAILED' && !isComparison && !ts.isLiteralTypeNode(parent)) {
    authenticationSites.push(place(node));
  }
}

function fail(node, text) {
  failures.push(`${place(node)} ${text}`);
}

function place(node) {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${relative('.', source.fileName)}:${line + 1}`;
}
